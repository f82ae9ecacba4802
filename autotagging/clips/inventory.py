"""``clips/``: the inventory of a dataset, its usable audio, whatever the tags.

clips.csv        clip_id, file (below the dataset, such as clips/2.mp3), artist, album, track
excluded.csv     clip_id, row (in the table of annotations), file, reason
<clip_id>.mp3    the audio: links to the raw files, or extracted from their archive
summary.json     what it was made from; written last
"""

import contextlib
import os
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import pandas as pd

from autotagging import steps
from autotagging.audio import loading
from autotagging.clips import archive, links
from autotagging.files import write_whole
from autotagging.formatting import count
from autotagging.options import option

# In the archive as shipped these three mp3s hold no audio (two are empty, one is cut off).
BROKEN_IN_MAGNATAGATUNE = {
    "35644": "6/norine_braun-now_and_zen-08-gently-117-146.mp3",
    "55753": (
        "8/jacob_heringman-josquin_des_prez_lute_settings-19-gintzler__pater_noster-204-233.mp3"
    ),
    "57881": (
        "9/american_baroque-dances_and_suites_of_rameau_and_couperin"
        "-25-le_petit_rien_xiveme_ordre_couperin-88-117.mp3"
    ),
}
COLUMNS = ("file", "artist", "album", "track")
MAX_NAME = 200  # bytes: with what is added below the 255 of file systems


def check_names(metadata):
    """Refuse paths that leave the folder of the dataset, and ids that cannot name a file.

    Parameters
    ----------
    metadata : DataFrame
        Indexed by clip_id: row, file.

    Raises
    ------
    ValueError
        With the row.
    """
    for clip_id, row, file in zip(metadata.index, metadata["row"], metadata["file"], strict=True):
        path = PurePosixPath(file)
        wrong = None
        if not file:
            wrong = "has no path"
        elif path.is_absolute() or ".." in path.parts or not path.name:
            wrong = f"{file!r} leaves the folder of the dataset: paths are relative to --raw"
        elif "\\" in file:
            wrong = f"{file!r} has a backslash: folders are separated by /"
        elif path.suffix == links.UNFINISHED:
            wrong = f"{file!r} is named like an unfinished file"
        elif not (clip_id + file).isprintable():
            wrong = f"{file!r} or its clip_id {clip_id!r} has characters that are not printable"
        elif not clip_id or set(clip_id) & {"/", "\\"} or clip_id.startswith("."):
            wrong = f"clip_id {clip_id!r} cannot name a file"
        elif len((clip_id + path.suffix).encode()) > MAX_NAME:
            wrong = f"clip_id {clip_id[:40]!r}... makes a name longer than {MAX_NAME} bytes"
        if wrong:
            raise ValueError(f"row {row} of the annotations: {wrong}")


def check_apart(metadata, source, raw, data):
    """Refuse a raw dataset that stands where this script writes: it is never changed.

    Parameters
    ----------
    metadata : DataFrame
        With a column file: paths below `raw`.
    source : Path
        The table of annotations.
    raw, data : Path

    Raises
    ------
    ValueError
        Naming the file that would be written over.
    """
    own = [data.resolve() / name for name in ("clips", "labels")]
    folders = {PurePosixPath(file).parent for file in metadata["file"]}
    belonging = [*(raw / folder for folder in sorted(folders)), source]
    # realpath: unlike Path.resolve it goes on where links go in a circle
    real = {path: Path(os.path.realpath(path)) for path in belonging}
    inside = [path for path in belonging if any(real[path].is_relative_to(o) for o in own)]
    if inside:
        raise ValueError(
            f"{inside[0]} belongs to the dataset, and it lies where this script writes: name "
            "another folder with --data"
        )


def audio_sizes(files, raw):
    """Return the size of each clip's audio in the raw folder.

    Parameters
    ----------
    files : Series of shape (n_clips,)
        Paths below `raw`, by clip_id.
    raw : Path

    Returns
    -------
    Series of shape (n_clips,), float
        Bytes; NaN for what is not there, or is not a file.
    """
    sizes = {}
    for clip_id, file in files.items():
        # unlike Path.is_file never an error, as for a path through a file, a circle of links
        is_file = os.path.isfile(raw / file)  # noqa: PTH113
        sizes[clip_id] = (raw / file).stat().st_size if is_file else float("nan")
    return pd.Series(sizes, dtype=float)


