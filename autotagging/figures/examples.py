"""Tables of clips with their tags, drawn as a figure like the paper's."""

import itertools

from autotagging.figures.letters import LABEL_WIDTH, measure, shorten, wrap
from autotagging.figures.style import DARK, PALE_GREY, STYLE, WIDTH, new_figure, styled

HEADINGS = ("Clip ID", "Actual tags", "Predicted tags", "Chosen as")
ID_WIDTHS = (0.9, 2.0)  # inches: least and most
REASON_WIDTH = 1.45
ACTUAL_SHARE = 3 / 7  # of the rest, for the actual tags
PADDING = 0.08
LINE_HEIGHT = 0.15
TITLE_HEIGHT = 0.32
FONT_SIZE = 7.5
MOST_WIDTH = 2 * LABEL_WIDTH  # inches: of a tag or an id, which are wrapped
TAGS_A_CELL = 100


@styled
def draw_examples(examples, title):
    """Draw a table of clips with their actual and predicted tags, those in both in bold.

    Parameters
    ----------
    examples : list of dict
        clip_id, reason : str; actual, predicted : list of str.
    title : str

    Returns
    -------
    Figure
        As high as the table needs; text is wrapped inside its column.
    """
    rows = [[_plain(heading, bold=True) for heading in HEADINGS]]
    rows += [_cells(example) for example in examples]
    edges = _edges([example["clip_id"] for example in examples])
    widths = [right - left - 2 * PADDING for left, right in itertools.pairwise(edges)]
    table = [[_wrap(cell, width) for cell, width in zip(row, widths, strict=True)] for row in rows]
    heights = [LINE_HEIGHT * max(map(len, row)) + PADDING for row in table]
    figure = new_figure(sum(heights) + TITLE_HEIGHT + 0.3, constrained=False)
    _draw_table(figure, table, heights, edges)
    style = {"fontweight": "bold", "fontsize": STYLE["axes.titlesize"], "va": "top"}
    figure.text(0.1 / WIDTH, 1 - 0.1 / figure.get_figheight(), title, **style)
    return figure


def _edges(clip_ids):
    """Return where the columns begin and the last one ends, in inches: room for the ids first."""
    least, most = ID_WIDTHS
    longest = max((measure(_short(clip_id), FONT_SIZE) for clip_id in clip_ids), default=0)
    first = min(max(longest + 2 * PADDING + 0.08, least), most)
    end = WIDTH - 0.2
    reason = end - REASON_WIDTH
    return (0.0, first, first + ACTUAL_SHARE * (reason - first), reason, end)


def _plain(text, bold=False):
    return [(text, "", bold)]


def _short(text):
    return shorten(text, MOST_WIDTH, FONT_SIZE)


def _cells(example):
    both = set(example["actual"]) & set(example["predicted"])
    cells = [_plain(_short(example["clip_id"]))]
    for tags in (example["actual"], example["predicted"]):
        words = [(_short(tag), ",", tag in both) for tag in tags[:TAGS_A_CELL]]
        if len(tags) > TAGS_A_CELL:
            words.append((f"and {len(tags) - TAGS_A_CELL:,} more", "", False))
        elif words:
            words[-1] = (words[-1][0], "", words[-1][2])
        cells.append(words or _plain("(none)"))
    return [*cells, _plain(example["reason"])]


def _weight(bold):
    return "bold" if bold else "normal"


def _wrap(words, width):
    """Return lines of (x, text, bold), x and width in inches."""
    lines, x = [[]], 0.0
    comma_width = measure(",", FONT_SIZE)
    space = measure("n n", FONT_SIZE) - measure("nn", FONT_SIZE)
    for text, comma, bold in words:
        for piece in wrap(text, width - comma_width, FONT_SIZE, _weight(bold)):
            needed = measure(piece, FONT_SIZE, _weight(bold))
            if lines[-1] and x + needed + comma_width > width:
                lines.append([])
                x = 0.0
            lines[-1].append((x, piece, bold))
            x += needed + space
        if comma:
            lines[-1].append((x - space, comma, False))
            x += comma_width
    return lines


def _draw_table(figure, table, heights, edges):
    width, height, total = WIDTH - 0.2, sum(heights), figure.get_figheight()
    low = (total - TITLE_HEIGHT - height) / total
    ax = figure.add_axes((0.1 / WIDTH, low, width / WIDTH, height / total))
    ax.set(xlim=(0, width), ylim=(height, 0))  # inches, downwards
    ax.set_axis_off()
    y = 0.0
    for number, (row, row_height) in enumerate(zip(table, heights, strict=True)):
        if number % 2:
            ax.axhspan(y, y + row_height, color="#f3f3f3", linewidth=0)
        ax.axhline(y, color=DARK if number < 2 else PALE_GREY, linewidth=0.8 if number < 2 else 0.5)
        for lines, left in zip(row, edges[:-1], strict=True):
            _draw_lines(ax, lines, left + PADDING, y + PADDING / 2)
        y += row_height
    ax.axhline(height, color=DARK, linewidth=0.8)


def _draw_lines(ax, lines, left, top):
    for number, line in enumerate(lines):
        y = top + (number + 0.78) * LINE_HEIGHT
        for x, text, bold in line:
            style = {"fontsize": FONT_SIZE, "fontweight": _weight(bold)}
            ax.text(left + x, y, text, va="baseline", **style)
