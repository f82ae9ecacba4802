"""Where audio begins in a file, and what a file without audio holds."""

import io
import struct

import audio_files
import pytest
from audio_files import encode, noise

from autotagging.audio import contents
from autotagging.audio.contents import Start


def find_first(content):
    return next(contents.find_starts(io.BytesIO(content)))


@pytest.mark.parametrize("encoding", ["flac", "ogg", "wav", "aiff", "au"])
def test_a_container_begins_where_its_magic_stands(encoding):
    assert find_first(encode(encoding)) == Start(0, is_mpeg=False)
    assert find_first(noise(100_000) + encode(encoding)) == Start(100_000, is_mpeg=False)


def test_an_mp3_begins_with_its_first_frame():
    clip = encode("mp3")
    assert find_first(clip) == Start(0, is_mpeg=True)
    tagged = audio_files.with_id3(audio_files.with_id3(clip, 70_000, padding=9), 500)
    assert find_first(tagged) == Start(len(tagged) - len(clip), is_mpeg=True)


def test_audio_beyond_the_limit_is_not_found(monkeypatch):
    monkeypatch.setattr(contents, "SEARCHED", 200_000)
    clip = encode("mp3")
    assert find_first(bytes(100_000) + clip) == Start(100_000, is_mpeg=True)
    starts = list(contents.find_starts(io.BytesIO(bytes(200_000) + clip)))
    assert starts == [Start(0, is_mpeg=False)]  # what a decoder may know


def test_a_tag_that_ends_beyond_the_file_is_none():
    clip = encode("mp3")
    assert find_first(b"ID3\x03\x00\x00\x7f\x7f\x7f\x7f" + clip) == Start(10, is_mpeg=True)


def test_mpeg_audio_within_a_wav_comes_first():
    header = audio_files.with_data_size(encode("wav"), len(encode("mp3")))[:44]
    assert find_first(header + encode("mp3")) == Start(44, is_mpeg=True)


def test_a_wav_states_its_size_unless_it_came_from_a_pipe():
    wav = encode("wav")
    assert contents.find_riff_data(wav[:1000]) == (44, 384_000)
    for size in (0, 0xFFFFFFFF):
        assert contents.find_riff_data(audio_files.with_data_size(wav, size)) == (44, None)
    assert contents.find_riff_data(wav[:40]) is None
    assert contents.find_riff_data(encode("flac")) is None


def test_a_long_wav_states_its_size_elsewhere():
    wav = audio_files.with_data_size(encode("wav"), 0xFFFFFFFF)
    sizes = b"ds64" + struct.pack("<IQQQI", 28, len(wav), 384_000, 192_000, 0)
    assert contents.find_riff_data(b"RF64" + wav[4:12] + sizes + wav[12:]) == (80, 384_000)


def test_the_last_page_of_an_ogg_is_marked():
    content = encode("ogg")
    assert not contents.is_ogg_cut_short(content)
    assert contents.is_ogg_cut_short(content[:-5000])
    assert contents.is_ogg_cut_short(b"OggS")
    assert contents.is_ogg_cut_short(b"")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"\xef\xbb\xbf\r\n<HTML>", "web page"),
        (b"<?xml version='1.0'?><Error>", "XML"),
        (b"/annex/objects/SHA256E-s1--ab.mp3\n", "git-annex"),
        (b"\0\5\x16\7\0\2\0\0", "AppleDouble"),
        (b"PK\3\4", "zip"),
        (b"fLaC" + noise(99), "container of audio that neither libsndfile nor FFmpeg"),
        (b"Fehler: nicht gefunden", "it begins 'Fehler: nicht gefunden'"),
        (b"line 1\nline 2", "it begins 'line 1'"),
    ],
    ids=["HTML", "XML", "annex", "AppleDouble", "zip", "flac", "text", "lines"],
)
def test_what_is_no_audio_is_called_what_it_is(content, words):
    assert words in contents.describe(content)
