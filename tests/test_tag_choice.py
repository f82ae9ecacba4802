"""Which tags a label set keeps: counted, chosen, listed."""

import pandas as pd
import pytest
from conftest import annotations_of

from autotagging import cli
from autotagging.clips import annotations
from autotagging.labels import synonyms, tag_choice
from autotagging.labels.label_sets import LabelSettings

# Counts of the 50 merged tags over the 25,863 rows of the genuine annotations.
MERGED50 = """guitar 4861, classical 4358, slow 3547, techno 2954, string 2842, vocal 2813, electro
2764, drum 2698, no singer 2550, rock 2371, fast 2331, male 2169, beat 2123, female 2067, piano
2056, ambient 1956, violin 1907, synth 1734, india 1402, singer 1308, opera 1298, harpsichord 1123,
loud 1086, quiet 1072, flute 1035, pop 995, soft 985, sitar 926, solo 826, choir 791, new age 650,
dance 649, strange 640, harp 623, heavy 583, cello 575, jazz 555, country 541, eastern 406, bass
337, modern 327, no piano 324, hard 323, chant 312, baroque 297, orchestra 296, foreign 275, trance
253, folk 243, no beat 242"""


def test_tags_are_counted_most_frequent_first_and_ties_alphabetically():
    table = annotations_of("""
        b a d c
        1 1 0 1
        0 0 0 1
        0 0 0 1
    """)
    counts = tag_choice.count_tags(table)
    assert counts.to_dict() == {"c": 3, "a": 1, "b": 1, "d": 0}
    assert list(counts.index) == ["c", "a", "b", "d"]


def test_tags_of_no_clip_are_not_among_the_most_frequent():
    table = annotations_of("""
        a b c
        1 0 1
        0 0 1
    """)
    assert tag_choice.most_frequent(table, 50) == ["c", "a"]
    assert tag_choice.most_frequent(table, 1) == ["c"]


@pytest.fixture
def counted():
    """Return tags of three clips and their parts: b leads in training alone."""
    table = annotations_of("""
        a b c
        0 1 0
        1 0 0
        1 0 0
    """)
    return table, pd.Series(["train", "validation", "test"], index=table.index)


def test_tags_are_counted_on_all_clips_or_those_for_training(counted):
    assert tag_choice.choose_tags(*counted, LabelSettings(top=1)) == ["a"]
    assert tag_choice.choose_tags(*counted, LabelSettings(top=1, tags_from="train")) == ["b"]
    assert tag_choice.choose_tags(*counted, LabelSettings()) == ["a", "b"]


def test_tags_of_a_list_are_kept_in_its_order_even_those_of_no_clip(counted, tmp_path):
    (tmp_path / "mine.txt").write_text("c\na\n")
    settings = LabelSettings(tags=tmp_path / "mine.txt")
    assert tag_choice.choose_tags(*counted, settings) == ["c", "a"]
    (tmp_path / "mine.txt").write_text("c\nb\n")
    with pytest.raises(ValueError, match="'b' is merged into 'a'"):
        tag_choice.choose_tags(*counted, settings, {"b": "a"})


def test_clips_without_any_tag_are_no_label_set(counted):
    table, split = counted
    with pytest.raises(ValueError, match="no clip has any tag"):
        tag_choice.choose_tags(table & False, split, LabelSettings())


@pytest.mark.parametrize(
    "text", ["c\n\n a\n", "tag,clips\nc,9\na,8\n", "\ufefftag,clips\nc,9\na,8\n"]
)
def test_a_list_of_tags_keeps_its_order(tmp_path, text):
    (tmp_path / "tags.txt").write_text(text)
    assert tag_choice.read_tag_list(tmp_path / "tags.txt", ["a", "b", "c"], {}) == ["c", "a"]


def test_a_tag_may_have_a_comma_in_it(tmp_path):
    (tmp_path / "tags.csv").write_text('tag,clips\n"slow, sad",9\n')
    (tmp_path / "tags.txt").write_text("slow, sad\n")
    for name in ("tags.csv", "tags.txt"):
        assert tag_choice.read_tag_list(tmp_path / name, ["slow, sad"], {}) == ["slow, sad"]


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
        tag_choice.read_tag_list(tmp_path / "tags.txt", ["a", "guitar"], {"drums": "drum"})


def test_a_list_that_is_no_text_is_refused(tmp_path):
    (tmp_path / "tags.txt").write_bytes(b"\xff\xfe")
    with pytest.raises(ValueError, match=r"tags\.txt is not text in UTF-8: save it as UTF-8"):
        tag_choice.read_tag_list(tmp_path / "tags.txt", ["a"], {})


def test_tables_of_tags_tell_what_was_merged_and_kept():
    table = annotations_of("""
        drum drums beats rock
        1    0     0     0
        0    1     0     0
        1    1     0     1
    """)
    groups = {"drums": "drum", "beats": "drum"}
    merged = synonyms.merge_synonyms(table, groups)
    kept, annotated = tag_choice.tabulate_tags(table, merged, groups, ["drum"])
    assert kept.to_dict("records") == [{"tag": "drum", "clips": 3, "merged_from": "drums"}]
    assert annotated.to_numpy().tolist() == [
        ["drum", 2, "drum", 3, 1],
        ["drums", 2, "drum", 3, 1],
        ["rock", 1, "rock", 1, 0],
        ["beats", 0, "drum", 3, 1],
    ]


def test_the_genuine_annotations_give_the_published_50_tags_and_counts(test_data):
    table = annotations.read_annotations(test_data / "mtt" / "annotations_final.csv").tags
    groups = synonyms.read_synonyms(cli.SYNONYMS)
    merged = synonyms.merge_synonyms(table, groups)
    chosen = tag_choice.most_frequent(merged, tag_choice.TOP)
    kept, annotated = tag_choice.tabulate_tags(table, merged, groups, chosen)
    published = [entry.rsplit(None, 1) for entry in MERGED50.replace("\n", " ").split(", ")]
    assert list(zip(kept["tag"], kept["clips"], strict=True)) == [(t, int(n)) for t, n in published]
    assert (table.shape, merged.shape) == ((25863, 188), (25863, 134))
    assert annotated.loc[annotated["tag"] == "electronic", "merged_into"].item() == "electro"
    assert int(table.to_numpy().sum()) == 89395


def test_a_listed_tag_is_found_however_its_accents_are_typed(tmp_path):
    (tmp_path / "tags.txt").write_text("cafe\u0301\n", encoding="utf-8")
    listed = tag_choice.read_tag_list(tmp_path / "tags.txt", ["caf\u00e9"], {})
    assert listed == ["caf\u00e9"]
