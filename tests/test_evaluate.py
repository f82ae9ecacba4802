"""Script 4: networks and anybody's scores in the same way, side by side."""

import json

import numpy as np
import pandas as pd
import pytest
from test_report import write_scores

from autotagging.labels import label_sets
from autotagging.results import results_folder
from autotagging.thresholds import choose_thresholds

ONE, FOUR = "1_label_reduction_and_files_renaming.py", "4_evaluate.py"


@pytest.fixture(scope="module")
def magnatagatune(run_script, test_data, tmp_path_factory):
    """Return a dataset of MagnaTagATune's annotations alone, merged and unmerged."""
    data = tmp_path_factory.mktemp("evaluate") / "mtt"
    for options in ([], ["--no-merge"]):
        answer = run_script(ONE, "--data", data, "--raw", test_data / "mtt", "--no-audio", *options)
        assert answer.returncode == 0, answer.stderr
    return data


def evaluate(run_script, data, *options):
    answer = run_script(FOUR, "--data", data, "--draws", 50, *options)
    assert answer.returncode == 0, answer.stderr
    return answer.stdout


def test_a_peers_scores_are_evaluated_without_audio_or_features(
    run_script, magnatagatune, tmp_path
):
    table = label_sets.read_labels(magnatagatune, "merged50")
    path = write_scores(tmp_path, table, "peer.csv")
    printed = evaluate(run_script, magnatagatune, "--labels", "merged50", "--scores", path)
    assert "4,392 test clips, 50 of 50 tags averaged" in printed
    assert "95 % intervals from 50 draws of 75 artists" in printed
    summary = results_folder.read_summary(magnatagatune / "results/peer")
    rows = {name: row["clips"] for name, row in summary["rows"].items()}
    assert rows == {
        "test": 4392,
        "test, artist heard in training": 2719,
        "test, artist not heard": 1673,
        "validation": 1538,
    }
    assert summary["clips"] == {"train": 15425, "validation": 1538, "test": 4392}
    assert summary["scores_file"] == "peer.csv"
    per_tag = results_folder.read_table(magnatagatune / "results/peer", "per_tag")
    assert per_tag["tag"].tolist() == table.columns.drop("split").tolist()
    scores, split = results_folder.read_scores(magnatagatune / "results/peer")
    assert scores.shape == (5930, 50)
    assert split.value_counts().to_dict() == {"test": 4392, "validation": 1538}

    # the same scores as an array, and columns in another order, give the same numbers
    frame = pd.read_csv(path, dtype={"clip_id": str}).set_index("clip_id")
    np.save(tmp_path / "array.npy", frame.to_numpy())
    frame.iloc[::-1, ::-1].to_csv(tmp_path / "turned.csv")
    for file in ("array.npy", "turned.csv"):
        options = ["--labels", "merged50", "--scores", tmp_path / file, "--compare", "peer"]
        assert "50.0 % of the draws" in evaluate(run_script, magnatagatune, *options)


def test_unmerged_tags_are_also_judged_with_their_synonyms_merged(
    run_script, magnatagatune, tmp_path
):
    table = label_sets.read_labels(magnatagatune, "unmerged50")
    path = write_scores(tmp_path, table, "unmerged.csv")
    evaluate(run_script, magnatagatune, "--labels", "unmerged50", "--scores", path)
    rows = results_folder.read_summary(magnatagatune / "results/unmerged")["rows"]
    assert rows["test"]["clips"] == rows["test, synonyms merged"]["clips"] == 4332
    assert rows["test"]["tags"] == 50
    assert 30 < rows["test, synonyms merged"]["tags"] < 50


def test_all_results_stand_in_one_table(run_script, magnatagatune, tmp_path):
    table = label_sets.read_labels(magnatagatune, "merged50")
    path = write_scores(tmp_path, table, "another.csv", seed=1)
    evaluate(run_script, magnatagatune, "--labels", "merged50", "--scores", path)
    printed = evaluate(run_script, magnatagatune, "--all", "--table")
    assert "another" in printed
    comparison = pd.read_csv(magnatagatune / "results/comparison.csv")
    assert set(comparison["architecture"]) == {"scores of a file"}
    assert "another" in set(comparison["results"])
    assert "| another | merged50 | 4,392 | 50 |" in (
        magnatagatune / "results/comparison.md"
    ).read_text(encoding="utf-8")
    assert r"\begin{tabular}" in (magnatagatune / "results/comparison.tex").read_text()


