"""The store: whole or absent, the same bytes whatever happens on the way."""

import dataclasses
import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile
from conftest import REPOSITORY

from autotagging import files
from autotagging.features import feature_store, spectrogram, workers

SMALL = spectrogram.FeatureSettings(
    "mel", 16000, 8, n_fft=512, hop_length=2000, seconds=1.0
)  # 8 frames
N_CLIPS = 40


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
        expected, _ = spectrogram.extract_file(data / inventory["file"][clip_id], SMALL)
        np.testing.assert_array_equal(array[rows[clip_id]], expected)


def test_the_bytes_do_not_depend_on_the_number_of_processes(dataset):
    data, inventory = dataset
    feature_store.write(data, "small", SMALL, inventory, jobs=1)
    one = stored_bytes(data)
    shutil.rmtree(data / "features" / "small")
    feature_store.write(data, "small", SMALL, inventory, jobs=2)
    assert stored_bytes(data) == one
    assert not list((data / "features" / "small").glob("*.part"))


KILLED = """
import os, signal, sys
from pathlib import Path
import pandas as pd
from autotagging import files
from autotagging.features import workers, feature_store, spectrogram
sys.path.insert(0, {tests!r})
from test_feature_store import SMALL

extract, count = spectrogram.extract_file, 0
def extract_some(path, settings):
    global count
    count += 1
    if count > 17:  # in the second task: the first is in the store
        os.kill(os.getpid(), signal.SIGKILL)
    return extract(path, settings)

spectrogram.extract_file = extract_some
data = Path({data!r})
inventory = pd.DataFrame({{"file": {files!r}}})
feature_store.write(data, "small", SMALL, inventory, jobs=1)
"""


def test_a_killed_run_is_completed_to_the_same_bytes(dataset, monkeypatch):
    data, inventory = dataset
    feature_store.write(data, "small", SMALL, inventory, jobs=1)
    whole = stored_bytes(data)
    shutil.rmtree(data / "features" / "small")

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
    extract = spectrogram.extract_file
    monkeypatch.setattr(
        features,
        "extract_file",
        lambda path, s: computed.append(Path(path).stem) or extract(path, s),
    )
    feature_store.write(data, "small", SMALL, inventory, jobs=1)
    assert computed == [str(number) for number in range(16, N_CLIPS)]
    assert stored_bytes(data) == whole


