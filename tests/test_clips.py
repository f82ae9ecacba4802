"""The inventory and its links."""

import pandas as pd
import pytest

from autotagging.clips import inventory


def test_a_folder_is_no_audio(tmp_path):
    (tmp_path / "0").mkdir()
    assert inventory.audio_sizes(pd.Series({"1": "0"}), tmp_path).isna().all()


def test_absent_and_empty_files_are_left_out_with_the_reason(tmp_path):
    (tmp_path / "a.mp3").write_bytes(b"1")
    (tmp_path / "b.mp3").write_bytes(b"")
    files = pd.Series({"a": "a.mp3", "b": "b.mp3", "c": "c.mp3"})
    reasons = inventory.find_unusable(files, inventory.audio_sizes(files, tmp_path))
    assert reasons == {"b": "the file is empty", "c": "the file is absent"}
    about = pd.DataFrame({"row": [2, 3, 4], "file": files})
    excluded = inventory.tabulate_excluded(about, reasons)
    assert excluded.loc["b"].tolist() == [3, "b.mp3", "the file is empty"]


def test_the_three_broken_files_are_known_without_audio():
    file = inventory.BROKEN_IN_MAGNATAGATUNE["35644"]
    assert list(inventory.find_unusable(pd.Series({"35644": file, "2": "f/x.mp3"}))) == ["35644"]
    assert not len(inventory.find_unusable(pd.Series({"35644": "0/somebody_elses_clip.mp3"})))


@pytest.mark.parametrize(
    ("clip_id", "file", "message"),
    [
        ("1", "../secret.mp3", "leaves the folder"),
        ("1", "/etc/passwd", "leaves the folder"),
        ("1", "0/../../x.mp3", "leaves the folder"),
        ("1", "", "has no path"),
        ("1", "a\\b.mp3", "has a backslash"),
        ("1", "a.part", "named like an unfinished file"),
        ("../1", "0/x.mp3", "cannot name a file"),
        ("a/b", "0/x.mp3", "cannot name a file"),
        ("..", "0/x.mp3", "cannot name a file"),
        ("", "0/x.mp3", "cannot name a file"),
        ("a\\b", "0/x.mp3", "cannot name a file"),
        ("a\nb", "0/x.mp3", "not printable"),
        ("x" * 197, "0/x.mp3", "longer than 200 bytes"),
    ],
)
def test_names_that_lead_astray_are_refused_with_their_row(clip_id, file, message):
    about = pd.DataFrame({"row": [7], "file": [file]}, index=[clip_id])
    with pytest.raises(ValueError, match=rf"row 7 of the annotations: .*{message}"):
        inventory.check_names(about)
    inventory.check_names(about.set_axis(["x" * 196]).assign(file="0/x.mp3"))


@pytest.mark.parametrize("file", ["clips/1.mp3", "labels/set/multi_hot/0_1.mp3", "to_clips/1.mp3"])
def test_a_raw_dataset_where_this_script_writes_is_refused(tmp_path, file):
    (tmp_path / "clips").mkdir()
    (tmp_path / "to_clips").symlink_to("clips")
    about = pd.DataFrame({"file": [file]}, index=["1"])
    table = tmp_path / "annotations_final.csv"
    with pytest.raises(ValueError, match="lies where this script writes: name another folder"):
        inventory.check_apart(about, table, tmp_path, tmp_path)
    inventory.check_apart(about, table, tmp_path, tmp_path / "data")
    (tmp_path / "circle").symlink_to("circle")
    inventory.check_apart(about.assign(file="circle/1.mp3"), table, tmp_path, tmp_path)


@pytest.mark.parametrize("table", ["clips.csv", "excluded.csv", "labels/set/labels.csv"])
def test_a_table_that_this_script_would_write_over_is_refused(tmp_path, table):
    about = pd.DataFrame({"file": ["0/1.mp3"]}, index=["1"])
    with pytest.raises(ValueError, match="lies where this script writes"):
        inventory.check_apart(about, tmp_path / table, tmp_path, tmp_path)


def test_a_path_through_a_file_or_a_circle_of_links_is_absent(tmp_path):
    (tmp_path / "a.mp3").write_bytes(b"1")
    (tmp_path / "b.mp3").symlink_to("b.mp3")
    files = pd.Series({"1": "a.mp3/2.mp3", "2": "b.mp3"})
    assert inventory.audio_sizes(files, tmp_path).isna().all()


def test_a_table_of_the_users_own_is_no_inventory(tmp_path):
    (tmp_path / "clips.csv").write_text("clip_id,path,rock\n1,a.mp3,1\n")
    with pytest.raises(ValueError, match="not what script 1 writes under this name: rename"):
        inventory.read_clips(tmp_path)


def test_the_inventory_is_read_as_it_was_written(tmp_path):
    index = pd.Index(["2", "10"], name="clip_id")
    columns = ["file", "artist", "album", "track"]
    table = pd.DataFrame([["clips/2.mp3", "A, B", "x", "1"], ["", "", "", ""]], index, columns)
    excluded = pd.DataFrame({"row": [], "file": [], "reason": []}, pd.Index([], name="clip_id"))
    assert inventory.write_clips(tmp_path, table, excluded)
    assert not inventory.write_clips(tmp_path, table, excluded)
    pd.testing.assert_frame_equal(inventory.read_clips(tmp_path), table)
