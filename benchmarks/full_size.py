"""Build a stand-in for MagnaTagATune at its full size, in seconds and in little room.

The annotations are the genuine ones, complete. The audio is not: each of the 25,863 rows has an mp3
under MagnaTagATune's own name, which is a hard link to one of some two hundred real clips, in
turn; the three that MagnaTagATune ships broken are empty. What the scripts cost can be measured on
it, and nothing can be learnt from it, which is what README.md in the folder and, through
DISCLAIMER.txt, every figure of scripts 1 to 5 say.

Reads   mtt and mtt-excerpt of AUTOTAGGING_TEST_DATA (default: ../shared)
Writes  FOLDER/annotations_final.csv, clip_info_final.csv, 0/ to f/, DISCLAIMER.txt, README.md

Example: python benchmarks/full_size.py data/full_size --times 4
"""

import csv
import json
import math
import os
import shutil
import sys
from pathlib import Path

import pandas as pd

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from autotagging import cli, options
from autotagging.clips import annotations, inventory
from autotagging.files import write_whole
from autotagging.formatting import print_up_to_date, print_written
from benchmarks import machine

ROWS = 25_863  # of MagnaTagATune
NEW_ID = 100_000  # is added to the ids of rows that are repeated: MagnaTagATune's end at 58,914
SIZE = "size.json"  # how many clips a stand-in has
DISCLAIMER = "Stand-in for measuring: the audio does not belong to its tags"
README = """# A stand-in for MagnaTagATune

{clips:,} rows of MagnaTagATune's genuine annotations{repeated}. **The audio does not belong to its
tags**: under MagnaTagATune's names lie hard links to {real:,} other real clips, in turn. It is for
measuring what the scripts cost in time, memory and disk. Whatever a network learns or scores on it
means nothing.

Made by benchmarks/full_size.py. MagnaTagATune's audio is by Magnatune, CC BY-NC-SA.
"""


def main(args):
    """Build the stand-in, unless it is there."""
    n_clips = round(args.clips * (args.share or args.times))
    if build(args.folder, n_clips, args.test_data):
        print_written(args.folder, f"{n_clips:,} clips whose audio does not belong to their tags")
    else:
        print_up_to_date(args.folder)


def build(folder, n_clips, test_data):
    """Build a stand-in; return whether it had to be built.

    Parameters
    ----------
    folder : Path
        Appears when the stand-in is complete.
    n_clips : int
        Up to `ROWS` a choice of rows that is spread over the table, beyond them rows repeated
        under new ids.
    test_data : Path
        With mtt and mtt-excerpt.

    Raises
    ------
    ValueError
        Where the folder holds something else, a stand-in of another size perhaps.
    """
    if (size := read_size(folder)) == n_clips:
        return False
    if size or (folder.exists() and any(folder.iterdir())):
        held = f"a stand-in of {size:,} clips" if size else "something else"
        raise ValueError(f"{folder} holds {held}: name another folder")
    real = machine.list_clips(test_data)
    part = folder.with_name(f"{folder.name}.part")
    shutil.rmtree(part, ignore_errors=True)  # of a run that was killed
    part.mkdir(parents=True)
    files = write_tables(part, n_clips, test_data / "mtt")
    link_audio(part, files, real)
    write_whole(part / annotations.DISCLAIMER, f"{DISCLAIMER}\n")
    repeated = ", repeated under new ids" if n_clips > ROWS else ""
    readme = README.format(clips=n_clips, repeated=repeated, real=len(real))
    write_whole(part / "README.md", readme)
    write_whole(part / SIZE, json.dumps({"clips": n_clips}) + "\n")
    part.replace(folder)
    return True


def read_size(folder):
    """Return how many clips the stand-in in a folder has; None where there is no stand-in."""
    path = folder / SIZE
    return json.loads(path.read_text(encoding="utf-8"))["clips"] if path.is_file() else None


def write_tables(folder, n_clips, genuine):
    """Write both tables in MagnaTagATune's form; return the paths of the audio, Series by id."""
    annotated, clip_info = (
        pd.read_csv(genuine / name, sep="\t", dtype=str, keep_default_na=False)
        for name in (annotations.TABLE, annotations.CLIP_INFO)
    )
    annotated = resize(annotated, n_clips)
    if n_clips != ROWS:  # else it keeps the rows of clips that nobody annotated, as shipped
        clip_info = clip_info.set_index(clip_info["clip_id"].astype(int))
        ids = annotated["clip_id"].astype(int)
        clip_info = clip_info.loc[ids % NEW_ID].assign(clip_id=annotated["clip_id"].to_numpy())
        clip_info["mp3_path"] = annotated["mp3_path"].to_numpy()
    form = {"sep": "\t", "index": False, "quoting": csv.QUOTE_ALL, "lineterminator": "\r\n"}
    annotated.to_csv(folder / annotations.TABLE, **form)
    clip_info.to_csv(folder / annotations.CLIP_INFO, **form)
    return annotated.set_index("clip_id")["mp3_path"]


def resize(annotated, n_clips):
    """Return a table of so many rows: some that are spread over it, or all of them repeatedly.

    Parameters
    ----------
    annotated : DataFrame
        With columns clip_id and mp3_path, all text.
    n_clips : int

    Returns
    -------
    DataFrame
        Rows that are repeated have ids and paths of their own: 2 and ``f/a.mp3`` come again as
        100002 and ``f/a-1.mp3``.
    """
    rounds = math.ceil(n_clips / len(annotated))
    repeated = [annotated]
    for number in range(1, rounds):
        ids = (annotated["clip_id"].astype(int) + number * NEW_ID).astype(str)
        paths = annotated["mp3_path"].str.replace(r"\.mp3$", f"-{number}.mp3", regex=True)
        repeated.append(annotated.assign(clip_id=ids, mp3_path=paths))
    table = pd.concat(repeated, ignore_index=True)
    return table.iloc[[row * len(table) // n_clips for row in range(n_clips)]]


def link_audio(folder, files, real):
    """Lay real clips in turn under the names of others: each is copied once, and linked to."""
    broken = {int(clip_id) for clip_id in inventory.BROKEN_IN_MAGNATAGATUNE}
    for name in "0123456789abcdef":
        (folder / name).mkdir()
    copies = {}
    for number, (clip_id, file) in enumerate(files.items()):
        source, target = real[number % len(real)], folder / file
        if int(clip_id) % NEW_ID in broken:
            target.touch()
        elif source in copies:
            os.link(copies[source], target)
        else:  # a copy, so that nothing done to the stand-in reaches the test data
            copies[source] = Path(shutil.copyfile(source, target))


def add_clips(parser, kind=options.positive):
    """Add ``--clips N``, to try a benchmark out on a small stand-in."""
    text = f"clips at full size, to try it out on few (default: {ROWS})"
    parser.add_argument("--clips", type=kind, default=ROWS, metavar="N", help=text)


def parse_args():
    """Return the arguments of the command line."""
    parser = cli.parser(__doc__)
    parser.add_argument("folder", type=options.path, metavar="FOLDER")
    either = parser.add_mutually_exclusive_group()
    options.add(either, "--share", options.share, help="this share of the clips alone, such as .25")
    options.add(either, "--times", options.positive, default=1, help="so many times the clips")
    add_clips(parser)
    machine.add_test_data(parser)
    return parser.parse_args()


if __name__ == "__main__":
    cli.run(main, parse_args)
