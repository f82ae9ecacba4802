"""The sound font: zones with the right sample, range and tuning."""

import pytest

from autotagging.sample import sound_font, synthesizer


@pytest.fixture(scope="module")
def font():
    return sound_font.load(str(synthesizer.font_path()))


def test_the_font_has_all_general_midi_programs_and_a_kit(font):
    assert all((0, program) in font["presets"] for program in range(128))
    assert (sound_font.DRUM_BANK, 0) in font["presets"]


def test_zones_cover_the_key_and_stay_within_the_samples(font):
    for program in range(128):
        for zone in sound_font.zones_of(font, 0, program, 60, 80):
            start, end, loop_start, loop_end = zone["wave"]
            assert 0 <= start < end <= len(font["samples"])
            assert zone["keys"] & 255 <= 60 <= zone["keys"] >> 8
            if zone["mode"] & 1:
                assert start <= loop_start < loop_end <= end + 1


def test_a_kit_that_is_missing_is_the_first_one(font):
    missing = sound_font.zones_of(font, sound_font.DRUM_BANK, 99, 38, 80)
    assert missing == sound_font.zones_of(font, sound_font.DRUM_BANK, 0, 38, 80) != []


def test_a_file_that_is_no_font_is_refused(tmp_path):
    path = tmp_path / "noise.sf2"
    path.write_bytes(b"RIFF0000WAVE")
    with pytest.raises(ValueError, match="not a sound font"):
        sound_font.load(str(path))
