"""A tag's threshold has the highest F1 on validation clips; rare tags share the pooled one."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import f1_score

from autotagging import thresholds
from autotagging.thresholds import MIN_POSITIVES, choose_thresholds


@given(st.integers(0, 2**32 - 1), st.integers(10, 40))
def test_no_score_is_a_threshold_of_higher_f1(seed, n_clips):
    rng = np.random.default_rng(seed)
    y_true = rng.random((n_clips, 2)) < 0.4
    y_true[:MIN_POSITIVES] = True
    y_score = np.clip(0.4 * y_true + 0.6 * rng.random(y_true.shape), 0, 1).round(1)  # with ties
    chosen = choose_thresholds(y_true, y_score)
    for true, score, threshold in zip(y_true.T, y_score.T, chosen, strict=True):
        highest = max(f1_score(true, score >= value) for value in set(score))
        assert f1_score(true, score >= threshold) == pytest.approx(highest)


def test_a_threshold_is_a_score_that_gives_the_tag_itself():
    y_true = np.array([[1], [1], [1], [1], [1], [0], [0]], bool)
    y_score = np.array([[0.9], [0.6], [0.8], [0.7], [0.9], [0.4], [0.1]])
    assert choose_thresholds(y_true, y_score).tolist() == [0.6]


def test_tags_of_few_clips_share_the_threshold_of_all_tags_pooled(monkeypatch):
    rng = np.random.default_rng(0)
    y_true = np.zeros((60, 3), bool)
    for tag, n_positives in enumerate((20, 5, 4)):
        y_true[:n_positives, tag] = True
    y_score = np.clip(0.4 * y_true + 0.6 * rng.random(y_true.shape), 0, 1)
    pooled = choose_thresholds(y_true.reshape(-1, 1), y_score.reshape(-1, 1))[0]
    chosen = choose_thresholds(y_true, y_score).tolist()
    monkeypatch.setattr(thresholds, "MIN_POSITIVES", 1)
    alone = choose_thresholds(y_true, y_score)
    assert pooled not in alone
    assert chosen == [alone[0], alone[1], pooled]


def test_where_no_clip_has_any_tag_the_threshold_is_half():
    assert choose_thresholds(np.zeros((4, 2), bool), np.zeros((4, 2))).tolist() == [0.5, 0.5]
    assert choose_thresholds(np.zeros((0, 2), bool), np.zeros((0, 2))).tolist() == [0.5, 0.5]
