"""The audio that a table names, as it lies in the raw folder or in its archive.

A file is found under its exact name, else under the one that is the same in Unicode's form NFC:
macOS takes accents apart (NFD), and tables write them in one. Upper and lower case differ.
"""

import functools
import os
from collections import defaultdict
from dataclasses import dataclass
from pathlib import PurePosixPath

import pandas as pd

from autotagging.clips import links
from autotagging.user_tables import normalise, quote

ABSENT = "the file is absent"
MAX_NAME = 200  # bytes: with what is added below the 255 of file systems
MAX_PATH = 4096  # bytes


def make_relative(files, raw):
    """Return paths below the raw folder for those that are absolute and lie inside it.

    Parameters
    ----------
    files : Series of str
        Paths as a table has them.
    raw : Path

    Returns
    -------
    Series of str
        Without "." and double slashes; those that lie elsewhere stay, for `check_names`.
    """
    real = functools.cache(os.path.realpath)
    roots = [_parts(os.path.abspath(raw)), _parts(real(raw))]  # noqa: PTH100  keeps links

    def relative(file):
        path = PurePosixPath(file)
        if not path.is_absolute() or len(file) > MAX_PATH:
            return str(path) if file else ""
        paths = [] if ".." in path.parts else [path]
        # by way of other links, perhaps
        for place in [*paths, PurePosixPath(real(path.parent), path.name)]:
            for root in roots:
                if _parts(place)[: len(root)] == root:
                    return str(PurePosixPath(*place.parts[len(root) :]))
        return file

    return files.map(relative)


def _parts(path):
    return tuple(map(normalise, PurePosixPath(path).parts))


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
        path, name = PurePosixPath(file), quote(file)
        wrong = None
        if not file:
            wrong = "has no path"
        elif path.is_absolute() or ".." in path.parts or not path.name:
            wrong = (
                f"{name} leaves the folder of the dataset, or goes up: paths lead down from --raw"
            )
        elif "\\" in file:
            wrong = f"{name} has a backslash: folders are separated by /"
        elif len(file.encode()) > MAX_PATH:
            wrong = f"{name} is longer than {MAX_PATH:,} bytes"
        elif not (clip_id + file).isprintable():
            wrong = f"{name} or its clip_id {quote(clip_id)} has characters that are not printable"
        elif not clip_id or set(clip_id) & {"/", "\\"} or clip_id.startswith("."):
            wrong = f"clip_id {quote(clip_id)} cannot name a file"
        elif (clip_id + path.suffix).endswith(links.UNFINISHED):
            wrong = f"{name} is named like an unfinished file"
        elif len((clip_id + path.suffix).encode()) > MAX_NAME:
            wrong = f"clip_id {quote(clip_id)} makes a name longer than {MAX_NAME} bytes"
        if wrong:
            raise ValueError(f"row {row} of the annotations: {wrong}")


@dataclass(frozen=True)
class Place:
    """Where files are looked for: a folder or an archive.

    Parameters
    ----------
    size_of : callable
        Takes a path below the place; returns its bytes, NaN where it is no file.
    list_names : callable
        Takes a folder below the place, "" for the place itself; returns the names in it.
    """

    size_of: callable
    list_names: callable


def in_folder(raw):
    """Return the raw folder as a place."""

    def size_of(file):
        # unlike Path.is_file never an error, as for a path through a file, a circle of links
        is_file = os.path.isfile(raw / file)  # noqa: PTH113
        return (raw / file).stat().st_size if is_file else float("nan")

    def list_names(folder):
        try:
            return os.listdir(raw / folder)  # noqa: PTH208  names alone
        except OSError:
            return []

    return Place(size_of, list_names)


def in_archive(sizes):
    """Return an archive as a place.

    Parameters
    ----------
    sizes : dict
        Path of each file -> bytes.
    """
    names = defaultdict(set)
    for file in sizes:
        parts = PurePosixPath(file).parts
        for depth, name in enumerate(parts):
            names["/".join(parts[:depth])].add(name)
    return Place(lambda file: sizes.get(file, float("nan")), lambda folder: names.get(folder, ()))


def find(files, place):
    """Find each clip's audio in a place.

    Parameters
    ----------
    files : Series of shape (n_clips,)
        Paths as annotated, by clip_id.
    place : Place

    Returns
    -------
    DataFrame with a row per clip
        file, the path as it is there; bytes, NaN where it is absent; reason, why it is, else "".
        What a reason says behind a semicolon is of this clip alone.
    """
    index, rows = functools.cache(functools.partial(_index, place)), []
    for file in files:
        found, reason = file, ""
        if pd.isna(size := place.size_of(file)):
            found, reason = _match(file, place, index)
            size = float("nan") if reason else place.size_of(found)
        rows.append((found, size, reason))
    table = pd.DataFrame(rows, index=files.index, columns=["file", "bytes", "reason"])
    # another row has this very name, or comes as near to it
    taken = table["bytes"].notna() & table.duplicated("file", keep=False) & (table["file"] != files)
    others = table["file"].map(lambda file: f"{ABSENT}; {file} is another row's")
    table["reason"] = table["reason"].where(~taken, others)
    table["bytes"] = table["bytes"].where(~taken)
    return table


def _index(place, folder, form):
    """Return the names in a folder by their form: a dict of lists."""
    names = defaultdict(list)
    for name in place.list_names(folder):
        if not name.startswith("."):
            names[form(name)].append(name)
    return names


def _match(file, place, index):
    """Return the one file whose name is the same in NFC, or why there is none."""

    def list_alike(form):
        paths = [""]
        for part in PurePosixPath(file).parts:
            names = [(path, index(path, form).get(form(part), ())) for path in paths]
            paths = [os.path.join(path, name) for path, found in names for name in found]  # noqa: PTH118
        return sorted(path for path in paths if not pd.isna(place.size_of(path)))

    alike = list_alike(normalise)
    if len(alike) == 1:
        return alike[0], ""
    if alike:
        names = " and ".join(map(ascii, alike[:2]))
        return file, f"{ABSENT}; {names} are both written like it: rename one"
    if alike := list_alike(_fold):
        return file, f"{ABSENT}; there is {alike[0]}, which differs in upper and lower case"
    return file, ABSENT


def _fold(name):
    return normalise(normalise(name).casefold())
