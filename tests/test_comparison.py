"""Finished results side by side: over seeds, and against a reference."""

import dataclasses
import re

import numpy as np
import pandas as pd
import pytest

from autotagging.results import comparison, evaluation
from autotagging.results.bootstrap import Resampling
from autotagging.results.scores import ScoredClips

RESAMPLING = Resampling("clips", n_resamples=100)


def row_of(roc_auc):
    auc = {"value": roc_auc, "low": roc_auc - 0.05, "high": roc_auc + 0.05}
    return {
        "clips": 1234,
        "groups": 4,
        "tags": 3,
        "tags_left_out": ["rare"],
        "macro": {"roc_auc": auc, "pr_auc": {"value": None, "low": None, "high": None}},
        "micro": {"roc_auc": 0.9, "pr_auc": 0.5},
        "at_thresholds": {"macro": {"f1": 0.4}},
    }


def summary_of(roc_auc, **settings):
    groups = {evaluation.TEST: 0, evaluation.HEARD: 0.03, evaluation.UNHEARD: -0.02}
    settings = {"architecture": "vgg", "features": "mel96", **settings}
    return {
        "rows": {name: row_of(roc_auc + step) for name, step in groups.items()},
        "model": {"settings": settings},
        "settings": {"resample": "artists"},
        "tags": ["rock", "soft", "slow", "rare"],
    }


@pytest.fixture
def summaries():
    """Return results of two runs that differ by their seed, and of three that stand alone."""
    return {
        "a": summary_of(0.7, seed=0, epochs=2),
        "b": summary_of(0.8, seed=1, epochs=2),
        "longer": summary_of(0.9, seed=2, epochs=3),
        "together": summary_of(0.85, seed=[0, 1], epochs=2),
        "peer": {**summary_of(0.6), "model": None},
    }


def test_a_row_says_what_was_trained_and_how_it_does_on_artists_heard_and_not(summaries):
    table = comparison.side_by_side(summaries).set_index("results")
    row = table.loc["longer"]
    assert row[["architecture", "features", "seeds", "n"]].tolist() == ["vgg", "mel96", "2", 1234]
    assert row["roc_auc"] == 0.9
    assert row["roc_auc_heard"] == pytest.approx(0.93)
    assert row["roc_auc_unheard"] == pytest.approx(0.88)
    assert table.loc["together", "seeds"] == "0, 1"
    peer = ["architecture", "features", "seeds"]
    assert table.loc["peer", peer].tolist() == ["external scores", "", ""]


def test_runs_that_differ_by_their_seed_alone_have_a_mean_and_a_deviation(summaries):
    table = comparison.side_by_side(summaries).set_index("results")
    assert table.index.tolist() == [*summaries, "mean of 2: a, b"]
    mean = table.loc["mean of 2: a, b"]
    assert mean["roc_auc"] == pytest.approx(0.75)
    assert mean["roc_auc_sd"] == pytest.approx(np.std([0.7, 0.8], ddof=1))
    assert mean["roc_auc_heard"] == pytest.approx(0.78)
    assert np.isnan(mean["pr_auc"])
    assert mean["seeds"] == "0, 1"


def test_runs_of_the_same_seed_have_no_mean(summaries):
    summaries["b"]["model"]["settings"]["seed"] = 0
    assert comparison.side_by_side(summaries)["results"].tolist() == list(summaries)


def test_averages_over_the_same_tags_are_one_tag_set_and_nothing_is_said(summaries):
    table = comparison.side_by_side(summaries)
    assert table["tag_set"].tolist() == [1] * 6
    assert "tag set" not in comparison.for_papers(table)
    assert comparison.describe_tag_sets(summaries) == ""


@pytest.fixture
def of_tag_sets(summaries):
    """Return results of which b and longer have no scores of a tag, and the peer of another two."""
    for name, tags in (("b", ["soft", "rock"]), ("longer", ["rock", "soft"]), ("peer", ["slow"])):
        summaries[name]["tags"] = tags
        summaries[name]["rows"][evaluation.TEST] |= {"tags": len(tags), "tags_left_out": []}
    return summaries


def test_averages_over_other_tags_are_numbered_sorted_and_described(of_tag_sets):
    table = comparison.side_by_side(of_tag_sets).set_index("results")
    assert table.index.tolist() == ["a", "together", "b", "longer", "peer"]  # and no mean of a, b
    assert table["tag_set"].tolist() == [1, 1, 2, 2, 3]
    assert table["tags"].tolist() == [3, 3, 2, 2, 1]
    written = comparison.for_papers(table.reset_index()).set_index("network")
    assert written["tag set"].to_dict() == {k: str(n) for k, n in table["tag_set"].items()}
    assert comparison.describe_tag_sets(of_tag_sets) == (
        "Averages over different tag sets cannot be compared; differences to a --reference are of "
        "the tags in common (tag set 1: 3 tags, without rare; tag set 2: 2 tags, without slow, "
        "rare; tag set 3: 1 tag, without rock, soft, rare)."
    )


def test_as_many_but_other_tags_are_another_tag_set(summaries):
    summaries["peer"]["rows"][evaluation.TEST] |= {"tags_left_out": ["slow"]}
    table = comparison.side_by_side(summaries).set_index("results")
    assert table["tags"].unique().tolist() == [3]
    assert table.index[table["tag_set"] == 2].tolist() == ["peer"]


