"""y_true, y_score -> numbers, a tag at a time, and their averages.

Point values are scikit-learn's. What a tag has no clip for (recall without a positive, precision
where it was never predicted, both AUCs without a negative) is NaN in its row, never a 0. A tag
without positives or without negatives is left out of all averages. Macro averages are the
headline; the micro average pools all tags into one and favours the frequent ones.
"""

import numpy as np
import pandas as pd
from scipy.stats import rankdata
from sklearn import metrics as sklearn_metrics

AUCS = {"roc_auc": "ROC-AUC", "pr_auc": "PR-AUC"}
N_BINS = 15  # of the reliability curve, as in Guo 2017
GRID = np.linspace(0, 1, 101)  # where curves are kept


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
    return _by_tag(sklearn_metrics.roc_auc_score, y_true, y_score)


def pr_auc(y_true, y_score):
    """Return each tag's average precision, the area under its precision-recall curve by steps.

    Parameters
    ----------
    y_true : ndarray of shape (n_clips, n_tags), bool
    y_score : ndarray of shape (n_clips, n_tags)

    Returns
    -------
    ndarray of shape (n_tags,)
        In [0, 1]; NaN for a tag that no clip, or every clip, has.
    """
    return _by_tag(sklearn_metrics.average_precision_score, y_true, y_score)


def _by_tag(measure, y_true, y_score):
    values = np.full(y_true.shape[1], np.nan)
    for k in np.flatnonzero(are_averaged(y_true)):
        values[k] = measure(y_true[:, k], y_score[:, k])
    return values


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


def f1(y_true, y_pred):
    """Return the harmonic mean of each tag's precision and recall.

    Parameters
    ----------
    y_true, y_pred : ndarray of shape (n_clips, n_tags), bool

    Returns
    -------
    ndarray of shape (n_tags,)
        In [0, 1]; NaN for a tag that no clip has and none was given.
    """
    return _share(2 * (y_true & y_pred), y_true.astype(int) + y_pred)


def brier(y_true, y_score):
    """Return the mean squared error of each tag's scores: ndarray of shape (n_tags,)."""
    return np.mean((np.asarray(y_score, np.float64) - y_true) ** 2, axis=0)


def _share(numerator, denominator):
    totals = denominator.sum(axis=0)
    return np.divide(
        numerator.sum(axis=0), totals, out=np.full(len(totals), np.nan), where=totals > 0
    )


def reliability(y_true, y_score):
    """Return the observed frequency of tags against their mean score: the reliability curve.

    Parameters
    ----------
    y_true : ndarray of shape (n_clips, n_tags), bool
    y_score : ndarray of shape (n_clips, n_tags)

    Returns
    -------
    DataFrame of shape (at most N_BINS, 5)
        low, high (of the bin, equally wide), pairs (of clip and tag), score (their mean), share
        (of the pairs with the tag). Bins without a pair are left out.
    """
    score, true = np.ravel(y_score).astype(np.float64), np.ravel(y_true)
    edges = np.linspace(0, 1, N_BINS + 1)
    # on the right side closed, as in Guo 2017; 0 itself is in the first
    bins = np.clip(np.searchsorted(edges, score, side="left") - 1, 0, N_BINS - 1)
    pairs = np.bincount(bins, minlength=N_BINS)
    is_filled = pairs > 0
    sums = [np.bincount(bins, weights, minlength=N_BINS)[is_filled] for weights in (score, true)]
    return pd.DataFrame(
        {
            "low": edges[:-1][is_filled],
            "high": edges[1:][is_filled],
            "pairs": pairs[is_filled],
            "score": sums[0] / pairs[is_filled],
            "share": sums[1] / pairs[is_filled],
        }
    )


def calibration_error(y_true, y_score):
    """Return the mean distance of score and share over the bins of `reliability`, by pairs.

    References
    ----------
    Expected calibration error: C. Guo, G. Pleiss, Y. Sun and K. Q. Weinberger, "On calibration of
    modern neural networks", ICML 2017.
    """
    curve = reliability(y_true, y_score)
    return float(np.average((curve["score"] - curve["share"]).abs(), weights=curve["pairs"]))


