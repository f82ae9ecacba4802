"""``features/<name>/``: the features of all clips as one memory-mapped array.

features.npy    (n_clips, frames, bands), float16, rows in the order of the manifest
manifest.json   settings, versions, checksum; of each clip its id and its audio's size, time of
                change and checksum
failed.csv      clip_id and reason; the rows of these clips are zero and never handed out

A store is finished or absent: it grows as ``features.npy.part`` beside a record of the rows that
are done, and a run that was killed goes on from there. The finished bytes do not depend on the
number of processes, on their order or on interruptions.
"""

import csv
import dataclasses
import hashlib
import importlib.metadata
import json
import os
import shutil
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
from tqdm import tqdm

from autotagging import features

CLIPS_A_TASK = 8
TO_DO, DONE, FAILED = 0, 1, 2
PROGRESS = [("state", np.uint8), ("audio", "S32")]  # of a row: done or failed, audio's checksum
LIBRARIES = ("librosa", "numpy", "soundfile", "soxr")


def folder_of(data, name):
    """Return the folder of a store."""
    return Path(data) / "features" / name


def find_missing(data, name, settings, clips):
    """Return which clips a store lacks.

    Parameters
    ----------
    data : Path
        The dataset.
    name : str
        Of the store.
    settings : FeatureSettings
    clips : DataFrame
        Indexed by clip_id, with a column file (below `data`).

    Returns
    -------
    list of str
        Clip ids; all of them where there is no finished store.

    Raises
    ------
    ValueError
        Where the store was made with other settings, or from audio that has changed since.
    """
    if not (folder_of(data, name) / "manifest.json").exists():
        return list(clips.index)
    manifest = read_manifest(data, name)
    if manifest["settings"] != dataclasses.asdict(settings):
        raise ValueError(
            f"{folder_of(data, name)} was made with other settings: make it anew with --force"
        )
    before = pd.DataFrame(manifest["clips"]).set_index("clip_id")
    known = clips.index.intersection(before.index, sort=False)
    changed = _find_changed(data, clips.loc[known], before.loc[known])
    if changed:
        raise ValueError(
            f"the audio of {len(changed):,} clips has changed since {folder_of(data, name)} was "
            f"made, the first is {changed[0]}: make it anew with --force"
        )
    return list(clips.index.difference(before.index, sort=False))


def _find_changed(data, clips, before):
    """Return the clips with other audio; a file is read only where size or time differ."""
    now = _file_facts(data, clips)
    touched = (now[["bytes", "mtime_ns"]] != before[["bytes", "mtime_ns"]]).any(axis=1)
    return [
        clip_id
        for clip_id in clips.index[touched]
        if _audio_checksum(data / clips["file"][clip_id]) != before["audio"][clip_id]
    ]


def _file_facts(data, clips):
    facts = [(data / file).stat() for file in clips["file"]]
    return pd.DataFrame(
        {"bytes": [f.st_size for f in facts], "mtime_ns": [f.st_mtime_ns for f in facts]},
        index=clips.index,
    )


def _audio_checksum(path):
    return hashlib.blake2b(path.read_bytes(), digest_size=16).hexdigest()


def discard(data, name):
    """Remove a store, finished or not."""
    if folder_of(data, name).exists():
        shutil.rmtree(folder_of(data, name))


