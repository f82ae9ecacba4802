"""Evaluate a trained network, or anybody's scores, on the test clips, tag by tag.

Macro averages over the tags are the headline; the paper's own number is micro, which favours the
frequent tags. Clips by artists that were heard in training are easier than clips by artists that
were not, so both are reported. Clips of one artist are alike, so the 95 % intervals come from
drawing artists anew. Every number is computed from the file of scores.

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
        with --table results/<run>/table.md and .tex, with --all results/comparison.csv

Example: python 4_evaluate.py --data data/mtt --model paper --compare vgg
"""

import hashlib

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


def main(args):
    """Evaluate one system, or every trained network; print and write what was found."""
    if args.all:
        evaluate_all(args)
        return
    system = systems.describe(args.data, args.name, args.scores, args.labels)
    summary = evaluate(args, args.name, system)
    print_summary(args.name, summary)
    show(args, args.name, system["source"], summary)


def evaluate_all(args):
    """Evaluate every trained network; print and write one table of all finished results."""
    failed = {}
    for name in models.list_runs(args.data):
        try:
            evaluate(args, name, systems.describe(args.data, name))
        except ValueError as error:  # the others can be evaluated
            failed[name] = error
    finished = results.list_finished(args.data)
    summaries = {
        name: results.read_summary(results.folder_of(args.data, name)) for name in finished
    }
    if summaries:
        table = comparison.compare(summaries)
        shown = comparison.for_papers(table, args.draw)
        print(shown.to_string(index=False))
        path = comparison.write(args.data / "results", table)
        cli.print_written(path, f"{len(table)} rows")
        if args.table:
            write_table(args, path.parent / "comparison", shown, summaries[finished[0]])
    if failed:
        reasons = "; ".join(f"{name}: {error}" for name, error in failed.items())
        raise ValueError(f"{len(failed)} networks could not be evaluated: {reasons}")
    if not summaries:
        raise ValueError(f"{args.data} has no trained network: run 3_train_cnn.py")


