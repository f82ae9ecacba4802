"""The network with its maps, and the course of its training."""

import numpy as np
import pandas as pd
import pytest
from conftest import assert_inside, find_touching, legend_labels

from autotagging.figures.networks import draw_architecture, draw_history

NETWORKS = [(3, (120, 120)), (5, (455, 96)), (6, (128, 96))]  # convolutions, size of the input


def block_of(kind, name, shape, details, weights=0):
    block = {"kind": kind, "name": name, "shape": shape, "details": details}
    return {**block, "weights": weights, "beside": False}


def network_of(n_convolutions, size, n_clips=3):
    """Return blocks, inputs and maps of a network of 3x3 convolutions, each halving its input."""
    rng = np.random.default_rng(0)
    blocks = [block_of("input", "input", (*size, 1), ["features"])]
    maps = {}
    for number in range(1, n_convolutions + 1):
        frames, bands, _ = blocks[-1]["shape"]
        maps[f"convolution {number}"] = rng.random((n_clips, frames, bands, 3))
        pooled = (max(frames // 2, 1), max(bands // 2, 1), 128)
        details = ["3x3 kernel", "batch norm.", "ReLU", "max pool 2x2"]
        blocks.append(block_of("convolution", f"convolution {number}", pooled, details, 1000))
    details = ["mean and maximum of each map", "dropout 0.25"]
    blocks.append(block_of("pooling", "pooling", (256,), details))
    blocks.append(block_of("output", "output", (50,), ["sigmoid"], 500))
    inputs = {f"clip {number}: guitar, slow": rng.random(size) for number in range(n_clips)}
    return blocks, inputs, maps


def texts_of(figure):
    texts = [text for ax in figure.axes for text in ax.texts]
    return [text for text in [*texts, *figure.texts] if text.get_text().strip()]


def images_of(figure):
    return [ax.images[0] for ax in figure.axes if ax.images]


@pytest.mark.parametrize(("n_convolutions", "size"), NETWORKS)
def test_a_network_is_drawn_within_the_page_and_without_overlap(n_convolutions, size):
    figure = draw_architecture(*network_of(n_convolutions, size))
    texts = texts_of(figure)
    assert_inside(figure, texts)
    assert not find_touching(texts)


@pytest.mark.parametrize(("n_convolutions", "size"), NETWORKS)
def test_a_network_is_drawn_with_its_input_size_and_number_of_weights(n_convolutions, size):
    figure = draw_architecture(*network_of(n_convolutions, size))
    words = " ".join(" ".join(text.get_text() for text in texts_of(figure)).split())
    assert f"{size[0]}\N{MULTIPLICATION SIGN}{size[1]}" in words
    assert f"{1000 * n_convolutions + 500:,} weights in all" in words


def test_maps_are_turned_so_that_time_runs_to_the_right():
    blocks, inputs, maps = network_of(1, (40, 10), n_clips=1)
    images = images_of(draw_architecture(blocks, inputs, maps))
    assert len(images) == 1 + 3
    (features,), (clip_maps,) = inputs.values(), maps["convolution 1"]
    np.testing.assert_array_equal(images[0].get_array(), features.T)
    np.testing.assert_array_equal(images[2].get_array(), clip_maps[:, :, 1].T)
    assert all(image.origin == "lower" for image in images)


def test_of_many_maps_those_that_differ_most_are_shown():
    blocks, inputs, _ = network_of(1, (40, 10), n_clips=2)
    arrays = np.random.default_rng(0).random((2, 40, 10, 64)) * 0.1
    arrays[:, ::2, :, [20, 30, 40]] += 3  # three that say the same
    arrays[:, :20, :, 50] += 2
    arrays[:, :, :5, 3] += 1
    figure = draw_architecture(blocks, inputs, {"convolution 1": arrays})
    images = [image.get_array() for image in images_of(figure)]
    assert len(images) == 2 * (1 + 3)
    channels = [
        np.abs(arrays[0] - image.T[:, :, None]).sum(axis=(0, 1)).argmin() for image in images[2:5]
    ]
    assert channels[0] in {20, 30, 40}
    assert channels[1:] == [50, 3]
    assert any("3 of 64 maps" in text.get_text() for text in figure.texts)


def history_of(kept, **columns):
    """Return the course of three epochs, of which one was kept."""
    course = {
        "epoch": [1, 2, 3],
        "loss": [0.3, 0.2, 0.1],
        "validation_loss": [0.3, 0.25, 0.26],
        "validation_pr_auc": [0.2, 0.5, 0.4],
        "validation_roc_auc": [0.6, 0.8, 0.8],
    }
    return pd.DataFrame({**course, "kept": [epoch == kept for epoch in (1, 2, 3)], **columns})


def marked_epochs(figure):
    lines = [line for ax in figure.axes for line in ax.get_lines()]
    return sorted(line.get_xdata()[0] for line in lines if line.get_linestyle() == ":")


def test_the_history_marks_the_epoch_that_was_kept_in_both_panels():
    figure = draw_history(history_of(kept=2))
    assert marked_epochs(figure) == [2, 2]
    assert "kept: epoch 2" in legend_labels(figure.axes[0])


def test_the_history_of_several_seeds_marks_the_epoch_of_each():
    histories = [history_of(kept=2, seed=0), history_of(kept=3, seed=1)]
    figure = draw_history(pd.concat(histories))
    assert marked_epochs(figure) == [2, 2, 3, 3]
    assert legend_labels(figure.axes[0]) == ["training", "validation", "kept, each seed"]
