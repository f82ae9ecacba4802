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


def test_both_aucs_of_a_case_worked_by_hand():
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
    if defined.any():  # a tag that every clip has says nothing, either
        true, score = y_true[:, defined], y_score[:, defined]
        for kind in ("macro", "micro"):
            expected = sk.average_precision_score(true, score, average=kind)
            assert averages[kind]["pr_auc"] == pytest.approx(expected, abs=1e-9)


def test_every_measure_of_a_tag_stands_in_its_row():
    y_score = np.where(Y_PRED, 0.7, 0.2)
    table = metrics.per_tag(Y_TRUE, y_score, ["a", "b", "c"], np.array([0.1, 0.5, 0.5]))
    assert table["positives"].tolist() == [2, 0, 2]
    np.testing.assert_allclose(table["accuracy_of_nothing"], [0.5, 1, 0.5])
    np.testing.assert_allclose(table["recall"], [0.5, np.nan, 0.5])
    np.testing.assert_allclose(table["recall_at_threshold"], [1.0, np.nan, 0.5])


@given(st.integers(0, 2**32 - 1), st.integers(1, 30), st.integers(2, 5))
def test_decisions_are_scikit_learns_where_they_are_defined(seed, n_clips, n_tags):
    rng = np.random.default_rng(seed)
    y_true, y_pred = rng.random((2, n_clips, n_tags)) < 0.3
    expected = sk.precision_recall_fscore_support(
        y_true, y_pred, average=None, zero_division=np.nan, labels=range(n_tags)
    )
    for measure, values in zip((metrics.precision, metrics.recall), expected, strict=False):
        np.testing.assert_allclose(measure(y_true, y_pred), values, atol=1e-12)
    f1 = sk.f1_score(y_true, y_pred, average=None, zero_division=np.nan, labels=range(n_tags))
    np.testing.assert_allclose(metrics.f1(y_true, y_pred), f1, atol=1e-12)
    averages = metrics.averages_of_decisions(y_true, y_pred)
    averaged = metrics.are_averaged(y_true)
    if averaged.any():  # each of them has a clip, and so an F1
        assert averages["macro"]["f1"] == pytest.approx(np.mean(f1[averaged]))
        pooled = sk.f1_score(y_true[:, averaged].ravel(), y_pred[:, averaged].ravel())
        assert averages["micro"]["f1"] == pytest.approx(pooled)
    else:
        assert averages["macro"]["f1"] is averages["micro"]["f1"] is None


@given(st.integers(0, 2**32 - 1), st.integers(1, 30))
def test_the_brier_score_is_scikit_learns(seed, n_clips):
    rng = np.random.default_rng(seed)
    y_true, y_score = rng.random((n_clips, 2)) < 0.4, rng.random((n_clips, 2)).astype(np.float32)
    expected = [
        sk.brier_score_loss(true, score.astype(float), labels=[False, True])
        for true, score in zip(y_true.T, y_score.T, strict=True)
    ]
    np.testing.assert_allclose(metrics.brier(y_true, y_score), expected, atol=1e-9)


def test_nothing_to_average_is_none_without_a_warning():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for shape in ((0, 3), (4, 0), (0, 0)):
            empty = np.zeros(shape, bool)
            for averages in (
                metrics.averages(empty, empty.astype(float)),
                metrics.averages_of_decisions(empty, empty),
            ):
                assert all(value is None for kind in averages.values() for value in kind.values())


def test_calibration_of_a_case_worked_by_hand():
    y_score = np.array([[0.0, 0.05, 0.93, 1.0], [0.95, 0.96, 0.97, 0.5]])
    y_true = np.array([[0, 1, 1, 1], [1, 0, 1, 0]], bool)
    curve = metrics.reliability(y_true, y_score)
    assert curve["pairs"].tolist() == [2, 1, 1, 4]
    np.testing.assert_allclose(curve["score"], [0.025, 0.5, 0.93, 0.97])
    np.testing.assert_allclose(curve["share"], [0.5, 0, 1, 0.75])
    np.testing.assert_allclose(curve["low"], [0, 7 / 15, 13 / 15, 14 / 15])
    expected = (2 * 0.475 + 0.5 + 0.07 + 4 * 0.22) / 8
    assert metrics.calibration_error(y_true, y_score) == pytest.approx(expected)


def test_a_score_on_an_edge_is_in_the_bin_below():
    curve = metrics.reliability(np.zeros((1, 2), bool), np.array([[0.0, 0.2]]))
    np.testing.assert_allclose(curve["high"], [1 / 15, 0.2])


def test_scores_drawn_with_their_own_probability_are_calibrated():
    rng = np.random.default_rng(0)
    y_score = rng.random((4000, 5))
    assert metrics.calibration_error(rng.random(y_score.shape) < y_score, y_score) < 0.02
    assert metrics.calibration_error(rng.random(y_score.shape) < y_score**2, y_score) > 0.1


def test_curves_enclose_the_aucs_of_their_tags():
    rng = np.random.default_rng(0)
    y_true = rng.random((3000, 3)) < [0.3, 0.05, 0]  # no clip has the third
    y_score = np.clip(rng.normal(0.3 + 0.3 * y_true, 0.2), 0, 1)
    curves = metrics.curves(y_true, y_score, ["a", "b", "c"])
    assert curves["tag"].unique().tolist() == ["a", "b"]
    for k, tag in enumerate("ab"):
        curve = curves[curves["tag"] == tag]
        area = np.trapezoid(curve["roc"], curve["at"])
        assert area == pytest.approx(metrics.roc_auc(y_true, y_score)[k], abs=0.003)
        area = np.trapezoid(curve["pr"], curve["at"])
        assert area == pytest.approx(metrics.pr_auc(y_true, y_score)[k], abs=0.02)


def test_the_precision_at_a_recall_is_that_of_the_first_threshold_that_reaches_it():
    y_true = np.array([[1], [0], [1], [0]], bool)
    y_score = np.array([[0.9], [0.8], [0.7], [0.1]])
    curve = metrics.curves(y_true, y_score, ["a"]).set_index("at")["pr"]
    assert curve[[0.0, 0.5]].tolist() == [1, 1]
    assert curve[[0.51, 1.0]].tolist() == [2 / 3, 2 / 3]


def test_confusions_of_a_case_worked_by_hand():
    y_true = np.array([[1, 0, 0], [1, 0, 0], [1, 1, 0], [0, 0, 1]], bool)
    y_pred = np.array([[0, 1, 0], [0, 0, 0], [0, 1, 1], [0, 0, 1]], bool)
    table = metrics.confusions(y_true, y_pred, ["a", "b", "c"])
    assert table["missed"].tolist() == [3, 0, 0]
    # of the three clips that missed a, one was wrongly given b, another c
    np.testing.assert_allclose(table.loc[0, ["b", "c"]].astype(float), [1 / 3, 1 / 3])
    assert table.iloc[1:, 2:].isna().all(axis=None)
    assert np.isnan(table.loc[0, "a"])


def test_a_tag_on_every_clip_or_on_none_has_neither_auc():
    y_true = np.array([[1, 1, 0], [1, 0, 0]], bool)
    for measure in (metrics.roc_auc, metrics.pr_auc):
        values = measure(y_true, np.full((2, 3), 0.5))
        assert np.isfinite(values).tolist() == [False, True, False]
