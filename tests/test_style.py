"""How figures are saved: whole, the same bytes again, with a note below everything."""

import pytest
from conftest import FIFTY_TAGS, overlap

from autotagging.figures import style, tags
from autotagging.figures.style import WIDTH


def draw_bar():
    return tags.draw_tag_bars([0.1], ["a"], "recall")


def test_the_note_is_drawn_below_everything_else(tmp_path):
    figure = tags.draw_tag_bars([0.4] * 50, FIFTY_TAGS, "recall")
    boxes = {}
    savefig = figure.savefig

    def measure_and_save(*args, **kwargs):
        savefig(*args, **kwargs)
        (note,) = [text for text in figure.texts if text.get_text() == "Synthetic sample"]
        boxes["note"], boxes["axes"] = note.get_window_extent(), figure.axes[0].get_tightbbox()

    figure.savefig = measure_and_save
    style.save(figure, tmp_path / "bars.png", "Synthetic sample")
    assert not overlap(boxes["note"], boxes["axes"])
    assert boxes["note"].x1 <= WIDTH * 200
    assert boxes["note"].y0 >= 0


def test_a_redraw_gives_the_same_bytes_and_leaves_nothing_behind(tmp_path):
    for name in ("a.png", "b.png"):
        figure = draw_bar()
        style.save(figure, tmp_path / name, "note")
        assert not figure.axes
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.png", "b.png"]


def test_a_figure_that_cannot_be_written_whole_leaves_the_old_one(tmp_path, monkeypatch):
    path = tmp_path / "a.png"
    path.write_bytes(b"old")

    def refuse(*_):
        raise OSError("disk full")

    monkeypatch.setattr("os.replace", refuse)
    with pytest.raises(OSError, match="disk full"):
        style.save(draw_bar(), path)
    assert path.read_bytes() == b"old"


def test_only_figures_that_are_missing_are_drawn(tmp_path, capsys):
    (tmp_path / "old.png").write_bytes(b"old")
    style.save_missing(tmp_path, "note", {"old.png": lambda: 1 / 0, "new.png": draw_bar})
    assert (tmp_path / "old.png").read_bytes() == b"old"
    assert (tmp_path / "new.png").read_bytes().startswith(b"\x89PNG")
    assert capsys.readouterr().out == f"drew {tmp_path / 'new.png'}\n"
