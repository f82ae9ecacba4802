"""An audio file -> mono samples at a rate."""

import shutil
import subprocess

import numpy as np
import pandas as pd
import pytest
import soundfile

from autotagging import audio


def test_stereo_is_mixed_down_and_resampled(tmp_path):
    seconds = np.arange(22050) / 22050
    tone = np.sin(2 * np.pi * 440 * seconds)
    soundfile.write(tmp_path / "x.wav", np.stack([tone, 0 * tone], axis=1), 22050, subtype="FLOAT")
    samples = audio.load(tmp_path / "x.wav", 16000)
    assert samples.dtype == np.float32
    assert len(samples) == 16000
    expected = 0.5 * np.sin(2 * np.pi * 440 * np.arange(16000) / 16000)
    np.testing.assert_allclose(samples[1000:-1000], expected[1000:-1000], atol=1e-3)


def test_a_real_clip_has_its_29_seconds(test_data):
    file = next((test_data / "mtt-excerpt" / "0").glob("*.mp3"))
    samples = audio.load(file, 16000)
    assert 465_000 < len(samples) < 469_000
    assert 0.01 < np.abs(samples).max() <= 1.5


@pytest.mark.parametrize("content", [b"", b"this is no audio at all", b"ID3\x03" + bytes(200)])
def test_a_file_that_is_no_audio_is_one_sentence(tmp_path, content):
    (tmp_path / "x.mp3").write_bytes(content)
    with pytest.raises(ValueError, match=r"cannot be decoded|holds no samples"):
        audio.load(tmp_path / "x.mp3", 16000)


def test_a_file_that_is_cut_off_is_not_taken_for_a_short_one(tmp_path):
    samples = 0.1 * np.random.default_rng(0).standard_normal(16000 * 10)
    for name, options in {"x.flac": {}, "x.mp3": {"bitrate_mode": "VARIABLE"}}.items():
        soundfile.write(tmp_path / name, samples, 16000, **options)
        content = (tmp_path / name).read_bytes()
        (tmp_path / name).write_bytes(content[: len(content) // 2])
        with pytest.raises(ValueError, match=r"cut off: \d\.\d of 10\.\d s|cannot be decoded"):
            audio.load(tmp_path / name, 16000)


@pytest.mark.parametrize("name", ["x.flac", "x.ogg", "x.wav", "x.mp3", "x.opus"])
def test_what_libsndfile_reads_is_read_at_any_rate(tmp_path, name):
    tone = 0.5 * np.sin(2 * np.pi * 440 * np.arange(48000 * 2) / 48000)
    options = {"format": "OGG", "subtype": "OPUS"} if name == "x.opus" else {}
    soundfile.write(tmp_path / name, np.stack([tone, tone], axis=1), 48000, **options)
    samples = audio.load(tmp_path / name, 22050)
    assert abs(len(samples) - 44100) < 2500  # mp3 pads
    assert np.abs(np.fft.rfft(samples)).argmax() == pytest.approx(440 * len(samples) / 22050, abs=2)
    assert audio.why_undecodable(tmp_path / name) is None


def test_other_files_are_read_where_a_decoder_is_present(tmp_path):
    ffmpeg = shutil.which("ffmpeg")
    if ffmpeg is None:
        pytest.skip("ffmpeg is not installed: audioread has nothing to decode m4a with")
    tone = 0.5 * np.sin(2 * np.pi * 440 * np.arange(32000) / 16000)
    soundfile.write(tmp_path / "x.wav", tone, 16000)
    command = [ffmpeg, "-loglevel", "error", "-i", tmp_path / "x.wav", tmp_path / "x.m4a"]
    subprocess.run(command, check=True)
    assert audio.why_undecodable(tmp_path / "x.m4a") is None
    (tmp_path / "y.m4a").write_bytes(b"no audio")
    assert "no header" in audio.why_undecodable(tmp_path / "y.m4a")
    samples = audio.load(tmp_path / "x.m4a", 16000)
    assert 30000 < len(samples) < 36000
    assert np.abs(np.fft.rfft(samples)).argmax() == pytest.approx(440 * len(samples) / 16000, abs=3)


def test_samples_that_are_not_finite_are_refused(tmp_path):
    soundfile.write(tmp_path / "x.wav", np.array([0.0, np.nan, 0.0]), 16000, subtype="FLOAT")
    with pytest.raises(ValueError, match="not finite"):
        audio.load(tmp_path / "x.wav", 16000)


@pytest.mark.parametrize(
    "content", [b"", b"this is no audio at all", b"ID3\x03" + bytes(200), bytes(100_000)]
)
def test_a_header_of_no_audio_is_seen_and_nothing_else_printed(tmp_path, content, capfd):
    path = tmp_path / "x.mp3.part"
    path.write_bytes(content)
    reason = audio.why_undecodable(path)
    assert reason in {"the file has no header of a known audio format", "the file holds no samples"}
    assert audio.find_undecodable(pd.Series({"1": path})) == {"1": reason}
    assert capfd.readouterr().err == ""


def test_a_header_of_audio_is_good_whatever_the_ending(test_data, tmp_path):
    file = next((test_data / "mtt-excerpt" / "0").glob("*.mp3"))
    (tmp_path / "1.mp3.part").write_bytes(file.read_bytes())
    paths = pd.Series({"1": tmp_path / "1.mp3.part", "2": file})
    assert audio.find_undecodable(paths) == {}