@pytest.fixture(scope="module")
def tones(run_script, tmp_path_factory):
    """Return a small dataset with a peer's scores, evaluated."""
    from conftest import write_tiny_dataset

    data = write_tiny_dataset(tmp_path_factory.mktemp("tones") / "tiny", n_clips=64)
    assert run_script(ONE, "--data", data).returncode == 0
    table = label_sets.read_labels(data, label_sets.find_set(data))
    write_scores(data, table, "peer.csv")
    evaluate(run_script, data, "--scores", data / "peer.csv")
    return data


def test_clips_without_scores_are_listed_and_counted(run_script, tones):
    table = label_sets.read_labels(tones, label_sets.find_set(tones))
    scores = pd.read_csv(tones / "peer.csv", dtype={"clip_id": str})
    without = table.index[table["split"] == "test"][0]
    scores[scores["clip_id"] != without].to_csv(tones / "partial.csv", index=False)
    printed = evaluate(run_script, tones, "--scores", tones / "partial.csv", "--compare", "peer")
    assert "left_out.csv: 1 clips without scores" in printed
    assert "left out, as one of them has no scores: 1 clips, 0 tags" in printed
    left_out = results_folder.read_left_out(tones / "results/partial")
    assert left_out.to_dict("index") == {without: {"split": "test", "reason": "not in partial.csv"}}
    assert results_folder.read_summary(tones / "results/partial")["clips_without_scores"] == 1


def test_thresholds_of_a_file_come_from_its_validation_clips(tones):
    y_score, split = results_folder.read_scores(tones / "results/peer")
    table = label_sets.read_labels(tones, label_sets.find_set(tones))
    there = split.index[split == "validation"]
    expected = choose_thresholds(
        table.loc[there, y_score.columns].to_numpy(), y_score.loc[there].to_numpy()
    )
    per_tag = results_folder.read_table(tones / "results/peer", "per_tag")
    np.testing.assert_allclose(per_tag["threshold"], expected, atol=1e-6)


def test_without_scores_of_validation_clips_the_threshold_is_half(run_script, tones):
    table = label_sets.read_labels(tones, label_sets.find_set(tones))
    scores = pd.read_csv(tones / "peer.csv", dtype={"clip_id": str}).set_index("clip_id")
    scores[table["split"] == "test"].to_csv(tones / "test.csv")
    evaluate(run_script, tones, "--scores", tones / "test.csv", "--name", "testonly")
    summary = results_folder.read_summary(tones / "results/testonly")
    assert summary["thresholds"] == "0.5: the file has no scores of validation clips"
    assert summary["rows"]["validation"]["clips"] == 0
    per_tag = results_folder.read_table(tones / "results/testonly", "per_tag")
    assert (per_tag["threshold"] == 0.5).all()


def test_the_truth_is_a_row_more(run_script, tones):
    evaluate(run_script, tones, "--scores", tones / "peer.csv", "--name", "true", "--truth",
             tones / "annotations_final.csv")  # fmt: skip
    rows = results_folder.read_summary(tones / "results/true")["rows"]
    true, test = rows["test, against the truth"]["macro"], rows["test"]["macro"]
    assert true["roc_auc"] == test["roc_auc"]  # the annotations are the truth here


def test_options_change_the_numbers_and_not_the_scores(run_script, tones):
    folder = tones / "results/peer"
    scores = (folder / "scores.npy").stat().st_mtime_ns
    evaluate(run_script, tones, "--scores", tones / "peer.csv")
    by_artists = results_folder.read_summary(folder)
    printed = evaluate(run_script, tones, "--scores", tones / "peer.csv", "--draw", "clips")
    by_clips = results_folder.read_summary(folder)
    assert "draws of 12 clips" in printed
    assert by_clips["macro"]["roc_auc"]["value"] == by_artists["macro"]["roc_auc"]["value"]
    assert by_artists["interval"]["unit"] == "artists"
    assert by_clips["interval"]["unit"] == "clips"
    assert (folder / "scores.npy").stat().st_mtime_ns == scores


def test_clips_of_the_figure_can_be_chosen(run_script, tones):
    table = label_sets.read_labels(tones, label_sets.find_set(tones))
    wanted = table.index[table["split"] == "test"][[3, 1]].tolist()
    evaluate(run_script, tones, "--scores", tones / "peer.csv", "--name", "chosen", "--clips",
             *wanted)  # fmt: skip
    shown = results_folder.read_examples(tones / "results/chosen")
    assert [e["clip_id"] for e in shown if e["in_figure"]] == wanted
    train = table.index[table["split"] == "train"][0]
    answer = run_script(FOUR, "--data", tones, "--scores", tones / "peer.csv", "--clips", train)
    assert answer.returncode == 1
    assert f"--clips {train}: no test clip with scores has this id" in answer.stderr


