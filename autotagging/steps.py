"""A step is a folder of the dataset; it is finished when its ``summary.json`` is there.

The summary is written last, and it begins alike in every folder: settings (what was chosen), inputs
(what was read, each with a checksum), versions, git_commit, seconds. A step that starts removes its
summary first and its figures and pages next: a figure that is there belongs there, whenever a run
is killed. Run again, a finished step does nothing; one of other settings or inputs is refused.
"""

import contextlib
import json
import shutil
import time
from dataclasses import dataclass, field
from pathlib import Path

import filelock
import numpy as np
import pandas as pd

from autotagging import files, versions

SUMMARY, LOCK = "summary.json", "lock"
FIGURES = ("*.png", "*.html")  # and pages
FIGURE = "figure_"  # begins the name of a setting that decides a figure alone
KERAS_ENTRIES = ("model.weights.h5", "autotagging.json")  # not its metadata, with a date
VOLATILE = ["bytes", "mtime_ns"]  # of audio that is the same
EARLIER = ("manifest.json", "run.json")  # stood in place of a summary in earlier versions
WRITTEN_BY = {
    "clips": "1_label_reduction_and_files_renaming.py",
    "labels": "1_label_reduction_and_files_renaming.py",
    "features": "2_feature_extraction.py",
    "models": "3_train_cnn.py",
    "results": "4_evaluate.py",
    "tag_map": "5_visualize_tags.py",
    "cross_validation": "benchmarks/cross_validate.py",
    "published": "aux_published_networks.py",
}


@dataclass(frozen=True)
class Step:
    """A step as it is to be: its folder, what was chosen, what is read.

    Parameters
    ----------
    folder : Path
    settings, inputs : dict
        Plain values; inputs from `describe_inputs`.
    started : float
        When its work began, for the seconds in the summary.
    """

    folder: Path
    settings: dict
    inputs: dict
    started: float = field(default_factory=time.perf_counter, compare=False)


def describe_inputs(data, *paths, clip_ids=()):
    """Return what tells each input of a step from others.

    Parameters
    ----------
    data : Path
        The dataset. What lies below it is named relative to it, so that it can be moved; what
        does not, ``../`` and its name, as where it lies elsewhere is not known.
    paths : Path or None
        A file, told by its content; a network (``.keras``), by its weights and description, as
        the file has a date inside; ``clips/`` or a folder of features, by its settings and the
        rows of the clips that are used, so that clips that are added make nothing stale. None is
        passed over.
    clip_ids : iterable of str
        The clips that are used.

    Returns
    -------
    dict
        Name -> checksum.
    """
    data, inputs = data.resolve(), {}
    for path in [path.resolve() for path in paths if path is not None]:
        files.check_name(path)
        is_below = path.is_relative_to(data)
        name = path.relative_to(data).as_posix() if is_below else f"../{path.name}"
        if is_below and not path.exists():
            raise damaged(path)
        if name in inputs:  # two files from elsewhere with one name
            name = f"../{path.parent.name}/{path.name}"
        inputs[name + "/" * path.is_dir()] = checksum(path, clip_ids)
    return inputs


def checksum(path, clip_ids=()):
    """Return what tells an input of a step from others, see `describe_inputs`."""
    if path.is_dir():
        settings = read_summary(path)["settings"]
        settings = {key: value for key, value in settings.items() if not key.startswith(FIGURE)}
        rows = read_table(path / "clips.csv", "clip_id", dtype=str).reindex(sorted(clip_ids))
        rows = rows.drop(columns=VOLATILE, errors="ignore")
        return files.checksum_of([json.dumps(settings), rows.to_csv()])
    if path.suffix == ".keras":
        with contextlib.suppress(ValueError):  # damage is said where it is loaded
            return files.checksum_of(files.read_zip(path, KERAS_ENTRIES).values())
    return files.checksum(path)


def is_finished(step, *, replaceable=()):
    """Return whether a folder holds what the settings and inputs of a step give.

    Parameters
    ----------
    step : Step
    replaceable : collection of str
        Settings and inputs that may differ: then the step is not finished, and resumes with what
        it has. A table to which rows are added is one, and so is every setting that decides a
        figure alone.

    Raises
    ------
    ValueError
        Where it holds what others give, naming what differs, or was made by an earlier version.
    """
    before = _read(step.folder)
    return before is not None and not find_differences(step, before, replaceable=replaceable)


def find_differences(step, before, *, replaceable=(), made="made"):
    """Return what differs between what a folder was made, or begun, with and what is asked for.

    Parameters
    ----------
    step : Step
    before : dict
        With the settings and inputs it was made with.
    replaceable : collection of str
        As of `is_finished`.
    made : str
        What was done with it: made, or begun.

    Returns
    -------
    set of str
        Names of settings and inputs, all of them replaceable.

    Raises
    ------
    ValueError
        Naming those that are not.
    """
    different, words = set(), []
    for kind, given in (("settings", step.settings), ("inputs", step.inputs)):
        old, new = before.get(kind, {}), json.loads(json.dumps(given))  # tuples become lists
        names = [name for name in sorted({*old, *new}) if old.get(name) != new.get(name)]
        different.update(names)
        for name in names:
            if name in replaceable or name.startswith(FIGURE):
                continue
            if kind == "settings":
                values = [json.dumps(kept.get(name))[:80].strip('"') for kept in (old, new)]
                values = ["none" if value == "null" else value for value in values]
                words.append(f"with {name.replace('_', ' ')} {values[0]}, not {values[1]}")
            elif name in old and name in new:
                words.append(f"from {'other' if name.endswith('/') else 'another'} {name}")
            else:
                words.append(f"{'with' if name in old else 'without'} {name}")
    if words:
        other = "another folder with --data" if step.folder.name == "clips" else "another --name"
        raise ValueError(
            f"{step.folder} was {made} {'; '.join(words)}: run {_script(step.folder)} again with "
            f"--force, or give {other}"
        )
    return different