def test_a_run_killed_between_its_last_renamings_is_completed(dataset, monkeypatch):
    data, inventory = dataset
    folder = data / "features" / "small"
    monkeypatch.setattr(feature_store, "_write_failed", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        feature_store.write(data, "small", SMALL, inventory, jobs=1)
    assert (folder / "features.npy").exists()
    assert feature_store.find_missing(data, "small", SMALL, inventory) == []
    monkeypatch.undo()
    feature_store.write(data, "small", SMALL, inventory, jobs=1)
    assert feature_store.find_missing(data, "small", SMALL, inventory) is None


def test_new_clips_are_added_and_the_rest_is_kept(dataset, monkeypatch):
    data, inventory = dataset
    feature_store.write(data, "small", SMALL, inventory.iloc[:15], jobs=1)
    new = [str(number) for number in range(15, N_CLIPS)]
    assert feature_store.find_missing(data, "small", SMALL, inventory) == new
    computed = []
    extract = spectrogram.extract_file
    monkeypatch.setattr(
        features,
        "extract_file",
        lambda path, s: computed.append(Path(path).stem) or extract(path, s),
    )
    feature_store.write(data, "small", SMALL, inventory, jobs=1)
    assert computed == new
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
        expected, _ = spectrogram.extract_file(data / inventory["file"][clip_id], SMALL)
        np.testing.assert_array_equal(array[rows[clip_id]], expected)
    assert not list(folder.glob("*.part"))


def test_the_fingerprint_of_clips_is_of_their_audio_and_settings_alone(dataset):
    data, inventory = dataset
    some = ["2", "7"]
    feature_store.write(data, "small", SMALL, inventory.iloc[:15], jobs=1)
    before = feature_store.fingerprint(data, "small", some)
    feature_store.write(data, "small", SMALL, inventory, jobs=2)
    assert feature_store.fingerprint(data, "small", some) == before
    shutil.rmtree(data / "features" / "small")
    soundfile.write(data / "clips" / "7.wav", np.zeros(16000), 16000)
    feature_store.write(data, "small", SMALL, inventory, jobs=1)
    assert feature_store.fingerprint(data, "small", some) != before


def test_other_settings_or_changed_audio_are_refused(dataset):
    data, inventory = dataset
    feature_store.write(data, "small", SMALL, inventory, jobs=1)
    other = dataclasses.replace(SMALL, bands=9)
    with pytest.raises(
        ValueError, match=r"other settings \(bands 8, not 9\): run 2_feature.* --force"
    ):
        feature_store.find_missing(data, "small", other, inventory)
    (data / "clips" / "5.wav").touch()  # another time, the same audio: no harm
    assert feature_store.find_missing(data, "small", SMALL, inventory) is None
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


def test_clips_that_are_gone_do_no_harm(dataset):
    data, inventory = dataset
    feature_store.write(data, "small", SMALL, inventory, jobs=1)
    left = inventory.drop(["0", "7"])
    (data / "clips" / "7.wav").unlink()
    assert feature_store.find_missing(data, "small", SMALL, left) is None
    array, rows, _ = feature_store.open_store(data, "small", left.index)
    expected, _ = spectrogram.extract_file(data / "clips" / "8.wav", SMALL)
    np.testing.assert_array_equal(array[rows["8"]], expected)


def test_the_first_few_clips_alone_are_kept_when_the_rest_is_added(dataset):
    data, inventory = dataset
    few = feature_store.choose_clips(data, "small", inventory, limit=5)
    assert list(few.index) == ["0", "1", "2", "3", "4"]
    feature_store.write(data, "small", SMALL, few, jobs=1)
    feature_store.write(data, "small", SMALL, inventory.iloc[:9], jobs=1)
    fewer = feature_store.choose_clips(data, "small", inventory, limit=2)
    assert list(fewer.index) == [str(number) for number in range(9)]  # none is dropped
    assert feature_store.choose_clips(data, "small", inventory) is inventory


def test_lengths_are_counted(dataset):
    data, inventory = dataset
    noise = np.random.default_rng(1).standard_normal(32000) * 0.1
    soundfile.write(data / "clips" / "1.wav", noise[:15000], 16000)
    soundfile.write(data / "clips" / "2.wav", noise[:15900], 16000)  # within a hundredth
    soundfile.write(data / "clips" / "3.wav", noise, 16000)
    soundfile.write(data / "clips" / "4.wav", noise[:100], 16000)  # too short for a window
    feature_store.write(data, "small", SMALL, inventory, jobs=1)
    assert feature_store.count_lengths(data, "small") == (1, 1)
    assert list(feature_store.read_failed(data, "small").index) == ["4"]


def test_a_manifest_says_what_storing_costs_and_is_plain_json(dataset, monkeypatch):
    data, inventory = dataset
    monkeypatch.setattr(feature_store, "CHUNK", 7)
    feature_store.write(data, "small", SMALL, inventory, jobs=1)
    manifest = json.loads((data / "features/small/manifest.json").read_text())
    assert manifest["storage"] == {"dtype": "float16", **spectrogram.STORAGE_ERROR}
    assert manifest["clips"]["clip_id"] == list(inventory.index)
    assert {len(column) for column in manifest["clips"].values()} == {N_CLIPS}
    assert manifest["clips"]["seconds"] == [1.0] * N_CLIPS


def test_a_store_that_is_right_passes_its_check(dataset):
    data, inventory = dataset
    (data / "clips" / "4.wav").write_bytes(b"no audio")
    feature_store.write(data, "small", SMALL, inventory, jobs=1)
    assert feature_store.check(data, "small", inventory) == (16, [])


def test_a_check_finds_what_is_wrong(dataset):
    data, inventory = dataset
    feature_store.write(data, "small", SMALL, inventory, jobs=1)
    folder = data / "features" / "small"
    shutil.copy(folder / "features.npy", folder / "kept")
    array = np.load(folder / "features.npy", mmap_mode="r+")
    array[3, 1, 2] = np.nan
    array.flush()
    _, problems = feature_store.check(data, "small", inventory)
    assert problems[0] == "features.npy has another checksum than its manifest says"
    assert problems[1] == "clip 3 has features that are not finite"
    (folder / "kept").replace(folder / "features.npy")
    for number in range(N_CLIPS):
        soundfile.write(data / f"clips/{number}.wav", np.linspace(-1, 1, 16000), 16000)
    _, problems = feature_store.check(data, "small", inventory)
    assert len(problems) == 16
    assert problems[0].endswith("has other features when it is computed anew")


def damage_array(folder):
    np.save(folder / "features.npy", np.load(folder / "features.npy")[:-1])


def cut_array(folder):
    (folder / "features.npy").write_bytes((folder / "features.npy").read_bytes()[:3000])


def remove_array(folder):
    (folder / "features.npy").unlink()


def damage_failed(folder):
    (folder / "failed.csv").write_bytes(b"\xff")


def edit_manifest(change):
    def edit(folder):
        manifest = json.loads((folder / "manifest.json").read_text())
        change(manifest)
        (folder / "manifest.json").write_text(json.dumps(manifest))

    return edit


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (damage_array, r"features.npy has shape \(39, 8, 8\), float16, not \(40, 8, 8\), float16"),
        (cut_array, r"features.npy cannot be read"),
        (remove_array, r"features.npy cannot be read"),
        (damage_failed, r"failed.csv is gone or damaged"),
        (edit_manifest(lambda m: m["clips"].pop("bytes")), "damaged or of another version"),
        (edit_manifest(lambda m: m["clips"]["audio"].pop()), "damaged or of another version"),
        (edit_manifest(lambda m: m["settings"].update(seconds=None)), "damaged or of another"),
        (edit_manifest(lambda m: m["settings"].update(bands="8")), "damaged or of another"),
    ],
)
def test_a_damaged_store_is_one_sentence_and_made_anew(dataset, damage, message):
    data, inventory = dataset
    feature_store.write(data, "small", SMALL, inventory, jobs=1)
    whole = stored_bytes(data)
    damage(data / "features" / "small")
    for use in (
        lambda: feature_store.find_missing(data, "small", SMALL, inventory),
        lambda: feature_store.open_store(data, "small", ["1"]),
        lambda: feature_store.check(data, "small", inventory),
    ):
        with pytest.raises(ValueError, match=rf"{message}.*--force"):
            use()
    assert len(feature_store.find_missing(data, "small", SMALL, inventory, force=True)) == N_CLIPS
    feature_store.write(data, "small", SMALL, inventory, jobs=1, force=True)
    assert stored_bytes(data) == whole


