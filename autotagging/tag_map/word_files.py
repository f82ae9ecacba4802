"""Files of word vectors -> the words that tags are written with.

A file is word2vec's or GloVe's, at hand or named in gensim's catalogue. Of several gigabytes a map
needs some hundred words: these are kept below the dataset, and the large file may go.

word_vectors/<file>.csv    word, then a column per dimension
word_vectors/<file>.json   which file (checksum, size, time of change), which words were looked for,
                           checksum of those found
"""

import codecs
import functools
import gzip
import itertools
import json
import os
import re
import shlex
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from autotagging import cli, download
from autotagging.files import checksum, write_table, write_whole
from autotagging.formatting import list_some

ENDINGS = {".bin": True, ".txt": False, ".vec": False}  # -> whether vectors are stored as bytes
MAX_WORDS = 500_000  # of a file, the most frequent first: of Google News' 3 million, 0.6 GB
PICKLES = {".kv": "KeyedVectors.load({})", ".model": "Word2Vec.load({}).wv"}

# Files of github.com/piskvorky/gensim-data, list.json. Its own loader runs code that it fetches
# beside a file; here the file alone is fetched. Left out are the models without plain English
# words: conceptnet-numberbatch (/c/en/...), ruscorpora.
CATALOGUE_URL = "https://github.com/piskvorky/gensim-data/releases/download"
BINARY = "word2vec-google-news-300"  # the one of them that stores vectors as bytes


@functools.cache
def catalogue():
    """Return the files of gensim's catalogue: name -> RemoteFile."""
    files = download.read_files(cli.REPOSITORY / "data" / "word_vectors.csv")
    return {file.name.removesuffix(".gz"): file for file in files}


@dataclass(frozen=True)
class Source:
    """Where word vectors come from: name, file (None where it is not at hand), checksum."""

    name: str
    path: Path | None
    checksum: str

    @property
    def short_name(self):
        """The name without its ending: what a map by these vectors is called."""
        return re.sub(r"(\.(bin|txt|vec))?(\.gz)?$", "", self.name, flags=re.I) or self.name


def find_source(name, data):
    """Return where word vectors come from.

    Parameters
    ----------
    name : str
        A file, a name of `catalogue`, or a file whose words are kept while itself it is gone.
    data : Path
        The dataset that words are kept for.

    Returns
    -------
    Source

    Raises
    ------
    ValueError
        For a pickle, another kind of file, or a name that is none of these.
    """
    path = Path(name)
    kept = _read_kept(data, path.name)
    if path.is_file():
        _is_binary(path)
        same = kept and kept["changed"] == _change(path)
        return Source(path.name, path, kept["checksum"] if same else checksum(path))
    if name in catalogue():
        return Source(name, None, catalogue()[name].checksum)
    if kept:
        return Source(path.name, None, kept["checksum"])
    raise ValueError(
        f"{name or 'an empty name'} is not a file, nor one whose words {data} has kept whole, nor "
        f"a name of gensim's catalogue ({', '.join(catalogue())})"
    )


def read(source, data, wanted, *, folder, **fetching):
    """Return the vectors of wanted words, and keep them.

    Parameters
    ----------
    source : Source
    data : Path
        The dataset; kept words are taken where they were looked for before.
    wanted : set of str
        All ways in which tags may be written.
    folder : Path
        Where a file of the catalogue is fetched to, if gensim has not fetched it before.
    fetching : dict
        For `download.fetch`: base_url, tries, pause.

    Returns
    -------
    DataFrame of shape (n_words, n_dimensions), float32
        Indexed by word; of a file with more than `MAX_WORDS` the first are looked at.

    Raises
    ------
    ValueError
        For a file that is cut short or holds no vectors; where it is not at hand and cannot be
        fetched.
    """
    kept = _read_kept(data, source.name)
    if kept and kept["checksum"] == source.checksum and wanted <= kept["wanted"]:
        return kept["words"]
    path = source.path
    if path is None and source.name in catalogue():
        path = _fetch(source.name, folder, **fetching)
    if path is None:
        new = sorted(wanted - kept["wanted"])
        raise ValueError(
            f"{source.name} is not there, and when its words were kept nobody looked for "
            f"{list_some(new)}: name the file with its folder"
        )
    words = _read_words(path, wanted)
    description = {"checksum": source.checksum, "changed": _change(path), "wanted": sorted(wanted)}
    _keep(data, source.name, description, words)
    return words


def _keep(data, name, description, words):
    """Write the words of a file; the description last, so that it never stands alone."""
    table_path, description_path = _kept_paths(data, name)
    table_path.parent.mkdir(exist_ok=True)
    description_path.unlink(missing_ok=True)
    write_table(table_path, words, float_format="%.9g")
    description |= {"words": checksum(table_path)}
    write_whole(description_path, json.dumps(description, ensure_ascii=False) + "\n")


def _read_kept(data, name):
    """Return what is kept of a file; None where nothing is, or no longer as it was written.

    Returns
    -------
    dict
        checksum and changed (of the file), wanted (the words looked for), words (DataFrame).
    """
    table_path, description_path = _kept_paths(data, name)
    try:
        description = json.loads(description_path.read_text(encoding="utf-8"))
        kept = {key: description[key] for key in ("checksum", "changed")}
        kept["wanted"] = set(description["wanted"])
        if description["words"] != checksum(table_path):
            return None
        reading = {"index_col": "word", "dtype": {"word": str}, "keep_default_na": False}
        words = pd.read_csv(table_path, **reading).astype("float32")
        words.columns = range(words.shape[1])
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return kept | {"words": words}


