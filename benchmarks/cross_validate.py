"""Judge a network, its features and its training on any dataset, beside a floor.

Five folds by artist, shuffled anew by each seed. Each fold is judged once by a network trained on
three others; the one left decides when training stops, so that no judged clip is ever looked at.
The scores of the five are pooled, and so are those of the floor, which is logistic regression on
mean and deviation of 48 log-mel bands, trained on the same folds and the one that the network
stops by. The interval of the difference is the bootstrap's over artists.

Reads   clips.csv, labels/<set>/, features/<name>/ of a dataset; its split is not used
Writes  DATA/cross_validation/<name>/scores-seed<n>-fold<k>.npy, folds.csv, summary.json

Example: python benchmarks/cross_validate.py --data data/mine --model vgg
"""

import contextlib
import json
import os
import shutil
import sys
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.model_selection import GroupKFold

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from autotagging import (
    bootstrap,
    cli,
    clips,
    feature_store,
    labels,
    metrics,
    models,
    native_stderr,
    recipes,
)
from autotagging.files import write_whole
from benchmarks import baseline

N_FOLDS = 5
N_DRAWS = 1000
MEASURES = ("ROC-AUC", "PR-AUC")


def main(args):
    """Cross-validate one network and the floor; print both and their difference."""
    set_name = labels.find_set(args.data, args.labels)
    table = labels.read_labels(args.data, set_name).drop(columns="split")
    store = args.settings["features"]
    array, rows, feature_settings = feature_store.open_store(args.data, store, table.index)
    y_true = choose_tags(table.loc[rows.index], args.least_positives)
    rows = rows[y_true.index]
    artists = clips.read_clips(args.data)["artist"][y_true.index].to_numpy()
    print(f"{len(y_true):,} clips by {len(set(artists)):,} artists, {y_true.shape[1]} tags")

    n_train = len(y_true) * (N_FOLDS - 2) // N_FOLDS
    settings = recipes.fit(args.settings, feature_settings, n_train) | {
        "features_made_from": feature_store.fingerprint(args.data, store, y_true.index),
        "labels_sha256": labels.checksum(args.data, set_name),
        "start_from": args.start_from and models.describe_file(args.start_from),
        "least_positives": args.least_positives,
    }
    start = args.start_from and models.load_to_start(
        args.start_from,
        {"settings": settings, "feature_settings": vars(feature_settings)},
    )
    folder = prepare(args.data / "cross_validation" / (args.name or args.model), settings, args)
    x = baseline.band_statistics(args.data, y_true.index, args.jobs)
    how = settings, start
    task = array, rows.to_numpy(), y_true.to_numpy()
    network_scores, floor_scores = [], []
    for seed in args.seeds:
        folds = split(artists, seed)
        network_scores.append(
            np.vstack([judge(folder, task, folds, (seed, k), how) for k in range(N_FOLDS)])
        )
        floor_scores.append(np.vstack([floor(x, task[2], folds, k) for k in range(N_FOLDS)]))
        order = np.argsort(np.concatenate(folds))
        network_scores[-1], floor_scores[-1] = network_scores[-1][order], floor_scores[-1][order]
    summary = compare(task[2], network_scores, floor_scores, artists)
    write_whole(folder / "summary.json", json.dumps({"settings": settings} | summary, indent=2))
    print_summary(folder, summary, args.seeds)


def choose_tags(table, least_positives):
    """Return the clips with a tag of those that enough clips have: DataFrame of bool."""
    counts = table.sum()
    rare = counts.index[counts < least_positives]
    if len(rare):
        print(f"left out, fewer than {least_positives} clips have them: {', '.join(rare)}")
    kept = table.drop(columns=rare)
    kept = kept[kept.any(axis=1)]
    if not len(kept):
        raise ValueError(f"no tag is on {least_positives} clips: give fewer with --least-positives")
    return kept


def prepare(folder, settings, args):
    """Return the folder of the results; refuse one of other settings."""
    if args.force and folder.exists():
        shutil.rmtree(folder)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "settings.json"
    if path.exists():
        models.check_settings(folder, json.loads(path.read_text(encoding="utf-8")), settings)
    else:
        write_whole(path, json.dumps(settings, indent=2))
    return folder


def split(artists, seed):
    """Return the clips of each fold, no artist in two: list of ndarray of int."""
    if len(set(artists)) < N_FOLDS:
        raise ValueError(f"{len(set(artists))} artists are too few for {N_FOLDS} folds")
    folds = GroupKFold(N_FOLDS, shuffle=True, random_state=seed)
    return [judged for _, judged in folds.split(artists, groups=artists)]


