"""Scores of clips by networks that have heard none of their artists: one network a fold."""

import contextlib
import os
import shutil
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
from tqdm import tqdm

from autotagging import steps
from autotagging.files import write_array, write_table
from autotagging.models import checkpoints, prediction, training

N_FOLDS = 5


def score_fold(folder, name, settings, parts, held_out, *, start=None):
    """Train a network and return its scores of clips that it has not learnt from.

    Parameters
    ----------
    folder : Path
        Where scores and epochs are kept, and the training until it is finished: called again, it
        goes on.
    name : str
        Of the fold.
    settings : TrainingSettings
    parts : dict
        As for `training.train`, which is silent here.
    held_out : LabelledClips
    start : keras.Model, optional

    Returns
    -------
    scores : ndarray of shape (n_clips, n_tags), float32
    history : DataFrame
        A row an epoch.
    """
    path, history_path = folder / f"scores-{name}.npy", folder / f"history-{name}.csv"
    step = steps.Step(folder / f"training-{name}", asdict(settings), {})
    if not path.exists():
        with Path(os.devnull).open("w") as nowhere, contextlib.redirect_stdout(nowhere):
            network, history, _ = training.train(step, settings, parts, start=start)
        write_table(history_path, history, index=False)
        write_array(path, prediction.score_clips(network, held_out))
    shutil.rmtree(step.folder, ignore_errors=True)
    types = {**dict.fromkeys(checkpoints.COLUMNS, float), "kept": bool}
    history = steps.read_table(history_path, na_values=[""], usecols=list(types), dtype=types)
    return steps.read_array(path, held_out.y_true.shape), history


def score_out_of_fold(folder, settings, clips, folds, *, start=None):
    """Return scores of all clips, each by the network that has not learnt from its fold.

    Parameters
    ----------
    folder : Path
        As of `score_fold`.
    settings : TrainingSettings
        The network of each fold has a seed of its own.
    clips : LabelledClips
    folds : list of ndarray of int
        Positions of the clips of each fold, from `folds_by_artist`.
    start : keras.Model, optional

    Returns
    -------
    scores : ndarray of shape (n_clips, n_tags), float32
    histories : list of DataFrame
        A row an epoch, the clips held out in the place of validation.
    """
    scores = np.empty(clips.y_true.shape, dtype=np.float32)
    histories = []
    for number, held_out in enumerate(tqdm(folds, unit="fold")):
        learnt = np.setdiff1d(np.arange(len(clips)), held_out)
        parts = {"train": clips.take(learnt), "validation": clips.take(held_out)}
        own = replace(settings, seed=(N_FOLDS * settings.seed + number) % 2**32)
        name = f"fold{number}"
        scores[held_out], history = score_fold(
            folder, name, own, parts, parts["validation"], start=start
        )
        histories.append(history)
    return scores, histories
