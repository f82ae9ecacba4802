"""The synthesizer: sound at the right pitch and level, and mp3 as MagnaTagATune ships it."""

import numpy as np
import pytest
import soundfile

from autotagging.sample import synthesizer
from autotagging.sample.composer.pieces import compose, draw_hand

CLEAN = {
    "low": 0.0, "low_hz": 200.0, "middle": 0.0, "middle_hz": 1000.0, "high": 0.0,
    "high_hz": 2500.0, "level": 0.0, "reverb": 0.0, "reverb_seconds": 1.0, "drive": 1.0,
    "noise": -80.0,
}  # fmt: skip


def one_note(sound, seconds=2.0, program=73):
    notes = np.array([(0.0, seconds, sound, 100)], dtype=float)
    part = {"program": program, "is_drum": False, "sung": None, "vibrato": 0, "notes": notes}
    return {"parts": [part], "seconds": seconds, "swell": False}


def peak_frequency(sound, rate):
    spectrum = np.abs(np.fft.rfft(sound * np.hanning(len(sound))))
    return np.fft.rfftfreq(len(sound), 1 / rate)[spectrum.argmax()]


def tone(frequency, seconds=4):
    time = np.arange(seconds * synthesizer.RENDER_RATE) / synthesizer.RENDER_RATE
    return 0.1 * np.sin(2 * np.pi * frequency * time)


def rms_db(sound):
    return 20 * np.log10(np.sqrt(np.mean(sound**2)))


@pytest.mark.parametrize("program", [0, 6, 24, 40, 42, 48, 53, 73, 74, 81, 89, 104])
@pytest.mark.parametrize(("sound", "frequency"), [(67, 391.995), (79, 783.991)])
def test_every_instrument_is_in_tune(program, sound, frequency):
    played = synthesizer.render(one_note(sound, program=program))
    assert len(played) == 2 * synthesizer.RENDER_RATE
    overtone = peak_frequency(played, synthesizer.RENDER_RATE) / frequency
    assert round(overtone) in (1, 2, 3, 4)
    assert overtone == pytest.approx(round(overtone), rel=0.02)


def test_drums_sound():
    strokes = one_note(38)
    strokes["parts"][0]["is_drum"] = True
    assert np.abs(synthesizer.render(strokes)).max() > 0.1


def test_a_note_ends():
    short = one_note(69)
    short["parts"][0]["notes"][0, 1] = 0.5
    played = synthesizer.render(short)
    assert np.abs(played[: synthesizer.RENDER_RATE // 2]).max() > 0.01
    assert np.abs(played[int(1.6 * synthesizer.RENDER_RATE) :]).max() < 1e-3


def test_concert_pitch_is_440_hz():
    played = synthesizer.render(one_note(69))
    assert peak_frequency(played, synthesizer.RENDER_RATE) == pytest.approx(440, rel=0.01)


def test_the_same_piece_sounds_the_same():
    rng = np.random.default_rng(3)
    piece = compose("pop", draw_hand(rng), 20.0, rng)
    np.testing.assert_array_equal(synthesizer.render(piece), synthesizer.render(piece))


def test_a_mix_has_the_level_that_was_asked_for():
    mixed = synthesizer.mix(tone(440), CLEAN, -20.0, np.random.default_rng(0))
    assert len(mixed) == 4 * synthesizer.RATE
    assert rms_db(mixed[synthesizer.RATE :]) == pytest.approx(-20, abs=0.7)


def test_the_equaliser_raises_and_lowers_what_it_says():
    def balance(settings):
        sound = tone(80) + tone(1000) + tone(6000)
        mixed = synthesizer.mix(sound, CLEAN | settings, -25.0, np.random.default_rng(0))
        spectrum = np.abs(np.fft.rfft(mixed))[[320, 4000, 24000]]  # 4 s: a quarter of a Hz a bin
        return 20 * np.log10(spectrum / spectrum[1])

    flat = balance({})
    assert balance({"low": 6.0})[0] - flat[0] == pytest.approx(6, abs=1)
    assert balance({"high": -9.0})[2] - flat[2] == pytest.approx(-9, abs=1.5)


def test_no_mix_clips():
    rng = np.random.default_rng(1)
    loud = np.sign(tone(100)) * rng.uniform(0, 1, 4 * synthesizer.RENDER_RATE)
    for _ in range(5):
        mixed = synthesizer.mix(loud, synthesizer.draw_mix(rng), -3.0, rng)
        assert np.abs(mixed).max() <= synthesizer.PEAK + 1e-9


def test_the_limiter_leaves_soft_sounds_alone():
    soft = np.linspace(-0.4, 0.4, 101) * synthesizer.PEAK
    np.testing.assert_allclose(synthesizer.limited(soft), soft)
    assert np.abs(synthesizer.limited(np.array([-5.0, 5.0]))).max() <= synthesizer.PEAK


def test_an_mp3_is_what_magnatagatune_ships(tmp_path):
    path = tmp_path / "clip.mp3"
    time = np.arange(465984) / synthesizer.RATE
    sound = 0.3 * np.sin(2 * np.pi * 440 * time)
    synthesizer.write_mp3(path, sound)
    header = soundfile.info(path)
    assert (header.samplerate, header.channels, header.subtype) == (16000, 1, "MPEG_LAYER_III")
    assert header.duration == pytest.approx(29.12, abs=0.2)
    assert path.stat().st_size * 8 / header.duration == pytest.approx(32000, rel=0.01)
    decoded, rate = soundfile.read(path)
    assert peak_frequency(decoded, rate) == pytest.approx(440, abs=1)
    assert [file.name for file in tmp_path.iterdir()] == ["clip.mp3"]
