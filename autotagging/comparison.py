"""Finished results side by side, as one table: in print, as CSV, for papers.

comparison.csv   in ``results/``: a row a run, then a row for runs that differ by their seed alone
"""

import html

import numpy as np
import pandas as pd

from autotagging import evaluation
from autotagging.files import write_if_other
from autotagging.metrics import AREAS


def in_words(name, summary):
    """Return the averages of one run as they are printed, with what they mean and leave out.

    Parameters
    ----------
    name : str
        Of the results.
    summary : dict
        From `results.read_summary`.

    Returns
    -------
    str
        Of several lines.
    """
    interval, test = summary["interval"], summary["rows"][evaluation.TEST]
    nothing, prevalence = (summary["baselines"][key]["macro"] for key in ("nothing", "prevalence"))
    micro = summary["baselines"]["prevalence"]["micro"]["roc_auc"]
    lines = [
        f"{name}: {summary['dataset']}, label set {summary['label_set']}, {test['clips']:,} test "
        f"clips, {test['tags']} of {len(summary['tags'])} tags averaged (the mean draw has "
        f"{test['tags_in_a_draw']:.1f}); 95 % intervals from {interval['draws']:,} draws of "
        f"{test['groups']:,} {interval['unit']}",
        for_papers(tabulate_rows(summary), interval["unit"]).to_string(index=False),
        tabulate_decisions(test).to_string(index=False),
        f"without listening: accuracy of predicting no tag {shown_number(nothing['accuracy'])}; "
        f"each tag's share of the training clips as its score: macro PR-AUC "
        f"{shown_number(prevalence['pr_auc'])}, micro ROC-AUC {shown_number(micro)}",
    ]
    if tags := test["tags_left_out"]:
        lines.append(f"left out, on no test clip or on all: {len(tags)} tags: {', '.join(tags)}")
    if n_clips := summary["clips_without_artist"]:
        lines.append(f"{n_clips:,} test clips name no artist: each is taken for its own, not heard")
    if compared := summary["compared"]:
        lines.append(
            f"against {compared['with']}, the same {compared['clips']:,} clips and "
            f"{compared['tags']} tags; left out, as one of them has no scores: "
            f"{compared['clips_left_out']:,} clips, {compared['tags_left_out']} tags"
        )
        lines.append(describe_difference(compared).to_string(index=False))
    return "\n".join(lines)


def tabulate_rows(summary):
    """Return the averages of one run: a DataFrame with a row a group of clips.

    Parameters
    ----------
    summary : dict
        From `results.read_summary`.

    Returns
    -------
    DataFrame
        clips (the group's name), n, groups, tags; macro roc_auc and pr_auc with their _low and
        _high; micro_roc_auc, micro_pr_auc; macro f1 at the thresholds.
    """
    return pd.DataFrame([_row(name, row) for name, row in summary["rows"].items() if row["clips"]])


def _row(name, row):
    areas = {
        f"{area}{suffix}": row["macro"][area][part]
        for area in AREAS
        for part, suffix in (("value", ""), ("low", "_low"), ("high", "_high"))
    }
    micro = {f"micro_{area}": row["micro"][area] for area in AREAS}
    counts = {"clips": name, "n": row["clips"], "groups": row["groups"], "tags": row["tags"]}
    f1 = row["at_thresholds"]["macro"]["f1"]
    return {**counts, **areas, **micro, "f1_at_thresholds": f1}


def side_by_side(summaries):
    """Return all results of a dataset as one table.

    Parameters
    ----------
    summaries : dict
        Name of the results -> summary.

    Returns
    -------
    DataFrame
        results, label_set, architecture, features, seeds, n, tags; macro averages over the test
        clips with their intervals, and over those of artists heard and not heard. Runs that
        differ by their seed alone have one more row: mean, and deviation in _sd.
    """
    rows = [_compared(name, summary) for name, summary in summaries.items()]
    return pd.DataFrame([*rows, *_means_over_seeds(rows, summaries)])


def _compared(name, summary):
    run = summary["model"]
    settings = run["settings"] if run else {}
    seeds = settings.get("seed", "")
    row = {
        "results": name,
        "label_set": summary["label_set"],
        "architecture": settings.get("architecture", "scores of a file"),
        "features": settings.get("features", ""),
        "seeds": ", ".join(map(str, seeds)) if isinstance(seeds, list) else str(seeds),
    }
    test = _row(evaluation.TEST, summary["rows"][evaluation.TEST])
    del test["clips"]
    groups = {"heard": evaluation.HEARD, "unheard": evaluation.UNHEARD}
    for short, group in groups.items():
        for area in AREAS:
            test[f"{area}_{short}"] = summary["rows"][group]["macro"][area]["value"]
    return {**row, **test}


def _means_over_seeds(rows, summaries):
    """Return a row for each family of runs that have a seed each and else the same settings."""
    families = {}
    for row in rows:
        run = summaries[row["results"]]["model"]
        if run and not isinstance(run["settings"]["seed"], list):
            others = {k: v for k, v in run["settings"].items() if k != "seed"}
            families.setdefault(repr(sorted(others.items())), []).append(row)
    means = []
    for family in families.values():
        if len({row["seeds"] for row in family}) == 1:
            continue
        mean = {key: family[0][key] for key in ("label_set", "architecture", "features", "n")}
        mean["results"] = f"mean of {len(family)}: " + ", ".join(row["results"] for row in family)
        mean["seeds"] = ", ".join(row["seeds"] for row in family)
        mean["tags"] = family[0]["tags"]
        for measure in _measures():
            values = np.array([row[measure] for row in family], dtype=float)
            if np.isfinite(values).all():
                mean[measure], mean[f"{measure}_sd"] = values.mean(), values.std(ddof=1)
        means.append(mean)
    return means


