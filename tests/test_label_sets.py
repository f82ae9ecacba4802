"""The label sets: their settings and names, choosing clips, writing and reading."""

from dataclasses import asdict
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from conftest import annotations_of

from autotagging import steps
from autotagging.clips.annotations import MAGNATAGATUNE
from autotagging.labels import label_sets, tag_choice
from autotagging.labels.label_sets import LabelSettings


def step_of(data, name="small", **settings):
    return steps.Step(label_sets.set_folder(data, name), asdict(LabelSettings(**settings)), {})


def write_small_set(data, name="small", citation="Me", **settings):
    """Write a label set of two clips and return its labels."""
    table = annotations_of("""
        a b
        1 0
        0 1
    """)
    split = pd.Series(["train", "test"], index=table.index, name="split")
    labels = label_sets.select(table, split, keep_untagged=False)
    tables = tag_choice.tabulate_tags(table, table, {}, ["a", "b"])
    with steps.writing(step_of(data, name, **settings)) as summary:
        label_sets.write_tables(label_sets.set_folder(data, name), labels, *tables)
        summary |= {"dataset": "mine", "note": "", "citation": citation, "clips": {"kept": 2}}
    return labels


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


def test_a_label_set_is_read_as_it_was_written(tmp_path):
    labels = write_small_set(tmp_path)
    read = label_sets.read_labels(tmp_path, "small")
    pd.testing.assert_frame_equal(read, labels, check_dtype=False)
    assert read[["a", "b"]].dtypes.tolist() == [bool, bool]
    assert label_sets.read_tags(tmp_path, "small")["clips"].tolist() == [1, 1]
    assert label_sets.read_tag_counts(tmp_path, "small")["kept"].tolist() == [1, 1]
    assert label_sets.read_cooccurrence(tmp_path, "small").to_numpy().tolist() == [[1, 0], [0, 1]]
    provenance = {"dataset": "mine", "note": "", "citation": "Me"}
    assert label_sets.read_provenance(tmp_path, "small") == provenance


@pytest.mark.parametrize("tags", [["NA", "null"], ["1980", "1990"], ["b", "tag"]])
def test_tags_that_look_like_missing_values_numbers_or_columns_are_text(tmp_path, tags):
    table = annotations_of(f"{tags[0]} {tags[1]}\n1 0")
    labels = label_sets.select(table, pd.Series({"0": "train"}, name="split"), keep_untagged=False)
    tables = tag_choice.tabulate_tags(table, table, {}, tags)
    with steps.writing(step_of(tmp_path)):
        label_sets.write_tables(label_sets.set_folder(tmp_path, "small"), labels, *tables)
    assert list(label_sets.read_labels(tmp_path, "small").columns) == ["split", *tags]
    assert label_sets.read_tags(tmp_path, "small").index.tolist() == tags
    assert label_sets.read_tag_counts(tmp_path, "small")["merged_into"].tolist() == tags
    assert label_sets.list_annotated(tmp_path) == set(tags)
    shares = label_sets.read_cooccurrence(tmp_path, "small")
    assert list(shares.index) == list(shares.columns) == tags
    assert shares.loc[tags[0]].tolist() == [1, 0]
    assert shares.loc[tags[1]].isna().all()


@pytest.mark.parametrize(
    ("citation", "split", "known"),
    [(MAGNATAGATUNE, "folders", ["0"]), (MAGNATAGATUNE, "artists", None), ("Me", "folders", [])],
    ids=["by folder", "by artist", "another dataset"],
)
def test_what_published_networks_were_trained_on_is_known_by_folder(
    tmp_path, citation, split, known
):
    labels = write_small_set(tmp_path, citation=citation, split=split)
    found = label_sets.list_mtt_training_clips(tmp_path, "small", labels)
    assert found is None if known is None else found.tolist() == known


def test_a_set_of_other_settings_is_refused_and_how_clips_are_named_decides_no_label(tmp_path):
    write_small_set(tmp_path, top=2)
    assert steps.is_finished(step_of(tmp_path, top=2))
    with pytest.raises(ValueError, match=r"with top 2, not 3: run 1_.*--force, or .* --name"):
        steps.is_finished(step_of(tmp_path, top=3))
    other_names = step_of(tmp_path, top=2, names="multi-hot")
    assert not steps.is_finished(other_names, replaceable=["names"])


@pytest.mark.parametrize("text", ["{", "{}", "[]"])
def test_a_set_with_a_damaged_summary_is_refused(tmp_path, text):
    write_small_set(tmp_path)
    (tmp_path / "labels/small/summary.json").write_text(text)
    with pytest.raises(
        ValueError, match=r"labels/small (has a damaged summary|was made by an ear)"
    ):
        label_sets.read_labels(tmp_path, "small")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\udcff",
        "split,a\ntrain,1\n",
        "clip_id,a\n1,1\n",
        "clip_id,split,a,b\n1,train,0,0\n2,tra",
        "clip_id,split,a,b\n1,train,0,0\n2,train,1",
        "clip_id,split,a\n1,train,0\n2,train,x\n",
        "clip_id,split,a\n1,train,2\n",
        "clip_id,split,a\n1,train,256\n",
        "clip_id,split,a\n1,train,.5\n",
        "clip_id,split,a\n1,dev,1\n",
        "clip_id,split,a\n1,train,1\n1,test,1\n",
    ],
)
def test_damaged_labels_are_refused(tmp_path, text):
    write_small_set(tmp_path)
    path = label_sets.labels_path(tmp_path, "small")
    path.write_bytes(text.encode(errors="surrogateescape"))
    with pytest.raises(ValueError, match=r"labels\.csv is gone or damaged: run 1_.* and --force"):
        label_sets.read_labels(tmp_path, "small")


