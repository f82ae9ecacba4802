"""Features in parallel: a real Dask scheduler and two workers, each a process of its own."""

import dataclasses
import gc
import importlib.util
import os
import queue
import re
import signal
import subprocess
import sys
import threading
from concurrent.futures import Future
from pathlib import Path

import numpy as np
import pytest
import soundfile
from conftest import REPOSITORY, write_store

from autotagging.features import extraction, feature_store, workers

CLUSTER = pytest.mark.skipif(
    importlib.util.find_spec("distributed") is None,
    reason="the optional package distributed is not installed",
)
LOCAL = ["--host", "127.0.0.1", "--no-dashboard"]


class Program:
    """A process and what it has printed; a line can be waited for."""

    def __init__(self, *arguments, path=REPOSITORY):
        environment = {**os.environ, "PYTHONPATH": str(path), "PYTHONUNBUFFERED": "1"}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "distributed.cli.dask_" + arguments[0], *arguments[1:]],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            env=environment,
            cwd=path,
        )

    def wait_for(self, pattern):
        """Return the match in the first line that has one; then read on, so that none is held."""
        for line in self.process.stderr:
            match = re.search(pattern, line)
            if match:
                threading.Thread(target=self.process.stderr.read, daemon=True).start()
                return match
        raise AssertionError(f"{pattern} was not printed")

    def kill(self):
        """End it at once."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()


@pytest.fixture
def start_cluster(tmp_path):
    """Return a function that starts a scheduler and workers; all end with the test."""
    programs = []

    def start(n_workers, path=REPOSITORY):
        programs.append(Program("scheduler", *LOCAL, "--port", "0", path=path))
        address = programs[0].wait_for(r"Scheduler at:\s+(tcp://\S+)")[1]
        options = ["--nworkers", "1", "--nthreads", "1", "--no-nanny", *LOCAL]
        for _ in range(n_workers):
            folder = ["--local-directory", str(tmp_path / "dask")]
            programs.append(Program("worker", address, *options, *folder))
            programs[-1].wait_for("Registered to:")
        return address, programs[1:]

    yield start
    for program in programs:
        program.kill()


@CLUSTER
def test_a_cluster_gives_the_same_bytes_and_losing_a_worker_midway_costs_only_time(
    wanted_store, start_cluster, monkeypatch
):
    address, programs = start_cluster(2)
    monkeypatch.setattr(workers, "CLIPS_A_TASK", 1)
    write_store(wanted_store)
    computed_here = (wanted_store.folder / "features.npy").read_bytes()
    n_done = 0

    class Bar(extraction.tqdm):
        """Kills a worker when a tenth is done."""

        def update(self, n=1):
            nonlocal n_done
            n_done += n
            if n_done == 4:
                programs[0].kill()
            return super().update(n)

    monkeypatch.setattr(extraction, "tqdm", Bar)
    elsewhere = dataclasses.replace(wanted_store, folder=wanted_store.folder.with_name("elsewhere"))
    write_store(elsewhere, address)
    assert (elsewhere.folder / "features.npy").read_bytes() == computed_here
    assert feature_store.read_failed(elsewhere.folder).empty
    assert programs[0].process.returncode == -signal.SIGKILL
    assert programs[1].process.poll() is None


@CLUSTER
def test_a_scheduler_that_cannot_import_the_package_is_one_sentence(
    wanted_store, start_cluster, tmp_path
):
    address, _ = start_cluster(1, path=tmp_path)
    with pytest.raises(ValueError, match=rf"at {address} cannot import autotagging") as error:
        write_store(wanted_store, address)
    assert str(error.value).endswith(f"with PYTHONPATH={REPOSITORY}")


@CLUSTER
def test_a_cluster_that_is_not_there_is_one_sentence(wanted_store, monkeypatch):
    monkeypatch.setattr(workers, "WAIT_FOR_CLUSTER", 1)
    with pytest.raises(ValueError, match=r"no Dask cluster with a worker at tcp://127\.0\.0\.1:9"):
        write_store(wanted_store, "tcp://127.0.0.1:9")


def run_python(code, *arguments, **environment):
    """Run code in a new process, and return what it printed with its exit status."""
    # The output ends when the last process that holds it ends.
    return subprocess.run(
        [sys.executable, "-c", code, *arguments],
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)} | environment,
        stdout=subprocess.PIPE,
        text=True,
        check=False,
        timeout=60,
    )


def test_workers_and_their_files_end_with_a_parent_that_is_killed(tmp_path):
    code = """
