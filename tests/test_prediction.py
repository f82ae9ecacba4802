"""Scores: probabilities in the order of the rows, the mean of chunks that cover a clip."""

import numpy as np
import pytest

pytest.importorskip("keras")
from autotagging.models import architectures, prediction


@pytest.fixture
def clips():
    return np.random.default_rng(0).standard_normal((6, 8, 4)).astype(np.float16)


def network(frames):
    return architectures.vgg((frames, 4), 2, np.zeros(4), np.ones(4), widths=(4, 4))


def test_scores_are_probabilities_in_the_order_of_the_rows(clips):
    whole = network(8)
    scores = prediction.score_clips(whole, clips, np.array([5, 0, 5]), batch_size=2)
    assert scores.shape == (3, 2)
    np.testing.assert_allclose(scores[0], scores[2], rtol=1e-5)
    logits = whole.predict(clips[[5]].astype(np.float32), verbose=0)
    np.testing.assert_allclose(scores[0], 1 / (1 + np.exp(-logits[0])), rtol=1e-5)


def test_a_clip_scores_as_the_mean_of_its_chunks(clips):
    chunked = network(3)
    scores = prediction.score_clips(chunked, clips, np.arange(6))
    chunks = [clips[:, start : start + 3].astype(np.float32) for start in (0, 2, 5)]
    expected = [1 / (1 + np.exp(-chunked.predict(chunk, verbose=0))) for chunk in chunks]
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
