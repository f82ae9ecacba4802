"""Print what the literature reaches on each of MagnaTagATune's 50 tags, and what synonyms cost.

A score that knows nothing has a tag's prevalence as its average precision (AP). How far an AP
lies above stands beside it: (AP - prevalence) / (1 - prevalence), 0 by chance and 1 without a
mistake. Synonyms are the tags that data/synonyms.csv merges with another of the 50; the share of
one is that of the merged tag's clips. It is the AP of a score that knows the meaning without a
mistake, and nothing of which word the listeners chose. The second table says how synonyms differ
from other tags, also of the same prevalence, and which power of prevalence AP goes with: 1 within
synonyms that a network cannot tell apart, 0 where rare tags are found as well as common ones.

Reads   annotations_final.csv of MagnaTagATune, for the tags of its test part;
        benchmarks/literature_per_tag.csv, data/synonyms.csv, data/tag_kinds.csv;
        results/<run>/ of the runs named: where their tags are merged, of the merged tag
Writes  two tables on standard output: tags, those least above prevalence first; networks

Example: python benchmarks/tags_in_literature.py --annotations data/mtt/annotations_final.csv
"""

import sys
from pathlib import Path

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from autotagging import cli, options
from autotagging.clips import annotations, inventory
from autotagging.formatting import difference, list_some, measure, measure_with_interval
from autotagging.labels import splits, synonyms
from autotagging.metrics import AUCS
from autotagging.results import results_folder
from autotagging.results.tables import to_markdown
from benchmarks import literature

N_WORST, N_RESAMPLES = 10, 1000
# Kinds of tags (data/tag_kinds.csv) that the comparison is made without: no instrument of the 50 is
# a synonym, and every absence ("no vocals") is.
LEFT_OUT = {
    "at equal prevalence": (),
    "without instruments": ("instrument",),
    "without absences": ("absence",),
    "without either": ("instrument", "absence"),
}


def main(args):
    """Print both tables, and what follows from them."""
    published = literature.read_per_tag()
    labels = read_test_labels(args.annotations, published["tag"].unique())
    merged_into, kinds = synonyms.read_synonyms(cli.SYNONYMS), synonyms.read_kinds(cli.TAG_KINDS)
    tags = describe_tags(labels, merged_into, kinds)
    values = {auc: by_network(published, auc, tags.index) for auc in ("pr_auc", "roc_auc")}
    table, notes = tabulate_tags(tags, values), []
    for run in args.runs:
        table[f"{run}: AP, prevalence"], note = column_of_run(args.data, run, tags)
        notes.append(note)
    print(to_markdown(table.reset_index(), "; ".join(notes)))
    print(to_markdown(tabulate_networks(tags, values), ""))
    print("\n".join(summarise(tags, values["pr_auc"]["B"].median(axis=1))))


def read_test_labels(path, tags):
    """Read the tags of MagnaTagATune's test clips, those that can be read, with a tag or not.

    Parameters
    ----------
    path : Path
        The annotations as they are shipped.
    tags : list of str

    Returns
    -------
    DataFrame of shape (n_clips, n_tags), bool
        The test part of variant A; that of variant B has the clips that have a tag.

    Raises
    ------
    ValueError
        For other annotations.
    """
    annotated = annotations.read_annotations(path)
    files = annotated.metadata["file"]
    unusable = inventory.find_unusable(files)
    remedy = "name MagnaTagATune's annotations_final.csv as it is shipped with --annotations"
    if missing := [tag for tag in tags if tag not in annotated.tags]:
        raise ValueError(f"{path} has no tag {list_some(missing, 3)}: {remedy}")
    split = splits.by_folder(files.drop(list(unusable)))
    labels = annotated.tags.loc[split.index[split == "test"], tags]
    expected = literature.VARIANTS["A"].n_test
    if len(labels) != expected:
        raise ValueError(f"{path} has {len(labels):,} test clips, not {expected:,}: {remedy}")
    return labels


