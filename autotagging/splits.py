"""Clips to train, validation and test; decided once, in script 1, and kept as a column.

By folder, as everybody splits MagnaTagATune: folders 0 to b are for training, c for validation,
d to f for testing. No album and no track is in two parts, but artists are.
"""

import pandas as pd

PARTS = ("train", "validation", "test")
PART_OF_FOLDER = {
    **dict.fromkeys("0123456789ab", "train"),
    "c": "validation",
    **dict.fromkeys("def", "test"),
}


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
    parts = files.str.split("/").str[0].map(PART_OF_FOLDER)
    if parts.isna().any():
        clip_id = parts.index[parts.isna()][0]
        raise ValueError(f"clip {clip_id}: {files[clip_id]!r} is not in one of the folders 0 to f")
    return parts.rename("split")


def describe(labels, clips):
    """Return the size of each part and what the test part shares with the training part.

    Parameters
    ----------
    labels : DataFrame
        Indexed by clip_id, with a column split.
    clips : DataFrame
        Indexed by clip_id: artist, album, track.

    Returns
    -------
    dict
        For each part its clips, artists, albums and tracks; under ``test_clips_heard`` the number
        of test clips whose artist, and whose track, has clips in the training part.
    """
    clips = clips.loc[labels.index]
    keys = pd.DataFrame(
        {
            "artists": clips["artist"],
            "albums": clips["artist"] + "\n" + clips["album"],
            "tracks": clips["artist"] + "\n" + clips["album"] + "\n" + clips["track"],
        }
    )
    summary = {}
    for part in PARTS:
        there = keys[labels["split"] == part]
        summary[part] = {"clips": len(there), **there.nunique().to_dict()}
    train, test = (keys[labels["split"] == part] for part in ("train", "test"))
    summary["test_clips_heard"] = {
        "artist": int(test["artists"].isin(train["artists"]).sum()),
        "track": int(test["tracks"].isin(train["tracks"]).sum()),
    }
    return summary


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
    missing = labels.index.difference(artists.index)
    if len(missing):
        raise ValueError(
            f"clips.csv lacks {len(missing):,} clips of the label set, the first is {missing[0]}: "
            "make the set again with script 1"
        )
    artists = artists[labels.index]
    return artists.isin(artists[labels["split"] == "train"])
