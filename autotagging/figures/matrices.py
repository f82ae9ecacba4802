"""Matrices of shares: a row and a column for each tag, every one of them named."""

from matplotlib.colors import PowerNorm

from autotagging.figures.letters import LABEL_SIZE, longest, measure
from autotagging.figures.style import PALE_GREY, STYLE, WIDTH

MANY_ROWS, SMALL = 55, 5.0  # with more the labels are of this size, in points
LINE = 0.096 / LABEL_SIZE  # inches for each point of size: one label beside the next
FEW_ROWS = 16  # with no more the colour bar is as high as the matrix
BAR_WIDTH, LEAST_BAR = 0.6, 0.8  # inches: the colour bar with its labels; its height
BAR_LABELS = 0.14  # inches from one to the next


def label_size(n_rows):
    """Return the size of the labels of a matrix in points."""
    return LABEL_SIZE if n_rows <= MANY_ROWS else SMALL


def matrix_width(rows, columns, title, weight="normal"):
    """Return the width of a figure in inches: the page's, unless names or title need more."""
    size = label_size(len(rows))
    cells = LINE * size * len(columns)
    titles = [measure(line, STYLE["axes.titlesize"], weight) for line in title.split("\n")]
    return max(WIDTH, longest(rows, size) + max(cells + BAR_WIDTH, *titles) + 0.3)


def draw_shares(ax, shares, rows, columns, ticks, top):
    """Draw a matrix of shares on an axis, grey where there is none, and its colour bar.

    Parameters
    ----------
    ax : Axes
    shares : ndarray of shape (n_rows, n_columns)
        In [0, 1]; NaN: none.
    rows, columns : list of str
    ticks : list of float
        Of the colour bar.
    top : float
        The largest share that has a colour of its own.
    """
    size = label_size(len(rows))
    ax.set_facecolor(PALE_GREY)
    # the square root: most shares are small
    image = ax.imshow(shares, cmap="Blues", norm=PowerNorm(0.5, 0, top), aspect="auto")
    ax.set_xticks(range(len(columns)), columns, rotation=90, fontsize=size)
    ax.set_yticks(range(len(rows)), rows, fontsize=size)
    ax.tick_params(length=0, pad=2)
    ax.spines[:].set_visible(False)
    shrink = 0.5 if len(rows) > FEW_ROWS else 1.0
    bar = ax.figure.colorbar(image, ax=ax, location="right", shrink=shrink, aspect=30, pad=0.01)
    ticks = _spread(ticks, top, BAR_LABELS / max(shrink * LINE * size * len(rows), LEAST_BAR))
    bar.set_ticks(ticks, labels=[f"{tick * 100:.0f} %" for tick in ticks])
    bar.outline.set_visible(False)


def _spread(ticks, top, gap):
    """Return the ticks, from the lowest up, that lie apart by a share of the colour bar."""
    kept = ticks[:1]
    for tick in ticks[1:]:
        if (tick / top) ** 0.5 - (kept[-1] / top) ** 0.5 >= gap:
            kept.append(tick)
    return kept
