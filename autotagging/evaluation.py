"""Scores and labels -> every number of ``results/<run>/``: rows of clips, intervals, a comparison.

Tables are indexed by clip_id with a column a tag: `y_true` of bool, `y_score` of probabilities.
"""

import numpy as np
import pandas as pd

from autotagging import bootstrap, metrics
from autotagging.files import some
from autotagging.splits import heard_in_training
from autotagging.vocabulary import merge_synonyms

AREAS = ("roc_auc", "pr_auc")
TEST, HEARD, UNHEARD, VALIDATION = (
    "test",
    "test, artist heard in training",
    "test, artist not heard",
    "validation",
)


def evaluate(judged, how):
    """Return the averages of every group of clips, and the tables of the test clips.

    Parameters
    ----------
    judged : dict
        labels (DataFrame of every clip of the label set: split, then a column a tag), clips
        (artist, album, track by clip_id), y_score (DataFrame of the validation and test clips),
        thresholds (Series by tag).
    how : dict
        unit, draws, seed of the bootstrap.

    Returns
    -------
    rows : dict
        Name of the group -> averages, see `measure`; the test clips first.
    tables : dict
        per_tag, curves, reliability, confusions: DataFrame.
    """
    rows = {
        name: measure(_labels_of(judged, there), judged, how)
        for name, there in groups_of_clips(judged).items()
    }
    y_true, tags = test_labels(judged), judged["y_score"].columns.tolist()
    true, score = y_true.to_numpy(), judged["y_score"].loc[y_true.index].to_numpy()
    predicted = score >= judged["thresholds"][tags].to_numpy()
    tables = {
        "per_tag": per_tag(y_true, judged, how),
        "curves": metrics.curves(true, score, tags),
        "reliability": metrics.reliability(true, score),
        "confusions": metrics.confusions(true, predicted, tags),
    }
    return rows, tables


def test_clips(judged):
    """Return the clip_id of the test clips with scores."""
    scored = judged["y_score"].index
    return scored[judged["labels"].loc[scored, "split"] == "test"]


def test_labels(judged):
    """Return the labels of the test clips with scores: DataFrame of shape (n_clips, n_tags)."""
    return _labels_of(judged, test_clips(judged))


def _labels_of(judged, clip_ids):
    return judged["labels"].loc[clip_ids, judged["y_score"].columns]


def groups_of_clips(judged):
    """Return the groups of clips that are evaluated: name -> Index of clip_id; some are empty."""
    scored = judged["y_score"].index
    test = judged["labels"].loc[scored, "split"] == "test"
    heard = heard_in_training(judged["labels"], judged["clips"]["artist"])[scored]
    there = {TEST: test, HEARD: test & heard, UNHEARD: test & ~heard, VALIDATION: ~test}
    return {name: scored[mask.to_numpy()] for name, mask in there.items()}


def with_synonyms_merged(judged, synonyms):
    """Return what is judged with labels and scores of synonyms merged by maximum.

    Parameters
    ----------
    judged : dict
    synonyms : dict
        synonym -> tag.

    Returns
    -------
    dict
        With tags in the order of frequency, and thresholds chosen anew on the validation clips
        (0.5 where there are none).
    """
    y_score = merge_synonyms(judged["y_score"], synonyms)
    labels = judged["labels"]
    merged = merge_synonyms(labels.drop(columns="split"), synonyms)
    tags = merged.sum().sort_values(ascending=False, kind="stable").index
    labels = pd.concat([labels["split"], merged[tags]], axis=1)
    judged = {**judged, "labels": labels, "y_score": y_score[tags]}
    validation = groups_of_clips(judged)[VALIDATION]
    thresholds = metrics.best_thresholds(
        _labels_of(judged, validation).to_numpy(), judged["y_score"].loc[validation].to_numpy()
    )
    return {**judged, "thresholds": pd.Series(thresholds, index=tags)}


def measure(y_true, judged, how):
    """Return every average over the tags for some clips.

    Parameters
    ----------
    y_true : DataFrame of shape (n_clips, n_tags), bool
        What their scores are held against.
    judged, how : dict
        As of `evaluate`.

    Returns
    -------
    dict
        clips, groups (how many are drawn from), tags (averaged over), tags_left_out (no clip has
        them, or every clip); macro and micro averages of roc_auc and pr_auc, the macro ones with
        value, low and high; at_half and at_thresholds: macro and micro averages of accuracy,
        recall, precision and f1; calibration. None where there is nothing to average.
    """
    true, score = y_true.to_numpy(), judged["y_score"].loc[y_true.index].to_numpy()
    there = metrics.are_averaged(true)
    predicted = score >= judged["thresholds"][y_true.columns].to_numpy()
    groups = bootstrap.groups_of(judged["clips"].loc[y_true.index], how["unit"])
    row = {
        "clips": len(true),
        "groups": len(np.unique(groups)),
        "tags": int(there.sum()),
        "tags_left_out": y_true.columns[~there].tolist(),
        **metrics.averages(true[:, there], score[:, there]),
        "at_half": metrics.averages_of_decisions(true[:, there], score[:, there] >= 0.5),
        "at_thresholds": metrics.averages_of_decisions(true[:, there], predicted[:, there]),
        "calibration": {
            "brier": metrics.mean(metrics.brier(true, score)[there]),
            "expected_calibration_error": metrics.calibration_error(true, score),
        }
        if len(true)
        else None,
    }
    draws = _draw(true[:, there], score[:, there], groups, how)
    for name, values in zip(AREAS, draws, strict=True):
        row["macro"][name] = _with_interval(row["macro"][name], bootstrap.macro(values))
    return row


