"""How measures, paths and lists of names are written, wherever they are read."""

import math
from pathlib import Path


def measure(value):
    """Return a measure with three decimals and, as papers do, without the 0 before the point."""
    return "-" if _is_missing(value) else f"{value:.3f}".removeprefix("0")


def measure_with_interval(value, low, high):
    """Return a measure and its interval: ``.746 (.721 to .770)``."""
    interval = "" if _is_missing(low) else f" ({measure(low)} to {measure(high)})"
    return measure(value) + interval


def difference(value, low=None, high=None):
    """Return a difference of measures with its sign, and its interval."""
    interval = "" if _is_missing(low) else f" ({_signed(low)} to {_signed(high)})"
    return "-" if _is_missing(value) else _signed(value) + interval


def _signed(value):
    return ("-" if value < 0 else "+") + measure(abs(value))


def _is_missing(value):
    return value is None or math.isnan(value)


def list_some(names, most=8):
    """Return names as they stand in a sentence, the first few where they are many."""
    names = list(map(str, names))
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def first_lines(lines, file, most=10):
    """Return the first of many lines, and how many more a file lists: list of str."""
    more = [f"and {len(lines) - most:,} more, listed in {file}"] if len(lines) > most else []
    return [*lines[:most], *more]


def display_path(path):
    """Return a path as it is best read: relative to the working folder where it lies below it."""
    path = Path(path).absolute()
    if path.is_relative_to(Path.cwd()):
        return str(path.relative_to(Path.cwd()))
    return str(path)


def print_written(path, content):
    """Print the line a script ends with for each file: its path and what it holds."""
    print(f"wrote {display_path(path)}: {content}")


def print_all_written(folder, contents):
    """Print a line for each file of a folder: a dict of name -> what it holds."""
    for name, content in contents.items():
        print_written(folder / name, content)
