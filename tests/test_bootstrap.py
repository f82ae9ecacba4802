"""Intervals: scikit-learn's values in every resample, whole artists, the promised coverage."""

import warnings

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm
from sklearn import metrics as sk

from autotagging.results import bootstrap
from autotagging.results.bootstrap import Resampling


@pytest.mark.parametrize("n_groups", [12, 60])
def test_aucs_of_resamples_are_those_of_scikit_learn_with_weights(n_groups):
    rng = np.random.default_rng(0)
    y_true = rng.random((60, 4)) < 0.3
    y_score = rng.random((60, 4)).round(1)  # with many ties
    groups = rng.permutation(np.arange(60) % n_groups)
    counts = bootstrap.resample(groups, Resampling(n_resamples=5, seed=1))
    roc, pr = bootstrap.resampled_aucs(y_true, y_score, groups, counts)
    for k, weight in enumerate(counts[groups].T):
        for tag, (true, score) in enumerate(zip(y_true.T, y_score.T, strict=True)):
            expected = sk.roc_auc_score(true, score, sample_weight=weight)
            assert roc[k, tag] == pytest.approx(expected, abs=1e-12)
            expected = sk.average_precision_score(true, score, sample_weight=weight)
            assert pr[k, tag] == pytest.approx(expected, abs=1e-12)


def test_a_tag_that_a_resample_lacks_is_left_out_of_its_average():
    y_true = np.array([[1, 1], [0, 0], [1, 0], [0, 0]], bool)
    y_score = np.array([[0.9, 0.9], [0.1, 0.1], [0.8, 0.2], [0.2, 0.3]])
    counts = np.array([[0, 1], [2, 1], [1, 1], [1, 1.0]])  # the first lacks the first clip
    roc, pr = bootstrap.resampled_aucs(y_true, y_score, np.arange(4), counts)
    assert np.isnan(roc[0, 1])
    assert np.isnan(pr[0, 1])
    assert bootstrap.macro(roc).tolist() == [1, 1]
    assert bootstrap.macro(pr).tolist() == [1, 1]


def test_a_resample_of_clips_with_the_tag_alone_says_nothing_of_it():
    y_true, y_score = np.array([[1], [0], [1]], bool), np.array([[0.9], [0.1], [0.8]])
    counts = np.array([[1.0], [0], [2]])
    assert np.isnan(bootstrap.resampled_aucs(y_true, y_score, np.arange(3), counts)).all()


def test_resamples_without_any_value_are_passed_over_without_a_warning():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        values = np.array([[np.nan, np.nan], [0.2, np.nan], [0.4, np.nan]])
        low, high = bootstrap.interval(values)
        assert low[0] == pytest.approx(0.205)
        assert high[0] == pytest.approx(0.395)
        assert np.isnan([low[1], high[1]]).all()
        np.testing.assert_allclose(bootstrap.macro(values), [np.nan, 0.2, 0.4])
        nothing = np.zeros((3, 1), bool), np.zeros((3, 1)), np.arange(3), np.ones((3, 2))
        assert np.isnan(bootstrap.resampled_aucs(*nothing)).all()


def test_the_probability_to_be_above_0_counts_a_tie_half():
    assert bootstrap.probability_above_0(np.array([-1, 0, 1, 2, np.nan])) == 2.5 / 4
    assert bootstrap.probability_above_0(np.array([np.nan])) is None


def test_whole_artists_are_resampled():
    groups = np.array([0, 1, 0, 2, 1, 0])
    counts = bootstrap.resample(groups, Resampling(n_resamples=200, seed=0))
    assert counts.shape == (3, 200)
    assert (counts.sum(axis=0) == 3).all()
    np.testing.assert_allclose(counts.mean(axis=1), 1, atol=0.2)
    again, other = (bootstrap.resample(groups, Resampling(n_resamples=200, seed=s)) for s in (0, 1))
    np.testing.assert_array_equal(counts, again)
    assert (counts != other).any()


def test_groups_without_a_clip_are_in_no_resample():
    counts = bootstrap.resample(np.array([0, 2, 2]), Resampling(n_resamples=50))
    assert counts.shape == (3, 50)
    assert (counts[1] == 0).all()
    assert (counts.sum(axis=0) == 2).all()


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


def interval_of(y_true, y_score, groups, resampling):
    counts = bootstrap.resample(groups, resampling)
    return bootstrap.interval(bootstrap.resampled_aucs(y_true, y_score, groups, counts)[0][:, 0])


@pytest.mark.parametrize("spread", [0, 0.7])
def test_the_interval_covers_the_known_auc_as_often_as_it_promises(spread):
    known = norm.cdf(1 / 2**0.5)  # of two normal distributions, one deviation apart
    rng = np.random.default_rng(0)
    covered = 0
    for repetition in range(300):
        clips = simulate(rng, 60, spread)
        low, high = interval_of(*clips, Resampling(n_resamples=200, seed=repetition))
        covered += low <= known <= high
    # a percentile interval of 60 groups is a little short; by clips, 0.69 with spread 0.7
    assert 0.88 <= covered / 300 <= 0.98


def test_clips_that_are_alike_have_a_wider_interval_by_artists_than_by_clips():
    y_true, y_score, artists = simulate(np.random.default_rng(1), 60, spread=0.9)
    widths = []
    for groups in (artists, np.arange(len(artists))):
        low, high = interval_of(y_true, y_score, groups, Resampling(n_resamples=400))
        widths.append(high - low)
    assert widths[0] > 1.3 * widths[1]
