"""Tags at their coordinates in the plane, every label free of every other."""

import numpy as np
from matplotlib.lines import Line2D
from matplotlib.markers import MarkerStyle
from matplotlib.patches import Polygon
from matplotlib.path import Path as MplPath
from matplotlib.patheffects import withStroke
from matplotlib.transforms import Affine2D
from scipy.spatial import ConvexHull

from autotagging.figures.letters import LABEL_WIDTH, measure, shorten, wrap
from autotagging.figures.style import (
    DARK,
    GREY,
    KINDS,
    MOST_TAGS,
    STYLE,
    WIDTH,
    new_figure,
    say_left_out,
    styled,
)
from autotagging.formatting import count, list_some

LABEL_AREA = 0.3  # share of a map that its labels may cover: with more it grows
LABEL_HEIGHT = 0.12  # inches
BESIDES = 0.9  # inches of a figure's height that are not the map: legend, name of the axis, note
MOST_MISSING = 40  # named below a map
MAX_A_ROW = 7  # of the legend
CENTRED = {"fontsize": 7.0, "ha": "center", "va": "center", "zorder": 4}
HALO = [withStroke(linewidth=1.5, foreground="white")]  # keeps letters free of lines
LABEL_ANGLES = np.deg2rad(
    [0, 180, 90, 270, 45, 315, 135, 225, 22, 338, 158, 202, 68, 112, 248, 292]
)
NUMBER_GAP = 2.0  # points around the number of a cluster
OUTLINE_GAP = 9.0  # points between the middle of a mark and the line around its cluster
CIRCLE = np.exp(2j * np.pi * np.arange(48) / 48).view(float).reshape(-1, 2)

DISTANCES = np.array([0, 0.5, 1, 1.7, 2.5, 3.5, 5, 7, 10, 14, 18, 23, 28, 34])  # label heights


@styled
def draw_tag_map(coordinates, tags, *, clusters=(), method="tsne", missing=()):
    """Draw tags at their coordinates, larger where more frequent, with labels that do not overlap.

    Parameters
    ----------
    coordinates : ndarray of shape (n_tags, 2)
        Axes without unit: only nearness means something.
    tags : DataFrame of shape (n_tags, ...)
        tag; clips; kind (genre, instrument, ...: a colour and a shape each). Most frequent first:
        these find room for their labels first.
    clusters : list of list of str
        Tags: numbered from 1, and outlined where they lie together, fewer than half as many
        others among them.
    method : str
        That the coordinates come from: ``tsne`` or ``pca``.
    missing : list of str
        Tags without coordinates: named below the map.

    Returns
    -------
    Figure
    """
    n_tags, tags = len(tags), tags[:MOST_TAGS]
    coordinates = np.asarray(coordinates, dtype=float)[:MOST_TAGS]
    counts = np.asarray(tags["clips"], dtype=float)
    kinds = [kind if kind in KINDS else "other" for kind in tags["kind"]]
    labels = [shorten(tag, LABEL_WIDTH, CENTRED["fontsize"]) for tag in tags["tag"]]
    below = _name_missing(missing)
    width, height = _size(coordinates, labels)
    figure = new_figure(height + LABEL_HEIGHT * len(below), width=width)
    ax = figure.add_subplot()
    axis = {"tsne": "t-SNE dimension", "pca": "principal component"}[method]
    ax.set(xticks=[], yticks=[], ylabel=f"{axis} 2")
    ax.set_xlabel("\n".join([f"{axis} 1", *below]))
    mark_areas = 12 + 110 * np.sqrt(counts / max(counts.max(initial=1), 1))
    _draw_points(ax, coordinates, mark_areas, kinds)
    ax.margins(0.09)
    ax.set_aspect("equal", adjustable="datalim")
    handles = _kind_legend(kinds) + _size_legend(counts)
    n_columns = len(handles) if len(handles) <= MAX_A_ROW else (len(handles) + 1) // 2
    style = {"loc": "outside upper center", "handletextpad": 0.3}
    figure.legend(handles=handles, ncols=n_columns, **style)
    figure.draw_without_rendering()  # fixes the axes, so that places on the paper are known
    figure.set_layout_engine("none")
    ax.autoscale(False)
    names = list(tags["tag"])
    marks = _boxes_of_marks(ax, coordinates, mark_areas)
    numbers = np.empty((0, 4))
    for number, cluster in enumerate(clusters, start=1):
        members = np.isin(names, cluster)
        line = _outline(ax, coordinates[members])
        other_points = ax.transData.transform(coordinates[~members])
        if MplPath(line).contains_points(other_points).sum() < members.sum() / 2:
            box = _draw_outline(ax, number, line, marks, numbers)
            numbers = np.vstack([numbers, box])
    _label(ax, coordinates, labels, mark_areas, numbers)
    say_left_out(figure, n_tags)
    return figure


