"""How sure a number is: its spread over samples drawn anew from the clips that there are.

Clips of one artist are alike, and so are the errors made on them: whole artists are drawn, or
albums, or tracks, so that the interval tells what other artists would have given.

References
----------
B. Efron and R. J. Tibshirani, An Introduction to the Bootstrap, Chapman & Hall 1993: percentile
interval. C. A. Field and A. H. Welsh, "Bootstrapping clustered data", Journal of the Royal
Statistical Society B 69, 2007: drawing whole clusters.
"""

import numpy as np
import scipy.sparse

UNITS = ("artists", "albums", "tracks", "clips")
LEVEL = 0.95


def groups_of(clips, unit):
    """Return what each clip is drawn with.

    Parameters
    ----------
    clips : DataFrame
        Indexed by clip_id: artist, album, track, as from `clips.read_clips`.
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


def draw(groups, n_draws, seed):
    """Draw as many groups as there are, with replacement, again and again.

    Parameters
    ----------
    groups : ndarray of shape (n_clips,), int
        From `groups_of`.
    n_draws, seed : int

    Returns
    -------
    ndarray of shape (n_groups, n_draws)
        How often each group is in each sample.
    """
    n_groups = groups.max() + 1
    present = np.bincount(groups, minlength=n_groups) > 0
    counts = np.random.default_rng(seed).multinomial(
        present.sum(), present / present.sum(), size=n_draws
    )
    return counts.T.astype(np.float64)


def areas(y_true, y_score, groups, drawn):
    """Return ROC-AUC and average precision of every tag in every sample.

    The values are those of scikit-learn with the clips' multiplicities as ``sample_weight``.
    Precision and rank count at the clips with the tag alone, so that between two of them only
    the sum of the weights is needed: a product of sparse counts and the groups drawn.

    Parameters
    ----------
    y_true : ndarray of shape (n_clips, n_tags), bool
    y_score : ndarray of shape (n_clips, n_tags)
    groups : ndarray of shape (n_clips,), int
    drawn : ndarray of shape (n_groups, n_draws)
        From `draw`.

    Returns
    -------
    roc_auc, pr_auc : ndarray of shape (n_draws, n_tags)
        NaN where the sample has no clip with the tag, or none without.
    """
    pairs = [
        _areas_of_tag(true, score, groups, drawn)
        for true, score in zip(y_true.T, y_score.T, strict=True)
    ]
    return tuple(np.array(values).T for values in zip(*pairs, strict=True))


def _areas_of_tag(y_true, y_score, groups, drawn):
    if not y_true.any() or y_true.all():
        return np.full((2, drawn.shape[1]), np.nan)
    # Levels are the scores that a clip with the tag has, from the highest; a clip belongs to the
    # first level that is not above its score. Those below every level are in the last row.
    levels, level_of = np.unique(-y_score[y_true], return_inverse=True)
    level = np.searchsorted(levels, -y_score)
    tied = (~y_true) & (levels[np.minimum(level, len(levels) - 1)] == -y_score)

    def weights_by_level(levels_of_clips, clips):
        ones = np.ones(len(levels_of_clips))
        shape = len(levels) + 1, len(drawn)
        counts = scipy.sparse.coo_array((ones, (levels_of_clips, groups[clips])), shape=shape)
        return counts.tocsr() @ drawn  # (n_levels + 1, n_draws)

    positives = weights_by_level(level_of, y_true)[:-1]
    negatives = weights_by_level(level[~y_true], ~y_true)
    above = negatives.cumsum(axis=0)  # with those of the same score
    total, others = positives.sum(axis=0), above[-1]
    above = above[:-1]
    with np.errstate(invalid="ignore", divide="ignore"):
        found = positives.cumsum(axis=0)
        precision = np.where(found > 0, found / (found + above), 0)
        pr = np.einsum("ij,ij->j", positives, precision) / total
        if tied.any():  # a pair of equal scores is half in order
            above -= weights_by_level(level[tied], tied)[:-1] / 2
        roc = 1 - np.einsum("ij,ij->j", positives, above) / (total * others)
    undefined = (total == 0) | (others == 0)
    return np.where(undefined, np.nan, [roc, pr])


def macro(values):
    """Return each sample's mean over the tags that are defined in it.

    Parameters
    ----------
    values : ndarray of shape (n_draws, n_tags)
        From `areas`.

    Returns
    -------
    ndarray of shape (n_draws,)
        NaN where no tag is.
    """
    defined = np.isfinite(values)
    n_defined = defined.sum(axis=1)
    sums = np.where(defined, values, 0).sum(axis=1)
    return np.divide(sums, n_defined, out=np.full(len(values), np.nan), where=n_defined > 0)


def interval(draws):
    """Return the percentile interval of `LEVEL`, over the samples that have a value.

    Parameters
    ----------
    draws : ndarray of shape (n_draws, ...)

    Returns
    -------
    low, high : float or ndarray of shape (...)
        NaN where no sample has a value.
    """
    outside = (1 - LEVEL) / 2
    draws = np.asarray(draws)
    empty = ~np.isfinite(draws).any(axis=0)
    low, high = np.nanquantile(np.where(empty, 0, draws), [outside, 1 - outside], axis=0)
    return np.where(empty, np.nan, low)[()], np.where(empty, np.nan, high)[()]


def probability_above_0(draws):
    """Return the share of the samples whose difference is above 0, one that is 0 counting half."""
    draws = draws[np.isfinite(draws)]
    return float(np.mean((np.sign(draws) + 1) / 2)) if len(draws) else None
