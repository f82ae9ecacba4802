"""A small network on top of a trained one's layer: the two joined, and taken apart.

The head learns from a store of the layer's values (`features.settings.LayerSettings`). Its model
file holds both networks as one that takes spectrograms, so that it tags a song on its own; in it
the head is one layer, and the description says under ``layer`` which store it takes.
"""

from dataclasses import asdict

import keras
import numpy as np
from keras import layers

from autotagging.clips import inventory
from autotagging.features import feature_store
from autotagging.features.spectrogram import extract_file
from autotagging.models import blocks
from autotagging.models.nesting import HEAD


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


def join(backbone, head):
    """Return one network of both.

    Parameters
    ----------
    backbone : keras.Model
        (n_chunks, frames, bands) -> (n_chunks, width).
    head : keras.Model
        (n_chunks, 1, width) -> (n_chunks, n_tags) logits; called `HEAD` from now on.

    Returns
    -------
    keras.Model
        (n_chunks, frames, bands) -> (n_chunks, n_tags) logits.
    """
    head.name = HEAD
    values = layers.Reshape((1, backbone.output_shape[1]), name="one_row")(backbone.output)
    return keras.Model(backbone.input, head(values), name="backbone_and_head")


def fit_to(network, description, settings):
    """Return what of a loaded network takes some features: all of it, its head, or None.

    Parameters
    ----------
    network : keras.Model
    description : dict
        Both from `model_folder.load`.
    settings : FeatureSettings or LayerSettings
        Of the features.
    """
    if description["feature_settings"] == asdict(settings):
        return network
    if description.get("layer") == asdict(settings):
        return network.get_layer(HEAD)
    return None


def read_chunks(data, titles, settings):
    """Return the first chunk of some clips as the network below a head takes it.

    Parameters
    ----------
    data : Path
        The dataset.
    titles : dict
        Title -> clip_id; a clip whose audio is gone, or cannot be read any more, is left out.
    settings : LayerSettings

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
