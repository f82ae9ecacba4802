"""What a reader must know of a tag map: its caption, in sentences, with every number.

Printed by script 5, beside the figure as ``t_SNE.txt``, and on the page.
"""

from autotagging import tag_places, tag_spaces

WAYS = {"tsne": "t-SNE", "pca": "principal components"}
MANY_TAGS = 10


def describe_spaces(settings):
    """Return what near means in each space: a dict of name -> words."""
    words = "language" if settings["from_elsewhere"] else "trained on the tag sets"
    return {
        "words": f"word vectors: {words}",
        "annotations": "annotated on the same clips: listeners",
        "network": "weights of the last layer: the network",
    }


def write(summary):
    """Return the caption of a map.

    Parameters
    ----------
    summary : dict
        Of ``tag_map/summary.json``.

    Returns
    -------
    list of str
        Paragraphs: what is seen, how far it can be trusted, clusters, agreement, errors.
    """
    said = [
        describe_map(summary),
        describe_trust(summary),
        describe_clusters(summary["clusters"]["words"]),
        *tag_spaces.in_words(summary["agreement"], summary["closeness of errors"]),
    ]
    if summary["note"]:
        said.append(f"{summary['note']}.")
    return said


def describe_map(summary):
    """Return what the map shows."""
    settings, missing = summary["settings"], summary["tags without a vector"]
    n_tags = summary["tags"]
    start = ", started from principal components" if settings["method"] == "tsne" else ""
    perplexity = tag_places.perplexity(n_tags - len(missing))
    of_tsne = f" (perplexity {perplexity:g}{start}, seed {settings['seed']})"
    vectors = settings["vectors"]
    origin = f"from {vectors}" if settings["from_elsewhere"] else f"that were {vectors}"
    return (
        f"Map of {n_tags - len(missing)} of the {n_tags} tags of {summary['dataset']}, label set "
        f"{settings['labels']}, by {WAYS[settings['method']]}"
        f"{of_tsne if start else ''} of word vectors {origin}, {summary['dimensions']} dimensions; "
        "near means alike, the axes mean nothing. Size: clips with the tag; colour and shape: its "
        "kind." + (f" {len(missing)} tags have no vector: {', '.join(missing)}." if missing else "")
    )


def describe_trust(summary):
    """Return how far the map can be trusted, and how far another run would have differed."""
    trust, others = summary["trustworthiness"], summary["other starts"]
    few = summary["tags"] - len(summary["tags without a vector"]) < MANY_TAGS
    return (
        f"Trustworthiness (1: all neighbours on the map are neighbours by cosine) "
        f"{trust['words']:.2f} in 2 dimensions, {trust['words, 4 dimensions']:.2f} in 4. "
        f"{tag_places.N_SEEDS} maps by t-SNE from random starts: trustworthiness "
        f"{others['trustworthiness']:.2f} +- {others['trustworthiness_sd']:.2f}; a tag's nearest "
        f"five are those of this map to {others['neighbours_in_common']:.2f} +- "
        f"{others['neighbours_in_common_sd']:.2f}."
        + (" Of so few tags this says little." if few else "")
    )


def describe_clusters(found):
    """Return the clusters as the paper lists its own."""
    listed = "; ".join(", ".join(cluster) for cluster in found["clusters"])
    return (
        f"{len(found['clusters'])} clusters of {tag_places.FEWEST_IN_CLUSTER} tags or more, by the "
        "cosine of the vectors, not by the map (complete linkage, as many as have the best mean "
        f"silhouette, {found['silhouette']:.2f}): {listed or 'none'}."
    )
