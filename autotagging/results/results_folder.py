"""``results/<run>/``: scores and every number computed from them.

scores.npy       (n_clips, n_tags): probabilities, validation clips and then test clips; all tags
                 of the label set, or those of them that a network knows
scores.csv       clip_id, split and the same scores, for reading; rows and tags as in scores.npy
thresholds.csv   tag, threshold: a score at or above it gives the tag
tag_weights.npy  (n_tags, n_inputs): of a network, the weights of its last layer; rows as in
                 thresholds.csv
left_out.csv     clip_id, split, reason: validation and test clips of the label set without scores
per_tag.csv      a row per tag, most frequent first; test clips
curves.csv       tag, at, roc, pr: both curves of every tag on a grid
reliability.csv  low, high, pairs, score, share: how often a tag is there where it is scored so
confusions.csv   tag, missed (clips), then the share of these that were given the column's tag
examples.csv     clip_id, reason, in_figure, actual and predicted tags of the clips shown
*.png            figures; report.html all of it in one page
without_audio.csv  clip_id, reason: clips that are silent in report.html, where there are any
summary.json     averages, and what they belong to; written last
"""

import csv
import io
from pathlib import Path

import pandas as pd

from autotagging import steps
from autotagging.clips import inventory
from autotagging.features import side_by_side
from autotagging.files import write_array, write_table
from autotagging.labels import label_sets
from autotagging.results import scores

DEFAULT = "vgg"
TABLES = ("per_tag", "curves", "reliability", "confusions")
WITHOUT_AUDIO = "without_audio.csv"


def folder_of(data, name):
    """Return the folder of results."""
    return Path(data) / "results" / name


def check_current(data, name):
    """Return the summary of finished results; refuse those of another network, labels or clips."""
    folder = folder_of(data, name)
    settings = steps.read_summary(folder)["settings"]
    clip_ids = label_sets.read_labels(data, settings["labels"]).index
    if settings.get("features"):  # of a network
        side_by_side.check_audio(data, settings["features"], clip_ids)
    return steps.check_current(data, folder, clip_ids)


def find_current(data, name, label_set):
    """Return whose results are used; None where no one is named and there are none.

    Where there are results, but none that are taken without being named, that is said.

    Parameters
    ----------
    data : Path
    name : str or None
    label_set : str
        That they have to be of.
    """
    wanted = name or DEFAULT
    try:
        summary = check_current(data, wanted)
        if summary["settings"]["labels"] != label_set:
            raise ValueError(f"results/{wanted} are not of label set {label_set}")
    except ValueError as error:
        if name:
            raise
        if steps.list_finished(data / "results"):
            print(f"no network: {error}; other results are named with --results")
        return None
    return wanted


def list_inputs(data, name):
    """Return the files that tell results from others, whenever they were computed.

    None for a name that is None.
    """
    if name is None:
        return []
    folder = folder_of(data, name)
    paths = [folder / file for file in ("scores.npy", "thresholds.csv", "per_tag.csv")]
    return [*paths, *folder.glob("tag_weights.npy")]


def read_by_tag(data, name):
    """Return what results say of each tag that they have scores of, all or some of the label set.

    Three times None for a name that is None.

    Returns
    -------
    roc_aucs : Series by tag
    weights : DataFrame of shape (n_scored_tags, n_inputs)
        None for external scores.
    scored : ScoredClips
    """
    if name is None:
        return None, None, None
    folder, scored = folder_of(data, name), read_scored_clips(data, name)
    roc_aucs = read_per_tag(folder, scored.tags)["roc_auc"]
    return roc_aucs, read_tag_weights(folder), scored


def read_scored_clips(data, name):
    """Read scores beside the labels and clips of the dataset: ScoredClips.

    Raises
    ------
    ValueError
        Where scores and thresholds are not of the same tags, or not of the label set's.
    """
    folder = folder_of(data, name)
    label_set = steps.read_summary(folder)["settings"]["labels"]
    labels = label_sets.read_labels(data, label_set)
    y_score, thresholds = read_scores(folder), read_thresholds(folder)
    if not (y_score.columns.isin(labels.columns).all() and y_score.index.isin(labels.index).all()):
        raise steps.damaged(folder / "scores.csv")
    if not thresholds.index.equals(y_score.columns):
        raise steps.damaged(folder / "thresholds.csv")
    return scores.ScoredClips(labels, inventory.read_clips(data), y_score, thresholds)


