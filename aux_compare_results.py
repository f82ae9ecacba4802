"""Put all finished results of a dataset into one table a label set.

Everything that script 4 evaluated stands in it, networks and external scores alike, with mean and
deviation where runs differ by their seed alone. With --reference the difference of each to one of
them is computed on the same clips, tags and resamples, with its interval.

Reads   results/<run>/                      of every run that is evaluated, and up to date
        labels/<set>/, clips/clips.csv
Writes  results/comparison-<set>.csv        a row per run
        results/comparison-<set>.md, .tex   the same, for papers

Example: python aux_compare_results.py --data data/mtt --reference vgg
"""

from autotagging import cli, options, steps
from autotagging.files import write_if_changed
from autotagging.formatting import print_written
from autotagging.results import bootstrap, comparison, results_folder, tables


def main(args):
    """Compare what is evaluated, a label set at a time; name what is out of date."""
    current, stale = read_current(args.data)
    if args.reference and not any(args.reference in group for group in current.values()):
        known = sorted(run for group in current.values() for run in group)
        raise ValueError(
            f"--reference {args.reference}: no results of that name are up to date ("
            f"{'; '.join(stale) or ', '.join(known) or 'there are none'})"
        )
    for label_set, summaries in current.items():
        table = comparison.side_by_side(summaries)
        reference = args.reference if args.reference in summaries else None
        if reference:
            scored = {run: results_folder.read_scored_clips(args.data, run) for run in summaries}
            table = comparison.add_differences(table, scored, reference, args.resampling)
        write(args.data, label_set, table, describe(label_set, summaries), reference)
    if stale:
        raise ValueError("; ".join(stale))
    if not current:
        raise ValueError(f"{args.data} has no results: run {steps.WRITTEN_BY['results']}")


def read_current(data):
    """Return the summaries of finished results by label set and name, and why others are stale."""
    current, stale = {}, []
    for run in steps.list_finished(data / "results"):
        try:
            summary = results_folder.check_current(data, run)
        except ValueError as error:  # the others can be compared
            stale.append(str(error))
        else:
            current.setdefault(summary["settings"]["labels"], {})[run] = summary
    return current, stale


def describe(label_set, summaries):
    """Return the caption of a table: what it shows, and what in it cannot be compared."""
    summary = next(iter(summaries.values()))
    shown = (
        f"{summary['dataset']}, label set {label_set}: macro averages over the tags, test clips, "
        "with 95 % bootstrap intervals."
    )
    return " ".join(filter(None, [shown, comparison.describe_tag_sets(summaries), summary["note"]]))


def write(data, label_set, table, caption, reference):
    """Print one table and write it in three forms."""
    text = comparison.for_papers(table, reference)
    print(f"{caption}\n{text.to_string(index=False)}")
    path = data / "results" / f"comparison-{label_set}.csv"
    texts = {
        ".csv": table.round(6).to_csv(index=False, lineterminator="\n"),
        ".md": tables.to_markdown(text, caption),
        ".tex": tables.to_latex(text, caption),
    }
    for ending, content in texts.items():
        if write_if_changed(path.with_suffix(ending), content):
            print_written(path.with_suffix(ending), f"{len(table)} rows")


def parse_args():
    """Return the command line's arguments."""
    parser = cli.parser(__doc__)
    cli.add_data(parser)
    text = "results that the others are compared with, on the same clips, tags and resamples"
    options.add(parser, "--reference", options.name, help=text)
    options.add_settings(parser, bootstrap.Resampling)
    args = parser.parse_args()
    args.resampling = options.read_settings(parser, args, bootstrap.Resampling)
    return args


if __name__ == "__main__":
    cli.run(main, parse_args)
