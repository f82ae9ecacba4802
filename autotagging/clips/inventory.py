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
from autotagging.clips import archive, links, raw_files
from autotagging.files import write_whole
from autotagging.formatting import count
from autotagging.options import option
from autotagging.user_tables import quote

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


def find_unusable(files, found=None):
    """Return the clips to leave out, with the reason.

    Parameters
    ----------
    files : Series of shape (n_clips,)
        Paths as annotated, by clip_id.
    found : DataFrame, optional
        From `raw_files.find`; not given where no audio is wanted.

    Returns
    -------
    dict
        clip_id -> reason.
    """
    reasons = {}
    if found is not None:
        reasons |= found["reason"][found["reason"] != ""].to_dict()
        reasons |= dict.fromkeys(found.index[found["bytes"] == 0], "the file is empty")
    for clip_id, file in BROKEN_IN_MAGNATAGATUNE.items():
        if files.get(clip_id) == file:
            reasons[clip_id] = "broken as MagnaTagATune ships it: empty or cut off"
    return reasons


def link_names(files):
    """Return where each clip's audio stands below the dataset, such as ``clips/2.mp3``."""
    return "clips/" + files.index.to_series() + files.map(lambda file: PurePosixPath(file).suffix)


def check_link_names(metadata, data):
    """Refuse clips whose audio would have one name in ``clips/``.

    Parameters
    ----------
    metadata : DataFrame
        Indexed by clip_id: row, file.
    data : Path
        Where names may count as the same that differ in upper and lower case.

    Raises
    ------
    ValueError
        With the rows.
    """
    names = link_names(metadata["file"])
    if not names.is_unique:
        alike, reason = names, ""
    elif (folded := names.str.casefold()).is_unique or links.tells_case_apart(data):
        return
    else:
        alike, reason = folded, f", as the disk of {data} takes upper and lower case for the same"
    first, second = metadata["row"][alike == alike[alike.duplicated()].iloc[0]].iloc[:2]
    name = names[metadata["row"] == second].iloc[0]
    raise ValueError(
        f"rows {first} and {second} of the annotations would both have their audio as {name}"
        f"{reason}: give them other ids in a column clip_id"
    )


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
    found, unpacked = _find_audio(files, raw, parts)
    reasons = find_unusable(files, found)
    if len(reasons) == len(files):
        first = f"{quote(files.iloc[0])} ({reasons[files.index[0]]})"
        raise ValueError(
            f"{raw} has no audio for any of the {len(files):,} clips, such as {first}: put folders "
            "0 to f or mp3.zip.001 to .003 there, name another folder with --raw, or take the "
            "labels alone with --no-audio"
        )
    targets = link_names(files).map(lambda name: data / name)
    found = found["file"].drop(list(reasons))
    sources = found[unpacked[found.index]].map(lambda file: raw / file)
    packed = found[~unpacked[found.index]]
    undecodable = loading.find_undecodable(sources)
    made, symbolic = links.link(sources.drop(list(undecodable)), targets, kind)
    extracted, damaged = archive.extract(packed, parts, targets, loading.why_undecodable)
    if symbolic and kind == "hard":
        print(f"{symbolic:,} links are symbolic: {raw} is on another file system")
    reasons |= undecodable | damaged
    return link_names(files.drop(list(reasons))), reasons, made + extracted


def _find_audio(files, raw, parts):
    """Return each clip's audio in folders or in the archive, and whether it is in folders.

    Returns
    -------
    found : DataFrame
        As of `raw_files.find`.
    unpacked : Series of bool
    """
    in_folders = raw_files.find(files, raw_files.in_folder(raw))
    if not parts:
        return in_folders, in_folders["bytes"].notna()
    packed = raw_files.find(files, raw_files.in_archive(archive.list_sizes(parts)))
    # A file that differs from the archive's was unpacked by half: the archive's is taken.
    is_whole = packed["bytes"].isna() | (in_folders["bytes"] == packed["bytes"])
    unpacked = in_folders["bytes"].notna() & is_whole
    # of two reasons the one that says more
    is_telling = packed["bytes"].isna() & (in_folders["reason"] != raw_files.ABSENT)
    return in_folders.where(unpacked | is_telling, packed, axis=0), unpacked


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
