"""The rows of a store are computed: those that it lacks, resuming an interrupted run.

The array grows as ``features.npy.part`` beside a record of the rows that are done, and a run that
was killed resumes there; until it is whole, an earlier store stays as it is. The bytes do not
depend on the number of processes or machines, on their order or on interruptions.
"""

import contextlib
import csv
import dataclasses
import itertools
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.lib.format import open_memmap
from tqdm import tqdm

from autotagging import steps, versions
from autotagging.features import feature_store, workers
from autotagging.features.settings import FeatureSettings, LayerSettings
from autotagging.features.spectrogram import STORAGE_ERROR
from autotagging.files import checksum, checksum_of, reserve, write_table, write_whole

CHUNK = 10_000  # rows of a table that are taken into a checksum at a time

TO_DO, DONE, FAILED = 0, 1, 2

# Of a row: done or failed, its audio's checksum, how much is used of it, whether it goes on.
PROGRESS = [("state", np.uint8), ("audio", "S32"), ("seconds", np.float32), ("is_longer", bool)]

ARRAY, PROGRESS_FILE = "features.npy.part", "progress.npy.part"
PLAN, PROBLEMS = "plan.part", "problems.csv.part"

LIBRARIES = ("av", "librosa", "numpy", "scipy", "soundfile", "soxr")

TOLERANCE = 0.01  # of the length wanted: clips within it do not count as shorter


@dataclass(frozen=True)
class WantedStore:
    """The rows of a store as it is to be.

    Parameters
    ----------
    folder : Path
    settings : FeatureSettings or LayerSettings
    data : Path
        The dataset.
    clips : DataFrame
        Indexed by clip_id, with a column file (below `data`): the rows of the store.
    layer : models.embeddings.Layer, optional
        Whose values for the clips the rows are; its network is kept beside them.
    """

    folder: Path
    settings: FeatureSettings | LayerSettings
    data: Path
    clips: pd.DataFrame
    layer: Any = None

    def stat_audio(self):
        """Return bytes and time of change of each clip's file: DataFrame by clip_id."""
        sizes_and_times = np.empty((len(self.clips), 2), dtype=np.int64)
        for row, file in enumerate(self.clips["file"]):
            status = (self.data / file).stat()
            sizes_and_times[row] = status.st_size, status.st_mtime_ns
        return pd.DataFrame(sizes_and_times, self.clips.index, ["bytes", "mtime_ns"])


def find_missing(wanted, *, force=False):
    """Return which clips are still to be computed, None for a store that has them all.

    Parameters
    ----------
    wanted : WantedStore
    force : bool
        Whether the store is made again, whatever it holds.

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
    stored = feature_store.read_stored_clips(folder)
    failed = feature_store.read_failed(folder).index
    feature_store.open_array(folder, wanted.settings, len(stored))
    rows = stored.index.get_indexer(clips.index)
    changed = feature_store.find_changed(wanted.data, clips["file"][rows >= 0], stored)
    feature_store.refuse_changed(folder, changed.difference(failed, sort=False))
    unread = failed[failed.isin(stored.index[stored["audio"] == ""])]
    missing = (rows < 0) | clips.index.isin(changed) | clips.index.isin(unread)
    return clips.index[missing].tolist() or None


def compute(wanted, jobs, *, force=False):
    """Compute the rows that a store lacks, resuming an interrupted run.

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
    if (wanted.folder / ARRAY).exists():  # else the rows are in their place already
        _fill(wanted, progress, jobs)


def _plan(settings, audio):
    """Return a checksum of what a store is to be made from: a half store of another is no use."""
    chosen = json.dumps([dataclasses.asdict(settings), versions.of(LIBRARIES)])
    starts = range(0, len(audio), CHUNK)
    rows = (audio.iloc[start : start + CHUNK].to_csv(header=False) for start in starts)
    return checksum_of(itertools.chain([chosen], rows))


def _read_progress(folder, plan, n_clips):
    """Return what is done of each row of a run of this plan that was interrupted, or None."""
    try:
        if json.loads((folder / PLAN).read_text(encoding="utf-8"))["plan"] != plan:
            return None
        progress = np.load(folder / PROGRESS_FILE, mmap_mode="r+", allow_pickle=False)
    except (OSError, ValueError, EOFError, KeyError, TypeError):  # none, or damaged
        return None
    is_same = (progress.shape, progress.dtype) == ((n_clips,), np.dtype(PROGRESS))
    return progress if is_same else None


def _begin(wanted, plan, *, keep):
    """Make the growing array and the record of what is done of it, and return the record."""
    folder, settings = wanted.folder, wanted.settings
    (folder / PLAN).unlink(missing_ok=True)  # first, so that a plan belongs to the array beside it
    shape = (len(wanted.clips), settings.frames, settings.bands)
    array = open_memmap(folder / ARRAY, "w+", settings.dtype, shape)
    progress = open_memmap(folder / PROGRESS_FILE, "w+", PROGRESS, shape[:1])
    for name in (ARRAY, PROGRESS_FILE):
        reserve(folder / name)
    (folder / PROBLEMS).write_text("", encoding="utf-8")
    libraries = versions.of(LIBRARIES)
    if keep and (folder / steps.SUMMARY).exists():
        summary = steps.read_summary(folder)
        _copy_finished_rows(wanted, summary.get("sha256"), array, progress)
        for library, before in summary.get("libraries", {}).items():
            if libraries.get(library) != before:  # both, as rows are kept that it computed
                libraries[library] = f"{before}, {libraries.get(library)}"
    write_whole(folder / PLAN, json.dumps({"plan": plan, "libraries": libraries}))
    return progress


