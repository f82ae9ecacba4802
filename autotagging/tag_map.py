"""A map of tags as files: ``tag_map/``.

tags.csv              tag, kind, clips, way (how its vector was found), roc_auc (if evaluated)
places.csv            space (words, annotations, network), tag, x, y
vectors.csv           tag, then a column a dimension
neighbours.csv        space, tag, rank, neighbour, cosine
agreement.csv         space, other_space, tag, nearest, in_common: of the tags that both have
places_4d.tsv         the places in four dimensions, for the TensorFlow Projector
vectors.tsv           the vectors, for the Projector
metadata.tsv          tag, kind, clips, way, roc_auc: a row a line of these two
projector_config.pbtxt
summary.json          settings, inputs, what was measured, checksums of the others; written last
"""

import io
import json

import numpy as np
import pandas as pd

from autotagging.files import checksum, write_whole

SUMMARY = "summary.json"
COLUMNS = {
    "tags": {"tag": str, "kind": str, "clips": int, "way": str, "roc_auc": float},
    "places": {"space": str, "tag": str, "x": float, "y": float},
    "neighbours": {"space": str, "tag": str, "rank": int, "neighbour": str, "cosine": float},
    "agreement": {"space": str, "other_space": str, "tag": str, "nearest": int, "in_common": int},
}


def describe_inputs(paths):
    """Return the SHA-256 of files by name: what a map was made from."""
    return {path.name: checksum(path) for path in paths}


def is_made(folder, settings):
    """Say whether a folder holds the map that settings and inputs give.

    Parameters
    ----------
    folder : Path
    settings : dict
        What goes into ``summary.json`` under "settings".

    Raises
    ------
    ValueError
        Where it holds another map, or its files are no longer as they were written; the sentence
        names what differs.
    """
    path = folder / SUMMARY
    if not path.exists():
        return False
    try:
        summary = json.loads(path.read_text(encoding="utf-8"))
        made, checksums = dict(summary["settings"]), dict(summary["files"])
    except (ValueError, KeyError, TypeError):
        raise ValueError(f"{path} is damaged: add --force to make the map anew") from None
    if not all((folder / name).exists() for name in checksums):
        return False
    for key, value in settings.items():
        if made.get(key) != value:
            how = _difference(key, made.get(key), value)
            raise ValueError(f"{folder} was made {how}: add --force to make it anew")
    now = describe_inputs(folder / name for name in checksums)
    changed = [name for name in checksums if now[name] != checksums[name]]
    if changed:
        raise ValueError(
            f"{folder} is not as it was written, {', '.join(changed)} changed since: add --force "
            "to make it anew"
        )
    return True


def _difference(key, before, now):
    if before is None or now is None:
        return f"with{'' if before else 'out'} {key}, not with{'' if now else 'out'}"
    if not isinstance(now, dict):
        return f"with {key} {before!r}, not {now!r}"
    changed = [name for name in now if now[name] != before.get(name)]
    return f"from other {key}: {', '.join(changed)} changed since"


def describe_source(folder):
    """Return what figure and page of a map are made from: the checksum of what they show."""
    return f"{folder.name} {checksum(folder / SUMMARY)}"  # with the checksums of the others


def tabulate_tags(counts, kinds, ways, areas=None):
    """Return the table of a map's tags.

    Parameters
    ----------
    counts : Series of shape (n_tags,)
        Clips of each tag, the most frequent first.
    kinds : dict
        tag -> kind.
    ways, areas : Series
        How the vector of each was found; its ROC-AUC, where there is an evaluated network.

    Returns
    -------
    DataFrame
        tag, kind, clips, way, roc_auc.
    """
    tags = counts.index
    areas = pd.Series(np.nan, tags) if areas is None else areas.reindex(tags)
    columns = {"tag": tags, "kind": [kinds.get(tag, "other") for tag in tags]}
    columns |= {"clips": counts.array, "way": ways[tags].array, "roc_auc": areas.array}
    return pd.DataFrame(columns)


def list_borrowed(ways):
    """Return the tags that were found by a synonym, each with it: a list of str."""
    borrowed = ways[ways.str.startswith("synonym ")].str.removeprefix("synonym ")
    return [f"{tag} by {way.rpartition(': ')[0]}" for tag, way in borrowed.items()]


