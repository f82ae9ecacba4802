"""Tags of songs as CSV, TSV, JSON and JSON lines: a row a song, every tag in the model's order.

csv, tsv   a header ``file,clip_id,<tags>``, then a row a song: script 4 reads it as scores
jsonl      an object a line: file, clip_id, seconds, pieces, scores (tag -> probability)
json       a list of such objects, each in a line of its own
"""

import csv
import io
import json
from collections.abc import Callable
from dataclasses import dataclass

from tqdm import tqdm

DECIMALS = 6
OF_SONG = ("file", "clip_id")


@dataclass(frozen=True)
class Format:
    """How rows stand in a file.

    Parameters
    ----------
    begin : callable
        Tags -> what comes before the first row.
    separator, end : str
        Between rows, and behind the last.
    write : callable
        Song, pieces, scores, tags -> a row.
    read : callable
        A line -> the song's file and clip_id; ValueError for one that is not whole.
    """

    begin: Callable
    separator: str
    end: str
    write: Callable
    read: Callable


def _table_format(delimiter):
    def write_line(values):
        line = io.StringIO()
        csv.writer(line, delimiter=delimiter, lineterminator="\n").writerow(values)
        return line.getvalue()

    def write(song, _, scores, __):
        return write_line([song.name, song.clip_id, *(f"{s:.{DECIMALS}f}" for s in scores)])

    def read(line):
        if not line.endswith("\n"):
            raise ValueError("a row that is not whole")
        file, clip_id, *_ = next(csv.reader([line], delimiter=delimiter))
        return file, clip_id

    def begin(tags):
        if twice := set(OF_SONG) & set(tags):
            raise ValueError(f"the tag {twice.pop()!r} would be a column twice: take --format json")
        return write_line([*OF_SONG, *tags])

    return Format(begin, "", "", write, read)


def _write_object(song, pieces, scores, tags):
    texts = [f"{_to_json(tag)}: {s:.{DECIMALS}f}" for tag, s in zip(tags, scores, strict=True)]
    values = {
        "file": _to_json(song.name),
        "clip_id": _to_json(song.clip_id),
        "seconds": "null" if pieces.seconds is None else f"{pieces.seconds:.2f}",
        "pieces": len(pieces.features),
        "scores": "{" + ", ".join(texts) + "}",
    }
    return "{" + ", ".join(f'"{name}": {value}' for name, value in values.items()) + "}"


def _to_json(text):
    return json.dumps(text, ensure_ascii=False)


def _read_object(line):
    row = json.loads(line.rstrip(",\n"))
    return row["file"], row["clip_id"]


def _read_line(line):
    if not line.endswith("\n"):
        raise ValueError("a line that is not whole")
    return _read_object(line)


FORMATS = {
    "csv": _table_format(","),
    "tsv": _table_format("\t"),
    "json": Format(lambda _: "[\n", ",\n", "\n]\n", _write_object, _read_object),
    "jsonl": Format(lambda _: "", "", "", lambda *row: _write_object(*row) + "\n", _read_line),
}


def find(path, format_name):
    """Return the format of a file: the one that is named, or that of its ending.

    Raises
    ------
    ValueError
        For a table, which is for readers, and an ending that says nothing.
    """
    found = format_name or path.suffix.lower().removeprefix(".")
    if found not in FORMATS:
        raise ValueError(
            f"--output takes csv, tsv, json or jsonl: give one of them as --format, or as the "
            f"ending of {path.name}"
        )
    return found


class Printed:
    """Rows that are printed.

    Parameters
    ----------
    format_name : str
        Of `FORMATS`.
    model : Tagger
    stream : file object
    """

    def __init__(self, format_name, model, stream):
        self._format, self._tags, self._stream = FORMATS[format_name], model.tags, stream
        self._next = self._format.begin(self._tags)

    def has(self, _):
        """Return False: what is printed is not kept."""
        return False

    def add(self, song, pieces, scored):
        """Print a song's row."""
        row = self._format.write(song, pieces, scored.scores, self._tags)
        with tqdm.external_write_mode(self._stream):
            self._stream.write(self._next + row)
            self._stream.flush()
        self._next = self._format.separator

    def close(self):
        """Print what is behind the last row."""
        begin = self._next if self._next != self._format.separator else ""
        self._stream.write(begin + self._format.end)
