"""Tables of annotations as they are shipped -> which clips have which tags, and who made them.

Reads MagnaTagATune's ``annotations_final.csv`` (tab-separated: clip_id, a 0/1 column a tag,
mp3_path) with ``clip_info_final.csv``, and any table of one's own (comma or tab, UTF-8) with a
column ``path`` and a column a tag, 0/1 or true/false. Of a table's own columns ``clip_id``,
``artist``, ``album``, ``title``, ``track`` and ``split`` are used where they are there.
"""

import csv
import warnings
from pathlib import PurePosixPath

import pandas as pd

from autotagging.files import some
from autotagging.splits import PARTS

CLIP_INFO = "clip_info_final.csv"
TABLE = "annotations_final.csv"
MAKERS = ("artist", "album", "title", "track")
PATHS = ("path", "mp3_path")
NO_TAGS = ("clip_id", *PATHS, *MAKERS, "split")
# What a dataset's folder holds besides the annotations.
OTHER_TABLES = {CLIP_INFO, "truth_final.csv", "clips.csv", "excluded.csv"}
TRUTH_VALUES = {"0": 0, "1": 1, "false": 0, "true": 1}


def find_table(raw):
    """Return the path of a dataset's annotations: ``annotations_final.csv``, else the only CSV.

    Raises
    ------
    ValueError
        Where there is none, or more than one; the sentence names them.
    """
    if (raw / TABLE).exists():
        return raw / TABLE
    tables = sorted(path for path in raw.glob("*.csv") if path.name not in OTHER_TABLES)
    if not tables:
        raise ValueError(
            f"{raw} has no {TABLE} and no other CSV: put the annotations there, "
            "or name the dataset's folder with --raw or the table with --annotations"
        )
    if len(tables) > 1:
        names = some(path.name for path in tables)
        raise ValueError(f"{raw} has {len(tables)} tables ({names}): name one with --annotations")
    return tables[0]


def read_annotations(path):
    """Read a table of annotations.

    Parameters
    ----------
    path : Path
        Comma- or tab-separated, with a column path (or mp3_path), a column a tag (0/1 or
        true/false) and any of clip_id, artist, album, title, track, split.

    Returns
    -------
    annotations : DataFrame of shape (n_clips, n_tags), bool
        Indexed by clip_id (text), in numerical order of the ids. Where the table has none, it
        is the path without its ending, "/" turned into "-".
    about : DataFrame
        Of the same index: row (the table's, the header being row 1), file (the path of the
        audio below the raw folder), and those of artist, album, title, track and split that the
        table has.

    Raises
    ------
    ValueError
        For a missing column, an id or path given twice, a value that is neither 0/1 nor
        true/false, a part that is none; with the row.
    """
    table = _read_table(path)
    table.insert(0, "row", range(2, len(table) + 2))
    named = next(column for column in PATHS if column in table)
    table = table.rename(columns={named: "file"})
    table["file"] = [str(PurePosixPath(file)) if file else "" for file in table["file"]]
    _refuse_repeated(table, "file", named, path)
    if "clip_id" not in table:
        table["clip_id"] = [clip_id_of(file) for file in table["file"]]
    _refuse_repeated(table, "clip_id", "clip_id", path)
    if "split" in table and not table["split"].isin(PARTS).all():
        wrong = table[~table["split"].isin(PARTS)].iloc[0]
        raise ValueError(
            f"{path}, row {wrong['row']}: split is {wrong['split']!r}, none of {', '.join(PARTS)}"
        )
    table = table.set_index("clip_id")
    table = table.loc[in_numerical_order(table.index)]
    about = table[["row", "file", *(column for column in NO_TAGS if column in table)]]
    annotations = table.drop(columns=about.columns)
    if not len(annotations.columns):
        raise ValueError(f"{path} has no column for a tag")
    if not len(annotations):
        raise ValueError(f"{path} has no clips")
    return annotations.astype(bool), about


def clip_id_of(file):
    """Return the id of a clip that the table gives none: ``audio/rock/8.mp3`` is audio-rock-8."""
    path = PurePosixPath(file)
    return str(path.with_suffix("") if path.name else path).replace("/", "-")


def _refuse_repeated(table, column, name, path):
    repeated = table[column].duplicated()
    if repeated.any():
        second = table[repeated].iloc[0]
        first = table[table[column] == second[column]].iloc[0]
        raise ValueError(
            f"{path}, row {second['row']} ({second['file']}): {name} {second[column]!r} stands "
            f"there twice, the first time in row {first['row']} ({first['file']})"
        )


