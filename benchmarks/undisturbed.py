"""What a dataset holds, so that a run that was disturbed can be held against one that was not."""

import json
import zipfile

import pandas as pd

from autotagging import steps

# What two runs that give the same need not have in common: times, and a commit made between them.
VARYING = {"seconds", "training_seconds", "seconds_per_epoch", "clips_per_second", "mtime_ns"}
VARYING |= {"git_commit"}


def content_of(folder):
    """Return what every file holds, but for times and dates, and locks that nobody holds.

    Returns
    -------
    dict
        Path below the folder -> content, to be compared.
    """
    return {
        path.relative_to(folder).as_posix(): read(path)
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != steps.LOCK
    }


def read(path):
    """Return what a file holds, without times; of a network, weights and description."""
    if path.suffix == ".json":
        return {k: v for k, v in json.loads(path.read_text()).items() if k not in VARYING}
    if path.suffix == ".keras":
        with zipfile.ZipFile(path) as archive:
            return archive.read("model.weights.h5"), archive.read("autotagging.json")
    if path.name in {"history.csv", "clips.csv"}:
        return pd.read_csv(path, dtype=str).drop(columns=list(VARYING), errors="ignore").to_csv()
    return path.read_bytes()


def find_differences(folder, expected):
    """Return which files hold something else than is expected, or are too many or too few.

    Parameters
    ----------
    folder : Path
    expected : dict
        From `content_of`.

    Returns
    -------
    list of str
    """
    content = content_of(folder)
    names = sorted({*content, *expected})
    return [name for name in names if content.get(name) != expected.get(name)]
