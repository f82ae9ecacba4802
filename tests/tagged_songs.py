"""Songs with made-up scores for tests of what becomes of them, without a network."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np

from autotagging.tagging.pieces import Pieces
from autotagging.tagging.songs import Song
from autotagging.tagging.tagger import Scored

TAGS = ["rock", "a, b", "Jóga"]


def model_of(tags=TAGS, thresholds=None, name="mine", checksum="ab"):
    """Return what the outputs know of a network."""
    thresholds = np.full(len(tags), 0.5) if thresholds is None else np.array(thresholds)
    is_tuned = bool((thresholds != 0.5).any())
    known = {"tags": tags, "thresholds": thresholds, "is_tuned": is_tuned}
    return SimpleNamespace(name=name, checksum=checksum, **known)


def song_of(name, clip_id=None):
    """Return a song of this name."""
    return Song(name, clip_id or Path(name).stem, Path(name))


def pieces_of(seconds=3.0, n_pieces=3, n_covering=3):
    """Return pieces of a second each."""
    features, starts = np.zeros((n_pieces, 4, 2), np.float16), np.arange(n_pieces) * 1.0
    return Pieces(features, starts, min(seconds or 1.0, 1.0), seconds, n_covering)


def scored_of(scores, width=2):
    """Return these scores, of three pieces of a chunk each, with hidden values."""
    scores = np.array(scores, dtype=np.float32)
    values = np.arange(3 * width, dtype=np.float32).reshape(3, width) + scores[0]
    return Scored(scores, np.arange(3), np.arange(3) * 1.0, np.stack([scores] * 3), values)
