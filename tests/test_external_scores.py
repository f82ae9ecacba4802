"""External scores are read in any order, and what is wrong with them is said."""

import gzip
import pickle

import numpy as np
import pandas as pd
import pytest

from autotagging.results import external_scores, scores
from autotagging.thresholds import choose_thresholds

TAGS = ["rock", "no beat", "soft"]
SPLIT = {"7": "test", "10": "train", "12": "validation", "a-1": "test"}
SCORES = {"7": [0.1, 0.2, 0.3], "10": [0, 0, 0], "12": [0.4, 0.5, 0.6], "a-1": [0.7, 0.8, 0.9]}


@pytest.fixture
def labels():
    """Return a label set of four clips; the clips 7 and 12 are tagged rock."""
    index = pd.Index(SPLIT, name="clip_id")
    table = pd.DataFrame({"split": SPLIT.values()}, index=index)
    return table.assign(**{**dict.fromkeys(TAGS, False), "rock": index.isin(["7", "12"])})


def write(path, rows, columns=("clip_id", *TAGS), separator=","):
    text = "\n".join(separator.join(map(str, row)) for row in [columns, *rows])
    path.write_text(text + "\n", encoding="utf-8")
    return path


def all_rows():
    return [(clip_id, *values) for clip_id, values in SCORES.items()]


def write_array_header(path, shape):
    """Write what `numpy.save` writes before the numbers, and none of these."""
    with path.open("wb") as file:
        header = {"descr": "<f8", "fortran_order": False, "shape": shape}
        np.lib.format.write_array_header_1_0(file, header)
    return path


@pytest.mark.parametrize("separator", [",", "\t"])
def test_columns_and_rows_stand_in_any_order(labels, tmp_path, capsys, separator):
    rows = [(c, "x", b, a, clip_id) for clip_id, a, b, c in all_rows()[::-1]]
    rows.append((0.5, "x", 0.5, 0.5, "not ours"))
    columns = ("soft", "composer", "no beat", "rock", "clip_id")
    found = external_scores.read(write(tmp_path / "peer.csv", rows, columns, separator), labels)
    assert found.y_score.index.tolist() == ["12", "7", "a-1"]  # validation first
    assert found.y_score.columns.tolist() == TAGS
    np.testing.assert_array_equal(found.y_score, [SCORES[i] for i in found.y_score.index])
    assert found.left_out.empty
    printed = capsys.readouterr().out
    assert "1 clips are not in the label set, such as not ours" in printed
    assert "1 columns are no tags of the label set: composer" in printed


def test_an_array_has_a_row_for_each_clip_of_the_label_set(labels, tmp_path):
    np.save(tmp_path / "peer.npy", np.array(list(SCORES.values())))
    y_score = external_scores.read(tmp_path / "peer.npy", labels).y_score
    assert y_score.columns.tolist() == TAGS
    assert y_score.index.tolist() == ["12", "7", "a-1"]
    np.testing.assert_array_equal(y_score, [SCORES[i] for i in y_score.index])


def test_clips_that_the_file_lacks_are_listed_with_the_reason(labels, tmp_path):
    found = external_scores.read(write(tmp_path / "peer.csv", [all_rows()[0]]), labels)
    assert found.y_score.index.tolist() == ["7"]
    assert found.left_out.to_dict() == {"12": "not in peer.csv", "a-1": "not in peer.csv"}


def test_thresholds_are_chosen_on_the_validation_clips(labels, tmp_path):
    found = external_scores.read(write(tmp_path / "peer.csv", all_rows()), labels)
    expected = choose_thresholds(labels.loc[["12"], TAGS].to_numpy(), np.array([SCORES["12"]]))
    assert found.thresholds.to_dict() == dict(zip(TAGS, expected, strict=True))
    assert found.thresholds_chosen == scores.CHOSEN


def test_without_validation_clips_every_threshold_is_half(labels, tmp_path):
    rows = [row for row in all_rows() if row[0] != "12"]
    found = external_scores.read(write(tmp_path / "peer.csv", rows), labels)
    assert found.thresholds.to_dict() == dict.fromkeys(TAGS, 0.5)
    assert found.thresholds_chosen == "0.5: the file has no scores of validation clips"


def test_external_scores_come_without_a_network(labels, tmp_path):
    found = external_scores.read(write(tmp_path / "peer.csv", all_rows()), labels)
    assert found.describe()["model"] is None
    assert found.tag_weights is None


