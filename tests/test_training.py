"""Training: the best epoch, resuming after an interruption, several devices."""

import json
import math
import os
import shutil
import subprocess
import sys
from dataclasses import asdict, replace

import numpy as np
import pytest
from conftest import REPOSITORY, learnable_parts, normalise_before_pooling

pytest.importorskip("keras")
import keras

from autotagging import steps
from autotagging.models import (
    batches,
    building,
    checkpoints,
    model_folder,
    training,
)
from autotagging.models.training_settings import RECIPES

SETTINGS = replace(
    RECIPES["vgg"],
    chunk_frames=6,
    epochs=4,
    repeats=1,
    steps=12,
    refit=False,
    keep_from=0.0,
    batch_size=8,
    learning_rate=0.003,
    deterministic=True,
    seed=3,
)
INPUTS = {"labels/merged50/labels.csv": "a1", "features/mel96": "b2"}

pytestmark = pytest.mark.usefixtures("small_vgg")


def train(data, settings=SETTINGS, *, name="run", inputs=INPUTS, **options):
    """Train a run of a dataset, or resume it."""
    step = steps.Step(data / "models" / name, asdict(settings), inputs)
    return training.train(step, settings, learnable_parts(), **options)


def build(settings=SETTINGS, n_tags=2, mean=0.0):
    statistics = np.full(4, mean), np.ones(4)
    return building.build((6, 4), n_tags, statistics, settings)


def weights(network):
    return np.concatenate([weight.ravel() for weight in network.get_weights()])


def restore(folder, settings=SETTINGS):
    """Return the network and optimiser that a checkpoint holds."""
    network = build(settings)
    building.compile_network(network, settings)
    checkpoints.restore(folder / "checkpoint", network)
    return network


def validate(network):
    return training._validate(network, learnable_parts()["validation"])


def test_no_two_layers_epochs_or_steps_have_the_same_dropout(tmp_path, monkeypatch):
    steps_of_epoch, masks = 3, []
    fit = keras.Model.fit

    def note_states(network, *arguments, **options):
        layers = building.list_layers(network, keras.layers.Dropout)
        states = [
            keras.ops.convert_to_numpy(layer.seed_generator.state).astype(np.int64)
            for layer in layers
        ]
        masks.extend(
            (k, s[0], s[1] + t) for k, s in enumerate(states) for t in range(steps_of_epoch)
        )
        fitted = fit(network, *arguments, **options)
        after = [
            keras.ops.convert_to_numpy(layer.seed_generator.state).astype(np.int64)
            for layer in layers
        ]
        for before, then in zip(states, after, strict=True):
            np.testing.assert_array_equal((then - before) % 2**32, [0, steps_of_epoch])
        return fitted

    monkeypatch.setattr(keras.Model, "fit", note_states)
    recipe = RECIPES["musicnn"]
    changes = {"chunk_frames": 8, "epochs": 2, "repeats": 1, "steps": 6, "batch_size": 8}
    settings = replace(recipe, **changes, refit=False, architecture="musicnn")
    train(tmp_path, settings)
    states = [(word, second) for _, word, second in masks]
    assert len({*states}) == len(states) == 2 * 2 * steps_of_epoch


def test_training_learns_and_keeps_its_best_epoch(tmp_path):
    settings = replace(SETTINGS, epochs=12, learning_rate=0.03)
    network, history, stopped = train(tmp_path, settings)
    assert stopped == ""
    assert history["loss"].iloc[-1] < history["loss"].iloc[0]
    best = validate(network)["validation_pr_auc"]
    assert best == pytest.approx(history["validation_pr_auc"].max())
    assert best > 0.8
    assert (history["seconds"] >= history["training_seconds"]).all()
    assert history["training_clips"].tolist() == [24] * 12
    assert history["validation_pr_auc"][history["kept"]].item() == best


