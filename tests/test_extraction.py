"""The rows of a store: whole or absent, the same bytes whatever happens on the way."""

import dataclasses
import itertools
import json
import multiprocessing
import os
import shutil
import signal

import filelock
import numpy as np
import pandas as pd
import pytest
import soundfile
from conftest import write_store

from autotagging import steps
from autotagging.features import extraction, feature_store, workers
from autotagging.features.extraction import find_missing
from autotagging.features.spectrogram import STORAGE_ERROR, extract_file

ALL = [str(number) for number in range(40)]


def with_clips(wanted, clip_ids):
    return dataclasses.replace(wanted, clips=wanted.clips.loc[clip_ids])


def with_bands(wanted, bands):
    return dataclasses.replace(wanted, settings=dataclasses.replace(wanted.settings, bands=bands))


def stored_bytes(store):
    return (store.folder / "features.npy").read_bytes()


def summary_of(store):
    return steps.read_summary(store.folder)


def assert_rows_are_those_of(store, *clip_ids):
    opened = feature_store.open_store(store.data, "small", clip_ids)
    for clip_id in clip_ids:
        expected, _ = extract_file(store.data / f"clips/{clip_id}.wav", opened.settings)
        np.testing.assert_array_equal(opened.array[opened.rows[clip_id]], expected)


@pytest.fixture
def computed(monkeypatch):
    """Return the list of clips that are computed in this process, as it grows."""
    clip_ids = []

    def extract_and_note(path, settings):
        clip_ids.append(path.stem)
        return extract_file(path, settings)

    monkeypatch.setattr(workers, "extract_file", extract_and_note)
    return clip_ids


def test_the_bytes_do_not_depend_on_the_number_of_processes(wanted_store):
    write_store(wanted_store, jobs=1)
    one = stored_bytes(wanted_store)
    shutil.rmtree(wanted_store.folder)
    write_store(wanted_store, jobs=2)
    assert stored_bytes(wanted_store) == one


def test_a_finished_store_has_five_files_and_no_remains(wanted_store):
    write_store(wanted_store)
    files = sorted(path.name for path in wanted_store.folder.iterdir())
    assert files == ["clips.csv", "failed.csv", "features.npy", "incomplete.csv", "summary.json"]
    assert find_missing(wanted_store) is None


def test_a_table_says_which_clip_each_row_is_of_and_how_long(wanted_store):
    write_store(wanted_store)
    table = pd.read_csv(wanted_store.folder / "clips.csv", dtype={"clip_id": str})
    assert list(table) == ["clip_id", "bytes", "mtime_ns", "audio", "seconds", "is_longer"]
    assert table["clip_id"].tolist() == ALL
    assert (table["seconds"] == 1.0).all()
    status = (wanted_store.data / "clips/3.wav").stat()
    assert table.loc[3, ["bytes", "mtime_ns"]].tolist() == [status.st_size, status.st_mtime_ns]


def test_a_summary_says_what_storing_costs(wanted_store):
    write_store(wanted_store)
    assert summary_of(wanted_store)["storage"] == {"dtype": "float16", **STORAGE_ERROR}


def test_clips_that_are_padded_or_cut_are_counted_without_those_that_failed(wanted_store):
    noise = np.random.default_rng(1).standard_normal(32000) * 0.1
    lengths = {"1": 15000, "2": 15900, "3": 32000, "4": 100}  # 2: within a hundredth; 4: no window
    for clip_id, length in lengths.items():
        soundfile.write(wanted_store.data / f"clips/{clip_id}.wav", noise[:length], 16000)
    write_store(wanted_store)
    summary = summary_of(wanted_store)
    assert {key: summary[key] for key in ("clips", "failed", "shorter", "longer")} == {
        "clips": 40,
        "failed": 1,
        "shorter": 1,
        "longer": 1,
    }
    table = feature_store.read_stored_clips(wanted_store.folder)
    assert table.loc[["0", "1", "2", "3"], "seconds"].tolist() == [1.0, 0.94, 0.99, 1.0]
    assert table.index[table["is_longer"] == 1].tolist() == ["3"]


def test_clips_that_give_less_than_they_state_are_listed_also_when_others_are_added(wanted_store):
    path = wanted_store.data / "clips/3.wav"
    path.write_bytes(path.read_bytes()[:-2900])  # a tenth of a second
    first = dataclasses.replace(wanted_store, clips=wanted_store.clips[:10])
    write_store(first)
    said = "gives 0.91 of 1.00 s: the rest is damaged or missing"
    for store in (first, wanted_store):
        write_store(store)
        listed = (wanted_store.folder / "incomplete.csv").read_text().splitlines()
        assert listed == ["clip_id,seconds,reason", f"3,0.91,{said}"]
        assert summary_of(wanted_store)["incomplete"] == 1
        assert f"clip 3 {said}" in feature_store.describe(wanted_store.folder, 10)


