"""The inventory of a dataset: its usable audio, whatever the tags.

clips.csv     clip_id, file, artist, album, track
excluded.csv  clip_id, row (in the table of annotations), file, reason

`provide_audio` brings the audio of a raw dataset, in folders or still in its archive, to
``clips/<clip_id>.mp3``.
"""

import os
import stat
from pathlib import Path, PurePosixPath

import pandas as pd

from autotagging import archive, audio, links
from autotagging.files import write_if_other

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
LONGEST_NAME = 200  # bytes: with what is added below the 255 of file systems


def check_names(about):
    """Refuse paths that leave the folder of the dataset, and ids that cannot name a file.

    Parameters
    ----------
    about : DataFrame
        Indexed by clip_id: row, file.

    Raises
    ------
    ValueError
        With the row.
    """
    for clip_id, row, file in zip(about.index, about["row"], about["file"], strict=True):
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
        elif len((clip_id + path.suffix).encode()) > LONGEST_NAME:
            wrong = f"clip_id {clip_id[:40]!r}... makes a name longer than {LONGEST_NAME} bytes"
        if wrong:
            raise ValueError(f"row {row} of the annotations: {wrong}")


def check_apart(about, source, raw, data):
    """Refuse a raw dataset that stands where this script writes: it is never changed.

    Parameters
    ----------
    about : DataFrame
        With a column file: paths below `raw`.
    source : Path
        The table of annotations.
    raw, data : Path

    Raises
    ------
    ValueError
        Naming the file that would be written over.
    """
    own = [data.resolve() / name for name in ("clips", "labels", "clips.csv", "excluded.csv")]
    folders = {PurePosixPath(file).parent for file in about["file"]}
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
        try:
            about = (raw / file).stat()
        except OSError:  # also a path through a file, a circle of links
            about = None
        is_file = about is not None and stat.S_ISREG(about.st_mode)
        sizes[clip_id] = about.st_size if is_file else float("nan")
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


def tabulate_excluded(about, reasons):
    """Return the table of the clips left out.

    Parameters
    ----------
    about : DataFrame
        Indexed by clip_id: row, file.
    reasons : dict
        clip_id -> reason.

    Returns
    -------
    DataFrame
        Indexed by clip_id, in the order of `about`: row, file, reason.
    """
    excluded = about.loc[about.index.isin(list(reasons)), ["row", "file"]]
    return excluded.assign(reason=excluded.index.map(reasons))


def link_names(files):
    """Return where each clip's audio stands below the dataset, such as ``clips/2.mp3``."""
    return pd.Series(
        {
            clip_id: f"clips/{clip_id}{PurePosixPath(file).suffix}"
            for clip_id, file in files.items()
        },
        dtype=object,
    )


def provide_audio(files, raw, data, kind):
    """Bring every clip's audio to ``clips/``, linked or extracted, unless it stands there already.

    Parameters
    ----------
    files : Series of shape (n_clips,)
        Paths below `raw`, by clip_id.
    raw, data : Path
        The dataset as shipped, which is only read, and where `clips/` stands.
    kind : str
        Of the links, see `links.link`.

    Returns
    -------
    names : Series of str
        Of the usable clips, as from `link_names`.
    reasons : dict
        clip_id -> reason, of the clips left out.
    changed : int
        How many links were made or removed.

    Raises
    ------
    ValueError
        Where there is no audio at all, or the archive is damaged.
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
    (data / "clips").mkdir(exist_ok=True)
    files = files.drop(list(reasons))
    unpacked = in_folders[files.index].notna()
    sources = files[unpacked].map(lambda file: raw / file)
    undecodable = audio.find_undecodable(sources)
    made, symbolic = links.link(sources.drop(list(undecodable)), targets, kind)
    extracted, damaged = archive.extract(files[~unpacked], parts, targets, audio.why_undecodable)
    reasons |= undecodable | damaged
    names = link_names(files.drop([*undecodable, *damaged]))
    before = read_clips(data)["file"] if (data / "clips.csv").exists() else names[:0]
    removed = links.remove_stale(data, before, names)
    if symbolic and kind == "hard":
        print(f"{symbolic:,} links are symbolic: {raw} is on another file system")
    return names, reasons, made + extracted + removed


def without_audio(files, data):
    """Return what `provide_audio` does, for labels alone: no clip has a file, nothing is made.

    Raises
    ------
    ValueError
        Where the inventory lists audio already: it is not forgotten.
    """
    if (data / "clips.csv").exists() and read_clips(data)["file"].any():
        raise ValueError(f"{data / 'clips.csv'} lists audio already: leave out --no-audio")
    reasons = find_unusable(files)
    return files.drop(list(reasons)).map(lambda _: ""), reasons, 0


def write_clips(data, clips, excluded):
    """Write ``clips.csv`` and ``excluded.csv``.

    Parameters
    ----------
    data : Path
    clips : DataFrame
        Indexed by clip_id: file, artist, album, track; file is empty where no audio was wanted.
    excluded : DataFrame
        Indexed by clip_id: row, file, reason.

    Returns
    -------
    bool
        Whether anything changed on disk.
    """
    texts = {
        name: table.to_csv(index_label="clip_id", lineterminator="\n")
        for name, table in (("excluded.csv", excluded), ("clips.csv", clips[list(COLUMNS)]))
    }
    changed = [write_if_other(data / name, text) for name, text in texts.items()]
    return any(changed)


def _stays_inside(file):
    path = PurePosixPath(file)
    return not path.is_absolute() and ".." not in path.parts


def read_clips(data):
    """Read ``clips.csv``: a DataFrame indexed by clip_id (text) with file, artist, album, track.

    Raises
    ------
    ValueError
        Where it is not there; the sentence names the script to run.
    """
    path = Path(data) / "clips.csv"
    if not path.exists():
        raise ValueError(f"{path} is missing: run 1_label_reduction_and_files_renaming.py")
    try:
        table = pd.read_csv(path, dtype=str, keep_default_na=False).set_index("clip_id")
    except (ValueError, KeyError):
        table = pd.DataFrame()
    whole = set(COLUMNS) <= set(table) and not table.index.has_duplicates
    if not whole or not table["file"].map(_stays_inside).all():
        raise ValueError(
            f"{path} is damaged, or not what script 1 writes under this name: rename or remove it, "
            "then run 1_label_reduction_and_files_renaming.py"
        )
    return table
