"""Every script, killed at any moment and run again, ends as if it had not been killed."""

import itertools
import os
import shutil
import signal
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from conftest import EVERY_STEP, REPOSITORY, SCRIPTS

from benchmarks.undisturbed import content_of

ONE, TWO, THREE, FOUR = (SCRIPTS[number] for number in range(1, 5))


@pytest.mark.slow
@pytest.mark.parametrize("name", EVERY_STEP)
def test_killed_after_any_file_a_script_ends_the_same(run_script, before_each_step, tmp_path, name):
    script, *arguments = EVERY_STEP[name]
    whole = content_of(before_each_step[f"after-{name}"])
    for number in itertools.count(1):
        data = shutil.copytree(before_each_step[name], tmp_path / "data")
        killed = run_script(script, "--data", data, *arguments, kill_after=number)
        if killed.returncode == 0:
            break
        assert killed.returncode == -signal.SIGKILL
        again = run_script(script, "--data", data, *arguments)
        assert again.returncode == 0, again.stderr
        assert content_of(data) == whole, number
        shutil.rmtree(data)
    assert number > 5  # it was killed at all


@pytest.mark.slow
def test_links_of_clips_that_are_gone_go_even_where_the_run_is_killed(
    run_script, before_each_step, tmp_path
):
    for number in range(1, 6):
        data = shutil.copytree(before_each_step["after-1"], tmp_path / f"data-{number}")
        sorted(data.glob("3/*.wav"))[0].unlink()
        run_script(ONE, "--data", data, "--link", "copy", kill_after=number)
        assert run_script(ONE, "--data", data, "--link", "copy").returncode == 0
        listed = pd.read_csv(data / "clips/clips.csv")["file"]
        assert sorted(p.name for p in data.glob("clips/*.wav")) == sorted(listed.str[6:])


def test_unpacking_killed_midway_goes_on(run_script, test_data, tmp_path):
    raw, data = test_data / "mtt-archive", tmp_path / "data"
    killed = run_script(ONE, "--data", data, "--raw", raw, kill_after=20)
    assert killed.returncode == -signal.SIGKILL
    unpacked = {path: path.stat().st_mtime_ns for path in data.glob("clips/*.mp3")}
    assert len(unpacked) == 20
    answer = run_script(ONE, "--data", data, "--raw", raw)
    assert answer.returncode == 0, answer.stderr
    assert {path: path.stat().st_mtime_ns for path in unpacked} == unpacked
    assert len(list(data.glob("clips/*.mp3"))) == 48
    assert "nothing to do" in run_script(ONE, "--data", data, "--raw", raw).stdout


@pytest.mark.slow
def test_extraction_killed_midway_is_completed_to_the_same_bytes(run_script, test_data, tmp_path):
    data = tmp_path / "data"
    assert run_script(ONE, "--data", data, "--raw", test_data / "mtt-excerpt").returncode == 0
    common = ["--data", str(data), "--jobs", "2", "--preset", "mel96", "--limit", "150"]
    command = [sys.executable, str(REPOSITORY / TWO), *common, "--name", "killed"]
    killed = data / "features" / "killed"
    with subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    ) as process:
        while process.poll() is None:
            part = killed / "progress.npy.part"
            if part.exists() and (killed / "plan.part").exists():
                state = np.load(part, mmap_mode="r")["state"]
                if 0 < (state != 0).sum() < 150:
                    os.killpg(process.pid, signal.SIGKILL)
                    break
    assert process.returncode == -signal.SIGKILL
    assert not (killed / "features.npy").exists()
    resumed = run_script(TWO, *common, "--name", "killed")
    assert resumed.returncode == 0, resumed.stderr
    assert run_script(TWO, *common[:3], 1, *common[4:], "--name", "whole").returncode == 0
    assert content_of(killed) == content_of(data / "features" / "whole")
    checked = run_script(TWO, "--data", data, "--name", "killed", "--check")
    assert "16 clips computed again and found equal" in checked.stdout
    added = run_script(TWO, *common[:-2], "--name", "killed")
    assert "extracting killed features of 59 clips" in added.stdout


@pytest.mark.slow
def test_training_killed_midway_is_completed_to_the_same_weights(
    run_script, before_each_step, tmp_path
):
    data = shutil.copytree(before_each_step["3"], tmp_path / "data")
    common = ["--data", str(data), "--epochs", "6", "--no-refit"]
    command = [sys.executable, str(REPOSITORY / THREE), *common, "--name", "killed"]
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=environment
    ) as process:
        for line in process.stdout:
            if line.startswith("epoch   2/6"):
                process.send_signal(signal.SIGKILL)
    assert process.returncode == -signal.SIGKILL
    answer = run_script(FOUR, "--data", data, "--model", "killed")
    assert answer.returncode == 1
    assert "models/killed is not finished: run 3_train_cnn.py" in answer.stderr
    refused = run_script(THREE, *common, "--name", "killed", "--learning-rate", 0.1)
    assert "was begun with learning rate" in refused.stderr
    resumed = run_script(THREE, *common, "--name", "killed")
    assert "resuming the interrupted run after epoch" in resumed.stdout, resumed.stderr
    assert run_script(THREE, *common, "--name", "whole").returncode == 0
    killed, whole = (content_of(data / "models" / name) for name in ("killed", "whole"))
    assert set(killed) == set(whole)  # no checkpoint is left
    assert killed["model.keras"] == whole["model.keras"]
    assert killed["history.csv"] == whole["history.csv"]
