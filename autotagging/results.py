"""``results/<run>/``: scores and every number computed from them.

scores.npy       (n_clips, n_tags): probabilities, validation clips and then test clips
scores.csv       clip_id, split and the same scores, for reading; rows and tags as in scores.npy
left_out.csv     clip_id, split, reason: validation and test clips of the label set without scores
per_tag.csv      a row a tag, most frequent first; test clips
curves.csv       tag, at, roc, pr: both curves of every tag on a grid
reliability.csv  low, high, pairs, score, share: how often a tag is there where it is scored so
confusions.csv   tag, missed (clips), then the share of these that were given the column's tag
examples.csv     clip_id, reason, in_figure, actual and predicted tags of the clips shown
summary.json     averages, and what they belong to; written last
table.md, .tex   the averages, for a paper, where asked for
report.html      all of it, to look at

New numbers undo everything that was made of the old ones before they are written, so that what
stands together belongs together, whenever a run is killed.
"""

import csv
import io
import json
from pathlib import Path

import numpy as np
import pandas as pd

from autotagging.files import write_whole

TABLES = ("per_tag", "curves", "reliability", "confusions")
SCORES = ("scores.npy", "scores.csv", "left_out.csv")
NUMBERS = (*(f"{name}.csv" for name in TABLES), "examples.csv", "summary.json")
MADE_OF_NUMBERS = ("table.md", "table.tex", "report.html")


def folder_of(data, run):
    """Return the folder of a run's results."""
    return Path(data) / "results" / run


def list_finished(data):
    """Return the names of finished results."""
    folders = sorted(path.parent for path in (Path(data) / "results").glob("*/summary.json"))
    return [folder.name for folder in folders if read_summary(folder) is not None]


def write_scores(folder, y_score, split, left_out):
    """Write ``scores.csv``, ``scores.npy`` and ``left_out.csv``.

    Parameters
    ----------
    folder : Path
    y_score : DataFrame of shape (n_clips, n_tags)
        Indexed by clip_id.
    split : Series of str
        The part of each clip, in the order of `y_score`.
    left_out : DataFrame
        Indexed by clip_id: split and reason.
    """
    folder.mkdir(parents=True, exist_ok=True)
    _undo_numbers(folder)
    (folder / "scores.npy").unlink(missing_ok=True)  # the last of the three: all are there
    text = left_out.to_csv(index_label="clip_id", lineterminator="\n")
    write_whole(folder / "left_out.csv", text)
    table = pd.concat([split, y_score], axis=1)
    text = table.to_csv(index_label="clip_id", lineterminator="\n")
    write_whole(folder / "scores.csv", text)
    buffer = io.BytesIO()
    np.save(buffer, y_score.to_numpy(), allow_pickle=False)
    write_whole(folder / "scores.npy", buffer.getvalue())


def _undo_numbers(folder):
    for file in ("summary.json", *MADE_OF_NUMBERS):
        (folder / file).unlink(missing_ok=True)


def read_scores(folder):
    """Read scores.

    Returns
    -------
    y_score : DataFrame of shape (n_clips, n_tags)
        Indexed by clip_id.
    split : Series of str
        By clip_id.

    Raises
    ------
    ValueError
        Where they are not there, or damaged.
    """
    try:
        types = {"clip_id": str, "split": str}
        table = pd.read_csv(folder / "scores.csv", dtype=types, keep_default_na=False)
        table = table.set_index("clip_id")
        scores = np.load(folder / "scores.npy", allow_pickle=False)
        tags = table.columns.drop("split")
        y_score = pd.DataFrame(scores, index=table.index, columns=tags)
        if not np.isfinite(scores).all():
            raise ValueError
    except (OSError, EOFError, ValueError, KeyError, TypeError):
        raise _damaged(folder, "scores") from None
    return y_score, table["split"]


def _damaged(folder, what):
    return ValueError(f"{folder}: {what} are gone or damaged: run 4_evaluate.py with --force")


def read_left_out(folder):
    """Read ``left_out.csv``: a DataFrame indexed by clip_id with split and reason."""
    return _read(folder / "left_out.csv", dtype=str).set_index("clip_id")


def _read(path, **reading):
    try:
        return pd.read_csv(path, keep_default_na=False, **reading)
    except (OSError, ValueError):
        raise _damaged(path.parent, path.name) from None


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
    text = json.dumps(summary, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    _undo_numbers(folder)
    for name in TABLES:
        rows = tables[name].round(6).to_csv(index=False, lineterminator="\n")
        write_whole(folder / f"{name}.csv", rows)
    rows = [
        {
            "clip_id": e["clip_id"],
            "reason": e["reason"],
            "in_figure": int(e["in_figure"]),
            **{key: _join(e[key]) for key in ("actual", "predicted")},
        }
        for e in examples
    ]
    write_whole(
        folder / "examples.csv", pd.DataFrame(rows).to_csv(index=False, lineterminator="\n")
    )
    write_whole(folder / "summary.json", text)


def _join(tags):
    """Return tags in one cell, separated by ``;`` and quoted where they hold one themselves."""
    line = io.StringIO()
    csv.writer(line, delimiter=";", lineterminator="").writerow(tags)
    return line.getvalue()


def _split(cell):
    return next(csv.reader([cell], delimiter=";"), [])


def read_table(folder, name):
    """Read one of `TABLES`: a DataFrame."""
    return _read(folder / f"{name}.csv", na_values=[""], dtype={"tag": str})


def read_examples(folder):
    """Read ``examples.csv``: a list of dict as `write_numbers` takes."""
    return [
        {
            "clip_id": row["clip_id"],
            "reason": row["reason"],
            "in_figure": row["in_figure"] == "1",
            **{key: _split(row[key]) for key in ("actual", "predicted")},
        }
        for _, row in _read(folder / "examples.csv", dtype=str).iterrows()
    ]


def read_summary(folder):
    """Read ``summary.json``: a dict; None where the results are not finished, or not of now.

    Results with a file missing are not finished; those of an earlier version are made anew.
    """
    if not all((folder / file).exists() for file in (*SCORES, *NUMBERS)):
        return None
    try:
        summary = json.loads((folder / "summary.json").read_text(encoding="utf-8"))
        summary["made_from"]["system"], summary["rows"], summary["baselines"]["prevalence"]
    except (OSError, ValueError, TypeError, KeyError):
        return None
    return summary
