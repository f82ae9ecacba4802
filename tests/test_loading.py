"""An audio file, whatever is in or around it -> mono samples at a rate."""

import shutil
import subprocess
import tracemalloc

import audio_files
import numpy as np
import pandas as pd
import pytest
import soundfile
from audio_files import ENCODINGS, RATE, SECONDS, encode, noise, overwrite

from autotagging.audio import loading


def load(folder, content, seconds=SECONDS, name="x.mp3"):
    path = folder / name
    path.write_bytes(content)
    return loading.load(path, RATE, seconds)


def frequency_of(samples, rate=RATE):
    return np.abs(np.fft.rfft(samples)).argmax() * rate / len(samples)


def assert_is_whole(sound, seconds=SECONDS, frequency=440):
    assert sound.problem is None
    assert len(sound.samples) / RATE == pytest.approx(seconds, abs=0.15)
    assert frequency_of(sound.samples) == pytest.approx(frequency, abs=2)
    assert np.abs(sound.samples).max() < 0.7  # no noise of what is no audio


def test_stereo_is_mixed_down_and_resampled(tmp_path):
    seconds = np.arange(22050) / 22050
    tone = np.sin(2 * np.pi * 440 * seconds)
    soundfile.write(tmp_path / "x.wav", np.stack([tone, 0 * tone], axis=1), 22050, subtype="FLOAT")
    samples = loading.load(tmp_path / "x.wav", 16000, 1.0).samples
    assert samples.dtype == np.float32
    assert len(samples) == 16000
    expected = 0.5 * np.sin(2 * np.pi * 440 * np.arange(16000) / 16000)
    np.testing.assert_allclose(samples[1000:-1000], expected[1000:-1000], atol=1e-3)


def test_a_real_clip_has_the_samples_of_libsndfile(test_data):
    for file in sorted((test_data / "mtt-excerpt").rglob("*.mp3"))[:8]:
        samples, rate = soundfile.read(file, dtype="float32")
        assert rate == RATE
        n_wanted = round(29.12 * RATE)
        sound = loading.load(file, RATE, 29.12)
        assert np.array_equal(sound.samples, samples[:n_wanted])
        assert not sound.is_longer
        assert sound.problem is None


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_every_encoding_is_read_at_any_rate(tmp_path, encoding):
    (tmp_path / "x").write_bytes(encode(encoding, rate=48000, n_channels=2))
    samples = loading.load(tmp_path / "x", 22050, SECONDS).samples
    assert len(samples) / 22050 == pytest.approx(SECONDS, abs=0.15)
    assert frequency_of(samples, 22050) == pytest.approx(440, abs=2)
    assert loading.why_undecodable(tmp_path / "x") is None


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize(
    "surround",
    [
        lambda audio: b"\x11" * 65_535 + audio,
        lambda audio: noise(1 << 20) + audio,
        lambda audio: bytes(200_000) + audio,
        lambda audio: audio_files.with_id3(audio, 13_000),
        lambda audio: audio_files.with_id3(audio, 500_000, padding=200_000),
        lambda audio: encode("wav")[:44] + audio,
        lambda audio: audio_files.with_data_size(encode("wav"), 0)[:44] + audio,
    ],
    ids=["junk", "noise", "zeros", "cover", "cover and padding", "RIFF", "RIFF of a pipe"],
)
def test_audio_is_found_behind_whatever_is_in_front_of_it(tmp_path, encoding, surround):
    assert_is_whole(load(tmp_path, surround(encode(encoding))))


@pytest.mark.parametrize("encoding", ["mp3", "vbr.mp3", "flac", "ogg", "opus", "wav", "aiff"])
@pytest.mark.parametrize(
    "tail", [b"TAG" + bytes(125), b"APETAGEX" + noise(9000)], ids=["ID3v1", "APE"]
)
def test_a_tag_behind_the_audio_is_no_audio(tmp_path, encoding, tail):
    assert_is_whole(load(tmp_path, encode(encoding) + tail, 20.0))


def test_noise_behind_an_mp3_is_not_decoded(tmp_path):
    sound = load(tmp_path, encode("mp3") + noise(100_000), 20.0)
    assert len(sound.samples) / RATE == pytest.approx(SECONDS, abs=0.15)
    assert np.abs(sound.samples).max() < 0.7
    assert sound.problem == "gives 12.10 of 20.00 s: the rest is damaged or missing"


@pytest.mark.parametrize("n_frames", [33, 3340])
@pytest.mark.parametrize("n_bytes", [None, 48_000])
def test_a_xing_header_that_is_wrong_is_not_believed(tmp_path, n_frames, n_bytes):
    assert_is_whole(load(tmp_path, audio_files.with_xing(encode("mp3"), n_frames, n_bytes)))
    # nor where it is half of what is wanted
    assert_is_whole(load(tmp_path, audio_files.with_xing(encode("mp3"), n_frames, n_bytes), 30.0))


