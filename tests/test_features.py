"""Features are librosa's, with time first."""

import librosa
import numpy as np
import pytest

from autotagging import features

SHAPES = {"paper": (120, 120), "square": (120, 120), "mfcc": (120, 120), "mel96": (455, 96)}


def noise(settings, seconds=29.12):
    rng = np.random.default_rng(0)
    samples = rng.standard_normal(round(seconds * settings.sample_rate)).astype(np.float32)
    return 0.1 * samples * np.linspace(0, 1, len(samples), dtype=np.float32)


@pytest.mark.parametrize("name", features.PRESETS)
def test_presets_have_their_published_shape(name):
    assert features.PRESETS[name].shape == SHAPES[name]


@pytest.mark.parametrize("name", features.PRESETS)
def test_presets_are_what_librosa_computes(name):
    settings = features.PRESETS[name]
    samples = noise(settings)
    spectrum = {
        "sr": settings.sample_rate,
        "n_fft": settings.n_fft,
        "hop_length": settings.hop_length,
    }
    expected = librosa.feature.melspectrogram(y=samples, n_mels=settings.bands, **spectrum)
    if settings.scale != "power":
        expected = librosa.power_to_db(expected)
    if settings.scale == "mfcc":
        expected = librosa.feature.mfcc(S=expected, n_mfcc=settings.bands)
    found = features.extract(samples, settings)
    tolerance = {"power": 1e-6, "dB": 0.001, "mfcc": 0.001}[settings.scale]
    np.testing.assert_allclose(found, expected.T[: settings.frames], rtol=1e-4, atol=tolerance)


@pytest.mark.parametrize("seconds", [3.0, 29.0, 40.0])
def test_clips_of_any_length_give_the_same_shape(seconds):
    settings = features.PRESETS["square"]
    assert features.extract(noise(settings, seconds), settings).shape == settings.shape


def test_silence_has_a_level_and_no_infinity():
    settings = features.PRESETS["mel96"]
    level = features.extract(np.zeros(1000, np.float32), settings)
    np.testing.assert_allclose(level, -100.0)


def test_storing_as_half_precision_never_gives_infinity():
    stored = features.as_stored(np.array([1e9, -1e9, 1.0]))
    assert stored.dtype == np.float16
    assert stored.tolist() == [65504.0, -65504.0, 1.0]
