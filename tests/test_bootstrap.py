"""Intervals: scikit-learn's values in every resample, whole artists, the promised coverage."""

import tracemalloc
import warnings

import numpy as np
import pandas as pd
import pytest
from sklearn import metrics as sk

from autotagging.results import bootstrap
from autotagging.results.bootstrap import OF_A_DIFFERENCE, OF_AN_AUC, RankedTag, Resampling
from benchmarks import interval_coverage


@pytest.mark.parametrize("n_groups", [12, 60])
def test_aucs_of_resamples_are_those_of_scikit_learn_with_weights(monkeypatch, n_groups):
    monkeypatch.setattr(bootstrap, "CELLS", 120)  # blocks of two resamples
    rng = np.random.default_rng(0)
    y_true = rng.random((60, 4)) < 0.3
    y_score = rng.random((60, 4)).round(1)  # with many ties
    groups = rng.permutation(np.arange(60) % n_groups)
    resampling = Resampling(n_resamples=5, seed=1)
    roc, pr = bootstrap.resampled_aucs(y_true, y_score, groups, resampling)
    for k, weight in enumerate(draw(groups, resampling)[groups].T):
        for tag, (true, score) in enumerate(zip(y_true.T, y_score.T, strict=True)):
            expected = sk.roc_auc_score(true, score, sample_weight=weight)
            assert roc[k, tag] == pytest.approx(expected, abs=1e-12)
            expected = sk.average_precision_score(true, score, sample_weight=weight)
            assert pr[k, tag] == pytest.approx(expected, abs=1e-12)


def draw(groups, resampling):
    """Return the draws of all blocks: shape (n_groups, n_resamples)."""
    return np.hstack(list(bootstrap.draws(groups, resampling)))


def weigh(y_true, y_score, counts):
    """Return both AUCs of every tag where each clip is its own group: (2, n_resamples, n_tags)."""
    tags = zip(np.transpose(y_true), np.transpose(y_score), strict=True)
    ranked = [RankedTag.of(true, score, np.arange(len(true))) for true, score in tags]
    return np.stack([tag.aucs(np.array(counts, float)) for tag in ranked], axis=-1)


def test_a_tag_that_a_resample_lacks_is_left_out_of_its_average():
    y_true = np.array([[1, 1], [0, 0], [1, 0], [0, 0]], bool)
    y_score = np.array([[0.9, 0.9], [0.1, 0.1], [0.8, 0.2], [0.2, 0.3]])
    # The first resample lacks the first clip.
    roc, pr = weigh(y_true, y_score, [[0, 1], [2, 1], [1, 1], [1, 1]])
    assert np.isnan(roc[0, 1])
    assert np.isnan(pr[0, 1])
    assert bootstrap.macro(roc).tolist() == [1, 1]
    assert bootstrap.macro(pr).tolist() == [1, 1]


def test_a_resample_of_clips_with_the_tag_alone_says_nothing_of_it():
    y_true, y_score = np.array([[1], [0], [1]], bool), np.array([[0.9], [0.1], [0.8]])
    assert np.isnan(weigh(y_true, y_score, [[1], [0], [2]])).all()


def test_a_tag_that_no_clip_has_or_every_clip_has_no_value():
    y_true = np.array([[False, True]] * 3)
    resampling = Resampling(n_resamples=10)
    aucs = bootstrap.resampled_aucs(y_true, np.zeros((3, 2)), np.arange(3), resampling)
    assert aucs.shape == (2, 10, 2)
    assert np.isnan(aucs).all()


def test_whole_artists_are_resampled():
    groups = np.array([0, 1, 0, 2, 1, 0])
    counts = draw(groups, Resampling(n_resamples=200, seed=0))
    assert counts.shape == (3, 200)
    assert (counts.sum(axis=0) == 3).all()
    np.testing.assert_allclose(counts.mean(axis=1), 1, atol=0.2)
    again, other = (draw(groups, Resampling(n_resamples=200, seed=s)) for s in (0, 1))
    np.testing.assert_array_equal(counts, again)
    assert (counts != other).any()


@pytest.mark.parametrize("n_groups", [7, 40])
def test_the_draws_are_the_same_in_blocks_of_any_size(monkeypatch, n_groups):
    groups, resampling = np.arange(40) % n_groups, Resampling(n_resamples=50)
    at_once = draw(groups, resampling)
    monkeypatch.setattr(bootstrap, "CELLS", 120)
    blocks = list(bootstrap.draws(groups, resampling))
    assert [block.shape[1] for block in blocks] == [3] * 16 + [2]
    np.testing.assert_array_equal(np.hstack(blocks), at_once)


@pytest.mark.parametrize("unit", ["artists", "clips"])
def test_the_memory_taken_does_not_grow_with_clips_times_resamples(unit):
    peaks = []
    for n_clips in (5_000, 20_000):
        rng = np.random.default_rng(0)
        groups = np.arange(n_clips) if unit == "clips" else np.arange(n_clips) % 50
        y_true, y_score = rng.random((n_clips, 1)) < 0.5, rng.random((n_clips, 1))
        tracemalloc.start()
        bootstrap.resampled_aucs(y_true, y_score, groups, Resampling())
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.5 * peaks[0]
    assert peaks[1] < 20_000 * 1000 * 8 / 4  # a quarter of one number a clip and resample


