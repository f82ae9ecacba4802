"""Files of results are read as they were written, and used only while they are up to date."""

import numpy as np
import pandas as pd
import pytest

from autotagging import steps
from autotagging.results import results_folder
from autotagging.results.scores import Scores

TAGS = ["no beat", "rock"]
PER_TAG = pd.DataFrame({"tag": TAGS, "roc_auc": [0.75, None]})
TABLES = dict.fromkeys(results_folder.TABLES, PER_TAG)
EXAMPLE = {
    "clip_id": "007",
    "reason": "best",
    "in_figure": True,
    "actual": ["no beat", 'rock; "hard"'],
    "predicted": [],
}
SPLIT = {"007": "validation", "12": "test", "a-1": "test", "9": "test", "1": "train"}


def scores(tag_weights=None):
    """Return scores of three of the four validation and test clips."""
    index = pd.Index(["007", "12", "a-1"], name="clip_id")
    return Scores(
        y_score=pd.DataFrame(np.random.default_rng(0).random((3, 2)), index, TAGS),
        thresholds=pd.Series([0.25, 0.5], index=TAGS),
        thresholds_chosen="by hand",
        left_out=pd.Series({"9": "silent"}),
        tag_weights=tag_weights,
    )


@pytest.fixture
def data(tmp_path):
    """Return a dataset of five clips with a label set and finished results, called peer."""
    clips, labels = tmp_path / "clips", tmp_path / "labels" / "merged50"
    credits = {"file": "", "artist": list("xxyyz"), "album": "a", "track": "t"}
    index = pd.Index(SPLIT, name="clip_id")
    with steps.writing(steps.Step(clips, {}, {})):
        pd.DataFrame(credits, index).to_csv(clips / "clips.csv")
    with steps.writing(steps.Step(labels, {}, {})):
        table = pd.DataFrame({"split": SPLIT.values()}, index)
        table.assign(**{"no beat": [0, 1, 0, 1, 0], "rock": 1}).to_csv(labels / "labels.csv")
    (tmp_path / "peer.csv").write_text("scores")
    finish(tmp_path, "peer")
    return tmp_path


def finish(data, name, label_set="merged50", tag_weights=None):
    """Write results of the scores in peer.csv."""
    paths = data / "labels/merged50/labels.csv", data / "peer.csv"
    inputs = steps.describe_inputs(data, *paths, clip_ids=list(SPLIT))
    folder = results_folder.folder_of(data, name)
    with steps.writing(steps.Step(folder, {"labels": label_set}, inputs)):
        results_folder.write_scores(folder, scores(tag_weights), pd.Series(SPLIT, name="split"))
        results_folder.write_tables(folder, TABLES, [EXAMPLE])


@pytest.fixture
def peer(data):
    """Return the folder of finished results."""
    return data / "results" / "peer"


def test_scores_come_back_with_their_clips_tags_and_thresholds(peer):
    pd.testing.assert_frame_equal(results_folder.read_scores(peer), scores().y_score)
    assert results_folder.read_thresholds(peer).to_dict() == {"no beat": 0.25, "rock": 0.5}
    left_out = results_folder.read_left_out(peer).to_dict("index")
    assert left_out == {"9": {"split": "test", "reason": "silent"}}


def test_scores_are_also_a_table_to_read(peer):
    table = pd.read_csv(peer / "scores.csv", dtype={"clip_id": str})
    assert table.columns.tolist() == ["clip_id", "split", *TAGS]
    assert table["split"].tolist() == ["validation", "test", "test"]
    np.testing.assert_allclose(table[TAGS], scores().y_score)


@pytest.mark.parametrize("content", [b"", b"half", b"\x93NUMPY\x01\x00", None])
def test_scores_that_are_gone_or_damaged_are_named(peer, content):
    (peer / "scores.npy").unlink()
    if content is not None:
        (peer / "scores.npy").write_bytes(content)
    sentence = (
        r"scores\.npy is gone or damaged: run 4_evaluate\.py again with its options and --force"
    )
    with pytest.raises(ValueError, match=sentence):
        results_folder.read_scores(peer)


@pytest.mark.parametrize(
    "array", [np.full((3, 2), np.nan), np.zeros((2, 2)), np.full((3, 2), None), np.zeros((3, 3))]
)
def test_scores_that_are_no_numbers_or_of_other_clips_or_tags_are_damaged(peer, array):
    np.save(peer / "scores.npy", array)
    with pytest.raises(ValueError, match=r"scores\.npy is gone or damaged"):
        results_folder.read_scores(peer)


