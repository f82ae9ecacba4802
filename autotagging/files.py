"""Files that appear whole: written under another name, then renamed."""

import os


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


def some(names, most=8):
    """Return names as they stand in a sentence, the first few where they are many."""
    names = list(map(str, names))
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more
