"""Averages as tables: on the terminal, in Markdown, in LaTeX."""

import pandas as pd
import pytest

from autotagging.results import evaluation, tables


def row_of(roc_auc, clips=1234):
    """Return the averages of some clips, see `evaluation.average`."""
    decisions = {"macro": {"accuracy": 0.9, "recall": 0.5, "precision": None, "f1": 0.4}}
    return {
        "clips": clips,
        "groups": 4,
        "tags": 3,
        "tags_in_a_resample": 2.75,
        "tags_left_out": [],
        "macro": {
            "roc_auc": {"value": roc_auc, "low": roc_auc - 0.05, "high": roc_auc + 0.05},
            "pr_auc": {"value": None, "low": None, "high": None},
        },
        "micro": {"roc_auc": 0.9, "pr_auc": 0.5},
        "at_half": decisions,
        "at_thresholds": decisions,
    }


@pytest.fixture
def summary():
    """Return the summary of an evaluation in which no artist was heard in training."""
    return {
        "dataset": "MagnaTagATune",
        "settings": {"labels": "merged50", "resample": "artists", "n_resamples": 1000},
        "tags": ["rock", "soft", "slow", "loud"],
        "rows": {evaluation.TEST: row_of(0.7), evaluation.HEARD: row_of(0.7, clips=0)},
        "baselines": {
            "nothing": {"macro": {"accuracy": 0.95}},
            "prevalence": {"macro": {"pr_auc": 0.05}, "micro": {"roc_auc": 0.81}},
        },
        "clips_without_artist": 0,
        "clips_without_scores": 0,
    }


def test_groups_without_a_clip_are_left_out_of_the_table(summary):
    assert tables.tabulate_rows(summary)["clips"].tolist() == [evaluation.TEST]


def test_a_row_has_every_average_by_its_name():
    row = tables.tabulate_row(row_of(0.7))
    assert row == {
        "n": 1234,
        "groups": 4,
        "tags": 3,
        "roc_auc": 0.7,
        "roc_auc_low": pytest.approx(0.65),
        "roc_auc_high": pytest.approx(0.75),
        "pr_auc": None,
        "pr_auc_low": None,
        "pr_auc_high": None,
        "micro_roc_auc": 0.9,
        "micro_pr_auc": 0.5,
        "f1_at_thresholds": 0.4,
    }


def test_for_papers_averages_have_three_decimals_and_their_interval(summary):
    written = tables.for_papers(tables.tabulate_rows(summary), "artists")
    assert written.to_dict("records") == [
        {
            "clips": "test",
            "n": "1,234",
            "tags": "3",
            "artists": "4",
            "ROC-AUC (95 % interval)": ".700 (.650 to .750)",
            "PR-AUC (95 % interval)": "-",
            "micro ROC-AUC": ".900",
            "micro PR-AUC": ".500",
        }
    ]


def test_what_was_averaged_over_what_is_said(summary):
    text = tables.describe("vgg", summary)
    assert text.startswith("vgg: MagnaTagATune, label set merged50, 1,234 test clips, 3 of 4 tags")
    assert "(a resample has 2.8 on average)" in text
    assert "95 % intervals from 1,000 resamples of 4 artists" in text
    assert "accuracy of predicting no tag .950" in text
    assert "macro PR-AUC .050, micro ROC-AUC .810" in text
    assert "left out" not in text
    assert "without an artist" not in text


def test_tags_and_artists_that_are_missing_are_said(summary):
    summary["rows"][evaluation.TEST]["tags_left_out"] = ["slow", "loud"]
    summary["rows"][evaluation.TEST]["tags_on_every_clip"] = ["loud"]
    summary["clips_without_artist"] = 1200
    text = tables.describe("vgg", summary)
    expected = "test clips: on no clip 1 tag (slow); on every clip 1 tag (loud)"
    assert f"left out of the averages over {expected}" in text
    assert (
        "1,200 test clips without an artist: each is taken for one by an artist of its own" in text
    )


def test_decisions_stand_at_both_thresholds():
    table = tables.tabulate_decisions(row_of(0.7)).set_index("macro averages at")
    assert table.index.tolist() == ["0.5", "thresholds of the tags"]
    assert table.loc["0.5"].tolist() == [".900", ".500", "-", ".400"]


def test_special_characters_of_names_do_no_harm():
    table = pd.DataFrame({"network": ["a|b_c & 5 %"], "ROC-AUC": [".5 ± .1"]})
    markdown = tables.to_markdown(table, "A caption")
    assert markdown.splitlines()[2] == r"| a\|b_c &amp; 5 % | .5 ± .1 |"
    assert markdown.endswith("\nA caption\n")
    assert "<img" not in tables.to_markdown(table, "<img src=x onerror=alert(1)>")
    latex = tables.to_latex(table, "50 % of vgg_x\nin two lines")
    assert r"a|b\_c \& 5 \% & .5 ± .1 \\" in latex
    assert latex.startswith("% 50 % of vgg_x\n% in two lines\n\\begin{tabular}")


def test_a_network_trained_elsewhere_is_described_with_tags_thresholds_and_clips_heard(summary):
    common = {"in_common": 1, "network_lacks": ["soft, low"], "label_set_lacks": ["harp", "choir"]}
    common["merged_by_maximum"] = {"loud": ["loud", "noise"]}
    elsewhere = summary | {"tags_in_common": common, "thresholds": "0.5: none", "model": {}}
    assert tables.describe_network(elsewhere) == [
        'the network was trained elsewhere: 1 tag in common; it lacks 1 ("soft, low"); the label '
        "set lacks 2 (harp, choir)",
        "thresholds: 0.5: none",
        "tags by other names, several merged by maximum: loud (loud, noise)",
        "on which of these clips the network was trained is not known",
    ]
    elsewhere["model"] = {"trained_on_test_clips": 7}
    assert tables.describe_network(elsewhere)[-1] == (
        "the network was trained on 7 of these test clips"
    )
    assert tables.describe_network(summary) == []
    unnamed = "1 test clip without an artist: each is taken for one by an artist of its own"
    elsewhere["clips_without_artist"] = summary["clips_without_artist"] = 1
    assert tables.describe_network(elsewhere)[-1] == unnamed
    assert tables.describe_network(summary) == [f"{unnamed}, not heard in training"]
