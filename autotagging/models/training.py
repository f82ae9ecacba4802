"""Training: one epoch after another, the best is kept; resuming after an interruption.

Sigmoid cross-entropy on logits and Adam as in the paper. The epoch with the highest macro PR-AUC
on the validation clips is kept (with the lowest loss, where each tag is on all of them or none),
and training stops where no later one beats it for a while. While the learning rate is high the
scores of few validation clips wobble, and the best of many wobbles is luck: epochs before a share
of all (`keep_from`) count only as long as there is no later one. All randomness of an epoch follows
from the seed and its number, and the learning rate from the history, so that a run that was killed
ends as it would have.
"""

import contextlib
import math
import os
import shutil
import time

import keras
import numpy as np
import pandas as pd
from sklearn.metrics import log_loss
from tqdm import tqdm

from autotagging import metrics, steps
from autotagging.formatting import measure
from autotagging.models import architectures, batches, epochs, model_folder, prediction

COLUMNS = {"epoch", "learning_rate", "loss", "training_clips", "training_seconds"}  # of an epoch
COLUMNS |= {"validation_loss", "validation_pr_auc", "validation_roc_auc", "seconds"}
NOT_TRANSFERRED = ("normalisation", "logits")  # of a network that starts from another


def train(step, settings, parts, *, start=None, tensorboard=False):
    """Train a network, or resume an interrupted run; return the best epoch's.

    Parameters
    ----------
    step : Step
        Its folder has ``checkpoint/``, with the last and the best epoch; an interrupted run of
        other settings or inputs is refused.
    settings : TrainingSettings
        From `training_settings.resolve`.
    parts : dict
        ``train`` and ``validation`` -> LabelledClips, to learn from and to choose the epoch by.
    start : keras.Model, optional
        Layers but the last, and but the normalisation, start as those of this network.
    tensorboard : bool
        Write ``tensorboard/`` in the folder.

    Returns
    -------
    network : keras.Model
        As it was after its best epoch.
    history : DataFrame
        A row an epoch: epoch, learning_rate, loss, training_clips (seen), training_seconds,
        validation_loss, validation_pr_auc, validation_roc_auc, seconds (both together), kept.
    stopped : str
        Why training ended before its last epoch; empty where it did not.

    Raises
    ------
    ValueError
        Where the loss is no longer a number in the first epoch, an interrupted run had other
        settings, or there are fewer devices than asked for.
    """
    checkpoint = step.folder / "checkpoint"
    checkpoint.mkdir(parents=True, exist_ok=True)
    make_deterministic(settings)
    with _devices(settings.devices):
        network, history = _start_or_resume(step, checkpoint, settings, parts["train"], start)
    log = step.folder / "tensorboard" if tensorboard else None
    stopped = ""
    n_batches = batches.n_batches(len(parts["train"]), settings)
    done = {"total": n_batches * settings.epochs, "initial": n_batches * len(history)}
    with tqdm(**done, unit="batch") as progress:
        while len(history) < settings.epochs and not stopped:
            stopped = _train_epoch(network, parts, settings, history, progress)
            if not stopped:
                is_best = epochs.best_epoch(history, settings) == len(history) - 1
                state = {"settings": step.settings, "inputs": step.inputs, "history": history}
                _save_epoch(network, checkpoint, state, is_best)
                _report_epoch(progress, history, settings)
                if log:
                    _log(log, history[-1])
    network, _ = model_folder.load(checkpoint / "best.keras")
    kept = epochs.best_epoch(history, settings)
    history = pd.DataFrame(history)
    return network, history.assign(kept=history.index == kept), stopped


def make_deterministic(settings):
    """Make all that is random follow from the seed and, if asked, each operation repeatable."""
    keras.utils.set_random_seed(settings.seed)
    if settings.deterministic and keras.backend.backend() == "tensorflow":
        import tensorflow as tf  # the one backend with such a switch

        tf.config.experimental.enable_op_determinism()


def build(shape, n_tags, statistics, settings):
    """Return a new network.

    Parameters
    ----------
    shape : tuple of int
        (frames, bands) of a chunk.
    n_tags : int
    statistics : tuple of two ndarray of shape (bands,)
        Mean and variance of each band.
    settings : TrainingSettings
    """
    policy = keras.config.dtype_policy()
    if settings.mixed_precision:
        keras.config.set_dtype_policy("mixed_float16")
    try:
        function = architectures.ARCHITECTURES[settings.architecture]
        network = function(shape, n_tags, *statistics, **settings.architecture_options)
    finally:
        keras.config.set_dtype_policy(policy)
    for layer in network.layers:
        if isinstance(layer, keras.layers.BatchNormalization) and settings.devices > 1:
            layer.synchronized = True  # over the clips of all devices
    return network


