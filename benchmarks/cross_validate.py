"""Judge a network, its features and its training on any dataset, beside a floor.

Five folds by artist, shuffled again by each seed. Each fold is judged once by a network trained on
three others; the one left decides when training stops, so that no judged clip is ever looked at.
The scores of the five are pooled, and so are those of the floor, which is logistic regression on
mean and deviation of 48 log-mel bands, trained on the same folds and the one that the network
stops by. The interval of the difference is the bootstrap's over artists.

Reads   clips/clips.csv, labels/<set>/, features/<name>/ of a dataset; its split is not used
Writes  cross_validation/<name>/scores-seed<n>-fold<k>.npy, folds.csv, summary.json

Example: python benchmarks/cross_validate.py --data data/mine --architecture vgg
"""

import contextlib
import json
import os
import shutil
import sys
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.model_selection import GroupKFold

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from autotagging import cli, metrics, native_stderr, options, steps
from autotagging.clips import inventory
from autotagging.features import feature_store
from autotagging.files import write_whole
from autotagging.formatting import difference, measure, print_written
from autotagging.labels import label_sets
from autotagging.models import model_folder, training_settings
from autotagging.results import bootstrap
from benchmarks import baseline

N_FOLDS = 5
RESAMPLING = bootstrap.Resampling()
BEGUN = "begun.json"  # settings and inputs of a run that is not finished


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
    table = label_sets.read_labels(args.data, set_name).drop(columns="split")
    store = feature_store.open_store(args.data, args.settings.features, table.index)
    y_true = choose_tags(table.loc[store.rows.index], args.min_positives)
    artists = inventory.read_clips(args.data)["artist"][y_true.index].to_numpy()
    print(f"{len(y_true):,} clips by {len(set(artists)):,} artists, {y_true.shape[1]} tags")
    with native_stderr.silenced():
        from autotagging.models.batches import LabelledClips
    rows = store.rows[y_true.index].to_numpy()
    all_clips = LabelledClips(store.array, rows, y_true.to_numpy())

    n_train = len(y_true) * (N_FOLDS - 2) // N_FOLDS
    settings = training_settings.resolve(args.settings, store.settings, n_train)
    chosen = {"labels": set_name, "min_positives": args.min_positives, "seeds": args.seeds}
    chosen |= asdict(settings)
    start = args.start_from and model_folder.find_model(args.data, args.start_from)
    inputs = steps.describe_inputs(
        args.data,
        label_sets.labels_path(args.data, set_name),
        inventory.folder_of(args.data),
        feature_store.folder_of(args.data, settings.features),
        start,
        clip_ids=y_true.index,
    )
    folder = args.data / "cross_validation" / (args.name or settings.architecture)
    if args.force:
        steps.discard(folder)
    step = steps.Step(folder, chosen, inputs)
    if steps.is_finished(step, replaceable=("seeds",)):
        print_summary(folder, steps.read_summary(folder), args.seeds)
        return
    network = start and model_folder.load_to_start(start, settings.architecture, store.settings)
    x = baseline.band_statistics(args.data, y_true.index, args.jobs)
    with steps.locked(folder):
        begin(step)
        of_network, of_floor = [], []
        for seed in args.seeds:
            folds = split(artists, seed)
            order = np.argsort(np.concatenate(folds))
            scores = [
                score_fold(folder, all_clips, folds, Fold(seed, k), settings, network)
                for k in range(N_FOLDS)
            ]
            of_network.append(np.vstack(scores)[order])
            scores = [score_floor(x, all_clips.y_true, folds, k) for k in range(N_FOLDS)]
            of_floor.append(np.vstack(scores)[order])
        with steps.writing(step) as summary:
            summary.update(compare(all_clips.y_true, of_network, of_floor, artists))
        print_written(folder / "summary.json", "averages of every seed")
        print_summary(folder, summary, args.seeds)


