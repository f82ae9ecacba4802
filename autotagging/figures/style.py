"""The look of all figures, and how one is saved.

Figures are made without pyplot, hence without a display and without a list of open figures.
"""

import functools
import io

import matplotlib
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from autotagging import steps
from autotagging.figures import fonts
from autotagging.figures.letters import DPI, LABEL_SIZE, shorten
from autotagging.files import write_whole
from autotagging.formatting import display_path

WIDTH = 6.7  # inches: 17 cm, the text of an A4 page
NOTE_STRIP = 0.17  # inches left free at the lower edge, for the note
NOTE_WIDTH = 4.5  # inches
MOST_TAGS = 200  # in a figure, which would grow with them beyond what can be looked at
HUE = "#1f5fa8"
PALE_HUE = "#a9c4e4"
DARK = "#222222"
GREY = "#767676"
PALE_GREY = "#d8d8d8"
# Colours of Okabe and Ito, told apart by the colour-blind; the shape says the same once more.
KINDS = {
    "genre": ("#0072b2", "o"),
    "instrument": ("#d55e00", "s"),
    "voice": ("#cc79a7", "^"),
    "mood": ("#009e73", "D"),
    "tempo": ("#e69f00", "v"),
    "origin": ("#56b4e9", "P"),
    "absence": ("#555555", "X"),
    "other": ("#a6a6a6", "h"),
}
STYLE = {
    "axes.edgecolor": GREY,
    "axes.labelsize": 7.5,
    "axes.linewidth": 0.6,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlelocation": "left",
    "axes.titlepad": 4.0,
    "axes.titlesize": 8.0,
    "figure.dpi": DPI,
    "font.family": [fonts.FAMILY],
    "font.size": 7.0,
    "grid.color": PALE_GREY,
    "grid.linewidth": 0.5,
    "legend.fontsize": 7.0,
    "legend.frameon": False,
    "text.color": DARK,
    "text.parse_math": False,  # a $ of a tag is a $
    "xtick.labelsize": LABEL_SIZE,
    "xtick.major.size": 2.0,
    "xtick.major.width": 0.6,
    "ytick.labelsize": LABEL_SIZE,
    "ytick.major.size": 2.0,
    "ytick.major.width": 0.6,
}


def styled(draw):
    """Decorate a function that draws: the style within, nothing changed outside.

    A figure with letters that its font lacks is drawn again with the installed fonts that have
    them, as its sizes follow from the widths of its texts.
    """

    @functools.wraps(draw)
    def draw_styled(*args, **kwargs):
        with matplotlib.rc_context(STYLE), fonts.silenced():
            figure = draw(*args, **kwargs)
            families = fonts.find_families(fonts.find_undrawn(figure))
            if families:
                matplotlib.rcParams["font.family"] = [fonts.FAMILY, *families]
                figure = draw(*args, **kwargs)
        return figure

    return draw_styled


def new_figure(height, constrained=True, width=WIDTH):
    """Return an empty figure with room for a note at its lower edge.

    Parameters
    ----------
    height : float
        In inches, the note's strip included.
    constrained : bool
        Whether matplotlib arranges the axes so that no text overlaps.
    width : float
        In inches; 17 cm unless the figure is for a screen.
    """
    figure = Figure(figsize=(width, height))
    FigureCanvasAgg(figure)
    if constrained:
        strip = NOTE_STRIP / height
        figure.set_layout_engine("constrained", rect=(0, strip, 1, 1 - strip))
    return figure


def say_left_out(figure, n_tags):
    """Write below a figure which tags it shows, where it does not show all."""
    if n_tags > MOST_TAGS:
        _write_below(figure, f"the {MOST_TAGS} most frequent of {n_tags:,} tags", "left")


def _write_below(figure, text, side):
    gap = 0.05 / figure.get_figwidth()
    x, y = {"left": gap, "right": 1 - gap}[side], 0.04 / figure.get_figheight()
    note = figure.text(
        x, y, text, fontsize=LABEL_SIZE, color=GREY, ha=side, va="bottom", gid="note"
    )
    families = fonts.find_families(fonts.find_undrawn(figure))
    note.set_fontfamily([*note.get_fontfamily(), *families])


def save(figure, path, note=""):
    """Write a figure as PNG, whole or not at all, and let go of it.

    Parameters
    ----------
    figure : Figure
    path : Path
        Its folder exists. The same figure always gives the same bytes: no date is kept.
    note : str
        What every reader must know, e.g. "Synthetic sample, not real music": stands small at
        the lower edge.

    Returns
    -------
    set of str
        Letters that no installed font has: boxes in the figure.
    """
    with matplotlib.rc_context(STYLE), fonts.silenced():
        if note:
            _write_below(figure, shorten(note, NOTE_WIDTH), "right")
        picture = io.BytesIO()
        figure.savefig(picture, format="png", metadata={"Software": None})
        undrawn = fonts.find_undrawn(figure)
    write_whole(path, picture.getvalue())
    figure.clear()
    return undrawn


def save_missing(folder, note, figures):
    """Draw the figures of a folder that are not there.

    Parameters
    ----------
    folder : Path
    note : str
        As of `save`.
    figures : dict
        Name of the file -> the function that draws it.
    """
    undrawn = set()
    with steps.locked(folder):  # a run that removes them could not tell these from its own
        for name, draw in figures.items():
            if not (folder / name).exists():
                undrawn |= save(draw(), folder / name, note)
                print(f"drew {display_path(folder / name)}")
    if undrawn:
        print(fonts.describe_undrawn(undrawn))
