"""Clips to train, validation and test."""

import numpy as np
import pandas as pd
import pytest
from conftest import REPOSITORY
from hypothesis import given, settings
from hypothesis import strategies as st

from autotagging.clips import annotations, inventory
from autotagging.labels import label_sets, splits, statistics, synonyms

# The parts of 40 clips: r train, a validation, e test.
EXPECTED_BY_ARTIST = {
    0: "rrrrerearraererrrrrrrerearraererrrrrrrer",
    1: "errrrearrrraerrrrerrrrearrrraerrrrerrrre",
}
EXPECTED_AT_RANDOM = "earrrrerrrarrrrerrrrrerererrrerrrrrrerrr"
SYNONYMS = REPOSITORY / "data" / "synonyms.csv"


def test_folders_0_to_b_train_c_validates_d_to_f_test():
    files = pd.Series({folder: f"{folder}/x.mp3" for folder in "0123456789abcdef"})
    parts = splits.by_folder(files)
    assert "".join(parts.index[parts == "train"]) == "0123456789ab"
    assert "".join(parts.index[parts == "validation"]) == "c"
    assert "".join(parts.index[parts == "test"]) == "def"


@pytest.mark.parametrize("file", ["g/x.mp3", "x.mp3", "00/x.mp3"])
def test_another_folder_is_refused(file):
    with pytest.raises(ValueError, match=r"clip 3.*not in one of the folders 0 to f"):
        splits.by_folder(pd.Series({"3": file}))


def test_heard_artists_are_those_with_training_clips():
    table = pd.DataFrame({"split": ["train", "test", "test"]}, index=["1", "2", "3"])
    artists = pd.Series(["A", "A", "B"], index=table.index)
    assert splits.heard_in_training(table, artists).tolist() == [True, True, False]
    with pytest.raises(ValueError, match="lacks 1 clips of the label set, the first is 3"):
        splits.heard_in_training(table, artists.drop("3"))


def about_of(files, **columns):
    return pd.DataFrame({"file": files, **columns}, index=[str(i) for i in range(len(files))])


@pytest.mark.parametrize(
    ("about", "how"),
    [
        (about_of(["0/a.mp3", "f/b.mp3"], folder=["0", "f"]), "folders"),
        (about_of(["0/a.mp3", "f/b.mp3"], folder=["0", "f"], artist=["A", "B"]), "folders"),
        (about_of(["0/a.mp3", "x/b.mp3"], folder=["0", "x"], artist=["A", "B"]), "artists"),
        (about_of(["0/a.mp3", "f/b.mp3"], artist=["A", "B"]), "artists"),  # not MTT's form
        (about_of(["0/a.mp3", "f/b.mp3"], split=["train", "test"]), "column"),
        (about_of(["0/a.mp3", "x/b.mp3"], artist=["A", ""]), "artists"),
        (about_of(["a", "b.mp3"], artist=["", ""]), "random"),
        (about_of(["a", "b.mp3"]), "random"),
    ],
)
def test_clips_are_split_as_their_table_allows(about, how):
    assert splits.choose(about) == how
    assert splits.choose(about, "random") == "random"


def test_a_column_that_is_not_there_is_no_split():
    with pytest.raises(ValueError, match="no column split"):
        splits.choose(about_of(["a.mp3"]), "column")


def random_collection(seed, n_clips=300, n_artists=40, n_tags=12):
    """Return artists and annotations of a collection, large and small artists in it."""
    rng = np.random.default_rng(seed)
    index = pd.Index([f"c{i}" for i in range(n_clips)], name="clip_id")
    artists = pd.Series(rng.zipf(1.6, n_clips) % n_artists, index=index).map("artist {}".format)
    tags = rng.random((n_clips, n_tags)) < rng.random(n_tags) * 0.4
    return artists, pd.DataFrame(tags, index, [f"t{i}" for i in range(n_tags)])


@given(st.integers(0, 10**6), st.integers(0, 10**6))
@settings(max_examples=30)
def test_every_clip_is_in_one_part_and_no_artist_in_two(collection, seed):
    artists, annotations_ = random_collection(collection)
    parts = splits.by_artist(artists, annotations_, seed)
    assert list(parts.index) == list(artists.index)
    assert set(parts) <= set(splits.PARTS)
    assert parts.groupby(artists).nunique().max() == 1
    drawn = splits.at_random(artists.index, seed)
    assert list(drawn.index) == list(artists.index)
    assert drawn.value_counts()[list(splits.PARTS)].tolist() == [225, 19, 56]


@given(st.integers(0, 10**6))
@settings(max_examples=30)
def test_the_order_of_the_rows_does_not_matter_to_which_clips_are_where(seed):
    artists, annotations_ = random_collection(0)
    order = np.random.default_rng(seed).permutation(len(artists))
    parts = splits.by_artist(artists, annotations_, 1)
    shuffled = splits.by_artist(artists.iloc[order], annotations_.iloc[order, ::-1], 1)
    pd.testing.assert_series_equal(shuffled[parts.index], parts)
    drawn = splits.at_random(artists.index, 1)
    pd.testing.assert_series_equal(splits.at_random(artists.index[order], 1)[drawn.index], drawn)


