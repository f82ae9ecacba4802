"""How measures, paths and lists of names are written, wherever they are read."""

import math
from pathlib import Path


def measure(value, plus=""):
    """Return a measure with three decimals and, as papers do, without the 0 before the point.

    "-" stands for one that is missing, `plus` before one that is not negative.
    """
    if _is_missing(value):
        return "-"
    return ("-" if round(value, 3) < 0 else plus) + f"{abs(value):.3f}".removeprefix("0")


def measure_with_interval(value, low, high):
    """Return a measure and its interval: ``.746 (.721 to .770)``."""
    interval = "" if _is_missing(low) else f" ({measure(low)} to {measure(high)})"
    return measure(value) + interval


def difference(value, low=None, high=None):
    """Return a difference of measures with its sign, and its interval."""
    interval = "" if _is_missing(low) else f" ({measure(low, '+')} to {measure(high, '+')})"
    return measure(value, "+") + interval


def _is_missing(value):
    return value is None or math.isnan(value)


def count(number, noun):
    """Return a number of things: ``1 clip``, ``1,500 clips``."""
    return f"{number:,} {noun}" + ("" if number == 1 else "s")


def list_some(names, limit=8):
    """Return names as they stand in a sentence, the first few where they are many.

    A name with a comma is quoted, as it would look like two. A limit of None lists all.
    """
    names = [f'"{name}"' if "," in name else name for name in map(str, names)]
    limit = len(names) if limit is None else limit
    more = f" and {len(names) - limit} more" if len(names) > limit else ""
    return ", ".join(names[:limit]) + more


def list_left_out(part, tags, on_every_clip):
    """Return which tags the averages over the clips of a part do without, and why; or "".

    Parameters
    ----------
    part : str
    tags, on_every_clip : list of str
        Those left out; those of them that are on every clip, not on none.
    """
    on_no_clip = [tag for tag in tags if tag not in on_every_clip]
    kinds = [
        f"on {place} {count(len(kind), 'tag')} ({list_some(kind, None)})"
        for kind, place in ((on_no_clip, "no clip"), (on_every_clip, "every clip"))
        if kind
    ]
    return f"left out of the averages over {part} clips: {'; '.join(kinds)}" if kinds else ""


def first_lines(lines, file):
    """Return the first ten of many lines, and how many more a file lists: list of str."""
    more = [f"and {len(lines) - 10:,} more, listed in {file}"] if len(lines) > 10 else []
    return [*lines[:10], *more]


def display_path(path):
    """Return a path as it is best read: relative to the working folder where it lies below it."""
    path = Path(path).absolute()
    if path.is_relative_to(Path.cwd()):
        return str(path.relative_to(Path.cwd()))
    return str(path)


def print_up_to_date(path):
    """Print that a script finds what it would make."""
    print(f"nothing to do: {display_path(path)} is up to date")


def print_written(path, content):
    """Print the line a script ends with for each file: its path and what it holds."""
    print(f"wrote {display_path(path)}: {content}")


def print_all_written(folder, contents):
    """Print a line for each file of a folder: a dict of name -> what it holds."""
    for name, content in contents.items():
        print_written(folder / name, content)
