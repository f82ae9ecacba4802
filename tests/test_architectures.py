"""The networks: sizes as published and as their docstrings state, normalisation inside."""

import os
import subprocess
import sys

import numpy as np
import pytest
from conftest import REPOSITORY

pytest.importorskip("keras")
import keras

from autotagging.models import architectures, training_settings

STATED = {  # what the docstrings say: of which input, with which options
    "paper": ((120, 120), {}),
    "vgg": ((128, 96), {}),
    "fcn": ((1366, 96), {}),
    "musicnn": ((187, 96), {}),
    "musicnn-vgg": ((187, 96), {}),
    "short-chunk-res": ((231, 128), {}),
    "linear": ((1, 200), {}),
    "mlp": ((1, 200), {}),
}


def build(name, shape=(120, 120), n_tags=50, mean=0.0, variance=1.0, **options):
    bands = np.ones(shape[1])
    function = architectures.ARCHITECTURES[name]
    return function(shape, n_tags, mean * bands, variance * bands, **options)


def test_there_is_a_recipe_for_every_network():
    assert set(training_settings.RECIPES) == set(architectures.ARCHITECTURES)
    assert set(training_settings.NAMES) == set(architectures.ARCHITECTURES)


def test_the_papers_network_has_its_number_of_weights():
    network = build("paper")
    assert network.count_params() == 30_369_522
    layers = [layer.count_params() for layer in network.layers if layer.count_params()]
    assert layers == [6_464, 819_328, 3_277_056, 26_215_424, 51_250]
    shapes = {layer.name: layer.output.shape[1:] for layer in network.layers}
    assert shapes["pooling_1"] == (20, 20, 64)
    assert shapes["pooling_2"] == (10, 10, 128)
    assert shapes["maps_3"] == (10, 10, 256)


def test_the_papers_family_has_sizes_worked_out_by_hand():
    two = 6_464 + 819_328 + (10 * 10 * 128 + 1) * 1024 + 51_250
    assert build("paper", convolutions=2).count_params() == two
    stepping = build("paper", pooling=False)
    assert stepping.count_params() == 30_369_522
    assert not [layer for layer in stepping.layers if "pooling" in layer.name]
    assert stepping.get_layer("maps_3").output.shape == (None, 10, 10, 256)
    small = (9 + 1) * 64 + (9 * 64 + 1) * 128 + (9 * 128 + 1) * 256 + 26_215_424 + 51_250
    assert build("paper", kernel=3).count_params() == small


def test_the_published_start_has_weights_of_deviation_1_and_raw_input():
    network = build("paper", (16, 16), mean=5.0, variance=9.0, published_start=True)
    for name in ("convolution_1", "convolution_3", "dense", "logits"):
        kernel, bias = network.get_layer(name).get_weights()
        assert kernel.std() == pytest.approx(1, abs=0.05), name
        assert bias.std() > 0.5, name
    biases = [network.get_layer(f"convolution_{n}").get_weights()[1][:64] for n in (1, 2, 3)]
    assert np.abs(np.corrcoef(biases) - np.eye(3)).max() < 0.5  # no layer starts as another
    values = np.full((1, 16, 16), 1000.0, np.float32)
    normalised = network.get_layer("normalisation")(values)
    np.testing.assert_array_equal(normalised, values)


@pytest.mark.parametrize("name", list(STATED))
def test_a_network_has_the_number_of_weights_its_docstring_states(name):
    shape, options = STATED[name]
    weights = f"{build(name, shape, **options).count_params():,}"
    assert weights in architectures.ARCHITECTURES[name].__doc__


def test_fcn_5_has_the_number_of_weights_its_docstring_states():
    weights = build("fcn", (1366, 96), convolutions=5).count_params()
    assert f"FCN-5 {weights:,}" in " ".join(architectures.fcn.__doc__.split())


def test_fcn_pools_as_published_until_one_value_is_left():
    network = build("fcn", (1366, 96))
    shapes = [network.get_layer(f"pooling_{n}").output.shape[1:3] for n in (1, 2, 3, 4)]
    assert shapes == [(341, 48), (68, 12), (8, 4), (1, 1)]


