"""Print how fast networks learn, what of a step is input, and that memory does not grow.

Every network is trained as its recipe says, on features of its preset that are random numbers in
a file (synthetic: only their shape matters). The parts are timed in turns, several rounds each,
and the medians are printed. A GPU's memory is that of one process: it is told of a network that is
named alone. With --against they are compared with those of another checkout of this project, whose
benchmark is run in turns with this one.

Writes  tables on standard output

Example: python benchmarks/time_training.py --architectures vgg paper --rounds 5
         python benchmarks/time_training.py --architectures vgg --against ../before
"""

import multiprocessing
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from autotagging import cli, native_stderr, options
from autotagging.features.settings import PRESETS
from autotagging.models import training_settings
from benchmarks import gpu, machine

N_TAGS = 50
MTT_CLIPS = 15_425  # of training, with this paper's tags
FEW, MANY = 512, 4096  # clips between which memory must not grow
COLUMNS = ("network", "precision", "features", "chunk", "batch", "clips/s", "ms per step")
COLUMNS += ("of it input", f"an epoch of {MTT_CLIPS:,} clips", "cost per clip against paper")
COLUMNS += ("GPU memory, MB",)


def main(args):
    """Print a row per network, then the memory of training on few and on many clips."""
    if args.against:
        compare(args)
        return
    with native_stderr.silenced():  # what libraries say of the machine is said here, once
        computing = gpu.described()
    print(machine.described())
    print(f"{computing}; median of {args.rounds} rounds of {args.batches} batches\n")
    print(f"| {' | '.join(COLUMNS)} |\n" + len(COLUMNS) * "|---" + "|")
    with tempfile.TemporaryDirectory() as folder:
        settings = {name: settings_of(name, args.mixed_precision) for name in args.architectures}
        tasks = {
            name: Task(Path(folder), own, args.batches * own.batch_size)
            for name, own in settings.items()
        }
        times = measure(tasks, args.rounds)
        found = gpu.find() if len(tasks) == 1 else None
        for name, (step, reading) in times.items():
            print_row(settings[name], step, reading, times.get("paper", (np.nan, 0)), found)
        if args.memory:
            print("\n| training clips | anonymous memory after an epoch, MB |\n|---|---|")
            for n_clips in (FEW, MANY):
                with multiprocessing.get_context("spawn").Pool(1) as fresh:
                    taken = fresh.apply(memory, (Path(folder), n_clips))
                print(f"| {n_clips:,} | {taken / 1e6:.0f} |", flush=True)


def compare(args):
    """Print a row per network: clips/s in the other checkout and in this one, run in turns."""
    print(f"{machine.described()}; median of {args.rounds} turns of {args.batches} batches\n")
    pairs = [
        [speeds_in(of, args) for of in (args.against, cli.REPOSITORY)] for _ in range(args.rounds)
    ]
    print(
        "| network | clips/s there | clips/s here | ratio | of single turns |\n" + 5 * "|---" + "|"
    )
    for name in args.architectures:
        there, here = zip(*((before[name], now[name]) for before, now in pairs), strict=True)
        ratios = [now / before for before, now in zip(there, here, strict=True)]
        before, now = statistics.median(there), statistics.median(here)
        print(
            f"| `{name}` | {before:.0f} | {now:.0f} | {now / before:.2f} "
            f"| {min(ratios):.2f} to {max(ratios):.2f} |"
        )


def speeds_in(checkout, args):
    """Return the clips a second of each network by the benchmark of a checkout: a dict."""
    command = [sys.executable, checkout / "benchmarks" / Path(__file__).name]
    command += ["--architectures", *args.architectures, "--batches", str(args.batches)]
    command += ["--mixed-precision"] if args.mixed_precision else []
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    if run.returncode:
        raise ValueError(f"{command[1]} failed: {run.stderr.strip()}")
    rows = [line.strip("| ").split(" | ") for line in run.stdout.splitlines()]
    column = next(row.index("clips/s") for row in rows if "clips/s" in row)
    rows = {row[0].strip("`"): row for row in rows}
    return {name: int(rows[name][column].replace(",", "")) for name in args.architectures}


def settings_of(name, mixed_precision):
    """Return the settings of a network's recipe, on its own features."""
    settings = training_settings.change(name, {"mixed_precision": mixed_precision})
    return training_settings.resolve(settings, PRESETS[settings.features], MTT_CLIPS, 0)


