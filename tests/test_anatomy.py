"""Anatomy: every network is described block by block, with all its weights and maps."""

import numpy as np
import pytest

pytest.importorskip("keras")
from autotagging import figures
from autotagging.models import architectures, diagram

INPUTS = {
    "paper": ((60, 60), {}),
    "vgg": ((32, 16), {}),
    "fcn": ((64, 48), {"convolutions": 5}),
    "musicnn": ((30, 20), {}),
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
    convolutions = [block for block in blocks if block["kind"] == "convolution"]
    assert [value.shape for value in maps.values()] == [(3, *b["shape"]) for b in convolutions]
    inputs = [(f"clip {n}", clip) for n, clip in enumerate(batch)]
    figure = figures.draw_architecture(blocks, inputs, list(maps.items()))
    texts = " ".join(text.get_text() for ax in figure.axes for text in ax.texts)
    assert "maps" in texts
    for block in convolutions:
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
    assert blocks["pooling 1"]["details"] == ["max pool 2"]
