"""Scores and labels -> every number of ``results/<run>/``: groups of clips, intervals, differences.

What is judged is a dict: labels (DataFrame of every clip of the label set: split, then a bool
column a tag), clips (artist, album, track by clip_id), y_score (DataFrame of the validation and
test clips, a column a tag), thresholds (Series by tag). How is a dict, too: unit, draws, seed of
the bootstrap.
"""

import numpy as np
import pandas as pd

from autotagging import bootstrap, metrics
from autotagging.files import some
from autotagging.splits import heard_in_training
from autotagging.vocabulary import merge_synonyms

TEST, HEARD, UNHEARD, VALIDATION = (
    "test",
    "test, artist heard in training",
    "test, artist not heard",
    "validation",
)
LEAST_GROUPS = 5  # fewer artists with a tag than that have no interval


def evaluate(judged, how):
    """Return the averages of every group of clips, and the tables of the test clips.

    Parameters
    ----------
    judged, how : dict

    Returns
    -------
    rows : dict
        Name of the group -> averages, see `measure`; the test clips first.
    tables : dict
        per_tag, curves, reliability, confusions: DataFrame.
    """
    groups = groups_of_clips(judged)
    drawn = {name: draw(_labels_of(judged, there), judged, how) for name, there in groups.items()}
    rows = {
        name: measure(_labels_of(judged, there), judged, how, drawn[name])
        for name, there in groups.items()
    }
    y_true, tags = test_labels(judged), judged["y_score"].columns.tolist()
    true, score = y_true.to_numpy(), judged["y_score"].loc[y_true.index].to_numpy()
    predicted = score >= judged["thresholds"][tags].to_numpy()
    there = metrics.are_averaged(true)
    tables = {
        "per_tag": per_tag(y_true, judged, how, drawn[TEST]),
        "curves": metrics.curves(true, score, tags),
        "reliability": metrics.reliability(true[:, there], score[:, there]),
        "confusions": metrics.confusions(true, predicted, tags),
    }
    return rows, tables


def test_labels(judged):
    """Return the labels of the test clips with scores: DataFrame of shape (n_clips, n_tags)."""
    return _labels_of(judged, test_clips(judged))


def test_clips(judged):
    """Return the clip_id of the test clips with scores."""
    scored = judged["y_score"].index
    return scored[judged["labels"].loc[scored, "split"] == "test"]


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


def draw(y_true, judged, how):
    """Return both areas of every tag in every bootstrap sample: two of shape (n_draws, n_tags)."""
    if not y_true.size:
        return np.full((2, how["draws"], y_true.shape[1]), np.nan)
    groups = bootstrap.groups_of(judged["clips"].loc[y_true.index], how["unit"])
    drawn = bootstrap.draw(groups, how["draws"], how["seed"])
    y_score = judged["y_score"].loc[y_true.index, y_true.columns]
    return np.array(bootstrap.areas(y_true.to_numpy(), y_score.to_numpy(), groups, drawn))


def measure(y_true, judged, how, drawn=None):
    """Return every average over the tags for some clips.

    Parameters
    ----------
    y_true : DataFrame of shape (n_clips, n_tags), bool
        What their scores are held against.
    judged, how : dict
    drawn : ndarray of shape (2, n_draws, n_tags), optional
        From `draw`, where it is at hand.

    Returns
    -------
    dict
        clips, groups (how many are drawn from), tags (averaged over), tags_in_a_draw (their mean
        number in a sample), tags_left_out (no clip has them, or every clip); macro and micro
        averages of roc_auc and pr_auc, the macro ones with value, low and high; at_half and
        at_thresholds: macro and micro averages of accuracy, recall, precision and f1;
        calibration. None where there is nothing to average, or but one group to draw from.
    """
    there = metrics.are_averaged(y_true.to_numpy())
    tags = y_true.columns[there]
    true, score = y_true[tags].to_numpy(), judged["y_score"].loc[y_true.index, tags].to_numpy()
    n_groups = len(np.unique(bootstrap.groups_of(judged["clips"].loc[y_true.index], how["unit"])))
    drawn = draw(y_true, judged, how) if drawn is None else drawn
    row = {
        "clips": len(true),
        "groups": n_groups,
        "tags": len(tags),
        "tags_in_a_draw": float(np.isfinite(drawn[0]).sum(axis=1).mean()),
        "tags_left_out": y_true.columns[~there].tolist(),
        **metrics.averages(true, score),
        "at_half": metrics.averages_of_decisions(true, score >= 0.5),
        "at_thresholds": metrics.averages_of_decisions(
            true, score >= judged["thresholds"][tags].to_numpy()
        ),
        "calibration": {
            "brier": metrics.mean(metrics.brier(true, score)),
            "expected_calibration_error": metrics.calibration_error(true, score),
        }
        if true.size
        else None,
    }
    for name, values in zip(metrics.AREAS, drawn, strict=True):
        row["macro"][name] = _with_interval(row["macro"][name], bootstrap.macro(values), n_groups)
    return row


