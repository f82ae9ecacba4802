"""Which test clips are shown: by a rule, good ones and bad ones; nobody picks them by hand."""

import numpy as np

from autotagging.clips import clip_ids
from autotagging.user_tables import normalise

IN_FIGURE = 5  # as in the paper
IN_REPORT = 14
ASKED_FOR = "asked for"
PLAINLY_WRONG = "plainly wrong: no tag in common, the most confident of all wrong tags"
NOTHING_TO_RANK = "no tag, or none predicted: no agreement to rank"
SAYS_LITTLE = "the annotation says little: fewest tags, most predicted"


def tabulate(scored, asked_for=None):
    """Return the test clips to show, with their tags.

    Parameters
    ----------
    scored : ScoredClips
    asked_for : list of str, optional
        Clips for the figure, instead of those of the rule.

    Returns
    -------
    list of dict
        clip_id, reason, in_figure, actual (tags), predicted (tags at their threshold, the
        most confident first).

    Raises
    ------
    ValueError
        For a clip that is not one of these.
    """
    y_true = scored.true_labels(scored.test_ids)
    y_score = scored.y_score.loc[y_true.index]
    asked_for = list(dict.fromkeys(map(normalise, asked_for or ())))
    clip_ids.refuse_altered(asked_for, y_true.index, "--clips", "labels.csv")
    for clip_id in asked_for:
        if clip_id not in y_true.index:
            raise ValueError(f"--clips {clip_id}: no test clip with scores has this id")
    predicted = y_score >= scored.thresholds[scored.tags]
    chosen = choose(y_true.to_numpy(), y_score.to_numpy(), predicted.to_numpy(), IN_REPORT)
    reasons = dict.fromkeys(asked_for, ASKED_FOR)
    reasons |= {c: r for i, r in chosen.items() if (c := y_true.index[i]) not in reasons}
    n_figure = len(asked_for) or IN_FIGURE
    return [
        {
            "clip_id": clip_id,
            "reason": reason,
            "in_figure": place < n_figure,
            "actual": y_true.columns[y_true.loc[clip_id]].tolist(),
            "predicted": y_score.loc[clip_id, predicted.loc[clip_id]]
            .sort_values(ascending=False, kind="stable")
            .index.tolist(),
        }
        for place, (clip_id, reason) in enumerate(reasons.items())
    ]


def agreements(y_true, y_pred):
    """Return the share of each clip's tags, actual or predicted, that are both (Jaccard index).

    Parameters
    ----------
    y_true, y_pred : ndarray of shape (n_clips, n_tags), bool

    Returns
    -------
    ndarray of shape (n_clips,)
        In [0, 1]; 0 for a clip with neither.
    """
    either = (y_true | y_pred).sum(axis=1)
    return (y_true & y_pred).sum(axis=1) / np.maximum(either, 1)


def choose(y_true, y_score, y_pred, n_examples):
    """Return clips to show, each with the reason.

    First comes the best agreement, then the middle one, the lower quartile, a clip whose
    annotation says little (of those with the fewest tags the one that was given the most) and one
    that is plainly wrong (no tag in common, and the highest score of a wrong tag); then clips at
    evenly spaced ranks of agreement, from the best to the worst. Clips without an actual or
    without a predicted tag have no agreement to rank, and come last.

    Parameters
    ----------
    y_true, y_pred : ndarray of shape (n_clips, n_tags), bool
    y_score : ndarray of shape (n_clips, n_tags)
    n_examples : int

    Returns
    -------
    dict
        Position of the clip -> reason; in the order above, fewer than `n_examples` where there
        are not as many clips.
    """
    agreement = agreements(y_true, y_pred)
    telling = y_true.any(axis=1) & y_pred.any(axis=1)
    order = np.lexsort((-agreement, ~telling))  # ties by position
    ranked = order[: telling.sum()]
    wanted = []
    if len(ranked):
        special = {_plainly_wrong(y_score, y_true, y_pred, telling): PLAINLY_WRONG}
        special[_says_little(y_true, y_pred, telling)] = SAYS_LITTLE
        special.pop(None, None)
        ordinary = [clip for clip in ranked if clip not in special] or ranked
        last = len(ordinary) - 1
        wanted += [
            (ordinary[0], "best agreement"),
            (ordinary[last // 2], "median agreement"),
            (ordinary[3 * last // 4], "lower quartile of agreement"),
            *reversed(special.items()),
        ]
        spaced = np.linspace(0, len(ranked) - 1, min(n_examples, len(ranked))).round().astype(int)
        wanted += [
            (ranked[rank], f"rank {rank + 1:,} of {len(ranked):,} by agreement")
            for rank in (*spaced, *range(len(ranked)))  # some of the first are chosen already
        ]
    wanted += [(clip, NOTHING_TO_RANK) for clip in order[len(ranked) :]]
    chosen = {}
    for clip, reason in wanted:
        if len(chosen) < n_examples:
            chosen.setdefault(int(clip), reason)
    return chosen


def _says_little(y_true, y_pred, telling):
    n_actual, n_predicted = y_true.sum(axis=1), y_pred.sum(axis=1)
    clips = np.flatnonzero(telling & (n_actual == n_actual[telling].min()))
    return clips[n_predicted[clips].argmax()]


def _plainly_wrong(y_score, y_true, y_pred, telling):
    clips = np.flatnonzero(telling & ~(y_true & y_pred).any(axis=1))
    if not len(clips):
        return None
    confidence = np.where(y_pred, y_score, -1)[clips].max(axis=1)
    return clips[confidence.argmax()]
