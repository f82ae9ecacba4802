"""Anybody's scores -> scores of the clips of a label set, to be evaluated like a network's.

CSV   a column clip_id and a column a tag, in any order; further columns and clips are passed over
      and counted
.npy  (n_clips, n_tags), a row for each clip of ``labels/<set>/labels.csv`` and a column for each
      of its tags, in their order
"""

import hashlib
import warnings

import numpy as np
import pandas as pd

from autotagging.files import some


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
    scores : ndarray of shape (n_clips, n_tags), float32
        Of the validation and test clips that the file has, validation first, tags in the order
        of `labels`.
    split : Series of str
        Part of each of these clips, by clip_id.
    left_out : list of str
        Validation and test clips that the file does not have.

    Raises
    ------
    ValueError
        For tags that are missing, clips that stand there twice, values that are no probabilities,
        a file without any test clip.
    """
    tags = labels.columns.drop("split").tolist()
    table = _read_array(path, labels, tags) if path.suffix == ".npy" else _read_csv(path, tags)
    judged = labels.loc[labels["split"] != "train", "split"].sort_values(
        key=lambda parts: parts == "test", kind="stable"
    )
    unknown = table.index.difference(labels.index)
    if len(unknown):
        print(f"{path.name}: {len(unknown):,} clips are not in the label set, such as {unknown[0]}")
    split = judged[judged.index.isin(table.index)]
    if not (split == "test").any():
        raise ValueError(f"{path} has none of the {(judged == 'test').sum():,} test clips")
    scores = table.loc[split.index]
    outside = ~((scores >= 0) & (scores <= 1)).to_numpy()  # NaN is outside, too
    if outside.any():
        row, column = np.argwhere(outside)[0]
        raise ValueError(
            f"{path}, clip {split.index[row]}, tag {tags[column]}: {scores.iloc[row, column]} is "
            "no probability, which lies between 0 and 1"
        )
    left_out = judged.index[~judged.index.isin(split.index)].tolist()
    return scores.to_numpy(np.float32), split, left_out


def _read_csv(path, tags):
    """Return a DataFrame of float, indexed by clip_id, a column a tag in the order of `tags`."""
    try:
        header = pd.read_csv(path, nrows=0, encoding="utf-8-sig").columns.tolist()
        missing = [column for column in ("clip_id", *tags) if column not in header]
        if missing:
            raise ValueError(f"{path} has no column {some(missing)}: one for clip_id and every tag")
        types = {column: np.float64 if column in tags else str for column in header}
        with warnings.catch_warnings():
            # a row that is too long; index_col: else its first value would become an index
            warnings.simplefilter("error", pd.errors.ParserWarning)
            table = pd.read_csv(path, dtype=types, encoding="utf-8-sig", index_col=False)
    except (
        pd.errors.ParserError,
        pd.errors.ParserWarning,
        pd.errors.EmptyDataError,
        UnicodeDecodeError,
    ) as error:
        raise ValueError(f"{path} is not a CSV in UTF-8: {str(error).splitlines()[0]}") from None
    except ValueError as error:
        if str(path) in str(error):
            raise
        raise ValueError(f"{path} has scores that are not numbers: {error}") from None
    table = table.set_index("clip_id")
    others = [column for column in header if column not in ("clip_id", "split", *tags)]
    if others:
        print(f"{path.name}: {len(others)} columns are no tags of the label set: {some(others)}")
    if table.index.has_duplicates:
        twice = table.index[table.index.duplicated()][0]
        raise ValueError(f"{path} has clip {twice} twice")
    return table[tags]


def _read_array(path, labels, tags):
    try:
        scores = np.load(path, allow_pickle=False)
    except (ValueError, EOFError, OSError):
        raise ValueError(f"{path} is not an array as numpy.save writes it") from None
    if not isinstance(scores, np.ndarray) or scores.dtype.kind not in "fiub":
        raise ValueError(f"{path} holds no array of numbers")
    if scores.shape != (len(labels), len(tags)):
        raise ValueError(
            f"{path} has the shape {scores.shape}; a row for each of the {len(labels):,} clips of "
            f"labels.csv and a column for each of its {len(tags)} tags are expected"
        )
    return pd.DataFrame(scores, index=labels.index, columns=tags)


def describe(path):
    """Return what tells a file of scores from others: its name and SHA-256."""
    return f"{path.name} {hashlib.sha256(path.read_bytes()).hexdigest()}"
