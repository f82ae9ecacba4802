"""What is evaluated: a trained network, or the scores of anybody's."""

from pathlib import Path

import numpy as np
import pandas as pd

from autotagging import (
    annotations,
    clips,
    evaluation,
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

CHOSEN = (
    "per tag the highest F1 on the validation clips, of all tags pooled where fewer than 5 clips "
    "have it"
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


def describe_again(data, name):
    """Return what is to be known of a network, or of a file of scores that was evaluated before.

    Parameters
    ----------
    data : Path
    name : str
        Of a finished run or of finished results.

    Returns
    -------
    dict
        As from `describe`. The scores of a file are with its results: it need not be there.

    Raises
    ------
    ValueError
        Where the labels have changed since, or the network is gone.
    """
    if name in models.list_runs(data):
        return describe(data, name)
    summary = results.read_summary(results.folder_of(data, name))
    if summary["model"]:
        raise ValueError(f"models/{name} is gone: remove results/{name}, or train it again")
    source, label_set = summary["made_from"]["system"], summary["label_set"]
    if not source.endswith(labels.describe_source(data, labels.find_set(data, label_set))):
        raise ValueError(f"labels/{label_set} has changed: evaluate {name} again with --scores")
    return {
        "source": source,
        "label_set": label_set,
        "model": None,
        "scores_file": Path(summary["scores_file"]),
    }


def refuse_to_replace(data, name, system):
    """Refuse to put results in the place of those of a file of scores that is another.

    Raises
    ------
    ValueError
        Naming the file.
    """
    before = results.read_summary(results.folder_of(data, name))
    if not before or not before["scores_file"]:
        return
    if before["made_from"]["system"] != system["source"]:
        raise ValueError(
            f"results/{name} are of other scores or labels ({before['scores_file']}): replace "
            "them with --force, or name these otherwise with --name"
        )


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
    y_score : DataFrame of shape (n_clips, n_tags)
        Probabilities, validation clips first, tags in the order of the label set.
    split : Series of str
        Part of each clip, by clip_id.
    left_out : DataFrame
        Indexed by clip_id: split and reason, of the validation and test clips without scores.
    """
    table = labels.read_labels(data, system["label_set"])
    if system["scores_file"]:
        y_score, split, absent = scores_file.read(system["scores_file"], table)
        reasons = dict.fromkeys(absent, f"not in {system['scores_file'].name}")
    else:
        y_score, split, reasons = _score_by_network(data, name, system["model"]["settings"], table)
    left_out = pd.DataFrame({"split": table.loc[list(reasons), "split"], "reason": reasons})
    return y_score, split, left_out


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
    scores = prediction.score_clips(network, array, rows.to_numpy())
    tags = table.columns.drop("split")
    return pd.DataFrame(scores, index=rows.index, columns=tags), split[rows.index], reasons


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
    if not tags.equals(table.columns.drop("split")) or not split.index.isin(table.index).all():
        raise ValueError(f"the scores of results/{name} are of other clips or tags: use --force")
    if not (split == "test").any():
        raise ValueError("there are no test clips with scores to evaluate on")
    validation = split.index[split == "validation"]
    if system["model"]:
        description = models.read_description(models.folder_of(data, name) / "model.keras")
        thresholds, where = description["thresholds"], f"{CHOSEN}; kept in the model"
    elif len(validation):
        true, score = table.loc[validation, tags].to_numpy(), y_score.loc[validation].to_numpy()
        thresholds, where = metrics.best_thresholds(true, score), CHOSEN
    else:
        thresholds, where = 0.5, "0.5: the file has no scores of validation clips"
    return {
        "labels": table,
        "clips": clips.read_clips(data),
        "y_score": y_score,
        "thresholds": pd.Series(thresholds, index=tags),
    }, where


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


def count_without_artist(judged):
    """Return how many test clips name no artist, so that each stands for one of its own."""
    clip_ids = evaluation.test_clips(judged)
    own = annotations.own_name(clip_ids.to_series())
    return int((judged["clips"].loc[clip_ids, "artist"] == own).sum())


def read_other(data, other, label_set):
    """Return the test scores of a system to compare with, and what tells it from others.

    Parameters
    ----------
    data : Path
    other : str or Path
        Name of finished results, or a file of scores.
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
    if isinstance(other, Path):
        y_score, split, _ = scores_file.read(other, labels.read_labels(data, label_set))
        return y_score[split == "test"], scores_file.describe(other)
    folder = results.folder_of(data, other)
    summary = results.read_summary(folder)
    if not summary:
        raise ValueError(
            f"--compare {other}: neither a file of scores nor the name of finished results: "
            f"evaluate it first, with --model or --scores"
        )
    source = summary["made_from"]["system"]
    if other in models.list_runs(data) and source != models.describe_source(data, other):
        raise ValueError(
            f"--compare {other}: trained anew since it was evaluated: run 4_evaluate.py --model "
            f"{other} first"
        )
    y_score, split = results.read_scores(folder)
    return y_score[split == "test"], source
