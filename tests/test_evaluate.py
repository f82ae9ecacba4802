"""Script 4 evaluates external scores, once, and says in a sentence what cannot be.

A network's scores are the matter of test_scores.py; results of both meet in
test_compare_results.py.
"""

import json
import shutil

import numpy as np
import pandas as pd
import pytest
from conftest import SCRIPTS, snapshot, write_scores, write_tiny_dataset

from autotagging import steps
from autotagging.labels import label_sets
from autotagging.results import results_folder
from autotagging.thresholds import choose_thresholds

PICTURES = (
    "Recall.png",
    "accuracy.png",
    "auc_per_tag.png",
    "report.html",
    "results.png",
    "roc_pr_curves.png",
    "tag_confusions.png",
)


def evaluate(run_script, data, *options):
    """Run script 4; return what it printed."""
    answer = run_script(SCRIPTS[4], "--data", data, "--n-resamples", 50, *options)
    assert answer.returncode == 0, answer.stderr
    return answer.stdout


def refuse(run_script, data, *options):
    """Run script 4, which refuses; return the sentence."""
    answer = run_script(SCRIPTS[4], "--data", data, "--n-resamples", 50, *options)
    assert answer.returncode == 1, answer.stderr
    assert "Traceback" not in answer.stderr
    return answer.stderr


@pytest.fixture(scope="module")
def magnatagatune(run_script, test_data, tmp_path_factory):
    """Return a dataset of MagnaTagATune's annotations alone, merged and unmerged."""
    data = tmp_path_factory.mktemp("evaluate") / "mtt"
    for options in ([], ["--no-merge"]):
        command = SCRIPTS[1], "--data", data, "--raw", test_data / "mtt", "--no-audio", *options
        answer = run_script(*command)
        assert answer.returncode == 0, answer.stderr
    return data


def test_external_scores_are_evaluated_without_audio_or_features(
    run_script, magnatagatune, tmp_path
):
    labels = label_sets.read_labels(magnatagatune, "merged50")
    path = write_scores(tmp_path, labels, "peer.csv")
    printed = evaluate(run_script, magnatagatune, "--labels", "merged50", "--scores", path)
    assert "4,392 test clips, 50 of 50 tags averaged" in printed
    assert "95 % intervals from 50 resamples of 75 artists" in printed
    folder = magnatagatune / "results/peer"
    summary = steps.read_summary(folder)
    assert {name: row["clips"] for name, row in summary["rows"].items()} == {
        "test": 4392,
        "test, artist heard in training": 2719,
        "test, artist not heard": 1673,
        "validation": 1538,
    }
    assert summary["clips"] == {"train": 15425, "validation": 1538, "test": 4392}
    assert summary["scores_file"] == "peer.csv"
    per_tag = results_folder.read_table(folder, "per_tag")
    assert per_tag["tag"].tolist() == labels.columns.drop("split").tolist()
    y_score = results_folder.read_scores(folder)
    assert y_score.shape == (5930, 50)
    assert labels.loc[y_score.index, "split"].value_counts().to_dict() == {
        "test": 4392,
        "validation": 1538,
    }
    assert "No audio: this dataset has no audio" in (folder / "report.html").read_text()


def test_unmerged_tags_are_also_evaluated_with_their_synonyms_merged(
    run_script, magnatagatune, tmp_path
):
    labels = label_sets.read_labels(magnatagatune, "unmerged50")
    path = write_scores(tmp_path, labels, "unmerged.csv")
    evaluate(run_script, magnatagatune, "--labels", "unmerged50", "--scores", path)
    rows = steps.read_summary(magnatagatune / "results/unmerged")["rows"]
    assert rows["test"]["clips"] == rows["test, synonyms merged"]["clips"] == 4332
    assert rows["test"]["tags"] == 50
    assert 30 < rows["test, synonyms merged"]["tags"] < 50


@pytest.fixture(scope="module")
def evaluated(run_script, tmp_path_factory):
    """Return a small dataset with the scores of a peer, evaluated."""
    data = write_tiny_dataset(tmp_path_factory.mktemp("tones") / "tiny", n_clips=64)
    assert run_script(SCRIPTS[1], "--data", data).returncode == 0
    write_scores(data, read_labels(data), "peer.csv")
    evaluate(run_script, data, "--scores", data / "peer.csv")
    return data


@pytest.fixture
def data(evaluated, tmp_path):
    """Return a copy of the small dataset with the results of the peer alone, to be changed."""

    def others(folder, names):
        return [name for name in names if folder.endswith("results") and name != "peer"]

    return shutil.copytree(evaluated, tmp_path / "tiny", ignore=others)


def read_labels(data):
    return label_sets.read_labels(data, label_sets.find_set(data))


def read_peer(data):
    """Read the scores of a peer: a DataFrame by clip_id."""
    return pd.read_csv(data / "peer.csv", dtype={"clip_id": str}).set_index("clip_id")


