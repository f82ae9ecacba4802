"""Coordinates on a map: finite, repeatable, to be trusted; alike to the eye; clusters."""

import numpy as np
import pandas as pd
import pytest

from autotagging.tag_map import projection
from autotagging.tag_map.projection import Projection

PCA = Projection("pca")


def numbered(n_tags):
    return [f"t{i}" for i in range(n_tags)]


@pytest.mark.parametrize("n_tags", [4, 5, 50])
@pytest.mark.parametrize("size", [1, 3, 30])
@pytest.mark.parametrize("dimensions", [2, 4])
def test_coordinates_are_finite_and_the_same_for_the_same_seed(n_tags, size, dimensions):
    vectors = np.random.default_rng(0).normal(size=(n_tags, size))
    assert np.isfinite(projection.project(vectors, PCA, dimensions)).all()
    coordinates = projection.project(vectors, Projection(seed=1), dimensions)
    assert coordinates.shape == (n_tags, dimensions)
    assert coordinates.dtype == np.float64
    assert np.isfinite(coordinates).all()
    again = projection.project(vectors, Projection(seed=1), dimensions)
    np.testing.assert_array_equal(coordinates, again)
    assert 0 <= projection.trustworthiness(vectors, coordinates) <= 1


@pytest.mark.parametrize("dimensions", [2, 4])
def test_principal_components_keep_what_lies_in_a_plane(dimensions):
    rng = np.random.default_rng(0)
    angles = rng.uniform(0, np.pi, 12)
    plane = np.column_stack([np.cos(angles), np.sin(angles)]) @ rng.normal(size=(2, 30))
    unit = plane / np.linalg.norm(plane, axis=1, keepdims=True)
    coordinates = projection.project(plane, PCA, dimensions)
    assert coordinates.shape == (12, dimensions)
    distances = [np.linalg.norm(p[:, None] - p[None], axis=2) for p in (unit, coordinates)]
    np.testing.assert_allclose(*distances, atol=1e-8)
    assert projection.explained_variance(plane, coordinates) == pytest.approx(1)


def test_of_equal_variance_in_three_directions_a_map_shows_two_thirds():
    vectors = np.vstack([np.eye(3), -np.eye(3)])
    coordinates = projection.project(vectors, PCA)
    assert projection.explained_variance(vectors, coordinates) == pytest.approx(2 / 3)


def test_clear_groups_are_neighbours_wherever_the_map_starts():
    rng = np.random.default_rng(0)
    groups = np.repeat(np.eye(4), 6, axis=0) + 0.05 * rng.normal(size=(24, 4))
    noise = rng.normal(size=(24, 30))
    stable, chance = (
        projection.stability(vectors, projection.project(vectors, Projection()))
        for vectors in (groups, noise)
    )
    assert stable["neighbours_in_common"] > 0.9
    assert chance["neighbours_in_common"] < stable["neighbours_in_common"]
    assert 0 <= stable["trustworthiness_sd"] < 0.1


def test_a_map_that_keeps_every_neighbour_is_trusted_and_a_shuffled_one_is_not():
    angles = np.deg2rad(np.arange(20) ** 1.7)  # no two pairs are equally near
    vectors = np.column_stack([np.cos(angles), np.sin(angles)])
    assert projection.trustworthiness(vectors, vectors) == 1
    shuffled = np.random.default_rng(0).permutation(vectors)
    assert projection.trustworthiness(vectors, shuffled) < 0.7


def test_of_few_tags_fewer_neighbours_are_asked_for():
    assert [projection.n_trusted(n_tags) for n_tags in (4, 6, 11, 50)] == [1, 2, 5, 5]
    assert [projection.perplexity(n_tags) for n_tags in (4, 31, 50)] == [1, 10, 10]


def test_the_length_of_a_vector_has_no_say():
    vectors = np.random.default_rng(0).normal(size=(10, 30))
    longer = vectors * np.arange(1, 11)[:, None]
    one, other = (projection.project(v, Projection()) for v in (vectors, longer))
    np.testing.assert_allclose(one, other, atol=1e-2)


def turned(coordinates, degrees, mirrored):
    angle = np.deg2rad(degrees)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return (coordinates @ turn * ([-1, 1] if mirrored else [1, 1])).set_axis(["x", "y"], axis=1)


@pytest.fixture
def target():
    """Return a map that others are laid on."""
    coordinates = np.random.default_rng(0).normal(size=(12, 2))
    return pd.DataFrame(coordinates, index=numbered(12), columns=["x", "y"])


@pytest.mark.parametrize("mirrored", [False, True])
def test_a_map_that_is_turned_mirrored_and_larger_is_laid_on_the_other(target, mirrored):
    other = 3 * turned(target, 70, mirrored) + 8
    pd.testing.assert_frame_equal(projection.align(other, target), target)


