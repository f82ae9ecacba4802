"""The label sets: choosing clips, writing and reading."""

import numpy as np
import pandas as pd
import pytest
from conftest import annotations_of

from autotagging.labels import label_sets, synonyms


def test_clips_without_any_tag_are_left_out_unless_wanted():
    table = annotations_of("""
        a b
        1 0
        0 0
        0 1
    """)
    split = pd.Series("train", index=table.index, name="split")
    usable = table[:2]
    without = label_sets.select(usable, split, keep_untagged=False)
    assert list(without.index) == ["0"]
    every = label_sets.select(usable, split, keep_untagged=True)
    assert list(every.index) == ["0", "1"]


def small_set(data, **settings):
    table = annotations_of("""
        a b
        1 0
        0 1
    """)
    split = pd.Series(["train", "test"], index=table.index, name="split")
    chosen = label_sets.select(table, split, keep_untagged=False)
    tables = synonyms.tabulate_tags(table, table, {}, ["a", "b"])
    summary = {"settings": settings, "note": "", "citation": ""}
    return label_sets.write_set(data, "small", chosen, tables, summary), chosen


def test_a_label_set_is_read_as_it_was_written_and_not_written_twice(tmp_path):
    written, table = small_set(tmp_path, top=2)
    assert written
    pd.testing.assert_frame_equal(
        label_sets.read_labels(tmp_path, "small"), table, check_dtype=False
    )
    assert label_sets.read_tags(tmp_path, "small")["clips"].tolist() == [1, 1]
    written_again, _ = small_set(tmp_path, top=2)
    assert not written_again


def test_a_set_made_with_other_settings_is_refused_unless_forced(tmp_path):
    small_set(tmp_path, top=2)
    label_sets.check_settings(tmp_path, "small", {"top": 2}, force=False)
    with pytest.raises(ValueError, match=r"other settings \(top\).*--force"):
        label_sets.check_settings(tmp_path, "small", {"top": 3}, force=False)
    label_sets.check_settings(tmp_path, "small", {"top": 3}, force=True)
    with pytest.raises(ValueError, match=r"other settings \(seed\)"):
        label_sets.check_settings(tmp_path, "small", {"top": 2, "seed": 1}, force=False)


@pytest.mark.parametrize(
    ("choices", "tags", "name"),
    [
        ({}, 50, "merged50"),
        ({"merge": False, "keep_untagged": True}, 50, "unmerged50-all"),
        ({"split": "artists", "seed": 0}, 13, "merged13-artists"),
        ({"split": "random", "seed": 3, "tags_from": "train"}, 50, "merged50-train-random-seed3"),
        ({"tags_from": "list"}, "-moods", "merged-moods"),
    ],
)
def test_a_set_is_named_after_what_made_it(choices, tags, name):
    usual = {"merge": True, "tags_from": "all", "keep_untagged": False}
    usual |= {"split": "folders", "seed": None}
    assert label_sets.set_name({**usual, **choices}, tags) == name


def test_the_set_to_use_is_the_only_one_or_named(tmp_path):
    with pytest.raises(ValueError, match="no label set: run 1_label_reduction"):
        label_sets.find_set(tmp_path)
    small_set(tmp_path)
    assert label_sets.find_set(tmp_path) == "small"
    with pytest.raises(ValueError, match="no set 'other', only small"):
        label_sets.find_set(tmp_path, "other")


def test_a_figure_takes_the_purest_clip_of_each_tag():
    table = annotations_of("""
        a b c
        1 1 0
        1 0 1
        1 0 0
        0 1 0
    """)
    table.insert(0, "split", "train")
    assert label_sets.choose_clips(table, ["a", "b"]) == {"a": "2", "b": "3"}
    assert label_sets.choose_clips(table, n_clips=2) == {"a": "2", "b": "3"}
    empty = table.assign(a=False)
    assert label_sets.choose_clips(empty, n_clips=2) == {"b": "0", "c": "1"}
    with pytest.raises(ValueError, match="no clip with the tag 'a'"):
        label_sets.choose_clips(empty, ["a"])
    with pytest.raises(ValueError, match="'z' is not one of the tags"):
        label_sets.choose_clips(table, ["z"])


def test_cooccurrence_is_the_share_of_the_rows_tag():
    table = annotations_of("""
        a b
        1 1
        1 0
        1 0
        0 0
    """)
    table.insert(0, "split", "train")
    np.testing.assert_allclose(label_sets.cooccurrence(table), [[1, 1 / 3], [1, 1]])


def test_parts_leave_out_clips_without_features_and_must_not_be_empty():
    table = annotations_of("""
        a b
        1 0
        1 1
        0 1
    """)
    table.insert(0, "split", ["train", "validation", "test"])
    rows = pd.Series({"0": 7, "1": 5})
    parts = label_sets.arrays_by_part(table, rows)
    assert parts["train"][0].tolist() == [7]
    assert parts["validation"][1].tolist() == [[True, True]]
    assert len(parts["test"][0]) == 0
    with pytest.raises(ValueError, match="no validation clips with a tag"):
        label_sets.arrays_by_part(table, rows[:1])


def test_sets_of_another_table_are_not_mixed_with_these(tmp_path):
    small_set(tmp_path, annotations_sha256="a")
    other = {"annotations_sha256": "b"}
    with pytest.raises(ValueError, match=r"labels/small was made from another table.*--data"):
        label_sets.check_settings(tmp_path, "new", other, force=False)
    label_sets.check_settings(tmp_path, "new", other, force=True)
    label_sets.check_settings(tmp_path, "new", {"annotations_sha256": "a", "top": 3}, force=False)


def test_sets_with_clips_that_are_gone_are_found(tmp_path):
    small_set(tmp_path)
    assert label_sets.find_outdated(tmp_path, pd.Index(["0", "1"])) == {}
    assert label_sets.find_outdated(tmp_path, pd.Index(["0"])) == {"small": 1}


@pytest.mark.parametrize("text", ["{", "{}", "[]"])
def test_a_damaged_summary_is_one_sentence_unless_it_is_made_anew(tmp_path, text):
    small_set(tmp_path)
    path = tmp_path / "labels/small/summary.json"
    path.write_text(text)
    with pytest.raises(ValueError, match=r"summary\.json is damaged: run script 1 again"):
        label_sets.check_settings(tmp_path, "small", {}, force=False)
    (tmp_path / "labels/small/labels.csv").write_bytes(b"\xff")
    label_sets.check_settings(tmp_path, "small", {}, force=True)
    assert small_set(tmp_path)[0]
