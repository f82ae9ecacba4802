"""What is named on the command line -> songs: files, folders, playlists, standard input.

Each song comes once, in the order of the names, of a folder in the order of its paths. What is no
song is never passed over without a word.
"""

import dataclasses
import os
import shutil
import sys
import urllib.parse
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

import pandas as pd

from autotagging.clips import clip_ids
from autotagging.files import check_name
from autotagging.formatting import count

STANDARD_INPUT = "-"
PLAYLISTS = {".m3u", ".m3u8"}
# Files beside music: by their ending alone, as covers and texts lie in every folder of a library.
NO_AUDIO = PLAYLISTS | {
    *(".txt", ".md", ".nfo", ".pdf", ".doc", ".docx", ".rtf", ".html", ".htm", ".url", ".lrc"),
    *(".jpg", ".jpeg", ".png", ".gif", ".bmp", ".webp", ".tif", ".tiff", ".svg", ".ico"),
    *(".cue", ".log", ".pls", ".xspf", ".wpl", ".sfv", ".md5", ".ffp", ".accurip", ".torrent"),
    *(".csv", ".tsv", ".json", ".jsonl", ".xml", ".yaml", ".yml", ".ini", ".db", ".npy", ".keras"),
    *(".py", ".sh", ".bat", ".zip", ".rar", ".7z", ".gz", ".part"),
}


@dataclass(frozen=True)
class Song:
    """A song that is to be tagged.

    Parameters
    ----------
    name : str
        Its file as it was named, in letters that can be printed.
    clip_id : str
        As script 1 makes it of a path; no two songs have the same.
    path : Path
        Of its audio.
    """

    name: str
    clip_id: str
    path: Path

    @property
    def is_standard_input(self):
        """Whether its audio came from there: it is another one each time."""
        return self.name == STANDARD_INPUT


@dataclass
class Found:
    """What the command line names.

    Parameters
    ----------
    songs : list of Song
    failures : dict
        Name -> why it is not tagged.
    passed_over : Counter
        Endings of files in folders that are no audio.
    """

    songs: list = field(default_factory=list)
    failures: dict = field(default_factory=dict)
    passed_over: Counter = field(default_factory=Counter)

    def describe_passed_over(self):
        """Return which files of folders are no songs, in a line; "" where there are none."""
        if not self.passed_over:
            return ""
        endings = ", ".join(f"{n:,} {ending}" for ending, n in self.passed_over.most_common())
        n_files = count(self.passed_over.total(), "file")
        return f"passed over by their endings: {n_files} ({endings})"


def find(names, spool):
    """Return the songs that names mean.

    Parameters
    ----------
    names : list of Path
        Of files, folders and playlists; `STANDARD_INPUT`.
    spool : Path
        A folder for the audio of standard input.

    Returns
    -------
    Found

    Raises
    ------
    ValueError
        Where standard input is a terminal.
    """
    found, files = Found(), {}
    for name in names:
        for path, inner in _list_files(name, spool, found):
            if _is_text(path):
                files.setdefault(os.path.realpath(path), (path, inner))
            else:
                reason = "has a name that is not UTF-8: rename it, with convmv for instance"
                found.failures[printable(path)] = reason
    ids = clip_ids.derive(pd.Series([inner for _, inner in files.values()], dtype=object))
    for (path, inner), clip_id in zip(files.values(), ids, strict=True):
        name = inner if inner == STANDARD_INPUT else path
        found.songs.append(Song(printable(name), printable(clip_id), path))
    return found


def printable(text):
    """Return text with its control characters as Python writes them: it is one line, and safe."""
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in str(text))


def _is_text(path):
    try:
        check_name(path)
    except ValueError:
        return False
    return True


