"""Which tags a label set keeps: tags are counted, the most frequent or those of a list are kept.

Reads lists of tags. Keeping the 50 most frequent tags follows the paper.
"""

import csv

import pandas as pd

from autotagging.labels.synonyms import suggest
from autotagging.user_tables import normalise

TOP = 50  # tags kept, as in the paper


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
        part = "training " if settings.tags_from == "train" else ""
        raise ValueError(f"no {part}clip has any tag")
    return tags


def most_frequent(annotations, top):
    """Return the most frequent tags, as `count_tags` orders them, without those of no clip."""
    counts = count_tags(annotations)
    return counts[counts > 0].index[:top].tolist()


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
        lines = normalise(path.read_text(encoding="utf-8-sig")).splitlines()
    except UnicodeDecodeError:
        raise ValueError(f"{path} is not text in UTF-8: save it as UTF-8") from None
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
            raise ValueError(f"{path}: the annotations have no tag {tag!r}{suggest(tag, merged)}")
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
    annotated : DataFrame
        A row a tag as annotated: tag, clips, merged_into, clips_merged, kept (0/1).
    """
    before, after = count_tags(annotations), count_tags(merged)
    kept = pd.DataFrame({"tag": chosen, "clips": after[chosen].to_numpy()})
    annotated = pd.DataFrame({"tag": before.index, "clips": before.to_numpy()})
    annotated["merged_into"] = [synonyms.get(tag, tag) for tag in annotated["tag"]]
    annotated["clips_merged"] = after[annotated["merged_into"]].to_numpy()
    annotated["kept"] = annotated["merged_into"].isin(chosen).astype(int)
    used = annotated.query("merged_into != tag and clips > 0")
    merged_from = used.groupby("merged_into")["tag"].agg("; ".join)
    kept["merged_from"] = [merged_from.get(tag, "") for tag in chosen]
    return kept, annotated
