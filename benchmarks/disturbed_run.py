"""A script of the five is run undisturbed, and again, disturbed, on a dataset of its own."""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from autotagging import cli, steps
from autotagging.formatting import list_some
from benchmarks import process_tree, undisturbed

COMMANDS = {
    "1": ("1_label_reduction_and_files_renaming.py",),
    "2": ("2_feature_extraction.py", "--jobs", "2"),
    "3": ("3_train_cnn.py", "--epochs", "4", "--no-refit"),
    "4": ("4_evaluate.py",),
    "5": ("5_visualize_tags.py",),
}
ROOMS = {"1": ("clips", "labels"), "2": ("features",), "3": ("models",), "4": ("results",)}
ROOMS["5"] = ("tag_map",)
NAME = "data"  # of every dataset's folder, as summaries hold it
POLL = 0.005  # seconds
PATIENCE = 300  # seconds, after which a run hangs


class OutcomeError(Exception):
    """Something is not as it should be after a fault; says what."""


@dataclass(frozen=True)
class UndisturbedRun:
    """A script that nothing disturbed.

    Parameters
    ----------
    script : str
        Its number.
    before : Path
        The dataset on which the scripts before it have run.
    content : dict
        What the dataset holds after it, from `undisturbed.content_of`.
    seconds : float
        From its first lock to its end.
    n_bytes : int
        About how much it writes.
    """

    script: str
    before: Path
    content: dict
    seconds: float
    n_bytes: int


def run_undisturbed(folder, script):
    """Run a script on ``before-<number>`` of a folder; its result is before the next one."""
    before = folder / f"before-{script}" / NAME
    data = shutil.copytree(before, folder / f"before-{int(script) + 1}" / NAME)
    with started(script, data) as process:
        wait_for_work(process, script, data)
        begun = time.perf_counter()
        process.wait()
        seconds = time.perf_counter() - begun
    if process.returncode:
        raise ValueError(f"script {script} fails undisturbed: {process.said.read_text()}")
    n_bytes = sum_new(data, before)
    return UndisturbedRun(script, before, undisturbed.content_of(data), seconds, n_bytes)


def sum_new(data, before):
    """Return the bytes of the files that a dataset did not have before, without links to audio."""
    new = [path for path in data.rglob("*") if not (before / path.relative_to(data)).exists()]
    statuses = [path.stat() for path in new if path.is_file()]
    return sum(status.st_size for status in statuses if status.st_nlink == 1)


@contextlib.contextmanager
def started(script, data, options=()):
    """Start a script in a session of its own, of which nothing is left at the end.

    Yields
    ------
    subprocess.Popen
        With `said`, the path of its standard error.
    """
    name, *own = COMMANDS[script]
    script = [sys.executable, str(cli.REPOSITORY / name)]
    command = [*process_tree.WITH_PARENT, *script, "--data", str(data), *own, *options]
    with tempfile.TemporaryDirectory() as folder:
        said = Path(folder) / "stderr"
        with said.open("wb") as stderr:
            process = subprocess.Popen(
                command, stdout=subprocess.DEVNULL, stderr=stderr, start_new_session=True
            )
        process.said = said
        try:
            yield process
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def wait_for_work(process, script, data):
    """Wait until a script holds its first folder, or has ended."""
    while process.poll() is None:
        if any(True for room in ROOMS[script] for _ in (data / room).rglob(steps.LOCK)):
            return
        time.sleep(POLL)


class DisturbedRun:
    """A script on a copy of the dataset on which it has not yet run.

    Parameters
    ----------
    undisturbed_run : UndisturbedRun
    data : Path
        The copy.
    rng : random.Random
        Chooses moments and clips.
    """

    def __init__(self, undisturbed_run, data, rng):
        self.script, self.undisturbed_run = undisturbed_run.script, undisturbed_run
        self.data, self.rng = data, rng

    def start(self):
        """Start the script; see `started`."""
        return started(self.script, self.data)

    def wait_for_a_moment(self, process):
        """Wait for a moment by chance, from the script's first lock to its end."""
        wait_for_work(process, self.script, self.data)
        moment = self.rng.uniform(0, self.undisturbed_run.seconds)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(moment)

    def run(self, *options):
        """Run the script to its end; return its exit code and the last line of what it said.

        Raises
        ------
        OutcomeError
            Where it hangs, is killed by a signal, or ends in anything but one sentence.
        """
        with started(self.script, self.data, options) as process:
            return self.end_of(process)

    def end_of(self, process):
        """Return the exit code and last line of a script that ends by itself; see `run`."""
        try:
            code = process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            raise OutcomeError(f"hangs for {PATIENCE} s") from None
        return self.judge(code, process.said.read_text(errors="replace"))

    def judge(self, code, said):
        """Return an exit code and the last line of what a script said; see `run`."""
        lines = said.replace("\r", "\n").strip().splitlines()
        last = lines[-1] if lines else ""
        if code < 0:
            raise OutcomeError(f"ends by {signal.Signals(-code).name}")
        if any("Traceback" in line for line in lines):
            raise OutcomeError(f"a traceback: {last}")
        if code and not last.startswith(COMMANDS[self.script][0]):
            raise OutcomeError(f"exit code {code} without a sentence: {last}")
        return code, last

    def finish(self, *options):
        """Run the script again, to the same end as undisturbed.

        Raises
        ------
        OutcomeError
            Where it fails, or a file differs.
        """
        code, said = self.run(*options)
        if code:
            raise OutcomeError(f"run again: {said}")
        self.compare()

    def compare(self):
        """Raise OutcomeError where the dataset differs from that of the undisturbed run."""
        if different := undisturbed.find_differences(self.data, self.undisturbed_run.content):
            raise OutcomeError(f"differ: {list_some(different, 3)}")

    def choose_clip(self):
        """Return the path of a clip's audio, by chance: raw for script 1, else below clips/."""
        pattern = "[0-9a-f]/*" if self.script == "1" else "clips/[0-9]*"
        clips = sorted(path for path in self.data.glob(pattern) if path.stat().st_size)
        return self.rng.choice(clips)
