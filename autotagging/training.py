"""Training: batches from the store, one epoch after another, going on after an interruption.

Sigmoid cross-entropy on logits and Adam as in the paper, with a cosine schedule; the epoch with
the highest macro PR-AUC on the validation clips is kept, and training stops where no later one
beats it for a while. All randomness of an epoch follows from the seed and its number, so that a
run that was killed ends as it would have.
"""

import math
import time

import keras
import numpy as np
import pandas as pd
from sklearn.metrics import log_loss
from tqdm import tqdm

from autotagging import metrics, models, prediction


class Batches(keras.utils.PyDataset):
    """Features and labels of one epoch, in the order of its seed; a batch is read at a time.

    Parameters
    ----------
    array : ndarray of shape (n_stored_clips, frames, bands)
        Memory-mapped.
    rows : ndarray of shape (n_clips,), int
        The rows of the training clips.
    y_true : ndarray of shape (n_clips, n_tags), bool
    batch_size : int
    generator : numpy.random.Generator
        Decides the order.
    """

    def __init__(self, array, rows, y_true, batch_size, generator):
        super().__init__()
        self.array, self.rows, self.y_true = array, rows, y_true
        order = generator.permutation(len(rows))
        self.batches = np.split(order, range(batch_size, len(rows), batch_size))

    def __len__(self):
        return len(self.batches)

    def __getitem__(self, index):
        chosen = np.sort(self.batches[index])  # sorted: reads the file from front to back
        x = self.array[self.rows[chosen]].astype(np.float32)  # (batch_size, frames, bands)
        return x, self.y_true[chosen].astype(np.float32)


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
        epochs, batch_size, learning_rate, patience, seed, and whatever else decides the run.

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
            if row["validation_pr_auc"] > best:
                models.save(checkpoint / "best.keras", network, {"epoch": row["epoch"]})
            state = {"settings": settings, "history": history}
            models.save(checkpoint / "last.keras", network, state)
            progress.write(_line(row, settings["epochs"], max(best, row["validation_pr_auc"])))
    network, _ = models.load(checkpoint / "best.keras")
    return network, pd.DataFrame(history)


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
    generator = np.random.default_rng([settings["seed"], epoch])
    batches = Batches(*clips, settings["batch_size"], generator)
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
