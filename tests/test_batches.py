"""Batches: each training clip once an epoch, random chunks of its sound, all of it repeatable."""

import itertools
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from conftest import clips_of

pytest.importorskip("keras")
from autotagging.features.feature_store import FeatureStore
from autotagging.features.settings import PRESETS
from autotagging.models import batches
from autotagging.models.training_settings import RECIPES

SETTINGS = replace(
    RECIPES["vgg"], batch_size=10, repeats=1, seed=3, chunk_frames=8, augment=(), min_steps=0
)


@pytest.fixture
def clips():
    rng = np.random.default_rng(0)
    array = rng.standard_normal((40, 8, 4)).astype(np.float16)
    y_true = rng.random((24, 2)) < 0.5
    return clips_of(array, np.full(40, 8), np.arange(4, 28), y_true)


@pytest.fixture
def short_clips(clips):
    """Return clips that hold sound for 1 to 8 of their frames; what is padded is no number."""
    clips.lengths[:] = 1 + np.arange(40) % 8
    for clip, length in zip(clips.array, clips.lengths, strict=True):
        clip[length:] = np.nan
    return clips


def read_all(epoch):
    """Return features and labels of all batches of an epoch."""
    read = [epoch[i] for i in range(len(epoch))]
    return [np.concatenate(arrays) for arrays in zip(*read, strict=True)]


def find_order(clips, x):
    """Return which of the clips each of some features is of."""
    stored = clips.array[clips.rows]
    return [int(np.flatnonzero((stored == one).all(axis=(1, 2)))[0]) for one in x]


def test_batches_hold_each_training_clip_once_with_its_labels(clips):
    epoch = batches.Batches(clips, SETTINGS, epoch=1)
    assert [len(epoch[i][0]) for i in range(len(epoch))] == [8, 8, 8]  # not 10, 10, 4
    x, y = read_all(epoch)
    order = find_order(clips, x)
    assert sorted(order) == list(range(24))
    assert order != list(range(24))
    np.testing.assert_array_equal(y, clips.y_true[order])


def test_repeats_show_each_clip_as_often_in_another_order(clips):
    settings = replace(SETTINGS, repeats=3)
    epoch = batches.Batches(clips, settings, epoch=1)
    assert len(epoch) == batches.n_batches(24, settings) == 9
    passes = np.split(np.array(find_order(clips, read_all(epoch)[0])), 3)
    assert all(sorted(one) == list(range(24)) for one in passes)
    assert not np.array_equal(passes[0], passes[1])


def test_a_chunk_is_a_random_stretch_of_its_clip(clips):
    x, _ = read_all(batches.Batches(clips, replace(SETTINGS, chunk_frames=3), epoch=0))
    assert x.shape == (24, 3, 4)
    starts = []
    for chunk in x:
        found = [
            start
            for clip in clips.array[clips.rows]
            for start in range(6)
            if np.array_equal(clip[start : start + 3], chunk)
        ]
        assert len(found) == 1
        starts += found
    assert set(starts) == set(range(6))


@pytest.mark.parametrize("frames", [1, 3, 8])
@pytest.mark.parametrize("augment", [(), ("shift", "equaliser", "mixup", "specaugment")])
def test_batches_never_hold_padding(short_clips, frames, augment):
    settings = replace(SETTINGS, chunk_frames=frames, augment=augment)
    x, _ = read_all(batches.Batches(short_clips, settings, epoch=0))
    assert x.shape == (24, frames, 4)
    assert np.isfinite(x).all()


def test_chunks_of_a_short_clip_begin_anywhere_in_its_sound(short_clips):
    only = short_clips.take(np.array([1]))  # row 5: 6 frames of sound
    settings = replace(SETTINGS, chunk_frames=4, batch_size=1)
    taken = [read_all(batches.Batches(only, settings, epoch))[0][0] for epoch in range(20)]
    sound = only.array[5]
    starts = [np.flatnonzero((sound[:3] == chunk[0]).all(axis=1)).item() for chunk in taken]
    assert set(starts) == {0, 1, 2}
    for chunk, start in zip(taken, starts, strict=True):
        np.testing.assert_array_equal(chunk, sound[start : start + 4])


def test_sound_that_is_shorter_than_a_chunk_is_repeated(short_clips):
    only = short_clips.take(np.array([6]))  # row 10: 3 frames of sound
    x, _ = read_all(batches.Batches(only, replace(SETTINGS, batch_size=1), epoch=0))
    np.testing.assert_array_equal(x[0], only.array[10, [0, 1, 2, 0, 1, 2, 0, 1]])


def test_an_epoch_is_the_same_again_and_another_otherwise(clips):
    augment = ("equaliser", "mixup", "specaugment")
    settings = replace(SETTINGS, chunk_frames=3, augment=augment)
    first, again, other = (read_all(batches.Batches(clips, settings, n)) for n in (1, 1, 2))
    np.testing.assert_array_equal(first[0], again[0])
    np.testing.assert_array_equal(first[1], again[1])
    assert not np.array_equal(first[0], other[0])
    seeded = read_all(batches.Batches(clips, replace(settings, seed=4), 1))
    assert not np.array_equal(first[0], seeded[0])


