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

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from autotagging import (
    annotations,
    cli,
    clips,
    feature_store,
    features,
    labels,
    metrics,
    splits,
    vocabulary,
)

MEL48 = features.FeatureSettings("mel", 16000, 48, n_fft=1024, hop_length=512)


def main(args):
    """Print ceiling and floor of a dataset."""
    name = labels.find_set(args.data, args.labels)
    table = labels.read_labels(args.data, name)
    inventory = clips.read_clips(args.data)
    heard = splits.heard_in_training(table, inventory["artist"]).to_numpy()
    test = (table["split"] == "test").to_numpy()
    y_true = table.drop(columns="split").to_numpy()
    scores = {"floor": floor(args.data, table, inventory, args.jobs)}
    if (args.data / "truth_final.csv").exists():
        scores["ceiling"] = ceiling(args.data, table)
    groups = {"test": test, "artist heard": test & heard, "artist not heard": test & ~heard}
    for what, y_score in scores.items():
        for group, there in groups.items():
            row = metrics.averages(y_true[there], y_score[there])
            macro = {measure: cli.number(value) for measure, value in row["macro"].items()}
            print(
                f"{what:8} {group:17} {row['clips']:5,} clips  macro ROC-AUC "
                f"{macro['roc_auc']}, PR-AUC {macro['pr_auc']}"
            )


def ceiling(data, table):
    """Return the truth as scores: ndarray of shape (n_clips, n_tags)."""
    truth, _ = annotations.read_annotations(data / "truth_final.csv")
    synonyms = vocabulary.read_synonyms(cli.REPOSITORY / "data" / "synonyms.csv")
    merged = vocabulary.merge_synonyms(truth, synonyms)
    return merged.loc[table.index, table.columns.drop("split")].to_numpy(float)


def floor(data, table, inventory, jobs):
    """Return the scores of logistic regression on band statistics: (n_clips, n_tags)."""
    if feature_store.find_missing(data, "mel48", MEL48, inventory) is not None:
        feature_store.write(data, "mel48", MEL48, inventory, jobs)
    array, rows, _ = feature_store.open_store(data, "mel48", table.index)
    if len(rows) < len(table):
        raise ValueError(f"{len(table) - len(rows)} clips of the labels have no features")
    x = np.array([summarise(array[row]) for row in rows])
    train = (table["split"] == "train").to_numpy()
    y_true = table.drop(columns="split").to_numpy()
    scores = np.zeros(y_true.shape)
    for tag in np.flatnonzero(y_true[train].any(axis=0) & ~y_true[train].all(axis=0)):
        regression = make_pipeline(StandardScaler(), LogisticRegression(C=0.1, max_iter=1000))
        regression.fit(x[train], y_true[train, tag])
        scores[:, tag] = regression.predict_proba(x)[:, 1]
    return scores


def summarise(clip):
    """Return mean and standard deviation over time of each band of a (frames, bands) clip."""
    clip = clip.astype(np.float64)
    return np.concatenate([clip.mean(axis=0), clip.std(axis=0)])


def parse_args():
    """Return the arguments of the command line."""
    parser = cli.parser(__doc__)
    cli.add_data(parser)
    cli.add_labels(parser)
    cli.add_jobs(parser)
    return parser.parse_args()


if __name__ == "__main__":
    cli.run(main, parse_args)