def _name_missing(tags):
    """Return the lines below a map about tags without coordinates."""
    if not tags:
        return []
    has = "has" if len(tags) == 1 else "have"
    named = list_some(map(shorten, tags), MOST_MISSING)
    text = f"{count(len(tags), 'tag')} {has} no vector: {named}"
    return ["", *wrap(text, WIDTH - 0.4, STYLE["axes.labelsize"])]


def _size(coordinates, labels):
    """Return width and height of a map in inches: a page's, unless its labels need more."""
    wide, high = np.ptp(coordinates, axis=0)
    height = float(np.clip(BESIDES + 6.5 * (high / wide if wide else 1), 4.2, 9.2))
    widths = sum(measure(label, CENTRED["fontsize"]) for label in labels)
    needed = widths * LABEL_HEIGHT / LABEL_AREA
    scale = max(1.0, np.sqrt(needed / (WIDTH * (height - BESIDES))))
    return scale * WIDTH, scale * height


def kind_marks():
    """Return how each kind is marked, for pictures that are not matplotlib's.

    Returns
    -------
    dict
        kind -> (colour, outline as the path of an SVG, 2 wide and high at the most)
    """
    letters = {MplPath.MOVETO: "M", MplPath.LINETO: "L", MplPath.CURVE3: "Q", MplPath.CURVE4: "C"}
    marks = {}
    for kind, (colour, marker) in KINDS.items():
        style = MarkerStyle(marker)
        path = style.get_path().transformed(style.get_transform())
        size = np.abs(path.vertices).max()
        path = path.transformed(Affine2D().scale(1 / size, -1 / size))  # y runs down in an SVG
        commands = [
            letters[code] + " ".join(f"{round(number, 3) + 0:g}" for number in numbers)
            for numbers, code in path.iter_segments()
            if code in letters
        ]
        marks[kind] = colour, "".join(commands) + "Z"
    return marks


def _draw_points(ax, coordinates, mark_areas, kinds):
    style = {"alpha": 0.85, "linewidth": 0.5, "edgecolor": "white"}
    for kind, (colour, marker) in KINDS.items():
        is_kind = np.array([k == kind for k in kinds], dtype=bool)
        if is_kind.any():
            ax.scatter(
                *coordinates[is_kind].T, s=mark_areas[is_kind], color=colour, marker=marker, **style
            )


def _kind_legend(kinds):
    style = {"ls": "", "ms": 5, "mec": "white", "mew": 0.5}
    return [
        Line2D([], [], color=colour, marker=marker, label=kind, **style)
        for kind, (colour, marker) in KINDS.items()
        if kind in kinds
    ]


def _size_legend(counts):
    most = max(counts.max(initial=1), 1)
    sizes = [10 ** np.floor(np.log10(most)) / 10, 10 ** np.floor(np.log10(most))]
    style = {"color": GREY, "marker": "o", "ls": "", "mec": "white", "mew": 0.5}
    labels = {n: "1 clip" if n == 1 else f"{n:,.0f} clips" for n in sizes if n >= 1}
    return [
        Line2D([], [], ms=np.sqrt(12 + 110 * np.sqrt(n / most)), label=label, **style)
        for n, label in labels.items()
    ]


def _boxes_of_marks(ax, coordinates, mark_areas):
    """Return the room that marks take, ndarray of shape (n_tags, 4) in pixels."""
    points, radii = ax.transData.transform(coordinates), _radii(ax, mark_areas)
    return np.column_stack([points - radii[:, None], points + radii[:, None]])


def _radii(ax, mark_areas):
    return np.sqrt(mark_areas) / 2 * ax.figure.dpi / 72


