"""The label sets: ``labels/<set>/``, one view of the clips each.

labels.csv        clip_id, split, then a 0/1 column a tag, most frequent tag first
tags.csv          tag, clips (with the tag, over all annotation rows), merged_from
tag_counts.csv    every tag as annotated: tag, clips, merged_into, clips_merged, kept
cooccurrence.csv  share of the clips with the row's tag that have the column's
summary.json      the settings and every count; written last
"""

import hashlib
import json
from pathlib import Path

import numpy as np
import pandas as pd

from autotagging.files import some, write_if_other, write_whole
from autotagging.splits import PARTS

DEFAULT_SET = "merged50"
FILES = ("labels.csv", "tags.csv", "tag_counts.csv", "summary.json")


def select(annotations, split, *, keep_untagged):
    """Return the labels of a set: its usable clips, untagged ones only where they are wanted.

    Parameters
    ----------
    annotations : DataFrame of shape (n_clips, n_tags), bool
        Of the clips that can be used, the tags kept, in their order.
    split : Series
        Each clip's part.
    keep_untagged : bool

    Returns
    -------
    DataFrame
        Indexed by clip_id: split, then a bool column a tag.
    """
    if not keep_untagged:
        annotations = annotations[annotations.any(axis=1)]
    return pd.concat([split[annotations.index], annotations], axis=1)


def state_settings(choices, files):
    """Return what decides a label set: its choices, and the checksums of what it was made from.

    Parameters
    ----------
    choices : dict
    files : dict
        What a file is -> its path, or None; such as annotations -> ``annotations_final.csv``.
    """
    checksums = {
        f"{what}_sha256": hashlib.sha256(file.read_bytes()).hexdigest()
        for what, file in files.items()
        if file and file.exists()
    }
    return {**choices, **checksums}


def check_settings(data, name, settings, *, force):
    """Refuse to replace a label set made with other settings, or the inventory of others.

    Parameters
    ----------
    data : Path
    name : str
        Of the set to be made.
    settings : dict
        From `state_settings`.
    force : bool
        Refuse nothing.

    Raises
    ------
    ValueError
        Naming what differs and ``--force``.
    """
    for present in [] if force else list_sets(data):
        before = read_summary(data, present)["settings"]
        differing = [key for key in settings | before if settings.get(key) != before.get(key)]
        if present == name and differing:
            raise ValueError(
                f"{set_folder(data, name)} was made with other settings ({', '.join(differing)}): "
                "make it anew with --force, or name another set with --labels"
            )
        if "annotations_sha256" in differing:
            raise ValueError(
                f"{set_folder(data, present)} was made from another table of annotations: name "
                "another folder with --data, or make all sets of this one anew with --force"
            )


def list_sets(data):
    """Return the names of the finished label sets of a dataset."""
    return sorted(path.parent.name for path in (Path(data) / "labels").glob("*/summary.json"))


def find_outdated(data, usable):
    """Return the label sets with clips that the inventory has no longer: name -> how many."""
    outdated = {}
    for name in list_sets(data):
        try:
            path = set_folder(data, name) / "labels.csv"
            clip_ids = pd.read_csv(path, dtype=str, usecols=["clip_id"])["clip_id"]
        except (OSError, ValueError):  # damaged: who reads it is told
            continue
        lost = int((~clip_ids.isin(usable)).sum())
        if lost:
            outdated[name] = lost
    return outdated


def set_name(choices, tags):
    """Return the name of a label set, after what made it: ``unmerged50-all-artists-seed3``.

    Parameters
    ----------
    choices : dict
        merge, tags_from, keep_untagged, split, seed.
    tags : int or str
        Number of tags, or "-" and the name of their list.
    """
    name = ("merged" if choices["merge"] else "unmerged") + f"{tags}"
    name += "-train" if choices["tags_from"] == "train" else ""
    name += "-all" if choices["keep_untagged"] else ""
    name += f"-{choices['split']}" if choices["split"] != "folders" else ""
    return name + (f"-seed{choices['seed']}" if choices["seed"] else "")


