"""A file of songs' tags: whole after each song, gone on with, or refused in a sentence."""

import csv
import errno
import io
import json
import os

import pytest
from tagged_songs import TAGS, model_of, pieces_of, scored_of, song_of

from autotagging.tagging import formats
from autotagging.tagging.result_file import ResultFile

SONGS = [song_of(name) for name in ("a.mp3", 'b "quoted", with comma.mp3', "Jóga.mp3")]
SCORES = [[0.1, 0.25, 1.0], [0.5, 0, 1e-9], [1 / 3, 0.2, 0.3]]


def open_file(folder, kind, model=None, most=10):
    return ResultFile(folder / f"tags.{kind}", kind, model or model_of(), most)


def add(file, numbers):
    for number in numbers:
        file.add(SONGS[number], pieces_of(), scored_of(SCORES[number]))


def read(path, kind):
    """Return file, clip_id and scores of each row, as a program reads them."""
    text = path.read_text(encoding="utf-8")
    if kind == "json":
        rows = json.loads(text)
    elif kind == "jsonl":
        rows = [json.loads(line) for line in text.splitlines()]
    else:
        header, *lines = csv.reader(io.StringIO(text), delimiter=",\t"[kind == "tsv"])
        assert header == ["file", "clip_id", *TAGS]
        return [(f, clip_id, [*map(float, scores)]) for f, clip_id, *scores in lines]
    assert all([*row["scores"]] == TAGS for row in rows)
    assert all((row["seconds"], row["pieces"]) == (3.0, 3) for row in rows)
    return [(row["file"], row["clip_id"], [*row["scores"].values()]) for row in rows]


def expected(numbers):
    return [(SONGS[n].name, SONGS[n].clip_id, pytest.approx(SCORES[n], abs=1e-6)) for n in numbers]


@pytest.mark.parametrize("kind", formats.FORMATS)
def test_a_file_is_whole_after_each_song_and_is_gone_on_with(tmp_path, kind):
    file = open_file(tmp_path, kind)
    assert not (tmp_path / f"tags.{kind}").exists()  # nothing is written before the first song
    for n_songs in (1, 2):
        add(file, [n_songs - 1])
        assert read(file.path, kind) == expected(range(n_songs))
    file.close()
    file = open_file(tmp_path, kind)
    assert [file.has(song) for song in SONGS] == [True, True, False]
    assert list(file.clip_ids.values()) == [SONGS[0].clip_id, SONGS[1].clip_id]
    add(file, [1, 2])
    assert read(file.path, kind) == expected(range(3))


@pytest.mark.parametrize("kind", formats.FORMATS)
def test_numbers_have_fixed_decimals(tmp_path, kind):
    add(open_file(tmp_path, kind), [1])
    assert "0.000000" in (tmp_path / f"tags.{kind}").read_text()


@pytest.mark.parametrize("kind", formats.FORMATS)
def test_what_a_killed_run_left_of_a_row_is_removed(tmp_path, kind):
    file = open_file(tmp_path, kind)
    add(file, [0, 1])
    file.close()
    whole = file.path.read_bytes()
    for n_bytes in range(len(whole)):
        file.path.write_bytes(whole[:n_bytes])
        again = open_file(tmp_path, kind)
        add(again, [0, 1])
        again.close()
        assert read(file.path, kind) == expected(range(2))


@pytest.mark.parametrize("kind", formats.FORMATS)
def test_a_full_disk_is_a_sentence_and_nothing_is_lost(tmp_path, kind, monkeypatch):
    file, pwrite = open_file(tmp_path, kind), os.pwrite
    add(file, [0])
    n_calls = 0

    def fill(descriptor, content, offset):
        nonlocal n_calls
        n_calls += 1
        if n_calls == 1:
            return pwrite(descriptor, content[:9], offset)
        if n_calls == 2:
            raise OSError(errno.ENOSPC, "No space left on device")
        return pwrite(descriptor, content, offset)

    monkeypatch.setattr(os, "pwrite", fill)
    with pytest.raises(OSError, match="No space left") as error:
        add(file, [1])
    assert error.value.filename == str(file.path)
    assert read(file.path, kind) == expected([0])
    add(file, [1])
    assert read(file.path, kind) == expected(range(2))


@pytest.mark.parametrize(
    ("kind", "change", "reason"),
    [
        ("csv", {"model": model_of(checksum="cd", name="other")}, "the network mine says"),
        ("csv", {"model": model_of(["rock"])}, "another than this mine"),
        ("json", {"most": 3}, "was made with --pieces 10, not 3"),
    ],
)
def test_a_file_of_another_network_or_other_options_is_refused(tmp_path, kind, change, reason):
    file = open_file(tmp_path, kind)
    add(file, [0])
    file.close()
    before = file.path.read_bytes()
    with pytest.raises(ValueError, match=rf"tags\.{kind} .*{reason}.*name another file"):
        open_file(tmp_path, kind, **change)
    assert file.path.read_bytes() == before


def test_a_network_is_the_same_under_another_name(tmp_path):
    add(open_file(tmp_path, "csv"), [0])
    assert open_file(tmp_path, "csv", model_of(name="model.keras")).has(SONGS[0])


def test_a_file_that_somebody_else_wrote_is_refused(tmp_path):
    (tmp_path / "tags.csv").write_text("my,table\n1,2\n")
    with pytest.raises(ValueError, match=r"tags\.csv is there, and .* says what made it"):
        open_file(tmp_path, "csv")


@pytest.mark.parametrize("kind", formats.FORMATS)
def test_a_file_that_is_damaged_in_the_middle_is_refused(tmp_path, kind):
    file = open_file(tmp_path, kind)
    add(file, range(3))
    file.close()
    content = file.path.read_bytes()
    at = content.index(b"with comma")
    line = content[:at].rindex(b"\n") + 1
    file.path.write_bytes(content[:line] + b"x\n" + content[content.index(b"\n", at) + 1 :])
    with pytest.raises(ValueError, match="is damaged, in its row 2"):
        open_file(tmp_path, kind)


def test_other_columns_are_refused(tmp_path):
    file = open_file(tmp_path, "csv")
    add(file, [0])
    file.close()
    file.path.write_text(file.path.read_text().replace("rock", "pop"))
    with pytest.raises(ValueError, match="has other columns than the network's tags"):
        open_file(tmp_path, "csv")


def test_a_second_run_does_not_write_to_the_same_file(tmp_path):
    file = open_file(tmp_path, "csv")
    add(file, [0])
    with pytest.raises(ValueError, match=r"another run is writing .*tags\.csv"):
        open_file(tmp_path, "csv")
    file.close()
    open_file(tmp_path, "csv").close()


def test_standard_input_is_another_song_each_time(tmp_path):
    file = open_file(tmp_path, "csv")
    for _ in range(2):
        file.add(song_of("-"), pieces_of(), scored_of(SCORES[0]))
    file.close()
    assert len(read(file.path, "csv")) == 2


def test_a_folder_that_is_not_there_is_a_sentence(tmp_path):
    with pytest.raises(ValueError, match="none is not a folder: make it first"):
        open_file(tmp_path / "none", "csv")
