"""Nearness of tags: neighbours, agreement of spaces, whether errors are near the truth."""

import numpy as np
import pandas as pd
import pytest

from autotagging.tag_map import similarity

TAGS = ["rock", "metal", "harp", "cello", "soft"]
HOW = {"draws": 200, "seed": 0}


def space(vectors, tags=TAGS):
    table = pd.DataFrame(vectors, index=tags[: len(vectors)], dtype=float)
    return similarity.cosines(similarity.with_direction(table))


def circle(degrees, tags=TAGS):
    angles = np.deg2rad(degrees)
    return space(np.column_stack([np.cos(angles), np.sin(angles)]), tags)


def test_a_tag_without_a_direction_is_in_no_space():
    table = space([[1, 0], [0, 0], [3, 4]])
    assert list(table.index) == list(table.columns) == ["rock", "harp"]
    assert table.loc["rock", "harp"] == pytest.approx(0.6)


def test_neighbours_of_each_space_are_ordered_by_cosine():
    found = similarity.neighbours({"a": circle([0, 10, 100, 130, 170])})
    of_rock = found[found["tag"] == "rock"]
    assert of_rock["neighbour"].tolist() == ["metal", "harp", "cello", "soft"]
    assert of_rock["cosine"].tolist() == pytest.approx(np.cos(np.deg2rad([10, 100, 130, 170])))
    assert set(found["space"]) == {"a"}


def test_a_space_agrees_with_itself_and_not_with_its_opposite():
    tags = [f"t{i}" for i in range(12)]
    one = circle(np.arange(12) ** 2, tags)
    found, by_tag = similarity.agreement({"a": one, "b": one, "c": -one})
    assert found[0]["rank_correlation"] == pytest.approx(1)
    assert found[0]["neighbours_in_common"] == 1
    assert found[1]["rank_correlation"] == pytest.approx(-1)
    assert found[0]["spaces"] == ["a", "b"]
    assert by_tag.groupby(["space", "other_space"])["in_common"].sum().to_dict() == {
        (*row["spaces"],): round(row["neighbours_in_common"] * 5 * 12) for row in found
    }
    assert by_tag["tag"].tolist() == tags * 3


def test_of_other_tags_than_both_have_nothing_is_counted():
    tags = [f"t{i}" for i in range(12)]
    one = circle(np.arange(12) ** 2, tags)
    between = circle([*np.arange(12) ** 2, *(np.arange(12) ** 2 + 0.1)], [*tags, *"abcdefghijkl"])
    order = np.random.default_rng(0).permutation(24)
    between = between.iloc[order, order]  # tags stand in another order there
    found, by_tag = similarity.agreement({"a": one, "b": between})
    assert found[0]["tags"] == 12
    assert found[0]["neighbours_in_common"] == 1
    assert set(by_tag["in_common"]) == {5}


def test_maps_share_neighbours_wherever_they_are_turned_and_not_when_shuffled():
    rng = np.random.default_rng(0)
    places = rng.normal(size=(50, 2))

    def nearness(of):
        return -np.linalg.norm(of[:, None] - of[None], axis=2)

    ours = nearness(places)
    assert similarity.neighbours_in_common(ours, nearness(3 - 2 * places)).mean() == 1
    assert similarity.neighbours_in_common(ours, nearness(rng.permutation(places))).mean() < 0.3


def test_unrelated_spaces_have_neighbours_in_common_by_chance():
    rng = np.random.default_rng(0)
    tags = [f"t{i}" for i in range(40)]
    one, other = (space(rng.normal(size=(40, 30)), tags) for _ in range(2))
    found = similarity.agreement({"a": one, "b": other})[0][0]
    assert found["by_chance"] == pytest.approx(5 / 39)
    assert found["neighbours_in_common"] == pytest.approx(found["by_chance"], abs=0.07)
    assert abs(found["rank_correlation"]) < 0.15


