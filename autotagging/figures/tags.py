"""Figures with a place for every tag: bars, how often tags are given, which come together."""

import numpy as np
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import LogLocator, NullLocator

from autotagging.figures.letters import extra_room, shorten
from autotagging.figures.matrices import LINE, draw_shares, label_size, matrix_width
from autotagging.figures.style import (
    DARK,
    GREY,
    HUE,
    MOST_TAGS,
    PALE_HUE,
    new_figure,
    say_left_out,
    styled,
)
from autotagging.formatting import count

TAGS_A_ROW = 60
LEAST_A_ROW = 10  # places for bars: fewer bars would be as wide as the page


@styled
def draw_tag_bars(values, tags, ylabel, reference=None, reference_label=None):
    """Draw a bar per tag, in the order given.

    Parameters
    ----------
    values : array of shape (n_tags,)
        In [0, 1]; NaN where there is no clip to compute it from: marked by a cross.
    tags : list of str
        Most frequent first.
    ylabel : str
    reference : array of shape (n_tags,), optional
        Another value per tag, drawn as a line across its bar.
    reference_label : str, optional

    Returns
    -------
    Figure
        The axis starts at zero or says where it starts.
    """
    values = np.asarray(values, dtype=float)[:MOST_TAGS]
    reference = None if reference is None else np.asarray(reference, dtype=float)[:MOST_TAGS]
    labels = [shorten(tag) for tag in tags[:MOST_TAGS]]
    start, end = _axis_limits(values, reference)
    parts = np.array_split(np.arange(len(labels)), -(-len(labels) // TAGS_A_ROW) or 1)
    figure = new_figure(0.35 + (2.35 + extra_room(labels)) * len(parts))
    axes = figure.subplots(len(parts), 1, squeeze=False)[:, 0]
    for ax, part in zip(axes, parts, strict=True):
        _draw_bars(ax, values[part], start)
        if reference is not None:
            x = np.arange(len(part))
            ax.hlines(reference[part], x - 0.46, x + 0.46, color=DARK, linewidth=1.1)
        ax.set_xticks(range(len(part)), [labels[i] for i in part], rotation=90)
        ax.set_xlim(-0.7, max(LEAST_A_ROW, *map(len, parts)) - 0.3)
        ax.set_ylim(start, end)
        ax.set_ylabel(f"{ylabel}\n(axis starts at {start:.1f})" if start else ylabel)
    handles = _bar_legend(ylabel, reference_label, missing=np.isnan(values).any())
    if len(handles) > 1:
        figure.legend(handles=handles, loc="outside upper right", ncols=3)
    say_left_out(figure, len(tags))
    return figure


def _axis_limits(values, reference):
    drawn = values if reference is None else np.concatenate([values, reference])
    lowest, highest = np.nanmin(drawn, initial=1.0), np.nanmax(drawn, initial=0.1)
    if lowest > 0.5:
        return np.floor(lowest * 10 - 0.5) / 10, 1.0
    return 0.0, min(1.0, max(highest * 1.05, 0.1))


def _draw_bars(ax, values, start):
    x = np.arange(len(values))
    missing = np.isnan(values)
    ax.grid(axis="y")
    ax.set_axisbelow(True)
    ax.bar(x, np.where(missing, start, values) - start, 0.72, bottom=start, color=HUE)
    zero = ~missing & (values <= start)
    if zero.any():  # a bar of no height is still a value: keep it in sight
        ax.plot(x[zero], np.full(zero.sum(), start), "_", color=HUE, ms=5, mew=2.2, clip_on=False)
    if missing.any():
        style = {"color": GREY, "ms": 4, "transform": ax.get_xaxis_transform()}
        ax.plot(x[missing], np.full(missing.sum(), 0.035), "x", gid="missing", **style)


def _bar_legend(ylabel, reference_label, missing):
    handles = [Patch(color=HUE, label=ylabel)]
    if reference_label:
        handles.append(Line2D([], [], color=DARK, linewidth=1.1, label=reference_label))
    if missing:
        handles.append(Line2D([], [], color=GREY, marker="x", ms=4, ls="", label="no clip"))
    return handles


@styled
def draw_label_distribution(annotated, merged, cooccurrence):
    """Draw how often tags are given, before and after merging, and which come together.

    Parameters
    ----------
    annotated : Series
        Tag as annotated -> clips.
    merged : DataFrame
        tag, clips, kept: a row per tag after merging.
    cooccurrence : DataFrame of shape (n_tags, n_tags)
        The share of the row's clips that have the column's tag, in [0, 1]; NaN: no clip.

    Returns
    -------
    Figure
        Counts on a logarithmic axis; the kept tags are named once, under the matrix.
    """
    cooccurrence = cooccurrence.iloc[:MOST_TAGS, :MOST_TAGS]
    kept = merged.set_index("tag")["clips"].reindex(cooccurrence.index)
    size = label_size(len(kept))
    labels = [shorten(tag, size=size) for tag in kept.index]
    title = "Share of the clips with the row's tag that also have the column's tag"
    heights = {"ranks": 1.45, "counts": 1.45, "matrix": 1.2 + LINE * size * len(kept)}
    if len(annotated) == merged["kept"].sum():  # all as annotated: the counts say it all
        del heights["ranks"]
    height = 0.7 + sum(heights.values()) + extra_room(labels, size)
    figure = new_figure(height, width=matrix_width(labels, labels, f"c   {title}", "bold"))
    panels = figure.subplots(len(heights), 1, height_ratios=list(heights.values()))
    axes = dict(zip(heights, panels, strict=True))
    if "ranks" in axes:
        _draw_ranks(axes["ranks"], annotated, merged)
    _draw_counts(axes["counts"], kept, annotated)
    shares = cooccurrence.to_numpy(float).copy()
    np.fill_diagonal(shares, np.nan)
    ticks = [0, 0.01, 0.05, 0.1, 0.2, 0.4, 0.7, 1] if len(kept) > 30 else [0, 0.05, 0.2, 0.5, 1]
    draw_shares(axes["matrix"], shares, labels, labels, ticks, 1)
    axes["matrix"].set_title(title)
    for letter, ax in zip("abc", panels, strict=False):
        ax.set_title(f"{letter}   {ax.get_title(loc='left')}", fontweight="bold")
    axes["counts"].sharex(axes["matrix"])
    axes["counts"].tick_params(labelbottom=False, bottom=False)
    say_left_out(figure, merged["kept"].sum())
    return figure


def _draw_ranks(ax, annotated, merged):
    before = np.sort(annotated[annotated > 0].to_numpy())[::-1]
    after = merged[merged["clips"] > 0].sort_values("clips", ascending=False, kind="stable")
    kept = after["kept"].to_numpy(bool)
    x, y = np.arange(1, len(after) + 1), after["clips"].to_numpy()
    style = {"ls": "", "marker": "o", "ms": 2.6, "mew": 0.7}
    ax.plot(np.arange(1, len(before) + 1), before, color=GREY, mfc="none", **style)
    merging = len(before) > len(after)
    if merging:
        ax.plot(x[~kept], y[~kept], color=HUE, mfc="white", **style)
    ax.plot(x[kept], y[kept], color=HUE, **style)
    labels = [f"{count(len(before), 'tag')} as annotated", f"of these the {kept.sum()} kept"]
    if merging:
        labels.insert(1, f"{len(after)} after merging synonyms")
    ax.legend(ax.get_lines(), labels, loc="best")
    ax.set_yscale("log")
    ax.xaxis.get_major_locator().set_params(integer=True)
    ax.set(xlabel="rank of the tag", ylabel="clips", xlim=(0, max(len(before), len(after)) + 1))
    _label_logarithmic(ax)
    ax.grid(axis="y")
    ax.set_title("Clips of every tag, most frequent first")


def _draw_counts(ax, kept, annotated):
    x = np.arange(len(kept))
    before = annotated.reindex(kept.index).to_numpy(float)
    after = kept.to_numpy(float)
    before[(before == 0) | (before == after)] = np.nan
    after[after == 0] = np.nan
    merging = not np.isnan(before).all()
    if merging:
        ax.vlines(x, before, after, color=PALE_HUE, linewidth=2.2)
        style = {"color": GREY, "mfc": "white", "ms": 2.8, "mew": 0.7}
        ax.plot(x, before, "o", label="under this name alone", **style)
    ax.plot(x, after, "o", color=HUE, ms=3.4, label="after merging")
    ax.set_yscale("log")
    _label_logarithmic(ax)
    ax.set_ylabel("clips")
    ax.grid(axis="y")
    if merging:
        ax.legend(loc="best", ncols=2)
    ax.set_title("What merging adds to the tags kept" if merging else "Clips of the tags kept")


def _label_logarithmic(ax):
    ax.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    ax.yaxis.set_major_formatter("{x:,.0f}")
    ax.yaxis.set_minor_locator(NullLocator())
