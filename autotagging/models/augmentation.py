"""Data augmentation: what a batch goes through before the network sees it.

Each function takes a batch, its labels and a random generator and returns both as new arrays.

shift        a circular shift in time
equaliser    each clip is mixed otherwise: an artist's mix says little of the tags
mixup        each clip is laid over another, and so are their tags (Zhang et al., "mixup: Beyond
             empirical risk minimization", ICLR 2018)
specaugment  two stretches of time and two of bands are masked in each clip (Park et al.,
             "SpecAugment", Interspeech 2019)
"""

import numpy as np

EQUALISER_DB = 4.0
MIXUP_ALPHA = 0.4
MASKS, WIDEST_MASK = 2, 1 / 8  # of each kind a clip; of the frames and of the bands


def shift(x, y, generator):
    """Return clips shifted round in time by any number of frames.

    Parameters
    ----------
    x : ndarray of shape (n_clips, frames, bands), float32
    y : ndarray of shape (n_clips, n_tags), float32
    generator : numpy.random.Generator
    """
    shifts = generator.integers(x.shape[1], size=len(x))
    return np.stack([np.roll(clip, n, axis=0) for clip, n in zip(x, shifts, strict=True)]), y


def equaliser(x, y, generator):
    """Return clips raised or lowered by a smooth curve: level, slope and bow across the bands.

    Parameters
    ----------
    x : ndarray of shape (n_clips, frames, bands), float32
        Levels in dB; each of the three has a standard deviation of 4 dB.
    y : ndarray of shape (n_clips, n_tags), float32
    generator : numpy.random.Generator
    """
    across = np.linspace(-1, 1, x.shape[2])
    curves = np.stack([np.ones_like(across), across, across**2 - 1 / 3])  # (3, bands)
    levels = generator.normal(0, EQUALISER_DB, (len(x), 3)) @ curves  # (n_clips, bands)
    return x + levels[:, None, :].astype(np.float32), y


def mixup(x, y, generator):
    """Return each clip mixed with another of the batch, which has no more than half the weight.

    Parameters
    ----------
    x : ndarray of shape (n_clips, frames, bands), float32
    y : ndarray of shape (n_clips, n_tags), float32
    generator : numpy.random.Generator
    """
    weights = generator.beta(MIXUP_ALPHA, MIXUP_ALPHA, len(x)).astype(np.float32)
    weights = np.maximum(weights, 1 - weights)
    partners = generator.permutation(len(x))
    others, mixed = x[partners], weights[:, None, None] * x
    others *= (1 - weights)[:, None, None]  # in place: new memory takes longer than the product
    mixed += others
    return mixed, weights[:, None] * y + (1 - weights)[:, None] * y[partners]


def specaugment(x, y, generator):
    """Return clips of which stretches of time and of bands are set to the clip's mean of the band.

    Parameters
    ----------
    x : ndarray of shape (n_clips, frames, bands), float32
    y : ndarray of shape (n_clips, n_tags), float32
    generator : numpy.random.Generator
    """
    x = x.copy()
    for clip in x:
        mean = clip.mean(axis=0)
        for _ in range(MASKS):
            frames = _stretch(clip.shape[0], generator)
            bands = _stretch(clip.shape[1], generator)
            clip[frames] = mean
            clip[:, bands] = mean[bands]
    return x, y


def _stretch(length, generator):
    size = generator.integers(int(length * WIDEST_MASK) + 1)
    start = generator.integers(length - size + 1)
    return slice(start, start + size)


AUGMENTATIONS = {  # in the order in which they are applied
    "shift": shift,
    "equaliser": equaliser,
    "mixup": mixup,
    "specaugment": specaugment,
}
