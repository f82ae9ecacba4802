"""The network with its maps, and the course of its training."""

import itertools
import textwrap

import numpy as np
import scipy.linalg
from matplotlib.patches import Circle, Polygon, Rectangle

from autotagging.figures.letters import LABEL_SIZE, shorten, wrap
from autotagging.figures.style import (
    DARK,
    GREY,
    HUE,
    NOTE_STRIP,
    PALE_GREY,
    PALE_HUE,
    WIDTH,
    new_figure,
    styled,
)

MARGIN = 0.08  # inches at the left and right edge
BLOCKS_HEIGHT = 1.35  # inches: the blocks; then their text, then the maps
MAPS_SHOWN = 3
LINE_HEIGHT = 0.115
HEADING = 0.5
MAP_HEIGHT = 0.4
CLIP_GAP = 0.1
MANY = 9  # blocks: columns are of one width
CHARACTER = 0.062  # inches: the mean width of one at 6.5 pt
TIMES = "\N{MULTIPLICATION SIGN}"
CAPTION = (
    "Each row of a column is one map of that convolution; bright is large, on a scale of its own "
    "for each clip and layer."
)


@styled
def draw_architecture(blocks, inputs, maps):
    """Draw a network block by block, and below it what its convolutions make of some clips.

    Parameters
    ----------
    blocks : list of dict
        In order: kind ("input", "network", "convolution", "pooling", "dense" or "output"), name,
        shape (of the output, without the clips), details (list of str), weights, beside (whether
        it takes the same input as the block before).
    inputs : dict
        Title of each clip -> input features, ndarray of shape (frames, bands); without any the
        blocks are drawn alone.
    maps : dict
        Title of each convolution -> its maps, an ndarray of shape (frames, bands, n_maps) a clip.
        Of more than three maps the three that tell most are shown.

    Returns
    -------
    Figure
        Time runs to the right, frequency upwards; a map stands under its convolution.
    """
    edges = _column_edges(blocks)
    telling = {title: _most_telling(arrays) for title, arrays in maps.items()}
    n_shown = max((arrays[0].shape[2] for arrays in telling.values()), default=1)
    columns = zip(blocks, edges, strict=True)
    texts = [_texts(block, right - left) for block, (left, right) in columns]
    text_height = LINE_HEIGHT * max(len(name) + len(details) for name, details in texts) + 0.15
    maps_height = len(inputs) * (n_shown * MAP_HEIGHT + CLIP_GAP) + HEADING * bool(inputs)
    figure = new_figure(BLOCKS_HEIGHT + text_height + maps_height + NOTE_STRIP, constrained=False)
    _draw_blocks(figure, blocks, edges, text_height=text_height)
    if not inputs:
        return figure
    top = maps_height - HEADING + NOTE_STRIP
    _draw_inputs(figure, inputs, edges[0], top, n_shown)
    columns = [edges[i] for i, block in enumerate(blocks) if block["kind"] == "convolution"]
    for (title, arrays), column in zip(telling.items(), columns, strict=True):
        n_maps = maps[title][0].shape[2]
        some = f"\n{n_shown} of {n_maps} maps" if n_maps > n_shown else ""
        _write_heading(figure, title + some, column, top)
        _draw_maps(figure, arrays, column, top, n_shown)
    weights = sum(block["weights"] for block in blocks)
    after = [edge for edge, block in zip(edges, blocks, strict=True) if len(block["shape"]) < 3]
    if after:
        caption = f" {CAPTION}" if maps else ""
        _write_caption(figure, f"{weights:,} weights in all.{caption}", after, top)
    return figure