def resolve(*, split="folders", n_tags=50, merge=True, **settings):
    return LabelSettings(**settings).resolve(merge=merge, split=split, n_tags=n_tags)


@pytest.mark.parametrize(
    ("resolved", "name"),
    [
        (resolve(), "merged50"),
        (resolve(merge=False, keep_untagged=True), "unmerged50-all"),
        (resolve(split="artists", n_tags=13), "merged13-artists"),
        (resolve(split="random", seed=3, tags_from="train"), "merged50-train-random-seed3"),
        (resolve(tags=Path("lists/moods.txt"), n_tags=4), "merged-moods"),
        (resolve(seed=3), "merged50"),  # no seed decides folders
    ],
)
def test_a_set_is_named_after_what_made_it(resolved, name):
    assert resolved.set_name == name


def test_settings_that_are_resolved_have_what_was_found_out_and_nothing_that_decides_nothing():
    assert asdict(resolve(merge=False, split="random", n_tags=7, top=50, seed=3)) == {
        "merge": False,
        "top": 7,
        "tags": None,
        "tags_from": "all",
        "keep_untagged": False,
        "split": "random",
        "seed": 3,
        "names": "id",
    }
    listed = resolve(tags=Path("moods.txt"), n_tags=7, seed=3)
    assert (listed.tags, listed.top, listed.tags_from, listed.seed) == ("moods", None, "list", None)


@pytest.mark.parametrize(
    ("settings", "message"),
    [({"top": 10}, "--top does not go with it"), ({"tags_from": "train"}, "--tags-from train")],
)
def test_a_list_of_tags_goes_with_no_other_choice_of_tags(settings, message):
    with pytest.raises(ValueError, match=f"--tags lists the tags: {message}"):
        LabelSettings(tags=Path("moods.txt"), **settings)


def test_the_set_to_use_is_the_only_one_or_named(tmp_path):
    with pytest.raises(ValueError, match="no label set: run 1_label_reduction"):
        label_sets.find_set(tmp_path)
    write_small_set(tmp_path)
    assert label_sets.find_set(tmp_path) == "small"
    with pytest.raises(ValueError, match="no set 'other', only small"):
        label_sets.find_set(tmp_path, "other")
    write_small_set(tmp_path, "other")
    assert label_sets.find_set(tmp_path, "other") == "other"
    with pytest.raises(ValueError, match="no set 'merged50', only other, small: name one"):
        label_sets.find_set(tmp_path)
    write_small_set(tmp_path, "merged50")
    assert label_sets.find_set(tmp_path) == "merged50"


def test_a_set_that_is_not_finished_is_not_there(tmp_path):
    write_small_set(tmp_path)
    (tmp_path / "labels/small/summary.json").unlink()
    with pytest.raises(ValueError, match="no label set"):
        label_sets.find_set(tmp_path)
    with pytest.raises(ValueError, match="labels/small is not finished: run 1_label_reduction"):
        label_sets.read_labels(tmp_path, "small")


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
    with pytest.raises(ValueError, match="'z' is none of the tags: a, b, c"):
        label_sets.choose_clips(table, ["z"])


def test_a_clip_of_many_tags_is_purer_than_one_that_shares_a_tag_of_the_figure():
    table = annotations_of("""
        a b c d e
        1 1 0 0 0
        1 0 1 1 1
        0 1 0 0 0
    """)
    table.insert(0, "split", "train")
    assert label_sets.choose_clips(table, ["a", "b"]) == {"a": "1", "b": "2"}
    assert label_sets.choose_clips(table, ["a"]) == {"a": "0"}


def test_cooccurrence_is_the_share_of_the_rows_tag(monkeypatch):
    monkeypatch.setattr(label_sets, "CLIPS_AT_A_TIME", 3)
    table = annotations_of("""
        a b
        1 1
        1 0
        1 0
        0 0
    """)
    table.insert(0, "split", "train")
    np.testing.assert_allclose(label_sets.cooccurrence(table), [[1, 1 / 3], [1, 1]])


def test_the_row_of_a_tag_that_no_clip_has_is_not_defined():
    table = annotations_of("""
        a b
        1 0
    """)
    table.insert(0, "split", "train")
    np.testing.assert_array_equal(label_sets.cooccurrence(table), [[1, 0], [np.nan, np.nan]])


def test_sets_with_clips_that_are_gone_are_named(tmp_path, capsys):
    for name in ("small", "other", "damaged"):
        write_small_set(tmp_path, name)
    label_sets.labels_path(tmp_path, "damaged").write_text("")  # who reads it is told
    label_sets.warn_of_outdated(tmp_path, pd.Index(["0", "1"]))
    assert capsys.readouterr().out == ""
    label_sets.warn_of_outdated(tmp_path, pd.Index(["0"]))
    lines = [f"warning: labels/{name} has 1 clips that are gone" for name in ("other", "small")]
    printed = capsys.readouterr().out.splitlines()
    assert [line.split(":")[:2] for line in printed] == [line.split(":") for line in lines]


def test_a_clip_is_titled_by_its_tags():
    table = annotations_of("""
        rock slow
        1    1
    """)
    table.insert(0, "split", "train")
    assert label_sets.write_title(table, "slow", "0") == "slow (clip 0: rock, slow)"
