"""How near tags are in several senses, and whether these agree.

words        word vectors: language
annotations  the clips that have a tag: the listeners
network      the weights of a tag in the last layer: what the network responds to

The paper judges wrong predictions by closeness of meaning; `closeness_of_errors` computes it.
"""

import itertools

import numpy as np
import pandas as pd
from scipy import stats

from autotagging.labels import label_sets
from autotagging.results import bootstrap, evaluation

MIN_TAGS = 4  # of a map
N_NEAREST = 5
RESAMPLING = bootstrap.Resampling()
BETWEEN_COSINES = (-2, 2)  # limits of a difference
DIGITS = 12  # of cosines: behind them is rounding alone
SMALLEST_SPREAD = 1e-6  # of directions: below it there is rounding alone


def build_spaces(vectors, labels, weights=None):
    """Return what is known of tags in each sense of near, as vectors.

    Parameters
    ----------
    vectors : DataFrame of shape (n_found, size)
        Word vectors, indexed by tag.
    labels : DataFrame of shape (n_clips, n_tags), bool
    weights : DataFrame of shape (n_known, n_inputs), optional
        Of a network's last layer, for the tags that it knows.

    Returns
    -------
    spaces : dict
        Name -> vectors by tag, without those that are 0: of a tag that no clip has, nothing can
        be said.
    left_out : dict
        Name -> why a space is left out: too few tags, or all in the same direction.

    Raises
    ------
    ValueError
        Where it is the words that cannot be laid out.
    """
    spaces = {"words": vectors, "annotations": _by_shared_clips(labels)}
    spaces |= {} if weights is None else {"network": weights}
    spaces = {name: space[(space != 0).any(axis=1)] for name, space in spaces.items()}
    left_out = {name: reason for name, space in spaces.items() if (reason := _find_fault(space))}
    if "words" in left_out:
        raise ValueError(f"there is no map by word vectors: {left_out['words']}")
    return {name: space for name, space in spaces.items() if name not in left_out}, left_out


def _by_shared_clips(labels):
    """Return vectors of tags with the inner products of their columns: how many clips they share.

    They have as many numbers as there are tags, however many clips there are.
    """
    counts = label_sets.count_together(labels)
    has_clips = counts.diagonal() > 0
    squares, axes = np.linalg.eigh(counts[has_clips][:, has_clips])
    root = axes * np.sqrt(squares.clip(0)) @ axes.T
    return pd.DataFrame(root, index=labels.columns[has_clips])


def _find_fault(vectors):
    """Return why a space cannot be laid out; None where it can."""
    if len(vectors) < MIN_TAGS:
        return f"it needs at least {MIN_TAGS} tags with a direction, here are {len(vectors)}"
    if np.ptp(unit(vectors), axis=0).max(initial=0) < SMALLEST_SPREAD:
        return "all tags have the same direction, so none is nearer than another"
    return None


def unit(vectors):
    """Return vectors of the same directions and of length 1, ndarray of shape (n_tags, size)."""
    vectors = np.asarray(vectors, dtype=float)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def cosines(vectors):
    """Return the cosine of every pair of tags.

    Parameters
    ----------
    vectors : DataFrame of shape (n_tags, size)
        Indexed by tag, each with a direction.

    Returns
    -------
    DataFrame of shape (n_tags, n_tags)
    """
    directions = unit(vectors)
    table = (directions @ directions.T).round(DIGITS)  # so that equally near is equal
    return pd.DataFrame(table, index=vectors.index, columns=vectors.index)


def neighbours(spaces):
    """Return the nearest tags of each tag in each space.

    Parameters
    ----------
    spaces : dict
        Name -> cosines.

    Returns
    -------
    DataFrame
        space, tag, rank (from 1), neighbour, cosine; up to `N_NEAREST` a tag.
    """
    rows = []
    for space, table in spaces.items():
        for tag in table.index:
            nearest = table.loc[tag].drop(tag).sort_values(ascending=False, kind="stable")
            rows += [
                (space, tag, rank, neighbour, cosine)
                for rank, (neighbour, cosine) in enumerate(nearest[:N_NEAREST].items(), start=1)
            ]
    return pd.DataFrame(rows, columns=["space", "tag", "rank", "neighbour", "cosine"])


