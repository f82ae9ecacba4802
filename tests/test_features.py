"""Features are librosa's, with time first."""

import dataclasses

import librosa
import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from autotagging import audio
from autotagging.features import spectrogram

SHAPES = {
    "paper": (120, 120),
    "square": (120, 120),
    "mfcc": (120, 120),
    "mel96": (455, 96),
    "musicnn": (1820, 96),
    "short-chunk": (1820, 128),
}


def noise(chosen, seconds=29.12, seed=0):
    rng = np.random.default_rng(seed)
    samples = rng.standard_normal(round(seconds * chosen.sample_rate)).astype(np.float32)
    return 0.1 * samples * np.linspace(0, 1, len(samples), dtype=np.float32)


def by_librosa(samples, chosen):
    """Return what librosa's own functions make of samples: mel power, and the features."""
    samples = librosa.util.fix_length(samples, size=chosen.n_samples)
    power = librosa.feature.melspectrogram(
        y=samples,
        sr=chosen.sample_rate,
        n_fft=chosen.n_fft,
        hop_length=chosen.hop_length,
        n_mels=chosen.mel_bands,
        fmin=chosen.f_min,
        fmax=chosen.f_max,
    )
    level = librosa.power_to_db(power, ref=1.0, amin=1e-10, top_db=80.0)
    if chosen.feature == "mfcc":
        found = librosa.feature.mfcc(S=level, n_mfcc=chosen.bands)
    else:
        found = {"power": power, "dB": level, "log": np.log10(1 + 10_000 * power)}[chosen.scale]
    return power.T, found.T[: chosen.frames]


def check_parity(samples, chosen):
    power, expected = by_librosa(samples, chosen)
    loudest = power.max()
    np.testing.assert_allclose(
        spectrogram.mel_power(samples, chosen), power, rtol=1e-4, atol=1e-7 * loudest
    )
    found = spectrogram.extract(samples, chosen)
    assert found.shape == (chosen.frames, chosen.bands)
    if chosen.feature == "mfcc":
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-3)
    elif chosen.scale == "dB":
        np.testing.assert_allclose(found, expected, rtol=0, atol=0.01)
    else:
        np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-7 * loudest)


@pytest.mark.parametrize("name", spectrogram.PRESETS)
def test_presets_have_their_published_shape(name):
    chosen = spectrogram.PRESETS[name]
    assert (chosen.frames, chosen.bands) == SHAPES[name]
    assert spectrogram.change(chosen, {}) == chosen


@pytest.mark.parametrize("name", spectrogram.PRESETS)
@pytest.mark.parametrize("seconds", [29.12, 17.3, 31.0])
def test_presets_are_what_librosa_computes(name, seconds):
    check_parity(noise(spectrogram.PRESETS[name], seconds), spectrogram.PRESETS[name])


@pytest.mark.parametrize("name", spectrogram.PRESETS)
def test_presets_are_what_librosa_computes_of_music(name, test_data):
    file = next((test_data / "mtt-excerpt" / "0").glob("*.mp3"))
    check_parity(audio.load(file, spectrogram.PRESETS[name].sample_rate), spectrogram.PRESETS[name])


odd_settings = st.builds(
    spectrogram.FeatureSettings,
    feature=st.sampled_from(spectrogram.KINDS),
    sample_rate=st.integers(2000, 48000),
    bands=st.integers(1, 40),
    n_fft=st.integers(600, 3000),
    hop_length=st.integers(50, 4000),
    scale=st.sampled_from(spectrogram.SCALES),
    f_min=st.sampled_from([0.0, 30.0, 99.5]),
    f_max=st.sampled_from([None, 800.0]),
    seconds=st.sampled_from([0.7, 1.0, 3.21]),
)


@given(odd_settings, st.sampled_from([0.5, 1.0, 1.7]))
@settings(max_examples=60)
def test_odd_settings_are_what_librosa_computes(chosen, length):
    if chosen.feature == "mfcc":
        chosen = dataclasses.replace(chosen, scale="dB")
    check_parity(noise(chosen, length * chosen.seconds), chosen)


def test_a_clip_does_not_hear_the_one_before_it():
    chosen = spectrogram.PRESETS["mel96"]
    short = noise(chosen, 3.0)
    alone = spectrogram.extract(short, chosen)
    spectrogram.extract(noise(chosen, seed=1), chosen)
    np.testing.assert_array_equal(spectrogram.extract(short, chosen), alone)


