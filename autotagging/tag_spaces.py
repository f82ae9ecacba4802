"""How near tags are in several senses, and whether these agree.

words        word vectors: language
annotations  the clips that have a tag: the listeners
network      the weights of a tag in the last layer: what the network listens for

The paper judges wrong predictions by closeness of meaning; `closeness_of_errors` computes it.
"""

import itertools

import numpy as np
import pandas as pd
from scipy import stats

from autotagging import bootstrap

N_NEAREST = 5


def with_direction(vectors):
    """Return the vectors that are not all 0: of tags that no clip has, nothing can be said."""
    lengths = np.linalg.norm(vectors.to_numpy(dtype=float), axis=1)
    return vectors[np.isfinite(lengths) & (lengths > 0)]


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
    unit = vectors.to_numpy(dtype=float)
    unit = unit / np.linalg.norm(unit, axis=1, keepdims=True)
    return pd.DataFrame(unit @ unit.T, index=vectors.index, columns=vectors.index)


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
    list of dict
        spaces (two names), tags, rank_correlation (Spearman's, of the cosines of all pairs),
        neighbours_in_common (share of a tag's nearest, the mean over tags) and by_chance, what
        unrelated spaces would have; None where fewer than 4 tags are in both, or all pairs of
        one are equally near.
    """
    found = []
    for (name, one), (other_name, other) in itertools.combinations(spaces.items(), 2):
        tags = one.index[one.index.isin(other.index)]
        row = {"spaces": [name, other_name], "tags": len(tags)}
        row |= dict.fromkeys(("rank_correlation", "neighbours_in_common", "by_chance"))
        if len(tags) >= 4:
            both = [table.loc[tags, tags].to_numpy() for table in (one, other)]
            pairs = np.triu_indices(len(tags), 1)
            if all(np.ptp(table[pairs]) > 0 for table in both):
                ranks = stats.spearmanr(*(table[pairs] for table in both))
                row["rank_correlation"] = float(ranks.statistic)
            row["neighbours_in_common"] = neighbours_in_common(*both)
            row["by_chance"] = min(N_NEAREST, len(tags) - 1) / (len(tags) - 1)
        found.append(row)
    return found


def neighbours_in_common(one, other):
    """Return the share of a tag's `N_NEAREST` nearest that two spaces have in common.

    Parameters
    ----------
    one, other : ndarray of shape (n_tags, n_tags)
        How near each pair is; larger is nearer.

    Returns
    -------
    float
        From 0 to 1, the mean over the tags.
    """
    n, nearest = min(N_NEAREST, len(one) - 1), []
    for table in (one, other):
        others = np.where(np.eye(len(table), dtype=bool), -np.inf, table)
        nearest.append(np.argsort(-others, axis=1, kind="stable")[:, :n])
    return float(np.mean([len(set(a) & set(b)) / n for a, b in zip(*nearest, strict=True)]))


def closeness_of_errors(y_true, y_pred, groups, nearness, how):
    """Return how near wrong predictions are to what was there, against other wrong tags.

    For each tag that was predicted and not there: its cosine to the nearest tag that was. For the
    comparison the same of a tag at random, drawn with the tags' own frequencies (how often they
    are annotated on these clips) and never one that was there: its mean over all such draws is
    computed, not drawn.

    Parameters
    ----------
    y_true, y_pred : DataFrame of shape (n_clips, n_tags), bool
    groups : ndarray of shape (n_clips,), int
        Such as artists, see `bootstrap.groups_of`.
    nearness : DataFrame
        Cosines, see `cosines`; tags without a vector are left out and counted.
    how : dict
        draws and seed of the bootstrap.

    Returns
    -------
    dict
        errors, clips (with one at least), errors_left_out (without a vector, or on a clip without
        a true tag that has one); closeness, at_random (means over the errors), difference with
        value, low and high, by draws of whole groups; None where there is no error.
    """
    tags = y_true.columns[y_true.columns.isin(nearness.index)]
    true, wrong = y_true[tags].to_numpy(), (y_pred & ~y_true)[tags].to_numpy()
    judged = true.any(axis=1) & wrong.any(axis=1)
    n_wrong = int((y_pred & ~y_true).to_numpy().sum())
    near = nearness.loc[tags, tags].to_numpy()
    frequencies = true.sum(axis=0)
    sums = np.zeros((3, len(true)))  # errors, their closeness, that of a tag at random
    for clip in np.flatnonzero(judged):
        to_nearest = near[:, true[clip]].max(axis=1)
        others = np.where(true[clip], 0, frequencies)
        if not others.any():
            judged[clip] = False
            continue
        n_errors = wrong[clip].sum()
        at_random = np.average(to_nearest, weights=others)
        sums[:, clip] = n_errors, to_nearest[wrong[clip]].sum(), n_errors * at_random
    n_errors = int(sums[0].sum())
    result = {"errors": n_errors, "clips": int(judged.sum()), "errors_left_out": n_wrong - n_errors}
    if not n_errors:
        return result | dict.fromkeys(("closeness", "at_random", "difference"))
    drawn = bootstrap.draw(groups, how["draws"], how["seed"])
    by_group = np.array([np.bincount(groups, row, minlength=len(drawn)) for row in sums])
    errors, close, random = by_group @ drawn
    with np.errstate(invalid="ignore"):
        differences = (close - random) / errors  # NaN in a draw without any error
    low, high = bootstrap.interval(differences)
    means = sums[1:].sum(axis=1) / n_errors
    value = {"value": float(means[0] - means[1]), "low": float(low), "high": float(high)}
    if len(np.unique(groups)) == 1:
        value |= {"low": None, "high": None}
    return result | {
        "closeness": float(means[0]),
        "at_random": float(means[1]),
        "difference": value,
    }


def in_words(agreeing, errors=None):
    """Return how far the spaces agree, and how near errors are to the truth, as it is printed.

    Parameters
    ----------
    agreeing : list of dict
        From `agreement`.
    errors : dict, optional
        From `closeness_of_errors`, with circular: whether the vectors come from the annotations.

    Returns
    -------
    list of str
        Sentences.
    """
    said = [
        f"{row['spaces'][0].capitalize()} and {row['spaces'][1]}, {row['tags']} tags: rank "
        f"correlation of all pairs {row['rank_correlation']:.2f}, "
        f"{row['neighbours_in_common'] * 100:.0f} % of the nearest five in common (by chance "
        f"{row['by_chance'] * 100:.0f} %)."
        for row in agreeing
        if row["rank_correlation"] is not None
    ]
    if not errors or not errors["errors"]:
        return said
    difference = errors["difference"]
    interval = (
        ""
        if difference["low"] is None
        else f" (95 % of draws of artists {difference['low']:+.3f} to {difference['high']:+.3f})"
    )
    closeness = (
        f"{errors['errors']:,} wrong predictions on {errors['clips']:,} test clips: cosine "
        f"{errors['closeness']:.3f} to the nearest true tag, that of other tags at random "
        f"{errors['at_random']:.3f}: {difference['value']:+.3f}{interval}."
    )
    if errors["circular"]:
        closeness += (
            " This proves nothing: the word vectors are trained on the annotations; name others "
            "with --vectors."
        )
    return [*said, closeness]
