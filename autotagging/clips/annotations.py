"""Tables of annotations as they are shipped -> which clips have which tags, and who made them.

Reads MagnaTagATune's ``annotations_final.csv`` (tab-separated: clip_id, a 0/1 column a tag,
mp3_path) with ``clip_info_final.csv``, and any table of one's own (comma or tab, UTF-8) with a
column ``path`` and a column per tag, 0/1 or true/false. Of a table's own columns ``clip_id``,
``artist``, ``album``, ``title``, ``track`` and ``split`` are used where they are there.
"""

import dataclasses
from dataclasses import dataclass

import pandas as pd

from autotagging import user_tables
from autotagging.clips import clip_ids, raw_files
from autotagging.files import list_visible
from autotagging.formatting import list_some
from autotagging.user_tables import normalise, quote

PARTS = ("train", "validation", "test")  # values of the column split
CLIP_INFO = "clip_info_final.csv"
TABLE = "annotations_final.csv"
CREDITS = ("artist", "album", "title", "track")
PATHS = ("path", "mp3_path")
MEANINGS = {  # of the columns that are no tags
    "clip_id": "the clips' ids",
    **dict.fromkeys(PATHS, "the paths of the audio"),
    **{column: f"each clip's {column}" for column in CREDITS},
    "split": f"each clip's part ({', '.join(PARTS)})",
}
NO_TAGS = tuple(MEANINGS)
# What a dataset's folder holds besides the annotations.
TRUTH = "truth_final.csv"  # of the synthetic sample: what is truly in each clip
DISCLAIMER, CITATION = "DISCLAIMER.txt", "CITATION.txt"
OTHER_TABLES = {CLIP_INFO, TRUTH}
MAGNATAGATUNE = (
    "E. Law, K. West, M. Mandel, M. Bay and J. S. Downie, Evaluation of algorithms using games: "
    "the case of music tagging, ISMIR 2009 (MagnaTagATune; audio by Magnatune, CC BY-NC-SA)"
)
TRUTH_VALUES = {"0": 0, "1": 1, "false": 0, "true": 1}


@dataclass(frozen=True)
class Annotations:
    """Which clips have which tags, and what else the tables say of the clips.

    Parameters
    ----------
    tags : DataFrame of shape (n_clips, n_tags), bool
        Indexed by clip_id (text), in numerical order of the ids. Where the table has none, they
        are made of the paths, see `clip_ids.derive`.
    metadata : DataFrame
        Of the same index: row (the table's, the header being row 1), file (the path of the
        audio below the raw folder), folder (the first of the path, for a table in MagnaTagATune's
        form, with mp3_path), and those of artist, album, title, track and split that are known.
    """

    tags: pd.DataFrame
    metadata: pd.DataFrame

    @property
    def credits(self):
        """Artist, album and track of every clip: DataFrame of shape (n_clips, 3), str.

        A track that is not named goes by its title; what is not known is the clip's own, as
        `placeholder_credit` has it.
        """
        nothing = pd.Series("", index=self.metadata.index)
        known = {column: self.metadata.get(column, nothing) for column in CREDITS}
        known["track"] = known["track"].where(known["track"] != "", known.pop("title"))
        own = placeholder_credit(nothing.index)
        return pd.DataFrame({name: value.where(value != "", own) for name, value in known.items()})


def find_table(raw):
    """Return the path of a dataset's annotations: ``annotations_final.csv``, else the only CSV.

    Raises
    ------
    ValueError
        Where there is none, or more than one; the sentence names them.
    """
    if (raw / TABLE).exists():
        return raw / TABLE
    tables = [path for path in list_visible(raw, "*.[cC][sS][vV]") if path.is_file()]
    tables = [path for path in tables if path.name not in OTHER_TABLES]
    if not tables:
        raise ValueError(
            f"{raw} has no {TABLE} and no other CSV: put the annotations there, or name the "
            "dataset's folder with --raw or the table with --annotations"
        )
    if len(tables) > 1:
        names = list_some(path.name for path in tables)
        raise ValueError(f"{raw} has {len(tables)} tables ({names}): name one with --annotations")
    return tables[0]


