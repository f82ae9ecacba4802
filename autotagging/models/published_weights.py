"""Weights of the package musicnn, as TensorFlow 1 kept them -> networks of this project.

Nothing of the package is run. Both have the same layers but for three things: the middle of
`musicnn` lies the other way round there, its pooled features alternate maximum and mean where
here all means come first, and the input is normalised by one value instead of one a band.
"""

import tempfile
from pathlib import Path

import numpy as np

from autotagging.files import read_zip
from autotagging.models import architectures

FILES = (".index", ".data-00000-of-00001")  # of a checkpoint without a stem
EPSILON = 0.001  # of batch normalisation
BATCH_NORMALISATION = ("gamma", "beta", "moving_mean", "moving_variance")


def read(wheel, folder):
    """Read the weights of a checkpoint inside a wheel, without what its optimiser kept.

    Parameters
    ----------
    wheel : Path
    folder : str
        In the wheel.

    Returns
    -------
    dict
        Name of a variable, such as ``conv2d_1/kernel`` -> ndarray.
    """
    import tensorflow as tf

    entries = read_zip(wheel, [f"{folder}/{file}" for file in FILES])
    with tempfile.TemporaryDirectory() as temporary:
        for name, content in entries.items():
            (Path(temporary) / Path(name).name).write_bytes(content)
        reader = tf.compat.v1.train.NewCheckpointReader(f"{temporary}/")
        names = [name for name in reader.get_variable_to_shape_map() if _is_weight(name)]
        return {name: reader.get_tensor(name) for name in names}


def _is_weight(name):
    return "/" in name and "Adam" not in name


def build(published, shape, n_tags, weights):
    """Return a network of this project with published weights.

    Parameters
    ----------
    published : PublishedNetwork
        Its architecture, ``musicnn`` or ``musicnn-vgg``, and options are taken.
    shape : tuple of int
        (frames, bands) of a chunk.
    n_tags : int
    weights : dict
        From `read`.

    Returns
    -------
    keras.Model
    """
    statistics = _input_statistics(weights, shape[1])
    function = architectures.ARCHITECTURES[published.architecture]
    network = function(shape, n_tags, *statistics, **published.options)
    layers = {"musicnn": _of_musicnn, "musicnn-vgg": _of_vgg}[published.architecture](weights)
    for name, values in layers.items():
        network.get_layer(name).set_weights(values)
    return network


def _input_statistics(weights, bands):
    """Return mean and variance of each band that normalise as a batch normalisation does.

    gamma * (x - mean) / sqrt(variance + epsilon) + beta is (x - m) / s with s = sqrt(variance +
    epsilon) / gamma and m = mean - beta * s.
    """
    gamma, beta, mean, variance = (
        values.astype(np.float64).item() for values in _batch_normalisation(weights, 0)
    )
    scale = np.sqrt(variance + EPSILON) / gamma
    return np.full(bands, mean - beta * scale), np.full(bands, scale**2)


def _of_musicnn(weights):
    """Return the weights of each layer of `musicnn`: name -> list of ndarray."""
    layers = {}
    for number in range(1, 9):
        kernel, bias = _dense(weights, "conv2d", number - 1)
        is_front = number <= 5
        layers[f"convolution_{number}"] = [kernel if is_front else kernel.swapaxes(1, 2), bias]
        name = "maps" if number <= 6 else "batch_normalisation"
        layers[f"{name}_{number}"] = _batch_normalisation(weights, number)
    kernel, bias = _dense(weights, "dense", 0)
    order = np.r_[1 : len(kernel) : 2, 0 : len(kernel) : 2]  # all means, then all maxima
    pooled = [values[order] for values in _batch_normalisation(weights, 9)]
    return layers | {
        "batch_normalisation_pooled": pooled,
        "dense": [kernel[order], bias],
        "batch_normalisation_dense": _batch_normalisation(weights, 10),
        "logits": _dense(weights, "dense", 1),
    }


def _of_vgg(weights):
    """Return the weights of each layer of `musicnn-vgg`: name -> list of ndarray."""
    layers = {"logits": _dense(weights, "dense", 0)}
    for number in range(1, 6):
        layers[f"convolution_{number}"] = [weights[f"{number}CNN/{p}"] for p in ("kernel", "bias")]
        layers[f"maps_{number}"] = _batch_normalisation(weights, number)
    return layers


def _batch_normalisation(weights, number):
    name = _numbered("batch_normalization", number)
    return [weights[f"{name}/{part}"] for part in BATCH_NORMALISATION]


def _dense(weights, kind, number):
    return [weights[f"{_numbered(kind, number)}/{part}"] for part in ("kernel", "bias")]


def _numbered(name, number):
    """Return the name of a layer as TensorFlow 1 numbered them: the first has no number."""
    return f"{name}_{number}" if number else name
