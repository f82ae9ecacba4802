"""Judge a network, its features and its training on any dataset, beside a floor.

Five folds by artist, shuffled again by each seed. Each fold is judged once by a network that has
heard none of it: refit, it learns from the four others and its last epoch is kept; with --no-refit
it learns from three, and the one left decides which epoch is kept. The scores of the five are
pooled, and so are those of the floor, which is logistic regression on mean and deviation of 48
log-mel bands, trained on the four others. The interval of the difference is the bootstrap's over
artists.

What is pooled are ranks within fold and tag, between 0 and 1, and not the scores themselves. Where
a fold has many clips with a tag, few are left to train on, so that pooled scores would punish
whatever shrinks them towards the training share: that share as a score, the same for all clips of
a fold, would have a ROC-AUC of .38 (Emotify) or .35 (excerpt of MagnaTagATune). As ranks, scores
that say nothing of a fold's clips have exactly .5, and the prevalence as PR-AUC. The price: to know
that a fold as a whole has more of a tag is not rewarded, and a network that orders the clips of
every fold without a mistake has .98 / .93 or .98 / .88 instead of 1. Where no clip of a fold, or
every clip, has a tag, its clips are ranked all the same, and stand among those of the others as if
drawn at random.

Reads   clips/clips.csv, labels/<set>/, features/<name>/ of a dataset; its split is not used
Writes  cross_validation/<name>/scores-seed<n>-fold<k>.npy, history-seed<n>-fold<k>.csv
        cross_validation/<name>/folds.csv, summary.json

Example: python benchmarks/cross_validate.py --data data/mine --architecture vgg
"""

import sys
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from autotagging import cli, metrics, native_stderr, options, steps
from autotagging.clips import inventory
from autotagging.features import side_by_side
from autotagging.files import write_whole
from autotagging.formatting import difference, measure, print_written
from autotagging.labels import label_sets, splits
from autotagging.labels.folds import folds_by_artist
from autotagging.models import published, training_settings
from benchmarks import baseline
from benchmarks.judgement import judge
from benchmarks.pooling import POOLINGS, pool_chunks

POOLED = "ranks within each fold and tag"
REPLACEABLE = ("seeds", "pooled")  # settings that leave the scores of a fold as they are


@dataclass(frozen=True)
class Fold:
    """One of the folds of one seed."""

    seed: int
    number: int

    def __str__(self):
        return f"seed{self.seed}-fold{self.number}"


