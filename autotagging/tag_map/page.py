"""``tag_map/<name>/`` -> ``tag_map.html``: maps of words, annotations and network to explore."""

import itertools

from autotagging import html, steps
from autotagging.figures import maps, style
from autotagging.formatting import print_written
from autotagging.tag_map import caption, map_folder

PAGE, FIGURE = "tag_map.html", "t_SNE.png"


def write_missing(folder, summary):
    """Draw the map of the words and write the page, unless they are there.

    Parameters
    ----------
    folder : Path
        Of the map, with its tables.
    summary : dict
        Of the map.
    """

    def draw():
        words = map_folder.read_table(folder, "coordinates").query("space == 'words'")
        words = words.merge(map_folder.read_table(folder, "tags"), on="tag")
        return maps.draw_tag_map(
            words[["x", "y"]],
            words,
            clusters=summary["clusters"]["words"]["clusters"],
            method=summary["settings"]["method"],
            missing=summary["tags_without_vector"],
        )

    style.save_missing(folder, summary["note"], {FIGURE: draw})
    with steps.locked(folder):
        if not (folder / PAGE).exists():
            write(folder, summary)
            print_written(folder / PAGE, "the maps to explore")


def write(folder, summary):
    """Write ``tag_map.html``.

    Parameters
    ----------
    folder : Path
        Of the map, with its tables.
    summary : dict
        Of the map.
    """
    tables = {name: map_folder.read_table(folder, name) for name in map_folder.COLUMNS}
    tags, nearest = tables["tags"], tables["neighbours"]
    spaces = list(dict.fromkeys(tables["coordinates"]["space"]))
    marks = maps.kind_marks()
    tags["kind"] = tags["kind"].where(tags["kind"].isin(marks), "other")
    html.write(
        folder / PAGE,
        PAGE,
        summary=summary,
        caption=caption.write(summary),
        meanings=caption.describe_spaces(summary["settings"]),
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
    """Return coordinates, neighbours and clusters of a space, tags by their numbers."""
    numbers = {tag: number for number, tag in enumerate(tables["tags"]["tag"])}
    in_spaces = (tables["coordinates"], tables["neighbours"])
    coordinates, nearest = (table[table["space"] == name] for table in in_spaces)
    neighbours = {numbers[tag]: [] for tag in coordinates["tag"]}
    for row in nearest.itertuples():
        neighbours[numbers[row.tag]].append([numbers[row.neighbour], row.cosine])
    clusters = summary["clusters"][name]["clusters"]
    return {
        "name": name,
        "coordinates": {numbers[row.tag]: [row.x, row.y] for row in coordinates.itertuples()},
        "neighbours": neighbours,
        "clusters": [[numbers[tag] for tag in cluster] for cluster in clusters],
    }


def _describe_tags(tags, nearest, agreement):
    """Yield each tag with its nearest in every space, and how many two spaces have in common."""
    near = nearest.groupby(["space", "tag"], sort=False)["neighbour"].agg(list).to_dict()
    common = agreement.set_index(["space", "other_space", "tag"])["in_common"].to_dict()
    for row in tags.to_dict("records"):
        tag = row["tag"]
        yield {
            **row,
            "near": {space: names for (space, name), names in near.items() if name == tag},
            "common": {key[:2]: count for key, count in common.items() if key[2] == tag},
        }
