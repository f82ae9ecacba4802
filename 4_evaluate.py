"""Evaluate a trained network, or external scores, on the test clips, tag by tag.

Macro averages over the tags are the headline; the paper's own number is micro, which favours the
frequent tags. Clips by artists heard in training are easier than others, so both are reported.
Clips of one artist are alike, so the 95 % intervals come from resampling artists.

Reads   models/<run>/model.keras      the network with its tags and thresholds, of script 3
        features/<name>/, labels/<set>/, clips/
        or, with --scores FILE, labels and clips alone; the file is a CSV of clip_id and a
        column a tag, or .npy of shape (n_clips, n_tags) in the order of labels/<set>/labels.csv
Writes  results/<name>/scores.npy     (n_validation_and_test_clips, n_tags): probabilities
        results/<name>/scores.csv     the same, with clip_id and split; thresholds.csv,
                                      tag_weights.npy, left_out.csv
        results/<name>/per_tag.csv    every measure of every tag, with intervals
        results/<name>/summary.json   averages; curves, reliability, confusions, examples .csv
        results/<name>/report.html    all of it in one file, with clips to listen to
        results/<name>/accuracy.png, Recall.png, results.png, and more figures

Example: python 4_evaluate.py --data data/mtt --model paper --resample albums
"""

import argparse
from dataclasses import asdict

from autotagging import cli, steps
from autotagging.clips import annotations, inventory
from autotagging.formatting import print_up_to_date
from autotagging.labels import label_sets
from autotagging.labels.synonyms import merge_applying, merging, read_synonyms
from autotagging.models import model_folder
from autotagging.options import add_settings, file, name, read_settings
from autotagging.results import evaluation, examples, external_scores, report, results_folder
from autotagging.results.bootstrap import INTERVAL, Resampling
from autotagging.results.scores import ScoredClips, find_network, score
from autotagging.results.tables import describe


def main(args):
    """Score the validation and test clips, evaluate the scores, draw and report."""
    network = None
    if not args.scores:
        network = find_network(args.data, args.model, features=args.features, label_set=args.labels)
    label_set = (network and network.label_set) or label_sets.find_set(args.data, args.labels)
    table, clips = label_sets.read_labels(args.data, label_set), inventory.read_clips(args.data)
    table = network.regroup(table) if network else table
    label_settings = steps.read_summary(label_sets.set_folder(args.data, label_set))["settings"]
    settings = {
        "model": network and model_folder.name_of(args.model),
        "features": network and network.features,
        "labels": label_set,
        **asdict(args.resampling),
        "interval": INTERVAL,
        "figure_clips": args.clips,
    }
    synonyms = cli.SYNONYMS if args.truth or not label_settings["merge"] else None
    known = label_sets.labels_path(args.data, label_set), inventory.folder_of(args.data)
    scored_by = network.list_inputs(args.data, table.index) if network else [args.scores]
    paths = *known, *scored_by, args.truth, synonyms
    inputs = steps.describe_inputs(args.data, *paths, clip_ids=table.index)
    step = steps.Step(results_folder.folder_of(args.data, args.name), settings, inputs)
    if not args.force and steps.is_finished(step, replaceable=("interval",)):
        summary = steps.read_summary(step.folder)
        report.write_missing(args.data, step.folder, summary)
        print_up_to_date(step.folder)
    else:
        if network:
            found = score(network, args.data, table)
        else:
            found = external_scores.read(args.scores, table)
        scored = ScoredClips(table, clips, found.y_score, found.thresholds)
        rows, numbers = evaluation.evaluate(scored, args.resampling)
        rows |= evaluate_variants(scored, label_settings["merge"], args.truth, args.resampling)
        example_clips = examples.tabulate(scored, args.clips)
        with steps.writing(step) as summary:
            results_folder.write_scores(step.folder, found, table["split"])
            results_folder.write_tables(step.folder, numbers, example_clips)
            summary.update(label_sets.read_provenance(args.data, label_set))
            summary.update(
                split=label_settings["split"], scores_file=args.scores and args.scores.name
            )
            summary.update(evaluation.summarise(scored, rows) | found.describe())
            report.write_missing(args.data, step.folder, summary)
    print(describe(args.name, summary))


def evaluate_variants(scored, is_merged, truth_path, resampling):
    """Return the rows for tags merged now, and against the truth of the sample."""
    rows, synonyms = {}, read_synonyms(cli.SYNONYMS)
    applying = {} if is_merged else merging(synonyms, scored.tags)
    if applying:
        rows[evaluation.MERGED] = evaluation.evaluate_merged(scored, applying, resampling)
    if truth_path:
        truth = annotations.read_annotations(truth_path).tags
        if is_merged:
            truth = merge_applying(truth, synonyms)
        rows[evaluation.TRUE] = evaluation.evaluate_truth(scored, truth, resampling)
    return rows


def parse_args():
    """Return the arguments of the command line."""
    parser = cli.parser(__doc__)
    add = parser.add_argument
    cli.add_data(parser)
    add("--model", metavar="NAME", help="a run under models/, or a model file (default: vgg)")
    add("--scores", type=file, metavar="FILE", help="external scores instead: .csv or .npy")
    cli.add_labels(parser)
    add("--features", type=name, metavar="NAME", help="that a model file from elsewhere takes")
    cli.add_name(parser, "that of the network or the file of scores")
    add("--truth", type=file, metavar="FILE", help="of the sample: truth_final.csv, a row more")
    add_settings(parser, Resampling)
    add("--clips", nargs="+", metavar="CLIP_ID", help="test clips of results.png")
    cli.add_force(parser, "the results")
    args = parser.parse_args()
    if args.model and args.scores:
        parser.error("--model and --scores: give one, not both")
    if args.features and args.scores:
        parser.error("--features applies to --model alone")
    args.model = args.model or results_folder.DEFAULT
    args.resampling = read_settings(parser, args, Resampling)
    try:
        default = args.scores.stem if args.scores else model_folder.name_of(args.model)
        args.name = args.name or name(default)
    except argparse.ArgumentTypeError as error:
        parser.error(f"{error}: name the results with --name")
    return args


if __name__ == "__main__":
    cli.run(main, parse_args)