def write(data, name, settings, clips, jobs):
    """Write a store, going on where an interrupted run stopped; rows that are there are kept.

    Parameters
    ----------
    data : Path
        The dataset.
    name : str
        Of the store.
    settings : FeatureSettings
    clips : DataFrame
        Indexed by clip_id, with a column file (below `data`); the rows of the store.
    jobs : int
        Processes.
    """
    folder = folder_of(data, name)
    folder.mkdir(parents=True, exist_ok=True)
    plan = {
        "settings": dataclasses.asdict(settings),
        "versions": {library: importlib.metadata.version(library) for library in LIBRARIES},
        "clips": _file_facts(data, clips).rename_axis("clip_id").reset_index().to_dict("records"),
    }
    progress = _start_or_go_on(folder, plan, settings.shape)
    if (folder / "features.npy.part").exists():  # else only the last renaming is left
        paths = [data / file for file in clips["file"]]
        _fill(folder, progress, paths, settings, jobs)
        for row, audio in zip(plan["clips"], progress["audio"], strict=True):
            row["audio"] = audio.decode()
        plan["sha256"] = _checksum(folder / "features.npy.part")
        _write_json(folder / "manifest.json.part", plan)
        (folder / "manifest.json").unlink(missing_ok=True)  # its rows are not the new array's
        (folder / "features.npy.part").replace(folder / "features.npy")
    _write_failed(folder, clips.index[progress["state"] == FAILED])
    (folder / "manifest.json.part").replace(folder / "manifest.json")
    for done_with in ("plan.json.part", "progress.npy.part", "reasons.csv.part"):
        (folder / done_with).unlink()


def _start_or_go_on(folder, plan, shape):
    """Return what is done of each row; make that and the growing array where needed."""
    plan_path, path = folder / "plan.json.part", folder / "progress.npy.part"
    if plan_path.exists() and _read_json(plan_path) == plan:
        return np.load(path, mmap_mode="r+", allow_pickle=False)
    plan_path.unlink(missing_ok=True)  # first, so that a plan belongs to the array beside it
    clip_ids = [clip["clip_id"] for clip in plan["clips"]]
    array = np.lib.format.open_memmap(
        folder / "features.npy.part", "w+", dtype=np.float16, shape=(len(clip_ids), *shape)
    )
    progress = np.lib.format.open_memmap(path, "w+", dtype=PROGRESS, shape=(len(clip_ids),))
    (folder / "reasons.csv.part").write_text("", encoding="utf-8")
    _copy_finished_rows(folder, clip_ids, array, progress)
    _write_json(plan_path, plan)
    return progress


def _copy_finished_rows(folder, clip_ids, array, progress):
    """Copy the rows of the store that is being added to; clips that failed are tried again."""
    if not (folder / "manifest.json").exists():
        return
    stored = np.load(folder / "features.npy", mmap_mode="r", allow_pickle=False)
    failed = set(_read_failed(folder).index)
    before = enumerate(_read_json(folder / "manifest.json")["clips"])
    row_of = {c["clip_id"]: (row, c["audio"]) for row, c in before if c["clip_id"] not in failed}
    for row, clip_id in enumerate(clip_ids):
        if clip_id in row_of:
            stored_row, audio = row_of[clip_id]
            array[row] = stored[stored_row]
            progress[row] = DONE, audio.encode()


def _fill(folder, progress, paths, settings, jobs):
    """Compute the rows that are still to do, a few clips a task, and mark each when it is there."""
    array = np.load(folder / "features.npy.part", mmap_mode="r+", allow_pickle=False)
    rows = np.flatnonzero(progress["state"] == TO_DO)
    tasks = np.split(rows, range(CLIPS_A_TASK, len(rows), CLIPS_A_TASK))
    # One thread a process: threads of FFT and matrix libraries would fight for the same cores.
    with (
        joblib.parallel_config("loky", n_jobs=jobs, inner_max_num_threads=1),
        (folder / "reasons.csv.part").open("a", newline="", encoding="utf-8") as reasons,
        tqdm(total=len(paths), initial=len(paths) - len(rows), unit="clip") as bar,
    ):
        results = joblib.Parallel(return_as="generator_unordered")(
            joblib.delayed(_compute)(task.tolist(), [paths[row] for row in task], settings)
            for task in tasks
            if len(task)
        )
        for row, values, audio, reason in (clip for task in results for clip in task):
            if reason:
                csv.writer(reasons).writerow([row, reason])
                reasons.flush()
            else:
                array[row] = values
            progress[row] = FAILED if reason else DONE, audio.encode()
            bar.update()
    array.flush()