def find_clip_info(raw):
    """Return the path of ``clip_info_final.csv``, who made the clips; None where there is none."""
    return raw / CLIP_INFO if (raw / CLIP_INFO).exists() else None


def read_annotations(path, raw=None):
    """Read a table of annotations.

    Parameters
    ----------
    path : Path
        Comma- or tab-separated, with a column path (or mp3_path), a column per tag (0/1 or
        true/false) and any of clip_id, artist, album, title, track, split.
    raw : Path, optional
        The folder that its paths are relative to, and that absolute ones lie in; by default
        the table's.

    Returns
    -------
    Annotations

    Raises
    ------
    ValueError
        For a missing column, a tag that has the name of another column, an id or path given
        twice, a value that is neither 0/1 nor true/false, a part that is none; with the row.
    """
    tags, own = _read_table(path)
    named = next(column for column in PATHS if column in own)
    metadata = own[[column for column in (*CREDITS, "split") if column in own]].map(normalise)
    metadata.insert(0, "row", own.index)
    metadata.insert(1, "file", raw_files.make_relative(own[named], raw or path.parent))
    if named == "mp3_path":
        metadata.insert(2, "folder", metadata["file"].str.split("/").str[0])
    _refuse_repeated(metadata, metadata["file"], named, path)
    if "clip_id" in own:
        ids = own["clip_id"].map(normalise)
        _refuse_repeated(metadata, ids, "clip_id", path)
    else:
        ids = clip_ids.derive(metadata["file"])
        _refuse_repeated(metadata, ids, "clip_id", path, made_of=" of its path,")
    if "split" in metadata and not metadata["split"].isin(PARTS).all():
        wrong = metadata[~metadata["split"].isin(PARTS)].iloc[0]
        raise ValueError(
            f"{path}, row {wrong['row']}: split is {quote(wrong['split'])}, none of "
            f"{', '.join(PARTS)}: write one of these, or leave the column out"
        )
    tags.index = metadata.index = pd.Index(ids, name="clip_id")
    order = clip_ids.in_numerical_order(ids)
    return Annotations(tags.loc[order], metadata.loc[order])


def _refuse_repeated(metadata, values, column, path, *, made_of=""):
    repeated = values.duplicated()
    if repeated.any():
        second = metadata[repeated].iloc[0]
        value = values[repeated].iloc[0]
        first = metadata[values == value].iloc[0]
        rows = [f"row {row['row']} ({row['file']})" for row in (first, second)]
        raise ValueError(
            f"{path}, {rows[1]}: {column}{made_of} {quote(value)} stands there twice, the first "
            f"time in {rows[0]}: give each row a {column} of its own"
        )


def _read_table(path):
    """Return the columns of tags (bool) and the others (str), both indexed by row."""
    header, _ = user_tables.read_header(path)
    if not set(PATHS) & set(header):
        raise ValueError(f"{path} has no column 'path' (or 'mp3_path'); it has {list_some(header)}")
    tags = [column for column in header if column not in NO_TAGS]
    table = user_tables.read(path, dict.fromkeys(tags, "int8"))
    if table.empty:
        raise ValueError(f"{path} has no clips")
    _refuse_taken_names(table.drop(columns=tags), path)
    if set(PATHS) <= set(header):
        raise ValueError(f"{path} has both columns 'path' and 'mp3_path': rename or remove one")
    if not tags:
        raise ValueError(f"{path} has no column for a tag")
    bits = pd.DataFrame({tag: _as_bits(table[tag], path) for tag in tags}, table.index)
    return bits, table.drop(columns=tags)


