"""Disturb scripts 1 to 5 in every way that happens, and print whether they end as undisturbed.

On a small stand-in for MagnaTagATune (`full_size.py`): a process is killed, the disk is full, the
folder is read-only or has moved, a clip has gone or is another, two runs start at once, the clock
was set back, Ctrl-C comes twice. Each is really done. What has to follow: an error is one sentence,
never a traceback, and the same command again, when the cause is gone, ends with the weights,
features, scores and tables of a run that nothing disturbed.

Reads   mtt and mtt-excerpt of AUTOTAGGING_TEST_DATA (default: ../shared)
Writes  a table on standard output, a row a fault and script

Example: python benchmarks/faults.py --faults disk-full moved --scripts 2 3 --times 3
"""

import random
import shutil
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from autotagging import cli, options
from autotagging.formatting import count
from benchmarks import disturbances, full_size, machine
from benchmarks.disturbed_run import COMMANDS, NAME, DisturbedRun, OutcomeError, run_undisturbed


def main(args):
    """Print a row for each fault and script."""
    print(f"{machine.described()}; {args.clips:,} clips\n")
    print("| fault | script | tried | as it should | what went wrong first |")
    print("|---" * 5 + "|")
    n_wrong = 0
    with tempfile.TemporaryDirectory(dir=args.folder) as temporary:
        folder = Path(temporary)
        full_size.build(folder / "before-1" / NAME, args.clips, args.test_data)
        undisturbed = {script: run_undisturbed(folder, script) for script in COMMANDS}
        for name in args.faults:
            disturb, is_at_random = disturbances.FAULTS[name]
            for script in args.scripts:
                times = args.times if is_at_random else 1
                rng = random.Random(f"{args.seed} {name} {script}")
                tried, wrong = try_out(undisturbed[script], disturb, rng, times)
                n_wrong += bool(wrong)
                verdict = "**no**" if wrong else "yes"
                print(f"| {name} | {script} | {tried} | {verdict} | {wrong} |", flush=True)
    if n_wrong:
        raise ValueError(f"{n_wrong} rows are not as they should be")


def try_out(undisturbed, disturb, rng, times):
    """Disturb a script some times.

    Parameters
    ----------
    undisturbed : UndisturbedRun
    disturb : callable
        One of `disturbances.FAULTS`.
    rng : random.Random
    times : int

    Returns
    -------
    tried : str
        How often, or why not.
    wrong : str
        What went wrong the first time that something did; else "".
    """
    for number in range(times):
        folder = undisturbed.before.parent.with_name("disturbed")
        data = shutil.copytree(undisturbed.before, folder / NAME)
        run = DisturbedRun(undisturbed, data, rng)
        try:
            skipped = disturb(run)
        except OutcomeError as error:
            return count(number + 1, "time"), str(error)
        finally:
            shutil.rmtree(folder)
        if skipped:
            return skipped, ""
    return count(times, "time"), ""


def parse_args():
    """Return the arguments of the command line."""
    parser = cli.parser(__doc__)
    options.add(parser, "--clips", options.positive, default=100, help="(default: 100)")
    text = "how often a moment is chosen by chance (default: 20)"
    options.add(parser, "--times", options.positive, default=20, help=text)
    names = list(disturbances.FAULTS)
    parser.add_argument("--faults", nargs="+", choices=names, default=names, metavar="NAME",
                        help=f"(default: all of {', '.join(names)})")  # fmt: skip
    parser.add_argument("--scripts", nargs="+", choices=COMMANDS, default=list(COMMANDS))
    options.add(parser, "--seed", options.seed, default=0, help="of the moments (default: 0)")
    text = "for the datasets, which are removed at the end (default: temporary)"
    options.add(parser, "--folder", options.folder, help=text)
    machine.add_test_data(parser)
    return parser.parse_args()


if __name__ == "__main__":
    cli.run(main, parse_args)