def test_musicnn_has_the_filters_of_its_publication():
    network = build("musicnn", (187, 96))
    kernels = [network.get_layer(f"convolution_{n}").kernel_size for n in range(1, 9)]
    assert kernels == [(7, 38), (7, 67), (128, 1), (64, 1), (32, 1), (7, 1), (7, 1), (7, 1)]
    assert network.get_layer("front_end").output.shape == (None, 187, 1, 561)
    assert network.get_layer("mean_and_maximum").output.shape == (None, 2 * (561 + 3 * 64))


def test_short_chunk_res_halves_seven_times():
    network = build("short-chunk-res", (231, 128))
    assert network.get_layer("maps_1").output.shape == (None, 116, 64, 128)
    assert network.get_layer("maps_7").output.shape == (None, 2, 1, 512)


@pytest.mark.parametrize("shape", [(120, 120), (455, 96), (8, 8)])
@pytest.mark.parametrize("name", [name for name in STATED if name != "paper"])
def test_a_network_takes_features_of_any_shape(name, shape):
    network = build(name, shape, n_tags=7)
    assert network.predict(np.zeros((2, *shape)), verbose=0).shape == (2, 7)


def test_normalisation_is_a_part_of_the_network():
    rng = np.random.default_rng(0)
    x = rng.standard_normal((2, 16, 8)).astype(np.float32)
    plain, normalising = build("vgg", (16, 8)), build("vgg", (16, 8), mean=-30.0, variance=25.0)
    normalising.set_weights(plain.get_weights())
    np.testing.assert_allclose(
        normalising.predict(x * 5 - 30, verbose=0),
        plain.predict(x, verbose=0),
        rtol=1e-3,
        atol=1e-4,
    )


def test_a_mean_of_networks_scores_as_their_mean_and_survives_saving(tmp_path):
    x = np.random.default_rng(0).standard_normal((5, 16, 8)).astype(np.float32)
    members = [build("vgg", (16, 8), n_tags=3) for _ in range(3)]
    scores = np.mean([1 / (1 + np.exp(-m.predict(x, verbose=0))) for m in members], axis=0)
    mean = architectures.mean_of(members)
    assert mean.count_params() == sum(member.count_params() for member in members)
    mean.save(tmp_path / "mean.keras")
    for network in (mean, keras.saving.load_model(tmp_path / "mean.keras", safe_mode=True)):
        logits = network.predict(x, verbose=0)
        np.testing.assert_allclose(1 / (1 + np.exp(-logits)), scores, rtol=1e-4)


STEP = """
import sys
from dataclasses import replace
import numpy as np
import keras
from autotagging.models import building, training_settings
assert keras.backend.backend() == sys.argv[1]
for name in ("paper", "vgg", "short-chunk-res"):
    recipe = training_settings.RECIPES[name]
    settings = replace(recipe, weight_decay=0.01, label_smoothing=0.1, positive_weight=2.0, steps=9)
    network = building.build((32, 32), 5, (np.zeros(32), np.ones(32)), settings)
    building.compile_network(network, settings)
    before = [weight.copy() for weight in network.get_weights()]
    x = np.random.default_rng(0).standard_normal((4, 32, 32)).astype("float32")
    y = np.eye(4, 5, dtype="float32")
    history = network.fit(x, y, batch_size=4, verbose=0)
    assert np.isfinite(history.history["loss"][0])
    moved = [not np.array_equal(a, b) for a, b in zip(before, network.get_weights(), strict=True)]
    assert sum(moved) > 5, name
"""


@pytest.mark.parametrize("backend", ["jax", "torch"])
def test_networks_learn_on_another_backend(backend):
    pytest.importorskip(backend, reason=f"{backend} is not installed: pip install {backend}")
    answer = subprocess.run(
        [sys.executable, "-c", STEP, backend],
        cwd=REPOSITORY,
        env={**os.environ, "KERAS_BACKEND": backend},
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.returncode == 0, answer.stderr