def evaluate(args, name, system):
    """Score the validation and test clips and compute every number, unless that is done."""
    folder = results.folder_of(args.data, name)
    made_from = {"system": system["source"], **choices(args, system["label_set"])}
    summary = None if args.force else results.read_summary(folder)
    if summary and summary["made_from"] == made_from:
        print(f"nothing to do: results/{name} are of this run")
        return summary
    if not summary or summary["made_from"]["system"] != system["source"]:
        write_scores(args.data, name, system)
    judged, where = systems.judge(args.data, name, system, results.read_scores(folder))
    rows, tables = evaluation.evaluate(judged, args.how)
    rows |= further_rows(args, judged, system["label_set"])
    shown = examples.tabulate(judged, args.clips)
    summary = {
        "macro": rows[evaluation.TEST]["macro"],
        "micro": rows[evaluation.TEST]["micro"],
        "rows": rows,
        "baselines": evaluation.baselines(judged),
        "interval": {"level": bootstrap.LEVEL, **args.how},
        "compared": compare(args, judged, system["label_set"]),
        "thresholds": where,
        **systems.describe_data(args.data, system["label_set"]),
        "clips_without_scores": len(results.read_left_out(folder)),
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
    scores, split, left_out = systems.score(data, name, system)
    tags = labels.read_labels(data, system["label_set"]).columns.drop("split")
    results.write_scores(folder, scores, split, tags)
    results.write_left_out(folder, left_out)
    cli.print_written(folder / "scores.npy", f"{len(scores):,} clips x {len(tags)} tags")
    cli.print_written(folder / "scores.csv", "the same, for reading")
    if len(left_out):
        cli.print_written(folder / "left_out.csv", f"{len(left_out):,} clips without scores")


def choices(args, label_set):
    """Return what decides the numbers besides the scores."""
    compared = args.compare and systems.read_other(args.data, args.compare, label_set)
    merged = labels.read_summary(args.data, label_set)["settings"]["merge"]
    files = {"truth": args.truth, "synonyms": None if merged else SYNONYMS}
    checksums = {
        what: file and hashlib.sha256(file.read_bytes()).hexdigest() for what, file in files.items()
    }
    return {**args.how, "clips": args.clips, "compared": compared and compared[1], **checksums}


def further_rows(args, judged, label_set):
    """Return the row of merged tags, where synonyms are apart, and that of the truth."""
    merged = labels.read_summary(args.data, label_set)["settings"]["merge"]
    synonyms, rows = vocabulary.read_synonyms(SYNONYMS), {}
    if not merged:
        known = vocabulary.merging(synonyms, judged["y_score"].columns)
        fewer = evaluation.with_synonyms_merged(judged, known)
        rows[MERGED] = evaluation.measure(evaluation.test_labels(fewer), fewer, args.how)
    if args.truth:
        truth, _ = annotations.read_annotations(args.truth)
        if merged:
            known = vocabulary.merging(synonyms, truth.columns)
            truth = vocabulary.merge_synonyms(truth, known)
        y_true = evaluation.select_truth(truth, judged)
        rows[TRUE] = evaluation.measure(y_true, judged, args.how)
    return rows


def compare(args, judged, label_set):
    """Return the paired difference to another system, where one is named."""
    if not args.compare:
        return None
    theirs, _ = systems.read_other(args.data, args.compare, label_set)
    return {"with": args.compare, **evaluation.compare(judged, theirs, args.how)}


def print_summary(name, summary):
    """Print the averages of each group of clips, what they mean and what they leave out."""
    interval, test = summary["interval"], summary["rows"][evaluation.TEST]
    print(
        f"{name}: {summary['dataset']}, label set {summary['label_set']}, {test['clips']:,} test "
        f"clips, {test['tags']} of {len(summary['tags'])} tags averaged; 95 % intervals from "
        f"{interval['draws']:,} draws of {test['groups']:,} {interval['unit']}"
    )
    table = comparison.for_papers(comparison.tabulate_rows(summary), interval["unit"])
    print(table.to_string(index=False))
    at_half, nothing = test["at_half"]["macro"], summary["baselines"]["nothing"]["macro"]
    prevalence = summary["baselines"]["prevalence"]
    print(
        f"accuracy at 0.5 {cli.number(at_half['accuracy'])}, of predicting no tag "
        f"{cli.number(nothing['accuracy'])}; F1 at 0.5 {cli.number(at_half['f1'])}, at the "
        f"thresholds {cli.number(test['at_thresholds']['macro']['f1'])}; each tag's share of the "
        f"training clips as its score: macro PR-AUC {cli.number(prevalence['macro']['pr_auc'])}, "
        f"micro ROC-AUC {cli.number(prevalence['micro']['roc_auc'])}"
    )
    if test["tags_left_out"]:
        tags = test["tags_left_out"]
        print(
            f"left out of the averages, no test clip has them or all: {len(tags)} tags: "
            f"{', '.join(tags)}"
        )
    if summary["compared"]:
        print_comparison(name, summary["compared"])


def print_comparison(name, compared):
    """Print the difference to another system."""
    print(
        f"{name} against {compared['with']}, the same {compared['clips']:,} clips and "
        f"{compared['tags']} tags (left out, as one of them has no scores: "
        f"{compared['clips_left_out']:,} clips, {compared['tags_left_out']} tags):"
    )
    for area, title in comparison.AREAS.items():
        row = compared[area]
        print(
            f"  {title} {cli.number(row['ours'])} - {cli.number(row['theirs'])} = "
            f"{row['value']:+.4f} (95 % {row['low']:+.4f} to {row['high']:+.4f}), better in "
            f"{row['probability_better'] * 100:.1f} % of the draws"
        )


def show(args, name, source, summary):
    """Draw the figures, write the report and, where asked for, the table for a paper."""
    folder, images = results.folder_of(args.data, name), cli.images_folder(args.images, args.data)
    source = f"{source} {hashlib.sha256(repr(summary['made_from']).encode()).hexdigest()}"
    if not all(figures.shows(images / file, source) for file in figures.EVALUATION):
        note = f"{name}. {summary['note']}" if summary["note"] else name
        tables = {table: results.read_table(folder, table) for table in results.TABLES}
        drawn = figures.draw_evaluation(tables, results.read_examples(folder), summary)
        for file, figure in drawn.items():
            figures.save(figure, images / file, note, source)
            cli.print_written(images / file, figures.EVALUATION[file])
    if report.write(args.data, name, images, source):
        cli.print_written(folder / "report.html", "everything in one file, with clips to play")
    if args.table:
        rows = comparison.for_papers(comparison.tabulate_rows(summary), args.draw)
        write_table(args, folder / "table", rows, summary)


def write_table(args, path, shown, summary):
    """Write a table in Markdown and LaTeX."""
    title = "All networks" if args.all else args.name
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
        help="of the results of --scores (default: its name)",
    )
    cli.add_labels(what)
    add("--all", action="store_true", help="every trained network of the dataset, in one table")
    how = parser.add_argument_group("how")
    add = how.add_argument
    add("--compare", metavar="RUN_OR_FILE", help="paired difference to other results or scores")
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
    if sum(map(bool, (args.model, args.scores, args.all))) > 1:
        parser.error("--model, --scores and --all: one of them")
    if args.name and not args.scores:
        parser.error("--name is of --scores")
    args.name = args.name or args.model or (cli.name(args.scores.stem) if args.scores else "vgg")
    args.how = {"unit": args.draw, "draws": args.draws, "seed": args.seed}
    return args


if __name__ == "__main__":
    cli.run(main, parse_args)
