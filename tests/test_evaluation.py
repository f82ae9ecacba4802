"""Every number of an evaluation, on stored scores and on cases worked by hand."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from autotagging import metrics
from autotagging.results import evaluation
from autotagging.thresholds import choose_thresholds

HOW = {"unit": "artists", "draws": 200, "seed": 0}
STORED = Path(__file__).with_name("stored_scores.csv")
TAGS = ["rock", "no beat", "soft", "rare"]


@pytest.fixture
def judged():
    """Return 60 clips by 15 artists with four tags and scores, as they are stored."""
    table = pd.read_csv(STORED, dtype={"clip_id": str}).set_index("clip_id")
    y_score = table[[f"score of {tag}" for tag in TAGS]].set_axis(TAGS, axis=1)
    labels = pd.concat([table["split"], table[TAGS].astype(bool)], axis=1)
    return {
        "labels": labels,
        "clips": table[["artist"]].assign(album="an album", track="1"),
        "y_score": y_score[labels["split"] != "train"],
        "thresholds": pd.Series([0.3, 0.4, 0.5, 0.6], index=TAGS),
    }


# Counted pair by pair in plain Python, without numpy and scikit-learn: clips, artists, tags; macro
# ROC-AUC and PR-AUC, micro ones; macro F1 at 0.5 and at the thresholds, accuracy; Brier score.
STORED_VALUES = {
    evaluation.TEST: (34, 9, 3, 0.786849, 0.568414, 0.838408, 0.683698, 0.393939, 0.481004,
                      0.705882, 0.157433),
    evaluation.HEARD: (6, 2, 2, 0.688889, 0.583333, 0.718750, 0.642857, 0.2, 0.375, 0.583333,
                       0.20025),
    evaluation.UNHEARD: (28, 7, 3, 0.817976, 0.593747, 0.860938, 0.726209, 0.435294, 0.495298,
                         0.726190, 0.151324),
    evaluation.VALIDATION: (12, 3, 4, 0.972656, 0.957589, 0.926471, 0.866948, 0.688889, 0.727273,
                            0.8125, 0.130996),
}  # fmt: skip


@pytest.mark.parametrize("group", STORED_VALUES)
def test_stored_scores_have_the_values_counted_by_hand(judged, group):
    row = evaluation.evaluate(judged, HOW)[0][group]
    found = (
        row["clips"],
        row["groups"],
        row["tags"],
        row["macro"]["roc_auc"]["value"],
        row["macro"]["pr_auc"]["value"],
        row["micro"]["roc_auc"],
        row["micro"]["pr_auc"],
        row["at_half"]["macro"]["f1"],
        row["at_thresholds"]["macro"]["f1"],
        row["at_half"]["macro"]["accuracy"],
        row["calibration"]["brier"],
    )
    assert found == pytest.approx(STORED_VALUES[group], abs=1e-6)


def test_a_tag_that_no_test_clip_has_is_named_and_spoils_nothing(judged):
    rows, tables = evaluation.evaluate(judged, HOW)
    assert rows[evaluation.TEST]["tags_left_out"] == ["rare"]
    assert rows[evaluation.HEARD]["tags_left_out"] == ["rock", "rare"]
    rare = tables["per_tag"].set_index("tag").loc["rare"]
    assert rare["positives"] == 0
    assert np.isnan(rare[["roc_auc", "roc_auc_low", "pr_auc_high", "recall"]].astype(float)).all()
    assert rare["draws_without"] == 1
    assert "rare" not in set(tables["curves"]["tag"])


def test_intervals_hold_their_value_and_samples_without_a_tag_are_counted(judged):
    rows, tables = evaluation.evaluate(judged, {**HOW, "draws": 500})
    for area in metrics.AREAS:
        value = rows[evaluation.TEST]["macro"][area]
        assert value["low"] < value["value"] < value["high"]
    table = tables["per_tag"].set_index("tag")
    known = table["roc_auc_low"].notna()
    assert (table["roc_auc_low"] <= table["roc_auc"])[known].all()
    # "soft" is on clips of few of the nine artists
    by_artist = judged["labels"].groupby(judged["clips"]["artist"])["soft"].any()
    test = judged["clips"]["artist"][evaluation.test_clips(judged)].unique()
    n_with = by_artist[test].sum()
    assert table.loc["soft", "draws_without"] == pytest.approx((1 - n_with / 9) ** 9, abs=0.03)


def test_a_group_without_clips_has_no_values(judged):
    judged["labels"]["split"] = judged["labels"]["split"].replace({"train": "validation"})
    rows, _ = evaluation.evaluate(judged, HOW)
    row = rows[evaluation.HEARD]
    assert row["clips"] == 0
    assert row["macro"]["roc_auc"] == {"value": None, "low": None, "high": None}
    assert row["calibration"] is None


def test_one_artist_alone_has_no_interval(judged):
    judged["clips"]["artist"] = "one"
    row = evaluation.evaluate(judged, HOW)[0][evaluation.UNHEARD]
    assert row["macro"]["roc_auc"]["value"] is None  # the one artist was heard
    value = evaluation.evaluate(judged, HOW)[0][evaluation.TEST]["macro"]["roc_auc"]
    assert value["value"] == pytest.approx(0.786849, abs=1e-6)
    assert value["low"] is value["high"] is None


def test_a_tag_of_few_artists_has_no_interval(judged):
    table = evaluation.evaluate(judged, HOW)[1]["per_tag"].set_index("tag")
    few = table["groups"] < evaluation.LEAST_GROUPS
    assert few.any()
    assert (~few).any()
    assert (table["roc_auc_low"].isna() == few).all()


def test_a_label_set_without_training_clips_is_evaluated(judged):
    judged["labels"] = judged["labels"].query("split != 'train'")
    baselines = evaluation.baselines(judged)
    assert baselines["prevalence"]["macro"]["pr_auc"] is None
    assert evaluation.evaluate(judged, HOW)[0][evaluation.HEARD]["clips"] == 0


def test_synonyms_are_merged_by_maximum_in_labels_and_scores(judged):
    merged = evaluation.with_synonyms_merged(judged, {"no beat": "soft"})
    assert merged["y_score"].columns.tolist() == ["soft", "rock", "rare"]  # by frequency
    pd.testing.assert_series_equal(
        merged["y_score"]["soft"],
        judged["y_score"][["soft", "no beat"]].max(axis=1),
        check_names=False,
    )
    either = judged["labels"]["soft"] | judged["labels"]["no beat"]
    pd.testing.assert_series_equal(merged["labels"]["soft"], either, check_names=False)
    validation = merged["labels"].query("split == 'validation'").index
    expected = choose_thresholds(
        merged["labels"].loc[validation, ["soft"]].to_numpy(),
        merged["y_score"].loc[validation, ["soft"]].to_numpy(),
    )
    assert merged["thresholds"]["soft"] == expected[0]


def test_the_truth_is_held_against_the_same_scores(judged):
    truth = judged["labels"][TAGS].copy()
    truth["rare"] = truth["rock"]
    y_true = evaluation.select_truth(truth, judged)
    row = evaluation.measure(y_true, judged, HOW)
    assert row["tags"] == 4
    with pytest.raises(ValueError, match="--truth lacks 1 tags: rare"):
        evaluation.select_truth(truth.drop(columns="rare"), judged)
    with pytest.raises(ValueError, match="--truth lacks 1 clips: 2"):
        evaluation.select_truth(truth.drop(index="2"), judged)


def test_the_baselines_listen_to_nothing(judged):
    baselines = evaluation.baselines(judged)
    y_true = evaluation.test_labels(judged)[TAGS[:3]]
    assert baselines["nothing"]["macro"]["accuracy"] == pytest.approx(1 - y_true.mean().mean())
    assert baselines["prevalence"]["macro"]["roc_auc"] == 0.5
    assert baselines["prevalence"]["macro"]["pr_auc"] == pytest.approx(y_true.mean().mean())
    train = judged["labels"].query("split == 'train'")[y_true.columns].mean().to_numpy()
    ranked = np.tile(train, (len(y_true), 1))
    expected = roc_auc_score(y_true.to_numpy().ravel(), ranked.ravel())
    assert baselines["prevalence"]["micro"]["roc_auc"] == pytest.approx(expected)
    assert expected != 0.5  # frequent tags come first


def test_a_comparison_is_paired(judged):
    scores = judged["y_score"]
    same = evaluation.paired_difference(judged, scores, HOW)
    assert same["roc_auc"]["value"] == same["roc_auc"]["low"] == same["roc_auc"]["high"] == 0
    assert same["roc_auc"]["probability_better"] == 0.5
    worse = scores.copy()
    worse.loc[:, :] = np.random.default_rng(0).random(scores.shape)
    better = evaluation.paired_difference(judged, worse, HOW)
    assert better["clips"] == 34
    assert better["roc_auc"]["ours"] == pytest.approx(0.786849, abs=1e-6)
    assert 0 < better["roc_auc"]["low"] < better["roc_auc"]["value"]
    assert better["pr_auc"]["probability_better"] > 0.95
    opposite = evaluation.paired_difference({**judged, "y_score": worse}, scores, HOW)
    assert opposite["roc_auc"]["value"] == pytest.approx(-better["roc_auc"]["value"])
    assert opposite["roc_auc"]["low"] == pytest.approx(-better["roc_auc"]["high"])


def test_what_two_systems_have_in_common_is_compared(judged):
    theirs = judged["y_score"].iloc[:20].drop(columns="soft").assign(other=0.5)
    result = evaluation.paired_difference(judged, theirs, HOW)
    n_test = evaluation.test_clips(judged).isin(theirs.index).sum()
    assert result["clips"] == n_test
    assert result["clips_left_out"] == 34 - n_test + len(theirs) - n_test
    assert result["tags"] == 2
    assert result["tags_left_out"] == 2
    with pytest.raises(ValueError, match="no test clip or no tag in common"):
        evaluation.paired_difference(judged, theirs[["other"]], HOW)
