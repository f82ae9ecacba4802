"""``models/<run>/``: a trained network and what was run to get it.

model.keras   Keras' own format with one more entry, ``autotagging.json``: tags in order, feature
              settings, thresholds, what it was trained on. Normalisation is a layer of the
              network. Tagging a song needs this file and the song.
history.csv   a row an epoch
summary.json  settings, clips, versions, git commit, seconds; written last
checkpoint/   of a run that is not finished
*.png         the network with its maps, the course of training
"""

import contextlib
import dataclasses
import json
import os
import shutil
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.preprocessing import normalize

from autotagging import steps
from autotagging.files import write_table

FILE = "model.keras"
ENTRY = "autotagging.json"
COMPLETE = {"architecture": str, "features": str}  # what a finished run says of itself
COMPLETE |= {"tags": list, "thresholds": list, "feature_settings": dict}


def folder_of(data, run):
    """Return the folder of a run."""
    return Path(data) / "models" / run


def discard_checkpoint(folder):
    """Remove what an interrupted run would have gone on from: it is finished."""
    shutil.rmtree(folder / "checkpoint", ignore_errors=True)


def write(folder, network, description, history):
    """Write ``model.keras`` and ``history.csv``; return what each holds: name -> words.

    Parameters
    ----------
    folder : Path
    network : keras.Model
    description : dict
        Plain values: tags, feature_settings, settings, thresholds, label_set, dataset, note,
        citation.
    history : DataFrame
        A row an epoch.
    """
    save(folder / FILE, network, description)
    write_table(folder / "history.csv", history, index=False)
    return {
        FILE: f"{network.count_params():,} weights, {len(description['tags'])} tags",
        "history.csv": f"{len(history)} epochs",
    }


def read_history(folder):
    """Read ``history.csv``: a DataFrame with a row an epoch; of several runs also with a seed."""
    return pd.read_csv(folder / "history.csv")


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
    if not all(isinstance(described.get(key), kind) for key, kind in COMPLETE.items()):
        raise ValueError(f"{path} is of a run that is not finished: finish it first")
    return path


def name_of(name):
    """Return what a network is called: its run, or the folder or stem of a model file."""
    path = Path(name)
    if path.name == FILE:
        return path.resolve().parent.name
    return path.stem if path.suffix == ".keras" else path.name


def tag_weights(network):
    """Return what a network responds to in each tag: the weights of its last layer.

    Returns
    -------
    ndarray of shape (n_tags, n_inputs)
        Of a mean of networks the weights of all side by side, each as long as the others.
    """
    members = [layer for layer in network.layers if hasattr(layer, "layers")] or [network]
    weights = [member.get_layer("logits").get_weights()[0].T for member in members]
    return weights[0] if len(weights) == 1 else np.hstack([*map(normalize, weights)])


def load_to_start(path, architecture, feature_settings):
    """Load a network for another to start from.

    Parameters
    ----------
    path : Path
        Of a model file, from `find_model`.
    architecture : str
    feature_settings : FeatureSettings
        Of the new one.

    Returns
    -------
    keras.Model

    Raises
    ------
    ValueError
        Where it is of another architecture or of other features.
    """
    network, description = load(path)
    source = description["settings"]
    if source["architecture"] != architecture:
        raise ValueError(f"{path} is of architecture {source['architecture']}, not {architecture}")
    if description["feature_settings"] != dataclasses.asdict(feature_settings):
        raise ValueError(
            f"{path} takes other features: extract {source['features']} as it was trained on, "
            "with 2_feature_extraction.py, and name them with --features"
        )
    return network


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
        For a file that is not a model of this project, or is damaged.
    """
    import keras  # takes seconds, and the rest of the module does without

    description = read_description(path)
    try:
        return keras.saving.load_model(path, safe_mode=True), description
    except (KeyError, ValueError, TypeError, OSError):
        raise ValueError(f"{path} is damaged: train it again with --force") from None


def read_description(path):
    """Read the description alone.

    Raises
    ------
    ValueError
        For a file that is not there or is not a model of this project.
    """
    if not path.exists():
        raise ValueError(f"{path} is missing: run 3_train_cnn.py with --force, or name a model")
    foreign = (zipfile.BadZipFile, KeyError, ValueError, TypeError)
    with contextlib.suppress(*foreign), zipfile.ZipFile(path) as archive:
        description = json.loads(archive.read(ENTRY))
        if isinstance(description["settings"], dict):
            return description
    raise ValueError(f"{path} is not a model of this project: it has no {ENTRY} that is whole")