@pytest.mark.parametrize("separator", [",", "\t"])
@pytest.mark.parametrize(
    ("rows", "sentence"),
    [
        ([("7", 0.1, 0.2, 1.5)], r"clip 7, tag soft: 1\.5 is no probability"),
        ([("7", 0.1, -2, 0.5)], r"clip 7, tag no beat: -2\.0 is no probability"),
        ([("7", 0.1, "inf", 0.5)], "clip 7, tag no beat: inf is no probability"),
        ([("7", 0.1, "nan", 0.5)], "clip 7, tag no beat: 'nan' is not a number"),
        ([("7", 0.1, "", 0.5)], "clip 7, tag no beat: '' is not a number"),
        ([("7", 0.1, "much", 0.5)], "clip 7, tag no beat: 'much' is not a number"),
        ([("z", 0.1, "much", 0.5)], "clip z, tag no beat: 'much' is not a number"),
        ([("7", 0.1, 0.2)], "clip 7, tag soft: '' is not a number"),
        ([("7", 0.1, 0.2, 0.3), ("a-1",)], "clip a-1, tag rock: '' is not a number"),
        ([("7", 0.1, 0.2, 0.3)] * 2, "has clip 7 twice"),
        ([("12", 0.1, 0.2, 0.3)], "has none of the 2 test clips: its first clip_id is '12'"),
        ([("7", 0.1, 0.2, 0.3, 0.4)], "has rows with more values than the 4 columns"),
        ([("7", 0, 0, 0), ("12", 0, 0, 0, 0, 0)], "row 3: it has more values than the 4 columns"),
        ([], "has none of the 2 test clips"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(labels, tmp_path, rows, sentence, separator):
    path = write(tmp_path / "peer.csv", rows, separator=separator)
    with pytest.raises(ValueError, match=rf"peer\.csv[:,]? {sentence}"):
        external_scores.read(path, labels)


def test_scores_of_the_surest_and_the_least_sure_keep_their_order(labels, tmp_path):
    rows = [("7", 1 - 1e-12, 1e-60, 0.5), ("a-1", 1 - 2e-12, 2e-60, 0.5), ("12", 0, 0, 0)]
    y_score = external_scores.read(write(tmp_path / "peer.csv", rows), labels).y_score
    assert y_score.loc["7", "rock"] > y_score.loc["a-1", "rock"]
    assert y_score.loc["7", "no beat"] < y_score.loc["a-1", "no beat"]


def test_a_column_that_stands_there_twice_is_refused(labels, tmp_path):
    columns = ("clip_id", "rock", "no beat", "soft", "rock")
    path = write(tmp_path / "peer.csv", [("7", 0.1, 0.2, 0.3, 0.4)], columns)
    with pytest.raises(ValueError, match=r"peer\.csv has the column 'rock' twice"):
        external_scores.read(path, labels)


def test_a_clip_may_be_called_na(labels, tmp_path):
    labels = labels.rename(index={"7": "NA"})
    path = write(tmp_path / "peer.csv", [("NA", 0.1, 0.2, 0.3)])
    assert external_scores.read(path, labels).y_score.index.tolist() == ["NA"]


def test_tags_that_are_missing_are_left_out_and_named(labels, tmp_path, capsys):
    path = write(
        tmp_path / "peer.csv", [("7", "x.mp3", 0.5, 0.6)], ("clip_id", "file", "soft", "rock")
    )
    found = external_scores.read(path, labels)
    assert found.y_score.loc["7"].to_dict() == {"rock": 0.6, "soft": 0.5}
    assert found.thresholds.index.tolist() == found.y_score.columns.tolist() == ["rock", "soft"]
    assert capsys.readouterr().out == (
        "peer.csv: left out, as it lacks them: 1 tag of the label set: no beat\n"
    )


def test_a_file_without_a_tag_or_an_id_is_refused(labels, tmp_path):
    for columns, lacking in (
        (("clip_id", "Rock"), "rock, no beat, soft"),
        (("id", "rock"), "clip_id"),
    ):
        path = write(tmp_path / "peer.csv", [("7", 0.5)], columns)
        with pytest.raises(
            ValueError, match=rf"peer\.csv has no column {lacking}: one for clip_id"
        ):
            external_scores.read(path, labels)


def test_a_label_set_without_test_clips_has_nothing_to_evaluate(labels, tmp_path):
    labels["split"] = labels["split"].replace("test", "train")
    with pytest.raises(ValueError, match="the label set has no test clips to evaluate on"):
        external_scores.read(write(tmp_path / "peer.csv", all_rows()), labels)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "is empty"),
        (b"clip_id;rock;no beat;soft\n7;0;0;0\n", "is separated by semicolons: save it as CSV"),
        (gzip.compress(b"clip_id,rock,soft\n7,0,0\n", mtime=0), "is not a table in UTF-8"),
        ("clip_id,café\n1,2\n".encode("latin-1"), "is not a table in UTF-8"),
        (b'clip_id,rock,no beat,soft\n7,0,"0,0\n', "row 2: a quotation mark is not closed"),
    ],
)
def test_a_file_that_is_no_table_is_refused(labels, tmp_path, content, sentence):
    (tmp_path / "peer.csv").write_bytes(content)
    with pytest.raises(ValueError, match=rf"peer\.csv.*{sentence}"):
        external_scores.read(tmp_path / "peer.csv", labels)


