"""``models/<run>/``: a trained network and what was run to get it.

model.keras   Keras' own format with one more entry, ``autotagging.json``: tags in order, feature
              settings, thresholds, what it was trained on. Normalisation is a layer of the
              network. Tagging a song needs this file and the song.
history.csv   a row an epoch
run.json      settings, clips, versions, git commit, seconds; written last
checkpoint/   of a run that is not finished
"""

import hashlib
import json
import os
import shutil
import zipfile
from pathlib import Path

import pandas as pd

from autotagging import versions
from autotagging.files import write_whole

ENTRY = "autotagging.json"
MEANINGS = {  # of settings that are checksums
    "labels_sha256": "the label set's clips, parts or tags",
    "features_made_from": "the audio of the clips, or how the features are made",
}


def folder_of(data, run):
    """Return the folder of a run."""
    return Path(data) / "models" / run


def list_runs(data):
    """Return the names of finished runs."""
    return sorted(path.parent.name for path in (Path(data) / "models").glob("*/run.json"))


def is_finished(data, run, settings):
    """Return whether a run is there, trained with these settings.

    Raises
    ------
    ValueError
        Where it was trained with others; the sentence names what differs.
    """
    folder = folder_of(data, run)
    if not (folder / "run.json").exists():
        return False
    check_settings(folder, read_run(data, run)["settings"], settings)
    shutil.rmtree(folder / "checkpoint", ignore_errors=True)  # of a run killed as it was finished
    return True


def check_settings(folder, before, settings):
    """Refuse a run, finished or not, that was trained with other settings.

    Raises
    ------
    ValueError
        Naming what differs and what to do.
    """
    differing = [
        MEANINGS.get(key, key.replace("_", " "))
        for key in settings
        if settings[key] != before.get(key)
    ]
    if differing:
        raise ValueError(
            f"{folder} was trained with other settings ({', '.join(differing)}): "
            "train anew with --force, or name another run with --name"
        )


def discard(data, run):
    """Remove a run, finished or not."""
    if folder_of(data, run).exists():
        shutil.rmtree(folder_of(data, run))


def read_run(data, run):
    """Read ``run.json``: a dict.

    Raises
    ------
    ValueError
        Where there is no such run; the sentence names those that are there.
    """
    path = folder_of(data, run) / "run.json"
    if not path.exists():
        runs = list_runs(data)
        present = f"there are {', '.join(runs)}" if runs else "there are none"
        raise ValueError(
            f"{path.parent} is not a finished run ({present}): run 3_train_cnn.py, "
            "or name another with --model"
        )
    try:
        run = json.loads(path.read_text(encoding="utf-8"))
        run["settings"]["labels"], run["settings"]["labels_sha256"], run["note"]
    except (ValueError, KeyError, TypeError):
        raise ValueError(f"{path} is damaged: run 3_train_cnn.py --force") from None
    return run


def finish(folder, history, facts):
    """Write ``history.csv`` and, last, ``run.json``; remove the checkpoint.

    Parameters
    ----------
    folder : Path
        Of the run.
    history : DataFrame
        A row an epoch.
    facts : dict
        What was run; versions and git commit are added here.
    """
    facts = {**facts, **versions.describe()}
    write_whole(folder / "history.csv", history.to_csv(index=False, lineterminator="\n"))
    write_whole(folder / "run.json", json.dumps(facts, indent=2, allow_nan=False) + "\n")
    shutil.rmtree(folder / "checkpoint", ignore_errors=True)


def describe_run(data, run):
    """Return the note on figures of a run: its name, and what all must know of its data."""
    note = read_run(data, run)["note"]
    return f"{run}. {note}" if note else run


def describe_source(data, run):
    """Return what a figure of a run is made from: its name and the checksum of its network.

    The same training gives the same: neither the date in the model file nor the time that
    training took is a part of it.
    """
    return f"models/{run} {_checksum(folder_of(data, run) / 'model.keras')}"


def _checksum(path):
    checksum = hashlib.sha256()
    with zipfile.ZipFile(path) as archive:
        for entry in ("model.weights.h5", ENTRY):
            checksum.update(archive.read(entry))
    return checksum.hexdigest()


def read_history(data, run):
    """Read ``history.csv``: a DataFrame with a row an epoch; of several runs also with a seed."""
    return pd.read_csv(folder_of(data, run) / "history.csv")


def join_histories(data, runs):
    """Return the histories of several runs as one, with a column seed.

    Parameters
    ----------
    data : Path
    runs : dict
        Seed -> run.
    """
    histories = [read_history(data, run).assign(seed=seed) for seed, run in runs.items()]
    return pd.concat(histories, ignore_index=True)


def path_of(path):
    """Return the model file that a path names: itself, or the one in the folder."""
    return path / "model.keras" if path.is_dir() else path


def describe_file(path):
    """Return what tells a model from others: its folder's name and the checksum of its network."""
    path = path_of(path)
    read_description(path)  # says what is wrong with a file that is no model
    return f"{path.resolve().parent.name} {_checksum(path)}"


def load_to_start(path, about):
    """Load a network for another to start from.

    Parameters
    ----------
    path : Path
        Of a model file or its folder.
    about : dict
        Of the new one: feature_settings, settings.

    Returns
    -------
    keras.Model

    Raises
    ------
    ValueError
        Where it is of another architecture or of other features.
    """
    network, description = load(path_of(path))
    if "feature_settings" not in description:
        raise ValueError(f"{path} is of a run that is not finished: finish it first")
    theirs, ours = description["settings"], about["settings"]
    if theirs["architecture"] != ours["architecture"]:
        raise ValueError(
            f"{path} has another architecture: {theirs['architecture']}, not {ours['architecture']}"
        )
    if description["feature_settings"] != about["feature_settings"]:
        raise ValueError(
            f"{path} takes other features: extract {theirs['features']} as it was trained on, "
            "with 2_feature_extraction.py, and name them with --features"
        )
    return network


def compare_to_scratch(data, run):
    """Return a sentence on how much starting from another network helped.

    The measure is a run of the same settings that did not, where there is one.
    """
    ours = read_run(data, run)
    for name in list_runs(data):
        other = read_run(data, name)
        if other["settings"] == {**ours["settings"], "start_from": None}:
            gain = ours["validation"]["pr_auc"] - other["validation"]["pr_auc"]
            return f"validation PR-AUC {gain:+.4f} against models/{name}, the same from scratch"
    return "to see how much that helped, train the same without --start-from as another --name"


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
        For a file that is not a model of this project.
    """
    import keras  # takes seconds, and the rest of the module does without

    description = read_description(path)
    return keras.saving.load_model(path, safe_mode=True), description


def read_description(path):
    """Read the description alone.

    Raises
    ------
    ValueError
        For a file that is not there or is not a model of this project.
    """
    if not path.exists():
        raise ValueError(f"{path} is missing: run 3_train_cnn.py, or name a trained model")
    try:
        with zipfile.ZipFile(path) as archive:
            return json.loads(archive.read(ENTRY))
    except (zipfile.BadZipFile, KeyError):
        raise ValueError(f"{path} is not a model of this project: it has no {ENTRY}") from None
