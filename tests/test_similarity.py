"""Nearness of tags: neighbours, agreement of spaces, whether errors are near the truth."""

import dataclasses

import numpy as np
import pandas as pd
import pytest

from autotagging.results.scores import ScoredClips
from autotagging.tag_map import similarity

TAGS = ["rock", "metal", "harp", "cello", "soft"]
TOO_FEW = "it needs at least 4 tags with a direction, here are {}"
FLAT = "all tags have the same direction, so none is nearer than another"


def numbered(n_tags):
    return [f"t{i}" for i in range(n_tags)]


def cosines(vectors, tags=TAGS):
    return similarity.cosines(pd.DataFrame(vectors, index=tags[: len(vectors)], dtype=float))


def on_circle(degrees, tags=TAGS):
    """Return the cosines of directions in a plane."""
    angles = np.deg2rad(degrees)
    return cosines(np.column_stack([np.cos(angles), np.sin(angles)]), tags)


def table_of_pairs(tags, **pairs):
    """Return how near each pair of one-letter tags is: ``ab=0.9``."""
    table = pd.DataFrame(np.eye(len(tags)), list(tags), list(tags))
    for (one, other), value in pairs.items():
        table.loc[one, other] = table.loc[other, one] = value
    return table


def test_the_cosine_ignores_how_long_a_vector_is():
    table = cosines([[1, 0], [3, 4], [30, 40]])
    assert list(table.index) == list(table.columns) == ["rock", "metal", "harp"]
    np.testing.assert_allclose(table, [[1, 0.6, 0.6], [0.6, 1, 1], [0.6, 1, 1]])


def test_a_tag_without_a_direction_is_in_no_space():
    words = pd.DataFrame(np.eye(5), index=TAGS)
    labels = pd.DataFrame([[1, 0, 0, 1, 1], [1, 0, 1, 0, 1]], columns=TAGS).astype(bool)
    weights = words - words.loc["harp"]  # harp's are 0
    spaces, left_out = similarity.build_spaces(words, labels, weights)
    assert {name: list(space.index) for name, space in spaces.items()} == {
        "words": TAGS,
        "annotations": ["rock", "harp", "cello", "soft"],
        "network": ["rock", "metal", "cello", "soft"],
    }
    assert left_out == {}


def test_a_network_of_other_or_fewer_tags_is_a_space_of_its_own_tags():
    words, labels = pd.DataFrame(np.eye(5), TAGS), pd.DataFrame(np.eye(5, dtype=bool), columns=TAGS)
    weights = pd.DataFrame(np.eye(4), index=["soft", "harp", "rock", "metal"])
    spaces, left_out = similarity.build_spaces(words, labels, weights)
    assert list(spaces["network"].index) == ["soft", "harp", "rock", "metal"]
    assert left_out == {}


@pytest.mark.parametrize("n_known", [0, 1, 3])
def test_a_network_of_too_few_tags_is_left_out_with_the_reason(n_known):
    words, labels = pd.DataFrame(np.eye(5), TAGS), pd.DataFrame(np.eye(5, dtype=bool), columns=TAGS)
    spaces, left_out = similarity.build_spaces(words, labels, words.iloc[:n_known])
    assert list(spaces) == ["words", "annotations"]
    assert left_out == {"network": TOO_FEW.format(n_known)}


def test_three_words_are_too_few_for_a_map():
    words = pd.DataFrame(np.eye(3), TAGS[:3])
    with pytest.raises(ValueError, match=f"no map by word vectors: {TOO_FEW.format(3)}"):
        similarity.build_spaces(words, pd.DataFrame(np.eye(5, dtype=bool), columns=TAGS))


def test_tags_are_near_by_annotations_where_they_share_clips():
    rows = [[1, 1, 0, 0, 0], [1, 1, 0, 0, 1], [1, 0, 1, 1, 0]]
    labels = pd.DataFrame(rows, columns=TAGS).astype(bool)
    spaces, _ = similarity.build_spaces(pd.DataFrame(np.eye(5), TAGS), labels)
    assert list(spaces) == ["words", "annotations"]
    table = similarity.cosines(spaces["annotations"])
    assert table.loc["rock", "metal"] == pytest.approx(2 / np.sqrt(3 * 2))
    assert table.loc["metal", "harp"] == 0