def _measures():
    groups = ("", "_heard", "_unheard")
    return [f"{area}{group}" for area in AREAS for group in groups] + [
        "micro_roc_auc",
        "micro_pr_auc",
        "f1_at_thresholds",
    ]


def for_papers(table, drawn):
    """Return a table of `tabulate_rows` or `side_by_side` as it stands in a paper.

    Parameters
    ----------
    table : DataFrame
    drawn : str
        What is drawn for the intervals, such as artists.

    Returns
    -------
    DataFrame of str
        Macro averages with three decimals and their interval, or their deviation over seeds.
    """
    shown = pd.DataFrame(index=table.index)
    if "results" in table:
        shown["network"] = table["results"]
        shown["label set"] = table["label_set"]
    else:
        shown["clips"] = table["clips"]
    shown["n"] = [f"{n:,}" for n in table["n"]]
    shown["tags"] = [f"{n:,}" for n in table["tags"]]
    if "groups" in table:
        shown[drawn] = ["" if pd.isna(n) else f"{n:,.0f}" for n in table["groups"]]
    for area, name in AREAS.items():
        shown[f"{name} (95 % interval)"] = [_shown(row, area) for _, row in table.iterrows()]
        if "results" in table:
            for group in ("heard", "unheard"):
                values = table[f"{area}_{group}"]
                shown[f"{name}, {group}"] = [shown_number(value) for value in values]
    for area, name in AREAS.items():
        shown[f"micro {name}"] = [shown_number(value) for value in table[f"micro_{area}"]]
    return shown


def _shown(row, area):
    if pd.notna(row.get(f"{area}_sd")):
        return f"{shown_number(row[area])} ± {shown_number(row[f'{area}_sd'])}"
    if pd.isna(row[f"{area}_low"]):
        return shown_number(row[area])
    value, low, high = (shown_number(row[f"{area}{suffix}"]) for suffix in ("", "_low", "_high"))
    return f"{value} ({low} to {high})"


def shown_number(value):
    """Return a measure with three decimals and, as papers do, without the 0 before the point."""
    return "-" if pd.isna(value) else f"{value:.3f}".removeprefix("0")


def tabulate_decisions(row):
    """Return macro accuracy, recall, precision and F1 of some clips: a DataFrame of text.

    Parameters
    ----------
    row : dict
        From `evaluation.measure`.
    """
    names = {"at_half": "0.5", "at_thresholds": "thresholds of the tags"}
    return pd.DataFrame(
        [
            {"macro averages at": name, **{k: shown_number(v) for k, v in row[at]["macro"].items()}}
            for at, name in names.items()
        ]
    )


def describe_difference(compared):
    """Return what a paired difference says: a DataFrame of text with a row a measure.

    Parameters
    ----------
    compared : dict
        From `evaluation.paired_difference`.
    """
    return pd.DataFrame(
        [
            {
                "macro": name,
                "this": shown_number(compared[area]["ours"]),
                "other": shown_number(compared[area]["theirs"]),
                "difference (95 % interval)": _shown_difference(compared[area]),
                "better in": _shown_probability(compared[area]["probability_better"]),
            }
            for area, name in AREAS.items()
        ]
    )


def _shown_difference(row):
    if row["value"] is None:
        return "-"
    interval = "" if row["low"] is None else f" ({row['low']:+.4f} to {row['high']:+.4f})"
    return f"{row['value']:+.4f}{interval}"


def _shown_probability(share):
    return "-" if share is None else f"{share * 100:.1f} % of the draws"


def to_markdown(shown, caption):
    """Return a table of text in Markdown, in which no cell is markup."""
    rows = [shown.columns, ["---"] * shown.shape[1], *shown.to_numpy()]
    lines = ["| " + " | ".join(map(_escape_markdown, row)) + " |" for row in rows]
    return "\n".join([*lines, "", _escape_markdown(caption), ""])


def _escape_markdown(text):
    return html.escape(text, quote=False).replace("|", "\\|")


def to_latex(shown, caption):
    """Return a table of text in LaTeX (booktabs), special characters escaped."""
    text = shown.rename(columns=_escape_latex).to_latex(
        index=False,
        escape=False,
        caption=_escape_latex(caption),
        formatters=[_escape_latex] * shown.shape[1],
    )
    return text.replace("\\begin{table}\n", "\\begin{table}\n\\centering\n")


def _escape_latex(text):
    special = {c: rf"\{c}" for c in "&%$#_{}"} | {"\\": r"\textbackslash{}"}
    special |= {"~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "±": r"$\pm$"}
    return text.translate(str.maketrans(special))


def write_tables(path, shown, caption):
    """Write a table as ``path.md`` and ``path.tex``; return those that were not there."""
    paths = [path.with_name(f"{path.name}.{ending}") for ending in ("md", "tex")]
    converters = dict(zip(paths, (to_markdown, to_latex), strict=True))
    return [p for p, convert in converters.items() if write_if_other(p, convert(shown, caption))]


def write(path, table):
    """Write ``comparison.csv``; return whether it changed."""
    return write_if_other(path, table.round(6).to_csv(index=False, lineterminator="\n"))
