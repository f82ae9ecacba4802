"""Audio files -> features, many at a time: in processes of this machine or of a Dask cluster."""

import collections
import contextlib
import ctypes
import functools
import gc
import hashlib
import itertools
import multiprocessing.resource_tracker
import os
import pickle
import queue
import shutil
import signal
import socket
import tempfile
import threading
import time
import urllib.parse
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import threadpoolctl
from joblib.externals import loky

from autotagging import native_stderr
from autotagging.features.spectrogram import extract_file

CLIPS_A_TASK = 16
AHEAD = 3  # tasks a process
WAIT_FOR_CLUSTER = 30  # seconds

# Parameters of glibc's malloc, and bytes: arrays of a clip's samples are smaller.
TRIM_THRESHOLD, MMAP_THRESHOLD = (-1, 1 << 28), (-3, 1 << 25)


@dataclass(frozen=True)
class ClipFeatures:
    """What became of one clip.

    Parameters
    ----------
    row : int
        Its row in the store.
    features : ndarray of shape (frames, bands), float16
        None where there are none.
    checksum : str
        Of the audio file; empty where it cannot be read.
    seconds : float
        How much of its audio is used.
    is_longer : bool
        Whether the audio goes on.
    problem : str
        Why it has no features, or what is missing of its audio; else None.
    """

    row: int
    features: np.ndarray | None = None
    checksum: str = ""
    seconds: float = 0.0
    is_longer: bool = False
    problem: str | None = None


def extract(folder, files, rows, settings, jobs):
    """Yield the features of clips, in the order of the rows.

    Parameters
    ----------
    folder : Path
        Absolute.
    files : ndarray of str
        Paths below it.
    rows : ndarray of int
        Which of these are wanted.
    settings : FeatureSettings
    jobs : int or str
        Processes, or the address of the scheduler of a Dask cluster.

    Yields
    ------
    ClipFeatures

    Raises
    ------
    ValueError
        Where there is no such cluster.
    """
    _keep_freed_memory()  # what comes from workers is large, too
    tasks = _tasks(folder, files, rows, settings)
    if jobs == 1:
        computed = (_compute_in_one_thread(_compute, task) for task in tasks)
    else:
        computed = compute_ahead(_compute, tasks, jobs)
    with contextlib.closing(computed):
        for task in computed:
            yield from task


def compute_ahead(function, tasks, jobs):
    """Return an iterator over what a function returns for each task, in order.

    Processes compute the first ones from now on, and the next ones while it is iterated over: a
    few, as results may be large, however slow the one who iterates is.

    Parameters
    ----------
    function : callable
        Of a module of this package.
    tasks : iterable of tuple
        Its arguments.
    jobs : int or str
        Processes on this machine, or the address of the scheduler of a Dask cluster.
    """

    def collect():
        remaining = iter(tasks)
        with (_processes if isinstance(jobs, int) else _cluster)(jobs) as (submit, n_processes):
            first = itertools.islice(remaining, AHEAD * n_processes)
            running = collections.deque(submit(function, task) for task in first)
            yield  # so that closing the iterator ends the processes, whenever that is
            while running:
                result = running.popleft()()
                running.extend(submit(function, task) for task in itertools.islice(remaining, 1))
                yield result

    results = collect()
    next(results)
    return results


@contextlib.contextmanager
def _processes(jobs):
    """Start processes on this machine; yield a function that gives them a task, and their number.

    It returns a function that waits for the result. Results go through files: they are large, and
    a process that is killed while it sends one through the pipe that all share would leave the
    reader to wait for the rest of it for ever.
    """
    tracker = loky.backend.resource_tracker
    with _starting():
        folder = tempfile.mkdtemp(prefix="autotagging-")
        tracker.register(folder, "folder")  # removes it when this process is killed
        ending = {"initializer": _end_with, "initargs": (os.getpid(),)}
        executor = loky.get_reusable_executor(jobs, timeout=None, reuse=False, **ending)
        executor.submit(int)  # a first task starts them
    paths = (Path(folder, str(number)) for number in itertools.count())

    def submit(function, task):
        path = next(paths)
        future = executor.submit(_compute_into_file, path, function, task)
        return functools.partial(_take_result, path, future)

    try:
        yield submit, jobs
    finally:
        with contextlib.suppress(queue.Empty):  # else loky looks for tasks that it has dropped,
            while True:  # which ends its thread in a traceback
                executor._work_ids.get_nowait()
        executor.shutdown(kill_workers=True)
        shutil.rmtree(folder, ignore_errors=True)
        tracker.unregister(folder, "folder")


