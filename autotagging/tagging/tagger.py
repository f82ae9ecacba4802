"""A trained network that tags songs: any model file that script 4 evaluates.

>>> model = Tagger("data/published/mtt-musicnn/model.keras")
>>> pieces = cut(samples, 44100, model.settings)  # of the module pieces
>>> dict(zip(model.tags, model.score(pieces).scores, strict=True))
"""

import contextlib
import functools
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import scipy.special
from tqdm import tqdm

from autotagging import native_stderr, steps
from autotagging.features import workers
from autotagging.features.feature_store import count_frames
from autotagging.features.settings import parse
from autotagging.models import model_folder
from autotagging.tagging import pieces

PIECES_TOGETHER = 16


@dataclass(frozen=True)
class Scored:
    """What a network says of a song.

    Parameters
    ----------
    scores : ndarray of shape (n_tags,), float32
        Probabilities, the mean of the pieces: of each the mean of its chunks, as script 4 has it.
    of_piece : ndarray of shape (n_chunks,), int
        Which piece a chunk is of; chunks are in the order of time.
    starts : ndarray of shape (n_chunks,)
        Where they begin, in seconds of the song.
    chunk_scores : ndarray of shape (n_chunks, n_tags), float32
    values : ndarray of shape (n_chunks, width), float32
        Of the last hidden layer; None where they were not asked for.
    """

    scores: np.ndarray
    of_piece: np.ndarray
    starts: np.ndarray
    chunk_scores: np.ndarray
    values: np.ndarray | None = None

    @property
    def embedding(self):
        """The mean of the values, as that of the scores: ndarray of shape (width,), float32."""
        return _average_song(self.values, self.of_piece)


class Tagger:
    """A trained network, loaded when it is first needed.

    Parameters
    ----------
    path : Path or str
        Of the model file.
    name : str, optional
        What the network is called; otherwise its folder or file.
    embeds : bool
        Whether the values of the last hidden layer are wanted, too.

    Raises
    ------
    ValueError
        For a file that is not a model of this project.
    """

    def __init__(self, path, name=None, *, embeds=False):
        self.path, self._embeds = Path(path), embeds
        self.name = name or model_folder.name_of(self.path)
        self._description = model_folder.read_description(self.path)
        try:
            self.tags = list(map(str, self._description["tags"]))
            thresholds = np.array(self._description["thresholds"], dtype=np.float64)
            self.thresholds = thresholds.reshape(len(self.tags))
            self.settings = parse(self._description["feature_settings"])
        except (LookupError, TypeError, ValueError):
            raise model_folder.unusable(self.path, "is damaged") from None

    @property
    def is_tuned(self):
        """Whether its thresholds were chosen on clips: published networks have none."""
        return bool((self.thresholds != 0.5).any())

    @functools.cached_property
    def checksum(self):
        """What tells the network from others: str."""
        return steps.checksum(self.path)

    @functools.cached_property
    def network(self):
        """The network: a keras.Model, logits and, where they are wanted, hidden values."""
        with native_stderr.silenced():  # importing Keras takes seconds, and says much
            import keras

            from autotagging.models import embeddings

            network, _ = model_folder.load(self.path)
            if not self._embeds:
                return network
            hidden = embeddings.find_output(network, self.path, self.name)
            return keras.Model(network.input, [network.output, hidden])

    @property
    def chunk_seconds(self):
        """How long a chunk is: what the network takes at a time."""
        return self.network.input_shape[1] * self.settings.hop_length / self.settings.sample_rate

    def score(self, song):
        """Return what the network says of a song.

        Parameters
        ----------
        song : Pieces

        Returns
        -------
        Scored
        """
        clips = _as_stored(song, self.settings)
        groups = np.split(clips.rows, range(PIECES_TOGETHER, len(clips.rows), PIECES_TOGETHER))
        parts = [self._predict(clips, rows) for rows in groups]
        of_piece, frames, logits, *hidden = (
            np.concatenate(part) for part in zip(*parts, strict=True)
        )
        in_time = np.lexsort((frames, of_piece))
        of_piece, chunk_scores = of_piece[in_time], scipy.special.expit(logits)[in_time]
        seconds = frames[in_time] * self.settings.hop_length / self.settings.sample_rate
        values = hidden[0][in_time] if hidden else None
        scores = _average_song(chunk_scores, of_piece)
        return Scored(scores, of_piece, song.starts[of_piece] + seconds, chunk_scores, values)

    def _predict(self, clips, rows):
        from autotagging.models import prediction

        # As many chunks together as a clip has: a long song takes no more memory than a short one.
        together = -(-clips.array.shape[1] // self.network.input_shape[1])
        together = min(together, prediction.choose_batch_size(self.network))

        def compute(x):
            # predict would take half as long again, for a song at a time
            batches = np.split(x, range(together, len(x), together))
            outputs = [self.network.predict_on_batch(batch) for batch in batches]
            outputs = outputs if isinstance(outputs[0], list) else [[one] for one in outputs]
            return [np.concatenate(of_layer) for of_layer in zip(*outputs, strict=True)]

        of_clip, starts, outputs = prediction.predict_chunks(self.network, clips, rows, compute)
        return rows[of_clip], starts, *outputs


def tag(model, songs, most, jobs):
    """Yield songs with what the network says of them, in their order.

    Other processes read songs ahead of the network.

    Parameters
    ----------
    model : Tagger
    songs : list of Song
    most : int
        Pieces of a song.
    jobs : int
        Processes.

    Yields
    ------
    song : Song
    pieces : Pieces or str
        Why it cannot be tagged, in words that go on from its name.
    scored : Scored
        None where it cannot be tagged.
    """
    if not songs:
        return
    tasks = [(song.path, model.settings, most) for song in songs]
    ahead = workers.compute_ahead(pieces.try_to_read, tasks, min(jobs, len(tasks)))
    shown = {"desc": "tagging", "total": len(songs), "unit": "song", "disable": len(songs) < 2}
    with contextlib.closing(ahead):
        _ = model.network  # is loaded while the first songs are read
        for song, found in zip(songs, tqdm(ahead, **shown), strict=True):
            yield song, found, None if isinstance(found, str) else model.score(found)


@dataclass(frozen=True)
class _Clips:
    """Pieces as `prediction` takes clips."""

    array: np.ndarray
    lengths: np.ndarray
    rows: np.ndarray


def _as_stored(song, settings):
    n_pieces = len(song.features)
    seconds = np.full(n_pieces, round(song.sound_seconds, 2))  # as a store keeps it
    return _Clips(song.features, count_frames(seconds, settings), np.arange(n_pieces))


def _average_song(values, of_piece):
    from autotagging.models import prediction

    return prediction.average(values, of_piece).mean(axis=0)
