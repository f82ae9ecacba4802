"""Synonyms of tags, merged by maximum, as the paper does; the kind of each tag.

Reads the tables that a researcher edits: ``data/synonyms.csv`` and ``data/tag_kinds.csv``.
"""

import difflib

import pandas as pd

from autotagging import user_tables
from autotagging.clips.annotations import NO_TAGS
from autotagging.formatting import list_some


def read_synonyms(path):
    """Read the synonym groups.

    Parameters
    ----------
    path : Path
        CSV with the columns tag (the name kept) and synonym, a row per synonym.

    Returns
    -------
    dict
        synonym -> the tag it is merged into.

    Raises
    ------
    ValueError
        For a tag in two groups, or one that no tag can be called, by name.
    """
    table = _read_columns(path, ["tag", "synonym"])
    synonyms = {}
    if taken := [tag for tag in table["tag"] if tag in NO_TAGS]:
        raise ValueError(f"{path}: no tag can be called {taken[0]!r}: other columns are, rename it")
    for tag, synonym in zip(table["tag"], table["synonym"], strict=True):
        if synonym in synonyms:
            raise ValueError(f"{path}: {synonym!r} is in {synonyms[synonym]!r} and in {tag!r}")
        synonyms[synonym] = tag
    for tag in synonyms.values():
        if tag in synonyms:
            raise ValueError(f"{path}: {tag!r} is merged into {synonyms[tag]!r} and a group itself")
    return synonyms


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
                + suggest(tag, [*tags, *known])
            )
    return merging(synonyms, tags)


def merging(synonyms, tags):
    """Return the synonyms of the groups of which there are two tags at least: a dict."""
    groups = _groups(synonyms)
    merged = {tag for tag, members in groups.items() if len(set(members) & set(tags)) > 1}
    return {synonym: tag for synonym, tag in synonyms.items() if tag in merged}


def _groups(synonyms):
    groups = {}
    for synonym, tag in synonyms.items():
        groups.setdefault(tag, [tag]).append(synonym)
    return groups


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


def merge_applying(annotations, synonyms):
    """Merge the synonyms of the groups of which the annotations have two tags at least."""
    return merge_synonyms(annotations, merging(synonyms, annotations.columns))


def read_kinds(path):
    """Read the kind of each tag: a dict from ``data/tag_kinds.csv`` (tag, kind)."""
    table = _read_columns(path, ["tag", "kind"])
    return dict(zip(table["tag"], table["kind"], strict=True))


def _read_columns(path, columns):
    table = user_tables.read(path)
    if list(table.columns) != columns:
        raise ValueError(
            f"{path} must have the columns {', '.join(columns)}; it has {list_some(table)}"
        )
    if (table == "").any(axis=None):
        row = table.index[(table == "").any(axis=1)][0]
        raise ValueError(f"{path}, row {row}: a value is missing")
    return table.map(user_tables.normalise)


def suggest(tag, tags):
    """Return what may be meant by a tag that is not known, for the end of a sentence; or ""."""
    close = difflib.get_close_matches(tag, list(tags), n=1)
    return f"; is {close[0]!r} meant?" if close else ""
