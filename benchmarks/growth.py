"""Print how time and memory of scripts 1 to 5 grow with the number of clips.

Rehearses (`rehearsal.py`) on a quarter of MagnaTagATune's clips, on all, and on four times as many,
and on few clips, whose processor time is taken for the start-up of each script.

Reads   mtt and mtt-excerpt of AUTOTAGGING_TEST_DATA (default: ../shared), data/published/
Writes  tables on standard output; with --figure the figure; FOLDER/<size>/, a stand-in a size

Example: python benchmarks/growth.py --data data/growth --figure images/full_size/growth.png
"""

import sys
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.ticker import NullFormatter

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from autotagging import cli, options
from autotagging.figures import style
from autotagging.formatting import print_written
from benchmarks import full_size, machine, rehearsal
from benchmarks.rehearsal_page import MEGABYTE, SCRIPTS

SIZES = {"few": 0.01, "quarter": 0.25, "full": 1, "four times": 4}
LEAST = 25  # of few clips: every part has some
LEAST_AT_FULL = 200  # a quarter of them are twice the few
LINEAR, FLAT = 1.2, 1.2  # what counts as growing in proportion, and as not growing


def main(args):
    """Rehearse at every size, and print the tables."""
    print(machine.described())
    clips, measured = machine.list_clips(args.test_data), {}
    for size, share in SIZES.items():
        n_clips, data = max(LEAST, round(share * args.clips)), args.data / size.replace(" ", "_")
        full_size.build(data, n_clips, args.test_data)
        print(f"{size}: {n_clips:,} clips", flush=True)
        works = rehearsal.list_works(data, clips)
        measured[n_clips] = rehearsal.rehearse(data, {name: works[name] for name in SCRIPTS})
    table = tabulate(measured)
    print("\n".join(["", *list_times(table), "", *list_memory(table)]))
    if args.figure:
        args.figure.parent.mkdir(parents=True, exist_ok=True)
        style.save(draw(table), args.figure, full_size.DISCLAIMER)
        print_written(args.figure, "processor time and memory by number of clips")


def tabulate(measured):
    """Return what scripts took by size.

    Parameters
    ----------
    measured : dict
        Number of clips -> what `rehearsal.rehearse` returns; the first are the few clips.

    Returns
    -------
    DataFrame
        Indexed by script and number of clips, without the few: cpu_seconds after start-up, times
        (how much a clip costs, against a clip at the first of these sizes), megabytes (of all
        processes at once).
    """
    (few, at_start), *rest = measured.items()
    rows = []
    for script in SCRIPTS:
        costs = {
            size: took[script]["cpu_seconds"] - at_start[script]["cpu_seconds"]
            for size, took in rest
        }
        a_clip = {size: seconds / (size - few) for size, seconds in costs.items()}
        for size, took in rest:
            times = a_clip[size] / a_clip[min(a_clip)]
            megabytes = took[script]["together_bytes"] / MEGABYTE
            rows.append((script, size, costs[size], times, megabytes))
    names = ["script", "clips", "cpu_seconds", "times", "megabytes"]
    return pd.DataFrame(rows, columns=names).set_index(["script", "clips"])


def list_times(table):
    """Return the lines of the table of processor time."""
    sizes = table.index.unique("clips")
    heads = " | ".join(f"{size:,} clips" for size in sizes)
    lines = [f"| script | {heads} | cost of a clip, most / least | linear |"]
    lines += ["|---" * (len(sizes) + 3) + "|"]
    for script, rows in table.groupby("script"):
        spread = rows["times"].max() / rows["times"].min() if (rows["times"] > 0).all() else None
        seconds = " | ".join(f"{value:,.1f} s" for value in rows["cpu_seconds"])
        said = (
            "- | lost in start-up" if spread is None else f"{spread:.2f} | {judge(spread, LINEAR)}"
        )
        lines.append(f"| {script} | {seconds} | {said} |")
    return ["processor time after start-up", "", *lines]


def list_memory(table):
    """Return the lines of the table of memory."""
    sizes = table.index.unique("clips")
    heads = " | ".join(f"{size:,} clips" for size in sizes)
    lines = [f"| script | {heads} | MB for 100,000 clips more | flat |"]
    lines += ["|---" * (len(sizes) + 3) + "|"]
    for script, rows in table.groupby("script"):
        megabytes = rows["megabytes"].to_numpy()
        slope = (megabytes[-1] - megabytes[0]) / (sizes[-1] - sizes[0]) * 100_000
        cells = " | ".join(f"{value:,.0f} MB" for value in megabytes)
        flat = judge(megabytes.max() / megabytes[0], FLAT)
        lines.append(f"| {script} | {cells} | {slope:,.0f} | {flat} |")
    return ["peak of anonymous memory, all processes at once", "", *lines]


def judge(ratio, limit):
    """Return whether a ratio keeps its limit, as a cell of a table."""
    return "yes" if ratio < limit else "**no**"


@style.styled
def draw(table):
    """Return a figure of processor time and memory by number of clips, both axes logarithmic."""
    figure = style.new_figure(2.6)
    panels = {"cpu_seconds": "Processor time after start-up (s)", "megabytes": "Memory (MB)"}
    looks = dict(zip(SCRIPTS, style.KINDS.values(), strict=False))
    for ax, (column, label) in zip(figure.subplots(1, 2), panels.items(), strict=True):
        for script, rows in table[column].groupby("script"):
            colour, marker = looks[script]
            values = rows.droplevel("script")
            values = values[values > 0]  # a logarithm has no others
            drawn = {"color": colour, "marker": marker, "markersize": 3, "linewidth": 1}
            ax.loglog(values.index, values, label=f"script {script}", **drawn)
        sizes = table.index.unique("clips")
        ax.set_xticks(sizes, [f"{size:,}" for size in sizes])
        decades = np.log10(ax.get_ylim())
        ax.set_ylim(10 ** np.floor(decades[0]), 10 ** np.ceil(decades[1]))
        ax.yaxis.set_major_formatter("{x:,g}")
        for axis in (ax.xaxis, ax.yaxis):
            axis.set_minor_formatter(NullFormatter())
        ax.set(xlabel="Clips", ylabel=label)
        ax.grid(which="major")
    figure.legend(*ax.get_legend_handles_labels(), loc="outside right center")
    return figure


def parse_args():
    """Return the arguments of the command line."""
    parser = cli.parser(__doc__)
    cli.add_data(parser, cli.REPOSITORY / "data" / "growth", exists=False)
    full_size.add_clips(parser, options.number(int, LEAST_AT_FULL))
    options.add(parser, "--figure", options.path, metavar="FILE", help="draw it, as PNG")
    machine.add_test_data(parser)
    return parser.parse_args()


if __name__ == "__main__":
    cli.run(main, parse_args)
