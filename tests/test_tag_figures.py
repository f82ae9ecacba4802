"""Figures with a place for every tag: order, marks, axes, nothing cut or overlapping."""

import numpy as np
import pandas as pd
import pytest
from conftest import FIFTY_TAGS, assert_inside, find_touching, legend_labels

from autotagging.figures.style import NOTE_STRIP
from autotagging.figures.tags import draw_label_distribution, draw_tag_bars


def test_bars_stand_in_the_order_given_with_their_heights():
    values = np.linspace(0.9, 0.1, 50)
    ax = draw_tag_bars(values, FIFTY_TAGS, "recall").axes[0]
    assert [label.get_text() for label in ax.get_xticklabels()] == FIFTY_TAGS
    np.testing.assert_allclose([bar.get_height() for bar in ax.patches], values)
    assert ax.get_ylim()[0] == 0


def test_a_tag_without_a_value_is_marked_and_zero_is_not():
    figure = draw_tag_bars([0.5, np.nan, 0.0], ["a", "b", "c"], "recall")
    marks = {line.get_marker(): line for line in figure.axes[0].get_lines()}
    assert list(marks["x"].get_xdata()) == [1]
    assert list(marks["_"].get_xdata()) == [2]
    assert "no clip" in legend_labels(figure)


def test_an_axis_that_does_not_start_at_zero_says_so():
    ax = draw_tag_bars([0.75, 0.95], ["a", "b"], "accuracy").axes[0]
    start = ax.get_ylim()[0]
    assert 0.5 <= start < 0.75
    assert f"axis starts at {start:.1f}" in ax.get_ylabel()
    # the top of a bar is its value all the same
    tops = [bar.get_y() + bar.get_height() for bar in ax.patches]
    np.testing.assert_allclose(tops, [0.75, 0.95])


def test_a_reference_is_drawn_at_its_values_and_named():
    figure = draw_tag_bars([0.2, 0.4], ["a", "b"], "recall", [0.3, 0.1], "other")
    segments = figure.axes[0].collections[0].get_segments()
    assert [segment[0][1] for segment in segments] == [0.3, 0.1]
    assert legend_labels(figure) == ["recall", "other"]


def test_fifty_names_under_the_bars_do_not_touch():
    figure = draw_tag_bars(np.full(50, 0.4), FIFTY_TAGS, "recall")
    figure.draw_without_rendering()
    labels = figure.axes[0].get_xticklabels()
    assert not find_touching(labels)
    lowest = min(label.get_window_extent().y0 for label in labels)
    assert lowest >= NOTE_STRIP * figure.dpi


def test_all_188_tags_fit_into_rows_of_bars():
    tags = [f"female vocals {i}" for i in range(188)]
    figure = draw_tag_bars(np.full(188, 0.4), tags, "recall")
    labels = [label for ax in figure.axes for label in ax.get_xticklabels()]
    assert [label.get_text() for label in labels] == tags
    assert_inside(figure, labels)


@pytest.fixture(scope="module")
def distribution():
    """Return the figure of 24 tags, 3 of them of no clip, merged into 20 and reduced to 12."""
    tags = FIFTY_TAGS[:12]
    annotated = pd.Series(np.arange(24, 0, -1) * 10, index=FIFTY_TAGS[:24])
    annotated.iloc[-3:] = 0
    merged = pd.DataFrame({"tag": FIFTY_TAGS[:20], "clips": np.arange(20, 0, -1) * 11})
    merged["kept"] = (merged.index < 12).astype(int)
    shares = pd.DataFrame(np.random.default_rng(0).random((12, 12)), index=tags, columns=tags)
    shares.iloc[5] = np.nan
    return draw_label_distribution(annotated, merged, shares)


def test_ranks_are_on_a_logarithmic_axis_without_tags_of_no_clip(distribution):
    ranks = distribution.axes[0]
    assert ranks.get_yscale() == "log"
    assert legend_labels(ranks) == [
        "21 tags as annotated",
        "20 after merging synonyms",
        "of these the 12 kept",
    ]


def test_the_tags_of_the_matrix_are_in_order(distribution):
    matrix = distribution.axes[2]
    assert [label.get_text() for label in matrix.get_xticklabels()] == FIFTY_TAGS[:12]
    assert [label.get_text() for label in matrix.get_yticklabels()] == FIFTY_TAGS[:12]
    assert_inside(distribution, [*matrix.get_xticklabels(), *matrix.get_yticklabels()])


def small_distribution(kept):
    tags = ["calm", "rock", "sad"]
    annotated = pd.Series([30, 20, 10], index=tags)
    merged = pd.DataFrame({"tag": tags, "clips": annotated.to_numpy(), "kept": kept})
    chosen = merged.loc[merged["kept"] == 1, "tag"]
    return draw_label_distribution(
        annotated, merged, pd.DataFrame(0.5, index=chosen, columns=chosen)
    )


def test_where_nothing_is_merged_or_left_out_the_distribution_shows_counts_once():
    axes = small_distribution(kept=[1, 1, 1]).axes
    titles = [ax.get_title(loc="left") for ax in axes]
    assert titles[0] == "a   Clips of the tags kept"
    assert titles[1].startswith("b   Share of the clips")
    assert axes[0].get_legend() is None


def test_where_nothing_is_merged_the_legend_speaks_of_no_merging():
    ranks = small_distribution(kept=[1, 1, 0]).axes[0]
    assert legend_labels(ranks) == ["3 tags as annotated", "of these the 2 kept"]
