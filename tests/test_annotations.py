"""Tables of annotations: MagnaTagATune's and any other."""

import pytest
from conftest import write_annotations

from autotagging.clips import annotations

OWN = """path,title,artist,album,rock,calm
audio/rock/8.mp3,"One, two",A,x,1,False
audio/pop/10.mp3,Three,B,,0,TRUE
"""


def test_clip_ids_are_sorted_as_numbers():
    assert annotations.in_numerical_order(["10", "9", "a-1", "2"]) == ["2", "9", "10", "a-1"]


def test_annotations_are_read_as_they_are_shipped(tmp_path):
    rows = [
        {"clip_id": "10", "no beat": "1", "rock": "0", "mp3_path": "0/b.mp3"},
        {"clip_id": "9", "no beat": "0", "rock": "1", "mp3_path": "f/a.mp3"},
    ]
    write_annotations(tmp_path / "annotations.csv", rows)
    read = annotations.read_annotations(tmp_path / "annotations.csv")
    assert read.metadata["file"].to_dict() == {"9": "f/a.mp3", "10": "0/b.mp3"}
    assert read.metadata["row"].to_dict() == {"9": 3, "10": 2}
    assert read.metadata["folder"].to_dict() == {"9": "f", "10": "0"}
    assert read.tags.loc["10"].to_dict() == {"no beat": True, "rock": False}
    assert list(read.tags.columns) == ["no beat", "rock"]
    assert list(read.tags.index) == list(read.metadata.index) == ["9", "10"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"rock": "2"}, r"row 3: 'rock' is '2', neither 0/1 nor true/false"),
        ({"rock": ""}, r"row 3: 'rock' is '', neither 0/1 nor true/false"),
        (
            {"clip_id": "10"},
            r"row 3 \(f/a.mp3\): clip_id '10' stands there twice, the first time in row 2",
        ),
        ({"mp3_path": "0/b.mp3"}, r"row 3 \(0/b.mp3\): mp3_path '0/b.mp3' stands there twice"),
    ],
)
def test_a_wrong_value_is_refused_with_its_row(tmp_path, change, message):
    row = {"clip_id": "10", "rock": "0", "mp3_path": "0/b.mp3"}
    write_annotations(
        tmp_path / "a.csv", [row, {"clip_id": "9", "rock": "1", "mp3_path": "f/a.mp3"} | change]
    )
    with pytest.raises(ValueError, match=message):
        annotations.read_annotations(tmp_path / "a.csv")


def test_a_missing_column_is_named(tmp_path):
    write_annotations(tmp_path / "a.csv", [{"clip_id": "10", "rock": "0"}])
    with pytest.raises(ValueError, match="no column 'path'"):
        annotations.read_annotations(tmp_path / "a.csv")


def write(path, text, encoding="utf-8"):
    path.write_text(text, encoding=encoding)
    return path


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
@pytest.mark.parametrize("separator", [",", "\t"])
def test_a_table_of_ones_own_needs_no_id(tmp_path, separator, encoding):
    text = OWN if separator == "," else OWN.replace(", ", "; ").replace(",", "\t")
    read = annotations.read_annotations(write(tmp_path / "a.csv", text, encoding))
    assert list(read.tags.index) == ["audio-pop-10", "audio-rock-8"]
    assert read.tags.loc["audio-rock-8"].to_dict() == {"rock": True, "calm": False}
    assert read.tags.loc["audio-pop-10"].to_dict() == {"rock": False, "calm": True}
    assert read.metadata.loc["audio-pop-10"].to_dict() == {
        "row": 3,
        "file": "audio/pop/10.mp3",
        "artist": "B",
        "album": "",
        "title": "Three",
    }


def test_blank_lines_count_as_rows_and_spaces_around_values_for_nothing(tmp_path):
    text = "path, artist ,rock\n a.mp3,Band ,1\n\n ,,\nb.mp3, Band,0 \n\n"
    read = annotations.read_annotations(write(tmp_path / "a.csv", text))
    assert read.metadata["row"].to_dict() == {"a": 2, "b": 5}
    assert read.metadata["artist"].tolist() == ["Band", "Band"]
    assert read.metadata["file"].tolist() == ["a.mp3", "b.mp3"]
    assert read.tags["rock"].tolist() == [True, False]


@pytest.mark.parametrize("tag", ["file", "row", "reason", "folder", "index"])
def test_a_tag_may_be_named_as_a_column_of_ours(tmp_path, tag):
    read = annotations.read_annotations(
        write(tmp_path / "a.csv", f"path,{tag}\nb.mp3,1\na.mp3,0\n")
    )
    assert read.tags[tag].to_dict() == {"a": False, "b": True}
    assert read.metadata["row"].to_dict() == {"a": 3, "b": 2}


