"""What a benchmark says of the machine, and where it finds real clips."""

import os
import platform
import threading
import time
from pathlib import Path

import joblib

from autotagging import cli, files, options

EXCERPT = "mtt-excerpt/?/*.mp3"  # of the test data


def described():
    """Return processor, cores and Python in a line."""
    return f"{processor()}, {joblib.cpu_count()} cores, Python {platform.python_version()}"


def processor():
    """Return the name of the processor."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def anonymous_bytes(pid):
    """Return the anonymous memory of a running process; 0 where the system does not tell.

    Pages of a memory-mapped file count in the resident size, but the system takes them back.
    """
    try:
        lines = Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("RssAnon"))


def measured(work):
    """Do some work; return what it returns, seconds, and the peak of anonymous memory in bytes."""
    peak, done = anonymous_bytes(os.getpid()), threading.Event()

    def watch():
        nonlocal peak
        while not done.wait(0.02):
            peak = max(peak, anonymous_bytes(os.getpid()))

    watching = threading.Thread(target=watch)
    watching.start()
    start = time.perf_counter()
    try:
        result = work()
    finally:
        seconds = time.perf_counter() - start
        done.set()
        watching.join()
    return result, seconds, peak


def list_clips(test_data, pattern=EXCERPT):
    """Return the paths of real clips; refuse test data without any."""
    clips = files.list_visible(test_data, pattern)
    if not clips:
        raise ValueError(f"{test_data} has no {pattern}: name the test data with --test-data")
    return clips


def add_test_data(parser):
    """Add ``--test-data FOLDER``, with mtt and mtt-excerpt."""
    parser.add_argument(
        "--test-data",
        type=options.folder,
        default=os.environ.get("AUTOTAGGING_TEST_DATA", str(cli.REPOSITORY.parent / "shared")),
        metavar="FOLDER",
        help="with mtt and mtt-excerpt (default: AUTOTAGGING_TEST_DATA, else ../shared)",
    )
