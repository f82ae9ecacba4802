"""An evaluated network, asked by what comes after: is it of today, what are its tags to it.

The steps after the evaluation take a network by the name of its results. They ask here whether
network, labels and clips are still those of the evaluation, and say in a sentence what is not.
"""

import numpy as np
import pandas as pd

from autotagging import bootstrap, clips, models, native_stderr, results, systems
from autotagging.files import checksum


def describe(data, name, label_set):
    """Return which evaluated network, or file of scores, is asked.

    Parameters
    ----------
    data : Path
    name : str
        Of the results.
    label_set : str
        That they have to be of.

    Returns
    -------
    dict
        results (the name), model (whether there is a network, not scores alone), source (tells it
        from others).

    Raises
    ------
    ValueError
        Where there are none of today.
    """
    summary = results.read_summary(results.folder_of(data, name))
    if summary is None or summary["label_set"] != label_set:
        raise ValueError(f"results/{name} are not there, or not of label set {label_set}")
    made_from = summary["made_from"]
    try:
        system = systems.describe_again(data, name)
    except ValueError as error:  # labels or network are gone or others
        raise ValueError(f"results/{name} are out of date ({error})") from None
    inventory = checksum(data / "clips.csv")
    if (system["source"], inventory) != (made_from["system"], made_from.get("clips.csv")):
        raise ValueError(f"results/{name} are of an earlier network, or of other clips")
    return {
        "results": name,
        "model": summary["model"] is not None,
        "source": made_from["system"],
    }


def read_tag_weights(data, name, tags):
    """Return what a network listens for in each tag: the weights of its last layer.

    Parameters
    ----------
    data : Path
    name : str
    tags : list of str
        Of the network, in its order.

    Returns
    -------
    DataFrame of shape (n_tags, n_inputs)
        Of networks averaged, the weights of all side by side, each as long as the others.
    """
    with native_stderr.silenced():
        network, _ = models.load(models.folder_of(data, name) / "model.keras")
    members = [layer for layer in network.layers if hasattr(layer, "layers")] or [network]
    weights = [member.get_layer("logits").get_weights()[0].T for member in members]
    if len(weights) == 1:
        return pd.DataFrame(weights[0], index=tags)
    lengths = [np.linalg.norm(table, axis=1, keepdims=True) for table in weights]
    unit = [
        table / np.where(length > 0, length, 1)
        for table, length in zip(weights, lengths, strict=True)
    ]
    return pd.DataFrame(np.hstack(unit), index=tags)


def read_per_tag(data, name, tags):
    """Return a network's measures of each tag: a DataFrame indexed by tag, in their order.

    Raises
    ------
    ValueError
        Where they are not of these tags.
    """
    folder = results.folder_of(data, name)
    table = results.read_table(folder, "per_tag")
    if not {"tag", "roc_auc", "threshold"} <= set(table.columns) or set(table["tag"]) != set(tags):
        raise ValueError(f"{folder / 'per_tag.csv'} is damaged: run 4_evaluate.py with --force")
    return table.set_index("tag").loc[tags]


def read_decisions(data, name, table, thresholds):
    """Return what is there and what is predicted on the test clips, and whose they are.

    Parameters
    ----------
    data : Path
    name : str
    table : DataFrame
        The label set, see `labels.read_labels`.
    thresholds : Series
        By tag.

    Returns
    -------
    y_true, y_pred : DataFrame of shape (n_clips, n_tags), bool
        Predicted is what reaches the tag's threshold.
    groups : ndarray of shape (n_clips,), int
        The clips' artists, see `bootstrap.groups_of`.
    """
    y_score, split = results.read_scores(results.folder_of(data, name))
    test = split.index[split == "test"]
    groups = bootstrap.groups_of(clips.read_clips(data).loc[test], "artists")
    y_pred = y_score.loc[test] >= thresholds[y_score.columns]
    return table.loc[test, y_score.columns], y_pred, groups
