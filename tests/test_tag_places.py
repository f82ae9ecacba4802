"""Places on a map: finite, repeatable, to be trusted; alike to the eye; clusters."""

import numpy as np
import pandas as pd
import pytest

from autotagging.tag_map import projection


@pytest.mark.parametrize("n_tags", [4, 5, 50])
@pytest.mark.parametrize("size", [1, 3, 30])
@pytest.mark.parametrize("dimensions", [2, 4])
def test_places_are_finite_and_the_same_for_the_same_seed(n_tags, size, dimensions):
    vectors = np.random.default_rng(0).normal(size=(n_tags, size))
    assert np.isfinite(projection.place(vectors, dimensions, method="pca")).all()
    places = projection.place(vectors, dimensions, seed=1)
    assert places.shape == (n_tags, dimensions)
    assert places.dtype == np.float64
    assert np.isfinite(places).all()
    np.testing.assert_array_equal(places, projection.place(vectors, dimensions, seed=1))
    assert 0 <= projection.trustworthiness(vectors, places) <= 1


@pytest.mark.parametrize("dimensions", [2, 4])
def test_principal_components_keep_what_lies_in_a_plane(dimensions):
    rng = np.random.default_rng(0)
    angles = rng.uniform(0, np.pi, 12)
    plane = np.column_stack([np.cos(angles), np.sin(angles)]) @ rng.normal(size=(2, 30))
    unit = plane / np.linalg.norm(plane, axis=1, keepdims=True)
    places = projection.place(plane, dimensions, method="pca")
    assert places.shape == (12, dimensions)
    distances = [np.linalg.norm(p[:, None] - p[None], axis=2) for p in (unit, places)]
    np.testing.assert_allclose(*distances, atol=1e-8)


def test_clear_groups_are_neighbours_wherever_the_map_starts():
    rng = np.random.default_rng(0)
    groups = np.repeat(np.eye(4), 6, axis=0) + 0.05 * rng.normal(size=(24, 4))
    noise = rng.normal(size=(24, 30))
    stable, chance = (projection.stability(v, projection.place(v)) for v in (groups, noise))
    assert stable["neighbours_in_common"] > 0.9
    assert chance["neighbours_in_common"] < stable["neighbours_in_common"]
    assert 0 <= stable["trustworthiness_sd"] < 0.1


def test_the_length_of_a_vector_has_no_say():
    vectors = np.random.default_rng(0).normal(size=(10, 30))
    lengths = np.arange(1, 11)[:, None]
    np.testing.assert_allclose(
        projection.place(vectors), projection.place(vectors * lengths), atol=1e-2
    )


def test_three_tags_are_too_few_for_a_map():
    with pytest.raises(ValueError, match="at least 4 tags with a vector, here are 3"):
        projection.place(np.eye(3))


def turned(places, degrees, mirrored=False):
    angle = np.deg2rad(degrees)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return places @ turn * ([-1, 1] if mirrored else [1, 1])


def some_places(n_tags=12):
    places = np.random.default_rng(0).normal(size=(n_tags, 2))
    return pd.DataFrame(places, index=[f"t{i}" for i in range(n_tags)], columns=["x", "y"])


@pytest.mark.parametrize("mirrored", [False, True])
def test_a_map_that_is_turned_mirrored_and_larger_is_laid_on_the_other(mirrored):
    model = some_places()
    other = 3 * turned(model, 70, mirrored) + 8
    other.columns = model.columns
    pd.testing.assert_frame_equal(projection.turn_alike(other, model), model)


def test_only_tags_of_both_maps_say_how_it_is_turned():
    model = some_places()
    other = model.iloc[::-1].copy()
    other.loc["only here"] = [0, 0]
    laid = projection.turn_alike(other, model.iloc[:-2])
    distance = np.linalg.norm(laid.loc[model.index] - model, axis=1)
    assert distance.max() < 0.3  # sizes differ by the tags that the other lacks
    assert list(laid.index) == list(other.index)


def test_spaces_are_laid_out_each_for_itself_but_alike():
    rng = np.random.default_rng(0)
    tags = [f"t{i}" for i in range(20)]
    words = pd.DataFrame(rng.normal(size=(20, 8)), index=tags)
    other = words[::-1] + 0.01 * rng.normal(size=(20, 8))
    maps = projection.place_alike({"words": words, "other": other}, method="pca", seed=0)
    np.testing.assert_array_equal(maps["words"], projection.place(words, method="pca"))
    distance = np.linalg.norm(maps["other"].loc[tags] - maps["words"], axis=1)
    assert distance.max() < 0.1


def test_clusters_are_the_groups_there_are_and_the_single_tag_is_in_none():
    rng = np.random.default_rng(0)
    groups = np.repeat(np.eye(4), [4, 3, 5, 1], axis=0) + 0.05 * rng.normal(size=(13, 4))
    tags = [f"t{i}" for i in range(13)]
    order = rng.permutation(13)
    found = projection.clusters(pd.DataFrame(groups[order], index=[tags[i] for i in order]))
    wanted = {frozenset(tags[:4]), frozenset(tags[4:7]), frozenset(tags[7:12])}
    assert {frozenset(cluster) for cluster in found["clusters"]} == wanted
    assert found["silhouette"] > 0.8
    firsts = [cluster[0] for cluster in found["clusters"]]
    ranks = [[tags[i] for i in order].index(tag) for tag in firsts]
    assert ranks == sorted(ranks)


def test_the_least_alike_of_a_cluster_are_still_alike():
    angles = np.deg2rad(np.arange(0, 180, 9))  # a chain: each is near the next
    vectors = pd.DataFrame(np.column_stack([np.cos(angles), np.sin(angles)]))
    spans = [np.ptp(cluster) * 9 for cluster in projection.clusters(vectors)["clusters"]]
    assert len(spans) > 1
    assert max(spans) < 90


@pytest.mark.parametrize("n_tags", [4, 5])
def test_few_or_equal_tags_have_clusters_or_none(n_tags):
    for vectors in (np.eye(n_tags), np.ones((n_tags, 3))):
        found = projection.clusters(pd.DataFrame(vectors, index=list("abcde")[:n_tags]))
        assert all(len(cluster) >= 3 for cluster in found["clusters"])
        assert np.isfinite(found["silhouette"])
