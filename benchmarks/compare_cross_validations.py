"""Print cross-validated networks side by side, each with its difference to the first one.

All are judged as `cross_validate.py` judges: by ranks within fold and tag, as macro averages of
every seed, the interval of a difference from resamples of artists. With --mix the first one is
mixed with each of the others as well: a clip's score is the mean of its two ranks.

Reads   cross_validation/<name>/ of the names given, clips/clips.csv, labels/<set>/ of a dataset
Writes  a table in Markdown on standard output

Example: python benchmarks/compare_cross_validations.py --data data/mine vgg linear --mix
"""

import sys
from pathlib import Path

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from autotagging import cli, metrics, native_stderr, options, steps
from autotagging.clips import inventory
from autotagging.features import feature_store, side_by_side
from autotagging.formatting import difference, list_some, measure
from autotagging.labels import label_sets, splits
from autotagging.labels.folds import folds_by_artist
from autotagging.results.tables import to_markdown
from benchmarks import cross_validate
from benchmarks.judgement import RESAMPLING, judge

AUCS = " / ".join(metrics.AUCS.values())


def main(args):
    """Print a row a name, and one a mixture."""
    folders = [args.data / "cross_validation" / name for name in args.names]
    summaries = [steps.read_summary(folder) for folder in folders]
    seeds = args.seeds or summaries[0]["settings"]["seeds"]
    refuse_incomparable(folders, summaries, seeds)
    y_true, artists = read_clips(args.data, summaries[0]["settings"])
    for folder in folders:
        steps.check_current(args.data, folder, y_true.index)
    with native_stderr.silenced():
        from autotagging.models.held_out import N_FOLDS
    folds_of_seeds = {seed: folds_by_artist(artists, N_FOLDS, seed) for seed in seeds}
    ranks = [read_ranks(folder, y_true.shape, folds_of_seeds) for folder in folders]
    scores = dict(zip(args.names, ranks, strict=True))
    first, *others = args.names
    if args.mix:
        scores |= {
            f"{name}, mixed with {first}": np.mean([scores[name], scores[first]], axis=0)
            for name in others
        }
    judged = {name: judge(y_true.to_numpy(), one, artists) for name, one in scores.items()}
    seconds = {folder.name: seconds_per_fold(folder, seeds) for folder in folders}
    table = tabulate(judged, seconds, first)
    print(f"{len(y_true):,} clips by {artists.nunique():,} artists, {y_true.shape[1]} tags\n")
    print(to_markdown(table, describe(seeds)))


def refuse_incomparable(folders, summaries, seeds):
    """Refuse cross-validations that judge other clips or tags than the first, or lack a seed.

    Parameters
    ----------
    folders : list of Path
    summaries : list of dict
        Theirs.
    seeds : list of int
        Those to be compared.

    Raises
    ------
    ValueError
    """
    for folder, summary in zip(folders, summaries, strict=True):
        settings = [one["settings"] for one in (summary, summaries[0])]
        for name in ("labels", "min_positives"):
            here, first = (one[name] for one in settings)
            if here != first:
                raise ValueError(
                    f"{folder} was made with --{name.replace('_', '-')} {here}, and {folders[0]} "
                    f"with {first}: only those of the same tags can be compared"
                )
        judged_by = [identify_judges(one) for one in (summary, summaries[0])]
        if judged_by[0] != judged_by[1]:
            raise ValueError(
                f"{folder} was made from other clips or labels than {folders[0]}: only those of "
                "the same clips can be compared; run benchmarks/cross_validate.py for the older "
                "one again with its options and --force"
            )
        if lacking := [seed for seed in seeds if seed not in settings[0]["seeds"]]:
            present = list_some(settings[0]["seeds"])
            raise ValueError(
                f"{folder} has seeds {present}, and lacks {list_some(lacking)}: name those that "
                "all have with --seeds, or add these with benchmarks/cross_validate.py --seeds"
            )


