"""The network with its maps, and the course of its training."""

import itertools
import textwrap

import numpy as np
import scipy.linalg
from matplotlib.patches import Circle, Polygon, Rectangle

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
NOT_SHOWN = {"normalisation", "dropout", "activation", "flatten", "reshape"}
OWN_COLUMN = {"input", "convolution", "dense", "output"}
TIMES = "\N{MULTIPLICATION SIGN}"
CAPTION = (
    "Each row of a column is one map of that convolution; bright is large, on a scale of its own "
    "for each clip and layer."
)


@styled
def draw_architecture(layers, inputs, maps):
    """Draw a network block by block, and below it what its convolutions make of some clips.

    Parameters
    ----------
    layers : list of dict
        In order: kind ("input", "convolution", "pooling", "dense", "output" or another), name,
        shape (of the output, without the batch), details (list of str), weights, beside (whether
        it takes the same input as the block before).
    inputs : list of tuple (str, ndarray of shape (n_frames, n_bands))
        Title and input features of each clip.
    maps : list of tuple (str, list of ndarray of shape (n_frames, n_bands, n_maps))
        Title and maps of each convolution, an array a clip; as many clips as `inputs`. Of more
        than three maps the three that tell most are shown.

    Returns
    -------
    Figure
        Time runs to the right, frequency upwards; a map stands under its convolution.
    """
    blocks = _blocks(layers)
    edges = _column_edges(blocks)
    maps = [_most_telling(title, arrays) for title, arrays in maps]
    n_shown = max((array.shape[2] for _, arrays in maps for array in arrays), default=1)
    text_height = LINE_HEIGHT * _most_lines(blocks, edges) + 0.15
    maps_height = len(inputs) * (n_shown * MAP_HEIGHT + CLIP_GAP) + HEADING
    figure = new_figure(BLOCKS_HEIGHT + text_height + maps_height + NOTE_STRIP, constrained=False)
    _draw_blocks(figure, blocks, edges, text_height=text_height)
    rows = (maps_height - HEADING + NOTE_STRIP, n_shown)
    _draw_inputs(figure, inputs, edges[0], rows)
    columns = [edges[i] for i, block in enumerate(blocks) if block["kind"] == "convolution"]
    for (title, arrays), column in zip(maps, columns, strict=True):
        _draw_maps(figure, title, arrays, column=column, rows=rows)
    weights = sum(layer.get("weights", 0) for layer in layers)
    after = [edge for edge, block in zip(edges, blocks, strict=True) if len(block["shape"]) < 3]
    if after:
        _write_caption(figure, f"{weights:,} weights in all.", after, top=rows[0])
    return figure