def test_an_mp3_of_varying_bitrate_without_its_header_is_read_to_its_end(tmp_path):
    quiet, loud = np.zeros(RATE * 6, np.float32), audio_files.tone(seconds=6)[:, 0]
    for halves in ([quiet, loud], [loud, quiet]):
        soundfile.write(tmp_path / "a.mp3", np.concatenate(halves), RATE, bitrate_mode="VARIABLE")
        content = (tmp_path / "a.mp3").read_bytes()
        second = next(i for i in range(4, 2000) if content[i : i + 2] == content[:2])
        sound = load(tmp_path, content[second:])
        assert len(sound.samples) / RATE == pytest.approx(SECONDS, abs=0.15)
        assert sound.problem is None


@pytest.mark.parametrize("encoding", ["vbr.mp3", "flac", "wav", "aiff", "au"])
def test_what_ends_long_before_its_header_says_is_refused(tmp_path, encoding):
    content = encode(encoding)
    with pytest.raises(ValueError, match=r"is cut off: [56]\.\d of 12\.0 s can be decoded"):
        load(tmp_path, content[: len(content) // 2])
    # but not where that is all that is wanted of it
    assert load(tmp_path, content[: len(content) // 2], 5.0).problem is None


@pytest.mark.parametrize("encoding", ["vbr.mp3", "flac", "wav", "aiff", "au"])
def test_what_ends_a_little_before_its_header_says_is_used_and_said(tmp_path, encoding):
    content = encode(encoding)
    sound = load(tmp_path, content[: int(len(content) * 0.95)])
    assert sound.problem.startswith("gives 11.")
    assert 0.9 * SECONDS * RATE < len(sound.samples) < 0.97 * SECONDS * RATE


@pytest.mark.parametrize("encoding", ["ogg", "opus"])
def test_an_ogg_whose_end_is_missing_says_so(tmp_path, encoding):
    content = encode(encoding)
    sound = load(tmp_path, content[: len(content) // 2])
    seconds = len(sound.samples) / RATE
    assert 3 < seconds < 9
    assert sound.problem == f"gives {seconds:.2f} s: its end is missing"


def test_an_mp3_that_was_cut_off_is_as_short_as_it_is(tmp_path):
    content = encode("mp3")
    assert_is_whole(load(tmp_path, content[: len(content) // 2]), SECONDS / 2)


@pytest.mark.parametrize("encoding", ["mp3", "vbr.mp3", "flac", "ogg", "opus"])
@pytest.mark.parametrize("filler", [noise, bytes], ids=["noise", "zeros"])
def test_what_is_behind_a_hole_is_used_and_the_hole_is_said(tmp_path, encoding, filler):
    content = encode(encoding, seconds=30.0)
    sound = load(tmp_path, overwrite(content, 6000, filler), 30.0)
    assert 0.9 * 30 * RATE <= len(sound.samples) < 29.9 * RATE
    assert "of 30.00 s: the rest is damaged or missing" in sound.problem
    assert frequency_of(sound.samples[-RATE:]) == pytest.approx(440, abs=2)


def test_of_an_mp3_that_is_mostly_noise_little_is_refused_and_much_is_used(tmp_path):
    short, long = encode("mp3", seconds=5.0), encode("mp3")
    with pytest.raises(ValueError, match=r"cut off: 5\.1 of 20\.0 s"):
        load(tmp_path, short + noise(100_000), 20.0)
    assert "gives 12.10 of 20.00 s" in load(tmp_path, long + noise(100_000), 20.0).problem


@pytest.mark.parametrize(
    ("rates", "channels"), [((44100, 22050), (1, 1)), ((16000, 16000), (2, 1))], ids=str
)
def test_joined_mp3s_of_other_rates_and_channels_are_used_to_their_end(tmp_path, rates, channels):
    parts = [
        encode("mp3", frequency, 6.0, rate, n_channels)
        for frequency, rate, n_channels in zip((300.0, 600.0), rates, channels, strict=True)
    ]
    sound = load(tmp_path, b"".join(parts))
    assert len(sound.samples) / RATE == pytest.approx(SECONDS, abs=0.2)
    assert frequency_of(sound.samples[: 5 * RATE]) == pytest.approx(300, abs=2)
    assert frequency_of(sound.samples[7 * RATE :]) == pytest.approx(600, abs=2)


@pytest.mark.parametrize("encoding", ["mp3", "vbr.mp3", "flac", "ogg", "opus"])
def test_joined_files_are_used_to_their_end(tmp_path, encoding):
    sound = load(tmp_path, 2 * encode(encoding), 2 * SECONDS)
    assert_is_whole(sound, 2 * SECONDS)


@pytest.mark.parametrize("size", [0, 0xFFFFFFFF, 0xFFFFFF00])
def test_a_wav_from_a_pipe_is_read_to_its_end(tmp_path, size):
    assert_is_whole(load(tmp_path, audio_files.with_data_size(encode("wav"), size)))


def test_the_bytes_a_second_of_a_wav_promise_nothing(tmp_path):
    content = bytearray(encode("wav"))
    content[28:32] = (1000).to_bytes(4, "little")
    assert_is_whole(load(tmp_path, bytes(content), 30.0))


def test_a_flac_from_a_pipe_is_read_to_its_end(tmp_path):
    content = bytearray(encode("flac"))
    content[21:26] = bytes([content[21] & 0xF0, 0, 0, 0, 0])  # the number of samples
    assert_is_whole(load(tmp_path, bytes(content)))


def test_only_what_is_used_must_be_finite(tmp_path):
    for at, rate in [(11.99, RATE), (12.01, RATE), (12.01, 22050)]:
        wave = audio_files.tone(seconds=15.0, rate=rate).copy()
        wave[round(at * rate)] = np.nan
        soundfile.write(tmp_path / "x.wav", wave, rate, subtype="FLOAT")
        if at < SECONDS:
            with pytest.raises(ValueError, match="holds samples that are not finite"):
                loading.load(tmp_path / "x.wav", RATE, SECONDS)
        else:
            samples = loading.load(tmp_path / "x.wav", RATE, SECONDS).samples
            assert len(samples) == SECONDS * RATE
            assert np.isfinite(samples).all()


def test_of_a_long_file_no_more_is_decoded_than_is_used(tmp_path):
    with soundfile.SoundFile(tmp_path / "x.flac", "w", 44100, 2) as file:
        for _ in range(10):
            file.write(audio_files.tone(seconds=60.0, rate=44100, n_channels=2))
    tracemalloc.start()
    sound = loading.load(tmp_path / "x.flac", RATE, SECONDS)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert sound.is_longer
    assert len(sound.samples) == SECONDS * RATE
    assert most < 30e6


def test_neighbours_of_a_file_do_not_matter(tmp_path):
    (tmp_path / "._x.mp3").write_bytes(b"\0\x05\x16\x07\0\x02\0\0Mac OS X        " + bytes(60))
    assert_is_whole(load(tmp_path, encode("mp3")))


@pytest.mark.parametrize("ending", ["m4a", "wma", "mka", "wv", "ac3"])
def test_what_libsndfile_does_not_know_is_read(tmp_path, ending):
    ffmpeg = shutil.which("ffmpeg")
    if ffmpeg is None:
        pytest.skip("ffmpeg is not installed: nothing encodes such files")
    (tmp_path / "x.wav").write_bytes(encode("wav"))
    to, quiet = tmp_path / f"x.{ending}", ["-loglevel", "error"]
    subprocess.run([ffmpeg, *quiet, "-i", tmp_path / "x.wav", "-ar", "44100", to], check=True)
    assert_is_whole(loading.load(to, RATE, SECONDS))
    assert loading.why_undecodable(to) is None


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "is empty"),
        (b"\n <!DOCTYPE html><title>404</title>", "is a web page"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:", "is a pointer of Git LFS"),
        (b"this is no audio at all", "is a text, no audio; it begins 'this is no audio at all'"),
        (b"\0\0\0\x20ftypM4A \0\0\0\0M4A mp42isom" + bytes(5000), "neither libsndfile nor FFmpeg"),
        (b"ID3\x03" + bytes(200), "is no audio"),
        (b"\x89PNG\r\n\x1a\n" + bytes(20), "is a picture"),
        (bytes(100_000), "holds nothing but zeros"),
        (encode("wav")[:44], "holds no samples"),
        (noise(300_000), "is no audio, or of no known format"),
    ],
    ids=["empty", "HTML", "LFS", "text", "m4a", "ID3", "PNG", "zeros", "wav", "noise"],
)
def test_a_file_without_audio_is_called_what_it_is(tmp_path, content, reason, capfd):
    with pytest.raises(ValueError, match=reason):
        load(tmp_path, content)
    found = loading.find_undecodable(pd.Series({"1": tmp_path / "x.mp3"}))
    assert found["1"].startswith("the file ")
    assert reason in found["1"]
    assert capfd.readouterr().err == ""


def test_what_cannot_be_read_is_a_sentence(tmp_path):
    for path, reason in [(tmp_path, "is no file"), (tmp_path / "x", "cannot be read: No such")]:
        with pytest.raises(ValueError, match=reason):
            loading.load(path, RATE, SECONDS)


def test_a_header_of_audio_is_good_whatever_the_ending(test_data, tmp_path):
    file = next((test_data / "mtt-excerpt" / "0").glob("*.mp3"))
    (tmp_path / "1.mp3.part").write_bytes(file.read_bytes())
    paths = pd.Series({"1": tmp_path / "1.mp3.part", "2": file})
    assert loading.find_undecodable(paths) == {}
