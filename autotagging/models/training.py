"""Training: one epoch after another, the best is kept; resuming after an interruption.

Sigmoid cross-entropy on logits and Adam as in the paper. The epoch with the highest macro PR-AUC
on the validation clips is kept (with the lowest loss, where each tag is on all of them or none).
While the learning rate is high the scores of few validation clips wobble, and the best of many
wobbles is luck: epochs before a share of all (`keep_from`) count only as long as there is no later
one. A network that is refit on all clips has none to be judged by, and its last epoch is kept. All
randomness of an epoch follows from the seed and its number, and the learning rate from the history,
so that a run that was killed ends as it would have.
"""

import math
import time

import keras
import numpy as np
import pandas as pd
from sklearn.metrics import log_loss
from tqdm import tqdm

from autotagging import metrics
from autotagging.formatting import measure
from autotagging.models import (
    batches,
    building,
    checkpoints,
    epochs,
    linear_solver,
    model_folder,
    prediction,
    transfer,
)

STRENGTH = "C_times_width"  # of a network that is solved, see `linear_solver`
VALIDATION = ("validation_loss", "validation_pr_auc", "validation_roc_auc")


def train(step, settings, parts, *, start=None, tensorboard=False):
    """Train a network, or resume an interrupted run; return the epoch's that is kept.

    Parameters
    ----------
    step : Step
        Its folder has ``checkpoint/``, with the last and the best epoch; an interrupted run of
        other settings or inputs is refused.
    settings : TrainingSettings
        From `training_settings.resolve`.
    parts : dict
        ``train`` -> LabelledClips to learn from; ``validation`` -> those to choose the epoch by,
        or to watch where `settings.refit` keeps the last; perhaps without them then.
    start : keras.Model, optional
        Layers but the last start as those of this network; see `transfer`.
    tensorboard : bool
        Write ``tensorboard/`` in the folder.

    Returns
    -------
    network : keras.Model
        As it was after the epoch that is kept.
    history : DataFrame
        A row an epoch: epoch, learning_rate, loss, training_clips (seen), training_seconds,
        validation_loss, validation_pr_auc, validation_roc_auc (NaN without validation clips),
        seconds (both together), kept.
    stopped : str
        Why training ended before its last epoch; empty where it did not.

    Raises
    ------
    ValueError
        Where the loss is no longer a number in the first epoch, an interrupted run had other
        settings, or there are fewer devices than asked for; as of `linear_solver.solve`.
    """
    if settings.is_solved:
        return _solve(settings, parts)
    checkpoint = checkpoints.folder_of(step.folder)
    checkpoints.begin(step, checkpoint)
    history = checkpoints.read_history(checkpoint)
    building.make_deterministic(settings)
    with building.devices(settings.devices):
        network = _prepare(settings, parts["train"], start, is_new=not history)
        if history:
            checkpoints.restore(checkpoint, network)
            print(f"resuming the interrupted run after epoch {len(history)}")
    log = step.folder / "tensorboard" if tensorboard else None
    stopped = ""
    n_batches = batches.n_batches(len(parts["train"]), settings)
    done = {"total": n_batches * settings.epochs, "initial": n_batches * len(history)}
    with tqdm(**done, unit="batch") as progress:
        while len(history) < settings.epochs and not stopped:
            stopped = _train_epoch(network, parts, settings, history, progress)
            if not stopped:
                is_best = epochs.best_epoch(history, settings) == len(history) - 1
                checkpoints.save_epoch(checkpoint, network, history, is_best=is_best)
                _report_epoch(progress, history, settings)
                if log:
                    _log(log, history[-1])
    network, _ = model_folder.load(checkpoint / checkpoints.BEST)
    kept = epochs.best_epoch(history, settings)
    history = pd.DataFrame(history)
    return network, history.assign(kept=history.index == kept), stopped


def _solve(settings, parts):
    """Return what `train` does of a network that is solved: its history is one epoch."""
    started = time.perf_counter()
    network, strength = linear_solver.solve(parts["train"], settings)
    row = {"epoch": 1, "learning_rate": math.nan, STRENGTH: strength}
    row |= {"loss": _validate(network, parts["train"])["validation_loss"]}
    row |= {"training_clips": len(parts["train"])}
    row |= {"training_seconds": time.perf_counter() - started}
    row |= _validate(network, parts.get("validation"))
    row |= {"seconds": time.perf_counter() - started, "kept": True}
    return network, pd.DataFrame([row]), ""


