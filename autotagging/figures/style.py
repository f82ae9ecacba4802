"""The look of all figures, and how one is saved.

Figures are made without pyplot, hence without a display and without a list of open figures.
"""

import io

import matplotlib
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from autotagging import steps
from autotagging.files import write_whole
from autotagging.formatting import display_path

WIDTH = 6.7  # inches: 17 cm, the text of an A4 page
NOTE_STRIP = 0.17  # inches left free at the lower edge, for the note
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
    "figure.dpi": 200,
    "font.family": "DejaVu Sans",  # comes with matplotlib: the same letters on every machine
    "font.size": 7.0,
    "grid.color": PALE_GREY,
    "grid.linewidth": 0.5,
    "legend.fontsize": 7.0,
    "legend.frameon": False,
    "text.color": DARK,
    "xtick.labelsize": 6.5,
    "xtick.major.size": 2.0,
    "xtick.major.width": 0.6,
    "ytick.labelsize": 6.5,
    "ytick.major.size": 2.0,
    "ytick.major.width": 0.6,
}
# A decorator of the functions that draw: style within, nothing changed outside.
styled = matplotlib.rc_context(STYLE)


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


@styled
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
    """
    if note:
        x, y = 1 - 0.05 / WIDTH, 0.04 / figure.get_figheight()
        figure.text(x, y, note, fontsize=6.5, color=GREY, ha="right", va="bottom", gid="note")
    picture = io.BytesIO()
    figure.savefig(picture, format="png", metadata={"Software": None})
    write_whole(path, picture.getvalue())
    figure.clear()


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
    with steps.locked(folder):  # a run that removes them could not tell these from its own
        for name, draw in figures.items():
            if not (folder / name).exists():
                save(draw(), folder / name, note)
                print(f"drew {display_path(folder / name)}")
