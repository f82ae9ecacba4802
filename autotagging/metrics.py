"""y_true, y_score -> numbers, a tag at a time, and their averages.

Point values are scikit-learn's. A tag without a positive (or, for ROC-AUC, without a negative)
has no value: NaN in its row, left out of the macro average, counted there. Macro averages are
the headline; the micro average pools all tags into one and favours the frequent ones.
"""

import numpy as np
import pandas as pd
from sklearn import metrics as sklearn_metrics


def roc_auc(y_true, y_score):
    """Return each tag's area under the ROC curve.

    Parameters
    ----------
    y_true : ndarray of shape (n_clips, n_tags), bool
    y_score : ndarray of shape (n_clips, n_tags)
        In [0, 1].

    Returns
    -------
    ndarray of shape (n_tags,)
        In [0, 1]; NaN for a tag that no clip, or every clip, has.
    """
    return np.array(
        [
            sklearn_metrics.roc_auc_score(true, score) if 0 < true.sum() < len(true) else np.nan
            for true, score in zip(y_true.T, y_score.T, strict=True)
        ]
    )


def pr_auc(y_true, y_score):
    """Return each tag's average precision, the area under its precision-recall curve by steps.

    Parameters
    ----------
    y_true : ndarray of shape (n_clips, n_tags), bool
    y_score : ndarray of shape (n_clips, n_tags)

    Returns
    -------
    ndarray of shape (n_tags,)
        In [0, 1]; NaN for a tag that no clip has.
    """
    return np.array(
        [
            sklearn_metrics.average_precision_score(true, score) if true.any() else np.nan
            for true, score in zip(y_true.T, y_score.T, strict=True)
        ]
    )


def accuracy(y_true, y_pred):
    """Return the share of clips whose tag is predicted as it is: ndarray of shape (n_tags,)."""
    return np.mean(y_true == y_pred, axis=0)


def recall(y_true, y_pred):
    """Return the share of each tag's clips that were given the tag.

    Parameters
    ----------
    y_true, y_pred : ndarray of shape (n_clips, n_tags), bool

    Returns
    -------
    ndarray of shape (n_tags,)
        In [0, 1]; NaN for a tag that no clip has.
    """
    return _share(y_true & y_pred, y_true)


def precision(y_true, y_pred):
    """Return the share of the clips given a tag that have it.

    Parameters
    ----------
    y_true, y_pred : ndarray of shape (n_clips, n_tags), bool

    Returns
    -------
    ndarray of shape (n_tags,)
        In [0, 1]; NaN for a tag that was given to no clip.
    """
    return _share(y_true & y_pred, y_pred)


def _share(some, of):
    totals = of.sum(axis=0)
    return np.divide(some.sum(axis=0), totals, out=np.full(len(totals), np.nan), where=totals > 0)


def per_tag(y_true, y_score, tags, thresholds):
    """Return every measure of every tag.

    Parameters
    ----------
    y_true : ndarray of shape (n_clips, n_tags), bool
    y_score : ndarray of shape (n_clips, n_tags)
    tags : list of str
    thresholds : ndarray of shape (n_tags,)
        Chosen on validation.

    Returns
    -------
    DataFrame of shape (n_tags, 13)
        tag, positives, prevalence, roc_auc, pr_auc; accuracy, recall and precision at 0.5;
        accuracy of predicting nothing; threshold; recall, precision and accuracy at it.
    """
    at_half, at_threshold = y_score >= 0.5, y_score >= thresholds
    return pd.DataFrame(
        {
            "tag": tags,
            "positives": y_true.sum(axis=0),
            "prevalence": y_true.mean(axis=0),
            "roc_auc": roc_auc(y_true, y_score),
            "pr_auc": pr_auc(y_true, y_score),
            "accuracy": accuracy(y_true, at_half),
            "recall": recall(y_true, at_half),
            "precision": precision(y_true, at_half),
            "accuracy_of_nothing": 1 - y_true.mean(axis=0),
            "threshold": thresholds,
            "accuracy_at_threshold": accuracy(y_true, at_threshold),
            "recall_at_threshold": recall(y_true, at_threshold),
            "precision_at_threshold": precision(y_true, at_threshold),
        }
    )


def averages(y_true, y_score):
    """Return macro and micro averages over the tags.

    Parameters
    ----------
    y_true : ndarray of shape (n_clips, n_tags), bool
    y_score : ndarray of shape (n_clips, n_tags)

    Returns
    -------
    dict
        ``clips``, ``macro`` and ``micro`` with roc_auc and pr_auc each (None where no tag has a
        value), ``tags_averaged`` with the number of tags behind each macro average.
    """
    aucs, precisions = roc_auc(y_true, y_score), pr_auc(y_true, y_score)
    pooled = y_true.reshape(-1, 1), y_score.reshape(-1, 1)
    return {
        "clips": len(y_true),
        "macro": {"roc_auc": macro(aucs), "pr_auc": macro(precisions)},
        "micro": {"roc_auc": macro(roc_auc(*pooled)), "pr_auc": macro(pr_auc(*pooled))},
        "tags_averaged": {
            "roc_auc": int(np.isfinite(aucs).sum()),
            "pr_auc": int(np.isfinite(precisions).sum()),
        },
    }


