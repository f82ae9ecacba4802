"""Time script 1 on the whole of MagnaTagATune: its labels alone, and with all audio linked.

The audio is a stand-in: for each of the 25,860 clips that can be read a copy of a real clip,
under MagnaTagATune's own name, 3 GB in a folder that is removed at the end.

Reads   the genuine annotations and real clips of AUTOTAGGING_TEST_DATA (default: ../shared)
Writes  a table on standard output

Example: python benchmarks/time_labels.py --runs 3
"""

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from autotagging import cli, options
from autotagging.clips import annotations, inventory
from autotagging.files import list_visible
from benchmarks import machine

SCRIPT = cli.REPOSITORY / "1_label_reduction_and_files_renaming.py"


def main(args):
    """Print a row for each way to run the script."""
    tables, excerpt = args.test_data / "mtt", args.test_data / "mtt-excerpt"
    print(machine.described())
    print("| script 1 on 25,863 rows | seconds, median | least to most | peak memory, MB |")
    print("|---|---|---|---|")
    with tempfile.TemporaryDirectory(dir=args.folder) as folder:
        raw = Path(folder) / "raw"
        copy_clips(tables, list_visible(excerpt, "?/*.mp3"), raw)
        runs = [
            time_script(tables, Path(folder) / "labels", "--no-audio") for _ in range(args.runs)
        ]
        print_row("labels alone", runs)
        for name in ("audio linked", "again, nothing to do"):
            runs = []
            for _ in range(args.runs):
                if name == "audio linked":
                    shutil.rmtree(Path(folder) / "linked", ignore_errors=True)
                runs.append(time_script(raw, Path(folder) / "linked"))
            print_row(name, runs)


def copy_clips(tables, real, raw):
    """Write the stand-in of the dataset as shipped."""
    raw.mkdir()
    for table in list_visible(tables):
        shutil.copy(table, raw)
    metadata = annotations.read_annotations(raw / annotations.TABLE).metadata
    files = metadata["file"].drop(list(inventory.find_unusable(metadata["file"])))
    for folder in "0123456789abcdef":
        (raw / folder).mkdir()
    for number, file in enumerate(files):
        shutil.copy(real[number % len(real)], raw / file)


def time_script(raw, data, *options):
    """Run the script once; return seconds and the peak of its resident memory in bytes."""
    command = [sys.executable, str(SCRIPT), "--raw", str(raw), "--data", str(data), *options]
    start = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
        errors = process.stderr.read().decode()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise ValueError(f"script 1 failed: {errors.strip()}")
    kilobytes = usage.ru_maxrss if sys.platform != "darwin" else usage.ru_maxrss / 1024
    return time.perf_counter() - start, kilobytes * 1024


def print_row(name, runs):
    """Print a row of the table."""
    seconds, peaks = zip(*runs, strict=True)
    print(
        f"| {name} | {statistics.median(seconds):.1f} | {min(seconds):.1f} to {max(seconds):.1f} | "
        f"{max(peaks) / 1e6:.0f} |"
    )


def parse_args():
    """Return the arguments of the command line."""
    parser = cli.parser(__doc__)
    machine.add_test_data(parser)
    parser.add_argument(
        "--folder",
        type=options.folder,
        metavar="FOLDER",
        help="for 3 GB of copies (default: temporary)",
    )
    parser.add_argument(
        "--runs", type=options.positive, default=3, metavar="N", help="runs a row (default: 3)"
    )
    return parser.parse_args()


if __name__ == "__main__":
    cli.run(main, parse_args)