def test_credits_that_are_not_known_are_the_clips_own(tmp_path):
    credits = annotations.read_annotations(write(tmp_path / "a.csv", OWN)).credits
    assert list(credits.columns) == ["artist", "album", "track"]
    assert credits.loc["audio-pop-10"].tolist() == ["B", "clip audio-pop-10", "Three"]
    assert credits.loc["audio-rock-8"].tolist() == ["A", "x", "One, two"]
    without = "path,rock\naudio/rock/8.mp3,1\n"
    credits = annotations.read_annotations(write(tmp_path / "b.csv", without)).credits
    assert credits.loc["audio-rock-8"].tolist() == ["clip audio-rock-8"] * 3


def test_a_track_that_is_named_goes_before_a_title(tmp_path):
    text = "path,title,track,rock\na.mp3,Aria,3 Aria,1\nb.mp3,Aria,,1\n"
    credits = annotations.read_annotations(write(tmp_path / "a.csv", text)).credits
    assert credits["track"].to_dict() == {"a": "3 Aria", "b": "Aria"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("path,genre\na.mp3,Rock\n", r"row 2: 'genre' is 'Rock', neither 0/1 .* no tag must be"),
        ("path,rock\na.mp3,\n", r"row 2: 'rock' is '', neither"),
        ("path,rock\na.mp3\n", r"row 2: 'rock' is '', neither"),
        ("path,rock\nx/a.mp3,1\nx-a.wav,1\n", r"row 3 \(x-a\.wav\): clip_id 'x-a' .* row 2"),
        ("path,rock\na.mp3,1\n./a.mp3,1\n", r"row 3 \(a\.mp3\): path 'a\.mp3' stands there twice"),
        ("path,mp3_path,rock\na.mp3,a.mp3,1\n", "both columns 'path'"),
        ("path,rock,split\na.mp3,1,dev\n", r"row 2: split is 'dev', none of train, validation"),
        ("path\na.mp3\n", "no column for a tag"),
        ("path,rock\n", "has no clips"),
        ("path;rock\na.mp3;1\n", "no column 'path'.*separated by commas or tabs"),
    ],
)
def test_a_table_that_is_wrong_is_refused_in_one_sentence(tmp_path, text, message):
    with pytest.raises(ValueError, match=message):
        annotations.read_annotations(write(tmp_path / "a.csv", text))


def test_the_table_is_the_known_one_or_the_only_one(tmp_path):
    with pytest.raises(ValueError, match=r"no annotations_final\.csv and no other CSV: .*--raw"):
        annotations.find_table(tmp_path)
    for name in (annotations.CLIP_INFO, annotations.TRUTH):
        write(tmp_path / name, "no annotations")
    write(tmp_path / "mine.csv", OWN)
    assert annotations.find_table(tmp_path).name == "mine.csv"
    write(tmp_path / "other.csv", OWN)
    with pytest.raises(ValueError, match=r"2 tables \(mine\.csv, other\.csv\): name one"):
        annotations.find_table(tmp_path)
    write(tmp_path / "annotations_final.csv", OWN)
    assert annotations.find_table(tmp_path).name == "annotations_final.csv"


def test_clip_information_is_added_where_the_table_has_none(tmp_path):
    assert annotations.find_clip_info(tmp_path) is None
    text = "clip_id,path,rock\n1,0/a.mp3,1\n2,0/b.mp3,0\n"
    read = annotations.read_annotations(write(tmp_path / "a.csv", text))
    assert annotations.add_clip_info(read, None) is read
    header = "clip_id\ttrack_number\ttitle\tartist\talbum\n"
    write(tmp_path / annotations.CLIP_INFO, header + "1\t3\tAria\tA\tx\n9\t1\tNo\tB\ty\n")
    info = annotations.find_clip_info(tmp_path)
    added = annotations.add_clip_info(read, info)
    assert added.metadata.loc["1", ["artist", "album", "track"]].tolist() == ["A", "x", "3 Aria"]
    assert added.metadata.loc["2", "artist"] == ""
    assert added.credits.loc["2"].tolist() == ["clip 2"] * 3
    named = "clip_id,path,artist,rock\n1,0/a.mp3,C,1\n"
    named = annotations.read_annotations(write(tmp_path / "b.csv", named))
    assert annotations.add_clip_info(named, info) is named
    with pytest.raises(ValueError, match=r"clip_info_final\.csv"):
        annotations.add_clip_info(read, write(info, "clip_id\n1\n"))


def test_a_dataset_is_cited_as_it_says_or_as_magnatagatune_or_not_at_all(tmp_path):
    table = tmp_path / "annotations_final.csv"
    assert annotations.cite(table, tmp_path) == "not stated: annotations_final.csv"
    (tmp_path / annotations.CLIP_INFO).write_text("")
    assert "ISMIR 2009" in annotations.cite(table, tmp_path)
    assert annotations.note_of(tmp_path) == ""
    (tmp_path / annotations.TRUTH).write_text("")
    assert annotations.cite(table, tmp_path).startswith("synthetic sample")
    assert "Synthetic" in annotations.note_of(tmp_path)
    (tmp_path / "CITATION.txt").write_text("Me, 2026\n")
    assert annotations.cite(table, tmp_path) == "Me, 2026"
