"""A folder of taggrams: ``<clip_id>.png``, a song's tags over time."""

from pathlib import PurePath

import numpy as np
import scipy.fft

from autotagging.features.spectrogram import AMIN
from autotagging.figures import style, taggrams
from autotagging.files import checksum_of
from autotagging.formatting import count, display_path

NOTE = "beside each tag its probability in the whole song"
LONGEST = 200  # bytes of a name
TAGS = 12  # the most probable ones of a song


class TaggramFolder:
    """A folder of taggrams.

    Parameters
    ----------
    folder : Path
        Made where it is not there.
    model : Tagger
    """

    def __init__(self, folder, model):
        self._folder, self._model, self._n_drawn = folder, model, 0

    def _path(self, song):
        name = song.clip_id.replace("/", "-")
        if len(name.encode()) > LONGEST:
            begin = name.encode()[:LONGEST].decode(errors="ignore")
            name = f"{begin}-{checksum_of([name])[:8]}"
        return self._folder / f"{name}.png"

    def has(self, song):
        """Return whether a song's is drawn."""
        return not song.is_standard_input and self._path(song).exists()

    def add(self, song, pieces, scored):
        """Draw a song's."""
        self._folder.mkdir(parents=True, exist_ok=True)
        style.save(draw(song.name, pieces, scored, self._model), self._path(song), NOTE)
        self._n_drawn += 1

    def close(self):
        """Say what was drawn."""
        print(f"drew {display_path(self._folder)}: {count(self._n_drawn, 'taggram')}")


def draw(name, pieces, scored, model):
    """Draw the taggram of a song.

    Parameters
    ----------
    name : str
    pieces : Pieces
    scored : Scored
    model : Tagger

    Returns
    -------
    Figure
    """
    chosen = np.argsort(-scored.scores, kind="stable")[:TAGS]
    settings = model.settings
    length = min(pieces.sound_seconds, settings.seconds)
    n_frames = max(1, round(length * settings.sample_rate / settings.hop_length))
    parts = []
    for number, (start, features) in enumerate(zip(pieces.starts, pieces.features, strict=True)):
        is_own = scored.of_piece == number
        ends = min(start + length, scored.starts[is_own][-1] + model.chunk_seconds)
        edges = np.append(scored.starts[is_own], ends)
        levels = to_levels(features[:n_frames].astype(np.float64), settings)
        scores = scored.chunk_scores[is_own][:, chosen]
        parts.append(taggrams.Piece(start, start + length, levels, edges, scores))
    tags = {model.tags[i]: scored.scores[i] for i in chosen}
    high = settings.sample_rate / 2 if settings.f_max is None else settings.f_max
    seconds = max(parts[-1].end, pieces.seconds or 0.0)
    title = f"{PurePath(name).name}: {model.name}"
    return taggrams.draw_taggram(parts, tags, seconds, (settings.f_min, high), title)


def to_levels(features, settings):
    """Return the level of mel bands, in dB, from features of any kind.

    Parameters
    ----------
    features : ndarray of shape (frames, bands)
        Mel bands in any scale, or MFCCs: the levels that so many of these describe.
    settings : FeatureSettings

    Returns
    -------
    ndarray of shape (frames, settings.mel_bands)
    """
    if settings.feature == "mfcc":
        return scipy.fft.idct(features, n=settings.mel_bands, axis=1, type=2, norm="ortho")
    if settings.scale == "dB":
        return features
    power = (10**features - 1) / 10_000 if settings.scale == "log" else features
    return 10 * np.log10(np.maximum(power, AMIN))
