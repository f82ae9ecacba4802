"""Clips to train, validation and test; decided once, in script 1, and kept as a column.

folders   as everybody splits MagnaTagATune: folders 0 to b are for training, c for validation, d
          to f for testing. No album and no track is in two parts, but artists are.
artists   by clips and by each tag's clips, no artist in two parts.
random    clip by clip: artists and tracks are in several parts.
column    as the table of annotations says.
test      every clip is for testing networks that were trained elsewhere.

Artists and random clips are shared out 12:1:3, as the folders are, from 800 annotated clips on;
11:2:3 from 400 on and 10:3:3 below, as the epoch and the thresholds that a handful of validation
clips choose are luck.

Random parts come from SHA-256 of the seed and the names, and from whole numbers: the same on any
machine, whatever the order of the rows. They are drawn over all annotated clips and tags, so that
the label sets of one seed have every clip in the same part, whichever tags they keep.
"""

import hashlib

import numpy as np
import pandas as pd

from autotagging.clips.annotations import PARTS

WAYS = ("folders", "artists", "random", "column", "test")
SEEDED = {"artists", "random"}  # those that a seed decides
SIXTEENTHS, TEST_SHARE = 16, 3  # as the folders 0-f, d-f
MAX_VALIDATION_SHARE, MIN_VALIDATION_CLIPS = 3, 50
PART_OF_FOLDER = {
    **dict.fromkeys("0123456789ab", "train"),
    "c": "validation",
    **dict.fromkeys("def", "test"),
}
UNIT = 1 << 24  # shares are whole numbers of this
WEIGHT_OF_CLIPS = 5  # a fifth of the weight of all tags together
MAX_ROUNDS = 20


def choose(metadata, wanted=None):
    """Return how the clips are split: what is wanted, else what the table allows.

    Parameters
    ----------
    metadata : DataFrame
        From `annotations.read_annotations`: perhaps with split, folder, artist.
    wanted : str, optional
        One of `WAYS`. Otherwise the column where there is
        one, else folders where a table in MagnaTagATune's form has all files in 0 to f, else
        artists where they are named, else at random.

    Raises
    ------
    ValueError
        Where the column is wanted and there is none.
    """
    if wanted == "column" and "split" not in metadata:
        raise ValueError("the annotations have no column split: choose another --split")
    if wanted:
        return wanted
    if "split" in metadata:
        return "column"
    if "folder" in metadata and metadata["folder"].isin(list(PART_OF_FOLDER)).all():
        return "folders"
    named = "artist" in metadata and (metadata["artist"] != "").any()
    return "artists" if named else "random"


def by_folder(files):
    """Return each clip's part by the folder that its audio lies in.

    Parameters
    ----------
    files : Series of shape (n_clips,)
        Paths as annotated, such as ``f/american_bach_soloists-...-30-59.mp3``.

    Returns
    -------
    Series of shape (n_clips,)
        ``train``, ``validation`` or ``test``, indexed as `files`.

    Raises
    ------
    ValueError
        For a path that is not in one of the folders 0 to f.
    """
    parts = files.str.extract("^([^/]*)/", expand=False).map(PART_OF_FOLDER)
    if parts.isna().any():
        clip_id = parts.index[parts.isna()][0]
        raise ValueError(f"clip {clip_id}: {files[clip_id]!r} is not in one of the folders 0 to f")
    return parts.rename("split")