def judge(folder, task, folds, which, how):
    """Return the scores of a fold's clips by a network that has seen none of them."""
    (seed, fold), (array, rows, y_true), (settings, start) = which, task, how
    path = folder / f"scores-seed{seed}-fold{fold}.npy"
    if path.exists():
        return np.load(path, allow_pickle=False)
    with native_stderr.silenced():
        from autotagging import prediction, training

    stopping = (fold + 1) % N_FOLDS
    learnt = np.concatenate([folds[k] for k in range(N_FOLDS) if k not in (fold, stopping)])
    parts = {"train": (rows[learnt], y_true[learnt])}
    parts["validation"] = rows[folds[stopping]], y_true[folds[stopping]]
    training_folder = folder / f"training-seed{seed}-fold{fold}"
    with Path(os.devnull).open("w") as nowhere, contextlib.redirect_stdout(nowhere):
        own = {**settings, "seed": N_FOLDS * seed + fold}
        network, history, _ = training.train((array, parts), training_folder, own, start=start)
    scores = prediction.score_clips(network, array, rows[folds[fold]])
    note_fold(folder, which, history)
    with (folder / "part.npy").open("wb") as part:
        np.save(part, scores, allow_pickle=False)
    (folder / "part.npy").replace(path)
    shutil.rmtree(training_folder)
    return scores


def note_fold(folder, which, history):
    """Add a row to ``folds.csv``."""
    row = {
        "seed": which[0],
        "fold": which[1],
        "epochs": len(history),
        "best_epoch": int(history.loc[history["kept"], "epoch"].iloc[0]),
        "seconds": history["seconds"].sum(),
        "clips_per_second": history["training_clips"].sum() / history["training_seconds"].sum(),
    }
    path = folder / "folds.csv"
    before = [pd.read_csv(path)] if path.exists() else []
    table = pd.concat([*before, pd.DataFrame([row])])
    table = table.drop_duplicates(["seed", "fold"], keep="last").round(2)
    write_whole(path, table.to_csv(index=False, lineterminator="\n"))


def floor(x, y_true, folds, fold):
    """Return the floor's scores of a fold, learnt from all the others."""
    train = np.ones(len(x), dtype=bool)
    train[folds[fold]] = False
    return baseline.predict(x, y_true, train)[folds[fold]]


def compare(y_true, network_scores, floor_scores, artists):
    """Return the averages of network and floor over the seeds, and their difference's interval."""
    groups = np.unique(artists, return_inverse=True)[1]
    drawn = bootstrap.draw(groups, N_DRAWS, seed=0)
    summary = {}
    for who, scores in (("network", network_scores), ("floor", floor_scores)):
        values = [metrics.averages(y_true, one)["macro"].values() for one in scores]
        draws = np.array([draw(y_true, one, groups, drawn) for one in scores])
        summary[who] = np.array([list(value) for value in values]), draws.mean(axis=0)
    differences = summary["network"][1] - summary["floor"][1]  # (2, n_draws)
    low_and_high = np.transpose(bootstrap.interval(differences.T))
    mean = metrics.averages(y_true, np.mean(network_scores, axis=0))["macro"].values()
    return {
        "network": dict(zip(MEASURES, summary["network"][0].T.tolist(), strict=True)),
        "floor": dict(zip(MEASURES, summary["floor"][0].T.tolist(), strict=True)),
        "interval": dict(zip(MEASURES, low_and_high.tolist(), strict=True)),
        "mean_of_seeds": dict(zip(MEASURES, mean, strict=True)),
    }


def draw(y_true, scores, groups, drawn):
    """Return both macro averages of every sample: ndarray of shape (2, n_draws)."""
    return np.array(list(map(bootstrap.macro, bootstrap.areas(y_true, scores, groups, drawn))))


def print_summary(folder, summary, seeds):
    """Print a line for the network, the floor, their difference and the mean of all seeds."""
    folds = pd.read_csv(folder / "folds.csv")
    for who in ("network", "floor"):
        shown = [
            f"{name} {np.mean(values):.3f}"
            + (f" +- {np.std(values):.3f}" if len(seeds) > 1 else "")
            for name, values in summary[who].items()
        ]
        print(f"{who:10} macro {', '.join(shown)}")
    for name, (low, high) in summary["interval"].items():
        gain = np.mean(summary["network"][name]) - np.mean(summary["floor"][name])
        print(f"difference {name} {gain:+.3f}, 95 % of draws of artists {low:+.3f} to {high:+.3f}")
    if len(seeds) > 1:
        shown = ", ".join(f"{name} {value:.3f}" for name, value in summary["mean_of_seeds"].items())
        print(f"mean of {len(seeds)} scores a clip: {shown}")
    print(
        f"training {folds['seconds'].sum() / len(folds):.0f} s a fold, "
        f"{folds['clips_per_second'].median():.0f} clips/s, best epoch "
        f"{folds['best_epoch'].median():.0f} of {folds['epochs'].median():.0f} (medians)"
    )
    cli.print_written(folder / "summary.json", "every seed's averages")


def parse_args():
    """Return the arguments of the command line."""
    parser = cli.parser(__doc__)
    cli.add_data(parser)
    cli.add_labels(parser)
    parser.add_argument(
        "--name", type=cli.name, metavar="NAME", help="of the results (default: --model)"
    )
    recipes.add_options(parser)
    parser.add_argument(
        "--seeds", type=cli.natural, nargs="+", default=[0, 1, 2], help="of the folds and networks"
    )
    parser.add_argument(
        "--least-positives", type=cli.positive, default=8, metavar="N", help="of a tag (default: 8)"
    )
    cli.add_jobs(parser)
    cli.add_force(parser, "the results")
    args = parser.parse_args()
    args.settings = recipes.settings_of(args, parser)
    return args


if __name__ == "__main__":
    cli.run(main, parse_args)
