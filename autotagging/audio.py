"""An audio file -> mono samples at a rate.

Reads what libsndfile reads (mp3, flac, ogg, opus, wav); resamples with soxr.
"""

import numpy as np
import soundfile
import soxr


def load(path, sample_rate):
    """Load an audio file, mixed down to mono and resampled.

    Parameters
    ----------
    path : Path
    sample_rate : int
        Hz.

    Returns
    -------
    ndarray of shape (n_samples,), float32
        In [-1, 1].

    Raises
    ------
    ValueError
        For a file that cannot be decoded, or that holds no samples or no finite ones.
    """
    try:
        samples, native_rate = soundfile.read(path, dtype="float32", always_2d=True)
    except soundfile.LibsndfileError as error:
        raise ValueError(f"cannot be decoded ({error.error_string.strip()})") from None
    if not len(samples):
        raise ValueError("holds no samples")
    if not np.isfinite(samples).all():
        raise ValueError("holds samples that are not finite")
    mono = samples.mean(axis=1) if samples.shape[1] > 1 else samples[:, 0]
    return soxr.resample(mono, native_rate, sample_rate, quality="HQ")


def fit_length(samples, n_samples):
    """Return samples cut, or padded with zeros at the end, to a length."""
    if len(samples) >= n_samples:
        return samples[:n_samples]
    return np.pad(samples, (0, n_samples - len(samples)))