import os, signal
from autotagging.features import workers
results = workers.compute_ahead(os.getpid, [()] * 8, 2)
print(next(results), flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""
    killed = run_python(code, TMPDIR=str(tmp_path))  # comes back when all of them have ended
    assert killed.returncode == -signal.SIGKILL
    assert killed.stdout.split()
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(
    not Path("/proc/self/syscall").exists(), reason="this system does not show a process's calls"
)
def test_nobody_waits_for_the_rest_of_what_a_killed_worker_sent(tmp_path):
    code = """
import os, signal, threading
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
LARGE = 100_000_000
def die_while_it_is_handed_over():
    call = Path(f"/proc/self/task/{threading.get_native_id()}/syscall")
    def kill_when_waiting_for_a_reader():
        while True:
            words = call.read_text().split()
            if len(words) > 3 and int(words[3], 16) >= LARGE:
                os.kill(os.getpid(), signal.SIGKILL)
    threading.Thread(target=kill_when_waiting_for_a_reader, daemon=True).start()
    return bytes(LARGE)
if __name__ == "__main__":
    import handing_over
    from autotagging.features import workers
    try:
        print(len(next(workers.compute_ahead(handing_over.die_while_it_is_handed_over, [()], 2))))
    except BrokenProcessPool:
        print("broken")
"""
    (tmp_path / "handing_over.py").write_text(code)
    answer = run_python(code, PYTHONPATH=f"{REPOSITORY}{os.pathsep}{tmp_path}")
    assert answer.stdout.strip() in {"100000000", "broken"}


def test_a_temporary_folder_without_room_is_one_sentence(tmp_path):
    code = """
import resource, sys
from autotagging.features import workers
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
try:
    list(workers.compute_ahead(bytes, [(10,), (2000,)], 2))
except OSError as error:
    print(error.strerror, error.filename.startswith(sys.argv[1]))
"""
    answer = run_python(code, str(tmp_path), TMPDIR=str(tmp_path))
    assert answer.stdout.strip() == "File too large True"
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_workers_that_are_ended_amid_their_first_tasks_leave_no_traceback(tmp_path, monkeypatch):
    failures, (started, never) = [], (tmp_path / "started", tmp_path / "never")
    monkeypatch.setattr(threading, "excepthook", failures.append)
    for pipe in (started, never):
        os.mkfifo(pipe)
    code = f"open({str(started)!r}, 'w').write('started'); open({str(never)!r}).read()"
    results = workers.compute_ahead(exec, [(code,)] * 6, 2)
    assert started.read_text()  # a task is taken from the queue, and another not yet in it
    results.close()
    assert not failures


def test_garbage_is_not_looked_for_among_imports():
    tasks = [()] * 2
    frozen = list(workers.compute_ahead(gc.get_freeze_count, tasks, 1))
    assert frozen[0] < 1000 < frozen[1]  # after the first task: by then all is imported


class Eager:
    """An executor that computes at once, and counts."""

    n_submitted, is_shut_down = 0, False
    _work_ids = queue.SimpleQueue()

    def submit(self, function, *arguments):
        """Compute; return what is done already."""
        self.n_submitted += 1
        future = Future()
        future.set_result(function(*arguments))
        return future

    def shutdown(self, **_):
        """Note that it is."""
        self.is_shut_down = True


def test_results_are_in_order_and_only_a_few_tasks_are_computed_ahead(monkeypatch):
    executor = Eager()
    monkeypatch.setattr(workers.loky, "get_reusable_executor", lambda *_, **__: executor)
    results = workers.compute_ahead(str, [(n,) for n in range(30)], 2)
    for n in range(20):
        assert executor.n_submitted <= 1 + n + 2 * workers.AHEAD  # the first starts the processes
        assert next(results) == str(n)
    results.close()
    assert executor.is_shut_down
    assert list(workers.compute_ahead(str, [(n,) for n in range(30)], 2)) == [
        str(n) for n in range(30)
    ]


def test_processes_end_with_an_iterator_that_was_never_read(monkeypatch):
    executor = Eager()
    monkeypatch.setattr(workers.loky, "get_reusable_executor", lambda *_, **__: executor)
    workers.compute_ahead(str, [(1,)], 1).close()
    assert executor.is_shut_down


def test_workers_have_one_thread_and_no_tensorflow(wanted_store):
    code = """
import sys, threadpoolctl
from autotagging.features import workers
n_threads = []
def note_threads(*_):
    pools = threadpoolctl.threadpool_info()
    n_threads.append(max((pool["num_threads"] for pool in pools), default=1))
    raise ValueError
workers.extract_file = note_threads
workers._compute_in_one_thread(workers._compute, ([0], [sys.argv[1]], None))
print(n_threads, "tensorflow" in sys.modules, "keras" in sys.modules)
"""
    answer = run_python(code, wanted_store.data / "clips/1.wav")
    assert answer.stdout.strip() == "[1] False False"


def test_memory_of_a_clip_is_used_again_for_the_next(tmp_path):
    path = tmp_path / "clip.wav"
    noise = np.random.default_rng(0).standard_normal((44_100 * 30, 2)) / 10
    soundfile.write(path, noise, 44_100)
    script = f"""
import resource
from autotagging.features import workers
from autotagging.features.settings import PRESETS
for number in range(6):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    workers._compute_in_one_thread(workers._compute, ([0], [{str(path)!r}], PRESETS["square"]))
    print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""
    printed = subprocess.run(
        [sys.executable, "-c", script], cwd=REPOSITORY, capture_output=True, text=True, check=True
    ).stdout
    assert int(printed.split()[-1]) < 200  # pages that the system cleared; thousands without


def test_ctrl_c_is_left_to_the_process_that_started_the_workers():
    blocked = workers.compute_ahead(signal.pthread_sigmask, [(signal.SIG_BLOCK, ())], 1)
    assert signal.SIGINT in next(blocked)
    blocked.close()
    assert signal.SIGINT not in signal.pthread_sigmask(signal.SIG_BLOCK, ())
