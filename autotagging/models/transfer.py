"""From one network to the next: layers that start as those of a network trained before.

The normalisation of the input belongs to the weights that follow it, and so do the means and
variances that batch normalisation has learnt: few clips in small batches would spoil them. Both
stay as they are unless `new_normalisation` is asked for.
"""

import dataclasses
from pathlib import Path

import keras
import numpy as np

from autotagging import steps
from autotagging.features import feature_store, side_by_side
from autotagging.models import building, heads, model_folder

LAST_LAYER = "logits"  # belongs to the tags
INPUT = "normalisation"
JOINT = "training and validation"  # what judges a network that is refit
WITHOUT_WEIGHTS = ("pooling", "pools")  # options of networks whose weights fit all the same


@dataclasses.dataclass(frozen=True)
class Source:
    """A trained network that another starts from, or stands on.

    Parameters
    ----------
    path : Path
        Of its model file.
    network : keras.Model
    description : dict
        In its model file.
    heard : set of str or None
        Shortened checksums of the audio that it, or what it started from, was trained on; None
        where that is not known.
    """

    path: Path
    network: keras.Model
    description: dict
    heard: set | None


def open_source(path, settings, store, mtt_training_clips=None):
    """Load a network for another to start from: Source.

    Parameters
    ----------
    path : Path
        Of a model file, from `published.find_model`.
    settings : TrainingSettings
    store : FeatureStore
        Both of the new network.
    mtt_training_clips : Index of str, optional
        As of `model_folder.heard_by`.

    Raises
    ------
    ValueError
        Where it is of another architecture, chunk or features, or the mean of several networks.
    """
    loaded, description = model_folder.load(path)
    network = heads.fit_to(loaded, description, store.settings)
    made_with, architecture = description["settings"], settings.architecture
    if made_with["architecture"] != architecture:
        raise ValueError(
            f"{path} is of architecture {made_with['architecture']}, not {architecture}: choose it "
            "with --architecture"
        )
    if isinstance(made_with.get("seed"), list) and made_with["seed"]:
        raise ValueError(
            f"{path} is the mean of {len(made_with['seed'])} networks: start from one of them, as "
            f"{model_folder.name_of(path)}-seed{made_with['seed'][0]}"
        )
    for option in WITHOUT_WEIGHTS:
        if made_with.get(option) != getattr(settings, option):
            raise ValueError(
                f"{path} was made with {option} {made_with.get(option)}, not "
                f"{getattr(settings, option)}: choose the same"
            )
    if network is None:
        raise ValueError(
            f"{path} takes other features: extract {made_with['features']} as it was trained on, "
            "with 2_feature_extraction.py, and name them with --features"
        )
    heard = model_folder.heard_by(description, store.audio, mtt_training_clips)
    return Source(path, network, description, heard)


def open_backbones(data, name, layers, audio, mtt_training_clips=None):
    """Open the networks whose layers a head learns from: their networks end in these layers.

    Parameters
    ----------
    data : Path
    name : str
        Of the store, or of several side by side.
    layers : tuple of LayerSettings
        Of these stores.
    audio : Series of str
        The SHA-256 of the clips' audio, by clip_id.
    mtt_training_clips : Index of str, optional
        As of `model_folder.heard_by`.

    Returns
    -------
    list of Source
        Empty for a store of spectrograms.

    Raises
    ------
    ValueError
        Where the network that a store keeps is gone, damaged or another one.
    """
    folders, backbones = side_by_side.folders_of(data, name) if layers else [], []
    for folder, settings in zip(folders, layers, strict=True):
        path = folder / feature_store.NETWORK
        if not path.is_file() or steps.checksum(path) != settings.checksum:
            raise steps.damaged(path, "is gone, or not the network that the features are of")
        network, description = model_folder.load(path)
        network = keras.Model(network.input, network.get_layer(settings.layer).output)
        heard = model_folder.heard_by(description, audio, mtt_training_clips)
        backbones.append(Source(path, network, description, heard))
    return backbones


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
        Where a layer has weights of other shapes, or layers come in another order.
    """
    if not building.have_same_order(network, start):
        raise ValueError(
            "the network to start from was made by another version, with its layers in another "
            "order: train it again"
        )
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


def list_heard(audio, *sources):
    """Return what a network has heard in training, as its model file keeps it.

    Parameters
    ----------
    audio : iterable of str
        The SHA-256 of each clip's audio.
    sources : Source
        What the network started from, or stands on.

    Returns
    -------
    list of str
        Shortened checksums, sorted, and what the sources say besides.
    """
    before = [model_folder.list_heard(source.description) or set() for source in sources]
    return sorted({*map(model_folder.shorten, audio)}.union(*before))


def refuse_heard(source, judges):
    """Refuse a network that was trained on clips that are to judge another.

    Parameters
    ----------
    source : Source
        What another network starts from, or stands on.
    judges : dict
        Words -> LabelledClips.

    Raises
    ------
    ValueError
        Saying how many it has heard, or that this is not known.
    """
    if source.heard is None:
        known = model_folder.list_heard(source.description)
        of_mtt = f"was trained on {model_folder.MTT_BY_FOLDER}, which are not told apart here"
        problem = of_mtt if known else "does not say which clips it was trained on"
        raise ValueError(
            f"{source.path} {problem}, so that it may have heard those that judge the new "
            "network: --allow-heard takes it all the same"
            + (", and so does --split folders in script 1" if known else "")
        )
    words = []
    for part, clips in judges.items():
        n_heard = sum(model_folder.shorten(checksum) in source.heard for checksum in clips.audio)
        if n_heard:
            words.append(f"{n_heard:,} of {len(clips):,} {part} clips")
    less = ", or let validation clips judge alone with --no-refit" if JOINT in judges else ""
    if words:
        raise ValueError(
            f"{source.path} was trained on {' and '.join(words)}, which could not judge the new "
            "network: take another one, or allow it with --allow-heard" + less
        )
