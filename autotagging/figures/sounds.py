"""Waves and spectrograms: what a clip looks like."""

import librosa
import numpy as np

from autotagging.figures.letters import shorten
from autotagging.figures.style import GREY, HUE, new_figure, styled

N_FFT = 2048
HOP_LENGTH = 512
LEVEL_RANGE = 80  # dB
TITLE_WIDTH = 5.5  # inches: above all three columns
TICKS = (0, 250, 500, 1000, 2000, 4000, 8000, 16000)  # Hz
SPARSE_TICKS, SCREEN_BANDS = (0, 500, 2000, 8000), 96


@styled
def draw_waves(clips, sample_rate, bands):
    """Draw clips as waves, spectrograms and log-mel spectrograms: a row per clip.

    Parameters
    ----------
    clips : list of tuple (str, ndarray of shape (n_samples,), float32)
        Title and samples in [-1, 1].
    sample_rate : int
        In Hz.
    bands : int
        Mel bands of the right column.

    Returns
    -------
    Figure
        Levels are relative to the loudest of all clips, so that a quiet clip looks quiet.
    """
    waves = [samples for _, samples in clips]
    powers = [np.abs(librosa.stft(y, n_fft=N_FFT, hop_length=HOP_LENGTH)) ** 2 for y in waves]
    mels = [librosa.feature.melspectrogram(S=S, sr=sample_rate, n_mels=bands) for S in powers]
    figure = new_figure(0.6 + 1.6 * len(clips))
    axes = figure.subplots(len(clips), 3, squeeze=False, sharex=True)
    peak = max(float(np.abs(samples).max(initial=1e-3)) for samples in waves)
    for row, (title, samples) in enumerate(clips):
        _draw_wave(axes[row, 0], samples, sample_rate, peak)
        seconds = len(samples) / sample_rate
        _draw_levels(axes[row, 1], _levels(powers)[row], seconds)
        _label_linear(axes[row, 1], sample_rate)
        image = _draw_levels(axes[row, 2], _levels(mels)[row], seconds)
        label_mel(axes[row, 2], 0, sample_rate / 2, bands)
        _write_title(axes[row, 0], title)
    headings = ("Wave", "Spectrogram", f"Log-mel spectrogram ({bands} bands)")
    for ax, heading in zip(axes[0], headings, strict=True):
        ax.set_title(heading, pad=18, color=GREY)
    for ax in axes[-1]:
        ax.set_xlabel("time (s)")
    bar = figure.colorbar(image, ax=axes, location="right", shrink=0.6, aspect=30, pad=0.01)
    bar.set_label("level (dB; 0 = the loudest of the column)")
    bar.outline.set_visible(False)
    return figure


@styled
def draw_spectrogram(samples, sample_rate):
    """Draw one clip as a log-mel spectrogram, for a screen.

    Parameters
    ----------
    samples : ndarray of shape (n_samples,), float32
    sample_rate : int
        In Hz.

    Returns
    -------
    Figure
        11 cm wide. Levels are relative to the loudest of the clip.
    """
    frames = {"n_fft": N_FFT, "hop_length": HOP_LENGTH}
    power = librosa.feature.melspectrogram(y=samples, sr=sample_rate, n_mels=SCREEN_BANDS, **frames)
    figure = new_figure(1.35, width=4.3)
    figure.get_layout_engine().set(rect=(0, 0, 1, 1))  # no note below
    ax = figure.subplots()
    _draw_levels(ax, _levels([power])[0], len(samples) / sample_rate)
    label_mel(ax, 0, sample_rate / 2, SCREEN_BANDS, SPARSE_TICKS)
    ax.set_xlabel("time (s)")
    return figure


def _write_title(ax, title):
    ax.set_title(" ")  # keeps the line free above all three columns
    style = {"size": 8, "weight": "bold"}
    place = {"xycoords": "axes fraction", "textcoords": "offset points"}
    ax.annotate(
        shorten(title, TITLE_WIDTH, **style), (0, 1), (0, 6), **place, **style
    ).set_in_layout(False)


def _levels(powers):
    loudest = max(float(power.max()) for power in powers)
    return [
        librosa.power_to_db(power, ref=max(loudest, 1e-10), top_db=None).clip(-LEVEL_RANGE, 0)
        for power in powers
    ]


def _draw_wave(ax, samples, sample_rate, peak):
    columns = np.array_split(samples, min(1200, len(samples)))  # more than a page can show
    times = np.linspace(0, len(samples) / sample_rate, len(columns))
    low, high = [c.min() for c in columns], [c.max() for c in columns]
    ax.fill_between(times, low, high, color=HUE, linewidth=0.3)
    ax.set(xlim=(0, len(samples) / sample_rate), ylim=(-1.05 * peak, 1.05 * peak))
    ax.set_ylabel("amplitude")


def _draw_levels(ax, levels, seconds):
    style = {"origin": "lower", "aspect": "auto", "cmap": "magma"}
    extent = (0, seconds, 0, len(levels))
    return ax.imshow(levels, vmin=-LEVEL_RANGE, vmax=0, extent=extent, **style)


def _label_linear(ax, sample_rate):
    step = 2000 if sample_rate > 8000 else 500 if sample_rate > 2000 else 200
    ticks = np.arange(0, sample_rate / 2 + 1, step * (2 if sample_rate > 24000 else 1))
    ax.set_yticks(ticks / (sample_rate / 2) * (N_FFT // 2 + 1), [f"{t:,.0f}" for t in ticks])
    ax.set_ylabel("frequency (Hz)")


def label_mel(ax, low, high, bands, ticks=TICKS):
    """Write frequencies beside mel bands, which reach from one frequency to another, in Hz."""
    ticks = [t for t in ticks if low <= t <= high]
    lowest, highest = librosa.hz_to_mel([low, high])
    places = (librosa.hz_to_mel(ticks) - lowest) / (highest - lowest) * bands
    ax.set_yticks(places, [f"{t:,}" for t in ticks])
    ax.set_ylabel("frequency (Hz)")
