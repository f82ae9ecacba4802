"""Annotations as they are shipped -> merged, counted tags.

Reads ``annotations_final.csv`` in MagnaTagATune's form (tab-separated: clip_id, a 0/1 column a
tag, mp3_path) and the groups of synonyms in ``data/synonyms.csv``. Merging by maximum and keeping
the 50 most frequent tags follow the paper.
"""

import csv

import pandas as pd

from autotagging.files import some


def read_annotations(path):
    """Read a table of annotations.

    Parameters
    ----------
    path : Path
        Tab-separated: clip_id, one 0/1 column a tag, mp3_path.

    Returns
    -------
    annotations : DataFrame of shape (n_clips, n_tags), bool
        Indexed by clip_id (text), in numerical order of the ids.
    files : Series of shape (n_clips,)
        The path of each clip's audio below the raw folder.

    Raises
    ------
    ValueError
        For a missing column, an id or path given twice, a value that is neither 0 nor 1.
    """
    table = _read_table(path)
    for column in ("clip_id", "mp3_path"):
        if column not in table:
            raise ValueError(f"{path} has no column {column!r}; it has {some(table.columns)}")
        if table[column].duplicated().any():
            row = int(table[column].duplicated().to_numpy().argmax())
            raise ValueError(
                f"{path}, row {row + 2}: {column} {table[column].iloc[row]!r} stands there twice"
            )
    table = table.set_index("clip_id")
    table = table.loc[in_numerical_order(table.index)]
    files = table.pop("mp3_path")
    if not len(table.columns):
        raise ValueError(f"{path} has no column for a tag")
    return table.astype(bool), files


def _read_table(path):
    try:
        with path.open(encoding="utf-8", newline="") as file:
            header = next(csv.reader(file, delimiter="\t"), [])
    except (UnicodeDecodeError, csv.Error) as error:
        raise ValueError(f"{path} is not a table in UTF-8: {error}") from None
    if not header:
        raise ValueError(f"{path} is empty")
    repeated = {column for column in header if header.count(column) > 1}
    if repeated:
        raise ValueError(f"{path} has the column {min(repeated)!r} twice")
    types = {column: "int8" for column in header if column not in {"clip_id", "mp3_path"}}
    names = {"clip_id": str, "mp3_path": str}
    reading = {"sep": "\t", "encoding": "utf-8", "keep_default_na": False}
    try:
        table = pd.read_csv(path, dtype={**types, **names}, **reading)
    except (pd.errors.ParserError, UnicodeDecodeError) as error:
        raise ValueError(f"{path}: {error}") from None
    except ValueError:  # the fast way found something: look again for where
        table = pd.read_csv(path, dtype=str, **reading)
    for tag in types:
        wrong = ~table[tag].isin([0, 1, "0", "1"]).to_numpy()
        if wrong.any():
            row = int(wrong.argmax())
            raise ValueError(
                f"{path}, row {row + 2}: {tag!r} is {str(table[tag].iloc[row])!r}, neither 0 nor 1"
            )
    return table.astype(dict.fromkeys(types, "int8"))


def in_numerical_order(clip_ids):
    """Return clip ids sorted: numbers as numbers and first, other text after them."""
    return sorted(clip_ids, key=lambda i: (not i.isdecimal(), int(i) if i.isdecimal() else 0, i))


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
        For a synonym in two groups, or one that is itself the name of a group.
    """
    table = pd.read_csv(path, dtype=str, keep_default_na=False)
    if list(table.columns) != ["tag", "synonym"]:
        raise ValueError(f"{path} must have the columns tag, synonym; it has {some(table)}")
    synonyms = {}
    for tag, synonym in zip(table["tag"], table["synonym"], strict=True):
        if synonym in synonyms:
            raise ValueError(f"{path}: {synonym!r} is in {synonyms[synonym]!r} and in {tag!r}")
        synonyms[synonym] = tag
    for tag in synonyms.values():
        if tag in synonyms:
            raise ValueError(f"{path}: {tag!r} is merged into {synonyms[tag]!r} and a group itself")
    return synonyms


def merge_synonyms(annotations, synonyms):
    """Merge tags of one meaning: a clip has the merged tag if it has one of the group.

    Parameters
    ----------
    annotations : DataFrame of shape (n_clips, n_tags), bool
    synonyms : dict
        synonym -> tag; those that no column is named after are passed over.

    Returns
    -------
    DataFrame of shape (n_clips, n_merged_tags), bool
        Tags in alphabetical order.
    """
    groups = {}
    for column in annotations.columns:
        groups.setdefault(synonyms.get(column, column), []).append(column)
    return pd.DataFrame(
        {tag: annotations[groups[tag]].to_numpy().any(axis=1) for tag in sorted(groups)},
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


def tabulate_tags(annotations, merged, synonyms, top):
    """Return the tables of tags of a label set.

    Parameters
    ----------
    annotations : DataFrame of shape (n_clips, n_tags), bool
        As annotated.
    merged : DataFrame of shape (n_clips, n_merged_tags), bool
        From `merge_synonyms`.
    synonyms : dict
        synonym -> tag; empty where nothing was merged.
    top : int
        How many of the most frequent tags are kept.

    Returns
    -------
    kept : DataFrame
        A row a tag kept, most frequent first: tag, clips (of all annotation rows, as every
        publication counts), merged_from (the synonyms that occur, joined by "; ").
    every : DataFrame
        A row a tag as annotated: tag, clips, merged_into, clips_merged, kept (0/1).
    """
    before, after = count_tags(annotations), count_tags(merged)
    kept = pd.DataFrame({"tag": after.index[:top], "clips": after.to_numpy()[:top]})
    every = pd.DataFrame({"tag": before.index, "clips": before.to_numpy()})
    every["merged_into"] = [synonyms.get(tag, tag) for tag in every["tag"]]
    every["clips_merged"] = after[every["merged_into"]].to_numpy()
    every["kept"] = every["merged_into"].isin(kept["tag"]).astype(int)
    used = every[(every["merged_into"] != every["tag"]) & (every["clips"] > 0)]
    sources = used.groupby("merged_into")["tag"].agg("; ".join)
    kept["merged_from"] = [sources.get(tag, "") for tag in kept["tag"]]
    return kept, every
