"""The store: whole or absent, the same bytes whatever happens on the way."""

import dataclasses
import os
import signal
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
import soundfile
from conftest import REPOSITORY

from autotagging import feature_store, features

SMALL = features.FeatureSettings(
    16000, 8, n_fft=512, hop_length=2000, scale="dB", seconds=1.0
)  # 8 frames
N_CLIPS = 20


@pytest.fixture
def dataset(tmp_path):
    """Return a folder with clips, and their inventory."""
    (tmp_path / "clips").mkdir()
    rng = np.random.default_rng(0)
    files = {}
    for number in range(N_CLIPS):
        files[str(number)] = f"clips/{number}.wav"
        soundfile.write(tmp_path / files[str(number)], 0.1 * rng.standard_normal(16000), 16000)
    return tmp_path, pd.DataFrame({"file": files})


def stored_bytes(data):
    return (data / "features" / "small" / "features.npy").read_bytes()


def test_rows_are_the_clips_features_in_any_order_asked_for(dataset):
    data, inventory = dataset
    feature_store.write(data, "small", SMALL, inventory, jobs=1)
    array, rows, settings = feature_store.open_store(data, "small", ["7", "3"])
    assert settings == SMALL
    assert array.shape == (N_CLIPS, 8, 8)
    for clip_id in ("7", "3"):
        expected = features.extract_file(data / inventory["file"][clip_id], SMALL)
        np.testing.assert_array_equal(array[rows[clip_id]], expected)


def test_the_bytes_do_not_depend_on_the_number_of_processes(dataset):
    data, inventory = dataset
    feature_store.write(data, "small", SMALL, inventory, jobs=1)
    one = stored_bytes(data)
    feature_store.discard(data, "small")
    feature_store.write(data, "small", SMALL, inventory, jobs=2)
    assert stored_bytes(data) == one
    assert not list((data / "features" / "small").glob("*.part"))


KILLED = """
import os, signal, sys
from pathlib import Path
import pandas as pd
from autotagging import feature_store, features
sys.path.insert(0, {tests!r})
from test_feature_store import SMALL

extract, count = features.extract_file, 0
def extract_some(path, settings):
    global count
    count += 1
    if count > 9:  # in the second task: the first is in the store
        os.kill(os.getpid(), signal.SIGKILL)
    return extract(path, settings)

features.extract_file = extract_some
data = Path({data!r})
inventory = pd.DataFrame({{"file": {files!r}}})
feature_store.write(data, "small", SMALL, inventory, jobs=1)
"""


def test_a_killed_run_is_completed_to_the_same_bytes(dataset, monkeypatch):
    data, inventory = dataset
    feature_store.write(data, "small", SMALL, inventory, jobs=1)
    whole = stored_bytes(data)
    feature_store.discard(data, "small")

    code = KILLED.format(
        tests=str(REPOSITORY / "tests"), data=str(data), files=inventory["file"].to_dict()
    )
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    killed = subprocess.run([sys.executable, "-c", code], env=environment, check=False)
    assert killed.returncode == -signal.SIGKILL
    folder = data / "features" / "small"
    assert not (folder / "features.npy").exists()
    with pytest.raises(ValueError, match="not a finished store"):
        feature_store.open_store(data, "small", ["1"])

    computed = []
    extract = features.extract_file
    monkeypatch.setattr(
        features, "extract_file", lambda path, s: computed.append(path.stem) or extract(path, s)
    )
    feature_store.write(data, "small", SMALL, inventory, jobs=1)
    assert computed == [str(number) for number in range(8, N_CLIPS)]
    assert stored_bytes(data) == whole