def _compute(rows, paths, settings):
    """Return row, features, audio's checksum and reason of a few clips; runs in a worker."""
    results = []
    for row, path in zip(rows, paths, strict=True):
        values, audio, reason = None, "", None
        try:
            audio = _audio_checksum(path)
            values = features.extract_file(path, settings)
        except (ValueError, OSError) as error:
            reason = str(error)
        results.append((row, values, audio, reason))
    return results


def _write_failed(folder, failed):
    reason_of_row = {}
    with (folder / "reasons.csv.part").open(newline="", encoding="utf-8") as file:
        reason_of_row.update((int(row), reason) for row, reason in csv.reader(file))
    clips = _read_json(folder / "plan.json.part")["clips"]
    reasons = {clips[row]["clip_id"]: reason for row, reason in sorted(reason_of_row.items())}
    table = pd.DataFrame({"clip_id": failed, "reason": [reasons[i] for i in failed]})
    part = folder / "failed.csv.part"
    table.to_csv(part, index=False, lineterminator="\n")
    part.replace(folder / "failed.csv")


def open_store(data, name, clip_ids):
    """Open a store for some clips.

    Parameters
    ----------
    data : Path
        The dataset.
    name : str
        Of the store.
    clip_ids : iterable of str
        The clips wanted, in the order wanted.

    Returns
    -------
    array : ndarray of shape (n_stored_clips, frames, bands), float16
        Memory-mapped, read-only.
    rows : Series of int
        The row of each clip wanted, by clip_id, without those whose audio failed.
    settings : FeatureSettings

    Raises
    ------
    ValueError
        Where the store is not there or lacks clips; the sentence names the script to run.
    """
    folder = folder_of(data, name)
    manifest = read_manifest(data, name)
    row_of = {clip["clip_id"]: row for row, clip in enumerate(manifest["clips"])}
    lacking = [clip_id for clip_id in clip_ids if clip_id not in row_of]
    if lacking:
        raise ValueError(
            f"{folder} lacks {len(lacking):,} clips of the labels, the first is {lacking[0]}: "
            "run 2_feature_extraction.py again"
        )
    failed = set(_read_failed(folder).index)
    rows = pd.Series({i: row_of[i] for i in clip_ids if i not in failed}, dtype=int)
    array = np.load(folder / "features.npy", mmap_mode="r", allow_pickle=False)
    return array, rows, features.FeatureSettings(**manifest["settings"])


def fingerprint(data, name, clip_ids):
    """Return a checksum of what the features of some clips are made from: settings and audio.

    Clips that are added to the store, or taken from it, do not change it.
    """
    manifest = read_manifest(data, name)
    audio = {clip["clip_id"]: clip["audio"] for clip in manifest["clips"]}
    facts = [manifest["settings"], [(clip_id, audio.get(clip_id)) for clip_id in clip_ids]]
    return hashlib.blake2b(json.dumps(facts).encode(), digest_size=16).hexdigest()


def read_manifest(data, name):
    """Read the manifest of a finished store: a dict."""
    folder = folder_of(data, name)
    if not (folder / "manifest.json").exists():
        stores = sorted(path.parent.name for path in folder.parent.glob("*/manifest.json"))
        present = f"there are {', '.join(stores)}" if stores else "there are none"
        raise ValueError(
            f"{folder} is not a finished store of features ({present}): run 2_feature_extraction.py"
        )
    return _read_json(folder / "manifest.json")


def read_failed(data, name):
    """Read the clips that a store has no features of: a Series of reasons, by clip_id."""
    return _read_failed(folder_of(data, name))


def _read_failed(folder):
    table = pd.read_csv(folder / "failed.csv", dtype=str, keep_default_na=False)
    return table.set_index("clip_id")["reason"]


def _checksum(path):
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _read_json(path):
    return json.loads(path.read_text(encoding="utf-8"))


def _write_json(path, content):
    written = path.with_name(path.name + ".new")
    written.write_text(json.dumps(content) + "\n", encoding="utf-8")
    os.replace(written, path)
