"""Settings of features: the published presets, and what can be changed of them."""

import hypothesis
import pytest
from hypothesis import strategies as st

from autotagging.features.settings import PRESETS, change, name_of

SHAPES = {
    "paper": (120, 120),
    "square": (120, 120),
    "mfcc": (120, 120),
    "mel96": (455, 96),
    "musicnn": (1820, 96),
    "short-chunk": (1820, 128),
}


@pytest.mark.parametrize("name", PRESETS)
def test_presets_have_their_published_shape(name):
    preset = PRESETS[name]
    assert (preset.frames, preset.bands) == SHAPES[name]


@pytest.mark.parametrize("preset", PRESETS.values(), ids=PRESETS)
def test_presets_need_no_change_to_be_possible(preset):
    assert change(preset, {}) == preset


@pytest.mark.parametrize(
    ("preset", "changes", "message"),
    [
        ("square", {"f_max": 9000.0}, "above half the sample rate.* 8000 works"),
        ("square", {"f_min": 8000.0}, "not below the upper edge of 8000 Hz: 0 works"),
        ("square", {"f_min": 7999.99}, "can fill: a wider range works"),
        ("musicnn", {"bands": 300}, r"--bands (\d+) works, or --n-fft 1024 works"),
        ("mfcc", {"n_fft": 128}, r"128 mel bands .* can fill: --n-fft (\d+) works"),
        ("mfcc", {"scale": "log"}, "leave out --scale log"),
        ("mel96", {"feature": "mfcc", "scale": "power"}, "leave out --scale power"),
        ("square", {"sample_rate": 10**12}, "--sample-rate 1e.12 is not from 100 to 768000"),
        ("square", {"bands": 100_000}, "--bands 100000 is not from 1 to 4096"),
        ("square", {"n_fft": 10**8}, "--n-fft 1e.08 is not from 2 to 262144"),
        ("square", {"seconds": 1e300}, "--seconds 1e.300 is not from 0 to 86400"),
        ("square", {"seconds": 1e-5}, "hold no sample: at least 6.3e-05 s do"),
    ],
)
def test_impossible_settings_are_explained_with_a_value_that_works(preset, changes, message):
    with pytest.raises(ValueError, match=message):
        change(PRESETS[preset], changes)


def test_a_number_of_frames_that_no_hop_length_gives_is_refused_with_the_nearest():
    with pytest.raises(ValueError, match="93,184 is the nearest that works"):
        change(PRESETS["square"], {}, frames=100_000)
    assert change(PRESETS["square"], {}, frames=93_184).frames == 93_184


def test_the_number_of_bands_that_is_said_to_work_is_the_largest_that_does():
    with pytest.raises(ValueError, match="--bands") as error:
        change(PRESETS["musicnn"], {"bands": 300})
    bands = int(str(error.value).split("--bands ")[1].split()[0])
    assert change(PRESETS["musicnn"], {"bands": bands}).bands == bands
    with pytest.raises(ValueError, match="more than the bins"):
        change(PRESETS["musicnn"], {"bands": bands + 1})


def test_the_window_that_is_said_to_work_does():
    changed = change(PRESETS["musicnn"], {"bands": 300, "n_fft": 1024})
    assert (changed.bands, changed.n_fft) == (300, 1024)


@hypothesis.given(st.integers(1, 680))  # hop lengths are whole: of more frames some have none
def test_a_number_of_frames_finds_its_hop_length(frames):
    assert change(PRESETS["mel96"], {}, frames).frames == frames


def test_mfccs_are_of_levels_whatever_the_scale_of_the_preset():
    assert PRESETS["musicnn"].scale == "log"
    assert change(PRESETS["musicnn"], {"feature": "mfcc", "bands": 20}).scale == "dB"


def test_a_store_is_named_after_what_is_changed():
    changed = change(PRESETS["mel96"], {"bands": 48, "f_max": 4000.0})
    assert name_of("mel96", changed) == "mel96-bands-48-f-max-4000"
    assert name_of("mel96", PRESETS["mel96"]) == "mel96"
