"""The audio as MagnaTagATune ships it: one zip file cut into ``mp3.zip.001`` to ``.003``.

The parts are read as one stream and never joined on disk. Only members that the annotations name
are extracted, each straight to its clip's own name, so that a path inside the archive decides
nothing about where a file is written.
"""

import bisect
import contextlib
import io
import itertools
import os
import shutil
import zipfile
import zlib

from tqdm import tqdm

from autotagging.files import check_room

UTF_8 = 0x800  # of a member's flags: its name is in UTF-8, not in cp437
LARGE, DENSE = 100_000_000, 100  # bytes, and how many are packed into one: no sound is so dense
BOMB = f"the archive packs over {DENSE} bytes into one, which no sound allows: it is not unpacked"


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

    An archive that was joined, ``mp3.zip``, is its own only part.

    Raises
    ------
    ValueError
        For a part that is missing between others.
    """
    parts = sorted(raw.glob("mp3.zip.[0-9][0-9][0-9]"))
    if not parts and (raw / "mp3.zip").is_file():
        return [raw / "mp3.zip"]
    for number, path in enumerate(parts, 1):
        if path.suffix != f".{number:03}":
            raise ValueError(f"{raw / f'mp3.zip.{number:03}'} is missing, {path.name} is there")
    return parts


def list_sizes(parts):
    """Return the size of each file in the archive: a dict of path -> bytes.

    Parameters
    ----------
    parts : list of Path
        From `find_parts`; may be empty.
    """
    if not parts:
        return {}
    with _open_zip(parts) as archive:
        return {name: member.file_size for name, member in _members(archive).items()}


def _members(archive):
    """Return the files of a zip file by their paths: a dict."""
    members = {}
    for member in archive.infolist():
        name = member.filename
        if not member.flag_bits & UTF_8:  # macOS writes UTF-8 all the same
            with contextlib.suppress(UnicodeError):
                name = name.encode("cp437").decode("utf-8")
        if not member.is_dir():
            members[name] = member
    return members


def extract(files, parts, targets, why_unusable):
    """Extract clips to their own names; those that are there with the right checksum stay.

    Parameters
    ----------
    files : Series
        Paths inside the archive, as `list_sizes` has them, by clip_id.
    parts : list of Path
    targets : Series of Path
        Where each clip goes, by clip_id.
    why_unusable : callable
        Takes the path of an extracted file; returns None, or the reason to leave it out.

    Returns
    -------
    made : int
        How many were extracted now.
    reasons : dict
        clip_id -> reason, of those that were left out.

    Raises
    ------
    ValueError
        For damaged audio, with the part that it lies in, or where the disk has no room.
    """
    if not len(files):
        return 0, {}
    with _open_zip(parts) as archive:
        members = files.map(_members(archive))
        is_bomb = members.map(_is_bomb)
        count, reasons = 0, dict.fromkeys(members.index[is_bomb], BOMB)
        members = members[~is_bomb]
        _check_room(members, targets)
        for clip_id, member in tqdm(members.items(), "extracting", len(members), unit="clip"):
            target = targets[clip_id]
            if _holds(target, member):
                continue
            part = _extract_member(archive, member, target, parts)
            reason = why_unusable(part)
            if reason:
                part.unlink()
                reasons[clip_id] = reason
            else:
                os.replace(part, target)
                count += 1
    return count, reasons


def _is_bomb(member):
    """Return whether a member would fill the disk with next to nothing."""
    return member.file_size > max(LARGE, DENSE * member.compress_size)


def _check_room(members, targets):
    new = [member for clip_id, member in members.items() if not targets[clip_id].exists()]
    needed = sum(member.file_size for member in new)
    check_room(targets.iloc[0].parent, needed)


def _holds(target, member):
    if not target.is_file() or target.stat().st_size != member.file_size:
        return False
    crc = 0
    with target.open("rb") as file:
        while block := file.read(1 << 20):
            crc = zlib.crc32(block, crc)
    return crc == member.CRC


def _extract_member(archive, member, target, parts):
    part = target.with_name(target.name + ".part")
    part.unlink(missing_ok=True)  # it could be a link to a raw file, left by a run that was killed
    try:
        with archive.open(member) as source, part.open("wb") as copy:
            shutil.copyfileobj(source, copy)  # checks the CRC at the end
    except (zipfile.BadZipFile, EOFError, zlib.error, RuntimeError) as error:
        part.unlink(missing_ok=True)
        ends = _ends(parts)
        first, last = member.header_offset, member.header_offset + member.compress_size
        touched = [p.name for p, end in zip(parts, ends, strict=True) if end > first]
        touched = touched[: 1 + sum(first < end <= last for end in ends)]
        raise ValueError(
            f"{' or '.join(touched)} is damaged at {member.filename}: {error}"
        ) from None
    return part


def _ends(parts):
    """Return where each part ends in the joined stream."""
    return list(itertools.accumulate(path.stat().st_size for path in parts))


def _open_zip(parts):
    """Open the parts as one zip file; say which part is cut short where one is."""
    stream = io.BufferedReader(PartsReader(parts))
    try:
        archive = zipfile.ZipFile(stream)
    except zipfile.BadZipFile as error:
        if zipfile.is_zipfile(stream):
            raise ValueError(
                f"{parts[0]} to {parts[-1].name} do not make one zip file: {error}"
            ) from None
        number = len(parts) + 1
        raise ValueError(
            f"{parts[-1]} does not end as a zip file does: it is cut short, "
            f"or mp3.zip.{number:03} is missing"
        ) from None
    # The directory at the end says where each member began in the whole file; zipfile corrects
    # that by the number of bytes that are missing, below zero for what lies before the gap.
    members = sorted(archive.infolist(), key=lambda member: member.header_offset)
    missing = -members[0].header_offset if members else 0
    if missing > 0:
        after = bisect.bisect_left(members, True, key=lambda member: _begins(stream, member))
        gap = members[after].header_offset if after < len(members) else archive.start_dir
        cut = sum(end <= gap for end in _ends(parts)[:-1])
        archive.close()
        raise ValueError(f"{parts[max(cut - 1, 0)]} is cut short: {missing:,} bytes are missing")
    return archive


def _begins(stream, member):
    """Return whether a member begins where it would begin behind the gap."""
    if member.header_offset < 0:
        return False
    stream.seek(member.header_offset)
    return stream.read(4) == b"PK\x03\x04"
