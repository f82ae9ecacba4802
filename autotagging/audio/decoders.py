"""libsndfile and FFmpeg: a file -> samples, as far as they are wanted, whatever its length.

libsndfile reads most of what there is, fast; FFmpeg (by PyAV) reads nearly everything else, and
goes on behind damage. Both get a file that is open: a name could make them look at its neighbours.
"""

import contextlib
import io
import math
from collections import defaultdict
from dataclasses import dataclass, field

import numpy as np
import soundfile

BLOCK = 1 << 18  # samples of all channels that are decoded at a time
BUFFER = 1 << 16  # bytes of joined pieces

LONGEST = 1e8  # seconds: a header that states more knows no length

RATES = (100, 768_000)  # Hz, of what is sound

# FFmpeg's formats that hold audio and refer to no other file. Formats without a header, but for
# these few, are not among them: FFmpeg finds something to decode in nearly everything.
FORMATS = (
    "aac,ac3,aiff,amr,ape,asf,au,avi,caf,dsf,eac3,flac,flv,matroska,mov,mpc,mpc8,ogg,tak,tta,"
    "w64,wav,webm,wv"
)
STATES_NO_LENGTH = {"aac", "ac3", "eac3", "amr", "mp3"}  # FFmpeg estimates it

MAX_ERRORS = 1000  # packets that cannot be decoded: what is left is no audio


@dataclass
class Decoded:
    """What a decoder makes of a file.

    Parameters
    ----------
    stated : float
        Seconds that the file's header states, or that are known otherwise; None where neither is.
    blocks : list of (int, list of ndarray of shape (n_samples,), float32)
        A rate in Hz and mono samples, one after the other: several where the rate changes within
        the file.
    is_damaged : bool
        Whether some of it could not be decoded.
    """

    stated: float | None = None
    blocks: list = field(default_factory=list)
    is_damaged: bool = False
    _n_samples: dict = field(default_factory=lambda: defaultdict(int))  # by rate

    @property
    def seconds(self):
        """Seconds that were decoded."""
        return sum(n_samples / rate for rate, n_samples in self._n_samples.items())

    def add(self, samples, rate):
        """Add samples at a rate."""
        if len(samples):
            self._n_samples[rate] += len(samples)
            self._keep(samples, rate)

    def _keep(self, samples, rate):
        if not self.blocks or self.blocks[-1][0] != rate:
            self.blocks.append((rate, []))
        self.blocks[-1][1].append(samples)


class Part:
    """A file from some byte on, for decoders that read from its beginning."""

    def __init__(self, file, start):
        self._file, self._start = file, start
        file.seek(start)

    def seek(self, offset, whence=0):
        """Go to a byte, as `io.IOBase.seek`."""
        return self._file.seek(offset + (self._start if whence == 0 else 0), whence) - self._start

    def tell(self):
        """Return at which byte the next read begins."""
        return self._file.tell() - self._start

    def read(self, n_bytes=-1):
        """Return bytes."""
        return self._file.read(n_bytes)


class _Joined(io.RawIOBase):
    """Pieces of a file's content as a file, one after another."""

    def __init__(self, content, pieces):
        self._content, self._pieces, self._at = content, pieces, 0
        self._n_bytes = sum(end - begin for begin, end in pieces)

    def readable(self):
        return True

    def seekable(self):
        return True

    def seek(self, offset, whence=0):
        self._at = max(0, offset + (0, self._at, self._n_bytes)[whence])
        return self._at

    def readinto(self, buffer):
        skipped, n_read = self._at, 0
        for begin, end in self._pieces:
            first = min(begin + skipped, end)
            skipped -= first - begin
            part = self._content[first : min(end, first + len(buffer) - n_read)]
            buffer[n_read : n_read + len(part)] = part
            n_read += len(part)
            if n_read == len(buffer):
                break
        self._at += n_read
        return n_read


