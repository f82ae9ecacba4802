"""Confidence intervals by the cluster bootstrap: the spread of a number over resamples of clips.

Clips of one artist are alike, and so are the errors made on them: whole artists are resampled, or
albums, or tracks, so that the interval tells what other artists would have given.

A resample repeats clips, and that raises average precision. So the interval is not where the
resamples are: it lies around the value of all clips as they lie around their median. It is wider by
Student's t and sqrt(n / (n - 1)) for few groups. How often it covers what other test parts of the
same size have on average, and a percentile interval does, of 500 test parts from each of seven laws
(``python benchmarks/interval_coverage.py``; docs/evaluation.md has more):

==============================  =============  ============  ==============  =============
mean of the seven laws          macro ROC-AUC  macro PR-AUC  difference ROC  difference PR
==============================  =============  ============  ==============  =============
percentile                      .935           .788          .934            .950
BCa                             .895           .702          .884            .880
this one                        .938           .938          .930            .938
==============================  =============  ============  ==============  =============

References
----------
B. Efron and R. J. Tibshirani, An Introduction to the Bootstrap, Chapman & Hall 1993: bias and
percentile intervals. C. A. Field and A. H. Welsh, "Bootstrapping clustered data", Journal of the
Royal Statistical Society B 69, 2007: resampling whole clusters. T. C. Hesterberg, "What teachers
should know about the bootstrap", The American Statistician 69, 2015: intervals for few groups.
"""

from dataclasses import dataclass

import numpy as np
import scipy.sparse
from scipy import stats

from autotagging import options
from autotagging.options import option

UNITS = ("artists", "albums", "tracks", "clips")
LEVEL = 0.95
OUTSIDE = (1 - LEVEL) / 2  # on either side
INTERVAL = "around the value, wider for few groups"  # which kind it is: not a percentile interval
OF_AN_AUC, OF_A_DIFFERENCE = (0, 1), (-1, 1)  # limits
CELLS = 2**17  # clips x resamples of a block: it is fastest where it fits a cache


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