def begin(step):
    """Note what a run is made with; refuse folds of others. More seeds add folds."""
    path = step.folder / BEGUN
    if path.exists():
        before = json.loads(path.read_text(encoding="utf-8"))
        steps.find_differences(step, before, replaceable=("seeds",))
    made_with = {"settings": step.settings, "inputs": step.inputs}
    write_whole(path, json.dumps(made_with, indent=2))


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


def split(artists, seed):
    """Return the clips of each fold, no artist in two: list of ndarray of int."""
    if len(set(artists)) < N_FOLDS:
        raise ValueError(f"{len(set(artists))} artists are too few for {N_FOLDS} folds")
    folds = GroupKFold(N_FOLDS, shuffle=True, random_state=seed)
    return [held_out for _, held_out in folds.split(artists, groups=artists)]


def score_fold(folder, clips, folds, fold, settings, start):
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
    start : keras.Model or None
    """
    path = folder / f"scores-{fold}.npy"
    if path.exists():
        return np.load(path, allow_pickle=False)
    with native_stderr.silenced():
        from autotagging.models import prediction, training

    stopping = (fold.number + 1) % N_FOLDS
    learnt = [folds[k] for k in range(N_FOLDS) if k not in (fold.number, stopping)]
    own = replace(settings, seed=N_FOLDS * fold.seed + fold.number)
    with Path(os.devnull).open("w") as nowhere, contextlib.redirect_stdout(nowhere):
        parts = {
            "train": clips.take(np.concatenate(learnt)),
            "validation": clips.take(folds[stopping]),
        }
        step = steps.Step(folder / f"training-{fold}", asdict(own), {})
        network, history, _ = training.train(step, own, parts, start=start)
    scores = prediction.score_clips(network, clips.take(folds[fold.number]))
    note_fold(folder, fold, history)
    with (folder / "part.npy").open("wb") as part:
        np.save(part, scores, allow_pickle=False)
    (folder / "part.npy").replace(path)
    shutil.rmtree(step.folder)
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


def score_floor(x, y_true, folds, fold):
    """Return the floor's scores of a fold, learnt from all the others."""
    train = np.ones(len(x), dtype=bool)
    train[folds[fold]] = False
    return baseline.predict(x, y_true, train)[folds[fold]]


def compare(y_true, of_network, of_floor, artists):
    """Return the averages of network and floor over the seeds, and their difference's interval."""
    groups = np.unique(artists, return_inverse=True)[1]
    values, resampled = {}, {}
    for model, scores in (("network", of_network), ("floor", of_floor)):
        averages = [metrics.averages(y_true, one)["macro"] for one in scores]
        values[model] = {auc: [average[auc] for average in averages] for auc in metrics.AUCS}
        macro = [resample(y_true, one, groups) for one in scores]
        resampled[model] = np.mean(macro, axis=0)
    differences = (resampled["network"] - resampled["floor"]).T
    points = [np.mean(values["network"][k]) - np.mean(values["floor"][k]) for k in metrics.AUCS]
    limits = bootstrap.OF_A_DIFFERENCE
    low_and_high = np.transpose(bootstrap.interval(differences, points, groups.max() + 1, limits))
    return {
        **values,
        "interval": dict(zip(metrics.AUCS, low_and_high.tolist(), strict=True)),
        "mean_of_seeds": metrics.averages(y_true, np.mean(of_network, axis=0))["macro"],
    }


def resample(y_true, scores, groups):
    """Return both macro averages of every resample: ndarray of shape (2, n_resamples)."""
    resampled = bootstrap.resampled_aucs(y_true, scores, groups, RESAMPLING)
    return np.array(list(map(bootstrap.macro, resampled)))


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
        print(f"difference {name} {text}, 95 % of resamples of artists")
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
    cli.add_jobs(parser)
    cli.add_force(parser, "the results")
    args = parser.parse_args()
    args.settings = training_settings.read(parser, args)
    return args


if __name__ == "__main__":
    cli.run(main, parse_args)
