"""Scores and labels -> every number of ``results/<run>/``, with intervals and differences."""

import dataclasses

import numpy as np

from autotagging import metrics
from autotagging.clips.annotations import placeholder_credit
from autotagging.labels.splits import PARTS, heard_in_training
from autotagging.results import bootstrap

TEST, VALIDATION, TRAIN = "test", "validation", "train"
HELD_OUT, ALL = "validation and test", "all clips"  # of a network that was trained elsewhere
HEARD, UNHEARD = "test, artist heard in training", "test, artist not heard"
MIN_GROUPS = 5  # fewer artists with a tag than that have no interval


def evaluate(scored, resampling):
    """Return the averages of every group of clips, and the tables of the test clips.

    Parameters
    ----------
    scored : ScoredClips
    resampling : Resampling

    Returns
    -------
    rows : dict
        Name of the group -> averages, see `average`; the test clips first.
    tables : dict
        per_tag, curves, reliability, confusions: DataFrame.
    """
    labels = {name: scored.true_labels(ids) for name, ids in groups_of_clips(scored).items()}
    resampled = {name: resampled_aucs(y, scored, resampling) for name, y in labels.items()}
    rows = {name: average(y, scored, resampling, resampled[name]) for name, y in labels.items()}
    true, score = labels[TEST].to_numpy(), scored.y_score.loc[labels[TEST].index].to_numpy()
    predicted = score >= scored.thresholds[scored.tags].to_numpy()
    is_averaged = metrics.are_averaged(true)
    return rows, {
        "per_tag": per_tag(labels[TEST], scored, resampling, resampled[TEST]),
        "curves": metrics.curves(true, score, scored.tags.tolist()),
        "reliability": metrics.reliability(true[:, is_averaged], score[:, is_averaged]),
        "confusions": metrics.confusions(true, predicted, scored.tags.tolist()),
    }


def groups_of_clips(scored):
    """Return the groups of clips that are evaluated: name -> Index of clip_id; some are empty.

    Of a network that was trained elsewhere every part is evaluated, and whether it has heard an
    artist is not known.
    """
    clip_ids = scored.y_score.index
    split = scored.labels.loc[clip_ids, "split"]
    is_test, is_validation = (split == part for part in (TEST, VALIDATION))
    is_known = np.full(len(clip_ids), not scored.is_trained_elsewhere)
    is_heard = heard_in_training(scored.labels, scored.clips["artist"])[clip_ids]
    masks = {
        TEST: is_test,
        HEARD: is_test & is_heard & is_known,
        UNHEARD: is_test & ~is_heard & is_known,
        VALIDATION: is_validation,
    }
    if scored.is_trained_elsewhere and not is_test.all():
        masks |= {TRAIN: split == TRAIN, HELD_OUT: is_test | is_validation, ALL: split != ""}
    return {name: clip_ids[mask.to_numpy()] for name, mask in masks.items()}


def summarise(scored, rows):
    """Return what ``summary.json`` says of an evaluation: a dict.

    Parameters
    ----------
    scored : ScoredClips
    rows : dict
        From `evaluate`.
    """
    n_clips = scored.labels["split"].value_counts().reindex(list(PARTS), fill_value=0)
    artists = scored.clips.loc[scored.test_ids, "artist"]
    unnamed = artists == placeholder_credit(artists.index)
    return {
        "macro": rows[TEST]["macro"],
        "micro": rows[TEST]["micro"],
        "rows": rows,
        "baselines": trivial_baselines(scored),
        "clips": n_clips.to_dict(),
        "tags": scored.tags.tolist(),
        "clips_without_artist": int(unnamed.sum()),
    }


def resampled_aucs(y_true, scored, resampling):
    """Return both AUCs of every tag in every resample: shape (2, n_resamples, n_tags)."""
    if not y_true.size:
        return np.full((2, resampling.n_resamples, y_true.shape[1]), np.nan)
    groups = bootstrap.groups_of(scored.clips.loc[y_true.index], resampling.resample)
    y_score = scored.y_score.loc[y_true.index, y_true.columns]
    return bootstrap.resampled_aucs(y_true.to_numpy(), y_score.to_numpy(), groups, resampling)


