"""``features/<name>/``: the features of all clips as one memory-mapped array.

features.npy    (n_clips, frames, bands), float16, rows in the order of clips.csv
clips.csv       clip_id; of its audio bytes, mtime_ns, checksum (audio) and length in seconds
failed.csv      clip_id and reason; the rows of these clips are zero and never handed out
summary.json    settings, checksum of the array, storage error; written last

The array grows as ``features.npy.part`` beside a record of the rows that are done, and a run that
was killed goes on from there; until it is whole, an earlier store stays as it is. The bytes do not
depend on the number of processes or machines, on their order or on interruptions.
"""

import contextlib
import csv
import dataclasses
import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from tqdm import tqdm

from autotagging import extraction, features, steps, versions
from autotagging.files import checksum, write_whole
from autotagging.formatting import display_path

CHUNK = 10_000  # rows of a table that are taken into a checksum at a time
TO_DO, DONE, FAILED = 0, 1, 2
# Of a row: done or failed, its audio's checksum and length.
PROGRESS = [("state", np.uint8), ("audio", "S32"), ("seconds", np.float32)]
PLAN, PROGRESS_FILE, REASONS = "plan.part", "progress.npy.part", "reasons.csv.part"
LIBRARIES = ("librosa", "numpy", "scipy", "soundfile", "soxr")
N_CHECKED = 16  # clips that a check computes again
TOLERANCE = 0.01  # of the length wanted: clips within it count neither as short nor as long


@dataclass(frozen=True)
class FeatureStore:
    """A finished store, opened for some clips.

    Parameters
    ----------
    array : ndarray of shape (n_stored_clips, frames, bands), float16
        Memory-mapped, read-only.
    rows : Series of int
        The row of each clip wanted, by clip_id, without those that failed.
    settings : FeatureSettings
    failed : Series of str
        Why clips have no features, by clip_id.
    """

    array: np.ndarray
    rows: pd.Series
    settings: features.FeatureSettings
    failed: pd.Series


@dataclass(frozen=True)
class WantedStore:
    """The rows of a store as it is to be.

    Parameters
    ----------
    folder : Path
    settings : FeatureSettings
    data : Path
        The dataset.
    clips : DataFrame
        Indexed by clip_id, with a column file (below `data`): the rows of the store.
    """

    folder: Path
    settings: features.FeatureSettings
    data: Path
    clips: pd.DataFrame

    def stat_audio(self):
        """Return bytes and time of change of each clip's file: DataFrame by clip_id."""
        sizes_and_times = np.empty((len(self.clips), 2), dtype=np.int64)
        for row, file in enumerate(self.clips["file"]):
            status = (self.data / file).stat()
            sizes_and_times[row] = status.st_size, status.st_mtime_ns
        return pd.DataFrame(sizes_and_times, self.clips.index, ["bytes", "mtime_ns"])