def test_the_same_seed_gives_the_same_split_on_any_machine():
    index = pd.Index([f"c{i}" for i in range(40)])
    artists = pd.Series([f"artist {i * i % 17}" for i in range(40)], index)
    tags = {f"t{k}": [i * k % 5 == 0 for i in range(40)] for k in range(1, 9)}
    for seed, expected in EXPECTED_BY_ARTIST.items():
        parts = splits.by_artist(artists, pd.DataFrame(tags, index), seed)
        assert "".join(part[1] for part in parts) == expected
    parts = splits.at_random(index, 0)
    assert "".join(part[1] for part in parts) == EXPECTED_AT_RANDOM


def test_one_artist_and_no_positive_tags_are_no_error():
    index = pd.Index(["1", "2"])
    nothing = pd.DataFrame({"a": [False, False]}, index=index)
    parts = splits.by_artist(pd.Series(["A", "A"], index), nothing, 0)
    assert parts.nunique() == 1
    assert set(splits.by_artist(pd.Series(["A", "B"], index), nothing[[]], 0)) <= set(splits.PARTS)


@pytest.fixture(scope="module")
def magnatagatune(test_data):
    """Return annotations, who made the clips, and both tables of 50 tags."""
    folder = test_data / "mtt"
    annotated, about = annotations.read_annotations(folder / "annotations_final.csv")
    about = annotations.add_clip_info(about, folder / "clip_info_final.csv")
    merged = synonyms.merge_synonyms(annotated, synonyms.read_synonyms(SYNONYMS))
    tables = {
        merge: table[synonyms.most_frequent(table, 50)]
        for merge, table in ((True, merged), (False, annotated))
    }
    return annotated, about, tables


def test_artists_of_magnatagatune_are_shared_out_12_1_3_by_clips_and_tags(magnatagatune):
    annotated, about, tables = magnatagatune
    for seed in range(50):
        parts = splits.by_artist(about["artist"], annotated, seed)
        for table in tables.values():
            for kept in (table.any(axis=1), slice(None)):
                here, positives = parts[kept], table[kept]
                for part, share in zip(splits.PARTS, splits.SHARES, strict=True):
                    there = (here == part).to_numpy()
                    assert abs(there.mean() - share / 16) < 0.02
                    shares = positives[there].sum() / positives.sum()
                    assert (shares - share / 16).abs().mean() < 0.025


@pytest.mark.parametrize(
    ("merge", "keep_untagged", "sizes"),
    [
        (False, True, (18706, 1825, 5329)),
        (False, False, (15247, 1529, 4332)),
        (True, False, (15425, 1538, 4392)),
    ],
    ids=["A", "B", "C"],
)
def test_the_published_variants_have_their_sizes(magnatagatune, merge, keep_untagged, sizes):
    _, about, tables = magnatagatune
    table = published_variant(about, tables[merge], keep_untagged)
    makers = annotations.name_makers(about)
    parts = statistics.describe_parts(table, makers)
    assert tuple(parts[part]["clips"] for part in splits.PARTS) == sizes
    heard = statistics.count_heard(table, makers)
    if merge:
        assert heard == {"track": 0, "album": 0, "artist": 2719}
        assert [parts[part]["artists"] for part in splits.PARTS] == [190, 26, 75]
        assert [parts[part]["albums"] for part in splits.PARTS] == [326, 29, 91]
        assert [parts[part]["tracks"] for part in splits.PARTS] == [3840, 346, 1105]
        rarest = {part: list(parts[part]["rarest_tags"].items()) for part in splits.PARTS}
        assert rarest["validation"][:3] == [("chant", 6), ("orchestra", 7), ("foreign", 7)]
        assert rarest["test"][:2] == [("cello", 20), ("baroque", 40)]
    if keep_untagged:
        assert heard["artist"] == 3284


def published_variant(about, table, keep_untagged):
    usable = table.drop(list(inventory.find_unusable(about["file"])))
    return label_sets.select(usable, splits.by_folder(about["file"]), keep_untagged=keep_untagged)


def test_variant_b_has_the_paths_of_the_published_lists(magnatagatune):
    """The lists of Won 2020 are pickled lists of paths, whose length in bytes is known here."""
    _, about, tables = magnatagatune
    table = published_variant(about, tables[False], keep_untagged=False)
    not_listed = ["29", "11268", "11269"]
    published = {
        "train": (1_208_643, not_listed),
        "validation": (122_390, []),
        "test": (353_102, []),
    }
    for part, (length, absent) in published.items():
        clip_ids = table.index[table["split"] == part].drop(absent)
        paths = sorted(about["file"][clip_ids].str.replace(".mp3", ".npy"))
        entries = [f"aS'{path}'\np{number}\n" for number, path in enumerate(paths, 2)]
        assert len("(lp1\n") + len("".join(entries)) - len("a") + len("a.") == length


def test_variant_a_has_the_clips_of_the_published_tables(magnatagatune):
    """The tables of musicnn have a line "id, tab, [50 numbers]" a clip; their length is known."""
    _, about, tables = magnatagatune
    table = published_variant(about, tables[False], keep_untagged=True)
    line = len("\t[]\n") + 50 * len("0.0") + 49 * len(", ")
    for part, length in {"validation": 468_571, "test": 1_368_560}.items():
        clip_ids = table.index[table["split"] == part]
        assert sum(len(clip_id) + line for clip_id in clip_ids) == length
