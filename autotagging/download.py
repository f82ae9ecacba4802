"""Files from a server, whole and with the right checksum or not at all.

A download resumes where it was interrupted (HTTP Range), also in a later run; pooch, which checks
checksums as well, starts from the beginning, and MagnaTagATune's parts have 1.1 GB.
"""

import csv
import hashlib
import os
import time
from dataclasses import dataclass

import requests
from tqdm import tqdm

from autotagging.files import check_room

BLOCK = 1 << 16  # bytes
TIMEOUT = (10, 60)  # seconds to connect, and without a byte
TRANSIENT = {408, 429, 500, 502, 503, 504}  # answers after which to try again
REASONS = {
    requests.Timeout: "the server does not answer",
    requests.exceptions.ChunkedEncodingError: "the connection was dropped again and again",
    requests.ConnectionError: "the server cannot be reached",
}
ENDING = ".download"  # of a file that is not complete


@dataclass(frozen=True)
class RemoteFile:
    """A file as it has to be: name, size in bytes, checksum in hexadecimal and of which kind."""

    name: str
    size: int
    checksum: str
    kind: str


class _TransientError(Exception):
    """A failure after which it is worth to try again."""


def read_files(path):
    """Read a table of files, such as ``data/magnatagatune.csv``: list of RemoteFile."""
    with path.open(newline="", encoding="utf-8") as table:
        rows = list(csv.reader(table))[1:]
    return [RemoteFile(name, int(size), checksum, kind) for name, size, checksum, kind in rows]


def is_complete(file, folder):
    """Return whether a folder holds a file of the right size and checksum."""
    path = folder / file.name
    has_size = path.is_file() and path.stat().st_size == file.size
    return has_size and _checksum(path, file.kind) == file.checksum


def check_room_for(files, folder):
    """Refuse to start where the disk has no room for files, as far as they are not there yet."""
    paths = [folder / file.name for file in files] + [_part(file, folder) for file in files]
    present = sum(path.stat().st_size for path in paths if path.is_file())
    check_room(folder, sum(file.size for file in files) - present)


def fetch(
    file, base_url, folder, *, tries=5, pause=2.0, elsewhere="name another server with --base-url"
):
    """Download a file into a folder, resuming where it was interrupted.

    Parameters
    ----------
    file : RemoteFile
    base_url : str
        Of the folder on the server.
    folder : Path
    tries : int
        How often in a row it may fail without a byte gained.
    pause : float
        Seconds before the second try; doubled before each further one.
    elsewhere : str
        What else to do where the server cannot be reached or does not have the file.

    Raises
    ------
    ValueError
        In one sentence, for a server that cannot be reached, refuses, breaks off time and again,
        or has another file under this name. What came in order is kept for the next run.
    """
    url = f"{base_url.rstrip('/')}/{file.name}"
    part = _part(file, folder)
    failures = 0
    while True:
        before = part.stat().st_size if part.exists() else 0
        try:
            _receive(file, url, part, elsewhere)
            break
        except (_TransientError, requests.RequestException) as error:
            gained = part.exists() and part.stat().st_size > before
            failures = 1 if gained else failures + 1
            if failures >= tries or isinstance(error, requests.exceptions.InvalidURL):
                raise ValueError(_give_up(url, part, file, error, elsewhere)) from None
            time.sleep(pause * 2 ** (failures - 1))
    if _checksum(part, file.kind) != file.checksum:
        part.unlink()
        wrong = f"is not the file known by that name (its {file.kind} is another)"
        raise ValueError(f"{url} {wrong}: nothing was kept; try again, or {elsewhere}")
    os.replace(part, folder / file.name)


def _give_up(url, part, file, error, elsewhere):
    size = part.stat().st_size if part.exists() else 0
    kept = f"{size:,} of {file.size:,} bytes are kept: the same command resumes there"
    reason = next((said for kind, said in REASONS.items() if isinstance(error, kind)), error)
    return f"{url}: {reason}; {kept if size else 'nothing was kept'}; or {elsewhere}"


def _receive(file, url, part, elsewhere):
    """Append to a part what a server has beyond it; return once it has the file's size."""
    start = part.stat().st_size if part.exists() else 0
    if start > file.size:
        part.unlink()
        start = 0
    elif start == file.size:
        return
    # identity: a compressed answer's bytes could not be counted
    headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={start}-"} if start else {})
    with requests.get(url, headers=headers, stream=True, timeout=TIMEOUT) as answer:
        if answer.status_code == 416:  # what is there is longer than the server's file
            part.unlink()
            raise _TransientError("the server's file is shorter than what is there of it")
        start = _check_answer(answer, file, url, start, elsewhere)
        with (
            part.open("ab" if start else "wb") as output,
            tqdm(None, file.name, file.size, initial=start, unit="B", unit_scale=True) as progress,
        ):
            for block in answer.iter_content(BLOCK):
                output.write(block)
                progress.update(len(block))
                if output.tell() > file.size:
                    break
    size = part.stat().st_size
    if size < file.size:
        raise _TransientError("the connection was dropped again and again")
    if size > file.size:
        part.unlink()
        raise ValueError(f"{url} is longer than the file known by that name: nothing was kept")


def _check_answer(answer, file, url, start, elsewhere):
    """Return from which byte on an answer continues the file; refuse one that does not."""
    if answer.status_code in TRANSIENT:
        raise _TransientError(f"the server answers {answer.status_code} {answer.reason}")
    if answer.status_code == 206:
        if answer.headers.get("Content-Range", "").startswith(f"bytes {start}-"):
            return start
        raise ValueError(f"{url}: the server sends another range than the one asked for")
    if answer.status_code != 200:
        raise ValueError(
            f"{url}: the server answers {answer.status_code} {answer.reason}; "
            f"is the file elsewhere now? {elsewhere}"
        )
    length = int(answer.headers.get("Content-Length", file.size))
    if length != file.size:
        raise ValueError(f"{url} has {length:,} bytes, not {file.size:,}: nothing was kept")
    return 0  # the whole file: the server knows no ranges, or was asked for none


def _part(file, folder):
    return folder / f"{file.name}{ENDING}"


def _checksum(path, kind):
    digest, size = hashlib.new(kind.replace("-", "")), path.stat().st_size
    showing = {"unit": "B", "unit_scale": True, "leave": False, "disable": size < 1000 * BLOCK}
    title = f"checking {path.name.removesuffix(ENDING)}"
    with path.open("rb") as file, tqdm(None, title, size, **showing) as progress:
        while block := file.read(BLOCK):
            digest.update(block)
            progress.update(len(block))
    return digest.hexdigest()