def _copy_finished_rows(wanted, sha256, array, progress):
    """Copy the rows of the store that is being added to; clips that failed are tried again."""
    folder, clip_ids = wanted.folder, wanted.clips.index
    if checksum(folder / "features.npy") != sha256:
        raise steps.damaged(folder / "features.npy", "has another checksum than its summary says")
    stored_array = np.load(folder / "features.npy", mmap_mode="r", allow_pickle=False)
    stored = feature_store.read_stored_clips(folder)
    failed = feature_store.read_failed(folder).index
    incomplete = feature_store.read_incomplete(folder)
    kept = stored.index.get_indexer(clip_ids)
    kept[clip_ids.isin(failed)] = -1
    with (folder / PROBLEMS).open("a", newline="", encoding="utf-8") as problems:
        for row in np.flatnonzero(kept >= 0):
            clip = stored.iloc[kept[row]]
            array[row] = stored_array[kept[row]]
            progress[row] = DONE, clip["audio"].encode(), clip["seconds"], clip["is_longer"]
            if clip.name in incomplete.index:
                csv.writer(problems).writerow([row, incomplete[clip.name]])


def _fill(wanted, progress, jobs):
    """Compute the rows that are still to do and mark each when it is there."""
    data, files = wanted.data.resolve(), wanted.clips["file"].to_numpy()
    array = np.load(wanted.folder / ARRAY, mmap_mode="r+", allow_pickle=False)
    rows = np.flatnonzero(progress["state"] == TO_DO)
    done = {"total": len(progress), "initial": len(progress) - len(rows)}
    extracted = workers.extract(data, files, rows, wanted.settings.spectrogram, jobs)
    with (
        (wanted.folder / PROBLEMS).open("a", newline="", encoding="utf-8") as problems,
        tqdm(**done, unit="clip", smoothing=0.05) as bar,
        contextlib.closing(extracted),
    ):
        for clip in extracted:
            if clip.problem:
                csv.writer(problems).writerow([clip.row, clip.problem])
                problems.flush()
            if clip.features is not None:
                values = clip.features
                if wanted.layer:
                    values = wanted.layer.compute(values, clip.seconds)
                array[clip.row, : len(values)] = values
            state = FAILED if clip.features is None else DONE
            progress[clip.row] = state, clip.checksum.encode(), clip.seconds, clip.is_longer
            bar.update()
    array.flush()


@contextlib.contextmanager
def writing(wanted, step):
    """Put the rows that were computed in the place of a finished store's; see `steps.writing`.

    Yields
    ------
    dict
        The summary, with clips, failed, incomplete, shorter and longer (than what is kept of a
        clip, by over 1 %), libraries, storage (dtype and rounding error), sha256 of the array.
    """
    with steps.writing(step) as summary:
        summary.update(_replace(wanted))
        yield summary
    for name in (PLAN, PROGRESS_FILE, PROBLEMS):
        (wanted.folder / name).unlink(missing_ok=True)


def _replace(wanted):
    folder, part = wanted.folder, wanted.folder / ARRAY
    if part.exists():
        part.replace(folder / "features.npy")
    if wanted.layer:
        write_whole(folder / feature_store.NETWORK, wanted.layer.path.read_bytes())
    progress = np.load(folder / PROGRESS_FILE, mmap_mode="r", allow_pickle=False)
    failed = progress["state"] == FAILED
    with (folder / PROBLEMS).open(newline="", encoding="utf-8") as file:
        problems = pd.Series({int(row): problem for row, problem in csv.reader(file)}, dtype=str)
    problems = problems.sort_index().rename(index=wanted.clips.index.__getitem__)
    table = wanted.stat_audio()
    table["audio"] = np.char.decode(progress["audio"])
    table["seconds"] = progress["seconds"].astype(float).round(2)
    table["is_longer"] = progress["is_longer"].astype(int)
    write_table(folder / "clips.csv", table, index_label="clip_id")
    has_failed = np.isin(problems.index, wanted.clips.index[failed])
    incomplete = table[["seconds"]].join(problems[~has_failed].rename("reason"), how="inner")
    write_table(folder / "incomplete.csv", incomplete, index_label="clip_id")
    write_table(
        folder / "failed.csv", problems[has_failed].to_frame("reason"), index_label="clip_id"
    )
    is_short = progress["seconds"] < wanted.settings.seconds * (1 - TOLERANCE)
    return {
        "clips": len(progress),
        "failed": int(failed.sum()),
        "incomplete": len(incomplete),
        "shorter": int((is_short & ~failed).sum()),
        "longer": int(progress["is_longer"].sum()),
        "libraries": json.loads((folder / PLAN).read_text(encoding="utf-8"))["libraries"],
        "storage": {"dtype": wanted.settings.dtype}
        | (STORAGE_ERROR if wanted.settings.dtype == "float16" else {}),
        "sha256": checksum(folder / "features.npy"),
    }
