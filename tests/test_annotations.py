"""Annotations: reading, merging, counting."""

import numpy as np
import pandas as pd
import pytest
from conftest import REPOSITORY, annotations_of, write_annotations
from hypothesis import given
from hypothesis import strategies as st

from autotagging import annotations

# Counts of the 50 merged tags over the 25,863 rows of the genuine annotations.
MERGED50 = """guitar 4861, classical 4358, slow 3547, techno 2954, string 2842, vocal 2813, electro
2764, drum 2698, no singer 2550, rock 2371, fast 2331, male 2169, beat 2123, female 2067, piano
2056, ambient 1956, violin 1907, synth 1734, india 1402, singer 1308, opera 1298, harpsichord 1123,
loud 1086, quiet 1072, flute 1035, pop 995, soft 985, sitar 926, solo 826, choir 791, new age 650,
dance 649, strange 640, harp 623, heavy 583, cello 575, jazz 555, country 541, eastern 406, bass
337, modern 327, no piano 324, hard 323, chant 312, baroque 297, orchestra 296, foreign 275, trance
253, folk 243, no beat 242"""


def test_a_clip_has_a_merged_tag_if_it_has_one_of_the_group():
    table = annotations_of("""
        classic classical drums rock
        1       0         0     1
        0       1         1     0
        1       1         0     0
        0       0         0     0
    """)
    merged = annotations.merge_synonyms(table, {"classic": "classical", "drums": "drum"})
    assert list(merged.columns) == ["classical", "drum", "rock"]
    expected = [[1, 0, 1], [1, 1, 0], [1, 0, 0], [0, 0, 0]]
    np.testing.assert_array_equal(merged.to_numpy(), np.array(expected, bool))


@given(st.integers(0, 2**32 - 1))
def test_merging_is_the_maximum_over_the_group_for_any_table(seed):
    rng = np.random.default_rng(seed)
    tags = [f"t{i}" for i in range(8)]
    table = pd.DataFrame(rng.random((20, 8)) < 0.3, columns=tags)
    synonyms = {tag: f"t{rng.integers(4)}" for tag in tags[4:]}
    merged = annotations.merge_synonyms(table, synonyms)
    for group in merged.columns:
        members = [tag for tag in tags if synonyms.get(tag, tag) == group]
        np.testing.assert_array_equal(merged[group], table[members].max(axis=1))


def test_tags_are_counted_most_frequent_first_and_ties_alphabetically():
    table = annotations_of("""
        b a d c
        1 1 0 1
        0 0 0 1
        0 0 0 1
    """)
    counts = annotations.count_tags(table)
    assert counts.to_dict() == {"c": 3, "a": 1, "b": 1, "d": 0}
    assert list(counts.index) == ["c", "a", "b", "d"]


def test_clip_ids_are_sorted_as_numbers():
    assert annotations.in_numerical_order(["10", "9", "a-1", "2"]) == ["2", "9", "10", "a-1"]


def test_annotations_are_read_as_they_are_shipped(tmp_path):
    rows = [
        {"clip_id": "10", "no beat": "1", "rock": "0", "mp3_path": "0/b.mp3"},
        {"clip_id": "9", "no beat": "0", "rock": "1", "mp3_path": "f/a.mp3"},
    ]
    write_annotations(tmp_path / "annotations.csv", rows)
    table, files = annotations.read_annotations(tmp_path / "annotations.csv")
    assert files.to_dict() == {"9": "f/a.mp3", "10": "0/b.mp3"}
    assert table.loc["10"].to_dict() == {"no beat": True, "rock": False}
    assert list(table.columns) == ["no beat", "rock"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"rock": "2"}, r"row 3: 'rock' is '2', neither 0 nor 1"),
        ({"rock": ""}, r"row 3: 'rock' is '', neither 0 nor 1"),
        ({"clip_id": "10"}, r"row 3: clip_id '10' stands there twice"),
        ({"mp3_path": "0/b.mp3"}, r"row 3: mp3_path '0/b.mp3' stands there twice"),
    ],
)
def test_a_wrong_value_is_refused_with_its_row(tmp_path, change, message):
    row = {"clip_id": "10", "rock": "0", "mp3_path": "0/b.mp3"}
    write_annotations(
        tmp_path / "a.csv", [row, {"clip_id": "9", "rock": "1", "mp3_path": "f/a.mp3"} | change]
    )
    with pytest.raises(ValueError, match=message):
        annotations.read_annotations(tmp_path / "a.csv")


def test_a_missing_column_is_named(tmp_path):
    write_annotations(tmp_path / "a.csv", [{"clip_id": "10", "rock": "0"}])
    with pytest.raises(ValueError, match="no column 'mp3_path'"):
        annotations.read_annotations(tmp_path / "a.csv")


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ("drum,drums\nbeat,drums\n", "'drums' is in 'drum' and in 'beat'"),
        ("drum,drums\nbeat,drum\n", "'drum' is merged into 'beat' and a group itself"),
    ],
)
def test_ambiguous_synonyms_are_refused_by_name(tmp_path, lines, message):
    (tmp_path / "synonyms.csv").write_text("tag,synonym\n" + lines)
    with pytest.raises(ValueError, match=message):
        annotations.read_synonyms(tmp_path / "synonyms.csv")


def test_there_are_29_groups_of_synonyms():
    synonyms = annotations.read_synonyms(REPOSITORY / "data" / "synonyms.csv")
    assert len(set(synonyms.values())) == 29
    assert synonyms["man singing"] == "male"


def test_the_genuine_annotations_give_the_published_50_tags_and_counts(test_data):
    table, _ = annotations.read_annotations(test_data / "mtt" / "annotations_final.csv")
    synonyms = annotations.read_synonyms(REPOSITORY / "data" / "synonyms.csv")
    merged = annotations.merge_synonyms(table, synonyms)
    kept, every = annotations.tabulate_tags(table, merged, synonyms, 50)
    published = [entry.rsplit(None, 1) for entry in MERGED50.replace("\n", " ").split(", ")]
    assert list(zip(kept["tag"], kept["clips"], strict=True)) == [(t, int(n)) for t, n in published]
    assert (table.shape, merged.shape) == ((25863, 188), (25863, 134))
    assert every.loc[every["tag"] == "electronic", "merged_into"].item() == "electro"
    assert int(table.to_numpy().sum()) == 89395
