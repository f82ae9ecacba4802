"""Clips to folds by artist."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from autotagging.labels import folds


@given(st.lists(st.sampled_from("abcdefghij"), min_size=1, max_size=60), st.integers(0, 1000))
def test_every_clip_is_in_one_fold_and_no_artist_in_two(artists, seed):
    n_folds = min(4, len(set(artists)))
    assume(n_folds > 1)
    parts = folds.folds_by_artist(artists, n_folds, seed)
    assert sorted(np.concatenate(parts)) == list(range(len(artists)))
    of_folds = [{artists[clip] for clip in part} for part in parts]
    assert sum(map(len, of_folds)) == len(set(artists))
    sizes = [len(of_fold) for of_fold in of_folds]
    assert max(sizes) - min(sizes) <= 1


def test_a_seed_gives_the_same_folds_whatever_holds_the_artists_and_another_seed_others():
    artists = np.array([f"artist {i * i % 17}" for i in range(60)])
    parts = folds.folds_by_artist(artists, 5, seed=0)
    series = pd.Series(artists, index=[f"c{i}" for i in range(60)])
    for same in (artists.tolist(), series, artists.astype(object)):
        again = folds.folds_by_artist(same, 5, seed=0)
        assert all(np.array_equal(*pair) for pair in zip(parts, again, strict=True))
    other = folds.folds_by_artist(artists, 5, seed=1)
    assert not all(np.array_equal(*pair) for pair in zip(parts, other, strict=True))


def test_the_artists_of_a_fold_do_not_depend_on_the_order_of_the_clips():
    artists = np.array([f"artist {i * i % 17}" for i in range(60)])
    order = np.random.default_rng(0).permutation(60)
    parts = folds.folds_by_artist(artists, 5, seed=3)
    shuffled = folds.folds_by_artist(artists[order], 5, seed=3)
    for part, same in zip(parts, shuffled, strict=True):
        assert set(order[same]) == set(part)


def test_too_few_artists_are_refused():
    sentence = "5 folds need clips by 5 artists, not 4: add clips by others"
    with pytest.raises(ValueError, match=sentence):
        folds.folds_by_artist(list("abcda"), 5, seed=0)


@pytest.mark.parametrize(
    ("artists", "n_folds"),
    [("aabbccddeeff", 5), ("aabbcc", 3), ("aaaaaaa", 5), ("aaa", 3)],
    ids=["many artists", "three artists", "one artist", "one artist of three clips"],
)
def test_few_artists_have_as_many_folds_as_there_are_and_one_is_split_by_clip(artists, n_folds):
    parts = folds.folds_of_few(list(artists), 5, seed=0)
    assert len(parts) == n_folds
    assert sorted(np.concatenate(parts)) == list(range(len(artists)))
    if len({*artists}) > 1:
        for part in parts:
            assert not {artists[i] for i in part} & {
                artists[i] for i in range(len(artists)) if i not in part
            }