def _draw(y_true, y_score, groups, how):
    """Return both areas of every tag in every sample: two of shape (n_draws, n_tags)."""
    if not y_true.size:
        return np.full((2, how["draws"], 1), np.nan)
    return bootstrap.areas(
        y_true, y_score, groups, bootstrap.draw(groups, how["draws"], how["seed"])
    )


def _with_interval(value, draws):
    low, high = bootstrap.interval(draws)
    return {"value": value, "low": _or_none(low), "high": _or_none(high)}


def _or_none(value):
    return float(value) if np.isfinite(value) else None


def select_truth(truth, judged):
    """Return what is truly in the test clips, with the tags that are judged.

    Parameters
    ----------
    truth : DataFrame of shape (n_clips, n_tags), bool
        Of any clips and tags.
    judged : dict

    Returns
    -------
    DataFrame of shape (n_test_clips, n_tags), bool

    Raises
    ------
    ValueError
        Where it lacks a test clip or a tag.
    """
    test, tags = test_clips(judged), judged["y_score"].columns
    for what, missing in (
        ("clips", test.difference(truth.index)),
        ("tags", tags.difference(truth.columns)),
    ):
        if len(missing):
            raise ValueError(f"--truth lacks {len(missing):,} {what}: {some(missing)}")
    return truth.loc[test, tags]


def baselines(judged):
    """Return what scores without listening get on the test clips.

    Returns
    -------
    dict
        nothing: macro and micro accuracy of predicting no tag; prevalence: macro and micro
        roc_auc and pr_auc of scores that are each tag's share of the training clips.
    """
    y_true, labels = test_labels(judged), judged["labels"]
    y_true = y_true.loc[:, metrics.are_averaged(y_true.to_numpy())]
    true = y_true.to_numpy()
    nothing = metrics.averages_of_decisions(true, np.zeros_like(true))
    prevalence = labels.loc[labels["split"] == "train", y_true.columns].mean().to_numpy()
    return {
        "nothing": {kind: {"accuracy": nothing[kind]["accuracy"]} for kind in nothing},
        "prevalence": metrics.averages(true, np.broadcast_to(prevalence, true.shape)),
    }


def per_tag(y_true, judged, how):
    """Return every measure of every tag, with intervals: a DataFrame with a row a tag.

    Parameters are those of `measure`. Besides the columns of `metrics.per_tag`: roc_auc_low,
    roc_auc_high, pr_auc_low, pr_auc_high and draws_without, the share of the samples in which no
    clip has the tag, or every one, and which its intervals do without.
    """
    true, score = y_true.to_numpy(), judged["y_score"].loc[y_true.index].to_numpy()
    tags = y_true.columns.tolist()
    table = metrics.per_tag(true, score, tags, judged["thresholds"][tags].to_numpy())
    groups = bootstrap.groups_of(judged["clips"].loc[y_true.index], how["unit"])
    draws = _draw(true, score, groups, how)
    for name, values in zip(AREAS, draws, strict=True):
        place = table.columns.get_loc(name) + 1
        for side, bound in zip(("high", "low"), bootstrap.interval(values)[::-1], strict=True):
            table.insert(place, f"{name}_{side}", bound)
    table["draws_without"] = np.isnan(draws[0]).mean(axis=0)
    return table


def compare(judged, theirs, how):
    """Return the difference to other scores on the same clips, tags and bootstrap samples.

    Parameters
    ----------
    judged, how : dict
        As of `evaluate`.
    theirs : DataFrame
        Scores of test clips, a column a tag.

    Returns
    -------
    dict
        clips, groups, tags (averaged over); clips_left_out and tags_left_out, which one of both
        has no scores of; roc_auc and pr_auc with ours, theirs and their difference: value, low,
        high, probability_better (the share of the samples in which ours is higher).

    Raises
    ------
    ValueError
        Where they have no test clip or no tag in common.
    """
    ours, test = judged["y_score"], test_clips(judged)
    y_true = _labels_of(judged, test[test.isin(theirs.index)])
    y_true = y_true[y_true.columns[y_true.columns.isin(theirs.columns)]]
    if not y_true.size:
        raise ValueError("--compare: both have no test clip or no tag in common")
    true = y_true.to_numpy()
    there = metrics.are_averaged(true)
    true = true[:, there]
    groups = bootstrap.groups_of(judged["clips"].loc[y_true.index], how["unit"])
    both = [scores.loc[y_true.index, y_true.columns[there]].to_numpy() for scores in (ours, theirs)]
    values = [metrics.averages(true, score)["macro"] for score in both]
    draws = [_draw(true, score, groups, how) for score in both]
    result = {
        "clips": len(true),
        "groups": len(np.unique(groups)),
        "tags": int(there.sum()),
        "clips_left_out": len(test.union(theirs.index)) - len(true),
        "tags_left_out": len(ours.columns.symmetric_difference(theirs.columns)),
    }
    for k, name in enumerate(AREAS):
        differences = bootstrap.macro(draws[0][k]) - bootstrap.macro(draws[1][k])
        point = [value[name] for value in values]
        result[name] = {
            "ours": point[0],
            "theirs": point[1],
            **_with_interval(None if None in point else point[0] - point[1], differences),
            "probability_better": bootstrap.probability_above_0(differences),
        }
    return result
