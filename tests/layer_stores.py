"""Stores of a network's layer for tests, computed from a store of spectrograms."""

import dataclasses
import shutil

import numpy as np

from autotagging import steps
from autotagging.features import feature_store
from autotagging.features.settings import FeatureSettings, LayerSettings

CHUNK_FRAMES = 3
LAYER = "mean_and_maximum"
SPECTROGRAM = FeatureSettings("mel", 16000, 8, n_fft=512, hop_length=2000, seconds=1.0)
SETTINGS = LayerSettings("mine", "ab" * 16, LAYER, CHUNK_FRAMES, 4, SPECTROGRAM)


def save_backbone(path, spectrogram=SPECTROGRAM, seed=0, **changes):
    """Save a network that takes chunks of spectrograms, and scores three tags."""
    import keras

    from autotagging.models import architectures, model_folder

    keras.utils.set_random_seed(seed)
    bands = np.ones(spectrogram.bands)
    network = architectures.vgg((CHUNK_FRAMES, spectrogram.bands), 3, 0 * bands, bands)
    description = {
        "tags": ["one", "two", "three"],
        "thresholds": [0.5, 0.5, 0.5],
        "settings": {"architecture": "vgg", "features": "small"},
        "feature_settings": dataclasses.asdict(spectrogram),
        "trained_on": [],
        **changes,
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    model_folder.save(path, network, description)
    return path


def write_layer_store(data, path, source="small", name="layer", layer=LAYER):
    """Write what a network's layer makes of a store of spectrograms, as one more store."""
    import keras

    from autotagging.models import chunks, model_folder

    network, _ = model_folder.load(path)
    values_of = keras.Model(network.input, network.get_layer(layer).output)
    clip_ids = feature_store.list_usable(feature_store.folder_of(data, source))
    store = feature_store.open_store(data, source, clip_ids)
    checksum = steps.checksum(path)
    frames, width = network.input_shape[1], values_of.output_shape[1]
    settings = LayerSettings(str(path), checksum, layer, frames, width, store.settings)
    values = np.zeros((len(store.array), settings.frames, width), np.float32)
    for row in store.rows:
        starts = chunks.spread_starts(store.lengths[row], frames)
        x = [chunks.read_chunk(store, row, start, frames) for start in starts]
        values[row, : len(x)] = values_of.predict_on_batch(np.stack(x).astype(np.float32))
    folder, beside = feature_store.folder_of(data, name), feature_store.folder_of(data, source)
    with steps.writing(steps.Step(folder, dataclasses.asdict(settings), {})):
        np.save(folder / feature_store.FILE, values)
        shutil.copy(path, folder / feature_store.NETWORK)
        for table in ("clips.csv", "failed.csv", "incomplete.csv"):
            shutil.copy(beside / table, folder / table)
    return settings