def test_the_summary_says_what_its_numbers_belong_to(evaluated):
    text = (evaluated / "results/peer/summary.json").read_text(encoding="utf-8")
    summary = json.loads(text)
    assert list(summary)[:5] == ["settings", "inputs", "versions", "git_commit", "seconds"]
    assert summary["settings"] == {
        "model": None,
        "features": None,
        "labels": "merged5",
        "resample": "artists",
        "n_resamples": 50,
        "seed": 0,
        "interval": "around the value, wider for few groups",
        "figure_clips": None,
    }
    assert {"labels/merged5/labels.csv", "peer.csv"} <= set(summary["inputs"])
    assert {"dataset", "split", "clips", "tags", "model", "thresholds", "citation", "baselines",
            "macro", "micro", "rows"} <= set(summary)  # fmt: skip
    for auc in ("roc_auc", "pr_auc"):
        assert set(summary["macro"][auc]) == {"value", "low", "high"}


def test_an_array_gives_the_numbers_of_the_same_table(run_script, evaluated):
    np.save(evaluated / "array.npy", read_peer(evaluated).to_numpy())
    evaluate(run_script, evaluated, "--scores", evaluated / "array.npy")
    for table in (*results_folder.TABLES, "scores", "thresholds", "examples"):
        peer, array = (evaluated / "results" / name / f"{table}.csv" for name in ("peer", "array"))
        assert peer.read_bytes() == array.read_bytes()


def test_clips_without_scores_are_listed_and_counted(run_script, evaluated):
    labels, scores = read_labels(evaluated), read_peer(evaluated)
    missing = labels.index[labels["split"] == "test"][0]
    scores.drop(index=missing).to_csv(evaluated / "partial.csv")
    printed = evaluate(run_script, evaluated, "--scores", evaluated / "partial.csv")
    assert "11 test clips" in printed
    folder = evaluated / "results/partial"
    left_out = results_folder.read_left_out(folder).to_dict("index")
    assert left_out == {missing: {"split": "test", "reason": "not in partial.csv"}}
    assert steps.read_summary(folder)["clips_without_scores"] == 1
    assert "clips without scores: 1, see left_out.csv" in printed
    assert f"Clips without scores: {missing} (test: not in partial.csv)" in (
        folder / "report.html"
    ).read_text(encoding="utf-8")


def test_thresholds_come_from_the_validation_clips(evaluated):
    folder, labels = evaluated / "results/peer", read_labels(evaluated)
    y_score = results_folder.read_scores(folder)
    y_true = labels.loc[labels["split"] == "validation", y_score.columns]
    expected = choose_thresholds(y_true.to_numpy(), y_score.loc[y_true.index].to_numpy())
    np.testing.assert_allclose(results_folder.read_thresholds(folder), expected)
    per_tag = results_folder.read_table(folder, "per_tag")
    np.testing.assert_allclose(per_tag["threshold"], expected, atol=1e-6)


def test_a_single_test_clip_is_evaluated_as_far_as_it_goes(run_script, evaluated):
    labels, scores = read_labels(evaluated), read_peer(evaluated)
    scores.loc[labels.index[labels["split"] == "test"][:1]].to_csv(evaluated / "one.csv")
    printed = evaluate(run_script, evaluated, "--scores", evaluated / "one.csv")
    assert "1 test clips, 0 of 5 tags averaged" in printed
    assert "left out of the averages over test clips: on " in printed
    summary = steps.read_summary(evaluated / "results/one")
    assert summary["rows"]["validation"]["clips"] == 0
    assert summary["thresholds"] == "0.5: the file has no scores of validation clips"
    per_tag = results_folder.read_table(evaluated / "results/one", "per_tag")
    assert (per_tag["threshold"] == 0.5).all()
    assert per_tag["roc_auc"].isna().all()


def test_the_truth_is_a_row_more(run_script, evaluated):
    options = "--scores", evaluated / "peer.csv", "--name", "true", "--truth"
    evaluate(run_script, evaluated, *options, evaluated / "annotations_final.csv")
    rows = steps.read_summary(evaluated / "results/true")["rows"]
    true, test = rows["test, against the truth"]["macro"], rows["test"]["macro"]
    assert true["roc_auc"] == test["roc_auc"]  # the annotations are the truth here


def test_clips_of_the_figure_can_be_chosen_later(run_script, data):
    labels = read_labels(data)
    chosen = labels.index[labels["split"] == "test"][[3, 1]].tolist()
    before = snapshot(data / "results/peer")
    evaluate(run_script, data, "--scores", data / "peer.csv", "--clips", *chosen)
    examples = results_folder.read_examples(data / "results/peer")
    assert [e["clip_id"] for e in examples if e["in_figure"]] == chosen
    assert snapshot(data / "results/peer")["results.png"] != before["results.png"]


def test_a_clip_that_is_not_for_testing_undoes_nothing(run_script, data):
    labels = read_labels(data)
    trained_on = labels.index[labels["split"] == "train"][0]
    before = snapshot(data)
    sentence = refuse(run_script, data, "--scores", data / "peer.csv", "--clips", trained_on)
    assert f"--clips {trained_on}: no test clip with scores has this id" in sentence
    assert snapshot(data) == before


