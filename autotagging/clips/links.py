"""Audio under other names: links to the raw files, which themselves are never moved or changed.

``clips/<clip_id>.mp3`` stands for a clip's audio in everything that follows script 1;
``labels/<set>/multi_hot/<bits>_<clip_id>.mp3`` is the naming of the original pipeline.
"""

import errno
import os
import re
import shutil
import tempfile
from pathlib import Path, PurePosixPath

from tqdm import tqdm

from autotagging.formatting import count
from autotagging.steps import WRITTEN_BY

UNFINISHED = ".part"
MULTI_HOT = re.compile(r"[01]+_.+")
MAX_NAME = 255  # bytes, of most file systems
NO_LINKS = {errno.EPERM, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP}  # as exFAT answers


def link(sources, targets, kind="hard"):
    """Put audio under other names, where it does not stand there yet in this way.

    Parameters
    ----------
    sources, targets : Series of Path
        By clip_id.
    kind : str
        ``hard``; symbolic where that is not to be had, as from one file system to another.
        ``symlink``; ``copy``, which is made again where size or time of change differ.

    Returns
    -------
    made : int
        How many were made now.
    symbolic : int
        How many of all are symbolic links.

    Raises
    ------
    ValueError
        Where there can be no links, or a raw file is itself a link to its target.
    """
    made = symbolic = 0
    for clip_id in tqdm(sources.index, desc="linking", unit="clip", disable=len(sources) < 1000):
        target = targets[clip_id]
        if sources[clip_id].is_symlink():
            real = sources[clip_id].resolve()
            if real == target.parent.resolve() / target.name:
                raise ValueError(f"{sources[clip_id]} is itself a link to {target}")
        made += KINDS[kind](sources[clip_id], target)
        symbolic += target.is_symlink()
    return made, symbolic


def check_audio(data, files):
    """Refuse clips whose audio is gone.

    Parameters
    ----------
    data : Path
        The dataset.
    files : Series of str
        Paths below it, by clip_id.

    Raises
    ------
    ValueError
        Naming how many they are, and the first.
    """
    gone = [file for file in files if not (data / file).is_file()]
    if gone:
        raise ValueError(
            f"the audio of {count(len(gone), 'clip')} is gone, the first is {data / gone[0]}: put "
            f"it back, or run {WRITTEN_BY['clips']} again, which leaves out what is absent"
        )


def _hard(source, target):
    is_same = _same_file(source, target)
    if is_same and not target.is_symlink():
        return False
    part = _part(target)
    try:
        part.hardlink_to(source.resolve())  # a link to a link would dangle elsewhere
    except OSError:  # another file system, or one without hard links
        if is_same:
            return False
        return _symbolic(source, target)
    os.replace(part, target)
    return True


def _symbolic(source, target):
    if target.is_symlink() and _same_file(source, target):
        return False
    part = _part(target)
    try:
        part.symlink_to(source.resolve())
    except OSError as error:
        if error.errno not in NO_LINKS:
            raise
        problem = f"the file system of {target.parent} has no links ({error.strerror})"
        raise ValueError(f"{problem}: choose --link copy") from None
    os.replace(part, target)
    return True


def _copy(source, target):
    if target.exists() and not target.is_symlink() and not _same_file(source, target):
        original, copy = source.stat(), target.stat()
        if (copy.st_size, copy.st_mtime_ns) == (original.st_size, original.st_mtime_ns):
            return False
    part = _part(target)
    shutil.copy2(source, part)
    part.chmod(0o644)  # the raw file may be read-only
    os.replace(part, target)
    return True


KINDS = {"hard": _hard, "symlink": _symbolic, "copy": _copy}


def _same_file(source, target):
    return target.exists() and target.samefile(source)


def _part(target):
    part = target.with_name(target.name + UNFINISHED)
    part.unlink(missing_ok=True)  # it could be a link to a raw file, left by a run that was killed
    return part


def tells_case_apart(folder):
    """Return whether a folder's file system takes names in upper and lower case for two."""
    with tempfile.NamedTemporaryFile(prefix="case-", dir=folder) as file:
        path = Path(file.name)
        return not path.with_name(path.name.upper()).exists()


def remove_stale(data, before, links):
    """Remove from ``clips/`` the links of clips that are no longer there, and unfinished ones.

    Parameters
    ----------
    data : Path
        The dataset.
    before : Series of str
        The links of the inventory as it was, such as ``clips/2.mp3``.
    links : Series of str
        Those that stay.

    Returns
    -------
    int
        How many were removed; other files that lie in ``clips/`` are left alone.
    """
    known = set(before) | set(links)
    stale = set(before) - set(links) | {f"{link}{UNFINISHED}" for link in known}
    # clips.csv may come from elsewhere: nothing outside clips/ is ever removed
    stale = [data / link for link in stale if PurePosixPath(link).parent.as_posix() == "clips"]
    stale = [path for path in stale if path.name != ".." and os.path.lexists(path)]
    for path in stale:
        path.unlink()
    return len(stale)


def multi_hot_names(labels, files):
    """Return the names that the original pipeline gave its audio.

    Parameters
    ----------
    labels : DataFrame of shape (n_clips, n_tags), bool
        Indexed by clip_id.
    files : Series of str
        Of each clip, for the ending.

    Returns
    -------
    Series of str
        By clip_id, such as ``0100_2.mp3``: a bit a tag, the tags in alphabetical order.

    Raises
    ------
    ValueError
        For a name that is longer than file systems take.
    """
    bits = labels[sorted(labels.columns)].astype(int).astype(str).agg("".join, axis=1)
    endings = files[labels.index].map(lambda file: PurePosixPath(file).suffix)
    names = bits + "_" + labels.index + endings
    lengths = names.map(lambda name: len(name.encode()))
    if lengths.max() > MAX_NAME:
        raise ValueError(
            f"--names multi-hot: {len(labels.columns)} tags make the name of clip "
            f"{lengths.idxmax()} longer than {MAX_NAME} bytes: keep fewer with --top"
        )
    return names


def write_multi_hot(folder, labels, files, data, kind):
    """Make a folder ``multi_hot`` hold links named after the tags, and no others of its kind.

    Parameters
    ----------
    folder : Path
        Of the label set.
    labels : DataFrame of shape (n_clips, n_tags), bool
        Indexed by clip_id; without any clip all links are removed, and the folder where it is
        empty.
    files : Series of str
        The audio below `data`, by clip_id.
    data : Path
    kind : str
    """
    names = multi_hot_names(labels, files) if len(labels) else files[:0]
    target = folder / "multi_hot"
    if not len(names) and not target.is_dir():
        return
    target.mkdir(exist_ok=True)
    wanted = set(names)
    ours = [path for path in target.iterdir() if MULTI_HOT.fullmatch(path.name)]
    for path in ours:
        if path.name not in wanted:
            path.unlink()
    sources = files[names.index].map(lambda file: data / file)
    link(sources, names.map(lambda name: target / name), kind)
    if not any(target.iterdir()):
        target.rmdir()
