"""Scores: what a network says of clips."""

import numpy as np
import scipy.special


def score_clips(network, array, rows, batch_size=64):
    """Return the network's scores of stored clips.

    Parameters
    ----------
    network : keras.Model
        Gives logits.
    array : ndarray of shape (n_stored_clips, frames, bands)
        May be memory-mapped: a batch is read at a time.
    rows : ndarray of int
        The rows of the clips wanted.
    batch_size : int

    Returns
    -------
    ndarray of shape (n_clips, n_tags), float32
        Probabilities.
    """
    logits = [
        np.asarray(network.predict_on_batch(array[rows[i : i + batch_size]].astype(np.float32)))
        for i in range(0, len(rows), batch_size)
    ]
    return scipy.special.expit(np.concatenate(logits))
