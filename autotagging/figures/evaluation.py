"""Figures of an evaluation: AUCs with intervals, curves, which tags stand in for others."""

import numpy as np
from matplotlib.lines import Line2D

from autotagging.figures.examples import draw_examples
from autotagging.figures.letters import extra_room, shorten
from autotagging.figures.matrices import LINE, draw_shares, label_size, matrix_width
from autotagging.figures.style import (
    DARK,
    GREY,
    HUE,
    MOST_TAGS,
    PALE_HUE,
    STYLE,
    new_figure,
    say_left_out,
    styled,
)
from autotagging.figures.tags import draw_tag_bars
from autotagging.formatting import measure
from autotagging.metrics import AUCS

LEGEND_WIDTH = 1.3  # inches, for the name of a tag
LEAST_ROWS = 12  # of confusions: what is written beside them is as high
PERCENTS = (0, 0.01, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1)


def list_figures(tables, examples, unit):
    """Return all figures of an evaluation, to be drawn.

    Parameters
    ----------
    tables : dict
        per_tag, curves, reliability, confusions, as from `results_folder.read_table`.
    examples : list of dict
        As from `results_folder.read_examples`.
    unit : str
        What was resampled for the intervals, such as artists.

    Returns
    -------
    dict
        Name of the file -> the function that draws it; see `save_missing`.
    """
    per_tag = tables["per_tag"]

    def draw_bars(column, reference, label):
        values, references = per_tag[[column, reference]].to_numpy().T
        title = f"{column.capitalize()} at threshold 0.5"
        return draw_tag_bars(values, per_tag["tag"].tolist(), title, references, label)

    def draw_recall():
        is_tuned = (per_tag["threshold"] != 0.5).any()
        label = "at thresholds from validation" if is_tuned else "at the thresholds used, all 0.5"
        return draw_bars("recall", "recall_at_threshold", label)

    title = "Test clips; predicted: at or above the threshold, most confident first; bold: in both"
    return {
        "accuracy.png": lambda: draw_bars("accuracy", "accuracy_of_nothing", "predicting no tag"),
        "Recall.png": draw_recall,
        "auc_per_tag.png": lambda: draw_aucs(per_tag, unit),
        "roc_pr_curves.png": lambda: draw_curves(tables["curves"], tables["reliability"], per_tag),
        "tag_confusions.png": lambda: draw_confusions(tables["confusions"]),
        "results.png": lambda: draw_examples([e for e in examples if e["in_figure"]], title),
    }


@styled
def draw_aucs(per_tag, unit):
    """Draw both AUCs of every tag with their intervals, each panel sorted by its values.

    Parameters
    ----------
    per_tag : DataFrame
        tag, prevalence; roc_auc and pr_auc with _low and _high, NaN where too few have the tag
        for an interval.
    unit : str
        What was resampled for the intervals, such as artists.

    Returns
    -------
    Figure
        With what chance gives: 0.5, and the tag's prevalence.
    """
    n_tags, per_tag = len(per_tag), per_tag[:MOST_TAGS]
    figure = new_figure(max(0.75 + 0.128 * len(per_tag), 1.0 + 0.108 * max(len(per_tag), 4)))
    axes = figure.subplots(1, 2)
    chances = {"roc_auc": np.full(len(per_tag), 0.5), "pr_auc": per_tag["prevalence"].to_numpy()}
    for ax, (auc, title) in zip(axes, AUCS.items(), strict=True):
        order = per_tag[auc].fillna(-1).to_numpy().argsort(kind="stable")
        rows, y = per_tag.iloc[order], np.arange(len(per_tag))
        ax.grid(axis="x")
        ax.set_axisbelow(True)
        ax.hlines(y, rows[f"{auc}_low"], rows[f"{auc}_high"], color=PALE_HUE, linewidth=2.6)
        alone = rows[f"{auc}_low"].isna().to_numpy()
        undefined = rows[auc].isna().to_numpy()
        style = {"ls": "", "marker": "o", "ms": 3, "color": HUE, "clip_on": False}
        ax.plot(rows[auc].where(~alone), y, **style)
        ax.plot(rows[auc].where(alone), y, **style, mfc="white", mew=0.8)
        chance = np.where(undefined, np.nan, chances[auc][order])
        ax.plot(chance, y, "|", color=DARK, ms=4.5, mew=0.9, clip_on=False)
        lowest = np.nanmin(rows[[auc, f"{auc}_low"]].to_numpy(float), initial=1.0)
        start = 0.0 if auc == "pr_auc" else min(0.5, np.floor(lowest * 10) / 10)
        if undefined.any():
            ax.plot(0 * y[undefined] + start, y[undefined], "x", color=GREY, ms=4, clip_on=False)
        ax.set(xlim=(start, 1), ylim=(-0.8, len(rows) - 0.2))
        ax.set_xlabel(f"{title}\n(axis starts at {start:.1f})" if start else title)
        ax.set_yticks(y, [shorten(tag) for tag in rows["tag"]])
        ax.tick_params(axis="y", length=0)
    handles = [
        Line2D([], [], color=HUE, marker="o", ms=3, ls="", label="tag"),
        Line2D([], [], color=PALE_HUE, linewidth=2.6, label=f"95 % interval, {unit} resampled"),
        Line2D([], [], color=DARK, marker="|", ms=5, ls="", label="by chance"),
    ]
    if (per_tag["roc_auc_low"].isna() & per_tag["roc_auc"].notna()).any():
        few = f"tag of too few {unit} for it"
        handles.insert(2, Line2D([], [], **style, mfc="white", mew=0.8, label=few))
    if per_tag["roc_auc"].isna().any():
        handles.append(Line2D([], [], color=GREY, marker="x", ms=4, ls="", label="no value"))
    figure.legend(handles=handles, loc="outside upper right", ncols=len(handles))
    say_left_out(figure, n_tags)
    return figure


