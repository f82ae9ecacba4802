"""A network says of a song what script 4 says of a clip; of a long one the mean of its pieces."""

from dataclasses import asdict

import numpy as np
import pytest
import soundfile
from conftest import write_store
from layer_stores import CHUNK_FRAMES, SPECTROGRAM, save_backbone

pytest.importorskip("keras")
from autotagging.features import feature_store
from autotagging.models import embeddings, heads, model_folder, prediction, published
from autotagging.tagging import pieces, tagger
from autotagging.tagging.songs import Song


@pytest.fixture
def model(tmp_path):
    """Return a tagger by a small network, which gives hidden values, too."""
    return tagger.Tagger(save_backbone(tmp_path / "x.keras"), embeds=True)


def write(path, seconds, level=0.1):
    noise = level * np.random.default_rng(0).standard_normal(round(seconds * 16000))
    soundfile.write(path, noise, 16000, subtype="FLOAT")
    return path


def test_a_clip_of_a_dataset_gets_the_scores_of_script_4(wanted_store, model):
    soundfile.write(wanted_store.data / "clips/3.wav", 0.1 * np.ones(6000), 16000)  # a short one
    write_store(wanted_store)
    store = feature_store.open_store(wanted_store.data, "small", wanted_store.clips.index)
    network, _ = model_folder.load(model.path)
    expected = prediction.score_clips(network, store)
    for row, file in enumerate(wanted_store.clips["file"][:5]):
        scored = model.score(pieces.read(wanted_store.data / file, model.settings))
        np.testing.assert_allclose(scored.scores, expected[row], atol=1e-6)


def test_a_published_network_says_of_a_real_clip_what_script_4_says(test_data, published_folder):
    model = tagger.Tagger(published.make("mtt-musicnn", published_folder))
    clip = min((test_data / "mtt-excerpt" / "0").glob("*.mp3"))
    song = pieces.read(clip, model.settings)
    clips = tagger._Clips(song.features, np.array([1820]), np.array([0]))
    expected = prediction.score_clips(model.network, clips)
    np.testing.assert_allclose(model.score(song).scores, expected[0], atol=1e-4)
    assert model.tags[expected[0].argmax()] == "harpsichord"  # MTT: harpsichord, violin


def test_a_song_gets_the_mean_of_its_pieces(tmp_path, model):
    song = pieces.read(write(tmp_path / "x.wav", 20.0), model.settings, 17)
    assert len(song.features) == 17  # more than are scored together
    network, _ = model_folder.load(model.path)
    clips = tagger._Clips(song.features, np.full(17, SPECTROGRAM.frames), np.arange(17))
    expected = prediction.score_clips(network, clips)
    np.testing.assert_allclose(model.score(song).scores, expected.mean(axis=0), atol=1e-6)


def test_chunks_are_in_the_order_of_time(tmp_path, model):
    song = pieces.read(write(tmp_path / "x.wav", 3.4), model.settings)
    scored = model.score(song)
    assert scored.of_piece.tolist() == [0] * 3 + [1] * 3 + [2] * 3 + [3] * 3
    frame = 2000 / 16000
    expected = [start + frame * at for start in song.starts for at in (0, 2, 5)]
    assert scored.starts == pytest.approx(expected)
    assert model.chunk_seconds == pytest.approx(CHUNK_FRAMES * frame)
    means = [scored.chunk_scores[scored.of_piece == piece].mean(axis=0) for piece in range(4)]
    np.testing.assert_allclose(scored.scores, np.mean(means, axis=0), atol=1e-6)


def test_values_are_those_of_the_last_hidden_layer(tmp_path, model):
    song = pieces.read(write(tmp_path / "x.wav", 1.0), model.settings)
    scored, layer = model.score(song), embeddings.open_layer(model.path, "x")
    expected = layer.compute(song.features[0], 1.0)
    np.testing.assert_allclose(scored.values, expected, atol=1e-5)
    np.testing.assert_allclose(scored.embedding, expected.mean(axis=0), atol=1e-5)


def test_a_long_song_is_scored_a_clip_at_a_time(tmp_path, model, monkeypatch):
    sizes, compute = [], model.network.predict_on_batch
    monkeypatch.setattr(
        model.network, "predict_on_batch", lambda x: (sizes.append(len(x)), compute(x))[1]
    )
    for seconds in (1.0, 5.0):
        model.score(pieces.read(write(tmp_path / "x.wav", seconds), model.settings))
    assert sizes == 6 * [3]  # chunks of a clip


def test_songs_come_in_order_with_reasons_for_those_that_cannot_be_read(tmp_path, model):
    (tmp_path / "bad.mp3").write_text("no audio")
    paths = [write(tmp_path / f"{n}.wav", 1 + n) for n in range(5)]
    paths.insert(2, tmp_path / "bad.mp3")
    songs = [Song(path.name, path.stem, path) for path in paths]
    tagged = list(tagger.tag(model, songs, 10, 2))
    assert [song for song, _, _ in tagged] == songs
    assert [len(read.features) for _, read, _ in tagged if not isinstance(read, str)] == [
        1,
        2,
        3,
        4,
        5,
    ]
    assert "is a text" in tagged[2][1]
    assert tagged[2][2] is None
    assert list(tagger.tag(model, [], 10, 2)) == []


def test_a_head_on_another_network_tags_songs_and_has_no_values_of_its_own(tmp_path, model):
    layer = embeddings.open_layer(model.path, "x")
    width = layer.settings.width
    head = heads.linear((1, width), 3, np.zeros(width), np.ones(width))
    network = heads.join({"x": layer.network}, head)
    description = model_folder.read_description(model.path) | {"layers": [asdict(layer.settings)]}
    model_folder.save(tmp_path / "head.keras", network, description)
    song = pieces.read(write(tmp_path / "x.wav", 2.5), model.settings)
    assert tagger.Tagger(tmp_path / "head.keras").score(song).scores.shape == (3,)
    with pytest.raises(ValueError, match="take a layer of one of them"):
        tagger.Tagger(tmp_path / "head.keras", embeds=True).score(song)


def test_only_a_network_with_thresholds_of_its_own_is_tuned(tmp_path):
    path = save_backbone(tmp_path / "y.keras", thresholds=[0.5, 0.4, 0.5])
    assert tagger.Tagger(path).is_tuned
    assert not tagger.Tagger(save_backbone(tmp_path / "z.keras")).is_tuned


def test_what_is_no_model_is_a_sentence(tmp_path):
    (tmp_path / "x.keras").write_bytes(b"PK")
    with pytest.raises(ValueError, match="is not a model of this project"):
        tagger.Tagger(tmp_path / "x.keras")
    path = save_backbone(tmp_path / "y.keras", thresholds=None)
    with pytest.raises(ValueError, match="is damaged: make it again"):
        tagger.Tagger(path)
