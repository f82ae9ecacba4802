"""Intervals: scikit-learn's values in every sample, whole artists, the promised coverage."""

import warnings

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm
from sklearn import metrics as sk

from autotagging.results import bootstrap


@pytest.mark.parametrize("n_groups", [12, 60])
def test_areas_of_samples_are_those_of_scikit_learn_with_weights(n_groups):
    rng = np.random.default_rng(0)
    y_true = rng.random((60, 4)) < 0.3
    y_score = rng.random((60, 4)).round(1)  # with many ties
    groups = rng.permutation(np.arange(60) % n_groups)
    drawn = bootstrap.draw(groups, 5, seed=1)
    roc, pr = bootstrap.areas(y_true, y_score, groups, drawn)
    for k, weight in enumerate(drawn[groups].T):
        for tag, (true, score) in enumerate(zip(y_true.T, y_score.T, strict=True)):
            expected = sk.roc_auc_score(true, score, sample_weight=weight)
            assert roc[k, tag] == pytest.approx(expected, abs=1e-12)
            expected = sk.average_precision_score(true, score, sample_weight=weight)
            assert pr[k, tag] == pytest.approx(expected, abs=1e-12)


def test_a_tag_that_a_sample_lacks_is_left_out_of_its_average():
    y_true = np.array([[1, 1], [0, 0], [1, 0], [0, 0]], bool)
    y_score = np.array([[0.9, 0.9], [0.1, 0.1], [0.8, 0.2], [0.2, 0.3]])
    drawn = np.array([[0, 1], [2, 1], [1, 1], [1, 1.0]])  # the first sample lacks the first clip
    roc, pr = bootstrap.areas(y_true, y_score, np.arange(4), drawn)
    assert np.isnan(roc[0, 1])
    assert np.isnan(pr[0, 1])
    assert bootstrap.macro(roc).tolist() == [1, 1]
    assert bootstrap.macro(pr).tolist() == [1, 1]


def test_a_sample_of_nothing_but_the_tag_says_nothing_of_it():
    y_true, y_score = np.array([[1], [0], [1]], bool), np.array([[0.9], [0.1], [0.8]])
    roc, pr = bootstrap.areas(y_true, y_score, np.arange(3), np.array([[1.0], [0], [2]]))
    assert np.isnan([roc, pr]).all()


def test_samples_without_any_value_are_passed_over_without_a_warning():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        draws = np.array([[np.nan, np.nan], [0.2, np.nan], [0.4, np.nan]])
        low, high = bootstrap.interval(draws)
        assert low[0] == pytest.approx(0.205)
        assert high[0] == pytest.approx(0.395)
        assert np.isnan([low[1], high[1]]).all()
        np.testing.assert_allclose(bootstrap.macro(draws), [np.nan, 0.2, 0.4])
        assert np.isnan(bootstrap.areas(np.zeros((3, 1), bool), np.zeros((3, 1)), np.arange(3),
                                        np.ones((3, 2)))).all()  # fmt: skip
    assert bootstrap.probability_above_0(np.array([-1, 0, 1, 2, np.nan])) == 2.5 / 4
    assert bootstrap.probability_above_0(np.array([np.nan])) is None


def test_whole_artists_are_drawn():
    groups = np.array([0, 1, 0, 2, 1, 0])
    drawn = bootstrap.draw(groups, 200, seed=0)
    assert drawn.shape == (3, 200)
    assert (drawn.sum(axis=0) == 3).all()
    np.testing.assert_allclose(drawn.mean(axis=1), 1, atol=0.2)
    np.testing.assert_array_equal(drawn, bootstrap.draw(groups, 200, seed=0))
    assert (drawn != bootstrap.draw(groups, 200, seed=1)).any()


def test_an_album_belongs_to_its_artist_and_a_track_to_its_album():
    clips = pd.DataFrame(
        {
            "artist": ["x", "x", "y", "y", "x"],
            "album": ["hits", "hits", "hits", "b", "b"],
            "track": ["1", "2", "1", "1", "1"],
        }
    )
    n_groups = {unit: len(set(bootstrap.groups_of(clips, unit))) for unit in bootstrap.UNITS}
    assert n_groups == {"artists": 2, "albums": 4, "tracks": 5, "clips": 5}


def simulate(rng, n_artists, spread):
    """Return labels, scores and artists, who have the tag on all their clips or on none.

    The scores of an artist share an error of so much spread.
    """
    groups = np.repeat(np.arange(n_artists), rng.integers(4, 9, n_artists))
    y_true = (rng.random(n_artists) < 0.4)[groups, None]
    noise = rng.normal(0, (1 - spread**2) ** 0.5, y_true.shape)
    return y_true, norm.cdf(y_true + noise + rng.normal(0, spread, n_artists)[groups, None]), groups


@pytest.mark.parametrize("spread", [0, 0.7])
def test_the_interval_covers_the_known_area_as_often_as_it_promises(spread):
    known = norm.cdf(1 / 2**0.5)  # of two normal distributions, one deviation apart
    rng = np.random.default_rng(0)
    covered = 0
    for repetition in range(300):
        y_true, y_score, groups = simulate(rng, 60, spread)
        drawn = bootstrap.draw(groups, 200, seed=repetition)
        low, high = bootstrap.interval(bootstrap.areas(y_true, y_score, groups, drawn)[0][:, 0])
        covered += low <= known <= high
    # a percentile interval of 60 groups is a little short; drawn by clips, 0.69 with spread 0.7
    assert 0.88 <= covered / 300 <= 0.98


def test_clips_that_are_alike_have_a_wider_interval_by_artists_than_by_clips():
    y_true, y_score, groups = simulate(np.random.default_rng(1), 60, spread=0.9)
    widths = []
    for units in (groups, np.arange(len(groups))):
        draws = bootstrap.areas(y_true, y_score, units, bootstrap.draw(units, 400, seed=0))[0]
        low, high = bootstrap.interval(draws[:, 0])
        widths.append(high - low)
    assert widths[0] > 1.3 * widths[1]