def set_folder(data, name):
    """Return the folder of a label set."""
    return Path(data) / "labels" / name


def find_set(data, name=None):
    """Return the name of the label set to use.

    Parameters
    ----------
    data : Path
        The dataset.
    name : str, optional
        What the user asked for; else the only set there, else ``merged50``.

    Raises
    ------
    ValueError
        Where there is none; the sentence names those that are there.
    """
    folder, present = Path(data) / "labels", list_sets(data)
    if not present:
        raise ValueError(f"{folder} has no label set: run 1_label_reduction_and_files_renaming.py")
    wanted = name or (present[0] if len(present) == 1 else DEFAULT_SET)
    if wanted not in present:
        raise ValueError(f"{folder} has no set {wanted!r}, only {some(present)}: name one")
    return wanted


def write_set(data, name, labels, tables, summary):
    """Write the files of a label set; ``summary.json`` comes last and says that all are there.

    Parameters
    ----------
    data : Path
        The dataset.
    name : str
        Of the set.
    labels : DataFrame
        Indexed by clip_id: split, then a column a tag.
    tables : tuple of two DataFrames
        The tags kept and every tag, from `tabulate_tags`.
    summary : dict

    Returns
    -------
    bool
        Whether anything changed on disk.
    """
    kept, every = tables
    tags = kept["tag"].tolist()
    table = labels.assign(**{tag: labels[tag].astype(int) for tag in tags})
    texts = (
        table.to_csv(index_label="clip_id", lineterminator="\n"),
        kept.to_csv(index=False, lineterminator="\n"),
        every.to_csv(index=False, lineterminator="\n"),
        json.dumps(summary, indent=2, ensure_ascii=False) + "\n",
    )
    folder = set_folder(data, name)
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / file for file in FILES]
    if all(
        path.exists() and path.read_bytes() == text.encode("utf-8")
        for path, text in zip(paths, texts, strict=True)
    ):
        return False
    paths[-1].unlink(missing_ok=True)  # first: a set without a summary is not finished
    for path, text in zip(paths, texts, strict=True):
        write_whole(path, text)
    return True


def read_labels(data, name):
    """Read a label set.

    Returns
    -------
    DataFrame
        Indexed by clip_id (text): split, then a bool column a tag, most frequent tag first.
    """
    path = set_folder(data, name) / "labels.csv"
    try:
        table = pd.read_csv(path, dtype={"clip_id": str, "split": str}, keep_default_na=False)
        table = table.set_index("clip_id")
        tags = table.columns.drop("split")
    except (ValueError, KeyError):
        raise ValueError(f"{path} is damaged: run script 1 again with --force") from None
    return table.astype(dict.fromkeys(tags, bool))


def read_tags(data, name):
    """Read the tags of a label set: a DataFrame with tag, clips, merged_from."""
    return pd.read_csv(set_folder(data, name) / "tags.csv", keep_default_na=False)


def read_tag_counts(data, name):
    """Read every tag as annotated: a DataFrame with tag, clips, merged_into, clips_merged, kept."""
    return pd.read_csv(set_folder(data, name) / "tag_counts.csv", keep_default_na=False)


def list_annotated(data):
    """Return every tag that is annotated, whatever label set keeps it: a set."""
    return {tag for name in list_sets(data) for tag in read_tag_counts(data, name)["tag"]}


def read_summary(data, name):
    """Read the settings and counts of a label set: a dict."""
    path = set_folder(data, name) / "summary.json"
    try:
        summary = json.loads(path.read_text(encoding="utf-8"))
        summary["settings"], summary["note"], summary["citation"]
    except (ValueError, KeyError, TypeError):
        raise ValueError(f"{path} is damaged: run script 1 again with --force") from None
    return summary


