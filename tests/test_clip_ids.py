"""Ids made of paths, and ids that a spreadsheet has altered."""

import pandas as pd
import pytest

from autotagging.clips import clip_ids


def test_clip_ids_are_sorted_as_numbers():
    huge = "9" * 5000
    assert clip_ids.in_numerical_order([huge, "10", "9", "a-1", "010", "2"]) == [
        "2",
        "9",
        "010",
        "10",
        huge,
        "a-1",
    ]


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        (["audio/rock/8.mp3", "8.mp3"], ["audio-rock-8", "8"]),
        (["song.mp3", "song.flac", "other.mp3"], ["song.mp3", "song.flac", "other"]),
        (["a/song.mp3", "b/song.mp3"], ["a-song", "b-song"]),
        (["a/b-c.mp3", "a-b/c.mp3", "d.mp3"], ["a--b-c.mp3", "a-b--c.mp3", "d"]),
        (["song.mp3", "song.flac", "song.mp3.wav"], ["song.mp3", "song.flac", "song.mp3.wav"]),
        (["cafe\u0301.mp3", "no_ending"], ["caf\u00e9", "no_ending"]),
    ],
    ids=["folders", "two-formats", "two-folders", "dashes", "two-endings", "accents"],
)
def test_ids_are_made_of_paths_and_are_one_clips_each(files, expected):
    assert clip_ids.derive(pd.Series(files)).tolist() == expected


@pytest.mark.parametrize(
    ("given", "known", "reason"),
    [
        ("7", "0007", "without its zeros"),
        ("0", "0000", "without its zeros"),
        ("7.0", "0007", "taken for a number"),
        ("7.0", "7", "taken for a number"),
        ("7,00", "7", "taken for a number"),
        ("1e5", "100000", "taken for a number"),
        ("1E+05", "100000", "taken for a number"),
        ("1000000", "1e6", "taken for a number"),
        ("1.23457E+11", "123456789012", "taken for a number"),
        ("1.5", "1.50", "taken for a number"),
        ("0007", "7", "taken for a number"),
        ("'0007", "0007", "taken for a number"),
        ('="0007"', "0007", "taken for a number"),
        ("\ufeffa-1", "a-1", "in another spelling"),
        ("A-1", "a-1", "in another spelling"),
        ("audio/rock/8.mp3", "audio-rock-8", "in another spelling"),
        ("song.flac", "song", "in another spelling"),
        ("cafe\u0301", "caf\u00e9", "in another spelling"),
    ],
)
def test_an_id_that_was_altered_is_known_again(given, known, reason):
    assert clip_ids.find_altered(["b", given], ["b", known]) == {given: known}
    with pytest.raises(ValueError, match=r"peer\.csv writes 1 clip id otherwise than labels") as e:
        clip_ids.refuse_altered(["b", given], ["b", known], "peer.csv", "labels.csv")
    assert f"which is {known!r} {reason}: write ids as labels.csv does" in str(e.value)


@pytest.mark.parametrize(
    ("given", "known"),
    [
        (["7"], ["7", "0007"]),  # exactly one of them
        (["7", "007"], ["7"]),  # of another clip, as 7 is there
        (["8"], ["7"]),
        (["1_0"], ["10"]),
        (["2e5"], ["100000"]),
        (["1e999"], ["5"]),
        (["70"], ["7"]),
        (["a.b"], ["b"]),
        ([], ["7"]),
    ],
)
def test_ids_of_other_clips_are_not_altered_ones(given, known):
    assert clip_ids.find_altered(given, known) == {}
    clip_ids.refuse_altered(given, known, "peer.csv", "labels.csv")