def test_the_network_is_that_of_the_best_epoch_not_of_the_last(tmp_path, monkeypatch):
    seen, scores = [], iter([0.5, 0.9, 0.2, 0.9])

    def validate_as_told(network, _):
        seen.append(weights(network))
        row = dict.fromkeys(("validation_loss", "validation_roc_auc"), 0.5)
        return row | {"validation_pr_auc": next(scores)}

    monkeypatch.setattr(training, "_validate", validate_as_told)
    network, history, _ = train(tmp_path)
    assert history["kept"].tolist() == [False, True, False, False]
    np.testing.assert_array_equal(weights(network), seen[1])
    assert not np.array_equal(seen[1], seen[3])


@pytest.fixture(scope="module")
def whole(small_vgg, tmp_path_factory):
    """Return a run that was not interrupted: its dataset, network and history."""
    data = tmp_path_factory.mktemp("whole")
    network, history, _ = train(data)
    return data, network, history


def test_a_seed_gives_the_same_network_and_another_another(whole, tmp_path):
    again, other = (
        train(tmp_path, replace(SETTINGS, seed=seed), name=f"seed-{seed}")[0] for seed in (3, 4)
    )
    np.testing.assert_array_equal(weights(whole[1]), weights(again))
    assert not np.array_equal(weights(whole[1]), weights(other))