def arrays_by_part(labels, rows):
    """Return rows and labels of each part, for the clips that have features.

    Parameters
    ----------
    labels : DataFrame
        As from `read_labels`.
    rows : Series of int
        Row of each clip in a store, by clip_id; clips without one are left out.

    Returns
    -------
    dict
        ``train``, ``validation``, ``test`` -> (rows, y_true): ndarray of shape (n_clips,), int,
        and of shape (n_clips, n_tags), bool.

    Raises
    ------
    ValueError
        Where the training or the validation part has no clip, or no clip with a tag.
    """
    labels = labels.loc[rows.index]
    tags = labels.columns.drop("split")
    arrays = {}
    for part in PARTS:
        there = (labels["split"] == part).to_numpy()
        arrays[part] = rows.to_numpy()[there], labels.loc[there, tags].to_numpy()
    for part in ("train", "validation"):
        if not arrays[part][1].any():
            raise ValueError(f"there are no {part} clips with a tag: training needs some")
    return arrays


def checksum(data, name):
    """Return the SHA-256 of a set's ``labels.csv``."""
    return hashlib.sha256((set_folder(data, name) / "labels.csv").read_bytes()).hexdigest()


def describe_source(data, name):
    """Return what a figure of a set is made from: its name and the checksum of its files."""
    content = b"".join((set_folder(data, name) / file).read_bytes() for file in FILES)
    return f"labels/{name} {hashlib.sha256(content).hexdigest()}"


def check_unchanged(data, name, sha256):
    """Refuse labels that are not the ones a network was trained on.

    Raises
    ------
    ValueError
        Where ``labels.csv`` is not there or its checksum is another.
    """
    if not (set_folder(data, name) / "labels.csv").exists() or checksum(data, name) != sha256:
        raise ValueError(
            f"{set_folder(data, name)} is gone or has changed since the network was trained: "
            "train again with 3_train_cnn.py --force"
        )


def choose_clips(labels, tags=None, n_clips=3):
    """Return one clip for each of a few tags, for a figure: those that show the tag most purely.

    Of the clips with a tag, the one with the fewest of the other tags asked for, then with the
    fewest tags, then the first.

    Parameters
    ----------
    labels : DataFrame
        As from `read_labels`.
    tags : list of str, optional
        Otherwise the most frequent tags that clips are left for.
    n_clips : int
        How many, where `tags` are not given.

    Returns
    -------
    dict
        tag -> clip_id.

    Raises
    ------
    ValueError
        For a tag asked for that is not in the set, or that no clip (left) has.
    """
    every = labels.columns.drop("split")
    for tag in tags or ():
        if tag not in every:
            raise ValueError(f"{tag!r} is not one of the tags: {some(every, len(every))}")
    chosen, frequent = {}, list(every[:n_clips])
    for tag in tags or every:
        if len(chosen) == (len(tags) if tags else n_clips):
            break
        others = [other for other in tags or frequent if other != tag]
        rest = labels[labels[tag]].drop(list(chosen.values()), errors="ignore")
        if len(rest):
            order = pd.DataFrame({"shared": rest[others].sum(axis=1), "n": rest[every].sum(axis=1)})
            chosen[tag] = order.sort_values(["shared", "n"], kind="stable").index[0]
        elif tags:
            raise ValueError(f"no clip with the tag {tag!r} is left for the figure")
    return chosen


def cooccurrence(labels):
    """Return the share of the clips with one tag that have another.

    Parameters
    ----------
    labels : DataFrame
        As from `read_labels`.

    Returns
    -------
    DataFrame of shape (n_tags, n_tags)
        In row a and column b the share of the clips tagged a that are tagged b, in [0, 1]; NaN
        in the row of a tag that no clip has.
    """
    tags = labels.columns.drop("split")
    positives = labels[tags].to_numpy(float)
    together = positives.T @ positives
    shares = together / np.where(np.diag(together) > 0, np.diag(together), np.nan)[:, None]
    return pd.DataFrame(shares, index=tags, columns=tags)


def write_cooccurrence(data, name, table):
    """Write ``cooccurrence.csv`` of a label set: tag, then a column a tag; return its path."""
    path = set_folder(data, name) / "cooccurrence.csv"
    write_if_other(path, table.round(4).to_csv(index_label="tag", lineterminator="\n"))
    return path
