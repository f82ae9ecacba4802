"""``models/<run>/``: a trained network and what was run to get it.

model.keras   Keras' own format with one more entry, ``autotagging.json``: tags in order, feature
              settings, thresholds, what it was trained on. Normalisation is a layer of the
              network. Tagging a song needs this file and the song.
history.csv   a row an epoch
out_of_fold.npy
              of a network that was refit: (n_clips, n_tags), the scores of training clips, then
              validation clips, by networks that had not learnt from them
summary.json  settings, clips, versions, git commit, seconds; written last
checkpoint/   of a training that is not finished, see `checkpoints`
*.png         the network with its maps, the course of training
"""

import argparse
import contextlib
import json
import math
import os
import re
import warnings
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd

from autotagging import options, steps, versions
from autotagging.files import read_zip, write_array, write_table
from autotagging.formatting import count
from autotagging.models import nesting

MTT_BY_FOLDER = "MagnaTagATune, folders 0 to b"  # among checksums: of audio not at hand
FILE, OUT_OF_FOLD = "model.keras", "out_of_fold.npy"
ENTRY = "autotagging.json"
CONFIG, METADATA, WEIGHTS = "config.json", "metadata.json", "model.weights.h5"  # Keras' entries
COMPLETE = {"architecture": str, "features": str}  # what a finished run says of itself
COMPLETE |= {"tags": list, "thresholds": list, "feature_settings": dict}
NO_DESCRIPTION = (LookupError, RecursionError, TypeError, ValueError)  # JSON of another form
# Of what the networks are made: Keras would let a file name any class of its own, some of which
# read other files, ask servers, or unpickle.
LAYERS = {"Functional", "InputLayer", "Normalization", "Reshape", "ZeroPadding2D", "Conv2D"}
LAYERS |= {"BatchNormalization", "ReLU", "Activation", "MaxPooling2D", "GlobalAveragePooling2D"}
LAYERS |= {"GlobalMaxPooling2D", "Flatten", "Dense", "Dropout", "Add", "Average", "Concatenate"}
OPERATIONS = {"Concatenate", "Mean", "Std", "Clip", "Log", "Subtract", "__keras_tensor__"}
PARTS = {"DTypePolicy", "GlorotUniform", "RandomNormal", "Zeros", "Ones"}


def folder_of(data, run):
    """Return the folder of a run."""
    return Path(data) / "models" / run


def write(folder, network, description, history):
    """Write ``model.keras`` and ``history.csv``; return what each holds: name -> words.

    Parameters
    ----------
    folder : Path
    network : keras.Model
    description : dict
        Plain values: tags, feature_settings, settings, thresholds, label_set, dataset, note,
        citation; layers, of a network with a head, of which values the head takes.
    history : DataFrame
        A row an epoch.
    """
    save(folder / FILE, network, description)
    write_table(folder / "history.csv", history, index=False)
    return {
        FILE: f"{network.count_params():,} weights, {len(description['tags'])} tags",
        "history.csv": count(len(history), "epoch"),
    }


def write_out_of_fold(folder, scores):
    """Write the out-of-fold scores of a network; return what they are: name -> words."""
    write_array(folder / OUT_OF_FOLD, scores)
    return {OUT_OF_FOLD: f"{len(scores):,} clips, scored by networks not trained on them"}


def read_history(folder):
    """Read ``history.csv``: a DataFrame with a row an epoch; of several runs also with a seed."""
    return steps.read_table(folder / "history.csv", na_values=[""])


def join_histories(folders):
    """Return the histories of several runs as one, with a column seed.

    Parameters
    ----------
    folders : dict
        Seed -> folder of the run.
    """
    histories = [read_history(folder).assign(seed=seed) for seed, folder in folders.items()]
    return pd.concat(histories, ignore_index=True)


