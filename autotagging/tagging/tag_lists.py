"""The tags of a song for readers: those it is given, with a bar and the probability of each."""

from dataclasses import dataclass

import numpy as np
from tqdm import tqdm

from autotagging.formatting import measure
from autotagging.options import number, option, positive

TOP = 10  # tags of a network without tuned thresholds
TUNED = "tuned"
BAR = 20  # characters of a probability of 1

probability = number(float, 0, 1)


def threshold(text):
    """Return a threshold of the command line: a probability, or `TUNED`."""
    return text if text == TUNED else probability(text)


@dataclass(frozen=True)
class Choice:
    """Which tags of a song a reader sees: those at the network's own thresholds, if it has any."""

    threshold: float | str | None = option(
        "tags of a table: of this probability or more; or tuned, as the network's thresholds are",
        None,
        threshold,
        metavar="N",
    )
    top: int | None = option(
        f"tags of a table: at most so many ({TOP}, if nothing is given or tuned)", None, positive
    )

    def check(self, model):
        """Refuse tuned thresholds of a network that has none.

        Raises
        ------
        ValueError
        """
        if self.threshold == TUNED and not model.is_tuned:
            raise ValueError(
                f"{model.name} has no tuned thresholds, as its own are all 0.5: give a number, as "
                "--threshold 0.3, or --top"
            )

    def choose(self, scores, model):
        """Return the positions of a song's tags, the most probable first.

        Parameters
        ----------
        scores : ndarray of shape (n_tags,)
        model : Tagger
        """
        order = np.argsort(-scores, kind="stable")
        if isinstance(self.threshold, float):
            order = order[scores[order] >= self.threshold]
        elif self.threshold == TUNED or (self.top is None and model.is_tuned):
            order = order[scores[order] >= model.thresholds[order]]
        elif self.top is None:
            order = order[:TOP]
        return order[: self.top]


def write_table(song, pieces, scores, model, choice):
    """Return a song's tags for a reader, a line a tag: name, bar, probability."""
    chosen = choice.choose(scores, model)
    width = max((len(model.tags[i]) for i in chosen), default=0)
    lines = [_write_line(model.tags[i], scores[i], width) for i in chosen]
    if not lines:
        best = int(scores.argmax())
        nearest = f"nearest is {model.tags[best]}, {measure(scores[best])}"
        lines = [f"  no tag reaches its threshold: {nearest}"]
    return "\n".join([f"{song.name}: {describe_length(pieces)}", *lines, ""])


def _write_line(tag, score, width):
    bar = "#" * round(BAR * float(score))
    return f"  {tag:{width}}  {bar:{BAR}}  {measure(score)}"


def describe_length(pieces):
    """Return how long a song is, and how much of it was heard, in words."""
    if pieces.seconds is None:
        return f"its first {pieces.sound_seconds:.0f} s"
    minutes, seconds = divmod(round(pieces.seconds), 60)
    n_pieces = len(pieces.features)
    of = f" of {pieces.n_covering}" if pieces.n_covering > n_pieces else ""
    return f"{minutes}:{seconds:02}, {n_pieces}{of} {'piece' if n_pieces == 1 else 'pieces'}"


class Printed:
    """Lists on standard output."""

    def __init__(self, model, choice):
        choice.check(model)
        self._model, self._choice = model, choice

    def has(self, _):
        """Return False: what is printed is not kept."""
        return False

    def add(self, song, pieces, scored):
        """Print a song's table."""
        tqdm.write(write_table(song, pieces, scored.scores, self._model, self._choice))

    def close(self):
        """Do nothing: every table is whole."""
