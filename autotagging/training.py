"""Training: batches from the store, one epoch after another, going on after an interruption.

Sigmoid cross-entropy on logits and Adam as in the paper, with a cosine schedule; the epoch with
the highest macro PR-AUC on the validation clips is kept, and training stops where no later one
beats it for a while. All randomness of an epoch follows from the seed and its number, so that a
run that was killed ends as it would have.
"""

import math
import os
import shutil
import time

import keras
import numpy as np
import pandas as pd
from sklearn.metrics import log_loss
from tqdm import tqdm

from autotagging import metrics, models, prediction

EQUALISER_DB = 4.0


class Batches(keras.utils.PyDataset):
    """Features and labels of one epoch, in the order of its seed; a batch is read at a time.

    Parameters
    ----------
    array : ndarray of shape (n_stored_clips, frames, bands)
        Memory-mapped.
    rows : ndarray of shape (n_clips,), int
        The rows of the training clips.
    y_true : ndarray of shape (n_clips, n_tags), bool
    settings : dict
        batch_size, seed, augment (whether batches are augmented).
    epoch : int
        Decides, with the seed, the order and the augmentation.
    """

    def __init__(self, array, rows, y_true, settings, epoch):
        super().__init__()
        self.array, self.rows, self.y_true = array, rows, y_true
        self.augment, self.randomness = settings["augment"], [settings["seed"], epoch]
        order = np.random.default_rng(self.randomness).permutation(len(rows))
        batch_size = settings["batch_size"]
        self.batches = np.split(order, range(batch_size, len(rows), batch_size))

    def __len__(self):
        return len(self.batches)

    def __getitem__(self, index):
        chosen = np.sort(self.batches[index])  # sorted: reads the file from front to back
        x = self.array[self.rows[chosen]].astype(np.float32)  # (batch_size, frames, bands)
        if self.augment:
            x = augment(x, np.random.default_rng([*self.randomness, index]))
        return x, self.y_true[chosen].astype(np.float32)


def augment(x, generator):
    """Return clips as they could have been: begun elsewhere, and mixed otherwise.

    Each clip is shifted round in time by any number of frames; its spectrum is raised or lowered
    by a smooth curve (level, slope and bow across the bands, each of 4 dB standard deviation),
    because an artist's mix says little of the tags.

    Parameters
    ----------
    x : ndarray of shape (n_clips, frames, bands), float32
        Levels in dB.
    generator : numpy.random.Generator

    Returns
    -------
    ndarray of shape (n_clips, frames, bands), float32
    """
    shifts = generator.integers(x.shape[1], size=len(x))
    shifted = np.stack([np.roll(clip, n, axis=0) for clip, n in zip(x, shifts, strict=True)])
    across = np.linspace(-1, 1, x.shape[2])
    curves = np.stack([np.ones_like(across), across, across**2 - 1 / 3])  # (3, bands)
    levels = generator.normal(0, EQUALISER_DB, (len(x), 3)) @ curves  # (n_clips, bands)
    return shifted + levels[:, None, :].astype(np.float32)


def set_seed(seed):
    """Make the weights that a network starts from follow from the seed."""
    keras.utils.set_random_seed(seed)


def band_statistics(array, rows, clips_a_read=256):
    """Return mean and variance of each band over the training clips, read a few at a time.

    Parameters
    ----------
    array : ndarray of shape (n_stored_clips, frames, bands)
    rows : ndarray of int

    Returns
    -------
    mean, variance : ndarray of shape (bands,), float64
        The variance is 1 for a band that never changes.
    """
    total = np.zeros(array.shape[2])
    squares = np.zeros(array.shape[2])
    for start in range(0, len(rows), clips_a_read):
        x = array[np.sort(rows[start : start + clips_a_read])].astype(np.float64)
        total += x.sum(axis=(0, 1))
        squares += np.square(x).sum(axis=(0, 1))
    n = len(rows) * array.shape[1]
    mean = total / n
    variance = squares / n - mean**2
    return mean, np.where(variance > 1e-12, variance, 1.0)


