"""``results/<run>/``: the scores of a network and every number computed from them.

scores.npy    (n_clips, n_tags), float32: probabilities, validation clips and then test clips
scores.csv    clip_id, split and the same scores, for reading; rows and tags as in scores.npy
per_tag.csv   a row a tag, most frequent first; test clips
examples.csv  clip_id, actual tags, predicted tags of the clips in the figure
summary.json  averages, and what they belong to; written last
"""

import io
import json
from pathlib import Path

import numpy as np
import pandas as pd

from autotagging.files import write_whole

SEPARATOR = "; "  # between the tags of a clip


def folder_of(data, run):
    """Return the folder of a run's results."""
    return Path(data) / "results" / run


def write_scores(folder, scores, split, tags):
    """Write ``scores.csv`` and ``scores.npy``.

    Parameters
    ----------
    folder : Path
    scores : ndarray of shape (n_clips, n_tags), float32
    split : Series of str
        The part of each clip, by clip_id, in the order of `scores`.
    tags : list of str
    """
    folder.mkdir(parents=True, exist_ok=True)
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
    scores : ndarray of shape (n_clips, n_tags), float32
    split : Series of str
        By clip_id.
    tags : list of str
    """
    table = pd.read_csv(folder / "scores.csv", dtype={"clip_id": str}).set_index("clip_id")
    scores = np.load(folder / "scores.npy", allow_pickle=False)
    return scores, table["split"], table.columns.drop("split").tolist()


def write_numbers(folder, per_tag, examples, summary):
    """Write ``per_tag.csv``, ``examples.csv`` and, last, ``summary.json``.

    Parameters
    ----------
    folder : Path
    per_tag : DataFrame
        A row a tag, from `metrics.per_tag`.
    examples : list of dict
        clip_id, actual (list of tags), predicted (list of tags).
    summary : dict
    """
    rows = [
        {**e, **{key: SEPARATOR.join(e[key]) for key in ("actual", "predicted")}} for e in examples
    ]
    write_whole(folder / "per_tag.csv", per_tag.round(6).to_csv(index=False, lineterminator="\n"))
    write_whole(
        folder / "examples.csv",
        pd.DataFrame(rows).to_csv(index=False, lineterminator="\n"),
    )
    write_whole(folder / "summary.json", (json.dumps(summary, indent=2) + "\n"))


def read_per_tag(folder):
    """Read ``per_tag.csv``: a DataFrame with a row a tag."""
    return pd.read_csv(folder / "per_tag.csv", keep_default_na=False, na_values=[""])


def read_examples(folder):
    """Read ``examples.csv``: a list of dict with clip_id, actual and predicted tags."""
    table = pd.read_csv(folder / "examples.csv", dtype=str, keep_default_na=False)
    return [
        {
            "clip_id": row["clip_id"],
            **{key: [t for t in row[key].split(SEPARATOR) if t] for key in ("actual", "predicted")},
        }
        for _, row in table.iterrows()
    ]


def read_summary(folder):
    """Read ``summary.json``: a dict; None where the results are not finished."""
    path = folder / "summary.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else None
