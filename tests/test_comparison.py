"""Tables of results: for reading, for papers, over seeds."""

import numpy as np
import pandas as pd
import pytest

from autotagging.results import comparison, evaluation


def row_of(roc_auc, clips=10):
    area = {"value": roc_auc, "low": roc_auc - 0.05, "high": roc_auc + 0.05}
    decisions = {"macro": {"f1": 0.4}}
    return {
        "clips": clips,
        "groups": 4,
        "tags": 3,
        "macro": {"roc_auc": area, "pr_auc": {"value": None, "low": None, "high": None}},
        "micro": {"roc_auc": 0.9, "pr_auc": 0.5},
        "at_thresholds": decisions,
    }


def summary_of(roc_auc, **settings):
    names = (evaluation.TEST, evaluation.HEARD, evaluation.UNHEARD)
    settings = {"architecture": "vgg", "features": "mel96", **settings}
    return {
        "rows": {name: row_of(roc_auc) for name in names},
        "label_set": "merged50",
        "model": {"settings": settings},
    }


def test_runs_that_differ_by_their_seed_alone_have_a_mean_and_a_deviation():
    summaries = {
        "a": summary_of(0.7, seed=0, epochs=2),
        "b": summary_of(0.8, seed=1, epochs=2),
        "other": summary_of(0.9, seed=2, epochs=3),
        "together": summary_of(0.85, seed=[0, 1], epochs=2),
    }
    summaries["peer"] = {**summary_of(0.6), "model": None}
    table = comparison.side_by_side(summaries).set_index("results")
    assert len(table) == 6
    mean = table.loc["mean of 2: a, b"]
    assert mean["roc_auc"] == pytest.approx(0.75)
    assert mean["roc_auc_sd"] == pytest.approx(np.std([0.7, 0.8], ddof=1))
    assert mean["seeds"] == "0, 1"
    assert table.loc["together", "seeds"] == "0, 1"
    assert table.loc["peer", "architecture"] == "scores of a file"
    shown = comparison.for_papers(table.reset_index(), "artists").set_index("network")
    assert shown.loc["mean of 2: a, b", "ROC-AUC (95 % interval)"] == ".750 ± .071"
    assert shown.loc["other", "ROC-AUC (95 % interval)"] == ".900 (.850 to .950)"
    assert shown.loc["other", "PR-AUC (95 % interval)"] == "-"
    assert shown.loc["mean of 2: a, b", "artists"] == ""


def test_rows_without_a_clip_are_left_out_of_the_table():
    summary = summary_of(0.7)
    summary["rows"][evaluation.HEARD] = row_of(0.7, clips=0)
    assert comparison.tabulate_rows(summary)["clips"].tolist() == [
        evaluation.TEST,
        evaluation.UNHEARD,
    ]


def test_special_characters_of_names_do_no_harm():
    shown = pd.DataFrame({"network": ["a|b_c & 5 %"], "ROC-AUC": [".5 ± .1"]})
    markdown = comparison.to_markdown(shown, "A caption")
    assert markdown.splitlines()[2] == r"| a\|b_c &amp; 5 % | .5 ± .1 |"
    hostile = comparison.to_markdown(shown, "<img src=x onerror=alert(1)>")
    assert "<img" not in hostile
    latex = comparison.to_latex(shown, "50 % of vgg_x")
    assert r"a|b\_c \& 5 \% & .5 $\pm$ .1 \\" in latex
    assert r"\caption{50 \% of vgg\_x}" in latex


def test_measures_are_written_as_in_papers():
    shown = [comparison.shown_number(value) for value in (0.5, 1.0, 0.0, np.nan, None)]
    assert shown == [".500", "1.000", ".000", "-", "-"]
