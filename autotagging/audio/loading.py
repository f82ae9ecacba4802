"""An audio file -> mono samples at a rate, as many as are wanted, and what is missing of them.

What can be decoded is trusted, not what an estimate promises: an mp3 is read frame by frame, and
what a decoder leaves of another file is tried by a second one. Nothing is lost without a word:
a file that gives less than it states or seems to hold is refused, or says so.
"""

import functools
import io
import math
import mmap
import stat
from dataclasses import dataclass

import numpy as np
import soxr
from tqdm import tqdm

from autotagging import native_stderr
from autotagging.audio import contents, decoders, mpeg_frames

SILENCE = 2.0**-16  # peaks below half a step of 16 bits

NEEDED = 0.9  # of the length that a file states, or of what is wanted of it
ENOUGH = 10.0  # seconds, of a file whose length is only estimated

BEYOND = (1.0, 0.02)  # seconds, and of those wanted, that are decoded behind them
LONGER = 1.01  # of the seconds wanted: a file that goes on
TRIMMED = 0.08  # seconds that encoders add and decoders take away: nobody misses them
PROBED = 0.1  # seconds that tell whether a file is audio
MOST_BYTES = 56_000  # of a second of an mp3

OGG_PAGES = 1 << 17  # bytes at the end of a file, which hold its last page


@dataclass(frozen=True)
class Sound:
    """What of a file is used.

    Parameters
    ----------
    samples : ndarray of shape (n_samples,), float32
        Mono, in [-1, 1] but for what a codec or resampling overshoots.
    is_longer : bool
        Whether the file goes on, by over 1 % of what was wanted.
    problem : str
        What is missing, in words that go on from the file's name; else None.
    """

    samples: np.ndarray
    is_longer: bool = False
    problem: str | None = None


@dataclass
class Found:
    """What was decoded of a file, and how much it holds.

    Parameters
    ----------
    decoded : Decoded
    stated : float
        Seconds that the file states, None where it states none.
    held : float
        Seconds that it seems to hold, by the size of what is neither audio nor a tag.
    zeros : float
        Seconds that zeros behind and within the audio could have been.
    problem : str
        What else is missing, in words; else None.
    """

    decoded: decoders.Decoded
    stated: float | None = None
    held: float = 0.0
    zeros: float = 0.0
    problem: str | None = None


def load(path, sample_rate, seconds):
    """Load an audio file, mixed down to mono and resampled.

    Parameters
    ----------
    path : Path
    sample_rate : int
        Hz.
    seconds : float
        How much is wanted: what comes later is not looked at.

    Returns
    -------
    Sound

    Raises
    ------
    ValueError
        For a file that cannot be read, is no audio, cannot be decoded for the most part, or holds
        no samples or some that are not finite.
    """
    found = decode(path, seconds)
    problem = _judge(found, seconds)
    samples = resample(found.decoded, sample_rate, seconds)
    return Sound(samples, found.decoded.seconds > seconds * LONGER, problem)


def resample(decoded, sample_rate, seconds):
    """Return the first seconds of what was decoded: ndarray of shape (n_samples,), float32.

    Raises
    ------
    ValueError
        Where some of these samples are not finite.
    """
    parts, before = [], 0.0
    for rate, blocks in decoded.blocks:
        samples = _keep_finite(np.concatenate(blocks), (seconds - before) * rate)
        before += len(samples) / rate
        if rate != sample_rate:
            samples = soxr.resample(samples, rate, sample_rate, quality="HQ")
        parts.append(samples)
    return np.concatenate(parts)[: round(seconds * sample_rate)]


def _keep_finite(samples, n_wanted):
    """Cut samples before one that is not finite, which may come behind those wanted."""
    is_finite = np.isfinite(samples)
    n_finite = len(samples) if is_finite.all() else int(is_finite.argmin())
    if n_finite < min(n_wanted, len(samples)):
        raise ValueError("holds samples that are not finite")
    return samples[:n_finite]


def _judge(found, seconds):
    """Refuse a file of which too much is missing, and say what is missing of another, if any."""
    used = min(found.decoded.seconds, seconds)
    expected = min(found.stated or found.held, seconds)
    if used < NEEDED * expected and (found.stated or used < ENOUGH):
        raise ValueError(f"is cut off: {used:.1f} of {expected:.1f} s can be decoded")
    return describe_missing(found, seconds)


def describe_missing(found, seconds):
    """Return what is missing of the seconds wanted, in words; None where nothing is."""
    used = min(found.decoded.seconds, seconds)
    expected = min(max(found.stated or 0, found.held + found.zeros), seconds)
    if used < expected - TRIMMED:
        return f"gives {used:.2f} of {expected:.2f} s: the rest is damaged or missing"
    return f"gives {used:.2f} s: {found.problem}" if found.problem and used < seconds else None