def main(args):
    """Cross-validate one network and the floor; print both and their difference."""
    set_name = label_sets.find_set(args.data, args.labels)
    labels = label_sets.read_labels(args.data, set_name)
    table = labels.drop(columns="split")
    store = side_by_side.open_store(args.data, args.settings.features, table.index)
    y_true = choose_tags(table.loc[store.rows.index], args.min_positives)
    artists = inventory.read_clips(args.data)["artist"]
    artists = splits.select_artists(artists, y_true.index)
    print(f"{len(y_true):,} clips by {artists.nunique():,} artists, {y_true.shape[1]} tags")
    with native_stderr.silenced():
        from autotagging.models import batches, checkpoints, held_out, transfer
    folds_of_seeds = [folds_by_artist(artists, held_out.N_FOLDS, seed) for seed in args.seeds]
    all_clips = batches.label_clips(y_true, store, artists)
    if args.pool_chunks:
        all_clips = pool_chunks(all_clips, args.pool_chunks)

    n_fold = len(y_true) // held_out.N_FOLDS
    settings = training_settings.resolve(args.settings, store.settings, 3 * n_fold, n_fold)
    chosen = {"labels": set_name, "min_positives": args.min_positives, "seeds": args.seeds}
    chosen |= {"pooled": POOLED, "pool_chunks": args.pool_chunks, **asdict(settings)}
    start = args.start_from and published.find_model(args.data, args.start_from, args.published)
    heard = label_sets.list_mtt_training_clips(args.data, set_name, labels)
    source = start and transfer.open_source(start, settings, store, heard)
    layers = store.settings.layers
    backbones = transfer.open_backbones(args.data, settings.features, layers, store.audio, heard)
    for one in filter(None, () if args.allow_heard else (source, *backbones)):
        transfer.refuse_heard(one, {"judging": all_clips})
    inputs = steps.describe_inputs(
        args.data,
        label_sets.labels_path(args.data, set_name),
        inventory.folder_of(args.data),
        *side_by_side.folders_of(args.data, settings.features),
        start,
        clip_ids=y_true.index,
    )
    folder = args.data / "cross_validation" / (args.name or settings.architecture)
    step = steps.Step(folder, chosen, inputs)
    if not args.force and steps.is_finished(step, replaceable=REPLACEABLE):
        print_summary(folder, steps.read_summary(folder), args.seeds)
        return
    if args.force:
        steps.discard(folder)
    with steps.locked(folder):
        checkpoints.begin(step, folder, replaceable=REPLACEABLE)
        x = baseline.band_statistics(args.data, y_true.index, args.jobs)
        of_network, of_floor = [], []
        for seed, folds in zip(args.seeds, folds_of_seeds, strict=True):
            scores = np.empty(y_true.shape)
            for k, fold in enumerate(folds):
                scores[fold] = score_fold(folder, all_clips, folds, Fold(seed, k), settings, source)
            of_network.append(metrics.rank_within(scores, folds))
            scores = score_floor(x, all_clips.y_true, folds)
            of_floor.append(metrics.rank_within(scores, folds))
        with steps.writing(step) as summary:
            summary.update(compare(all_clips.y_true, of_network, of_floor, artists))
        print_written(folder / "summary.json", "averages of every seed")
        print_summary(folder, summary, args.seeds)


def choose_tags(table, min_positives):
    """Return the clips with a tag of those that enough clips have: DataFrame of bool."""
    counts = table.sum()
    rare = counts.index[counts < min_positives]
    if len(rare):
        print(f"left out, fewer than {min_positives} clips have them: {', '.join(rare)}")
    kept = table.drop(columns=rare)
    kept = kept[kept.any(axis=1)]
    if not len(kept):
        raise ValueError(f"no tag is on {min_positives} clips: give fewer with --min-positives")
    return kept


def score_fold(folder, clips, folds, fold, settings, source):
    """Return the scores of a fold's clips by a network that has heard none of them.

    Parameters
    ----------
    folder : Path
        Where the scores are kept.
    clips : LabelledClips
        Of all folds.
    folds : list of ndarray of int
    fold : Fold
        The one whose clips are scored.
    settings : TrainingSettings
    source : Source or None
        What the network starts from.
    """
    from autotagging.models import held_out

    others = [k for k in range(len(folds)) if k != fold.number]
    parts = {}
    if not settings.refit:
        stopping = (fold.number + 1) % len(folds)
        others.remove(stopping)
        parts["validation"] = clips.take(folds[stopping])
    parts["train"] = clips.take(np.concatenate([folds[k] for k in others]))
    own = replace(settings, seed=len(folds) * fold.seed + fold.number)
    judged, start = clips.take(folds[fold.number]), source and source.network
    scores, history = held_out.score_fold(folder, str(fold), own, parts, judged, start=start)
    note_fold(folder, fold, history)
    return scores


def note_fold(folder, fold, history):
    """Add a row to ``folds.csv``."""
    row = {
        "seed": fold.seed,
        "fold": fold.number,
        "epochs": len(history),
        "best_epoch": int(history.loc[history["kept"], "epoch"].iloc[0]),
        "seconds": history["seconds"].sum(),
        "clips_per_second": history["training_clips"].sum() / history["training_seconds"].sum(),
    }
    path = folder / "folds.csv"
    before = [pd.read_csv(path)] if path.exists() else []
    table = pd.concat([*before, pd.DataFrame([row])])
    table = table.drop_duplicates(["seed", "fold"], keep="last").round(2)
    table = table.sort_values(["seed", "fold"])
    write_whole(path, table.to_csv(index=False, lineterminator="\n"))