def test_a_space_in_which_all_tags_are_alike_is_left_out_unless_it_is_the_words():
    differing = pd.DataFrame(np.eye(4), index=list("abcd"))
    flat = pd.DataFrame(np.outer([1, 2, 3, 4], [0.1, 0.7, 0.2]), index=list("abcd"))
    on_all_clips = pd.DataFrame(np.ones((2, 4), bool), columns=list("abcd"))
    spaces, left_out = similarity.build_spaces(differing, on_all_clips, flat)
    assert (list(spaces), left_out) == (["words"], dict.fromkeys(["annotations", "network"], FLAT))
    with pytest.raises(ValueError, match=f"no map by word vectors: {FLAT}"):
        similarity.build_spaces(flat, on_all_clips)


def test_neighbours_of_each_space_are_ordered_by_cosine():
    found = similarity.neighbours({"a": on_circle([0, 10, 100, 130, 170])})
    of_rock = found[found["tag"] == "rock"]
    assert of_rock["neighbour"].tolist() == ["metal", "harp", "cello", "soft"]
    assert of_rock["rank"].tolist() == [1, 2, 3, 4]
    assert of_rock["cosine"].tolist() == pytest.approx(np.cos(np.deg2rad([10, 100, 130, 170])))
    assert set(found["space"]) == {"a"}


def test_a_tag_has_five_neighbours_at_most():
    found = similarity.neighbours({"a": on_circle(np.arange(9) * 20, numbered(9))})
    assert found.groupby("tag").size().to_dict() == dict.fromkeys(numbered(9), 5)


def test_agreement_of_a_case_worked_by_hand(monkeypatch):
    monkeypatch.setattr(similarity, "N_NEAREST", 1)
    one = table_of_pairs("abc", ab=0.9, ac=0.5, bc=0.1)
    other = table_of_pairs("abc", ab=0.8, ac=0.1, bc=0.5)
    found, by_tag = similarity.agreement({"words": one, "network": other})
    assert found == [
        {
            "spaces": ["words", "network"],
            "tags": 3,
            "rank_correlation": pytest.approx(0.5),  # ranks 3 2 1 and 3 1 2: 1 - 6 * 2 / 24
            "nearest": 1,
            "neighbours_in_common": pytest.approx(2 / 3),  # c is nearest to a, and then to b
            "by_chance": 1 / 2,
        }
    ]
    assert by_tag.to_numpy().tolist() == [
        ["words", "network", "a", 1, 1],
        ["words", "network", "b", 1, 1],
        ["words", "network", "c", 1, 0],
    ]


def test_tags_that_one_space_lacks_have_no_say(monkeypatch):
    monkeypatch.setattr(similarity, "N_NEAREST", 1)
    one = table_of_pairs("abc", ab=0.9, ac=0.5, bc=0.1)
    # in another order, and with a tag that is nearest to every other
    other = table_of_pairs("xcba", ab=0.8, ac=0.1, bc=0.5, ax=0.95, bx=0.95, cx=0.95)
    (found,), by_tag = similarity.agreement({"words": one, "network": other})
    assert found["tags"] == 3
    assert found["rank_correlation"] == pytest.approx(0.5)
    assert dict(zip(by_tag["tag"], by_tag["in_common"], strict=True)) == {"a": 1, "b": 1, "c": 0}


def test_a_space_and_its_opposite_share_no_neighbour():
    one = on_circle(np.arange(12) ** 2, numbered(12))
    (found,), by_tag = similarity.agreement({"a": one, "b": -one})
    assert found["rank_correlation"] == pytest.approx(-1)
    assert found["neighbours_in_common"] == 0
    assert by_tag["tag"].tolist() == numbered(12)
    assert set(by_tag["in_common"]) == {0}


