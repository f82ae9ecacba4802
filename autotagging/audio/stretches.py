"""Stretches of a long file, each as long as a clip, in one pass and little memory.

Where they begin follows from the length of the file, which its header or its frames state. Where
that is wrong, a second pass follows, by the length that was decoded.
"""

import functools
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from autotagging.audio import loading
from autotagging.audio.decoders import LONGEST, Decoded

WRONG = (1.0, 0.01)  # seconds, and of the length, by which a stated one may be


@dataclass(frozen=True)
class Wanted:
    """Stretches that are wanted of a file.

    Parameters
    ----------
    sample_rate : int
        Hz, to which they are resampled.
    seconds : float
        Length of each.
    place : callable
        Seconds of the file -> where stretches begin, a list of seconds in order; the last one
        ends with the file.
    convert : callable
        Samples of a stretch -> what is kept of them: memory holds the samples of few at a time.
    """

    sample_rate: int
    seconds: float
    place: Callable
    convert: Callable


@dataclass(frozen=True)
class Stretches:
    """What is kept of a file.

    Parameters
    ----------
    starts : list of float
        Where each stretch begins, in seconds.
    values : list
        What its samples were converted to.
    seconds : float
        Length of the file, as far as it can be decoded.
    problem : str
        What is missing, in words that go on from the file's name; else None.
    """

    starts: list
    values: list
    seconds: float
    problem: str | None = None


def load(path, wanted):
    """Load evenly spaced stretches of a file, mixed down to mono and resampled.

    Parameters
    ----------
    path : Path
    wanted : Wanted

    Returns
    -------
    Stretches

    Raises
    ------
    ValueError
        For a file that cannot be read, is no audio, or holds samples that are not finite.
    """
    found = loading.decode(path, LONGEST, functools.partial(_Collected, wanted))
    collected, problem = found.decoded, loading.describe_missing(found, LONGEST)
    if collected.is_misplaced():
        known = collected.seconds
        found = loading.decode(path, LONGEST, lambda _=None: _Collected(wanted, known))
        collected = found.decoded
    return collected.finish(problem)


class _Collected(Decoded):
    """Stretches, as they are decoded, in place of all that is decoded."""

    def __init__(self, wanted, stated=None):
        super().__init__(stated)
        self._wanted, self._placed_by = wanted, None
        self._starts, self._values = [], []
        self._open = []  # (start, Decoded) of stretches that are not decoded to their end
        self._last = deque()  # (begin, samples, rate): what the last stretch needs

    def _keep(self, samples, rate):
        end = self.seconds
        begin = end - len(samples) / rate
        if self._placed_by is None:
            self._placed_by = self.stated or 0.0
            starts = self._place(self._placed_by)[:-1]
            self._open = [(start, Decoded()) for start in starts]
        for start, part in self._open:
            first, last = (round((s - begin) * rate) for s in (start, start + self._wanted.seconds))
            part.add(samples[max(first, 0) : max(last, 0)], rate)
        while self._open and self._open[0][0] + self._wanted.seconds <= end:
            self._convert(*self._open.pop(0))
        self._last.append((begin, samples, rate))
        while len(self._last) > 1 and self._last[1][0] <= end - self._wanted.seconds:
            self._last.popleft()

    def _place(self, seconds):
        return self._wanted.place(seconds) if seconds else []

    def _convert(self, start, part):
        samples = loading.resample(part, self._wanted.sample_rate, part.seconds)
        self._starts.append(start)
        self._values.append(self._wanted.convert(samples))

    def is_misplaced(self):
        """Return whether stretches were placed by a length that is not the file's."""
        seconds, wrong = self.seconds, abs(self.seconds - self._placed_by)
        return wrong > max(WRONG[0], WRONG[1] * seconds)

    def finish(self, problem):
        """Return all stretches, now that the end of the file is known: Stretches."""
        if self._place(self.seconds):
            part = Decoded()
            start = self.seconds - self._wanted.seconds
            for begin, samples, rate in self._last:
                part.add(samples[max(0, round((start - begin) * rate)) :], rate)
            self._convert(start, part)
        return Stretches(self._starts, self._values, self.seconds, problem)