def _kept_paths(data, name):
    return tuple(data / "word_vectors" / f"{name}.{ending}" for ending in ("csv", "json"))


def _change(path):
    """Return size and time of the last change: the same for a file that is the same."""
    state = path.stat()
    return [state.st_size, state.st_mtime_ns]


def _fetch(name, folder, *, base_url=CATALOGUE_URL, tries=3, pause=1.0):
    """Return a file of the catalogue: as gensim has fetched it, or fetched now."""
    file = catalogue()[name]
    gensim = Path(os.environ.get("GENSIM_DATA_DIR", Path.home() / "gensim-data")) / name
    for place in (gensim, folder):
        if download.is_complete(file, place):
            return place / file.name
    folder.mkdir(parents=True, exist_ok=True)
    download.check_room_for([file], folder)
    elsewhere = "name a file that is at hand with --vectors"
    address = f"{base_url}/{name}"
    download.fetch(file, address, folder, tries=tries, pause=pause, elsewhere=elsewhere)
    return folder / file.name


def _is_binary(path):
    """Say whether vectors are stored as bytes, as the file's name has it."""
    name = path.name.lower().removesuffix(".gz")
    if name in catalogue():
        return name == BINARY
    for ending, binary in ENDINGS.items():
        if name.endswith(ending):
            return binary
    for ending, load in PICKLES.items():
        if name.endswith(ending):
            target = json.dumps(str(path.with_suffix(".bin")))
            code = "from gensim.models import KeyedVectors, Word2Vec; "
            code += load.format(json.dumps(str(path)))
            code += f".save_word2vec_format({target}, binary=True)"
            raise ValueError(
                f"{path} is not read: as a pickle it could run code; if you trust it, convert it "
                f"with: python -c {shlex.quote(code)}"
            )
    endings = ", ".join(ENDINGS)
    raise ValueError(f"{path} is not read: word vectors end in {endings}, perhaps with .gz behind")


def _read_words(path, wanted):
    """Return the vectors of those wanted words that a file has."""
    try:
        found, size = (_read_binary if _is_binary(path) else _read_text)(path, wanted)
    except (ValueError, EOFError, gzip.BadGzipFile, zlib.error) as error:
        reason = str(error).split("\n")[0]
        raise ValueError(f"{path} is no complete file of word vectors: {reason}") from None
    with np.errstate(over="ignore"):  # becomes infinite, which `look_up` refuses by name
        vectors = np.array([found[word] for word in sorted(found)]).astype("float32")
    index = pd.Index(sorted(found), name="word", dtype=str)
    return pd.DataFrame(vectors.reshape(len(found), size), index=index)


def _read_binary(path, wanted):
    from gensim.models import KeyedVectors

    _check_header(path, binary=True)
    reading = {"binary": True, "limit": MAX_WORDS, "unicode_errors": "replace"}
    keyed = KeyedVectors.load_word2vec_format(str(path.resolve()), **reading)
    return {word: keyed[word] for word in wanted if word in keyed}, keyed.vector_size


def _read_text(path, wanted):
    """Read lines of a word and its numbers, the words wanted alone.

    gensim reads all of them into memory, and none of a file with blanks within words, such as
    GloVe's of 840 billion tokens.
    """
    n_words, size = _check_header(path, binary=False)
    first = {word.encode().split()[0] for word in wanted if word.strip()}
    found, number, line = {}, 0, b""
    with _open(path) as file:
        if n_words is not None:
            file.readline()
        for number, line in enumerate(itertools.islice(file, MAX_WORDS), start=1):
            start = line.removeprefix(codecs.BOM_UTF8).split(maxsplit=1)
            if start and start[0] in first:
                word, vector = _read_line(line, size, number)
                if word in wanted and word not in found:
                    found[word] = vector
    if line.strip():
        _read_line(line, size, number)  # the last may be cut
    if n_words is not None and number < min(n_words, MAX_WORDS):
        raise ValueError(f"its first line names {n_words} words, there are {number}")
    return found, size


def _read_line(line, size, number):
    parts = line.removeprefix(codecs.BOM_UTF8).rsplit(maxsplit=size)
    try:
        vector = [float(part) for part in parts[1:]]
    except ValueError:
        vector = []
    if len(vector) != size:
        raise ValueError(f"line {number} of the words is not a word and {size} numbers")
    return parts[0].decode("utf-8", "replace"), vector


def _open(path):
    return (gzip.open if path.name.lower().endswith(".gz") else open)(path, "rb")


def _check_header(path, binary):
    """Refuse a file whose first line promises what it cannot hold, before memory is taken.

    Returns
    -------
    n_words : int or None
        None for GloVe's text, whose first line is a word and its numbers already.
    size : int
    """
    with _open(path) as file:
        numbers = file.readline(100_000).split()
    if not binary and len(numbers) > 2 and _are_numbers(numbers[1:]):
        return None, len(numbers) - 1
    if len(numbers) != 2 or not all(number.isdigit() for number in numbers):
        raise ValueError("its first line is not the number of words and of dimensions")
    n_words, size = map(int, numbers)
    least = n_words * size * (4 if binary else 2)
    packed = 1032 if path.name.lower().endswith(".gz") else 1  # the most gzip can pack
    if not 0 < least <= path.stat().st_size * packed:
        raise ValueError(f"it cannot hold the {n_words} x {size} numbers its first line names")
    return n_words, size


def _are_numbers(texts):
    try:
        return np.isfinite(np.array(texts, dtype=float)).all()
    except ValueError:
        return False