def test_a_run_killed_between_its_last_renamings_is_completed(dataset, monkeypatch):
    data, inventory = dataset
    folder = data / "features" / "small"
    monkeypatch.setattr(feature_store, "_write_failed", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        feature_store.write(data, "small", SMALL, inventory, jobs=1)
    assert (folder / "features.npy").exists()
    assert feature_store.find_missing(data, "small", SMALL, inventory) == list(inventory.index)
    monkeypatch.undo()
    feature_store.write(data, "small", SMALL, inventory, jobs=1)
    assert feature_store.find_missing(data, "small", SMALL, inventory) == []


def test_new_clips_are_added_and_the_rest_is_kept(dataset, monkeypatch):
    data, inventory = dataset
    feature_store.write(data, "small", SMALL, inventory.iloc[:15], jobs=1)
    assert feature_store.find_missing(data, "small", SMALL, inventory) == [
        "15",
        "16",
        "17",
        "18",
        "19",
    ]
    computed = []
    extract = features.extract_file
    monkeypatch.setattr(
        features, "extract_file", lambda path, s: computed.append(path.stem) or extract(path, s)
    )
    feature_store.write(data, "small", SMALL, inventory, jobs=1)
    assert computed == ["15", "16", "17", "18", "19"]
    _, rows, _ = feature_store.open_store(data, "small", inventory.index)
    assert len(rows) == N_CLIPS


def test_clips_that_cannot_be_decoded_are_listed_and_left_out(dataset):
    data, inventory = dataset
    (data / "clips" / "4.wav").write_bytes(b"no audio")
    feature_store.write(data, "small", SMALL, inventory, jobs=1)
    assert list(feature_store.read_failed(data, "small").index) == ["4"]
    _, rows, _ = feature_store.open_store(data, "small", ["3", "4", "5"])
    assert list(rows.index) == ["3", "5"]


def test_clips_added_in_the_middle_leave_no_moment_of_wrong_rows(dataset, monkeypatch):
    data, inventory = dataset
    folder = data / "features" / "small"
    feature_store.write(data, "small", SMALL, inventory.drop(["3", "4"]), jobs=1)
    monkeypatch.setattr(feature_store, "_write_failed", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        feature_store.write(data, "small", SMALL, inventory, jobs=1)
    with pytest.raises(ValueError, match="not a finished store"):
        feature_store.open_store(data, "small", ["5"])
    monkeypatch.undo()
    feature_store.write(data, "small", SMALL, inventory, jobs=1)
    array, rows, _ = feature_store.open_store(data, "small", inventory.index)
    for clip_id in ("2", "3", "5"):
        expected = features.extract_file(data / inventory["file"][clip_id], SMALL)
        np.testing.assert_array_equal(array[rows[clip_id]], expected)
    assert not list(folder.glob("*.part"))


def test_the_fingerprint_of_clips_is_of_their_audio_and_settings_alone(dataset):
    data, inventory = dataset
    some = ["2", "7"]
    feature_store.write(data, "small", SMALL, inventory.iloc[:15], jobs=1)
    before = feature_store.fingerprint(data, "small", some)
    feature_store.write(data, "small", SMALL, inventory, jobs=2)
    assert feature_store.fingerprint(data, "small", some) == before
    feature_store.discard(data, "small")
    soundfile.write(data / "clips" / "7.wav", np.zeros(16000), 16000)
    feature_store.write(data, "small", SMALL, inventory, jobs=1)
    assert feature_store.fingerprint(data, "small", some) != before


def test_other_settings_or_changed_audio_are_refused(dataset):
    data, inventory = dataset
    feature_store.write(data, "small", SMALL, inventory, jobs=1)
    other = dataclasses.replace(SMALL, bands=9)
    with pytest.raises(ValueError, match=r"other settings.*--force"):
        feature_store.find_missing(data, "small", other, inventory)
    (data / "clips" / "5.wav").touch()  # another time, the same audio: no harm
    assert feature_store.find_missing(data, "small", SMALL, inventory) == []
    soundfile.write(data / "clips" / "3.wav", np.zeros(16000), 16000)  # of the same size
    with pytest.raises(ValueError, match=r"audio of 1 clips has changed.*the first is 3.*--force"):
        feature_store.find_missing(data, "small", SMALL, inventory)


def test_a_clip_that_the_store_lacks_is_named(dataset):
    data, inventory = dataset
    feature_store.write(data, "small", SMALL, inventory, jobs=1)
    with pytest.raises(ValueError, match=r"lacks 1 clips.*the first is 99.*2_feature_extraction"):
        feature_store.open_store(data, "small", ["1", "99"])


def test_an_absent_store_names_those_that_are_there(dataset):
    data, inventory = dataset
    feature_store.write(data, "small", SMALL, inventory, jobs=1)
    with pytest.raises(ValueError, match="there are small"):
        feature_store.open_store(data, "square", ["1"])