def test_for_papers_a_mean_has_a_deviation_and_the_others_an_interval(summaries):
    table = comparison.side_by_side(summaries)
    written = comparison.for_papers(table).set_index("network")
    assert written.loc["mean of 2: a, b", "ROC-AUC (95 % interval)"] == ".750 ± .071"
    assert written.loc["longer", "ROC-AUC (95 % interval)"] == ".900 (.850 to .950)"
    assert written.loc["longer", "PR-AUC (95 % interval)"] == "-"
    assert written.loc["longer", "ROC-AUC, unheard"] == ".880"
    assert written.loc["longer", "n"] == "1,234"
    assert not any("against" in column for column in written)


@pytest.fixture
def scored():
    """Return scores of the same 60 test clips: good ones, noise, and noise for half of them."""
    rng = np.random.default_rng(0)
    index, tags = pd.Index(map(str, range(60)), name="clip_id"), ["rock", "soft"]
    labels = pd.DataFrame(rng.random((60, 2)) < 0.4, index, tags)
    noise = pd.DataFrame(rng.random((60, 2)), index, tags)
    clips = pd.DataFrame({"artist": "x", "album": "y", "track": "z"}, index)
    thresholds = pd.Series(0.5, index=tags)
    split = pd.Series("test", index, name="split")
    noisy = ScoredClips(pd.concat([split, labels], axis=1), clips, noise, thresholds)
    return {
        "a": dataclasses.replace(noisy, y_score=0.5 * noise + 0.5 * labels),
        "b": noisy,
        "half": dataclasses.replace(noisy, y_score=noise[:30]),
    }


@pytest.fixture
def compared(scored):
    """Return good scores, noise and half of it against the noise, by their names."""
    summaries = {name: summary_of(0.7, seed=i) for i, name in enumerate(scored)}
    table = comparison.side_by_side(summaries)
    return comparison.add_differences(table, scored, "b", RESAMPLING)


def test_every_row_but_the_reference_and_the_means_has_a_difference(compared, scored):
    table = compared.set_index("results")
    assert table.index.tolist() == ["a", "b", "half", "mean of 3: a, b, half"]
    assert table["roc_auc_difference"].notna().tolist() == [True, False, True, False]
    expected = evaluation.paired_difference(scored["a"], scored["b"].y_score, RESAMPLING)
    for auc in ("roc_auc", "pr_auc"):
        row = table.loc["a"].filter(like=f"{auc}_").loc[f"{auc}_difference" :]
        values = [expected[auc][key] for key in ("value", "low", "high", "probability_better")]
        assert row.tolist() == values
    assert table.loc["a", "roc_auc_difference_low"] > 0
    assert table.loc["a", "roc_auc_probability_better"] == 1


def test_clips_that_both_have_scores_of_are_compared(compared):
    table = compared.set_index("results")
    assert table.loc["a", "clips_compared"] == 60
    assert table.loc["half", "clips_compared"] == 30
    assert table["tags_compared"].dropna().tolist() == [2, 2]
    assert table.loc["half", "roc_auc_difference"] == 0
    assert table.loc["half", "roc_auc_probability_better"] == 0.5


def keep_tags(scored, tags):
    thresholds = pd.Series(0.5, index=tags)
    return dataclasses.replace(scored, y_score=scored.y_score[tags], thresholds=thresholds)


def test_a_difference_is_of_the_tags_in_common(scored):
    some = {"a": scored["a"], "b": keep_tags(scored["b"], ["soft"])}
    table = comparison.side_by_side({name: summary_of(0.7, seed=[0, 1]) for name in some})
    row = comparison.add_differences(table, some, "b", RESAMPLING).set_index("results").loc["a"]
    alone = keep_tags(scored["a"], ["soft"])
    expected = evaluation.paired_difference(alone, some["b"].y_score, RESAMPLING)
    assert row["tags_compared"] == 1
    assert row["roc_auc_difference"] == expected["roc_auc"]["value"]


def test_results_without_a_tag_in_common_have_no_difference_and_the_others_have_theirs(scored):
    some = {
        "a": keep_tags(scored["a"], ["rock"]),
        "b": keep_tags(scored["b"], ["soft"]),
        "half": scored["half"],
    }
    table = comparison.side_by_side({name: summary_of(0.7, seed=[0, 1]) for name in some})
    table = comparison.add_differences(table, some, "b", RESAMPLING)
    compared = table.set_index("results")
    assert compared["tags_compared"].fillna(-1).to_dict() == {"a": 0, "b": -1, "half": 1}
    assert compared["roc_auc_difference"].notna().to_dict() == {
        "a": False,
        "b": False,
        "half": True,
    }
    written = comparison.for_papers(table, "b").set_index("network")
    assert written["tags compared"].to_dict() == {"a": "0", "b": "-", "half": "1"}
    assert written.loc["a", "ROC-AUC against b"] == "-"


def test_for_papers_a_difference_has_a_sign_and_its_interval(compared):
    written = comparison.for_papers(compared, "b").set_index("network")
    assert written["PR-AUC against b"]["b"] == "-"
    assert written["ROC-AUC against b"]["half"] == "+.000 (+.000 to +.000)"
    assert re.fullmatch(r"\+\.\d{3} \(\+\.\d{3} to \+\.\d{3}\)", written["ROC-AUC against b"]["a"])
