"""Vectors of tags -> places on a map, how far these can be trusted, and clusters.

The paper lays 50 tags out with t-SNE in two dimensions, and in four before it opens them in the
TensorFlow Projector. It notes that other runs give other maps, and reads clusters off the picture:
here the one is measured and the other computed.
"""

import numpy as np
import pandas as pd
from scipy.linalg import orthogonal_procrustes

from autotagging import tag_spaces

FEWEST_TAGS = 4
FEWEST_IN_CLUSTER = 3
PERPLEXITY = 10  # half of what is usual: 50 tags, not thousands of points
N_SEEDS = 10


def place(vectors, dimensions=2, *, method="tsne", seed=0, start="pca"):
    """Lay vectors out, near where their directions are near.

    Parameters
    ----------
    vectors : array of shape (n_tags, size)
        At least 4.
    dimensions : int
        2 for a figure; 4 before the Projector, as in the paper.
    method : str
        ``tsne``, as in the paper, or ``pca``, which keeps distances but not neighbourhoods.
    seed : int
    start : str
        Of t-SNE: ``pca``, or ``random``, which differs from seed to seed.

    Returns
    -------
    ndarray of shape (n_tags, dimensions), float64
    """
    from sklearn.decomposition import PCA
    from sklearn.manifold import TSNE

    n_tags = len(vectors)
    if n_tags < FEWEST_TAGS:
        raise ValueError(
            f"a map needs at least {FEWEST_TAGS} tags with a vector, here are {n_tags}"
        )
    # of unit vectors the Euclidean distance orders as the cosine does
    unit = tag_spaces.unit(vectors)
    # of few dimensions they stay where they are; PCA wants as many as it is to find
    unit = np.pad(unit, ((0, 0), (0, max(0, dimensions - unit.shape[1]))))
    if method == "pca":
        return PCA(dimensions, random_state=seed).fit_transform(unit)
    tsne = TSNE(
        n_components=dimensions,
        perplexity=perplexity(n_tags),
        init=start,
        # scikit-learn's own rate, 50 at least, throws so few points apart in 4 dimensions
        # (trustworthiness .55 where this gives .98)
        learning_rate=max(1.0, n_tags / 48),
        method="exact",  # the only one for more than 3 dimensions, and quick for tags
        random_state=seed,
    )
    return tsne.fit_transform(unit).astype("float64")


def place_alike(spaces, **how):
    """Lay several spaces out, each turned so that the tags lie as near as can be to the first's.

    Parameters
    ----------
    spaces : dict
        Name -> vectors, DataFrame of shape (n_tags, size), indexed by tag.
    how : dict
        method and seed, see `place`.

    Returns
    -------
    dict
        Name -> DataFrame of shape (n_tags, 2): x, y, indexed by tag.
    """
    maps = {}
    for name, vectors in spaces.items():
        places = pd.DataFrame(place(vectors, **how), index=vectors.index, columns=["x", "y"])
        maps[name] = turn_alike(places, next(iter(maps.values()))) if maps else places
    return maps


def turn_alike(places, model):
    """Turn, mirror, scale and shift a map so that it lies on another as well as it can.

    A map by t-SNE has no directions of its own; two laid out alike can be compared by eye.

    Parameters
    ----------
    places, model : DataFrame of shape (n_tags, 2)
        Indexed by tag, some in both.

    Returns
    -------
    DataFrame of shape (n_tags, 2)
    """
    common = places.index.intersection(model.index)
    centre, target = places.loc[common].mean(), model.loc[common].mean()
    turn, _ = orthogonal_procrustes(places.loc[common] - centre, model.loc[common] - target)
    wide = _radius(places)
    turned = (places - centre).to_numpy() @ turn * (_radius(model) / wide if wide else 1)
    return pd.DataFrame(turned, index=places.index, columns=places.columns) + target


def _radius(places):
    """Return the mean distance from the centre, of squares."""
    return np.sqrt(((places - places.mean()) ** 2).sum(axis=1).mean())


def perplexity(n_tags):
    """Return how many neighbours t-SNE has an eye on: fewer where there are few tags."""
    return min(PERPLEXITY, (n_tags - 1) / 3)


def explained(vectors, places):
    """Return the share of the variance of directions that principal components show."""
    unit = tag_spaces.unit(vectors)
    return float(np.var(np.asarray(places), axis=0).sum() / np.var(unit, axis=0).sum())


def n_judged(n_tags):
    """Return of how many nearest tags `trustworthiness` speaks: five, of few tags fewer."""
    return max(1, min(tag_spaces.N_NEAREST, (n_tags - 1) // 2))


def trustworthiness(vectors, places):
    """Return how far the neighbours on a map are neighbours by cosine, from 0 to 1."""
    from sklearn import manifold

    nearest = n_judged(len(places))
    return float(manifold.trustworthiness(tag_spaces.unit(vectors), places, n_neighbors=nearest))


def stability(vectors, places):
    """Return how far a map would have been another, had t-SNE started elsewhere.

    The vectors stay the same: trained anew from another seed they would differ as well.

    Parameters
    ----------
    vectors : array of shape (n_tags, size)
    places : ndarray of shape (n_tags, 2)

    Returns
    -------
    dict
        Over `N_SEEDS` random starts: neighbours_in_common (mean) and its _sd, the share of a
        tag's nearest that it has on the map, too; trustworthiness (mean) and its _sd.
    """
    maps = [place(vectors, seed=seed, start="random") for seed in range(N_SEEDS)]
    ours = _nearness(np.asarray(places))
    common = [tag_spaces.neighbours_in_common(ours, _nearness(other)).mean() for other in maps]
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
        clusters: lists of tags, those of `FEWEST_IN_CLUSTER` at least, in the order of their first
        tags; groups: how many there are with the smaller ones; silhouette: from -1 to 1, the mean
        over all tags.
    """
    from sklearn.cluster import AgglomerativeClustering
    from sklearn.metrics import silhouette_score

    distances = np.clip(1 - tag_spaces.cosines(vectors).to_numpy(), 0, 2)
    np.fill_diagonal(distances, 0)
    best = None
    for n_clusters in range(2, max(2, len(vectors) // 2) + 1):
        model = AgglomerativeClustering(n_clusters, metric="precomputed", linkage="complete")
        labels = model.fit_predict(distances)
        silhouette = float(silhouette_score(distances, labels, metric="precomputed"))
        if best is None or silhouette > best[0]:
            best = silhouette, labels
    groups = [list(vectors.index[best[1] == label]) for label in dict.fromkeys(best[1])]
    large = [group for group in groups if len(group) >= FEWEST_IN_CLUSTER]
    return {"clusters": large, "groups": len(groups), "silhouette": best[0]}


def _nearness(places):
    return -np.linalg.norm(places[:, None] - places[None], axis=2)