def _prepare(settings, clips, start, *, is_new):
    """Return the network as it is before its first epoch, compiled."""
    shape = (settings.chunk_frames, clips.array.shape[2])
    if start is None or settings.new_normalisation:
        statistics = batches.band_statistics(clips)
    else:
        statistics = transfer.statistics_of(start)
    network = building.build(shape, clips.y_true.shape[1], statistics, settings)
    if start is not None:
        n_kept, total = transfer.take_weights(network, start), network.count_params()
        transfer.hold(network, settings)
        n_trained = sum(math.prod(weight.shape) for weight in network.trainable_weights)
        if is_new:
            print(f"kept {n_kept:,} of {total:,} weights; {n_trained:,} are trained")
    building.compile_network(network, settings)
    return network


def _train_epoch(network, parts, settings, history, progress):
    """Train and validate for an epoch, adding to the history; or return why training stops."""
    if epochs.has_stalled(history, settings):
        return f"no better epoch in {settings.patience}"
    started = time.perf_counter()
    row = _fit(network, parts["train"], settings, history, progress)
    if not math.isfinite(row["loss"]):
        reason = f"the loss is no longer a number in epoch {row['epoch']}"
        if not history:
            raise ValueError(f"{reason}: try a --learning-rate below {settings.learning_rate:g}")
        return reason
    row["training_clips"] = settings.repeats * len(parts["train"])
    row["training_seconds"] = time.perf_counter() - started
    row |= _validate(network, parts.get("validation"))
    row["seconds"] = time.perf_counter() - started
    history.append(row)
    return ""


def _report_epoch(progress, history, settings):
    row, best = history[-1], history[epochs.best_epoch(history, settings)]
    values = {"loss": row["loss"]}
    text = f"epoch {row['epoch']:3}/{settings.epochs}  loss {row['loss']:.4f}  "
    if not math.isnan(row["validation_loss"]):
        values["best PR-AUC"] = best["validation_pr_auc"]
        text += (
            f"validation: loss {row['validation_loss']:.4f}, "
            f"ROC-AUC {measure(row['validation_roc_auc'])}, "
            f"PR-AUC {measure(row['validation_pr_auc'])} "
            f"(best {measure(best['validation_pr_auc'])})  "
        )
    progress.set_postfix(values)
    progress.write(f"{text}{row['seconds']:.1f} s")


def _fit(network, clips, settings, history, progress):
    epoch, rate = len(history), epochs.learning_rate(history, settings)
    network.optimizer.learning_rate = rate
    for number, layer in enumerate(building.list_layers(network, keras.layers.Dropout)):
        if layer.rate > 0:  # its state is two words, of which each step adds 1 to the second
            drawn = batches.random_generator(settings.seed, epoch, batches.DROPOUT, number)
            layer.seed_generator.state.assign(drawn.integers(2**32, size=2))
    count = keras.callbacks.LambdaCallback(on_train_batch_end=lambda _, logs: progress.update())
    fitted = network.fit(
        batches.Batches(clips, settings, epoch),
        shuffle=False,  # it would draw from a generator that no checkpoint keeps
        verbose=0,
        callbacks=[keras.callbacks.TerminateOnNaN(), count],
    )
    return {"epoch": epoch + 1, "learning_rate": rate, "loss": fitted.history["loss"][0]}


def _validate(network, clips):
    if clips is None:
        return dict.fromkeys(VALIDATION, math.nan)
    scores = prediction.score_clips(network, clips)
    averages = metrics.averages(clips.y_true, scores)["macro"]
    return {
        "validation_loss": log_loss(
            clips.y_true.ravel(), scores.ravel().astype(np.float64), labels=[False, True]
        ),
        **{
            f"validation_{auc}": math.nan if averages[auc] is None else averages[auc]
            for auc in ("pr_auc", "roc_auc")
        },
    }


def _log(folder, row):
    """Write the numbers of an epoch for TensorBoard."""
    from tensorboard import summary  # its own writer, which needs no TensorFlow

    writer = summary.Writer(str(folder))
    for name in row.keys() - {"epoch"}:
        writer.add_scalar(name, row[name], row["epoch"])
    writer.close()