def test_damage_is_never_handed_on_to_a_store_that_grows(dataset):
    data, inventory = dataset
    feature_store.write(data, "small", SMALL, inventory.iloc[:30], jobs=1)
    array = np.load(data / "features/small/features.npy", mmap_mode="r+")
    array[3] = 0
    array.flush()
    with pytest.raises(ValueError, match=r"another checksum than its manifest says.*--force"):
        feature_store.write(data, "small", SMALL, inventory, jobs=1)


def test_rows_that_other_versions_computed_are_not_hidden(dataset):
    data, inventory = dataset
    feature_store.write(data, "small", SMALL, inventory.iloc[:30], jobs=1)
    edit_manifest(lambda m: m["versions"].update(librosa="0.6.0"))(data / "features" / "small")
    feature_store.write(data, "small", SMALL, inventory, jobs=1)
    versions = feature_store.read_manifest(data, "small")["versions"]
    assert versions["librosa"].startswith("0.6.0, ")
    assert "," not in versions["numpy"]


def test_a_clip_that_failed_is_tried_again_once_it_is_another(dataset, monkeypatch):
    data, inventory = dataset
    good = (data / "clips" / "4.wav").read_bytes()
    (data / "clips" / "4.wav").write_bytes(b"no audio")
    feature_store.write(data, "small", SMALL, inventory, jobs=1)
    assert feature_store.find_missing(data, "small", SMALL, inventory) is None
    (data / "clips" / "4.wav").write_bytes(good)
    assert feature_store.find_missing(data, "small", SMALL, inventory) == ["4"]
    read = workers.checksum

    def refuse(path):
        if path.name == "5.wav":
            raise PermissionError(13, "Permission denied")
        return read(path)

    monkeypatch.setattr(workers, "checksum", refuse)
    feature_store.write(data, "small", SMALL, inventory, jobs=1, force=True)
    assert list(feature_store.read_failed(data, "small").index) == ["5"]
    assert feature_store.find_missing(data, "small", SMALL, inventory) == ["5"]
    monkeypatch.undo()
    feature_store.write(data, "small", SMALL, inventory, jobs=1)
    assert not len(feature_store.read_failed(data, "small"))


