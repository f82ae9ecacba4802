"""Print how long the bootstrap takes, and how much memory, on scores of MagnaTagATune's size.

The scores are random; 4,332 clips by 75 artists, 50 tags, as in the test part of variant B.

Writes  a table on standard output

Example: python benchmarks/time_evaluation.py
"""

import resource
import sys
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from autotagging import cli, options
from autotagging.results import bootstrap
from benchmarks import machine

N_CLIPS, N_TAGS, N_ARTISTS = 4332, 50, 75


def main(args):
    """Print one table."""
    rng = np.random.default_rng(0)
    y_true = rng.random((N_CLIPS, N_TAGS)) < 0.08
    y_score = (0.3 * y_true + 0.7 * rng.random(y_true.shape)).astype(np.float32)
    groups = {"artists": rng.integers(N_ARTISTS, size=N_CLIPS), "clips": np.arange(N_CLIPS)}
    resampling = bootstrap.Resampling(n_resamples=args.n_resamples)
    print(machine.described())
    print(f"\n| {args.n_resamples:,} resamples of | seconds, median of {args.rounds} | peak, MB |")
    print("|---|---|---|")
    for unit, codes in groups.items():
        seconds = []
        for _ in range(args.rounds):
            start = time.perf_counter()
            counts = bootstrap.resample(codes, resampling)
            bootstrap.resampled_aucs(y_true, y_score, codes, counts)
            seconds.append(time.perf_counter() - start)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(f"| {unit} | {np.median(seconds):.1f} | {peak:.0f} |")


def parse_args():
    """Return the arguments of the command line."""
    parser = cli.parser(__doc__)
    parser.add_argument("--n-resamples", type=options.positive, default=1000, metavar="N")
    parser.add_argument("--rounds", type=options.positive, default=3, metavar="N")
    return parser.parse_args()


if __name__ == "__main__":
    cli.run(main, parse_args)
