"""Training: batches, the best epoch, going on after an interruption."""

import math

import numpy as np
import pytest

keras = pytest.importorskip("keras")
from autotagging import architectures, models, prediction, training  # noqa: E402  Keras first

SETTINGS = {
    "epochs": 4,
    "patience": 4,
    "batch_size": 8,
    "learning_rate": 0.003,
    "seed": 3,
    "augment": False,
}


@pytest.fixture
def task():
    """Return features in which the tag is a louder band, and the parts."""
    rng = np.random.default_rng(0)
    y_true = rng.random((40, 2)) < 0.5
    array = rng.standard_normal((40, 8, 4)).astype(np.float16)
    array[:, :, :2] += 2 * y_true[:, None, :]
    rows = np.arange(40)
    return array, {
        "train": (rows[:24], y_true[:24]),
        "validation": (rows[24:], y_true[24:]),
    }


def small_network():
    training.set_seed(3)
    return architectures.vgg((8, 4), 2, np.zeros(4), np.ones(4), widths=(4, 4))


def weights(network):
    return np.concatenate([weight.ravel() for weight in network.get_weights()])


def test_batches_hold_each_training_clip_once_with_its_labels(task):
    array, parts = task
    rows, y_true = parts["train"]
    batches = training.Batches(array, rows, y_true, {**SETTINGS, "batch_size": 10}, epoch=1)
    pairs = [batches[i] for i in range(len(batches))]
    assert [len(x) for x, _ in pairs] == [10, 10, 4]
    x, y = (np.concatenate(values) for values in zip(*pairs, strict=True))
    order = [int(np.flatnonzero((array[rows] == clip).all(axis=(1, 2)))[0]) for clip in x]
    assert sorted(order) == list(range(24))
    assert order != list(range(24))
    np.testing.assert_array_equal(y, y_true[order])


def test_augmented_clips_are_shifted_and_smoothly_equalised():
    rng = np.random.default_rng(0)
    x = rng.standard_normal((50, 12, 6)).astype(np.float32)
    augmented = training.augment(x, np.random.default_rng(1))
    assert augmented.dtype == np.float32
    across = np.linspace(-1, 1, 6)
    levels = []
    for clip, other in zip(x, augmented, strict=True):
        differences = [other - np.roll(clip, shift, axis=0) for shift in range(12)]
        curve = min(differences, key=lambda difference: difference.std(axis=0).sum())
        np.testing.assert_allclose(curve.std(axis=0), 0, atol=1e-5)
        coefficients = np.polyfit(across, curve[0], 2)
        np.testing.assert_allclose(np.polyval(coefficients, across), curve[0], atol=1e-4)
        levels.append(curve.mean())
    assert 2.5 < np.std(levels) < 6


def test_an_epoch_is_augmented_the_same_way_again_and_another_otherwise(task):
    array, parts = task
    settings = {**SETTINGS, "augment": True}
    first, again, other = (training.Batches(array, *parts["train"], settings, n) for n in (1, 1, 2))
    np.testing.assert_array_equal(first[0][0], again[0][0])
    assert not np.array_equal(first[0][0], other[0][0])


def test_band_statistics_are_those_of_the_training_clips_alone(task):
    array, parts = task
    rows = parts["train"][0]
    mean, variance = training.band_statistics(array, rows, clips_a_read=7)
    chosen = array[rows].astype(float)
    np.testing.assert_allclose(mean, chosen.mean(axis=(0, 1)))
    np.testing.assert_allclose(variance, chosen.var(axis=(0, 1)))
    _, variance = training.band_statistics(np.zeros((3, 8, 4)), np.arange(3))
    assert variance.tolist() == [1, 1, 1, 1]