def _compute_into_file(path, function, task):
    """Write what a function returns to a file; runs in a worker."""
    result = _compute_in_one_thread(function, task)
    _leave_imports_alone()
    try:
        with path.open("wb") as file:
            pickle.dump(result, file, pickle.HIGHEST_PROTOCOL)
    except OSError as error:  # of the disk, and then without a name
        raise OSError(error.errno, error.strerror, str(path.parent)) from None


@functools.cache
def _leave_imports_alone():
    """Let garbage be looked for among what is made from now on: loky asks for it every second.

    Without psutil, that is. Among all that libraries hold it would take 7 % of a worker's time.
    """
    gc.freeze()


def _take_result(path, future):
    future.result()
    with path.open("rb") as file:
        result = pickle.load(file)  # noqa: S301 - of this process's own worker, in a private folder
    path.unlink()
    return result


@contextlib.contextmanager
def _starting():
    """Let processes that are started here not hear Ctrl-C: the one that starts them ends them."""
    with native_stderr.silenced():  # their processes print a traceback where a worker was killed
        for tracker in (multiprocessing.resource_tracker, loky.backend.resource_tracker):
            tracker.ensure_running()  # now, as the first one lets all hear Ctrl-C again
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextlib.contextmanager
def one_process_of_many():
    """Compute in one thread, and keep memory that was freed for the next clip.

    Threads of matrix libraries would fight for the cores of other processes. Memory that goes back
    to the system after every clip has to be cleared by it for the next: a quarter of the time.
    """
    _keep_freed_memory()
    with threadpoolctl.threadpool_limits(1):
        yield


@functools.cache
def _keep_freed_memory():
    with contextlib.suppress(OSError, TypeError, AttributeError):  # where malloc is not glibc's
        for parameter, n_bytes in (TRIM_THRESHOLD, MMAP_THRESHOLD):
            ctypes.CDLL(None).mallopt(parameter, n_bytes)


def _compute_in_one_thread(function, task):
    with one_process_of_many():
        return function(*task)


def _tasks(folder, files, rows, settings):
    for start in range(0, len(rows), CLIPS_A_TASK):
        task = rows[start : start + CLIPS_A_TASK].tolist()
        yield task, [str(folder / files[row]) for row in task], settings


@contextlib.contextmanager
def _cluster(address):
    """Connect to a Dask cluster; yield a function that gives it a task, and its processes' number.

    It returns a function that waits for the result, which stays with the worker until then.
    """
    try:
        from distributed import Client
    except ImportError:
        raise ValueError("--dask needs the package distributed: pip install distributed") from None
    place = urllib.parse.urlsplit(address)
    try:
        # A client that finds no scheduler takes minutes to say so.
        socket.create_connection((place.hostname, place.port), WAIT_FOR_CLUSTER).close()
        client = Client(address, timeout=WAIT_FOR_CLUSTER, set_as_default=False)
        client.wait_for_workers(1, timeout=WAIT_FOR_CLUSTER)
    except (OSError, ValueError) as error:
        raise ValueError(f"no Dask cluster with a worker at {address}: {error}") from None
    with client:
        _check_package(client, address)
        yield (
            lambda *call: client.submit(_compute_in_one_thread, *call, pure=False).result,
            sum(client.nthreads().values()),
        )


def _check_package(client, address):
    """Refuse a cluster that cannot import this package: its tasks would never come back."""

    def has_package():
        import importlib.util

        return importlib.util.find_spec("autotagging") is not None

    found = client.run(has_package) | {address: client.run_on_scheduler(has_package)}
    lacking = [place for place, has in found.items() if not has]
    if lacking:
        raise ValueError(
            f"the Dask process at {lacking[0]} cannot import autotagging: start the scheduler and "
            f"the workers with PYTHONPATH={Path(__file__).resolve().parents[2]}"
        )


def _end_with(parent):
    """End this worker when its parent was killed; else it waits for minutes for work."""

    def watch():
        while os.getppid() == parent:
            time.sleep(1)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def _compute(rows, paths, settings):
    """Return the features of clips, a list of ClipFeatures; runs in a worker."""
    return [_compute_clip(row, Path(path), settings) for row, path in zip(rows, paths, strict=True)]


def _compute_clip(row, path, settings):
    audio = ""
    try:
        audio = checksum(path)
        values, sound = extract_file(path, settings)
    except OSError as error:
        return ClipFeatures(row, problem=f"cannot be read: {error.strerror}")
    except ValueError as error:
        return ClipFeatures(row, checksum=audio, problem=str(error))
    seconds = len(sound.samples) / settings.sample_rate
    return ClipFeatures(row, values, audio, seconds, sound.is_longer, sound.problem)


def checksum(path):
    """Return the BLAKE2 checksum of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(
            file, functools.partial(hashlib.blake2b, digest_size=16)
        ).hexdigest()