def agreement(spaces):
    """Return how far each two spaces agree about the tags that both have.

    Parameters
    ----------
    spaces : dict
        Name -> cosines.

    Returns
    -------
    rows : list of dict
        spaces (two names), tags, rank_correlation (Spearman's, of the cosines of all pairs),
        nearest (how many of each tag are compared), neighbours_in_common (their share, the mean
        over tags) and by_chance, what unrelated spaces would have; None where there are too few
        tags in both for a tag to have others than its nearest, or all pairs of one are equally
        near.
    by_tag : DataFrame
        space, other_space, tag, nearest, in_common: the same for each tag, counted.
    """
    found, tables = [], []
    for (name, one), (other_name, other) in itertools.combinations(spaces.items(), 2):
        tags = one.index[one.index.isin(other.index)]
        row = {"spaces": [name, other_name], "tags": len(tags)}
        row |= dict.fromkeys(("rank_correlation", "nearest", "neighbours_in_common", "by_chance"))
        if len(tags) > N_NEAREST + 1:
            both = [table.loc[tags, tags].to_numpy() for table in (one, other)]
            pairs = np.triu_indices(len(tags), 1)
            if all(np.ptp(table[pairs]) > 0 for table in both):
                ranks = stats.spearmanr(*(table[pairs] for table in both))
                row["rank_correlation"] = float(ranks.statistic)
            shares = neighbours_in_common(*both)
            row |= {"nearest": N_NEAREST, "neighbours_in_common": float(shares.mean())}
            row["by_chance"] = N_NEAREST / (len(tags) - 1)
            counts = {"nearest": N_NEAREST, "in_common": (shares * N_NEAREST).round().astype(int)}
            names = {"space": name, "other_space": other_name, "tag": tags}
            tables.append(pd.DataFrame(names | counts))
        found.append(row)
    columns = ["space", "other_space", "tag", "nearest", "in_common"]
    return found, pd.concat(tables) if tables else pd.DataFrame(columns=columns)


def neighbours_in_common(one, other):
    """Return the share of each tag's `N_NEAREST` nearest that two spaces have in common.

    Parameters
    ----------
    one, other : ndarray of shape (n_tags, n_tags)
        How near each pair is; larger is nearer.

    Returns
    -------
    ndarray of shape (n_tags,)
        From 0 to 1.
    """
    n, nearest = min(N_NEAREST, len(one) - 1), []
    for table in (one, other):
        off_diagonal = np.where(np.eye(len(table), dtype=bool), -np.inf, table)
        nearest.append(np.argsort(-off_diagonal, axis=1, kind="stable")[:, :n])
    return np.array([len(set(a) & set(b)) / n for a, b in zip(*nearest, strict=True)])


def closeness_of_errors(scored, nearness):
    """Return how near wrong predictions are to what was there, against other wrong tags.

    For each tag that was predicted and not there: its cosine to the nearest tag that was, whether
    or not that one is scored. For the comparison the same of a scored tag at random, by the tags'
    own frequencies (how often they are annotated on these clips) and never one that was there: its
    mean is computed, not drawn.

    Parameters
    ----------
    scored : ScoredClips
        Predicted is what reaches the tag's threshold.
    nearness : DataFrame
        Cosines, see `cosines`; tags without a vector are left out and counted.

    Returns
    -------
    dict
        errors, clips (with one at least), groups (that are resampled), errors_left_out (without a
        vector, or on a clip without a true tag that has one); closeness, at_random (means over
        the errors), difference with value, low and high, by resamples of whole groups; None where
        there is no error.
    """
    y_true = scored.labels.loc[scored.test_ids].drop(columns="split")
    y_pred = scored.y_score.loc[scored.test_ids] >= scored.thresholds[scored.tags]
    y_pred = y_pred.reindex(columns=y_true.columns, fill_value=False)
    groups = bootstrap.groups_of(scored.clips.loc[scored.test_ids], RESAMPLING.resample)
    tags = y_true.columns[y_true.columns.isin(nearness.index)]
    true, wrong = y_true[tags].to_numpy(), (y_pred & ~y_true)[tags].to_numpy()
    is_counted = true.any(axis=1) & wrong.any(axis=1)
    n_wrong = int((y_pred & ~y_true).to_numpy().sum())
    near = nearness.loc[tags, tags].to_numpy()
    frequencies = true.sum(axis=0) * tags.isin(scored.tags)
    sums = np.zeros((3, len(true)))  # errors, their closeness, that of a tag at random
    for clip in np.flatnonzero(is_counted):
        to_nearest = near[:, true[clip]].max(axis=1)
        weights = np.where(true[clip], 0, frequencies)
        if not weights.any():
            is_counted[clip] = False
            continue
        n_errors = wrong[clip].sum()
        at_random = np.average(to_nearest, weights=weights)
        sums[:, clip] = n_errors, to_nearest[wrong[clip]].sum(), n_errors * at_random
    n_errors = int(sums[0].sum())
    result = {
        "errors": n_errors,
        "clips": int(is_counted.sum()),
        "errors_left_out": n_wrong - n_errors,
    }
    result["groups"] = len(np.unique(groups))
    if not n_errors:
        return result | dict.fromkeys(("closeness", "at_random", "difference"))
    by_group = np.array([np.bincount(groups, row) for row in sums])
    drawn = [by_group @ counts for counts in bootstrap.draws(groups, RESAMPLING)]
    errors, close, random = np.hstack(drawn)
    with np.errstate(invalid="ignore"):
        differences = (close - random) / errors  # NaN in a resample without any error
    close, random = map(float, sums[1:].sum(axis=1) / n_errors)
    made_of = close - random, differences, result["groups"]
    difference = evaluation.with_interval(*made_of, BETWEEN_COSINES)
    return result | {"closeness": close, "at_random": random, "difference": difference}
