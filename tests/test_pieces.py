"""A song -> pieces as long as a clip."""

import audio_files
import numpy as np
import pytest
import soundfile
from layer_stores import SPECTROGRAM

from autotagging.features.spectrogram import extract_file, extract_stored
from autotagging.tagging import pieces

RATE = audio_files.RATE


def write(path, seconds, rate=RATE):
    rng = np.random.default_rng(0)
    soundfile.write(path, 0.1 * rng.standard_normal(round(seconds * rate)), rate, subtype="FLOAT")
    return path


@pytest.mark.parametrize(
    ("seconds", "n_pieces"),
    [(1, 1), (29.12, 1), (29.4, 1), (29.5, 2), (58.24, 2), (58.6, 3), (291.2, 10), (7200, 10)],
)
def test_the_fewest_evenly_spaced_pieces_cover_a_song(seconds, n_pieces):
    starts = pieces.spread(seconds, 29.12, 10)
    assert len(starts) == n_pieces
    assert starts[0] == 0
    assert starts[-1] == pytest.approx(max(seconds - 29.12, 0) if n_pieces > 1 else 0)
    steps = np.diff(starts)
    assert np.ptp(steps) < 1e-9 if len(steps) else True
    assert (steps <= 29.12 * 1.01).all() or seconds > 291.2


def test_a_clip_is_one_piece_with_the_features_of_script_2(test_data):
    path = min((test_data / "mtt-excerpt" / "0").glob("*.mp3"))
    from autotagging.features.settings import PRESETS

    song = pieces.read(path, PRESETS["musicnn"])
    expected, sound = extract_file(path, PRESETS["musicnn"])
    assert np.array_equal(song.features, expected[None])
    assert song.features.dtype == np.float16
    assert song.sound_seconds == len(sound.samples) / 16000
    assert (song.starts.tolist(), song.n_covering, song.problem) == ([0.0], 1, None)


@pytest.mark.parametrize("rate", [RATE, 44100])
def test_pieces_have_the_features_of_the_stretches_that_they_are(tmp_path, rate):
    path = write(tmp_path / "x.wav", 3.4, rate)
    song = pieces.read(path, SPECTROGRAM, 10)
    assert song.starts == pytest.approx([0, 0.8, 1.6, 2.4])
    assert (song.seconds, song.n_covering) == (pytest.approx(3.4), 4)
    samples, _ = soundfile.read(path, dtype="float32")
    for start, features in zip(song.starts, song.features, strict=True):
        begin = round(start * rate)
        soundfile.write(tmp_path / "y.wav", samples[begin : begin + rate], rate, subtype="FLOAT")
        expected, _ = extract_file(tmp_path / "y.wav", SPECTROGRAM)
        np.testing.assert_allclose(features, expected, atol=0.1 if rate != RATE else 1e-6)


def test_a_long_song_is_sampled_and_one_piece_is_its_beginning(tmp_path):
    path = write(tmp_path / "x.wav", 10.0)
    song = pieces.read(path, SPECTROGRAM, 3)
    assert (len(song.features), song.n_covering) == (3, 10)
    assert song.starts == pytest.approx([0, 4.5, 9])
    beginning = pieces.read(path, SPECTROGRAM, 1)
    assert np.array_equal(beginning.features[0], extract_file(path, SPECTROGRAM)[0])
    assert beginning.seconds is None


def test_an_array_has_the_pieces_of_its_file(tmp_path):
    path = write(tmp_path / "x.wav", 3.4)
    samples, _ = soundfile.read(path, dtype="float32")
    song, expected = pieces.cut(samples, RATE, SPECTROGRAM), pieces.read(path, SPECTROGRAM)
    assert np.array_equal(song.features, expected.features)
    assert song.starts == pytest.approx(expected.starts)
    assert (song.seconds, song.sound_seconds) == (expected.seconds, expected.sound_seconds)
    for wrong in (np.zeros((9, 2)), np.array([np.nan] * 16000)):
        with pytest.raises(ValueError, match="mono and finite"):
            pieces.cut(wrong, RATE, SPECTROGRAM)


def test_a_short_song_is_padded_as_a_clip_is(tmp_path):
    path = write(tmp_path / "x.wav", 0.4)
    song = pieces.read(path, SPECTROGRAM)
    assert song.sound_seconds == song.seconds == 0.4
    samples, _ = soundfile.read(path, dtype="float32")
    assert np.array_equal(song.features[0], extract_stored(samples, SPECTROGRAM))


def test_silence_is_read_and_noted(tmp_path):
    for n_loud in (0, 100):
        samples = np.zeros(5 * RATE)
        samples[4 * RATE : 4 * RATE + n_loud] = 0.5
        soundfile.write(tmp_path / "x.wav", samples, RATE)
        assert pieces.read(tmp_path / "x.wav", SPECTROGRAM).is_silent == (n_loud == 0)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "is empty"),
        (b"no audio", "is a text, no audio"),
        (audio_files.encode("wav")[:200_000], "is cut off"),
        (audio_files.encode("wav")[:44], "holds no samples"),
        (audio_files.encode("wav", seconds=0.01), "less than one window"),
    ],
    ids=["empty", "text", "cut", "header", "short"],
)
def test_what_cannot_be_read_is_a_reason(tmp_path, content, reason):
    from autotagging.features.settings import PRESETS

    (tmp_path / "x.mp3").write_bytes(content)
    assert reason in pieces.try_to_read(tmp_path / "x.mp3", PRESETS["mel96"], 10)
    assert "No such file" in pieces.try_to_read(tmp_path / "gone", SPECTROGRAM, 10)


def test_a_song_that_was_cut_short_is_read_as_far_as_it_goes(tmp_path):
    content = audio_files.encode("flac")
    (tmp_path / "x.flac").write_bytes(content[: len(content) // 2])
    song = pieces.read(tmp_path / "x.flac", SPECTROGRAM, 4)
    assert len(song.features) == 4
    assert song.seconds < 8
    assert "of 12.00 s: the rest is damaged or missing" in song.problem
