"""Time a network's layer as features: script 2's way beside its two parts, each alone.

In one run, on copies of real clips: the features of the spectrogram alone, as script 2 computes
them; the network's `predict` alone, on these features, all chunks of a clip; and both together, as
`2_feature_extraction.py --preset mtt-musicnn` computes them. Wall-clock seconds, workers started.

Reads   real clips of AUTOTAGGING_TEST_DATA (default: ../shared), data/published/
Writes  a table on standard output

Example: python benchmarks/time_layer.py --clips 100 --networks mtt-musicnn msd-vgg
"""

import sys
import tempfile
import time
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from autotagging import cli, native_stderr, options, steps
from autotagging.features import extraction, feature_store
from autotagging.models import chunks, published
from benchmarks import machine

MTT_CLIPS = 25_863


def main(args):
    """Print a row a network."""
    clips = machine.list_clips(args.test_data)[: args.clips]
    print(f"{machine.described()}; {len(clips)} clips, {args.jobs} jobs, seconds")
    print("| network | features alone | predict alone | script 2 | ratio | clips/s | all of MTT |")
    print("|---|---|---|---|---|---|---|")
    for name in args.networks:
        with native_stderr.silenced():
            from autotagging.models import embeddings

            layer = embeddings.open_layer(published.make(name, args.published), name)
        parts = time_parts(clips, layer, args.jobs)
        ratio, rate = parts[2] / sum(parts[:2]), len(clips) / parts[2]
        numbers = " | ".join(f"{seconds:.1f}" for seconds in parts)
        print(
            f"| `{name}` | {numbers} | {ratio:.2f} | {rate:.1f} | {MTT_CLIPS / rate / 60:.0f} min |"
        )


def time_parts(clips, layer, jobs):
    """Return the seconds of features alone, of predict alone, and of both by script 2."""
    with tempfile.TemporaryDirectory() as temporary:
        data = Path(temporary)
        (data / "clips").mkdir()
        links = {str(number): f"clips/{number}.mp3" for number in range(len(clips))}
        for clip, link in zip(clips, links.values(), strict=True):
            (data / link).symlink_to(clip.resolve())
        table = pd.DataFrame({"file": links}).rename_axis("clip_id")
        spectrogram = layer.settings.spectrogram

        def extract(name, settings, layer=None):
            store = extraction.WantedStore(data / name, settings, data, table, layer)
            with steps.locked(store.folder):
                started = time.perf_counter()
                extraction.compute(store, jobs)
                with extraction.writing(store, steps.Step(store.folder, asdict(settings), {})):
                    pass
            return time.perf_counter() - started

        extract("workers", spectrogram)
        features = extract("spectrogram", spectrogram)
        x = read_chunks(data / "spectrogram", layer.settings)
        layer.network.predict(x[:64], batch_size=64, verbose=0)
        started = time.perf_counter()
        layer.network.predict(x, batch_size=64, verbose=0)
        predict = time.perf_counter() - started
        return features, predict, extract("layer", layer.settings, layer)


def read_chunks(folder, settings):
    """Return all chunks of all clips of a store: (n_chunks, frames, bands), float32."""
    frames = settings.chunk_frames
    array = np.load(folder / feature_store.FILE, mmap_mode="r")
    starts = chunks.spread_starts(settings.spectrogram.frames, frames)
    return np.concatenate([[clip[i : i + frames] for i in starts] for clip in array], dtype="f4")


def parse_args():
    """Return the arguments of the command line."""
    parser = cli.parser(__doc__)
    machine.add_test_data(parser)
    options.add(parser, "--clips", options.positive, default=100, help="how many (default: 100)")
    networks = list(published.NETWORKS)
    parser.add_argument("--networks", nargs="+", default=networks[:1], choices=networks)
    cli.add_published(parser)
    cli.add_jobs(parser)
    return parser.parse_args()


if __name__ == "__main__":
    cli.run(main, parse_args)
