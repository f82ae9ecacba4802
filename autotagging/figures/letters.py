"""Text of users in figures, such as tags and titles: one line of visible letters that fits."""

import bisect
import functools
import itertools
import unicodedata

from matplotlib.backends.backend_agg import RendererAgg
from matplotlib.font_manager import FontProperties

LABEL_WIDTH = 1.77  # inches, 4.5 cm: a longer label is shortened
LABEL_SIZE = 6.5  # points
LABEL_ROOM = 0.8  # inches: most names of tags are shorter
MOST_LETTERS = 400  # of any text: more are never looked at
MOST_MARKS = 3  # accents and vowel signs on one letter: more would tower over the lines above
ELLIPSIS = "…"
JOINERS = "\u200c\u200d"  # without width, but they decide how letters beside them look
DPI = 200


def clean(text):
    """Return text as one line of visible letters: no control characters, no marks of direction."""
    text = unicodedata.normalize("NFC", text)
    runs = itertools.groupby(map(_visible, text), key=lambda c: unicodedata.category(c or "a"))
    letters = [list(run)[: MOST_MARKS if category == "Mn" else None] for category, run in runs]
    return " ".join("".join(itertools.chain(*letters)).split())


def _visible(character):
    category = unicodedata.category(character)
    if category == "Cs":  # half a character, as in a name of a file that is not in UTF-8
        return "\N{REPLACEMENT CHARACTER}"
    if category == "Cc":
        return " "
    return "" if category == "Cf" and character not in JOINERS else character


def measure(text, size=LABEL_SIZE, weight="normal"):
    """Return the width of one line in inches, in points of the size."""
    font = FontProperties(size=size, weight=weight)
    return _renderer().get_text_width_height_descent(text, font, ismath=False)[0] / DPI


def longest(labels, size=LABEL_SIZE):
    """Return the width of the longest of some labels in inches; 0 where there is none."""
    return max((measure(label, size) for label in labels), default=0.0)


def extra_room(labels, size=LABEL_SIZE):
    """Return by how many inches a figure grows for upright labels that are longer than most."""
    return max(longest(labels, size) - LABEL_ROOM, 0.0)


@functools.cache
def _renderer():
    return RendererAgg(1, 1, DPI)


def shorten(text, width=LABEL_WIDTH, size=LABEL_SIZE, weight="normal"):
    """Return text as one line that fits a width.

    Parameters
    ----------
    text : str
        Of a user: may hold anything.
    width : float
        In inches.
    size : float
        In points.
    weight : str
        "normal" or "bold".

    Returns
    -------
    str
        With an ellipsis in its middle where it is longer: names that differ at either end are
        told apart.
    """
    text = clean(text)
    if len(text) <= MOST_LETTERS and measure(text, size, weight) <= width:
        return text
    most = min(len(text) - 1, MOST_LETTERS)
    return _cut(text, _largest(most, lambda n: measure(_cut(text, n), size, weight) <= width))


def _cut(text, n_kept):
    """Return the first two thirds and the last third of so many letters of a text."""
    first, last = text[: n_kept - n_kept // 3], text[len(text) - n_kept // 3 :]
    while last and (last[0] in JOINERS or unicodedata.category(last[0]).startswith("M")):
        last = last[1:]  # of a letter that is cut off
    return f"{first.rstrip()}{ELLIPSIS}{last.lstrip()}"


def wrap(text, width, size=LABEL_SIZE, weight="normal"):
    """Return one line of text in pieces that fit a width in inches each: list of str.

    It is cut at a space, else behind a hyphen, as in the ids of one's own collections, else
    anywhere.
    """
    pieces = []
    while measure(text, size, weight) > width and len(text) > 1:
        fitting = _n_fitting(text, width, size, weight)
        cut = text.rfind(" ", 1, fitting + 1)
        cut = cut if cut > 0 else text.rfind("-", 1, fitting) + 1
        cut = cut if cut > 0 else fitting
        pieces.append(text[:cut])
        text = text[cut:].lstrip()
    return [*pieces, text]


def _n_fitting(text, width, size, weight):
    return _largest(len(text) - 1, lambda n: measure(text[:n], size, weight) <= width)


def _largest(most, fits):
    """Return the largest number from 1 to `most` that fits; 1 where none does."""
    return max(bisect.bisect(range(1, most + 1), False, key=lambda n: not fits(n)), 1)
