"""``features/<name>/``: the features of all clips as one memory-mapped array.

features.npy    (n_clips, frames, bands), float16, rows in the order of the manifest
manifest.json   settings, versions, checksum, storage error; of all clips the ids and their audio's
                size, time of change, checksum and length in seconds
failed.csv      clip_id and reason; the rows of these clips are zero and never handed out

A store is finished or absent: it grows as ``features.npy.part`` beside a record of the rows that
are done, and a run that was killed goes on from there. The finished bytes do not depend on the
number of processes or machines, on their order or on interruptions.
"""

import csv
import dataclasses
import hashlib
import json
from pathlib import Path

import numpy as np
import pandas as pd
from tqdm import tqdm

from autotagging import extraction, features, versions
from autotagging.files import locked, write_whole

CHUNK = 10_000  # clips of a manifest written at a time
TO_DO, DONE, FAILED = 0, 1, 2
# Of a row: done or failed, its audio's checksum and length.
PROGRESS = [("state", np.uint8), ("audio", "S32"), ("seconds", np.float32)]
CLIP_COLUMNS = ("clip_id", "bytes", "mtime_ns", "audio", "seconds")
PLAN, PROGRESS_FILE = "plan.part", "progress.npy.part"
LIBRARIES = ("librosa", "numpy", "scipy", "soundfile", "soxr")
CHECKED = 16  # clips that a check computes again
TOLERANCE = 0.01  # of the length wanted: clips within it count neither as short nor as long


def folder_of(data, name):
    """Return the folder of a store."""
    return Path(data) / "features" / name


def choose_clips(data, name, clips, limit=None):
    """Return the clips that a store is to hold: all, or the first few and those it holds already.

    Parameters
    ----------
    data : Path
        The dataset.
    name : str
        Of the store.
    clips : DataFrame
        Indexed by clip_id.
    limit : int, optional
        How many are the first few.

    Returns
    -------
    DataFrame
        Rows of `clips`.
    """
    if limit is None:
        return clips
    stored = []
    if (folder_of(data, name) / "manifest.json").exists():
        stored = read_manifest(data, name)["clips"]["clip_id"]
    return clips[clips.index.isin(stored) | clips.index.isin(clips.index[:limit])]


def find_missing(data, name, settings, clips, *, force=False):
    """Return which clips are still to be computed, None for a store that has them all.

    Parameters
    ----------
    data : Path
        The dataset.
    name : str
        Of the store.
    settings : FeatureSettings
    clips : DataFrame
        Indexed by clip_id, with a column file (below `data`).
    force : bool
        Whether the store is made anew, whatever it holds.

    Returns
    -------
    list of str
        Clip ids: those that an interrupted run left to do (none, where it was killed between its
        last renamings); else all of them where there is no finished store, or those that it
        lacks. A clip that failed is one of them again once its audio is another, or where its
        file could not be read.

    Raises
    ------
    ValueError
        Where the store was made with other settings, or from audio that has changed since, or is
        damaged.
    """
    folder = folder_of(data, name)
    progress = _unfinished(folder, _plan(_head(settings), _file_facts(data, clips)), len(clips))
    if progress is not None:
        return clips.index[progress["state"] == TO_DO].tolist()
    if force or not (folder / "manifest.json").exists():
        return list(clips.index)
    manifest = read_manifest(data, name)
    _check_settings(folder, manifest, settings)
    _open_array(folder, manifest)
    stored, failed = manifest["clips"], _read_failed(folder).index
    ids = pd.Index(stored["clip_id"])
    rows = ids.get_indexer(clips.index)
    changed = pd.Index(_find_changed(data, clips[rows >= 0], stored, rows[rows >= 0]))
    others = changed.difference(failed, sort=False)
    if len(others):
        raise ValueError(
            f"the audio of {len(others):,} clips has changed since {folder} was made, the first "
            f"is {others[0]}: run 2_feature_extraction.py again with --force"
        )
    unread = ids[[row for row in ids.get_indexer(failed) if row >= 0 and not stored["audio"][row]]]
    missing = (rows < 0) | clips.index.isin(changed) | clips.index.isin(unread)
    return clips.index[missing].tolist() or None


def check_settings(data, name, settings):
    """Refuse a store that was made with other settings than these.

    Raises
    ------
    ValueError
        Naming what differs and the way out.
    """
    _check_settings(folder_of(data, name), read_manifest(data, name), settings)


def _check_settings(folder, manifest, settings):
    stored = manifest["settings"]
    differing = [
        f"{setting} {stored[setting]}, not {wanted}"
        for setting, wanted in dataclasses.asdict(settings).items()
        if stored[setting] != wanted
    ]
    if differing:
        raise ValueError(
            f"{folder} was made with other settings ({'; '.join(differing)}): run "
            "2_feature_extraction.py again with --force to make it anew, or with --name to keep it"
        )