def folder_of(data, name):
    """Return the folder of a store."""
    return Path(data) / "features" / name


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
    FeatureStore

    Raises
    ------
    ValueError
        Where the store is not there or lacks clips; the sentence names the script to run.
    """
    folder = folder_of(data, name)
    settings = read_settings(folder)
    stored = _read_clips(folder)
    rows = pd.Series(np.arange(len(stored)), index=stored.index)
    lacking = [clip_id for clip_id in clip_ids if clip_id not in rows.index]
    if lacking:
        raise ValueError(
            f"{folder} lacks {len(lacking):,} clips of the labels, the first is {lacking[0]}: "
            f"run {steps.WRITTEN_BY['features']} again"
        )
    failed = read_failed(folder)
    rows = rows[[clip_id for clip_id in clip_ids if clip_id not in failed.index]]
    return FeatureStore(_open_array(folder, settings, len(stored)), rows, settings, failed)


def read_settings(folder):
    """Return the settings of a finished store: FeatureSettings."""
    settings = steps.read_summary(folder)["settings"]
    try:
        return features.FeatureSettings(
            **{f.name: settings[f.name] for f in dataclasses.fields(features.FeatureSettings)}
        )
    except KeyError:
        raise _damaged(folder / steps.SUMMARY) from None


def read_failed(folder):
    """Return the clips that a store has no features of: Series of reasons, by clip_id."""
    return _read(folder / "failed.csv", ["clip_id", "reason"], str)["reason"]


def list_usable(folder):
    """Return the clips that a store has features of: Index of str."""
    return _read_clips(folder).index.difference(read_failed(folder).index, sort=False)


def _read_clips(folder):
    types = {"clip_id": str, "bytes": int, "mtime_ns": int, "audio": str, "seconds": float}
    return _read(folder / "clips.csv", list(types), types)


def _read(path, columns, types):
    try:
        table = pd.read_csv(path, dtype=types, usecols=columns, keep_default_na=False)
    except (OSError, ValueError):
        raise _damaged(path) from None
    return table.set_index("clip_id")


def _open_array(folder, settings, n_clips):
    """Open the array of a finished store; memory-mapped, read-only."""
    shape = (n_clips, settings.frames, settings.bands)
    try:
        array = np.load(folder / "features.npy", mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError):
        raise _damaged(folder / "features.npy") from None
    if (array.shape, array.dtype) != (shape, np.float16):
        raise _damaged(folder / "features.npy", f"has shape {array.shape}, not {shape}")
    return array


def _damaged(path, problem="is gone or damaged"):
    return ValueError(f"{path} {problem}: run {steps.WRITTEN_BY['features']} again with --force")


def choose_clips(folder, clips, limit=None, *, keep=True):
    """Return the clips that a store is to hold: all, or the first few and those it holds already.

    Parameters
    ----------
    folder : Path
        Of the store.
    clips : DataFrame
        Indexed by clip_id.
    limit : int, optional
        How many are the first few.
    keep : bool
        Whether those it holds already are kept.

    Returns
    -------
    DataFrame
        Rows of `clips`.
    """
    if limit is None:
        return clips
    is_stored = np.zeros(len(clips), dtype=bool)
    if keep and (folder / steps.SUMMARY).exists():
        is_stored = clips.index.isin(_read_clips(folder).index)
    return clips[is_stored | (np.arange(len(clips)) < limit)]


def find_missing(wanted, *, force=False):
    """Return which clips are still to be computed, None for a store that has them all.

    Parameters
    ----------
    wanted : WantedStore
    force : bool
        Whether the store is made anew, whatever it holds.

    Returns
    -------
    list of str
        Clip ids: those that an interrupted run left to do (none, where it was killed after its
        last row); else all of them where there is no finished store, or those that it lacks. A
        clip that failed is one of them again once its audio is another, or where its file could
        not be read.

    Raises
    ------
    ValueError
        Where audio has changed since the store was made, or the store is damaged.
    """
    folder, clips, audio = wanted.folder, wanted.clips, wanted.stat_audio()
    progress = _read_progress(folder, _plan(wanted.settings, audio), len(clips))
    if progress is not None:
        return clips.index[progress["state"] == TO_DO].tolist()
    if force or not (folder / steps.SUMMARY).exists():
        return list(clips.index)
    stored, failed = _read_clips(folder), read_failed(folder).index
    _open_array(folder, wanted.settings, len(stored))
    rows = stored.index.get_indexer(clips.index)
    changed = _find_changed(wanted, audio[rows >= 0], stored.iloc[rows[rows >= 0]])
    others = changed.difference(failed, sort=False)
    if len(others):
        raise ValueError(
            f"the audio of {len(others):,} clips has changed since {folder} was made, the first "
            f"is {others[0]}: run {steps.WRITTEN_BY['features']} again with --force"
        )
    unread = failed[failed.isin(stored.index[stored["audio"] == ""])]
    missing = (rows < 0) | clips.index.isin(changed) | clips.index.isin(unread)
    return clips.index[missing].tolist() or None


def _find_changed(wanted, audio, stored):
    """Return the clips with other audio; a file is read only where size or time differ."""
    touched = (audio.to_numpy() != stored[["bytes", "mtime_ns"]].to_numpy()).any(axis=1)
    return pd.Index(
        [
            clip_id
            for clip_id, before in stored.loc[touched, "audio"].items()
            if extraction.checksum(wanted.data / wanted.clips["file"][clip_id]) != before
        ]
    )


def compute(wanted, jobs, *, force=False):
    """Compute the rows that a store lacks, going on where an interrupted run stopped.

    A finished store stays as it is until the rows are put in its place, see `writing`.

    Parameters
    ----------
    wanted : WantedStore
    jobs : int or str
        Processes on this machine, or the address of the scheduler of a Dask cluster, whose
        workers see the audio under the same absolute paths.
    force : bool
        Whether no row of the store that is there is kept.

    Raises
    ------
    ValueError
        Where the store that is added to is damaged.
    """
    plan = _plan(wanted.settings, wanted.stat_audio())
    progress = _read_progress(wanted.folder, plan, len(wanted.clips))
    if progress is None:
        progress = _begin(wanted, plan, keep=not force)
    if (wanted.folder / "features.npy.part").exists():  # else the rows are in their place already
        _fill(wanted, progress, jobs)


def _plan(settings, audio):
    """Return a checksum of what a store is to be made from: a half store of another is no use."""
    digest = hashlib.sha256(json.dumps(dataclasses.asdict(settings)).encode())
    digest.update(json.dumps(versions.of(LIBRARIES)).encode())
    for start in range(0, len(audio), CHUNK):
        digest.update(audio.iloc[start : start + CHUNK].to_csv(header=False).encode())
    return digest.hexdigest()


def _read_progress(folder, plan, n_clips):
    """Return what is done of each row of a run of this plan that was interrupted, or None."""
    try:
        if json.loads((folder / PLAN).read_text(encoding="utf-8"))["plan"] != plan:
            return None
        progress = np.load(folder / PROGRESS_FILE, mmap_mode="r+", allow_pickle=False)
    except (OSError, ValueError, EOFError, KeyError, TypeError):  # none, or damaged
        return None
    return progress if progress.shape == (n_clips,) else None


def _begin(wanted, plan, *, keep):
    """Make the growing array and the record of what is done of it, and return the record."""
    folder, settings = wanted.folder, wanted.settings
    (folder / PLAN).unlink(missing_ok=True)  # first, so that a plan belongs to the array beside it
    shape = (len(wanted.clips), settings.frames, settings.bands)
    array = np.lib.format.open_memmap(
        folder / "features.npy.part", "w+", dtype=np.float16, shape=shape
    )
    progress = np.lib.format.open_memmap(
        folder / PROGRESS_FILE, "w+", dtype=PROGRESS, shape=shape[:1]
    )
    (folder / REASONS).write_text("", encoding="utf-8")
    libraries = versions.of(LIBRARIES)
    if keep and (folder / steps.SUMMARY).exists():
        summary = steps.read_summary(folder)
        _copy_finished_rows(wanted, summary["sha256"], array, progress)
        libraries = _merge_versions(summary["libraries"], libraries)
    write_whole(folder / PLAN, json.dumps({"plan": plan, "libraries": libraries}))
    return progress


def _copy_finished_rows(wanted, sha256, array, progress):
    """Copy the rows of the store that is being added to; clips that failed are tried again."""
    folder, clip_ids = wanted.folder, wanted.clips.index
    if checksum(folder / "features.npy") != sha256:
        raise _damaged(folder / "features.npy", "has another checksum than its summary says")
    stored_array = np.load(folder / "features.npy", mmap_mode="r", allow_pickle=False)
    stored, failed = _read_clips(folder), read_failed(folder).index
    kept = stored.index.get_indexer(clip_ids)
    kept[clip_ids.isin(failed)] = -1
    for row in np.flatnonzero(kept >= 0):
        clip = stored.iloc[kept[row]]
        array[row] = stored_array[kept[row]]
        progress[row] = DONE, clip["audio"].encode(), clip["seconds"]


def _merge_versions(before, installed):
    """Return the versions of libraries; both where rows are kept that others computed."""
    return {
        library: version if before.get(library) == version else f"{before.get(library)}, {version}"
        for library, version in installed.items()
    }


def _fill(wanted, progress, jobs):
    """Compute the rows that are still to do and mark each when it is there."""
    data, files = wanted.data.resolve(), wanted.clips["file"].to_numpy()
    array = np.load(wanted.folder / "features.npy.part", mmap_mode="r+", allow_pickle=False)
    rows = np.flatnonzero(progress["state"] == TO_DO)
    with (
        (wanted.folder / REASONS).open("a", newline="", encoding="utf-8") as reasons,
        tqdm(
            total=len(progress), initial=len(progress) - len(rows), unit="clip", smoothing=0.05
        ) as bar,
    ):
        for clip in extraction.extract(data, files, rows, wanted.settings, jobs):
            if clip.reason:
                csv.writer(reasons).writerow([clip.row, clip.reason])
                reasons.flush()
            else:
                array[clip.row] = clip.features
            state = FAILED if clip.reason else DONE
            progress[clip.row] = state, clip.checksum.encode(), clip.seconds
            bar.update()
    array.flush()


@contextlib.contextmanager
def writing(wanted, step):
    """Put the rows that were computed in the place of a finished store's; see `steps.writing`.

    Yields
    ------
    dict
        The summary, with clips, failed, shorter and longer (than what is kept of a clip, by over
        1 %), libraries, storage (dtype and rounding error), sha256 of the array.
    """
    with steps.writing(step) as summary:
        summary.update(_replace(wanted))
        yield summary
    for name in (PLAN, PROGRESS_FILE, REASONS):
        (wanted.folder / name).unlink(missing_ok=True)


def _replace(wanted):
    folder, part = wanted.folder, wanted.folder / "features.npy.part"
    if part.exists():
        part.replace(folder / "features.npy")
    progress = np.load(folder / PROGRESS_FILE, mmap_mode="r", allow_pickle=False)
    failed = progress["state"] == FAILED
    with (folder / REASONS).open(newline="", encoding="utf-8") as file:
        reasons = {int(row): reason for row, reason in csv.reader(file)}
    rows = np.flatnonzero(failed)
    table = pd.DataFrame(
        {"clip_id": wanted.clips.index[rows], "reason": [reasons[row] for row in rows]}
    )
    write_whole(folder / "failed.csv", table.to_csv(index=False, lineterminator="\n"))
    table = wanted.stat_audio()
    table["audio"] = np.char.decode(progress["audio"])
    table["seconds"] = progress["seconds"].astype(float).round(2)
    text = table.to_csv(index_label="clip_id", lineterminator="\n")
    write_whole(folder / "clips.csv", text)
    lengths = progress["seconds"][~failed] / wanted.settings.seconds
    return {
        "clips": len(progress),
        "failed": int(failed.sum()),
        "shorter": int((lengths < 1 - TOLERANCE).sum()),
        "longer": int((lengths > 1 + TOLERANCE).sum()),
        "libraries": json.loads((folder / PLAN).read_text(encoding="utf-8"))["libraries"],
        "storage": {"dtype": "float16", **features.STORAGE_ERROR},
        "sha256": checksum(folder / "features.npy"),
    }


def describe(folder, n_new):
    """Return what was written, in lines.

    Parameters
    ----------
    folder : Path
    n_new : int
        How many clips were computed by this run.
    """
    summary, settings = steps.read_summary(folder), read_settings(folder)
    n_clips, n_failed, seconds = (summary[key] for key in ("clips", "failed", "seconds"))
    lines = [f"clip {clip_id} {reason}" for clip_id, reason in read_failed(folder)[:10].items()]
    if n_failed > 10:
        lines.append(f"and {n_failed - 10:,} more, listed in failed.csv")
    return [
        *lines,
        f"{summary['shorter']:,} clips are shorter than {settings.seconds:g} s and padded with "
        f"zeros, {summary['longer']:,} are longer and cut",
        f"{n_clips:,} clips, {n_failed:,} failed; {n_new:,} in {seconds:.1f} s, "
        f"{n_new / max(seconds, 0.1):.0f} clips/s",
        f"wrote {display_path(folder / 'features.npy')}: {n_clips:,} clips, {settings.frames} "
        f"frames x {settings.bands} bands, "
        f"{(folder / 'features.npy').stat().st_size / 1e6:.0f} MB",
    ]


def check(folder, data, clips, *, seed=0):
    """Read a store again and compute some of its clips anew; return what was checked, in words.

    Parameters
    ----------
    folder : Path
        Of the store.
    data : Path
        The dataset.
    clips : DataFrame
        Indexed by clip_id, with a column file (below `data`).
    seed : int
        Of the choice of clips.

    Raises
    ------
    ValueError
        Naming what is wrong.
    """
    settings, stored = read_settings(folder), _read_clips(folder)
    array, problems = _open_array(folder, settings, len(stored)), []
    if checksum(folder / "features.npy") != steps.read_summary(folder)["sha256"]:
        problems.append("features.npy has another checksum than its summary says")
    problems += [
        f"clip {stored.index[row]} has features that are not finite"
        for row in range(len(array))
        if not np.isfinite(array[row]).all()
    ]
    rows = np.flatnonzero(stored.index.isin(clips.index.intersection(list_usable(folder))))
    rows = np.random.default_rng(seed).permutation(rows)[:N_CHECKED]
    for row in rows:
        clip_id = stored.index[row]
        try:
            values, _ = features.extract_file(data / clips["file"][clip_id], settings)
        except (ValueError, OSError) as error:
            problems.append(f"clip {clip_id} {error}")
        else:
            if not np.allclose(values, array[row], rtol=2e-3, atol=1e-2):
                problems.append(f"clip {clip_id} has other features when it is computed anew")
    if problems:
        more = f" (and {len(problems) - 3} more)" if len(problems) > 3 else ""
        raise ValueError(
            f"{folder} is not right: {'; '.join(problems[:3])}{more}; --force makes it anew"
        )
    return (
        f"{folder} is right: shape, checksum, all numbers finite, {len(rows)} clips computed anew "
        "and found equal"
    )
