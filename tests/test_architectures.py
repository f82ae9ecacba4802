"""The networks: sizes as published, normalisation inside."""

import numpy as np
import pytest

keras = pytest.importorskip("keras")
from autotagging import architectures  # noqa: E402  Keras first: it decides the skip


def build(name, shape=(120, 120), n_tags=50, mean=0.0, variance=1.0):
    bands = np.ones(shape[1])
    return architectures.ARCHITECTURES[name](shape, n_tags, mean * bands, variance * bands)


def test_the_papers_network_has_its_number_of_weights():
    network = build("paper")
    assert network.count_params() == 30_369_522
    layers = [layer.count_params() for layer in network.layers if layer.count_params()]
    assert layers == [6_464, 819_328, 3_277_056, 26_215_424, 51_250]
    blocks = architectures.describe(network)
    shapes = {block["name"]: block["shape"] for block in blocks}
    assert shapes["pooling 1"] == (20, 20, 64)
    assert shapes["pooling 2"] == (10, 10, 128)
    assert shapes["convolution 3"] == (10, 10, 256)


def test_vgg_has_the_number_of_weights_its_docstring_states():
    assert f"{build('vgg').count_params():,} weights" in architectures.vgg.__doc__


@pytest.mark.parametrize("shape", [(120, 120), (455, 96), (8, 8)])
def test_vgg_takes_features_of_any_shape(shape):
    network = build("vgg", shape, n_tags=7)
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


def test_there_are_maps_of_every_convolution():
    network = build("vgg", (32, 16))
    maps = architectures.convolution_maps(network, np.zeros((3, 32, 16), np.float32))
    convolutions = [b for b in architectures.describe(network) if b["kind"] == "convolution"]
    assert [value.shape for value in maps.values()] == [(3, *b["shape"]) for b in convolutions]
    assert min(value.min() for value in maps.values()) >= 0