def _most_telling(arrays):
    """Return the maps of a convolution that are shown, few: the same for every clip.

    The first is the map that varies most, each further one that which varies most in what the
    maps before it do not tell: the order of a QR decomposition with pivoting.
    """
    n_maps = arrays[0].shape[2]
    if n_maps <= MAPS_SHOWN:
        return arrays
    values = [array.reshape(-1, n_maps).astype("float64") for array in arrays]
    values = [one[:: len(one) // 5000 + 1] - one.mean(axis=0) for one in values]
    together = np.concatenate([one / max(one.std(), 1e-9) for one in values])  # no clip outweighs
    _, order = scipy.linalg.qr(together, mode="r", pivoting=True)
    return [array[:, :, order[:MAPS_SHOWN]] for array in arrays]


def _column_edges(blocks):
    """Return the left and right edge of every block in inches; convolutions are wider."""
    narrow = 0.72 if len(blocks) < MANY else 1.0
    shares = np.array([1.0 if len(block["shape"]) == 3 else narrow for block in blocks])
    ends = MARGIN + np.concatenate([[0], np.cumsum(shares)]) / shares.sum() * (WIDTH - 2 * MARGIN)
    return list(itertools.pairwise(ends))


def _texts(block, room):
    """Return the name and the details of a block as wrapped lines."""
    details = [_wrap(detail, room) for detail in block["details"]]
    return _wrap(block["name"], room), [line for lines in details for line in lines]


def _wrap(text, room):
    """Return text in lines that fit a column, words whole."""
    characters = int((room - 0.04) / CHARACTER)
    if characters < len("convolution"):
        text = text.replace("convolution", "conv.")
    return textwrap.wrap(text, characters, break_long_words=False)


def _draw_blocks(figure, blocks, edges, text_height):
    height = figure.get_figheight()
    part = BLOCKS_HEIGHT + text_height
    ax = figure.add_axes((0, 1 - part / height, 1, part / height))
    ax.set(xlim=(0, WIDTH), ylim=(-text_height, BLOCKS_HEIGHT))  # inches
    ax.set_axis_off()
    largest = max(max(block["shape"][:2]) for block in blocks if len(block["shape"]) == 3)
    spans = []
    for block, (left, right) in zip(blocks, edges, strict=True):
        centre = (left + right) / 2
        if len(block["shape"]) == 3:
            spans.append(_draw_cuboid(ax, centre, block["shape"], largest, right - left))
        elif block["kind"] == "output":
            spans.append(_draw_tags(ax, centre))
        elif block["kind"] == "network":
            spans.append(_draw_box(ax, centre, 0.25, 0.5))
        else:
            height = 0.3 + 0.7 * min(np.log2(1 + block["shape"][-1]) / 10, 1)
            spans.append(_draw_box(ax, centre, 0.05, height))
        _write_block(ax, block, centre, right - left)
    _draw_arrows(ax, blocks, spans)


def _draw_arrows(ax, blocks, spans):
    """Draw the way from block to block; around those side by side it runs below and above."""
    for number, ((_, start), (end, _)) in enumerate(itertools.pairwise(spans), 1):
        if not blocks[number]["beside"]:
            _arrow(ax, (start + 0.02, 0.5), (end - 0.02, 0.5))
    beside = [number for number, block in enumerate(blocks) if block["beside"]]
    if not beside:
        return
    first, last = beside[0] - 1, beside[-1]
    centres = [sum(spans[number]) / 2 for number in range(first, last + 1)]
    below, above = 0.03, 0.97
    line = {"color": GREY, "lw": 0.8, "solid_capstyle": "butt"}
    fork = (spans[first - 1][1] + spans[first][0]) / 2
    ax.plot([fork, fork, centres[-1]], [0.5, below, below], **line)
    join = (spans[last][1] + spans[last + 1][0]) / 2
    ax.plot([centres[0], join, join], [above, above, 0.5], **line)
    for centre in centres[1:]:
        _arrow(ax, (centre, below), (centre, 0.2))
    for centre in centres[:-1]:
        ax.plot([centre, centre], [0.8, above], **line)


def _arrow(ax, start, end):
    style = {"arrowstyle": "-|>", "color": GREY, "lw": 0.8, "mutation_scale": 7}
    ax.annotate("", end, start, arrowprops={**style, "shrinkA": 0, "shrinkB": 0})


def _draw_cuboid(ax, centre, shape, largest, room):
    """Draw frames x bands x channels in oblique projection; return its left and right edge."""
    frames, bands = (0.3 + 0.7 * np.sqrt(n / largest) for n in shape[:2])
    width = 0.03 + 0.24 * room * np.log2(1 + shape[2]) / 8
    depth_x, depth_y, height = 0.26 * room * frames, 0.3 * frames, 0.72 * bands
    left, low = centre - (width + depth_x) / 2, 0.5 - (height + depth_y) / 2
    across, up, away = np.array([[width, 0], [0, height], [depth_x, depth_y]])
    near = np.array([left, low])
    for corner, sides, colour in (
        (near, (across, up), PALE_HUE),  # front, top, right side
        (near + up, (across, away), "#dbe7f5"),
        (near + across, (up, away), "white"),
    ):
        one, other = sides
        face = [corner, corner + one, corner + one + other, corner + other]
        ax.add_patch(Polygon(face, facecolor=colour, edgecolor=HUE, linewidth=0.7))
    return left, left + width + depth_x


def _draw_box(ax, centre, half, height):
    """Draw a rectangle of twice `half` in width; return its left and right edge."""
    style = {"facecolor": PALE_HUE, "edgecolor": HUE, "linewidth": 0.7}
    ax.add_patch(Rectangle((centre - half, 0.5 - height / 2), 2 * half, height, **style))
    return centre - half, centre + half


def _draw_tags(ax, centre):
    for y in np.linspace(0.05, 0.95, 9):
        ax.add_patch(Circle((centre, y), 0.035, facecolor=HUE, edgecolor="none"))
    return centre - 0.04, centre + 0.04


def _write_block(ax, block, centre, room):
    shape = block["shape"]
    size = TIMES.join(f"{n:,}" for n in shape[:2])
    fits = room > len("frames*bands") * CHARACTER
    units = {"input": f"frames{TIMES}bands" if fits else f"time{TIMES}freq.", "output": "tags"}
    unit = units.get(block["kind"], f"{shape[2]:,} maps" if len(shape) == 3 else "")
    ax.text(centre, 1.07, f"{size}\n{unit}", ha="center", va="bottom", fontsize=LABEL_SIZE)
    name, details = _texts(block, room)
    style = {"ha": "center", "va": "top", "fontsize": LABEL_SIZE}
    ax.text(centre, -0.06, "\n".join(name), fontweight="bold", **style)
    ax.text(centre, -0.06 - LINE_HEIGHT * len(name), "\n".join(details), **style)


def _write_caption(figure, caption, columns, top):
    left, right = columns[0][0] + 0.08, columns[-1][1]
    text = textwrap.fill(caption, int((right - left) / CHARACTER))
    style = {"va": "top", "fontsize": LABEL_SIZE, "color": GREY, "linespacing": 1.35}
    figure.text(left / WIDTH, top / figure.get_figheight(), text, **style)


def _draw_inputs(figure, inputs, column, top, n_shown):
    _write_heading(figure, "input\ntime →\nfrequency ↑", column, top)
    for number, (title, array) in enumerate(inputs.items()):
        high = top - number * (n_shown * MAP_HEIGHT + CLIP_GAP)
        low = high - n_shown * MAP_HEIGHT
        ax = _panel(figure, column, low, n_shown * MAP_HEIGHT)
        _show(ax, array, np.min(array), np.max(array))
        room = 0.9 * (column[1] - column[0])
        label = "\n".join(wrap(shorten(title, 2 * room), room))
        box = {"facecolor": "black", "alpha": 0.6, "pad": 1, "linewidth": 0}
        style = {"va": "top", "fontsize": LABEL_SIZE, "color": "white", "bbox": box}
        ax.text(0.03, 0.97, label, transform=ax.transAxes, **style)


def _draw_maps(figure, arrays, column, top, n_shown):
    for number, array in enumerate(arrays):
        high = top - number * (n_shown * MAP_HEIGHT + CLIP_GAP)
        for shown in range(array.shape[2]):
            ax = _panel(figure, column, high - (shown + 1) * MAP_HEIGHT, MAP_HEIGHT)
            _show(ax, array[:, :, shown], np.min(array), np.max(array))


def _write_heading(figure, title, column, top):
    room = column[1] - column[0]
    text = "\n".join(line for part in title.split("\n") for line in _wrap(part, room))
    place = sum(column) / 2 / WIDTH, (top + 0.04) / figure.get_figheight()
    figure.text(*place, text, ha="center", va="bottom", fontsize=LABEL_SIZE)


def _panel(figure, column, low, height):
    left, right = column
    gap, total = 0.025, figure.get_figheight()
    corner = (left + gap) / WIDTH, (low + gap / 2) / total
    size = (right - left - 2 * gap) / WIDTH, (height - gap) / total
    ax = figure.add_axes((*corner, *size))
    ax.set(xticks=[], yticks=[])
    ax.spines[:].set_visible(False)
    return ax


def _show(ax, array, low, high):
    style = {"origin": "lower", "aspect": "auto", "cmap": "magma"}
    ax.imshow(np.asarray(array, float).T, vmin=low, vmax=max(high, low + 1e-9), **style)


@styled
def draw_history(history, judged="validation"):
    """Draw loss and validation scores by epoch, with the epoch that was kept.

    Parameters
    ----------
    history : DataFrame
        epoch, loss, validation_loss, validation_pr_auc, validation_roc_auc, kept; seed, where
        there are the runs of several.
    judged : str
        What the columns of validation were measured on.

    Returns
    -------
    Figure
    """
    figure = new_figure(2.5)
    losses, scores = figure.subplots(1, 2)
    runs = [run for _, run in history.groupby(history.get("seed", 0 * history["epoch"]))]
    style = {"marker": "o", "ms": 2.2, "linewidth": 1.1}
    curves = (
        (losses, "loss", "training", GREY),
        (losses, "validation_loss", judged, HUE),
        (scores, "validation_roc_auc", "ROC-AUC", GREY),
        (scores, "validation_pr_auc", "PR-AUC", HUE),
    )
    for number, run in enumerate(runs):
        hidden = "_" if number else ""  # of several seeds the first is labelled
        for ax, column, label, colour in curves:
            ax.plot(run["epoch"], run[column], color=colour, label=hidden + label, **style)
        for kept in run["epoch"][run["kept"]]:
            label = f"kept: epoch {kept}" if len(runs) == 1 else "kept, each seed"
            for ax, label_here in ((losses, hidden + label), (scores, None)):
                ax.axvline(kept, color=DARK, linewidth=0.7, linestyle=":", label=label_here)
    losses.set(xlabel="epoch", ylabel="loss (cross-entropy per tag)")
    scores.set(xlabel="epoch", ylabel=f"{judged}, mean of the tags", ylim=(0, 1))
    for ax in (losses, scores):
        ax.grid(axis="y", color=PALE_GREY)
        ax.xaxis.get_major_locator().set_params(integer=True)
        place = {"loc": "lower left", "bbox_to_anchor": (-0.02, 1.0), "ncols": 3}
        ax.legend(**place, handlelength=1.5, columnspacing=1.2)
    return figure
