"""What features are made of, and the named presets."""

import bisect
import dataclasses
import math

from autotagging import options
from autotagging.features.spectrogram import filter_bank
from autotagging.options import option

MFCC_MEL_BANDS = 128  # librosa's default: MFCCs are of that many bands, or of more where asked for

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
    sample_rate: int = option("Hz; audio is resampled to it", kind=options.positive)
    bands: int = option("mel bands, or MFCCs", kind=options.positive)
    n_fft: int = option("samples of a window", kind=options.positive)
    hop_length: int = option("samples from frame to frame", kind=options.positive)
    scale: str = option(
        "of mel bands: power; its level in dB re 1, at least 80 dB below the clip's maximum; or "
        "log10(1 + 10,000 power)",
        "dB",
        choices=SCALES,
    )
    f_min: float = option("Hz, lower edge of the lowest band", 0.0, options.number_from_0)
    f_max: float | None = option("Hz, edge of the highest band", None, options.positive_number)
    seconds: float = option(
        "clips are cut, or padded with zeros, to this length (default: 29.12, that of "
        "MagnaTagATune's clips)",
        29.12,
        options.positive_number,
    )

    dtype = "float16"  # in which they are stored

    @property
    def n_samples(self):
        """Samples of a clip."""
        return round(self.seconds * self.sample_rate)

    @property
    def frames(self):
        """Frames of a clip; librosa gives one more, which is not kept."""
        return max(1, round(self.n_samples / self.hop_length))

    @property
    def spectrogram(self):
        """What is computed from the audio: these settings themselves."""
        return self

    @property
    def layers(self):
        """The layers of networks whose values they are: none."""
        return ()

    @property
    def shape(self):
        """The shape of a clip's features, in words."""
        return f"{self.frames} frames x {self.bands} bands"

    @property
    def mel_bands(self):
        """Bands of the mel spectrogram, before it becomes MFCCs."""
        return max(self.bands, MFCC_MEL_BANDS) if self.feature == "mfcc" else self.bands


@dataclasses.dataclass(frozen=True)
class LayerSettings:
    """What features are made of that are the values of a network's layer, a frame a chunk.

    Parameters
    ----------
    network : str
        Its name.
    checksum : str
        Of its weights and description.
    layer : str
    chunk_frames : int
        Frames of the spectrogram that the network takes.
    width : int
        Values of the layer.
    spectrogram : FeatureSettings
        That the network takes.
    """

    network: str
    checksum: str
    layer: str
    chunk_frames: int
    width: int
    spectrogram: FeatureSettings
    dtype = "float32"  # in which they are stored: what is computed from them has to be exact

    @property
    def frames(self):
        """Chunks of a whole clip: the fewest that cover it."""
        return -(-self.spectrogram.frames // self.chunk_frames)

    @property
    def bands(self):
        """Values of the layer."""
        return self.width

    @property
    def layers(self):
        """The layers of networks whose values they are: these settings themselves."""
        return (self,)

    @property
    def seconds(self):
        """Of a clip."""
        return self.spectrogram.seconds

    @property
    def shape(self):
        """The shape of a clip's features, in words."""
        return f"{self.frames} chunks x {self.width} values"


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


def parse(values):
    """Return the settings that a dict of plain values holds, as ``summary.json`` keeps them.

    Returns
    -------
    FeatureSettings or LayerSettings

    Raises
    ------
    KeyError, TypeError or ValueError
        For values of which no store was made.
    """
    kind = LayerSettings if "layer" in values else FeatureSettings
    known = {field.name: values[field.name] for field in dataclasses.fields(kind)}
    if kind is FeatureSettings:
        return change(kind(**known), {})
    known["spectrogram"] = parse(known["spectrogram"])
    if not (1 <= known["chunk_frames"] <= known["spectrogram"].frames and known["width"] >= 1):
        raise ValueError("no chunk of the spectrogram, or no value")
    return kind(**known)


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
                f"--{name.replace('_', '-')} {changes[name]:g} is not from {least:g} to {most:g}"
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
    nyquist, highest = settings.sample_rate / 2, _top(settings)
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
