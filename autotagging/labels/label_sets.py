"""The label sets: ``labels/<set>/``, one view of the clips each.

labels.csv        clip_id, split, then a 0/1 column a tag, most frequent tag first
tags.csv          tag, clips (with the tag, over all annotation rows), merged_from
tag_counts.csv    every tag as annotated: tag, clips, merged_into, clips_merged, kept
cooccurrence.csv  share of the clips with the row's tag that have the column's
multi_hot/        with --names multi-hot, links named after the tags
summary.json      the settings and every count; written last
"""

from collections import defaultdict
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from autotagging import options, steps
from autotagging.clips.annotations import MAGNATAGATUNE
from autotagging.files import write_table
from autotagging.formatting import list_some
from autotagging.labels import splits, tag_choice
from autotagging.options import option

DEFAULT_SET = "merged50"
CLIPS_AT_A_TIME = 10_000  # that are counted


@dataclass(frozen=True)
class LabelSettings:
    """What decides a label set, besides the files it is made from.

    `resolve` fills in what an option leaves open.
    """

    merge: bool = option("keep the tags as annotated", True)
    top: int | None = option(f"tags to keep (default: {tag_choice.TOP})", None, options.positive)
    tags: Path | str | None = option(
        "keep these tags, in this order: a line each, or a tags.csv", None, options.file
    )
    tags_from: str = option(
        "count on all annotated clips, as everybody does, or on those for training alone",
        "all",
        choices=("all", "train"),
    )
    keep_untagged: bool = option("keep clips with none of the tags", False)
    split: str | None = option(
        "what decides train, validation and test: artists and random 12:1:3, with more validation "
        "below 800 clips; test: every clip is for testing (default: the column split where there "
        "is one, else MagnaTagATune's folders 0-f, else artists where they are named, else random)",
        None,
        choices=splits.WAYS,
    )
    seed: int | None = option("random seed (default: 0)", 0, options.seed)
    names: str = option(
        "multi-hot: link the audio in labels/<set>/multi_hot under its tags and id, too",
        "id",
        choices=("id", "multi-hot"),
    )

    def __post_init__(self):
        if self.tags and self.tags_from == "train":
            raise ValueError("--tags lists the tags: --tags-from train does not go with it")
        if isinstance(self.tags, Path) and self.top:
            raise ValueError("--tags lists the tags: --top does not go with it")

    def resolve(self, *, merge, split, n_tags):
        """Return the settings with what was found out: None for what decides nothing.

        Parameters
        ----------
        merge : bool
            Whether synonyms merge anything.
        split : str
            From `splits.choose`.
        n_tags : int
            How many are kept.
        """
        return replace(
            self,
            merge=merge,
            tags=self.tags and self.tags.stem,
            top=None if self.tags else n_tags,
            tags_from="list" if self.tags else self.tags_from,
            split=split,
            seed=self.seed if split in splits.SEEDED else None,
        )

    @property
    def set_name(self):
        """The name of a label set that is resolved: ``unmerged50-all-artists-seed3``."""
        name = "merged" if self.merge else "unmerged"
        name += f"-{self.tags}" if self.tags else f"{self.top}"
        name += "-train" if self.tags_from == "train" else ""
        name += "-all" if self.keep_untagged else ""
        name += f"-{self.split}" if self.split != "folders" else ""
        return name + (f"-seed{self.seed}" if self.seed else "")


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


def warn_of_outdated(data, usable):
    """Print which label sets have clips that the inventory has no longer."""
    for name in steps.list_finished(Path(data) / "labels"):
        try:
            n_lost = int((~read_labels(data, name).index.isin(usable)).sum())
        except ValueError:  # damaged, or of an earlier version: who reads it is told
            continue
        if n_lost:
            print(f"warning: labels/{name} has {n_lost:,} clips that are gone: make it again")


def set_folder(data, name):
    """Return the folder of a label set."""
    return Path(data) / "labels" / name


def labels_path(data, name):
    """Return the path of ``labels.csv`` of a label set."""
    return set_folder(data, name) / "labels.csv"


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
    folder = Path(data) / "labels"
    present = steps.list_finished(folder)
    if not present:
        raise ValueError(f"{folder} has no label set: run {steps.WRITTEN_BY['labels']}")
    wanted = name or (present[0] if len(present) == 1 else DEFAULT_SET)
    if wanted not in present:
        raise ValueError(f"{folder} has no set {wanted!r}, only {list_some(present)}: name one")
    return wanted


def write_tables(folder, labels, kept, annotated):
    """Write the tables of a label set.

    Parameters
    ----------
    folder : Path
        Of the set.
    labels : DataFrame
        Indexed by clip_id: split, then a bool column a tag.
    kept, annotated : DataFrame
        The tags kept and every tag as annotated, from `tag_choice.tabulate_tags`.

    Returns
    -------
    dict
        Name of each file -> what it holds, in words.
    """
    tags = kept["tag"].tolist()
    table = labels.assign(**{tag: labels[tag].astype(int) for tag in tags})
    write_table(folder / "labels.csv", table, index_label="clip_id")
    write_table(folder / "tags.csv", kept, index=False)
    write_table(folder / "tag_counts.csv", annotated, index=False)
    write_table(folder / "cooccurrence.csv", cooccurrence(labels).round(4), index_label="tag")
    return {
        "labels.csv": f"{len(labels):,} clips, {len(tags)} tags",
        "tags.csv": f"{len(tags)} tags",
        "tag_counts.csv": f"{len(annotated)} tags as annotated",
        "cooccurrence.csv": "how often tags come together",
    }


