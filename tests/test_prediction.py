"""Scores: probabilities in the order of the rows, the mean of chunks that cover a clip."""

import numpy as np
import pytest
from scipy.special import expit

pytest.importorskip("keras")
from autotagging.models import architectures, batches, prediction


@pytest.fixture
def array():
    return np.random.default_rng(0).standard_normal((6, 8, 4)).astype(np.float16)


def build(frames):
    return architectures.vgg((frames, 4), 2, np.zeros(4), np.ones(4))


def test_scores_are_probabilities_in_the_order_of_the_rows(array):
    network, rows = build(frames=8), np.array([5, 0, 5])
    clips = batches.LabelledClips(array, rows, np.zeros((3, 2), bool))
    scores = prediction.score_clips(network, clips, n_together=2)
    assert scores.shape == (3, 2)
    expected = expit(network.predict(array[rows].astype(np.float32), verbose=0))
    np.testing.assert_allclose(scores, expected, rtol=1e-5)


def test_a_clip_scores_as_the_mean_of_its_chunks(array):
    network = build(frames=3)
    clips = batches.LabelledClips(array, np.arange(6), np.zeros((6, 2), bool))
    scores = prediction.score_clips(network, clips)
    chunks = [array[:, start : start + 3].astype(np.float32) for start in (0, 2, 5)]
    expected = [expit(network.predict(chunk, verbose=0)) for chunk in chunks]
    np.testing.assert_allclose(scores, np.mean(expected, axis=0), rtol=1e-5)


@pytest.mark.parametrize(("frames", "chunk"), [(455, 128), (120, 120), (10, 4), (9, 3), (7, 6)])
def test_chunks_are_the_fewest_evenly_spaced_that_cover_a_clip(frames, chunk):
    starts = prediction.chunk_starts(frames, chunk)
    covered = np.zeros(frames, bool)
    for start in starts:
        covered[start : start + chunk] = True
    assert covered.all()
    assert starts[-1] + chunk == frames
    assert len(starts) == -(-frames // chunk)
    assert np.ptp(np.diff(starts)) <= 1 if len(starts) > 1 else starts.tolist() == [0]
