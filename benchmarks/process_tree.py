"""A command is run and watched: seconds, and the memory of every process of its tree.

What is measured of memory is anonymous memory, see `machine.anonymous_bytes`; on Linux alone.
"""

import contextlib
import os
import shutil
import subprocess
import threading
import time
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

from benchmarks import machine

INTERVAL = 0.1  # seconds between two looks
TICKS = os.sysconf("SC_CLK_TCK")  # of processor time a second
# Before a command: Linux kills it once the process that runs it was killed and could not do so.
WITH_PARENT = ["setpriv", "--pdeathsig", "KILL"] if shutil.which("setpriv") else []


@dataclass(frozen=True)
class Measured:
    """What a command took.

    Parameters
    ----------
    seconds, cpu_seconds : float
        Of the wall clock, and of processors by all processes.
    main_bytes, worker_bytes, together_bytes : int
        Peaks of anonymous memory: of the command's own process, of the largest of the processes
        below it (0 where there are none), and of all of them at one time.
    """

    seconds: float
    cpu_seconds: float
    main_bytes: int
    worker_bytes: int
    together_bytes: int


class Watch:
    """Peaks of memory and the processor time of a process and of those below it."""

    def __init__(self, pid):
        self.pid, self.together = pid, 0
        self.peaks, self.cpu_seconds = defaultdict(int), {}

    def look(self):
        """Take note of every process that runs now."""
        together = 0
        for pid, cpu_seconds in list_tree(self.pid).items():
            anonymous = machine.anonymous_bytes(pid)
            self.peaks[pid] = max(self.peaks[pid], anonymous)
            self.cpu_seconds[pid] = cpu_seconds
            together += anonymous
        self.together = max(self.together, together)


def list_tree(root):
    """Return the processor time, in seconds, of a process and of all below it: a dict by pid."""
    parents, seconds = {}, {}
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):  # it has ended
            # behind the name, which may have blanks: state, parent, ..., user and system time
            fields = (folder / "stat").read_text(errors="replace").rpartition(")")[2].split()
            pid = int(folder.name)
            parents[pid] = int(fields[1])
            seconds[pid] = (int(fields[11]) + int(fields[12])) / TICKS
    return {pid: seconds[pid] for pid in seconds if root in _list_ancestors(pid, parents)}


def _list_ancestors(pid, parents):
    """Return a process and those above it."""
    line = [pid]
    while parents.get(line[-1]):
        line.append(parents[line[-1]])
    return line


def run(command):
    """Run a command and watch it.

    Parameters
    ----------
    command : list of str

    Returns
    -------
    Measured

    Raises
    ------
    ValueError
        Where it fails, with the last line that it printed.
    """
    started = time.perf_counter()
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    with subprocess.Popen([*WITH_PARENT, *command], **pipes) as process:
        watch, ended = Watch(process.pid), threading.Event()

        def look_on():
            while not ended.wait(INTERVAL):
                watch.look()

        looking = threading.Thread(target=look_on)
        looking.start()
        try:
            printed = process.stdout.read().decode(errors="replace")
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
        finally:  # also where Ctrl-C comes: the thread would go on
            ended.set()
            looking.join()
    seconds = time.perf_counter() - started
    if process.returncode:
        lines = printed.strip().splitlines() or [f"exit code {process.returncode}"]
        raise ValueError(f"{' '.join(map(str, command))} failed: {lines[-1]}")
    # Samples miss the last tenth of a second; the system's sum, children that nobody waited for.
    cpu_seconds = max(usage.ru_utime + usage.ru_stime, sum(watch.cpu_seconds.values()))
    main = watch.peaks.pop(process.pid, 0)
    workers = max(watch.peaks.values(), default=0)
    return Measured(seconds, cpu_seconds, main, workers, watch.together)
