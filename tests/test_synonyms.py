"""Synonyms merged, and the kinds of tags."""

import numpy as np
import pandas as pd
import pytest
from conftest import annotations_of
from hypothesis import given
from hypothesis import strategies as st

from autotagging import cli
from autotagging.clips import annotations
from autotagging.labels import synonyms


def table_of(folder, lines):
    path = folder / "s.csv"
    path.write_text("tag,synonym\n" + lines)
    return path


def test_a_clip_has_a_merged_tag_if_it_has_one_of_the_group():
    table = annotations_of("""
        classic classical drums rock
        1       0         0     1
        0       1         1     0
        1       1         0     0
        0       0         0     0
    """)
    merged = synonyms.merge_synonyms(table, {"classic": "classical", "drums": "drum"})
    assert list(merged.columns) == ["classical", "drum", "rock"]
    expected = [[1, 0, 1], [1, 1, 0], [1, 0, 0], [0, 0, 0]]
    np.testing.assert_array_equal(merged.to_numpy(), np.array(expected, bool))


@given(st.integers(0, 2**32 - 1))
def test_merging_is_the_maximum_over_the_group_for_any_table(seed):
    rng = np.random.default_rng(seed)
    tags = [f"t{i}" for i in range(8)]
    table = pd.DataFrame(rng.random((20, 8)) < 0.3, columns=tags)
    groups = {tag: f"t{rng.integers(4)}" for tag in tags[4:]}
    merged = synonyms.merge_synonyms(table, groups)
    for group in merged.columns:
        members = [tag for tag in tags if groups.get(tag, tag) == group]
        np.testing.assert_array_equal(merged[group], table[members].max(axis=1))


def test_scores_are_merged_by_maximum_too():
    table = pd.DataFrame({"drums": [0.2, 0.7], "drum": [0.4, 0.1]}, index=["1", "2"])
    merged = synonyms.merge_synonyms(table, {"drums": "drum", "beats": "drum"})
    assert merged["drum"].to_dict() == {"1": 0.4, "2": 0.7}


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ("drum,drums\nbeat,drums\n", "'drums' is in 'drum' and in 'beat'"),
        ("drum,drums\nbeat,drum\n", "'drum' is merged into 'beat' and a group itself"),
        ("drum,drum\n", "'drum' is merged into 'drum' and a group itself"),
        ("drum,\n", "row 2: a value is missing"),
    ],
)
def test_ambiguous_synonyms_are_refused_by_name(tmp_path, lines, message):
    with pytest.raises(ValueError, match=message):
        synonyms.read_synonyms(table_of(tmp_path, lines))


def test_there_are_29_groups_of_synonyms():
    groups = synonyms.read_synonyms(cli.SYNONYMS)
    assert len(set(groups.values())) == 29
    assert groups["man singing"] == "male"


def test_a_tag_that_nobody_knows_is_refused_by_name(tmp_path):
    slip = table_of(tmp_path, "drum,drmus\n")
    with pytest.raises(ValueError, match=r"s\.csv: 'drmus' is a tag neither .* is 'drums' meant\?"):
        synonyms.read_applying(slip, ["drum", "drums"], [])
    slip = table_of(tmp_path, "durm,drums\n")
    with pytest.raises(ValueError, match="'durm' is a tag neither"):
        synonyms.read_applying(slip, ["drum", "drums"], [])


def test_a_group_with_one_tag_in_the_annotations_leaves_its_name(tmp_path):
    path = table_of(tmp_path, "electro,electronic\ndrum,drums\ndrum,beats\n")
    tags, known = ["electronic", "drums", "beats"], ["electro", "drum"]
    assert synonyms.read_applying(path, tags, known) == {"drums": "drum", "beats": "drum"}


def test_every_tag_of_magnatagatune_has_a_kind_synonyms_that_of_their_group(test_data):
    kinds = synonyms.read_kinds(cli.TAG_KINDS)
    tags = annotations.read_annotations(test_data / "mtt" / "annotations_final.csv").tags
    assert set(tags.columns) <= set(kinds)
    for synonym, tag in synonyms.read_synonyms(cli.SYNONYMS).items():
        assert kinds[synonym] == kinds[tag]


def test_a_table_with_other_columns_is_refused(tmp_path):
    (tmp_path / "kinds.csv").write_text("tag;kind\nrock;genre\n")
    with pytest.raises(ValueError, match="is separated by semicolons"):
        synonyms.read_kinds(tmp_path / "kinds.csv")
    (tmp_path / "kinds.csv").write_text("name,kind\nrock,genre\n")
    with pytest.raises(ValueError, match="must have the columns tag, kind"):
        synonyms.read_kinds(tmp_path / "kinds.csv")
    (tmp_path / "kinds.csv").write_text("")
    with pytest.raises(ValueError, match=r"kinds\.csv"):
        synonyms.read_kinds(tmp_path / "kinds.csv")


def test_no_tag_is_merged_into_one_with_the_name_of_another_column(tmp_path):
    with pytest.raises(ValueError, match="no tag can be called 'split'"):
        synonyms.read_synonyms(table_of(tmp_path, "split,cut\n"))


def test_tags_are_the_same_however_their_accents_are_typed(tmp_path):
    table = table_of(tmp_path, "caf\u00e9,cafe\u0301s\n")
    assert synonyms.read_synonyms(table) == {"caf\u00e9s": "caf\u00e9"}
