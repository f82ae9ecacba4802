"""Every number of an evaluation, on stored scores and on cases worked by hand."""

import dataclasses
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from autotagging import metrics
from autotagging.results import evaluation, variants
from autotagging.results.bootstrap import Resampling
from autotagging.results.scores import ScoredClips
from autotagging.thresholds import choose_thresholds

RESAMPLING = Resampling("artists", n_resamples=200, seed=0)
STORED = Path(__file__).with_name("stored_scores.csv")
TAGS = ["rock", "no beat", "soft", "rare"]


@pytest.fixture
def scored():
    """Return 60 clips by 15 artists with four tags and scores, as they are stored."""
    table = pd.read_csv(STORED, dtype={"clip_id": str}).set_index("clip_id")
    y_score = table[[f"score of {tag}" for tag in TAGS]].set_axis(TAGS, axis=1)
    labels = pd.concat([table["split"], table[TAGS].astype(bool)], axis=1)
    return ScoredClips(
        labels=labels,
        clips=table[["artist"]].assign(album="an album", track="1"),
        y_score=y_score[labels["split"] != "train"],
        thresholds=pd.Series([0.3, 0.4, 0.5, 0.6], index=TAGS),
    )


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
def test_stored_scores_have_the_values_counted_by_hand(scored, group):
    row = evaluation.evaluate(scored, RESAMPLING)[0][group]
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


def test_a_tag_that_no_test_clip_has_is_named_and_spoils_nothing(scored):
    rows, tables = evaluation.evaluate(scored, RESAMPLING)
    assert rows[evaluation.TEST]["tags_left_out"] == ["rare"]
    assert rows[evaluation.HEARD]["tags_left_out"] == ["rock", "rare"]
    rare = tables["per_tag"].set_index("tag").loc["rare"]
    assert rare["positives"] == 0
    assert np.isnan(rare[["roc_auc", "roc_auc_low", "pr_auc_high", "recall"]].astype(float)).all()
    assert rare["resamples_without"] == 1
    assert "rare" not in set(tables["curves"]["tag"])


def test_a_tag_on_every_test_clip_is_left_out_of_every_average(scored):
    labels = scored.labels.assign(rock=True)
    without = [tag for tag in TAGS if tag != "rock"]
    fewer = dataclasses.replace(
        scored,
        labels=labels.drop(columns="rock"),
        y_score=scored.y_score[without],
        thresholds=scored.thresholds[without],
    )
    rows, tables = evaluation.evaluate(dataclasses.replace(scored, labels=labels), RESAMPLING)
    expected, _ = evaluation.evaluate(fewer, RESAMPLING)
    assert rows[evaluation.TEST]["macro"] == expected[evaluation.TEST]["macro"]
    assert rows[evaluation.TEST]["tags_left_out"] == ["rock", "rare"]
    assert rows[evaluation.TEST]["tags_on_every_clip"] == ["rock"]
    per_tag = tables["per_tag"].set_index("tag")
    macro = rows[evaluation.TEST]["macro"]["pr_auc"]["value"]
    assert per_tag["pr_auc"].mean() == pytest.approx(macro)  # and no 1 for rock


def test_intervals_hold_their_value(scored):
    rows, tables = evaluation.evaluate(scored, RESAMPLING)
    for auc in metrics.AUCS:
        value = rows[evaluation.TEST]["macro"][auc]
        assert value["low"] < value["value"] < value["high"]
        table = tables["per_tag"].dropna(subset=f"{auc}_low")
        assert len(table)
        assert table[auc].between(table[f"{auc}_low"], table[f"{auc}_high"]).all()


def test_resamples_without_a_tag_are_counted(scored):
    resampling = dataclasses.replace(RESAMPLING, n_resamples=500)
    table = evaluation.evaluate(scored, resampling)[1]["per_tag"].set_index("tag")
    artists = scored.clips["artist"][scored.test_ids]
    n_with = scored.labels["soft"][scored.test_ids].groupby(artists).any().sum()
    assert table.loc["soft", "groups"] == n_with == 2  # of nine
    expected = (1 - n_with / 9) ** 9
    assert table.loc["soft", "resamples_without"] == pytest.approx(expected, abs=0.03)


def test_a_group_without_clips_has_no_values(scored):
    scored.labels["split"] = scored.labels["split"].replace({"train": "validation"})
    row = evaluation.evaluate(scored, RESAMPLING)[0][evaluation.HEARD]
    assert row["clips"] == 0
    assert row["macro"]["roc_auc"] == {"value": None, "low": None, "high": None}
    assert row["calibration"] is None


