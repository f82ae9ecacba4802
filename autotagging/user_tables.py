"""Tables that users bring, separated by commas or tabs: read, or refused in one sentence."""

import codecs
import csv
import re
import unicodedata
import warnings

import pandas as pd

REMEDY = "save it as CSV in UTF-8, separated by commas or tabs"
MAX_NAME = 255  # characters of a column's name
CHUNK = 1 << 20  # bytes
MAX_QUOTED = 80  # characters of a value in a sentence


def read_header(path):
    """Return the names of a table's columns (in NFC, as all names) and what separates them.

    Raises
    ------
    ValueError
        For a file that is no table in UTF-8, or a column without a name of its own.
    """
    _check_encoding(path)
    with path.open(encoding="utf-8-sig", newline="") as file:
        separator = "\t" if "\t" in file.readline() else ","
        file.seek(0)
        try:
            header = next(csv.reader(file, delimiter=separator), [])
        except csv.Error:  # a name of more than 131,072 characters
            raise ValueError(f"{path}: {_too_long('a column')}") from None
    if not header:
        raise ValueError(f"{path} is empty, or begins with an empty line: columns are named there")
    if sum(column.count(";") for column in header) >= len(header):
        raise ValueError(f"{path} is separated by semicolons: {REMEDY}")
    header = [normalise(column.strip()) for column in header]
    for number, column in enumerate(header, 1):
        if not column:
            raise ValueError(f"{path}: column {number} has no name: name it, or remove it")
        if len(column) > MAX_NAME:
            raise ValueError(f"{path}: {_too_long(f'column {number}')}")
        if not column.isprintable():
            name = f"the name of column {number}, {quote(column)},"
            raise ValueError(f"{path}: {name} is not printable: rename it")
        if column in header[: number - 1]:
            raise ValueError(f"{path} has the column {column!r} twice: rename or remove one")
    return header, separator


def _check_encoding(path):
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        with path.open("rb") as file:
            while chunk := file.read(CHUNK):
                if "\0" in decoder.decode(chunk):  # readers would end a value there
                    raise ValueError
        decoder.decode(b"", final=True)
    except ValueError:
        raise ValueError(f"{path} is not a table in UTF-8: {REMEDY}") from None


def _too_long(column):
    return (
        f"the name of {column} is longer than {MAX_NAME} characters: shorten it, or close a "
        "quotation mark before it"
    )


def normalise(text):
    """Return text in Unicode's form NFC: é is one character, however it was typed."""
    return unicodedata.normalize("NFC", text)


def quote(value):
    """Return a value as it stands in a sentence, in quotation marks and of bounded length."""
    text = str(value)
    return repr(text[:MAX_QUOTED]) + "..." * (len(text) > MAX_QUOTED)


def read(path, types=None):
    """Read a table.

    Parameters
    ----------
    path : Path
    types : dict, optional
        Column -> type of its numbers; the others are text.

    Returns
    -------
    DataFrame
        Indexed by row, the header being row 1; text without blanks at its ends. All columns are
        text where some value is not of its type: it is for the caller to say which.

    Raises
    ------
    ValueError
        As `read_header`, for rows longer than the header, and for quotation marks that are not
        closed, before a line's end or at all.
    """
    header, separator = read_header(path)
    types = dict.fromkeys(header, str) | (types or {})
    # index_col: else a row that is too long would make its first column an index
    reading = {"sep": separator, "names": header, "header": 0, "index_col": False}
    reading |= {"encoding": "utf-8-sig", "compression": None, "keep_default_na": False}
    reading["skip_blank_lines"] = False  # they count as rows
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", pd.errors.ParserWarning)
            table = _read(path, types, reading)
    except (pd.errors.ParserError, pd.errors.ParserWarning) as error:
        raise ValueError(f"{path}{_explain(str(error), len(header))}") from None
    table.index += 2
    texts = table.select_dtypes(exclude="number").columns
    table[texts] = table[texts].fillna("").apply(lambda column: column.str.strip())
    _refuse_line_breaks(table[texts], path)
    if len(texts) == len(header):  # else a blank line would have no numbers
        table = table[(table != "").any(axis=1)]
    return table


def _read(path, types, reading):
    try:
        return pd.read_csv(path, dtype=types, **reading)
    except (ValueError, OverflowError) as error:
        if isinstance(error, pd.errors.ParserError):
            raise
        return pd.read_csv(path, dtype=str, **reading)


def _explain(error, n_columns):
    """Return what pandas' parser complains of, in the words of one who wrote the table."""
    if unclosed := re.search(r"EOF inside string starting at row (\d+)", error):
        return f", row {int(unclosed[1]) + 1}: a quotation mark is not closed: add or remove one"
    row = re.search(r"in line (\d+)", error)  # none where the first row is too long
    place = f", row {row[1]}: it has" if row else " has rows with"
    return (
        f"{place} more values than the {n_columns} columns of its header: put a value that holds "
        "a separator in quotation marks"
    )


def _refuse_line_breaks(texts, path):
    """Refuse a value that goes on in the next line: a quotation mark has swallowed rows."""
    for column, values in texts.items():
        broken = values.str.contains("[\r\n]", regex=True)
        if broken.any():
            row = broken.index[broken][0]
            raise ValueError(
                f"{path}, row {row}: {column!r} is {quote(values[row])}, with a line break in it: "
                "close a quotation mark before it, or remove it"
            )
