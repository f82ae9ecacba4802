"""Audio under other names."""

import errno
import os

import pandas as pd
import pytest

from autotagging.clips import inventory, links


@pytest.fixture
def audio(tmp_path):
    """Return sources and targets of two clips by id: raw files, and names in clips/."""
    sources = {}
    (tmp_path / "raw").mkdir()
    (tmp_path / "data" / "clips").mkdir(parents=True)
    for clip_id, content in {"a": b"1", "b": b"22"}.items():
        sources[clip_id] = tmp_path / "raw" / f"{clip_id}.mp3"
        sources[clip_id].write_bytes(content)
    targets = {clip_id: tmp_path / f"data/clips/{clip_id}.mp3" for clip_id in sources}
    return pd.Series(sources), pd.Series(targets)


def names_in(folder):
    return sorted(path.name for path in folder.iterdir())


def no_hard_links(monkeypatch):
    def fail(*_):
        raise OSError(18, "Invalid cross-device link")

    monkeypatch.setattr("pathlib.Path.hardlink_to", fail)


def kind_of(source, target):
    """Return how a target came from its source."""
    if target.is_symlink():
        return "symlink"
    return "hard" if target.samefile(source) else "copy"


@pytest.mark.parametrize("before", [None, *links.KINDS])
@pytest.mark.parametrize("kind", links.KINDS)
def test_links_are_of_the_kind_asked_for_whatever_was_there(audio, kind, before):
    sources, targets = audio
    if before:
        links.link(sources, targets, before)
    made, symbolic = links.link(sources, targets, kind)
    assert made == (0 if kind == before else 2)
    assert symbolic == (2 if kind == "symlink" else 0)
    for clip_id in sources.index:
        assert kind_of(sources[clip_id], targets[clip_id]) == kind
        assert targets[clip_id].read_bytes() == sources[clip_id].read_bytes()
    assert links.link(sources, targets, kind) == (0, symbolic)
    assert names_in(targets["a"].parent) == ["a.mp3", "b.mp3"]


def test_audio_that_is_gone_is_refused_with_its_number_and_the_first(tmp_path):
    (tmp_path / "a.mp3").touch()
    (tmp_path / "c.mp3").symlink_to("nowhere")
    files = pd.Series({"a": "a.mp3", "b": "b.mp3", "c": "c.mp3"})
    sentence = rf"audio of 2 clips is gone, the first is {tmp_path}/b\.mp3: put it back, or run 1_"
    with pytest.raises(ValueError, match=sentence):
        links.check_audio(tmp_path, files)
    links.check_audio(tmp_path, files[:1])


def test_links_are_symbolic_where_hard_ones_fail(audio, monkeypatch):
    no_hard_links(monkeypatch)
    assert links.link(*audio) == (2, 2)
    assert audio[1]["a"].read_bytes() == b"1"
    assert links.link(*audio) == (0, 2)


@pytest.mark.parametrize(
    ("problem", "sentence"),
    [(errno.EPERM, "clips has no links .*: choose --link copy"), (errno.ENOSPC, "No space left")],
    ids=["no-links", "no-room"],
)
def test_where_there_are_no_links_at_all_copies_are_named(audio, monkeypatch, problem, sentence):
    def fail(*_):
        raise OSError(problem, os.strerror(problem))

    monkeypatch.setattr("pathlib.Path.hardlink_to", fail)
    monkeypatch.setattr("pathlib.Path.symlink_to", fail)
    with pytest.raises((ValueError, OSError), match=sentence):
        links.link(*audio)
    assert names_in(audio[1]["a"].parent) == []
    assert links.link(*audio, "copy") == (2, 0)


@pytest.mark.parametrize("kind", links.KINDS)
def test_a_raw_file_that_was_replaced_is_linked_again(audio, kind):
    sources, targets = audio
    links.link(sources, targets, kind)
    other = sources["a"].with_name("other")
    other.write_bytes(b"333")
    os.replace(other, sources["a"])
    links.link(sources, targets, kind)
    assert targets["a"].read_bytes() == b"333"


@pytest.mark.parametrize("kind", ["hard", "symlink"])
def test_a_link_to_a_link_points_at_the_file_itself(audio, kind):
    sources, targets = audio
    store = sources["a"].with_name("store")
    sources["a"].rename(store)
    sources["a"].symlink_to("store")
    links.link(sources, targets, kind)
    sources["a"].unlink()
    assert targets["a"].read_bytes() == b"1"