def _with_interval(value, draws, n_groups):
    low, high = bootstrap.interval(draws) if n_groups > 1 else (np.nan, np.nan)
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
        roc_auc and pr_auc of scores that are each tag's share of the training clips (None where
        there are no training clips).
    """
    y_true, labels = test_labels(judged), judged["labels"]
    y_true = y_true.loc[:, metrics.are_averaged(y_true.to_numpy())]
    true, train = y_true.to_numpy(), labels.loc[labels["split"] == "train", y_true.columns]
    nothing = metrics.averages_of_decisions(true, np.zeros_like(true))
    there = slice(None) if len(train) else slice(0)
    scores = np.broadcast_to(train.mean().to_numpy(), true.shape)
    return {
        "nothing": {kind: {"accuracy": nothing[kind]["accuracy"]} for kind in nothing},
        "prevalence": metrics.averages(true[there], scores[there]),
    }


def per_tag(y_true, judged, how, drawn):
    """Return every measure of every tag, with intervals.

    Parameters
    ----------
    y_true, judged, how, drawn
        As of `measure`.

    Returns
    -------
    DataFrame with a row a tag
        The columns of `metrics.per_tag`; groups, of which some clip has the tag; roc_auc_low,
        roc_auc_high, pr_auc_low, pr_auc_high, NaN where these are fewer than `LEAST_GROUPS`;
        draws_without, the share of the samples in which no clip has the tag, or every one, and
        which its intervals do without.
    """
    true, tags = y_true.to_numpy(), y_true.columns.tolist()
    score = judged["y_score"].loc[y_true.index, tags].to_numpy()
    table = metrics.per_tag(true, score, tags, judged["thresholds"][tags].to_numpy())
    groups = bootstrap.groups_of(judged["clips"].loc[y_true.index], how["unit"])
    n_groups = y_true.groupby(groups).any().sum().to_numpy()
    for name, values in zip(metrics.AREAS, drawn, strict=True):
        place = table.columns.get_loc(name) + 1
        for side, bound in zip(("high", "low"), bootstrap.interval(values)[::-1], strict=True):
            table.insert(place, f"{name}_{side}", np.where(n_groups < LEAST_GROUPS, np.nan, bound))
    table.insert(2, "groups", n_groups)
    table["draws_without"] = np.isnan(drawn[0]).mean(axis=0)
    return table


def paired_difference(judged, theirs, how):
    """Return the difference to other scores on the same clips, tags and bootstrap samples.

    Parameters
    ----------
    judged, how : dict
    theirs : DataFrame
        Scores of test clips, a column a tag.

    Returns
    -------
    dict
        clips, groups, tags (averaged over); clips_left_out and tags_left_out, which one of both
        has no scores of; roc_auc and pr_auc with ours, theirs and their difference: value, low,
        high, probability_better (the share of the samples in which ours is higher; one without
        any difference counts half).

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
    groups = bootstrap.groups_of(judged["clips"].loc[y_true.index], how["unit"])
    tags = y_true.columns[metrics.are_averaged(y_true.to_numpy())]
    result = {
        "clips": len(y_true),
        "groups": len(np.unique(groups)),
        "tags": len(tags),
        "clips_left_out": len(test.union(theirs.index)) - len(y_true),
        "tags_left_out": len(ours.columns.symmetric_difference(theirs.columns)),
    }
    y_true = y_true[tags]
    true, values, draws = y_true.to_numpy(), [], []
    for scores in (ours, theirs):
        values.append(metrics.averages(true, scores.loc[y_true.index, tags].to_numpy())["macro"])
        draws.append(draw(y_true, {**judged, "y_score": scores}, how))
    for k, name in enumerate(metrics.AREAS):
        differences = bootstrap.macro(draws[0][k]) - bootstrap.macro(draws[1][k])
        point = [value[name] for value in values]
        gain = None if None in point else point[0] - point[1]
        result[name] = {
            "ours": point[0],
            "theirs": point[1],
            **_with_interval(gain, differences, result["groups"]),
            "probability_better": bootstrap.probability_above_0(differences),
        }
    return result
