"""A run of script 3: a network is trained, its thresholds are chosen, and both are kept.

The figures of a run, its network and the course of its training, are drawn here, too.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from autotagging import metrics, steps
from autotagging.figures import networks, style
from autotagging.formatting import list_left_out, measure, print_all_written, print_up_to_date
from autotagging.labels.folds import folds_of_few
from autotagging.models import (
    architectures,
    checkpoints,
    diagram,
    heads,
    held_out,
    model_folder,
    nesting,
    prediction,
    training,
    training_settings,
    transfer,
)
from autotagging.thresholds import choose_thresholds

JUDGED_BY = {  # what thresholds and averages in the summary of a run come from, by `refit`
    False: "validation clips",
    True: "out-of-fold scores of training and validation clips",
}


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
    source : Source, optional
        What the network starts from, see `transfer`.
    description : dict
        What its model file says besides settings and thresholds: tags in order, feature_settings,
        label_set, dataset, note, citation; layers, of a head.
    example_clips : dict
        Title -> features, ndarray of shape (chunk_frames, bands), of the clips in its figure.
    backbones : sequence of Source
        Of a head, the networks whose layers it stands on, see `transfer.open_backbones`.
    """

    step: steps.Step
    settings: training_settings.TrainingSettings
    parts: dict
    source: transfer.Source | None
    description: dict
    example_clips: dict
    backbones: Sequence[transfer.Source] = ()

    @property
    def sources(self):
        """The networks that this one starts from or stands on: list of Source."""
        return [*filter(None, [self.source]), *self.backbones]

    @property
    def learnt_clips(self):
        """The clips that the network learns from: LabelledClips."""
        train = self.parts["train"]
        return train.join(self.parts["validation"]) if self.settings.refit else train

    @property
    def judging_clips(self):
        """The clips whose scores thresholds and averages come from: LabelledClips."""
        return self.learnt_clips if self.settings.refit else self.parts["validation"]

    def list_folds(self, seed):
        """Return the folds of the clips of a network that is refit: list of ndarray of int.

        By artist, as many as there are artists where these are few; by clip where there is one.
        """
        return folds_of_few(self.learnt_clips.artists, held_out.N_FOLDS, seed)


def is_done(run, members=()):
    """Return whether a run is there as asked for, and not begun anew; see `steps.is_finished`.

    Parameters
    ----------
    run : Run
    members : collection of str
        Of a mean, the networks as its inputs name them: it is made again where they are others.
    """
    folder = run.step.folder
    if checkpoints.is_begun(run.step) or not steps.is_finished(run.step, replaceable=members):
        return False
    checkpoints.clean(folder)
    draw(run)
    print_up_to_date(folder)
    return True


def begin(run, *, anew, allow_heard=False):
    """Note what a run is begun with; what is there stays until the run is finished.

    Parameters
    ----------
    run : Run
    anew : bool
        From its first epoch, whatever was begun before.
    allow_heard : bool
        Whether it may start from, or stand on, a network that has heard clips which are to judge
        it.

    Raises
    ------
    ValueError
        Where other settings were begun with, another run is writing the folder, or the network
        would start from or stand on the one that it replaces, or one that has heard such clips.
    """
    folder = run.step.folder
    judging = transfer.JOINT if run.settings.refit else "validation"
    judges = {judging: run.judging_clips, "test": run.parts["test"]}
    for source in run.sources:
        if not allow_heard:
            transfer.refuse_heard(source, judges)
        if source.path.resolve() == (folder / model_folder.FILE).resolve():
            raise ValueError(
                f"{folder} would start from itself, and replace what it was made from: give the "
                "new network another --name"
            )
    with steps.locked(folder):
        if anew:
            checkpoints.discard(folder)
        checkpoints.begin(run.step, checkpoints.folder_of(folder))