def test_resamples_without_any_value_are_passed_over_without_a_warning():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        values = np.array([[np.nan, np.nan], [0.2, np.nan], [0.4, np.nan]])
        low, high = bootstrap.interval(values, np.array([0.3, 0.3]), 10**6, OF_AN_AUC)
        assert low[0] == pytest.approx(0.205, abs=1e-5)
        assert high[0] == pytest.approx(0.395, abs=1e-5)
        assert np.isnan([low[1], high[1]]).all()
        np.testing.assert_allclose(bootstrap.macro(values), [np.nan, 0.2, 0.4])


def test_the_interval_lies_around_the_point_value_and_not_around_biased_resamples():
    values = np.random.default_rng(0).normal(0.6, 0.05, 1000)
    low, high = bootstrap.interval(values, 0.5, 10**6, OF_AN_AUC)
    expected = np.quantile(values, [0.025, 0.975]) - np.median(values) + 0.5
    np.testing.assert_allclose([low, high], expected, atol=1e-5)


@pytest.mark.parametrize("point", [0.0, 0.03, 0.5, 0.97, 1.0])
@pytest.mark.parametrize("n_groups", [2, 5, 100])
def test_the_interval_holds_the_point_value_and_stays_within_its_limits(point, n_groups):
    values = np.random.default_rng(0).choice([0, 0.1, 1], p=[0.01, 0.01, 0.98], size=1000)
    for resampled in (values, 1 - values, values * 0 + 0.5):
        low, high = bootstrap.interval(resampled, point, n_groups, OF_AN_AUC)
        assert 0 <= low <= point <= high <= 1
        low, high = bootstrap.interval(resampled, -point, n_groups, OF_A_DIFFERENCE)
        assert -1 <= low <= -point <= high <= 1


def test_few_groups_widen_the_interval_and_one_has_none():
    values = np.random.default_rng(0).normal(0, 0.01, 1000)
    widths = [np.ptp(bootstrap.interval(values, 0, n, OF_A_DIFFERENCE)) for n in (4, 20, 10**6)]
    assert widths[1] / widths[2] == pytest.approx(2.093 / 1.960 * (20 / 19) ** 0.5, rel=1e-3)
    assert widths[0] / widths[2] == pytest.approx(3.182 / 1.960 * (4 / 3) ** 0.5, rel=1e-3)
    assert np.isnan(bootstrap.interval(values, 0, 1, OF_A_DIFFERENCE)).all()
    assert bootstrap.probability_above_0(values, 0, 1) is None


def test_the_probability_to_be_above_0_counts_a_tie_half():
    assert bootstrap.probability_above_0(np.array([-1, 0, 1, 2, np.nan]), 0.5, 50) == 0.5
    assert bootstrap.probability_above_0(np.array([-1, 0, 0, 3]), 0, 50) == 0.5
    assert bootstrap.probability_above_0(np.array([-1, 0, 0, 3]), 2, 50) == 1
    assert bootstrap.probability_above_0(np.array([np.nan]), 0.5, 50) is None
    assert bootstrap.probability_above_0(np.array([0.5]), None, 50) is None


@pytest.mark.parametrize("n_groups", [5, 50])
def test_the_probability_says_that_the_interval_is_above_0_where_it_is(n_groups):
    values = np.random.default_rng(0).gamma(2, 0.01, 1000)
    for point in np.linspace(0, 0.1, 101):
        low, _ = bootstrap.interval(values, point, n_groups, OF_A_DIFFERENCE)
        probability = bootstrap.probability_above_0(values, point, n_groups)
        assert (low > 0) == (probability >= 0.975)


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


@pytest.fixture(scope="module")
def drawn():
    """Return the intervals' making in 150 test parts of artists with tags of their own."""
    law = interval_coverage.Law(40, 4.5, own_tags=0.5, shared_errors=0.5, n_tags=20)
    parts = [interval_coverage.draw(law, seed, 100) for seed in range(150)]
    return dict(zip(interval_coverage.MEASURES, zip(*parts, strict=True), strict=True))


@pytest.mark.parametrize("measure", interval_coverage.MEASURES)
def test_the_interval_covers_the_known_answer_as_often_as_it_promises(drawn, measure):
    share, _, _ = interval_coverage.coverage(drawn[measure], interval_coverage.of_bootstrap)
    assert 0.88 <= share <= 0.99


def test_quantiles_of_the_resamples_would_not_cover_the_macro_pr_auc(drawn):
    share, _, _ = interval_coverage.coverage(drawn["macro PR"], interval_coverage.percentile)
    assert share < 0.88


def test_clips_that_are_alike_have_a_wider_interval_by_artists_than_by_clips():
    law = interval_coverage.Law(60, 6, own_tags=0.9, shared_errors=0.9)
    artists, y_true, y_scores = interval_coverage.draw_clips(law, np.random.default_rng(1))
    widths = []
    for groups in (artists, np.arange(len(artists))):
        resampling = Resampling(n_resamples=400)
        roc, _ = bootstrap.resampled_aucs(y_true, y_scores[0], groups, resampling)
        n_groups = len(np.unique(groups))
        widths.append(np.ptp(bootstrap.interval(bootstrap.macro(roc), 0.5, n_groups, OF_AN_AUC)))
    assert widths[0] > 1.3 * widths[1]