class Task:
    """A network and clips to train it on.

    Parameters
    ----------
    folder : Path
        Where the features lie.
    settings : TrainingSettings
    n_clips : int
    """

    def __init__(self, folder, settings, n_clips):
        from autotagging.models import batches, building

        preset = PRESETS[settings.features]
        path = folder / f"{settings.architecture}-{n_clips}.npy"
        shape = (n_clips, preset.frames, preset.bands)
        array = np.lib.format.open_memmap(path, "w+", dtype=np.float16, shape=shape)
        generator = np.random.default_rng(0)
        for row in array:
            row[:] = generator.standard_normal(row.shape, dtype=np.float32)
        array.flush()
        labels = generator.random((n_clips, N_TAGS)) < 0.07
        array, lengths = np.load(path, mmap_mode="r"), np.full(n_clips, preset.frames)
        rows, nobody = np.arange(n_clips), np.full(n_clips, "")
        clips = batches.LabelledClips(array, lengths, rows, labels, nobody, nobody)
        self.batches = batches.Batches(clips, settings, 0)
        statistics_of_bands = np.zeros(preset.bands), np.ones(preset.bands)
        shape = settings.chunk_frames, preset.bands
        self.network = building.build(shape, N_TAGS, statistics_of_bands, settings)
        building.compile_network(self.network, settings)
        self.train()  # the first time compiles

    def train(self):
        """Train for an epoch."""
        self.network.fit(self.batches, shuffle=False, verbose=0)

    def read(self):
        """Make all batches of an epoch, and do nothing with them."""
        for index in range(len(self.batches)):
            self.batches[index]


def measure(tasks, rounds):
    """Return the seconds of a step, and of them those of input, of each network."""
    seconds = {name: ([], []) for name in tasks}
    for _ in range(rounds):
        for name, task in tasks.items():
            for work, taken in zip((task.train, task.read), seconds[name], strict=True):
                started = time.perf_counter()
                work()
                taken.append((time.perf_counter() - started) / len(task.batches))
    return {name: tuple(map(statistics.median, both)) for name, both in seconds.items()}


def measure_input_share(name, n_batches=8, rounds=3):
    """Return the share of a network's training step that making its batch takes, in [0, 1]."""
    with native_stderr.silenced():
        import keras  # noqa: F401  as in `main`
    with tempfile.TemporaryDirectory() as folder:
        settings = settings_of(name, mixed_precision=False)
        task = Task(Path(folder), settings, n_batches * settings.batch_size)
        step, reading = measure({name: task}, rounds)[name]
    return reading / step


def print_row(settings, step, reading, paper, found):
    """Print what a network takes.

    Parameters
    ----------
    settings : TrainingSettings
    step, reading : float
        Seconds of a step, and of them those of input.
    paper : tuple of two float
        The same of ``paper``; NaN where it was not timed.
    found : Gpu or None
        With the memory that this network took of it.
    """
    speed = settings.batch_size / step
    paper_cost = paper[0] / training_settings.RECIPES["paper"].batch_size
    cells = [
        f"`{settings.architecture}`",
        "mixed" if settings.mixed_precision else "single",
        settings.features,
        f"{settings.chunk_frames} frames",
        f"{settings.batch_size}",
        f"{speed:,.0f}",
        f"{1000 * step:,.1f}",
        f"{reading / step:.1%}",
        f"{MTT_CLIPS / speed:,.1f} s",
        "-" if np.isnan(paper_cost) else f"{step / settings.batch_size / paper_cost:.3f}",
        f"{found.peak_bytes / 1e6:,.0f}" if found else "-",
    ]
    print(f"| {' | '.join(cells)} |", flush=True)


def memory(folder, n_clips):
    """Return the anonymous memory after training the default network on so many clips, in bytes."""
    task = Task(folder, settings_of(training_settings.DEFAULT, mixed_precision=False), n_clips)
    task.train()
    return machine.anonymous_bytes(os.getpid())


def parse_args():
    """Return the arguments of the command line."""
    parser = cli.parser(__doc__)
    heads = training_settings.HEADS
    convolutional = [name for name in training_settings.RECIPES if name not in heads]
    parser.add_argument(
        "--architectures",
        nargs="+",
        choices=convolutional,
        default=convolutional,
        metavar="NAME",
        help="default: all but heads",
    )
    parser.add_argument(
        "--batches", type=options.positive, default=32, metavar="N", help="a round (default: 32)"
    )
    parser.add_argument(
        "--rounds", type=options.positive, default=3, metavar="N", help="of timing (default: 3)"
    )
    parser.add_argument("--mixed-precision", action="store_true", help="in half precision")
    parser.add_argument("--memory", action="store_true", help="also how memory grows")
    text = "another checkout of this project, to compare with in as many turns as --rounds says"
    parser.add_argument("--against", type=options.folder, metavar="FOLDER", help=text)
    return parser.parse_args()


if __name__ == "__main__":
    cli.run(main, parse_args)
