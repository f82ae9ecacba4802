"""What the bytes of a file are: where audio begins, and what a file without audio holds instead."""

import functools
import io
from dataclasses import dataclass

from autotagging.audio import mpeg_frames

HEAD = 1 << 16  # bytes in which most audio begins
SEARCHED = 1 << 24  # bytes in which it is looked for: audio that begins later is not found
IN_RIFF = 1 << 13  # bytes of a wav's data in which MPEG audio would begin

# What files begin with that are a container of audio: where, and the bytes.
CONTAINERS = (
    (0, b"RIFF"),
    (0, b"RF64"),
    (0, b"riff\x2e\x91\xcf\x11"),  # Wave64
    (0, b"fLaC"),
    (0, b"OggS"),
    (0, b"FORM"),
    (0, b".snd"),
    (0, b"caff"),
    (0, b"MAC "),  # Monkey's Audio
    (0, b"wvpk"),  # WavPack
    (0, b"TTA1"),
    (0, b"#!AMR"),
    (4, b"ftyp"),  # MPEG-4
    (0, b"\x30\x26\xb2\x75\x8e\x66\xcf\x11"),  # Windows Media
    (0, b"\x1a\x45\xdf\xa3"),  # Matroska, WebM
)

SEARCHED_FOR = ((0, b"RIFF"), (0, b"fLaC"), (0, b"OggS"), (0, b"FORM"), (0, b".snd"), (4, b"ftyp"))

UNKNOWN_SIZE = 0xFFFF_FF00  # a wav's data of this size or more is a promise of no length

# What is taken for audio by mistake: its first bytes, without blanks and in small letters.
MISTAKEN = {
    b"<!doctype html": "is a web page (HTML), no audio: download it again",
    b"<html": "is a web page (HTML), no audio: download it again",
    b"<?xml": "is an XML text, no audio: download it again",
    b"version https://git-lfs": "is a pointer of Git LFS, no audio: git lfs pull fetches it",
    b"/annex/objects": "is a pointer of git-annex, no audio: git annex get fetches it",
    b"\x00\x05\x16\x07": "is what macOS keeps beside a file (AppleDouble), no audio",
    b"pk\x03\x04": "is a zip archive, no audio",
    b"\x1f\x8b": "is a gzip archive, no audio",
    b"rar!": "is a rar archive, no audio",
    b"7z\xbc\xaf": "is a 7z archive, no audio",
    b"%pdf": "is a PDF, no audio",
    b"\x89png": "is a picture (PNG), no audio",
    b"\xff\xd8\xff": "is a picture (JPEG), no audio",
    b"gif8": "is a picture (GIF), no audio",
}


@dataclass(frozen=True)
class Start:
    """Where audio begins in a file.

    Parameters
    ----------
    offset : int
        In bytes.
    is_mpeg : bool
        Whether frames of MPEG audio begin there, or a container.
    """

    offset: int
    is_mpeg: bool


def find_starts(file):
    """Yield where audio may begin in a file, the likeliest first.

    Parameters
    ----------
    file : file object
        Open for reading bytes.

    Yields
    ------
    Start
    """
    begin, seen = skip_id3(file), set()
    for first, n_bytes in ((begin, HEAD), (0, SEARCHED)):
        file.seek(first)
        for offset, is_mpeg in _find_starts(file.read(n_bytes)):
            start = Start(first + offset, is_mpeg)
            if start not in seen:
                seen.add(start)
                yield start
    if Start(begin, is_mpeg=False) not in seen:
        yield Start(begin, is_mpeg=False)  # of a format that only a decoder knows


def _find_starts(content):
    data, _ = find_riff_data(content) or (None, None)
    if data is not None:  # whatever the header says of it
        first = mpeg_frames.find_first(content[: data + IN_RIFF], data)
        if first is not None:
            yield first, True
        if is_container(content[data : data + IN_RIFF]):
            yield data, False
    if is_container(content):
        yield 0, False
    first = mpeg_frames.find_first(content)
    if first is not None:
        yield first, True
    for at, magic in SEARCHED_FOR:
        found = content.find(magic, at + 1)
        if found >= 0:
            yield found - at, False


def is_container(content):
    """Return whether bytes begin as a container of audio does."""
    return any(content.startswith(magic, at) for at, magic in CONTAINERS)


def skip_id3(file):
    """Return where the ID3v2 tags at the beginning of a file end: 0 where there are none."""
    end, n_bytes = 0, file.seek(0, io.SEEK_END)
    while True:
        file.seek(end)
        header = file.read(10)
        if len(header) < 10 or not header.startswith(b"ID3"):
            return end
        size = functools.reduce(lambda size, byte: size << 7 | byte & 0x7F, header[6:], 0)
        size += 20 if header[5] & 0x10 else 10  # a footer is as long as the header
        if end + size >= n_bytes:
            return end
        end += size


def find_riff_data(content):
    """Find the samples of a wav.

    Returns
    -------
    offset : int
        Of its data.
    n_bytes : int
        That its header states of them; None where it states none.

    None instead of both where there are no samples.
    """
    if not content.startswith((b"RIFF", b"RF64")):
        return None
    at, long_size = 12, None
    while at + 8 <= len(content):
        name, size = content[at : at + 4], int.from_bytes(content[at + 4 : at + 8], "little")
        if name == b"ds64":
            long_size = int.from_bytes(content[at + 16 : at + 24], "little")
        elif name == b"data":
            return at + 8, (long_size if size >= UNKNOWN_SIZE else size) or None
        at += 8 + size + size % 2
    return None


def is_ogg_cut_short(content_end):
    """Return whether the last page of an Ogg file is not marked as the last of its stream.

    Parameters
    ----------
    content_end : bytes
        The last 128 kB of the file, or more: a page has at most 64 kB.
    """
    page = content_end.rfind(b"OggS")
    return page < 0 or len(content_end) < page + 6 or not content_end[page + 5] & 4


def describe(content):
    """Return what a file is that holds no audio, in words that go on from its name.

    Parameters
    ----------
    content : bytes
        Its beginning.
    """
    if not content:
        return "is empty"
    beginning = content[:512].removeprefix(b"\xef\xbb\xbf")
    for magic, words in MISTAKEN.items():
        if beginning.lstrip(b" \t\r\n").lower().startswith(magic):
            return words
    if not content.strip(b"\0"):
        return "holds nothing but zeros, as a download that broke off does"
    if is_container(content):
        name = "an MPEG-4 file (m4a)" if content[4:8] == b"ftyp" else "a container of audio"
        return f"is {name} that neither libsndfile nor FFmpeg can decode: it is damaged"
    if all(byte >= 32 or byte in b"\t\n\r" for byte in beginning):
        text = beginning.decode("utf-8", errors="replace").split("\n")[0][:40].strip()
        return f"is a text, no audio; it begins {text!r}"
    return "is no audio, or of no known format"
