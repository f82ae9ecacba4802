"""``tag_map/`` -> ``tag_map.html``: the maps of words, annotations and network to explore."""

import itertools

from autotagging import figures, map_caption, pages, tag_map, tag_spaces


def write(folder, caption, source):
    """Write ``tag_map.html``, unless it is there and of this source.

    Parameters
    ----------
    folder : Path
        ``tag_map/``.
    caption : list of str
        From `map_caption.write`.
    source : str
        What the page is made from; kept in it.

    Returns
    -------
    Path or None
        None where nothing was to be done.
    """
    path = folder / "tag_map.html"
    if pages.is_made(path, source):
        return None
    summary = tag_map.read_summary(folder)
    tables = {name: tag_map.read_table(folder, name) for name in tag_map.COLUMNS}
    tags, nearest = tables["tags"], tables["neighbours"]
    spaces = list(dict.fromkeys(tables["places"]["space"]))
    marks = figures.kind_marks()
    tags["kind"] = tags["kind"].where(tags["kind"].isin(marks), "other")
    pages.write(
        path,
        "tag_map.html",
        source,
        summary=summary,
        caption=caption,
        meanings=map_caption.describe_spaces(summary["settings"]),
        spaces=spaces,
        marks={kind: mark for kind, mark in marks.items() if kind in set(tags["kind"])},
        rows=list(_describe_tags(tags, nearest, spaces)),
        pairs=list(itertools.combinations(spaces, 2)),
        content={
            "tags": tags.astype(object).fillna("").to_dict("records"),
            "marks": marks,
            "spaces": [_describe_space(name, tables, summary) for name in spaces],
        },
    )
    return path


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


def _describe_tags(tags, nearest, spaces):
    """Yield each tag with its nearest in every space, and how many two spaces have in common."""
    by_tag = {
        key: list(rows["neighbour"]) for key, rows in nearest.groupby(["space", "tag"], sort=False)
    }
    for row in tags.to_dict("records"):
        near = {space: by_tag.get((space, row["tag"]), []) for space in spaces}
        common = {
            pair: len(set(near[pair[0]]) & set(near[pair[1]])) if all(map(near.get, pair)) else None
            for pair in itertools.combinations(spaces, 2)
        }
        yield {**row, "near": near, "common": common, "most": tag_spaces.N_NEAREST}
