"""Print how long the bootstrap takes, and how much memory, on MagnaTagATune's test part and more.

The scores are random: 4,332 clips by 75 artists, as in the test part of variant B, and 100,000
clips by 7,500; each resampled by artists, and clip by clip.

Writes  a table on standard output

Example: python benchmarks/time_evaluation.py
"""

import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from autotagging import cli, options
from autotagging.results import bootstrap
from benchmarks import machine


@dataclass(frozen=True)
class Scored:
    """How many clips, artists and tags are scored, and the share of the clips with each tag."""

    n_clips: int
    n_artists: int
    n_tags: int
    prevalence: float


SCORED = (
    Scored(4332, 75, 50, 0.08),
    Scored(100_000, 7500, 5, 0.08),
    Scored(100_000, 7500, 1, 0.5),
)


def main(args):
    """Print one table."""
    print(f"{machine.described()}\n")
    print("| clips | tags | on | ", end="")
    print(f"{args.n_resamples:,} resamples of | seconds, median of {args.rounds} | peak, MB |")
    print("|---|---|---|---|---|---|")
    resampling = bootstrap.Resampling(n_resamples=args.n_resamples)
    for scored in SCORED:
        rng = np.random.default_rng(0)
        y_true = rng.random((scored.n_clips, scored.n_tags)) < scored.prevalence
        y_score = (0.3 * y_true + 0.7 * rng.random(y_true.shape)).astype(np.float32)
        artists = rng.integers(scored.n_artists, size=scored.n_clips)
        units = {
            f"{scored.n_artists:,} artists": np.unique(artists, return_inverse=True)[1],
            "clips": np.arange(scored.n_clips),
        }
        for unit, groups in units.items():
            clips = y_true, y_score, groups, resampling
            rounds = [
                machine.measured(lambda clips=clips: bootstrap.resampled_aucs(*clips))[1:]
                for _ in range(args.rounds)
            ]
            seconds, peaks = np.transpose(rounds)
            print(
                f"| {scored.n_clips:,} | {scored.n_tags} | {scored.prevalence:.0%} | {unit} | "
                f"{np.median(seconds):.1f} | {peaks.max() / 2**20:.0f} |",
                flush=True,
            )


def parse_args():
    """Return the arguments of the command line."""
    parser = cli.parser(__doc__)
    parser.add_argument("--n-resamples", type=options.positive, default=1000, metavar="N")
    parser.add_argument("--rounds", type=options.positive, default=3, metavar="N")
    return parser.parse_args()


if __name__ == "__main__":
    cli.run(main, parse_args)
