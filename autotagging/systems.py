"""What is evaluated: a trained network, or the scores of anybody's."""

from pathlib import Path

import numpy as np
import pandas as pd

from autotagging import (
    clips,
    feature_store,
    labels,
    metrics,
    models,
    native_stderr,
    prediction,
    results,
    scores_file,
    splits,
)


def describe(data, name, scores=None, label_set=None):
    """Return what is to be known of a system before it is evaluated.

    Parameters
    ----------
    data : Path
    name : str
        Of the run, or of the results of a file of scores.
    scores : Path, optional
        The file, where it is one.
    label_set : str, optional
        That the file is judged by.

    Returns
    -------
    dict
        source (tells it from others), label_set, model (its run.json; None for a file),
        scores_file (path; None for a network).

    Raises
    ------
    ValueError
        Where the run is not there, its labels have changed, or the name of a file's results is
        that of a run.
    """
    if scores is None:
        run = models.read_run(data, name)
        labels.check_unchanged(data, run["settings"]["labels"], run["settings"]["labels_sha256"])
        return {
            "source": models.describe_source(data, name),
            "label_set": run["settings"]["labels"],
            "model": run,
            "scores_file": None,
        }
    if name in models.list_runs(data):
        raise ValueError(f"models/{name} has that name: call the results otherwise with --name")
    label_set = labels.find_set(data, label_set)
    return {
        "source": f"{scores_file.describe(scores)}, {labels.describe_source(data, label_set)}",
        "label_set": label_set,
        "model": None,
        "scores_file": scores,
    }


def score(data, name, system):
    """Return the system's scores of the validation and test clips.

    Parameters
    ----------
    data, name
        As of `describe`.
    system : dict
        From `describe`.

    Returns
    -------
    scores : ndarray of shape (n_clips, n_tags), float32
        Probabilities, validation clips first, tags in the order of the label set.
    split : Series of str
        Part of each clip, by clip_id.
    left_out : DataFrame
        Indexed by clip_id: split and reason, of the validation and test clips without scores.
    """
    table = labels.read_labels(data, system["label_set"])
    if system["scores_file"]:
        scores, split, absent = scores_file.read(system["scores_file"], table)
        reasons = dict.fromkeys(absent, f"not in {system['scores_file'].name}")
    else:
        scores, split, reasons = _score_by_network(data, name, system["model"]["settings"], table)
    left_out = pd.DataFrame({"split": table.loc[list(reasons), "split"], "reason": reasons})
    return scores, split, left_out


def _score_by_network(data, name, settings, table):
    store = settings["features"]
    if feature_store.fingerprint(data, store, table.index) != settings["features_made_from"]:
        raise ValueError(
            f"features/{store} was made with other settings or from other audio since the network "
            "was trained: train again with 3_train_cnn.py --force"
        )
    with native_stderr.silenced():
        network, _ = models.load(models.folder_of(data, name) / "model.keras")
    split = table["split"].iloc[np.argsort(table["split"].map(splits.PARTS.index), kind="stable")]
    split = split[split != "train"]
    array, rows, _ = feature_store.open_store(data, store, split.index)
    failed = feature_store.read_failed(data, store)
    reasons = failed[failed.index.isin(split.index)].to_dict()
    return prediction.score_clips(network, array, rows.to_numpy()), split[rows.index], reasons


def judge(data, name, system, scored):
    """Return what an evaluation needs of a system.

    Parameters
    ----------
    data, name, system
        As of `score`.
    scored : tuple (DataFrame, Series)
        Scores and part of the clips, from `results.read_scores`.

    Returns
    -------
    judged : dict
        labels, clips, y_score, thresholds: see `evaluation.evaluate`.
    where : str
        Where the thresholds come from.
    """
    y_score, split = scored
    tags, table = y_score.columns, labels.read_labels(data, system["label_set"])
    judged = {"labels": table, "clips": clips.read_clips(data), "y_score": y_score}
    where = "per tag the highest F1 on the validation clips, of all tags pooled where fewer than 5 "
    where += "clips have it; "
    if system["model"]:
        description = models.read_description(models.folder_of(data, name) / "model.keras")
        thresholds, where = description["thresholds"], where + "kept in the model"
    elif (split == "validation").any():
        there = split.index[split == "validation"]
        true, score = table.loc[there, tags].to_numpy(), y_score.loc[there].to_numpy()
        thresholds = metrics.best_thresholds(true, score)
        where += "chosen when the file was evaluated"
    else:
        thresholds, where = 0.5, "0.5: the file has no scores of validation clips"
    return {**judged, "thresholds": pd.Series(thresholds, index=tags)}, where


def describe_data(data, label_set):
    """Return what numbers of a label set belong to: dataset, label set, split, clips, tags."""
    about, table = labels.read_summary(data, label_set), labels.read_labels(data, label_set)
    counts = table["split"].value_counts().reindex(list(splits.PARTS), fill_value=0)
    return {
        **{key: about[key] for key in ("dataset", "note", "citation")},
        "label_set": label_set,
        "split": about["settings"]["split"],
        "clips": counts.to_dict(),
        "tags": table.columns.drop("split").tolist(),
    }


def read_other(data, other, label_set):
    """Return the test scores of a system to compare with, and what tells it from others.

    Parameters
    ----------
    data : Path
    other : str
        Name of finished results, or path of a file of scores.
    label_set : str
        Whose clips a file is read for.

    Returns
    -------
    DataFrame of shape (n_clips, n_tags)
    str

    Raises
    ------
    ValueError
        Where there is no such file and no such results.
    """
    folder = results.folder_of(data, other)
    if Path(other).is_file():
        table = labels.read_labels(data, label_set)
        scores, split, _ = scores_file.read(Path(other), table)
        y_score = pd.DataFrame(scores, index=split.index, columns=table.columns.drop("split"))
        source = scores_file.describe(Path(other))
    elif results.read_summary(folder):
        y_score, split = results.read_scores(folder)
        source = results.read_summary(folder)["made_from"]["system"]
    else:
        raise ValueError(
            f"--compare {other}: neither a file of scores nor evaluated: run 4_evaluate.py "
            f"--model {other} first"
        )
    return y_score[split == "test"], source
