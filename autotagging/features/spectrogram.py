"""Samples -> (frames, bands): mel spectrograms and MFCCs.

Everything follows librosa's definitions: centred Hann windows, zeros beyond the ends, Slaney's mel
scale and filter norm, levels no lower than 80 dB below a clip's maximum, orthonormal DCT. Time
comes first, so that an excerpt of a clip is one contiguous read.

The spectrogram is computed in blocks of frames that stay in the processor's cache, by SciPy's FFT
and NumPy's matrix product; librosa makes the filter bank. ``make bench`` compares that with
librosa's own functions.
"""

import functools
import math
import threading
import warnings

import librosa
import numpy as np
import scipy.fft

from autotagging.audio import loading

LARGEST_FLOAT16 = 65504.0

BLOCK_BYTES = 1 << 19  # of windowed samples: with spectrum and power they fit a second-level cache

BAND_GROUPS = 8  # a band reaches over few bins: groups of bands leave most zeros out of the product

AMIN, TOP_DB = 1e-10, 80.0

DECIBELS = 10 / math.log(10)

STORAGE_ERROR = {"relative": 2.0**-11, "absolute": 2.0**-25, "largest": LARGEST_FLOAT16}


def extract_file(path, settings):
    """Return the features of an audio file as they are stored, and the sound they are of.

    Returns
    -------
    features : ndarray of shape (frames, bands), float16
    sound : Sound

    Raises
    ------
    ValueError
        For a file that cannot be decoded, is silent, is shorter than one window of the FFT, or
        has samples so large that powers overflow.
    """
    sound = loading.load(path, settings.sample_rate, settings.seconds)
    features = extract_stored(sound.samples, settings)
    if is_silent(sound.samples):
        raise ValueError("is silent")
    return features, sound


def is_silent(samples):
    """Return whether samples are all below what 16 bits can tell from nothing."""
    return bool(np.abs(samples).max() < loading.SILENCE)


def extract_stored(samples, settings):
    """Return the features of samples as they are stored: ndarray of shape (frames, bands), float16.

    Raises
    ------
    ValueError
        For less than one window of the FFT, or samples so large that powers overflow.
    """
    if len(samples) < min(settings.n_fft, settings.n_samples):
        seconds = len(samples) / settings.sample_rate
        raise ValueError(f"holds {seconds:.2f} s, less than one window of the FFT")
    with np.errstate(over="ignore", invalid="ignore"):
        values = extract(samples, settings)
    if np.isnan(values).any():
        raise ValueError("has features that are no numbers: its samples are far beyond 1")
    return as_stored(values)


def as_stored(features):
    """Return features as float16; mel power beyond its range is set to the largest number.

    The rounding error is at most ``STORAGE_ERROR["relative"]`` of a value, or
    ``STORAGE_ERROR["absolute"]`` where that is more.
    """
    return np.clip(features, -LARGEST_FLOAT16, LARGEST_FLOAT16).astype(np.float16)


def extract(samples, settings):
    """Return the features of a clip.

    Parameters
    ----------
    samples : ndarray of shape (n_samples,), float32
        At `settings.sample_rate`; cut or padded to `settings.seconds`.
    settings : FeatureSettings

    Returns
    -------
    ndarray of shape (frames, bands), float32
    """
    power = mel_power(samples, settings)
    if settings.feature == "mel" and settings.scale == "power":
        return power[: settings.frames]
    if settings.scale == "log":
        return np.log10(1 + 10_000 * power[: settings.frames])
    level = _level(power)[: settings.frames]  # its maximum is that of all of librosa's frames
    if settings.feature == "mel":
        return level
    return scipy.fft.dct(level, axis=1, type=2, norm="ortho")[:, : settings.bands]


def _level(power):
    """Return `librosa.power_to_db` of power; in place, by the logarithm that is vectorised."""
    level = np.maximum(power, AMIN, out=power)
    np.log(level, out=level)
    level *= np.float32(DECIBELS)
    return np.maximum(level, level.max() - TOP_DB, out=level)


def mel_power(samples, settings):
    """Return the mel power spectrogram of samples, as `librosa.feature.melspectrogram` does.

    Parameters
    ----------
    samples : ndarray of shape (n_samples,), float32
        Cut or padded to `settings.seconds`.
    settings : FeatureSettings

    Returns
    -------
    ndarray of shape (1 + n_samples // hop_length, mel_bands), float32
        One frame less where `n_fft` is odd and the hop length divides the number of samples.
    """
    space = _workspace(settings, threading.get_ident())
    samples = samples[: settings.n_samples]
    begin = settings.n_fft // 2
    space["padded"][begin : begin + len(samples)] = samples
    space["padded"][begin + len(samples) :] = 0
    windows = np.lib.stride_tricks.sliding_window_view(space["padded"], settings.n_fft)
    windows = windows[:: settings.hop_length]
    mel = np.empty((len(windows), settings.mel_bands), dtype=np.float32)
    for start in range(0, len(windows), space["block"]):
        _block_mel_power(windows[start : start + space["block"]], space, mel[start:])
    return mel


def _block_mel_power(windows, space, mel):
    """Write the mel power of a block of windows into the first rows of `mel`."""
    n = len(windows)
    framed = np.multiply(windows, space["window"], out=space["framed"][:n])
    spectrum = scipy.fft.rfft(framed, axis=1, overwrite_x=True, workers=1)
    power = np.square(spectrum.real, out=space["power"][:n])
    power += np.square(spectrum.imag, out=space["imaginary"][:n])
    for bands, bins, filters in space["groups"]:
        np.matmul(power[:, bins], filters, out=mel[:n, bands])


@functools.lru_cache(maxsize=8)
def _workspace(settings, _thread):
    """Return what every clip of a thread needs afresh: the window, filters and buffers."""
    n_bins = settings.n_fft // 2 + 1
    block = max(1, BLOCK_BYTES // (4 * settings.n_fft))
    return {
        "block": block,
        "window": librosa.filters.get_window("hann", settings.n_fft).astype(np.float32),
        "groups": _band_groups(filter_bank(settings)),
        "padded": np.zeros(settings.n_samples + 2 * (settings.n_fft // 2), np.float32),
        "framed": np.empty((block, settings.n_fft), np.float32),
        "power": np.empty((block, n_bins), np.float32),
        "imaginary": np.empty((block, n_bins), np.float32),
    }


def filter_bank(settings):
    """Return librosa's mel filter bank: ndarray of shape (n_fft // 2 + 1, mel_bands), float32."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Empty filters")  # `change` says it better
        return librosa.filters.mel(
            sr=settings.sample_rate,
            n_fft=settings.n_fft,
            n_mels=settings.mel_bands,
            fmin=settings.f_min,
            fmax=settings.f_max,
        ).T


def _band_groups(filters):
    """Return (bands, bins, filters) of groups of neighbouring bands, without bins that are zero."""
    groups = []
    n_bands = filters.shape[1]
    for group in np.array_split(np.arange(n_bands), min(BAND_GROUPS, n_bands)):
        bands = slice(group[0], group[-1] + 1)
        used = np.flatnonzero(filters[:, bands].any(axis=1))
        bins = slice(used[0], used[-1] + 1) if len(used) else slice(0, 1)
        groups.append((bands, bins, np.ascontiguousarray(filters[bins, bands])))
    return groups
