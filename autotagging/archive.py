"""The audio as MagnaTagATune ships it: one zip file cut into ``mp3.zip.001`` to ``.003``.

The parts are read as one stream and never joined on disk. Only members that the annotations name
are extracted, each straight to its clip's own name, so that a path inside the archive decides
nothing about where a file is written.
"""

import io
import os
import shutil
import zipfile
import zlib

import pandas as pd
from tqdm import tqdm


class PartsReader(io.RawIOBase):
    """The parts of a cut file as one seekable stream.

    Parameters
    ----------
    paths : list of Path
        The parts in order.
    """

    def __init__(self, paths):
        super().__init__()
        self._files = [path.open("rb") for path in paths]
        sizes = [path.stat().st_size for path in paths]
        self._starts = [sum(sizes[:i]) for i in range(len(sizes))]
        self._size = sum(sizes)
        self._position = 0

    def readable(self):
        """Return True."""
        return True

    def seekable(self):
        """Return True."""
        return True

    def seek(self, offset, whence=io.SEEK_SET):
        """Move to a position in the joined stream and return it."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._size}[whence]
        self._position = base + offset
        return self._position

    def tell(self):
        """Return the position in the joined stream."""
        return self._position

    def readinto(self, buffer):
        """Fill `buffer` with what one part has from here on; return the number of bytes."""
        if self._position >= self._size:
            return 0
        part = max(i for i, start in enumerate(self._starts) if start <= self._position)
        self._files[part].seek(self._position - self._starts[part])
        count = self._files[part].readinto(buffer)
        self._position += count
        return count

    def close(self):
        """Close the parts."""
        for file in self._files:
            file.close()
        super().close()


def find_parts(raw):
    """Return the parts of the archive in a raw folder, in order; none where there is no archive.

    Raises
    ------
    ValueError
        For a part that is missing between others.
    """
    parts = sorted(raw.glob("mp3.zip.[0-9][0-9][0-9]"))
    for number, path in enumerate(parts, 1):
        if path.suffix != f".{number:03}":
            raise ValueError(f"{raw / f'mp3.zip.{number:03}'} is missing, {path.name} is there")
    return parts


def audio_sizes(files, parts):
    """Return the size of each clip's audio in the archive.

    Parameters
    ----------
    files : Series of shape (n_clips,)
        Paths as annotated.
    parts : list of Path
        From `find_parts`; may be empty.

    Returns
    -------
    Series of shape (n_clips,), float
        Bytes; NaN for a file that the archive does not hold.
    """
    if not parts:
        return pd.Series(float("nan"), index=files.index)
    with _open_zip(parts) as archive:
        sizes = {member.filename: member.file_size for member in archive.infolist()}
    return files.map(sizes).astype(float)


def extract(files, parts, targets):
    """Extract clips to their own names; those that are there with the right checksum stay.

    Parameters
    ----------
    files : Series
        Paths inside the archive, by clip_id.
    parts : list of Path
    targets : Series of Path
        Where each clip goes, by clip_id.

    Returns
    -------
    int
        How many were extracted now.
    """
    if not len(files):
        return 0
    count = 0
    with _open_zip(parts) as archive:
        for clip_id in tqdm(files.index, desc="extracting", unit="clip"):
            member, target = archive.getinfo(files[clip_id]), targets[clip_id]
            if target.is_file() and zlib.crc32(target.read_bytes()) == member.CRC:
                continue
            _extract_member(archive, member, target)
            count += 1
    return count


def _extract_member(archive, member, target):
    part = target.with_name(target.name + ".part")
    part.unlink(missing_ok=True)  # it could be a link to a raw file, left by a run that was killed
    try:
        with archive.open(member) as source, part.open("wb") as copy:
            shutil.copyfileobj(source, copy)  # checks the CRC at the end
    except (zipfile.BadZipFile, EOFError, zlib.error, RuntimeError) as error:
        part.unlink(missing_ok=True)
        raise ValueError(f"mp3.zip is damaged at {member.filename}: {error}") from None
    os.replace(part, target)


def _open_zip(parts):
    stream = io.BufferedReader(PartsReader(parts))
    try:
        return zipfile.ZipFile(stream)
    except zipfile.BadZipFile as error:
        raise ValueError(
            f"{parts[0].parent}: {parts[0].name} to {parts[-1].name} are not a whole zip file "
            f"({error}): is a part missing or cut short?"
        ) from None
