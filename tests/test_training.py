"""Training: the best epoch, going on after an interruption, several devices."""

import json
import math
import subprocess
import sys

import numpy as np
import pytest
from conftest import REPOSITORY

keras = pytest.importorskip("keras")
from autotagging.models import model_folder, training

SETTINGS = {
    "architecture": "vgg",
    "network": {"dropout": 0.5, "widths": [4, 4]},
    "chunk_frames": 6,
    "epochs": 4,
    "passes": 1,
    "patience": 4,
    "earliest": 0.0,
    "batch_size": 8,
    "learning_rate": 0.003,
    "schedule": "cosine",
    "augment": ["mixup"],
    "label_smoothing": 0.0,
    "positive_weight": 1.0,
    "weight_decay": 0.0,
    "mixed_precision": False,
    "devices": 1,
    "deterministic": True,
    "seed": 3,
}


def make_task():
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


@pytest.fixture
def task():
    return make_task()


def weights(network):
    return np.concatenate([weight.ravel() for weight in network.get_weights()])


def test_training_learns_and_keeps_its_best_epoch(task, tmp_path):
    array, parts = task
    settings = {**SETTINGS, "epochs": 12, "patience": 12, "learning_rate": 0.03}
    network, history, stopped = training.train(task, tmp_path, settings)
    assert stopped == ""
    assert history["loss"].iloc[-1] < history["loss"].iloc[0]
    row = training._validate(network, array, *parts["validation"])
    assert row["validation_pr_auc"] == pytest.approx(history["validation_pr_auc"].max())
    assert row["validation_pr_auc"] > 0.8
    assert (history["seconds"] >= history["training_seconds"]).all()
    assert history["training_clips"].tolist() == [24] * 12
    assert history["validation_pr_auc"][history["kept"]].item() == row["validation_pr_auc"]


def test_the_network_is_that_of_the_best_epoch_not_of_the_last(task, tmp_path, monkeypatch):
    seen, scores = [], iter([0.5, 0.9, 0.2, 0.9])

    def validate(network, *_):
        seen.append(weights(network))
        row = dict.fromkeys(("validation_loss", "validation_roc_auc"), 0.5)
        return row | {"validation_pr_auc": next(scores)}

    monkeypatch.setattr(training, "_validate", validate)
    network, history, _ = training.train(task, tmp_path, SETTINGS)
    assert history["kept"].tolist() == [False, True, False, False]
    np.testing.assert_array_equal(weights(network), seen[1])
    assert not np.array_equal(seen[1], seen[3])


def test_a_seed_gives_the_same_network_and_another_another(task, tmp_path):
    networks = [
        training.train(task, tmp_path / str(n), {**SETTINGS, "seed": seed})[0]
        for n, seed in enumerate((3, 3, 4))
    ]
    np.testing.assert_array_equal(weights(networks[0]), weights(networks[1]))
    assert not np.array_equal(weights(networks[0]), weights(networks[2]))


KILLED = """
import os, signal, sys
from pathlib import Path
sys.path.insert(0, "tests")
import test_training
from autotagging.models import model_folder, training
where, when = Path(sys.argv[1]), sys.argv[2]
def stop(*arguments):
    os.kill(os.getpid(), signal.SIGKILL)
calls = []
def counted(function, number):
    def call(*arguments):
        calls.append(1)
        if len(calls) == number:
            stop()
        return function(*arguments)
    return call
if when == "in validation":
    training._validate = counted(training._validate, 3)
elif when == "between best and last":
    replace = os.replace
    def until_second(source, path):
        stop() if len(calls) == 2 and "last" in str(path) else replace(source, path)
    training.os.replace = until_second
    training._validate = counted(training._validate, 99)
training.train(test_training.make_task(), where, test_training.SETTINGS)
"""


@pytest.mark.parametrize("when", ["in validation", "between best and last"])
def test_a_run_killed_at_any_point_ends_with_the_weights_of_one_that_was_not(task, tmp_path, when):
    whole, history, _ = training.train(task, tmp_path / "whole", SETTINGS)
    command = [sys.executable, "-c", KILLED, str(tmp_path / "cut"), when]
    killed = subprocess.run(command, cwd=REPOSITORY, capture_output=True, check=False)
    assert killed.returncode == -9, killed.stderr
    state = model_folder.read_description(tmp_path / "cut/checkpoint/last.keras")
    assert len(state["history"]) == (2 if when == "in validation" else 1)
    resumed, again, _ = training.train(task, tmp_path / "cut", SETTINGS)
    assert again["epoch"].tolist() == [1, 2, 3, 4]
    compared = ["learning_rate", "loss", "validation_loss", "validation_pr_auc"]
    np.testing.assert_array_equal(again[compared], history[compared])
    np.testing.assert_array_equal(weights(resumed), weights(whole))
    last = [
        model_folder.load(tmp_path / name / "checkpoint/last.keras")[0] for name in ("whole", "cut")
    ]
    np.testing.assert_array_equal(weights(last[0]), weights(last[1]))
    moments = [[np.asarray(v) for v in network.optimizer.variables] for network in last]
    for one, other in zip(*moments, strict=True):
        np.testing.assert_array_equal(one, other)


