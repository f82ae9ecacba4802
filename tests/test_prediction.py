"""Scores: probabilities in the order of the rows, the mean of chunks that cover a clip's sound."""

import numpy as np
import pandas as pd
import pytest
from conftest import clips_of
from scipy.special import expit

pytest.importorskip("keras")
from autotagging.features.feature_store import FeatureStore
from autotagging.features.settings import PRESETS
from autotagging.models import architectures, prediction


@pytest.fixture
def array():
    return np.random.default_rng(0).standard_normal((6, 8, 4)).astype(np.float16)


def label(array, lengths=None, rows=None):
    """Return clips of an array, all without tags: by default all of it, full of sound."""
    n_clips, frames, _ = array.shape
    lengths = np.full(n_clips, frames) if lengths is None else lengths
    rows = np.arange(n_clips) if rows is None else rows
    return clips_of(array, lengths, rows, np.zeros((len(rows), 2), bool))


def build(frames):
    return architectures.vgg((frames, 4), 2, np.zeros(4), np.ones(4))


def test_scores_are_probabilities_in_the_order_of_the_rows(array):
    network, rows = build(frames=8), np.array([5, 0, 5])
    clips = label(array, rows=rows)
    scores = prediction.score_clips(network, clips, n_together=2)
    assert scores.shape == (3, 2)
    expected = expit(network.predict(array[rows].astype(np.float32), verbose=0))
    np.testing.assert_allclose(scores, expected, rtol=1e-5)


def test_a_clip_scores_as_the_mean_of_its_chunks(array):
    network = build(frames=3)
    scores = prediction.score_clips(network, label(array))
    chunks = np.concatenate([array[:, start : start + 3] for start in (0, 2, 5)])
    expected = expit(network.predict(chunks.astype(np.float32), verbose=0))
    np.testing.assert_array_equal(scores, expected.reshape(3, 6, 2).mean(axis=0))


@pytest.mark.parametrize("n_together", [1, 4, 64])
@pytest.mark.parametrize("frames", [3, 8])
def test_a_padded_clip_scores_as_one_that_is_cut_to_its_sound(array, frames, n_together):
    network, lengths = build(frames), np.array([8, 2, 1, 7, 4, 8])
    sounds = [clip[:length].copy() for clip, length in zip(array, lengths, strict=True)]
    for clip, length in zip(array, lengths, strict=True):
        clip[length:] = np.nan
    rows = np.array([3, 0, 2, 1, 4])
    clips = label(array, lengths, rows)
    scores = prediction.score_clips(network, clips, n_together)
    expected = [prediction.score_clips(network, label(sounds[row][None])) for row in rows]
    np.testing.assert_allclose(scores, np.concatenate(expected), rtol=1e-5)


@pytest.mark.parametrize(
    ("architecture", "frames", "n_chunks"),
    [("vgg", 455, 64), ("paper", 120, 64), ("musicnn", 187, 28), ("fcn", 455, 11)],
)
def test_a_network_of_large_maps_scores_fewer_chunks_together(architecture, frames, n_chunks):
    shape = (frames, 120 if architecture == "paper" else 96)
    statistics = np.zeros(shape[1]), np.ones(shape[1])
    network = architectures.ARCHITECTURES[architecture](shape, 2, *statistics)
    assert prediction.choose_batch_size(network) == n_chunks
    assert prediction.choose_batch_size(architectures.mean_of([network])) == n_chunks


def test_chunks_score_alike_however_many_are_scored_together(array, monkeypatch):
    network = build(frames=3)
    scores = prediction.score_clips(network, label(array))
    monkeypatch.setattr(prediction, "MAX_BYTES", 1)
    assert prediction.choose_batch_size(network) == 1
    np.testing.assert_allclose(prediction.score_clips(network, label(array)), scores, rtol=1e-5)


def test_progress_is_shown_where_it_has_a_title_and_takes_long(array, monkeypatch, capsys):
    network = build(frames=8)
    monkeypatch.setattr(prediction, "SILENT_SECONDS", 3600)
    prediction.score_clips(network, label(array), title="scoring")
    monkeypatch.setattr(prediction, "SILENT_SECONDS", 0)
    prediction.score_clips(network, label(array))
    assert capsys.readouterr() == ("", "")
    prediction.score_clips(network, label(array), 2, title="scoring")
    printed, shown = capsys.readouterr()
    assert not printed
    assert "scoring: 100%" in shown
    assert "6/6 [" in shown


def test_sound_that_is_shorter_than_a_chunk_is_scored_as_if_it_went_on(array):
    network = build(frames=8)
    scores = prediction.score_clips(network, label(array, np.full(6, 3)))
    repeated = array[:, [0, 1, 2, 0, 1, 2, 0, 1]].astype(np.float32)
    np.testing.assert_allclose(scores, expit(network.predict(repeated, verbose=0)), rtol=1e-5)


def test_a_store_scores_as_its_labelled_clips(array):
    network, rows, lengths = build(frames=3), np.array([5, 0]), np.array([8, 1, 1, 1, 1, 4])
    rows = pd.Series(rows, ["b", "a"])
    store = FeatureStore(array, lengths, rows, PRESETS["mel96"], None, pd.Series())
    scores = prediction.score_clips(network, store)
    expected = prediction.score_clips(network, label(array, lengths, rows.to_numpy()))
    np.testing.assert_array_equal(scores, expected)
