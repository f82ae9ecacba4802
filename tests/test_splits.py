"""Clips to train, validation and test."""

import hashlib

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autotagging import cli
from autotagging.clips import annotations, inventory
from autotagging.labels import label_sets, splits, statistics, synonyms, tag_choice

# The parts of 40 clips: r train, a validation, e test; SHA-256 of those of 400 and 800 clips.
EXPECTED_BY_ARTIST = {
    (40, 0): "arrraeerrrreearrrarrraeerrrreearrrarrrae",
    (40, 1): "aerrraerrrrearrreaerrraerrrrearrreaerrra",
    (400, 0): "23e9c23082e6f761",
    (400, 1): "4936f922d5cc1bde",
    (800, 0): "46b1cee441ba0617",
    (800, 1): "74c3c5733d0221a3",
}
EXPECTED_AT_RANDOM = {
    40: "earrrrearrarrrrerrrraererearaerrrrrrerar",
    400: "04015bda93ce4ce2",
    800: "551848c2ab1979cc",
}
# Length in bytes, and entries by their number in the pickled list, which begins with 2.
WON_2020 = {
    "train": (
        1_208_643,
        {
            2: (
                "0/american_bach_soloists-j_s__bach__cantatas_volume_v-03-gleichwie_der_regen_und_"
                "schnee_vom_himmel_fallt_bwv_18_iii_recitative_and_litany__mein_gott_hier_wird_"
                "mein_herze_sein-262-291.npy"
            ),
            121: "0/american_bach_soloists-joseph_haydn__masses-11-agnus_dei__adagio-59-88.npy",
            7562: "5/stargarden-the_art_of_analog_diversion-01-lullabeene-117-146.npy",
            7668: "5/trancevision-lemuria-10-atom_meditation_mix-88-117.npy",
            7669: "6/barry_phillips-trad-01-polska_fran_glava-0-29.npy",
            15245: "b/wicked_allstars-dark_clouds-11-no_mercy-88-117.npy",
        },
    ),
    "validation": (
        122_390,
        {
            2: "c/atomic_opera-alpha_and_oranges-01-rain_parade-117-146.npy",
            50: "c/atomic_opera-alpha_and_oranges-10-let_go-88-117.npy",
            91: "c/dj_markitos-inside_your_dreams-01-interplanetary_travel-0-29.npy",
            211: "c/domased-new_memories-08-transfusion-88-117.npy",
            1530: "c/william_brooks-fowl_mouth-16-a_boy_outta_love-30-59.npy",
        },
    ),
    "test": (
        353_102,
        {
            2104: "e/mountain_mirrors-mountain_mirrors-08-praying_mantis-146-175.npy",
            2161: (
                "e/philharmonia_baroque_orchestra-handel__atalanta_cd1-26-aria_si_mel_raccordero"
                "-30-59.npy"
            ),
            2233: "e/shira_kammen-music_of_waters-02-downstream-0-29.npy",
            4333: (
                "f/various_artists-south_by_southwest_compilation-14-flying_sun_palace-88-117.npy"
            ),
        },
    ),
}
# Length in bytes, and lines by clip_id: where they begin, their tags.
MUSICNN = {
    "validation": (
        468_571,
        {
            "14": (0, "techno"),
            "19": (254, ""),
            "600": (6626, "guitar, indian, no vocals, no vocal, sitar"),
            "58737": (468_314, "guitar, classical, slow, strings, harpsichord, solo"),
        },
    ),
    "test": (
        1_368_560,
        {
            "2": (0, "classical, strings, violin, opera"),
            "6": (253, "classical, strings, violin, opera, classic"),
            "185": (7128, "rock, male voice, metal"),
            "28649": (680_314, "guitar, classical, slow, strings, violin"),
            "29561": (693_164, "rock, loud, metal"),
            "29716": (695_220, "techno, electronic, fast, woman, dance"),
            "58801": (
                1_368_303,
                "slow, ambient, no vocals, quiet, no vocal, soft, no voice, weird",
            ),
        },
    ),
}


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


def metadata_of(files, **columns):
    return pd.DataFrame({"file": files, **columns}, index=[str(i) for i in range(len(files))])


@pytest.mark.parametrize(
    ("metadata", "way"),
    [
        (metadata_of(["0/a.mp3", "f/b.mp3"], folder=["0", "f"]), "folders"),
        (metadata_of(["0/a.mp3", "f/b.mp3"], folder=["0", "f"], artist=["A", "B"]), "folders"),
        (metadata_of(["0/a.mp3", "x/b.mp3"], folder=["0", "x"], artist=["A", "B"]), "artists"),
        (metadata_of(["0/a.mp3", "f/b.mp3"], artist=["A", "B"]), "artists"),  # not MTT's form
        (metadata_of(["0/a.mp3", "f/b.mp3"], split=["train", "test"]), "column"),
        (metadata_of(["0/a.mp3", "x/b.mp3"], artist=["A", ""]), "artists"),
        (metadata_of(["a", "b.mp3"], artist=["", ""]), "random"),
        (metadata_of(["a", "b.mp3"]), "random"),
    ],
)
def test_clips_are_split_as_their_table_allows(metadata, way):
    assert splits.choose(metadata) == way
    assert splits.choose(metadata, "random") == "random"