def test_a_failed_clip_that_the_store_does_not_know_is_no_harm(dataset):
    data, inventory = dataset
    feature_store.write(data, "small", SMALL, inventory, jobs=1)
    with (data / "features/small/failed.csv").open("a") as failed:
        failed.write("never-heard-of,cannot be decoded\n")
    assert feature_store.find_missing(data, "small", SMALL, inventory) is None


def test_two_runs_never_write_one_store(dataset):
    data, inventory = dataset
    folder = data / "features" / "small"
    folder.mkdir(parents=True)
    with files.locked(folder / "lock", "no"), pytest.raises(ValueError, match="another run is"):
        feature_store.write(data, "small", SMALL, inventory, jobs=1)
    feature_store.write(data, "small", SMALL, inventory, jobs=1)
    assert sorted(path.name for path in folder.iterdir()) == [
        "failed.csv",
        "features.npy",
        "manifest.json",
    ]


@pytest.mark.parametrize("damage", [b"", b"no array"])
def test_a_damaged_record_of_an_interrupted_run_starts_anew(dataset, monkeypatch, damage):
    data, inventory = dataset
    monkeypatch.setattr(feature_store, "_write_failed", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        feature_store.write(data, "small", SMALL, inventory, jobs=1)
    monkeypatch.undo()
    (data / "features/small/progress.npy.part").write_bytes(damage)
    assert len(feature_store.find_missing(data, "small", SMALL, inventory)) == N_CLIPS
    feature_store.write(data, "small", SMALL, inventory, jobs=1)
    assert feature_store.check(data, "small", inventory) == (16, [])


def test_a_half_store_of_other_clips_or_settings_is_no_use(dataset, monkeypatch):
    data, inventory = dataset
    extract, count = spectrogram.extract_file, iter(range(N_CLIPS))

    def interrupt(path, chosen):
        if next(count) == 20:  # in the second task: the first is in the store
            raise KeyboardInterrupt
        return extract(path, chosen)

    monkeypatch.setattr(spectrogram, "extract_file", interrupt)
    with pytest.raises(KeyboardInterrupt):
        feature_store.write(data, "small", SMALL, inventory, jobs=1)
    monkeypatch.undo()
    assert len(feature_store.find_missing(data, "small", SMALL, inventory)) == N_CLIPS - 16
    backwards = inventory.iloc[::-1]
    assert len(feature_store.find_missing(data, "small", SMALL, backwards)) == N_CLIPS
    feature_store.write(data, "small", SMALL, backwards, jobs=1)
    array, rows, _ = feature_store.open_store(data, "small", ["2"])
    expected, _ = spectrogram.extract_file(data / "clips" / "2.wav", SMALL)
    np.testing.assert_array_equal(array[rows["2"]], expected)


def test_the_old_store_stays_until_the_new_one_is_whole(dataset, monkeypatch):
    data, inventory = dataset
    feature_store.write(data, "small", SMALL, inventory, jobs=1)
    other = dataclasses.replace(SMALL, bands=9)
    monkeypatch.setattr(feature_store, "_write_manifest", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        feature_store.write(data, "small", other, inventory, jobs=1, force=True)
    monkeypatch.undo()
    assert feature_store.open_store(data, "small", ["1"])[2] == SMALL
    # the next run need not be told again to make it anew: it goes on
    assert feature_store.find_missing(data, "small", other, inventory) == []
    feature_store.write(data, "small", other, inventory, jobs=1)
    assert feature_store.open_store(data, "small", ["1"])[2] == other


@pytest.mark.parametrize("text", ["{", "[]", '{"settings": {"bands": 8}, "clips": {}}'])
def test_a_manifest_that_is_damaged_or_of_another_version_is_one_sentence(dataset, text):
    data, inventory = dataset
    feature_store.write(data, "small", SMALL, inventory, jobs=1)
    (data / "features/small/manifest.json").write_text(text)
    with pytest.raises(ValueError, match=r"damaged or of another version: run .* --force"):
        feature_store.find_missing(data, "small", SMALL, inventory)
