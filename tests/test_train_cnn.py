"""Script 3 as a user runs it: networks, several seeds, a start from another network."""

import json
import re

import layer_stores
import numpy as np
import pandas as pd
import pytest
from conftest import SCRIPTS

from autotagging.features import feature_store
from autotagging.features.settings import PRESETS
from autotagging.models import model_folder, prediction

ONE, TWO, THREE, FOUR = (SCRIPTS[number] for number in (1, 2, 3, 4))


@pytest.fixture
def featured(run_script, tiny_dataset):
    """Return a dataset with labels and features."""
    for script in (ONE, TWO):
        assert run_script(script, "--data", tiny_dataset).returncode == 0
    return tiny_dataset


@pytest.mark.slow
def test_seeds_are_trained_and_their_mean_is_one_run_more(run_script, featured):
    common = ["--data", featured, "--epochs", 2, "--no-refit", "--name", "both"]
    answer = run_script(THREE, *common, "--seeds", 2, "--seed", 5)
    assert answer.returncode == 0, answer.stderr
    runs = {path.parent.name for path in (featured / "models").glob("*/summary.json")}
    assert runs == {"both", "both-seed5", "both-seed6"}
    again = run_script(THREE, *common, "--seeds", 2, "--seed", 5)
    assert again.stdout.count("nothing to do") == 3
    assert run_script(FOUR, "--data", featured, "--model", "both").returncode == 0
    clip_ids = pd.read_csv(featured / "clips/clips.csv", dtype=str)["clip_id"]
    store = feature_store.open_store(featured, "mel96", clip_ids)
    scores = {}
    for run in runs:
        network, description = model_folder.load(featured / "models" / run / "model.keras")
        scores[run] = prediction.score_clips(network, store)
        assert len(description["thresholds"]) == len(description["tags"]) == scores[run].shape[1]
    mean = (scores["both-seed5"] + scores["both-seed6"]) / 2
    np.testing.assert_allclose(scores["both"], mean, atol=1e-5)
    assert not np.allclose(scores["both-seed5"], scores["both-seed6"], atol=1e-3)
    history = pd.read_csv(featured / "models/both/history.csv")
    assert history[["seed", "epoch"]].to_numpy().tolist() == [[5, 1], [5, 2], [6, 1], [6, 2]]


@pytest.mark.slow
def test_a_network_starts_from_one_trained_for_other_tags(run_script, featured):
    for script, *arguments in [
        (ONE, "--name", "two", "--top", 3),
        (THREE, "--labels", "merged5", "--epochs", 1, "--no-refit", "--name", "first"),
    ]:
        answer = run_script(script, "--data", featured, *arguments)
        assert answer.returncode == 0, answer.stderr
    common = ["--data", featured, "--labels", "two", "--epochs", 1, "--name", "started"]
    common += ["--no-refit"]
    answer = run_script(THREE, *common, "--start-from", "first")
    assert answer.returncode == 0, answer.stderr
    assert re.search(r"kept [\d,]+ of [\d,]+ weights; [\d,]+ are trained", answer.stdout)
    summary = json.loads((featured / "models/started/summary.json").read_text())
    assert "models/first/model.keras" in summary["inputs"]
    refused = run_script(THREE, *common)
    assert refused.returncode == 1
    assert "with models/first/model.keras" in refused.stderr
    other = ["--architecture", "fcn", "--start-from", "first", "--name", "other"]
    refused = run_script(THREE, "--data", featured, "--labels", "two", *other)
    assert refused.returncode == 1
    assert "is of architecture vgg, not fcn" in refused.stderr


def test_a_head_is_trained_on_a_layer_and_scored_on_it_or_with_its_network_on_spectrograms(
    run_script, featured
):
    path = layer_stores.save_backbone(featured / "mine.keras", PRESETS["mel96"])
    layer_stores.write_layer_store(featured, path, source="mel96")
    layer_stores.write_layer_store(featured, path, "mel96", "other", "logits")
    common = ["--data", featured, "--no-refit", "--features", "layer", "other"]
    refused = run_script(THREE, *common)
    assert refused.returncode == 1
    assert "--architecture vgg takes spectrograms, and features/layer+other" in refused.stderr
    for printed in ("linear, solved: validation macro ROC-AUC", "nothing to do"):
        answer = run_script(THREE, *common, "--architecture", "linear")
        assert answer.returncode == 0, answer.stderr
        assert printed in answer.stdout
    for arguments in ((), ("--features", "mel96", "--name", "whole")):
        answer = run_script(FOUR, "--data", featured, "--model", "linear", *arguments)
        assert answer.returncode == 0, answer.stderr
    one, other = (np.load(featured / f"results/{name}/scores.npy") for name in ("linear", "whole"))
    np.testing.assert_allclose(one, other, atol=1e-4)
    assert one.std(axis=0).min() > 0.01
    refused = run_script(THREE, *common, "layer", "--architecture", "linear")
    assert refused.returncode == 2
    assert "--features names a folder twice: layer+other+layer" in refused.stderr


def test_options_of_another_network_are_refused_as_typed(run_script, tmp_path):
    answer = run_script(THREE, "--data", tmp_path, "--kernel", 3)
    assert answer.returncode == 2
    assert "--kernel is not an option of --architecture vgg" in answer.stderr


def test_what_is_missing_is_said_with_the_script_to_run(run_script, tiny_dataset):
    answer = run_script(THREE, "--data", tiny_dataset)
    assert answer.returncode == 1
    assert "labels has no label set: run 1_label_reduction" in answer.stderr
    assert run_script(ONE, "--data", tiny_dataset).returncode == 0
    answer = run_script(THREE, "--data", tiny_dataset)
    assert answer.returncode == 1
    assert "features/mel96 is not finished: run 2_feature_extraction.py" in answer.stderr


@pytest.mark.slow
def test_few_clips_are_refit_and_judged_by_their_test_clips_alone(run_script, featured):
    answer = run_script(THREE, "--data", featured, "--epochs", 2)
    assert answer.returncode == 0, answer.stderr
    assert "5 networks for out-of-fold scores, then one on all 26 clips" in answer.stdout
    assert "vgg, last epoch 2 of 2: out-of-fold macro ROC-AUC" in answer.stdout
    answer = run_script(FOUR, "--data", featured)
    assert answer.returncode == 0, answer.stderr
    summary = json.loads((featured / "results/vgg/summary.json").read_text())
    assert summary["rows"]["validation"]["clips"] == 0
    assert summary["clips"]["validation"] == 0
    assert "out-of-fold" in summary["thresholds"]
    assert run_script(THREE, "--data", featured, "--epochs", 2).stdout.count("nothing to do") == 1
    other = ["--data", featured, "--epochs", 1, "--name", "other", "--start-from", "vgg"]
    refused = run_script(THREE, *other)
    assert refused.returncode == 1
    assert "was trained on 26 of 26 training and validation clips, " in refused.stderr
    assert run_script(THREE, *other, "--no-refit", "--allow-heard").returncode == 0
    itself = ["--data", featured, "--epochs", 1, "--start-from", "vgg", "--force", "--allow-heard"]
    refused = run_script(THREE, *itself)
    assert refused.returncode == 1
    assert "would start from itself" in refused.stderr
    assert (featured / "models/vgg/summary.json").exists()