def test_a_column_that_is_not_there_is_no_split():
    with pytest.raises(ValueError, match="no column split"):
        splits.choose(metadata_of(["a.mp3"]), "column")


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
    artists, tags = random_collection(collection)
    parts = splits.by_artist(artists, tags, seed)
    assert list(parts.index) == list(artists.index)
    assert set(parts) <= set(splits.PARTS)
    assert parts.groupby(artists).nunique().max() == 1
    drawn = splits.at_random(artists.index, seed)
    assert list(drawn.index) == list(artists.index)
    assert drawn.value_counts()[list(splits.PARTS)].tolist() == [188, 56, 56]


@given(st.integers(0, 10**6))
@settings(max_examples=30)
def test_the_order_of_the_rows_does_not_matter_to_which_clips_are_where(seed):
    artists, tags = random_collection(0)
    order = np.random.default_rng(seed).permutation(len(artists))
    parts = splits.by_artist(artists, tags, 1)
    shuffled = splits.by_artist(artists.iloc[order], tags.iloc[order, ::-1], 1)
    pd.testing.assert_series_equal(shuffled[parts.index], parts)
    drawn = splits.at_random(artists.index, 1)
    pd.testing.assert_series_equal(splits.at_random(artists.index[order], 1)[drawn.index], drawn)


def spell(parts):
    """Return the parts of up to 40 clips, a letter each; of more clips, a checksum of that."""
    letters = "".join(part[1] for part in parts)
    return letters if len(letters) <= 40 else hashlib.sha256(letters.encode()).hexdigest()[:16]


@pytest.mark.parametrize("n_clips", EXPECTED_AT_RANDOM)
def test_the_same_seed_gives_the_same_split_on_any_machine(n_clips):
    index = pd.Index([f"c{i}" for i in range(n_clips)])
    n_artists = 17 if n_clips == 40 else 211
    artists = pd.Series([f"artist {i * i % n_artists}" for i in range(n_clips)], index)
    tags = {f"t{k}": [i * k % 5 == 0 for i in range(n_clips)] for k in range(1, 9)}
    for seed in (0, 1):
        parts = splits.by_artist(artists, pd.DataFrame(tags, index), seed)
        assert spell(parts) == EXPECTED_BY_ARTIST[n_clips, seed]
    assert spell(splits.at_random(index, 0)) == EXPECTED_AT_RANDOM[n_clips]


@pytest.mark.parametrize(
    ("n_clips", "shares"),
    [
        (0, (10, 3, 3)),
        (399, (10, 3, 3)),
        (400, (11, 2, 3)),
        (799, (11, 2, 3)),
        (800, (12, 1, 3)),
        (25_863, (12, 1, 3)),
    ],
)
def test_of_few_clips_more_are_for_validation_and_as_many_for_testing(n_clips, shares):
    assert splits.shares_of_parts(n_clips) == shares


@given(st.integers(267, 3000))
@settings(max_examples=30)
def test_validation_has_50_clips_where_three_sixteenths_are_as_many(n_clips):
    parts = splits.at_random(pd.RangeIndex(n_clips).astype(str), 0)
    assert (parts == "validation").sum() >= 50
    assert abs((parts == "test").sum() - n_clips * 3 / 16) <= 1


@pytest.mark.parametrize(
    ("folder", "sizes"), [("emotify", (182, 56, 54)), ("mtt-excerpt", (131, 42, 36))]
)
def test_few_clips_by_artist_leave_enough_to_choose_thresholds_on(test_data, folder, sizes):
    read = read_collection(test_data / folder)
    artists, n_clips = read.credits["artist"], len(read.tags)
    parts = splits.by_artist(artists, read.tags, 0).value_counts()
    assert tuple(parts[list(splits.PARTS)]) == sizes
    for seed in range(10):
        parts = splits.by_artist(artists, read.tags, seed)
        assert parts.groupby(artists).nunique().max() == 1
        for part, share in zip(splits.PARTS, splits.shares_of_parts(n_clips), strict=True):
            assert abs((parts == part).mean() - share / 16) < 0.02


def test_one_artist_and_no_positive_tags_are_no_error():
    index = pd.Index(["1", "2"])
    nothing = pd.DataFrame({"a": [False, False]}, index=index)
    parts = splits.by_artist(pd.Series(["A", "A"], index), nothing, 0)
    assert parts.nunique() == 1
    assert set(splits.by_artist(pd.Series(["A", "B"], index), nothing[[]], 0)) <= set(splits.PARTS)


