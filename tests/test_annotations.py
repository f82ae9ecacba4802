"""Tables of annotations: MagnaTagATune's and any other."""

import pytest
from conftest import write_annotations

from autotagging.clips import annotations

OWN = """path,title,artist,album,rock,calm
audio/rock/8.mp3,"One, two",A,x,1,False
audio/pop/10.mp3,Three,B,,0,TRUE
"""


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
        (
            "path,rock\nx-/a.mp3,1\nx/-a.mp3,1\n",
            r"row 3 \(x/-a\.mp3\): clip_id of its path, 'x---a.mp3' .* a clip_id of its own",
        ),
        ("path,rock\na.mp3,1\n./a.mp3,1\n", r"row 3 \(a\.mp3\): path 'a\.mp3' stands there twice"),
        ("path,mp3_path,rock\na.mp3,a.mp3,1\n", "both columns 'path'"),
        ("path,rock,split\na.mp3,1,dev\n", r"row 2: split is 'dev', none of train, validation"),
        ("path\na.mp3\n", "no column for a tag"),
        ("path,rock\n", "has no clips"),
        ("path;rock\na.mp3;1\n", "is separated by semicolons"),
        ("file,rock\na.mp3,1\n", r"no column 'path' \(or 'mp3_path'\); it has file, rock"),
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
    (tmp_path / "CITATION.txt").write_text("Me, 2026\n")
    assert annotations.cite(table, tmp_path) == "Me, 2026"


def test_what_every_figure_must_say_stands_in_the_datasets_disclaimer(tmp_path):
    assert annotations.note_of(tmp_path) == ""
    assert annotations.find_remarks(tmp_path) == []
    (tmp_path / "DISCLAIMER.txt").write_text("Half of it\n is  noise\n")
    assert annotations.note_of(tmp_path) == "Half of it is noise"
    assert annotations.find_remarks(tmp_path) == [tmp_path / "DISCLAIMER.txt"]


@pytest.mark.parametrize("tag", ["split", "path", "artist", "album", "title", "track"])
@pytest.mark.parametrize("values", ["10", "00", "TF"])
def test_a_tag_that_has_the_name_of_another_column_is_to_be_renamed(tmp_path, tag, values):
    words = {"T": "true", "F": "False"}
    first, second = (words.get(value, value) for value in values)
    text = f"mp3_path,rock,{tag}\n0/a.mp3,1,{first}\n0/b.mp3,0,{second}\n"
    message = rf"a\.csv: '{tag}' is a tag by its values, all 0/1 .* name is taken .*rename the tag"
    with pytest.raises(ValueError, match=message):
        annotations.read_annotations(write(tmp_path / "a.csv", text))


def test_a_tag_called_clip_id_is_told_from_ids_that_are_0_and_1(tmp_path):
    text = "path,rock,clip_id\na.mp3,1,1\nb.mp3,1,0\n"
    read = annotations.read_annotations(write(tmp_path / "a.csv", text))
    assert read.metadata["file"].to_dict() == {"0": "b.mp3", "1": "a.mp3"}
    with pytest.raises(ValueError, match="'clip_id' is a tag by its values"):
        annotations.read_annotations(write(tmp_path / "a.csv", text + "c.mp3,0,1\n"))


def test_columns_that_are_no_tags_are_told_by_their_values(tmp_path):
    text = "path,rock,split,track,artist\na.mp3,1,train,1,1\nb.mp3,0,test,1,Band\n"
    read = annotations.read_annotations(write(tmp_path / "a.csv", text))
    assert read.metadata["split"].to_dict() == {"a": "train", "b": "test"}
    assert read.metadata["track"].tolist() == ["1", "1"]  # of singles
    assert read.tags.columns.tolist() == ["rock"]


def test_audio_of_one_name_in_two_formats_needs_no_ids(tmp_path):
    text = "path,rock\nx/song.mp3,1\nx/song.flac,0\ny/song.mp3,1\n"
    read = annotations.read_annotations(write(tmp_path / "a.csv", text))
    assert read.metadata["file"].to_dict() == {
        "x-song.flac": "x/song.flac",
        "x-song.mp3": "x/song.mp3",
        "y-song": "y/song.mp3",
    }


def test_an_absolute_path_inside_the_raw_folder_is_relative_to_it(tmp_path):
    raw = tmp_path / "raw"
    raw.mkdir()
    text = f"path,rock\n{raw}/x/a.mp3,1\nx/b.mp3,0\n"
    read = annotations.read_annotations(write(tmp_path / "a.csv", text), raw)
    assert read.metadata["file"].to_dict() == {"x-a": "x/a.mp3", "x-b": "x/b.mp3"}


def test_names_are_the_same_however_their_accents_are_typed(tmp_path):
    text = "path,artist,rock\na.mp3,Bj\u00f6rk,1\nb.mp3,Bjo\u0308rk,0\ncafe\u0301.mp3,x,1\n"
    read = annotations.read_annotations(write(tmp_path / "a.csv", text))
    assert read.metadata["artist"].nunique() == 2
    assert read.tags.index.tolist() == ["a", "b", "caf\u00e9"]
    assert read.metadata["file"].iloc[2] == "cafe\u0301.mp3"  # the file may be called so


def test_a_value_of_a_million_characters_is_refused_in_a_short_sentence(tmp_path):
    text = f"path,rock\na.mp3,{'x' * 10**6}\n"
    with pytest.raises(ValueError, match=r"row 2: 'rock' is 'xxx.*neither 0/1") as refused:
        annotations.read_annotations(write(tmp_path / "a.csv", text))
    assert len(str(refused.value)) < 500


def test_clip_information_whose_ids_lost_their_zeros_is_refused(tmp_path):
    text = "clip_id,path,rock\n0001,0/a.mp3,1\n0002,0/b.mp3,0\n"
    read = annotations.read_annotations(write(tmp_path / "a.csv", text))
    header = "clip_id\ttrack_number\ttitle\tartist\talbum\n"
    info = write(tmp_path / annotations.CLIP_INFO, header + "1\t3\tAria\tA\tx\n")
    message = r"clip_info_final\.csv writes 1 clip id .* '1', which is '0001' without its zeros"
    with pytest.raises(ValueError, match=message):
        annotations.add_clip_info(read, info)


def test_what_macos_leaves_beside_a_table_is_no_table(tmp_path):
    (tmp_path / "._my.csv").write_bytes(b"\0\x05\x16\x07")
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(ValueError, match="no other CSV"):
        annotations.find_table(tmp_path)
    write(tmp_path / "MY.CSV", OWN)
    assert annotations.find_table(tmp_path).name == "MY.CSV"
