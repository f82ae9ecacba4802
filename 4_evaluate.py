"""Evaluate a trained network, or external scores, on the test clips, tag by tag.

Macro averages over the tags are the headline; the paper's own number is micro, which favours the
frequent tags. Clips by artists that were heard in training are easier than clips by artists that
were not, so both are reported. Clips of one artist are alike, so the 95 % intervals come from
resampling artists. Every number is computed from the scores, the thresholds and the labels.

Reads   models/<run>/model.keras      the network with its tags and thresholds, of script 3
        features/<name>/, labels/<set>/, clips/
        or, with --scores FILE, labels and clips alone; the file is a CSV of clip_id and a
        column a tag, or .npy of shape (n_clips, n_tags) in the order of labels/<set>/labels.csv
Writes  results/<name>/scores.npy     (n_validation_and_test_clips, n_tags): probabilities
        results/<name>/scores.csv     the same, with clip_id and split; thresholds.csv
        results/<name>/per_tag.csv    every measure of every tag, with intervals
        results/<name>/summary.json   averages; curves, reliability, confusions, examples .csv
        results/<name>/report.html    all of it in one file, with clips to listen to
        results/<name>/accuracy.png, Recall.png, auc_per_tag.png, roc_pr_curves.png,
        tag_confusions.png, results.png

Example: python 4_evaluate.py --data data/mtt --model paper --resample albums
"""

import argparse
from dataclasses import asdict

from autotagging import (
    annotations,
    bootstrap,
    cli,
    clips,
    evaluation,
    examples,
    feature_store,
    labels,
    models,
    report,
    results,
    scores,
    scores_file,
    steps,
    tables,
    vocabulary,
)
from autotagging.options import add_settings, file, name, read_settings


def main(args):
    """Score the validation and test clips, evaluate the scores, draw and report."""
    network = None
    if not args.scores:
        network = scores.find_network(args.data, args.model, args.features)
    label_set = (network and network.label_set) or labels.find_set(args.data, args.labels)
    table, inventory = labels.read_labels(args.data, label_set), clips.read_clips(args.data)
    chosen = labels.read_summary(args.data, label_set)["settings"]
    settings = {
        "model": None if args.scores else args.model,
        "features": network and network.features,
        "labels": label_set,
        **asdict(args.resampling),
        "figure_clips": args.clips,
    }
    inputs = steps.describe_inputs(
        args.data,
        labels.set_folder(args.data, label_set) / "labels.csv",
        clips.folder_of(args.data) / "clips.csv",
        network.path if network else args.scores,
        network and feature_store.folder_of(args.data, network.features),
        args.truth,
        cli.SYNONYMS if args.truth or not chosen["merge"] else None,
        clip_ids=table.index,
    )
    step = steps.Step(results.folder_of(args.data, args.name), settings, inputs)
    if not args.force and steps.is_finished(step):
        print(f"nothing to do: results/{args.name} are of these scores")
        summary = steps.read_summary(step.folder)
    else:
        with steps.writing(step) as summary:
            if network:
                found = scores.score(network, args.data, table)
            else:
                found = scores_file.read(args.scores, table)
            results.write_scores(step.folder, found, table["split"])
            scored = scores.ScoredClips(table, inventory, found.y_score, found.thresholds)
            rows, numbers = evaluation.evaluate(scored, args.resampling)
            rows |= evaluate_otherwise(args, scored, chosen["merge"])
            results.write_tables(step.folder, numbers, examples.tabulate(scored, args.clips))
            summary.update(labels.read_provenance(args.data, label_set))
            summary.update(split=chosen["split"], scores_file=args.scores and args.scores.name)
            summary.update(evaluation.summarise(scored, rows) | found.describe())
            report.write_missing(args.data, step.folder, summary)
    report.write_missing(args.data, step.folder, summary)
    print(tables.describe(args.name, summary))


def evaluate_otherwise(args, scored, is_merged):
    """Return the rows for tags merged now, and against the truth of the sample."""
    rows, synonyms = {}, vocabulary.read_synonyms(cli.SYNONYMS)
    merging = {} if is_merged else vocabulary.merging(synonyms, scored.tags)
    if merging:
        rows[evaluation.MERGED] = evaluation.evaluate_merged(scored, merging, args.resampling)
    if args.truth:
        truth = annotations.read_annotations(args.truth).tags
        if is_merged:
            merging = vocabulary.merging(synonyms, truth.columns)
            truth = vocabulary.merge_synonyms(truth, merging)
        rows[evaluation.TRUE] = evaluation.evaluate_truth(scored, truth, args.resampling)
    return rows


def parse_args():
    """Return the arguments of the command line."""
    parser = cli.parser(__doc__)
    add = parser.add_argument
    cli.add_data(parser)
    model = "trained network: a run under models/, or a model file (default: vgg)"
    add("--model", metavar="NAME", help=model)
    add("--scores", type=file, metavar="FILE", help="external scores instead: .csv or .npy")
    cli.add_labels(parser)
    features = "that a model file is given (default: as it was trained on)"
    add("--features", type=name, metavar="NAME", help=features)
    cli.add_name(parser, "that of the network or the file of scores")
    add("--truth", type=file, metavar="FILE", help="of the sample: truth_final.csv, a row more")
    add_settings(parser, bootstrap.Resampling)
    add("--clips", nargs="+", metavar="CLIP_ID", help="test clips of results.png")
    cli.add_force(parser, "the results")
    args = parser.parse_args()
    if args.model and args.scores:
        parser.error("--model and --scores: one of them")
    args.model = args.model or "vgg"
    args.resampling = read_settings(parser, args, bootstrap.Resampling)
    try:
        default = args.scores.stem if args.scores else models.name_of(args.model)
        args.name = args.name or name(default)
    except argparse.ArgumentTypeError as error:
        parser.error(f"{error}: name the results with --name")
    return args


if __name__ == "__main__":
    cli.run(main, parse_args)