def identify_judges(summary):
    """Return the checksums of the clips and labels that judge: a dict."""
    inputs = summary["inputs"].items()
    return {name: value for name, value in inputs if name.startswith(("clips/", "labels/"))}


def read_clips(data, settings):
    """Return the clips that were judged, and their artists.

    Parameters
    ----------
    data : Path
    settings : dict
        Of a cross-validation.

    Returns
    -------
    y_true : DataFrame of shape (n_clips, n_tags), bool
    artists : Series of shape (n_clips,), str
    """
    table = label_sets.read_labels(data, settings["labels"]).drop(columns="split")
    for folder in side_by_side.folders_of(data, settings["features"]):
        table = table[table.index.isin(feature_store.list_usable(folder))]
    y_true = cross_validate.choose_tags(table, settings["min_positives"])
    return y_true, splits.select_artists(inventory.read_clips(data)["artist"], y_true.index)


def read_ranks(folder, shape, folds_of_seeds):
    """Return how high each clip is ranked within its fold, seed by seed.

    Parameters
    ----------
    folder : Path
        Of a cross-validation.
    shape : tuple of int
        (n_clips, n_tags).
    folds_of_seeds : dict
        Seed -> list of ndarray of int.

    Returns
    -------
    list of ndarray of shape (n_clips, n_tags)
        From `metrics.rank_within`.
    """
    ranks = []
    for seed, folds in folds_of_seeds.items():
        scores = np.empty(shape)
        for number, fold in enumerate(folds):
            path = folder / f"scores-{cross_validate.Fold(seed, number)}.npy"
            scores[fold] = steps.read_array(path, (len(fold), shape[1]))
        ranks.append(metrics.rank_within(scores, folds))
    return ranks


def seconds_per_fold(folder, seeds):
    """Return how long a fold took on average, training and validation together."""
    folds = steps.read_table(folder / "folds.csv", usecols=["seed", "seconds"], dtype=float)
    return folds.loc[folds["seed"].isin(seeds), "seconds"].mean()


def tabulate(judged, seconds, first):
    """Return the table as text, a row a name: DataFrame.

    Parameters
    ----------
    judged : dict
        Name -> Judged.
    seconds : dict
        Name -> per fold; of mixtures there are none.
    first : str
        The name that the others are compared with.
    """
    rows = []
    for name, one in judged.items():
        differences = one.difference_to(judged[first])
        rows.append(
            {
                "scores": name,
                AUCS: " / ".join(map(with_deviation, one.values.values())),
                f"difference to {first}": (
                    "" if name == first else " / ".join(difference(*row) for row in differences)
                ),
                "seconds per fold": f"{seconds[name]:.1f}" if name in seconds else "",
            }
        )
    return pd.DataFrame(rows)


def with_deviation(of_seeds):
    """Return the mean over the seeds and, where there are several, their standard deviation."""
    deviation = f" ± {measure(np.std(of_seeds))}" if len(of_seeds) > 1 else ""
    return measure(np.mean(of_seeds)) + deviation


def describe(seeds):
    """Return what the numbers of the table are, in a sentence."""
    return (
        f"Macro averages; seeds: {list_some(seeds)}; 95 % intervals from "
        f"{RESAMPLING.n_resamples:,} resamples of artists"
    )


def parse_args():
    """Return the arguments of the command line."""
    parser = cli.parser(__doc__)
    cli.add_data(parser)
    parser.add_argument(
        "names", type=options.name, nargs="+", metavar="NAME", help="below cross_validation/"
    )
    text = "those compared (default: the first one's)"
    parser.add_argument("--seeds", type=options.natural, nargs="+", metavar="N", help=text)
    text = "also the mean of each one's ranks and the first one's"
    parser.add_argument("--mix", action="store_true", help=text)
    args = parser.parse_args()
    args.names = list(dict.fromkeys(args.names))
    if args.mix and len(args.names) == 1:
        parser.error("--mix mixes the first one with others: name two at least")
    return args


if __name__ == "__main__":
    cli.run(main, parse_args)
