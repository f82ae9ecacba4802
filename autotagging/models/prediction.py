"""Scores: what a network says of clips."""

import math

import numpy as np
import scipy.special
from tqdm import tqdm

from autotagging.models import chunks, nesting

SCORED_TOGETHER = 64
MAX_BYTES = 256_000_000  # of the largest maps of all chunks that are scored together
BYTES_OF_NUMBER = 4
SILENT_SECONDS = 5  # what takes no longer needs no progress bar


def score_clips(network, clips, n_together=SCORED_TOGETHER, *, title=None):
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
    title : str, optional
        Of a progress bar; there is none without it.

    Returns
    -------
    ndarray of shape (n_clips, n_tags), float32
        Probabilities.
    """
    rows, scores = np.asarray(clips.rows), []
    shown = {"desc": title, "disable": title is None, "delay": SILENT_SECONDS}
    with tqdm(total=len(rows), unit="clip", **shown) as bar:
        for batch in np.split(rows, range(n_together, len(rows), n_together)):
            scores.append(_score_batch(network, clips, batch))
            bar.update(len(batch))
    return np.concatenate(scores)


def _score_batch(network, clips, rows):
    of_clip, _, logits = predict_chunks(network, clips, rows)
    return average(scipy.special.expit(logits), of_clip)


def predict_chunks(network, clips, rows, compute=None):
    """Return what a network makes of the chunks of some clips.

    Parameters
    ----------
    network : keras.Model
    clips : LabelledClips or FeatureStore
        As for `score_clips`.
    rows : ndarray of shape (n_clips,), int
    compute : callable, optional
        Chunks, ndarray of shape (n_chunks, frames, bands), float32 -> outputs; otherwise the
        network's ``predict``, as many chunks together as `choose_batch_size` says.

    Returns
    -------
    of_clip : ndarray of shape (n_chunks,), int
        Which of the clips a chunk is of: its position in `rows`.
    starts : ndarray of shape (n_chunks,), int
        The chunk's first frame in the clip.
    outputs : ndarray of shape (n_chunks, n_tags)
        Or a list of such, of a network with several outputs.
    """
    frames = network.input_shape[1]
    starts = [chunks.spread_starts(length, frames) for length in clips.lengths[rows]]
    n_chunks = np.array([len(of_clip) for of_clip in starts])
    # The first chunk of every clip, then the second of those that have one, and so on: a network
    # may round otherwise in another order.
    places = [(i, k) for k in range(n_chunks.max()) for i in np.flatnonzero(n_chunks > k)]
    of_clip, starts = np.array([(i, starts[i][k]) for i, k in places]).T
    x = [
        chunks.read_chunk(clips, rows[i], start, frames)
        for i, start in zip(of_clip, starts, strict=True)
    ]
    x = np.stack(x).astype(np.float32)
    if compute:
        return of_clip, starts, compute(x)
    # predict, as predict_on_batch scores a batch once a device where there are several
    outputs = network.predict(x, batch_size=choose_batch_size(network), verbose=0)
    return of_clip, starts, outputs


def average(values, of_clip):
    """Return the mean of each clip's chunks.

    Parameters
    ----------
    values : ndarray of shape (n_chunks, n_values), float32
    of_clip : ndarray of shape (n_chunks,), int
        Every clip has a chunk.

    Returns
    -------
    ndarray of shape (n_clips, n_values), float32
    """
    n_chunks = np.bincount(of_clip)
    totals = np.zeros((len(n_chunks), values.shape[1]), dtype=np.float32)
    np.add.at(totals, of_clip, values)
    return totals / n_chunks[:, None].astype(np.float32)


def choose_batch_size(network):
    """Return how many chunks a network scores together: fewer where its maps are large."""
    layers = nesting.list_layers(network)
    largest = max(math.prod(layer.output.shape[1:]) for layer in layers)
    return int(np.clip(MAX_BYTES // (BYTES_OF_NUMBER * largest), 1, SCORED_TOGETHER))
