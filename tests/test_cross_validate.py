"""Cross-validation: no judged clip, and no artist of one, is ever learnt from or stopped by."""

import numpy as np
import pandas as pd
import pytest

pytest.importorskip("keras")
from autotagging.models import prediction, training
from benchmarks import cross_validate


def test_every_clip_is_judged_once_by_a_network_that_heard_nothing_of_its_artist(
    tmp_path, monkeypatch
):
    rng = np.random.default_rng(0)
    artists = rng.integers(12, size=60).astype(str)
    rows = rng.permutation(60)  # rows of the store, in another order than the clips
    task = np.zeros((60, 4, 2)), rows, rng.random((60, 3)) < 0.5
    parts_seen, judged_rows = [], []

    def train(clips, folder, settings, *, start):
        folder.mkdir()
        parts_seen.append(clips[1])
        history = {"epoch": [1], "kept": [True], "seconds": [2.0]}
        history |= {"training_clips": [10], "training_seconds": [1.0]}
        return None, pd.DataFrame(history), ""

    def score_clips(network, array, wanted):
        judged_rows.append(wanted)
        return np.zeros((len(wanted), 3))

    monkeypatch.setattr(training, "train", train)
    monkeypatch.setattr(prediction, "score_clips", score_clips)
    folds = cross_validate.split(artists, seed=1)
    for fold in range(5):
        cross_validate.judge(tmp_path, task, folds, (1, fold), ({}, None))
    assert sorted(np.concatenate(judged_rows)) == list(range(60))
    artist_of = dict(zip(rows.tolist(), artists, strict=True))
    for parts, judged in zip(parts_seen, judged_rows, strict=True):
        groups = [parts["train"][0], parts["validation"][0], judged]
        assert sum(map(len, groups)) == 60
        heard = [{artist_of[row] for row in group.tolist()} for group in groups]
        assert not heard[0] & heard[1] | heard[0] & heard[2] | heard[1] & heard[2]
        for part in parts.values():  # labels go with their rows
            places = np.argsort(rows)[part[0]]
            np.testing.assert_array_equal(part[1], task[2][places])
    scores = cross_validate.judge(tmp_path, task, folds, (1, 3), ({}, None))
    assert len(parts_seen) == 5  # a fold that was judged is read again
    assert scores.shape == (len(folds[3]), 3)


def test_too_few_artists_are_refused():
    with pytest.raises(ValueError, match="4 artists are too few for 5 folds"):
        cross_validate.split(np.array(list("abcda")), seed=0)
