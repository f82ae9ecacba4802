"""`linear` is not trained but solved: logistic regression a tag on the mean over a clip's chunks.

With an L2 penalty the problem is convex and its solution the only one, whatever the seed. How
strong the penalty is, one for all tags, is chosen inside the training clips by folds of artists.
"""

import os

import numpy as np
import threadpoolctl
from scipy.special import logit
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from autotagging import metrics
from autotagging.labels.folds import folds_of_few
from autotagging.models import building

# scikit-learn's C, the inverse of the penalty, times the number of values: normalised values are
# as many terms of a logit as the layer is wide, and so 1 to 10 is best for layers of any width.
STRENGTHS = (0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0)
MIDDLE = STRENGTHS[len(STRENGTHS) // 2]
N_FOLDS = 5
ARRAYS = 4  # of the size of the clips' means that are in memory at once
MAX_ITERATIONS = 1000


def solve(clips, settings):
    """Return the network of one logit a tag that fits some clips, and how strong its fit is.

    Parameters
    ----------
    clips : LabelledClips
        Of a layer's values; the training clips.
    settings : TrainingSettings
        From `training_settings.resolve`.

    Returns
    -------
    network : keras.Model
    strength : float
        One of `STRENGTHS`.

    Raises
    ------
    ValueError
        Where the means over chunks take more memory than there is.
    """
    x = mean_over_chunks(clips)
    strength = choose_strength(x, clips, settings.seed)
    scaler, kernel, bias = _fit(x, clips.y_true, strength)
    statistics = scaler.mean_, np.square(scaler.scale_)
    network = building.build((1, x.shape[1]), len(bias), statistics, settings)
    network.get_layer("logits").set_weights([kernel, bias])
    return network, strength


def mean_over_chunks(clips):
    """Return the mean of each clip's chunks with sound: ndarray of shape (n_clips, width).

    Raises
    ------
    ValueError
        As of `solve`, before anything is read.
    """
    shape = len(clips), clips.array.shape[2]
    n_bytes = ARRAYS * np.dtype(float).itemsize * shape[0] * shape[1]
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    if n_bytes > memory:
        raise ValueError(
            f"{shape[0]:,} clips with {shape[1]:,} values each take {n_bytes:,} bytes of memory to "
            f"be solved at once, and there are {memory:,}: take --architecture mlp, which reads "
            "them batch by batch, or a layer of fewer values"
        )
    means = np.empty(shape)
    for mean, row in zip(means, clips.rows, strict=True):
        mean[:] = clips.array[row, : clips.lengths[row]].mean(axis=0, dtype=float)
    return means


def choose_strength(x, clips, seed):
    """Return the strength whose scores of clips held out have the lowest log-loss.

    The loss is smooth in the strength; how few clips are ranked is not, and which strength ranks
    them best is luck. A tag takes part where clips with it, and clips without, are in several
    folds: otherwise what judges it would have learnt nothing of it.

    Parameters
    ----------
    x : ndarray of shape (n_clips, width)
    clips : LabelledClips
    seed : int
        Of the folds.

    Returns
    -------
    float
        The middle one where no tag can be judged, which is said.
    """
    y_true, folds = clips.y_true, []
    if len(clips) > 1:
        folds = folds_of_few(clips.artists, N_FOLDS, seed)
    is_judged = _in_several(y_true, folds) & _in_several(~y_true, folds)
    if not is_judged.any():
        print(
            "no tag is on clips of several artists and absent from clips of several: nothing "
            f"tells how strong the L2 penalty should be, and C is {MIDDLE / x.shape[1]:.2g}, the "
            "middle of those tried otherwise"
        )
        return MIDDLE
    judged = y_true[:, is_judged]
    losses = {}
    for strength in STRENGTHS:
        logits = _score_out_of_fold(x, judged, folds, strength)
        losses[strength] = np.logaddexp(0, np.where(judged, -logits, logits)).mean()
    best = min(losses, key=losses.get)  # the first of equals, the strongest penalty
    print(
        f"L2 penalty chosen by {len(folds)} folds of the training clips: C = "
        f"{best / x.shape[1]:.2g}, log-loss {losses[best]:.3f}"
    )
    return best


def _in_several(y_true, folds):
    """Return which tags are on clips of two folds at least: ndarray of shape (n_tags,), bool."""
    return sum((y_true[fold].any(axis=0).astype(int) for fold in folds), 0 * y_true[0]) > 1


def _score_out_of_fold(x, y_true, folds, strength):
    """Return logits of every clip, each fitted without its fold: ndarray as `y_true`."""
    scores = np.empty(y_true.shape)
    for fold in folds:
        learnt = np.setdiff1d(np.arange(len(x)), fold)
        scaler, kernel, bias = _fit(x[learnt], y_true[learnt], strength)
        scores[fold] = scaler.transform(x[fold]) @ kernel + bias
    return scores


@threadpoolctl.threadpool_limits.wrap(limits=1)  # many small problems: threads would only wait
def _fit(x, y_true, strength):
    """Return how values are normalised, and the weights of each tag.

    Returns
    -------
    scaler : StandardScaler
    kernel : ndarray of shape (width, n_tags)
    bias : ndarray of shape (n_tags,)
        Of a tag that all clips have, or none, alone: the logit of its share, short of 0 and 1 by
        half a clip.
    """
    scaler = StandardScaler().fit(x)
    values = scaler.transform(x)
    n_clips, n_tags = y_true.shape
    kernel = np.zeros((x.shape[1], n_tags))
    bias = logit((y_true.sum(axis=0) + 0.5) / (n_clips + 1))
    regression = LogisticRegression(C=strength / x.shape[1], max_iter=MAX_ITERATIONS)
    for k in np.flatnonzero(metrics.are_averaged(y_true)):
        regression.fit(values, y_true[:, k])
        kernel[:, k], bias[k] = regression.coef_[0], regression.intercept_[0]
    return scaler, kernel, bias