def _list_files(name, spool, found):
    """Yield files that a name means, and the path of each from the folder that was named."""
    if str(name) == STANDARD_INPUT:
        yield _spool(spool), STANDARD_INPUT
    elif os.path.isdir(name):  # noqa: PTH112 - Path's raises where a folder cannot be entered
        n_failures, file = len(found.failures), None
        for file in _walk(name, found, set()):
            yield file, file.relative_to(name).as_posix()
        if file is None and len(found.failures) == n_failures:
            found.failures[printable(name)] = "holds no song"
    elif name.suffix.lower() in PLAYLISTS and os.path.isfile(name):  # noqa: PTH113 - as above
        yield from ((file, file.name) for file in _read_playlist(name, found))
    else:
        yield name, name.name


def _spool(folder):
    """Write standard input to a file, as decoders go back and forth."""
    if sys.stdin is None or sys.stdin.isatty():
        raise ValueError("standard input is a terminal: send audio to it, as by cat song.mp3 |")
    path = folder / "standard_input"
    with path.open("wb") as file:
        shutil.copyfileobj(sys.stdin.buffer, file)
    return path


def _walk(folder, found, seen):
    """Yield the files below a folder that may be audio, sorted; a folder is entered once."""
    try:
        status = folder.stat()
        names = sorted(os.listdir(folder))  # noqa: PTH208 - sorted as text, not as paths
    except OSError as error:
        found.failures[printable(folder)] = f"cannot be read: {error.strerror}"
        return
    if (status.st_dev, status.st_ino) in seen:  # a link to a folder that it is in
        return
    seen.add((status.st_dev, status.st_ino))
    for path in (folder / name for name in names if not name.startswith(".")):
        if os.path.isdir(path):  # noqa: PTH112
            yield from _walk(path, found, seen)
        elif path.suffix.lower() in NO_AUDIO:
            found.passed_over[path.suffix.lower()] += 1
        else:
            yield path


def _read_playlist(path, found):
    """Yield the files of a playlist; note those that lie on a server."""
    try:
        content = path.read_bytes()
    except OSError as error:
        found.failures[printable(path)] = f"cannot be read: {error.strerror}"
        return
    if b"\0" in content:
        found.failures[printable(path)] = "is no playlist, as it is no text"
        return
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("latin-1")  # as players of old wrote them
    entries = [line.strip() for line in text.replace("\r", "\n").split("\n")]
    for entry in entries:
        scheme, separator, _ = entry.partition("://")
        if not entry or entry.startswith("#"):
            continue
        if separator and scheme.lower() != "file":
            reason = "is an address, and nothing is fetched: download it, and name the file"
            found.failures[printable(entry)] = reason
        else:
            yield _resolve_entry(entry, path.parent)


def _resolve_entry(entry, folder):
    """Return the file that an entry of a playlist means: players write it in several ways."""
    address = urllib.parse.unquote(entry)
    without_scheme = urllib.parse.unquote(urllib.parse.urlsplit(entry).path)
    is_address = entry.lower().startswith("file://")
    ways = [without_scheme] if is_address else [entry, address, entry.replace("\\", "/")]
    paths = [folder / way for way in ways]
    return next((path for path in paths if os.path.isfile(path)), paths[0])  # noqa: PTH113


def make_ids_unique(songs, known):
    """Return songs with ids that no other song has: a list of Song.

    Parameters
    ----------
    songs : list of Song
    known : dict
        Absolute path of a song that was tagged before -> its id, which it keeps.
    """
    unique, taken = [], set(known.values())
    for song in songs:
        clip_id = None if song.is_standard_input else known.get(Path(song.name).absolute())
        if clip_id is None:
            whole = PurePosixPath(os.path.realpath(song.path)).with_suffix("")
            ways = (song.clip_id, printable(str(whole).strip("/").replace("/", "-")))
            numbered = (f"{song.clip_id}-{n}" for n in range(2, len(taken) + 3))
            clip_id = next(way for way in (*ways, *numbered) if way not in taken)
        taken.add(clip_id)
        unique.append(dataclasses.replace(song, clip_id=clip_id))
    return unique