@styled
def draw_curves(curves, reliability, per_tag):
    """Draw the ROC and precision-recall curves of every tag, their mean, and the calibration.

    Parameters
    ----------
    curves : DataFrame
        tag, at, roc, pr, on the same grid for every tag.
    reliability : DataFrame
        pairs, score, share.
    per_tag : DataFrame
        tag, roc_auc, pr_auc: whose mean stands in the titles.

    Returns
    -------
    Figure
        The tags with the largest and the smallest AUC are named.
    """
    figure = new_figure(3.1)
    axes = figure.subplots(1, 3)
    panels = {
        "roc": ("a   ROC", "false positive rate", "true positive rate"),
        "pr": ("b   PR", "recall", "precision"),
    }
    for ax, (name, (title, xlabel, ylabel)) in zip(axes[:2], panels.items(), strict=True):
        aucs = per_tag.set_index("tag")[f"{name}_auc"].reindex(curves["tag"].unique())
        if len(aucs):
            _draw_tag_curves(ax, curves, name, aucs)
        mean = f", macro AUC {measure(aucs.mean())}" if len(aucs) else ""
        ax.set_title(title + mean, fontweight="bold")
        ax.set(xlabel=xlabel, ylabel=ylabel)
    axes[0].plot([0, 1], [0, 1], color=GREY, linewidth=0.8, linestyle=":")
    _draw_reliability(axes[2], reliability)
    for ax in axes:
        ax.set(xlim=(0, 1), ylim=(0, 1.01), box_aspect=1)
        ax.set_xticks([0, 0.5, 1])
        ax.set_yticks([0, 0.5, 1])
        if ax.get_legend_handles_labels()[1]:  # none where no tag can be judged
            place = {"loc": "upper left", "bbox_to_anchor": (0, -0.28), "borderaxespad": 0}
            ax.legend(**place, handlelength=1.6)
    return figure


def _draw_tag_curves(ax, curves, name, aucs):
    table = curves.pivot_table(index="at", columns="tag", values=name, sort=False)
    for tag in table:
        ax.plot(table.index, table[tag], color=PALE_HUE, linewidth=0.5)
    mean = "mean of the tags" if len(aucs) > 1 else "the one tag"
    ax.plot(table.index, table.mean(axis=1), color=HUE, linewidth=1.8, label=mean)
    for which, tag, style in (("best", aucs.idxmax(), "-"), ("worst", aucs.idxmin(), "--")):
        label = f"{which}: {shorten(tag, LEGEND_WIDTH, STYLE['legend.fontsize'])}"
        ax.plot(table.index, table[tag], color=DARK, linewidth=0.9, linestyle=style, label=label)


def _draw_reliability(ax, reliability):
    ax.plot([0, 1], [0, 1], color=GREY, linewidth=0.8, linestyle=":", label="as often as scored")
    ax.plot(reliability["score"], reliability["share"], color=HUE, linewidth=0.9)
    reliability = reliability.astype({"pairs": int})  # in an empty table, columns have no type
    sizes = 4 + 40 * np.sqrt(reliability["pairs"] / reliability["pairs"].sum())
    label = f"bin; all {reliability['pairs'].sum():,} pairs\nof clip and tag"
    points = reliability["score"], reliability["share"]
    ax.scatter(*points, s=sizes, color=HUE, label=label, clip_on=False)
    ax.set_title("c   Calibration", fontweight="bold")
    ax.set(xlabel="score, mean of a bin", ylabel="share that have the tag")


@styled
def draw_confusions(confusions):
    """Draw which tags are predicted instead of one that was missed.

    Parameters
    ----------
    confusions : DataFrame of shape (n_tags, 2 + n_tags)
        From `metrics.confusions`.

    Returns
    -------
    Figure
        Behind the name of a row's tag stands how many clips missed it.
    """
    shares = confusions.iloc[:MOST_TAGS, 2 : 2 + MOST_TAGS].to_numpy(float)
    size = label_size(len(shares))
    tags = [shorten(tag, size=size) for tag in confusions["tag"][:MOST_TAGS]]
    rows = [f"{tag} ({n:,})" for tag, n in zip(tags, confusions["missed"], strict=False)]
    title = (
        "Of the clips with the row's tag that were not given it, the share that were given the "
        "column's\nwithout having it (grey: no such clip, or the tag itself)"
    )
    n_rows = max(len(shares), LEAST_ROWS)
    height = max(1.3 + (LINE * size + 0.009) * n_rows, 1.5 + LINE * size * n_rows)
    figure = new_figure(height + extra_room(tags, size), width=matrix_width(rows, tags, title))
    ax = figure.subplots()
    top = max(np.nanmax(shares, initial=0.0), 0.1)
    draw_shares(ax, shares, rows, tags, [t for t in PERCENTS if t <= top], top)
    ax.set(ylabel="missed (on so many clips)", xlabel="predicted instead, wrongly")
    ax.set_title(title)
    say_left_out(figure, len(confusions))
    return figure