@pytest.mark.parametrize(
    ("options", "code", "sentence"),
    [
        (["--model", "vgg"], 1, "is not a finished run"),
        (["--scores", "absent.csv"], 2, "is not a file"),
        (["--model", "vgg", "--all"], 2, "one of them"),
        (["--name", "x"], 2, "--name is of --scores"),
        (["--scores", "peer.csv", "--compare", "nobody"], 1, "neither a file of scores nor"),
        (["--scores", "peer.csv", "--compare", "../other"], 2, "is not a name of a folder"),
        (["--scores", "peer.csv", "--compare", ""], 2, "is not a name of a folder"),
        (["--model", "vgg", "--labels", "x"], 2, "--labels is of --scores"),
        (["--all", "--clips", "2"], 2, "go with one system"),
        (["--scores", "annotations_final.csv"], 1, "has no column"),
        (["--scores", "peer.csv", "--truth", "peer.csv"], 1, "peer.csv"),
        (["--scores", "peer.csv", "--labels", "absent"], 1, "has no set 'absent'"),
        (["--draws", "9"], 2, "not between 10 and 10,000"),
        (["--draws", "1000000000000"], 2, "not between 10 and 10,000"),
    ],
)
def test_what_cannot_be_is_one_sentence(run_script, tones, options, code, sentence):
    answer = run_script(FOUR, "--data", tones, *options, cwd=tones)
    assert answer.returncode == code
    assert sentence in answer.stderr
    assert "Traceback" not in answer.stderr


def test_numbers_are_made_anew_where_what_they_are_made_of_has_changed(run_script, tones):
    command = tones, "--scores", tones / "peer.csv", "--name", "changing"
    evaluate(run_script, *command)
    folder = tones / "results/changing"
    assert "nothing to do" in evaluate(run_script, *command)
    (folder / "per_tag.csv").unlink()
    assert "per_tag.csv" in evaluate(run_script, *command)
    clips = (tones / "clips.csv").read_text()
    table = pd.read_csv(tones / "clips.csv", dtype=str).assign(artist="one")
    table.to_csv(tones / "clips.csv", index=False)
    assert "draws of 1 artists" in evaluate(run_script, *command)
    assert results_folder.read_summary(folder)["macro"]["roc_auc"]["low"] is None
    (tones / "clips.csv").write_text(clips)
    (folder / "summary.json").write_text('{"macro": {"roc_auc": 0.9}}')  # of another version
    assert "12 test clips name no artist" in evaluate(run_script, *command)


def test_other_scores_do_not_take_the_place_of_these(run_script, tones, tmp_path):
    table = label_sets.read_labels(tones, label_sets.find_set(tones))
    path = write_scores(tmp_path, table, "peer.csv", seed=5)
    answer = run_script(FOUR, "--data", tones, "--scores", path)
    assert answer.returncode == 1
    assert "results/peer are of other scores or labels (peer.csv): replace them with --force" in (
        answer.stderr
    )


def test_all_results_are_judged_in_the_same_way(run_script, tones):
    evaluate(run_script, tones, "--scores", tones / "peer.csv", "--name", "b", "--draw", "clips")
    printed = evaluate(run_script, tones, "--all", "--table")
    assert {results_folder.read_summary(tones / "results" / name)["interval"]["unit"]
            for name in results_folder.list_finished(tones)} == {"artists"}  # fmt: skip
    assert "b " in printed
    (tones / "results/b/scores.npy").write_bytes(b"")
    answer = run_script(FOUR, "--data", tones, "--all", "--draws", 60)
    assert answer.returncode == 1
    assert "1 could not be evaluated: b: " in answer.stderr
    assert "peer" in answer.stdout
    assert "Traceback" not in answer.stderr


def test_the_summary_says_what_its_numbers_belong_to(tones):
    summary = json.loads((tones / "results/peer/summary.json").read_text(encoding="utf-8"))
    assert {"dataset", "split", "label_set", "clips", "tags", "model", "thresholds", "versions",
            "git_commit", "interval", "citation", "baselines"} <= set(summary)  # fmt: skip
    for area in ("roc_auc", "pr_auc"):
        assert set(summary["macro"][area]) == {"value", "low", "high"}
