"""Print how often intervals of several kinds cover an answer that is known.

Artists, their clips, tags and the scores of two networks are drawn from a law, test part by test
part. Each test part gives intervals of both macro averages, of their differences between the
networks, and of both AUCs of every tag. The answer is what test parts of this law and size have on
average; beside it stands the value of an endless test part, where that is another: the average
precision of few clips is higher on average than that of many.

Writes  a table a law and the averages of all laws on standard output

Example: python benchmarks/interval_coverage.py --laws small music --repetitions 1000
"""

import sys
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import stats

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from autotagging import cli, options
from autotagging.formatting import measure
from autotagging.results import bootstrap
from autotagging.results.evaluation import MIN_GROUPS

BOUNDS = np.array([bootstrap.OUTSIDE, 1 - bootstrap.OUTSIDE])
CORRELATION = 0.7  # of the errors of both networks
MEASURES = [f"{what} {auc}" for what in ("macro", "difference", "tag") for auc in ("ROC", "PR")]


@dataclass(frozen=True)
class Law:
    """What test parts are drawn from.

    Parameters
    ----------
    n_artists : int
    clips_per_artist : float
        On average.
    own_tags, shared_errors : float
        The shares of an artist, and not of a clip, in the variance of two things: whether a clip
        has a tag, and how far its score is off.
    n_tags : int
    """

    n_artists: int
    clips_per_artist: float
    own_tags: float = 0
    shared_errors: float = 0
    n_tags: int = 50

    @property
    def prevalence(self):
        """Share of the clips that have each tag: ndarray of shape (n_tags,)."""
        return np.geomspace(0.01, 0.2, self.n_tags)

    @property
    def distances(self):
        """How much higher the mean score is with each tag: shape (n_networks, n_tags).

        In standard deviations.
        """
        first = np.random.default_rng(0).permutation(np.linspace(1, 2.5, self.n_tags))
        return np.array([first, first - 0.2])


@dataclass(frozen=True)
class Resampled:
    """Values of a test part, of its resamples, and without each of its artists.

    Parameters
    ----------
    point, endless : ndarray of shape (n_values,)
        NaN for a tag that has no interval. What an endless test part has.
    values : ndarray of shape (n_resamples, n_values)
    jackknife : ndarray of shape (n_artists, n_values)
    n_groups : ndarray of shape (n_values,)
        Artists that a value rests on.
    limits : tuple of float
    """

    point: np.ndarray
    endless: np.ndarray
    values: np.ndarray
    jackknife: np.ndarray
    n_groups: np.ndarray
    limits: tuple


def main(args):
    """Print a table for each law, and the averages of all."""
    print(
        f"{args.repetitions:,} test parts a law, {args.n_resamples:,} resamples of artists each: "
        "coverage (of the endless answer, where it differs), mean width"
    )
    tables = []
    for name in args.laws:
        law = LAWS[name]
        drawn = [draw(law, seed, args.n_resamples) for seed in range(args.repetitions)]
        tables.append(tabulate(drawn))
        n_clips = law.n_artists * law.clips_per_artist
        title = f"{name}: {law.n_artists} artists, {n_clips:,.0f} clips"
        title += f", own tags {law.own_tags}, shared errors {law.shared_errors}"
        print_table(title, tables[-1])
    if len(tables) > 1:
        print_table("mean of all laws", sum(tables) / len(tables))


def draw(law, seed, n_resamples):
    """Draw a test part and resample it.

    Returns
    -------
    list of Resampled
        In the order of `MEASURES`.
    """
    groups, y_true, y_scores = draw_clips(law, np.random.default_rng([seed, 1]))
    resampling = bootstrap.Resampling(n_resamples=n_resamples, seed=seed)
    aucs = [resample(y_true, y_score, groups, resampling) for y_score in y_scores]
    macro = np.nanmean(aucs, axis=-1, keepdims=True)
    n_artists = np.array([law.n_artists])
    endless, is_present = endless_aucs(law), np.isfinite(aucs[0][0, 0])
    endless_macro = endless[..., is_present].mean(axis=-1, keepdims=True)
    n_with = np.array([len(np.unique(groups[has_tag])) for has_tag in y_true.T])
    is_judged = np.where(n_with < MIN_GROUPS, np.nan, 1)
    return [
        Resampled(values[k][0], answer[k], *np.split(values[k][1:], [n_resamples]), *rest)
        for values, answer, *rest in (
            (macro[0], endless_macro[0], n_artists, bootstrap.OF_AN_AUC),
            (
                macro[0] - macro[1],
                endless_macro[0] - endless_macro[1],
                n_artists,
                bootstrap.OF_A_DIFFERENCE,
            ),
            (aucs[0] * is_judged, endless[0], n_with, bootstrap.OF_AN_AUC),
        )
        for k in range(2)
    ]


