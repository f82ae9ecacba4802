"""``tag_map/<name>/``: a map of tags as files.

tags.csv              tag, kind, clips, way (how its vector was found), roc_auc (if evaluated)
coordinates.csv       space (words, annotations, network), tag, x, y
vectors.csv           tag, then a column per dimension
neighbours.csv        space, tag, rank, neighbour, cosine
agreement.csv         space, other_space, tag, nearest, in_common: of the tags that both have
coordinates_4d.tsv    coordinates in four dimensions, for the TensorFlow Projector
vectors.tsv           the vectors, for the Projector
metadata.tsv          tag, kind, clips, way, roc_auc: a row per line of these two
projector_config.pbtxt
t_SNE.png, .txt       the map of the words, and its caption with the numbers
tag_map.html          the maps to explore
summary.json          settings, inputs, what was measured; written last
"""

from pathlib import Path

import numpy as np
import pandas as pd

from autotagging import steps
from autotagging.files import write_whole
from autotagging.formatting import print_written
from autotagging.labels.label_sets import DEFAULT_SET
from autotagging.results.results_folder import DEFAULT as DEFAULT_RESULTS

CAPTION = "t_SNE.txt"
COLUMNS = {
    "tags": {"tag": str, "kind": str, "clips": int, "way": str, "roc_auc": float},
    "coordinates": {"space": str, "tag": str, "x": float, "y": float},
    "neighbours": {"space": str, "tag": str, "rank": int, "neighbour": str, "cosine": float},
    "agreement": {"space": str, "other_space": str, "tag": str, "nearest": int, "in_common": int},
}


def folder_of(data, name):
    """Return the folder of a map."""
    return Path(data) / "tag_map" / name


def name_map(source, label_set, evaluated):
    """Return the name of a map: its vectors', and what else is not the default.

    Parameters
    ----------
    source : word_files.Source or None
        None where vectors are trained.
    label_set : str or None
        None for the default.
    evaluated : str or None
        Name of the results.
    """
    name = source.short_name if source else "trained"
    name += f"-{label_set}" if label_set and label_set != DEFAULT_SET else ""
    return name + (f"-{evaluated}" if evaluated not in (None, DEFAULT_RESULTS) else "")


def tabulate_tags(counts, kinds, ways, roc_aucs=None):
    """Return the table of a map's tags.

    Parameters
    ----------
    counts : Series of shape (n_tags,)
        Clips of each tag, the most frequent first.
    kinds : dict
        tag -> kind.
    ways, roc_aucs : Series
        How the vector of each was found; its ROC-AUC, where there is an evaluated network.

    Returns
    -------
    DataFrame
        tag, kind, clips, way, roc_auc.
    """
    tags = counts.index
    roc_aucs = pd.Series(np.nan, tags) if roc_aucs is None else roc_aucs.reindex(tags)
    columns = {"tag": tags, "kind": [kinds.get(tag, "other") for tag in tags]}
    columns |= {"clips": counts.array, "way": ways[tags].array, "roc_auc": roc_aucs.array}
    return pd.DataFrame(columns)


def describe(vectors, ways, scored=None):
    """Return which tags have a vector, by which word, and scores: a dict for the summary.

    Parameters
    ----------
    vectors : DataFrame of shape (n_found, size)
    ways : Series
        How the vector of each tag was found.
    scored : ScoredClips, optional
        Of an evaluated network, perhaps of some of the tags.
    """
    tags = ways.index
    by_synonym = ways[ways.str.startswith("synonym ")].str.removeprefix("synonym ")
    words = {tag: way.rpartition(": ")[0] for tag, way in by_synonym.items()}
    return {
        "tags": len(ways),
        "dimensions": vectors.shape[1],
        "tags_without_vector": tags[~tags.isin(vectors.index)].tolist(),
        "tags_without_scores": tags[~tags.isin(scored.tags)].tolist() if scored else [],
        "tags_by_synonym": [f"{tag} by {word}" for tag, word in words.items()],
    }


def tabulate_coordinates(maps):
    """Return all maps, a dict of name -> (x, y by tag), as one table."""
    return pd.concat(maps, names=["space", "tag"]).reset_index()


def write(folder, tables, caption):
    """Write the tables of a map, the files for the Projector, and the caption of the figure.

    Parameters
    ----------
    folder : Path
    tables : dict
        tags, coordinates, neighbours, agreement, with their `COLUMNS`; vectors, indexed by tag,
        and coordinates_4d, an ndarray of shape (n_found, 4): of the tags that are found, in the
        order of `tags`.
    caption : list of str
        Paragraphs, from `caption.write`.
    """
    texts = {
        "tags.csv": _csv(tables["tags"].round({"roc_auc": 6})),
        "coordinates.csv": _csv(tables["coordinates"].round({"x": 4, "y": 4})),
        "vectors.csv": _csv(tables["vectors"], index=True),
        "neighbours.csv": _csv(tables["neighbours"].round(4)),
        "agreement.csv": _csv(tables["agreement"]),
        **_projector_files(tables),
        CAPTION: "\n\n".join(caption) + "\n",
    }
    for name, text in texts.items():
        write_whole(folder / name, text)
        print_written(folder / name, f"{len(text.splitlines()):,} lines")


def _csv(table, index=False, **layout):
    return table.to_csv(index=index, lineterminator="\n", float_format="%.7g", **layout)


def _projector_files(tables):
    """Return name -> text of what TensorBoard's Projector opens."""
    vectors, tags = tables["vectors"], tables["tags"]
    metadata = tags[tags["tag"].isin(vectors.index)].round({"roc_auc": 4}).astype(object)
    if metadata["roc_auc"].isna().all():  # not evaluated
        metadata = metadata.drop(columns="roc_auc")
    lines = [metadata.columns, *metadata.fillna("").itertuples(index=False)]
    # a tab or a line end within a tag would shift every tag after it
    cells = [[" ".join(str(cell).split()) for cell in line] for line in lines]
    tensors = {"coordinates_4d": pd.DataFrame(tables["coordinates_4d"]), "vectors": vectors}
    return {
        **{f"{name}.tsv": _csv(table, sep="\t", header=False) for name, table in tensors.items()},
        "metadata.tsv": "".join("\t".join(line) + "\n" for line in cells),
        "projector_config.pbtxt": "".join(map(_embedding, tensors)),
    }


def _embedding(name):
    tensor = f'  tensor_name: "{name}"\n  tensor_path: "{name}.tsv"\n'
    return f'embeddings {{\n{tensor}  metadata_path: "metadata.tsv"\n}}\n'


def read_table(folder, name):
    """Read one of the tables of `COLUMNS`: a DataFrame."""
    reading = {"dtype": COLUMNS[name], "usecols": list(COLUMNS[name])}
    return steps.read_table(folder / f"{name}.csv", na_values={"roc_auc": [""]}, **reading)
