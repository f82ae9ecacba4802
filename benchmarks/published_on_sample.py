"""Print what a network that knows real music recognises in the synthetic sample, tag by tag.

Its scores of the test clips are held against what listeners said and against what is truly in the
clips, beside those of a network that was trained on the sample, and beside its own on real clips:
there is a tag that is not recognised here, and one that is recognised nowhere. The first table has
a row per tag, the best recognised first, the second the averages by kind of tag, with intervals.

Reads   results/<run>/ of both networks, labels/<set>/, truth_final.csv of the sample
        results/<run>/ of the first in a dataset of real clips (--real), data/tag_kinds.csv
Writes  two tables in Markdown on standard output

Example: python benchmarks/published_on_sample.py --real data/mtt
"""

import dataclasses
import sys
from pathlib import Path

import pandas as pd

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from autotagging import cli, metrics, options, steps
from autotagging.formatting import count, measure, measure_with_interval
from autotagging.labels import label_sets, synonyms
from autotagging.results import bootstrap, evaluation, results_folder, tables
from benchmarks.floor_and_ceiling import ceiling

SAID, TRUE, WITHIN, REAL = "annotated", "true", "trained on the sample", "real"
COLUMNS = {
    SAID: ["clips", *metrics.AUCS],
    TRUE: ["clips", *metrics.AUCS],
    WITHIN: ["roc_auc"],
    REAL: ["clips", "roc_auc"],
}
RESAMPLING = bootstrap.Resampling()


def main(args):
    """Print both tables."""
    label_set, said = read_scored(args.data, args.run)
    other_set, within = read_scored(args.data, args.within)
    if other_set != label_set:
        raise ValueError(
            f"results/{args.within} are of label set {other_set}, results/{args.run} of "
            f"{label_set}: evaluate both on one with 4_evaluate.py"
        )
    true = read_truth(args.data, label_set, said.labels)
    evaluated = {
        SAID: said,
        TRUE: dataclasses.replace(said, labels=true),
        WITHIN: dataclasses.replace(within, labels=true),
    }
    if args.real:
        _, evaluated[REAL] = read_scored(args.real, args.run)
    kinds = pd.Series(synonyms.read_kinds(cli.TAG_KINDS)).reindex(said.tags, fill_value="other")
    caption = f"{args.run} on {count(len(said.test_ids), 'test clip')}; {WITHIN}: {args.within}"
    print(tables.to_markdown(tabulate_tags(evaluated, kinds), caption))
    caption = f"macro ROC-AUC, intervals from {RESAMPLING.n_resamples:,} resamples of artists"
    print(tables.to_markdown(tabulate_kinds(evaluated, kinds), caption))


def read_scored(data, run):
    """Return the label set of a run that is up to date, and its scores: str, ScoredClips."""
    label_set = results_folder.check_current(data, run)["settings"]["labels"]
    return label_set, results_folder.read_scored_clips(data, run)


def read_truth(data, label_set, labels):
    """Return labels with what is truly in the clips in place of what was said: a DataFrame."""
    is_merged = steps.read_summary(label_sets.set_folder(data, label_set))["settings"]["merge"]
    truth = ceiling(data, labels, is_merged).astype(bool)
    tags = labels.columns.drop("split")
    return pd.concat([labels["split"], pd.DataFrame(truth, labels.index, tags)], axis=1)


def tabulate_tags(evaluated, kinds):
    """Return what is recognised of each tag: a DataFrame of text, best recognised first.

    Parameters
    ----------
    evaluated : dict
        Key of `COLUMNS` -> ScoredClips.
    kinds : Series of str
        By tag.
    """
    measured = {
        name: measure_tags(scored).reindex(kinds.index) for name, scored in evaluated.items()
    }
    columns = {"tag": kinds.index, "kind": kinds}
    for name, measures in measured.items():
        for column in COLUMNS[name]:
            is_auc = column in metrics.AUCS
            values = measures[column] if is_auc else measures[column].fillna(0)
            write = measure if is_auc else "{:.0f}".format
            columns[f"{metrics.AUCS.get(column, column)}, {name}"] = values.map(write)
    order = measured[TRUE]["roc_auc"].sort_values(ascending=False, kind="stable").index
    return pd.DataFrame(columns, index=kinds.index).loc[order]


def measure_tags(scored):
    """Return clips, roc_auc and pr_auc of every tag on the test clips: a DataFrame by tag."""
    y_true = scored.true_labels(scored.test_ids)
    pair = y_true.to_numpy(), scored.y_score.loc[y_true.index].to_numpy()
    measures = {"roc_auc": metrics.roc_auc(*pair), "pr_auc": metrics.pr_auc(*pair)}
    return pd.DataFrame({"clips": y_true.sum(), **measures}, index=scored.tags)


def tabulate_kinds(evaluated, kinds):
    """Return the averages of all tags and of each kind: a DataFrame of text; as `tabulate_tags`."""
    groups = {"all": kinds.index, **kinds.groupby(kinds).groups}
    return pd.DataFrame(
        [
            {"kind": kind, "tags": len(tags)}
            | {name: average(scored, tags) for name, scored in evaluated.items()}
            for kind, tags in groups.items()
        ]
    ).astype(str)


def average(scored, tags):
    """Return the macro ROC-AUC of those tags that it has, with its interval, as text."""
    y_true = scored.true_labels(scored.test_ids)
    y_true = y_true[scored.tags.intersection(tags, sort=False)]
    row = evaluation.average(y_true, scored, RESAMPLING)
    return measure_with_interval(**row["macro"]["roc_auc"])


def parse_args():
    """Return the arguments of the command line."""
    parser = cli.parser(__doc__)
    cli.add_data(parser)
    text = "results of the network that was trained elsewhere (default: mtt-musicnn)"
    options.add(parser, "--run", options.name, default="mtt-musicnn", help=text)
    text = f"results of one that was trained on the sample (default: {results_folder.DEFAULT})"
    options.add(parser, "--within", options.name, default=results_folder.DEFAULT, help=text)
    text = "dataset of real clips, on which the network was evaluated under the same name"
    options.add(parser, "--real", options.folder, metavar="FOLDER", help=text)
    return parser.parse_args()


if __name__ == "__main__":
    cli.run(main, parse_args)