def test_tags_that_are_all_equally_near_have_no_order_to_correlate():
    tags = [f"t{i}" for i in range(8)]
    one, never_together = circle(np.arange(8) ** 2, tags), space(np.eye(8), tags)
    found = similarity.agreement({"a": one, "b": never_together})[0][0]
    assert found["rank_correlation"] is None


def test_a_space_in_which_all_tags_are_alike_is_left_out_unless_it_is_the_words():
    tags = list("abcd")
    flat = pd.DataFrame(np.outer([1, 2, 3, 4], [0.1, 0.7, 0.2]), index=tags)
    there = pd.DataFrame(np.eye(4), index=tags)
    spaces, left_out = similarity.without_flat({"words": there, "annotations": flat})
    assert (list(spaces), left_out) == (["words"], ["annotations"])
    with pytest.raises(ValueError, match="all tags have the same word vector"):
        similarity.without_flat({"words": flat, "annotations": there})


def test_spaces_with_few_tags_in_common_are_not_compared():
    one, other = circle([0, 10, 100, 130]), circle([0, 10], ["rock", "flute"])
    found, by_tag = similarity.agreement({"a": one, "b": other})
    assert found[0]["tags"] == 1
    assert found[0]["rank_correlation"] is found[0]["by_chance"] is None
    assert len(by_tag) == 0


def tables(true, predicted, tags=TAGS):
    return (pd.DataFrame(np.array(rows, bool), columns=tags) for rows in (true, predicted))


def test_closeness_of_a_case_worked_by_hand():
    near = circle([0, 60, 90, 120, 180])
    # one clip: rock and harp were there; metal and soft were predicted
    true, predicted = tables(
        [[1, 0, 1, 0, 0], [0, 1, 0, 0, 0], [0, 1, 0, 0, 1]],
        [[1, 1, 0, 0, 1], [0, 1, 0, 0, 0], [0, 0, 0, 0, 0]],
    )
    found = similarity.closeness_of_errors(true, predicted, np.arange(3), near, HOW)
    cosine = np.cos(np.deg2rad([30, 90]))  # metal to harp, soft to harp
    assert found["errors"] == 2
    assert found["clips"] == 1
    assert found["closeness"] == pytest.approx(cosine.mean())
    # metal is on two clips, soft on one, cello on none
    assert found["at_random"] == pytest.approx((2 * cosine[0] + cosine[1]) / 3)
    assert found["difference"]["value"] == pytest.approx(-(cosine[0] - cosine[1]) / 6)


def test_errors_near_the_truth_are_told_from_errors_at_random():
    rng = np.random.default_rng(0)
    tags = [f"t{i}" for i in range(20)]
    near = circle(np.arange(20) * 18, tags)
    true = np.zeros((400, 20), bool)
    true[np.arange(400), rng.integers(20, size=400)] = True
    one_further, anywhere = np.roll(true, 1, axis=1), np.zeros_like(true)
    anywhere[np.arange(400), rng.integers(20, size=400)] = True
    groups = np.arange(400) // 4
    found = [
        similarity.closeness_of_errors(*tables(true, predicted, tags), groups, near, HOW)
        for predicted in (one_further, anywhere)
    ]
    assert found[0]["closeness"] == pytest.approx(np.cos(np.deg2rad(18)))
    assert found[0]["difference"]["low"] > 0.5
    assert found[1]["difference"]["low"] < 0 < found[1]["difference"]["high"]


def test_what_has_no_vector_is_left_out_and_counted():
    near = circle([0, 60, 90], TAGS[:3])
    true, predicted = tables(
        [[1, 0, 0, 0, 0], [0, 0, 0, 1, 0], [1, 0, 0, 0, 0]],
        [[0, 1, 0, 0, 1], [0, 1, 0, 0, 0], [1, 0, 0, 0, 0]],
    )
    found = similarity.closeness_of_errors(true, predicted, np.arange(3), near, HOW)
    # soft has no vector; the second clip has no true tag with one; and of the tags that could
    # stand for metal on the first clip none is ever annotated
    assert found["errors"] == 0
    assert found["errors_left_out"] == 3
    assert found["closeness"] is found["difference"] is None