def write_scores(folder, scores, split):
    """Write the scores of clips, and all that evaluating them takes.

    Parameters
    ----------
    folder : Path
    scores : Scores
    split : Series of str
        Part by clip_id.
    """
    table = pd.concat([split[scores.y_score.index], scores.y_score], axis=1)
    left_out = {"split": split[scores.left_out.index], "reason": scores.left_out}
    left_out = pd.DataFrame(left_out, dtype=str)
    write_table(folder / "left_out.csv", left_out, index_label="clip_id")
    write_table(folder / "scores.csv", table, index_label="clip_id")
    thresholds = scores.thresholds.rename("threshold")
    write_table(folder / "thresholds.csv", thresholds, index_label="tag")
    write_array(folder / "scores.npy", scores.y_score.to_numpy())
    (folder / "tag_weights.npy").unlink(missing_ok=True)
    if scores.tag_weights is not None:
        write_array(folder / "tag_weights.npy", scores.tag_weights)


def read_scores(folder):
    """Read scores: a DataFrame of shape (n_clips, n_tags), indexed by clip_id.

    Raises
    ------
    ValueError
        Where they are not there, or damaged.
    """
    table = steps.read_table(folder / "scores.csv", "clip_id", dtype={"clip_id": str})
    table = table.drop(columns="split", errors="ignore")
    scores = steps.read_array(folder / "scores.npy", table.shape)
    return pd.DataFrame(scores, table.index, table.columns)


def read_thresholds(folder):
    """Read the threshold of each tag: Series by tag."""
    types = {"tag": str, "threshold": float}
    reading = {"usecols": list(types), "dtype": types}
    return steps.read_table(folder / "thresholds.csv", "tag", **reading)["threshold"]


def read_tag_weights(folder):
    """Read the weights of each tag in a network's last layer; None for external scores.

    Returns
    -------
    DataFrame of shape (n_tags, n_inputs)
        Indexed by tag, as ``thresholds.csv`` has them.

    Raises
    ------
    ValueError
        Where there is not a row per threshold.
    """
    path = folder / "tag_weights.npy"
    if not path.exists():
        return None
    weights, tags = steps.read_array(path), read_thresholds(folder).index
    if weights.ndim != 2 or len(weights) != len(tags):
        raise steps.damaged(path)
    return pd.DataFrame(weights, index=tags)


def read_left_out(folder):
    """Read ``left_out.csv``: a DataFrame indexed by clip_id with split and reason."""
    reading = {"usecols": ["clip_id", "split", "reason"], "dtype": str}
    return steps.read_table(folder / "left_out.csv", "clip_id", **reading)


def write_tables(folder, tables, examples):
    """Write the tables and ``examples.csv``.

    Parameters
    ----------
    folder : Path
    tables : dict
        `TABLES` -> DataFrame.
    examples : list of dict
        clip_id, reason, in_figure (bool), actual (list of tags), predicted (list of tags).
    """
    for name in TABLES:
        write_table(folder / f"{name}.csv", tables[name].round(6), index=False)
    rows = pd.DataFrame(examples).astype({"in_figure": int})
    rows[["actual", "predicted"]] = rows[["actual", "predicted"]].map(_join)
    write_table(folder / "examples.csv", rows, index=False)


def _join(tags):
    """Return tags in one cell, separated by ``;`` and quoted where they hold one themselves."""
    line = io.StringIO()
    csv.writer(line, delimiter=";", lineterminator="").writerow(tags)
    return line.getvalue()


def _split(cell):
    return next(csv.reader([cell], delimiter=";"), [])


def read_table(folder, name):
    """Read one of `TABLES`: a DataFrame."""
    return steps.read_table(folder / f"{name}.csv", na_values=[""], dtype={"tag": str})


def read_per_tag(folder, tags):
    """Read the measures of each tag: a DataFrame indexed by tag, in their order.

    Raises
    ------
    ValueError
        Where they are not of these tags.
    """
    table = read_table(folder, "per_tag")
    if not {"tag", "roc_auc"} <= set(table.columns) or set(table["tag"]) != set(tags):
        raise steps.damaged(folder / "per_tag.csv")
    return table.set_index("tag").loc[tags]


def read_examples(folder):
    """Read ``examples.csv``: a list of dict as `write_tables` takes."""
    table = steps.read_table(folder / "examples.csv", dtype={"clip_id": str, "in_figure": bool})
    table[["actual", "predicted"]] = table[["actual", "predicted"]].map(_split)
    return table.to_dict("records")


def write_without_audio(folder, reasons):
    """Write ``without_audio.csv``, reasons by clip_id; remove it where there are none."""
    path = folder / WITHOUT_AUDIO
    if reasons:
        write_table(path, pd.DataFrame(reasons.items(), columns=["clip_id", "reason"]), index=False)
    else:
        path.unlink(missing_ok=True)


def read_without_audio(folder):
    """Read ``without_audio.csv``: a dict of reasons by clip_id, empty where it is not there."""
    if not (folder / WITHOUT_AUDIO).exists():
        return {}
    reading = {"usecols": ["clip_id", "reason"], "dtype": str}
    return steps.read_table(folder / WITHOUT_AUDIO, "clip_id", **reading)["reason"].to_dict()
