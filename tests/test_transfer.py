"""A network that starts from another: what it takes, what stays, which clips it has heard."""

from dataclasses import asdict, replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from conftest import learnable_parts, normalise_before_pooling

pytest.importorskip("keras")
import keras

from autotagging import steps
from autotagging.features.settings import PRESETS
from autotagging.models import architectures, building, model_folder, training, transfer
from autotagging.models.training_settings import RECIPES

FEATURES = PRESETS["mel96"]
AUDIO = pd.Series({"1": "aa" * 32, "2": "bb" * 32, "3": "cc" * 32})  # by clip_id
SETTINGS = replace(
    RECIPES["vgg"], chunk_frames=6, epochs=2, repeats=1, steps=6, batch_size=8, refit=False
)

pytestmark = pytest.mark.usefixtures("small_vgg")


def build(n_tags=2, mean=0.0):
    return building.build((6, 4), n_tags, (np.full(4, mean), np.ones(4)), SETTINGS)


def write_model(path, **changes):
    """Write a model file; the changes are of its settings, or of the rest of its description."""
    settings = {"architecture": "vgg", "features": "mel96", "seed": 0}
    settings |= {key: changes.pop(key) for key in changes.copy() if key in settings}
    description = {"tags": ["loud", "quiet"], "thresholds": [0.5, 0.5], "settings": settings}
    description |= {"feature_settings": asdict(FEATURES), "trained_on": []} | changes
    model_folder.save(path, build(), description)
    return path


def open_source(path, features=FEATURES, mtt_training_clips=None, **changes):
    store = SimpleNamespace(settings=features, audio=AUDIO)
    return transfer.open_source(path, replace(SETTINGS, **changes), store, mtt_training_clips)


def train(tmp_path, start, name="run", **changes):
    settings = replace(SETTINGS, **changes)
    step = steps.Step(tmp_path / name, asdict(settings), {})
    return training.train(step, settings, learnable_parts(), start=start)[0]


def same(network, other, name):
    pairs = zip(*(n.get_layer(name).get_weights() for n in (network, other)), strict=True)
    return [np.array_equal(one, two) for one, two in pairs]


def test_a_network_starts_from_another_but_for_its_last_layer():
    network, other = build(), build(n_tags=5)
    own = network.get_layer("logits").get_weights()[0].copy()
    shared = [layer for layer in network.layers if layer.name != "logits"]
    taken = transfer.take_weights(network, other)
    assert taken == sum(layer.count_params() for layer in shared)
    for name in ("convolution_1", "batch_normalisation_2"):
        assert all(same(network, other, name))
    np.testing.assert_array_equal(network.get_layer("logits").get_weights()[0], own)


def test_a_network_of_other_layers_is_no_start(monkeypatch):
    narrow = build()
    monkeypatch.setattr(architectures, "VGG_WIDTHS", (4, 8))
    with pytest.raises(ValueError, match="'convolution_2' differs"):
        transfer.take_weights(build(), narrow)


def test_a_network_of_another_order_of_layers_is_no_start(monkeypatch):
    network = build()
    normalise_before_pooling(monkeypatch)
    with pytest.raises(ValueError, match="with its layers in another order: train it again"):
        transfer.take_weights(network, build())


def test_the_normalisation_of_input_and_batches_stays_with_the_weights(tmp_path):
    start = build(n_tags=5, mean=7.0)
    network = train(tmp_path, start)
    assert np.asarray(network.get_layer("normalisation").mean).ravel().tolist() == [7] * 4
    assert all(same(network, start, "batch_normalisation_1"))
    assert not any(same(network, start, "convolution_1"))


def test_a_new_normalisation_is_that_of_the_training_clips(tmp_path):
    start = build(n_tags=5, mean=7.0)
    network = train(tmp_path, start, new_normalisation=True)
    assert abs(np.asarray(network.get_layer("normalisation").mean)).max() < 3
    assert not any(same(network, start, "batch_normalisation_1"))


def test_in_a_frozen_network_the_last_layer_alone_learns(tmp_path, capsys):
    start = build(n_tags=5)
    network = train(tmp_path, start, freeze=True)
    weighed = [layer.name for layer in network.layers if layer.weights and layer.name != "logits"]
    assert len(weighed) > 4
    for name in weighed:
        assert all(same(network, start, name)), name
    fresh = train(tmp_path, start, "other", freeze=True, learning_rate=1e-9)
    assert not any(same(network, fresh, "logits"))
    last = network.get_layer("logits").count_params()
    kept = network.count_params() - last
    expected = f"kept {kept} of {kept + last} weights; {last} are trained"
    assert expected in capsys.readouterr().out