def find_unusable(files, sizes=None):
    """Return the clips to leave out, with the reason.

    Parameters
    ----------
    files : Series of shape (n_clips,)
        Paths as annotated, by clip_id.
    sizes : Series of shape (n_clips,), optional
        Bytes, NaN where there is no file; not given where no audio is wanted.

    Returns
    -------
    dict
        clip_id -> reason.
    """
    reasons = {}
    if sizes is not None:
        reasons |= dict.fromkeys(sizes.index[sizes.isna()], "the file is absent")
        reasons |= dict.fromkeys(sizes.index[sizes == 0], "the file is empty")
    for clip_id, file in BROKEN_IN_MAGNATAGATUNE.items():
        if files.get(clip_id) == file:
            reasons[clip_id] = "broken as MagnaTagATune ships it: empty or cut off"
    return reasons


def link_names(files):
    """Return where each clip's audio stands below the dataset, such as ``clips/2.mp3``."""
    return "clips/" + files.index.to_series() + files.map(lambda file: PurePosixPath(file).suffix)


@dataclass(frozen=True)
class AudioSettings:
    """How audio comes to ``clips/``."""

    audio: bool = option("labels alone, no audio needed", True)
    link: str = option(
        "how audio comes to clips/ (default: hard, symlink from another file system)",
        "hard",
        choices=tuple(links.KINDS),
    )


@dataclass(frozen=True)
class Clips:
    """The usable clips and the others.

    Parameters
    ----------
    usable : DataFrame
        Indexed by clip_id: file (below the dataset; empty where no audio was wanted), artist,
        album, track.
    excluded : DataFrame
        Indexed by clip_id: row (in the table of annotations), file, reason.
    """

    usable: pd.DataFrame
    excluded: pd.DataFrame


def write_inventory(annotations, raw, data, settings, inputs, *, force=False):
    """Bring every clip's audio to ``clips/``, and write the inventory, where they are not there.

    Parameters
    ----------
    annotations : Annotations
    raw, data : Path
        The dataset as shipped, which is only read, and where `clips/` stands.
    settings : AudioSettings
    inputs : dict
        From `steps.describe_inputs`.
    force : bool
        Whether an inventory made from other tables is replaced.

    Returns
    -------
    clips : Clips
    written : dict
        What changed on disk: name of a file -> what it holds now, in words.

    Raises
    ------
    ValueError
        Where there is no audio at all, the archive is damaged, or audio is not wanted but listed
        already: it is not forgotten.
    """
    folder, files = folder_of(data), annotations.metadata["file"]
    step = steps.Step(folder, {"audio": settings.audio}, inputs)
    with steps.locked(folder):
        before = _links_before(folder / "clips.csv", force)
        if settings.audio:
            usable, reasons, made = _provide_audio(files, raw, data, settings.link)
        else:
            usable, reasons, made = _without_audio(files, before, folder)
        excluded = annotations.metadata.loc[files.index.isin(list(reasons)), ["row", "file"]]
        excluded = excluded.assign(reason=excluded.index.map(reasons))
        table = annotations.credits.loc[usable.index].assign(file=usable)[list(COLUMNS)]
        clips = Clips(table, excluded)
        written, n_removed = _write(step, data, clips, before, force)
        if made or n_removed:
            written["*"] = f"{count(made, 'audio file')} linked or unpacked, {n_removed:,} removed"
        return clips, written


def _links_before(path, force):
    """Return the links an inventory lists: none without one, or with a damaged one made again."""
    try:
        return _read(path)["file"] if path.exists() else pd.Series(dtype=str)
    except ValueError:
        if not force:
            raise
        return pd.Series(dtype=str)


