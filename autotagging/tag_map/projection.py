"""Vectors of tags -> coordinates on a map, how far these can be trusted, and clusters.

The paper lays 50 tags out with t-SNE in two dimensions, and in four before it opens them in the
TensorFlow Projector. It notes that other runs give other maps, and reads clusters off the picture:
here the one is measured and the other computed.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.linalg import orthogonal_procrustes
from sklearn import manifold
from sklearn.cluster import AgglomerativeClustering
from sklearn.decomposition import PCA
from sklearn.metrics import silhouette_score

from autotagging import options
from autotagging.options import option
from autotagging.tag_map import similarity

MIN_IN_CLUSTER = 3
PERPLEXITY = 10  # half of what is usual: 50 tags, not thousands of points
N_SEEDS = 10


@dataclass(frozen=True)
class Projection:
    """How vectors become coordinates."""

    method: str = option(
        "t-SNE, as in the paper, or principal components (default: tsne)",
        "tsne",
        choices=("tsne", "pca"),
    )
    seed: int = option("random seed (default: 0)", 0, options.seed)


def project(vectors, projection, dimensions=2, *, start="pca"):
    """Lay vectors out, near where their directions are near.

    Parameters
    ----------
    vectors : array of shape (n_tags, size)
        At least `similarity.MIN_TAGS`.
    projection : Projection
    dimensions : int
        2 for a figure; 4 before the Projector, as in the paper.
    start : str
        Of t-SNE: ``pca``, or ``random``, which differs from seed to seed.

    Returns
    -------
    ndarray of shape (n_tags, dimensions), float64
    """
    n_tags = len(vectors)
    # of unit vectors the Euclidean distance orders as the cosine does
    unit = similarity.unit(vectors)
    # of few dimensions they stay where they are; PCA wants as many as it is to find
    unit = np.pad(unit, ((0, 0), (0, max(0, dimensions - unit.shape[1]))))
    if projection.method == "pca":
        return PCA(dimensions, random_state=projection.seed).fit_transform(unit)
    tsne = manifold.TSNE(
        n_components=dimensions,
        perplexity=perplexity(n_tags),
        init=start,
        # scikit-learn's own rate, 50 at least, throws so few points apart in 4 dimensions
        # (trustworthiness .55 where this gives .98)
        learning_rate=max(1.0, n_tags / 48),
        method="exact",  # the only one for more than 3 dimensions, and quick for tags
        random_state=projection.seed,
    )
    return tsne.fit_transform(unit).astype("float64")


def project_aligned(spaces, projection):
    """Lay several spaces out, each aligned with the first: the tags lie as near as can be.

    Parameters
    ----------
    spaces : dict
        Name -> vectors, DataFrame of shape (n_tags, size), indexed by tag; each has its own tags.
    projection : Projection

    Returns
    -------
    dict
        Name -> DataFrame of shape (n_tags, 2): x, y, indexed by tag.
    """
    maps = {}
    for name, vectors in spaces.items():
        coordinates = project(vectors, projection)
        coordinates = pd.DataFrame(coordinates, index=vectors.index, columns=["x", "y"])
        maps[name] = align(coordinates, next(iter(maps.values()))) if maps else coordinates
    return maps


def align(coordinates, target):
    """Turn, mirror, scale and shift a map so that it lies on another as well as it can.

    A map by t-SNE has no directions of its own; two laid out alike can be compared by eye.

    Parameters
    ----------
    coordinates, target : DataFrame of shape (n_tags, 2)
        Indexed by tag. Those in both say how it is turned; without any it only takes its place.

    Returns
    -------
    DataFrame of shape (n_tags, 2)
    """
    common = coordinates.index.intersection(target.index)
    if common.empty:
        centre, target_centre, rotation = coordinates.mean(), target.mean(), np.eye(2)
    else:
        centre, target_centre = coordinates.loc[common].mean(), target.loc[common].mean()
        rotation, _ = orthogonal_procrustes(
            coordinates.loc[common] - centre, target.loc[common] - target_centre
        )
    radius = _radius(coordinates)
    scale = _radius(target) / radius if radius else 1
    aligned = (coordinates - centre).to_numpy() @ rotation * scale
    return pd.DataFrame(aligned, index=coordinates.index, columns=coordinates.columns) + (
        target_centre
    )


def _radius(coordinates):
    """Return the root mean square of the distances from the centre."""
    return np.sqrt(((coordinates - coordinates.mean()) ** 2).sum(axis=1).mean())


def perplexity(n_tags):
    """Return how many neighbours t-SNE has an eye on: fewer where there are few tags."""
    return min(PERPLEXITY, (n_tags - 1) / 3)


def assess(spaces, maps, in_4d, projection):
    """Return how far maps can be trusted, and the clusters of each space: a dict for the summary.

    Parameters
    ----------
    spaces, maps : dict
        Name -> vectors, and their coordinates from `project_aligned`; "words" among them.
    in_4d : ndarray of shape (n_tags, 4)
        Coordinates of the words in four dimensions.
    projection : Projection
    """
    vectors = spaces["words"]
    trust = {name: trustworthiness(spaces[name], maps[name]) for name in spaces}
    trust["words, 4 dimensions"] = trustworthiness(vectors, in_4d)
    is_pca = projection.method == "pca"
    return {
        "trustworthiness": {name: round(value, 4) for name, value in trust.items()},
        "explained_variance": explained_variance(vectors, maps["words"]) if is_pca else None,
        "random_starts": stability(vectors, maps["words"]),
        "clusters": {name: clusters(space) for name, space in spaces.items()},
    }


def explained_variance(vectors, coordinates):
    """Return the share of the variance of directions that principal components show."""
    unit = similarity.unit(vectors)
    return float(np.var(np.asarray(coordinates), axis=0).sum() / np.var(unit, axis=0).sum())


def n_trusted(n_tags):
    """Return of how many nearest tags `trustworthiness` speaks: five, of few tags fewer."""
    return max(1, min(similarity.N_NEAREST, (n_tags - 1) // 2))


def trustworthiness(vectors, coordinates):
    """Return how far the neighbours on a map are neighbours by cosine, from 0 to 1."""
    nearest = n_trusted(len(coordinates))
    unit = similarity.unit(vectors)
    return float(manifold.trustworthiness(unit, coordinates, n_neighbors=nearest))


def stability(vectors, coordinates):
    """Return how far a map would have been another, had t-SNE started elsewhere.

    The vectors stay the same: trained again from another seed they would differ as well.

    Parameters
    ----------
    vectors : array of shape (n_tags, size)
    coordinates : ndarray of shape (n_tags, 2)

    Returns
    -------
    dict
        Over `N_SEEDS` random starts: neighbours_in_common (mean) and its _sd, the share of a
        tag's nearest that it has on the map, too; trustworthiness (mean) and its _sd.
    """
    maps = [project(vectors, Projection(seed=n), start="random") for n in range(N_SEEDS)]
    ours = _nearness(np.asarray(coordinates))
    common = [similarity.neighbours_in_common(ours, _nearness(other)).mean() for other in maps]
    trust = [trustworthiness(vectors, other) for other in maps]
    return {
        "neighbours_in_common": float(np.mean(common)),
        "neighbours_in_common_sd": float(np.std(common, ddof=1)),
        "trustworthiness": float(np.mean(trust)),
        "trustworthiness_sd": float(np.std(trust, ddof=1)),
    }


def clusters(vectors):
    """Return groups of tags whose directions are alike.

    Agglomerative clustering by the cosine, complete linkage: the two least alike of a cluster
    decide. The number of clusters is the one with the best silhouette.

    Parameters
    ----------
    vectors : DataFrame of shape (n_tags, size)
        Indexed by tag, the most frequent first.

    Returns
    -------
    dict
        clusters: lists of tags, those of `MIN_IN_CLUSTER` at least, in the order of their first
        tags; groups: how many there are with the smaller ones; silhouette: from -1 to 1, the mean
        over all tags.
    """
    distances = np.clip(1 - similarity.cosines(vectors).to_numpy(), 0, 2)
    np.fill_diagonal(distances, 0)
    best = None
    for n_clusters in range(2, max(2, len(vectors) // 2) + 1):
        model = AgglomerativeClustering(n_clusters, metric="precomputed", linkage="complete")
        labels = model.fit_predict(distances)
        silhouette = float(silhouette_score(distances, labels, metric="precomputed"))
        if best is None or silhouette > best[0]:
            best = silhouette, labels
    groups = [list(vectors.index[best[1] == label]) for label in dict.fromkeys(best[1])]
    large = [group for group in groups if len(group) >= MIN_IN_CLUSTER]
    return {"clusters": large, "groups": len(groups), "silhouette": best[0]}


def _nearness(coordinates):
    return -np.linalg.norm(coordinates[:, None] - coordinates[None], axis=2)
