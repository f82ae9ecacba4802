"""Finished results side by side: one table a label set, and differences to one of them.

comparison-<label set>.csv   in ``results/``: a row per run, then a row for runs that differ by
                             their seed alone; .md and .tex the same, for papers
"""

import numpy as np
import pandas as pd

from autotagging.formatting import count, difference, list_some, measure
from autotagging.metrics import AUCS
from autotagging.results import evaluation
from autotagging.results.tables import tabulate_row, write_auc

GROUPS = {"heard": evaluation.HEARD, "unheard": evaluation.UNHEARD}
MEASURES = [f"{auc}{suffix}" for auc in AUCS for suffix in ("", "_heard", "_unheard")]
MEASURES += [*(f"micro_{auc}" for auc in AUCS), "f1_at_thresholds"]


def side_by_side(summaries):
    """Return finished results as one table.

    Parameters
    ----------
    summaries : dict
        Name of the results -> summary; of one label set.

    Returns
    -------
    DataFrame
        results, architecture, features, seeds, resampled (artists, ...), tag_set (from 1: rows of
        one number are averages over the same tags, those over the most come first), and the
        columns of `tables.tabulate_row` for the test clips; macro averages of artists heard and
        not heard. Runs that differ by their seed alone have one more row: mean, and standard
        deviation in _sd.
    """
    tag_sets = _list_tag_sets(summaries)
    rows = [
        _row(name, summary) | {"tag_set": tag_sets.index(_averaged_tags(summary)) + 1}
        for name, summary in summaries.items()
    ]
    table = pd.DataFrame([*rows, *_means_over_seeds(rows, summaries)])
    return table.sort_values("tag_set", kind="stable", ignore_index=True)


def describe_tag_sets(summaries):
    """Return which results are averages over other tags, and of which; "" where all are alike."""
    tag_sets = _list_tag_sets(summaries)
    if len(tag_sets) == 1:
        return ""
    by_size = sorted(summaries.values(), key=lambda summary: -len(summary["tags"]))
    every_tag = dict.fromkeys(tag for summary in by_size for tag in summary["tags"])
    described = []
    for number, tag_set in enumerate(tag_sets, start=1):
        lacking = [tag for tag in every_tag if tag not in tag_set]
        without = f", without {list_some(lacking)}" if lacking else ""
        described.append(f"tag set {number}: {count(len(tag_set), 'tag')}{without}")
    return (
        "Averages over different tag sets cannot be compared; differences to a --reference are of "
        f"the tags in common ({'; '.join(described)})."
    )


def _list_tag_sets(summaries):
    """Return the different sets of tags that results are averages over, the largest first."""
    tag_sets = dict.fromkeys(map(_averaged_tags, summaries.values()))
    return sorted(tag_sets, key=len, reverse=True)


def _averaged_tags(summary):
    """Return the tags that the averages over the test clips are of: frozenset."""
    return frozenset(summary["tags"]).difference(summary["rows"][evaluation.TEST]["tags_left_out"])


def _row(name, summary):
    settings = summary["model"]["settings"] if summary["model"] else {}
    seeds = settings.get("seed", "")
    row = {
        "results": name,
        "architecture": settings.get("architecture", "external scores"),
        "features": settings.get("features", ""),
        "seeds": ", ".join(map(str, seeds)) if isinstance(seeds, list) else str(seeds),
        "resampled": summary["settings"]["resample"],
        **tabulate_row(summary["rows"][evaluation.TEST]),
    }
    for short, group in GROUPS.items():
        for auc in AUCS:
            row[f"{auc}_{short}"] = summary["rows"][group]["macro"][auc]["value"]
    return row


