"""``features/<name>/``: the features of all clips as one memory-mapped array.

features.npy    (n_clips, frames, bands), float16, rows in the order of clips.csv
clips.csv       clip_id; of its audio bytes, mtime_ns, checksum (audio), seconds used and whether it
                goes on (is_longer, 0 or 1)
failed.csv      clip_id and reason; the rows of these clips are zero and never handed out
incomplete.csv  clip_id, seconds used and reason: clips that give less than they seem to hold
network.keras   of a network's layer, the network, so that another can be built on it
summary.json    settings, checksum of the array, storage error; written last
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from autotagging import steps
from autotagging.clips import inventory
from autotagging.features import workers
from autotagging.features.settings import PRESETS, FeatureSettings, LayerSettings, parse
from autotagging.features.spectrogram import extract_file
from autotagging.files import checksum
from autotagging.formatting import count, display_path, first_lines

FILE, NETWORK = "features.npy", "network.keras"
N_CHECKED = 16  # clips that a check computes again
MAX_FAILED = 0.05  # share of the clips
HUNDREDTH = 0.01  # seconds, to which clips.csv rounds


@dataclass(frozen=True)
class FeatureStore:
    """A finished store, opened for some clips.

    Parameters
    ----------
    array : ndarray of shape (n_stored_clips, frames, bands)
        Memory-mapped, read-only; behind its sound a clip is padded. Of a network's layer a frame
        is a chunk, and a band a value.
    lengths : ndarray of shape (n_stored_clips,), int
        Frames with sound.
    rows : Series of int
        The row of each clip wanted, by clip_id, without those that failed.
    settings : FeatureSettings or LayerSettings
    audio : Series of str
        The SHA-256 of the audio of each clip wanted, by clip_id.
    failed : Series of str
        Why clips have no features, by clip_id.
    """

    array: np.ndarray
    lengths: np.ndarray
    rows: pd.Series
    settings: FeatureSettings | LayerSettings
    audio: pd.Series
    failed: pd.Series


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
        Where the store is not there, lacks clips or was made of other audio than they have now;
        the sentence names the script to run.
    """
    folder = folder_of(data, name)
    settings = read_settings(folder)
    stored = read_stored_clips(folder)
    rows = pd.Series(np.arange(len(stored)), index=stored.index)
    lacking = [clip_id for clip_id in clip_ids if clip_id not in rows.index]
    if lacking:
        raise ValueError(
            f"{folder} lacks {len(lacking):,} clips of the labels, the first is {lacking[0]}: "
            f"run {steps.WRITTEN_BY['features']} again"
        )
    failed = read_failed(folder)
    rows = rows[[clip_id for clip_id in clip_ids if clip_id not in failed.index]]
    array = open_array(folder, settings, len(stored))
    check_audio(data, name, rows.index)
    lengths = count_frames(stored["seconds"].to_numpy(), settings)
    return FeatureStore(array, lengths, rows, settings, stored["audio"][rows.index], failed)


