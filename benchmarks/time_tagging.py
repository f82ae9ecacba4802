"""Time the tagging of songs beside its parts alone: reading and features, and the network.

The bound is what the two take one after the other, each with as many processes or threads as
--jobs says: while songs are read ahead, the network computes, so that both share the cores. The
processes are started anew each time, and that counts: many cores need many songs.

Reads   clips of --test-data, again and again, as songs of one piece; data/published/
Writes  a table in Markdown on standard output

Example: python benchmarks/time_tagging.py --songs 200 --jobs 1 2
"""

import sys
import tempfile
import time
from pathlib import Path

import joblib

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from autotagging import cli, native_stderr, options
from autotagging.features import workers
from autotagging.models import published
from autotagging.tagging import pieces, songs, tagger
from benchmarks import gpu, machine, process_tree

MANY = 10_000  # songs whose time is stated
COPIES = 248  # of a clip of 29 s: two hours
WARM = 4  # songs before the time is taken: networks are compiled, processes started


def main(args):
    """Print a row for each number of processes."""
    clips = machine.list_clips(args.test_data, args.clips)
    with native_stderr.silenced():
        computing = gpu.described()
    print(f"{machine.described()}\n{computing}; {args.songs:,} songs of one piece\n")
    print(
        "| jobs | reading and features alone, songs/s | network alone | both, at best | tagging | "
        f"of the best | {MANY:,} songs |\n" + 7 * "|---" + "|"
    )
    path = published.find_model(Path(), args.network, args.published)
    with tempfile.TemporaryDirectory() as folder:
        linked = link_songs(clips, args.songs, Path(folder))
        for jobs in args.jobs:
            model = tagger.Tagger(path)
            print_row(jobs, args.songs, *time_parts(model, linked, jobs))
        if args.memory:
            print_memory(clips[0], args, Path(folder))


def print_memory(clip, args, folder):
    """Print what tagging a clip takes, and a song of so many copies of it that it lasts hours."""
    long = folder / "long.mp3"
    long.write_bytes(COPIES * clip.read_bytes())
    print("\n| song | anonymous memory of all processes, one of them reading, MB |\n|---|---|")
    for name, song in {"a clip": clip, f"{COPIES} copies, one after another": long}.items():
        command = [sys.executable, cli.REPOSITORY / "aux_tag_audio.py", song, "--jobs", "1"]
        command += ["--model", args.network, "--published", args.published]
        print(f"| {name} | {process_tree.run(command).together_bytes / 1e6:,.0f} |", flush=True)


def link_songs(clips, n_songs, folder):
    """Return songs that are links to clips, which are taken in turn: list of Song."""
    linked = []
    for number in range(n_songs):
        clip = clips[number % len(clips)]
        link = folder / f"{number}{clip.suffix}"
        link.symlink_to(clip.resolve())
        linked.append(songs.Song(link.name, str(number), link))
    return linked


def time_parts(model, linked, jobs):
    """Return the seconds of reading and features alone, of the network alone, and of tagging."""
    list(tagger.tag(model, linked[:WARM], 1, jobs))
    tasks = [(song.path, model.settings, 1) for song in linked]
    started = time.perf_counter()
    read = list(workers.compute_ahead(pieces.try_to_read, tasks, jobs))
    reading = time.perf_counter() - started
    read = [song for song in read if not isinstance(song, str)]
    started = time.perf_counter()
    for song in read:
        model.score(song)
    network = time.perf_counter() - started
    started = time.perf_counter()
    for _ in tagger.tag(model, linked, 1, jobs):
        pass
    return reading, network, time.perf_counter() - started


def print_row(jobs, n_songs, reading, network, tagging):
    """Print what was measured."""
    best = reading + network
    rates = " | ".join(f"{n_songs / part:.1f}" for part in (reading, network, best, tagging))
    minutes = MANY / n_songs * tagging / 60
    print(f"| {jobs} | {rates} | {best / tagging:.0%} | {minutes:.0f} min |", flush=True)


def parse_args():
    """Return the arguments of the command line."""
    parser = cli.parser(__doc__)
    machine.add_test_data(parser)
    options.add(parser, "--songs", options.positive, default=200, help="how many (default: 200)")
    text = f"which, below --test-data (default: {machine.EXCERPT})"
    options.add(parser, "--clips", default=machine.EXCERPT, help=text, metavar="PATTERN")
    names = list(published.NETWORKS)
    parser.add_argument("--network", default=names[0], choices=names, help=f"(default: {names[0]})")
    text = "also of a song of two hours"
    parser.add_argument("--memory", action="store_true", help=text)
    cli.add_published(parser)
    text, all_numbers = "processes, a row each (default: from 1 to all cores)", joblib.cpu_count()
    numbers = {"nargs": "+", "default": range(1, all_numbers + 1), "metavar": "N"}
    parser.add_argument("--jobs", type=options.positive, help=text, **numbers)
    return parser.parse_args()


if __name__ == "__main__":
    cli.run(main, parse_args)
