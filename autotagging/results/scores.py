"""Scores of clips, wherever they come from, and what is needed to evaluate them.

A network's scores are computed here; those of a file are read in `external_scores`.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from autotagging import cli, native_stderr, steps
from autotagging.features import feature_store, side_by_side
from autotagging.labels import label_sets, splits
from autotagging.models import model_folder, prediction, published
from autotagging.results import common_tags
from autotagging.thresholds import MIN_POSITIVES, choose_thresholds

POOLED = f"of all tags pooled where fewer than {MIN_POSITIVES} clips have it"
CHOSEN = f"per tag the highest F1 on the validation clips, {POOLED}"
CHOSEN_OUT_OF_FOLD = (
    f"per tag the highest F1 of out-of-fold scores of training and validation clips, {POOLED}"
)
TOO_FEW = f"no tag is on {MIN_POSITIVES} validation clips"
HALF = f"0.5: the network was published without thresholds, and {TOO_FEW}"


@dataclass(frozen=True)
class Scores:
    """Scores of clips of a label set: of the validation and test clips, or of all.

    Parameters
    ----------
    y_score : DataFrame of shape (n_clips, n_tags)
        Probabilities by clip_id, in the order of the parts, tags in the order of the label set.
    thresholds : Series
        By tag.
    thresholds_chosen : str
        How they were chosen, in words.
    left_out : Series of str
        Why clips have no scores, by clip_id.
    network : dict, optional
        Of a network, its settings, number of weights, and on how many of the test clips, and of
        the others with scores, it was trained (None where its file does not say).
    tag_weights : ndarray of shape (n_tags, n_inputs), optional
        Of a network, the weights of its last layer.
    common : CommonTags, optional
        Of a network that was trained elsewhere; otherwise the tags are those of the label set.
    """

    y_score: pd.DataFrame
    thresholds: pd.Series
    thresholds_chosen: str
    left_out: pd.Series
    network: dict | None = None
    tag_weights: np.ndarray | None = None
    common: common_tags.CommonTags | None = None

    def describe(self):
        """Return what ``summary.json`` says of the scores: a dict."""
        return {
            "thresholds": self.thresholds_chosen,
            "clips_without_scores": len(self.left_out),
            "model": self.network,
            "tags_in_common": self.common and self.common.describe(),
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
        Of validation and test clips, or of all; of the tags that are evaluated.
    thresholds : Series
        By tag.
    is_trained_elsewhere : bool
        Whether the parts of the label set are none of training.
    """

    labels: pd.DataFrame
    clips: pd.DataFrame
    y_score: pd.DataFrame
    thresholds: pd.Series
    is_trained_elsewhere: bool = False

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
        Of a run of this dataset, the one it was trained on; None where it was trained elsewhere.
    is_refit : bool
        Whether such a run has learnt from the validation clips, too.
    """

    path: Path
    features: str
    label_set: str | None
    is_refit: bool = False

    @property
    def is_trained_elsewhere(self):
        """Whether it is no run of this dataset."""
        return self.label_set is None

    def list_inputs(self, data, clip_ids):
        """Return the model file and the store of features, for `steps.describe_inputs`.

        Raises
        ------
        ValueError
            Where the store is not there, or was made of other audio than the clips have now.
        """
        folders = side_by_side.folders_of(data, self.features)
        for folder in folders:
            feature_store.read_settings(folder)
        side_by_side.check_audio(data, self.features, clip_ids)
        return [self.path, *folders]

    def regroup(self, labels):
        """Return labels with every clip that the network has learnt from in the training part."""
        if not self.is_refit:
            return labels
        return labels.assign(split=labels["split"].replace("validation", "train"))


def find_network(data, name, *, features=None, label_set=None, folder=cli.PUBLISHED):
    """Return a trained network: a run, a published one, or a model file.

    Parameters
    ----------
    data : Path
    name : str
    features : str, optional
        Name of the store that a network from elsewhere is given, or a head with the network that
        it stands on; otherwise as it was trained on.
    label_set : str, optional
        That it is evaluated on; of a run the one it was trained on.
    folder : Path
        Where published networks lie.

    Raises
    ------
    ValueError
        Where it is not there, or of a run whose features or labels are others, or have changed
        since.
    """
    path = published.find_model(data, name, folder)
    description = model_folder.read_description(path)
    settings = description["settings"]
    is_run = path.resolve().parent.parent == data.resolve() / "models" and "labels" in settings
    if not is_run:  # published networks say no label set, wherever they lie
        return Network(path, features or settings["features"], None)
    for kind, asked_for in (("features", features), ("labels", label_set)):
        is_free = kind == "features" and "layers" in description  # with its networks, spectrograms
        if asked_for not in (None, settings[kind]) and not is_free:
            raise ValueError(
                f"{path.parent} was trained on {kind}/{settings[kind]}, not on {asked_for}: leave "
                f"out --{kind}"
            )
    table = label_sets.read_labels(data, settings["labels"])
    steps.check_current(data, path.parent, table.index)
    is_refit = settings.get("refit") is True
    return Network(path, features or settings["features"], settings["labels"], is_refit)


def score(network, data, labels, *, synonyms=None, mtt_training_clips=None):
    """Return a network's scores: of all clips where it was trained elsewhere.

    Parameters
    ----------
    network : Network
    data : Path
    labels : DataFrame
        As from `label_sets.read_labels`.
    synonyms : dict, optional
        Synonym -> tag, where the tags of the label set are merged.
    mtt_training_clips : Index of str, optional
        From `label_sets.list_mtt_training_clips`.

    Returns
    -------
    Scores

    Raises
    ------
    ValueError
        Where the network has no tag of the label set, or takes other features, or no test clip
        has these.
    """
    with native_stderr.silenced():
        from autotagging.models import heads

        whole, description = model_folder.load(network.path)
    wanted = list_parts(labels, held_out=not network.is_trained_elsewhere)
    store = side_by_side.open_store(data, network.features, wanted.index)
    model = heads.fit_to(whole, description, store.settings)
    if model is None or not _fits(model, store):
        raise ValueError(
            f"{network.path} takes other features than features/{network.features}: extract "
            f"{description['settings']['features']} as it was trained on, with "
            "2_feature_extraction.py, and name them with --features"
        )
    split = labels.loc[store.rows.index, "split"]
    test_ids, other_ids = split.index[split == "test"], split.index[split != "test"]
    if not len(test_ids):
        raise ValueError(f"the label set has no test clips with features/{network.features}")
    tags, known = labels.columns.drop("split").tolist(), description["tags"]
    common = common_tags.match(tags, known, synonyms or {})
    y_score = prediction.score_clips(model, store, title="scoring")
    y_score = common.merge(pd.DataFrame(y_score, store.rows.index, known))
    kept = pd.DataFrame([description["thresholds"]], columns=known)
    thresholds, chosen = common.merge(kept, "mean").iloc[0], "kept in the model"
    if network.is_trained_elsewhere:
        own = labels.loc[split.index[split == "validation"], y_score.columns]
        thresholds, chosen = _choose_thresholds(own, y_score, thresholds)
    else:
        way = CHOSEN_OUT_OF_FOLD if description["settings"].get("refit") is True else CHOSEN
        chosen = f"{way}; {chosen}"
    heard = model_folder.heard_by(description, store.audio, mtt_training_clips)
    weights = pd.DataFrame(model_folder.tag_weights(model).T, columns=known)
    return Scores(
        y_score=y_score,
        thresholds=thresholds,
        thresholds_chosen=chosen,
        left_out=store.failed[store.failed.index.isin(wanted.index)],
        network={
            "settings": description["settings"],
            "weights": whole.count_params(),
            "trained_on_test_clips": _count_heard(heard, store.audio[test_ids]),
            "trained_on_other_clips": _count_heard(heard, store.audio[other_ids]),
        },
        tag_weights=common.merge(weights, "mean").to_numpy().T,
        common=common if network.is_trained_elsewhere else None,
    )


def _fits(model, store):
    """Return whether the chunks of a network are as those that a store has."""
    _, frames, bands = model.input_shape
    return frames <= store.array.shape[1] and bands == store.array.shape[2]


def _choose_thresholds(y_true, y_score, kept):
    """Return thresholds of a network that was trained elsewhere, and how they were chosen.

    Parameters
    ----------
    y_true : DataFrame of shape (n_validation_clips, n_tags), bool
    y_score : DataFrame
        Of these clips and others.
    kept : Series
        The network's own, by tag.
    """
    if y_true.sum().max() >= MIN_POSITIVES:
        found = choose_thresholds(y_true.to_numpy(), y_score.loc[y_true.index].to_numpy())
        return pd.Series(found, index=y_true.columns), CHOSEN
    return kept, HALF if (kept == 0.5).all() else f"kept in the model, as {TOO_FEW}"


def _count_heard(heard, audio):
    """Return on how many clips, told by their audio, a network was trained; None if unknown."""
    return None if heard is None else sum(model_folder.shorten(one) in heard for one in audio)


def list_parts(labels, *, held_out):
    """Return the part of each clip, in the order of the parts: Series by clip_id.

    Parameters
    ----------
    labels : DataFrame
        As from `label_sets.read_labels`.
    held_out : bool
        Whether validation and test clips alone are wanted.
    """
    split = labels["split"].iloc[np.argsort(labels["split"].map(splits.PARTS.index), kind="stable")]
    return split[split != "train"] if held_out else split
