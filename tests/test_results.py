"""Files of results are read as they were written."""

import json

import numpy as np
import pandas as pd
import pytest

from autotagging import results


def written_scores(folder):
    scores = np.random.default_rng(0).random((3, 2)).astype(np.float32)
    index = pd.Index(["007", "12", "a-1"], name="clip_id")
    split = pd.Series(["validation", "test", "test"], index, name="split")
    results.write_scores(folder, scores, split, ["no beat", "rock"])
    return scores, split


def test_scores_come_back_with_their_clips_and_tags(tmp_path):
    scores, split = written_scores(tmp_path / "run")
    y_score, read_split = results.read_scores(tmp_path / "run")
    np.testing.assert_array_equal(y_score, scores)
    assert y_score.columns.tolist() == ["no beat", "rock"]
    assert y_score.index.tolist() == ["007", "12", "a-1"]
    pd.testing.assert_series_equal(read_split, split)


def test_scores_that_are_gone_or_damaged_are_named(tmp_path):
    written_scores(tmp_path / "run")
    (tmp_path / "run" / "scores.npy").write_bytes(b"half")
    with pytest.raises(ValueError, match=r"has no scores, or they are damaged: .*--force"):
        results.read_scores(tmp_path / "run")


def test_numbers_come_back_and_the_summary_tells_that_they_are_finished(tmp_path):
    assert results.read_summary(tmp_path) is None
    per_tag = pd.DataFrame({"tag": ["a", "None"], "recall": [0.5, np.nan]})
    tables = dict.fromkeys(results.TABLES, per_tag)
    examples = [
        {
            "clip_id": "007",
            "reason": "best",
            "in_figure": True,
            "actual": ["no beat", "rock"],
            "predicted": [],
        }
    ]
    results.write_numbers(tmp_path, tables, examples, {"macro": {"roc_auc": 0.9}})
    pd.testing.assert_frame_equal(results.read_table(tmp_path, "per_tag"), per_tag)
    assert results.read_examples(tmp_path) == examples
    assert results.read_summary(tmp_path) == {"macro": {"roc_auc": 0.9}}
    assert results.list_finished(tmp_path.parent) == []
    (tmp_path / "summary.json").write_text(json.dumps({"macro": {}})[:-3])
    assert results.read_summary(tmp_path) is None


def test_new_scores_undo_the_numbers_of_old_ones(tmp_path):
    results.write_numbers(tmp_path, dict.fromkeys(results.TABLES, pd.DataFrame({"tag": ["a"]})),
                          [], {"macro": {}})  # fmt: skip
    written_scores(tmp_path)
    assert results.read_summary(tmp_path) is None


def test_a_summary_never_holds_a_value_that_is_no_number(tmp_path):
    tables = dict.fromkeys(results.TABLES, pd.DataFrame({"tag": ["a"]}))
    with pytest.raises(ValueError, match="not JSON compliant"):
        results.write_numbers(tmp_path, tables, [], {"macro": float("nan")})
    assert results.read_summary(tmp_path) is None