def shares_of_parts(n_clips):
    """Return the shares of train, validation and test: a tuple of three numbers of sixteenths.

    Validation has the fewest of 1 to 3 sixteenths with at least `MIN_VALIDATION_CLIPS` clips, and
    training what is left.

    Parameters
    ----------
    n_clips : int
        All annotated clips, so that the label sets of one seed have the same parts.
    """
    needed = -(-MIN_VALIDATION_CLIPS * SIXTEENTHS // max(1, n_clips))  # rounded up
    validation = min(needed, MAX_VALIDATION_SHARE)
    return SIXTEENTHS - validation - TEST_SHARE, validation, TEST_SHARE


def at_random(clip_ids, seed):
    """Return a part for each clip, drawn clip by clip, in the shares of `shares_of_parts`.

    Parameters
    ----------
    clip_ids : Index of str
    seed : int

    Returns
    -------
    Series of shape (n_clips,)
        Indexed by `clip_ids`.
    """
    drawn = sorted(clip_ids, key=lambda clip_id: _hash(seed, clip_id))
    shares = shares_of_parts(len(drawn))
    ends = [round(len(drawn) * end / SIXTEENTHS) for end in np.cumsum(shares).tolist()]
    parts = np.searchsorted(ends, np.arange(len(drawn)), side="right")
    return pd.Series(np.array(PARTS)[parts], index=drawn, name="split")[clip_ids]


def by_artist(artists, annotations, seed):
    """Return a part for each clip, no artist's clips in two.

    Clips and each tag's clips are shared out as in `shares_of_parts`, as nearly as artists allow. A
    greedy pass over the artists' sums of clips and tags: large artists first, at random among
    those of about one size (within a power of two), each to the part that lacks most of what it
    has. Then each artist is moved as long as that brings the parts nearer to their shares.

    Parameters
    ----------
    artists : Series of shape (n_clips,)
        By clip_id.
    annotations : DataFrame of shape (n_clips, n_tags), bool
        Every tag, as annotated. The more clips have a tag, the more it weighs.
    seed : int

    Returns
    -------
    Series of shape (n_clips,)
        Indexed as `artists`.

    References
    ----------
    Iterative stratification, for groups: Sechidis, Tsoumakas and Vlahavas, "On the
    stratification of multi-label data", ECML PKDD 2011.
    """
    names = sorted(artists.unique(), key=lambda artist: _hash(seed, artist))
    codes = pd.Categorical(artists, categories=names).codes
    sums = np.zeros((len(names), 1 + annotations.shape[1]), dtype=np.int64)
    np.add.at(sums, codes, np.insert(annotations.to_numpy(np.int64), 0, 1, axis=1))
    size_class = np.frompyfunc(int.bit_length, 1, 1)(sums[:, 0].tolist())
    order = np.argsort(-size_class.astype(int), kind="stable")
    parts = _share_out(sums[:, sums.sum(axis=0) > 0], order, shares_of_parts(len(artists)))
    return pd.Series(np.array(PARTS)[parts[codes]], index=artists.index, name="split")


def _share_out(sums, order, part_shares):
    """Return a part for each row of sums: ndarray of shape (n_artists,), int.

    Whole numbers throughout: sums of floating-point numbers differ in their last digit from
    machine to machine, and one artist placed otherwise moves the next.
    """
    totals = sums.sum(axis=0)
    shares = sums * UNIT // totals
    weights = np.maximum(1, totals * 256 // totals.max())
    weights[0] = max(1, weights[1:].sum() // WEIGHT_OF_CLIPS)
    # A part's deviation counts relative to its size.
    penalties = np.lcm.reduce(part_shares) // part_shares
    lacking = np.array([[-UNIT * share // SIXTEENTHS] for share in part_shares])
    beyond = np.repeat(lacking, len(totals), axis=1)  # (3, n_sums): what is there less the target
    parts = np.full(len(sums), -1)
    for turn in range(MAX_ROUNDS):
        moved = False
        for artist in order:
            row = shares[artist]
            if turn:
                beyond[parts[artist]] -= row
            # by how much the squared deviation grows in each part; shifted, so as to fit 64 bits
            growth = penalties * (((2 * beyond + row) * row >> 16) @ weights)
            best = int(growth.argmin())
            if turn and growth[parts[artist]] <= growth[best]:
                best = parts[artist]
            beyond[best] += row
            moved |= best != parts[artist]
            parts[artist] = best
        if not moved:
            break
    return parts


def _hash(seed, name):
    return hashlib.sha256(f"{seed}\n{name}".encode()).digest()


def split(split_by, annotations, seed):
    """Return each clip's part.

    Parameters
    ----------
    split_by : str
        From `choose`.
    annotations : Annotations
    seed : int
        Of ``artists`` and ``random``.

    Returns
    -------
    Series of shape (n_clips,)
        ``train``, ``validation`` or ``test``.
    """
    if split_by == "folders":
        return by_folder(annotations.metadata["file"])
    if split_by == "artists":
        return by_artist(annotations.credits["artist"], annotations.tags, seed)
    if split_by == "random":
        return at_random(annotations.tags.index, seed)
    if split_by == "test":
        return pd.Series("test", index=annotations.tags.index, name="split")
    return annotations.metadata["split"]


def select_artists(artists, clip_ids):
    """Return the artists of a label set's clips.

    Parameters
    ----------
    artists : Series of str
        By clip_id, from `inventory.read_clips`.
    clip_ids : Index of str
        Of the label set.

    Returns
    -------
    Series of shape (n_clips,), str
        Indexed by `clip_ids`.

    Raises
    ------
    ValueError
        For clips whose artist is not known.
    """
    missing = clip_ids.difference(artists.index)
    if len(missing):
        raise ValueError(
            f"clips.csv lacks {len(missing):,} clips of the label set, the first is {missing[0]}: "
            "make the set again with script 1"
        )
    return artists[clip_ids]


def heard_in_training(labels, artists):
    """Return which clips are by an artist of the training part.

    Parameters
    ----------
    labels : DataFrame
        Indexed by clip_id, with a column split.
    artists : Series
        Artists by clip_id.

    Returns
    -------
    Series of bool
        Indexed as `labels`.

    Raises
    ------
    ValueError
        For clips whose artist is not known.
    """
    artists = select_artists(artists, labels.index)
    return artists.isin(artists[labels["split"] == "train"])
