"""Scores of clips, wherever they come from, and what is needed to evaluate them.

A network's scores are computed here; those of a file are read in `external_scores`.
"""

from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from autotagging import native_stderr, steps
from autotagging.features import feature_store
from autotagging.labels import label_sets, splits
from autotagging.models import model_folder, prediction
from autotagging.thresholds import MIN_POSITIVES

POOLED = f"of all tags pooled where fewer than {MIN_POSITIVES} clips have it"
CHOSEN = f"per tag the highest F1 on the validation clips, {POOLED}"
CHOSEN_OUT_OF_FOLD = (
    f"per tag the highest F1 of out-of-fold scores of training and validation clips, {POOLED}"
)


@dataclass(frozen=True)
class Scores:
    """Scores of the validation and test clips of a label set.

    Parameters
    ----------
    y_score : DataFrame of shape (n_clips, n_tags)
        Probabilities by clip_id, validation clips first, tags in the order of the label set.
    thresholds : Series
        By tag.
    thresholds_chosen : str
        How they were chosen, in words.
    left_out : Series of str
        Why validation and test clips have no scores, by clip_id.
    network : dict, optional
        Of a network, its settings, number of weights, and on how many of the test clips it was
        trained (None where its file does not say).
    tag_weights : ndarray of shape (n_tags, n_inputs), optional
        Of a network, the weights of its last layer.
    """

    y_score: pd.DataFrame
    thresholds: pd.Series
    thresholds_chosen: str
    left_out: pd.Series
    network: dict | None = None
    tag_weights: np.ndarray | None = None

    def describe(self):
        """Return what ``summary.json`` says of the scores: a dict."""
        return {
            "thresholds": self.thresholds_chosen,
            "clips_without_scores": len(self.left_out),
            "model": self.network,
        }


@dataclass(frozen=True)
class ScoredClips:
    """Scores beside what they are evaluated by.

    Parameters
    ----------
    labels : DataFrame
        Every clip of the label set, by clip_id: split, then a bool column a tag.
    clips : DataFrame
        By clip_id: artist, album, track.
    y_score : DataFrame of shape (n_clips, n_tags)
        Of validation and test clips.
    thresholds : Series
        By tag.
    """

    labels: pd.DataFrame
    clips: pd.DataFrame
    y_score: pd.DataFrame
    thresholds: pd.Series

    @property
    def tags(self):
        """Tags in order: Index."""
        return self.y_score.columns

    @property
    def test_ids(self):
        """The clip_id of the test clips with scores: Index."""
        scored = self.y_score.index
        return scored[self.labels.loc[scored, "split"] == "test"]

    def true_labels(self, clip_ids):
        """Return the labels of some clips: DataFrame of shape (n_clips, n_tags), bool."""
        return self.labels.loc[clip_ids, self.tags]


@dataclass(frozen=True)
class Network:
    """A trained network whose scores are wanted, and what it is given.

    Parameters
    ----------
    path : Path
        Of the model file.
    features : str
        Name of the store.
    label_set : str or None
        Of a run of this dataset, the one it was trained on.
    is_refit : bool
        Whether such a run has learnt from the validation clips, too.
    """

    path: Path
    features: str
    label_set: str | None
    is_refit: bool = False

    def list_inputs(self, data, clip_ids):
        """Return the model file and the store of features, for `steps.describe_inputs`.

        Raises
        ------
        ValueError
            For a store that was made of other audio than the clips have now.
        """
        feature_store.check_audio(data, self.features, clip_ids)
        return [self.path, feature_store.folder_of(data, self.features)]

    def regroup(self, labels):
        """Return labels with every clip that the network has learnt from in the training part."""
        if not self.is_refit:
            return labels
        return labels.assign(split=labels["split"].replace("validation", "train"))


def find_network(data, name, *, features=None, label_set=None):
    """Return a trained network by the name of its run, or as a model file.

    Parameters
    ----------
    data : Path
    name : str
    features : str, optional
        Name of the store that a model file is given; otherwise as it was trained on.
    label_set : str, optional
        That it is evaluated on; of a run the one it was trained on.

    Raises
    ------
    ValueError
        Where it is not there, or of a run whose features or labels are others, or have changed
        since.
    """
    path = model_folder.find_model(data, name)
    settings = model_folder.read_description(path)["settings"]
    if path.resolve().parent.parent != data.resolve() / "models":
        return Network(path, features or settings["features"], None)
    for kind, asked_for in (("features", features), ("labels", label_set)):
        if asked_for not in (None, settings[kind]):
            raise ValueError(
                f"{path.parent} was trained on {kind}/{settings[kind]}, not on {asked_for}: leave "
                f"out --{kind}"
            )
    table = label_sets.read_labels(data, settings["labels"])
    steps.check_current(data, path.parent, table.index)
    is_refit = settings.get("refit") is True
    return Network(path, settings["features"], settings["labels"], is_refit)


def score(network, data, labels):
    """Return a network's scores.

    Parameters
    ----------
    network : Network
    data : Path
    labels : DataFrame
        As from `label_sets.read_labels`.

    Returns
    -------
    Scores

    Raises
    ------
    ValueError
        Where the network knows other tags, or takes other features, or no test clip has these.
    """
    with native_stderr.silenced():
        model, description = model_folder.load(network.path)
    tags, known = labels.columns.drop("split"), description["tags"]
    if set(known) != set(tags):
        raise ValueError(
            f"{network.path} was trained on tags other than those of the label set: name another "
            "with --labels"
        )
    store = feature_store.open_store(data, network.features, held_out(labels).index)
    _, frames, bands = model.input_shape
    fits = frames <= store.array.shape[1] and bands == store.array.shape[2]
    if not fits or asdict(store.settings) != description["feature_settings"]:
        raise ValueError(
            f"{network.path} takes other features than features/{network.features}: extract "
            "them as it was trained on, and name them with --features"
        )
    split = labels.loc[store.rows.index, "split"]
    test_ids = split.index[split == "test"]
    if not len(test_ids):
        raise ValueError(f"the label set has no test clips with features/{network.features}")
    y_score = prediction.score_clips(model, store)
    chosen = CHOSEN_OUT_OF_FOLD if description["settings"].get("refit") is True else CHOSEN
    weights = pd.DataFrame(model_folder.tag_weights(model), index=known)
    return Scores(
        y_score=pd.DataFrame(y_score, index=store.rows.index, columns=known)[tags],
        thresholds=pd.Series(description["thresholds"], index=known)[tags],
        thresholds_chosen=f"{chosen}; kept in the model",
        left_out=store.failed[store.failed.index.isin(held_out(labels).index)],
        network={
            "settings": description["settings"],
            "weights": model.count_params(),
            "trained_on_test_clips": _count_heard(description, store.audio[test_ids]),
        },
        tag_weights=weights.loc[tags].to_numpy(),
    )


def _count_heard(description, audio):
    """Return on how many clips, told by their audio, a network was trained; None if unknown."""
    heard = model_folder.heard_by(description)
    return None if heard is None else sum(model_folder.shorten(one) in heard for one in audio)


def held_out(labels):
    """Return the part of the validation and test clips, validation first: Series by clip_id."""
    split = labels["split"].iloc[np.argsort(labels["split"].map(splits.PARTS.index), kind="stable")]
    return split[split != "train"]
