"""A file of songs' tags that is whole after each song, and that a later run goes on with.

What a killed run leaves of a row is removed by the next one, and that tags what is missing. Beside
the file lies ``<name>.settings.json``, which tells the network and its settings from others.
"""

import fcntl
import os
from pathlib import Path

from autotagging.formatting import count, display_path
from autotagging.tagging.formats import FORMATS
from autotagging.tagging.kept import Settings


def open_locked(path):
    """Open a file for reading and writing, alone: a new one where there is none.

    Raises
    ------
    ValueError
        Where another run has it open.
    """
    file = os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o666), "r+b", buffering=0)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        raise ValueError(f"another run is writing {display_path(path)}") from None
    return file


def write_at(file, offset, content):
    """Write bytes at an offset; the file ends with them."""
    while content:
        n_written = os.pwrite(file.fileno(), content, offset)
        content, offset = content[n_written:], offset + n_written
    os.ftruncate(file.fileno(), offset)


class ResultFile:
    """A file of rows that is whole after each song, and is gone on with.

    Parameters
    ----------
    path : Path
    format_name : str
        Of `FORMATS`.
    model : Tagger
    most : int
        Pieces of a song.

    Raises
    ------
    ValueError
        Where the file is of another network or other options, is damaged, or is being written.
    """

    def __init__(self, path, format_name, model, most):
        self.path, self._format, self._tags = path, FORMATS[format_name], model.tags
        self._begin = self._format.begin(self._tags).encode()
        self._settings = Settings(path, model, {"--format": format_name, "--pieces": most})
        self.clip_ids, self._n_rows = {}, 0  # by absolute path
        self._file, self._end, self._n_added = None, 0, 0
        if path.exists() and path.stat().st_size:
            self._settings.check()
            self._file = open_locked(path)
            self._read_rows(path.read_bytes())
            write_at(self._file, self._end, self._format.end.encode() if self._end else b"")

    def _read_rows(self, content):
        """Note the songs of the file; of a last row that is not whole, remove the rest."""
        if not content.startswith(self._begin):
            if self._begin.startswith(content):  # killed within the first line
                return
            raise ValueError(f"{display_path(self.path)} has other columns than the network's tags")
        self._end = len(self._begin)
        content = content[self._end :].removesuffix(self._format.end.encode())
        lines = content.splitlines(keepends=True)
        for number, line in enumerate(lines, 1):
            try:
                name, clip_id = self._format.read(line.decode())
            except (ValueError, LookupError, TypeError):
                if number == len(lines):
                    return
                raise ValueError(
                    f"{display_path(self.path)} is damaged, in its row {number}: remove that, or "
                    "name another file"
                ) from None
            self._end += self._note(name, clip_id, line)

    def _note(self, name, clip_id, line):
        """Note a song of the file; return by how many bytes the file grows."""
        separator = self._format.separator.encode()
        n_bytes = len(line.rstrip(separator) if separator else line)
        n_bytes += len(separator) if self._n_rows else 0
        self.clip_ids[Path(name).absolute()] = clip_id
        self._n_rows += 1
        return n_bytes

    def has(self, song):
        """Return whether a song is in the file."""
        return not song.is_standard_input and Path(song.name).absolute() in self.clip_ids

    def add(self, song, pieces, scored):
        """Add a song, unless it is there."""
        if self.has(song):
            return
        if self._file is None:
            self._settings.write()
            self._file = open_locked(self.path)
        row = self._format.write(song, pieces, scored.scores, self._tags).encode()
        before = self._format.separator.encode() if self._n_rows else b""
        begin = b"" if self._end else self._begin
        self._write(begin + before + row)
        self._end += len(begin) + self._note(song.name, song.clip_id, row)
        self._n_added += 1

    def _write(self, row):
        """Write a row and the end of the file; leave the file as it was where that fails."""
        end = self._format.end.encode()
        try:
            write_at(self._file, self._end, row + end)
        except OSError as error:
            write_at(self._file, self._end, end if self._end else b"")
            raise OSError(error.errno, error.strerror, str(self.path)) from None

    def close(self):
        """Say what the file holds."""
        if self._file:
            self._file.close()
            songs = f"{count(self._n_rows, 'song')}, {self._n_added:,} of them new"
            print(f"wrote {display_path(self.path)}: {songs}")