def train(network, array, parts, folder, settings):
    """Train a network, or go on with an interrupted run; return the best epoch's.

    Parameters
    ----------
    network : keras.Model
        Gives logits.
    array : ndarray of shape (n_stored_clips, frames, bands)
    parts : dict
        ``train`` and ``validation`` -> (rows, y_true).
    folder : Path
        Of the run; ``checkpoint/`` below it holds the last and the best epoch.
    settings : dict
        epochs, batch_size, learning_rate, patience, seed, augment, and whatever else decides the
        run.

    Returns
    -------
    network : keras.Model
        As it was after its best epoch.
    history : DataFrame
        A row an epoch: epoch, learning_rate, loss, validation_loss, validation_pr_auc,
        validation_roc_auc, seconds.

    Raises
    ------
    ValueError
        Where the loss is no longer a number, or an interrupted run had other settings.
    """
    checkpoint = folder / "checkpoint"
    checkpoint.mkdir(parents=True, exist_ok=True)
    network, history = _start_or_go_on(network, checkpoint, settings)
    n_batches = math.ceil(len(parts["train"][0]) / settings["batch_size"])
    total = n_batches * settings["epochs"]
    with tqdm(total=total, initial=n_batches * len(history), unit="batch") as progress:
        while len(history) < settings["epochs"] and not _has_stalled(history, settings["patience"]):
            started, clips = time.perf_counter(), (array, *parts["train"])
            row = _train_epoch(network, clips, settings, len(history), progress)
            row |= _validate(network, array, *parts["validation"])
            row["seconds"] = time.perf_counter() - started
            best = max((past["validation_pr_auc"] for past in history), default=-1.0)
            history.append(row)
            state = {"settings": settings, "history": history}
            models.save(checkpoint / "epoch.keras", network, state)
            if row["validation_pr_auc"] > best:
                _replace_by_link(checkpoint / "best.keras", checkpoint / "epoch.keras")
            os.replace(checkpoint / "epoch.keras", checkpoint / "last.keras")
            progress.write(_line(row, settings["epochs"], max(best, row["validation_pr_auc"])))
    network, _ = models.load(checkpoint / "best.keras")
    return network, pd.DataFrame(history)


def _replace_by_link(path, source):
    """Let `path` be the file that `source` is now; a copy only where there are no hard links."""
    part = path.with_name("part")
    part.unlink(missing_ok=True)
    try:
        part.hardlink_to(source)
    except OSError:
        shutil.copyfile(source, part)
    os.replace(part, path)


def _start_or_go_on(network, checkpoint, settings):
    if (checkpoint / "last.keras").exists():
        state = models.read_description(checkpoint / "last.keras")
        if state["settings"] != settings:
            raise ValueError(
                f"{checkpoint} is of an interrupted run with other settings: "
                "train anew with --force, or name another run with --name"
            )
        print(f"going on after epoch {len(state['history'])} of the interrupted run")
        network, _ = models.load(checkpoint / "last.keras")
        return network, state["history"]
    network.compile(
        optimizer=keras.optimizers.Adam(settings["learning_rate"]),
        loss=keras.losses.BinaryCrossentropy(from_logits=True),
    )
    return network, []


def _train_epoch(network, clips, settings, epoch, progress):
    rate = settings["learning_rate"] * (1 + math.cos(math.pi * epoch / settings["epochs"])) / 2
    network.optimizer.learning_rate = rate
    for layer in network.layers:
        if isinstance(layer, keras.layers.Dropout):
            layer.seed_generator.state.assign([settings["seed"], epoch])
    batches = Batches(*clips, settings, epoch)
    step = keras.callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: progress.update())
    fitted = network.fit(batches, shuffle=False, verbose=0, callbacks=[step])
    loss = fitted.history["loss"][0]
    if not math.isfinite(loss):
        raise ValueError(
            f"the loss is no longer a number in epoch {epoch + 1}: "
            f"try a --learning-rate below {settings['learning_rate']}"
        )
    return {"epoch": epoch + 1, "learning_rate": rate, "loss": loss}


def _validate(network, array, rows, y_true):
    scores = prediction.score_clips(network, array, rows)
    averages = metrics.averages(y_true, scores)["macro"]
    return {
        "validation_loss": log_loss(y_true.ravel(), scores.ravel().astype(np.float64)),
        "validation_pr_auc": averages["pr_auc"],
        "validation_roc_auc": math.nan if averages["roc_auc"] is None else averages["roc_auc"],
    }


def _has_stalled(history, patience):
    scores = [row["validation_pr_auc"] for row in history]
    return len(scores) > patience and max(scores[:-patience]) >= max(scores[-patience:])


def _line(row, epochs, best):
    return (
        f"epoch {row['epoch']:3}/{epochs}  loss {row['loss']:.4f}  validation: "
        f"loss {row['validation_loss']:.4f}, ROC-AUC {row['validation_roc_auc']:.4f}, "
        f"PR-AUC {row['validation_pr_auc']:.4f} (best {best:.4f})  {row['seconds']:.1f} s"
    )