def macro(values):
    """Return the mean of the tags that have a value, as a float; None where none has."""
    defined = values[np.isfinite(values)]
    return float(defined.mean()) if len(defined) else None


def weights_of_draws(groups, n_draws, seed):
    """Return how often each clip is in a bootstrap sample of whole groups.

    Clips of one artist are alike, so that artists are drawn, not clips.

    Parameters
    ----------
    groups : ndarray of shape (n_clips,)
        Such as artists.
    n_draws, seed : int

    Returns
    -------
    ndarray of shape (n_draws, n_clips), int
    """
    _, codes = np.unique(groups, return_inverse=True)
    n_groups = codes.max() + 1
    draws = np.random.default_rng(seed).multinomial(
        n_groups, np.full(n_groups, 1 / n_groups), size=n_draws
    )
    return draws[:, codes]


def weighted_macro(y_true, y_score, weights):
    """Return the macro averages of every bootstrap sample.

    Each tag's scores are sorted once; a sample is a weight a clip. The values are those of
    scikit-learn with ``sample_weight``.

    Parameters
    ----------
    y_true : ndarray of shape (n_clips, n_tags), bool
    y_score : ndarray of shape (n_clips, n_tags)
    weights : ndarray of shape (n_draws, n_clips)
        From `weights_of_draws`.

    Returns
    -------
    roc_auc, pr_auc : ndarray of shape (n_draws,)
        Over the tags that have a value in the sample.
    """
    pairs = [
        _weighted_areas(true, score, weights)
        for true, score in zip(y_true.T, y_score.T, strict=True)
    ]
    return tuple(np.nanmean(areas, axis=0) for areas in zip(*pairs, strict=True))


def _weighted_areas(y_true, y_score, weights):
    """Return ROC-AUC and average precision of one tag in every sample: two of shape (n_draws,)."""
    order = np.argsort(-y_score, kind="stable")
    starts = np.flatnonzero(np.diff(y_score[order], prepend=np.inf))  # equal scores count as one
    weights = weights[:, order].astype(np.float64)
    positives = np.add.reduceat(weights * y_true[order], starts, axis=1)  # (n_draws, n_scores)
    negatives = np.add.reduceat(weights * ~y_true[order], starts, axis=1)
    found, wrong = positives.cumsum(axis=1), negatives.cumsum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        roc = ((found - positives / 2) * negatives).sum(axis=1) / (found[:, -1] * wrong[:, -1])
        precision = np.nan_to_num(found / (found + wrong))
        pr = (positives * precision).sum(axis=1) / found[:, -1]
    return roc, pr


def best_thresholds(y_true, y_score, least_positives=5):
    """Return the threshold of each tag with the highest F1, to be chosen on validation clips.

    Parameters
    ----------
    y_true : ndarray of shape (n_clips, n_tags), bool
    y_score : ndarray of shape (n_clips, n_tags)
    least_positives : int
        A tag with fewer gets the threshold that is best for all tags pooled.

    Returns
    -------
    ndarray of shape (n_tags,)
        0.5 everywhere where no clip has any tag.
    """
    if not y_true.any():
        return np.full(y_true.shape[1], 0.5)
    pooled = _best_threshold(y_true.ravel(), y_score.ravel())
    return np.array(
        [
            _best_threshold(true, score) if true.sum() >= least_positives else pooled
            for true, score in zip(y_true.T, y_score.T, strict=True)
        ]
    )


def _best_threshold(y_true, y_score):
    precisions, recalls, thresholds = sklearn_metrics.precision_recall_curve(y_true, y_score)
    with np.errstate(invalid="ignore"):
        f1 = 2 * precisions * recalls / (precisions + recalls)
    return float(thresholds[np.nan_to_num(f1[:-1]).argmax()])


def choose_examples(y_true, y_pred, n_examples):
    """Return clips at evenly spaced ranks of agreement, from the worst to the best.

    Agreement is the share of the tags, actual or predicted, that are both (Jaccard index). Clips
    without an actual or without a predicted tag say too little and are passed over where there
    are enough others. The rule leaves nothing to choose by hand.

    Parameters
    ----------
    y_true, y_pred : ndarray of shape (n_clips, n_tags), bool
    n_examples : int

    Returns
    -------
    list of int
        Positions of clips; fewer than `n_examples` where there are not as many clips.
    """
    either = (y_true | y_pred).sum(axis=1)
    agreement = (y_true & y_pred).sum(axis=1) / np.maximum(either, 1)
    telling = np.flatnonzero(y_true.any(axis=1) & y_pred.any(axis=1))
    candidates = telling if len(telling) >= n_examples else np.arange(len(y_true))
    ranked = candidates[np.argsort(agreement[candidates], kind="stable")]
    spaced = np.linspace(0, len(ranked) - 1, min(n_examples, len(ranked))).round().astype(int)
    return ranked[spaced].tolist()
