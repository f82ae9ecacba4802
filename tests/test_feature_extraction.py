"""Script 2 as a user runs it: a store of features."""

import json

import numpy as np
import pytest
import soundfile
from conftest import SCRIPTS

ONE, TWO = SCRIPTS[1], SCRIPTS[2]


def test_a_damaged_store_fails_its_check(run_script, tiny_dataset):
    for script in (ONE, TWO):
        assert run_script(script, "--data", tiny_dataset).returncode == 0
    path = tiny_dataset / "features/mel96/features.npy"
    content = bytearray(path.read_bytes())
    content[-5] ^= 64
    path.write_bytes(content)
    answer = run_script(TWO, "--data", tiny_dataset, "--check")
    assert answer.returncode == 1
    assert "another checksum than its summary says" in answer.stderr
    answer = run_script(TWO, "--data", tiny_dataset, "--check", "--name", "none")
    assert answer.returncode == 1
    assert "features/none is not finished (there are mel96): run 2_feature" in answer.stderr


def test_audio_that_was_deleted_since_is_one_sentence_and_nothing_is_made(run_script, tiny_dataset):
    assert run_script(ONE, "--data", tiny_dataset).returncode == 0
    (tiny_dataset / "clips/10.wav").unlink()
    answer = run_script(TWO, "--data", tiny_dataset)
    assert answer.returncode == 1
    assert f"audio of 1 clip is gone, the first is {tiny_dataset}/clips/10.wav" in answer.stderr
    assert not (tiny_dataset / "features").exists()


def test_many_broken_clips_end_with_a_failure_that_names_the_list(run_script, tiny_dataset):
    for wav in sorted(tiny_dataset.glob("[0-3]/*.wav"))[:3]:
        soundfile.write(wav, np.zeros(16000), 16000)
    assert run_script(ONE, "--data", tiny_dataset).returncode == 0
    answer = run_script(TWO, "--data", tiny_dataset)
    assert answer.returncode == 1
    assert "3 of 32 clips have no features, more than 5%" in answer.stderr
    assert "features/mel96/failed.csv" in answer.stderr
    assert "32 clips are shorter" not in answer.stdout  # the failed ones are not counted
    again = run_script(TWO, "--data", tiny_dataset)
    assert again.returncode == 1
    assert "nothing to do" in again.stdout


def test_a_store_keeps_its_rows_where_the_figure_shows_other_tags(run_script, tiny_dataset):
    assert run_script(ONE, "--data", tiny_dataset).returncode == 0
    command = [TWO, "--data", tiny_dataset, "--figure-tags"]
    assert run_script(*command, "low", "high", "loud").returncode == 0
    folder = tiny_dataset / "features/mel96"
    array, figure = folder / "features.npy", folder / "waves_spectro_logspectro.png"
    rows, before = array.stat().st_mtime_ns, figure.read_bytes()
    answer = run_script(*command, "quiet", "low", "high")
    assert answer.returncode == 0, answer.stderr
    assert "drew" in answer.stdout
    assert array.stat().st_mtime_ns == rows
    assert figure.read_bytes() != before
    assert run_script(*command, "low", "high", "loud").returncode == 0
    assert figure.read_bytes() == before
    refused = run_script(*command, "low", "high", "jazz")
    assert refused.returncode == 1
    assert "'jazz' is none of the tags" in refused.stderr


def test_a_name_says_what_differs_from_the_preset(run_script, tiny_dataset):
    assert run_script(ONE, "--data", tiny_dataset).returncode == 0
    command = [TWO, "--data", tiny_dataset, "--bands", 48, "--seconds", 2]
    assert run_script(*command).returncode == 0
    summary = tiny_dataset / "features/mel96-bands-48-seconds-2/summary.json"
    assert json.loads(summary.read_text())["settings"]["bands"] == 48
    refused = run_script(TWO, "--data", tiny_dataset, "--name", summary.parent.name)
    assert refused.returncode == 1
    assert "was made with bands 48, not 96; with seconds 2.0, not 29.12" in refused.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--f-max", "9000"], "8000 works"),
        (["--bands", "900", "--n-fft", "512"], "works, or --n-fft"),
        (["--frames", "3", "--hop-length", "9"], "--frames and --hop-length: give one, not both"),
        (["--preset", "mfcc", "--scale", "power"], "leave out --scale power"),
        (["--f-min", "-1"], "not a number from 0"),
        (["--seconds", "0"], "not a number above 0"),
        (["--figure-tags", "a", "b", "a"], "names a tag twice"),
        (["--dask", "somewhere"], "no address such as tcp://"),
    ],
)
def test_impossible_features_are_refused_as_typed(run_script, tmp_path, arguments, message):
    answer = run_script(TWO, "--data", tmp_path, *arguments)
    assert answer.returncode == 2
    assert message in answer.stderr