def _refuse_taken_names(own, path):
    """Refuse a tag that is named as a column that is none: told by its values, all 0/1."""
    for column, values in own.items():
        is_number = column == "clip_id" and values.is_unique
        is_number |= column == "track" and (values == "1").all()
        if values.str.lower().isin(TRUTH_VALUES).all() and not is_number:
            raise ValueError(
                f"{path}: {column!r} is a tag by its values, all 0/1 or true/false, but the name "
                f"is taken for the column that holds {MEANINGS[column]}: rename the tag, or, where "
                "it is none, write other values"
            )


def _as_bits(column, path):
    """Return a tag's column as bool, or say which row is neither 0 nor 1."""
    if column.dtype == "int8":
        wrong = ~column.isin([0, 1]).to_numpy()
    else:
        values = column.str.lower().map(TRUTH_VALUES)
        wrong = values.isna().to_numpy()
    if wrong.any():
        row = column.index[wrong][0]
        raise ValueError(
            f"{path}, row {row}: {column.name!r} is {quote(column[row])}, neither 0/1 nor "
            f"true/false; a column that is no tag must be one of {list_some(NO_TAGS)}"
        )
    return (column if column.dtype == "int8" else values).astype(bool)


def add_clip_info(annotations, path):
    """Add who made the clips, for annotations that do not say it themselves.

    Parameters
    ----------
    annotations : Annotations
    path : Path or None
        MagnaTagATune's ``clip_info_final.csv``: tab-separated, with clip_id, track_number,
        title, artist, album. None where there is none.

    Returns
    -------
    Annotations
        With artist, album, title and track (number and title) where the file is there and none
        of them was known; empty for a clip that the file does not name.
    """
    if set(CREDITS) & set(annotations.metadata) or path is None:
        return annotations
    info = user_tables.read(path)
    columns = ["clip_id", "track_number", "title", "artist", "album"]
    if missing := [column for column in columns if column not in info]:
        raise ValueError(f"{path} has no column {list_some(missing)}")
    info = info[columns].map(normalise)
    info = info.drop_duplicates("clip_id").set_index("clip_id")
    clip_ids.refuse_altered(info.index, annotations.tags.index, path, "the annotations")
    info["track"] = info["track_number"] + " " + info["title"]
    metadata = annotations.metadata.join(info[list(CREDITS)])
    return dataclasses.replace(annotations, metadata=metadata.fillna(dict.fromkeys(CREDITS, "")))


def placeholder_credit(clip_ids):
    """Return what stands for artist, album or track of a clip that names none: "clip 2"."""
    return pd.Series("clip " + clip_ids, index=clip_ids)


def find_remarks(raw):
    """Return the paths of ``DISCLAIMER.txt`` and ``CITATION.txt`` of a dataset: those it has."""
    return [raw / name for name in (DISCLAIMER, CITATION) if (raw / name).is_file()]


def note_of(raw):
    """Return what all figures and numbers of a dataset must say, such as that it is synthetic.

    Parameters
    ----------
    raw : Path
        The folder of the dataset.

    Returns
    -------
    str
        What its ``DISCLAIMER.txt`` says, on one line; "" where there is none.
    """
    return " ".join(_read_remark(raw / DISCLAIMER).split())


def cite(table, raw):
    """Return how a dataset is to be cited.

    Parameters
    ----------
    table, raw : Path
        The table of annotations; the folder of the dataset.

    Returns
    -------
    str
        What ``CITATION.txt`` of the folder says, where there is one; else MagnaTagATune's
        citation for a table in its form; else the table's name.
    """
    if citation := _read_remark(raw / CITATION):
        return citation
    in_its_form = table.name == TABLE and (raw / CLIP_INFO).exists()
    return MAGNATAGATUNE if in_its_form else f"not stated: {table.name}"


def _read_remark(path):
    """Return the text of a file; "" where it is not there."""
    return path.read_text(encoding="utf-8", errors="replace").strip() if path.is_file() else ""
