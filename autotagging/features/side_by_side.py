"""Several networks' layers side by side: their stores, named with a plus between, are one.

`mtt-musicnn+msd-musicnn` is (n_clips, n_chunks, both widths together); nothing is written.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from autotagging import steps
from autotagging.features import feature_store
from autotagging.features.feature_store import FeatureStore
from autotagging.features.settings import LayerSettings
from autotagging.options import PLUS


@dataclass(frozen=True)
class JoinedSettings:
    """What values are that belong to several layers, which all take the same chunks.

    Parameters
    ----------
    layers : tuple of LayerSettings
    """

    layers: tuple[LayerSettings, ...]

    @property
    def spectrogram(self):
        """What the networks take: FeatureSettings."""
        return self.layers[0].spectrogram

    @property
    def chunk_frames(self):
        """Frames of the spectrogram that they take."""
        return self.layers[0].chunk_frames

    @property
    def frames(self):
        """Chunks of a whole clip."""
        return self.layers[0].frames

    @property
    def bands(self):
        """Values of all layers."""
        return sum(layer.width for layer in self.layers)


@dataclass(frozen=True)
class JoinedArray:
    """Arrays whose values stand side by side, read a clip at a time.

    Parameters
    ----------
    arrays : list of ndarray of shape (n_stored_clips, n_chunks, width)
    rows : ndarray of shape (n_clips, n_arrays), int
        The row of each clip in each of them.
    """

    arrays: list
    rows: np.ndarray

    @property
    def shape(self):
        """(n_clips, n_chunks, values)."""
        return len(self.rows), self.arrays[0].shape[1], sum(one.shape[2] for one in self.arrays)

    def __getitem__(self, row_and_chunks):
        row, chunks = row_and_chunks
        found = [array[own, chunks] for array, own in zip(self.arrays, self.rows[row], strict=True)]
        return np.concatenate(found, axis=-1)


def folders_of(data, name):
    """Return the folder of each store in a name: list of Path."""
    return [feature_store.folder_of(data, one) for one in name.split(PLUS)]


def check_name(name):
    """Return the name of a store; refuse one that would be read as several."""
    if PLUS in name:
        raise ValueError(f"a plus stands between names of features: {name!r} needs another --name")
    return name


def check_audio(data, name, clip_ids):
    """Refuse stores that were made of other audio than some clips have now."""
    for one in name.split(PLUS):
        feature_store.check_audio(data, one, clip_ids)


def open_store(data, name, clip_ids):
    """Open a store, or several side by side as one, for some clips.

    Parameters
    ----------
    data : Path
        The dataset.
    name : str
        Of the store, or of several with a plus between.
    clip_ids : iterable of str
        The clips wanted, in the order wanted.

    Returns
    -------
    FeatureStore
        Of several with `JoinedSettings`, and the clips that none of them lacks.

    Raises
    ------
    ValueError
        As of `feature_store.open_store`; for stores that do not fit together.
    """
    names = name.split(PLUS)
    stores = [feature_store.open_store(data, one, clip_ids) for one in names]
    if len(stores) == 1:
        return stores[0]
    _check_together(dict(zip(names, stores, strict=True)))
    rows = pd.concat([store.rows for store in stores], axis=1, join="inner").astype(int)
    failed = pd.concat([store.failed for store in stores])
    first = stores[0]
    return FeatureStore(
        JoinedArray([store.array for store in stores], rows.to_numpy()),
        first.lengths[rows.iloc[:, 0]],
        pd.Series(np.arange(len(rows)), rows.index),
        JoinedSettings(tuple(store.settings for store in stores)),
        first.audio[rows.index],
        failed[~failed.index.duplicated()],
    )


def _check_together(stores):
    """Refuse stores that are no layers, of networks that take other chunks, or of other audio."""
    (first_name, first), *others = stores.items()
    for name, store in stores.items():
        if not store.settings.layers:
            raise ValueError(
                f"features/{name} are spectrograms, and layers of networks alone go side by side: "
                "leave one of them out"
            )
    for name, store in others:
        pair = f"features/{first_name} and features/{name}"
        taken = [(one.settings.spectrogram, one.settings.chunk_frames) for one in (first, store)]
        if taken[0] != taken[1]:
            raise ValueError(
                f"{pair} are of networks that take other chunks or spectrograms, and do not go "
                "side by side: leave one of them out"
            )
        shared = first.audio.index.intersection(store.audio.index)
        if not first.audio[shared].equals(store.audio[shared]):
            raise ValueError(
                f"{pair} were made of different audio: run {steps.WRITTEN_BY['features']} again "
                "with --force for both"
            )