def check_current(data, folder, clip_ids=()):
    """Return the summary of a finished step; refuse one whose inputs have changed since.

    Parameters
    ----------
    data, folder : Path
    clip_ids : iterable of str
        As for `describe_inputs`.

    Raises
    ------
    ValueError
        Naming the inputs. One that is gone, to save room perhaps, is no reason.
    """
    summary, changed = read_summary(folder), []
    for name, before in summary["inputs"].items():
        path = data / name
        is_known = path.exists() and not name.startswith("..")
        if is_known and checksum(path, clip_ids) != before:
            changed.append(name)
    if changed:
        raise ValueError(
            f"{folder} is out of date, as {', '.join(changed)} changed since: run "
            f"{_script(folder)} again with its options and --force"
        )
    return summary


def read_summary(folder, options=""):
    """Return the summary of a finished step: a dict.

    Raises
    ------
    ValueError
        Where it is not finished; the sentence names the script to run, with options that are
        known, and what is finished.
    """
    summary = _read(folder)
    if summary is None:
        finished = ", ".join(list_finished(folder.parent))
        present = f" (there are {finished})" if finished else ""
        raise ValueError(f"{folder} is not finished{present}: run {_script(folder)}{options}")
    return summary


def read_table(path, index=None, **reading):
    """Read a CSV of a finished step, perhaps indexed by a column; `reading` as for pandas.

    Raises
    ------
    ValueError
        Where it is gone or damaged, naming the script to run.
    """
    try:
        table = pd.read_csv(path, keep_default_na=False, **reading)
        table = table if index is None else table.set_index(index)
    except (OSError, ValueError, KeyError):
        raise damaged(path) from None
    if not table.index.is_unique:
        raise damaged(path)
    return table


def read_array(path, shape=None):
    """Read an array of finite numbers of a finished step, perhaps of a shape; see `read_table`."""
    with contextlib.suppress(OSError, EOFError, TypeError, ValueError):
        array = np.load(path, allow_pickle=False)
        if np.isfinite(array).all() and shape in (None, array.shape):
            return array
    raise damaged(path)


def damaged(path, problem="is gone or damaged"):
    """Return the error about a file of a step that is not as it was written."""
    again = "again with its options and --force"
    return ValueError(f"{path} {problem}: run {_script(path.parent)} {again}")


def list_finished(folder):
    """Return the names of the finished steps below a folder, such as ``data/mtt/models``."""
    return [path.parent.name for path in files.list_visible(folder, f"*/{SUMMARY}")]


def _read(folder):
    """Return a summary; None where there is none."""
    problem = "was made by an earlier version"
    try:
        summary = json.loads((folder / SUMMARY).read_text(encoding="utf-8"))
        if all(isinstance(summary.get(key), dict) for key in ("settings", "inputs", "versions")):
            return summary
    except FileNotFoundError:
        if not any((folder / name).exists() for name in EARLIER):
            return None
    except (OSError, ValueError, AttributeError):
        problem = f"has a damaged {SUMMARY}"
    raise ValueError(f"{folder} {problem}: run {_script(folder)} again with --force")


def _script(folder):
    places = (folder.parent, folder, *folder.parents[1:])
    names = [place.name for place in places if place.name in WRITTEN_BY]
    return WRITTEN_BY[names[0] if names else "published"]  # these may lie in a folder of any name


@contextlib.contextmanager
def locked(folder):
    """Hold a folder so that no second run writes to it; it is free when the process ends.

    Raises
    ------
    ValueError
        Where another run holds it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    lock = filelock.FileLock(folder / LOCK, timeout=0, is_singleton=True)  # held twice by one run
    try:
        lock.acquire()
    except filelock.Timeout:
        raise ValueError(f"another run is writing {folder}") from None
    try:
        yield
    finally:
        with contextlib.suppress(OSError):
            if lock.lock_counter == 1:
                (folder / LOCK).unlink()
                folder.rmdir()  # where nothing came of it
        lock.release()


@contextlib.contextmanager
def writing(step):
    """Lock a folder; undo its summary, figures and pages; write its summary when all else is done.

    Yields
    ------
    dict
        The summary so far, to which the step adds what it has to say.
    """
    summary = {"settings": step.settings, "inputs": step.inputs, **versions.describe()}
    summary["seconds"] = None
    with locked(step.folder):
        for name in (SUMMARY, *EARLIER):
            (step.folder / name).unlink(missing_ok=True)
        _remove_figures(step.folder)
        yield summary
        summary["seconds"] = summary["seconds"] or round(time.perf_counter() - step.started, 1)
        _write(step.folder, summary)


def discard_figures(step):
    """Let a finished step keep its numbers, and lose figures that other settings decide now."""
    summary = {**read_summary(step.folder), "settings": step.settings, "inputs": step.inputs}
    _remove_figures(step.folder)
    _write(step.folder, summary)


def _remove_figures(folder):
    for pattern in FIGURES:
        for path in files.list_visible(folder, pattern):
            path.unlink()


def discard(folder):
    """Remove a step with all that is in its folder, unless another run is writing it."""
    if folder.exists():
        removed = folder.with_name(f".{folder.name}.removed")
        with locked(folder):
            (folder / SUMMARY).unlink(missing_ok=True)
            shutil.rmtree(removed, ignore_errors=True)  # of a run that was killed
            folder.rename(removed)  # at once: whatever is left of it is no half step
        shutil.rmtree(removed)


def _write(folder, summary):
    text = json.dumps(summary, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    files.write_whole(folder / SUMMARY, text)
