"""Evaluate a trained network, or anybody's scores, on the test clips, tag by tag.

Macro averages over the tags are the headline; the paper's own number is micro, which favours the
frequent tags. Clips by artists that were heard in training are easier than clips by artists that
were not, so both are reported. Clips of one artist are alike, so the 95 % intervals come from
drawing artists anew. Every number is computed from the file of scores and the thresholds.

Reads   models/<run>/model.keras      the network with its tags and thresholds, of script 3
        features/, labels/            what it was trained on
        or, with --scores FILE, labels/ and clips.csv alone; the file is a CSV of clip_id and a
        column a tag, or .npy of shape (n_clips, n_tags) in the order of labels/<set>/labels.csv
Writes  results/<run>/scores.npy      (n_validation_and_test_clips, n_tags): probabilities
        results/<run>/scores.csv      the same, with clip_id and split
        results/<run>/per_tag.csv     every measure of every tag, with intervals
        results/<run>/summary.json    averages; curves, reliability, confusions, examples .csv
        results/<run>/report.html     all of it in one file, with clips to listen to
        images/accuracy.png, Recall.png, auc_per_tag.png, roc_pr_curves.png, tag_confusions.png,
        images/results.png
        with --table results/<run>/table.md and .tex
        with --all the numbers of every network and results/comparison.csv, no figures, no report

Example: python 4_evaluate.py --data data/mtt --model paper --compare vgg
"""

import argparse
import hashlib
from pathlib import Path

from autotagging import (
    annotations,
    bootstrap,
    cli,
    comparison,
    evaluation,
    examples,
    figures,
    labels,
    models,
    report,
    results,
    systems,
    versions,
    vocabulary,
)

SYNONYMS = cli.REPOSITORY / "data" / "synonyms.csv"
MERGED, TRUE = "test, synonyms merged", "test, against the truth"
MOST_DRAWS = 10_000


def main(args):
    """Evaluate one system, or every trained network; print and write what was found."""
    images = cli.images_folder(args.images, args.data)
    if args.all:
        evaluate_all(args)
        return
    system = systems.describe(args.data, args.name, args.scores, args.labels)
    if not args.force:
        systems.refuse_to_replace(args.data, args.name, system)
    summary = evaluate(args, args.name, system)
    print(comparison.in_words(args.name, summary))
    show(args, summary, images)


def evaluate_all(args):
    """Evaluate everything again that is trained, or was evaluated; write one table of it."""
    summaries, failed = {}, {}
    for name in sorted({*models.list_runs(args.data), *results.list_finished(args.data)}):
        try:
            system = systems.describe_again(args.data, name)
            summaries[name] = evaluate(args, name, system)
        except ValueError as error:  # the others can be evaluated
            failed[name] = error
    if summaries:
        table = comparison.side_by_side(summaries)
        shown = comparison.for_papers(table, args.draw)
        print(shown.to_string(index=False))
        path = args.data / "results" / "comparison.csv"
        if comparison.write(path, table):
            cli.print_written(path, f"{len(table)} rows")
        if args.table:
            write_table(args, path.with_suffix(""), shown, next(iter(summaries.values())))
    if failed:
        reasons = "; ".join(f"{name}: {error}" for name, error in failed.items())
        raise ValueError(f"{len(failed)} could not be evaluated: {reasons}")
    if not summaries:
        raise ValueError(f"{args.data} has no trained network: run 3_train_cnn.py")


def evaluate(args, name, system):
    """Score the validation and test clips and compute every number, unless that is done."""
    folder, label_set = results.folder_of(args.data, name), system["label_set"]
    other = args.compare and systems.read_other(args.data, args.compare, label_set)
    made_from = {"system": system["source"], **choices(args, label_set, other)}
    summary = None if args.force else results.read_summary(folder)
    if summary and summary["made_from"] == made_from:
        print(f"nothing to do: results/{name} are of this run")
        return summary
    if not summary or summary["made_from"]["system"] != system["source"]:
        write_scores(args.data, name, system)
    judged, where = systems.judge(args.data, name, system, results.read_scores(folder))
    shown = examples.tabulate(judged, args.clips)
    further = further_rows(args, judged, label_set)
    rows, tables = evaluation.evaluate(judged, args.how)
    rows |= {row: evaluation.measure(y_true, by, args.how) for row, (y_true, by) in further.items()}
    compared = other and {
        "with": getattr(args.compare, "name", args.compare),
        **evaluation.paired_difference(judged, other[0], args.how),
    }
    summary = {
        "macro": rows[evaluation.TEST]["macro"],
        "micro": rows[evaluation.TEST]["micro"],
        "rows": rows,
        "baselines": evaluation.baselines(judged),
        "interval": {"level": bootstrap.LEVEL, **args.how},
        "compared": compared,
        "thresholds": where,
        **systems.describe_data(args.data, label_set),
        "clips_without_scores": len(results.read_left_out(folder)),
        "clips_without_artist": systems.count_without_artist(judged),
        "model": system["model"],
        "scores_file": system["scores_file"] and system["scores_file"].name,
        "made_from": made_from,
        **versions.describe(),
    }
    results.write_numbers(folder, tables, shown, summary)
    cli.print_written(folder / "per_tag.csv", f"{len(summary['tags'])} tags, every measure")
    cli.print_written(folder / "examples.csv", f"{len(shown)} clips to show")
    cli.print_written(folder / "summary.json", "averages, and what they belong to")
    return summary


def write_scores(data, name, system):
    """Write the system's scores of the validation and test clips, and which it has none of."""
    folder = results.folder_of(data, name)
    y_score, split, left_out = systems.score(data, name, system)
    results.write_scores(folder, y_score, split, left_out)
    n_clips, n_tags = y_score.shape
    cli.print_written(folder / "scores.npy", f"{n_clips:,} clips x {n_tags} tags")
    cli.print_written(folder / "scores.csv", "the same, for reading")
    if len(left_out):
        cli.print_written(folder / "left_out.csv", f"{len(left_out):,} clips without scores")


