"""Evaluate a trained network, or external scores, on the test clips, tag by tag.

Macro averages over the tags are the headline; the paper's own number is micro, which favours the
frequent tags. Clips by artists heard in training are easier than others, so both are reported.
Clips of one artist are alike, so the 95 % intervals come from resampling artists. A network that
was trained elsewhere, such as the published mtt-musicnn, is evaluated on the tags in common, and
on every part.

Reads   models/<run>/model.keras      the network with its tags and thresholds, of script 3
        features/<name>/, labels/<set>/, clips/
        or, with --scores FILE, labels and clips alone; the file is a CSV of clip_id and a
        column a tag, or .npy of shape (n_clips, n_tags) in the order of labels/<set>/labels.csv
Writes  results/<name>/scores.npy     (n_scored_clips, n_tags): probabilities
        results/<name>/scores.csv     the same, with clip_id and split; thresholds.csv,
                                      tag_weights.npy, left_out.csv
        results/<name>/per_tag.csv    every measure of every tag, with intervals
        results/<name>/summary.json   averages; curves, reliability, confusions, examples .csv
        results/<name>/report.html    all of it in one file, with clips to listen to
        results/<name>/accuracy.png, Recall.png, results.png, and more figures

Example: python 4_evaluate.py --data data/mtt --model mtt-musicnn --resample albums
"""

import argparse
from dataclasses import asdict

from autotagging import cli, steps
from autotagging.clips import inventory
from autotagging.formatting import print_up_to_date
from autotagging.labels import label_sets
from autotagging.labels.synonyms import read_synonyms
from autotagging.models import model_folder
from autotagging.options import JoinNames, add_settings, file, joined_names, name, read_settings
from autotagging.results import evaluation, examples, external_scores, report, results_folder
from autotagging.results.bootstrap import INTERVAL, Resampling
from autotagging.results.scores import ScoredClips, find_network, score
from autotagging.results.tables import describe
from autotagging.results.variants import evaluate


def main(args):
    """Score the clips, evaluate the scores, draw and report."""
    network, scored_by, label_set = None, [args.scores], args.labels
    if not args.scores:
        asked_for = {"features": args.features, "label_set": args.labels, "folder": args.published}
        network = find_network(args.data, args.model, **asked_for)
        label_set = network.label_set or args.labels
    label_set = label_sets.find_set(args.data, label_set)
    table, clips = label_sets.read_labels(args.data, label_set), inventory.read_clips(args.data)
    if network:
        table, scored_by = network.regroup(table), network.list_inputs(args.data, table.index)
    label_settings = steps.read_summary(label_sets.set_folder(args.data, label_set))["settings"]
    settings = {
        "model": network and model_folder.name_of(args.model),
        "features": network and network.features,
        "labels": label_set,
        **asdict(args.resampling),
        "interval": INTERVAL,
        "figure_clips": args.clips,
    }
    is_merged, elsewhere = label_settings["merge"], bool(network and network.is_trained_elsewhere)
    known = label_sets.labels_path(args.data, label_set), inventory.folder_of(args.data)
    lists = args.truth, cli.SYNONYMS if args.truth or elsewhere or not is_merged else None
    inputs = steps.describe_inputs(args.data, *known, *scored_by, *lists, clip_ids=table.index)
    step = steps.Step(results_folder.folder_of(args.data, args.name), settings, inputs)
    if not args.force and steps.is_finished(step, replaceable=("interval",)):
        summary = steps.read_summary(step.folder)
        report.write_missing(args.data, step.folder, summary)
        print_up_to_date(step.folder)
    else:
        synonyms = read_synonyms(cli.SYNONYMS)
        if network:
            heard = label_sets.list_mtt_training_clips(args.data, label_set, table)
            merging = synonyms if is_merged else {}
            found = score(network, args.data, table, synonyms=merging, mtt_training_clips=heard)
        else:
            found = external_scores.read(args.scores, table)
        scored = ScoredClips(table, clips, found.y_score, found.thresholds, elsewhere)
        rows, numbers = evaluate(scored, synonyms, is_merged, args.truth, args.resampling)
        example_clips = examples.tabulate(scored, args.clips)
        with steps.writing(step) as summary:
            results_folder.write_scores(step.folder, found, table["split"])
            results_folder.write_tables(step.folder, numbers, example_clips)
            summary.update(label_sets.read_provenance(args.data, label_set))
            summary["split"] = label_settings["split"]
            summary["scores_file"] = args.scores and args.scores.name
            summary.update(evaluation.summarise(scored, rows) | found.describe())
            report.write_missing(args.data, step.folder, summary)
    print(describe(args.name, summary))


def parse_args():
    """Return the arguments of the command line."""
    parser = cli.parser(__doc__)
    add = parser.add_argument
    cli.add_data(parser)
    add(
        "--model", metavar="NAME", help="a run, a published network, or a model file (default: vgg)"
    )
    add("--scores", type=file, metavar="FILE", help="external scores instead: .csv or .npy")
    cli.add_labels(parser)
    joined = {"type": joined_names, "nargs": "+", "action": JoinNames, "metavar": "NAME"}
    add("--features", **joined, help="that a network from elsewhere takes")
    cli.add_published(parser)
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