def average(y_true, scored, resampling, resampled=None):
    """Return every average over the tags for some clips.

    Parameters
    ----------
    y_true : DataFrame of shape (n_clips, n_tags), bool
        What their scores are held against.
    scored : ScoredClips
    resampling : Resampling
    resampled : ndarray of shape (2, n_resamples, n_tags), optional
        From `resampled_aucs`, where it is at hand.

    Returns
    -------
    dict
        clips, groups (how many are resampled), tags (averaged over), tags_in_a_resample (their
        mean number), tags_left_out (no clip has them, or every clip) and of these
        tags_on_every_clip; macro and micro averages of roc_auc and pr_auc, the macro ones with
        value, low and high; at_half and at_thresholds: macro and micro averages of accuracy,
        recall, precision and f1; calibration. None where there is nothing to average, or but one
        group to resample.
    """
    is_averaged = metrics.are_averaged(y_true.to_numpy())
    tags = y_true.columns[is_averaged]
    true, score = y_true[tags].to_numpy(), scored.y_score.loc[y_true.index, tags].to_numpy()
    thresholds = scored.thresholds[tags].to_numpy()
    groups = bootstrap.groups_of(scored.clips.loc[y_true.index], resampling.resample)
    n_groups = len(np.unique(groups))
    if resampled is None:
        resampled = resampled_aucs(y_true, scored, resampling)
    row = {
        "clips": len(true),
        "groups": n_groups,
        "tags": len(tags),
        "tags_in_a_resample": float(np.isfinite(resampled[0]).sum(axis=1).mean()),
        "tags_left_out": y_true.columns[~is_averaged].tolist(),
        "tags_on_every_clip": y_true.columns[y_true.all() & (len(true) > 0)].tolist(),
        **metrics.averages(true, score),
        "at_half": metrics.averages_of_decisions(true, score >= 0.5),
        "at_thresholds": metrics.averages_of_decisions(true, score >= thresholds),
        "calibration": metrics.calibration(true, score) if true.size else None,
    }
    for name, values in zip(metrics.AUCS, resampled, strict=True):
        macro = row["macro"][name], bootstrap.macro(values), n_groups
        row["macro"][name] = with_interval(*macro, bootstrap.OF_AN_AUC)
    return row


def with_interval(value, resampled, n_groups, limits):
    """Return value, low and high; None where there is none.

    Parameters
    ----------
    value : float or None
    resampled : ndarray of shape (n_resamples,)
    n_groups : int
    limits : tuple of float
        As of `bootstrap.interval`.
    """
    low, high = bootstrap.interval(resampled, value, n_groups, limits)
    return {"value": value, "low": _or_none(low), "high": _or_none(high)}


def _or_none(value):
    return float(value) if np.isfinite(value) else None


def trivial_baselines(scored):
    """Return what scores that ignore the audio get on the test clips.

    Returns
    -------
    dict
        nothing: macro and micro accuracy of predicting no tag; prevalence: macro and micro
        roc_auc and pr_auc of scores that are each tag's share of the training clips (None where
        there are no training clips).
    """
    y_true, labels = scored.true_labels(scored.test_ids), scored.labels
    y_true = y_true.loc[:, metrics.are_averaged(y_true.to_numpy())]
    true, train = y_true.to_numpy(), labels.loc[labels["split"] == "train", y_true.columns]
    nothing = metrics.averages_of_decisions(true, np.zeros_like(true))
    rows = slice(None) if len(train) else slice(0)
    scores = np.broadcast_to(train.mean().to_numpy(), true.shape)
    return {
        "nothing": {kind: {"accuracy": nothing[kind]["accuracy"]} for kind in nothing},
        "prevalence": metrics.averages(true[rows], scores[rows]),
    }