def test_training_learns_and_keeps_its_best_epoch(task, tmp_path):
    array, parts = task
    settings = {**SETTINGS, "epochs": 12, "patience": 12, "learning_rate": 0.03}
    network, history = training.train(small_network(), array, parts, tmp_path, settings)
    assert history["loss"].iloc[-1] < history["loss"].iloc[0]
    rows, y_true = parts["validation"]
    row = training._validate(network, array, rows, y_true)
    assert row["validation_pr_auc"] == pytest.approx(history["validation_pr_auc"].max())
    assert row["validation_pr_auc"] > 0.8


def test_an_interrupted_run_ends_with_the_same_weights(task, tmp_path, monkeypatch):
    array, parts = task
    whole, history = training.train(small_network(), array, parts, tmp_path / "whole", SETTINGS)

    validate, calls = training._validate, []

    def interrupt(*arguments):
        calls.append(1)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return validate(*arguments)

    monkeypatch.setattr(training, "_validate", interrupt)
    with pytest.raises(KeyboardInterrupt):
        training.train(small_network(), array, parts, tmp_path / "cut", SETTINGS)
    monkeypatch.undo()
    resumed, again = training.train(small_network(), array, parts, tmp_path / "cut", SETTINGS)
    assert again["epoch"].tolist() == [1, 2, 3, 4]
    np.testing.assert_allclose(again["loss"], history["loss"], rtol=1e-6)
    np.testing.assert_allclose(weights(resumed), weights(whole), rtol=1e-6)


def test_an_interrupted_run_of_other_settings_is_refused(task, tmp_path):
    array, parts = task
    training.train(small_network(), array, parts, tmp_path, {**SETTINGS, "epochs": 1})
    with pytest.raises(ValueError, match=r"interrupted run with other settings.*--force"):
        training.train(small_network(), array, parts, tmp_path, {**SETTINGS, "epochs": 2})


def test_training_stops_where_no_later_epoch_is_better():
    history = [{"validation_pr_auc": score} for score in (0.1, 0.5, 0.4, 0.5)]
    assert training._has_stalled(history, 2)
    assert not training._has_stalled(history, 3)
    assert not training._has_stalled([*history, {"validation_pr_auc": 0.6}], 2)


def test_a_loss_that_is_no_number_stops_with_a_sentence(task, tmp_path):
    array, parts = task
    network = small_network()
    network.set_weights([weight * math.nan for weight in network.get_weights()])
    with pytest.raises(ValueError, match=r"no longer a number in epoch 1.*--learning-rate"):
        training.train(network, array, parts, tmp_path, SETTINGS)


def test_the_model_file_is_complete_and_safe(task, tmp_path):
    array, _ = task
    network = small_network()
    models.save(tmp_path / "model.keras", network, {"tags": ["a", "é"], "thresholds": [0.1, 0.9]})
    assert [path.name for path in tmp_path.iterdir()] == ["model.keras"]
    loaded, description = models.load(tmp_path / "model.keras")
    assert description == {"tags": ["a", "é"], "thresholds": [0.1, 0.9]}
    rows = np.arange(5)
    np.testing.assert_array_equal(
        prediction.score_clips(loaded, array, rows), prediction.score_clips(network, array, rows)
    )


def test_a_file_that_is_no_model_is_refused(tmp_path):
    (tmp_path / "model.keras").write_bytes(b"pickle?")
    with pytest.raises(ValueError, match=r"not a model of this project"):
        models.load(tmp_path / "model.keras")
    with pytest.raises(ValueError, match=r"is missing: run 3_train_cnn\.py"):
        models.load(tmp_path / "absent.keras")


def test_scores_are_probabilities_in_the_order_of_the_rows(task):
    array, _ = task
    network = small_network()
    scores = prediction.score_clips(network, array, np.array([5, 0, 5]), batch_size=2)
    assert scores.shape == (3, 2)
    np.testing.assert_allclose(scores[0], scores[2], rtol=1e-5)
    logits = network.predict(array[[5]].astype(np.float32), verbose=0)
    np.testing.assert_allclose(scores[0], 1 / (1 + np.exp(-logits[0])), rtol=1e-5)
