"""Synonyms, kinds, counting and choosing tags."""

import numpy as np
import pandas as pd
import pytest
from conftest import REPOSITORY, annotations_of
from hypothesis import given
from hypothesis import strategies as st

from autotagging.clips import annotations
from autotagging.labels import synonyms

SYNONYMS = REPOSITORY / "data" / "synonyms.csv"
TAG_KINDS = REPOSITORY / "data" / "tag_kinds.csv"
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
    merged = synonyms.merge_synonyms(table, {"classic": "classical", "drums": "drum"})
    assert list(merged.columns) == ["classical", "drum", "rock"]
    expected = [[1, 0, 1], [1, 1, 0], [1, 0, 0], [0, 0, 0]]
    np.testing.assert_array_equal(merged.to_numpy(), np.array(expected, bool))


@given(st.integers(0, 2**32 - 1))
def test_merging_is_the_maximum_over_the_group_for_any_table(seed):
    rng = np.random.default_rng(seed)
    tags = [f"t{i}" for i in range(8)]
    table = pd.DataFrame(rng.random((20, 8)) < 0.3, columns=tags)
    synonyms = {tag: f"t{rng.integers(4)}" for tag in tags[4:]}
    merged = synonyms.merge_synonyms(table, synonyms)
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
    counts = synonyms.count_tags(table)
    assert counts.to_dict() == {"c": 3, "a": 1, "b": 1, "d": 0}
    assert list(counts.index) == ["c", "a", "b", "d"]


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ("drum,drums\nbeat,drums\n", "'drums' is in 'drum' and in 'beat'"),
        ("drum,drums\nbeat,drum\n", "'drum' is merged into 'beat' and a group itself"),
        ("beat,no beat\n", "'beat' merges opposites, 'beat' and 'no beat'"),
        ("drum,beats\ndrum,no beats\n", "'drum' merges opposites, 'beats' and 'no beats'"),
        ("no singer,singer\n", "'no singer' merges opposites, 'no singer' and 'singer'"),
        (
            "singing,male vocal\nsinging,female vocal\n",
            "opposites, 'male vocal' and 'female vocal'",
        ),
        ("tempo,slow\ntempo,fast\n", "'tempo' merges opposites"),
        ("vocal,no voice\n", "'vocal' merges opposites"),
        ("vocals,instrumental\n", "'vocals' merges opposites"),
        ("male,woman\n", "'male' merges opposites"),
        ("fast beat,slow\n", "'fast beat' merges opposites"),
        ("no voice,female voice\n", "'no voice' merges opposites"),
        ("drum,\n", "row 2: a value is missing"),
    ],
)
def test_ambiguous_synonyms_are_refused_by_name(tmp_path, lines, message):
    (tmp_path / "synonyms.csv").write_text("tag,synonym\n" + lines)
    with pytest.raises(ValueError, match=message):
        synonyms.read_synonyms(tmp_path / "synonyms.csv")


def test_there_are_29_groups_of_synonyms():
    synonyms = synonyms.read_synonyms(SYNONYMS)
    assert len(set(synonyms.values())) == 29
    assert synonyms["man singing"] == "male"


def test_the_genuine_annotations_give_the_published_50_tags_and_counts(test_data):
    table, _ = annotations.read_annotations(test_data / "mtt" / "annotations_final.csv")
    synonyms = synonyms.read_synonyms(SYNONYMS)
    merged = synonyms.merge_synonyms(table, synonyms)
    kept, every = synonyms.tabulate_tags(
        table, merged, synonyms, synonyms.most_frequent(merged, 50)
    )
    published = [entry.rsplit(None, 1) for entry in MERGED50.replace("\n", " ").split(", ")]
    assert list(zip(kept["tag"], kept["clips"], strict=True)) == [(t, int(n)) for t, n in published]
    assert (table.shape, merged.shape) == ((25863, 188), (25863, 134))
    assert every.loc[every["tag"] == "electronic", "merged_into"].item() == "electro"
    assert int(table.to_numpy().sum()) == 89395


def test_a_tag_that_nobody_knows_is_refused_by_name():
    with pytest.raises(ValueError, match=r"s\.csv: 'drmus' is a tag neither .* is 'drums' meant\?"):
        synonyms.applying({"drmus": "drum"}, ["drum", "drums"], [], "s.csv")
    with pytest.raises(ValueError, match="'durm' is a tag neither"):
        synonyms.applying({"drums": "durm"}, ["drum", "drums"], [], "s.csv")


def test_a_group_with_one_tag_in_the_annotations_leaves_its_name():
    synonyms = {"electronic": "electro", "drums": "drum", "beats": "drum"}
    tags = ["electronic", "drums", "beats"]
    known = ["electro", "drum"]
    assert synonyms.applying(synonyms, tags, known, "s.csv") == {"drums": "drum", "beats": "drum"}


def test_every_tag_of_magnatagatune_has_a_kind_synonyms_that_of_their_group(test_data):
    kinds = synonyms.read_kinds(TAG_KINDS)
    table, _ = annotations.read_annotations(test_data / "mtt" / "annotations_final.csv")
    assert set(table.columns) <= set(kinds)
    for synonym, tag in synonyms.read_synonyms(SYNONYMS).items():
        assert kinds[synonym] == kinds[tag]


def test_a_table_with_other_columns_is_refused(tmp_path):
    (tmp_path / "kinds.csv").write_text("tag;kind\n")
    with pytest.raises(ValueError, match="must have the columns tag, kind"):
        synonyms.read_kinds(tmp_path / "kinds.csv")
    (tmp_path / "kinds.csv").write_text("")
    with pytest.raises(ValueError, match=r"kinds\.csv"):
        synonyms.read_kinds(tmp_path / "kinds.csv")


def test_tags_of_no_clip_are_not_among_the_most_frequent():
    table = annotations_of("""
        a b c
        1 0 1
        0 0 1
    """)
    assert synonyms.most_frequent(table, 50) == ["c", "a"]
    assert synonyms.most_frequent(table, 1) == ["c"]


@pytest.mark.parametrize("text", ["c\n\n a\n", "tag,clips\nc,9\na,8\n"])
def test_a_list_of_tags_keeps_its_order(tmp_path, text):
    (tmp_path / "tags.txt").write_text(text)
    assert synonyms.read_tag_list(tmp_path / "tags.txt", ["a", "b", "c"], {}) == ["c", "a"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a\na\n", "'a' twice"),
        ("gitar\n", "no tag 'gitar'; is 'guitar' meant"),
        ("drums\n", "'drums' is merged into 'drum': list that, or say --no-merge"),
        ("\n", "lists no tag"),
    ],
)
def test_a_list_of_tags_that_are_not_there_is_refused(tmp_path, text, message):
    (tmp_path / "tags.txt").write_text(text)
    with pytest.raises(ValueError, match=message):
        synonyms.read_tag_list(tmp_path / "tags.txt", ["a", "guitar"], {"drums": "drum"})
