"""The inventory of a dataset: its usable audio, whatever the tags.

Writes ``clips.csv`` (clip_id, file, artist, album, track), ``excluded.csv`` (clip_id, file,
reason) and ``clips/``, where each clip's audio stands under its id as a link to the raw file: the
raw dataset itself is never moved or changed.
"""

import os
import stat
from pathlib import Path, PurePosixPath

import pandas as pd
from tqdm import tqdm

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


def read_clip_info(path, clip_ids):
    """Read who made each clip.

    Parameters
    ----------
    path : Path
        ``clip_info_final.csv``: tab-separated, with clip_id, track_number, title, artist, album.
    clip_ids : Index of str

    Returns
    -------
    DataFrame of shape (n_clips, 3)
        artist, album and track (number and title), indexed by `clip_ids`. A clip that the file
        does not name, or all where there is no file, is its own artist, album and track.
    """
    own = pd.DataFrame(dict.fromkeys(("artist", "album", "track"), clip_ids), index=clip_ids)
    if not path.exists():
        return own
    columns = ["clip_id", "track_number", "title", "artist", "album"]
    try:
        table = pd.read_csv(path, sep="\t", dtype=str, keep_default_na=False, usecols=columns)
    except (ValueError, pd.errors.ParserError) as error:
        raise ValueError(f"{path}: {error}") from None
    table = table.drop_duplicates("clip_id").set_index("clip_id")
    table["track"] = table["track_number"] + " " + table["title"]
    return table.reindex(clip_ids)[["artist", "album", "track"]].fillna(own)


def check_names(files):
    """Refuse ids that cannot name a file, and paths that leave the folder of the dataset.

    Parameters
    ----------
    files : Series of shape (n_clips,)
        Paths as annotated, by clip_id.
    """
    for clip_id, file in files.items():
        if not clip_id or set(clip_id) & set("/\\\0") or clip_id.startswith("."):
            raise ValueError(f"clip_id {clip_id!r} cannot name a file")
        path = PurePosixPath(file)
        if path.is_absolute() or ".." in path.parts or not path.name:
            raise ValueError(f"clip {clip_id}: the path {file!r} leaves the folder of the dataset")


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
        except FileNotFoundError:
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
    DataFrame
        Indexed by clip_id: file, reason.
    """
    reasons = {
        clip_id: "known to be broken in MagnaTagATune"
        for clip_id, file in BROKEN_IN_MAGNATAGATUNE.items()
        if files.get(clip_id) == file
    }
    if sizes is not None:
        reasons |= dict.fromkeys(sizes.index[sizes.isna()], "the file is absent")
        reasons |= dict.fromkeys(sizes.index[sizes == 0], "the file is empty")
    ordered = [clip_id for clip_id in files.index if clip_id in reasons]
    return pd.DataFrame(
        {"file": files[ordered], "reason": [reasons[i] for i in ordered]},
        index=pd.Index(ordered, name="clip_id"),
    )


def link_names(files):
    """Return where each clip's audio stands below the dataset, such as ``clips/2.mp3``."""
    return pd.Series(
        {
            clip_id: f"clips/{clip_id}{PurePosixPath(file).suffix}"
            for clip_id, file in files.items()
        },
        dtype=object,
    )


def link(files, raw, targets):
    """Link raw audio under the clips' own names: hard links, symbolic ones across file systems.

    Parameters
    ----------
    files : Series
        Paths below `raw`, by clip_id.
    raw : Path
    targets : Series of Path
        By clip_id.

    Returns
    -------
    made : int
        How many links were made now.
    symbolic : int
        How many of all are symbolic.
    """
    made = symbolic = 0
    for clip_id in tqdm(files.index, desc="linking", unit="clip", disable=len(files) < 1000):
        source, target = raw / files[clip_id], targets[clip_id]
        if not (target.exists() and target.samefile(source)):
            _link_one(source, target)
            made += 1
        symbolic += target.is_symlink()
    return made, symbolic


def _link_one(source, target):
    part = target.with_name(target.name + ".part")
    part.unlink(missing_ok=True)
    try:
        part.hardlink_to(source.resolve())  # a link to a link would dangle elsewhere
    except OSError:  # another file system, or one without hard links
        part.symlink_to(source.resolve())
    os.replace(part, target)


def remove_stale(data, links):
    """Remove the links of clips that are no longer in the inventory, and unfinished ones.

    Parameters
    ----------
    data : Path
        The dataset, with the inventory as it was before.
    links : Series of str
        The links that stay, as from `link_names`.

    Returns
    -------
    int
        How many were removed; other files that lie in ``clips/`` are left alone.
    """
    before = read_clips(data)["file"] if (data / "clips.csv").exists() else links[:0]
    known = pd.concat([before, links])
    stale = set(before) - set(links) | {f"{link}.part" for link in known}
    # clips.csv may come from elsewhere: nothing outside clips/ is ever removed
    stale = [data / link for link in stale if PurePosixPath(link).parent.as_posix() == "clips"]
    stale = [path for path in stale if path.name != ".." and os.path.lexists(path)]
    for path in stale:
        path.unlink()
    return len(stale)


def write_clips(data, clips, excluded):
    """Write ``clips.csv`` and ``excluded.csv``.

    Parameters
    ----------
    data : Path
    clips : DataFrame
        Indexed by clip_id: file, artist, album, track; file is empty where no audio was wanted.
    excluded : DataFrame
        Indexed by clip_id: file, reason.

    Returns
    -------
    bool
        Whether anything changed on disk.
    """
    texts = {
        name: table.to_csv(index_label="clip_id", lineterminator="\n")
        for name, table in (("excluded.csv", excluded), ("clips.csv", clips))
    }
    changed = [write_if_other(data / name, text) for name, text in texts.items()]
    return any(changed)


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
        return pd.read_csv(path, dtype=str, keep_default_na=False).set_index("clip_id")
    except (ValueError, KeyError):
        raise ValueError(
            f"{path} is damaged: remove it and run 1_label_reduction_and_files_renaming.py"
        ) from None