def read_labels(data, name):
    """Read a label set.

    Returns
    -------
    DataFrame
        Indexed by clip_id (text): split, then a bool column a tag, most frequent tag first.
    """
    path = labels_path(data, name)
    steps.read_summary(path.parent)
    types = defaultdict(lambda: np.int8, clip_id=str, split=str)
    table = steps.read_table(path, "clip_id", dtype=types)
    tags = table.columns.drop("split", errors="ignore")
    has_parts = "split" in table and table["split"].isin(splits.PARTS).all()
    if not (has_parts and table[tags].isin([0, 1]).all(axis=None)):  # as text "0" would be true
        raise steps.damaged(path)
    return table.astype(dict.fromkeys(tags, bool))


def read_tags(data, name):
    """Read the tags of a label set: a DataFrame by tag with clips, merged_from."""
    texts = dict.fromkeys(("tag", "merged_from"), str)
    return steps.read_table(set_folder(data, name) / "tags.csv", "tag", dtype=texts)


def read_tag_counts(data, name):
    """Read every tag as annotated: a DataFrame with tag, clips, merged_into, clips_merged, kept."""
    texts = dict.fromkeys(("tag", "merged_into"), str)
    return steps.read_table(set_folder(data, name) / "tag_counts.csv", dtype=texts)


def read_cooccurrence(data, name):
    """Read the share of the row's clips that have the column's tag: a DataFrame, tags x tags."""
    path, texts = set_folder(data, name) / "cooccurrence.csv", {"tag": str}
    table = steps.read_table(path, "tag", na_values=[""], dtype=texts)
    if table.shape[1] != len(table):
        raise steps.damaged(path)
    # else a tag called "tag" would be "tag.1", and text
    return table.set_axis(table.index, axis=1).astype(float)


def list_annotated(data):
    """Return every tag that is annotated, whatever label set keeps it: a set."""
    names = steps.list_finished(Path(data) / "labels")
    return {tag for name in names for tag in read_tag_counts(data, name)["tag"]}


def list_mtt_training_clips(data, name, labels):
    """Return the clips of a label set on which published networks of MagnaTagATune were trained.

    Parameters
    ----------
    data : Path
    name : str
        Of the label set.
    labels : DataFrame
        As from `read_labels`.

    Returns
    -------
    Index of str or None
        Those in folders 0 to b; none of another dataset; None where it is MagnaTagATune, but not
        split by folders.
    """
    summary = steps.read_summary(set_folder(data, name))
    if summary["citation"] != MAGNATAGATUNE:
        return labels.index[:0]
    if summary["settings"]["split"] != "folders":
        return None
    return labels.index[labels["split"] == "train"]


def read_provenance(data, name):
    """Return what numbers and figures must say of their data: dataset, note, citation; a dict."""
    summary = steps.read_summary(set_folder(data, name))
    return {key: summary[key] for key in ("dataset", "note", "citation")}


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
    all_tags = labels.columns.drop("split")
    for tag in tags or ():
        if tag not in all_tags:
            raise ValueError(f"{tag!r} is none of the tags: {list_some(all_tags, None)}")
    chosen, n_clips = {}, len(tags) if tags else n_clips
    for tag in tags or all_tags:
        other_tags = [other for other in tags or all_tags[:n_clips] if other != tag]
        rest = labels[labels[tag]].drop(list(chosen.values()), errors="ignore")
        if len(rest):
            order = np.lexsort([rest[all_tags].sum(axis=1), rest[other_tags].sum(axis=1)])
            chosen[tag] = rest.index[order[0]]
        elif tags:
            raise ValueError(f"no clip with the tag {tag!r} is left for the figure")
        if len(chosen) == n_clips:
            break
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
    together = count_together(labels[tags])
    shares = together / np.where(np.diag(together) > 0, np.diag(together), np.nan)[:, None]
    return pd.DataFrame(shares, index=tags, columns=tags)


def count_together(labels):
    """Return how many clips have both of two tags, (n_tags, n_tags); labels without `split`."""
    starts = range(0, len(labels), CLIPS_AT_A_TIME)
    blocks = (labels.iloc[n : n + CLIPS_AT_A_TIME].to_numpy(float) for n in starts)
    return sum((block.T @ block for block in blocks), np.zeros((labels.shape[1],) * 2))


def write_title(labels, tag, clip_id):
    """Return what stands above a clip in a figure: the tag it is chosen for, its id, all tags."""
    tags = labels.columns.drop("split")
    return f"{tag} (clip {clip_id}: {', '.join(tags[labels.loc[clip_id, tags]])})"
