"""What a reader must know of a tag map: its caption, in sentences, with every number.

Printed by script 5, beside the figure as ``t_SNE.txt``, and on the page.
"""

from autotagging.formatting import count, difference, measure
from autotagging.tag_map import projection

MANY_TAGS = 10


def describe_spaces(settings):
    """Return what near means in each space: a dict of name -> words."""
    return {
        "words": f"word vectors {_origin(settings)}",
        "annotations": "annotated on the same clips",
        "network": "weights of a network's last layer",
    }


def write(summary):
    """Return the caption of a map.

    Parameters
    ----------
    summary : dict
        Of ``tag_map/<name>/summary.json``.

    Returns
    -------
    list of str
        Paragraphs: what is seen, how far it can be trusted, clusters, agreement, errors.
    """
    circular = summary["settings"]["vectors"] is None
    said = [describe_map(summary), describe_trust(summary)]
    if summary.get("tags_without_scores"):  # not said by earlier versions
        said.insert(1, describe_results(summary))
    said.append(describe_clusters(summary["clusters"]["words"]))
    said += [describe_agreement(row, circular) for row in summary["agreement"]]
    said += [
        f"There is no map by {space}: {reason}."
        for space, reason in summary.get("spaces_left_out", {}).items()  # nor this
    ]
    if summary["closeness_of_errors"]:
        said.append(describe_errors(summary["closeness_of_errors"]))
    if summary["note"]:
        said.append(f"{summary['note']}.")
    return said


def describe_map(summary):
    """Return what the map shows."""
    settings, missing = summary["settings"], summary["tags_without_vector"]
    n_found = summary["tags"] - len(missing)
    projected = {
        "tsne": f"t-SNE (perplexity {projection.perplexity(n_found):.3g}, started from principal "
        f"components, seed {settings['seed']}; its axes mean nothing)",
        "pca": f"principal components ({measure(summary['explained_variance'])} of the variance)",
    }[settings["method"]]
    text = (
        f"Map of {n_found} of the {summary['tags']} tags of {summary['dataset']}, label set "
        f"{settings['labels']}, by {projected} of word vectors {_origin(settings)}, "
        f"{count(summary['dimensions'], 'dimension')}. Near means alike. Size: clips with the "
        "tag; colour and shape: its kind."
    )
    if by_synonym := summary["tags_by_synonym"]:
        text += f" {count(len(by_synonym), 'tag')} found by a synonym: {', '.join(by_synonym)}."
    if missing:
        text += f" {count(len(missing), 'tag')} without a vector: {', '.join(missing)}."
    return text


def describe_results(summary):
    """Return which tags the results have no scores of."""
    unscored = summary["tags_without_scores"]
    n_scored = summary["tags"] - len(unscored)
    return (
        f"results/{summary['settings']['results']} have scores of {n_scored} of the "
        f"{summary['tags']} tags. {count(len(unscored), 'tag')} without, hence without a ROC-AUC, "
        f"a place by network or a wrong prediction: {', '.join(unscored)}."
    )


def describe_trust(summary):
    """Return how far the map can be trusted, and how far another start would have differed."""
    trust, restarts = summary["trustworthiness"], summary["random_starts"]
    n_found = summary["tags"] - len(summary["tags_without_vector"])
    nearest = projection.n_trusted(n_found)
    of_restarts, shared = (
        f"{measure(restarts[key])} ± {measure(restarts[f'{key}_sd'])}"
        for key in ("trustworthiness", "neighbours_in_common")
    )
    return (
        f"Trustworthiness (1: the {nearest} nearest on the map are near by cosine) "
        f"{measure(trust['words'])} in 2 dimensions, {measure(trust['words, 4 dimensions'])} in 4. "
        f"{projection.N_SEEDS} maps by t-SNE of the same vectors from random starts: "
        f"trustworthiness {of_restarts}; they share {shared} of a tag's nearest with this map."
        + (" Of so few tags this says little." if n_found < MANY_TAGS else "")
    )


def describe_clusters(found):
    """Return the clusters as the paper lists its own."""
    listed = "; ".join(", ".join(cluster) for cluster in found["clusters"])
    least = projection.MIN_IN_CLUSTER
    return (
        f"Clusters by the cosine of the vectors, not by the map (complete linkage): "
        f"{found['groups']} groups have the best mean silhouette, {measure(found['silhouette'])}; "
        f"{len(found['clusters'])} of them have {least} tags or more: {listed or 'none'}. "
        "Outlined are those that lie together on the map."
    )


def describe_agreement(row, circular):
    """Return how far two spaces agree."""
    names = f"{row['spaces'][0].capitalize()} and {row['spaces'][1]}, {count(row['tags'], 'tag')}"
    if row["rank_correlation"] is None:
        return f"{names}: too few tags, or all equally near, to say whether they agree."
    text = (
        f"{names}: rank correlation of all pairs {measure(row['rank_correlation'])}, "
        f"{measure(row['neighbours_in_common'])} of the nearest {row['nearest']} in common (by "
        f"chance {measure(row['by_chance'])})."
    )
    if circular and row["spaces"] == ["words", "annotations"]:
        text += " Both are of the annotations."
    return text


def describe_errors(errors):
    """Return how near wrong predictions are to the truth."""
    left_out = (
        f"{errors['errors_left_out']:,} are left out: without a vector, or on a clip without a "
        "true tag that has one"
    )
    if not errors["errors"]:
        return f"No wrong prediction can be judged; {left_out}."
    text = (
        f"{errors['errors']:,} wrong predictions on {count(errors['clips'], 'test clip')}: cosine "
        f"{measure(errors['closeness'])} to the nearest true tag, that of other tags at random "
        f"{measure(errors['at_random'])}: {difference(*errors['difference'].values())}"
    )
    has_interval = errors["difference"]["low"] is not None
    text += (
        f", 95 % interval by resamples of {count(errors['groups'], 'artist')}."
        if has_interval
        else "."
    )
    if errors["errors_left_out"]:
        text += f" {left_out}."
    if errors["circular"]:
        text += (
            " This proves nothing: the word vectors are trained on the annotations; name others "
            "with --vectors."
        )
    return text


def _origin(settings):
    return f"from {settings['vectors']}" if settings["vectors"] else "trained on the tag sets"
