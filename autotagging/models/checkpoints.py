"""``models/<run>/checkpoint/``: a training that has begun and is not finished.

begun.json   with which settings and from what
last.keras   network and optimiser after the last finished epoch, with the epochs so far
best.keras   the network after the epoch that would be kept

A finished run that is trained again keeps its network until the new one takes its place.
"""

import json
import os
import shutil

from autotagging import steps
from autotagging.files import write_whole
from autotagging.models import building, model_folder

BEGUN, LAST, BEST = "begun.json", "last.keras", "best.keras"
REMOVED = ".checkpoint.removed"
COLUMNS = {"epoch", "learning_rate", "loss", "training_clips", "training_seconds"}  # of an epoch
COLUMNS |= {"validation_loss", "validation_pr_auc", "validation_roc_auc", "seconds"}


def folder_of(run_folder):
    """Return the folder of a run's checkpoint."""
    return run_folder / "checkpoint"


def is_begun(step):
    """Return whether a training with the settings and inputs of a step was begun."""
    try:
        steps.find_differences(step, _read_begun(folder_of(step.folder)))
    except (OSError, ValueError):
        return False
    return True


def begin(step, folder, *, replaceable=()):
    """Note what a step is begun with, or go on with one that has begun.

    Parameters
    ----------
    step : Step
    folder : Path
        Where that is noted: of a training its checkpoint.
    replaceable : collection of str
        Settings and inputs that may have been others.

    Raises
    ------
    ValueError
        Where it was begun with other settings or inputs, naming them, or cannot be resumed.
    """
    try:
        before = _read_begun(folder)
    except FileNotFoundError:
        if (folder / LAST).exists():
            raise steps.damaged(folder / LAST, f"has no {BEGUN} beside it") from None
        folder.mkdir(parents=True, exist_ok=True)
    except (OSError, ValueError):
        raise steps.damaged(folder / BEGUN) from None
    else:
        steps.find_differences(step, before, replaceable=replaceable, made="begun")
    begun = {"settings": step.settings, "inputs": step.inputs}
    write_whole(folder / BEGUN, json.dumps(begun, indent=2))


def _read_begun(folder):
    path = folder / BEGUN
    begun = json.loads(path.read_text(encoding="utf-8"))
    if not isinstance(begun, dict) or not all(
        isinstance(begun.get(key), dict) for key in ("settings", "inputs")
    ):
        raise ValueError(path)
    return begun


def discard(run_folder):
    """Remove a checkpoint, all of it at once: what was begun is finished, or is begun anew."""
    clean(run_folder)
    if folder_of(run_folder).exists():
        folder_of(run_folder).rename(run_folder / REMOVED)
        clean(run_folder)


def clean(run_folder):
    """Remove what a run that was killed has left of a checkpoint that it removed."""
    shutil.rmtree(run_folder / REMOVED, ignore_errors=True)


def save_epoch(folder, network, history, *, is_best):
    """Keep network and optimiser after an epoch, and the epochs so far."""
    path = folder / "epoch.keras"
    model_folder.save(path, network, {"settings": {}, "history": history})
    if is_best:
        _replace_by_link(folder / BEST, path)
    os.replace(path, folder / LAST)


def _replace_by_link(path, source):
    """Let `path` be the file that `source` is now; a copy only where there are no hard links."""
    part = path.with_name("part")
    part.unlink(missing_ok=True)
    try:
        part.hardlink_to(source)
    except OSError:
        shutil.copyfile(source, part)
    os.replace(part, path)


def read_history(folder):
    """Return the epochs that are finished: a list of dicts, empty where none is.

    Raises
    ------
    ValueError
        Where the checkpoint is damaged.
    """
    path = folder / LAST
    if not path.exists():
        return []
    rows = model_folder.read_description(path).get("history")
    if not isinstance(rows, list) or not rows:
        raise steps.damaged(path)
    if not all(isinstance(row, dict) and row.keys() == COLUMNS for row in rows):
        raise steps.damaged(path)
    if not all(isinstance(value, int | float) for row in rows for value in row.values()):
        raise steps.damaged(path)
    return rows


def restore(folder, network):
    """Give a network that was built and compiled as at its start what the last epoch left.

    Raises
    ------
    ValueError
        Where the checkpoint is damaged, or is of a version with another order of layers.
    """
    best, _ = model_folder.load(folder / BEST)  # damage is said now, not after the training
    if not building.have_same_order(network, best):
        raise steps.damaged(folder / BEST, "was made by another version, of other layers")
    model_folder.load_weights(folder / LAST, network)
    if not int(network.optimizer.iterations):
        raise steps.damaged(folder / LAST, "has lost the state of its optimiser")
