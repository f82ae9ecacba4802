"""Figures of an evaluation: AUCs with intervals, curves, confusions."""

import numpy as np
import pandas as pd
import pytest
from conftest import FIFTY_TAGS, assert_inside, find_touching, legend_labels

from autotagging.figures.evaluation import draw_aucs, draw_confusions, draw_curves, list_figures

LEGEND = ["tag", "95 % interval, artists resampled", "by chance", "no value"]
RELIABILITY = pd.DataFrame({"pairs": [90, 10], "score": [0.1, 0.9], "share": [0.2, 0.7]})


def aucs_of(tags, undefined=()):
    rng = np.random.default_rng(0)
    table = pd.DataFrame({"tag": tags, "prevalence": rng.random(len(tags)) / 3})
    for auc in ("roc_auc", "pr_auc"):
        table[auc] = 0.6 + 0.3 * rng.random(len(tags))
        table[f"{auc}_low"], table[f"{auc}_high"] = table[auc] - 0.1, table[auc] + 0.05
        table.loc[table["tag"].isin(undefined), [auc, f"{auc}_low", f"{auc}_high"]] = np.nan
    return table


@pytest.mark.parametrize(("panel", "auc"), [(0, "roc_auc"), (1, "pr_auc")])
def test_aucs_are_sorted_in_each_panel_with_what_chance_gives(panel, auc):
    table = aucs_of(FIFTY_TAGS, undefined=[FIFTY_TAGS[7]])
    figure = draw_aucs(table, "artists")
    ax = figure.axes[panel]
    tags = [label.get_text() for label in ax.get_yticklabels()]
    ascending = table.sort_values(auc, na_position="first")["tag"]
    assert tags == ascending.tolist()  # the first is at the bottom
    dots, _, chance = ax.get_lines()[:3]
    rows = table.set_index("tag").loc[tags]
    np.testing.assert_allclose(dots.get_xdata(), rows[auc])
    expected = rows["prevalence"] if auc == "pr_auc" else 0 * rows["prevalence"] + 0.5
    np.testing.assert_allclose(chance.get_xdata(), expected.where(rows[auc].notna()))
    assert_inside(figure, ax.get_yticklabels())


def test_the_legend_of_aucs_names_what_is_drawn():
    figure = draw_aucs(aucs_of(FIFTY_TAGS, undefined=[FIFTY_TAGS[7]]), "artists")
    assert legend_labels(figure) == LEGEND


def test_a_tag_of_too_few_artists_for_an_interval_is_hollow():
    table = aucs_of(FIFTY_TAGS, undefined=[FIFTY_TAGS[7]])
    table.loc[3, ["roc_auc_low", "roc_auc_high"]] = np.nan
    figure = draw_aucs(table, "artists")
    assert legend_labels(figure) == [*LEGEND[:2], "tag of too few artists for it", *LEGEND[2:]]
    hollow = figure.axes[0].get_lines()[1]
    values = hollow.get_xdata()
    assert values[np.isfinite(values)].tolist() == [table["roc_auc"][3]]


def test_the_axis_of_the_roc_auc_starts_at_half():
    assert draw_aucs(aucs_of(FIFTY_TAGS[:5]), "artists").axes[0].get_xlim()[0] == 0.5


def test_an_axis_of_aucs_that_starts_below_half_says_so():
    table = aucs_of(FIFTY_TAGS[:5])
    table.loc[2, "roc_auc_low"] = 0.33
    ax = draw_aucs(table, "artists").axes[0]
    assert ax.get_xlim()[0] == pytest.approx(0.3)
    assert "axis starts at 0.3" in ax.get_xlabel()


@pytest.fixture(scope="module")
def curves():
    """Return the figure of the curves of three tags, laid out."""
    grid = np.linspace(0, 1, 11)
    powers = {"fair": 0.5, "good": 0.1, "female vocals of a long name": 0.9}
    tables = [
        pd.DataFrame({"tag": tag, "at": grid, "roc": grid**power, "pr": 1 - grid * power})
        for tag, power in powers.items()
    ]
    aucs = {"roc_auc": [0.6, 0.9, 0.5], "pr_auc": [0.7, 0.9, 0.8]}
    figure = draw_curves(
        pd.concat(tables), RELIABILITY, pd.DataFrame({"tag": list(powers), **aucs})
    )
    figure.draw_without_rendering()
    return figure


