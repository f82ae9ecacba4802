"""Scores: what a network says of clips."""

import numpy as np
import scipy.special

from autotagging.models import chunks

SCORED_TOGETHER = 64


def score_clips(network, clips, n_together=SCORED_TOGETHER):
    """Return the network's scores of stored clips.

    Parameters
    ----------
    network : keras.Model
        Gives logits. A clip's score is the mean of the probabilities of evenly spaced chunks, as
        few as cover its sound; sound that is shorter than a chunk is repeated.
    clips : LabelledClips or FeatureStore
        With array, of shape (n_stored_clips, frames, bands), lengths, and the rows wanted. A
        memory map is read a batch at a time.
    n_together : int
        Clips that are read together.

    Returns
    -------
    ndarray of shape (n_clips, n_tags), float32
        Probabilities.
    """
    rows = np.asarray(clips.rows)
    scores = [
        _score_batch(network, clips, rows[i : i + n_together])
        for i in range(0, len(rows), n_together)
    ]
    return np.concatenate(scores)


def _score_batch(network, clips, rows):
    frames = network.input_shape[1]
    starts = [chunks.spread_starts(length, frames) for length in clips.lengths[rows]]
    n_chunks = np.array([len(of_clip) for of_clip in starts])
    # The first chunk of every clip, then the second of those that have one, and so on: a network
    # may round otherwise in another order.
    places = [(i, k) for k in range(n_chunks.max()) for i in np.flatnonzero(n_chunks > k)]
    x = [chunks.read_chunk(clips, rows[i], starts[i][k], frames) for i, k in places]
    # predict, as predict_on_batch scores a batch once a device where there are several
    logits = network.predict(np.stack(x).astype(np.float32), batch_size=SCORED_TOGETHER, verbose=0)
    totals = np.zeros((len(rows), logits.shape[1]), dtype=np.float32)
    np.add.at(totals, [i for i, _ in places], scipy.special.expit(logits))
    return totals / n_chunks[:, None].astype(np.float32)