@pytest.mark.parametrize(
    ("options", "code", "sentence"),
    [
        (["--model", "vgg"], 1, "models/vgg is not finished: run 3_train_cnn.py"),
        (["--model", "absent/model.keras"], 1, "absent/model.keras is missing"),
        (["--scores", "absent.csv"], 2, "absent.csv is not a file"),
        (["--model", "vgg", "--scores", "peer.csv"], 2, "--model and --scores: give one, not both"),
        (["--scores", "peer.csv", "--features", "mel96"], 2, "--features applies to --model alone"),
        (["--scores", "peer.csv", "--name", "../peer"], 2, "is not a name of a folder"),
        (["--scores", "peer.csv", "--name", ""], 2, "is not a name of a folder"),
        (["--scores", "peer.csv", "--labels", "absent"], 1, "has no set 'absent', only merged5"),
        (["--scores", "clips/clips.csv"], 1, "clips/clips.csv has no column high, loud, low"),
        (["--scores", "peer.csv", "--truth", "peer.csv", "--name", "x"], 1, "peer.csv has no col"),
        (["--n-resamples", "9"], 2, "9 is not a number from 10 to 10,000"),
        (["--n-resamples", "1000000000000"], 2, "is not a number from 10 to 10,000"),
        (["--resample", "songs"], 2, "invalid choice: 'songs'"),
    ],
)
def test_what_cannot_be_is_one_sentence(run_script, evaluated, options, code, sentence):
    answer = run_script(SCRIPTS[4], "--data", evaluated, *options, cwd=evaluated)
    assert answer.returncode == code
    assert sentence in answer.stderr
    assert "Traceback" not in answer.stderr


def test_run_again_nothing_is_done_and_the_numbers_are_said_again(run_script, data):
    before = snapshot(data)
    printed = evaluate(run_script, data, "--scores", data / "peer.csv")
    assert "results/peer is up to date" in printed
    assert "12 test clips, 5 of 5 tags averaged" in printed
    assert snapshot(data) == before


def test_what_is_missing_of_figures_and_report_is_drawn_from_the_numbers(run_script, data):
    folder = data / "results/peer"
    before = {name: (folder / name).read_bytes() for name in snapshot(folder)}
    times = snapshot(folder)
    for name in PICTURES:
        (folder / name).unlink()
    printed = evaluate(run_script, data, "--scores", data / "peer.csv")
    assert all(name in printed for name in PICTURES)
    assert {name: (folder / name).read_bytes() for name in before} == before
    assert {n for n, state in snapshot(folder).items() if state != times[n]} == set(PICTURES)


def test_a_table_that_is_gone_is_named(run_script, data):
    (data / "results/peer/per_tag.csv").unlink()
    sentence = refuse(run_script, data, "--scores", data / "peer.csv")
    assert (
        "per_tag.csv is gone or damaged: run 4_evaluate.py again with its options and --force"
        in sentence
    )


def test_other_resampling_is_refused_and_forced_changes_the_intervals_alone(run_script, data):
    folder, by_clips = data / "results/peer", ("--resample", "clips")
    before, scores = steps.read_summary(folder), (folder / "scores.npy").read_bytes()
    sentence = refuse(run_script, data, "--scores", data / "peer.csv", *by_clips)
    assert "results/peer was made with resample artists, not clips: run 4_evaluate.py" in sentence
    assert "or give another --name" in sentence
    printed = evaluate(run_script, data, "--scores", data / "peer.csv", *by_clips, "--force")
    assert "resamples of 12 clips" in printed
    after = steps.read_summary(folder)
    assert after["macro"]["roc_auc"]["value"] == before["macro"]["roc_auc"]["value"]
    assert (folder / "scores.npy").read_bytes() == scores


def test_results_of_clips_that_changed_are_refused_and_made_again_with_force(run_script, data):
    table = pd.read_csv(data / "clips/clips.csv", dtype=str).assign(artist="one")
    table.to_csv(data / "clips/clips.csv", index=False)
    sentence = refuse(run_script, data, "--scores", data / "peer.csv")
    assert "results/peer was made from other clips/" in sentence
    printed = evaluate(run_script, data, "--scores", data / "peer.csv", "--force")
    assert "resamples of 1 artists" in printed
    assert steps.read_summary(data / "results/peer")["macro"]["roc_auc"]["low"] is None


def test_other_scores_do_not_take_the_place_of_these(run_script, data, tmp_path):
    (tmp_path / "theirs").mkdir()
    path = write_scores(tmp_path / "theirs", read_labels(data), "peer.csv", seed=5)
    before = snapshot(data)
    sentence = refuse(run_script, data, "--scores", path)
    assert (
        "results/peer was made without ../peer.csv; with peer.csv: run 4_evaluate.py again"
        in sentence
    )
    assert snapshot(data) == before