def _means_over_seeds(rows, summaries):
    """Return a row for each family of runs that have a seed each and else the same settings."""
    families = {}
    for row in rows:
        model = summaries[row["results"]]["model"]
        if model and isinstance(model["settings"].get("seed"), int):  # neither a mean nor published
            same = {key: row[key] for key in ("resampled", "tag_set")}
            shared = {**model["settings"], "seed": None, **same}
            by_seed = families.setdefault(repr(sorted(shared.items())), {})
            by_seed.setdefault(row["seeds"], row)  # a network evaluated twice counts once
    means = []
    for family in [list(by_seed.values()) for by_seed in families.values() if len(by_seed) > 1]:
        shared = ("architecture", "features", "resampled", "n", "tags", "tag_set")
        mean = {key: family[0][key] for key in shared}
        mean["results"] = f"mean of {len(family)}: " + ", ".join(row["results"] for row in family)
        mean["seeds"] = ", ".join(row["seeds"] for row in family)
        for name in MEASURES:
            values = np.array([row[name] for row in family], dtype=float)
            if np.isfinite(values).all():
                mean[name], mean[f"{name}_sd"] = values.mean(), values.std(ddof=1)
        means.append(mean)
    return means


def add_differences(table, scored, reference, resampling):
    """Return a table of `side_by_side` with the difference of each row to a reference.

    Parameters
    ----------
    table : DataFrame
    scored : dict
        Name of the results -> ScoredClips.
    reference : str
        One of them.
    resampling : Resampling

    Returns
    -------
    DataFrame
        With, for both AUCs, _difference, its _low and _high, and _probability_better, as of
        `evaluation.paired_difference`; clips_compared and tags_compared: where one of both is 0
        there is no difference.
    """
    theirs = scored[reference].y_score.loc[scored[reference].test_ids]
    rows = []
    for name in table["results"]:
        row = {"results": name}
        if name in scored and name != reference:
            row["clips_compared"] = scored[name].test_ids.isin(theirs.index).sum()
            row["tags_compared"] = scored[name].tags.isin(theirs.columns).sum()
        if row.get("clips_compared") and row.get("tags_compared"):
            compared = evaluation.paired_difference(scored[name], theirs, resampling)
            row["tags_compared"] = compared["tags"]  # some may be on no clip
            for auc in AUCS:
                row[f"{auc}_difference"] = compared[auc]["value"]
                row[f"{auc}_difference_low"] = compared[auc]["low"]
                row[f"{auc}_difference_high"] = compared[auc]["high"]
                row[f"{auc}_probability_better"] = compared[auc]["probability_better"]
        rows.append(row)
    return table.merge(pd.DataFrame(rows), on="results")


def for_papers(table, reference=None):
    """Return a table of `side_by_side` as it stands in a paper: a DataFrame of str.

    Macro averages have three decimals and their interval, or their deviation over seeds.
    """
    columns = {
        "network": table["results"],
        "n": [f"{n:,}" for n in table["n"]],
        "tags": [f"{n:,}" for n in table["tags"]],
    }
    if table["tag_set"].nunique() > 1:
        columns["tag set"] = table["tag_set"].astype(str)
    columns["resampled"] = table["resampled"]
    for auc, name in AUCS.items():
        columns[f"{name} (95 % interval)"] = _write_auc(table, auc)
        for short in GROUPS:
            columns[f"{name}, {short}"] = table[f"{auc}_{short}"].map(measure)
    for auc, name in AUCS.items():
        columns[f"micro {name}"] = table[f"micro_{auc}"].map(measure)
    if reference:
        for auc, name in AUCS.items():
            names = [f"{auc}_difference", f"{auc}_difference_low", f"{auc}_difference_high"]
            rows = table.reindex(columns=names).itertuples(index=False)
            columns[f"{name} against {reference}"] = [difference(*row) for row in rows]
        for unit in ("clips", "tags"):
            columns[f"{unit} compared"] = table[f"{unit}_compared"].map(_write_count)
    return pd.DataFrame(columns)


def _write_count(number):
    return "-" if pd.isna(number) else f"{number:,.0f}"


def _write_auc(table, auc):
    deviations = table.reindex(columns=[f"{auc}_sd"]).iloc[:, 0]
    return [
        text if pd.isna(deviation) else f"{text} ± {measure(deviation)}"
        for text, deviation in zip(write_auc(table, auc), deviations, strict=True)
    ]
