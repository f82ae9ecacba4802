"""A run of script 3: a network is trained, its thresholds are chosen, and both are kept.

The figures of a run, its network and the course of its training, are drawn here, too.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from autotagging import metrics, steps
from autotagging.figures import networks, style
from autotagging.formatting import list_left_out, measure, print_all_written, print_up_to_date
from autotagging.models import (
    architectures,
    diagram,
    model_folder,
    prediction,
    training,
    training_settings,
)
from autotagging.thresholds import choose_thresholds


@dataclass(frozen=True)
class Run:
    """What a network is trained with, and what it is trained on.

    Parameters
    ----------
    step : Step
    settings : TrainingSettings
        From `training_settings.resolve`.
    parts : dict
        ``train``, ``validation``, ``test`` -> LabelledClips.
    description : dict
        What its model file says besides settings and thresholds: tags in order, feature_settings,
        label_set, dataset, note, citation.
    example_clips : dict
        Title -> features, ndarray of shape (frames, bands), of the clips in its figure.
    """

    step: steps.Step
    settings: training_settings.TrainingSettings
    parts: dict
    description: dict
    example_clips: dict


def is_done(run):
    """Return whether a run is there as asked for; see `steps.is_finished`."""
    folder = run.step.folder
    if not steps.is_finished(run.step):
        return False
    model_folder.discard_checkpoint(folder)  # of a run killed as it was finished
    draw(run)
    print_up_to_date(folder)
    return True


def train(run, *, start=None, tensorboard=False):
    """Train a network, choose its thresholds on the validation clips, and keep both.

    Parameters
    ----------
    run : Run
    start : keras.Model, optional
        Whose weights it starts from.
    tensorboard : bool
        Write logs to watch.
    """
    print(_describe_task(run))
    with steps.writing(run.step) as summary:
        network, history, stopped = training.train(
            run.step, run.settings, run.parts, start=start, tensorboard=tensorboard
        )
        if stopped:
            print(f"stopped: {stopped}")
        best = int(history.loc[history["kept"], "epoch"].iloc[0])
        summary |= {"stopped": stopped, "best_epoch": best}
        _keep(run, network, history, summary)
        draw(run)
    model_folder.discard_checkpoint(run.step.folder)


def average(run, members):
    """Keep the mean of the scores of some networks as one more network.

    Parameters
    ----------
    run : Run
    members : dict
        Seed -> folder of the network.
    """
    with steps.writing(run.step) as summary:
        trained = [model_folder.load(folder / model_folder.FILE)[0] for folder in members.values()]
        summary["members"] = [folder.name for folder in members.values()]
        history = model_folder.join_histories(members)
        _keep(run, architectures.mean_of(trained), history, summary)
        draw(run)
    model_folder.discard_checkpoint(run.step.folder)  # of one network that had this name


def _keep(run, network, history, summary):
    """Write model and history; add to the summary, and print it."""
    clips, folder = run.parts["validation"], run.step.folder
    scores = prediction.score_clips(network, clips)
    thresholds = choose_thresholds(clips.y_true, scores)
    settings = {"settings": run.step.settings, "thresholds": thresholds.tolist()}
    n_clips, seconds = history[["training_clips", "training_seconds"]].sum()
    written = model_folder.write(folder, network, {**run.description, **settings}, history)
    summary |= {
        **{key: run.description[key] for key in ("dataset", "note")},
        "validation": metrics.averages(clips.y_true, scores)["macro"],
        "clips": {part: len(clips) for part, clips in run.parts.items()},
        "weights": network.count_params(),
        "epochs": len(history),
        "seconds": round(history["seconds"].sum(), 1),
        "seconds_per_epoch": round(history["seconds"].mean(), 2),
        "clips_per_second": round(n_clips / seconds, 1),
    }
    print(_describe_outcome(folder.name, summary))
    print_all_written(folder, written)


def member_folder(folder, seed):
    """Return the folder of one network of several, which differ by their seed."""
    return folder.with_name(f"{folder.name}-seed{seed}")


def draw(run):
    """Draw what is missing of the network with its maps, and of the course of training.

    Of the mean of several networks the first is drawn.
    """
    folder, seed = run.step.folder, run.step.settings["seed"]
    drawn = member_folder(folder, seed[0]) if isinstance(seed, list) else folder

    def draw_network():
        network, _ = model_folder.load(drawn / model_folder.FILE)
        frames = network.input_shape[1]
        batch = np.stack([clip[:frames] for clip in run.example_clips.values()]).astype("float32")
        maps = diagram.convolution_maps(network, batch)
        inputs = dict(zip(run.example_clips, batch, strict=True))
        return networks.draw_architecture(diagram.describe(network), inputs, maps)

    def draw_history():
        return networks.draw_history(model_folder.read_history(folder))

    note = f"{drawn.name}. {run.description['note']}".removesuffix(". ")
    drawings = {"training_history.png": draw_history, "CNN_architecture.png": draw_network}
    style.save_missing(folder, note, drawings)


def _describe_task(run):
    """Return what is trained on what, and the tags that validation can say nothing about."""
    tags, parts, settings = run.description["tags"], run.parts, run.settings
    text = (
        f"training {run.step.folder.name}: {settings.architecture}, {len(tags)} tags, "
        f"{len(parts['train']):,} training and {len(parts['validation']):,} validation clips, "
        f"features {settings.features}, {settings.chunk_frames} frames of a clip"
    )
    y_true = pd.DataFrame(parts["validation"].y_true, columns=tags)
    is_averaged = metrics.are_averaged(y_true.to_numpy())
    on_every_clip = y_true.columns[y_true.all()].tolist()
    left_out = list_left_out("validation", y_true.columns[~is_averaged].tolist(), on_every_clip)
    if not is_averaged.any():
        left_out += "; no tag is left: the epoch with the lowest validation loss is kept"
    return f"{text}\n{left_out}" if left_out else text


def _describe_outcome(name, summary):
    best = summary.get("best_epoch")
    kept = f"best epoch {best} of {summary['epochs']}" if best else "mean"
    return (
        f"{name}, {kept}: validation macro ROC-AUC {measure(summary['validation']['roc_auc'])}, "
        f"PR-AUC {measure(summary['validation']['pr_auc'])}; {summary['weights']:,} weights; "
        f"{summary['seconds_per_epoch']:.1f} s per epoch, "
        f"{summary['clips_per_second']:.0f} clips/s, {summary['seconds']:.0f} s in all"
    )