def test_only_tags_of_both_maps_say_how_it_is_turned(target):
    other = target.iloc[::-1].copy()
    other.loc["only here"] = [0, 0]
    laid = projection.align(other, target.iloc[:-2])
    distance = np.linalg.norm(laid.loc[target.index] - target, axis=1)
    assert distance.max() < 0.3  # sizes differ by the tags that the other lacks
    assert list(laid.index) == list(other.index)


@pytest.mark.parametrize("n_common", [0, 1, 2])
def test_a_map_of_few_tags_of_the_other_takes_its_place(target, n_common):
    other = 3 * target.iloc[:6] + 8
    other.index = [*target.index[:n_common], *list("abcdef")[n_common:]]
    laid = projection.align(other, target)
    assert np.isfinite(laid.to_numpy()).all()
    common = list(target.index[:n_common])
    centre, wanted = (laid.loc[common], target.loc[common]) if common else (laid, target)
    np.testing.assert_allclose(centre.mean(), wanted.mean(), atol=1e-9)
    spreads = [((m - m.mean()) ** 2).sum(axis=1).mean() for m in (laid, target)]
    assert spreads[0] == pytest.approx(spreads[1])


def test_spaces_are_laid_out_each_for_itself_but_alike():
    rng = np.random.default_rng(0)
    words = pd.DataFrame(rng.normal(size=(20, 8)), index=numbered(20))
    other = words[::-1] + 0.01 * rng.normal(size=(20, 8))
    maps = projection.project_aligned({"words": words, "other": other}, PCA)
    np.testing.assert_array_equal(maps["words"], projection.project(words, PCA))
    distance = np.linalg.norm(maps["other"].loc[words.index] - maps["words"], axis=1)
    assert distance.max() < 0.1


def test_clusters_are_the_groups_there_are_and_the_single_tag_is_in_none():
    rng = np.random.default_rng(0)
    groups = np.repeat(np.eye(4), [4, 3, 5, 1], axis=0) + 0.05 * rng.normal(size=(13, 4))
    tags, order = numbered(13), rng.permutation(13)
    vectors = pd.DataFrame(groups, index=tags).iloc[order]
    found = projection.clusters(vectors)
    wanted = {frozenset(tags[:4]), frozenset(tags[4:7]), frozenset(tags[7:12])}
    assert {frozenset(cluster) for cluster in found["clusters"]} == wanted
    assert found["groups"] == 4
    assert found["silhouette"] > 0.8
    firsts = [vectors.index.get_loc(cluster[0]) for cluster in found["clusters"]]
    assert firsts == sorted(firsts)


def test_two_pairs_are_groups_but_no_clusters():
    angles = np.deg2rad([0, 10, 90, 100])
    vectors = pd.DataFrame(np.column_stack([np.cos(angles), np.sin(angles)]), list("abcd"))
    found = projection.clusters(vectors)
    assert (found["groups"], found["clusters"]) == (2, [])
    near, far = 1 - np.cos(np.deg2rad(10)), 1 - np.cos(np.deg2rad([90, 100, 80]))
    outer, inner = 1 - near / far[:2].mean(), 1 - near / far[[0, 2]].mean()
    assert found["silhouette"] == pytest.approx((outer + inner) / 2)


def test_a_chain_of_tags_each_near_the_next_is_no_cluster():
    angles = np.deg2rad(np.arange(0, 180, 9))
    vectors = pd.DataFrame(np.column_stack([np.cos(angles), np.sin(angles)]))
    spans = [np.ptp(cluster) * 9 for cluster in projection.clusters(vectors)["clusters"]]
    assert len(spans) > 1
    assert max(spans) < 120


@pytest.mark.parametrize("n_tags", [4, 5])
@pytest.mark.parametrize("vectors", [np.eye(5), np.ones((5, 3))])
def test_tags_that_are_all_equally_near_are_two_groups_with_nothing_between(n_tags, vectors):
    found = projection.clusters(pd.DataFrame(vectors[:n_tags], index=list("abcde")[:n_tags]))
    assert found["groups"] == 2
    assert found["silhouette"] == 0


@pytest.mark.parametrize("method", ["tsne", "pca"])
def test_an_assessment_speaks_of_every_space_and_of_variance_where_there_is_one(method):
    rng = np.random.default_rng(0)
    spaces = {
        name: pd.DataFrame(rng.normal(size=(8, 5)), index=numbered(8))
        for name in ("words", "annotations")
    }
    chosen = Projection(method)
    maps = projection.project_aligned(spaces, chosen)
    in_4d = projection.project(spaces["words"], chosen, 4)
    found = projection.assess(spaces, maps, in_4d, chosen)
    assert set(found["trustworthiness"]) == {"words", "annotations", "words, 4 dimensions"}
    assert set(found["clusters"]) == set(spaces)
    assert (found["explained_variance"] is None) == (method == "tsne")