def per_tag(y_true, scored, resampling, resampled):
    """Return every measure of every tag, with intervals.

    Parameters
    ----------
    y_true, scored, resampling, resampled
        As of `average`.

    Returns
    -------
    DataFrame with a row per tag
        The columns of `metrics.per_tag`; groups, of which some clip has the tag; roc_auc_low,
        roc_auc_high, pr_auc_low, pr_auc_high, NaN where these are fewer than `MIN_GROUPS`;
        resamples_without, the share of the resamples in which no clip has the tag, or every one,
        and which its intervals do without.
    """
    true, tags = y_true.to_numpy(), y_true.columns.tolist()
    score = scored.y_score.loc[y_true.index, tags].to_numpy()
    table = metrics.per_tag(true, score, tags, scored.thresholds[tags].to_numpy())
    groups = bootstrap.groups_of(scored.clips.loc[y_true.index], resampling.resample)
    n_groups = y_true.groupby(groups).any().sum().to_numpy()
    for name, values in zip(metrics.AUCS, resampled, strict=True):
        place, point = table.columns.get_loc(name) + 1, table[name].to_numpy()
        bounds = bootstrap.interval(values, point, n_groups, bootstrap.OF_AN_AUC)
        for side, bound in zip(("high", "low"), bounds[::-1], strict=True):
            table.insert(place, f"{name}_{side}", np.where(n_groups < MIN_GROUPS, np.nan, bound))
    table.insert(2, "groups", n_groups)
    table["resamples_without"] = np.isnan(resampled[0]).mean(axis=0)
    return table


def paired_difference(scored, theirs, resampling):
    """Return the difference to other scores on the same clips, tags and resamples.

    Parameters
    ----------
    scored : ScoredClips
    theirs : DataFrame
        Scores of test clips, a column per tag.
    resampling : Resampling

    Returns
    -------
    dict
        clips, groups, tags (averaged over); clips_left_out and tags_left_out, which one of both
        has no scores of; roc_auc and pr_auc with ours, theirs and their difference: value, low,
        high, probability_better (see `bootstrap.probability_above_0`; 0.5 for the same scores).

    Raises
    ------
    ValueError
        Where they have no test clip or no tag in common.
    """
    test, tags = scored.test_ids, scored.tags
    y_true = scored.true_labels(test[test.isin(theirs.index)])
    y_true = y_true[tags[tags.isin(theirs.columns)]]
    if not y_true.size:
        raise ValueError("both have no test clip or no tag in common")
    groups = bootstrap.groups_of(scored.clips.loc[y_true.index], resampling.resample)
    common = y_true.columns[metrics.are_averaged(y_true.to_numpy())]
    result = {
        "clips": len(y_true),
        "groups": len(np.unique(groups)),
        "tags": len(common),
        "clips_left_out": len(test.union(theirs.index)) - len(y_true),
        "tags_left_out": len(tags.symmetric_difference(theirs.columns)),
    }
    y_true = y_true[common]
    both = [scored, dataclasses.replace(scored, y_score=theirs)]
    y_scores = [s.y_score.loc[y_true.index, common].to_numpy() for s in both]
    macro = [metrics.averages(y_true.to_numpy(), y_score)["macro"] for y_score in y_scores]
    resampled = [resampled_aucs(y_true, s, resampling) for s in both]
    for k, name in enumerate(metrics.AUCS):
        values = dict(zip(("ours", "theirs"), (averages[name] for averages in macro), strict=True))
        gain = None if None in values.values() else values["ours"] - values["theirs"]
        differences = bootstrap.macro(resampled[0][k]) - bootstrap.macro(resampled[1][k])
        n_groups = result["groups"]
        result[name] = {
            **values,
            **with_interval(gain, differences, n_groups, bootstrap.OF_A_DIFFERENCE),
            "probability_better": bootstrap.probability_above_0(differences, gain, n_groups),
        }
    return result
