"""Print how much memory the main process of script 2 takes for very many clips.

The store is written by the code of script 2, but nothing is decoded: the features of a clip are
two zeros, so that only the bookkeeping is measured, which is what grows with the number of clips.
What is printed is anonymous memory: pages of the memory-mapped store do not count.

Writes  a table on standard output

Example: python benchmarks/memory_of_a_store.py --clips 1000000
"""

import dataclasses
import sys
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from autotagging import cli, options, steps
from autotagging.audio import loading
from autotagging.features import extraction, feature_store, workers
from autotagging.features.settings import FeatureSettings
from benchmarks import machine

SETTINGS = FeatureSettings("mel", 16000, 2, n_fft=512, hop_length=465_920)


def main(args):
    """Write a store of many clips, then look at it again as a second run does."""
    sound = loading.Sound(np.zeros(SETTINGS.n_samples, np.float32))
    workers.extract_file = lambda path, settings: (np.zeros((1, 2), np.float16), sound)
    print(machine.described())
    print(f"| {args.clips:,} clips | peak of anonymous memory, MB | seconds |\n|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder)
        (data / "clip.mp3").write_bytes(b"no audio, and never decoded")
        clip_ids = [f"clip-{number}" for number in range(args.clips)]
        clips = pd.DataFrame({"file": "clip.mp3"}, index=clip_ids)
        del clip_ids
        store = feature_store.folder_of(data, "many")
        wanted = extraction.WantedStore(store, SETTINGS, data, clips)
        run("written", lambda: write(wanted))
        run("run again", lambda: extraction.find_missing(wanted))


def write(wanted):
    """Write a store as script 2 does."""
    with steps.locked(wanted.folder):
        extraction.compute(wanted, jobs=1)
        step = steps.Step(wanted.folder, dataclasses.asdict(SETTINGS), {})
        with extraction.writing(wanted, step):
            pass


def run(name, work):
    """Print a row: the peak while `work` is done."""
    _, seconds, peak = machine.measured(work)
    print(f"| {name} | {peak / 1e6:.0f} | {seconds:.0f} |", flush=True)


def parse_args():
    """Return the arguments of the command line."""
    parser = cli.parser(__doc__)
    parser.add_argument(
        "--clips", type=options.positive, default=1_000_000, metavar="N", help="default: 1000000"
    )
    return parser.parse_args()


if __name__ == "__main__":
    cli.run(main, parse_args)
