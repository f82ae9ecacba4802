"""External scores: a file -> scores of the clips of a label set, to be evaluated like a network's.

CSV   a column clip_id and a column per tag, in any order, or separated by tabs; tags that it lacks
      are left out and named; further columns and clips are passed over and counted
.npy  (n_clips, n_tags), a row for each clip of ``labels/<set>/labels.csv`` and a column for each
      of its tags, in their order
"""

import tokenize

import numpy as np
import pandas as pd

from autotagging import user_tables
from autotagging.clips import clip_ids
from autotagging.formatting import count, list_some
from autotagging.results import scores
from autotagging.thresholds import choose_thresholds
from autotagging.user_tables import quote

HALF = "0.5: the file has no scores of validation clips"


def read(path, labels):
    """Read scores from a file.

    Parameters
    ----------
    path : Path
        ``.npy``, else taken for a CSV.
    labels : DataFrame
        As from `label_sets.read_labels`: split, then a column per tag.

    Returns
    -------
    Scores
        In double precision, of the validation and test clips that the file has; thresholds are
        chosen on the validation clips, 0.5 where it has none.

    Raises
    ------
    ValueError
        For a file without any tag of the label set or any test clip, clips that stand there twice,
        ids that were altered, as by a spreadsheet, values that are no probabilities.
    """
    tags = labels.columns.drop("split").tolist()
    is_array = path.suffix.lower() == ".npy"
    table = _read_array(path, labels, tags) if is_array else _read_csv(path, tags)
    clip_ids.refuse_altered(table.index, labels.index, path, "labels.csv")
    unknown = table.index.difference(labels.index)
    if len(unknown):
        print(f"{path.name}: {len(unknown):,} clips are not in the label set, such as {unknown[0]}")
    held_out = scores.list_parts(labels, held_out=True)
    n_test = (held_out == "test").sum()
    if not n_test:
        raise ValueError("the label set has no test clips to evaluate on")
    split = held_out[held_out.index.isin(table.index)]
    if not (split == "test").any():
        ids = [quote(clips[0]) if len(clips) else "none" for clips in (table.index, held_out.index)]
        raise ValueError(
            f"{path} has none of the {n_test:,} test clips: its first clip_id is {ids[0]}, one of "
            f"the label set {ids[1]}"
        )
    y_score, tags = table.loc[split.index], table.columns.tolist()
    outside = ~((y_score >= 0) & (y_score <= 1)).to_numpy()  # NaN is outside, too
    if outside.any():
        row, column = np.argwhere(outside)[0]
        raise ValueError(
            f"{path}, clip {split.index[row]}, tag {tags[column]}: {y_score.iloc[row, column]} is "
            "no probability, which lies between 0 and 1"
        )
    validation = split.index[split == "validation"]
    y_true = labels.loc[validation, tags].to_numpy()
    thresholds = choose_thresholds(y_true, y_score.loc[validation].to_numpy())
    chosen = scores.CHOSEN if len(validation) else HALF
    left_out = held_out.index[~held_out.index.isin(split.index)]
    return scores.Scores(
        y_score,
        pd.Series(thresholds, index=tags),
        chosen,
        pd.Series(f"not in {path.name}", index=left_out, dtype=str),
    )


def _read_csv(path, tags):
    """Return a DataFrame of float64 by clip_id, a column per tag it has in the order of `tags`."""
    header, _ = user_tables.read_header(path)
    found = [tag for tag in tags if tag in header]
    if "clip_id" not in header or not found:
        lacking = "clip_id" if "clip_id" not in header else list_some(tags)
        raise ValueError(
            f"{path} has no column {lacking}: one for clip_id and for tags of the label set are "
            "needed"
        )
    if missing := [tag for tag in tags if tag not in found]:
        lacking = f"{count(len(missing), 'tag')} of the label set: {list_some(missing, None)}"
        print(f"{path.name}: left out, as it lacks them: {lacking}")
    known = {"clip_id", "split", "file", *found}
    if extra_columns := [column for column in header if column not in known]:
        n_extra, names = len(extra_columns), list_some(extra_columns)
        print(f"{path.name}: {n_extra} columns are no tags of the label set: {names}")
    tags = found
    table = user_tables.read(path, dict.fromkeys(tags, np.float64))
    table = table.set_index(table["clip_id"].map(user_tables.normalise))[tags]
    if table.index.has_duplicates:
        twice = table.index[table.index.duplicated()][0]
        raise ValueError(f"{path} has clip {twice} twice")
    numbers = table.apply(pd.to_numeric, errors="coerce")
    if numbers.isna().any(axis=None):
        row, column = np.argwhere(numbers.isna())[0]
        clip_id, value = table.index[row], quote(table.iloc[row, column])
        raise ValueError(f"{path}, clip {clip_id}, tag {tags[column]}: {value} is not a number")
    return numbers.astype(np.float64)


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
