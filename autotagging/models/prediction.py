"""Scores: what a network says of clips."""

import numpy as np
import scipy.special

SCORED_TOGETHER = 64


def score_clips(network, clips, n_together=SCORED_TOGETHER):
    """Return the network's scores of stored clips.

    Parameters
    ----------
    network : keras.Model
        Gives logits. Where it takes fewer frames than a clip has, a clip's score is the mean of
        the probabilities of evenly spaced chunks, as many as cover it.
    clips : LabelledClips or FeatureStore
        With array, of shape (n_stored_clips, frames, bands), and the rows wanted. A memory map is
        read a batch at a time.
    n_together : int
        Clips that are read together.

    Returns
    -------
    ndarray of shape (n_clips, n_tags), float32
        Probabilities.
    """
    starts = chunk_starts(clips.array.shape[1], network.input_shape[1])
    rows = np.asarray(clips.rows)
    scores = [
        _score_batch(network, clips.array[rows[i : i + n_together]], starts)
        for i in range(0, len(rows), n_together)
    ]
    return np.concatenate(scores)


def chunk_starts(frames, chunk_frames):
    """Return the first frame of each of the fewest evenly spaced chunks that cover a clip."""
    n_chunks = -(-frames // chunk_frames)
    return np.linspace(0, frames - chunk_frames, n_chunks).round().astype(int)


def _score_batch(network, clips, starts):
    frames = network.input_shape[1]
    chunks = np.concatenate([clips[:, start : start + frames] for start in starts])
    # predict, as predict_on_batch scores a batch once a device where there are several
    logits = network.predict(chunks.astype(np.float32), batch_size=SCORED_TOGETHER, verbose=0)
    return scipy.special.expit(logits).reshape(len(starts), len(clips), -1).mean(axis=0)