def transfer_weights(network, start):
    """Give a network the weights of another's layers, but the last and the normalisation.

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
    n_transferred = 0
    for layer in network.layers:
        if layer.name in NOT_TRANSFERRED or not layer.weights:
            continue
        weights = sources[layer.name].get_weights() if layer.name in sources else []
        shapes = [tuple(weight.shape) for weight in layer.weights]
        if [weight.shape for weight in weights] != shapes:
            raise ValueError(
                f"the network to start from is of other layers: {layer.name!r} differs; choose the "
                "architecture, its options and the features it was trained with"
            )
        layer.set_weights(weights)
        n_transferred += layer.count_params()
    return n_transferred


@contextlib.contextmanager
def _devices(number):
    """Place what is built inside on several devices of this machine, each with a share of a batch.

    Raises
    ------
    ValueError
        Where there are fewer.
    """
    if number == 1:
        yield
        return
    if keras.backend.backend() != "tensorflow":
        raise ValueError("--devices needs Keras on TensorFlow: unset KERAS_BACKEND")
    import tensorflow as tf

    found = tf.config.list_logical_devices("GPU") or tf.config.list_logical_devices("CPU")
    if len(found) < number:
        raise ValueError(f"--devices {number} are more than there are: {len(found)}")
    with tf.distribute.MirroredStrategy([device.name for device in found[:number]]).scope():
        yield


def _start_or_resume(step, checkpoint, settings, clips, start):
    last = checkpoint / "last.keras"
    if last.exists():
        history = _read_history(last, step)
        print(f"resuming the interrupted run after epoch {len(history)}")
        model_folder.load(checkpoint / "best.keras")  # damage is said now, not after the training
        network, _ = model_folder.load(last)
        optimizer = getattr(network, "optimizer", None)
        if optimizer is None or not int(optimizer.iterations):
            raise steps.damaged(last, "has lost the state of its optimiser")
        return network, history
    shape = (settings.chunk_frames, clips.array.shape[2])
    statistics = batches.band_statistics(clips)
    network = build(shape, clips.y_true.shape[1], statistics, settings)
    if start is not None:
        n_kept, total = transfer_weights(network, start), network.count_params()
        print(f"kept {n_kept:,} of {total:,} weights; new: {', '.join(NOT_TRANSFERRED)}")
    compile_network(network, settings)
    return network, []


def _read_history(path, step):
    """Read the epochs of an interrupted run; refuse one of other settings, or that is damaged."""
    state = model_folder.read_description(path)
    rows = state.get("history")
    is_whole = isinstance(state.get("inputs"), dict) and isinstance(rows, list) and rows
    if not is_whole or not all(isinstance(row, dict) and row.keys() == COLUMNS for row in rows):
        raise steps.damaged(path)
    if not all(isinstance(value, int | float) for row in rows for value in row.values()):
        raise steps.damaged(path)
    steps.find_differences(step, state)
    return rows


def compile_network(network, settings):
    """Give a network its optimiser and its loss."""
    weight, decay = settings.positive_weight, settings.weight_decay or None
    of_logits = {"from_logits": True, "label_smoothing": settings.label_smoothing}
    loss = keras.losses.BinaryCrossentropy(**of_logits)
    if weight != 1:
        # with gamma 0 the focal loss is cross-entropy, a positive weighing alpha / (1 - alpha)
        balance = {"apply_class_balancing": True, "alpha": weight / (1 + weight), "gamma": 0}
        loss = keras.losses.BinaryFocalCrossentropy(**balance, **of_logits)
    optimizer = keras.optimizers.Adam(settings.learning_rate, weight_decay=decay)
    if settings.mixed_precision:  # Keras would do so itself, but lose its state in a checkpoint
        optimizer = keras.optimizers.LossScaleOptimizer(optimizer)
    network.compile(optimizer=optimizer, loss=loss)


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
    row |= _validate(network, parts["validation"])
    row["seconds"] = time.perf_counter() - started
    history.append(row)
    return ""


def _report_epoch(progress, history, settings):
    row, best = history[-1], history[epochs.best_epoch(history, settings)]
    progress.set_postfix({"loss": row["loss"], "best PR-AUC": best["validation_pr_auc"]})
    progress.write(
        f"epoch {row['epoch']:3}/{settings.epochs}  loss {row['loss']:.4f}  validation: "
        f"loss {row['validation_loss']:.4f}, ROC-AUC {measure(row['validation_roc_auc'])}, PR-AUC "
        f"{measure(row['validation_pr_auc'])} (best {measure(best['validation_pr_auc'])})  "
        f"{row['seconds']:.1f} s"
    )


def _save_epoch(network, checkpoint, state, is_best):
    model_folder.save(checkpoint / "epoch.keras", network, state)
    if is_best:
        _replace_by_link(checkpoint / "best.keras", checkpoint / "epoch.keras")
    os.replace(checkpoint / "epoch.keras", checkpoint / "last.keras")


def _replace_by_link(path, source):
    """Let `path` be the file that `source` is now; a copy only where there are no hard links."""
    part = path.with_name("part")
    part.unlink(missing_ok=True)
    try:
        part.hardlink_to(source)
    except OSError:
        shutil.copyfile(source, part)
    os.replace(part, path)


def _fit(network, clips, settings, history, progress):
    epoch, rate = len(history), epochs.learning_rate(history, settings)
    network.optimizer.learning_rate = rate
    for layer in network.layers:
        if isinstance(layer, keras.layers.Dropout) and layer.rate > 0:
            layer.seed_generator.state.assign([settings.seed, epoch])
    count = keras.callbacks.LambdaCallback(on_train_batch_end=lambda _, logs: progress.update())
    fitted = network.fit(
        batches.Batches(clips, settings, epoch),
        shuffle=False,  # it would draw from a generator that no checkpoint keeps
        verbose=0,
        callbacks=[keras.callbacks.TerminateOnNaN(), count],
    )
    return {"epoch": epoch + 1, "learning_rate": rate, "loss": fitted.history["loss"][0]}


def _validate(network, clips):
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
    import tensorflow as tf  # TensorBoard's files are TensorFlow's, whatever Keras runs on

    with tf.summary.create_file_writer(str(folder)).as_default():
        for name in row.keys() - {"epoch"}:
            tf.summary.scalar(name, row[name], step=row["epoch"])