def describe_tags(labels, merged_into, kinds):
    """Return what is known of each tag without any network.

    Parameters
    ----------
    labels : DataFrame of shape (n_clips, n_tags), bool
        Of variant A's test part.
    merged_into : dict
        synonym -> tag.
    kinds : dict
        tag -> kind.

    Returns
    -------
    DataFrame
        By tag: clips; A, B (prevalence in the test part of either variant); group (what it is
        merged into), is_synonym (of another of the tags), share (of the group's clips), kind.
    """
    tagged = labels[labels.any(axis=1)]
    tags = pd.DataFrame({"clips": labels.sum(), "A": labels.mean(), "B": tagged.mean()})
    tags["group"] = [merged_into.get(tag, tag) for tag in tags.index]
    tags["is_synonym"] = tags["group"].duplicated(keep=False)
    merged = synonyms.merge_synonyms(labels, merged_into).sum()
    tags["share"] = tags["clips"] / merged[tags["group"]].to_numpy()
    tags["kind"] = [kinds.get(tag, "") for tag in tags.index]
    return tags.rename_axis("tag")


def by_network(published, auc, tags):
    """Return what is published: a DataFrame with a row a tag, a column a variant and network."""
    values = published.pivot(index="tag", columns=["variant", "network"], values=auc)
    return values.loc[tags].dropna(axis=1)


def above(values, prevalence):
    """Return how far average precisions lie above prevalence: 0 by chance, 1 without a mistake."""
    return (values - prevalence) / (1 - prevalence)


def tabulate_tags(tags, values):
    """Return the table of tags as it is printed, those least above prevalence in B first.

    Parameters
    ----------
    tags : DataFrame
        From `describe_tags`.
    values : dict
        pr_auc and roc_auc -> DataFrame from `by_network`.
    """
    table = pd.DataFrame(index=tags.index)
    table["merged into"] = tags["group"].where(tags["is_synonym"], "")
    table["share"] = tags["share"].map(measure)
    table["test clips"] = tags["clips"].astype(str)
    for variant in ("B", "A"):
        of_networks = values["pr_auc"][variant]
        columns = of_networks.median(axis=1), of_networks.min(axis=1), of_networks.max(axis=1)
        table[f"{variant}: prevalence"] = tags[variant].map(measure)
        table[f"{variant}: AP of {of_networks.shape[1]} networks"] = [
            measure_with_interval(*row) for row in zip(*columns, strict=True)
        ]
        table[f"{variant}: above prevalence"] = above(columns[0], tags[variant]).map(measure)
    table["A: ROC-AUC"] = values["roc_auc"]["A"].median(axis=1).map(measure)
    order = above(values["pr_auc"]["B"].median(axis=1), tags["B"])
    return table.loc[order.sort_values(kind="stable").index]


def column_of_run(data, run, tags):
    """Return the AP of a run's tags, each with its prevalence there, and what the run is of.

    Parameters
    ----------
    data : Path
    run : str
    tags : DataFrame
        From `describe_tags`.

    Returns
    -------
    column : Series of str
        By tag.
    note : str

    Raises
    ------
    ValueError
        Where it has none of the tags.
    """
    summary, is_merged, variant = literature.read_run(data, run)
    per_tag = results_folder.read_per_tag(results_folder.folder_of(data, run), summary["tags"])
    names = tags["group"].where(is_merged & tags["group"].isin(per_tag.index), tags.index)
    names = names[names.isin(per_tag.index)]
    if names.empty:
        raise ValueError(f"results/{run} has none of MagnaTagATune's 50 tags: name another run")
    found = per_tag.loc[names, ["pr_auc", "prevalence"]].map(measure)
    column = pd.Series("-", tags.index)
    column[names.index] = (found["pr_auc"] + ", " + found["prevalence"]).to_numpy()
    return column, f"{run}: variant {variant}; {len(names)} of the 50 tags"


def tabulate_networks(tags, values):
    """Return the table of networks as it is printed: their synonyms beside the other tags.

    Parameters
    ----------
    tags, values
        As of `tabulate_tags`.
    """
    rows = []
    for auc, measured in values.items():
        for variant in measured.columns.unique("variant"):
            networks = measured[variant]
            networks = networks.assign(
                **{f"median of {networks.shape[1]}": networks.median(axis=1)}
            )
            for network, column in networks.items():
                row = {"variant": variant, "network": network, "measure": AUCS[auc]}
                row |= compare_synonyms(column, tags, tags[variant])
                row |= (
                    compare_with_prevalence(column, tags, tags[variant]) if auc == "pr_auc" else {}
                )
                rows.append(row)
    return pd.DataFrame(rows).fillna("-")


def compare_synonyms(values, tags, prevalence):
    """Return the means over synonyms and other tags, and their differences: a dict of str.

    Parameters
    ----------
    values, prevalence : Series by tag
        Of one network; in its variant.
    tags : DataFrame
        From `describe_tags`.
    """
    means = values.groupby(tags["is_synonym"]).mean()
    columns = {"synonyms": measure(means[True]), "other tags": measure(means[False])}
    for name, kinds in LEFT_OUT.items():
        kept = ~tags["kind"].isin(kinds)
        columns[name] = difference(*adjusted_difference(values[kept], tags[kept], prevalence[kept]))
    return columns