def test_every_two_spaces_are_compared():
    rng = np.random.default_rng(0)
    spaces = {name: cosines(rng.normal(size=(12, 3)), numbered(12)) for name in "abc"}
    found, by_tag = similarity.agreement(spaces)
    assert [row["spaces"] for row in found] == [["a", "b"], ["a", "c"], ["b", "c"]]
    shares = by_tag.groupby(["space", "other_space"])["in_common"].mean() / similarity.N_NEAREST
    assert shares.tolist() == pytest.approx([row["neighbours_in_common"] for row in found])


def test_maps_share_neighbours_wherever_they_are_turned_and_not_when_shuffled():
    rng = np.random.default_rng(0)
    coordinates = rng.normal(size=(50, 2))

    def nearness(points):
        return -np.linalg.norm(points[:, None] - points[None], axis=2)

    ours = nearness(coordinates)
    assert similarity.neighbours_in_common(ours, nearness(3 - 2 * coordinates)).mean() == 1
    shuffled = nearness(rng.permutation(coordinates))
    assert similarity.neighbours_in_common(ours, shuffled).mean() < 0.3


def test_unrelated_spaces_have_neighbours_in_common_by_chance():
    rng = np.random.default_rng(0)
    one, other = (cosines(rng.normal(size=(40, 30)), numbered(40)) for _ in range(2))
    (found,), _ = similarity.agreement({"a": one, "b": other})
    assert found["by_chance"] == pytest.approx(5 / 39)
    assert found["neighbours_in_common"] == pytest.approx(found["by_chance"], abs=0.07)
    assert abs(found["rank_correlation"]) < 0.15


def test_tags_that_are_all_equally_near_have_no_order_to_correlate():
    one = on_circle(np.arange(8) ** 2, numbered(8))
    never_together = cosines(np.eye(8), numbered(8))
    (found,), _ = similarity.agreement({"a": one, "b": never_together})
    assert found["rank_correlation"] is None


def test_spaces_with_few_tags_in_common_are_not_compared():
    one, other = on_circle([0, 10, 100, 130]), on_circle([0, 10], ["rock", "flute"])
    (found,), by_tag = similarity.agreement({"a": one, "b": other})
    assert found["tags"] == 1
    assert found["rank_correlation"] is found["by_chance"] is None
    assert len(by_tag) == 0


def scored_clips(true, predicted, tags=TAGS, artists=None, split="test"):
    """Return clips whose scores reach their thresholds where a tag is predicted."""
    clip_ids = pd.Index(map(str, range(len(true))), name="clip_id")
    labels = pd.DataFrame(true, clip_ids, tags).astype(bool)
    labels.insert(0, "split", split)
    artists = range(len(true)) if artists is None else artists
    clips = pd.DataFrame({"artist": artists, "album": "", "track": 1}, clip_ids)
    thresholds = pd.Series(np.linspace(0.2, 0.8, len(tags)), tags)
    y_score = np.where(predicted, thresholds, thresholds - 0.1)
    return ScoredClips(labels, clips, pd.DataFrame(y_score, clip_ids, tags), thresholds)


def test_closeness_of_a_case_worked_by_hand():
    near = on_circle([0, 60, 90, 150, 180])
    # one clip: rock and harp were there; metal and soft were predicted
    scored = scored_clips(
        [[1, 0, 1, 0, 0], [0, 1, 0, 0, 0], [0, 1, 0, 0, 1]],
        [[1, 1, 0, 0, 1], [0, 1, 0, 0, 0], [0, 0, 0, 0, 0]],
    )
    found = similarity.closeness_of_errors(scored, near)
    cosine = np.cos(np.deg2rad([30, 90]))  # metal to harp, soft to harp
    assert found["errors"] == 2
    assert found["clips"] == 1
    assert found["groups"] == 3
    assert found["closeness"] == pytest.approx(cosine.mean())
    # metal is on two clips, soft on one, cello on none
    assert found["at_random"] == pytest.approx((2 * cosine[0] + cosine[1]) / 3)
    assert found["difference"]["value"] == pytest.approx(-(cosine[0] - cosine[1]) / 6)