def find_model(data, name):
    """Return the model file that a name means: a run of the dataset, or a file or its folder.

    Raises
    ------
    ValueError
        Where the run is not finished, or there is neither, or it is no model of this project.
    """
    folder, path = folder_of(data, name), Path(name)
    if len(path.parts) == 1 and (folder.exists() or not path.exists()):
        steps.read_summary(folder)
        path = folder
    path = path / FILE if path.is_dir() else path
    description = read_description(path)
    described = {**description, **description["settings"]}
    if not described.keys() >= COMPLETE.keys():
        raise ValueError(f"{path} is of a run that is not finished: finish it first")
    with contextlib.suppress(ValueError):
        json.dumps(described, allow_nan=False)  # as summaries repeat it
        if _is_plausible(described):
            return path
    raise _foreign(path)


def _is_plausible(described):
    """Return whether a description holds what its names say."""
    if not all(isinstance(described[key], kind) for key, kind in COMPLETE.items()):
        return False
    tags, thresholds = described["tags"], described["thresholds"]
    return (
        described["architecture"].isprintable()
        and all(isinstance(tag, str) and tag and tag.isprintable() for tag in tags)
        and len(set(tags)) == len(tags) == len(thresholds) > 0
        and all(isinstance(value, float) and math.isfinite(value) for value in thresholds)
        and _is_name(described["features"], options.joined_names)
        and _is_name(described.get("labels", "none"), options.name)
    )


def _is_name(value, kind):
    """Return whether a value names a folder of the dataset, or several, and is no way out of it."""
    with contextlib.suppress(argparse.ArgumentTypeError):
        return isinstance(value, str) and bool(kind(value))
    return False


def shorten(checksum):
    """Return the checksum of a clip's audio as a model file keeps it: its first 16 digits."""
    return checksum[:16]


def heard_by(description, audio, mtt_training_clips=None):
    """Return the shortened checksums of what a network was trained on: a set; None if unknown.

    Parameters
    ----------
    description : dict
    audio : Series of str
        The SHA-256 of the clips at hand, by clip_id.
    mtt_training_clips : Index of str, optional
        Those in MagnaTagATune's folders 0 to b, which published networks were trained on; None
        where that is not known, see `label_sets.list_mtt_training_clips`.
    """
    heard = list_heard(description)
    if heard is not None and MTT_BY_FOLDER in heard:
        if mtt_training_clips is None:
            return None
        heard |= {shorten(audio[clip_id]) for clip_id in mtt_training_clips if clip_id in audio}
    return heard


def list_heard(description):
    """Return what a description says of training, checksums and `MTT_BY_FOLDER`: a set or None."""
    heard = description.get("trained_on")
    is_known = isinstance(heard, list) and all(isinstance(checksum, str) for checksum in heard)
    return {*heard} if is_known else None


def name_of(name):
    """Return what a network is called: its run, or the folder or stem of a model file."""
    path = Path(name)
    if path.name == FILE:
        return path.resolve().parent.name
    return path.stem if path.suffix == ".keras" else path.name


def tag_weights(network):
    """Return what a network responds to in each tag: the weights of its last layer, or its head's.

    Returns
    -------
    ndarray of shape (n_tags, n_inputs)
        Of a mean of networks the weights of all side by side, each as long as the others.
    """
    from sklearn.preprocessing import normalize  # takes a second, and other scripts do without

    weights = [one.get_layer("logits").get_weights()[0].T for one in nesting.list_members(network)]
    return weights[0] if len(weights) == 1 else np.hstack([*map(normalize, weights)])


def save(path, network, description):
    """Save a network with its description, whole or not at all.

    Parameters
    ----------
    path : Path
        Ending in ``.keras``.
    network : keras.Model
    description : dict
        Plain values, for JSON.
    """
    part = path.with_name(f"{path.stem}.part.keras")  # Keras insists on the ending
    network.save(part)
    with zipfile.ZipFile(part, "a") as archive:
        archive.writestr(ENTRY, json.dumps(description))
    os.replace(part, path)


