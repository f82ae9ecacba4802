"""External scores: a file -> scores of the clips of a label set, to be evaluated like a network's.

CSV   a column clip_id and a column a tag, in any order; further columns and clips are passed over
      and counted
.npy  (n_clips, n_tags), a row for each clip of ``labels/<set>/labels.csv`` and a column for each
      of its tags, in their order
"""

import csv
import tokenize
import warnings

import numpy as np
import pandas as pd

from autotagging import metrics, scores
from autotagging.formatting import list_some

HALF = "0.5: the file has no scores of validation clips"


def read(path, labels):
    """Read scores from a file.

    Parameters
    ----------
    path : Path
        ``.npy``, else taken for a CSV.
    labels : DataFrame
        As from `labels.read_labels`: split, then a column a tag.

    Returns
    -------
    Scores
        In double precision, of the validation and test clips that the file has; thresholds are
        chosen on the validation clips, 0.5 where it has none.

    Raises
    ------
    ValueError
        For tags that are missing, clips that stand there twice, values that are no probabilities,
        a file without any test clip.
    """
    tags = labels.columns.drop("split").tolist()
    is_array = path.suffix.lower() == ".npy"
    table = _read_array(path, labels, tags) if is_array else _read_csv(path, tags)
    unknown = table.index.difference(labels.index)
    if len(unknown):
        print(f"{path.name}: {len(unknown):,} clips are not in the label set, such as {unknown[0]}")
    held_out = scores.held_out(labels)
    n_test = (held_out == "test").sum()
    if not n_test:
        raise ValueError("the label set has no test clips to evaluate on")
    split = held_out[held_out.index.isin(table.index)]
    if not (split == "test").any():
        raise ValueError(f"{path} has none of the {n_test:,} test clips")
    y_score = table.loc[split.index]
    outside = ~((y_score >= 0) & (y_score <= 1)).to_numpy()  # NaN is outside, too
    if outside.any():
        row, column = np.argwhere(outside)[0]
        raise ValueError(
            f"{path}, clip {split.index[row]}, tag {tags[column]}: {y_score.iloc[row, column]} is "
            "no probability, which lies between 0 and 1"
        )
    validation = split.index[split == "validation"]
    thresholds, chosen = np.full(len(tags), 0.5), HALF
    if len(validation):
        y_true = labels.loc[validation, tags].to_numpy()
        thresholds = metrics.best_thresholds(y_true, y_score.loc[validation].to_numpy())
        chosen = scores.CHOSEN
    left_out = held_out.index[~held_out.index.isin(split.index)]
    return scores.Scores(
        y_score,
        pd.Series(thresholds, index=tags),
        chosen,
        pd.Series(f"not in {path.name}", index=left_out, dtype=str),
    )


def _read_csv(path, tags):
    """Return a DataFrame of float64, indexed by clip_id, a column a tag in the order of `tags`."""
    header = _read_header(path, tags)
    reading = {"encoding": "utf-8-sig", "index_col": False, "keep_default_na": False}
    reading["compression"] = None  # whatever its name ends with
    types = {column: np.float64 if column in tags else str for column in header}
    try:
        with warnings.catch_warnings():
            # a row that is too long; index_col: else its first value would become an index
            warnings.simplefilter("error", pd.errors.ParserWarning)
            table = pd.read_csv(path, dtype=types, **reading)
    except (pd.errors.ParserError, pd.errors.ParserWarning, UnicodeDecodeError):
        raise ValueError(
            f"{path} is not a CSV in UTF-8 with as many values in each row as in its header"
        ) from None
    except ValueError:
        raise ValueError(_find_text(pd.read_csv(path, dtype=str, **reading), path, tags)) from None
    others = [column for column in header if column not in ("clip_id", "split", *tags)]
    if others:
        print(
            f"{path.name}: {len(others)} columns are no tags of the label set: {list_some(others)}"
        )
    table = table.set_index("clip_id")
    if table.index.has_duplicates:
        twice = table.index[table.index.duplicated()][0]
        raise ValueError(f"{path} has clip {twice} twice")
    return table[tags]


def _read_header(path, tags):
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            header = next(csv.reader(file), [])
    except (UnicodeDecodeError, csv.Error):
        raise ValueError(f"{path} is not a CSV in UTF-8") from None
    missing = [column for column in ("clip_id", *tags) if column not in header]
    if missing:
        separator = next((c for c in "\t;" if c in "".join(header)), None)
        hint = "" if separator is None else f" (values are separated by commas, not {separator!r})"
        raise ValueError(
            f"{path} has no column {list_some(missing)}: one for clip_id and every tag{hint}"
        )
    for column in ("clip_id", *tags):
        if header.count(column) > 1:
            raise ValueError(f"{path} has the column {column} twice")
    return header


def _find_text(table, path, tags):
    """Return the sentence about the first value that is no number."""
    for tag in tags:
        wrong = pd.to_numeric(table[tag], errors="coerce").isna()
        if wrong.any():
            row = table[wrong].iloc[0]
            return f"{path}, clip {row['clip_id']}, tag {tag}: {row[tag]!r} is not a number"
    return f"{path} has scores that are not numbers"


def _read_array(path, labels, tags):
    expected = (
        f"a row for each of the {len(labels):,} clips of labels.csv and a column for each of its "
        f"{len(tags)} tags are expected"
    )
    try:
        # memory-mapped: a header that promises more than the file has is found out at once
        scores = np.load(path, mmap_mode="r", allow_pickle=False)
    except (ValueError, TypeError, EOFError, OSError, OverflowError, SyntaxError,
            tokenize.TokenError):  # fmt: skip
        raise ValueError(f"{path} is not an array as numpy.save writes it; {expected}") from None
    if not isinstance(scores, np.ndarray) or scores.dtype.kind not in "fiub":
        raise ValueError(f"{path} holds no array of numbers; {expected}")
    if scores.shape != (len(labels), len(tags)):
        raise ValueError(f"{path} has the shape {scores.shape}; {expected}")
    return pd.DataFrame(scores.astype(np.float64), index=labels.index, columns=tags)