def test_a_true_tag_that_has_no_scores_is_still_the_truth():
    near = on_circle([0, 60, 90, 150, 180])
    scored = scored_clips(
        [[1, 0, 1, 0, 0], [0, 1, 0, 0, 0], [0, 1, 0, 0, 1]],
        [[1, 1, 0, 0, 1], [0, 1, 0, 0, 0], [0, 0, 0, 0, 0]],
    )
    known = ["metal", "cello", "soft"]  # rock and harp, true on the first clip, have no scores
    scored = dataclasses.replace(
        scored, y_score=scored.y_score[known], thresholds=scored.thresholds[known]
    )
    found = similarity.closeness_of_errors(scored, near)
    cosine = np.cos(np.deg2rad([30, 90]))  # metal to harp, soft to harp
    assert (found["errors"], found["clips"], found["errors_left_out"]) == (2, 1, 0)
    assert found["closeness"] == pytest.approx(cosine.mean())
    assert found["at_random"] == pytest.approx((2 * cosine[0] + cosine[1]) / 3)


def test_a_tag_without_scores_is_never_the_one_at_random():
    near = on_circle([0, 60, 90, 150, 180])
    scored = scored_clips(np.eye(5)[[0, 1, 2, 4]], np.eye(5)[[1, 1, 2, 4]])
    known = ["rock", "metal", "soft"]
    scored = dataclasses.replace(
        scored, y_score=scored.y_score[known], thresholds=scored.thresholds[known]
    )
    found = similarity.closeness_of_errors(scored, near)
    assert found["at_random"] == pytest.approx((np.cos(np.deg2rad(60)) - 1) / 2)  # metal, soft


def test_errors_on_test_clips_alone_are_counted():
    true, predicted = np.eye(5)[:4], np.eye(5)[1:]  # each is taken for the next
    split = ["valid", "test", "valid", "test"]
    scored = scored_clips(true, predicted, split=split)
    found = similarity.closeness_of_errors(scored, on_circle([0, 60, 90, 120, 180]))
    assert found["errors"] == 2
    # metal is taken for harp, cello for soft
    assert found["closeness"] == pytest.approx(np.cos(np.deg2rad([30, 60])).mean())


def test_errors_near_the_truth_are_told_from_errors_at_random():
    rng = np.random.default_rng(0)
    near = on_circle(np.arange(20) * 18, numbered(20))
    true = np.zeros((400, 20), bool)
    true[np.arange(400), rng.integers(20, size=400)] = True
    one_further, anywhere = np.roll(true, 1, axis=1), np.zeros_like(true)
    anywhere[np.arange(400), rng.integers(20, size=400)] = True
    found = [
        similarity.closeness_of_errors(
            scored_clips(true, predicted, numbered(20), np.arange(400) // 4), near
        )
        for predicted in (one_further, anywhere)
    ]
    assert found[0]["groups"] == 100
    assert found[0]["closeness"] == pytest.approx(np.cos(np.deg2rad(18)))
    assert found[0]["difference"]["low"] > 0.5
    assert found[1]["difference"]["low"] < 0 < found[1]["difference"]["high"]


def test_of_a_single_artist_there_is_no_interval():
    scored = scored_clips(np.eye(5)[:2], np.eye(5)[1:3], artists=["Ayla", "Ayla"])
    found = similarity.closeness_of_errors(scored, on_circle([0, 60, 90, 120, 180]))
    assert found["groups"] == 1
    assert found["difference"]["value"] is not None
    assert found["difference"]["low"] is found["difference"]["high"] is None


def test_what_has_no_vector_is_left_out_and_counted():
    near = on_circle([0, 60, 90], TAGS[:3])
    scored = scored_clips(
        [[1, 0, 0, 0, 0], [0, 0, 0, 1, 0], [1, 0, 0, 0, 0]],
        [[0, 1, 0, 0, 1], [0, 1, 0, 0, 0], [1, 0, 0, 0, 0]],
    )
    found = similarity.closeness_of_errors(scored, near)
    # soft has no vector; the second clip has no true tag with one; and of the tags that could
    # stand for metal on the first clip none is ever annotated
    assert found["errors"] == 0
    assert found["errors_left_out"] == 3
    assert found["closeness"] is found["difference"] is None
