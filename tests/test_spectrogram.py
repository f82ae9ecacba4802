"""Features are librosa's, with time first."""

import dataclasses

import hypothesis
import librosa
import numpy as np
import pytest
import soundfile
from hypothesis import strategies as st

from autotagging.audio import loading
from autotagging.features import spectrogram
from autotagging.features.settings import KINDS, PRESETS, SCALES, FeatureSettings

MEL96 = PRESETS["mel96"]


def noise(settings, seconds=29.12, seed=0):
    rng = np.random.default_rng(seed)
    samples = rng.standard_normal(round(seconds * settings.sample_rate)).astype(np.float32)
    return 0.1 * samples * np.linspace(0, 1, len(samples), dtype=np.float32)


def by_librosa(samples, settings):
    """Return what librosa's own functions make of samples: mel power, and the features."""
    samples = librosa.util.fix_length(samples, size=settings.n_samples)
    power = librosa.feature.melspectrogram(
        y=samples,
        sr=settings.sample_rate,
        n_fft=settings.n_fft,
        hop_length=settings.hop_length,
        n_mels=settings.mel_bands,
        fmin=settings.f_min,
        fmax=settings.f_max,
    )
    level = librosa.power_to_db(power, ref=1.0, amin=1e-10, top_db=80.0)
    if settings.feature == "mfcc":
        features = librosa.feature.mfcc(S=level, n_mfcc=settings.bands)
    else:
        scaled = {"power": power, "dB": level, "log": np.log10(1 + 10_000 * power)}
        features = scaled[settings.scale]
    return power.T, features.T[: settings.frames]


def assert_as_by_librosa(samples, settings):
    power, expected = by_librosa(samples, settings)
    of_loudest = 1e-7 * power.max()
    computed = spectrogram.mel_power(samples, settings)
    np.testing.assert_allclose(computed, power, rtol=1e-4, atol=of_loudest)
    features = spectrogram.extract(samples, settings)
    assert features.shape == (settings.frames, settings.bands)
    relative, absolute = {
        "power": (1e-4, of_loudest),
        "dB": (0, 1e-3 if settings.feature == "mfcc" else 0.01),
        # log10(1 + 10,000 power) has a slope of 4,343 at the most; float32 rounds the sum
        "log": (1e-4, 4343 * of_loudest + 1e-7),
    }[settings.scale]
    np.testing.assert_allclose(features, expected, rtol=relative, atol=absolute)


@pytest.mark.parametrize("preset", PRESETS.values(), ids=PRESETS)
@pytest.mark.parametrize("seconds", [29.12, 17.3, 31.0])
def test_presets_are_what_librosa_computes(preset, seconds):
    assert_as_by_librosa(noise(preset, seconds), preset)


@pytest.mark.parametrize("preset", PRESETS.values(), ids=PRESETS)
def test_presets_are_what_librosa_computes_of_music(preset, test_data):
    file = next((test_data / "mtt-excerpt" / "0").glob("*.mp3"))
    sound = loading.load(file, preset.sample_rate, preset.seconds)
    assert_as_by_librosa(sound.samples, preset)


odd_settings = st.builds(
    FeatureSettings,
    feature=st.sampled_from(KINDS),
    sample_rate=st.integers(2000, 48000),
    bands=st.integers(1, 40),
    n_fft=st.integers(600, 3000),
    hop_length=st.integers(50, 4000),
    scale=st.sampled_from(SCALES),
    f_min=st.sampled_from([0.0, 30.0, 99.5]),
    f_max=st.sampled_from([None, 800.0]),
    seconds=st.sampled_from([0.7, 1.0, 3.21]),
)


@hypothesis.given(odd_settings, st.sampled_from([0.5, 1.0, 1.7]))
@hypothesis.settings(max_examples=60)
def test_odd_settings_are_what_librosa_computes(settings, length):
    if settings.feature == "mfcc":
        settings = dataclasses.replace(settings, scale="dB")
    assert_as_by_librosa(noise(settings, length * settings.seconds), settings)


def test_a_clip_does_not_hear_the_one_before_it():
    short = noise(MEL96, 3.0)
    alone = spectrogram.extract(short, MEL96)
    spectrogram.extract(noise(MEL96, seed=1), MEL96)
    np.testing.assert_array_equal(spectrogram.extract(short, MEL96), alone)


def test_silence_has_a_level_and_no_infinity():
    level = spectrogram.extract(np.zeros(1000, np.float32), MEL96)
    np.testing.assert_allclose(level, -100.0)


def test_storing_as_half_precision_never_gives_infinity():
    stored = spectrogram.as_stored(np.array([1e9, -1e9, 1.0]))
    assert stored.dtype == np.float16
    assert stored.tolist() == [65504.0, -65504.0, 1.0]


@hypothesis.given(st.lists(st.floats(-65504, 65504, width=32), min_size=1))
def test_the_error_of_storing_is_as_stated(values):
    values = np.array(values)
    error = np.abs(spectrogram.as_stored(values).astype(float) - values)
    relative, absolute = (spectrogram.STORAGE_ERROR[key] for key in ("relative", "absolute"))
    assert (error <= np.maximum(relative * np.abs(values), absolute)).all()


@pytest.mark.parametrize(
    ("samples", "reason"),
    [
        (np.zeros(32000), "is silent"),
        (np.full(32000, 1e-6), "is silent"),
        (np.ones(100), "less than one window of the FFT"),
        (1e20 * np.random.default_rng(0).standard_normal(32000), "features that are no numbers"),
    ],
)
def test_clips_with_nothing_in_them_are_refused(tmp_path, samples, reason):
    soundfile.write(tmp_path / "x.wav", samples, 16000, subtype="FLOAT")
    with pytest.raises(ValueError, match=reason):
        spectrogram.extract_file(tmp_path / "x.wav", MEL96)


def test_the_sound_of_a_file_comes_with_its_features(tmp_path):
    soundfile.write(tmp_path / "x.wav", noise(MEL96, 3.0), 16000)
    features, sound = spectrogram.extract_file(tmp_path / "x.wav", MEL96)
    assert features.shape == (455, 96)
    assert features.dtype == np.float16
    assert len(sound.samples) == 48000
