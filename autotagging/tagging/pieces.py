"""A song -> the features of pieces as long as a clip, each as script 2 stores a clip's.

The fewest evenly spaced pieces that cover a song are taken, the first from its beginning, the last
to its end; of a long song fewer. A song that is no longer than a clip is one piece, and its
features are those of a clip.
"""

import math
from dataclasses import dataclass

import numpy as np
import soxr

from autotagging.audio import loading, stretches
from autotagging.features.spectrogram import extract_stored, is_silent

MOST = 10  # pieces: the whole of a song of 4 min 51 s
MARGIN = loading.LONGER - 1  # of a piece: what is left of a song, and is no piece


@dataclass(frozen=True)
class Pieces:
    """The pieces of a song.

    Parameters
    ----------
    features : ndarray of shape (n_pieces, frames, bands), float16
    starts : ndarray of shape (n_pieces,)
        Where they begin, in seconds.
    sound_seconds : float
        How much of a piece is sound: less than a clip's length of a short song alone.
    seconds : float
        Length of the song; None where no more than its beginning was read.
    n_covering : int
        How many pieces would cover the song; None where its length is not known.
    problem : str
        What is missing of the song, in words that go on from its name; else None.
    is_silent : bool
    """

    features: np.ndarray
    starts: np.ndarray
    sound_seconds: float
    seconds: float | None
    n_covering: int | None
    problem: str | None = None
    is_silent: bool = False


def count_covering(seconds, length):
    """Return how many pieces of a length cover a song: at least 1."""
    return max(1, math.ceil(seconds / length - MARGIN))


def spread(seconds, length, most):
    """Return where evenly spaced pieces of a song begin: list of float, seconds.

    Parameters
    ----------
    seconds, length : float
        Of the song, and of a piece.
    most : int
        Pieces.
    """
    n_pieces = min(count_covering(seconds, length), most)
    return np.linspace(0, max(0, seconds - length), n_pieces).tolist()


def read(path, settings, most=MOST):
    """Read a song.

    Parameters
    ----------
    path : Path
    settings : FeatureSettings
    most : int
        Pieces; of 1 alone it is the song's beginning, as of a clip of a dataset.

    Returns
    -------
    Pieces

    Raises
    ------
    ValueError
        For a song that cannot be read or is no audio, with the reason in words that go on from
        its name.
    """
    length = settings.seconds
    sound = loading.load(path, settings.sample_rate, length)
    first = _convert(sound.samples, settings)
    sound_seconds = len(sound.samples) / settings.sample_rate
    if not sound.is_longer or most == 1:
        seconds, n_covering = (None, None) if sound.is_longer else (sound_seconds, 1)
        starts, values, problem = [], [], sound.problem
    else:
        found = stretches.load(
            path,
            stretches.Wanted(
                settings.sample_rate,
                length,
                place=lambda seconds: spread(seconds, length, most)[1:],
                convert=lambda samples: _convert(samples, settings),
            ),
        )
        starts, values, seconds = found.starts, found.values, found.seconds
        n_covering, problem = count_covering(seconds, length), found.problem
    features, silences = zip(first, *values, strict=True)
    return Pieces(
        np.stack(features),
        np.array([0.0, *starts]),
        sound_seconds,
        seconds,
        n_covering,
        problem,
        all(silences),
    )


def cut(samples, sample_rate, settings, most=MOST):
    """Return the pieces of a song that is an array.

    Parameters
    ----------
    samples : ndarray of shape (n_samples,), float
        Mono, in [-1, 1].
    sample_rate : int
        In Hz.
    settings : FeatureSettings
    most : int
        Pieces.

    Returns
    -------
    Pieces

    Raises
    ------
    ValueError
        For less than one window of the FFT, or samples that are not finite.
    """
    samples = np.asarray(samples, dtype=np.float32)
    if samples.ndim != 1 or not np.isfinite(samples).all():
        raise ValueError("samples are mono and finite: take the mean of the channels")
    if sample_rate != settings.sample_rate:
        samples = soxr.resample(samples, sample_rate, settings.sample_rate, quality="HQ")
    seconds = len(samples) / settings.sample_rate
    starts = np.array(spread(seconds, settings.seconds, most))
    begins = (starts * settings.sample_rate).round().astype(int)
    sounds = [samples[begin : begin + settings.n_samples] for begin in begins]
    return Pieces(
        np.stack([extract_stored(sound, settings) for sound in sounds]),
        starts,
        len(sounds[0]) / settings.sample_rate,
        seconds,
        count_covering(seconds, settings.seconds),
        is_silent=is_silent(samples),
    )


def _convert(samples, settings):
    return extract_stored(samples, settings), is_silent(samples)


def try_to_read(path, settings, most):
    """Return the pieces of a song, or why it cannot be read, in words: Pieces or str."""
    try:
        return read(path, settings, most)
    except ValueError as error:
        return str(error)
    except OSError as error:
        return f"cannot be read: {error.strerror}"