def calibration(y_true, y_score):
    """Return brier, its mean over the tags, and expected_calibration_error: a dict."""
    error = calibration_error(y_true, y_score)
    return {"brier": mean(brier(y_true, y_score)), "expected_calibration_error": error}


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
    DataFrame with a row per tag
        tag, positives, prevalence; roc_auc, pr_auc, brier; accuracy, recall, precision and f1 at
        0.5; threshold; the four at it, such as recall_at_threshold; accuracy_of_nothing, that of
        predicting no tag. (The average precision of a score that is the same for all clips is
        the prevalence.)
    """
    columns = {
        "tag": tags,
        "positives": y_true.sum(axis=0),
        "prevalence": y_true.mean(axis=0),
        "roc_auc": roc_auc(y_true, y_score),
        "pr_auc": pr_auc(y_true, y_score),
        "brier": brier(y_true, y_score),
        "accuracy_of_nothing": 1 - y_true.mean(axis=0),
        "threshold": thresholds,
    }
    for name, measure in DECISIONS.items():
        columns[name] = measure(y_true, y_score >= 0.5)
        columns[f"{name}_at_threshold"] = measure(y_true, y_score >= thresholds)
    return pd.DataFrame(columns)


def averages(y_true, y_score):
    """Return macro and micro averages of both AUCs over the tags.

    Parameters
    ----------
    y_true : ndarray of shape (n_clips, n_tags), bool
    y_score : ndarray of shape (n_clips, n_tags)

    Returns
    -------
    dict
        ``macro`` and ``micro`` with roc_auc and pr_auc each; None where no tag has a value.
    """
    return _averages({"roc_auc": roc_auc, "pr_auc": pr_auc}, y_true, y_score)


def averages_of_decisions(y_true, y_pred):
    """Return macro and micro averages of accuracy, recall, precision and F1 over the tags.

    Parameters
    ----------
    y_true, y_pred : ndarray of shape (n_clips, n_tags), bool

    Returns
    -------
    dict
        ``macro`` and ``micro`` with accuracy, recall, precision and f1 each; None where no tag
        has a value. A tag that was never predicted has no precision, and is not in its average.
    """
    return _averages(DECISIONS, y_true, y_pred)


def _averages(measures, y_true, y_other):
    is_averaged = are_averaged(y_true)
    y_true, y_other = y_true[:, is_averaged], y_other[:, is_averaged]
    if not y_true.size:
        return {kind: dict.fromkeys(measures) for kind in ("macro", "micro")}
    pooled = y_true.reshape(-1, 1), y_other.reshape(-1, 1)
    return {
        "macro": {name: mean(measure(y_true, y_other)) for name, measure in measures.items()},
        "micro": {name: mean(measure(*pooled)) for name, measure in measures.items()},
    }


def rank_within(y_score, folds):
    """Return how high each clip is ranked for each tag among the clips of its fold.

    Scores of different networks are not comparable as they are. Where a fold has many clips with a
    tag, few are left to train on, so that pooled scores would punish whatever shrinks them towards
    the training share: that share as a score, the same for all clips of a fold, has a pooled
    ROC-AUC far below .5. Pooled ranks of scores that say nothing have exactly .5.

    Parameters
    ----------
    y_score : ndarray of shape (n_clips, n_tags)
    folds : list of ndarray of int
        The clips of each fold, each clip in one.

    Returns
    -------
    ndarray of shape (n_clips, n_tags)
        In (0, 1): (rank - 0.5) / n_clips_of_fold, where equal scores share the mean of their
        ranks. A score that is the same for all clips of a fold is 0.5.
    """
    ranks = np.empty(y_score.shape)
    for fold in folds:
        ranks[fold] = (rankdata(y_score[fold], axis=0) - 0.5) / len(fold)
    return ranks


def are_averaged(y_true):
    """Return which tags can be judged at all: those that some clips have and others have not."""
    return y_true.any(axis=0) & ~y_true.all(axis=0)


def mean(values):
    """Return the mean of the tags that have a value, as a float; None where none has."""
    defined = values[np.isfinite(values)]
    return float(defined.mean()) if len(defined) else None


def curves(y_true, y_score, tags):
    """Return the ROC curve and the precision-recall curve of every tag, on a grid.

    Parameters
    ----------
    y_true : ndarray of shape (n_clips, n_tags), bool
    y_score : ndarray of shape (n_clips, n_tags)
    tags : list of str

    Returns
    -------
    DataFrame of shape (n_averaged_tags * 101, 4)
        tag; at, a false positive rate for roc and a recall for pr; roc, the true positive rate
        there; pr, the precision of the first threshold that reaches this recall. Of the tags
        that averages are over.
    """
    tables = []
    for k in np.flatnonzero(are_averaged(y_true)):
        false_rate, true_rate, _ = sklearn_metrics.roc_curve(y_true[:, k], y_score[:, k])
        precisions, recalls, _ = sklearn_metrics.precision_recall_curve(y_true[:, k], y_score[:, k])
        # recalls fall to the added point of no clip, whose precision of 1 nothing has reached
        reached = np.searchsorted(recalls[-2::-1], GRID - 1e-12)
        columns = {
            "tag": tags[k],
            "at": GRID,
            "roc": np.interp(GRID, false_rate, true_rate),
            "pr": precisions[-2::-1][reached],
        }
        tables.append(pd.DataFrame(columns))
    return pd.concat(tables) if tables else pd.DataFrame(columns=["tag", "at", "roc", "pr"])


def confusions(y_true, y_pred, tags):
    """Return which tags are predicted instead of one that is missed.

    Parameters
    ----------
    y_true, y_pred : ndarray of shape (n_clips, n_tags), bool
    tags : list of str

    Returns
    -------
    DataFrame of shape (n_tags, 2 + n_tags)
        tag; missed, the clips that have it and were not given it; then a column per tag, the share
        of these that were given that tag without having it: NaN where none missed, and for the
        tag itself.
    """
    missed, wrong = (y_true & ~y_pred).astype(float), (y_pred & ~y_true).astype(float)
    totals = missed.sum(axis=0)
    shares = missed.T @ wrong / np.where(totals > 0, totals, np.nan)[:, None]
    np.fill_diagonal(shares, np.nan)
    table = pd.DataFrame(shares, columns=tags)
    counts = pd.DataFrame({"tag": tags, "missed": totals.astype(int)})
    return pd.concat([counts, table], axis=1)


DECISIONS = {"accuracy": accuracy, "recall": recall, "precision": precision, "f1": f1}
