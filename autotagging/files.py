"""Files that appear whole: written under another name, then renamed."""

import contextlib
import hashlib
import os

try:
    import fcntl
except ImportError:  # not on Windows
    fcntl = None


def write_whole(path, content):
    """Write text (as UTF-8) or bytes; a reader sees the old file or the new one, never a half."""
    part = path.with_name(path.name + ".part")
    part.write_bytes(content.encode("utf-8") if isinstance(content, str) else content)
    os.replace(part, path)


def write_if_other(path, text):
    """Write text where the file does not hold it yet; return whether it was written."""
    if path.exists() and path.read_bytes() == text.encode("utf-8"):
        return False
    write_whole(path, text)
    return True


def checksum(path):
    """Return the SHA-256 of a file in hexadecimal, however large it is."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextlib.contextmanager
def locked(path, sentence):
    """Hold a lock on a file that no other process has; it ends with the process, however that ends.

    Raises
    ------
    ValueError
        With the sentence, where another process has it.
    """
    with path.open("w") as file:
        if fcntl:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                raise ValueError(sentence) from None
        try:
            yield
        finally:
            path.unlink(missing_ok=True)


def some(names, most=8):
    """Return names as they stand in a sentence, the first few where they are many."""
    names = list(map(str, names))
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more
