"""What a paper has to say of its labels: every count of a label set, and the same in words.

The functions count what ``labels/<set>/summary.json`` keeps; `write` puts that into the lines
which script 1 prints.
"""

import pandas as pd

from autotagging.clips.annotations import placeholder_credit
from autotagging.formatting import first_lines, list_some
from autotagging.labels.splits import PARTS
from autotagging.labels.tag_choice import most_frequent

FEW = 5  # positives in a part: with fewer a tag's scores there say little
RAREST = 4
LEVELS = ("track", "album", "artist")
SPLIT_WORDS = {
    "folders": "by folder, 0-b train, c validation, d-f test",
    "artists": "by artist, none in two parts, seed {seed}",
    "random": "at random, clip by clip, seed {seed}",
    "column": "as the column split of the annotations says",
    "test": "in name alone: every clip is for testing networks that were trained elsewhere",
}
CHOICE_WORDS = {
    "list": "{kept} kept, as listed",
    "all": "the {kept} most frequent kept, counted over all annotated clips, ties in alphabetical "
    "order",
    "train": "the {kept} most frequent kept, counted over training clips alone, ties in "
    "alphabetical order",
}


def count(labels, annotations, merged, counts, clips):
    """Return every count that ``summary.json`` of a label set keeps: a dict.

    Parameters
    ----------
    labels : DataFrame
        Indexed by clip_id: split, then a bool column a tag; of the clips kept.
    annotations : Annotations
    merged : DataFrame of shape (n_clips, n_merged_tags), bool
        Over all annotated clips.
    counts : DataFrame
        A row a tag as annotated, from `tag_choice.tabulate_tags`.
    clips : Clips
    """
    credits, tags = annotations.credits, list(labels.columns.drop("split"))
    return {
        "clips": count_clips(labels, clips),
        "tags": count_tags(merged, tags, counts),
        "parts": describe_parts(labels, credits),
        "unnamed": count_unnamed(credits),
        "test_clips_heard": count_heard(labels, credits),
        "same_recordings": count_same_recordings(annotations.metadata, credits, labels["split"]),
    }


def count_clips(labels, clips):
    """Return how many clips were annotated, excluded (by reason), untagged and kept: a dict."""
    tagged = labels.drop(columns="split").any(axis=1).sum()
    n_usable = len(clips.usable)
    reasons = clips.excluded["reason"].astype(str).str.split("; ").str[0]  # not of one clip alone
    return {
        "annotated": n_usable + len(clips.excluded),
        "excluded": reasons.value_counts().to_dict(),
        "untagged": int(n_usable - tagged),
        "kept": len(labels),
    }


def count_tags(merged, tags, counts):
    """Return how many tags there are before and after merging, and what choosing changed: a dict.

    Parameters
    ----------
    merged : DataFrame of shape (n_clips, n_merged_tags), bool
        Over all annotated clips.
    tags : list of str
        The tags kept.
    counts : DataFrame
        A row a tag as annotated, from `tag_choice.tabulate_tags`.
    """
    usual = most_frequent(merged, len(tags))
    renamed = counts[counts["tag"] != counts["merged_into"]]
    return {
        "annotated": len(counts),
        "merged": merged.shape[1],
        "groups": renamed["merged_into"].nunique(),
        "kept": len(tags),
        "without_clips": sorted(counts["tag"][counts["clips_merged"] == 0]),
        "not_most_frequent_of_all": [tag for tag in tags if tag not in usual],
        "most_frequent_of_all_left_out": [tag for tag in usual if tag not in tags],
    }


def describe_parts(labels, credits):
    """Return the size of each part, its rarest tags, those on few of its clips and on all.

    Parameters
    ----------
    labels : DataFrame
        Indexed by clip_id: split, then a bool column a tag.
    credits : DataFrame
        Indexed by clip_id: artist, album, track; from `Annotations.credits`.

    Returns
    -------
    dict
        By part. Nothing is counted at a level that is known of no clip.
    """
    keys = _identities(credits.loc[labels.index])
    parts = {}
    for part in PARTS:
        in_part = labels["split"] == part
        counts = labels[in_part].drop(columns="split").sum().astype(int).sort_values(kind="stable")
        parts[part] = {
            "clips": int(in_part.sum()),
            **{f"{level}s": int(keys.loc[in_part, level].nunique()) for level in _known(credits)},
            "rarest_tags": counts.head(RAREST).to_dict(),
            "fewer_than_5": counts[counts < FEW].to_dict(),
            "on_every_clip": counts.index[(counts > 0) & (counts == in_part.sum())].tolist(),
        }
    return parts


def count_unnamed(credits):
    """Return for how many clips track, album and artist are not known: a dict."""
    own = placeholder_credit(credits.index)
    return {level: int((credits[level] == own).sum()) for level in LEVELS}


def _known(credits):
    return [level for level, number in count_unnamed(credits).items() if number < len(credits)]


def _identities(credits):
    """Return credits such that an album is its artist's and a track its album's."""
    album = credits["artist"] + "\n" + credits["album"]
    track = album + "\n" + credits["track"]
    return pd.DataFrame({"artist": credits["artist"], "album": album, "track": track})


def count_heard(labels, credits):
    """Return how many test clips have their track, album, artist in training: a dict."""
    keys = _identities(credits.loc[labels.index])
    train, test = (keys[labels["split"] == part] for part in ("train", "test"))
    return {level: int(test[level].isin(train[level]).sum()) for level in _known(credits)}


