"""Batches: every training clip once an epoch, chunks at random, nothing that is not repeatable."""

import numpy as np
import pytest

pytest.importorskip("keras")
from autotagging.models import batches

SETTINGS = {"batch_size": 10, "passes": 1, "seed": 3, "chunk_frames": 8, "augment": []}


@pytest.fixture
def clips():
    rng = np.random.default_rng(0)
    array = rng.standard_normal((40, 8, 4)).astype(np.float16)
    return array, np.arange(4, 28), rng.random((24, 2)) < 0.5


def everything(made):
    return [
        np.concatenate(values) for values in zip(*(made[i] for i in range(len(made))), strict=True)
    ]


def test_batches_hold_each_training_clip_once_with_its_labels(clips):
    array, rows, y_true = clips
    made = batches.Batches(*clips, SETTINGS, epoch=1)
    assert [len(made[i][0]) for i in range(len(made))] == [8, 8, 8]  # not 10, 10, 4
    x, y = everything(made)
    order = [int(np.flatnonzero((array[rows] == clip).all(axis=(1, 2)))[0]) for clip in x]
    assert sorted(order) == list(range(24))
    assert order != list(range(24))
    np.testing.assert_array_equal(y, y_true[order])


def test_several_passes_show_each_clip_as_often_in_another_order(clips):
    array, rows, _ = clips
    made = batches.Batches(*clips, {**SETTINGS, "passes": 3}, epoch=1)
    assert len(made) == batches.n_batches(24, {**SETTINGS, "passes": 3}) == 9
    x, _ = everything(made)
    order = [int(np.flatnonzero((array[rows] == clip).all(axis=(1, 2)))[0]) for clip in x]
    passes = np.split(np.array(order), 3)
    assert all(sorted(one) == list(range(24)) for one in passes)
    assert not np.array_equal(passes[0], passes[1])


def test_a_chunk_is_a_random_stretch_of_its_clip(clips):
    array, rows, _ = clips
    x, _ = everything(batches.Batches(*clips, {**SETTINGS, "chunk_frames": 3}, epoch=0))
    assert x.shape == (24, 3, 4)
    starts = []
    for chunk in x:
        found = [
            start
            for clip in array[rows]
            for start in range(6)
            if np.array_equal(clip[start : start + 3], chunk)
        ]
        assert len(found) == 1
        starts += found
    assert set(starts) == set(range(6))


def test_an_epoch_is_the_same_again_and_another_otherwise(clips):
    settings = {**SETTINGS, "chunk_frames": 3, "augment": ["equaliser", "mixup", "specaugment"]}
    first, again, other = (everything(batches.Batches(*clips, settings, n)) for n in (1, 1, 2))
    np.testing.assert_array_equal(first[0], again[0])
    np.testing.assert_array_equal(first[1], again[1])
    assert not np.array_equal(first[0], other[0])
    seeded = everything(batches.Batches(*clips, {**settings, "seed": 4}, 1))
    assert not np.array_equal(first[0], seeded[0])


def test_band_statistics_are_those_of_the_training_clips_alone(clips):
    array, rows, _ = clips
    mean, variance = batches.band_statistics(array, rows, clips_a_read=7)
    chosen = array[rows].astype(float)
    np.testing.assert_allclose(mean, chosen.mean(axis=(0, 1)))
    np.testing.assert_allclose(variance, chosen.var(axis=(0, 1)))
    _, variance = batches.band_statistics(np.zeros((3, 8, 4)), np.arange(3))
    assert variance.tolist() == [1, 1, 1, 1]
