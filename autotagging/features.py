"""Samples -> (frames, bands): mel spectrograms and MFCCs, and the named presets.

Everything follows librosa's definitions: centred Hann windows, zeros beyond the ends, Slaney's mel
scale and filter norm, levels no lower than 80 dB below a clip's maximum, orthonormal DCT. Time
comes first, so that an excerpt of a clip is one contiguous read.

The spectrogram is computed in blocks of frames that stay in the processor's cache, by SciPy's FFT
and NumPy's matrix product; librosa makes the filter bank. ``make bench`` compares that with
librosa's own functions.
"""

import bisect
import dataclasses
import functools
import math
import threading
import warnings

import librosa
import numpy as np
import scipy.fft

from autotagging import audio, options
from autotagging.options import option

LARGEST_FLOAT16 = 65504.0
MFCC_MEL_BANDS = 128  # librosa's default: MFCCs are of that many bands, or of more where asked for
BLOCK_BYTES = 1 << 19  # of windowed samples: with spectrum and power they fit a second-level cache
BAND_GROUPS = 8  # a band reaches over few bins: groups of bands leave most zeros out of the product
AMIN, TOP_DB = 1e-10, 80.0
DECIBELS = 10 / math.log(10)
LIMITS = {  # of what is sound and fits into memory
    "sample_rate": (100, 768_000),
    "bands": (1, 4096),
    "n_fft": (2, 1 << 18),
    "hop_length": (1, 1 << 24),
    "seconds": (0, 86_400),
}
SCALES = ("power", "dB", "log")
KINDS = ("mel", "mfcc")


@dataclasses.dataclass(frozen=True)
class FeatureSettings:
    """What a feature is made of.

    MFCCs are of the level: scale "dB". `f_max` None: half the sample rate.
    """

    feature: str = option("mel bands, or MFCCs of their levels", choices=KINDS)
    sample_rate: int = option("Hz; audio is resampled to it", type=options.positive, metavar="HZ")
    bands: int = option("mel bands, or MFCCs", type=options.positive, metavar="N")
    n_fft: int = option("samples of a window", type=options.positive, metavar="N")
    hop_length: int = option("samples from frame to frame", type=options.positive, metavar="N")
    scale: str = option(
        "of mel bands: power; its level in dB re 1, no lower than 80 dB below the clip's maximum; "
        "or log10(1 + 10,000 power)",
        "dB",
        choices=SCALES,
    )
    f_min: float = option(
        "Hz, lower edge of the lowest band", 0.0, type=options.number_from_0, metavar="HZ"
    )
    f_max: float | None = option(
        "Hz, upper edge of the highest band", None, type=options.positive_number, metavar="HZ"
    )
    seconds: float = option(
        "clips are cut, or padded with zeros, to this length (default: 29.12, that of "
        "MagnaTagATune's clips)",
        29.12,
        type=options.positive_number,
        metavar="S",
    )

    @property
    def n_samples(self):
        """Samples of a clip."""
        return round(self.seconds * self.sample_rate)

    @property
    def frames(self):
        """Frames of a clip; librosa gives one more, which is not kept."""
        return max(1, round(self.n_samples / self.hop_length))

    @property
    def mel_bands(self):
        """Bands of the mel spectrogram, before it becomes MFCCs."""
        return max(self.bands, MFCC_MEL_BANDS) if self.feature == "mfcc" else self.bands


# The paper resamples to 2,108 Hz and takes mel power without logarithm: all above 1,054 Hz is
# lost. `square` is its 120 x 120 input over the whole band; `musicnn` and `short-chunk` are the
# inputs of Pons 2018 and Won 2020.
PRESETS = {
    "paper": FeatureSettings("mel", 2108, 120, n_fft=2048, hop_length=512, scale="power"),
    "square": FeatureSettings("mel", 16000, 120, n_fft=4096, hop_length=3882),
    "mfcc": FeatureSettings("mfcc", 2108, 120, n_fft=2048, hop_length=512),
    "mel96": FeatureSettings("mel", 16000, 96, n_fft=2048, hop_length=1024),
    "musicnn": FeatureSettings("mel", 16000, 96, n_fft=512, hop_length=256, scale="log"),
    "short-chunk": FeatureSettings("mel", 16000, 128, n_fft=512, hop_length=256),
}


def change(settings, changes, frames=None):
    """Return settings with some of them changed, or say which value would work.

    Parameters
    ----------
    settings : FeatureSettings
    changes : dict
        Name of a setting -> value.
    frames : int, optional
        A hop length is found that gives a clip so many.

    Raises
    ------
    ValueError
        For settings that cannot be combined, in one sentence with a value that works.
    """
    kind = changes.get("feature", settings.feature)
    if kind == "mfcc":
        if changes.get("scale", "dB") != "dB":
            raise ValueError(f"MFCCs are of levels in dB: leave out --scale {changes['scale']}")
        changes = {**changes, "scale": "dB"}
    for name, (least, most) in LIMITS.items():
        if name in changes and not least <= changes[name] <= most:
            raise ValueError(
                f"{name.replace('_', ' ')} {changes[name]:g} is not between {least:g} and {most:g}"
            )
    changed = dataclasses.replace(settings, **changes)
    if changed.n_samples < 1:
        raise ValueError(
            f"{changed.seconds:g} s at {changed.sample_rate} Hz hold no sample: "
            f"at least {1 / changed.sample_rate:.2g} s do"
        )
    if frames is not None:
        changed = dataclasses.replace(changed, hop_length=_hop_length(changed.n_samples, frames))
    _check_frequencies(changed)
    _check_filled(changed)
    return changed