def test_the_best_and_the_worst_curve_are_named(curves):
    roc, pr, _ = map(legend_labels, curves.axes)
    assert roc[1:] == ["best: good", "worst: female vocals o…ng name"]
    assert pr[1:] == ["best: good", "worst: fair"]


def test_a_panel_of_curves_is_titled_with_the_mean_of_the_tags(curves):
    assert curves.axes[0].get_title(loc="left") == "a   ROC, macro AUC .667"


def test_titles_and_legends_of_curves_have_room(curves):
    legends = [ax.get_legend().get_texts() for ax in curves.axes]
    assert_inside(curves, [text for texts in legends for text in texts])
    titles = [title for ax in curves.axes for title in (ax.title, ax._left_title)]
    assert not find_touching(titles)


def test_curves_are_drawn_where_no_tag_can_be_judged():
    none = pd.DataFrame({"tag": ["a"], "roc_auc": [np.nan], "pr_auc": [np.nan]})
    empty = pd.DataFrame(columns=["tag", "at", "roc", "pr"])
    figure = draw_curves(empty, RELIABILITY, none)
    assert [ax.get_title(loc="left")[:5] for ax in figure.axes] == ["a   R", "b   P", "c   C"]
    assert figure.axes[0].get_legend() is None


def test_confusions_say_how_many_clips_missed_a_tag():
    shares = np.random.default_rng(0).random((50, 50))
    table = pd.DataFrame(shares, columns=FIFTY_TAGS)
    table.insert(0, "missed", np.arange(50) * 100)
    table.insert(0, "tag", FIFTY_TAGS)
    figure = draw_confusions(table)
    ax = figure.axes[0]
    assert [label.get_text() for label in ax.get_xticklabels()] == FIFTY_TAGS
    assert ax.get_yticklabels()[12].get_text() == f"{FIFTY_TAGS[12]} (1,200)"
    assert_inside(figure, [*ax.get_yticklabels(), *ax.get_xticklabels()])


def test_confusions_without_a_miss_are_drawn():
    table = pd.DataFrame({"tag": ["a", "b"], "missed": [0, 0], "a": np.nan, "b": np.nan})
    labels = draw_confusions(table).axes[0].get_yticklabels()
    assert [label.get_text() for label in labels] == ["a (0)", "b (0)"]


def test_bars_of_an_evaluation_are_compared_with_predicting_nothing_and_other_thresholds():
    per_tag = aucs_of(["rock", "jazz"])
    per_tag["accuracy"], per_tag["accuracy_of_nothing"] = [0.9, 0.8], [0.7, 0.6]
    per_tag["recall"], per_tag["recall_at_threshold"] = [0.3, 0.0], [0.5, 0.4]
    per_tag["threshold"] = [0.5, 0.2]
    figures = list_figures({"per_tag": per_tag}, examples=[], unit="artists")
    references = {
        "accuracy.png": "predicting no tag",
        "Recall.png": "at thresholds from validation",
    }
    for name, reference in references.items():
        assert legend_labels(figures[name]())[1] == reference
    per_tag["threshold"] = 0.5
    assert legend_labels(figures["Recall.png"]())[1] == "at the thresholds used, all 0.5"


def test_the_table_of_an_evaluation_shows_only_the_examples_that_are_chosen_for_it():
    example = {"reason": "best agreement", "actual": ["rock"], "predicted": []}
    examples = [{**example, "clip_id": "1", "in_figure": True}]
    examples += [{**example, "clip_id": "2", "in_figure": False}]
    figures = list_figures({"per_tag": None}, examples, unit="artists")
    texts = [text.get_text() for text in figures["results.png"]().axes[0].texts]
    assert "1" in texts
    assert "2" not in texts
