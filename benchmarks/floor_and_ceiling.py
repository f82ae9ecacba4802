"""Measure what the sample's noise leaves to reach, and what no network should fall below.

Ceiling: what is truly in each clip, used as its scores; the listeners' mistakes keep it below 1.
Floor: logistic regression on mean and standard deviation over time of 48 log-mel bands. Both are
evaluated on the test clips with the labels that networks are evaluated on.

Reads   truth_final.csv, labels/<set>/, clips/ of the sample
Writes  features/mel48/ (for the floor) and a table on standard output

Example: python benchmarks/floor_and_ceiling.py
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from autotagging import cli, metrics, steps
from autotagging.clips import annotations, inventory
from autotagging.formatting import measure
from autotagging.labels import label_sets, splits, synonyms
from benchmarks import baseline


def main(args):
    """Print ceiling and floor of a dataset."""
    name = label_sets.find_set(args.data, args.labels)
    table = label_sets.read_labels(args.data, name)
    clips = inventory.read_clips(args.data)
    heard = splits.heard_in_training(table, clips["artist"]).to_numpy()
    test = (table["split"] == "test").to_numpy()
    y_true = table.drop(columns="split").to_numpy()
    scores = {"floor": floor(args.data, table, args.jobs)}
    if (args.data / annotations.TRUTH).exists():
        is_merged = steps.read_summary(label_sets.set_folder(args.data, name))["settings"]["merge"]
        scores["ceiling"] = ceiling(args.data, table, is_merged)
    groups = {"test": test, "artist heard": test & heard, "artist not heard": test & ~heard}
    for bound, y_score in scores.items():
        for group, in_group in groups.items():
            row = metrics.averages(y_true[in_group], y_score[in_group])
            macro = {name: measure(value) for name, value in row["macro"].items()}
            print(
                f"{bound:8} {group:17} {in_group.sum():5,} clips  macro ROC-AUC "
                f"{macro['roc_auc']}, PR-AUC {macro['pr_auc']}"
            )


def ceiling(data, table, is_merged):
    """Return the truth as scores: ndarray of shape (n_clips, n_tags)."""
    truth = annotations.read_annotations(data / annotations.TRUTH).tags
    if is_merged:
        truth = synonyms.merge_applying(truth, synonyms.read_synonyms(cli.SYNONYMS))
    return truth.loc[table.index, table.columns.drop("split")].to_numpy(float)


def floor(data, table, jobs):
    """Return the scores of logistic regression on band statistics: (n_clips, n_tags)."""
    x = baseline.band_statistics(data, table.index, jobs)
    train = (table["split"] == "train").to_numpy()
    return baseline.predict(x, table.drop(columns="split").to_numpy(), train)


def parse_args():
    """Return the arguments of the command line."""
    parser = cli.parser(__doc__)
    cli.add_data(parser)
    cli.add_labels(parser)
    cli.add_jobs(parser)
    return parser.parse_args()


if __name__ == "__main__":
    cli.run(main, parse_args)