def name_of(preset, settings):
    """Return the name of a store: the preset's, and what differs from it."""
    usual = dataclasses.asdict(PRESETS[preset])
    changes = [
        f"{name.replace('_', '-')}-{value:g}" if isinstance(value, float) else f"{name}-{value}"
        for name, value in dataclasses.asdict(settings).items()
        if value != usual[name]
    ]
    return "-".join([preset, *(change.replace("_", "-") for change in changes)])


def _hop_length(n_samples, frames):
    # round(n_samples / hop) = frames for hops in (n / (frames + .5), n / (frames - .5))
    hop = max(1, n_samples // frames)
    near = [h for h in (hop, hop + 1, hop - 1) if h > 0 and round(n_samples / h) == frames]
    if not near:
        possible = [round(n_samples / h) for h in (hop + 1, hop)]
        nearest = min(possible, key=lambda number: abs(number - frames))
        raise ValueError(
            f"no hop length gives {frames:,} frames of {n_samples:,} samples: {nearest:,} is the "
            "nearest that works"
        )
    return near[0]


def _check_frequencies(settings):
    nyquist = settings.sample_rate / 2
    highest = nyquist if settings.f_max is None else settings.f_max
    if highest > nyquist:
        raise ValueError(
            f"--f-max {highest:g} Hz is above half the sample rate of {settings.sample_rate} Hz: "
            f"{nyquist:g} works, or --sample-rate {math.ceil(2 * highest)}"
        )
    if not 0 <= settings.f_min < highest:
        raise ValueError(
            f"--f-min {settings.f_min:g} Hz is not below the upper edge of {highest:g} Hz: 0 works"
        )


def _check_filled(settings):
    """Refuse more bands than FFT bins can fill: some would be zero for every clip."""
    if _is_filled(settings, settings.mel_bands, settings.n_fft):
        return
    ways = []
    if settings.feature == "mel":
        fitting = bisect.bisect_left(
            range(1, settings.bands + 1),
            True,
            key=lambda bands: not _is_filled(settings, bands, settings.n_fft),
        )
        ways += [f"--bands {fitting} works"] if fitting else []
    sizes = [1 << n for n in range(settings.n_fft.bit_length(), LIMITS["n_fft"][1].bit_length())]
    size = next((n for n in sizes if _is_filled(settings, settings.mel_bands, n)), None)
    ways += [f"--n-fft {size} works"] if size else []
    raise ValueError(
        f"{settings.mel_bands} mel bands from {settings.f_min:g} to {_top(settings):g} Hz are more "
        f"than the bins of a {settings.n_fft}-point FFT at {settings.sample_rate} Hz can fill: "
        + (", or ".join(ways) or "a wider range works")
    )


def _is_filled(settings, bands, n_fft):
    tried = dataclasses.replace(settings, feature="mel", bands=bands, n_fft=n_fft)
    return filter_bank(tried).any(axis=0).all()


def _top(settings):
    return settings.sample_rate / 2 if settings.f_max is None else settings.f_max


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
    """Return what every clip of a thread needs anew: the window, filters and buffers."""
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


def as_stored(features):
    """Return features as float16; mel power beyond its range is set to the largest number.

    The rounding error is at most ``STORAGE_ERROR["relative"]`` of a value, or
    ``STORAGE_ERROR["absolute"]`` where that is more.
    """
    return np.clip(features, -LARGEST_FLOAT16, LARGEST_FLOAT16).astype(np.float16)


STORAGE_ERROR = {"relative": 2.0**-11, "absolute": 2.0**-25, "largest": LARGEST_FLOAT16}


def extract_file(path, settings):
    """Return the features of an audio file as they are stored, and its length.

    Returns
    -------
    features : ndarray of shape (frames, bands), float16
    seconds : float
        The length of the audio before it was cut or padded.

    Raises
    ------
    ValueError
        For a file that cannot be decoded, is silent, is shorter than one window of the FFT, or
        has samples so large that powers overflow.
    """
    samples = audio.load(path, settings.sample_rate)
    seconds = len(samples) / settings.sample_rate
    if len(samples) < min(settings.n_fft, settings.n_samples):
        raise ValueError(f"holds {seconds:.2f} s, less than one window of the FFT")
    if np.abs(samples[: settings.n_samples]).max() < audio.SILENCE:
        raise ValueError("is silent")
    with np.errstate(over="ignore", invalid="ignore"):
        values = extract(samples, settings)
    if np.isnan(values).any():
        raise ValueError("has features that are no numbers: its samples are far beyond 1")
    return as_stored(values), seconds