@pytest.mark.parametrize("text", ["", "clip_id,rock\n7,1\n", "a,split\nb,test\n"])
def test_a_damaged_table_of_scores_is_named(peer, text):
    (peer / "scores.csv").write_text(text)
    with pytest.raises(ValueError, match=r"scores\.(csv|npy) is gone or damaged"):
        results_folder.read_scores(peer)


def test_weights_of_tags_are_there_for_a_network_alone(data, peer):
    assert results_folder.read_tag_weights(peer) is None
    weights = np.arange(8.0).reshape(2, 4)
    finish(data, "peer", tag_weights=weights)
    assert results_folder.read_tag_weights(peer).index.tolist() == TAGS
    np.testing.assert_array_equal(results_folder.read_tag_weights(peer), weights)
    finish(data, "peer")  # of a file again
    assert results_folder.read_tag_weights(peer) is None


@pytest.mark.parametrize("shape", [(1, 4), (3, 4), (2,), (0,)])
def test_weights_without_a_row_per_tag_are_damaged(peer, shape):
    np.save(peer / "tag_weights.npy", np.ones(shape))
    with pytest.raises(ValueError, match=r"tag_weights\.npy is gone or damaged"):
        results_folder.read_tag_weights(peer)


def test_tables_and_examples_come_back(peer):
    for name in results_folder.TABLES:
        pd.testing.assert_frame_equal(results_folder.read_table(peer, name), PER_TAG)
    assert results_folder.read_examples(peer) == [EXAMPLE]


@pytest.mark.parametrize("tags", [["007", "80"], ["None", "NA"]])
def test_a_tag_that_looks_like_a_number_or_a_missing_value_stays_a_tag(peer, tags):
    tables = {**TABLES, "per_tag": PER_TAG.assign(tag=tags)}
    results_folder.write_tables(peer, tables, [{**EXAMPLE, "actual": tags}])
    assert results_folder.read_per_tag(peer, tags).index.tolist() == tags
    assert results_folder.read_examples(peer)[0]["actual"] == tags


def test_measures_are_in_the_order_of_the_tags_and_of_these_tags(peer):
    table = results_folder.read_per_tag(peer, ["rock", "no beat"])
    assert table.index.tolist() == ["rock", "no beat"]
    assert table["roc_auc"].tolist() == pytest.approx([np.nan, 0.75], nan_ok=True)
    with pytest.raises(ValueError, match=r"per_tag\.csv is gone or damaged"):
        results_folder.read_per_tag(peer, ["rock"])


@pytest.mark.parametrize(
    "table", [*results_folder.TABLES, "thresholds", "left_out", "examples", "scores"]
)
@pytest.mark.parametrize("is_there", [True, False])
def test_a_table_that_is_gone_or_empty_is_named(peer, table, is_there):
    (peer / f"{table}.csv").unlink()
    if is_there:
        (peer / f"{table}.csv").write_text("")
    readers = {
        "thresholds": results_folder.read_thresholds,
        "left_out": results_folder.read_left_out,
        "examples": results_folder.read_examples,
        "scores": results_folder.read_scores,
    }
    reader = readers.get(table, lambda folder: results_folder.read_table(folder, table))
    with pytest.raises(ValueError, match=rf"{table}\.csv is gone or damaged: run 4_evaluate\.py"):
        reader(peer)


def test_scores_are_read_beside_labels_and_clips(data):
    scored = results_folder.read_scored_clips(data, "peer")
    assert scored.labels.index.tolist() == list(SPLIT)
    assert scored.clips["artist"].tolist() == list("xxyyz")
    assert scored.test_ids.tolist() == ["12", "a-1"]
    assert scored.thresholds["rock"] == 0.5


def test_results_of_labels_or_scores_that_changed_since_are_refused_by_name(data):
    assert results_folder.check_current(data, "peer")["settings"] == {"labels": "merged50"}
    path = data / "labels/merged50/labels.csv"
    before = path.read_text()
    path.write_text(before.replace("a-1,test", "a-1,train"))
    with pytest.raises(ValueError, match=r"peer is out of date, as labels/merged50/labels\.csv ch"):
        results_folder.check_current(data, "peer")
    path.write_text(before)
    (data / "peer.csv").write_text("others")
    with pytest.raises(ValueError, match=r"peer is out of date, as peer\.csv changed since: run 4"):
        results_folder.check_current(data, "peer")


def test_a_file_of_scores_that_is_gone_makes_nothing_stale(data):
    (data / "peer.csv").unlink()
    assert results_folder.check_current(data, "peer")


def test_results_that_are_not_finished_are_refused_with_the_names_of_those_that_are(data):
    with pytest.raises(ValueError, match=r"results/absent is not finished \(there are peer\): run"):
        results_folder.check_current(data, "absent")


