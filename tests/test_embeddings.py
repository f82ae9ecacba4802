"""A network's layer as features: chunk by chunk, from audio, as script 4 would score it."""

import dataclasses
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import soundfile
from conftest import write_store

pytest.importorskip("keras")
import keras

from autotagging import steps
from autotagging.features import extraction, feature_store
from autotagging.features.settings import FeatureSettings, LayerSettings, parse
from autotagging.models import architectures, chunks, embeddings, model_folder, prediction

SPECTROGRAM = FeatureSettings("mel", 16000, 8, n_fft=512, hop_length=800, seconds=1.0)  # 20 frames
CHUNK = 6


@pytest.fixture
def model(tmp_path):
    """Return the model file of a network that takes chunks of 6 frames of 8 bands."""
    keras.utils.set_random_seed(0)
    network = architectures.vgg((CHUNK, 8), 3, np.zeros(8), np.ones(8))
    settings = {"architecture": "vgg", "features": "small"}
    described = {"tags": ["a", "b", "c"], "thresholds": [0.5] * 3, "settings": settings}
    described["feature_settings"] = dataclasses.asdict(SPECTROGRAM)
    model_folder.save(tmp_path / "x.keras", network, described)
    return tmp_path / "x.keras"


@pytest.fixture
def wanted(model, tmp_path):
    """Return the store of a layer that is wanted of six clips, one half as long: WantedStore."""
    rng = np.random.default_rng(0)
    (tmp_path / "clips").mkdir()
    files = {str(number): f"clips/{number}.wav" for number in range(6)}
    for number, file in enumerate(files.values()):
        samples = 0.1 * rng.standard_normal(8000 if number == 3 else 16000)
        soundfile.write(tmp_path / file, samples, 16000)
    layer = embeddings.open_layer(model, "x")
    clips = pd.DataFrame({"file": files}).rename_axis("clip_id")
    folder = tmp_path / "features" / "x"
    return extraction.WantedStore(folder, layer.settings, tmp_path, clips, layer)


def test_a_store_of_a_layer_has_a_frame_for_each_chunk_that_is_scored(wanted, model):
    write_store(wanted)
    stored = feature_store.open_store(wanted.data, "x", wanted.clips.index)
    assert stored.array.shape == (6, 4, stored.settings.width)
    assert stored.array.dtype == np.float32
    assert stored.lengths.tolist() == [4, 4, 4, 2, 4, 4]  # 20 and 10 frames, of 6 each
    assert not stored.array[3, 2:].any()
    assert steps.checksum(wanted.folder / "network.keras") == stored.settings.checksum
    spectrogram = dataclasses.replace(
        wanted, folder=wanted.folder.with_name("small"), settings=SPECTROGRAM, layer=None
    )
    write_store(spectrogram)
    network, _ = model_folder.load(model)
    small = feature_store.open_store(wanted.data, "small", wanted.clips.index)
    kernel, bias = network.get_layer("logits").get_weights()
    for row in range(6):
        sigmoids = 1 / (1 + np.exp(-stored.array[row, : stored.lengths[row]] @ kernel - bias))
        scores = prediction.score_clips(network, small)[row]
        np.testing.assert_allclose(sigmoids.mean(axis=0), scores, atol=1e-6)


def test_a_killed_run_goes_on_and_ends_with_the_same_bytes(wanted, monkeypatch):
    write_store(wanted)
    whole = (wanted.folder / "features.npy").read_bytes()
    steps.discard(wanted.folder)
    computed = []

    def compute_some(features, seconds):
        if len(computed) == 3:
            raise KeyboardInterrupt
        computed.append(seconds)
        return wanted.layer.compute(features, seconds)

    with pytest.raises(KeyboardInterrupt):
        write_store(dataclasses.replace(wanted, layer=SimpleNamespace(compute=compute_some)))
    assert len(extraction.find_missing(wanted)) == 3
    write_store(wanted)
    assert (wanted.folder / "features.npy").read_bytes() == whole


def test_a_store_of_a_layer_is_checked_against_the_audio(wanted):
    write_store(wanted)
    check = (wanted.folder, wanted.data, wanted.clips, wanted.layer)
    assert "6 clips computed again and found equal" in feature_store.check(*check)
    array = np.load(wanted.folder / "features.npy")
    array[2] += 1
    np.save(wanted.folder / "features.npy", array)
    with pytest.raises(ValueError, match="clip 2 has other features when it is computed again"):
        feature_store.check(*check)


def test_another_network_gives_other_settings(wanted, model):
    network, description = model_folder.load(model)
    kernel, bias = network.get_layer("logits").get_weights()
    network.get_layer("logits").set_weights([kernel + 1, bias])
    model_folder.save(model, network, description)
    assert embeddings.open_layer(model, "x").settings.checksum != wanted.settings.checksum


def test_settings_of_a_layer_are_read_as_they_are_kept(wanted):
    assert parse(dataclasses.asdict(wanted.settings)) == wanted.settings
    assert isinstance(wanted.settings, LayerSettings)
    for wrong in ({"width": 0}, {"chunk_frames": 21}):
        with pytest.raises(ValueError, match="no chunk"):
            parse(dataclasses.asdict(wanted.settings) | wrong)


@pytest.mark.parametrize(
    ("layer", "problem"), [("nix", "is no layer"), ("maps_2", "gives maps, not a row of values")]
)
def test_a_layer_that_will_not_do_is_refused_with_those_that_will(model, layer, problem):
    with pytest.raises(ValueError, match=rf"'{layer}' {problem} of x: these will do: .*logits"):
        embeddings.open_layer(model, "x", layer)


def test_a_mean_of_networks_has_no_layer_of_its_own(model, tmp_path):
    network, description = model_folder.load(model)
    model_folder.save(tmp_path / "mean.keras", architectures.mean_of([network]), description)
    with pytest.raises(ValueError, match="is made of other networks, as their mean or"):
        embeddings.open_layer(tmp_path / "mean.keras", "mean")


def test_chunks_are_cut_as_they_are_read_from_a_store(wanted):
    sound = np.arange(20.0).reshape(10, 2)
    assert chunks.cut_chunk(sound, 3, 4).tolist() == sound[3:7].tolist()
    assert chunks.cut_chunk(sound[:3], 0, 4).tolist() == [*sound[:3].tolist(), sound[0].tolist()]