def _most_telling(title, arrays):
    """Return title and maps of a convolution, no more than are shown: the same for every clip.

    The first is the map that varies most, each further one that which varies most in what the
    maps before it do not tell: the order of a QR decomposition with pivoting.
    """
    n_maps = arrays[0].shape[2]
    if n_maps <= MAPS_SHOWN:
        return title, arrays
    values = [array.reshape(-1, n_maps).astype("float64") for array in arrays]
    values = [one[:: len(one) // 5000 + 1] - one.mean(axis=0) for one in values]
    together = np.concatenate([one / max(one.std(), 1e-9) for one in values])  # no clip outweighs
    _, order = scipy.linalg.qr(together, mode="r", pivoting=True)
    title = f"{title}\n{MAPS_SHOWN} of {n_maps} maps"
    return title, [array[:, :, order[:MAPS_SHOWN]] for array in arrays]


def _blocks(layers):
    """Join what follows a convolution to it: one block, its output that of the last."""
    blocks = []
    for layer in layers:
        flattens = blocks and len(layer["shape"]) == 1 and len(blocks[-1]["shape"]) == 3
        own = not blocks or layer["kind"] in OWN_COLUMN
        if own or (flattens and layer["kind"] not in NOT_SHOWN):
            kept = {key: layer.get(key) for key in ("kind", "name", "beside")}
            blocks.append({**kept, "details": []})
        blocks[-1]["details"] += layer["details"]
        if own or layer["kind"] not in NOT_SHOWN:
            shape = tuple(layer["shape"])
            blocks[-1]["shape"] = (*shape, 1) if len(shape) == 2 else shape  # a plain input
    return blocks


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


def _most_lines(blocks, edges):
    rooms = [right - left for left, right in edges]
    texts = [_texts(block, room) for block, room in zip(blocks, rooms, strict=True)]
    return max(len(name) + len(details) for name, details in texts)


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
            spans.append(_draw_cuboid(ax, centre, block["shape"], (largest, right - left)))
        elif block["kind"] == "output":
            spans.append(_draw_tags(ax, centre))
        else:
            spans.append(_draw_bar(ax, centre, block["shape"][-1]))
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
    ax.annotate(
        "",
        end,
        start,
        arrowprops={
            "arrowstyle": "-|>",
            "color": GREY,
            "lw": 0.8,
            "mutation_scale": 7,
            "shrinkA": 0,
            "shrinkB": 0,
        },
    )


def _draw_cuboid(ax, centre, shape, limits):
    """Draw frames x bands x channels in oblique projection; return its left and right edge."""
    largest, room = limits
    frames, bands = (0.3 + 0.7 * np.sqrt(n / largest) for n in shape[:2])
    width = 0.03 + 0.24 * room * np.log2(1 + shape[2]) / 8
    depth_x, depth_y, height = 0.26 * room * frames, 0.3 * frames, 0.72 * bands
    left, low = centre - (width + depth_x) / 2, 0.5 - (height + depth_y) / 2
    right, high = left + width, low + height
    far_left, far_right, far_low, far_high = (
        left + depth_x,
        right + depth_x,
        low + depth_y,
        high + depth_y,
    )
    faces = (
        ([(left, low), (right, low), (right, high), (left, high)], PALE_HUE),
        ([(left, high), (right, high), (far_right, far_high), (far_left, far_high)], "#dbe7f5"),
        ([(right, low), (right, high), (far_right, far_high), (far_right, far_low)], "white"),
    )
    for corners, colour in faces:
        ax.add_patch(Polygon(corners, facecolor=colour, edgecolor=HUE, linewidth=0.7))
    return left, right + depth_x


def _draw_bar(ax, centre, units):
    height = 0.3 + 0.7 * min(np.log2(1 + units) / 10, 1)
    ax.add_patch(
        Rectangle(
            (centre - 0.05, 0.5 - height / 2),
            0.1,
            height,
            facecolor=PALE_HUE,
            edgecolor=HUE,
            linewidth=0.7,
        )
    )
    return centre - 0.05, centre + 0.05


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
    ax.text(centre, 1.07, f"{size}\n{unit}", ha="center", va="bottom", fontsize=6.5)
    name, details = _texts(block, room)
    style = {"ha": "center", "va": "top", "fontsize": 6.5, "parse_math": False}
    ax.text(centre, -0.06, "\n".join(name), fontweight="bold", **style)
    ax.text(centre, -0.06 - LINE_HEIGHT * len(name), "\n".join(details), **style)


def _write_caption(figure, weights, columns, top):
    left, right = columns[0][0] + 0.08, columns[-1][1]
    lines = textwrap.wrap(f"{weights} {CAPTION}", int((right - left) / CHARACTER))
    figure.text(
        left / WIDTH,
        top / figure.get_figheight(),
        "\n".join(lines),
        va="top",
        fontsize=6.5,
        color=GREY,
        linespacing=1.35,
    )


def _draw_inputs(figure, inputs, column, rows):
    top, n_shown = rows
    _write_heading(figure, "input\ntime →\nfrequency ↑", column, top)
    for number, (title, array) in enumerate(inputs):
        high = top - number * (n_shown * MAP_HEIGHT + CLIP_GAP)
        low = high - n_shown * MAP_HEIGHT
        ax = _panel(figure, column, low, n_shown * MAP_HEIGHT)
        _show(ax, array, np.min(array), np.max(array))
        characters = int((column[1] - column[0]) / CHARACTER)
        label = textwrap.shorten(title, 2 * characters, placeholder=" …")
        ax.text(
            0.03,
            0.97,
            textwrap.fill(label, characters),
            transform=ax.transAxes,
            va="top",
            fontsize=6.5,
            color="white",
            parse_math=False,
            bbox={"facecolor": "black", "alpha": 0.6, "pad": 1, "linewidth": 0},
        )


def _draw_maps(figure, title, arrays, *, column, rows):
    top, n_shown = rows
    _write_heading(figure, title, column, top)
    for number, array in enumerate(arrays):
        high = top - number * (n_shown * MAP_HEIGHT + CLIP_GAP)
        for shown in range(array.shape[2]):
            ax = _panel(figure, column, high - (shown + 1) * MAP_HEIGHT, MAP_HEIGHT)
            _show(ax, array[:, :, shown], np.min(array), np.max(array))


def _write_heading(figure, title, column, top):
    room = column[1] - column[0]
    lines = [line for part in title.split("\n") for line in _wrap(part, room)]
    figure.text(
        (column[0] + column[1]) / 2 / WIDTH,
        (top + 0.04) / figure.get_figheight(),
        "\n".join(lines),
        ha="center",
        va="bottom",
        fontsize=6.5,
    )


def _panel(figure, column, low, height):
    left, right = column
    total = figure.get_figheight()
    gap = 0.025
    ax = figure.add_axes(
        (
            (left + gap) / WIDTH,
            (low + gap / 2) / total,
            (right - left - 2 * gap) / WIDTH,
            (height - gap) / total,
        )
    )
    ax.set(xticks=[], yticks=[])
    ax.spines[:].set_visible(False)
    return ax


def _show(ax, array, low, high):
    ax.imshow(
        np.asarray(array, dtype=float).T,
        origin="lower",
        aspect="auto",
        cmap="magma",
        vmin=low,
        vmax=max(high, low + 1e-9),
    )


@styled
def draw_history(history):
    """Draw loss and validation scores by epoch, with the epoch that was kept.

    Parameters
    ----------
    history : DataFrame
        epoch, loss, validation_loss, validation_pr_auc, validation_roc_auc, kept; seed, where
        there are the runs of several.

    Returns
    -------
    Figure
    """
    figure = new_figure(2.5)
    losses, scores = figure.subplots(1, 2)
    seeds = history["seed"] if "seed" in history else np.zeros(len(history))
    runs = [run for _, run in history.groupby(np.asarray(seeds))]
    style = {"marker": "o", "ms": 2.2, "linewidth": 1.1}
    for number, run in enumerate(runs):  # of several seeds the first is labelled
        label = "{}" if number == 0 else "_{}"
        losses.plot(run["epoch"], run["loss"], color=GREY, label=label.format("training"), **style)
        shown = label.format("validation")
        losses.plot(run["epoch"], run["validation_loss"], color=HUE, label=shown, **style)
        shown = label.format("ROC-AUC")
        scores.plot(run["epoch"], run["validation_roc_auc"], color=GREY, label=shown, **style)
        shown = label.format("PR-AUC")
        scores.plot(run["epoch"], run["validation_pr_auc"], color=HUE, label=shown, **style)
        for kept in run["epoch"][run["kept"]]:
            shown = f"kept: epoch {kept}" if len(runs) == 1 else "kept, each seed"
            for ax in (losses, scores):
                shown = shown if ax is losses and number == 0 else None
                ax.axvline(kept, color=DARK, linewidth=0.7, linestyle=":", label=shown)
    losses.set(xlabel="epoch", ylabel="loss (cross-entropy a tag)")
    scores.set(xlabel="epoch", ylabel="validation, mean of the tags", ylim=(0, 1))
    for ax in (losses, scores):
        ax.grid(axis="y", color=PALE_GREY)
        ax.xaxis.get_major_locator().set_params(integer=True)
        ax.legend(
            loc="lower left",
            bbox_to_anchor=(-0.02, 1.0),
            ncols=3,
            handlelength=1.5,
            columnspacing=1.2,
        )
    return figure