def draw_clips(law, rng):
    """Draw the clips of a test part.

    Returns
    -------
    groups : ndarray of shape (n_clips,), int
    y_true : ndarray of shape (n_clips, n_tags), bool
    y_scores : ndarray of shape (n_networks, n_clips, n_tags)
    """
    others = rng.poisson(rng.gamma(1.5, (law.clips_per_artist - 1) / 1.5, law.n_artists))
    groups = np.repeat(np.arange(law.n_artists), 1 + others)

    def draw_normal(share):
        of_artists = rng.standard_normal((law.n_artists, law.n_tags))
        of_clips = rng.standard_normal((len(groups), law.n_tags))
        return share**0.5 * of_artists[groups] + (1 - share) ** 0.5 * of_clips

    y_true = draw_normal(law.own_tags) > stats.norm.isf(law.prevalence)
    first, own = draw_normal(law.shared_errors), draw_normal(law.shared_errors)
    second = CORRELATION * first + (1 - CORRELATION**2) ** 0.5 * own
    return groups, y_true, law.distances[:, None] * y_true + np.array([first, second])


def endless_aucs(law):
    """Return both AUCs of every tag in a test part without end: (n_networks, 2, n_tags)."""
    x = np.linspace(-8, 8, 2001)[:, None, None]  # the scores with the tag, less their mean
    with_tag = law.prevalence * stats.norm.sf(x)
    without = (1 - law.prevalence) * stats.norm.sf(x + law.distances)
    pr_auc = np.trapezoid(with_tag / (with_tag + without) * stats.norm.pdf(x), x, axis=0)
    return np.stack([stats.norm.cdf(law.distances / 2**0.5), pr_auc], axis=1)


def resample(y_true, y_score, groups, resampling):
    """Return both AUCs of every tag: (2, 1 + n_resamples + n_artists, n_tags).

    In all clips, in resamples, and without each artist.
    """
    n_groups = groups.max() + 1
    counts = np.hstack([np.ones((n_groups, 1)), 1 - np.eye(n_groups)])
    ranked = [bootstrap.RankedTag.of(*tag, groups) for tag in zip(y_true.T, y_score.T, strict=True)]
    whole, left_out = np.split(np.stack([tag.aucs(counts) for tag in ranked], axis=-1), [1], axis=1)
    resampled = bootstrap.resampled_aucs(y_true, y_score, groups, resampling)
    return np.concatenate([whole, resampled, left_out], axis=1)


def bounds(resampled, method):
    """Return the intervals by one of `METHODS`: (2, n_values), NaN for a tag without one."""
    has_point = np.isfinite(resampled.point)
    columns = ("point", "endless", "values", "jackknife", "n_groups")
    kept = {name: getattr(resampled, name)[..., has_point] for name in columns}
    low_and_high = np.full((2, len(has_point)), np.nan)
    low_and_high[:, has_point] = method(replace(resampled, **kept)).clip(*resampled.limits)
    return low_and_high


def percentile(resampled):
    """Return the quantiles of the resamples."""
    return np.nanquantile(resampled.values, BOUNDS, axis=0)


def basic(resampled):
    """Return them reflected at the point value."""
    return 2 * resampled.point - percentile(resampled)[::-1]


def shifted_by_mean(resampled):
    """Return them shifted so that the mean of the resamples is the point value."""
    return percentile(resampled) + resampled.point - np.nanmean(resampled.values, axis=0)


def shifted_by_median(resampled):
    """Return them shifted so that the median of the resamples is the point value."""
    return percentile(resampled) + resampled.point - np.nanmedian(resampled.values, axis=0)


def of_bootstrap(resampled):
    """Return the interval that is used: shifted by the median, wider for few artists."""
    which = resampled.values, resampled.point, resampled.n_groups
    return np.array(bootstrap.interval(*which, resampled.limits))


