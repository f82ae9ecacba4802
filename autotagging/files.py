"""Files that appear whole, written under another name and renamed; folders that are listed."""

import hashlib
import io
import locale
import os
import shutil
import zipfile
import zlib

import numpy as np

MAX_EXPANSION = 30  # of a zip archive: weights hardly shrink, a bomb grows a thousandfold
ZIP_DAMAGE = (zipfile.BadZipFile, zlib.error, EOFError, KeyError, OSError, RuntimeError, ValueError)


def check_name(path):
    """Refuse a path that is not UTF-8, as the tables are that hold names of files.

    Raises
    ------
    ValueError
        Naming it, with the bytes that are no letters, and the locale.
    """
    name = os.fsencode(path).decode("utf-8", "backslashreplace")
    if name != os.fspath(path):
        language = locale.setlocale(locale.LC_CTYPE)
        raise ValueError(
            f"the name of {name} is not UTF-8 (the locale is {language}): rename it, with convmv "
            "for instance"
        )


def write_whole(path, content):
    """Write text (as UTF-8) or bytes; a reader sees the old file or the new one, never a half."""
    part = path.with_name(path.name + ".part")
    part.write_bytes(content.encode("utf-8") if isinstance(content, str) else content)
    os.replace(part, path)


def write_table(path, table, **writing):
    """Write a table as CSV, see `write_whole`; `writing` as for `DataFrame.to_csv`."""
    write_whole(path, table.to_csv(lineterminator="\n", **writing))


def write_array(path, array):
    """Write an array as .npy, see `write_whole`."""
    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=False)
    write_whole(path, buffer.getvalue())


def write_if_changed(path, text):
    """Write text where the file does not hold it yet; return whether it was written."""
    if path.exists() and path.read_bytes() == text.encode("utf-8"):
        return False
    write_whole(path, text)
    return True


def read_zip(path, names=None):
    """Read entries of a zip archive into memory.

    Parameters
    ----------
    path : Path
    names : iterable of str, optional
        All where they are not given.

    Returns
    -------
    dict
        Name -> bytes.

    Raises
    ------
    ValueError
        Where the file is no archive, or one that is damaged, encrypted or lacks an entry, or holds
        one twice or one that expands beyond measure.
    """
    with path.open("rb") as file:
        try:
            with zipfile.ZipFile(file) as archive:
                entries = archive.namelist()
                names = entries if names is None else names
                n_bytes = sum(archive.getinfo(name).file_size for name in names)
                if len(set(entries)) < len(entries):
                    raise zipfile.BadZipFile("holds an entry twice")
                if n_bytes > MAX_EXPANSION * path.stat().st_size:
                    raise zipfile.BadZipFile(f"expands to {n_bytes:,} bytes")
                return {name: archive.read(name) for name in names}
        except ZIP_DAMAGE as error:
            raise ValueError(f"{path} is no zip archive that can be read: {error}") from None


def checksum(path):
    """Return the SHA-256 of a file in hexadecimal, however large it is."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def checksum_of(contents):
    """Return the SHA-256 of texts (as UTF-8) or bytes, one after another, in hexadecimal."""
    digest = hashlib.sha256()
    for content in contents:
        digest.update(content.encode("utf-8") if isinstance(content, str) else content)
    return digest.hexdigest()


def list_visible(folder, pattern="*"):
    """Return what matches a pattern below a folder, sorted, without names that begin with a dot.

    Those are no data: macOS leaves ``._my.csv`` beside ``my.csv`` on disks of other systems.
    """
    found = sorted(folder.glob(pattern))
    names = [path.relative_to(folder).parts for path in found]
    return [
        path
        for path, parts in zip(found, names, strict=True)
        if not any(part.startswith(".") for part in parts)
    ]


def reserve(path):
    """Take all the room on disk that the size of a file promises; remove it where there is none.

    A file made for a memory map has no room of its own until it is written to, and a process that
    writes to a map when the disk is full is killed.

    Raises
    ------
    OSError
        With the path.
    """
    if not hasattr(os, "posix_fallocate"):  # macOS
        return
    with path.open("r+b") as file:
        try:
            os.posix_fallocate(file.fileno(), 0, path.stat().st_size)
        except OSError as error:
            path.unlink()
            raise OSError(error.errno, error.strerror, str(path)) from None


def check_room(folder, needed):
    """Refuse to start where a disk has no room for so many bytes."""
    free = shutil.disk_usage(folder).free
    if needed > free:
        raise ValueError(f"{folder} has room for {free:,} bytes, {needed:,} are needed")