def extract_one_task_then(end):
    """Return a function in place of `extract_file` that ends when a task is in the store."""
    count = itertools.count(1)

    def extract_or_end(path, settings):
        if next(count) > workers.CLIPS_A_TASK:
            end()
        return extract_file(path, settings)

    return extract_or_end


def kill():
    os.kill(os.getpid(), signal.SIGKILL)


def interrupt():
    raise KeyboardInterrupt


def write_until_killed(wanted):
    workers.extract_file = extract_one_task_then(kill)
    write_store(wanted)


@pytest.fixture
def killed_store(wanted_store):
    """Return a store whose process was killed when 16 clips were in it."""
    spawn = multiprocessing.get_context("spawn")
    process = spawn.Process(target=write_until_killed, args=(wanted_store,))
    process.start()
    process.join()
    assert process.exitcode == -signal.SIGKILL
    return wanted_store


@pytest.fixture
def half_store(wanted_store, monkeypatch):
    """Return a store whose run was interrupted when 16 clips were in it."""
    with monkeypatch.context() as patch:
        patch.setattr(workers, "extract_file", extract_one_task_then(interrupt))
        with pytest.raises(KeyboardInterrupt):
            write_store(wanted_store)
    return wanted_store


def test_a_killed_run_is_completed_to_the_same_bytes(killed_store, computed):
    assert find_missing(killed_store) == ALL[16:]
    write_store(killed_store)
    assert computed == ALL[16:]
    completed = stored_bytes(killed_store)
    write_store(killed_store, force=True)
    assert computed == [*ALL[16:], *ALL]
    assert stored_bytes(killed_store) == completed


@pytest.mark.skipif(not hasattr(os, "posix_fallocate"), reason="this system reserves no room")
def test_room_for_all_rows_is_taken_before_the_first(wanted_store, monkeypatch):
    settings = dataclasses.replace(wanted_store.settings, hop_length=16)
    wanted = dataclasses.replace(wanted_store, settings=settings)
    monkeypatch.setattr(extraction, "_fill", lambda *_: None)
    with steps.locked(wanted.folder):
        extraction.compute(wanted, 1)
    status = (wanted.folder / extraction.ARRAY).stat()
    assert status.st_blocks * 512 >= status.st_size > 600_000


def test_half_a_store_is_none(half_store):
    assert not (half_store.folder / "features.npy").exists()
    with pytest.raises(ValueError, match="is not finished"):
        feature_store.open_store(half_store.data, "small", ["1"])


def test_half_a_store_is_of_no_use_to_other_settings(half_store):
    assert find_missing(half_store) == ALL[16:]
    assert find_missing(with_bands(half_store, 9)) == ALL


def test_half_a_store_is_of_no_use_to_other_clips(half_store):
    backwards = with_clips(half_store, ALL[::-1])
    assert find_missing(backwards) == ALL[::-1]
    write_store(backwards)
    assert_rows_are_those_of(backwards, "2", "30")


@pytest.mark.parametrize("file", ["progress.npy.part", "plan.part"])
@pytest.mark.parametrize("damage", [b"", b"neither an array nor JSON"])
def test_a_damaged_record_of_a_killed_run_starts_again(wanted_store, file, damage):
    wanted_store.folder.mkdir(parents=True)
    extraction.compute(wanted_store, jobs=1)
    (wanted_store.folder / file).write_bytes(damage)
    assert find_missing(wanted_store) == ALL
    write_store(wanted_store)
    assert_rows_are_those_of(wanted_store, *ALL)


# After the last row is computed, after the array has its name, after the tables are written.
MOMENTS = {
    "before the array": "autotagging.features.extraction._replace",
    "between array and tables": "autotagging.features.extraction.write_table",
    "before the summary": "autotagging.steps._write",
}


@pytest.fixture(params=MOMENTS.values(), ids=MOMENTS)
def break_off(request, monkeypatch):
    """Return a function that writes a store and is broken off while rows are put in place."""

    def write_and_break_off(wanted):
        with monkeypatch.context() as patch:
            patch.setattr(request.param, lambda *_, **__: 1 / 0)
            with pytest.raises(ZeroDivisionError):
                write_store(wanted)

    return write_and_break_off


def test_a_run_broken_off_after_its_last_row_is_completed(wanted_store, break_off, computed):
    break_off(wanted_store)
    assert find_missing(wanted_store) == []
    write_store(wanted_store)
    assert computed == ALL
    assert find_missing(wanted_store) is None
    assert_rows_are_those_of(wanted_store, *ALL)
    assert not list(wanted_store.folder.glob("*.part"))


def test_clips_added_in_the_middle_leave_no_moment_of_wrong_rows(wanted_store, break_off):
    write_store(with_clips(wanted_store, [*ALL[:3], *ALL[5:]]))
    break_off(wanted_store)
    with pytest.raises(ValueError, match="is not finished"):
        feature_store.open_store(wanted_store.data, "small", ["5"])
    write_store(wanted_store)
    assert_rows_are_those_of(wanted_store, "2", "3", "5")


