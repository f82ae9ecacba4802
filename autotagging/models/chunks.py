"""Chunks: the stretches of a clip's sound that a network takes, in training and for a score."""

import numpy as np


def read_chunk(clips, row, start, frames):
    """Return a chunk of a stored clip, without any of its padding.

    Parameters
    ----------
    clips : LabelledClips or FeatureStore
        With array and lengths.
    row : int
    start : int
        The chunk's first frame; 0 where the clip's sound is shorter than a chunk.
    frames : int
        Of a chunk.

    Returns
    -------
    ndarray of shape (frames, bands)
        As stored.
    """
    return cut_chunk(clips.array[row, : clips.lengths[row]], start, frames)


def cut_chunk(sound, start, frames):
    """Return a chunk of a clip's sound, ndarray of shape (frames, bands); see `read_chunk`."""
    # Padding is no music: a network would learn how long clips are, and judge them by it. Sound
    # that is too short is therefore repeated until the chunk is full.
    return np.resize(sound[start : start + frames], (frames, sound.shape[1]))


def count_starts(lengths, frames):
    """Return at how many frames a chunk may begin so that it lies within the sound of each clip.

    Parameters
    ----------
    lengths : ndarray of shape (n_clips,), int
        Frames with sound.
    frames : int
        Of a chunk.

    Returns
    -------
    ndarray of shape (n_clips,), int
        1 where the sound is no longer than a chunk.
    """
    return np.maximum(lengths - frames, 0) + 1


def spread_starts(length, frames):
    """Return the first frame of each of the fewest evenly spaced chunks that cover a clip's sound.

    Parameters
    ----------
    length : int
        Frames with sound.
    frames : int
        Of a chunk.

    Returns
    -------
    ndarray of int
        0 alone where the sound is no longer than a chunk.
    """
    n_chunks = -(-length // frames)
    return np.linspace(0, length - frames, n_chunks).round().astype(int)