def score_floor(x, y_true, folds):
    """Return the floor's scores, of each fold learnt from all the others."""
    scores = np.empty(y_true.shape)
    for fold in folds:
        train = np.ones(len(x), dtype=bool)
        train[fold] = False
        scores[fold] = baseline.predict(x, y_true, train)[fold]
    return scores


def compare(y_true, of_network, of_floor, artists):
    """Return the averages of network and floor over the seeds, and their difference's interval.

    Parameters
    ----------
    y_true : ndarray of shape (n_clips, n_tags), bool
    of_network, of_floor : list of ndarray of shape (n_clips, n_tags)
        A seed each, from `metrics.rank_within`.
    artists : ndarray of shape (n_clips,), str
    """
    network, floor = (judge(y_true, scores, artists) for scores in (of_network, of_floor))
    intervals = network.difference_to(floor)[:, 1:].tolist()
    return {
        "network": network.values,
        "floor": floor.values,
        "interval": dict(zip(metrics.AUCS, intervals, strict=True)),
        "mean_of_seeds": metrics.averages(y_true, np.mean(of_network, axis=0))["macro"],
    }


def print_summary(folder, summary, seeds):
    """Print a line for the network, the floor, their difference and the mean of all seeds."""
    folds = pd.read_csv(folder / "folds.csv")
    for model in ("network", "floor"):
        texts = [
            f"{name} {measure(np.mean(summary[model][auc]))}"
            + (f" ± {measure(np.std(summary[model][auc]))}" if len(seeds) > 1 else "")
            for auc, name in metrics.AUCS.items()
        ]
        print(f"{model:10} macro {', '.join(texts)}")
    for auc, name in metrics.AUCS.items():
        gain = np.mean(summary["network"][auc]) - np.mean(summary["floor"][auc])
        text = difference(gain, *summary["interval"][auc])
        print(f"difference {name} {text}, 95 % interval by resamples of artists")
    if len(seeds) > 1:
        of_mean = summary["mean_of_seeds"]
        texts = [f"{name} {measure(of_mean[auc])}" for auc, name in metrics.AUCS.items()]
        print(f"mean of {len(seeds)} scores a clip: {', '.join(texts)}")
    print(
        f"training {folds['seconds'].sum() / len(folds):.0f} s per fold, "
        f"{folds['clips_per_second'].median():.0f} clips/s, best epoch "
        f"{folds['best_epoch'].median():.0f} of {folds['epochs'].median():.0f} (medians)"
    )


def parse_args():
    """Return the arguments of the command line."""
    parser = cli.parser(__doc__)
    cli.add_data(parser)
    cli.add_labels(parser)
    cli.add_name(parser, "the architecture")
    options.add_settings(parser, training_settings.TrainingSettings, unset=True)
    cli.add_start_from(parser)
    parser.add_argument(
        "--seeds",
        type=options.natural,
        nargs="+",
        default=[0, 1, 2],
        metavar="N",
        help="of the folds and networks",
    )
    parser.add_argument(
        "--min-positives",
        type=options.positive,
        default=8,
        metavar="N",
        help="of a tag (default: 8)",
    )
    text = "of a layer's values, before the network takes them (default: its scores are averaged)"
    parser.add_argument("--pool-chunks", choices=POOLINGS, help=text)
    cli.add_jobs(parser)
    cli.add_force(parser, "the results")
    args = parser.parse_args()
    args.settings = training_settings.read(parser, args)
    if args.pool_chunks and args.settings.architecture not in training_settings.HEADS:
        heads = " or ".join(training_settings.HEADS)
        parser.error(f"--pool-chunks goes with --architecture {heads}")
    return args


if __name__ == "__main__":
    cli.run(main, parse_args)
