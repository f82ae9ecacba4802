"""From the store to the network: training clips batch by batch, and what normalises them."""

import keras
import numpy as np

from autotagging.augmentation import AUGMENTATIONS


class Batches(keras.utils.PyDataset):
    """Features and labels of one epoch, in the order of its seed; a batch is read at a time.

    All randomness follows from the seed and the epoch: the same epoch is the same again, as going
    on after an interruption needs it.

    Parameters
    ----------
    array : ndarray of shape (n_stored_clips, frames, bands)
        Memory-mapped.
    rows : ndarray of shape (n_clips,), int
        The rows of the training clips.
    y_true : ndarray of shape (n_clips, n_tags), bool
    settings : dict
        batch_size, seed, passes (over the clips), chunk_frames (a random chunk of each clip is
        taken), augment (names of augmentations).
    epoch : int
    """

    def __init__(self, array, rows, y_true, settings, epoch):
        super().__init__()
        self.array, self.rows, self.y_true = array, rows, y_true
        self.chunk_frames = settings["chunk_frames"]
        self.augmentations = [AUGMENTATIONS[name] for name in settings["augment"]]
        self.randomness = [settings["seed"], epoch]
        generator, self.batches = np.random.default_rng(self.randomness), []
        for _ in range(settings["passes"]):
            # Sizes differ by one at most: a last batch of one clip would upset batch normalisation.
            order = generator.permutation(len(rows))
            self.batches += np.array_split(order, -(-len(rows) // settings["batch_size"]))

    def __len__(self):
        return len(self.batches)

    def __getitem__(self, index):
        chosen = np.sort(self.batches[index])  # sorted: reads the file from front to back
        generator = np.random.default_rng([*self.randomness, index])
        starts = generator.integers(self.array.shape[1] - self.chunk_frames + 1, size=len(chosen))
        x = np.empty((len(chosen), self.chunk_frames, self.array.shape[2]), dtype=np.float32)
        for chunk, row, start in zip(x, self.rows[chosen], starts, strict=True):
            chunk[:] = self.array[row, start : start + self.chunk_frames]
        y = self.y_true[chosen].astype(np.float32)
        for augment in self.augmentations:
            x, y = augment(x, y, generator)
        return x, y


def n_batches(n_clips, settings):
    """Return the number of batches of an epoch."""
    return settings["passes"] * -(-n_clips // settings["batch_size"])


def band_statistics(array, rows, clips_a_read=256):
    """Return mean and variance of each band over the training clips, read a few at a time.

    Parameters
    ----------
    array : ndarray of shape (n_stored_clips, frames, bands)
    rows : ndarray of int

    Returns
    -------
    mean, variance : ndarray of shape (bands,), float64
        The variance is 1 for a band that never changes.
    """
    total = np.zeros(array.shape[2])
    squares = np.zeros(array.shape[2])
    for start in range(0, len(rows), clips_a_read):
        x = array[np.sort(rows[start : start + clips_a_read])].astype(np.float64)
        total += x.sum(axis=(0, 1))
        squares += np.square(x).sum(axis=(0, 1))
    n = len(rows) * array.shape[1]
    mean = total / n
    variance = squares / n - mean**2
    return mean, np.where(variance > 1e-12, variance, 1.0)