def _read_table(path):
    header, separator = _read_header(path)
    types = {column: str if column in NO_TAGS else "int8" for column in header}
    # index_col: else a row that is too long would make its first column an index
    reading = {"sep": separator, "encoding": "utf-8-sig", "index_col": False}
    reading["keep_default_na"] = False
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", pd.errors.ParserWarning)
            try:
                table = pd.read_csv(path, dtype=types, **reading)
            except ValueError as error:
                if isinstance(error, (pd.errors.ParserError, UnicodeDecodeError)):
                    raise
                # the fast way found something that is not 0 or 1: look where
                table = pd.read_csv(path, dtype=str, **reading)
    except pd.errors.ParserWarning:
        raise ValueError(
            f"{path} has rows with more values than the {len(header)} columns of its header"
        ) from None
    except (pd.errors.ParserError, UnicodeDecodeError) as error:
        raise ValueError(f"{path}: {str(error).strip()}") from None
    values = {column: _as_bits(table[column], path) for column in header if column not in NO_TAGS}
    own = table[[column for column in header if column in NO_TAGS]].fillna("")
    return pd.concat([own, pd.DataFrame(values, index=own.index)], axis=1)


def _read_header(path):
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            line = file.readline()
            file.seek(0)
            separator = "\t" if "\t" in line else ","
            header = next(csv.reader(file, delimiter=separator), [])
    except (UnicodeDecodeError, csv.Error) as error:
        raise ValueError(f"{path} is not a table in UTF-8: {error}") from None
    if not header:
        raise ValueError(f"{path} is empty")
    repeated = {column for column in header if header.count(column) > 1}
    if repeated:
        raise ValueError(f"{path} has the column {min(repeated)!r} twice")
    if not all(column.strip() for column in header):
        number = next(i for i, column in enumerate(header, 1) if not column.strip())
        raise ValueError(f"{path}: column {number} has no name")
    if len(set(PATHS) & set(header)) != 1:
        wrong = "both columns" if set(PATHS) <= set(header) else "no column"
        raise ValueError(f"{path} has {wrong} 'path' (or 'mp3_path'); it has {some(header)}")
    return header, separator


def _as_bits(column, path):
    """Return a tag's column as 0 and 1, or say which row is neither."""
    if column.dtype == "int8":
        bits = column.where(column.isin([0, 1]))
    else:
        bits = column.str.strip().str.lower().map(TRUTH_VALUES)
    wrong = bits.isna().to_numpy()
    if wrong.any():
        row = int(wrong.argmax())
        value = column.iloc[row]
        raise ValueError(
            f"{path}, row {row + 2}: {column.name!r} is {'' if pd.isna(value) else str(value)!r}, "
            f"neither 0/1 nor true/false; a column that is no tag must be one of {some(NO_TAGS)}"
        )
    return bits.astype("int8")


def in_numerical_order(clip_ids):
    """Return clip ids sorted: numbers as numbers and first, other text after them."""
    return sorted(clip_ids, key=lambda i: (not i.isdecimal(), int(i) if i.isdecimal() else 0, i))


def add_clip_info(about, path):
    """Add who made the clips, for annotations that do not say it themselves.

    Parameters
    ----------
    about : DataFrame
        From `read_annotations`.
    path : Path
        MagnaTagATune's ``clip_info_final.csv``: tab-separated, with clip_id, track_number,
        title, artist, album. It need not be there.

    Returns
    -------
    DataFrame
        `about`, with artist, album, title and track (number and title) where the file is there
        and none of them was known; empty for a clip that the file does not name.
    """
    if set(MAKERS) & set(about) or not path.exists():
        return about
    columns = ["clip_id", "track_number", "title", "artist", "album"]
    try:
        info = pd.read_csv(path, sep="\t", dtype=str, keep_default_na=False, usecols=columns)
    except (ValueError, pd.errors.ParserError) as error:
        raise ValueError(f"{path}: {str(error).strip()}") from None
    info = info.drop_duplicates("clip_id").set_index("clip_id")
    info["track"] = info["track_number"] + " " + info["title"]
    return about.join(info[list(MAKERS)]).fillna(dict.fromkeys(MAKERS, ""))


def name_makers(about):
    """Return artist, album and track of every clip; what is not known is the clip's own.

    Parameters
    ----------
    about : DataFrame
        With any of artist, album, title, track; a track that is not named goes by its title.

    Returns
    -------
    DataFrame of shape (n_clips, 3), str
        artist, album, track; as `own_name` has it where it is not known.
    """
    nothing = pd.Series("", index=about.index)
    known = {column: about.get(column, nothing) for column in MAKERS}
    known["track"] = known["track"].where(known["track"] != "", known.pop("title"))
    own = own_name(about.index)
    return pd.DataFrame({maker: names.where(names != "", own) for maker, names in known.items()})


def own_name(clip_ids):
    """Return what stands for artist, album or track of a clip that names none: "clip 2"."""
    return pd.Series("clip " + clip_ids, index=clip_ids)
