"""Features in parallel: a real Dask scheduler and two workers, each a process of its own."""

import importlib.util
import os
import re
import signal
import subprocess
import sys
import threading

import numpy as np
import pandas as pd
import pytest
import soundfile
from conftest import REPOSITORY

from autotagging.features import feature_store, spectrogram, workers

CLUSTER = pytest.mark.skipif(
    importlib.util.find_spec("distributed") is None,
    reason="the optional package distributed is not installed",
)

CHOSEN = spectrogram.FeatureSettings("mel", 16000, 8, n_fft=512, hop_length=2000, seconds=1.0)
N_CLIPS = 200
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
            found = re.search(pattern, line)
            if found:
                threading.Thread(target=self.process.stderr.read, daemon=True).start()
                return found
        raise AssertionError(f"{pattern} was not printed")

    def kill(self):
        """End it at once."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()


@pytest.fixture
def cluster(tmp_path):
    """Return the address of a scheduler and its two workers."""
    folder = ["--local-directory", str(tmp_path / "dask")]
    programs = [Program("scheduler", *LOCAL, "--port", "0")]
    try:
        address = programs[0].wait_for(r"Scheduler at:\s+(tcp://\S+)")[1]
        for _ in range(2):
            programs.append(
                Program(
                    "worker",
                    address,
                    "--nworkers",
                    "1",
                    "--nthreads",
                    "1",
                    "--no-nanny",
                    *LOCAL,
                    *folder,
                )
            )
            programs[-1].wait_for(r"Registered to:")
        yield address, programs[1:]
    finally:
        for program in programs:
            program.kill()


@pytest.fixture
def dataset(tmp_path):
    """Return a folder with clips, and their inventory."""
    (tmp_path / "clips").mkdir()
    rng = np.random.default_rng(0)
    files = {str(number): f"clips/{number}.wav" for number in range(N_CLIPS)}
    for file in files.values():
        soundfile.write(tmp_path / file, 0.1 * rng.standard_normal(16000), 16000)
    return tmp_path, pd.DataFrame({"file": files})


@CLUSTER
def test_a_cluster_gives_the_same_bytes_and_losing_a_worker_midway_costs_only_time(
    dataset, cluster, monkeypatch
):
    data, inventory = dataset
    address, workers = cluster
    monkeypatch.setattr(workers, "CLIPS_A_TASK", 2)
    feature_store.write(data, "here", CHOSEN, inventory, 2)
    done = []

    class Bar(feature_store.tqdm):
        """Kills a worker when a tenth is done."""

        def update(self, n=1):
            done.append(n)
            if len(done) == N_CLIPS // 10:
                workers[0].kill()
            return super().update(n)

    monkeypatch.setattr(feature_store, "tqdm", Bar)
    feature_store.write(data, "there", CHOSEN, inventory, address)
    here, there = (
        (data / f"features/{name}/features.npy").read_bytes() for name in ("here", "there")
    )
    assert here == there
    assert not len(feature_store.read_failed(data, "there"))
    assert workers[0].process.returncode == -signal.SIGKILL
    assert workers[1].process.poll() is None


@CLUSTER
def test_a_scheduler_that_cannot_import_the_package_is_one_sentence(dataset, tmp_path):
    data, inventory = dataset
    scheduler = Program("scheduler", *LOCAL, "--port", "0", path=tmp_path)
    address = scheduler.wait_for(r"Scheduler at:\s+(tcp://\S+)")[1]
    folder = ["--local-directory", str(tmp_path / "dask2")]
    worker = Program("worker", address, "--nthreads", "1", "--no-nanny", *LOCAL, *folder)
    try:
        worker.wait_for(r"Registered to:")
        with pytest.raises(ValueError, match=rf"at {address} cannot import autotagging: start"):
            feature_store.write(data, "there", CHOSEN, inventory, address)
    finally:
        worker.kill()
        scheduler.kill()


@CLUSTER
def test_a_cluster_that_is_not_there_is_one_sentence(dataset, monkeypatch):
    data, inventory = dataset
    monkeypatch.setattr(workers, "WAIT_FOR_CLUSTER", 1)
    with pytest.raises(ValueError, match=r"no Dask cluster with a worker at tcp://127\.0\.0\.1:9"):
        feature_store.write(data, "there", CHOSEN, inventory, "tcp://127.0.0.1:9")


def test_workers_end_with_a_parent_that_is_killed():
    code = """
import os, signal, sys, time
import joblib
from autotagging.features import workers
with workers._workers(2):
    results = joblib.Parallel(return_as="generator")(joblib.delayed(os.getpid)() for _ in range(8))
    print(*set(results), flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    command = [sys.executable, "-c", code]
    # The output ends when the last process that holds it ends: the workers do.
    killed = subprocess.run(
        command, env=environment, stdout=subprocess.PIPE, check=False, timeout=60
    )
    assert killed.returncode == -signal.SIGKILL
    assert killed.stdout.split()


def test_workers_have_one_thread_and_no_tensorflow(dataset):
    code = """
import sys, threadpoolctl
from autotagging.features import workers
seen = []
workers.features.extract_file = lambda *_: seen.append(
    max((pool["num_threads"] for pool in threadpoolctl.threadpool_info()), default=1)
) or (None, 1.0)
workers._compute([0], [sys.argv[1]], None)
print(seen, "tensorflow" in sys.modules, "keras" in sys.modules)
"""
    file = str(dataset[0] / "clips" / "1.wav")
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    command = [sys.executable, "-c", code, file]
    answer = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "[1] False False"
