"""From which score on a clip is given a tag: chosen on validation clips."""

import numpy as np
from sklearn.metrics import precision_recall_curve

MIN_POSITIVES = 5


def choose_thresholds(y_true, y_score):
    """Return the threshold of each tag with the highest F1, chosen on validation clips.

    Parameters
    ----------
    y_true : ndarray of shape (n_clips, n_tags), bool
    y_score : ndarray of shape (n_clips, n_tags)

    Returns
    -------
    ndarray of shape (n_tags,)
        For a tag with fewer than `MIN_POSITIVES` that which is best for all tags pooled; 0.5
        everywhere where no clip has any tag.
    """
    if not y_true.any():
        return np.full(y_true.shape[1], 0.5)
    pooled = _highest_f1(y_true.ravel(), y_score.ravel())
    return np.array(
        [
            _highest_f1(true, score) if true.sum() >= MIN_POSITIVES else pooled
            for true, score in zip(y_true.T, y_score.T, strict=True)
        ]
    )


def _highest_f1(y_true, y_score):
    precisions, recalls, thresholds = precision_recall_curve(y_true, y_score)
    with np.errstate(invalid="ignore"):
        f1 = 2 * precisions * recalls / (precisions + recalls)
    return float(thresholds[np.nan_to_num(f1[:-1]).argmax()])