def count_frames(seconds, settings):
    """Return how many frames of stored clips hold sound; padding begins behind them.

    Parameters
    ----------
    seconds : ndarray of shape (n_clips,)
        How much of each clip's audio is used.
    settings : FeatureSettings or LayerSettings

    Returns
    -------
    ndarray of shape (n_clips,), int
        As many as a store has whose clips are cut to these seconds, at least 1; all for a clip
        that is not padded.
    """
    if isinstance(settings, LayerSettings):
        return -(-count_frames(seconds, settings.spectrogram) // settings.chunk_frames)
    frames = np.round(np.round(seconds * settings.sample_rate) / settings.hop_length)
    is_full = seconds > settings.n_samples / settings.sample_rate - HUNDREDTH
    return np.where(is_full, settings.frames, frames.clip(1, settings.frames)).astype(int)


def check_audio(data, name, clip_ids):
    """Refuse a store that was made of other audio than some clips have now."""
    folder, clips_folder = folder_of(data, name), inventory.folder_of(data)
    if (folder / steps.SUMMARY).exists() and (clips_folder / steps.SUMMARY).exists():
        stored = read_stored_clips(folder).drop(read_failed(folder).index, errors="ignore")
        files = inventory.read_clips(data)["file"]
        files = files[files.index.isin(clip_ids) & files.index.isin(stored.index)]
        refuse_changed(folder, find_changed(data, files, stored))


def find_changed(data, files, stored):
    """Return the clips with other audio than a store was made of: Index of str.

    Parameters
    ----------
    data : Path
        The dataset.
    files : Series of str
        Paths below `data`, by clip_id. A file is read only where its size or time differ; one
        that is gone is not another.
    stored : DataFrame
        From `read_stored_clips`.
    """

    def is_changed(row):
        path = data / files[row.Index]
        status = path.stat() if path.is_file() else None
        is_same = status and (status.st_size, status.st_mtime_ns) == (row.bytes, row.mtime_ns)
        return status and not is_same and workers.checksum(path) != row.audio

    rows = stored.loc[files.index].itertuples()
    return pd.Index([row.Index for row in rows if is_changed(row)], dtype=str)


def refuse_changed(folder, clip_ids):
    """Refuse a store that was made of other audio than these clips have, if there are any."""
    if len(clip_ids):
        raise ValueError(
            f"the audio of {count(len(clip_ids), 'clip')} has changed since {folder} was made, the "
            f"first is {clip_ids[0]}: run {steps.WRITTEN_BY['features']} again with --force"
        )


def read_settings(folder):
    """Return the settings of a finished store: FeatureSettings or LayerSettings."""
    preset = f" --preset {folder.name}"
    if folder.name not in PRESETS:
        preset = " with the --preset, --model or --name of these features"
    settings = steps.read_summary(folder, preset)["settings"]
    try:
        return parse(settings)  # refuses what no store was made of
    except (KeyError, TypeError, ValueError):
        raise steps.damaged(folder / steps.SUMMARY) from None


def read_failed(folder):
    """Return the clips that a store has no features of: Series of reasons, by clip_id."""
    reading = {"usecols": ["clip_id", "reason"], "dtype": str}
    return steps.read_table(folder / "failed.csv", "clip_id", **reading)["reason"]


def read_incomplete(folder):
    """Return what is missing of clips that are used: Series of reasons, by clip_id."""
    reading = {"usecols": ["clip_id", "reason"], "dtype": str}
    return steps.read_table(folder / "incomplete.csv", "clip_id", **reading)["reason"]


def read_stored_clips(folder):
    """Read ``clips.csv`` of a store: a DataFrame by clip_id, in the order of the rows.

    Raises
    ------
    ValueError
        Where it is gone or damaged, or gives seconds that no clip with features can have.
    """
    types = {"clip_id": str, "bytes": int, "mtime_ns": int, "audio": str}
    types |= {"seconds": float, "is_longer": int}
    stored = steps.read_table(folder / "clips.csv", "clip_id", usecols=list(types), dtype=types)
    settings, seconds = read_settings(folder).spectrogram, stored["seconds"]
    longest = settings.n_samples / settings.sample_rate
    shortest = min(longest, settings.n_fft / settings.sample_rate)  # one window of the FFT
    is_possible = seconds.between(shortest - HUNDREDTH, longest + HUNDREDTH)
    wrong = seconds[~is_possible].drop(read_failed(folder).index, errors="ignore")
    if len(wrong):
        problem = f"says that {wrong.iloc[0]:g} s of clip {wrong.index[0]} are used, not "
        raise steps.damaged(folder / "clips.csv", f"{problem}{shortest:.2f} to {longest:.2f}")
    return stored


def list_usable(folder):
    """Return the clips that a store has features of: Index of str."""
    return read_stored_clips(folder).index.difference(read_failed(folder).index, sort=False)


def open_array(folder, settings, n_clips):
    """Open the array of a finished store; memory-mapped, read-only."""
    shape = (n_clips, settings.frames, settings.bands)
    try:
        array = np.load(folder / FILE, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError):
        raise steps.damaged(folder / FILE) from None
    if (array.shape, array.dtype) != (shape, settings.dtype):
        problem = f"has shape {array.shape}, {array.dtype}, not {shape}, {settings.dtype}"
        raise steps.damaged(folder / FILE, problem)
    return array


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
        is_stored = clips.index.isin(read_stored_clips(folder).index)
    return clips[is_stored | (np.arange(len(clips)) < limit)]


def refuse_failures(folder):
    """Say so where more than a few clips of a finished store have no features."""
    summary = steps.read_summary(folder)
    if summary["failed"] > MAX_FAILED * summary["clips"]:
        raise ValueError(
            f"{summary['failed']:,} of {summary['clips']:,} clips have no features, more than "
            f"{MAX_FAILED:.0%}: {display_path(folder / 'failed.csv')} says why"
        )


def describe(folder, n_new):
    """Return what was written, in lines.

    Parameters
    ----------
    folder : Path
    n_new : int
        How many clips were computed by this run.
    """
    summary, settings, path = steps.read_summary(folder), read_settings(folder), folder / FILE
    n_clips, n_failed, seconds = (summary[key] for key in ("clips", "failed", "seconds"))
    failed = [f"clip {clip_id} {reason}" for clip_id, reason in read_failed(folder).items()]
    incomplete = [f"clip {clip_id} {reason}" for clip_id, reason in read_incomplete(folder).items()]
    return [
        *first_lines(failed, "failed.csv"),
        *first_lines(incomplete, "incomplete.csv"),
        f"clips shorter than {settings.seconds:g} s, padded with zeros: {summary['shorter']:,}; "
        f"longer, cut: {summary['longer']:,}",
        f"{n_clips:,} clips, {n_failed:,} failed, {len(incomplete):,} incomplete; {n_new:,} in "
        f"{seconds:.1f} s, {n_new / max(seconds, 0.1):.0f} clips/s",
        f"wrote {display_path(path)}: {n_clips:,} clips, {settings.shape}, "
        f"{path.stat().st_size / 1e6:.0f} MB",
    ]


def check(folder, data, clips, layer=None):
    """Read a store again and compute some of its clips again; return what was checked, in words.

    Parameters
    ----------
    folder : Path
        Of the store.
    data : Path
        The dataset.
    clips : DataFrame
        Indexed by clip_id, with a column file (below `data`).
    layer : models.embeddings.Layer, optional
        As of `extraction.WantedStore`.

    Raises
    ------
    ValueError
        Naming what is wrong.
    """
    settings, stored = read_settings(folder), read_stored_clips(folder)
    array, problems = open_array(folder, settings, len(stored)), []
    if checksum(folder / FILE) != steps.read_summary(folder).get("sha256"):
        problems.append(f"{FILE} has another checksum than its summary says")
    for clip_id, values in zip(stored.index, array, strict=True):
        if not np.isfinite(values).all():
            problems.append(f"clip {clip_id} has features that are not finite")
    rows = np.flatnonzero(stored.index.isin(clips.index.intersection(list_usable(folder))))
    rows = np.random.default_rng(0).permutation(rows)[:N_CHECKED]
    for row in rows:
        clip_id = stored.index[row]
        try:
            values, sound = extract_file(data / clips["file"][clip_id], settings.spectrogram)
        except ValueError as error:
            problems.append(f"clip {clip_id} {error}")
        else:
            if layer:
                seconds = len(sound.samples) / settings.spectrogram.sample_rate
                values = layer.compute(values, seconds)
            if not np.allclose(values, array[row, : len(values)], rtol=2e-3, atol=1e-2):
                problems.append(f"clip {clip_id} has other features when it is computed again")
    if problems:
        more = f" (and {len(problems) - 3} more)" if len(problems) > 3 else ""
        raise ValueError(
            f"{folder} is not intact: {'; '.join(problems[:3])}{more}: run "
            f"{steps.WRITTEN_BY['features']} again with --force"
        )
    return (
        f"{folder} is intact: shape, checksum, all numbers finite, {len(rows)} clips computed "
        "again and found equal"
    )
