"""The frames of MPEG audio (mp3, mp2, mp1), found one by one.

An mp3 has no header that states its length: libsndfile and FFmpeg estimate it from the size of the
file, take what lies around the audio for audio, and stop, or decode noise, where it is damaged.
Its frames tell where audio is and how long: each begins with 4 bytes that give its size, and so
the place of the next. Source: ISO 11172-3 and 13818-3; the Xing header as LAME writes it.
"""

import functools
import math
from dataclasses import dataclass, field

import numpy as np

IN_A_ROW = 4  # frames that follow one another are no accident; 2 do where the bytes end

KBITS = {  # by (is MPEG 1, layer), then by the index in the header
    (True, 1): (0, 32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448),
    (True, 2): (0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
    (True, 3): (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    (False, 1): (0, 32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256),
    (False, 2): (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
    (False, 3): (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}

RATES = {3: (44100, 48000, 32000), 2: (22050, 24000, 16000), 0: (11025, 12000, 8000)}  # by version

TRIMMED = 4  # frames that decoders take away at most

TAGS = (b"TAG", b"APETAGEX", b"LYRICSBEGIN", b"ID3")

SEARCHED_AT_ONCE = 1 << 16  # bytes

XING_CONTRADICTS = 1.25  # a Xing header whose bytes a frame differ by more from those of the frames


@dataclass(frozen=True)
class Kind:
    """What all frames of a stream have in common.

    Parameters
    ----------
    sample_rate : int
        Hz.
    n_samples : int
        Of a frame, in each channel.
    sizes : tuple of int
        Bytes of a frame, by the third byte of its header; 0 where that is no frame of this kind.
    """

    sample_rate: int
    n_samples: int
    sizes: tuple


@dataclass
class Stretch:
    """Frames of one kind, without others between them.

    Parameters
    ----------
    kind : Kind
    pieces : list of (int, int)
        Where frames in a row begin and end.
    n_frames : int
        Those that hold sound, which a Xing header does not.
    """

    kind: Kind
    pieces: list = field(default_factory=list)
    n_frames: int = 0

    @property
    def seconds(self):
        """Seconds of sound."""
        return self.n_frames * self.kind.n_samples / self.kind.sample_rate

    @property
    def least_seconds(self):
        """Seconds of sound without what decoders take away as added by an encoder."""
        return self.seconds - TRIMMED * self.kind.n_samples / self.kind.sample_rate

    @property
    def n_bytes(self):
        """Bytes of its frames."""
        return sum(end - begin for begin, end in self.pieces)


@dataclass
class Stream:
    """The frames of a file, as far as they are wanted.

    Parameters
    ----------
    stretches : list of Stretch
    promised : float
        Seconds that a Xing header states; None where there is none, or it contradicts the frames.
    n_lost, n_zeros : int
        Bytes between and behind frames that are neither frames nor a tag: zeros, and others.
    """

    stretches: list = field(default_factory=list)
    promised: float | None = None
    n_lost: int = 0
    n_zeros: int = 0

    @property
    def seconds(self):
        """Seconds of sound."""
        return sum(stretch.seconds for stretch in self.stretches)

    @property
    def least_seconds(self):
        """Seconds of sound without what decoders take away."""
        return sum(stretch.least_seconds for stretch in self.stretches)

    def estimate_seconds(self, n_bytes):
        """Return how much sound so many bytes would hold at the mean bitrate of the frames."""
        return self.seconds * n_bytes / sum(stretch.n_bytes for stretch in self.stretches)


def find_first(content, start=0):
    """Return where the first of some frames in a row begins, None where there are none.

    Parameters
    ----------
    content : bytes or mmap
    start : int
        Where the search begins.
    """
    for at in _find_headers(content, start):
        if are_in_a_row(content, at):
            return at
    return None


def _find_headers(content, start):
    """Yield where the bytes could be the header of a frame."""
    for block in range(start, len(content), SEARCHED_AT_ONCE):
        values = np.frombuffer(content[block : block + SEARCHED_AT_ONCE + 2], np.uint8)
        is_sync = (values[:-2] == 0xFF) & (values[1:-1] >= 0xE0)
        for at in (np.flatnonzero(is_sync) + block).tolist():
            if _read_kind(content, at):
                yield at


def are_in_a_row(content, at):
    """Return whether frames begin here that are no accident."""
    kind = _read_kind(content, at)
    if kind is None:
        return False
    n_frames, _, end = _follow(content, at, kind, IN_A_ROW)
    is_end = end + 4 > len(content) or content[end : end + 16].startswith(TAGS)
    return n_frames == IN_A_ROW or (n_frames >= 2 and is_end)


def _read_kind(content, at):
    """Return the kind of the frame that begins here, None where none does."""
    header = content[at : at + 4]
    if len(header) < 4 or header[0] != 0xFF:
        return None
    kind = _kind(header[1] | 1, header[2] & 12)
    return kind if kind and kind.sizes[header[2]] else None


@functools.cache
def _kind(second, third):
    """Return the kind by the bits of version, layer and rate in a header's bytes."""
    version, layer, rate = second >> 3 & 3, 4 - (second >> 1 & 3), third >> 2
    if second < 0xE0 or version == 1 or layer == 4 or rate == 3:
        return None
    n_samples = 384 if layer == 1 else 576 if layer == 3 and version != 3 else 1152
    unit, sample_rate = 4 if layer == 1 else 1, RATES[version][rate]  # bytes, Hz

    def find_size(byte):
        bitrate, padding = byte >> 4, byte >> 1 & 1
        if byte & 12 != third or bitrate in {0, 15}:
            return 0
        bits = 1000 * KBITS[version == 3, layer][bitrate]
        return (n_samples // 8 // unit * bits // sample_rate + padding) * unit

    return Kind(sample_rate, n_samples, tuple(find_size(byte) for byte in range(256)))


def _follow(content, at, kind, n_wanted):
    """Follow frames of a kind; return how many there are, where the last begins, where it ends."""
    sizes, last, n_frames = kind.sizes, at, 0
    second, is_mono = content[at + 1] | 1, content[at + 3] >= 0xC0
    while n_frames < n_wanted and at + 4 <= len(content):
        size = sizes[content[at + 2]]
        if content[at] != 0xFF or content[at + 1] | 1 != second or not size:
            break
        if (content[at + 3] >= 0xC0) != is_mono or at + size > len(content):
            break
        last, at, n_frames = at, at + size, n_frames + 1
    return n_frames, last, at


def read_stream(content, start, seconds):
    """Follow the frames of a file.

    Parameters
    ----------
    content : bytes or mmap
        The file, or as much of its beginning as is looked at.
    start : int
        Where the first frame begins, from `find_first`.
    seconds : float
        How much sound is wanted: later frames are not looked for.

    Returns
    -------
    Stream
    """
    stream, at = Stream(), start
    while at is not None and stream.seconds < seconds:
        stretch = _continue_stretch(content, at, stream)
        xing = _read_xing(content, at)
        n_wanted = (seconds - stream.seconds) * stretch.kind.sample_rate / stretch.kind.n_samples
        n_wanted = math.ceil(n_wanted) + bool(xing)
        n_frames, last, end = _follow(content, at, stretch.kind, n_wanted)
        following = None
        if n_frames < n_wanted:
            following = find_first(content, last + 1)
            if following is not None and following < end:  # it was cut, and others joined
                n_frames, end = n_frames - 1, last
            _count_gap(content[end:following], stream)
        stretch.n_frames += n_frames - bool(xing)
        stretch.pieces.append((at, end))
        at = following
    stream.promised = _find_promise(content, start, stream.stretches[0])
    return stream


def _continue_stretch(content, at, stream):
    """Return the stretch that a frame belongs to: the last one, or a new one."""
    kind, last = _read_kind(content, at), stream.stretches[-1] if stream.stretches else None
    is_mono = content[at + 3] >= 0xC0
    if last and last.kind is kind and (content[last.pieces[0][0] + 3] >= 0xC0) == is_mono:
        return last
    stream.stretches.append(Stretch(kind))
    return stream.stretches[-1]


def _count_gap(gap, stream):
    """Count bytes that hold no frames, as lost sound or as zeros, unless they are a tag."""
    rest = gap.strip(b"\0")
    stream.n_zeros += len(gap) - len(rest)
    if not rest.startswith(TAGS):
        stream.n_lost += len(rest)


def _read_xing(content, at):
    """Return the frames and bytes that a Xing header states, 0 what it does not; None: no header.

    It stands in a first frame without sound, behind the side information, which is all zeros.
    """
    tag = content[at + 4 : at + 44].lstrip(b"\0")[:4]
    if tag not in {b"Xing", b"Info"}:
        return None
    begin = content.find(tag, at) + 4
    fields = content[begin : begin + 12]
    flags, first, second = (int.from_bytes(fields[i : i + 4], "big") for i in (0, 4, 8))
    n_frames = first if flags & 1 else 0
    return n_frames, (second if flags & 1 else first) if flags & 2 else 0


def _find_promise(content, at, stretch):
    """Return the seconds that a Xing header states, None where it contradicts the frames."""
    n_frames, n_bytes = _read_xing(content, at) or (0, 0)
    if not (n_frames and n_bytes and stretch.n_frames):
        return None
    ratio = n_bytes / n_frames / (stretch.n_bytes / stretch.n_frames)
    if not 1 / XING_CONTRADICTS <= ratio <= XING_CONTRADICTS:
        return None
    return (n_frames - TRIMMED) * stretch.kind.n_samples / stretch.kind.sample_rate
