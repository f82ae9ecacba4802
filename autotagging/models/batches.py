"""From the store to the network: training clips batch by batch, and what normalises them."""

from dataclasses import dataclass, replace

import keras
import numpy as np

from autotagging.labels.splits import PARTS
from autotagging.metrics import are_averaged
from autotagging.models import chunks
from autotagging.models.augmentation import AUGMENTATIONS

OF_EACH_CLIP = ("rows", "y_true", "artists", "audio")
ORDER, BATCH, DROPOUT = range(3)  # what randomness is for


@dataclass(frozen=True)
class LabelledClips:
    """Clips that have features, and their labels.

    Parameters
    ----------
    array : ndarray of shape (n_stored_clips, frames, bands)
        Memory-mapped; behind its sound a clip is padded.
    lengths : ndarray of shape (n_stored_clips,), int
        Frames with sound, at least 1.
    rows : ndarray of shape (n_clips,), int
        The rows of these clips.
    y_true : ndarray of shape (n_clips, n_tags), bool
    artists, audio : ndarray of shape (n_clips,), str
        Who plays, and the SHA-256 of the file.
    """

    array: np.ndarray
    lengths: np.ndarray
    rows: np.ndarray
    y_true: np.ndarray
    artists: np.ndarray
    audio: np.ndarray

    def __len__(self):
        return len(self.rows)

    def take(self, positions):
        """Return some of the clips: LabelledClips."""
        return replace(self, **{name: getattr(self, name)[positions] for name in OF_EACH_CLIP})

    def join(self, others):
        """Return these clips and others of the same store: LabelledClips."""
        both = {name: [getattr(c, name) for c in (self, others)] for name in OF_EACH_CLIP}
        return replace(self, **{name: np.concatenate(pair) for name, pair in both.items()})


def label_clips(labels, store, artists):
    """Return the clips of a store with their labels: LabelledClips.

    Parameters
    ----------
    labels : DataFrame of shape (n_clips, n_tags), bool
        Of clips that the store is opened for and has features of.
    store : FeatureStore
    artists : Series of str
        By clip_id.
    """
    clip_ids = labels.index
    return LabelledClips(
        store.array,
        store.lengths,
        store.rows[clip_ids].to_numpy(),
        labels.to_numpy(),
        artists[clip_ids].to_numpy(),
        store.audio[clip_ids].to_numpy(),
    )


def labelled_parts(labels, store, artists):
    """Return the clips of each part that have features; a part may have none.

    Parameters
    ----------
    labels : DataFrame
        As from `label_sets.read_labels`: split, then a bool column a tag.
    store : FeatureStore
        Opened for these clips.
    artists : Series of str
        By clip_id.

    Returns
    -------
    dict
        ``train``, ``validation``, ``test`` -> LabelledClips.
    """
    labels = labels.loc[store.rows.index]
    return {
        part: label_clips(labels[labels["split"] == part].drop(columns="split"), store, artists)
        for part in PARTS
    }


def check_parts(parts, settings):
    """Refuse parts that a network cannot be trained on.

    Parameters
    ----------
    parts : dict
        From `labelled_parts`.
    settings : TrainingSettings
        From `training_settings.resolve`.

    Raises
    ------
    ValueError
        Where the training part, or the validation part unless the network is refit, has no clip
        with a tag, or no tag is on some training clips and not on others.
    """
    for part in ("train",) if settings.refit else ("train", "validation"):
        if not parts[part].y_true.any():
            raise ValueError(
                f"the {part} part has no clip with a tag: training needs some, by another --split "
                "of script 1 perhaps"
            )
    if not are_averaged(parts["train"].y_true).any():
        raise ValueError(
            f"each tag is on all of the {len(parts['train']):,} training clips or on none: there "
            "is nothing to learn; make a label set by script 1 with more tags or --keep-untagged"
        )


class Batches(keras.utils.PyDataset):
    """Features and labels of one epoch, in the order of its seed; a batch is read at a time.

    All randomness follows from the seed and the epoch: the same epoch is the same again, as going
    on after an interruption needs it.

    Parameters
    ----------
    clips : LabelledClips
        The training clips.
    settings : TrainingSettings
        From `training_settings.resolve`: a random chunk of `chunk_frames` is taken of each clip's
        sound.
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
        rows, frames = self.clips.rows[chosen], self.chunk_frames
        starts = generator.integers(chunks.count_starts(self.clips.lengths[rows], frames))
        x = np.empty((len(chosen), frames, self.clips.array.shape[2]), dtype=np.float32)
        for chunk, row, start in zip(x, rows, starts, strict=True):
            chunk[:] = chunks.read_chunk(self.clips, row, start, frames)
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


def band_statistics(clips):
    """Return mean and variance of each band over the sound of the training clips, read one by one.

    Parameters
    ----------
    clips : LabelledClips

    Returns
    -------
    mean, variance : ndarray of shape (bands,), float64
        The variance is 1 for a band that never changes.
    """
    n_bands = clips.array.shape[2]
    total, squares = np.zeros(n_bands), np.zeros(n_bands)
    for row in np.sort(clips.rows):
        sound = clips.array[row, : clips.lengths[row]].astype(np.float64)
        total += sound.sum(axis=0)
        squares += np.square(sound).sum(axis=0)
    n_frames = clips.lengths[clips.rows].sum()
    mean = total / n_frames
    variance = squares / n_frames - mean**2
    return mean, np.where(variance > 1e-12, variance, 1.0)
