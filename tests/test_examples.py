"""The clips shown are chosen by a rule, good ones and bad ones."""

import numpy as np
import pandas as pd
import pytest

from autotagging.results import examples
from autotagging.results.scores import ScoredClips


def scored_of(y_true, y_score, threshold=0.5):
    """Return test clips named a, b, c ... of one artist with tags t0, t1 ..."""
    y_true, y_score = np.array(y_true, bool), np.array(y_score, float)
    index = pd.Index([chr(97 + i) for i in range(len(y_true))], name="clip_id")
    tags = [f"t{k}" for k in range(y_true.shape[1])]
    labels = pd.DataFrame(y_true, index, tags)
    labels.insert(0, "split", "test")
    clips = pd.DataFrame({"artist": "x", "album": "y", "track": "z"}, index)
    thresholds = pd.Series(threshold, index=tags)
    return ScoredClips(labels, clips, pd.DataFrame(y_score, index, tags), thresholds)


# a: all right; b: half; c: a third; d: one actual tag of four predicted; e: nothing in common,
# sure; f: nothing in common, less sure; g: nothing predicted
Y_TRUE = [
    [1, 1, 0, 0],
    [1, 1, 0, 0],
    [1, 1, 1, 0],
    [1, 0, 0, 0],
    [1, 0, 0, 0],
    [0, 1, 0, 0],
    [1, 1, 0, 0],
]
Y_SCORE = [
    [0.9, 0.8, 0.1, 0.1],
    [0.9, 0.1, 0.1, 0.1],
    [0.1, 0.1, 0.9, 0.1],
    [0.6, 0.7, 0.8, 0.9],
    [0.1, 0.1, 0.55, 0.95],
    [0.1, 0.1, 0.1, 0.75],
    [0.4, 0.4, 0.4, 0.4],
]


def test_the_rule_takes_the_best_the_middle_the_poor_and_the_wrong():
    shown = examples.tabulate(scored_of(Y_TRUE, Y_SCORE))
    assert [e["clip_id"] for e in shown if e["in_figure"]] == list("abcde")
    reasons = {e["clip_id"]: e["reason"] for e in shown}
    assert reasons["a"] == "best agreement"
    assert reasons["d"] == examples.SAYS_LITTLE
    assert reasons["e"] == examples.PLAINLY_WRONG
    assert reasons["g"] == examples.NOTHING_TO_RANK
    assert sorted(reasons) == list("abcdefg")


def test_predicted_tags_stand_in_the_order_of_their_scores():
    shown = {e["clip_id"]: e for e in examples.tabulate(scored_of(Y_TRUE, Y_SCORE))}
    assert shown["d"]["predicted"] == ["t3", "t2", "t1", "t0"]
    assert shown["d"]["actual"] == ["t0"]
    assert shown["g"]["predicted"] == []


def test_clips_asked_for_come_first_and_alone_in_the_figure():
    shown = examples.tabulate(scored_of(Y_TRUE, Y_SCORE), ["g", "b", "g"])
    assert [e["clip_id"] for e in shown if e["in_figure"]] == ["g", "b"]
    assert {e["reason"] for e in shown[:2]} == {examples.ASKED_FOR}
    assert len({e["clip_id"] for e in shown}) == len(shown) == 7
    with pytest.raises(ValueError, match="--clips zz: no test clip"):
        examples.tabulate(scored_of(Y_TRUE, Y_SCORE), ["zz"])


def test_a_few_clips_or_none_that_tells_anything_are_enough():
    assert len(examples.tabulate(scored_of(Y_TRUE[:1], Y_SCORE[:1]))) == 1
    nothing = examples.tabulate(scored_of([[0, 0], [0, 0]], [[0.1, 0.2], [0.3, 0.1]]))
    assert [e["clip_id"] for e in nothing] == ["a", "b"]
    assert {e["reason"] for e in nothing} == {examples.NOTHING_TO_RANK}


def test_many_clips_are_shown_at_ranks_from_the_best_to_the_worst():
    rng = np.random.default_rng(0)
    y_true = rng.random((200, 8)) < 0.3
    y_score = np.clip(0.5 * y_true + 0.7 * rng.random(y_true.shape), 0, 1)
    scored = scored_of(y_true[:26], y_score[:26])
    shown = examples.tabulate(scored)
    assert len(shown) == examples.IN_REPORT
    assert sum(e["in_figure"] for e in shown) == examples.IN_FIGURE
    agreement = examples.agreements(y_true[:26], y_score[:26] >= 0.5)
    assert agreement[ord(shown[0]["clip_id"]) - 97] == agreement.max()
    assert examples.NOTHING_TO_RANK not in {e["reason"] for e in shown}


def test_a_clip_asked_for_by_an_altered_id_is_named():
    scored = scored_of(Y_TRUE, Y_SCORE)
    with pytest.raises(ValueError, match=r"--clips writes 1 clip id .* is 'A', which is 'a'"):
        examples.tabulate(scored, ["A"])
