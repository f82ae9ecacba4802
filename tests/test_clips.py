"""The inventory and its links."""

import pandas as pd
import pytest

from autotagging import clips


def test_a_folder_is_no_audio(tmp_path):
    (tmp_path / "0").mkdir()
    assert clips.audio_sizes(pd.Series({"1": "0"}), tmp_path).isna().all()


def test_absent_and_empty_files_are_left_out_with_the_reason(tmp_path):
    (tmp_path / "a.mp3").write_bytes(b"1")
    (tmp_path / "b.mp3").write_bytes(b"")
    files = pd.Series({"a": "a.mp3", "b": "b.mp3", "c": "c.mp3"})
    reasons = clips.find_unusable(files, clips.audio_sizes(files, tmp_path))
    assert reasons == {"b": "the file is empty", "c": "the file is absent"}
    about = pd.DataFrame({"row": [2, 3, 4], "file": files})
    excluded = clips.tabulate_excluded(about, reasons)
    assert excluded.loc["b"].tolist() == [3, "b.mp3", "the file is empty"]


def test_the_three_broken_files_are_known_without_audio():
    file = clips.BROKEN_IN_MAGNATAGATUNE["35644"]
    assert list(clips.find_unusable(pd.Series({"35644": file, "2": "f/x.mp3"}))) == ["35644"]
    assert not len(clips.find_unusable(pd.Series({"35644": "0/somebody_elses_clip.mp3"})))


@pytest.mark.parametrize("file", ["../secret.mp3", "/etc/passwd", "0/../../x.mp3", ""])
def test_a_path_that_leaves_the_folder_is_refused(file):
    with pytest.raises(ValueError, match="leaves the folder"):
        clips.check_names(pd.Series({"1": file}))


@pytest.mark.parametrize("clip_id", ["../1", "a/b", "..", "", "a\\b"])
def test_an_id_that_cannot_name_a_file_is_refused(clip_id):
    with pytest.raises(ValueError, match="cannot name a file"):
        clips.check_names(pd.Series({clip_id: "0/x.mp3"}))


@pytest.mark.parametrize(
    ("clip_id", "message"), [("a\nb", "control characters"), ("x" * 201, "longer than 200 bytes")]
)
def test_an_id_that_makes_a_troublesome_name_is_refused(clip_id, message):
    with pytest.raises(ValueError, match=message):
        clips.check_names(pd.Series({clip_id: "0/x.mp3"}))


def test_the_inventory_is_read_as_it_was_written(tmp_path):
    index = pd.Index(["2", "10"], name="clip_id")
    columns = ["file", "artist", "album", "track"]
    table = pd.DataFrame([["clips/2.mp3", "A, B", "x", "1"], ["", "", "", ""]], index, columns)
    excluded = pd.DataFrame({"row": [], "file": [], "reason": []}, pd.Index([], name="clip_id"))
    assert clips.write_clips(tmp_path, table, excluded)
    assert not clips.write_clips(tmp_path, table, excluded)
    pd.testing.assert_frame_equal(clips.read_clips(tmp_path), table)
