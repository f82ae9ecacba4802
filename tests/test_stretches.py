"""Stretches of a long file: where they lie, in one pass, in little memory."""

import shutil
import subprocess
import tracemalloc

import audio_files
import numpy as np
import pytest
import soundfile
from audio_files import RATE, encode

from autotagging.audio import loading, stretches

LENGTH = 4.0  # seconds of a stretch
SECONDS = 30.0


def melody(seconds=SECONDS, rate=RATE, n_channels=1):
    """Return a tone that is 100 Hz higher each second: ndarray of shape (n_samples, n_channels)."""
    times = np.arange(round(seconds * rate)) / rate
    wave = 0.3 * np.sin(2 * np.pi * np.cumsum(200 + 100 * np.floor(times)) / rate)
    return np.stack([wave.astype(np.float32)] * n_channels, axis=1)


def write_melody(path, encoding, seconds=SECONDS, rate=RATE, n_channels=1):
    wave = melody(seconds, rate, n_channels)
    soundfile.write(path, wave, rate, **audio_files.ENCODINGS[encoding])
    return path


def load(path, n_stretches=5, length=LENGTH, convert=lambda samples: samples):
    def place(seconds):
        return np.linspace(0, seconds - length, n_stretches).tolist()

    return stretches.load(path, stretches.Wanted(RATE, length, place, convert))


def pitches(samples):
    """Return the frequency in the middle of each second."""
    parts = [samples[n * RATE : (n + 1) * RATE] for n in range(len(samples) // RATE)]
    return np.array([np.abs(np.fft.rfft(part)).argmax() for part in parts])


def assert_placed(found, seconds=SECONDS, n_stretches=5):
    """Assert that stretches hold what the melody has where they begin."""
    assert found.seconds == pytest.approx(seconds, abs=0.2)
    expected = np.linspace(0, found.seconds - LENGTH, n_stretches)
    np.testing.assert_allclose(found.starts, expected, atol=1.1)
    assert found.starts[-1] == pytest.approx(found.seconds - LENGTH, abs=1e-6)
    for start, samples in zip(found.starts, found.values, strict=True):
        assert len(samples) == pytest.approx(LENGTH * RATE, abs=2)
        middles = start + 0.5 + np.arange(int(LENGTH))
        assert np.abs(pitches(samples) - (200 + 100 * np.floor(middles))).max() <= 102


@pytest.mark.parametrize("encoding", audio_files.ENCODINGS)
def test_stretches_of_every_encoding_lie_where_they_are_placed(tmp_path, encoding):
    path = write_melody(tmp_path / "x", encoding, rate=48000, n_channels=2)
    found = load(path)
    assert_placed(found)
    assert found.problem is None


@pytest.mark.parametrize("n_stretches", [1, 2, 14])
def test_stretches_may_overlap_or_be_the_end_alone(tmp_path, n_stretches):
    path = write_melody(tmp_path / "x.wav", "wav")
    found = load(path, n_stretches)
    whole = loading.load(path, RATE, SECONDS).samples
    for start, samples in zip(found.starts, found.values, strict=True):
        begin = round(start * RATE)
        assert np.array_equal(samples, whole[begin : begin + len(samples)])


@pytest.mark.parametrize(
    "break_header",
    [
        lambda content: audio_files.with_data_size(content, 0xFFFFFFFF),
        lambda content: audio_files.with_data_size(content, 0),
        lambda content: audio_files.with_data_size(content, 10**9),
    ],
    ids=["of a pipe", "empty", "too long"],
)
def test_a_header_that_states_a_wrong_length_moves_no_stretch(tmp_path, break_header):
    content = write_melody(tmp_path / "x.wav", "wav").read_bytes()
    (tmp_path / "y.wav").write_bytes(break_header(content))
    assert_placed(load(tmp_path / "y.wav"))


@pytest.mark.parametrize("encoding", ["mp3", "flac", "ogg"])
def test_of_a_file_that_was_cut_off_the_rest_is_used_and_that_is_said(tmp_path, encoding):
    content = write_melody(tmp_path / "x", encoding).read_bytes()
    (tmp_path / "y").write_bytes(content[: len(content) // 2])
    found = load(tmp_path / "y")
    assert 8 < found.seconds < 20
    assert_placed(found, found.seconds)
    # an mp3 has no header that states its length
    assert (found.problem is None) == (encoding == "mp3")


def test_joined_mp3s_of_other_rates_are_used_to_their_end(tmp_path):
    parts = [encode("mp3", 300.0, 12.0, 44100), encode("mp3", 600.0, 12.0, 22050)]
    (tmp_path / "x.mp3").write_bytes(b"".join(parts))
    found = load(tmp_path / "x.mp3", 3)
    assert found.seconds == pytest.approx(24, abs=0.3)
    assert pitches(found.values[0])[1] == pytest.approx(300, abs=2)
    assert pitches(found.values[2])[1] == pytest.approx(600, abs=2)


def test_what_is_behind_a_hole_in_an_mp3_is_used(tmp_path):
    content = encode("mp3", seconds=30.0)
    (tmp_path / "x.mp3").write_bytes(audio_files.overwrite(content, 6000))
    found = load(tmp_path / "x.mp3")
    assert "the rest is damaged or missing" in found.problem
    assert len(found.values) == 5


def test_only_samples_of_stretches_must_be_finite(tmp_path):
    for at in (6.0, 9.5):
        wave = melody()
        wave[round(at * RATE)] = np.nan
        soundfile.write(tmp_path / "x.wav", wave, RATE, subtype="FLOAT")
        if at == 6.0:  # between the first stretch and the second
            assert_placed(load(tmp_path / "x.wav", 4), n_stretches=4)
        else:
            with pytest.raises(ValueError, match="holds samples that are not finite"):
                load(tmp_path / "x.wav", 4)


def test_what_libsndfile_does_not_know_is_streamed(tmp_path):
    if not (ffmpeg := shutil.which("ffmpeg")):
        pytest.skip("ffmpeg is not installed: nothing encodes such files")
    write_melody(tmp_path / "x.wav", "wav")
    for ending in ("m4a", "ac3"):  # ac3 states no length
        command = [ffmpeg, "-loglevel", "error", "-i", tmp_path / "x.wav", "-ar", "44100"]
        subprocess.run([*command, tmp_path / f"x.{ending}"], check=True)
        found = load(tmp_path / f"x.{ending}")
        assert_placed(found)
        assert found.problem is None


def write_flac(path):
    with soundfile.SoundFile(path, "w", 44100, 2, format="FLAC") as file:
        for _ in range(6):  # minutes
            file.write(audio_files.tone(seconds=60.0, rate=44100, n_channels=2))


def write_mp3(path):
    loud = {"format": "MP3", "bitrate_mode": "CONSTANT", "compression_level": 0}  # 320 kbit/s
    soundfile.write(path, audio_files.tone(seconds=12.0, rate=44100), 44100, **loud)
    path.write_bytes(60 * path.read_bytes())  # 29 MB


@pytest.mark.parametrize(("write", "seconds"), [(write_flac, 360), (write_mp3, 720)])
def test_a_long_file_takes_little_memory(tmp_path, write, seconds):
    write(tmp_path / "x")
    tracemalloc.start()
    found = load(tmp_path / "x", 10, 29.12, convert=len)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert found.seconds == pytest.approx(seconds, rel=0.01)
    assert most < 25e6
