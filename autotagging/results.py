"""``results/<run>/``: scores and every number computed from them.

scores.npy       (n_clips, n_tags), float32: probabilities, validation clips and then test clips
scores.csv       clip_id, split and the same scores, for reading; rows and tags as in scores.npy
left_out.csv     clip_id, split, reason: validation and test clips of the label set without scores
per_tag.csv      a row a tag, most frequent first; test clips
curves.csv       tag, at, roc, pr: both curves of every tag on a grid
reliability.csv  low, high, pairs, score, share: how often a tag is there where it is scored so
confusions.csv   tag, missed (clips), then the share of these that were given the column's tag
examples.csv     clip_id, reason, in_figure, actual and predicted tags of the clips shown
summary.json     averages, and what they belong to; written last
table.md, .tex   the averages, for a paper, where asked for
"""

import io
import json
from pathlib import Path

import numpy as np
import pandas as pd

from autotagging.files import write_whole

SEPARATOR = "; "  # between the tags of a clip
TABLES = ("per_tag", "curves", "reliability", "confusions")


def folder_of(data, run):
    """Return the folder of a run's results."""
    return Path(data) / "results" / run


def list_finished(data):
    """Return the names of finished results."""
    return sorted(path.parent.name for path in (Path(data) / "results").glob("*/summary.json"))


def write_scores(folder, scores, split, tags):
    """Write ``scores.csv`` and ``scores.npy``; what was computed from others before is undone.

    Parameters
    ----------
    folder : Path
    scores : ndarray of shape (n_clips, n_tags), float32
    split : Series of str
        The part of each clip, by clip_id, in the order of `scores`.
    tags : list of str
    """
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "summary.json").unlink(missing_ok=True)  # first: numbers of other scores
    table = pd.concat([split, pd.DataFrame(scores, columns=tags, index=split.index)], axis=1)
    text = table.to_csv(index_label="clip_id", float_format="%.6f", lineterminator="\n")
    write_whole(folder / "scores.csv", text)
    buffer = io.BytesIO()
    np.save(buffer, scores.astype(np.float32), allow_pickle=False)
    write_whole(folder / "scores.npy", buffer.getvalue())


def read_scores(folder):
    """Read scores.

    Returns
    -------
    y_score : DataFrame of shape (n_clips, n_tags), float32
        Indexed by clip_id.
    split : Series of str
        By clip_id.

    Raises
    ------
    ValueError
        Where they are not there, or damaged.
    """
    try:
        table = pd.read_csv(folder / "scores.csv", dtype={"clip_id": str}, keep_default_na=False)
        table = table.set_index("clip_id")
        scores = np.load(folder / "scores.npy", allow_pickle=False)
        tags = table.columns.drop("split")
        return pd.DataFrame(scores, index=table.index, columns=tags), table["split"]
    except (OSError, ValueError, KeyError):
        raise ValueError(
            f"{folder} has no scores, or they are damaged: run 4_evaluate.py --force"
        ) from None


def write_left_out(folder, left_out):
    """Write ``left_out.csv``: a DataFrame indexed by clip_id with split and reason."""
    text = left_out.to_csv(index_label="clip_id", lineterminator="\n")
    write_whole(folder / "left_out.csv", text)


def read_left_out(folder):
    """Read ``left_out.csv``: a DataFrame indexed by clip_id with split and reason."""
    table = pd.read_csv(folder / "left_out.csv", dtype=str, keep_default_na=False)
    return table.set_index("clip_id")


def write_numbers(folder, tables, examples, summary):
    """Write the tables, ``examples.csv`` and, last, ``summary.json``.

    Parameters
    ----------
    folder : Path
    tables : dict
        `TABLES` -> DataFrame.
    examples : list of dict
        clip_id, reason, in_figure (bool), actual (list of tags), predicted (list of tags).
    summary : dict
        No NaN in it.
    """
    for name in TABLES:
        text = tables[name].round(6).to_csv(index=False, lineterminator="\n")
        write_whole(folder / f"{name}.csv", text)
    rows = [
        {
            "clip_id": e["clip_id"],
            "reason": e["reason"],
            "in_figure": int(e["in_figure"]),
            **{key: SEPARATOR.join(e[key]) for key in ("actual", "predicted")},
        }
        for e in examples
    ]
    write_whole(
        folder / "examples.csv", pd.DataFrame(rows).to_csv(index=False, lineterminator="\n")
    )
    text = json.dumps(summary, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    write_whole(folder / "summary.json", text)


def read_table(folder, name):
    """Read one of `TABLES`: a DataFrame."""
    return pd.read_csv(folder / f"{name}.csv", keep_default_na=False, na_values=[""])


def read_examples(folder):
    """Read ``examples.csv``: a list of dict as `write_numbers` takes."""
    table = pd.read_csv(folder / "examples.csv", dtype=str, keep_default_na=False)
    return [
        {
            "clip_id": row["clip_id"],
            "reason": row["reason"],
            "in_figure": row["in_figure"] == "1",
            **{key: [t for t in row[key].split(SEPARATOR) if t] for key in ("actual", "predicted")},
        }
        for _, row in table.iterrows()
    ]


def read_summary(folder):
    """Read ``summary.json``: a dict; None where the results are not finished."""
    path = folder / "summary.json"
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