def test_a_pickled_array_is_never_unpickled(labels, tmp_path):
    np.save(tmp_path / "pickle.npy", np.full((4, 3), {"a": 1}, dtype=object))
    with pytest.raises(ValueError, match=r"pickle\.npy is not an array as numpy"):
        external_scores.read(tmp_path / "pickle.npy", labels)
    (tmp_path / "plain.npy").write_bytes(pickle.dumps(np.zeros((4, 3))))
    with pytest.raises(ValueError, match=r"plain\.npy is not an array as numpy"):
        external_scores.read(tmp_path / "plain.npy", labels)


@pytest.mark.parametrize(
    ("array", "sentence"),
    [
        (np.zeros((3, 3)), r"has the shape \(3, 3\); a row for each of the 4 clips of labels\.csv"),
        (np.full((4, 3), "x"), "holds no array of numbers"),
        (np.full((4, 3), 0.5 + 1j), "holds no array of numbers"),
        (np.full((4, 3), np.nan), "clip 12, tag rock: nan is no probability"),
        (np.full((4, 3), 1.5), r"clip 12, tag rock: 1\.5 is no probability"),
    ],
)
def test_an_array_of_other_shape_or_values_is_refused(labels, tmp_path, array, sentence):
    np.save(tmp_path / "peer.npy", array)
    with pytest.raises(ValueError, match=rf"peer\.npy.*{sentence}"):
        external_scores.read(tmp_path / "peer.npy", labels)


# more than there is memory, or numbers, for
@pytest.mark.parametrize("shape", [(10**11, 3), (10**22, 3)])
def test_an_array_that_promises_more_than_it_has_is_refused_at_once(labels, tmp_path, shape):
    path = write_array_header(tmp_path / "huge.npy", shape)
    with pytest.raises(ValueError, match=r"huge\.npy is not an array as numpy"):
        external_scores.read(path, labels)


@pytest.mark.parametrize("mangled", ["7.0", "07", '"\'7"', "7e0"])
def test_ids_that_a_spreadsheet_has_altered_are_refused(labels, tmp_path, mangled):
    rows = [(mangled if row[0] == "7" else row[0], *row[1:]) for row in all_rows()]
    message = rf"peer\.csv writes 1 clip id otherwise than labels\.csv, .*{mangled[-2:-1]}"
    with pytest.raises(ValueError, match=message):
        external_scores.read(write(tmp_path / "peer.csv", rows), labels)


def test_ids_some_of_which_lost_their_zeros_are_not_scored_by_half(labels, tmp_path):
    labels = labels.rename(index={"7": "0007"})  # a-1 has none to lose
    message = r"the first is '7', which is '0007' without its zeros: write ids as labels\.csv does"
    with pytest.raises(ValueError, match=message):
        external_scores.read(write(tmp_path / "peer.csv", all_rows()), labels)


def test_ids_and_tags_are_the_same_however_their_accents_are_typed(labels, tmp_path):
    labels = labels.rename(index={"7": "caf\u00e9"}, columns={"rock": "caf\u00e9"})
    path = write(
        tmp_path / "a.csv", [("cafe\u0301", 0, 0, 0)], ("clip_id", "cafe\u0301", *TAGS[1:])
    )
    assert external_scores.read(path, labels).y_score.index.tolist() == ["caf\u00e9"]
