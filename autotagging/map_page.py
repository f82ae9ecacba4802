"""``tag_map/`` -> ``tag_map.html``: the maps of words, annotations and network to explore."""

import itertools

from autotagging import figures, map_caption, pages, tag_map

PAGE = "tag_map.html"


def is_made(folder, source):
    """Return whether the page of a map is there, whole, and of this source."""
    return pages.is_made(folder / PAGE, source)


def write(folder, caption, source):
    """Write ``tag_map.html``.

    Parameters
    ----------
    folder : Path
        ``tag_map/``.
    caption : list of str
        From `map_caption.write`.
    source : str
        What the page is made from; kept in it.
    """
    summary = tag_map.read_summary(folder)
    tables = {name: tag_map.read_table(folder, name) for name in tag_map.COLUMNS}
    tags, nearest = tables["tags"], tables["neighbours"]
    spaces = list(dict.fromkeys(tables["places"]["space"]))
    marks = figures.kind_marks()
    tags["kind"] = tags["kind"].where(tags["kind"].isin(marks), "other")
    pages.write(
        folder / PAGE,
        PAGE,
        source,
        summary=summary,
        caption=caption,
        meanings=map_caption.describe_spaces(summary["settings"]),
        spaces=spaces,
        marks={kind: mark for kind, mark in marks.items() if kind in set(tags["kind"])},
        rows=list(_describe_tags(tags, nearest, tables["agreement"])),
        pairs=list(itertools.combinations(spaces, 2)),
        content={
            "tags": tags.astype(object).fillna("").to_dict("records"),
            "marks": marks,
            "spaces": [_describe_space(name, tables, summary) for name in spaces],
        },
    )


def _describe_space(name, tables, summary):
    """Return places, neighbours and clusters of a space, tags by their numbers."""
    numbers = {tag: number for number, tag in enumerate(tables["tags"]["tag"])}
    places, nearest = (
        tables[table][tables[table]["space"] == name] for table in ("places", "neighbours")
    )
    neighbours = {numbers[tag]: [] for tag in places["tag"]}
    for row in nearest.itertuples():
        neighbours[numbers[row.tag]].append([numbers[row.neighbour], row.cosine])
    return {
        "name": name,
        "places": {numbers[row.tag]: [row.x, row.y] for row in places.itertuples()},
        "neighbours": neighbours,
        "clusters": [
            [numbers[tag] for tag in cluster] for cluster in summary["clusters"][name]["clusters"]
        ],
    }


def _describe_tags(tags, nearest, agreement):
    """Yield each tag with its nearest in every space, and how many two spaces have in common."""
    near = nearest.groupby(["space", "tag"], sort=False)["neighbour"].agg(list).to_dict()
    common = {
        (row.space, row.other_space, row.tag): row.in_common for row in agreement.itertuples()
    }
    for row in tags.to_dict("records"):
        tag = row["tag"]
        yield {
            **row,
            "near": {space: names for (space, name), names in near.items() if name == tag},
            "common": {key[:2]: count for key, count in common.items() if key[2] == tag},
        }