def load(path):
    """Load a network and its description; nothing in the file is run.

    Raises
    ------
    ValueError
        For a file that is not a model of this project, or is damaged, or was saved by a version
        of Keras that this one cannot read.
    """
    description = read_description(path)
    entries = _read_entries(path)
    try:
        config = json.loads(entries[CONFIG])
        config.pop("compile_config", None)  # of a checkpoint; nothing is made of it
        _check_config(config, len(entries[WEIGHTS]))
        network = _load_network(path)
    except _list_errors() as error:
        problem = str(error) if isinstance(error, UnsafeNetworkError) else "is damaged"
        raise unusable(path, problem) from None
    if "tags" in description and not _has_tags(network, description["tags"]):
        raise unusable(path, "has a network of other tags")
    if "layers" in description and not nesting.take_apart(network)[0]:
        raise unusable(path, "has a network without the head that it describes")
    return network, description


def load_weights(path, network):
    """Give a network, and its optimiser, the weights in a model file; see `load`."""
    _read_entries(path)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of an optimiser that the file lacks
            network.load_weights(path)
        _check_finite(network)
    except _list_errors():
        raise unusable(path, "is damaged") from None


class UnsafeNetworkError(ValueError):
    """A network that is made of what no network of this project is."""


def _read_entries(path):
    try:
        entries = read_zip(path)
    except ValueError:
        entries = {}
    if set(entries) != {CONFIG, METADATA, WEIGHTS, ENTRY}:
        raise unusable(path, "is damaged")
    return entries


def _check_config(config, n_bytes):
    """Refuse a network of other classes, or of layers larger than all weights of the file."""
    found = [config]
    while found:
        value = found.pop()
        children = value.values() if isinstance(value, dict) else value
        found += [child for child in children if isinstance(child, dict | list)]
        if isinstance(value, dict):
            if "class_name" in value and value["class_name"] not in LAYERS | OPERATIONS | PARTS:
                raise UnsafeNetworkError(
                    f"holds {str(value['class_name'])[:40]!r}, which no network here is made of"
                )
            if max(value.get("filters") or 0, value.get("units") or 0) > n_bytes:
                raise UnsafeNetworkError("describes a layer larger than all its weights")


def _load_network(path):
    import keras  # takes seconds, and the rest of the module does without

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of how other versions keep weights
        network = keras.saving.load_model(path, safe_mode=True, compile=False)
    _check_finite(network)
    _, frames, bands = network.input_shape
    network(np.zeros((1, frames, bands), np.float32))  # as far as it can be computed
    return network


def _check_finite(network):
    if not all(np.isfinite(weight).all() for weight in network.get_weights()):
        raise ValueError("weights that are no numbers")


def _list_errors():
    """Return what Keras and what computes for it raise where a file is not as it should be."""
    import keras

    errors = (ArithmeticError, AttributeError, LookupError, MemoryError, OSError, RuntimeError)
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        errors += (tf.errors.OpError,)
    return (*errors, TypeError, ValueError)


def _has_tags(network, tags):
    """Return whether a network ends in a logit a tag, from the layer that is called so."""
    try:
        return network.output_shape == (None, len(tags)) and len(tag_weights(network)) == len(tags)
    except (LookupError, ValueError):  # no such layer, or one without weights
        return False


def unusable(path, problem):
    """Return the error about a model file that cannot be used; it tells versions of Keras."""
    told = f"this is Keras {versions.of(['keras'])['keras']}"
    with contextlib.suppress(*NO_DESCRIPTION):
        saved_by = json.loads(read_zip(path, [METADATA])[METADATA])["keras_version"]
        if re.fullmatch(r"[\w.+-]{1,20}", saved_by):
            told = f"it was saved by Keras {saved_by}, {told}"
    remedy = "make it again with --force, or name another model"
    return ValueError(f"{path} {problem}: {remedy} ({told})")


def _foreign(path):
    return unusable(path, f"is not a model of this project: it has no {ENTRY} that is whole")


def read_description(path):
    """Read the description alone.

    Raises
    ------
    ValueError
        For a file that is not there or is not a model of this project.
    """
    if not path.is_file():
        raise ValueError(f"{path} is missing: run 3_train_cnn.py with --force, or name a model")
    with contextlib.suppress(*NO_DESCRIPTION):
        description = json.loads(read_zip(path, [ENTRY])[ENTRY])
        if isinstance(description["settings"], dict):
            return description
    raise _foreign(path)
