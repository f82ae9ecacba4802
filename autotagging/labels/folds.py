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
