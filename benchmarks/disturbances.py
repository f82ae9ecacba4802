"""The faults that a script has to bear, each really done: functions of a DisturbedRun.

Each raises OutcomeError where the outcome is not as it should be, and returns why it could not be
done, or None.
"""

import contextlib
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

from autotagging.files import list_visible
from benchmarks import process_tree
from benchmarks.disturbed_run import NAME, POLL, OutcomeError, wait_for_work

AHEAD = 400 * 24 * 3600  # seconds by which the clock was set back
PAUSE = 0.3  # seconds between one Ctrl-C and the next, or in which a computer sleeps
PAGE = 4096  # bytes, in which a file takes memory


def kill_main(run):
    """Kill -9 of the main process; its workers are left to themselves."""
    with run.start() as process:
        run.wait_for_a_moment(process)
        process.kill()
        process.wait()
        run.finish()


def kill_worker(run):
    """Kill -9 of a process below the main one."""
    with run.start() as process:
        wait_for_work(process, run.script, run.data)
        while not (workers := list_workers(process.pid)) and process.poll() is None:
            time.sleep(POLL)
        if not workers:
            return "it has no workers"
        run.wait_for_a_moment(process)
        with contextlib.suppress(ProcessLookupError):
            os.kill(run.rng.choice(workers), signal.SIGKILL)
        run.end_of(process)
    run.finish()
    return None


def list_workers(pid):
    """Return the processes below a process that compute: list of int.

    Not the two that clean up after them: one that is killed loses nothing, and the one that takes
    its place complains of what it does not know.
    """
    below = process_tree.list_tree(pid).keys() - {pid}
    return [worker for worker in sorted(below) if "LokyProcess" in read_command(worker)]


def read_command(pid):
    """Return the command line of a process; "" where it has ended."""
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_text(errors="replace")
    return ""


def fill_disk(run):
    """Run on a disk that has room for a part of what is written, then make room."""
    disk, dataset = run.data.with_name("disk"), run.data
    written = run.undisturbed_run.n_bytes
    room = sum_pages(dataset) + round(run.rng.uniform(0.1, 0.9) * written)
    disk.mkdir()
    if not mount(disk, "-t", "tmpfs", "-o", f"size={room}", "tmpfs"):
        disk.rmdir()
        return "not tried: mounting a small disk needs root"
    try:
        run.data = shutil.copytree(dataset, disk / NAME)
        code, said = run.run()
        if code and "No space left" not in said and "room" not in said:
            raise OutcomeError(f"does not say that the disk is full: {said}")
        mount(disk, "-o", f"remount,size={room + 10 * written + 2**28}")
        run.finish()
    finally:
        run.data = dataset
        unmount(disk)
        disk.rmdir()
    return None