def bias_corrected(resampled, accelerated=False):
    """Return quantiles moved by how many resamples are below the point value."""
    acceleration = _acceleration(resampled.jackknife) if accelerated else 0
    n_resamples = np.isfinite(resampled.values).sum(axis=0)
    below = (1 + np.sign(resampled.point - resampled.values)) / 2  # a tie counts half
    edge = 0.5 / n_resamples
    bias = stats.norm.ppf(np.nanmean(below, axis=0).clip(edge, 1 - edge))
    moved = bias + stats.norm.ppf(BOUNDS)[:, None]
    levels = np.nan_to_num(stats.norm.cdf(bias + moved / (1 - acceleration * moved)))
    columns = zip(resampled.values.T, levels.T, strict=True)
    return np.transpose([np.nanquantile(values, level) for values, level in columns])


def _acceleration(jackknife):
    deviations = np.nanmean(jackknife, axis=0) - jackknife
    squares = np.nansum(deviations**2, axis=0)
    return np.nansum(deviations**3, axis=0) / (6 * np.maximum(squares, 1e-12) ** 1.5)


def bca(resampled):
    """Return the bias-corrected and accelerated interval."""
    return bias_corrected(resampled, accelerated=True)


def coverage(drawn, method):
    """Return how often a method's intervals cover the answer, and how wide they are.

    Parameters
    ----------
    drawn : list of Resampled
        Of one measure.
    method : callable
        One of `METHODS`.

    Returns
    -------
    average, endless : float
        Share of the intervals that cover what such test parts have on average, and what an
        endless one has. A macro average is that of the tags that the test part has.
    width : float
    """
    low, high = np.stack([bounds(one, method) for one in drawn], axis=1)
    points, endless = (np.array([getattr(one, k) for one in drawn]) for k in ("point", "endless"))
    is_judged = np.isfinite(points)
    n_judged = is_judged.sum(axis=0)
    excess = np.nansum(points - endless, axis=0) / np.maximum(n_judged, 1)
    covered = [(low <= answer) & (answer <= high) for answer in (endless + excess, endless)]
    return *(share[is_judged].mean() for share in covered), (high - low)[is_judged].mean()


def tabulate(drawn):
    """Return `coverage` of every method and measure: a DataFrame with three columns a measure."""
    by_measure = dict(zip(MEASURES, zip(*drawn, strict=True), strict=True))
    rows = {
        name: np.concatenate([coverage(parts, method) for parts in by_measure.values()])
        for name, method in METHODS.items()
    }
    columns = pd.MultiIndex.from_product([MEASURES, ["average", "endless", "width"]])
    return pd.DataFrame(rows, columns).T


def print_table(title, table):
    """Print one table in Markdown."""
    print(f"\n| {title} | {' | '.join(MEASURES)} |\n|---|{'---|' * len(MEASURES)}")
    for name, row in table.iterrows():
        cells = []
        for which in MEASURES:
            average, endless, width = map(measure, row[which])
            endless = f" ({endless})" if which in DIFFERENT else ""
            cells.append(f"{average}{endless}, {width}")
        print(f"| {name} | {' | '.join(cells)} |", flush=True)


def parse_args():
    """Return the arguments of the command line."""
    parser = cli.parser(__doc__)
    parser.add_argument("--laws", nargs="+", choices=LAWS, default=list(LAWS), metavar="NAME")
    parser.add_argument("--repetitions", type=options.positive, default=500, metavar="N")
    parser.add_argument("--n-resamples", type=options.positive, default=400, metavar="N")
    return parser.parse_args()


DIFFERENT = ("macro PR", "tag PR")  # measures whose endless answer is another
LAWS = {
    "small": Law(75, 4.5),
    "few": Law(20, 4.5),
    "large": Law(300, 13.3),
    "errors": Law(75, 4.5, shared_errors=0.5),
    "music": Law(75, 4.5, own_tags=0.7),
    "few-music": Law(20, 4.5, own_tags=0.7, shared_errors=0.5),
    "large-music": Law(300, 13.3, own_tags=0.7, shared_errors=0.5),
}
METHODS = {
    "percentile": percentile,
    "basic": basic,
    "BC": bias_corrected,
    "BCa": bca,
    "shifted by the mean": shifted_by_mean,
    "shifted by the median": shifted_by_median,
    "used: wider for few groups": of_bootstrap,
}

if __name__ == "__main__":
    cli.run(main, parse_args)