def _provide_audio(files, raw, data, kind):
    """Link or extract audio; return its paths below `data`, why other clips are left out, how many.

    Parameters
    ----------
    files : Series of shape (n_clips,)
        Paths below `raw`, by clip_id.
    """
    parts = archive.find_parts(raw)
    in_folders = audio_sizes(files, raw)
    in_archive = archive.audio_sizes(files, parts)
    # A file that differs from the archive's was unpacked by half: the archive's is taken.
    in_folders = in_folders.where(in_archive.isna() | (in_folders == in_archive))
    reasons = find_unusable(files, in_folders.fillna(in_archive))
    if len(reasons) == len(files):
        raise ValueError(
            f"{raw} has no audio for any of the {len(files):,} clips, such as {files.iloc[0]}: "
            "put folders 0 to f or mp3.zip.001 to .003 there, name another folder with --raw, or "
            "take the labels alone with --no-audio"
        )
    targets = link_names(files).map(lambda name: data / name)
    files = files.drop(list(reasons))
    unpacked = in_folders[files.index].notna()
    sources = files[unpacked].map(lambda file: raw / file)
    undecodable = loading.find_undecodable(sources)
    made, symbolic = links.link(sources.drop(list(undecodable)), targets, kind)
    extracted, damaged = archive.extract(files[~unpacked], parts, targets, loading.why_undecodable)
    if symbolic and kind == "hard":
        print(f"{symbolic:,} links are symbolic: {raw} is on another file system")
    usable = link_names(files.drop([*undecodable, *damaged]))
    return usable, reasons | undecodable | damaged, made + extracted


def _without_audio(files, before, folder):
    if (folder / steps.SUMMARY).exists() and before.any():
        raise ValueError(f"{folder} lists audio already: leave out --no-audio")
    reasons = find_unusable(files)
    return files.drop(list(reasons)).map(lambda _: ""), reasons, 0


def folder_of(data):
    """Return the folder of the inventory."""
    return Path(data) / "clips"


def _write(step, data, clips, before, force):
    """Remove links that are stale, write tables and summary.

    Parameters
    ----------
    before : Series of str
        The links of the inventory as it was.

    Returns
    -------
    written : dict
        Name of each table that changed -> what it holds, in words.
    n_removed : int
        How many links were removed.
    """
    folder = step.folder
    tables = {"excluded.csv": clips.excluded, "clips.csv": clips.usable}
    written = {
        name: count(len(table), "clip")
        for name, table in tables.items()
        if not (folder / name).exists() or (folder / name).read_bytes() != _to_csv(table).encode()
    }
    is_current = not force and steps.is_finished(step, replaceable=["audio"]) and not written
    with contextlib.nullcontext({}) if is_current else steps.writing(step) as summary:
        # before the table that forgets them: the next run finds them in the former one
        n_removed = links.remove_stale(data, before, clips.usable["file"])
        for name, table in () if is_current else tables.items():
            write_whole(folder / name, _to_csv(table))
        summary |= {"clips": len(clips.usable), "excluded": len(clips.excluded)}
    return written, n_removed


def _to_csv(table):
    return table.to_csv(index_label="clip_id", lineterminator="\n")


def clips_path(data):
    """Return the path of ``clips.csv``."""
    return folder_of(data) / "clips.csv"


def read_clips(data, *, with_audio=False):
    """Read ``clips.csv``: a DataFrame indexed by clip_id (text) with file, artist, album, track.

    Raises
    ------
    ValueError
        Where it is not there, or has no audio where audio is wanted; the sentence names the
        script to run.
    """
    steps.read_summary(folder_of(data))
    table = _read(clips_path(data))
    if with_audio and not table["file"].all():
        raise ValueError(
            f"{folder_of(data)} holds no audio: run {steps.WRITTEN_BY['clips']} without --no-audio"
        )
    return table


def _read(path):
    table = steps.read_table(path, "clip_id", usecols=["clip_id", *COLUMNS], dtype=str)
    files = [PurePosixPath(file) for file in table["file"]]
    if any(file.is_absolute() or ".." in file.parts for file in files):
        raise steps.damaged(path)
    return table