def compare_with_prevalence(values, tags, prevalence):
    """Return how many of the worst tags are synonyms, and how AP goes with prevalence: of str.

    Parameters
    ----------
    values, prevalence, tags
        As of `compare_synonyms`; average precisions.
    """
    is_synonym, scaled = tags["is_synonym"], above(values, prevalence)
    groups = tags["group"].where(is_synonym, "")
    powers = [
        power_of_prevalence(values[kept], prevalence[kept], groups[kept])
        for kept in (is_synonym, ~is_synonym)
    ]
    return {
        f"of the {N_WORST} lowest": count_synonyms(values, is_synonym),
        f"of the {N_WORST} least above prevalence": count_synonyms(scaled, is_synonym),
        "power, within synonyms": f"{powers[0]:.2f}",
        "power, other tags": f"{powers[1]:.2f}",
    }


def count_synonyms(values, is_synonym):
    """Return how many of the lowest values are of synonyms, as text."""
    return str(is_synonym[values.nsmallest(N_WORST).index].sum())


def power_of_prevalence(values, prevalence, groups):
    """Return which power of prevalence the values go with, within groups: a float.

    Parameters
    ----------
    values, prevalence, groups : Series by tag
    """
    logs = np.log(pd.DataFrame({"value": values, "prevalence": prevalence}))
    logs -= logs.groupby(groups).transform("mean")
    return (logs["value"] * logs["prevalence"]).sum() / (logs["prevalence"] ** 2).sum()


def adjusted_difference(values, tags, prevalence):
    """Return by how much synonyms differ from other tags of the same prevalence.

    By least squares on the logarithm of prevalence. What is resampled are groups of synonyms, and
    apart from them the other tags.

    Parameters
    ----------
    values, prevalence : Series by tag
    tags : DataFrame
        From `describe_tags`, of the same tags.

    Returns
    -------
    value, low, high : float
        The difference and its 95 % interval.
    """
    design = np.column_stack([np.ones(len(tags)), np.log(prevalence), tags["is_synonym"]])
    values = values.to_numpy()

    def solve(rows):
        return np.linalg.lstsq(design[rows], values[rows])[0][2]

    groups = tags.groupby(["is_synonym", "group"]).indices
    strata = [[rows for key, rows in groups.items() if key[0] == kind] for kind in (False, True)]
    rng = np.random.default_rng(0)
    resampled = []
    for _ in range(N_RESAMPLES):
        drawn = [stratum[k] for stratum in strata for k in rng.choice(len(stratum), len(stratum))]
        resampled.append(solve(np.concatenate(drawn)))
    return solve(slice(None)), *np.quantile(resampled, [0.025, 0.975])


def summarise(tags, average_precision):
    """Return what follows, a sentence each: list of str.

    Parameters
    ----------
    tags : DataFrame
        From `describe_tags`.
    average_precision : Series by tag
        In variant B, the median of the networks.
    """
    of_synonyms = tags[tags["is_synonym"]]
    reached = (average_precision / tags["share"])[of_synonyms.index].sort_values()
    n_by_chance = N_WORST * len(of_synonyms) / len(tags)
    listed = ", ".join(f"{tag} {measure(value)}" for tag, value in reached.items())
    return [
        f"{len(of_synonyms)} of the {len(tags)} tags are synonyms, in "
        f"{of_synonyms['group'].nunique()} groups: {n_by_chance:g} of {N_WORST} by chance",
        f"a score that knows every meaning, and no word, has mean AP "
        f"{measure(of_synonyms['share'].mean())} over the synonyms and macro PR-AUC "
        f"{measure(tags['share'].mean())}",
        f"of that AP the networks of B (their median) reach: {listed}",
    ]


def parse_args():
    """Return the arguments of the command line."""
    parser = cli.parser(__doc__)
    default = cli.REPOSITORY / "data" / "mtt" / annotations.TABLE
    text = f"MagnaTagATune's, as shipped (default: data/mtt/{annotations.TABLE})"
    options.add(parser, "--annotations", options.file, default=str(default), help=text)
    literature.add_runs(parser)
    return parser.parse_args()


if __name__ == "__main__":
    cli.run(main, parse_args)
