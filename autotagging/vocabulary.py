"""Which tags a label set has: synonyms merged, tags counted, the frequent ones or a list kept.

Reads the tables that a researcher edits, ``data/synonyms.csv`` and ``data/tag_kinds.csv``, and
lists of tags. Merging by maximum and keeping the 50 most frequent tags follow the paper.
"""

import csv
import difflib

import pandas as pd

from autotagging.formatting import list_some

TOP = 50  # tags kept, as in the paper


def read_synonyms(path):
    """Read the synonym groups.

    Parameters
    ----------
    path : Path
        CSV with the columns tag (the name kept) and synonym, a row a synonym.

    Returns
    -------
    dict
        synonym -> the tag it is merged into.

    Raises
    ------
    ValueError
        For a tag in two groups, by name.
    """
    table = _read_columns(path, ["tag", "synonym"])
    synonyms = {}
    for tag, synonym in zip(table["tag"], table["synonym"], strict=True):
        if synonym in synonyms:
            raise ValueError(f"{path}: {synonym!r} is in {synonyms[synonym]!r} and in {tag!r}")
        synonyms[synonym] = tag
    for tag in synonyms.values():
        if tag in synonyms:
            raise ValueError(f"{path}: {tag!r} is merged into {synonyms[tag]!r} and a group itself")
    return synonyms