def test_a_summary_never_holds_a_value_that_is_no_number(data):
    step = steps.Step(results_folder.folder_of(data, "nan"), {}, {})
    with pytest.raises(ValueError, match="not JSON compliant"), steps.writing(step) as summary:
        summary["macro"] = float("nan")
    assert steps.list_finished(data / "results") == ["peer"]


def test_results_that_are_named_are_used_or_refused(data):
    assert results_folder.find_current(data, "peer", "merged50") == "peer"
    with pytest.raises(ValueError, match="results/peer are not of label set unmerged50"):
        results_folder.find_current(data, "peer", "unmerged50")
    with pytest.raises(ValueError, match="results/absent is not finished"):
        results_folder.find_current(data, "absent", "merged50")


def test_without_a_name_the_default_is_used_and_others_are_offered(data, capsys):
    assert results_folder.find_current(data, None, "merged50") is None
    assert "vgg is not finished (there are peer)" in (printed := capsys.readouterr().out)
    assert "(there are peer): run 4_evaluate.py; other results are named with --results" in printed
    finish(data, "vgg")
    assert results_folder.find_current(data, None, "merged50") == "vgg"


def test_where_there_are_no_results_nothing_is_said(tmp_path, capsys):
    assert results_folder.find_current(tmp_path, None, "merged50") is None
    assert capsys.readouterr().out == ""


def test_results_are_told_from_others_by_their_numbers_not_by_their_summary(data):
    paths = results_folder.list_inputs(data, "peer")
    assert [path.name for path in paths] == ["scores.npy", "thresholds.csv", "per_tag.csv"]
    finish(data, "peer", tag_weights=np.ones((2, 4)))
    assert results_folder.list_inputs(data, "peer")[-1].name == "tag_weights.npy"
    assert results_folder.list_inputs(data, None) == []


def test_what_results_say_of_tags_is_read_together(data):
    finish(data, "peer", tag_weights=np.ones((2, 4)))
    roc_aucs, weights, scored = results_folder.read_by_tag(data, "peer")
    assert roc_aucs["no beat"] == 0.75
    assert weights.shape == (2, 4)
    assert scored.tags.tolist() == TAGS
    assert results_folder.read_by_tag(data, None) == (None, None, None)


def add_unscored_tags(data):
    """Give the label set tags before, between and behind those that results have scores of."""
    path = data / "labels/merged50/labels.csv"
    table = pd.read_csv(path, dtype=str).assign(flute="1", harp="0", slow="0")
    table[["clip_id", "split", "flute", "rock", "harp", "no beat", "slow"]].to_csv(
        path, index=False
    )


def test_results_of_some_of_the_tags_are_read_in_their_own_order(data):
    add_unscored_tags(data)
    weights = np.arange(8.0).reshape(2, 4)
    finish(data, "peer", tag_weights=weights)
    roc_aucs, found, scored = results_folder.read_by_tag(data, "peer")
    assert roc_aucs.index.tolist() == scored.tags.tolist() == TAGS
    assert found.loc["rock"].tolist() == weights[1].tolist()
    assert scored.labels.columns.tolist() == ["split", "flute", "rock", "harp", "no beat", "slow"]
    assert scored.true_labels(["007"]).to_numpy().tolist() == [[False, True]]


def rename(path, name):
    path.write_text(path.read_text().replace("rock", name))


def leave_out(path, name):
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join(line for line in lines if not line.startswith(name)))


@pytest.mark.parametrize(
    ("file", "change", "name"),
    [
        ("per_tag", rename, "lute"),  # no tag of the label set
        ("per_tag", rename, "flute"),  # one, but not of these results
        ("per_tag", leave_out, "rock"),
        ("thresholds", rename, "flute"),
        ("thresholds", leave_out, "rock"),
        ("scores", rename, "lute"),
        ("scores", rename, "split"),
    ],
)
def test_a_file_of_other_tags_than_the_results_is_damaged(data, file, change, name):
    add_unscored_tags(data)
    finish(data, "peer")
    change(data / f"results/peer/{file}.csv", name)
    with pytest.raises(ValueError, match=rf"{file}\.csv is gone or damaged: run 4_evaluate\.py"):
        results_folder.read_by_tag(data, "peer")


def test_scores_of_a_clip_that_is_not_in_the_label_set_are_damaged(data):
    path = data / "results/peer/scores.csv"
    path.write_text(path.read_text().replace("a-1", "a-2"))
    with pytest.raises(ValueError, match=r"scores\.csv is gone or damaged"):
        results_folder.read_scored_clips(data, "peer")