def _find_changed(data, clips, stored, rows):
    """Return the clips with other audio; a file is read only where size or time differ."""
    before = np.array([stored["bytes"], stored["mtime_ns"]], dtype=np.int64).T[rows]
    touched = (_file_facts(data, clips).to_numpy() != before).any(axis=1)
    return [
        clips.index[i]
        for i in np.flatnonzero(touched)
        if extraction.checksum(data / clips["file"].iloc[i]) != stored["audio"][rows[i]]
    ]


def _file_facts(data, clips):
    facts = np.empty((len(clips), 2), dtype=np.int64)
    for row, file in enumerate(clips["file"]):
        about = (data / file).stat()
        facts[row] = about.st_size, about.st_mtime_ns
    return pd.DataFrame(facts, index=clips.index, columns=["bytes", "mtime_ns"])


def write(data, name, settings, clips, jobs, *, force=False):  # noqa: PLR0913  what, where, how, by whom
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
    jobs : int or str
        Processes on this machine, or the address of the scheduler of a Dask cluster, whose
        workers see the audio under the same absolute paths.
    force : bool
        Keep no row of the store that is there; it stays until the new one is whole.

    Raises
    ------
    ValueError
        Where another run writes this store, or the one that is added to is damaged.
    """
    folder = folder_of(data, name)
    folder.mkdir(parents=True, exist_ok=True)
    with locked(folder / "lock", f"another run is writing {folder}"):
        _write(folder, (data.resolve(), clips), settings, jobs, force)


def _write(folder, inventory, settings, jobs, force):
    data, clips = inventory
    head, facts = _head(settings), _file_facts(data, clips)
    plan = _plan(head, facts)
    progress = _unfinished(folder, plan, len(clips))
    if progress is None:
        shape = (len(clips), settings.frames, settings.bands)
        progress = _begin(folder, clips.index, shape, keep=not force)
        write_whole(folder / PLAN, plan)
    if (folder / "features.npy.part").exists():  # else only the last renaming is left
        _fill(folder, progress, (data, clips["file"].to_numpy()), settings, jobs)
        head["versions"] = _merged_versions(folder, head["versions"], kept=not force)
        head["sha256"] = _checksum(folder / "features.npy.part")
        _write_manifest(folder / "manifest.json.part", head, facts, progress)
        (folder / "manifest.json").unlink(missing_ok=True)  # its rows are not the new array's
        (folder / "features.npy.part").replace(folder / "features.npy")
    _write_failed(folder, clips.index, progress["state"] == FAILED)
    (folder / "manifest.json.part").replace(folder / "manifest.json")
    for done_with in (PLAN, PROGRESS_FILE, "reasons.csv.part"):
        (folder / done_with).unlink()


def _head(settings):
    """Return what a manifest says besides its clips."""
    return {
        "settings": dataclasses.asdict(settings),
        "storage": {"dtype": "float16", **features.STORAGE_ERROR},
        "versions": versions.of(LIBRARIES),
    }


def _merged_versions(folder, installed, *, kept):
    """Return the versions of libraries; both where rows are kept that others computed."""
    if not kept or not (folder / "manifest.json").exists():
        return installed
    before = _read_json(folder / "manifest.json")["versions"]
    return {
        library: version if before.get(library) == version else f"{before.get(library)}, {version}"
        for library, version in installed.items()
    }


def _plan(head, facts):
    """Return a checksum of what a store is to be made from: a half store of another is no use."""
    digest = hashlib.sha256(json.dumps(head).encode())
    for start in range(0, len(facts), CHUNK):
        digest.update(facts.iloc[start : start + CHUNK].to_csv(header=False).encode())
    return digest.hexdigest()


def _unfinished(folder, plan, n_clips):
    """Return what is done of each row of a run of this plan that was interrupted, or None."""
    try:
        if (folder / PLAN).read_text(encoding="utf-8") != plan:
            return None
        progress = np.load(folder / PROGRESS_FILE, mmap_mode="r+", allow_pickle=False)
    except (OSError, ValueError, EOFError):  # none, or damaged
        return None
    return progress if progress.shape == (n_clips,) else None


def _begin(folder, clip_ids, shape, *, keep):
    """Make the growing array and the record of what is done of it, and return the record."""
    (folder / PLAN).unlink(missing_ok=True)  # first, so that a plan belongs to the array beside it
    array = np.lib.format.open_memmap(
        folder / "features.npy.part", "w+", dtype=np.float16, shape=shape
    )
    progress = np.lib.format.open_memmap(
        folder / PROGRESS_FILE, "w+", dtype=PROGRESS, shape=shape[:1]
    )
    (folder / "reasons.csv.part").write_text("", encoding="utf-8")
    if keep:
        _copy_finished_rows(folder, clip_ids, array, progress)
    return progress


def _write_manifest(path, head, facts, progress):
    """Write a manifest; a chunk at a time, as a list of a million clips would not be small."""
    columns = {
        "clip_id": lambda rows: facts.index[rows].tolist(),
        "bytes": lambda rows: facts["bytes"].iloc[rows].tolist(),
        "mtime_ns": lambda rows: facts["mtime_ns"].iloc[rows].tolist(),
        "audio": lambda rows: [audio.decode() for audio in progress["audio"][rows]],
        "seconds": lambda rows: [round(float(s), 2) for s in progress["seconds"][rows]],
    }
    with path.open("w", encoding="utf-8") as file:
        file.write(json.dumps(head)[:-1] + ', "clips": {')
        for number, (column, values) in enumerate(columns.items()):
            file.write((", " if number else "") + f'"{column}": [')
            for start in range(0, len(facts), CHUNK):
                chunk = json.dumps(values(slice(start, start + CHUNK)))[1:-1]
                file.write((", " if start else "") + chunk)
            file.write("]")
        file.write("}}\n")


def _copy_finished_rows(folder, clip_ids, array, progress):
    """Copy the rows of the store that is being added to; clips that failed are tried again."""
    if not (folder / "manifest.json").exists():
        return
    manifest = _read_manifest(folder)
    stored = _open_array(folder, manifest)
    if _checksum(folder / "features.npy") != manifest["sha256"]:
        raise ValueError(
            f"{folder / 'features.npy'} has another checksum than its manifest says: run "
            "2_feature_extraction.py again with --force"
        )
    failed = set(_read_failed(folder).index)
    before = manifest["clips"]
    row_of = {clip_id: row for row, clip_id in enumerate(before["clip_id"])}
    for row, clip_id in enumerate(clip_ids):
        if clip_id in row_of and clip_id not in failed:
            kept = row_of[clip_id]
            array[row] = stored[kept]
            progress[row] = DONE, before["audio"][kept].encode(), before["seconds"][kept]


def _fill(folder, progress, files, settings, jobs):
    """Compute the rows that are still to do and mark each when it is there."""
    array = np.load(folder / "features.npy.part", mmap_mode="r+", allow_pickle=False)
    rows = np.flatnonzero(progress["state"] == TO_DO)
    with (
        (folder / "reasons.csv.part").open("a", newline="", encoding="utf-8") as reasons,
        tqdm(
            total=len(progress), initial=len(progress) - len(rows), unit="clip", smoothing=0.05
        ) as bar,
    ):
        computed = extraction.extract(files, rows, settings, jobs)
        for row, values, audio, seconds, reason in computed:
            if reason:
                csv.writer(reasons).writerow([row, reason])
                reasons.flush()
            else:
                array[row] = values
            progress[row] = FAILED if reason else DONE, audio.encode(), seconds
            bar.update()
    array.flush()


def _write_failed(folder, clip_ids, failed):
    with (folder / "reasons.csv.part").open(newline="", encoding="utf-8") as file:
        reason_of_row = {int(row): reason for row, reason in csv.reader(file)}
    rows = np.flatnonzero(failed)
    reasons = [reason_of_row[row] for row in rows.tolist()]
    table = pd.DataFrame({"clip_id": clip_ids[rows], "reason": reasons})
    write_whole(folder / "failed.csv", table.to_csv(index=False, lineterminator="\n"))


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
    row_of = {clip_id: row for row, clip_id in enumerate(manifest["clips"]["clip_id"])}
    lacking = [clip_id for clip_id in clip_ids if clip_id not in row_of]
    if lacking:
        raise ValueError(
            f"{folder} lacks {len(lacking):,} clips of the labels, the first is {lacking[0]}: "
            "run 2_feature_extraction.py again"
        )
    failed = set(_read_failed(folder).index)
    rows = pd.Series({i: row_of[i] for i in clip_ids if i not in failed}, dtype=int)
    return _open_array(folder, manifest), rows, features.FeatureSettings(**manifest["settings"])


def fingerprint(data, name, clip_ids):
    """Return a checksum of what the features of some clips are made from: settings and audio.

    Clips that are added to the store, or taken from it, do not change it.
    """
    manifest = read_manifest(data, name)
    audio = dict(zip(manifest["clips"]["clip_id"], manifest["clips"]["audio"], strict=True))
    facts = [manifest["settings"], [(clip_id, audio.get(clip_id)) for clip_id in clip_ids]]
    return hashlib.blake2b(json.dumps(facts).encode(), digest_size=16).hexdigest()


def check(data, name, clips, *, seed=0):
    """Read a store again and compute some of its clips anew.

    Parameters
    ----------
    data : Path
        The dataset.
    name : str
        Of the store.
    clips : DataFrame
        Indexed by clip_id, with a column file (below `data`).
    seed : int
        Of the choice of clips.

    Returns
    -------
    n_computed : int
        How many clips were computed anew.
    problems : list of str
        A sentence each; empty for a store that is as it should be.
    """
    manifest, folder = read_manifest(data, name), folder_of(data, name)
    settings = features.FeatureSettings(**manifest["settings"])
    clip_ids, failed = manifest["clips"]["clip_id"], set(_read_failed(folder).index)
    array, problems = _open_array(folder, manifest), []
    if _checksum(folder / "features.npy") != manifest["sha256"]:
        problems.append("features.npy has another checksum than its manifest says")
    problems += [
        f"clip {clip_ids[row]} has features that are not finite"
        for row in range(len(array))
        if not np.isfinite(array[row]).all()
    ]
    there = [
        (row, clip_id)
        for row, clip_id in enumerate(clip_ids)
        if clip_id in clips.index and clip_id not in failed
    ]
    chosen = np.random.default_rng(seed).permutation(len(there))[:CHECKED]
    for row, clip_id in (there[i] for i in chosen):
        try:
            values, _ = features.extract_file(data / clips["file"][clip_id], settings)
        except (ValueError, OSError) as error:
            problems.append(f"clip {clip_id} {error}")
        else:
            if not np.allclose(values, array[row], rtol=2e-3, atol=1e-2):
                problems.append(f"clip {clip_id} has other features when it is computed anew")
    return len(chosen), problems


def count_lengths(data, name):
    """Return how many clips are shorter, and longer, than what is kept of them, by over 1 %."""
    manifest = read_manifest(data, name)
    failed = set(read_failed(data, name).index)
    wanted = manifest["settings"]["seconds"]
    clips = zip(manifest["clips"]["clip_id"], manifest["clips"]["seconds"], strict=True)
    lengths = np.array([seconds for clip_id, seconds in clips if clip_id not in failed])
    shorter = int((lengths < (1 - TOLERANCE) * wanted).sum())
    return shorter, int((lengths > (1 + TOLERANCE) * wanted).sum())


def read_manifest(data, name):
    """Read the manifest of a finished store: a dict."""
    folder = folder_of(data, name)
    if not (folder / "manifest.json").exists():
        stores = sorted(path.parent.name for path in folder.parent.glob("*/manifest.json"))
        present = f"there are {', '.join(stores)}" if stores else "there are none"
        raise ValueError(
            f"{folder} is not a finished store of features ({present}): run 2_feature_extraction.py"
        )
    return _read_manifest(folder)


def _read_manifest(folder):
    try:
        manifest = _read_json(folder / "manifest.json")
        usual = dataclasses.asdict(features.PRESETS["square"]) | {"f_max": 1.0}
        number = (int, float)
        known = set(manifest["settings"]) == set(usual) and all(
            isinstance(value, number if isinstance(usual[setting], float) else type(usual[setting]))
            for setting, value in manifest["settings"].items()
            if (setting, value) != ("f_max", None)
        )
        lengths = [len(manifest["clips"][column]) for column in CLIP_COLUMNS]
        known = known and len(set(lengths)) == 1 and {"sha256", "versions"} <= set(manifest)
    except (ValueError, KeyError, TypeError):
        known = False
    if not known:
        raise ValueError(
            f"{folder / 'manifest.json'} is damaged or of another version: run "
            "2_feature_extraction.py again with --force"
        )
    return manifest


def _open_array(folder, manifest):
    """Open the array of a finished store; memory-mapped, read-only."""
    settings = features.FeatureSettings(**manifest["settings"])
    shape = (len(manifest["clips"]["clip_id"]), settings.frames, settings.bands)
    try:
        array = np.load(folder / "features.npy", mmap_mode="r", allow_pickle=False)
        found = f"shape {array.shape}, {array.dtype}, not {shape}, float16"
        problem = "" if (array.shape, array.dtype) == (shape, np.float16) else f"has {found}"
    except (OSError, ValueError) as error:
        problem = f"cannot be read ({error})"
    if problem:
        raise ValueError(
            f"{folder / 'features.npy'} {problem}: run 2_feature_extraction.py again with --force"
        )
    return array


def read_failed(data, name):
    """Read the clips that a store has no features of: a Series of reasons, by clip_id."""
    return _read_failed(folder_of(data, name))


def _read_failed(folder):
    try:
        table = pd.read_csv(folder / "failed.csv", dtype=str, keep_default_na=False)
        return table.set_index("clip_id")["reason"]
    except (OSError, ValueError, KeyError):
        raise ValueError(
            f"{folder / 'failed.csv'} is gone or damaged: run 2_feature_extraction.py again with "
            "--force"
        ) from None


def _checksum(path):
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _read_json(path):
    return json.loads(path.read_text(encoding="utf-8"))