def test_band_statistics_are_those_of_the_training_clips_alone(clips):
    mean, variance = batches.band_statistics(clips)
    chosen = clips.array[clips.rows].astype(float)
    np.testing.assert_allclose(mean, chosen.mean(axis=(0, 1)))
    np.testing.assert_allclose(variance, chosen.var(axis=(0, 1)))


def test_band_statistics_are_those_of_clips_that_are_not_padded(short_clips):
    mean, variance = batches.band_statistics(short_clips)
    rows = short_clips.rows
    sounds = [short_clips.array[row, : short_clips.lengths[row]].astype(float) for row in rows]
    np.testing.assert_allclose(mean, np.concatenate(sounds).mean(axis=0))
    np.testing.assert_allclose(variance, np.concatenate(sounds).var(axis=0))


def test_a_band_that_never_changes_has_variance_1():
    array, lengths = np.zeros((3, 8, 4)), np.full(3, 8)
    silent = clips_of(array, lengths, np.arange(3), np.ones((3, 1), bool))
    _, variance = batches.band_statistics(silent)
    assert variance.tolist() == [1, 1, 1, 1]


def test_taken_clips_keep_their_rows_and_labels(clips):
    taken = clips.take(np.array([5, 2]))
    assert len(taken) == 2
    assert taken.rows.tolist() == [9, 6]
    np.testing.assert_array_equal(taken.y_true, clips.y_true[[5, 2]])


@pytest.fixture
def store():
    """Return a store whose rows are in another order than the labels, in which clip c failed."""
    rows = pd.Series({"a": 3, "b": 0, "d": 1, "e": 2})
    failed = pd.Series({"c": "no audio"})
    audio = rows.map(lambda row: f"checksum {row}")
    array, lengths = np.zeros((5, 8, 4)), np.arange(1, 6)
    return FeatureStore(array, lengths, rows, PRESETS["mel96"], audio, failed)


def artists_of(store):
    """Return the artist of each clip: Series by clip_id."""
    return pd.Series({clip_id: f"artist of {clip_id}" for clip_id in reversed(store.rows.index)})


def label(*splits):
    """Return labels of clips a, b, c ...: all have the tag x, and every second one y."""
    table = pd.DataFrame({"split": splits, "x": True}, index=list("abcdefg")[: len(splits)])
    return table.assign(y=np.arange(len(splits)) % 2 == 0)


def test_clips_of_two_parts_are_joined_one_after_the_other(clips):
    both = clips.take([5, 2]).join(clips.take([0]))
    assert both.rows.tolist() == [9, 6, 4]
    assert both.audio.tolist() == clips.audio[[5, 2, 0]].tolist()
    np.testing.assert_array_equal(both.y_true, clips.y_true[[5, 2, 0]])


def test_randomness_is_another_for_every_purpose_epoch_and_number():
    keys = itertools.product(
        (0, 1), (0, 1), (batches.ORDER, batches.BATCH, batches.DROPOUT), (0, 1)
    )
    drawn = [batches.random_generator(*key).integers(2**62) for key in keys]
    assert len(set(drawn)) == 24


def test_each_part_has_its_clips_that_have_features(store):
    labels = label("train", "train", "train", "test", "validation", "validation")
    store.rows["f"] = 4
    store.audio["f"] = "checksum 4"
    parts = batches.labelled_parts(labels, store, artists_of(store))
    rows = {part: clips.rows.tolist() for part, clips in parts.items()}
    assert rows == {"train": [3, 0], "validation": [2, 4], "test": [1]}
    assert parts["train"].y_true.tolist() == [[True, True], [True, False]]
    assert parts["test"].y_true.tolist() == [[True, False]]
    assert parts["train"].artists.tolist() == ["artist of a", "artist of b"]
    assert parts["validation"].audio.tolist() == ["checksum 2", "checksum 4"]
    assert all(clips.lengths is store.lengths for clips in parts.values())


@pytest.mark.parametrize(
    ("splits", "part"),
    [
        (("train", "test", "validation", "train", "train"), "validation"),  # which failed
        (("validation", "test", "train", "test", "validation"), "train"),
    ],
)
def test_training_needs_clips_to_learn_from_and_to_choose_the_epoch_by(store, splits, part):
    parts = batches.labelled_parts(label(*splits), store, artists_of(store))
    with pytest.raises(ValueError, match=f"{part} part has no clip with a tag"):
        batches.check_parts(parts, replace(SETTINGS, refit=False))


def test_a_network_that_is_refit_needs_no_validation_clips(store):
    labels = label("train", "test", "train", "train", "train")
    parts = batches.labelled_parts(labels, store, artists_of(store))
    batches.check_parts(parts, replace(SETTINGS, refit=True))
    assert len(parts["validation"]) == 0
    assert len(parts["train"].join(parts["validation"])) == len(parts["train"])


def test_training_needs_a_tag_that_some_clips_have_and_others_have_not(store):
    labels = label("train", "validation", "test", "test", "validation")
    message = "each tag is on all of the 1 training clips or on none: .* --keep-untagged"
    parts = batches.labelled_parts(labels, store, artists_of(store))
    with pytest.raises(ValueError, match=message):
        batches.check_parts(parts, replace(SETTINGS, refit=False))