def train(run, *, tensorboard=False):
    """Train a network, choose its thresholds, and keep both.

    Parameters
    ----------
    run : Run
    tensorboard : bool
        Write logs to watch.
    """
    folder, settings = run.step.folder, run.settings
    start = run.source and run.source.network
    print(_describe_task(run))
    with steps.locked(folder):
        checkpoints.begin(run.step, checkpoints.folder_of(folder))
        parts = run.parts
        if settings.refit:
            parts = {"train": run.learnt_clips}
            scores, of_folds, seconds = _score_out_of_fold(run)
        network, history, stopped = training.train(
            run.step, settings, parts, start=start, tensorboard=tensorboard
        )
        if settings.refit:
            history = history.assign(**of_folds)
        else:
            scores = prediction.score_clips(network, run.judging_clips)
        if stopped:
            print(f"stopped: {stopped}")
        best = int(history.loc[history["kept"], "epoch"].iloc[0])
        with steps.writing(run.step) as summary:
            summary |= {"stopped": stopped, "best_epoch": best}
            if settings.refit:
                summary["seconds_of_folds"] = round(seconds, 1)
            _keep(run, network, history, [scores], summary)
            draw(run)
        checkpoints.discard(folder)


def _score_out_of_fold(run):
    """Return the scores of training and validation clips by networks not trained on them.

    Returns
    -------
    scores : ndarray of shape (n_clips, n_tags), float32
    history : DataFrame
        What is measured on the clips held out, the mean of the folds by epoch.
    seconds : float
    """
    clips, checkpoint = run.learnt_clips, checkpoints.folder_of(run.step.folder)
    folds, start = run.list_folds(run.settings.seed), run.source and run.source.network
    print(f"{len(folds)} networks for out-of-fold scores, then one on all {len(clips):,} clips")
    scores, histories = held_out.score_out_of_fold(
        checkpoint, run.settings, clips, folds, start=start
    )
    seconds = sum(history["seconds"].sum() for history in histories)
    return scores, sum(histories)[list(training.VALIDATION)] / len(histories), seconds


def average(run, members):
    """Keep the mean of the scores of some networks as one more network.

    Parameters
    ----------
    run : Run
    members : dict
        Seed -> folder of the network.
    """
    folders = members.values()
    networks = [model_folder.load(f / model_folder.FILE)[0] for f in folders]
    network = architectures.mean_of([nesting.take_apart(one)[1] for one in networks])
    history = model_folder.join_histories(members)
    if run.settings.refit:
        shape = run.learnt_clips.y_true.shape
        scores = [steps.read_array(f / model_folder.OUT_OF_FOLD, shape) for f in folders]
    else:
        scores = [prediction.score_clips(network, run.judging_clips)]
    with steps.writing(run.step) as summary:
        summary["members"] = [folder.name for folder in folders]
        _keep(run, network, history, scores, summary)
        draw(run)
    checkpoints.discard(run.step.folder)  # of one network that had this name


def _keep(run, network, history, scores, summary):
    """Write model and history; add to the summary, and print it.

    Parameters
    ----------
    run : Run
    network : keras.Model
        Of a head, this alone.
    history : DataFrame
    scores : list of ndarray of shape (n_clips, n_tags)
        Of `run.judging_clips`; out-of-fold scores a seed each, of which the mean is the network's.
    summary : dict
    """
    clips, folder, ranked = run.judging_clips, run.step.folder, scores
    if run.settings.refit:  # networks of different folds: see `metrics.rank_within`
        seeds = np.atleast_1d(run.step.settings["seed"])
        folds = [run.list_folds(int(seed)) for seed in seeds]
        ranked = [metrics.rank_within(*pair) for pair in zip(scores, folds, strict=True)]
    scores = np.mean(scores, axis=0)
    thresholds = choose_thresholds(clips.y_true, scores)
    settings = {"settings": run.step.settings, "thresholds": thresholds.tolist()}
    n_clips, seconds = history[["training_clips", "training_seconds"]].sum()
    heard = transfer.list_heard(run.learnt_clips.audio, *run.sources)
    if run.backbones:
        below = {source.path.parent.name: source.network for source in run.backbones}
        network = heads.join(below, network)
    description = {**run.description, **settings, "trained_on": heard}
    written = model_folder.write(folder, network, description, history)
    if run.settings.refit:
        written |= model_folder.write_out_of_fold(folder, scores)
    summary |= {
        **{key: run.description[key] for key in ("dataset", "note")},
        "judged_by": JUDGED_BY[run.settings.refit],
        "validation": metrics.averages(clips.y_true, np.mean(ranked, axis=0))["macro"],
        "clips": {part: len(clips) for part, clips in run.parts.items()},
        "weights": network.count_params(),
        "epochs": len(history),
        "seconds": round(history["seconds"].sum() + summary.get("seconds_of_folds", 0), 1),
        "seconds_per_epoch": round(history["seconds"].mean(), 2),
        "clips_per_second": round(n_clips / seconds, 1),
    }
    print(_describe_outcome(folder.name, summary))
    print_all_written(folder, written)