def _read_columns(path, columns):
    try:
        table = pd.read_csv(path, dtype=str, keep_default_na=False)
    except (UnicodeDecodeError, pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        raise ValueError(f"{path}: {str(error).strip()}") from None
    if list(table.columns) != columns:
        raise ValueError(
            f"{path} must have the columns {', '.join(columns)}; it has {list_some(table)}"
        )
    table = table.apply(lambda column: column.str.strip())
    if (table == "").any(axis=None):
        row = int((table == "").any(axis=1).to_numpy().argmax())
        raise ValueError(f"{path}, row {row + 2}: a value is missing")
    return table


def _groups(synonyms):
    groups = {}
    for synonym, tag in synonyms.items():
        groups.setdefault(tag, [tag]).append(synonym)
    return groups


def read_kinds(path):
    """Read the kind of each tag: a dict from ``data/tag_kinds.csv`` (tag, kind)."""
    table = _read_columns(path, ["tag", "kind"])
    return dict(zip(table["tag"], table["kind"], strict=True))


def read_applying(path, tags, known):
    """Read the synonyms whose groups merge something in these annotations.

    Parameters
    ----------
    path : Path
        As of `read_synonyms`.
    tags : collection of str
        As annotated. A group of which they have one member alone merges nothing, and leaves
        that tag its name.
    known : collection of str
        Further tags that are no slip of the pen.

    Returns
    -------
    dict
        synonym -> tag.

    Raises
    ------
    ValueError
        For a tag that is neither annotated nor known besides: a slip of the pen, most likely.
    """
    synonyms = read_synonyms(path)
    for tag in [*synonyms.values(), *synonyms]:
        if tag not in tags and tag not in known:
            raise ValueError(
                f"{path}: {tag!r} is a tag neither of the annotations nor of data/tag_kinds.csv"
                + _meant(tag, [*tags, *known])
            )
    return merging(synonyms, tags)


def merging(synonyms, tags):
    """Return the synonyms of the groups of which there are two tags at least: a dict."""
    groups = _groups(synonyms)
    merged = {tag for tag, members in groups.items() if len(set(members) & set(tags)) > 1}
    return {synonym: tag for synonym, tag in synonyms.items() if tag in merged}


def _meant(tag, tags):
    close = difflib.get_close_matches(tag, list(tags), n=1)
    return f"; is {close[0]!r} meant?" if close else ""


def merge_synonyms(annotations, synonyms):
    """Merge tags of one meaning by maximum: a clip has the tag if it has one of the group.

    Parameters
    ----------
    annotations : DataFrame of shape (n_clips, n_tags), bool
        Or scores.
    synonyms : dict
        synonym -> tag; those that no column is named after are passed over.

    Returns
    -------
    DataFrame of shape (n_clips, n_merged_tags)
        Tags in alphabetical order.
    """
    groups = {}
    for column in annotations.columns:
        groups.setdefault(synonyms.get(column, column), []).append(column)
    return pd.DataFrame(
        {tag: annotations[groups[tag]].to_numpy().max(axis=1) for tag in sorted(groups)},
        index=annotations.index,
    )


def count_tags(annotations):
    """Return how many clips have each tag, most frequent first, ties in alphabetical order.

    Parameters
    ----------
    annotations : DataFrame of shape (n_clips, n_tags), bool

    Returns
    -------
    Series of shape (n_tags,), int
        Indexed by tag.
    """
    counts = annotations.sum().astype(int)
    return counts.sort_index().sort_values(ascending=False, kind="stable")


def most_frequent(annotations, top):
    """Return the most frequent tags, as `count_tags` orders them, without those of no clip."""
    counts = count_tags(annotations)
    return counts[counts > 0].index[:top].tolist()


def choose_tags(merged, split, settings, synonyms=()):
    """Return the tags that a label set keeps: those of a list, or the most frequent.

    Parameters
    ----------
    merged : DataFrame of shape (n_clips, n_merged_tags), bool
        Over all annotated clips.
    split : Series
        Part by clip_id.
    settings : LabelSettings
        How many are kept, and which clips they are counted on; or their list.
    synonyms : dict
        synonym -> tag.

    Raises
    ------
    ValueError
        Where no clip has any tag.
    """
    if settings.tags:
        return read_tag_list(settings.tags, merged.columns, synonyms)
    counted = merged[split == "train"] if settings.tags_from == "train" else merged
    tags = most_frequent(counted, settings.top or TOP)
    if not tags:
        raise ValueError("no clip has any tag")
    return tags


def read_tag_list(path, merged, synonyms):
    """Read a list of tags: a line each, or a CSV whose first column is "tag", as ``tags.csv``.

    Parameters
    ----------
    path : Path
    merged : collection of str
        The tags there are after merging.
    synonyms : dict
        synonym -> the tag it is merged into.

    Returns
    -------
    list of str
        In the order of the file.

    Raises
    ------
    ValueError
        For a tag listed twice, and for one that is not there, by name.
    """
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise ValueError(f"{path} is not text in UTF-8: {error}") from None
    if lines and lines[0].split(",")[0].strip() == "tag":
        lines = [row[0] for row in csv.reader(lines[1:]) if row]
    listed = [line.strip() for line in lines if line.strip()]
    if not listed:
        raise ValueError(f"{path} lists no tag")
    for number, tag in enumerate(listed):
        if tag in listed[:number]:
            raise ValueError(f"{path} lists {tag!r} twice")
        if tag in synonyms:
            raise ValueError(
                f"{path}: {tag!r} is merged into {synonyms[tag]!r}: list that, or say --no-merge"
            )
        if tag not in merged:
            raise ValueError(f"{path}: the annotations have no tag {tag!r}{_meant(tag, merged)}")
    return listed


def tabulate_tags(annotations, merged, synonyms, chosen):
    """Return the tables of tags of a label set.

    Parameters
    ----------
    annotations : DataFrame of shape (n_clips, n_tags), bool
        As annotated.
    merged : DataFrame of shape (n_clips, n_merged_tags), bool
        From `merge_synonyms`.
    synonyms : dict
        synonym -> tag; empty where nothing was merged.
    chosen : list of str
        The tags kept, in their order.

    Returns
    -------
    kept : DataFrame
        A row a tag kept: tag, clips (of all annotation rows, as every publication counts),
        merged_from (the synonyms that occur, joined by "; ").
    every : DataFrame
        A row a tag as annotated: tag, clips, merged_into, clips_merged, kept (0/1).
    """
    before, after = count_tags(annotations), count_tags(merged)
    kept = pd.DataFrame({"tag": chosen, "clips": after[chosen].to_numpy()})
    every = pd.DataFrame({"tag": before.index, "clips": before.to_numpy()})
    every["merged_into"] = [synonyms.get(tag, tag) for tag in every["tag"]]
    every["clips_merged"] = after[every["merged_into"]].to_numpy()
    every["kept"] = every["merged_into"].isin(chosen).astype(int)
    used = every[(every["merged_into"] != every["tag"]) & (every["clips"] > 0)]
    sources = used.groupby("merged_into")["tag"].agg("; ".join)
    kept["merged_from"] = [sources.get(tag, "") for tag in kept["tag"]]
    return kept, every