def test_a_raw_file_that_is_a_link_to_its_target_is_refused(audio):
    sources, targets = audio
    links.link(sources, targets, "copy")
    sources["a"].unlink()
    sources["a"].symlink_to(targets["a"])
    other = targets["a"].parent.parent.with_name("other")
    other.symlink_to("data")  # the same folder by another name
    for names in (targets, targets.map(lambda path: other / "clips" / path.name)):
        with pytest.raises(ValueError, match="is itself a link to"):
            links.link(sources, names, "symlink")
    assert targets["a"].read_bytes() == b"1"


def test_a_link_left_by_a_run_that_was_killed_is_never_written_through(audio):
    sources, targets = audio
    targets["a"].with_name("a.mp3.part").hardlink_to(sources["b"])
    links.link(sources, targets, "copy")
    assert sources["b"].read_bytes() == b"22"


def test_links_of_clips_that_are_gone_are_removed_and_other_files_stay(audio):
    sources, targets = audio
    links.link(sources, targets)
    folder = targets["a"].parent
    names = inventory.link_names(pd.Series({"a": "0/a.mp3", "b": "0/b.mp3"}))
    hostile = pd.Series({"c": "../raw/b.mp3", "d": "clips/..", "e": "clips/a/../../../raw/b.mp3"})
    (folder / "a.mp3.part").write_bytes(b"1")
    (folder / "mine.wav").write_bytes(b"1")
    removed = links.remove_stale(folder.parent, pd.concat([names, hostile]), names[["a"]])
    assert removed == 2
    assert names_in(folder) == ["a.mp3", "mine.wav"]
    assert sources["b"].exists()


def labels_of(bits):
    """Return labels of tags that are not in alphabetical order."""
    return pd.DataFrame(bits, index=["a", "b"], columns=["rock", "folk", "slow"], dtype=bool)


def test_multi_hot_names_have_a_bit_a_tag_in_alphabetical_order():
    table = labels_of([[1, 0, 0], [0, 1, 1]])
    names = links.multi_hot_names(table, pd.Series({"a": "clips/a.mp3", "b": "clips/b.wav"}))
    assert names.to_dict() == {"a": "010_a.mp3", "b": "101_b.wav"}  # folk, rock, slow


def test_a_multi_hot_name_that_no_file_system_takes_is_refused():
    table = pd.DataFrame(1, index=["a"], columns=[f"t{i}" for i in range(250)])
    with pytest.raises(ValueError, match=r"250 tags make the name of clip a longer than 255"):
        links.multi_hot_names(table, pd.Series({"a": "clips/a.mp3"}))


def test_a_multi_hot_folder_holds_the_present_links_and_what_is_the_users(audio, tmp_path):
    _, targets = audio
    links.link(*audio)
    data, files = tmp_path / "data", pd.Series({"a": "clips/a.mp3", "b": "clips/b.mp3"})

    def write(labels):
        links.write_multi_hot(tmp_path, labels, files, data, "hard")

    folder = tmp_path / "multi_hot"
    nothing = labels_of([[1, 0, 0], [0, 1, 1]])[:0]
    write(nothing)
    assert not folder.exists()
    write(labels_of([[1, 0, 0], [0, 1, 1]]))
    assert names_in(folder) == ["010_a.mp3", "101_b.mp3"]
    assert (folder / "010_a.mp3").samefile(targets["a"])
    (folder / "notes.txt").write_text("mine")
    write(labels_of([[1, 1, 0], [0, 1, 1]]))
    assert names_in(folder) == ["101_b.mp3", "110_a.mp3", "notes.txt"]
    write(nothing)
    assert names_in(folder) == ["notes.txt"]
    (folder / "notes.txt").unlink()
    write(labels_of([[1, 0, 0], [0, 1, 1]]))
    write(nothing)
    assert not folder.exists()


def test_a_disk_tells_case_apart_or_not_and_nothing_is_left_of_the_trial(tmp_path):
    (tmp_path / "a").touch()
    assert links.tells_case_apart(tmp_path) is not (tmp_path / "A").exists()
    assert list(tmp_path.iterdir()) == [tmp_path / "a"]
