"""An audio file -> mono samples at a rate.

Reads what libsndfile reads (mp3, flac, ogg, opus, wav), and other files by audioread where that
finds a decoder such as ffmpeg; resamples with soxr.
"""

import contextlib
from pathlib import Path

import audioread
import numpy as np
import soundfile
import soxr
from tqdm import tqdm

from autotagging import native_stderr

SILENCE = 2.0**-16  # peaks below half a step of 16 bits
LIBSNDFILE_ENDINGS = {"AIF", "OGA", "OPUS"}  # of libsndfile's formats, besides their names
UNDECODABLE = (audioread.DecodeError, OSError, EOFError)
CUT_OFF = 0.9  # of the length that a header promises: some estimate it, by a few percent


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
        In [-1, 1], but for what a codec or resampling overshoots.

    Raises
    ------
    ValueError
        For a file that cannot be decoded, to its end, or that holds no samples or no finite ones.
    """
    samples, native_rate = _decode(path)
    if not len(samples):
        raise ValueError("holds no samples")
    if not np.isfinite(samples).all():
        raise ValueError("holds samples that are not finite")
    mono = samples.mean(axis=1) if samples.shape[1] > 1 else samples[:, 0]
    if native_rate == sample_rate:
        return mono
    return soxr.resample(mono, native_rate, sample_rate, quality="HQ")


def _decode(path):
    """Return samples of shape (n_samples, n_channels), float32, and their rate."""
    with native_stderr.silenced():
        try:
            with soundfile.SoundFile(path) as file:
                promised, rate = file.frames, file.samplerate
                samples = file.read(dtype="float32", always_2d=True)
        except soundfile.LibsndfileError as error:
            decoded = _decode_with_audioread(path)
            if decoded is None:
                reason = error.error_string.strip()
                if reason.startswith("File does not exist"):  # said of any content it knows not
                    reason = "no known audio format"
                raise ValueError(f"cannot be decoded ({reason})") from None
            return decoded
    if len(samples) < CUT_OFF * promised:
        raise ValueError(
            f"is cut off: {len(samples) / rate:.1f} of {promised / rate:.1f} s can be decoded"
        )
    return samples, rate


def _decode_with_audioread(path):
    """Return what audioread decodes, or None where it is not asked or finds no decoder."""
    try:
        with _open_with_audioread(path) as file:
            pcm, rate, channels = b"".join(file), file.samplerate, file.channels
    except UNDECODABLE:
        return None
    samples = np.frombuffer(pcm[: len(pcm) // (2 * channels) * 2 * channels], dtype="<i2")
    return samples.reshape(-1, channels).astype(np.float32) / 32768, rate


def _open_with_audioread(path):
    """Open a file by audioread, unless libsndfile knows its format: then it is damaged.

    Decoders such as ffmpeg find something to decode in nearly everything.
    """
    name = Path(path).name.removesuffix(".part")  # of a file that is being extracted
    ending = Path(name).suffix.removeprefix(".").upper()
    if ending in soundfile.available_formats() or ending in LIBSNDFILE_ENDINGS:
        raise audioread.DecodeError
    return audioread.audio_open(str(path))


def why_undecodable(path):
    """Return why a file is no audio as far as its header tells, or None: a cheap check.

    What only decoding shows, such as damage further on, is not seen.
    """
    with native_stderr.silenced():
        try:
            return None if soundfile.info(path).frames else "the file holds no samples"
        except soundfile.LibsndfileError:
            with contextlib.suppress(*UNDECODABLE), _open_with_audioread(path):
                return None
    return "the file has no header of a known audio format"


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
