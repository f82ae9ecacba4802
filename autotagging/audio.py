"""An audio file -> mono samples at a rate.

Reads what libsndfile reads (mp3, flac, ogg, opus, wav); resamples with soxr.
"""

import numpy as np
import soundfile
import soxr
from tqdm import tqdm

from autotagging import native_stderr


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


def why_undecodable(path):
    """Return why a file is no audio as far as its header tells, or None: a cheap check.

    What only decoding shows, such as damage further on, is not seen.
    """
    with native_stderr.silenced():
        try:
            frames = soundfile.info(path).frames
        except soundfile.LibsndfileError:
            return "the file has no header of a known audio format"
    return None if frames else "the file holds no samples"


def find_undecodable(paths):
    """Check the headers of files.

    Parameters
    ----------
    paths : Series of Path
        By clip_id.

    Returns
    -------
    dict
        clip_id -> reason, of those that are no audio.
    """
    progress = tqdm(paths.items(), "checking", len(paths), unit="clip", disable=len(paths) < 1000)
    reasons = {clip_id: why_undecodable(path) for clip_id, path in progress}
    return {clip_id: reason for clip_id, reason in reasons.items() if reason}


def fit_length(samples, n_samples):
    """Return samples cut, or padded with zeros at the end, to a length."""
    if len(samples) >= n_samples:
        return samples[:n_samples]
    return np.pad(samples, (0, n_samples - len(samples)))
