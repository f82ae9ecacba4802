"""What is asked of an evaluated network: the weights of its tags, its decisions."""

import numpy as np
import pandas as pd
import pytest

pytest.importorskip("keras")
from autotagging import evaluated
from autotagging.models import architectures, model_folder
from autotagging.results import results_folder
from autotagging.tag_map import similarity

TAGS = ["loud", "quiet", "high"]


def network(seed):
    import keras

    keras.utils.set_random_seed(seed)
    return architectures.vgg((8, 4), 3, np.zeros(4), np.ones(4), widths=(4, 4))


def save(data, run, saved):
    folder = model_folder.folder_of(data, run)
    folder.mkdir(parents=True)
    model_folder.save(folder / "model.keras", saved, {})


def test_a_tag_is_what_the_last_layer_weighs(tmp_path):
    saved = network(0)
    save(tmp_path, "one", saved)
    weights = evaluated.read_tag_weights(tmp_path, "one", TAGS)
    assert list(weights.index) == TAGS
    np.testing.assert_array_equal(weights, saved.get_layer("logits").get_weights()[0].T)


def test_of_networks_averaged_the_cosine_is_the_mean_of_theirs(tmp_path):
    members = [network(seed) for seed in range(3)]
    members[1].get_layer("logits").kernel.assign(100 * members[1].get_layer("logits").kernel)
    cosines = [
        similarity.cosines(pd.DataFrame(member.get_layer("logits").get_weights()[0].T, TAGS))
        for member in members
    ]
    save(tmp_path, "mean", architectures.mean_of(members))
    weights = evaluated.read_tag_weights(tmp_path, "mean", TAGS)
    np.testing.assert_allclose(similarity.cosines(weights), sum(cosines) / 3, atol=1e-6)


def test_a_tag_without_a_weight_is_in_no_space(tmp_path):
    saved = network(0)
    kernel = saved.get_layer("logits").kernel.numpy()
    kernel[:, 1] = 0
    saved.get_layer("logits").kernel.assign(kernel)
    for run, kept in (("one", saved), ("mean", architectures.mean_of([saved, network(1)]))):
        save(tmp_path, run, kept)
        weights = evaluated.read_tag_weights(tmp_path, run, TAGS)
        there = similarity.with_direction(weights).index
        assert list(there) == (["loud", "high"] if run == "one" else TAGS)


def test_decisions_are_those_of_the_test_clips_at_their_thresholds(tmp_path, monkeypatch):
    index = pd.Index(["7", "8", "9"], name="clip_id")
    table = pd.DataFrame({"split": ["test", "validation", "test"]}, index=index)
    table[["loud", "quiet"]] = [[True, False], [False, True], [False, False]]
    y_score = pd.DataFrame([[0.5, 0.2], [0.9, 0.9], [0.4, 0.3]], index, ["loud", "quiet"])
    thresholds = pd.Series({"quiet": 0.3, "loud": 0.5})
    inventory = pd.DataFrame({"artist": ["a", "b", "a"], "album": "", "track": ""}, index=index)
    monkeypatch.setattr(results_folder, "read_scores", lambda folder: (y_score, table["split"]))
    monkeypatch.setattr(inventory, "read_clips", lambda data: inventory)
    y_true, y_pred, groups = evaluated.read_decisions(tmp_path, "peer", table, thresholds)
    assert list(y_true.index) == list(y_pred.index) == ["7", "9"]
    assert y_pred.to_numpy().tolist() == [[True, False], [False, True]]
    assert y_true.to_numpy().tolist() == [[True, False], [False, False]]
    assert groups[0] == groups[1]
