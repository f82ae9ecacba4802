"""The averages of an evaluation as tables of text: on the terminal, in the report, for papers."""

import html

import pandas as pd

from autotagging.formatting import count, list_left_out, list_some, measure, measure_with_interval
from autotagging.metrics import AUCS
from autotagging.results import evaluation


def describe(name, summary):
    """Return the averages of one evaluation as they are printed, and what they leave out.

    Parameters
    ----------
    name : str
        Of the results.
    summary : dict
        Of ``results/<name>/summary.json``.

    Returns
    -------
    str
        Of several lines.
    """
    settings, test = summary["settings"], summary["rows"][evaluation.TEST]
    nothing, prevalence = (summary["baselines"][key]["macro"] for key in ("nothing", "prevalence"))
    micro = summary["baselines"]["prevalence"]["micro"]["roc_auc"]
    lines = [
        f"{name}: {summary['dataset']}, label set {settings['labels']}, {test['clips']:,} test "
        f"clips, {test['tags']} of {len(summary['tags'])} tags averaged (a resample has "
        f"{test['tags_in_a_resample']:.1f} on average); 95 % intervals from "
        f"{settings['n_resamples']:,} resamples of {test['groups']:,} {settings['resample']}",
        for_papers(tabulate_rows(summary), settings["resample"]).to_string(index=False),
        tabulate_decisions(test).to_string(index=False),
        f"trivial baselines: accuracy of predicting no tag {measure(nothing['accuracy'])}; each "
        f"tag's share of the training clips as its score: macro PR-AUC "
        f"{measure(prevalence['pr_auc'])}, micro ROC-AUC {measure(micro)}",
    ]
    on_every_clip = test.get("tags_on_every_clip", [])  # not said by earlier versions
    if left_out := list_left_out("test", test["tags_left_out"], on_every_clip):
        lines.append(left_out)
    if n_clips := summary["clips_without_scores"]:
        lines.append(f"clips without scores: {n_clips:,}, see left_out.csv")
    lines += describe_network(summary)
    return "\n".join(lines)


def describe_network(summary):
    """Return what is to be known of a network and of the tags and clips it is judged by.

    Parameters
    ----------
    summary : dict
        Of results.

    Returns
    -------
    list of str
        Sentences, without full stops.
    """
    sentences, model, common = [], summary.get("model") or {}, summary.get("tags_in_common")
    if common:
        n_common = count(common["in_common"], "tag")
        parts = [f"the network was trained elsewhere: {n_common} in common"]
        for words, key in (
            ("it lacks", "network_lacks"),
            ("the label set lacks", "label_set_lacks"),
        ):
            if common[key]:
                parts.append(f"{words} {len(common[key])} ({list_some(common[key], None)})")
        sentences += ["; ".join(parts), f"thresholds: {summary['thresholds']}"]
    if merged := common and common["merged_by_maximum"]:
        groups = [f"{tag} ({list_some(members, None)})" for tag, members in merged.items()]
        sentences.append(f"tags by other names, several merged by maximum: {', '.join(groups)}")
    if n_clips := model.get("trained_on_test_clips"):
        sentences.append(f"the network was trained on {n_clips:,} of these test clips")
    if common and model.get("trained_on_test_clips") is None:
        sentences.append("on which of these clips the network was trained is not known")
    if n_clips := summary["clips_without_artist"]:
        unheard = "" if common else ", not heard in training"
        without = f"{count(n_clips, 'test clip')} without an artist"
        sentences.append(f"{without}: each is taken for one by an artist of its own{unheard}")
    return sentences


def tabulate_rows(summary):
    """Return the averages of one evaluation: a DataFrame with a row per group of clips.

    Parameters
    ----------
    summary : dict

    Returns
    -------
    DataFrame
        clips (the group's name) and the columns of `tabulate_row`.
    """
    rows = [(name, row) for name, row in summary["rows"].items() if row["clips"]]
    return pd.DataFrame([{"clips": name, **tabulate_row(row)} for name, row in rows])


def tabulate_row(row):
    """Return the averages of one group of clips as a flat dict.

    Parameters
    ----------
    row : dict
        From `evaluation.average`.

    Returns
    -------
    dict
        n, groups, tags; macro roc_auc and pr_auc with their _low and _high; micro_roc_auc,
        micro_pr_auc; macro f1 at the thresholds.
    """
    macro = {
        f"{auc}{suffix}": row["macro"][auc][part]
        for auc in AUCS
        for part, suffix in (("value", ""), ("low", "_low"), ("high", "_high"))
    }
    micro = {f"micro_{auc}": row["micro"][auc] for auc in AUCS}
    counts = {"n": row["clips"], "groups": row["groups"], "tags": row["tags"]}
    return {**counts, **macro, **micro, "f1_at_thresholds": row["at_thresholds"]["macro"]["f1"]}


def for_papers(table, unit):
    """Return a table of `tabulate_rows` as it stands in a paper: a DataFrame of str.

    Parameters
    ----------
    table : DataFrame
    unit : str
        What is resampled for the intervals, such as artists.
    """
    return pd.DataFrame(
        {
            "clips": table["clips"],
            "n": [f"{n:,}" for n in table["n"]],
            "tags": [f"{n:,}" for n in table["tags"]],
            unit: [f"{n:,}" for n in table["groups"]],
            **{f"{name} (95 % interval)": write_auc(table, auc) for auc, name in AUCS.items()},
            **{f"micro {name}": table[f"micro_{auc}"].map(measure) for auc, name in AUCS.items()},
        }
    )


def write_auc(table, auc):
    """Return a column of macro averages with their intervals: list of str."""
    columns = table[[auc, f"{auc}_low", f"{auc}_high"]]
    return [measure_with_interval(*row) for row in columns.itertuples(index=False)]


def tabulate_decisions(row):
    """Return macro accuracy, recall, precision and F1 of some clips: a DataFrame of text.

    Parameters
    ----------
    row : dict
        From `evaluation.average`.
    """
    names = {"at_half": "0.5", "at_thresholds": "thresholds of the tags"}
    return pd.DataFrame(
        [
            {"macro averages at": name, **{k: measure(v) for k, v in row[at]["macro"].items()}}
            for at, name in names.items()
        ]
    )


def to_markdown(table, caption):
    """Return a table of text in Markdown, in which no cell is markup."""
    rows = [table.columns, ["---"] * table.shape[1], *table.to_numpy()]
    lines = ["| " + " | ".join(map(_escape_markdown, row)) + " |" for row in rows]
    return "\n".join([*lines, "", _escape_markdown(caption), ""])


def _escape_markdown(text):
    return html.escape(text, quote=False).replace("|", "\\|")


def to_latex(table, caption):
    """Return a table of text in LaTeX (booktabs), below a comment that says what it shows."""
    comment = "".join(f"% {line}\n" for line in caption.splitlines())
    return comment + table.to_latex(index=False, escape=True)
