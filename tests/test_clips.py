"""The inventory and its links."""

import pandas as pd
import pytest

from autotagging import clips


def raw_files(folder, **content):
    """Write files and return their paths by clip id."""
    for clip_id, text in content.items():
        path = folder / f"0/{clip_id}.mp3"
        path.parent.mkdir(exist_ok=True, parents=True)
        path.write_bytes(text)
    return pd.Series({clip_id: f"0/{clip_id}.mp3" for clip_id in content})


def test_links_are_hard_and_the_raw_files_stay(tmp_path):
    raw, data = tmp_path / "raw", tmp_path / "data"
    (data / "clips").mkdir(parents=True)
    files = raw_files(raw, a=b"1", b=b"22")
    targets = clips.link_names(files).map(lambda name: data / name)
    assert clips.link(files, raw, targets) == (2, 0)
    assert (data / "clips/a.mp3").samefile(raw / "0/a.mp3")
    assert clips.link(files, raw, targets) == (0, 0)


def test_links_are_symbolic_where_hard_ones_fail(tmp_path, monkeypatch):
    raw, data = tmp_path / "raw", tmp_path / "data"
    (data / "clips").mkdir(parents=True)
    files = raw_files(raw, a=b"1")
    targets = clips.link_names(files).map(lambda name: data / name)

    def fail(*_):
        raise OSError(18, "Invalid cross-device link")

    monkeypatch.setattr("pathlib.Path.hardlink_to", fail)
    assert clips.link(files, raw, targets) == (1, 1)
    assert (data / "clips/a.mp3").read_bytes() == b"1"


def test_links_of_clips_that_are_gone_are_removed_and_other_files_stay(tmp_path):
    raw, data = tmp_path / "raw", tmp_path / "data"
    (data / "clips").mkdir(parents=True)
    files = raw_files(raw, a=b"1", b=b"22")
    links = clips.link_names(files)
    clips.link(files, raw, links.map(lambda name: data / name))
    columns = {"file": links, "artist": "", "album": "", "track": ""}
    nothing = pd.DataFrame({"file": [], "reason": []}, pd.Index([], name="clip_id"))
    clips.write_clips(data, pd.DataFrame(columns), nothing)
    with (data / "clips.csv").open("a") as inventory:
        inventory.write("c,../raw/0/b.mp3,,,\nd,clips/..,,,\n")
    (data / "clips" / "a.mp3.part").write_bytes(b"1")
    (data / "clips" / "mine.wav").write_bytes(b"1")
    assert clips.remove_stale(data, links[["a"]]) == 2
    assert sorted(path.name for path in (data / "clips").iterdir()) == ["a.mp3", "mine.wav"]
    assert (raw / "0/b.mp3").exists()


def test_a_link_to_a_link_points_at_the_file_itself(tmp_path):
    raw, data = tmp_path / "raw", tmp_path / "data"
    (data / "clips").mkdir(parents=True)
    files = raw_files(raw, a=b"1")
    (raw / "0/a.mp3").rename(raw / "store")
    (raw / "0/a.mp3").symlink_to("../store")
    targets = clips.link_names(files).map(lambda name: data / name)
    clips.link(files, raw, targets)
    assert not (data / "clips/a.mp3").is_symlink()
    assert (data / "clips/a.mp3").read_bytes() == b"1"


def test_a_folder_is_no_audio(tmp_path):
    (tmp_path / "0").mkdir()
    assert clips.audio_sizes(pd.Series({"1": "0"}), tmp_path).isna().all()


def test_absent_and_empty_files_are_left_out_with_the_reason(tmp_path):
    files = raw_files(tmp_path, a=b"1", b=b"")
    files["c"] = "0/c.mp3"
    excluded = clips.find_unusable(files, clips.audio_sizes(files, tmp_path))
    assert excluded["reason"].to_dict() == {"b": "the file is empty", "c": "the file is absent"}


def test_the_three_broken_files_are_known_without_audio():
    file = clips.BROKEN_IN_MAGNATAGATUNE["35644"]
    assert list(clips.find_unusable(pd.Series({"35644": file, "2": "f/x.mp3"})).index) == ["35644"]
    assert not len(clips.find_unusable(pd.Series({"35644": "0/somebody_elses_clip.mp3"})))


@pytest.mark.parametrize("file", ["../secret.mp3", "/etc/passwd", "0/../../x.mp3", ""])
def test_a_path_that_leaves_the_folder_is_refused(file):
    with pytest.raises(ValueError, match="leaves the folder"):
        clips.check_names(pd.Series({"1": file}))


@pytest.mark.parametrize("clip_id", ["../1", "a/b", "..", ""])
def test_an_id_that_cannot_name_a_file_is_refused(clip_id):
    with pytest.raises(ValueError, match="cannot name a file"):
        clips.check_names(pd.Series({clip_id: "0/x.mp3"}))


def test_a_clip_without_information_is_its_own_artist(tmp_path):
    info = clips.read_clip_info(tmp_path / "absent.csv", pd.Index(["1", "2"]))
    assert info["artist"].tolist() == ["1", "2"]


def test_the_inventory_is_read_as_it_was_written(tmp_path):
    index = pd.Index(["2", "10"], name="clip_id")
    columns = ["file", "artist", "album", "track"]
    table = pd.DataFrame([["clips/2.mp3", "A, B", "x", "1"], ["", "", "", ""]], index, columns)
    excluded = pd.DataFrame({"file": [], "reason": []}, pd.Index([], name="clip_id"))
    assert clips.write_clips(tmp_path, table, excluded)
    assert not clips.write_clips(tmp_path, table, excluded)
    pd.testing.assert_frame_equal(clips.read_clips(tmp_path), table)
