"""The sample: a plan is recorded, and written in MagnaTagATune's own form.

All tables are as MagnaTagATune ships them: tab-separated, quoted, CRLF. ``sample.json`` holds what
the sample was made with; it is written first, the tables last.
"""

import csv
import io
import json
import os
import re

import numpy as np

from autotagging.files import list_visible
from autotagging.sample.composer.contents import true_tags
from autotagging.sample.composer.pieces import compose
from autotagging.sample.listeners import VOCABULARY, listen
from autotagging.sample.plan import cut_segments
from autotagging.sample.synthesizer import RATE, mix, render, write_mp3

FORMAT = 1  # of the sample's rules: another number, another sample for the same seed
CLIP_SAMPLES = 465984  # 29.12 s at 16 kHz
TRUTH, ANNOTATIONS, CLIP_INFO = "truth_final.csv", "annotations_final.csv", "clip_info_final.csv"
SETTINGS = "sample.json"
REMARKS = {  # of the dataset's folder: what figures and numbers say of it
    "DISCLAIMER.txt": "Synthetic sample, not real music",
    "CITATION.txt": "synthetic sample of aux_make_sample.py, in the form of MagnaTagATune",
}


def piece_of(track):
    """Compose a track's piece, just long enough for its clips."""
    seconds = cut_segments(track)[-1]["start"] + CLIP_SAMPLES / RATE + 0.5
    return compose(track["style"], track["hand"], seconds, np.random.default_rng(track["seed"]))


def record(track, folder):
    """Play a track and write those of its clips that are not there.

    Parameters
    ----------
    track : dict
    folder : Path
        The sample.

    Returns
    -------
    int
        The number of clips written.
    """
    missing = [clip for clip in cut_segments(track) if not (folder / clip["file"]).is_file()]
    if missing:
        piece = piece_of(track)
        rng = np.random.default_rng([*track["seed"], 1])
        sound = mix(render(piece), track["mix"], piece["level"], rng)
        for clip in missing:
            path = folder / clip["file"]
            path.parent.mkdir(parents=True, exist_ok=True)
            start = clip["start"] * RATE
            write_mp3(path, sound[start : start + CLIP_SAMPLES])
    return len(missing)


def truth_of(tracks):
    """Return what is truly in each clip.

    Parameters
    ----------
    tracks : list of dict

    Returns
    -------
    ndarray of shape (n_clips, 188), bool
        Rows in the order of the clip ids, columns in that of `VOCABULARY`.
    """
    rows = []
    for track in tracks:
        piece = piece_of(track)
        for clip in cut_segments(track):
            tags = true_tags(piece, clip["start"], clip["start"] + CLIP_SAMPLES / RATE)
            rows.append([tag in tags for tag in VOCABULARY])
    return np.array(rows, dtype=bool).reshape(-1, len(VOCABULARY))


def write_tables(folder, tracks, truth, synonyms, seed):
    """Write the remarks and the three tables of the sample; the annotations last.

    Parameters
    ----------
    folder : Path
    tracks : list of dict
    truth : ndarray of shape (n_clips, 188), bool
    synonyms : dict
        Synonym -> the name that is kept.
    seed : int
        Of the listeners.

    Returns
    -------
    ndarray of shape (n_clips, 188), bool
        The annotations.
    """
    clips = [clip for track in tracks for clip in cut_segments(track)]
    given = listen(truth, synonyms, np.random.default_rng([seed, 1]))
    for name, text in REMARKS.items():
        _write_bytes(folder / name, f"{text}\n".encode())
    _write_table(folder / CLIP_INFO, clip_info(tracks))
    for name, tags in ((TRUTH, truth), (ANNOTATIONS, given)):
        rows = [("clip_id", *VOCABULARY, "mp3_path")]
        for clip, row in zip(clips, tags.astype(int).tolist(), strict=True):
            rows.append((clip["clip_id"], *row, clip["file"]))
        _write_table(folder / name, rows)
    return given


def clip_info(tracks):
    """Return the rows of ``clip_info_final.csv``, the header first."""
    rows = [("clip_id", "track_number", "title", "artist", "album", "url", "segmentStart",
             "segmentEnd", "original_url", "mp3_path")]  # fmt: skip
    for track in tracks:
        credits = (f"{track['number']:02d}", track["title"], track["artist"], track["album"])
        url = "synthetic:" + re.sub("[^0-9a-z]", "-", track["album"].lower())
        for clip in track["segments"]:
            source = f"{url}/{track['number']:02d}.mp3" if clip["file"] else ""
            rows.append(
                (clip["clip_id"], *credits, url, clip["start"], clip["end"], source, clip["file"])
            )
    return rows


def _write_table(path, rows):
    text = io.StringIO(newline="")
    csv.writer(text, delimiter="\t", quoting=csv.QUOTE_ALL, lineterminator="\r\n").writerows(rows)
    _write_bytes(path, text.getvalue().encode("ascii"))


def _write_bytes(path, content):
    part = path.with_name(path.name + ".part")
    part.write_bytes(content)
    os.replace(part, path)


def open_sample(folder, n_clips, seed):
    """Make the sample's folder and note its settings; refuse a sample with other ones.

    Parameters
    ----------
    folder : Path
    n_clips, seed : int

    Raises
    ------
    ValueError
        Where another sample, or none of this script's, lies in the folder.
    """
    settings = {"format": FORMAT, "seed": seed, "clips": n_clips}
    if (folder / SETTINGS).is_file():
        found = _settings_of(folder)
        if found != settings:
            raise ValueError(
                f"{folder} holds a sample made with {_said(found)}, not {_said(settings)}: "
                "use --force to make it again"
            )
    elif (folder / ANNOTATIONS).exists():
        raise ValueError(f"{folder} holds a dataset that is no sample: name another folder")
    else:
        folder.mkdir(parents=True, exist_ok=True)
        _write_bytes(folder / SETTINGS, (json.dumps(settings, indent=2) + "\n").encode())


def _settings_of(folder):
    try:
        settings = json.loads((folder / SETTINGS).read_text(encoding="utf-8"))
    except ValueError as error:
        raise ValueError(
            f"{folder / SETTINGS} is not JSON ({error}): use --force to make the sample again"
        ) from None
    return settings if isinstance(settings, dict) else {}


def _said(settings):
    return ", ".join(f"{name} {value}" for name, value in settings.items()) or "no settings"


def remove(folder):
    """Remove a sample: its tables and its clips, and nothing else of its folder.

    Without ``sample.json`` nothing is removed: the folder was not made here.
    """
    if not (folder / SETTINGS).is_file():
        return
    for file in list_visible(folder, "[0-9a-f]/*-synthetic_*.mp3*"):
        file.unlink()
    for name in "0123456789abcdef":
        if (folder / name).is_dir() and not any((folder / name).iterdir()):
            (folder / name).rmdir()
    for name in (ANNOTATIONS, TRUTH, CLIP_INFO, *REMARKS, SETTINGS):
        (folder / name).unlink(missing_ok=True)


def is_complete(folder, tracks):
    """Return whether all clips and tables of a plan are there."""
    files = [clip["file"] for track in tracks for clip in cut_segments(track)]
    names = (*files, *REMARKS, CLIP_INFO, TRUTH, ANNOTATIONS)
    return all((folder / name).is_file() for name in names)