def mount(folder, *options):
    """Mount a file system; return whether that was allowed."""
    command = ["mount", *options, str(folder)]
    try:
        return subprocess.run(command, capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def unmount(folder):
    """Unmount a file system."""
    subprocess.run(["umount", str(folder)], check=True)  # noqa: S607


def sum_pages(folder):
    """Return the bytes that the files of a folder take on a disk in memory."""
    sizes = [path.stat().st_size for path in folder.rglob("*") if path.is_file()]
    return sum(-(-size // PAGE) * PAGE for size in sizes)


def write_protect(run):
    """Run on a folder that may not be written to, then allow it."""
    before = snapshot(run.data)
    with protected(run.data) as is_protected:
        if not is_protected:
            return "not tried: root may write everywhere, and may not mount here"
        code, said = run.run()
    if not code:
        raise OutcomeError("does not notice")
    if snapshot(run.data) != before:
        raise OutcomeError(f"has changed the folder; {said}")
    run.finish()
    return None


@contextlib.contextmanager
def protected(data):
    """Take the right to write from a folder and those below it.

    Yields
    ------
    bool
        Whether that was possible: for root, whom no permissions bind, only by mounting it.
    """
    folders = [data, *(path for path in data.rglob("*") if path.is_dir())]
    is_mounted = os.geteuid() == 0 and mount(data, "--bind", str(data))
    for folder in folders:
        folder.chmod(0o555)
    try:
        yield os.geteuid() != 0 or (is_mounted and mount(data, "-o", "remount,ro,bind"))
    finally:
        if is_mounted:
            unmount(data)
        for folder in folders:
            folder.chmod(0o755)


def snapshot(folder):
    """Return time of change and size of every file below a folder, by its path."""
    statuses = {path: path.stat() for path in folder.rglob("*") if path.is_file()}
    return {path: (status.st_mtime_ns, status.st_size) for path, status in statuses.items()}


def lose_clip(run):
    """Run without a clip's audio, then put it back."""
    clip = run.choose_clip()
    clip.rename(run.data.with_name("away"))
    run.run()
    run.data.with_name("away").replace(clip)
    finish_forced(run)


def replace_clip(run):
    """Run with another clip's audio in place of one, then put the first back."""
    clip = run.choose_clip()
    others = list_visible(run.data, "[0-9a-f]/*")
    other = next(path for path in others if path.read_bytes() not in (clip.read_bytes(), b""))
    clip.rename(run.data.with_name("away"))
    shutil.copy(other, clip)
    run.run()
    run.data.with_name("away").replace(clip)
    finish_forced(run)


def finish_forced(run):
    """Run again; with --force where what was made meanwhile is refused, as it then has to be."""
    code, said = run.run()
    if code and "--force" in said:
        code, said = run.run("--force")
    if code:
        raise OutcomeError(f"run again: {said}")
    run.compare()


def start_twice(run):
    """Start two runs on one folder, the second a moment later: one may be refused."""
    with run.start() as first:
        time.sleep(run.rng.uniform(0, 1))
        with run.start() as second:
            ends = [run.end_of(process) for process in (first, second)]
    refused = [said for code, said in ends if code]
    if len(refused) > 1:
        raise OutcomeError(f"both are refused: {refused[0]}")
    if refused and "another run is writing" not in refused[0]:
        raise OutcomeError(f"the second fails otherwise: {refused[0]}")
    run.compare()


def set_clock_back(run):
    """Let all files be of the future, as they are after the clock was set back."""
    later = time.time() + AHEAD
    for path in run.data.rglob("*"):
        os.utime(path, (later, later))
    run.finish()
    run.finish()


def move(run):
    """Kill the script, move the dataset elsewhere, and go on there."""
    with run.start() as process:
        run.wait_for_a_moment(process)
        process.kill()
        process.wait()
    elsewhere = run.data.with_name("else where") / NAME
    elsewhere.parent.mkdir()
    run.data = run.data.rename(elsewhere)
    run.finish()


def interrupt_twice(run):
    """Ctrl-C, and once more."""
    with run.start() as process:
        run.wait_for_a_moment(process)
        for _ in range(2):
            send_to_all(process, signal.SIGINT)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(PAUSE)
        code, said = run.end_of(process)
    if code not in (0, 130):
        raise OutcomeError(f"exit code {code}: {said}")
    run.finish()


def send_to_all(process, number):
    """Send a signal to a script and its workers, as far as they are still there."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, number)


def terminate(run):
    """Send SIGTERM to all processes, as a scheduler does before it kills them."""
    with run.start() as process:
        run.wait_for_a_moment(process)
        send_to_all(process, signal.SIGTERM)
        run.end_of(process)
    run.finish()


def suspend(run):
    """Stop all processes for a while, as a computer that sleeps."""
    with run.start() as process:
        run.wait_for_a_moment(process)
        send_to_all(process, signal.SIGSTOP)
        time.sleep(PAUSE)
        send_to_all(process, signal.SIGCONT)
        code, said = run.end_of(process)
    if code:
        raise OutcomeError(said)
    run.compare()


# Name -> what is done, and whether its moment is a matter of chance.
FAULTS = {
    "main-killed": (kill_main, True),
    "worker-killed": (kill_worker, True),
    "ctrl-c-twice": (interrupt_twice, True),
    "terminated": (terminate, True),
    "suspended": (suspend, True),
    "disk-full": (fill_disk, True),
    "two-at-once": (start_twice, True),
    "moved": (move, True),
    "read-only": (write_protect, False),
    "clip-gone": (lose_clip, False),
    "clip-replaced": (replace_clip, False),
    "clock-set-back": (set_clock_back, False),
}