def test_one_artist_alone_has_no_interval(scored):
    scored.clips["artist"] = "one"
    rows, _ = evaluation.evaluate(scored, RESAMPLING)
    assert rows[evaluation.UNHEARD]["clips"] == 0  # the one artist was heard
    value = rows[evaluation.TEST]["macro"]["roc_auc"]
    assert value["value"] == pytest.approx(0.786849, abs=1e-6)
    assert value["low"] is value["high"] is None


def test_a_tag_of_few_artists_has_no_interval(scored):
    table = evaluation.evaluate(scored, RESAMPLING)[1]["per_tag"].set_index("tag")
    few = table["groups"] < evaluation.MIN_GROUPS
    assert few.any()
    assert (~few).any()
    assert (table["roc_auc_low"].isna() == few).all()


def test_a_label_set_without_training_clips_is_evaluated(scored):
    scored = dataclasses.replace(scored, labels=scored.labels.query("split != 'train'"))
    baselines = evaluation.trivial_baselines(scored)
    assert baselines["prevalence"]["macro"]["pr_auc"] is None
    assert evaluation.evaluate(scored, RESAMPLING)[0][evaluation.HEARD]["clips"] == 0


def test_synonyms_are_merged_by_maximum_in_labels_and_scores(scored):
    labels = scored.labels[["split", "soft", "rock", "rare"]].copy()
    labels["soft"] |= scored.labels["no beat"]
    y_score = scored.y_score[["soft", "rock", "rare"]].copy()
    y_score["soft"] = scored.y_score[["soft", "no beat"]].max(axis=1)
    validation = labels.index[labels["split"] == "validation"]
    y_true = labels.loc[validation, y_score.columns].to_numpy()
    thresholds = choose_thresholds(y_true, y_score.loc[validation].to_numpy())
    by_hand = ScoredClips(
        labels, scored.clips, y_score, pd.Series(thresholds, index=y_score.columns)
    )
    merged = variants.evaluate_merged(scored, {"no beat": "soft"}, RESAMPLING)
    assert merged == evaluation.evaluate(by_hand, RESAMPLING)[0][evaluation.TEST]
    assert merged["tags"] == 2
    assert merged["tags_left_out"] == ["rare"]


def test_synonyms_are_merged_where_some_tags_have_scores(scored):
    some = dataclasses.replace(scored, y_score=scored.y_score[["no beat", "soft", "rock"]])
    assert variants.evaluate_merged(some, {"no beat": "soft"}, RESAMPLING)["tags"] == 2


def test_a_network_trained_elsewhere_is_evaluated_on_every_part(scored):
    y_score = pd.DataFrame(0.5, scored.labels.index, TAGS)
    everything = dataclasses.replace(scored, y_score=y_score, is_trained_elsewhere=True)
    groups = evaluation.groups_of_clips(everything)
    n_clips = scored.labels["split"].value_counts()
    assert {name: len(ids) for name, ids in groups.items()} == {
        evaluation.TEST: n_clips["test"],
        evaluation.HEARD: 0,
        evaluation.UNHEARD: 0,
        evaluation.VALIDATION: n_clips["validation"],
        evaluation.TRAIN: n_clips["train"],
        evaluation.HELD_OUT: n_clips["validation"] + n_clips["test"],
        evaluation.ALL: len(scored.labels),
    }


def test_clips_that_are_all_for_testing_are_one_row(scored):
    labels = scored.labels.assign(split="test")
    everything = dataclasses.replace(scored, labels=labels, is_trained_elsewhere=True)
    groups = evaluation.groups_of_clips(everything)
    assert [name for name, ids in groups.items() if len(ids)] == [evaluation.TEST]


def test_without_validation_clips_merged_tags_have_the_threshold_of_half(scored):
    without = dataclasses.replace(scored, y_score=scored.y_score.loc[scored.test_ids])
    merged = variants.evaluate_merged(without, {"no beat": "soft"}, RESAMPLING)
    assert merged["at_thresholds"] == merged["at_half"]


