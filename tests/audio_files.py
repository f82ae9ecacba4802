"""Small audio files for tests, whole and as people have them: damaged, joined, with junk around."""

import functools
import io
import struct

import numpy as np
import soundfile

RATE = 16000
SECONDS = 12.0

ENCODINGS = {
    "mp3": {"format": "MP3", "bitrate_mode": "CONSTANT", "compression_level": 0.85},  # no Xing
    "vbr.mp3": {"format": "MP3", "bitrate_mode": "VARIABLE"},  # a Xing header
    "flac": {"format": "FLAC"},
    "ogg": {"format": "OGG"},
    "opus": {"format": "OGG", "subtype": "OPUS"},
    "wav": {"format": "WAV"},
    "aiff": {"format": "AIFF"},
    "au": {"format": "AU"},
}


@functools.cache
def tone(frequency=440.0, seconds=SECONDS, rate=RATE, n_channels=1):
    """Return a tone with some noise: ndarray of shape (n_samples, n_channels), float32."""
    time = np.arange(round(seconds * rate)) / rate
    wave = 0.3 * np.sin(2 * np.pi * frequency * time) * (1 + 0.3 * np.sin(6 * np.pi * time))
    wave += 0.02 * np.random.default_rng(0).standard_normal(len(time))
    return np.stack([wave.astype(np.float32)] * n_channels, axis=1)


@functools.cache
def encode(encoding, frequency=440.0, seconds=SECONDS, rate=RATE, n_channels=1):
    """Return the bytes of a tone in one of `ENCODINGS`."""
    file = io.BytesIO()
    wave = tone(frequency, seconds, rate, n_channels)
    soundfile.write(file, wave, rate, **ENCODINGS[encoding])
    return file.getvalue()


def noise(n_bytes):
    """Return bytes that mean nothing, the same ones every time."""
    return np.random.default_rng(1).bytes(n_bytes)


def overwrite(content, n_bytes, filler=noise):
    """Return bytes with a hole in the middle."""
    middle = len(content) // 2
    return content[:middle] + filler(n_bytes) + content[middle + n_bytes :]


def with_id3(content, n_bytes, padding=0):
    """Return bytes behind an ID3 tag with a picture, and zeros behind that."""
    picture = b"\0image/jpeg\0\x03\0\xff\xd8" + noise(n_bytes) + b"\xff\xd9"
    payload = b"APIC" + struct.pack(">I", len(picture)) + b"\0\0" + picture
    size = bytes(len(payload) >> shift & 127 for shift in (21, 14, 7, 0))
    return b"ID3\x03\x00\x00" + size + payload + bytes(padding) + content


def with_xing(content, n_frames, n_bytes=None):
    """Return an mp3 behind a Xing header that states frames and, where given, bytes."""
    head = content[:4]
    size = next(i for i in range(4, 2000) if content[i : i + 3] == head[:3])
    frame = bytearray(size)
    frame[:4] = head
    fields = (3, n_frames, n_bytes) if n_bytes else (1, n_frames)
    packed = b"Xing" + struct.pack(f">{len(fields)}I", *fields)
    at = 4 + (9 if head[1] >> 3 & 3 != 3 else 17)
    frame[at : at + len(packed)] = packed
    return bytes(frame) + content


def with_data_size(content, size):
    """Return a wav whose header gives a size of its data."""
    at = content.index(b"data") + 4
    return content[:at] + struct.pack("<I", size) + content[at + 4 :]
