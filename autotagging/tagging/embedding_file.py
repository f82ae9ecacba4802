"""Embeddings of songs: values of a network's last hidden layer, kept, and compared.

<name>.npy   (n_rows, width), float32: a row a song, the mean of its pieces, or a row a chunk
<name>.csv   file and second of each row, in their order

Both are written at the end, and before that whenever there are a quarter more songs; a later run
adds to them.
"""

from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.metrics.pairwise import cosine_similarity

from autotagging.files import write_array, write_table
from autotagging.formatting import count, display_path, measure
from autotagging.tagging.kept import Settings

GROWTH = 1.25  # of the number of songs, from one writing to the next


class EmbeddingFile:
    """An array of embeddings and its table.

    Parameters
    ----------
    path : Path
        Of the array, ending in ``.npy``.
    model : Tagger
        That embeds.
    most : int
        Pieces of a song.
    per_chunk : bool

    Raises
    ------
    ValueError
        Where the files are of another network or other options, or are damaged.
    """

    def __init__(self, path, model, most, *, per_chunk=False):
        self.path, self.table_path, self._per_chunk = path, path.with_suffix(".csv"), per_chunk
        self._settings = Settings(path, model, {"--pieces": most, "--per-chunk": per_chunk})
        self._values, self._rows, self._songs = [], [], {}  # path -> name
        self._n_written = 0
        if path.exists():
            self._settings.check()
            self._read()

    def _read(self):
        try:
            array = np.load(self.path, allow_pickle=False)
            table = pd.read_csv(self.table_path, keep_default_na=False, dtype={"second": float})
            n_rows = min(len(array), len(table))  # a run may be killed between the two
            self._values = [array[:n_rows]] if array.ndim == 2 else []
            self._rows = table[["file", "second"]].iloc[:n_rows].to_numpy().tolist()
            self._songs = {Path(file).absolute(): file for file, _ in self._rows}
        except (OSError, EOFError, LookupError, TypeError, ValueError):
            raise ValueError(
                f"{display_path(self.path)}, or {self.table_path.name} beside it, is gone or "
                "damaged: name another file"
            ) from None
        self._n_written = len(self._songs)

    def has(self, song):
        """Return whether a song has its rows."""
        return not song.is_standard_input and Path(song.name).absolute() in self._songs

    def add(self, song, _, scored):
        """Add a song, unless it is there."""
        if self.has(song):
            return
        values, seconds = scored.values, scored.starts
        if not self._per_chunk:
            values, seconds = scored.embedding[None], [0.0]
        self._values.append(values)
        self._rows += [(song.name, float(second)) for second in seconds]
        self._songs[Path(song.name).absolute()] = song.name
        if len(self._songs) >= GROWTH * max(self._n_written, 1):
            self._write()

    def _write(self):
        if not self._n_written:
            self._settings.write()
        self._values = [np.concatenate(self._values)]
        write_array(self.path, self._values[0])
        table = pd.DataFrame(self._rows, columns=["file", "second"])
        write_table(self.table_path, table, index=False, float_format="%.2f")
        self._n_written = len(self._songs)

    def close(self):
        """Write what is new, and say what the files hold."""
        if len(self._songs) > self._n_written:
            self._write()
        if self._songs:
            rows = f"{count(len(self._rows), 'row')} of {count(len(self._songs), 'song')}"
            print(f"wrote {display_path(self.path)} and {self.table_path.name}: {rows}")

    def embeddings(self):
        """Return a row for each song, the mean of its own: DataFrame by file."""
        files = [file for file, _ in self._rows]
        values = np.concatenate(self._values) if self._values else None
        return pd.DataFrame(values).groupby(files, sort=False).mean()


class Collected:
    """Embeddings of the songs of this run alone."""

    def __init__(self):
        self._values = {}

    def has(self, _):
        """Return False: nothing is kept from run to run."""
        return False

    def add(self, song, _, scored):
        """Note a song's."""
        self._values[song.name] = scored.embedding

    def close(self):
        """Do nothing: nothing is written."""

    def embeddings(self):
        """Return a row for each song: DataFrame by file."""
        return pd.DataFrame(self._values).T


def describe_nearest(embeddings, n_nearest):
    """Return for each song the nearest others, a line each: str.

    By the cosine of the values as they are: standardised over the songs at hand they find songs of
    the same genre no more often, and would depend on what else is there.

    Parameters
    ----------
    embeddings : DataFrame
        A row a song.
    n_nearest : int
    """
    if embeddings.empty:
        return "no song to compare"
    similarity = cosine_similarity(embeddings)
    np.fill_diagonal(similarity, -np.inf)
    lines = []
    for name, row in zip(embeddings.index, similarity, strict=True):
        lines.append(f"nearest to {name}:")
        nearest = np.argsort(-row, kind="stable")[: min(n_nearest, len(row) - 1)]
        lines += [f"  {measure(row[i])}  {embeddings.index[i]}" for i in nearest]
    return "\n".join(lines)