def tabulate_places(maps):
    """Return the places of all maps, a dict of name -> (x, y by tag), as one table."""
    return pd.concat(maps, names=["space", "tag"]).reset_index()


def write(folder, tables, summary):
    """Write the files of a map; ``summary.json`` comes last and says that all are there.

    Parameters
    ----------
    folder : Path
    tables : dict
        tags, places, neighbours, agreement, with their `COLUMNS`; vectors, indexed by tag, and
        places_4d, an ndarray of shape (n_found, 4): of the tags that are found, in the order of
        `tags`.
    summary : dict
        With "settings", as for `is_made`.

    Returns
    -------
    list of tuple (Path, str)
        What was written, in words.
    """
    folder.mkdir(parents=True, exist_ok=True)
    (folder / SUMMARY).unlink(missing_ok=True)
    n_tags, size = tables["vectors"].shape
    places = tables["places"].round({"x": 4, "y": 4})
    texts = (
        ("tags.csv", _csv(tables["tags"].round({"roc_auc": 6})), f"{len(tables['tags'])} tags"),
        ("places.csv", _csv(places), f"maps of {', '.join(places['space'].unique())}"),
        ("vectors.csv", _csv(tables["vectors"], index=True), f"{n_tags} tags, {size} dimensions"),
        ("neighbours.csv", _csv(tables["neighbours"].round(4)), "the nearest tags of each"),
        ("agreement.csv", _csv(tables["agreement"]), "how many of these two spaces share"),
        *_projector_files(tables),
    )
    for name, text, _ in texts:
        write_whole(folder / name, text)
    summary = {**summary, "files": describe_inputs(folder / name for name, *_ in texts)}
    text = json.dumps(summary, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    write_whole(folder / SUMMARY, text)
    written = [(folder / name, content) for name, _, content in texts]
    return [*written, (folder / SUMMARY, "settings, measures")]


def _csv(table, index=False):
    return table.to_csv(index=index, lineterminator="\n", float_format="%.7g")


def _projector_files(tables):
    """Return name, text and content of what TensorBoard's Projector opens."""
    vectors, tags = tables["vectors"], tables["tags"]
    metadata = tags[tags["tag"].isin(vectors.index)].round({"roc_auc": 4}).astype(object)
    if metadata["roc_auc"].isna().all():  # not evaluated
        metadata = metadata.drop(columns="roc_auc")
    lines = [metadata.columns, *metadata.fillna("").itertuples(index=False)]
    # a tab or a line end within a tag would shift every tag after it
    cells = [[" ".join(str(cell).split()) for cell in line] for line in lines]
    tensors = {"places_4d": tables["places_4d"], "vectors": vectors.to_numpy()}
    return (
        *(
            (
                f"{name}.tsv",
                _tensor(values),
                f"{len(values)} x {values.shape[1]}, for the Projector",
            )
            for name, values in tensors.items()
        ),
        ("metadata.tsv", "".join("\t".join(line) + "\n" for line in cells), "a row a tag"),
        ("projector_config.pbtxt", "".join(map(_embedding, tensors)), f"{len(tensors)} tensors"),
    )


def _tensor(values):
    text = io.StringIO()
    np.savetxt(text, values, fmt="%.7g", delimiter="\t")
    return text.getvalue()


def _embedding(name):
    return (
        "embeddings {\n"
        f'  tensor_name: "{name}"\n'
        f'  tensor_path: "{name}.tsv"\n'
        '  metadata_path: "metadata.tsv"\n'
        "}\n"
    )


def read_table(folder, name):
    """Read one of the tables of `COLUMNS`: a DataFrame."""
    path = folder / f"{name}.csv"
    try:
        return pd.read_csv(
            path,
            dtype=COLUMNS[name],
            usecols=list(COLUMNS[name]),
            keep_default_na=False,
            na_values={"roc_auc": [""]},
        )
    except ValueError:
        raise ValueError(f"{path} is damaged: add --force to make the map anew") from None


def read_summary(folder):
    """Read the settings of a map and what was measured: a dict."""
    return json.loads((folder / SUMMARY).read_text(encoding="utf-8"))