def join(content, pieces):
    """Return pieces of a file as a file of their own, which copies none of them.

    Parameters
    ----------
    content : bytes or mmap
    pieces : list of (int, int)
        Where they begin and end.
    """
    return io.BufferedReader(_Joined(content, pieces), BUFFER)


class _ForwardFile(soundfile.SoundFile):
    """A file that is read from its beginning on.

    After every read, soundfile goes back to where a whole file would be: behind damage that is
    elsewhere, and decoders start afresh.
    """

    def seekable(self):
        return False


def check_rate(rate):
    """Refuse a file whose header states a rate at which there is no sound.

    Raises
    ------
    ValueError
    """
    if not RATES[0] <= rate <= RATES[1]:
        raise ValueError(f"has a sampling rate of {rate:,} Hz: its header is damaged")


def decode_with_libsndfile(file, seconds, decoded):
    """Decode a file by libsndfile, up to some seconds.

    Parameters
    ----------
    file : file object
        Open for reading bytes.
    seconds : float
    decoded : Decoded
        What is decoded is added to it: what comes before an error, of a file with one.
    """
    try:
        with _ForwardFile(file) as sound:
            check_rate(sound.samplerate)
            if decoded.stated is None and 0 < sound.frames < LONGEST * sound.samplerate:
                decoded.stated = sound.frames / sound.samplerate
            n_wanted, n_read = math.ceil(seconds * sound.samplerate), 1
            while n_wanted > 0 and n_read > 0:
                n_read = min(n_wanted, max(1, BLOCK // sound.channels))
                block = sound.read(n_read, dtype="float32", always_2d=True)
                decoded.add(
                    block.mean(axis=1) if sound.channels > 1 else block[:, 0], sound.samplerate
                )
                n_read = len(block)
                n_wanted -= n_read
    except soundfile.SoundFileError:
        decoded.is_damaged = True


def decode_with_ffmpeg(file, seconds, decoded, format_name=None):
    """Decode a file by FFmpeg, up to some seconds; what cannot be decoded is passed over.

    Parameters
    ----------
    file : file object
        Open for reading bytes.
    seconds : float
    decoded : Decoded
        What is decoded is added to it: nothing where FFmpeg finds nothing.
    format_name : str, optional
        As FFmpeg calls it; else it is one of `FORMATS` that FFmpeg finds.

    Raises
    ------
    ValueError
        For a file with a picture or video alone.
    """
    import av

    options = {"format_whitelist": format_name or FORMATS}
    with (
        contextlib.suppress(av.FFmpegError),
        av.open(file, format=format_name, metadata_errors="replace", options=options) as source,
    ):
        stream = source.streams.best("audio")
        if stream is None:
            raise ValueError("holds pictures or video, but no audio")
        states_length = stream.duration and source.format.name not in STATES_NO_LENGTH
        if decoded.stated is None and states_length:
            decoded.stated = float(stream.duration * stream.time_base)
        length = 0.0
        for frame in _decode_frames(source, stream, decoded):
            check_rate(frame.sample_rate)
            samples = _mix_down(frame)
            decoded.add(samples, frame.sample_rate)
            length += len(samples) / frame.sample_rate
            if length >= seconds:
                break


def _decode_frames(source, stream, decoded):
    """Yield the frames of a stream, without those that cannot be decoded."""
    import av

    n_errors = 0
    for packet in source.demux(stream):
        try:
            frames = packet.decode()
        except av.FFmpegError:
            decoded.is_damaged, n_errors = True, n_errors + 1
            if n_errors > MAX_ERRORS:
                return
        else:
            yield from frames


def _mix_down(frame):
    """Return the mean of a frame's channels: ndarray of shape (n_samples,), float32."""
    values = frame.to_ndarray()
    if not frame.format.is_planar:
        values = values.reshape(-1, frame.layout.nb_channels).T
    mean = values.mean(axis=0, dtype=np.float32)
    if values.dtype.kind == "f":
        return mean
    half = np.float32(2.0 ** (8 * values.itemsize - 1))
    return mean / half - (1 if values.dtype.kind == "u" else 0)