def choices(args, label_set, other):
    """Return what decides the numbers besides the scores."""
    merged = labels.read_summary(args.data, label_set)["settings"]["merge"]
    files = {
        "clips.csv": args.data / "clips.csv",
        "truth": args.truth,
        "synonyms": SYNONYMS if args.truth or not merged else None,
    }
    checksums = {
        what: file and hashlib.sha256(file.read_bytes()).hexdigest() for what, file in files.items()
    }
    return {**args.how, "clips": args.clips, "compared": other and other[1], **checksums}


def further_rows(args, judged, label_set):
    """Return labels and what is judged by them: merged tags, where they are apart, the truth."""
    merged, rows = labels.read_summary(args.data, label_set)["settings"]["merge"], {}
    if not merged:
        synonyms = vocabulary.read_synonyms(SYNONYMS)
        known = vocabulary.merging(synonyms, judged["y_score"].columns)
        if known:
            fewer = evaluation.with_synonyms_merged(judged, known)
            rows[MERGED] = evaluation.test_labels(fewer), fewer
    if args.truth:
        truth, _ = annotations.read_annotations(args.truth)
        if merged:
            known = vocabulary.merging(vocabulary.read_synonyms(SYNONYMS), truth.columns)
            truth = vocabulary.merge_synonyms(truth, known)
        rows[TRUE] = evaluation.select_truth(truth, judged), judged
    return rows


def show(args, summary, images):
    """Draw the figures, write the report and, where asked for, the table for a paper."""
    folder = results.folder_of(args.data, args.name)
    checksum = hashlib.sha256(repr(summary["made_from"]).encode()).hexdigest()
    source = f"results/{args.name} {checksum}"
    if args.force or not all(figures.shows(images / file, source) for file in figures.EVALUATION):
        note = f"{args.name} on {summary['dataset']}. {summary['note']}".removesuffix(". ")
        tables = {table: results.read_table(folder, table) for table in results.TABLES}
        drawn = figures.draw_evaluation(tables, results.read_examples(folder), summary)
        for file, figure in drawn.items():
            figures.save(figure, images / file, note, source)
            cli.print_written(images / file, figures.EVALUATION[file])
    if report.write(args.data, args.name, images, source):
        cli.print_written(folder / "report.html", "everything in one file, with clips to play")
    if args.table:
        rows = comparison.for_papers(comparison.tabulate_rows(summary), args.draw)
        write_table(args, folder / "table", rows, summary)


def write_table(args, path, shown, summary):
    """Write a table in Markdown and LaTeX."""
    title = "All results" if args.all else args.name
    caption = (
        f"{title} on {summary['dataset']}: macro averages over the tags, test clips; 95 % "
        f"intervals from {args.draws:,} bootstrap draws of {args.draw}. {summary['note']}"
    )
    for written in comparison.write_tables(path, shown, caption.strip()):
        cli.print_written(written, "the averages, for a paper")


def parse_args():
    """Return the arguments of the command line."""
    parser = cli.parser(__doc__)
    cli.add_data(parser)
    what = parser.add_argument_group("what is evaluated")
    add = what.add_argument
    add("--model", type=cli.name, metavar="RUN", help="folder under models/ (default: vgg)")
    add("--scores", type=cli.file, metavar="FILE", help="anybody's scores: .csv or .npy")
    add(
        "--name",
        type=cli.name,
        metavar="NAME",
        help="of the results of --scores (default: the file's)",
    )
    cli.add_labels(what)
    add("--all", action="store_true", help="every trained network of the dataset, in one table")
    how = parser.add_argument_group("how")
    add = how.add_argument
    add(
        "--compare",
        type=file_or_name,
        metavar="RUN_OR_FILE",
        help="paired difference to other results or scores",
    )
    add("--truth", type=cli.file, metavar="FILE", help="of the sample: truth_final.csv, a row more")
    add(
        "--draw",
        choices=bootstrap.UNITS,
        default="artists",
        help="of what whole groups are drawn for the intervals (default: artists)",
    )
    add("--draws", type=cli.positive, default=1000, metavar="N", help="(default: 1000)")
    cli.add_seed(how)
    add("--clips", nargs="+", metavar="CLIP_ID", help="test clips of results.png")
    add("--table", action="store_true", help="write the averages as Markdown and LaTeX")
    cli.add_images(parser)
    cli.add_force(parser, "the results")
    args = parser.parse_args()
    check_options(args, parser)
    args.how = {"unit": args.draw, "draws": args.draws, "seed": args.seed}
    return args


def file_or_name(text):
    """Return a file's path, or a name of results."""
    return Path(text) if Path(text).is_file() else cli.name(text)


def check_options(args, parser):
    """Refuse options that do not go together; fill in the name of the results."""
    if sum(map(bool, (args.model, args.scores, args.all))) > 1:
        parser.error("--model, --scores and --all: one of them")
    for option in ("name", "labels"):
        if getattr(args, option) and not args.scores:
            parser.error(f"--{option} is of --scores")
    if args.all and (args.compare or args.clips):
        parser.error("--compare and --clips go with one system, not with --all")
    if not 10 <= args.draws <= MOST_DRAWS:
        parser.error(f"--draws {args.draws} is not between 10 and {MOST_DRAWS:,}")
    try:
        args.name = args.name or args.model or (args.scores and cli.name(args.scores.stem)) or "vgg"
    except argparse.ArgumentTypeError as error:
        parser.error(f"{error}: name the results of --scores with --name")


if __name__ == "__main__":
    cli.run(main, parse_args)
