"""Maps of tags: labels free of each other, outlines around clusters, marks of kinds."""

import re

import numpy as np
import pandas as pd
import pytest
from conftest import assert_inside, find_touching, legend_labels

from autotagging.figures.maps import draw_tag_map, kind_marks
from autotagging.figures.style import KINDS


def tags_of(names, counts=None, kinds="genre"):
    counts = range(len(names), 0, -1) if counts is None else counts
    return pd.DataFrame({"tag": list(names), "clips": counts, "kind": kinds})


def numbers_of_clusters(ax):
    return [text for text in ax.texts if text.get_gid() == "cluster"]


def draw_cluster(coordinates, size):
    """Return the axes of a map whose first tags are a cluster."""
    names = [f"t{number}" for number in range(len(coordinates))]
    return draw_tag_map(coordinates, tags_of(names), clusters=[names[:size]]).axes[0]


def test_tags_without_a_vector_are_named_below_the_map():
    missing = [f"female vocals {i} $x$" for i in range(40)]
    coordinates = np.random.default_rng(0).normal(size=(5, 2))
    figure = draw_tag_map(coordinates, tags_of("abcde"), method="pca", missing=missing)
    label = figure.axes[0].xaxis.label
    assert label.get_text().startswith("principal component 1\n\n40 tags have no vector: female")
    assert " ".join(label.get_text().split()).endswith("female vocals 39 $x$")
    assert_inside(figure, [label])


@pytest.mark.parametrize("n_tags", [4, 50, 134])
def test_no_two_labels_of_a_map_overlap(n_tags):
    names = [f"female vocals {i}" for i in range(n_tags)]
    coordinates = np.random.default_rng(1).normal(size=(n_tags, 2))
    tags = tags_of(names, counts=np.geomspace(5000, 30, n_tags))
    figure = draw_tag_map(coordinates, tags, clusters=[names[:3], names[1:4]])
    texts = figure.axes[0].texts
    labels = [text for text in texts if text.get_gid() != "cluster"]
    assert [text.get_text() for text in labels] == names
    assert_inside(figure, texts)
    assert not find_touching(labels)


def test_the_tags_of_a_cluster_are_within_its_line_and_far_ones_are_not():
    coordinates = np.array([[0, 0], [1, 0], [0, 1], [1, 1], [5, 5], [5, 6]], dtype=float)
    ax = draw_cluster(coordinates, 4)
    (line,) = ax.patches
    assert line.get_path().contains_points(coordinates).tolist() == [True] * 4 + [False] * 2
    assert [text.get_text() for text in numbers_of_clusters(ax)] == ["1"]


def test_the_line_of_a_cluster_leaves_room_around_its_marks():
    corners = np.array([[0, 0], [1, 0], [0, 1], [1, 1]], dtype=float)
    ax = draw_cluster(np.vstack([corners, [[5, 5], [5, 6]]]), 4)
    gap = 8 * ax.figure.dpi / 72  # in pixels
    for shift in ([gap, 0], [-gap, 0], [0, gap], [0, -gap]):
        beside = ax.transData.inverted().transform(ax.transData.transform(corners) + shift)
        assert ax.patches[0].get_path().contains_points(beside).all()


def test_tags_of_one_line_have_a_line_around_them():
    coordinates = np.array([[0, 0], [1, 1], [2, 2], [2, 2]], dtype=float)
    ax = draw_cluster(coordinates, 4)
    assert ax.patches[0].get_path().contains_points(coordinates).all()


def test_a_cluster_that_is_scattered_over_the_map_has_no_line():
    coordinates = np.array([[0, 0], [9, 0], [5, 9], *([4 + i / 9, 3] for i in range(9))])
    assert not draw_cluster(coordinates, 3).patches
    assert draw_cluster(coordinates[:4], 3).patches


def test_the_number_of_a_cluster_lies_on_no_mark_and_in_the_frame():
    angles = np.linspace(0, 2 * np.pi, 40, endpoint=False)
    ring = np.column_stack([np.cos(angles), np.sin(angles)]) * 0.63
    cluster, far = [[0.4, 0], [-0.4, 0], [0, 0.42]], [[3, 3], [-3, 0.45]]
    coordinates = np.vstack([cluster, ring[angles < 5.5], far])
    ax = draw_cluster(coordinates, 3)
    (number,) = numbers_of_clusters(ax)
    box = number.get_window_extent()
    assert not box.contains(0, 0)  # it was laid out
    for x, y in ax.transData.transform(coordinates):
        assert not box.padded(4).contains(x, y)
    assert ax.get_window_extent().contains(*box.min)
    assert ax.get_window_extent().contains(*box.max)


@pytest.mark.parametrize("seed", [0, 1, 3])
def test_a_label_keeps_clear_of_the_number_of_a_cluster(seed):
    rng, names = np.random.default_rng(seed), [f"female vocals {i}" for i in range(40)]
    coordinates = np.repeat(rng.normal(size=(8, 2)), 5, axis=0) + 0.2 * rng.normal(size=(40, 2))
    clusters = [names[first : first + 5] for first in range(0, 40, 5)]
    ax = draw_tag_map(coordinates, tags_of(names), clusters=clusters).axes[0]
    labels = [text.get_window_extent() for text in ax.texts if text.get_gid() != "cluster"]
    assert len(numbers_of_clusters(ax)) > 5
    for number in numbers_of_clusters(ax):
        a_point_around = number.get_window_extent().padded(ax.figure.dpi / 72)
        assert not any(label.overlaps(a_point_around) for label in labels)


@pytest.mark.parametrize("high", [0.8, 1])
def test_a_map_fills_its_axes(high):
    coordinates = np.random.default_rng(0).random((30, 2)) * [1, high]
    ax = draw_tag_map(coordinates, tags_of([f"t{i}" for i in range(30)])).axes[0]
    shares = np.ptp(ax.transData.transform(coordinates), axis=0) / ax.get_window_extent().size
    assert shares.min() > 0.75


def test_a_wide_map_is_low_and_a_high_one_high():
    rng = np.random.default_rng(0)
    heights = [
        draw_tag_map(rng.random((9, 2)) * shape, tags_of("abcdefghi")).get_figheight()
        for shape in ([3, 1], [1, 1], [1, 3])
    ]
    assert heights[0] < heights[1] < heights[2]


def test_a_map_names_the_kinds_it_shows():
    tags = tags_of("abcd", kinds=["genre", "voice", "voice", "never heard of"])
    figure = draw_tag_map(np.arange(8.0).reshape(4, 2), tags)
    assert legend_labels(figure)[:3] == ["genre", "voice", "other"]


def test_every_kind_has_a_mark_of_its_own_for_other_pictures():
    marks = kind_marks()
    assert set(marks) == set(KINDS)
    assert len({path for _, path in marks.values()}) == len(marks)
    assert marks["voice"][1].startswith("M0 -1")  # the triangle's tip is above: y runs down


@pytest.mark.parametrize(("colour", "path"), kind_marks().values(), ids=kind_marks())
def test_a_mark_for_other_pictures_is_a_colour_and_a_closed_outline_two_wide(colour, path):
    assert re.fullmatch("#[0-9a-f]{6}", colour)
    numbers = [float(number) for number in re.findall(r"-?\d+\.?\d*", path)]
    assert max(map(abs, numbers)) == 1
    assert re.fullmatch("M.*Z", path)