def test_the_truth_is_held_against_the_same_scores(scored):
    truth = scored.labels[TAGS].copy()
    truth["rare"] = truth["rock"]
    row, per_tag = variants.hold_against(scored, truth.assign(other=True), RESAMPLING)
    assert row["tags"] == 4
    aucs = [
        roc_auc_score(truth.loc[scored.test_ids, tag], scored.y_score.loc[scored.test_ids, tag])
        for tag in TAGS
    ]
    assert row["macro"]["roc_auc"]["value"] == pytest.approx(np.mean(aucs))
    assert per_tag["roc_auc_in_truth"].tolist() == pytest.approx(aucs)
    assert per_tag["positives_in_truth"].tolist() == truth.loc[scored.test_ids].sum().tolist()
    with pytest.raises(ValueError, match="--truth lacks 1 tags: rare"):
        variants.hold_against(scored, truth.drop(columns="rare"), RESAMPLING)
    first = scored.test_ids[0]
    with pytest.raises(ValueError, match=f"--truth lacks 1 clips: {first}"):
        variants.hold_against(scored, truth.drop(index=first), RESAMPLING)
    with pytest.raises(ValueError, match=f"--truth writes 1 clip id .* is '{first}.0', which is"):
        variants.hold_against(scored, truth.rename(index={first: f"{first}.0"}), RESAMPLING)


def test_the_baselines_listen_to_nothing(scored):
    baselines = evaluation.trivial_baselines(scored)
    y_true = scored.true_labels(scored.test_ids)[TAGS[:3]]
    assert baselines["nothing"]["macro"]["accuracy"] == pytest.approx(1 - y_true.mean().mean())
    assert baselines["prevalence"]["macro"]["roc_auc"] == 0.5
    assert baselines["prevalence"]["macro"]["pr_auc"] == pytest.approx(y_true.mean().mean())
    train = scored.labels.query("split == 'train'")[y_true.columns].mean().to_numpy()
    ranked = np.tile(train, (len(y_true), 1))
    expected = roc_auc_score(y_true.to_numpy().ravel(), ranked.ravel())
    assert baselines["prevalence"]["micro"]["roc_auc"] == pytest.approx(expected)
    assert expected != 0.5  # frequent tags come first


def test_the_summary_counts_clips_and_those_without_an_artist(scored):
    scored.clips.loc[scored.test_ids[:2], "artist"] = "clip " + scored.test_ids[:2]
    rows, _ = evaluation.evaluate(scored, RESAMPLING)
    summary = evaluation.summarise(scored, rows)
    assert summary["clips"] == {"train": 14, "validation": 12, "test": 34}
    assert summary["clips_without_artist"] == 2
    assert summary["tags"] == TAGS
    assert summary["macro"] == rows[evaluation.TEST]["macro"]
    assert summary["micro"] == rows[evaluation.TEST]["micro"]


def test_a_comparison_is_paired(scored):
    same = evaluation.paired_difference(scored, scored.y_score, RESAMPLING)
    assert same["roc_auc"]["value"] == same["roc_auc"]["low"] == same["roc_auc"]["high"] == 0
    assert same["roc_auc"]["probability_better"] == 0.5
    worse = scored.y_score.copy()
    worse.loc[:, :] = np.random.default_rng(0).random(worse.shape)
    better = evaluation.paired_difference(scored, worse, RESAMPLING)
    assert better["clips"] == 34
    assert better["roc_auc"]["ours"] == pytest.approx(0.786849, abs=1e-6)
    assert 0 < better["roc_auc"]["low"] < better["roc_auc"]["value"]
    assert better["pr_auc"]["probability_better"] > 0.95
    turned = dataclasses.replace(scored, y_score=worse)
    opposite = evaluation.paired_difference(turned, scored.y_score, RESAMPLING)
    assert opposite["roc_auc"]["value"] == pytest.approx(-better["roc_auc"]["value"])
    assert opposite["roc_auc"]["low"] == pytest.approx(-better["roc_auc"]["high"])


def test_what_two_results_have_in_common_is_compared(scored):
    theirs = scored.y_score.iloc[:20].drop(columns="soft").assign(other=0.5)
    result = evaluation.paired_difference(scored, theirs, RESAMPLING)
    n_test = scored.test_ids.isin(theirs.index).sum()
    assert result["clips"] == n_test
    assert result["clips_left_out"] == 34 - n_test + len(theirs) - n_test
    assert result["tags"] == 2
    assert result["tags_left_out"] == 2
    with pytest.raises(ValueError, match="no test clip or no tag in common"):
        evaluation.paired_difference(scored, theirs[["other"]], RESAMPLING)
