"""Measures equal scikit-learn's, and a tag without positives never spoils an average."""

import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics as sk

from autotagging import metrics

Y_TRUE = np.array([[1, 0, 1], [0, 0, 1], [1, 0, 0], [0, 0, 0]], bool)
Y_PRED = np.array([[1, 0, 0], [1, 0, 1], [0, 0, 0], [0, 0, 0]], bool)


def test_recall_precision_and_accuracy_of_a_case_worked_by_hand():
    np.testing.assert_allclose(metrics.recall(Y_TRUE, Y_PRED), [0.5, np.nan, 0.5])
    np.testing.assert_allclose(metrics.precision(Y_TRUE, Y_PRED), [0.5, np.nan, 1.0])
    np.testing.assert_allclose(metrics.accuracy(Y_TRUE, Y_PRED), [0.5, 1.0, 0.75])


def test_the_area_under_the_curve_of_a_case_worked_by_hand():
    y_true = np.array([[1], [0], [1], [0]], bool)
    y_score = np.array([[0.9], [0.8], [0.7], [0.1]])  # one of four pairs is in the wrong order
    assert metrics.roc_auc(y_true, y_score) == pytest.approx(0.75)
    assert metrics.pr_auc(y_true, y_score) == pytest.approx((1 + 2 / 3) / 2)


@given(st.integers(0, 2**32 - 1), st.integers(2, 40), st.integers(1, 6))
def test_averages_are_scikit_learns_over_the_tags_that_have_a_value(seed, n_clips, n_tags):
    rng = np.random.default_rng(seed)
    y_true = rng.random((n_clips, n_tags)) < 0.3
    y_score = rng.integers(0, 5, (n_clips, n_tags)) / 4  # with ties
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        averages = metrics.averages(y_true, y_score)
    defined = y_true.any(axis=0) & ~y_true.all(axis=0)
    if defined.any():
        expected = sk.roc_auc_score(y_true[:, defined], y_score[:, defined], average="macro")
        assert averages["macro"]["roc_auc"] == pytest.approx(expected, abs=1e-9)
    else:
        assert averages["macro"]["roc_auc"] is None
    with_positives = y_true.any(axis=0)
    if with_positives.any():
        expected = sk.average_precision_score(y_true[:, with_positives], y_score[:, with_positives])
        assert averages["macro"]["pr_auc"] == pytest.approx(expected, abs=1e-9)
        expected = sk.average_precision_score(y_true.ravel(), y_score.ravel())
        assert averages["micro"]["pr_auc"] == pytest.approx(expected, abs=1e-9)
    assert averages["tags_averaged"] == {"roc_auc": defined.sum(), "pr_auc": with_positives.sum()}


def test_thresholds_have_the_highest_f1_and_rare_tags_share_the_pooled_one():
    rng = np.random.default_rng(0)
    y_true = rng.random((60, 3)) < [0.3, 0.5, 0.02]
    y_true[0, 2] = True
    y_score = np.clip(0.4 * y_true + 0.6 * rng.random((60, 3)), 0, 1)
    thresholds = metrics.best_thresholds(y_true, y_score)
    for tag in (0, 1):
        found = sk.f1_score(y_true[:, tag], y_score[:, tag] >= thresholds[tag])
        best = max(sk.f1_score(y_true[:, tag], y_score[:, tag] >= t) for t in y_score[:, tag])
        assert found == pytest.approx(best)
    pooled = metrics.best_thresholds(y_true.reshape(-1, 1), y_score.reshape(-1, 1))
    assert thresholds[2] == pooled[0]
    assert metrics.best_thresholds(np.zeros((4, 2), bool), np.zeros((4, 2))).tolist() == [0.5, 0.5]


def test_every_measure_of_a_tag_stands_in_its_row():
    y_score = np.where(Y_PRED, 0.7, 0.2)
    table = metrics.per_tag(Y_TRUE, y_score, ["a", "b", "c"], np.array([0.1, 0.5, 0.5]))
    assert table["positives"].tolist() == [2, 0, 2]
    np.testing.assert_allclose(table["accuracy_of_nothing"], [0.5, 1, 0.5])
    np.testing.assert_allclose(table["recall"], [0.5, np.nan, 0.5])
    np.testing.assert_allclose(table["recall_at_threshold"], [1.0, np.nan, 0.5])


def test_examples_run_from_the_worst_agreement_to_the_best():
    n_clips = 21
    y_true = np.ones((n_clips, n_clips), bool)
    y_pred = np.tril(y_true)  # clip i has i + 1 of its tags predicted
    y_pred[0, 0] = False  # and the first none at all: it is passed over
    assert metrics.choose_examples(y_true, y_pred, 5) == [1, 6, 11, 15, 20]
    assert metrics.choose_examples(y_true[:2], y_pred[:2], 5) == [0, 1]


def test_areas_of_bootstrap_samples_are_those_of_scikit_learn_with_weights():
    rng = np.random.default_rng(0)
    y_true = rng.random((60, 4)) < 0.3
    y_score = rng.random((60, 4)).round(1)  # with many ties
    weights = metrics.weights_of_draws(rng.integers(12, size=60), 5, seed=1)
    roc, pr = metrics.weighted_macro(y_true, y_score, weights)
    for k, weight in enumerate(weights):
        columns = list(zip(y_true.T, y_score.T, strict=True))
        expected = [sk.roc_auc_score(t, s, sample_weight=weight) for t, s in columns]
        assert roc[k] == pytest.approx(np.mean(expected), abs=1e-12)
        expected = [sk.average_precision_score(t, s, sample_weight=weight) for t, s in columns]
        assert pr[k] == pytest.approx(np.mean(expected), abs=1e-12)


def test_a_tag_that_a_sample_lacks_is_left_out_of_its_average():
    y_true = np.array([[1, 1], [0, 0], [1, 0], [0, 0]], bool)
    y_score = np.array([[0.9, 0.9], [0.1, 0.1], [0.8, 0.2], [0.2, 0.3]])
    roc, pr = metrics.weighted_macro(y_true, y_score, np.array([[0, 1, 1, 1]]))
    assert roc.tolist() == [1.0]
    assert pr.tolist() == [1.0]


def test_whole_artists_are_drawn():
    artists = np.array(["a", "b", "a", "c", "b", "a"])
    weights = metrics.weights_of_draws(artists, 200, seed=0)
    for name in "abc":
        assert (np.ptp(weights[:, artists == name], axis=1) == 0).all()
    assert (weights[:, [0, 1, 3]].sum(axis=1) == 3).all()
    np.testing.assert_allclose(weights.mean(axis=0), 1, atol=0.25)
