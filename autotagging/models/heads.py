"""A small network on top of layers of trained ones: all joined, and taken apart.

The head learns from a store of a layer's values, or from several side by side. Its model file
holds all networks as one that takes spectrograms, so that it tags a song on its own; in it each is
one layer, and the description says under ``layers`` which values the head takes.
"""

import re
from dataclasses import asdict

import keras
import numpy as np
from keras import layers

from autotagging.clips import inventory
from autotagging.features import feature_store
from autotagging.features.spectrogram import extract_file
from autotagging.models import blocks
from autotagging.models.nesting import HEAD, take_apart


def linear(shape, n_tags, mean, variance):
    """Return a logit a tag of a layer's values: logistic regression, which `linear_solver` solves.

    For a layer of 200 values and 50 tags 10,050 weights.

    Parameters
    ----------
    shape : tuple of int
        (1, width): a chunk is one row of values.
    n_tags : int
    mean, variance : ndarray of shape (width,)
        Of the training clips.

    Returns
    -------
    keras.Model
        (n_clips, 1, width) -> (n_clips, n_tags) logits.
    """
    inputs, x = blocks.normalised_values(shape, mean, variance)
    logits = layers.Dense(n_tags, name="logits", dtype="float32")(x)
    return keras.Model(inputs, logits, name="linear")


def mlp(shape, n_tags, mean, variance, *, dropout=0.5, units=256):
    """Return a network of one hidden layer, to learn from the values of another network's layer.

    Source: the probe of the literature, such as Castellon, Donahue and Liang, "Codified audio
    language modeling learns useful representations for music information retrieval", ISMIR 2021.
    For a layer of 200 values and 50 tags 64,306 weights.

    Parameters
    ----------
    shape : tuple of int
        (1, width): a chunk is one row of values.
    n_tags : int
    mean, variance : ndarray of shape (width,)
        Of the training clips.
    dropout : float
        Before the output.
    units : int
        Of the hidden layer.

    Returns
    -------
    keras.Model
        (n_clips, 1, width) -> (n_clips, n_tags) logits.
    """
    inputs, x = blocks.normalised_values(shape, mean, variance)
    x = layers.Dense(units, activation="relu", name="hidden")(x)
    return blocks.to_logits(inputs, x, n_tags, dropout, "mlp")


def join(backbones, head):
    """Return one network of all.

    Parameters
    ----------
    backbones : dict
        Name -> keras.Model, (n_chunks, frames, bands) -> (n_chunks, width); numbered and called so
        from now on, with the letters that TensorFlow allows.
    head : keras.Model
        (n_chunks, 1, all widths) -> (n_chunks, n_tags) logits; called `HEAD` from now on.

    Returns
    -------
    keras.Model
        (n_chunks, frames, bands) -> (n_chunks, n_tags) logits.
    """
    head.name = HEAD
    for number, (name, backbone) in enumerate(backbones.items(), 1):
        backbone.name = f"network_{number}_{re.sub(r'[^A-Za-z0-9_.-]', '_', name)}"
    backbones = list(backbones.values())
    inputs = layers.Input(backbones[0].input_shape[1:], name="features")
    values = [backbone(inputs) for backbone in backbones]
    values = layers.Concatenate(name="side_by_side")(values) if len(values) > 1 else values[0]
    row = layers.Reshape((1, values.shape[1]), name="one_row")(values)
    return keras.Model(inputs, head(row), name="layers_and_head")


def fit_to(network, description, settings):
    """Return what of a loaded network takes some features: all of it, its head, or None.

    Parameters
    ----------
    network : keras.Model
    description : dict
        Both from `model_folder.load`.
    settings : FeatureSettings, LayerSettings or JoinedSettings
        Of the features.
    """
    if settings.layers:
        of_head = description.get("layers") == list(map(asdict, settings.layers))
        return take_apart(network)[1] if of_head else None
    return network if description["feature_settings"] == asdict(settings) else None


def read_chunks(data, titles, settings):
    """Return the first chunk of some clips as the network below a head takes it.

    Parameters
    ----------
    data : Path
        The dataset.
    titles : dict
        Title -> clip_id; a clip whose audio is gone, or cannot be read any more, is left out.
    settings : LayerSettings or JoinedSettings

    Returns
    -------
    dict
        Title -> ndarray of shape (chunk_frames, bands), float16.
    """
    files, chunks = inventory.read_clips(data)["file"], {}
    for title, clip_id in titles.items():
        try:
            features, sound = extract_file(data / files[clip_id], settings.spectrogram)
        except (OSError, ValueError):
            continue  # for a figure alone
        seconds = np.array([len(sound.samples) / settings.spectrogram.sample_rate])
        length = feature_store.count_frames(seconds, settings.spectrogram).item()
        shape = settings.chunk_frames, features.shape[1]
        chunks[title] = np.resize(features[: min(length, shape[0])], shape)
    return chunks
