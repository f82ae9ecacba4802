"""Clips to folds, so that each clip is judged by a network that has heard nothing of its artist."""

import numpy as np
from sklearn.model_selection import GroupKFold


def folds_by_artist(artists, n_folds, seed):
    """Return the clips of each fold, no artist's clips in two.

    Each fold has as many artists as the next, give or take one, and so not as many clips.

    Parameters
    ----------
    artists : array-like of shape (n_clips,), str
    n_folds : int
    seed : int
        Shuffles the artists.

    Returns
    -------
    list of ndarray of int
        Positions in `artists`, rising; each is in one fold.

    Raises
    ------
    ValueError
        Where there are fewer artists than folds.
    """
    artists = np.asarray(artists)
    n_artists = len(np.unique(artists))
    if n_artists < n_folds:
        raise ValueError(
            f"{n_folds} folds need clips by {n_folds} artists, not {n_artists}: add clips by others"
        )
    folds = GroupKFold(n_folds, shuffle=True, random_state=seed)
    return [held_out for _, held_out in folds.split(artists, groups=artists)]


def folds_of_few(artists, n_folds, seed):
    """Return folds by artist of clips that may be by few: as many as there are artists then.

    Of clips by one artist each is a group of its own; see `folds_by_artist`.
    """
    groups = np.asarray(artists)
    if len(np.unique(groups)) == 1:
        groups = np.arange(len(groups))
    return folds_by_artist(groups, min(n_folds, len(np.unique(groups))), seed)
