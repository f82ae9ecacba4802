"""Chunks: stretches of a clip's sound, which is repeated where it is too short, and no padding."""

from types import SimpleNamespace

import numpy as np
import pytest

from autotagging.models import chunks

LENGTHS = np.array([6, 2, 1])


@pytest.fixture
def clips():
    """Return three clips whose frames count up; what is padded is no number."""
    array = np.repeat(np.arange(6.0)[None, :, None], 3, axis=0) + np.zeros(4)
    for clip, length in zip(array, LENGTHS, strict=True):
        clip[length:] = np.nan
    return SimpleNamespace(array=array, lengths=LENGTHS)


@pytest.mark.parametrize(
    ("row", "start", "frames", "expected"),
    [
        (0, 0, 6, [0, 1, 2, 3, 4, 5]),
        (0, 2, 3, [2, 3, 4]),
        (1, 1, 1, [1]),
        (1, 0, 2, [0, 1]),
        (1, 0, 5, [0, 1, 0, 1, 0]),
        (2, 0, 3, [0, 0, 0]),
    ],
)
def test_a_chunk_is_sound_that_is_repeated_where_it_is_too_short(
    clips, row, start, frames, expected
):
    chunk = chunks.read_chunk(clips, row, start, frames)
    assert chunk.shape == (frames, 4)
    assert chunk.T.tolist() == [expected] * 4


@pytest.mark.parametrize("frames", [1, 2, 4, 6])
def test_a_chunk_may_begin_wherever_it_lies_within_the_sound(clips, frames):
    counts = chunks.count_starts(LENGTHS, frames)
    assert counts.tolist() == [max(1, length - frames + 1) for length in LENGTHS]
    for row, count in enumerate(counts):
        for start in range(count):
            chunk = chunks.read_chunk(clips, row, start, frames)
            assert chunk[0, 0] == start
            assert np.isfinite(chunk).all()


@pytest.mark.parametrize(("length", "frames"), [(455, 128), (120, 120), (10, 4), (9, 3), (7, 6)])
def test_chunks_are_the_fewest_evenly_spaced_that_cover_the_sound(length, frames):
    starts = chunks.spread_starts(length, frames)
    covered = np.zeros(length, bool)
    for start in starts:
        covered[start : start + frames] = True
    assert covered.all()
    assert starts[-1] + frames == length
    assert len(starts) == -(-length // frames)
    assert np.ptp(np.diff(starts)) <= 1 if len(starts) > 1 else starts.tolist() == [0]


@pytest.mark.parametrize("length", [1, 127])
def test_sound_that_is_shorter_than_a_chunk_is_one_chunk(length):
    assert chunks.spread_starts(length, 128).tolist() == [0]