def test_a_store_stays_until_its_successor_is_whole(wanted_store):
    write_store(wanted_store)
    other = with_bands(wanted_store, 9)
    extraction.compute(other, jobs=1, force=True)
    assert_rows_are_those_of(wanted_store, "1")
    assert find_missing(other, force=True) == []  # goes on, though told to make it again
    write_store(other, force=True)
    assert feature_store.read_settings(other.folder) == other.settings
    assert_rows_are_those_of(other, "1")


def test_new_clips_are_added_and_the_rest_is_kept(wanted_store, computed):
    write_store(with_clips(wanted_store, ALL[:15]))
    computed.clear()
    assert find_missing(wanted_store) == ALL[15:]
    write_store(wanted_store)
    assert computed == ALL[15:]
    assert_rows_are_those_of(wanted_store, *ALL)


def test_damage_is_never_handed_on_to_a_store_that_grows(wanted_store):
    write_store(with_clips(wanted_store, ALL[:30]))
    array = np.load(wanted_store.folder / "features.npy", mmap_mode="r+")
    array[3] = 0
    array.flush()
    with pytest.raises(ValueError, match=r"another checksum than its summary says.*--force"):
        extraction.compute(wanted_store, jobs=1)


def test_rows_that_other_versions_computed_are_not_hidden(wanted_store):
    write_store(with_clips(wanted_store, ALL[:30]))
    summary = summary_of(wanted_store)
    now = dict(summary["libraries"])
    summary["libraries"]["librosa"] = "0.6.0"
    (wanted_store.folder / "summary.json").write_text(json.dumps(summary))
    write_store(wanted_store)
    both = {**now, "librosa": f"0.6.0, {now['librosa']}"}
    assert summary_of(wanted_store)["libraries"] == both


def test_the_features_of_clips_are_told_by_their_audio_and_settings_alone(wanted_store):
    def told():
        folder = wanted_store.folder
        return steps.describe_inputs(wanted_store.data, folder, clip_ids=["2", "7"])

    write_store(with_clips(wanted_store, ALL[:15]))
    before = told()
    write_store(wanted_store, jobs=2)
    assert told() == before
    soundfile.write(wanted_store.data / "clips/7.wav", np.ones(16000), 16000)
    write_store(wanted_store, force=True)
    assert told() != before


def test_other_settings_are_refused(wanted_store):
    write_store(wanted_store)
    other = dataclasses.asdict(with_bands(wanted_store, 9).settings)
    with pytest.raises(ValueError, match=r"with bands 8, not 9: run 2_feature.* --force"):
        steps.is_finished(steps.Step(wanted_store.folder, other, {}))


def test_audio_that_changed_is_refused_though_it_is_of_the_same_size(wanted_store):
    write_store(wanted_store)
    soundfile.write(wanted_store.data / "clips/3.wav", np.zeros(16000), 16000)
    with pytest.raises(ValueError, match=r"audio of 1 clip has changed.*the first is 3.*--force"):
        find_missing(wanted_store)


def test_audio_of_another_time_is_the_same_where_its_content_is(wanted_store):
    write_store(wanted_store)
    (wanted_store.data / "clips/5.wav").touch()
    assert find_missing(wanted_store) is None


def test_a_clip_that_failed_is_tried_again_once_it_is_another(wanted_store):
    path = wanted_store.data / "clips/4.wav"
    good = path.read_bytes()
    path.write_bytes(b"no audio")
    write_store(wanted_store)
    assert find_missing(wanted_store) is None
    path.write_bytes(good)
    assert find_missing(wanted_store) == ["4"]
    write_store(wanted_store)
    assert feature_store.read_failed(wanted_store.folder).empty
    assert_rows_are_those_of(wanted_store, "4")


def test_a_clip_that_could_not_be_read_is_tried_again(wanted_store, monkeypatch):
    read = workers.checksum

    def refuse(path):
        if path.name == "5.wav":
            raise PermissionError(13, "Permission denied")
        return read(path)

    with monkeypatch.context() as patch:
        patch.setattr(workers, "checksum", refuse)
        write_store(wanted_store)
    assert list(feature_store.read_failed(wanted_store.folder).index) == ["5"]
    assert find_missing(wanted_store) == ["5"]
    write_store(wanted_store)
    assert feature_store.read_failed(wanted_store.folder).empty


def test_two_runs_never_write_one_store(wanted_store):
    wanted_store.folder.mkdir(parents=True)
    other_run = filelock.FileLock(wanted_store.folder / "lock")
    with other_run, pytest.raises(ValueError, match="another run is writing"):
        write_store(wanted_store)
    write_store(wanted_store)
