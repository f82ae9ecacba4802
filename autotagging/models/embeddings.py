"""A network's layer as features: its values for each chunk of a clip that the network would score.

Of the last hidden layer unless another is named: what a network trained elsewhere has learnt to
tell apart, from which a small network can learn other tags with few clips.
"""

from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np

from autotagging import steps
from autotagging.features.feature_store import count_frames
from autotagging.features.settings import LayerSettings, parse
from autotagging.formatting import list_some
from autotagging.models import chunks, model_folder

LAST_LAYER = "logits"


@dataclass(frozen=True)
class Layer:
    """A layer of a network, to be computed.

    Parameters
    ----------
    path : Path
        Of the network's model file.
    settings : LayerSettings
    network : keras.Model
        (n_chunks, frames, bands) -> (n_chunks, width).
    """

    path: Path
    settings: LayerSettings
    network: keras.Model

    def compute(self, features, seconds):
        """Return the values of the layer for the evenly spaced chunks that cover a clip's sound.

        A clip at a time, as a network may round otherwise in a batch of another size.

        Parameters
        ----------
        features : ndarray of shape (frames, bands), float16
            Of the spectrogram, as it is stored.
        seconds : float
            How much of the clip's audio is used.

        Returns
        -------
        ndarray of shape (n_chunks, width), float32
        """
        seconds = np.array([round(seconds, 2)])  # as the store keeps it
        length = int(count_frames(seconds, self.settings.spectrogram)[0])
        frames = self.settings.chunk_frames
        sound = features[:length]
        starts = chunks.spread_starts(length, frames)
        x = [chunks.cut_chunk(sound, start, frames) for start in starts]
        return self.network.predict_on_batch(np.stack(x).astype(np.float32))


def open_layer(path, name, layer=None):
    """Open a layer of a trained network.

    Parameters
    ----------
    path : Path
        Of its model file.
    name : str
        What the network is called.
    layer : str, optional
        Otherwise the last hidden one.

    Returns
    -------
    Layer

    Raises
    ------
    ValueError
        For a layer that is not there, or gives maps and not a row of values, naming the layers
        that will do; for a mean of networks, or a head.
    """
    network, description = model_folder.load(path)
    output = find_output(network, path, name, layer)
    settings = LayerSettings(
        network=name,
        checksum=steps.checksum(path),
        layer=output._keras_history.operation.name,
        chunk_frames=network.input_shape[1],
        width=output.shape[1],
        spectrogram=parse(description["feature_settings"]),
    )
    return Layer(path, settings, keras.Model(network.input, output))


def find_output(network, path, name, layer=None):
    """Return the output of a layer of a loaded network, as of `open_layer`: a KerasTensor."""
    usable = [one.name for one in network.layers if len(one.output.shape) == 2]
    if LAST_LAYER not in usable:
        raise ValueError(
            f"{path} is made of other networks, as their mean or as a head on one: take a layer "
            "of one of them"
        )
    wanted = layer or _find_last_hidden(network)
    if wanted not in usable:
        known = wanted in [one.name for one in network.layers]
        problem = "gives maps, not a row of values" if known else "is no layer"
        raise ValueError(f"{wanted!r} {problem} of {name}: these will do: {list_some(usable, 20)}")
    return network.get_layer(wanted).output


def _find_last_hidden(network):
    """Return the name of the layer whose values the last one weighs, dropout passed over."""
    layer = network.get_layer(LAST_LAYER)
    while layer.name == LAST_LAYER or isinstance(layer, keras.layers.Dropout):
        layer = layer.input._keras_history.operation
    return layer.name
