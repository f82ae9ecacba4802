"""The same scores held against other labels: synonyms merged now, the truth of the sample."""

import dataclasses

import pandas as pd

from autotagging import metrics
from autotagging.clips import annotations, clip_ids
from autotagging.formatting import list_some
from autotagging.labels.synonyms import merge_applying, merge_synonyms, merging
from autotagging.results import evaluation
from autotagging.thresholds import choose_thresholds

MERGED, TRUE = "test, synonyms merged", "test, against the truth"


def evaluate(scored, synonyms, is_merged, truth_path, resampling):
    """Evaluate scores as they are, with synonyms merged, and against the truth.

    Parameters
    ----------
    scored : ScoredClips
    synonyms : dict
        Synonym -> tag, as from `synonyms.read_synonyms`.
    is_merged : bool
        Whether the tags of the label set are merged already.
    truth_path : Path or None
        Of what is truly in the clips of the sample.
    resampling : Resampling

    Returns
    -------
    rows, tables : dict
        As of `evaluation.evaluate`, with a row more for what applies; `hold_against` adds columns
        to per_tag.
    """
    rows, tables = evaluation.evaluate(scored, resampling)
    if applying := not is_merged and merging(synonyms, scored.tags):
        rows[MERGED] = evaluate_merged(scored, applying, resampling)
    if truth_path:
        truth = annotations.read_annotations(truth_path).tags
        truth = merge_applying(truth, synonyms) if is_merged else truth
        rows[TRUE], per_tag = hold_against(scored, truth, resampling)
        tables["per_tag"] = tables["per_tag"].merge(per_tag, on="tag")
    return rows, tables


def evaluate_merged(scored, synonyms, resampling):
    """Return the averages with labels and scores of synonyms merged by maximum.

    Parameters
    ----------
    scored : ScoredClips
        Of tags as annotated.
    synonyms : dict
        synonym -> tag.
    resampling : Resampling

    Returns
    -------
    dict
        As `average`, over test clips; thresholds are chosen again on the validation clips (0.5
        where there are none).
    """
    merged = merge_synonyms(scored.labels[scored.tags], synonyms)
    labels = pd.concat([scored.labels["split"], merged], axis=1)
    y_score = merge_synonyms(scored.y_score, synonyms)
    tags = merged.sum().sort_values(ascending=False, kind="stable").index
    scored = dataclasses.replace(scored, labels=labels, y_score=y_score[tags])
    y_true = scored.true_labels(evaluation.groups_of_clips(scored)[evaluation.VALIDATION])
    thresholds = choose_thresholds(y_true.to_numpy(), scored.y_score.loc[y_true.index].to_numpy())
    scored = dataclasses.replace(scored, thresholds=pd.Series(thresholds, index=tags))
    return evaluation.average(scored.true_labels(scored.test_ids), scored, resampling)


def hold_against(scored, truth, resampling):
    """Hold scores against what is truly in the test clips.

    Parameters
    ----------
    scored : ScoredClips
    truth : DataFrame of shape (n_clips, n_tags), bool
        Of any clips and tags.
    resampling : Resampling

    Returns
    -------
    row : dict
        As of `evaluation.average`.
    per_tag : DataFrame
        tag, positives_in_truth, roc_auc_in_truth, pr_auc_in_truth.

    Raises
    ------
    ValueError
        Where the truth lacks a test clip or a tag.
    """
    clip_ids.refuse_altered(truth.index, scored.test_ids, "--truth", "labels.csv")
    for name, used, known in (
        ("clips", scored.test_ids, truth.index),
        ("tags", scored.tags, truth.columns),
    ):
        if len(missing := used.difference(known)):
            raise ValueError(f"--truth lacks {len(missing):,} {name}: {list_some(missing)}")
    y_true = truth.loc[scored.test_ids, scored.tags]
    pair = y_true.to_numpy(), scored.y_score.loc[scored.test_ids].to_numpy()
    per_tag = pd.DataFrame(
        {
            "tag": scored.tags,
            "positives_in_truth": y_true.sum().to_numpy(),
            "roc_auc_in_truth": metrics.roc_auc(*pair),
            "pr_auc_in_truth": metrics.pr_auc(*pair),
        }
    )
    return evaluation.average(y_true, scored, resampling), per_tag
