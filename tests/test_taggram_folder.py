"""A picture a song: what is heard when, and what was not heard."""

import dataclasses

import librosa
import numpy as np
import pytest
from conftest import assert_legible
from tagged_songs import model_of, pieces_of, scored_of, song_of

from autotagging.features.settings import PRESETS, change
from autotagging.features.spectrogram import extract
from autotagging.tagging import taggram_folder
from autotagging.tagging.pieces import Pieces
from autotagging.tagging.taggram_folder import TaggramFolder

SETTINGS = dataclasses.replace(PRESETS["musicnn"], seconds=1.0, bands=16)


def model():
    known = model_of([f"tag {n}" for n in range(20)])
    known.settings, known.chunk_seconds = SETTINGS, 0.6
    return known


def draw(n_pieces, gap, name="x.mp3"):
    """Draw a song of pieces of a second, of two chunks each."""
    rng = np.random.default_rng(0)
    features = rng.random((n_pieces, SETTINGS.frames, 16)).astype(np.float16)
    starts = np.arange(n_pieces) * (1.0 + gap)
    song = Pieces(features, starts, 1.0, starts[-1] + 1.0, n_pieces)
    of_piece = np.repeat(np.arange(n_pieces), 2)
    scores = rng.random((2 * n_pieces, 20)).astype(np.float32)
    scored = dataclasses.replace(
        scored_of(scores.mean(axis=0)),
        of_piece=of_piece,
        starts=starts[of_piece] + np.tile([0, 0.4], n_pieces),
        chunk_scores=scores,
    )
    return taggram_folder.draw(name, song, scored, model()), scored


@pytest.mark.parametrize(("n_pieces", "gap"), [(1, 0), (3, -0.2), (10, 2.0)])
def test_a_taggram_is_legible_and_in_seconds(n_pieces, gap):
    figure, _ = draw(n_pieces, gap, name="a/long/way/" + "long name of a song " * 9 + ".mp3")
    assert_legible(figure)
    above, below = figure.axes[:2]
    seconds = (n_pieces - 1) * (1 + gap) + 1
    assert below.get_xlim() == above.get_xlim() == (0, pytest.approx(seconds))
    assert ("not heard" in below.get_xlabel()) == (gap > 0)
    assert len(above.images) == n_pieces


def test_each_chunk_is_a_column_of_the_most_probable_tags():
    figure, scored = draw(2, 1.0)
    top = np.argsort(-scored.scores)[: taggram_folder.TAGS]
    below = figure.axes[1]
    labels = [label.get_text() for label in below.get_yticklabels()]
    assert [label.split("  ")[0] for label in labels] == [f"tag {n}" for n in top]
    for number, mesh in enumerate(below.collections):
        np.testing.assert_allclose(
            mesh.get_array(), scored.chunk_scores[2 * number : 2 * number + 2, top].T
        )
        edges = np.asarray(mesh.get_coordinates())[0, :, 0]
        np.testing.assert_allclose(edges, 2.0 * number + np.array([0, 0.4, 1.0]))


@pytest.mark.parametrize("preset", ["musicnn", "mel96", "paper", "mfcc"])
def test_levels_are_those_of_the_mel_bands(preset):
    settings = change(PRESETS[preset], {"seconds": 2.0})
    rate = settings.sample_rate
    tone = np.sin(2 * np.pi * 500 * np.arange(2 * rate) / rate).astype(np.float32)
    levels = taggram_folder.to_levels(extract(tone, settings).astype(np.float64), settings)
    assert levels.shape == (settings.frames, settings.mel_bands)
    middles = librosa.mel_frequencies(settings.mel_bands + 2, fmin=0, fmax=rate / 2)[1:-1]
    assert middles[levels[settings.frames // 2].argmax()] == pytest.approx(500, abs=40)
    assert np.ptp(levels) > 20


def test_a_folder_has_a_picture_a_song(tmp_path, capsys):
    folder = TaggramFolder(tmp_path / "new", model())
    song, scored = song_of("x.mp3"), scored_of(np.arange(20) / 20)
    pieces = dataclasses.replace(pieces_of(), features=np.zeros((3, SETTINGS.frames, 16)))
    assert not folder.has(song)
    folder.add(song, pieces, scored)
    assert (tmp_path / "new" / "x.png").read_bytes().startswith(b"\x89PNG")
    assert folder.has(song)
    folder.close()
    assert "drew" in capsys.readouterr().out
    assert not folder.has(song_of("-"))


def test_no_picture_leaves_the_folder(tmp_path):
    folder = TaggramFolder(tmp_path / "new", model())
    assert folder._path(song_of("x", "../../y")).parent == tmp_path / "new"
    assert len(folder._path(song_of("x", "y" * 300)).name.encode()) <= 255