def test_an_interrupted_run_goes_on_with_the_normalisation_of_its_start(tmp_path, monkeypatch):
    start = build(n_tags=5, mean=7.0)
    whole = train(tmp_path, start, "whole")

    def interrupt(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(training, "_report_epoch", interrupt)
        with pytest.raises(KeyboardInterrupt):
            train(tmp_path, start)
    resumed = train(tmp_path, start)
    for one, other in zip(resumed.get_weights(), whole.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    assert np.asarray(resumed.get_layer("normalisation").mean).ravel().tolist() == [7] * 4


def test_what_a_network_can_start_from_is_opened(tmp_path):
    source = open_source(write_model(tmp_path / "x.keras", trained_on=["ab"]))
    assert source.network.count_params() == build().count_params()
    assert source.heard == {"ab"}
    assert isinstance(source.network, keras.Model)


@pytest.mark.parametrize(
    ("written", "wanted", "sentence"),
    [
        (
            {},
            {"architecture": "paper"},
            "of architecture vgg, not paper: choose it with --architecture",
        ),
        ({}, {"features": replace(FEATURES, bands=48)}, "takes other features: extract mel96 "),
        ({}, {"pooling": False}, "was made with pooling None, not False: choose the same"),
        ({"seed": [3, 4]}, {}, "is the mean of 2 networks: start from one of them, as x-seed3$"),
    ],
    ids=["architecture", "features", "pooling", "mean"],
)
def test_what_a_network_cannot_start_from_is_refused(tmp_path, written, wanted, sentence):
    path = write_model(tmp_path / "x.keras", **written)
    with pytest.raises(ValueError, match=sentence):
        open_source(path, **wanted)


def test_a_network_keeps_what_it_and_its_source_have_heard(tmp_path):
    source = open_source(write_model(tmp_path / "x.keras", trained_on=["ff" * 8, "00" * 8]))
    audio = ["aa" * 32, "ff" * 32]
    assert transfer.list_heard(audio) == ["aa" * 8, "ff" * 8]
    assert transfer.list_heard(audio, source) == ["00" * 8, "aa" * 8, "ff" * 8]


def test_a_source_that_has_heard_clips_that_judge_is_refused_by_count(tmp_path):
    parts = learnable_parts()
    judges = {part: parts[part] for part in ("validation", "test")}
    heard = [parts["train"], parts["validation"].take([0, 2, 5])]
    trained_on = [checksum for clips in heard for checksum in transfer.list_heard(clips.audio)]
    source = open_source(write_model(tmp_path / "x.keras", trained_on=trained_on))
    with pytest.raises(ValueError, match=r"was trained on 3 of 16 validation clips, .*--allow-h"):
        transfer.refuse_heard(source, judges)
    own = open_source(write_model(tmp_path / "y.keras", trained_on=trained_on[:24]))
    transfer.refuse_heard(own, judges)


def test_a_network_of_magnatagatune_has_heard_its_folders_0_to_b(tmp_path):
    marked = [model_folder.MTT_BY_FOLDER]
    path = write_model(tmp_path / "x.keras", trained_on=marked)
    heard = open_source(path, mtt_training_clips=pd.Index(["1", "3", "without features"])).heard
    assert heard == {*marked, "aa" * 8, "cc" * 8}
    elsewhere = open_source(path, mtt_training_clips=pd.Index([]))
    transfer.refuse_heard(elsewhere, {"test": learnable_parts()["test"]})
    assert transfer.list_heard(["bb" * 32], elsewhere) == sorted([*marked, "bb" * 8])


def test_a_network_of_magnatagatune_is_refused_where_its_folders_are_not_told_apart(tmp_path):
    source = open_source(write_model(tmp_path / "x.keras", trained_on=[model_folder.MTT_BY_FOLDER]))
    with pytest.raises(ValueError, match=r"folders 0 to b, which are not told .* --split folders"):
        transfer.refuse_heard(source, {"test": learnable_parts()["test"]})


@pytest.mark.parametrize("trained_on", [None, "ab", [1]])
def test_a_source_that_does_not_say_what_it_has_heard_is_refused(tmp_path, trained_on):
    source = open_source(write_model(tmp_path / "x.keras", trained_on=trained_on))
    with pytest.raises(ValueError, match=r"does not say which clips .* --allow-heard"):
        transfer.refuse_heard(source, {"test": learnable_parts()["test"]})