def test_an_interrupted_run_of_other_settings_is_refused(task, tmp_path):
    training.train(task, tmp_path, {**SETTINGS, "epochs": 1})
    with pytest.raises(ValueError, match=r"other settings \(epochs, learning rate\).*--force"):
        training.train(task, tmp_path, {**SETTINGS, "epochs": 2, "learning_rate": 0.1})
    before = {"labels_sha256": "a"}
    with pytest.raises(ValueError, match="the label set's clips, parts or tags"):
        model_folder.check_settings(tmp_path, before, {"labels_sha256": "b"})


def test_training_stops_where_no_later_epoch_is_better():
    settings = {"epochs": 9, "earliest": 0.0, "patience": 2}
    scores = (0.1, 0.5, 0.4, 0.5)
    history = [{"epoch": n, "validation_pr_auc": s} for n, s in enumerate(scores, 1)]
    assert training.has_stalled(history, settings)
    assert not training.has_stalled(history, {**settings, "patience": 3})
    better = [*history, {"epoch": 5, "validation_pr_auc": 0.6}]
    assert not training.has_stalled(better, settings)


def test_an_early_epoch_is_kept_only_as_long_as_there_is_no_late_one():
    scores = (0.1, 0.9, 0.4, 0.6, 0.5, 0.6)
    history = [{"epoch": n, "validation_pr_auc": s} for n, s in enumerate(scores, 1)]
    kept = [
        training.best_epoch(history[:n], {"epochs": 6, "earliest": 0.5}) + 1 for n in range(1, 7)
    ]
    assert kept == [1, 2, 2, 4, 4, 4]
    assert training.best_epoch(history, {"epochs": 6, "earliest": 0.0}) + 1 == 2


def test_the_learning_rate_follows_from_the_history():
    settings = {"learning_rate": 0.1, "schedule": "cosine", "epochs": 4, "patience": 6}
    rates = [training.learning_rate([{}] * epoch, settings) for epoch in range(4)]
    np.testing.assert_allclose(rates, 0.1 * (1 + np.cos(np.pi * np.arange(4) / 4)) / 2)
    plateau = {**settings, "schedule": "plateau"}
    scores = [0.1, 0.2, 0.2, 0.2, 0.2, 0.3, 0.3, 0.3, 0.3]
    rates = [
        training.learning_rate([{"validation_pr_auc": s} for s in scores[:n]], plateau)
        for n in range(len(scores) + 1)
    ]
    np.testing.assert_allclose(rates, [0.1] * 5 + [0.03] * 4 + [0.009])


def nan_from(monkeypatch, epoch):
    """Let the labels be no numbers from an epoch on."""
    read = training.batches.Batches.__getitem__

    def spoilt(self, index):
        x, y = read(self, index)
        return x, y * (math.nan if self.randomness[1] >= epoch else 1)

    monkeypatch.setattr(training.batches.Batches, "__getitem__", spoilt)


def test_a_loss_that_is_no_number_stops_with_a_sentence(task, tmp_path, monkeypatch):
    nan_from(monkeypatch, 0)
    with pytest.raises(ValueError, match=r"no longer a number in epoch 1: .*--learning-rate"):
        training.train(task, tmp_path, SETTINGS)


def test_a_loss_that_becomes_no_number_leaves_the_best_epoch_before(task, tmp_path, monkeypatch):
    nan_from(monkeypatch, 2)
    network, history, stopped = training.train(task, tmp_path, SETTINGS)
    assert stopped == "the loss is no longer a number in epoch 3"
    assert len(history) == 2
    assert np.isfinite(weights(network)).all()
    row = training._validate(network, task[0], *task[1]["validation"])
    assert row["validation_pr_auc"] == pytest.approx(history["validation_pr_auc"].max())


