"""Anybody's scores are read in any order, and what is wrong with them is said."""

import gzip

import numpy as np
import pandas as pd
import pytest

from autotagging.results import external_scores

TAGS = ["rock", "no beat", "soft"]
SPLIT = {"7": "test", "10": "train", "12": "validation", "a-1": "test"}
SCORES = {"7": [0.1, 0.2, 0.3], "10": [0, 0, 0], "12": [0.4, 0.5, 0.6], "a-1": [0.7, 0.8, 0.9]}


@pytest.fixture
def labels():
    index = pd.Index(SPLIT, name="clip_id")
    table = pd.DataFrame({"split": SPLIT.values()}, index=index)
    return table.assign(**dict.fromkeys(TAGS, False))


def write(path, rows, columns=("clip_id", *TAGS)):
    text = "\n".join(",".join(map(str, row)) for row in [columns, *rows])
    path.write_text(text + "\n", encoding="utf-8")
    return path


def all_rows():
    return [(clip_id, *values) for clip_id, values in SCORES.items()]


def test_columns_and_rows_stand_in_any_order(labels, tmp_path, capsys):
    rows = [(c, "x", b, a, clip_id) for clip_id, a, b, c in all_rows()[::-1]]
    rows.append((0.5, "x", 0.5, 0.5, "not ours"))
    path = write(tmp_path / "peer.csv", rows, ("soft", "composer", "no beat", "rock", "clip_id"))
    scores, split, left_out = external_scores.read(path, labels)
    assert split.to_dict() == {"12": "validation", "7": "test", "a-1": "test"}
    assert split.index.tolist() == ["12", "7", "a-1"]
    assert scores.columns.tolist() == TAGS
    np.testing.assert_array_equal(scores, [SCORES[i] for i in split.index])
    assert left_out == []
    printed = capsys.readouterr().out
    assert "1 clips are not in the label set, such as not ours" in printed
    assert "1 columns are no tags of the label set: composer" in printed


def test_an_array_has_a_row_for_each_clip_of_the_label_set(labels, tmp_path):
    path = tmp_path / "peer.npy"
    np.save(path, np.array(list(SCORES.values())))
    scores, split, _ = external_scores.read(path, labels)
    assert scores.columns.tolist() == TAGS
    np.testing.assert_array_equal(scores, [SCORES[i] for i in split.index])


def test_clips_that_the_file_lacks_are_listed(labels, tmp_path):
    path = write(tmp_path / "peer.csv", [all_rows()[0]])
    scores, split, left_out = external_scores.read(path, labels)
    assert scores.shape == (1, 3)
    assert split.to_dict() == {"7": "test"}
    assert left_out == ["12", "a-1"]


@pytest.mark.parametrize(
    ("rows", "sentence"),
    [
        ([("7", 0.1, 0.2, 1.5)], "clip 7, tag soft: 1.5 is no probability"),
        ([("7", 0.1, -2, 0.5)], "clip 7, tag no beat: -2.0 is no probability"),
        ([("7", 0.1, "nan", 0.5)], "clip 7, tag no beat: nan is no probability|'nan' is not a num"),
        ([("7", 0.1, "", 0.5)], "clip 7, tag no beat: '' is not a number"),
        ([("7", 0.1, "much", 0.5)], "clip 7, tag no beat: 'much' is not a number"),
        ([("7", 0.1, 0.2, 0.3)] * 2, "has clip 7 twice"),
        ([("12", 0.1, 0.2, 0.3)], "has none of the 2 test clips"),
        ([("7", 0.1, 0.2, 0.3, 0.4, 0.5)], "with as many values in each row"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(labels, tmp_path, rows, sentence):
    with pytest.raises(ValueError, match=sentence):
        external_scores.read(write(tmp_path / "peer.csv", rows), labels)


def test_scores_of_the_surest_and_the_least_sure_keep_their_order(labels, tmp_path):
    rows = [("7", 1 - 1e-12, 1e-60, 0.5), ("a-1", 1 - 2e-12, 2e-60, 0.5), ("12", 0, 0, 0)]
    scores, _, _ = external_scores.read(write(tmp_path / "peer.csv", rows), labels)
    assert scores.loc["7", "rock"] > scores.loc["a-1", "rock"]
    assert scores.loc["7", "no beat"] < scores.loc["a-1", "no beat"]


def test_a_column_that_stands_there_twice_is_refused(labels, tmp_path):
    columns = ("clip_id", "rock", "no beat", "soft", "rock")
    path = write(tmp_path / "peer.csv", [("7", 0.1, 0.2, 0.3, 0.4)], columns)
    with pytest.raises(ValueError, match="has the column rock twice"):
        external_scores.read(path, labels)


def test_a_clip_may_be_called_na(labels, tmp_path):
    labels = labels.rename(index={"7": "NA"})
    path = write(tmp_path / "peer.csv", [("NA", 0.1, 0.2, 0.3)])
    _, split, _ = external_scores.read(path, labels)
    assert split.to_dict() == {"NA": "test"}


def test_tags_that_are_missing_are_named(labels, tmp_path):
    path = write(tmp_path / "peer.csv", [("7", 0.5)], ("clip_id", "rock"))
    with pytest.raises(ValueError, match="has no column no beat, soft"):
        external_scores.read(path, labels)


def test_files_that_are_neither_are_refused(labels, tmp_path):
    (tmp_path / "empty.csv").write_text("")
    with pytest.raises(ValueError, match="has no column clip_id, rock, no beat, soft"):
        external_scores.read(tmp_path / "empty.csv", labels)
    (tmp_path / "semicolons.csv").write_text("clip_id;rock;no beat;soft\n7;0;0;0\n")
    with pytest.raises(ValueError, match="values are separated by commas, not ';'"):
        external_scores.read(tmp_path / "semicolons.csv", labels)
    with gzip.open(tmp_path / "scores.csv.gz", "wt") as file:
        file.write("clip_id,rock,no beat,soft\n7,0,0,0\n")
    with pytest.raises(ValueError, match="is not a CSV in UTF-8"):
        external_scores.read(tmp_path / "scores.csv.gz", labels)
    (tmp_path / "latin.csv").write_bytes("clip_id,café\n1,2\n".encode("latin-1"))
    with pytest.raises(ValueError, match="is not a CSV in UTF-8"):
        external_scores.read(tmp_path / "latin.csv", labels)
    np.save(tmp_path / "pickle.npy", np.array([{"a": 1}], dtype=object))
    with pytest.raises(ValueError, match="is not an array as numpy"):
        external_scores.read(tmp_path / "pickle.npy", labels)
    for shape in ((10**11, 3), (10**22, 3)):  # more than there is memory or numbers for
        with (tmp_path / "huge.npy").open("wb") as file:
            header = {"descr": "<f8", "fortran_order": False, "shape": shape}
            np.lib.format.write_array_header_1_0(file, header)
        with pytest.raises(ValueError, match="is not an array as numpy"):
            external_scores.read(tmp_path / "huge.npy", labels)
    np.save(tmp_path / "short.npy", np.zeros((3, 3)))
    with pytest.raises(ValueError, match=r"shape \(3, 3\); a row for each of the 4 clips"):
        external_scores.read(tmp_path / "short.npy", labels)
    np.save(tmp_path / "text.npy", np.full((4, 3), "x"))
    with pytest.raises(ValueError, match="no array of numbers"):
        external_scores.read(tmp_path / "text.npy", labels)