def test_each_way_to_split_gives_every_clip_its_part():
    artists, tags = random_collection(0)
    metadata = pd.DataFrame({"file": "c/" + tags.index, "artist": artists}, tags.index)
    collection = annotations.Annotations(tags, metadata.assign(split="test"))
    parts = {way: splits.split(way, collection, 1) for way in splits.WAYS}
    pd.testing.assert_series_equal(parts["artists"], splits.by_artist(artists, tags, 1))
    pd.testing.assert_series_equal(parts["random"], splits.at_random(tags.index, 1))
    assert set(parts["folders"]) == {"validation"}
    assert set(parts["column"]) == set(parts["test"]) == {"test"}
    assert parts["test"].index.equals(tags.index)


def read_collection(folder):
    """Return the annotations of a collection and who made its clips."""
    read = annotations.read_annotations(annotations.find_table(folder))
    return annotations.add_clip_info(read, annotations.find_clip_info(folder))


@pytest.fixture(scope="module")
def magnatagatune(test_data):
    """Return the annotations, who made the clips in them, and both tables of 50 tags."""
    read = read_collection(test_data / "mtt")
    merged = synonyms.merge_synonyms(read.tags, synonyms.read_synonyms(cli.SYNONYMS))
    tables = {
        merge: table[tag_choice.most_frequent(table, 50)]
        for merge, table in ((True, merged), (False, read.tags))
    }
    return read, tables


def test_artists_of_magnatagatune_are_shared_out_12_1_3_by_clips_and_tags(magnatagatune):
    read, tables = magnatagatune
    for seed in range(50):
        parts = splits.by_artist(read.credits["artist"], read.tags, seed)
        for table in tables.values():
            for kept in (table.any(axis=1), slice(None)):
                here, positives = parts[kept], table[kept]
                for part, share in zip(splits.PARTS, (12, 1, 3), strict=True):
                    in_part = (here == part).to_numpy()
                    assert abs(in_part.mean() - share / 16) < 0.02
                    shares = positives[in_part].sum() / positives.sum()
                    assert (shares - share / 16).abs().mean() < 0.025


def published_variant(read, table, *, keep_untagged):
    files = read.metadata["file"]
    usable = table.drop(list(inventory.find_unusable(files)))
    return label_sets.select(usable, splits.by_folder(files), keep_untagged=keep_untagged)


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
    read, tables = magnatagatune
    table = published_variant(read, tables[merge], keep_untagged=keep_untagged)
    parts = statistics.describe_parts(table, read.credits)
    assert tuple(parts[part]["clips"] for part in splits.PARTS) == sizes
    heard = statistics.count_heard(table, read.credits)
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


def test_variant_b_lists_the_paths_of_won_2020(magnatagatune):
    """Compare with the lists under split/mtat of minzwon/sota-music-tagging-models.

    They are pickled lists of sorted paths, and not stored here. Their length in bytes is known,
    and some entries with their numbers, read from the first, the middle and the last. So the
    number of paths is theirs between each two of these entries, and the sum of the paths' lengths
    in the whole list; that a path was exchanged for another as long between the same two is not
    seen.
    """
    read, tables = magnatagatune
    table = published_variant(read, tables[False], keep_untagged=False)
    not_listed = ["29", "11268", "11269"]  # they would be the first three
    for part, (length, entries) in WON_2020.items():
        clip_ids = table.index[table["split"] == part].drop(not_listed if part == "train" else [])
        paths = sorted(read.metadata.loc[clip_ids, "file"].str.replace(".mp3", ".npy"))
        pickled = [f"aS'{path}'\np{number}\n" for number, path in enumerate(paths, 2)]
        assert len("(lp1\n") + len("".join(pickled)) - len("a") + len("a.") == length
        assert {number: paths[number - 2] for number in entries} == entries
        assert len(paths) == max(entries) - 1


@pytest.mark.parametrize("part", ["validation", "test"])
def test_variant_a_has_the_clips_and_tags_of_musicnn(magnatagatune, part):
    """Compare with val_gt_mtt.tsv and test_gt_mtt.tsv of jordipons/musicnn-training.

    They have a line "id, tab, [50 numbers]" a clip, and are not stored here. Their length in
    bytes is known: with it the number of clips, as only the ids differ in length. Some lines are
    known: where they stand, and the tags in them. The other lines are not compared.
    """
    read, tables = magnatagatune
    table = published_variant(read, tables[False], keep_untagged=True)
    table = table[table["split"] == part]
    length, lines = MUSICNN[part]
    length_of_tags = len("\t[]\n") + 50 * len("0.0") + 49 * len(", ")
    ends = (table.index.str.len() + length_of_tags).to_series(table.index).cumsum()
    assert ends.iloc[-1] == length
    for clip_id, (start, tags) in lines.items():
        assert ends[clip_id] - len(clip_id) - length_of_tags == start
        row = table.loc[clip_id].drop("split").astype(bool)
        assert set(row.index[row]) == set(tags.split(", ") if tags else [])