def test_smoothing_weights_and_decay_change_the_loss_as_they_should(task):
    y = np.array([[1.0, 0.0]], np.float32)
    logits = np.array([[0.3, -1.2]], np.float32)
    expected = -np.log(1 / (1 + np.exp(-logits * [[1, -1]])))[0]
    network = training.build((6, 4), 2, (np.zeros(4), np.ones(4)), SETTINGS)
    for settings, loss in [
        ({}, expected.mean()),
        ({"positive_weight": 3.0}, (0.75 * expected[0] + 0.25 * expected[1]) / 2),
        (
            {"label_smoothing": 0.2},
            np.mean(expected * 0.9 + 0.1 * (expected + logits[0] * [1, -1])),
        ),
    ]:
        training.compile_network(network, {**SETTINGS, **settings})
        assert float(network.loss(y, logits)) == pytest.approx(loss, rel=1e-4)
    training.compile_network(network, {**SETTINGS, "weight_decay": 0.01})
    assert network.optimizer.weight_decay == 0.01


def test_mixed_precision_computes_in_half_and_ends_in_single(task, tmp_path):
    settings = {**SETTINGS, "mixed_precision": True, "epochs": 2}
    network, history, _ = training.train(task, tmp_path, settings)
    assert np.isfinite(history["loss"]).all()
    policies = {layer.name: layer.dtype_policy.compute_dtype for layer in network.layers}
    assert policies["convolution_1"] == "float16"
    assert {policies["normalisation"], policies["logits"]} == {"float32"}
    assert keras.config.dtype_policy().name == "float32"


def test_a_network_starts_from_another_but_for_its_last_layer(task, tmp_path):
    statistics = np.full(4, 7.0), np.full(4, 2.0)
    other = training.build((6, 4), 5, statistics, SETTINGS)
    network = training.build((6, 4), 2, (np.zeros(4), np.ones(4)), SETTINGS)
    own = network.get_layer("logits").get_weights()[0].copy()
    taken = training.start_from(network, other)
    assert taken == sum(
        layer.count_params()
        for layer in network.layers
        if layer.name not in ("normalisation", "logits")
    )
    for name in ("convolution_1", "batch_normalisation_2"):
        for mine, theirs in zip(
            network.get_layer(name).get_weights(), other.get_layer(name).get_weights(), strict=True
        ):
            np.testing.assert_array_equal(mine, theirs)
    np.testing.assert_array_equal(network.get_layer("logits").get_weights()[0], own)
    assert network.get_layer("normalisation").mean.numpy().ravel().tolist() == [0] * 4
    wider = {**SETTINGS, "network": {"dropout": 0.5, "widths": [4, 8]}}
    with pytest.raises(ValueError, match="'convolution_2' differs"):
        training.start_from(training.build((6, 4), 2, statistics, wider), other)


def test_tensorboard_logs_hold_every_epoch(task, tmp_path):
    loader = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    read = pytest.importorskip("tensorboard.util.tensor_util").make_ndarray
    _, history, _ = training.train(task, tmp_path, SETTINGS, tensorboard=True)
    events = loader.EventAccumulator(str(tmp_path / "tensorboard"))
    events.Reload()
    logged = events.Tensors("validation_pr_auc")
    assert [event.step for event in logged] == [1, 2, 3, 4]
    values = [float(read(event.tensor_proto)) for event in logged]
    np.testing.assert_allclose(values, history["validation_pr_auc"], rtol=1e-5)


TRAINED_ON = """
import json, sys
from pathlib import Path
sys.path.insert(0, "tests")
import tensorflow as tf
number = int(sys.argv[1])
tf.config.set_logical_device_configuration(
    tf.config.list_physical_devices("CPU")[0], [tf.config.LogicalDeviceConfiguration()] * 2
)
import test_training
from autotagging.models import training
settings = {**test_training.SETTINGS, "devices": number, "epochs": 3}
settings["network"] = {"dropout": 0.0, "widths": [4, 4]}
_, history, _ = training.train(test_training.make_task(), Path(sys.argv[2]), settings)
print(json.dumps(history["loss"].tolist()))
"""


def test_two_devices_learn_as_one_does(tmp_path):
    pytest.importorskip("tensorflow")
    curves = []
    for number in (1, 2):
        command = [sys.executable, "-c", TRAINED_ON, str(number), str(tmp_path / str(number))]
        answer = subprocess.run(
            command, cwd=REPOSITORY, capture_output=True, text=True, check=False
        )
        assert answer.returncode == 0, answer.stderr
        curves.append(json.loads(answer.stdout.splitlines()[-1]))
    np.testing.assert_allclose(curves[0], curves[1], rtol=0, atol=1e-4)


def test_more_devices_than_there_are_are_refused(task, tmp_path):
    with pytest.raises(ValueError, match=r"--devices 9 are more than there are: \d"):
        training.train(task, tmp_path, {**SETTINGS, "devices": 9})