def test_silence_has_a_level_and_no_infinity():
    level = spectrogram.extract(np.zeros(1000, np.float32), spectrogram.PRESETS["mel96"])
    np.testing.assert_allclose(level, -100.0)


def test_storing_as_half_precision_never_gives_infinity():
    stored = spectrogram.as_stored(np.array([1e9, -1e9, 1.0]))
    assert stored.dtype == np.float16
    assert stored.tolist() == [65504.0, -65504.0, 1.0]


@given(st.lists(st.floats(-65504, 65504, width=32), min_size=1))
def test_the_error_of_storing_is_as_stated(values):
    values = np.array(values)
    error = np.abs(spectrogram.as_stored(values).astype(float) - values)
    relative, absolute = (spectrogram.STORAGE_ERROR[key] for key in ("relative", "absolute"))
    assert (error <= np.maximum(relative * np.abs(values), absolute)).all()


@pytest.mark.parametrize(
    ("preset", "changes", "frames", "message"),
    [
        ("square", {"f_max": 9000.0}, None, "above half the sample rate.* 8000 works"),
        ("square", {"f_min": 8000.0}, None, "not below the upper edge of 8000 Hz: 0 works"),
        ("musicnn", {"bands": 300}, None, r"--bands (\d+) works, or --fft 1024 works"),
        ("mfcc", {"n_fft": 128}, None, r"128 mel bands .* can fill: --fft (\d+) works"),
        ("mfcc", {"scale": "log"}, None, "leave out --scale log"),
        ("mel96", {"feature": "mfcc", "scale": "power"}, None, "leave out --scale power"),
        ("square", {}, 100_000, "93,184 is the nearest that works"),
        (
            "square",
            {"sample_rate": 10**12},
            None,
            "sample rate 1e.12 is not between 100 and 768000",
        ),
        ("square", {"bands": 100_000}, None, "bands 100000 is not between 1 and 4096"),
        ("square", {"n_fft": 10**8}, None, "n fft 1e.08 is not between 2 and 262144"),
        ("square", {"seconds": 1e300}, None, "seconds 1e.300 is not between 0 and 86400"),
        ("square", {"f_min": 7999.99}, None, "can fill: a wider range works"),
        ("square", {"seconds": 1e-5}, None, "hold no sample: at least 6.3e-05 s do"),
    ],
)
def test_impossible_settings_are_explained_with_a_value_that_works(
    preset, changes, frames, message
):
    with pytest.raises(ValueError, match=message):
        spectrogram.change(spectrogram.PRESETS[preset], changes, frames)


def test_the_values_that_are_said_to_work_do():
    chosen = spectrogram.PRESETS["musicnn"]
    with pytest.raises(ValueError, match="--bands") as error:
        spectrogram.change(chosen, {"bands": 300})
    bands = int(str(error.value).split("--bands ")[1].split()[0])
    assert spectrogram.change(chosen, {"bands": bands}).bands == bands
    with pytest.raises(ValueError, match="more than the bins"):
        spectrogram.change(chosen, {"bands": bands + 1})
    assert spectrogram.change(chosen, {"bands": 300, "n_fft": 1024}).n_fft == 1024
    assert spectrogram.change(spectrogram.PRESETS["square"], {}, 93_184).frames == 93_184


@given(st.integers(1, 680))  # hop lengths are whole: of more frames some have none
def test_a_number_of_frames_finds_its_hop_length(frames):
    chosen = spectrogram.change(spectrogram.PRESETS["mel96"], {}, frames)
    assert chosen.frames == frames


def test_a_store_is_named_after_what_is_changed():
    chosen = spectrogram.change(spectrogram.PRESETS["mel96"], {"bands": 48, "f_max": 4000.0})
    assert spectrogram.name_of("mel96", chosen) == "mel96-bands-48-f-max-4000"
    assert spectrogram.name_of("mel96", spectrogram.PRESETS["mel96"]) == "mel96"


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
        spectrogram.extract_file(tmp_path / "x.wav", spectrogram.PRESETS["mel96"])


def test_the_length_of_a_file_comes_with_its_features(tmp_path):
    soundfile.write(tmp_path / "x.wav", noise(spectrogram.PRESETS["mel96"], 3.0), 16000)
    values, seconds = spectrogram.extract_file(tmp_path / "x.wav", spectrogram.PRESETS["mel96"])
    assert values.shape == (455, 96)
    assert values.dtype == np.float16
    assert seconds == 3.0
