"""Samples -> (frames, bands): mel spectrograms and MFCCs, and the named presets.

Everything follows librosa's definitions: centred Hann windows, Slaney's mel scale and filter
norm, orthonormal DCT. Time comes first, so that an excerpt of a clip is one contiguous read.
"""

import dataclasses
import functools

import librosa
import numpy as np
import scipy.fft

from autotagging import audio

LARGEST_FLOAT16 = 65504.0


@dataclasses.dataclass(frozen=True)
class FeatureSettings:
    """What a feature is made of.

    Parameters
    ----------
    sample_rate : int
        Hz; audio is resampled to it.
    bands : int
        Mel bands, or MFCCs.
    n_fft, hop_length : int
        Samples.
    scale : {"power", "dB", "mfcc"}
        Mel power; its level in dB re 1, no lower than 80 dB below the clip's maximum; the MFCCs
        of that level.
    seconds : float
        Clips are cut, or padded with zeros, to this length.
    """

    sample_rate: int
    bands: int
    n_fft: int
    hop_length: int
    scale: str
    seconds: float = 29.12  # the length of MagnaTagATune's clips

    @property
    def n_samples(self):
        """Samples of a clip."""
        return round(self.seconds * self.sample_rate)

    @property
    def frames(self):
        """Frames of a clip; librosa gives one more, which is not kept."""
        return max(1, round(self.n_samples / self.hop_length))

    @property
    def shape(self):
        """(frames, bands) of a clip."""
        return self.frames, self.bands


# The paper resamples to 2,108 Hz and takes mel power without logarithm: all above 1,054 Hz is
# lost. `square` is its 120 x 120 input over the whole band.
PRESETS = {
    "paper": FeatureSettings(2108, 120, n_fft=2048, hop_length=512, scale="power"),
    "square": FeatureSettings(16000, 120, n_fft=4096, hop_length=3882, scale="dB"),
    "mfcc": FeatureSettings(2108, 120, n_fft=2048, hop_length=512, scale="mfcc"),
    "mel96": FeatureSettings(16000, 96, n_fft=2048, hop_length=1024, scale="dB"),
}


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
    samples = audio.fit_length(samples, settings.n_samples)
    power = mel_power(samples, settings)  # (bands, frames + 1)
    if settings.scale == "power":
        return power.T[: settings.frames]
    level = librosa.power_to_db(power, ref=1.0, amin=1e-10, top_db=80.0)
    if settings.scale == "mfcc":
        level = scipy.fft.dct(level, axis=0, type=2, norm="ortho")
    return level.T[: settings.frames]


def mel_power(samples, settings):
    """Return the mel power spectrogram of samples: (bands, frames), as librosa computes it."""
    spectrum = librosa.stft(samples, n_fft=settings.n_fft, hop_length=settings.hop_length)
    power = np.square(np.abs(spectrum))
    return _filter_bank(settings.sample_rate, settings.n_fft, settings.bands) @ power


@functools.cache
def _filter_bank(sample_rate, n_fft, bands):
    return librosa.filters.mel(sr=sample_rate, n_fft=n_fft, n_mels=bands)


def as_stored(features):
    """Return features as float16; mel power beyond its range is set to the largest number."""
    return np.clip(features, -LARGEST_FLOAT16, LARGEST_FLOAT16).astype(np.float16)


def extract_file(path, settings):
    """Return the features of an audio file as they are stored: (frames, bands), float16.

    Raises
    ------
    ValueError
        For a file that cannot be decoded.
    """
    return as_stored(extract(audio.load(path, settings.sample_rate), settings))
