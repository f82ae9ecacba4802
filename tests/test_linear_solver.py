"""A linear head is solved: its logits are scikit-learn's, its penalty chosen by artists."""

from dataclasses import replace

import numpy as np
import pytest
from conftest import clips_of
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

pytest.importorskip("keras")
from autotagging.labels.folds import folds_by_artist
from autotagging.models import linear_solver, prediction
from autotagging.models.training_settings import RECIPES

SETTINGS = replace(RECIPES["linear"], chunk_frames=1, refit=True)


def layer_clips(n_clips=60, width=6, n_tags=2):
    """Return clips of 1 to 4 chunks, in which a value of each tag's own is larger."""
    rng = np.random.default_rng(0)
    y_true, rows = rng.random((n_clips, n_tags)) < 0.4, rng.permutation(n_clips)
    array = rng.normal(3, 2, (n_clips, 4, width)).astype(np.float32)
    array[rows, :, :n_tags] += 2 * y_true[:, None, :]
    lengths = 1 + np.arange(n_clips) % 4
    array[np.arange(4) >= lengths[:, None]] = 1e6  # padding, never to be read
    return clips_of(array, lengths, rows, y_true)


def means_of(clips):
    return np.stack([clips.array[row, : clips.lengths[row]].mean(axis=0) for row in clips.rows])


def test_the_mean_over_chunks_is_over_those_with_sound():
    clips = layer_clips()
    np.testing.assert_allclose(linear_solver.mean_over_chunks(clips), means_of(clips), rtol=1e-5)


def test_logits_are_those_of_logistic_regression_on_standardised_means():
    clips = layer_clips()
    network, strength = linear_solver.solve(clips, SETTINGS)
    x = means_of(clips).astype(float)
    z = (x - x.mean(axis=0)) / x.std(axis=0)
    logits = network.predict(x[:, None].astype(np.float32), verbose=0)
    for k, tag in enumerate(clips.y_true.T):
        expected = LogisticRegression(C=strength / x.shape[1]).fit(z, tag).decision_function(z)
        np.testing.assert_allclose(logits[:, k], expected, atol=1e-3)


def test_the_solution_is_the_same_again_and_predicts_the_tags():
    clips = layer_clips()
    one, other = (linear_solver.solve(clips, SETTINGS)[0] for _ in range(2))
    for weights, same in zip(one.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_array_equal(weights, same)
    scores = prediction.score_clips(one, clips)
    assert ((scores > 0.5) == clips.y_true).mean() > 0.8


@pytest.mark.parametrize("width", [6, 60])
def test_the_penalty_is_that_of_the_lowest_log_loss_of_clips_held_out(width):
    clips = layer_clips(width=width)
    x, folds = means_of(clips), folds_by_artist(clips.artists, 5, seed=3)
    losses = {}
    for strength in linear_solver.STRENGTHS:
        scores = np.empty(clips.y_true.shape)
        for k, tag in enumerate(clips.y_true.T):
            model = make_pipeline(StandardScaler(), LogisticRegression(C=strength / width))
            for fold in folds:
                learnt = np.delete(np.arange(len(x)), fold)
                scores[fold, k] = model.fit(x[learnt], tag[learnt]).predict_proba(x[fold])[:, 1]
        losses[strength] = log_loss(clips.y_true.ravel(), scores.ravel())
    assert linear_solver.choose_strength(x, clips, 3) == min(losses, key=losses.get)


def test_no_clip_is_scored_by_weights_that_its_artist_decided(monkeypatch):
    clips = layer_clips()
    learnt, fit = [], linear_solver._fit

    def fit_and_note(x, y_true, strength):
        learnt.append({tuple(row) for row in x})
        return fit(x, y_true, strength)

    monkeypatch.setattr(linear_solver, "_fit", fit_and_note)
    x = means_of(clips)
    linear_solver.choose_strength(x, clips, 0)
    for rows in learnt:
        held_out = [tuple(row) not in rows for row in x]
        assert any(held_out)
        artists = [{*clips.artists[np.equal(held_out, one)]} for one in (True, False)]
        assert not artists[0] & artists[1]


@pytest.mark.parametrize(
    ("value", "share"), [(False, 0.5 / 61), (True, 60.5 / 61)], ids=["no clip", "every clip"]
)
def test_a_tag_of_no_clip_or_every_clip_has_its_share_as_its_score(value, share):
    clips = layer_clips()
    clips.y_true[:, 1] = value
    network, _ = linear_solver.solve(clips, SETTINGS)
    np.testing.assert_allclose(prediction.score_clips(network, clips)[:, 1], share, rtol=1e-4)


def test_a_value_that_never_changes_is_no_harm():
    clips = layer_clips()
    clips.array[:, :, 3] = 7
    network, _ = linear_solver.solve(clips, SETTINGS)
    assert np.isfinite(prediction.score_clips(network, clips)).all()


def one_clip_a_tag():
    clips = layer_clips(n_clips=8, n_tags=3)
    clips.y_true[:] = np.eye(8, 3, dtype=bool)
    return clips


def one_artist_a_tag():
    clips = layer_clips()
    clips.y_true[:] = (clips.artists == clips.artists[0])[:, None]
    return clips


def two_clips():
    clips = layer_clips(n_clips=2, n_tags=1)
    clips.y_true[:] = [[True], [False]]
    return clips


@pytest.mark.parametrize("make", [one_clip_a_tag, one_artist_a_tag, two_clips])
def test_where_nothing_tells_the_penalty_the_middle_one_is_taken_and_that_is_said(make, capsys):
    clips = make()
    network, strength = linear_solver.solve(clips, SETTINGS)
    assert strength == linear_solver.MIDDLE == 1
    assert "nothing tells how strong the L2 penalty should be" in capsys.readouterr().out
    assert np.isfinite(prediction.score_clips(network, clips)).all()


def test_clips_of_one_artist_are_told_apart_one_by_one(capsys):
    clips = layer_clips()
    clips.artists[:] = "the only one"
    linear_solver.solve(clips, SETTINGS)
    assert "L2 penalty chosen by 5 folds of the training clips: C = " in capsys.readouterr().out


def test_more_values_than_memory_are_refused_with_their_bytes_before_any_is_read(monkeypatch):
    clips = layer_clips(n_clips=60, width=6)
    monkeypatch.setattr(linear_solver.os, "sysconf", lambda name: 100)
    monkeypatch.setattr(linear_solver.np, "empty", None)
    sentence = r"60 clips with 6 values each take 11,520 bytes .* there are 10,000: take --arch"
    with pytest.raises(ValueError, match=sentence):
        linear_solver.solve(clips, SETTINGS)