def count_same_recordings(metadata, credits, split):
    """Return how often an artist has one title on several tracks: one recording, most likely.

    Parameters
    ----------
    metadata, credits : DataFrame
        Of all annotated clips, by clip_id: title, where it is known; artist, album, track.
    split : Series
        Part by clip_id, of the clips kept.

    Returns
    -------
    dict
        ``pairs`` of artist and title on more than one track; ``pairs_ignoring_case``; and
        ``test_clips``, how many test clips share such a pair (case ignored) with another track
        in training. Empty where no title is known.
    """
    titles = metadata.get("title", pd.Series(dtype=str))
    titles = titles[titles != ""]
    if titles.empty:
        return {}
    keys = _identities(credits.loc[titles.index])
    exact = keys["artist"] + "\n" + titles
    folded = exact.str.casefold()
    several, several_folded = (keys["track"].groupby(k).nunique() > 1 for k in (exact, folded))
    kept = split.index[split.index.isin(folded.index[folded.map(several_folded)])]
    pairs = pd.DataFrame({"pair": folded[kept], "track": keys.loc[kept, "track"]})
    train, test = (pairs[split[kept] == part] for part in ("train", "test"))
    heard = test["pair"].isin(train["pair"]) & ~test["track"].isin(train["track"])
    return {
        "pairs": int(several.sum()),
        "pairs_ignoring_case": int(several_folded.sum()),
        "test_clips": int(heard.sum()),
    }


def list_excluded(excluded):
    """Return a line for each of the first clips left out: list of str."""
    rows = excluded.itertuples(name="Clip")
    lines = [f"excluded row {c.row}, clip {c.Index}, {c.file}: {c.reason}" for c in rows]
    return first_lines(lines, "excluded.csv")


def write(summary):
    """Return the description of a label set: list of lines.

    Parameters
    ----------
    summary : dict
        settings; clips, tags, parts, unnamed, test_clips_heard and same_recordings from the
        functions above.
    """
    return [
        _write_clips(summary["clips"], summary["settings"]["keep_untagged"]),
        *_write_tags(summary["tags"], summary["settings"]["tags_from"]),
        "split " + SPLIT_WORDS[summary["settings"]["split"]].format(**summary["settings"]),
        *_write_parts(summary["parts"]),
        *_write_heard(summary),
        *_write_warnings(summary),
    ]


def _write_clips(counts, keep_untagged):
    reasons = [f"{number:,} {reason}" for reason, number in counts["excluded"].items()]
    excluded = f"{sum(counts['excluded'].values()):,} excluded"
    excluded += f" ({'; '.join(reasons)})" if reasons else ""
    untagged = f"{counts['untagged']:,} without any of the tags "
    untagged += "kept as well" if keep_untagged else "left out"
    return f"{counts['annotated']:,} clips read, {excluded}, {untagged}: {counts['kept']:,} clips"


def _write_tags(tags, chosen_from):
    merged = "no synonyms merged"
    if tags["groups"]:
        merged = f"{tags['merged']} after merging {tags['groups']} groups of synonyms"
    yield f"{tags['annotated']} tags, {merged}, {CHOICE_WORDS[chosen_from].format(**tags)}"
    if tags["without_clips"]:
        yield f"no clip has {list_some(tags['without_clips'])}"
    if chosen_from == "train":
        changes = ("not_most_frequent_of_all", "most_frequent_of_all_left_out")
        gained, lost = (list_some(tags[change], None) for change in changes)
        change = f"{lost} would stand in place of {gained}" if gained else "they would be the same"
        yield f"counted over all annotated clips {change}"


def _write_parts(parts):
    levels = [level for level, size in parts["train"].items() if isinstance(size, int)]
    yield f"{'':10}" + "".join(f"{level:>9}" for level in levels) + "   rarest tags"
    for part, sizes in parts.items():
        numbers = "".join(f"{sizes[level]:9,}" for level in levels)
        rarest = ", ".join(f"{tag} {number:,}" for tag, number in sizes["rarest_tags"].items())
        yield f"{part:>10}{numbers}   {rarest}"


def _write_heard(summary):
    heard, same = summary["test_clips_heard"], summary["same_recordings"]
    if heard and summary["parts"]["train"]["clips"]:
        n_test = summary["parts"]["test"]["clips"]
        numbers = ", ".join(f"the {level} of {number:,}" for level, number in heard.items())
        yield f"of {n_test:,} test clips, training has heard {numbers}"
    for level, number in summary["unnamed"].items():
        if number == summary["clips"]["annotated"]:
            yield f"the annotations name no {level}: each clip is its own"
        elif number:
            yield f"the annotations name no {level} for {number:,} clips: each of them is its own"
    if same:
        yield (
            f"{same['pairs']:,} pairs of artist and title occur on more than one track "
            f"({same['pairs_ignoring_case']:,} if case is ignored): "
            f"{same['test_clips']:,} test clips have such a twin in training"
        )


def _write_warnings(summary):
    parts = summary["parts"]
    if summary["settings"]["split"] == "test":  # the others are empty on purpose
        parts = {"test": parts["test"]}
    for part, sizes in parts.items():
        if not sizes["clips"]:
            yield f"warning: the {part} part has no clips"
        elif sizes["fewer_than_5"]:
            tags = [f"{tag} {number}" for tag, number in sizes["fewer_than_5"].items()]
            yield f"warning: fewer than {FEW} {part} clips have {list_some(tags)}"
        if tags := sizes.get("on_every_clip"):  # not said by earlier versions
            yield f"warning: every {part} clip has {list_some(tags)}"
    if not all(sizes["clips"] for sizes in parts.values()):
        yield (
            "scripts 3 and 4 need clips in every part: add clips or artists, choose --split random "
            "or another --seed, or give the annotations a column split"
        )
    is_left_out = summary["clips"]["untagged"] and not summary["settings"]["keep_untagged"]
    if is_left_out and any(sizes.get("on_every_clip") for sizes in parts.values()):
        yield "a tag that every clip has is not learned: --keep-untagged keeps clips with no tag"
