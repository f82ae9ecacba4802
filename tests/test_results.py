"""Files of results are read as they were written."""

import numpy as np
import pandas as pd
import pytest

from autotagging.results import results_folder

TABLES = dict.fromkeys(
    results_folder.TABLES, pd.DataFrame({"tag": ["007", "None"], "recall": [0.5, None]})
)
SUMMARY = {"made_from": {"system": "x"}, "rows": {}, "baselines": {"prevalence": {}}}
EXAMPLES = [
    {
        "clip_id": "007",
        "reason": "best",
        "in_figure": True,
        "actual": ["no beat", 'rock; "hard"'],
        "predicted": [],
    }
]


def written_scores(folder):
    scores = np.random.default_rng(0).random((3, 2))
    index = pd.Index(["007", "12", "a-1"], name="clip_id")
    y_score = pd.DataFrame(scores, index, ["no beat", "rock"])
    split = pd.Series(["validation", "test", "test"], index, name="split")
    left_out = pd.DataFrame({"split": ["test"], "reason": ["silent"]}, pd.Index(["9"]))
    results_folder.write_scores(folder, y_score, split, left_out)
    return y_score, split


def written(folder):
    written_scores(folder)
    results_folder.write_numbers(folder, TABLES, EXAMPLES, SUMMARY)
    return folder


def test_scores_come_back_with_their_clips_and_tags(tmp_path):
    y_score, split = written_scores(tmp_path / "run")
    read, read_split = results_folder.read_scores(tmp_path / "run")
    pd.testing.assert_frame_equal(read, y_score)
    pd.testing.assert_series_equal(read_split, split)
    assert results_folder.read_left_out(tmp_path / "run").to_dict("index") == {
        "9": {"split": "test", "reason": "silent"}
    }


@pytest.mark.parametrize("content", [b"", b"half", b"\x93NUMPY\x01\x00"])
def test_scores_that_are_gone_or_damaged_are_named(tmp_path, content):
    written_scores(tmp_path / "run")
    (tmp_path / "run" / "scores.npy").write_bytes(content)
    with pytest.raises(ValueError, match=r"scores are gone or damaged: .*--force"):
        results_folder.read_scores(tmp_path / "run")


def test_scores_that_are_no_numbers_are_damaged(tmp_path):
    written_scores(tmp_path / "run")
    np.save(tmp_path / "run" / "scores.npy", np.full((3, 2), np.nan))
    with pytest.raises(ValueError, match="gone or damaged"):
        results_folder.read_scores(tmp_path / "run")


def test_numbers_come_back_and_the_summary_tells_that_they_are_finished(tmp_path):
    assert results_folder.read_summary(tmp_path / "run") is None
    folder = written(tmp_path / "run")
    pd.testing.assert_frame_equal(
        results_folder.read_table(folder, "per_tag"), TABLES["per_tag"], check_dtype=False
    )
    assert results_folder.read_examples(folder) == EXAMPLES
    assert results_folder.read_summary(folder) == SUMMARY


@pytest.mark.parametrize("file", [*results_folder.SCORES, *results_folder.NUMBERS])
def test_results_with_a_file_missing_are_not_finished(tmp_path, file):
    folder = written(tmp_path / "results" / "run")
    assert results_folder.list_finished(tmp_path) == ["run"]
    (folder / file).unlink()
    assert results_folder.read_summary(folder) is None
    assert results_folder.list_finished(tmp_path) == []


@pytest.mark.parametrize("text", ["", "{", "3", '"x"', '{"macro": 1}', '{"made_from": {}}', "NaN"])
def test_a_summary_that_is_damaged_or_of_another_version_is_none(tmp_path, text):
    folder = written(tmp_path / "run")
    (folder / "summary.json").write_text(text)
    assert results_folder.read_summary(folder) is None


def test_new_scores_and_new_numbers_undo_what_was_made_of_the_old(tmp_path):
    folder = written(tmp_path / "run")
    (folder / "report.html").write_text("old")
    written_scores(folder)
    assert results_folder.read_summary(folder) is None
    assert not (folder / "report.html").exists()


def test_numbers_cut_short_are_not_taken_for_finished(tmp_path, monkeypatch):
    folder = written(tmp_path / "run")
    n_written = []

    def cut(path, content):
        n_written.append(path)
        if len(n_written) == 3:
            raise KeyboardInterrupt
        path.write_text(content)

    monkeypatch.setattr(results_folder, "write_whole", cut)
    with pytest.raises(KeyboardInterrupt):
        results_folder.write_numbers(folder, TABLES, EXAMPLES, SUMMARY)
    assert results_folder.read_summary(folder) is None


def test_a_summary_never_holds_a_value_that_is_no_number(tmp_path):
    folder = written(tmp_path / "run")
    with pytest.raises(ValueError, match="not JSON compliant"):
        results_folder.write_numbers(folder, TABLES, [], {"macro": float("nan")})
    assert results_folder.read_summary(folder) == SUMMARY


def test_a_damaged_table_is_named(tmp_path):
    folder = written(tmp_path / "run")
    (folder / "per_tag.csv").write_text("")
    with pytest.raises(ValueError, match=r"per_tag.csv are gone or damaged"):
        results_folder.read_table(folder, "per_tag")
