"""One row of values a clip, from those that a layer of a network has for each of its chunks."""

from dataclasses import replace

import numpy as np


def pool_chunks(clips, pooling):
    """Return clips of one chunk each: LabelledClips.

    Parameters
    ----------
    clips : LabelledClips
        Of a layer's values.
    pooling : str
        One of `POOLINGS`.
    """
    of_clips = (clips.array[row, : clips.lengths[row]].astype(float) for row in clips.rows)
    array = np.array([[POOLINGS[pooling](values)] for values in of_clips])
    rows = np.arange(len(clips))
    return replace(clips, array=array, lengths=np.ones(len(clips), int), rows=rows)


def _mean(values):
    return values.mean(axis=0)


def _maximum(values):
    return values.max(axis=0)


def _mean_and_maximum(values):
    return np.concatenate([_mean(values), _maximum(values)])


POOLINGS = {"mean": _mean, "maximum": _maximum, "mean-and-maximum": _mean_and_maximum}