def draws(groups, resampling):
    """Draw as many groups as there are, with replacement, again and again.

    The same groups and resampling give the same draws: two scorers are compared on the same ones.

    Parameters
    ----------
    groups : ndarray of shape (n_clips,), int
        From `groups_of`.
    resampling : Resampling

    Yields
    ------
    ndarray of shape (n_groups, n_in_block)
        How often each group is in each resample of a block, whose size bounds the memory.
    """
    n_groups, rng = groups.max() + 1, np.random.default_rng(resampling.seed)
    n_in_block = max(1, CELLS // len(groups))
    for first in range(0, resampling.n_resamples, n_in_block):
        n_drawn = min(n_in_block, resampling.n_resamples - first)
        drawn = rng.integers(n_groups, size=(n_drawn, n_groups))
        counts = [np.bincount(row, minlength=n_groups) for row in drawn]
        yield np.ascontiguousarray(np.transpose(counts), dtype=np.float64)


def resampled_aucs(y_true, y_score, groups, resampling):
    """Return ROC-AUC and average precision of every tag in every resample.

    The values are those of scikit-learn with the clips' multiplicities as ``sample_weight``.

    Parameters
    ----------
    y_true : ndarray of shape (n_clips, n_tags), bool
    y_score : ndarray of shape (n_clips, n_tags)
    groups : ndarray of shape (n_clips,), int
        From `groups_of`.
    resampling : Resampling

    Returns
    -------
    ndarray of shape (2, n_resamples, n_tags)
        NaN where the resample has no clip with the tag, or none without.
    """
    ranked = [RankedTag.of(*tag, groups) for tag in zip(y_true.T, y_score.T, strict=True)]
    blocks = [
        np.transpose([tag.aucs(counts) for tag in ranked], (1, 2, 0))
        for counts in draws(groups, resampling)
    ]
    return np.concatenate(blocks, axis=1)


@dataclass(frozen=True)
class RankedTag:
    """The clips of one tag in the order of their scores, counted by group.

    Precision and rank count at the clips with the tag alone. Their scores are levels, the highest
    first, and a clip belongs to the first level that is not above its own score; a last level has
    the clips below all. How many are at each level of a resample is then a product of sparse counts
    and the groups drawn.

    Parameters
    ----------
    positives, negatives, tied : csr_array of shape (n_levels, n_groups)
        Clips with the tag; without it; those of them that have the very score of the level.
    """

    positives: scipy.sparse.csr_array
    negatives: scipy.sparse.csr_array
    tied: scipy.sparse.csr_array

    @classmethod
    def of(cls, y_true, y_score, groups):
        """Rank the clips of one tag; arrays of shape (n_clips,)."""
        levels = np.append(np.unique(-y_score[y_true]), np.nan)
        level = np.searchsorted(levels, -y_score)

        def count(clips):
            ones, index = np.ones(clips.sum()), (level[clips], groups[clips])
            shape = len(levels), groups.max() + 1
            return scipy.sparse.coo_array((ones, index), shape=shape).tocsr()

        is_tied = ~y_true & (levels[level] == -y_score)
        return cls(count(y_true), count(~y_true), count(is_tied))

    def aucs(self, counts):
        """Return ROC-AUC and average precision in resamples, NaN where they are undefined.

        Parameters
        ----------
        counts : ndarray of shape (n_groups, n_resamples)
            How often each group is in each resample, whole numbers.

        Returns
        -------
        ndarray of shape (2, n_resamples)
        """
        positives = self.positives @ counts  # (n_levels, n_resamples)
        found, above = positives.cumsum(axis=0), (self.negatives @ counts).cumsum(axis=0)
        n_positives, n_pairs = found[-1].copy(), found[-1] * above[-1]
        disordered = np.einsum("ij,ij->j", positives, above)
        if self.tied.nnz:  # a pair of equal scores is half in order
            disordered -= np.einsum("ij,ij->j", positives, self.tied @ counts) / 2
        above += found
        precision = np.divide(found, np.maximum(above, 1, out=above), out=found)
        precise = np.einsum("ij,ij->j", positives, precision)
        with np.errstate(invalid="ignore", divide="ignore"):
            values = [1 - disordered / n_pairs, precise / n_positives]
        return np.where(n_pairs == 0, np.nan, values)


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


def interval(values, point, n_groups, limits):
    """Return the interval of `LEVEL`: around the point value as the resamples are around theirs.

    Parameters
    ----------
    values : ndarray of shape (n_resamples, ...)
        Those that are NaN are passed over.
    point : float, None or ndarray of shape (...)
        The value of all clips; None or NaN where they have none.
    n_groups : int or ndarray of shape (...)
        How many groups the value rests on.
    limits : tuple of float
        What it can be at least and at most, such as `OF_AN_AUC`.

    Returns
    -------
    low, high : float or ndarray of shape (...)
        The point value is between them. NaN where no resample has a value, or one group alone is
        resampled.
    """
    moved = _move_to_point(values, point, n_groups)
    return _quantiles(moved, OUTSIDE).clip(*limits), _quantiles(moved, 1 - OUTSIDE).clip(*limits)


def probability_above_0(values, point, n_groups):
    """Return the share of the resamples that are above 0 where the interval takes them to be.

    One that is 0 counts half. Parameters as of `interval`; None where that has no bounds.
    """
    moved = _move_to_point(values, point, n_groups)
    moved = moved[np.isfinite(moved)]
    return float(np.mean((np.sign(moved) + 1) / 2)) if len(moved) else None


def _move_to_point(values, point, n_groups):
    """Return resampled values with the point value as their median, and spread for few groups."""
    point, n_groups = np.asarray(point, np.float64), np.asarray(n_groups, np.float64)
    freedom = np.where(n_groups > 1, n_groups - 1, np.nan)
    spread = stats.t.ppf(OUTSIDE, freedom) / stats.norm.ppf(OUTSIDE) * (n_groups / freedom) ** 0.5
    return point + spread * (values - _quantiles(values, 0.5))


def _quantiles(values, level):
    is_empty = ~np.isfinite(values).any(axis=0)
    return np.where(is_empty, np.nan, np.nanquantile(np.where(is_empty, 0, values), level, axis=0))
