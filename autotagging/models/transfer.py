"""From one network to the next: layers that start as those of a network trained before.

The normalisation of the input belongs to the weights that follow it, and so do the means and
variances that batch normalisation has learnt: few clips in small batches would spoil them. Both
stay as they are unless `new_normalisation` is asked for.
"""

import dataclasses

import keras
import numpy as np

from autotagging.formatting import count
from autotagging.models import building, model_folder

LAST_LAYER = "logits"  # belongs to the tags
INPUT = "normalisation"
DIGITS = 16  # of a SHA-256 that a model keeps


def load(path, architecture, feature_settings):
    """Load a network for another to start from.

    Parameters
    ----------
    path : Path
        Of a model file, from `model_folder.find_model`.
    architecture : str
    feature_settings : FeatureSettings
        Of the new one.

    Returns
    -------
    keras.Model

    Raises
    ------
    ValueError
        Where it is of another architecture or of other features, or the mean of several networks.
    """
    network, description = model_folder.load(path)
    source = description["settings"]
    if source["architecture"] != architecture:
        raise ValueError(f"{path} is of architecture {source['architecture']}, not {architecture}")
    if isinstance(source.get("seed"), list):
        raise ValueError(
            f"{path} is the mean of {len(source['seed'])} networks: name one of them, such as "
            f"{path.parent.name}-seed{source['seed'][0]}"
        )
    if description["feature_settings"] != dataclasses.asdict(feature_settings):
        raise ValueError(
            f"{path} takes other features: extract {source['features']} as it was trained on, "
            "with 2_feature_extraction.py, and name them with --features"
        )
    return network


def statistics_of(network):
    """Return mean and variance of each band that a network normalises by: two (bands,)."""
    layer = network.get_layer(INPUT)
    return tuple(np.asarray(values, np.float64).ravel() for values in (layer.mean, layer.variance))


def take_weights(network, start):
    """Give a network the weights of another's layers but the last.

    Parameters
    ----------
    network, start : keras.Model
        Of one architecture.

    Returns
    -------
    int
        How many weights were taken.

    Raises
    ------
    ValueError
        Where a layer has weights of other shapes.
    """
    sources = {layer.name: layer for layer in start.layers}
    n_taken = 0
    for layer in network.layers:
        if layer.name == LAST_LAYER or not layer.weights:
            continue
        weights = sources[layer.name].get_weights() if layer.name in sources else []
        shapes = [tuple(weight.shape) for weight in layer.weights]
        if [weight.shape for weight in weights] != shapes:
            raise ValueError(
                f"the network to start from is of other layers: {layer.name!r} differs; choose the "
                "architecture, its options and the features it was trained with"
            )
        layer.set_weights(weights)
        n_taken += layer.count_params()
    return n_taken


def hold(network, settings):
    """Let layers that started from another network stay as they are, as the settings say."""
    held = building.list_layers(network, keras.layers.BatchNormalization)
    if settings.new_normalisation:
        held = []
    if settings.freeze:
        held = [layer for layer in network.layers if layer.name != LAST_LAYER]
    for layer in held:
        layer.trainable = False


def abbreviate(checksums):
    """Return the checksums of audio as a model keeps them: a sorted list of str."""
    return sorted({checksum[:DIGITS] for checksum in checksums})


def list_heard(path):
    """Return the checksums of the audio that a network, or one it started from, was trained on.

    Returns
    -------
    list of str or None
        As from `abbreviate`; None where the model file does not say.
    """
    heard = model_folder.read_description(path).get("trained_on")
    is_list = isinstance(heard, list) and all(isinstance(checksum, str) for checksum in heard)
    return heard if is_list else None


def refuse_heard(path, checksums):
    """Refuse a network that was trained on clips that are to judge another.

    Parameters
    ----------
    path : Path
        Of its model file.
    checksums : dict
        Name of a part -> checksums of the audio of its clips.
    """
    heard = list_heard(path)
    if heard is None:
        raise ValueError(
            f"{path} does not say which clips it was trained on, so that it may have heard those "
            "that are to judge the new one: --allow-heard starts from it all the same"
        )
    n_heard = {part: len({*heard} & {*abbreviate(found)}) for part, found in checksums.items()}
    found = [
        f"{n:,} of the {count(len(checksums[part]), f'{part} clip')}" for part, n in n_heard.items() if n
    ]
    if found:
        raise ValueError(
            f"{path} was trained on {' and '.join(found)}, which would judge what it has heard: "
            "start from another network, or say --allow-heard"
        )
