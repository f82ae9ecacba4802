"""The frames of an mp3, one by one."""

import audio_files
import pytest
from audio_files import SECONDS, encode, noise

from autotagging.audio import mpeg_frames

RATES = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000)


def read(content, seconds=100.0):
    return mpeg_frames.read_stream(content, mpeg_frames.find_first(content), seconds)


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("encoding", ["mp3", "vbr.mp3"])
def test_frames_fill_a_file_of_any_rate(rate, encoding):
    content = encode(encoding, seconds=3.0, rate=rate, n_channels=2)
    stream = read(content)
    (stretch,) = stream.stretches
    assert stretch.pieces == [(0, len(content))]
    assert stretch.kind.sample_rate == rate
    assert stream.seconds == pytest.approx(3.1, abs=0.2)
    assert (stream.n_lost, stream.n_zeros) == (0, 0)


def test_no_frames_are_found_in_noise_nor_where_a_single_one_stands():
    assert mpeg_frames.find_first(noise(3_000_000)) is None
    frame = encode("mp3")[: read(encode("mp3"), 0.03).stretches[0].n_bytes]
    assert mpeg_frames.find_first(frame) is None
    assert mpeg_frames.find_first(noise(5000) + frame + noise(5000)) is None


def test_frames_are_followed_as_far_as_they_are_wanted():
    content = encode("mp3")
    assert read(content, 5.0).seconds == pytest.approx(5.0, abs=0.04)
    assert read(content, 5.0).stretches[0].n_bytes < len(content) / 2


def test_bytes_between_frames_are_counted_by_kind():
    content = encode("mp3")
    assert read(content + bytes(1000)).n_zeros == 1000
    assert read(content + b"\x55" * 1000).n_lost == 1000
    tagged = content + b"TAG" + bytes(125) + audio_files.with_id3(content, 5000)
    stream = read(tagged)
    assert (stream.n_lost, stream.n_zeros) == (0, 0)
    assert stream.seconds == 2 * read(content).seconds
    assert stream.estimate_seconds(len(content)) == pytest.approx(SECONDS, abs=0.2)


def test_frames_of_another_kind_are_another_stretch():
    mono, stereo = encode("mp3"), encode("mp3", n_channels=2)
    assert [s.kind.sample_rate for s in read(mono + stereo).stretches] == [16000, 16000]
    assert len(read(mono + mono).stretches) == 1
    rates = [s.kind.sample_rate for s in read(encode("mp3", rate=44100) + mono).stretches]
    assert rates == [44100, 16000]


def test_a_frame_that_is_cut_by_the_next_file_is_left_out():
    content = encode("mp3")
    size = read(content, 0.03).stretches[0].n_bytes
    cut = content[: 100 * size + 7]
    stream = read(cut + content)
    first, second = stream.stretches[0].pieces
    assert first == (0, 100 * size)
    assert second == (len(cut), len(cut) + len(content))


def test_a_xing_header_is_a_promise_where_it_fits_the_frames():
    content = encode("vbr.mp3")
    assert read(content).promised == pytest.approx(SECONDS, abs=0.15)
    assert read(content[: len(content) // 2]).promised == pytest.approx(SECONDS, abs=0.15)
    n_frames = read(encode("mp3")).stretches[0].n_frames
    for states in [(10 * n_frames, 48_000), (10 * n_frames, None), (n_frames // 10, 48_000)]:
        stream = read(audio_files.with_xing(encode("mp3"), *states))
        assert stream.promised is None
        assert stream.stretches[0].n_frames == n_frames
