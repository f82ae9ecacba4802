"""Diagram: every network is described block by block, with all its weights and maps."""

import numpy as np
import pytest

pytest.importorskip("keras")
from autotagging.figures import networks
from autotagging.models import architectures, diagram

INPUTS = {
    "paper": ((60, 60), {}),
    "vgg": ((32, 16), {}),
    "fcn": ((64, 48), {"convolutions": 5}),
    "musicnn": ((30, 20), {}),
    "musicnn-vgg": ((66, 64), {"pools": "msd"}),
    "short-chunk-res": ((40, 20), {}),
}


def build(name):
    shape, options = INPUTS[name]
    statistics = np.zeros(shape[1]), np.ones(shape[1])
    return architectures.ARCHITECTURES[name](shape, 7, *statistics, **options)


@pytest.mark.parametrize("name", list(INPUTS))
def test_a_network_is_described_with_all_its_weights_and_can_be_drawn(name):
    network = build(name)
    blocks = diagram.describe(network)
    assert sum(block["weights"] for block in blocks) == network.count_params()
    assert [blocks[0]["kind"], blocks[-1]["kind"]] == ["input", "output"]
    assert blocks[-1]["shape"] == (7,)
    batch = np.random.default_rng(0).standard_normal((3, *INPUTS[name][0])).astype(np.float32)
    maps = diagram.convolution_maps(network, batch)
    convolutions = {b["name"]: b for b in blocks if b["kind"] == "convolution"}
    assert list(maps) == list(convolutions)
    for array, block in zip(maps.values(), convolutions.values(), strict=True):
        assert (len(array), array.shape[3]) == (3, block["shape"][2])
    inputs = {f"clip {number}": clip for number, clip in enumerate(batch)}
    figure = networks.draw_architecture(blocks, inputs, maps)
    texts = " ".join(text.get_text() for ax in figure.axes for text in ax.texts)
    assert "maps" in texts
    for block in convolutions.values():
        size = block["details"][0].split()[0 if "times" not in block["details"][0] else 2]
        assert size in texts


def test_convolutions_of_the_same_input_stand_side_by_side():
    blocks = diagram.describe(build("musicnn"))
    beside = [block["name"] for block in blocks if block["beside"]]
    assert beside == [f"convolution {n}" for n in (2, 3, 4, 5)]
    assert not any(block["beside"] for block in diagram.describe(build("vgg")))


def test_details_say_what_a_block_does():
    blocks = {block["name"]: block for block in diagram.describe(build("short-chunk-res"))}
    assert blocks["convolution 2"]["details"] == [
        "2 times 3x3 kernel",
        "3x3 shortcut",
        "step 2",
        "batch norm.",
        "ReLU",
    ]
    blocks = {block["name"]: block for block in diagram.describe(build("vgg"))}
    assert "mean and deviation of each input band" in blocks["pooling"]["details"]
    assert blocks["pooling"]["shape"] == (2 * 96 + 2 * 16,)
    pooled_first = ["3x3 kernel", "max pool 2", "batch norm.", "ReLU"]
    assert blocks["convolution 1"]["details"] == pooled_first
    blocks = {block["name"]: block for block in diagram.describe(build("fcn"))}
    pooled_last = ["3x3 kernel", "batch norm.", "ReLU", "max pool 4x2"]
    assert blocks["convolution 1"]["details"] == pooled_last


def test_a_convolution_is_as_large_as_its_pooling_leaves_it_and_its_maps_as_before():
    network = build("paper")
    blocks = {block["name"]: block for block in diagram.describe(network)}
    maps = diagram.convolution_maps(network, np.zeros((1, 60, 60), np.float32))
    sizes = {name: (array.shape[1:], blocks[name]["shape"]) for name, array in maps.items()}
    assert sizes == {
        "convolution 1": ((60, 60, 64), (10, 10, 64)),
        "convolution 2": ((10, 10, 128), (5, 5, 128)),
        "convolution 3": ((5, 5, 256), (5, 5, 256)),
    }


def test_maps_are_what_a_convolution_gives_after_relu():
    network = build("paper")
    batch = np.random.default_rng(0).standard_normal((2, 60, 60)).astype(np.float32)
    maps = diagram.convolution_maps(network, batch)["convolution 1"]
    convolved = network.get_layer("convolution_1")(batch[..., None]).numpy()
    np.testing.assert_allclose(maps, np.maximum(convolved, 0), atol=1e-4)
