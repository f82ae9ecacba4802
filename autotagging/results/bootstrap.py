"""Confidence intervals by the cluster bootstrap: the spread of a number over resamples of clips.

Clips of one artist are alike, and so are the errors made on them: whole artists are resampled, or
albums, or tracks, so that the interval tells what other artists would have given.

References
----------
B. Efron and R. J. Tibshirani, An Introduction to the Bootstrap, Chapman & Hall 1993: percentile
interval. C. A. Field and A. H. Welsh, "Bootstrapping clustered data", Journal of the Royal
Statistical Society B 69, 2007: resampling whole clusters.
"""

from dataclasses import dataclass

import numpy as np
import scipy.sparse

from autotagging import options
from autotagging.options import option

UNITS = ("artists", "albums", "tracks", "clips")
LEVEL = 0.95


@dataclass(frozen=True)
class Resampling:
    """How intervals come about."""

    resample: str = option(
        "of what whole groups are resampled for the intervals (default: artists)",
        "artists",
        choices=UNITS,
    )
    n_resamples: int = option(
        "for the intervals (default: 1000)", 1000, options.number(int, 10, 10_000), metavar="N"
    )
    seed: int = option("random seed (default: 0)", 0, options.seed)


def groups_of(clips, unit):
    """Return which group each clip is resampled with.

    Parameters
    ----------
    clips : DataFrame
        Indexed by clip_id: artist, album, track, as from `inventory.read_clips`.
    unit : str
        One of `UNITS`. An album is one artist's, a track one album's: "Greatest Hits" are many.

    Returns
    -------
    ndarray of shape (n_clips,), int
        A number a group, from 0.
    """
    columns = {"artists": 1, "albums": 2, "tracks": 3}.get(unit)
    if columns is None:
        return np.arange(len(clips))
    return clips.groupby(["artist", "album", "track"][:columns]).ngroup().to_numpy()


def resample(groups, resampling):
    """Draw as many groups as there are, with replacement, again and again.

    Parameters
    ----------
    groups : ndarray of shape (n_clips,), int
        From `groups_of`.
    resampling : Resampling

    Returns
    -------
    ndarray of shape (n_groups, n_resamples)
        How often each group is in each resample.
    """
    n_groups = groups.max() + 1
    present = np.bincount(groups, minlength=n_groups) > 0
    counts = np.random.default_rng(resampling.seed).multinomial(
        present.sum(), present / present.sum(), size=resampling.n_resamples
    )
    return counts.T.astype(np.float64)


def resampled_aucs(y_true, y_score, groups, counts):
    """Return ROC-AUC and average precision of every tag in every resample.

    The values are those of scikit-learn with the clips' multiplicities as ``sample_weight``.
    Precision and rank count at the clips with the tag alone, so that between two of them only
    the sum of the weights is needed: a product of sparse counts and the groups drawn.

    Parameters
    ----------
    y_true : ndarray of shape (n_clips, n_tags), bool
    y_score : ndarray of shape (n_clips, n_tags)
    groups : ndarray of shape (n_clips,), int
    counts : ndarray of shape (n_groups, n_resamples)
        From `resample`.

    Returns
    -------
    ndarray of shape (2, n_resamples, n_tags)
        NaN where the resample has no clip with the tag, or none without.
    """
    pairs = [
        _aucs_of_tag(true, score, groups, counts)
        for true, score in zip(y_true.T, y_score.T, strict=True)
    ]
    return np.ascontiguousarray(np.transpose(pairs, (1, 2, 0)))


def _aucs_of_tag(y_true, y_score, groups, counts_of_groups):
    if not y_true.any() or y_true.all():
        return np.full((2, counts_of_groups.shape[1]), np.nan)
    # Levels are the scores that a clip with the tag has, from the highest; a clip belongs to the
    # first level that is not above its score. Those below every level are in the last row.
    levels, level_of = np.unique(-y_score[y_true], return_inverse=True)
    level = np.searchsorted(levels, -y_score)
    tied = (~y_true) & (levels[np.minimum(level, len(levels) - 1)] == -y_score)

    def weights_by_level(levels_of_clips, clips):
        ones = np.ones(len(levels_of_clips))
        shape = len(levels) + 1, len(counts_of_groups)
        counts = scipy.sparse.coo_array((ones, (levels_of_clips, groups[clips])), shape=shape)
        return counts.tocsr() @ counts_of_groups  # (n_levels + 1, n_resamples)

    positives = weights_by_level(level_of, y_true)[:-1]
    negatives = weights_by_level(level[~y_true], ~y_true)
    above = negatives.cumsum(axis=0)  # with those of the same score
    total, n_negatives = positives.sum(axis=0), above[-1]
    above = above[:-1]
    with np.errstate(invalid="ignore", divide="ignore"):
        found = positives.cumsum(axis=0)
        precision = np.where(found > 0, found / (found + above), 0)
        pr = np.einsum("ij,ij->j", positives, precision) / total
        if tied.any():  # a pair of equal scores is half in order
            above -= weights_by_level(level[tied], tied)[:-1] / 2
        roc = 1 - np.einsum("ij,ij->j", positives, above) / (total * n_negatives)
    undefined = (total == 0) | (n_negatives == 0)
    return np.where(undefined, np.nan, [roc, pr])


def macro(values):
    """Return each resample's mean over the tags that are defined in it.

    Parameters
    ----------
    values : ndarray of shape (n_resamples, n_tags)
        From `resampled_aucs`.

    Returns
    -------
    ndarray of shape (n_resamples,)
        NaN where no tag is.
    """
    defined = np.isfinite(values)
    n_defined = defined.sum(axis=1)
    sums = np.where(defined, values, 0).sum(axis=1)
    return np.divide(sums, n_defined, out=np.full(len(values), np.nan), where=n_defined > 0)


def interval(values):
    """Return the percentile interval of `LEVEL`, over the resamples that have a value.

    Parameters
    ----------
    values : ndarray of shape (n_resamples, ...)

    Returns
    -------
    low, high : float or ndarray of shape (...)
        NaN where no resample has a value.
    """
    outside = (1 - LEVEL) / 2
    values = np.asarray(values)
    empty = ~np.isfinite(values).any(axis=0)
    low, high = np.nanquantile(np.where(empty, 0, values), [outside, 1 - outside], axis=0)
    return np.where(empty, np.nan, low)[()], np.where(empty, np.nan, high)[()]


def probability_above_0(values):
    """Return the share of the resamples whose value is above 0, one that is 0 counting half."""
    values = values[np.isfinite(values)]
    return float(np.mean((np.sign(values) + 1) / 2)) if len(values) else None
