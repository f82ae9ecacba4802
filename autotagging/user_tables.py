"""Tables that users bring, separated by commas or tabs: read, or refused in one sentence."""

import csv
import warnings

import pandas as pd


def read_header(path):
    """Return the names of a table's columns and what separates them.

    Raises
    ------
    ValueError
        For a file that is no table in UTF-8, or a column without a name of its own.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            separator = "\t" if "\t" in file.readline() else ","
            file.seek(0)
            header = next(csv.reader(file, delimiter=separator), [])
    except (UnicodeDecodeError, csv.Error) as error:
        raise ValueError(f"{path} is not a table in UTF-8: {error}") from None
    if not header:
        raise ValueError(f"{path} is empty, or begins with an empty line")
    header = [column.strip() for column in header]
    for number, column in enumerate(header, 1):
        if not column:
            raise ValueError(f"{path}: column {number} has no name")
        if not column.isprintable():
            raise ValueError(f"{path}: the name of column {number}, {column!r}, is not printable")
        if column in header[: number - 1]:
            raise ValueError(f"{path} has the column {column!r} twice")
    return header, separator


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
        As `read_header`, and for rows longer than the header.
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
    except pd.errors.ParserWarning:
        raise ValueError(
            f"{path} has rows with more values than the {len(header)} columns of its header"
        ) from None
    except (pd.errors.ParserError, UnicodeDecodeError) as error:
        text = str(error).strip().removeprefix("Error tokenizing data. C error: ")
        raise ValueError(f"{path}: {text}") from None
    table.index += 2
    texts = table.select_dtypes(exclude="number").columns
    table[texts] = table[texts].fillna("").apply(lambda column: column.str.strip())
    if len(texts) == len(header):  # else a blank line would have no numbers
        table = table[(table != "").any(axis=1)]
    return table


def _read(path, types, reading):
    try:
        return pd.read_csv(path, dtype=types, **reading)
    except ValueError as error:
        if isinstance(error, (pd.errors.ParserError, UnicodeDecodeError)):
            raise
        return pd.read_csv(path, dtype=str, **reading)
