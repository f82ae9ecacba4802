"""Files of results are read as they were written."""

import numpy as np
import pandas as pd

from autotagging import results


def test_scores_come_back_with_their_clips_and_tags(tmp_path):
    scores = np.random.default_rng(0).random((3, 2)).astype(np.float32)
    index = pd.Index(["007", "12", "a-1"], name="clip_id")
    split = pd.Series(["validation", "test", "test"], index, name="split")
    results.write_scores(tmp_path / "run", scores, split, ["no beat", "rock"])
    read, read_split, tags = results.read_scores(tmp_path / "run")
    np.testing.assert_array_equal(read, scores)
    pd.testing.assert_series_equal(read_split, split)
    assert tags == ["no beat", "rock"]


def test_numbers_come_back_and_the_summary_tells_that_they_are_finished(tmp_path):
    assert results.read_summary(tmp_path) is None
    per_tag = pd.DataFrame({"tag": ["a", "b"], "recall": [0.5, np.nan]})
    examples = [{"clip_id": "007", "actual": ["no beat", "rock"], "predicted": []}]
    results.write_numbers(tmp_path, per_tag, examples, {"macro": {"roc_auc": 0.9}})
    pd.testing.assert_frame_equal(results.read_per_tag(tmp_path), per_tag)
    assert results.read_examples(tmp_path) == examples
    assert results.read_summary(tmp_path) == {"macro": {"roc_auc": 0.9}}
