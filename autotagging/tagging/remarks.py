"""What users must know of songs: why some are not tagged, and what others lack."""

import sys

from tqdm import tqdm

from autotagging.formatting import count, list_some


class Remarks:
    """Remarks on standard error: a line a song where something is wrong, else counted.

    Parameters
    ----------
    found : Found
        What is on the command line and no song is said at once.
    length : float
        Of a piece, in seconds.
    """

    def __init__(self, found, length):
        self._length, self._short, self._sampled = length, [], []
        self.n_songs, self.n_failed = len(found.songs) + len(found.failures), 0
        if passed_over := found.describe_passed_over():
            _say(passed_over)
        for name, reason in found.failures.items():
            self._note_failure(name, reason)

    def _note_failure(self, name, reason):
        self.n_failed += 1
        _say(f"not tagged: {name} {reason}")

    def note(self, song, pieces):
        """Say why a song is not tagged (`pieces` is a text), or what is wrong with another."""
        if isinstance(pieces, str):
            self._note_failure(song.name, pieces)
            return
        if pieces.problem:
            _say(f"tagged, but {song.name} {pieces.problem}")
        if pieces.is_silent:
            _say(f"tagged, but {song.name} is silent")
        if pieces.seconds is None or pieces.n_covering > len(pieces.features):
            self._sampled.append(song.name)
        elif pieces.sound_seconds < self._length - 0.01:
            self._short.append(song.name)

    def finish(self):
        """Say how many songs were padded or sampled.

        Raises
        ------
        ValueError
            Where some songs were not tagged.
        """
        kinds = {
            f"shorter than a piece of {self._length:g} s, and padded": self._short,
            "longer than their pieces, which are evenly spaced (--pieces)": self._sampled,
        }
        for kind, names in kinds.items():
            if names:
                _say(f"{kind}: {count(len(names), 'song')} ({list_some(names, 3)})")
        if self.n_failed:
            songs = count(self.n_songs, "song")
            raise ValueError(f"{self.n_failed:,} of {songs} not tagged, for the reasons above")


def _say(line):
    tqdm.write(line, file=sys.stderr)
