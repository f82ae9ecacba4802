"""From the store to the network: training clips batch by batch, and what normalises them."""

from dataclasses import dataclass

import keras
import numpy as np

from autotagging.labels.splits import PARTS
from autotagging.metrics import are_averaged
from autotagging.models.augmentation import AUGMENTATIONS

ORDER, BATCH, DROPOUT = range(3)  # what randomness is for


@dataclass(frozen=True)
class LabelledClips:
    """Clips that have features, and their labels.

    Parameters
    ----------
    array : ndarray of shape (n_stored_clips, frames, bands)
        Memory-mapped.
    rows : ndarray of shape (n_clips,), int
        The rows of these clips.
    y_true : ndarray of shape (n_clips, n_tags), bool
    """

    array: np.ndarray
    rows: np.ndarray
    y_true: np.ndarray

    def __len__(self):
        return len(self.rows)

    def take(self, positions):
        """Return some of the clips: LabelledClips."""
        return LabelledClips(self.array, self.rows[positions], self.y_true[positions])


def labelled_parts(labels, store):
    """Return the clips of each part that have features.

    Parameters
    ----------
    labels : DataFrame
        As from `label_sets.read_labels`: split, then a bool column a tag.
    store : FeatureStore
        Opened for these clips.

    Returns
    -------
    dict
        ``train``, ``validation``, ``test`` -> LabelledClips.

    Raises
    ------
    ValueError
        Where the training or the validation part has no clip, or no clip with a tag, or no tag
        is on some training clips and not on others.
    """
    labels = labels.loc[store.rows.index]
    parts = {}
    for part in PARTS:
        in_part = (labels["split"] == part).to_numpy()
        y_true = labels.loc[in_part].drop(columns="split").to_numpy()
        parts[part] = LabelledClips(store.array, store.rows.to_numpy()[in_part], y_true)
        if part != "test" and not y_true.any():
            raise ValueError(
                f"the {part} part has no clip with a tag: training needs some, by another --split "
                "of script 1 perhaps"
            )
    if not are_averaged(parts["train"].y_true).any():
        raise ValueError(
            f"each tag is on all of the {len(parts['train']):,} training clips or on none: there "
            "is nothing to learn; make a label set by script 1 with more tags or --keep-untagged"
        )
    return parts


class Batches(keras.utils.PyDataset):
    """Features and labels of one epoch, in the order of its seed; a batch is read at a time.

    All randomness follows from the seed and the epoch: the same epoch is the same again, as going
    on after an interruption needs it.

    Parameters
    ----------
    clips : LabelledClips
        The training clips.
    settings : TrainingSettings
        From `training_settings.resolve`: a random chunk of `chunk_frames` is taken of each clip.
    epoch : int
    """

    def __init__(self, clips, settings, epoch):
        super().__init__()
        self.clips = clips
        self.chunk_frames = settings.chunk_frames
        self.augmentations = [AUGMENTATIONS[name] for name in settings.augment]
        self.seed, self.epoch = settings.seed, epoch
        generator, self.batches = random_generator(self.seed, epoch, ORDER), []
        for _ in range(settings.repeats):
            # Sizes differ by one at most: a last batch of one clip would upset batch normalisation.
            order = generator.permutation(len(clips))
            self.batches += np.array_split(order, -(-len(clips) // settings.batch_size))

    def __len__(self):
        return len(self.batches)

    def __getitem__(self, index):
        chosen = np.sort(self.batches[index])  # sorted: reads the file from front to back
        generator = random_generator(self.seed, self.epoch, BATCH, index)
        array = self.clips.array
        starts = generator.integers(array.shape[1] - self.chunk_frames + 1, size=len(chosen))
        x = np.empty((len(chosen), self.chunk_frames, array.shape[2]), dtype=np.float32)
        for chunk, row, start in zip(x, self.clips.rows[chosen], starts, strict=True):
            chunk[:] = array[row, start : start + self.chunk_frames]
        y = self.clips.y_true[chosen].astype(np.float32)
        for augment in self.augmentations:
            x, y = augment(x, y, generator)
        return x, y


def random_generator(seed, epoch, purpose, number=0):
    """Return the random generator of one purpose in an epoch, independent of all others.

    Parameters
    ----------
    seed, epoch : int
    purpose : int
        `ORDER`, `BATCH` or `DROPOUT`.
    number : int
        Of the batch, or of the layer.
    """
    key = np.random.SeedSequence(seed, spawn_key=(epoch, purpose, number))
    return np.random.default_rng(key)


def n_batches(n_clips, settings):
    """Return the number of batches of an epoch."""
    return settings.repeats * -(-n_clips // settings.batch_size)


def band_statistics(clips, clips_a_read=256):
    """Return mean and variance of each band over the training clips, read a few at a time.

    Parameters
    ----------
    clips : LabelledClips
    clips_a_read : int

    Returns
    -------
    mean, variance : ndarray of shape (bands,), float64
        The variance is 1 for a band that never changes.
    """
    array = clips.array
    total = np.zeros(array.shape[2])
    squares = np.zeros(array.shape[2])
    for start in range(0, len(clips), clips_a_read):
        x = array[np.sort(clips.rows[start : start + clips_a_read])].astype(np.float64)
        total += x.sum(axis=(0, 1))
        squares += np.square(x).sum(axis=(0, 1))
    n = len(clips) * array.shape[1]
    mean = total / n
    variance = squares / n - mean**2
    return mean, np.where(variance > 1e-12, variance, 1.0)
