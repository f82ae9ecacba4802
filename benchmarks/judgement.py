"""How good cross-validated scores are, and by how much better than others, with intervals."""

from dataclasses import dataclass

import numpy as np

from autotagging import metrics
from autotagging.results import bootstrap

RESAMPLING = bootstrap.Resampling()


@dataclass(frozen=True)
class Judged:
    """How good the scores of every seed are, as point values and in resamples of artists.

    Parameters
    ----------
    values : dict
        ``roc_auc`` and ``pr_auc`` -> a macro average a seed.
    resampled : ndarray of shape (2, n_resamples)
        Both, as the mean of the seeds.
    n_artists : int
    """

    values: dict
    resampled: np.ndarray
    n_artists: int

    def points(self):
        """Return both macro averages as the mean of the seeds: ndarray of shape (2,)."""
        return np.array([np.mean(self.values[auc]) for auc in metrics.AUCS])

    def difference_to(self, other):
        """Return by how much these scores are better than others of the same clips.

        Returns
        -------
        ndarray of shape (2, 3)
            Of both macro averages the difference and its interval, low and high.
        """
        points = self.points() - other.points()
        resampled = (self.resampled - other.resampled).T
        limits = bootstrap.OF_A_DIFFERENCE
        low, high = bootstrap.interval(resampled, points, self.n_artists, limits)
        return np.transpose([points, low, high])


def judge(y_true, of_seeds, artists):
    """Judge the scores of every seed: Judged.

    Parameters
    ----------
    y_true : ndarray of shape (n_clips, n_tags), bool
    of_seeds : list of ndarray of shape (n_clips, n_tags)
        From `metrics.rank_within`, or the mean of such.
    artists : array-like of shape (n_clips,), str
    """
    groups = np.unique(artists, return_inverse=True)[1]
    averages = [metrics.averages(y_true, scores)["macro"] for scores in of_seeds]
    values = {auc: [average[auc] for average in averages] for auc in metrics.AUCS}
    resampled = np.mean([resample(y_true, scores, groups) for scores in of_seeds], axis=0)
    return Judged(values, resampled, groups.max() + 1)


def resample(y_true, scores, groups):
    """Return both macro averages of every resample: ndarray of shape (2, n_resamples)."""
    resampled = bootstrap.resampled_aucs(y_true, scores, groups, RESAMPLING)
    return np.array(list(map(bootstrap.macro, resampled)))