def member_folder(folder, seed):
    """Return the folder of one network of several, which differ by their seed."""
    return folder.with_name(f"{folder.name}-seed{seed}")


def draw(run):
    """Draw what is missing of the network with its maps, and of the course of training, if any.

    Of the mean of several networks the first is drawn.
    """
    folder, seed = run.step.folder, run.step.settings["seed"]
    drawn = member_folder(folder, seed[0]) if isinstance(seed, list) else folder

    def draw_network():
        network, _ = model_folder.load(drawn / model_folder.FILE)
        inputs = {title: chunk.astype("float32") for title, chunk in run.example_clips.items()}
        maps = diagram.convolution_maps(network, np.stack([*inputs.values()])) if inputs else {}
        return networks.draw_architecture(diagram.describe(network), inputs, maps)

    def draw_history():
        judged = "clips held out" if run.settings.refit else "validation"
        return networks.draw_history(model_folder.read_history(folder), judged)

    note = f"{drawn.name}. {run.description['note']}".removesuffix(". ")
    drawings = {"CNN_architecture.png": draw_network}
    if not run.settings.is_solved:
        drawings["training_history.png"] = draw_history
    style.save_missing(folder, note, drawings)


def _describe_task(run):
    """Return what is trained on what, and the tags that validation can say nothing about."""
    tags, parts, settings = run.description["tags"], run.parts, run.settings
    text = (
        f"training {run.step.folder.name}: {settings.architecture}, {len(tags)} tags, "
        f"{len(parts['train']):,} training and {len(parts['validation']):,} validation clips, "
        f"features {settings.features}"
    )
    if not settings.is_solved:
        chunk = "a chunk" if run.backbones else f"{settings.chunk_frames} frames"
        text += f", {chunk} of a clip, "
        text += f"{settings.epochs} epochs of {settings.steps // settings.epochs:,} steps"
    if run.source:
        name = model_folder.name_of(run.source.path)
        text += f"; it starts from {name}, trained on {run.source.description.get('dataset')}"
    y_true = pd.DataFrame(run.judging_clips.y_true, columns=tags)
    is_averaged = metrics.are_averaged(y_true.to_numpy())
    on_every_clip = y_true.columns[y_true.all()].tolist()
    part = "training and validation" if settings.refit else "validation"
    left_out = list_left_out(part, y_true.columns[~is_averaged].tolist(), on_every_clip)
    if not is_averaged.any() and not settings.refit:
        left_out += "; no tag is left: the epoch with the lowest validation loss is kept"
    return f"{text}\n{left_out}" if left_out else text


def _describe_outcome(name, summary):
    best, judged = summary.get("best_epoch"), "validation"
    kept = f"best epoch {best} of {summary['epochs']}" if best else "mean"
    pace = f"{summary['seconds_per_epoch']:.1f} s per epoch, "
    if best and summary["settings"]["architecture"] == training_settings.SOLVED:
        kept, pace = "solved", ""
    if summary["judged_by"] == JUDGED_BY[True]:
        kept, judged = kept.replace("best", "last"), "out-of-fold"
    return (
        f"{name}, {kept}: {judged} macro ROC-AUC {measure(summary['validation']['roc_auc'])}, "
        f"PR-AUC {measure(summary['validation']['pr_auc'])}; {summary['weights']:,} weights; "
        f"{pace}{summary['clips_per_second']:.0f} clips/s, {summary['seconds']:.0f} s in all"
    )
