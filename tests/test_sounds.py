"""Figures of sounds: units, one scale of level, silence."""

import numpy as np
import pytest

from autotagging.figures import sounds, style

RATE = 8000


@pytest.fixture(scope="module")
def figure():
    """Return the figure of a tone of 1,000 Hz and a hundred times softer one."""
    times = np.arange(2 * RATE) / RATE
    loud = np.sin(2 * np.pi * 1000 * times).astype("float32")
    return sounds.draw_waves([("loud", loud), ("quiet", 0.01 * loud)], RATE, 40)


def images_of(figure):
    return [ax.images[0] for ax in figure.axes[:6] if ax.images]


def test_every_axis_has_its_unit(figure):
    assert [ax.get_ylabel() for ax in figure.axes[:3]] == ["amplitude", *["frequency (Hz)"] * 2]
    assert {ax.get_xlabel() for ax in figure.axes[3:6]} == {"time (s)"}
    assert "dB" in figure.axes[-1].get_ylabel()


def test_a_tone_lies_at_its_frequency(figure):
    levels = images_of(figure)[0].get_array()
    assert levels[:, 10].argmax() == pytest.approx(1000 / RATE * 2048, abs=1)


def test_all_clips_have_one_scale_of_level(figure):
    images = images_of(figure)
    assert {image.get_clim() for image in images} == {(-80, 0)}
    difference = images[0].get_array().max() - images[2].get_array().max()
    assert difference == pytest.approx(40, abs=0.1)  # dB for a hundredth of the amplitude


def test_silence_can_be_drawn(tmp_path):
    figure = sounds.draw_waves([("silence", np.zeros(16000, "float32"))], 16000, 96)
    style.save(figure, tmp_path / "silence.png")
    assert (tmp_path / "silence.png").exists()


def test_a_spectrogram_for_a_screen_shows_the_whole_clip():
    noise = np.random.default_rng(0).standard_normal(2 * RATE).astype("float32")
    ax = sounds.draw_spectrogram(noise, RATE).axes[0]
    assert ax.images[0].get_extent() == [0, 2, 0, sounds.SCREEN_BANDS]
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("time (s)", "frequency (Hz)")
    assert ax.images[0].get_array().max() == pytest.approx(0, abs=1e-5)