def decode(path, seconds, new=decoders.Decoded):
    """Decode a file from where audio begins.

    Parameters
    ----------
    path : Path
    seconds : float
        How much is wanted; a little more is decoded.
    new : callable
        Returns what a decoder adds to: a `Decoded`. Two decoders may be tried.

    Returns
    -------
    Found

    Raises
    ------
    ValueError
        For a file that cannot be read, or without anything that can be decoded.
    """
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise ValueError("is no file")
        with path.open("rb") as file, native_stderr.silenced():
            return _decode_file(file, seconds + max(BEYOND[0], BEYOND[1] * seconds), new)
    except OSError as error:
        raise ValueError(f"cannot be read: {error.strerror}") from None


def _decode_file(file, seconds, new):
    reasons = []
    for start in contents.find_starts(file):
        decode = _decode_mpeg if start.is_mpeg else _decode_container
        try:
            found = decode(file, start.offset, seconds, new)
        except ValueError as error:
            reasons.append(str(error))
        else:
            if found.decoded.seconds:
                return found
            reasons.append(None)
    file.seek(0)
    raise ValueError(reasons[0] or contents.describe(file.read(contents.HEAD)))


def _decode_mpeg(file, offset, seconds, new):
    content, stream = _read_frames(file, offset, seconds)
    decoded, least = new(stream.seconds), min(stream.least_seconds, seconds)
    _decode_stretches(decoders.decode_with_libsndfile, stream, content, seconds, decoded)
    if decoded.seconds < least:
        other = new(stream.seconds)
        decode = functools.partial(decoders.decode_with_ffmpeg, format_name="mp3")
        _decode_stretches(decode, stream, content, seconds, other)
        decoded = max(decoded, other, key=lambda decoded: decoded.seconds)
    found = Found(decoded, stream.promised)
    found.held = decoded.seconds if decoded.seconds >= least else stream.seconds
    found.held += stream.estimate_seconds(stream.n_lost)
    found.zeros = stream.estimate_seconds(stream.n_zeros)
    return found


def _read_frames(file, offset, seconds):
    """Return the content of an mp3 that is looked at, as a memory map, and its frames."""
    n_bytes, n_wanted = file.seek(0, io.SEEK_END), offset + math.ceil(seconds * MOST_BYTES)
    for n_mapped in (n_wanted, n_wanted + contents.SEARCHED):
        content = mmap.mmap(file.fileno(), min(n_mapped, n_bytes), access=mmap.ACCESS_READ)
        stream = mpeg_frames.read_stream(content, offset, seconds)
        if stream.seconds >= seconds or n_mapped >= n_bytes:
            break  # else something lies between the frames
    return content, stream


def _decode_stretches(decode, stream, content, seconds, decoded):
    for stretch in stream.stretches:
        decode(decoders.join(content, stretch.pieces), seconds - decoded.seconds, decoded)


def _decode_container(file, offset, seconds, new):
    part, decoded = decoders.Part(file, offset), new()
    content = part.read(contents.HEAD)
    part.seek(0)
    decoders.decode_with_libsndfile(part, seconds, decoded)
    was_opened, stated = not decoded.is_damaged, decoded.stated
    data, n_bytes = contents.find_riff_data(content) or (None, None)
    if n_bytes and stated:  # libsndfile states what is there of a wav
        stated *= max(1, n_bytes / (file.seek(0, io.SEEK_END) - offset - data))
    is_whole_wav = n_bytes and stated and decoded.seconds >= stated
    if decoded.seconds < seconds and not is_whole_wav:
        other = new()
        decoders.decode_with_ffmpeg(decoders.Part(file, offset), seconds, other)
        stated = max(stated or 0, other.stated or 0) or None
        # libsndfile is right about where samples end, but for streams that others are joined to
        is_joined = content.startswith((b"fLaC", b"OggS"))
        if is_joined or decoded.seconds < (stated or seconds) - TRIMMED:
            decoded = max(decoded, other, key=lambda decoded: decoded.seconds)
    if was_opened and not decoded.seconds:
        raise ValueError("holds no samples")
    found = Found(decoded, stated, decoded.seconds)
    if decoded.is_damaged:
        found.problem = "some of it cannot be decoded"
    if content.startswith(b"OggS"):
        file.seek(max(offset, file.seek(0, io.SEEK_END) - OGG_PAGES))
        if contents.is_ogg_cut_short(file.read()):
            found.problem = "its end is missing"
    return found


def why_undecodable(path):
    """Return why a file is no audio, None where its beginning can be decoded: a cheap check.

    Damage further on is not seen.
    """
    try:
        _judge(decode(path, PROBED), PROBED)
    except ValueError as error:
        return f"the file {error}"
    return None


def find_undecodable(paths):
    """Check the beginnings of files.

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
