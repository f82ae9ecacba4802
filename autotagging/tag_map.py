"""A map of tags as files: ``tag_map/``.

places.csv            tag, kind, clips, way (how its vector was found), x, y
vectors.csv           tag, then a column a dimension
neighbours.csv        space, tag, rank, neighbour, cosine
tsne_4d.tsv           the places in four dimensions, for the TensorFlow Projector
vectors.tsv           the vectors, for the Projector
metadata.tsv          tag, kind, clips, way: a row a line of these two
projector_config.pbtxt
summary.json          settings, inputs, what was measured; written last
"""

import hashlib
import io
import json
from pathlib import Path

import numpy as np
import pandas as pd

from autotagging.files import write_whole

SUMMARY = "summary.json"


def describe_inputs(paths):
    """Return the SHA-256 of files by name: what a map was made from."""
    digests = {}
    for path in paths:
        with path.open("rb") as file:
            digests[path.name] = hashlib.file_digest(file, "sha256").hexdigest()
    return digests


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
        Where it holds another map; the sentence names what differs.
    """
    path = folder / SUMMARY
    if not path.exists():
        return False
    try:
        made = dict(json.loads(path.read_text(encoding="utf-8"))["settings"])
    except (ValueError, KeyError, TypeError):
        raise ValueError(f"{path} is damaged: add --force to make the map anew") from None
    for key, value in settings.items():
        if made.get(key) != value:
            how = _difference(key, made.get(key), value)
            raise ValueError(f"{folder} was made {how}: add --force to make it anew")
    return True


def _difference(key, before, now):
    if not isinstance(now, dict):
        return f"with {key} {before!r}, not {now!r}"
    changed = [name for name in now if now[name] != (before or {}).get(name)]
    return f"from other {key}: {', '.join(changed)} changed since"


def describe_source(folder):
    """Return what a figure of a map is made from: the checksum of its summary and places."""
    content = b"".join((folder / name).read_bytes() for name in (SUMMARY, "places.csv"))
    return f"{folder.name} {hashlib.sha256(content).hexdigest()}"


def tabulate_places(places, kinds, clips, ways):
    """Return the table of a map's places, a row a tag.

    Parameters
    ----------
    places : ndarray of shape (n_tags, 2)
    kinds : list of str
    clips, ways : Series of shape (n_tags,)
        Indexed by tag, in the order of `places`.

    Returns
    -------
    DataFrame
        tag, kind, clips, way, x, y.
    """
    columns = {"tag": clips.index, "kind": kinds, "clips": clips.to_numpy(), "way": ways.to_numpy()}
    return pd.DataFrame({**columns, "x": places[:, 0], "y": places[:, 1]})


def write(folder, tables, summary):
    """Write the files of a map; ``summary.json`` comes last and says that all are there.

    Parameters
    ----------
    folder : Path
    tables : dict
        places (tag, kind, clips, way, x, y), vectors (indexed by tag), neighbours, and
        places_4d, an ndarray of shape (n_tags, 4): all in one order of tags.
    summary : dict
        With "settings", as for `is_made`.

    Returns
    -------
    list of tuple (Path, str)
        What was written, in words.
    """
    folder.mkdir(parents=True, exist_ok=True)
    (folder / SUMMARY).unlink(missing_ok=True)
    places, vectors = tables["places"], tables["vectors"]
    n_tags, size = vectors.shape
    texts = (
        ("places.csv", _csv(places.round({"x": 4, "y": 4})), f"{n_tags} tags"),
        ("vectors.csv", _csv(vectors, index=True), f"{n_tags} tags, {size} dimensions"),
        ("neighbours.csv", _csv(tables["neighbours"].round(4)), "the nearest tags of each"),
        *_projector_files(tables),
        (
            SUMMARY,
            json.dumps(summary, indent=2, ensure_ascii=False, allow_nan=False) + "\n",
            "settings, measures",
        ),
    )
    for name, text, _ in texts:
        write_whole(folder / name, text)
    return [(folder / name, content) for name, _, content in texts]


def _csv(table, index=False):
    return table.to_csv(index=index, lineterminator="\n", float_format="%.7g")


def _projector_files(tables):
    """Return name, text and content of what TensorBoard's Projector opens."""
    vectors, metadata = tables["vectors"], tables["places"][["tag", "kind", "clips", "way"]]
    lines = [metadata.columns, *metadata.itertuples(index=False)]
    # a tab or a line end within a tag would shift every tag after it
    cells = [[" ".join(str(cell).split()) for cell in line] for line in lines]
    tensors = {"tsne_4d": tables["places_4d"], "vectors": vectors.to_numpy()}
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


def read_places(folder):
    """Read the places of a map: a DataFrame with tag, kind, clips, way, x, y."""
    path = Path(folder) / "places.csv"
    return pd.read_csv(path, dtype={"tag": str}, keep_default_na=False)


def read_summary(folder):
    """Read the settings of a map and what was measured: a dict."""
    return json.loads((Path(folder) / SUMMARY).read_text(encoding="utf-8"))