KILLED = """
import os, signal, sys
from pathlib import Path
sys.path.insert(0, "tests")
import test_training
from autotagging.models import architectures, training
data, moment = Path(sys.argv[1]), sys.argv[2]
architectures.VGG_WIDTHS = (4, 4)
epochs, validate, replace = [], training._validate, os.replace
def kill():
    os.kill(os.getpid(), signal.SIGKILL)
def validate_and_count(*arguments):
    epochs.append(1)
    if moment == "in validation" and len(epochs) == 3:
        kill()
    return validate(*arguments)
def replace_until_the_second_epoch(source, target):
    if moment == "between best and last" and len(epochs) == 2 and "last" in str(target):
        kill()
    replace(source, target)
training._validate = validate_and_count
os.replace = replace_until_the_second_epoch
test_training.train(data, name="killed")
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("moment", "n_finished"), [("in validation", 2), ("between best and last", 1)]
)
def test_a_run_killed_at_any_point_ends_with_the_weights_of_one_that_was_not(
    whole, tmp_path, moment, n_finished
):
    data, network, history = whole
    command = [sys.executable, "-c", KILLED, str(tmp_path), moment]
    killed = subprocess.run(command, cwd=REPOSITORY, capture_output=True, check=False)
    assert killed.returncode == -9, killed.stderr
    state = model_folder.read_description(tmp_path / "models/killed/checkpoint/last.keras")
    assert len(state["history"]) == n_finished

    resumed, again, _ = train(tmp_path, name="killed")
    assert again["epoch"].tolist() == [1, 2, 3, 4]
    compared = ["learning_rate", "loss", "validation_loss", "validation_pr_auc"]
    np.testing.assert_array_equal(again[compared], history[compared])
    np.testing.assert_array_equal(weights(resumed), weights(network))
    folders = data / "models/run", tmp_path / "models/killed"
    last = [restore(folder) for folder in folders]
    np.testing.assert_array_equal(weights(last[0]), weights(last[1]))
    moments = [[np.asarray(v) for v in network.optimizer.variables] for network in last]
    for one, other in zip(*moments, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.fixture
def interrupt(monkeypatch):
    """Return a function that trains a run for one epoch and is interrupted then."""

    def raise_interrupt(*_):
        raise KeyboardInterrupt

    def train_interrupted(*arguments):
        with monkeypatch.context() as patch:
            patch.setattr(training, "_report_epoch", raise_interrupt)  # the epoch is saved by then
            with pytest.raises(KeyboardInterrupt):
                train(*arguments)

    return train_interrupted


def test_a_run_in_half_precision_goes_on_as_if_it_had_not_been_interrupted(tmp_path, interrupt):
    settings = replace(SETTINGS, epochs=3, mixed_precision=True)
    whole, _, _ = train(tmp_path, settings, name="whole")
    interrupt(tmp_path, settings)
    resumed, _, _ = train(tmp_path, settings)
    np.testing.assert_array_equal(weights(resumed), weights(whole))
    moments = [
        [np.asarray(v) for v in restore(tmp_path / "models" / name, settings).optimizer.variables]
        for name in ("whole", "run")
    ]
    assert len(moments[0]) > 10
    for one, other in zip(*moments, strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_run_that_goes_on_trains_the_epochs_that_are_missing_alone(tmp_path, interrupt, capsys):
    interrupt(tmp_path)
    train(tmp_path)
    printed = capsys.readouterr().out
    assert "resuming the interrupted run after epoch 1" in printed
    assert [f"epoch {n:3}/4" in printed for n in (1, 2, 3, 4)] == [False, True, True, True]


def test_an_interrupted_run_of_other_settings_is_refused_by_name(tmp_path):
    train(tmp_path, replace(SETTINGS, epochs=1))
    last = tmp_path / "models/run/checkpoint/last.keras"
    before = last.read_bytes()
    sentence = (
        "was begun with epochs 1, not 2; with learning rate 0.003, not 0.1: run .* with --force"
    )
    with pytest.raises(ValueError, match=sentence):
        train(tmp_path, replace(SETTINGS, epochs=2, learning_rate=0.1))
    assert last.read_bytes() == before


def test_an_interrupted_run_on_other_clips_is_refused_by_name(tmp_path):
    settings = replace(SETTINGS, epochs=1)
    train(tmp_path, settings)
    with pytest.raises(ValueError, match=r"from another labels/merged50/labels\.csv: run"):
        train(tmp_path, settings, inputs={**INPUTS, "labels/merged50/labels.csv": "a2"})


def change_state(change):
    """Return a function that changes what the last epoch of a checkpoint says of the run."""

    def write(checkpoint):
        network, state = model_folder.load(checkpoint / "last.keras")
        building.compile_network(network, SETTINGS)
        network.optimizer.iterations.assign(1)
        change(state)
        model_folder.save(checkpoint / "last.keras", network, state)

    return write


def lose_optimizer(checkpoint):
    network, state = model_folder.load(checkpoint / "last.keras")
    model_folder.save(checkpoint / "last.keras", network, state)


def cut_short(name):
    return lambda checkpoint: os.truncate(checkpoint / name, 5000)


@pytest.mark.parametrize(
    "damage",
    [
        change_state(lambda state: state.pop("history")),
        change_state(lambda state: state.update(history=[])),
        change_state(lambda state: state["history"][0].pop("loss")),
        change_state(lambda state: state["history"][0].update(validation_pr_auc="0.5")),
        lose_optimizer,
        cut_short("last.keras"),
        cut_short("best.keras"),
        lambda checkpoint: (checkpoint / "best.keras").unlink(),
        lambda checkpoint: (checkpoint / "begun.json").unlink(),
        lambda checkpoint: (checkpoint / "begun.json").write_text("[]"),
    ],
    ids=[
        "no history",
        "an empty history",
        "an epoch without its loss",
        "a score of text",
        "no optimiser",
        "the last epoch cut short",
        "the best epoch cut short",
        "the best epoch gone",
        "what it was begun with gone",
        "what it was begun with of another form",
    ],
)
def test_a_damaged_checkpoint_is_refused_with_its_remedy(tmp_path, whole, damage):
    shutil.copytree(whole[0], tmp_path, dirs_exist_ok=True)
    checkpoint = tmp_path / "models/run/checkpoint"
    damage(checkpoint)
    before = (checkpoint / "last.keras").read_bytes()
    sentence = rf"^{checkpoint}/(last\.keras|best\.keras|begun\.json) .* --force"
    with pytest.raises(ValueError, match=sentence) as refused:
        train(tmp_path)
    assert len(str(refused.value).splitlines()) == 1
    assert (checkpoint / "last.keras").read_bytes() == before


def test_a_run_that_was_begun_with_another_order_of_layers_is_refused(tmp_path, whole, monkeypatch):
    shutil.copytree(whole[0], tmp_path, dirs_exist_ok=True)
    normalise_before_pooling(monkeypatch)
    with pytest.raises(ValueError, match=r"was made by another version, .* --force"):
        train(tmp_path)


@pytest.mark.parametrize("is_tagged", [True, False])
def test_validation_clips_that_judge_no_tag_have_a_loss_and_no_auc(is_tagged):
    clips = learnable_parts()["validation"]
    clips.y_true[:] = is_tagged
    row = training._validate(build(), clips)
    assert math.isfinite(row["validation_loss"])
    assert math.isnan(row["validation_pr_auc"])
    assert math.isnan(row["validation_roc_auc"])


def spoil_labels(monkeypatch, epoch):
    """Let the labels be no numbers from an epoch on."""
    read = batches.Batches.__getitem__

    def read_spoilt(self, index):
        x, y = read(self, index)
        return x, y * (math.nan if self.epoch >= epoch else 1)

    monkeypatch.setattr(batches.Batches, "__getitem__", read_spoilt)


def test_a_loss_that_is_no_number_stops_with_a_sentence(tmp_path, monkeypatch):
    spoil_labels(monkeypatch, epoch=0)
    with pytest.raises(ValueError, match=r"no longer a number in epoch 1: .*--learning-rate"):
        train(tmp_path)


def test_a_loss_that_becomes_no_number_leaves_the_best_epoch_before(tmp_path, monkeypatch):
    spoil_labels(monkeypatch, epoch=2)
    network, history, stopped = train(tmp_path)
    assert stopped == "the loss is no longer a number in epoch 3"
    assert len(history) == 2
    assert np.isfinite(weights(network)).all()
    best = validate(network)["validation_pr_auc"]
    assert best == pytest.approx(history["validation_pr_auc"].max())


def test_mixed_precision_computes_in_half_and_ends_in_single(tmp_path):
    network, history, _ = train(tmp_path, replace(SETTINGS, mixed_precision=True, epochs=2))
    assert np.isfinite(history["loss"]).all()
    policies = {layer.name: layer.dtype_policy.compute_dtype for layer in network.layers}
    assert policies["convolution_1"] == "float16"
    assert {policies["normalisation"], policies["logits"]} == {"float32"}
    assert keras.config.dtype_policy().name == "float32"


def test_tensorboard_logs_hold_every_epoch(tmp_path):
    loader = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    read = pytest.importorskip("tensorboard.util.tensor_util").make_ndarray
    _, history, _ = train(tmp_path, tensorboard=True)
    events = loader.EventAccumulator(str(tmp_path / "models/run/tensorboard"))
    events.Reload()
    logged = events.Tensors("validation_pr_auc")
    assert [event.step for event in logged] == [1, 2, 3, 4]
    values = [float(read(event.tensor_proto)) for event in logged]
    np.testing.assert_allclose(values, history["validation_pr_auc"], rtol=1e-5)


ON_TWO_DEVICES = """
import json, sys
from dataclasses import replace
from pathlib import Path
sys.path.insert(0, "tests")
import tensorflow as tf
tf.config.set_logical_device_configuration(
    tf.config.list_physical_devices("CPU")[0], [tf.config.LogicalDeviceConfiguration()] * 2
)
import test_training
from autotagging.models import architectures
architectures.VGG_WIDTHS = (4, 4)
for number in (1, 2):
    settings = replace(test_training.SETTINGS, devices=number, epochs=3, dropout=0.0)
    _, history, _ = test_training.train(Path(sys.argv[1]), settings, name=f"on-{number}")
    print(json.dumps(history["loss"].tolist()))
"""


@pytest.mark.slow
def test_two_devices_learn_as_one_does(tmp_path):
    pytest.importorskip("tensorflow")
    command = [sys.executable, "-c", ON_TWO_DEVICES, str(tmp_path)]
    answer = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stderr
    losses = [json.loads(line) for line in answer.stdout.splitlines() if line.startswith("[")]
    np.testing.assert_allclose(losses[0], losses[1], rtol=0, atol=1e-4)


def test_more_devices_than_there_are_are_refused(tmp_path):
    with pytest.raises(ValueError, match=r"--devices 9 are more than there are: \d"):
        train(tmp_path, replace(SETTINGS, devices=9))
