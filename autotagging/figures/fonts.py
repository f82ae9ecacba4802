"""Fonts for letters that the figures' own font, DejaVu Sans, lacks: those that are installed."""

import contextlib
import functools
import logging
import warnings

from matplotlib import font_manager
from matplotlib.ft2font import FT2Font
from matplotlib.text import Text

from autotagging.formatting import list_some

FAMILY = "DejaVu Sans"  # comes with matplotlib: the same letters on every machine
REGULAR = 400  # the weight
WARNING = "Glyph .* missing from font"


@contextlib.contextmanager
def silenced():
    """Let matplotlib warn of no letter and no weight: `describe_undrawn` says it in a sentence."""
    log = logging.getLogger(font_manager.__name__)
    level = log.level
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", WARNING)
        log.setLevel(logging.ERROR)  # a family without bold letters draws others
        try:
            yield
        finally:
            log.setLevel(level)


def find_undrawn(figure):
    """Return the letters of a figure that none of its fonts has: a set of str."""
    undrawn = set()
    for text in figure.findobj(Text):
        letters = {letter for letter in text.get_text() if not letter.isspace()}
        for font in _fonts_of(text):
            letters -= _drawn(font, letters)
        undrawn |= letters
    return undrawn


def describe_undrawn(letters):
    """Return the sentence about letters that no installed font has."""
    return (
        f"no installed font has {list_some(sorted(letters))}: boxes stand for these letters; "
        "install a font that has them and no colours (Debian's packages fonts-noto-core, "
        "fonts-noto-cjk, fonts-symbola), remove the figures and run the script again"
    )


def find_families(letters):
    """Return other installed families, few, that together have the most of some letters.

    Parameters
    ----------
    letters : collection of str

    Returns
    -------
    list of str
        Of two that have as many letters one without serifs, else the first by its path.
    """
    if not letters:
        return []
    drawn = {family: _drawn(font, letters) for family, font in _installed().items()}
    families = []
    while any(drawn.values()):
        best = max(drawn, key=lambda family: (len(drawn[family]), "Sans" in family))
        families.append(best)
        found = drawn[best]
        drawn = {family: letters - found for family, letters in drawn.items()}
    return families


@functools.cache
def _installed():
    """Return the font of regular weight of every other installed family: a dict."""
    manager, paths = font_manager.fontManager, sorted(font_manager.findSystemFonts())
    known = {entry.fname for entry in manager.ttflist}
    for path in paths:
        if path not in known:  # installed since matplotlib has last looked
            with contextlib.suppress(OSError, RuntimeError):  # damaged
                manager.addfont(path)
    entries = [e for e in manager.ttflist if (e.weight, e.style) == (REGULAR, "normal")]
    installed = {}
    for entry in sorted(entries, key=lambda e: (e.fname, e.index)):
        is_new = entry.name != FAMILY and entry.name not in installed
        if is_new and entry.fname in paths:
            font = _open(entry.fname, entry.index)
            if font.scalable:  # not of coloured pictures
                installed[entry.name] = font
    return installed


def _fonts_of(text):
    """Return the fonts that a text is drawn with, the first that has a letter drawing it."""
    fonts = []
    for family in text.get_fontfamily():
        properties = text.get_fontproperties().copy()
        properties.set_family(family)
        path = font_manager.findfont(properties)
        fonts.append(_open(path, path.face_index))
    return fonts


def _drawn(font, letters):
    return {letter for letter in letters if font.get_char_index(ord(letter))}


@functools.cache
def _open(path, face_index):
    return FT2Font(path, face_index=face_index)