def _outline(ax, coordinates):
    """Return the line around the tags of a cluster, ndarray of shape (n, 2) in pixels."""
    gap = OUTLINE_GAP * ax.figure.dpi / 72
    around = (ax.transData.transform(coordinates)[:, None] + gap * CIRCLE).reshape(-1, 2)
    return around[ConvexHull(around).vertices]


def _draw_outline(ax, number, line, marks, taken):
    """Draw the line of a cluster with its number beside it; return the number's box."""
    to_data = ax.transData.inverted().transform
    style = {"facecolor": (0, 0, 0, 0.03), "edgecolor": GREY, "linewidth": 0.6, "zorder": 0}
    ax.add_patch(Polygon(to_data(line), linestyle=(0, (4, 2)), **style))
    style = {**CENTRED, "fontweight": "bold", "color": GREY, "gid": "cluster"}
    text = ax.text(*to_data(line[0]), str(number), **style)
    half = np.array(text.get_window_extent().size) / 2 + NUMBER_GAP * ax.figure.dpi / 72
    outward = line - line.mean(axis=0)
    outward /= np.linalg.norm(outward, axis=1, keepdims=True)
    # the top of the line first
    order = np.argsort(-line[:, 1], kind="stable")
    centres = (line + outward * half)[order]
    boxes = np.column_stack([centres - half, centres + half])
    best = _cheapest(boxes, marks, taken, np.array(ax.get_window_extent().extents))
    text.set_position(to_data(centres[best]))
    return boxes[best]


def _label(ax, coordinates, labels, mark_areas, taken):
    """Write each label where it is free: as near its point as the labels before it allow.

    adjustText, the library for this, keeps labels off points but not off marks of a size: of the
    50 tags of MagnaTagATune it left eight on a mark and two on each other, this leaves none.
    """
    scale = ax.figure.dpi / 72
    points = ax.transData.transform(coordinates)
    radii = _radii(ax, mark_areas)
    frame = np.array(ax.get_window_extent().extents)
    marks = _boxes_of_marks(ax, coordinates, mark_areas)
    for number, label in enumerate(labels):
        style = {**CENTRED, "path_effects": HALO, "transform": None}
        text = ax.text(0, 0, label, **style)
        size = np.array(text.get_window_extent().size) + scale
        boxes = _candidates(points[number], radii[number] + scale, size)
        box = boxes[_cheapest(boxes, marks, taken, frame)]
        centre = (box[:2] + box[2:]) / 2
        text.set(position=ax.transData.inverted().transform(centre), transform=ax.transData)
        _draw_leader(ax, points[number], box, radii[number])
        taken = np.vstack([taken, box])


def _candidates(point, radius, size):
    """Return boxes around a point, nearest first, ndarray of shape (n, 4) in pixels."""
    boxes = []
    for distance in radius + size[1] * DISTANCES:
        direction = np.column_stack([np.cos(LABEL_ANGLES), np.sin(LABEL_ANGLES)])
        centres = point + direction * (distance + np.abs(direction) * size / 2)
        boxes.append(np.column_stack([centres - size / 2, centres + size / 2]))
    return np.concatenate(boxes)


def _cheapest(boxes, marks, taken, frame):
    outside = (boxes[:, :2] < frame[:2]).any(axis=1) | (boxes[:, 2:] > frame[2:]).any(axis=1)
    on_labels, on_marks = _overlaps(boxes, taken), _overlaps(boxes, marks)
    distance = np.arange(len(boxes)) / len(boxes)
    return int(np.argmin(1e6 * outside + 1e4 * on_labels + 10 * on_marks + distance))


def _overlaps(boxes, obstacles):
    """Return the area that each box shares with others, in pixels."""
    low = np.maximum(boxes[:, None, :2], obstacles[None, :, :2])
    high = np.minimum(boxes[:, None, 2:], obstacles[None, :, 2:])
    return np.clip(high - low, 0, None).prod(axis=2).sum(axis=1)


def _draw_leader(ax, point, box, radius):
    nearest = np.clip(point, box[:2], box[2:])
    if np.hypot(*(nearest - point)) > radius + 4 * ax.figure.dpi / 72:
        ends = ax.transData.inverted().transform([point, nearest])
        ax.plot(*ends.T, color=DARK, linewidth=0.4, alpha=0.6, zorder=1)
