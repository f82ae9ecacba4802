"""A network's scores come with its thresholds and weights, in the order of the label set."""

import dataclasses
import shutil

import numpy as np
import pandas as pd
import pytest

pytest.importorskip("keras")
from conftest import write_store

from autotagging import steps
from autotagging.features import feature_store
from autotagging.models import architectures, model_folder, prediction
from autotagging.results import scores
from autotagging.tag_map import similarity
from autotagging.thresholds import choose_thresholds

TAGS = ["loud", "quiet", "high"]
KNOWN = ["high", "loud", "quiet"]  # the same in the network's order
THRESHOLDS = {"loud": 0.2, "quiet": 0.4, "high": 0.6}


def network(seed=0):
    import keras

    keras.utils.set_random_seed(seed)
    return architectures.vgg((8, 8), 3, np.zeros(8), np.ones(8))


@pytest.fixture
def labels():
    """Return a label set of 40 clips: every fourth is for testing, every fifth for validation."""
    index = pd.Index(map(str, range(40)), name="clip_id")
    split = ["test" if i % 4 == 0 else "validation" if i % 5 == 0 else "train" for i in range(40)]
    table = pd.DataFrame({"split": split}, index)
    return table.assign(**{tag: np.arange(40) % (k + 2) == 0 for k, tag in enumerate(TAGS)})


@pytest.fixture
def store(wanted_store):
    """Return a store that is finished, in which test clip 4 has no features: WantedStore."""
    (wanted_store.data / "clips/4.wav").write_bytes(b"no audio")
    write_store(wanted_store)
    return wanted_store


@pytest.fixture
def save(store):
    """Return a function that saves a network which takes these features, and returns its path."""

    def save_network(trained, path=store.data / "elsewhere" / "mine.keras", **changes):
        description = {
            "tags": KNOWN,
            "thresholds": [THRESHOLDS[tag] for tag in KNOWN],
            "settings": {"architecture": "vgg", "features": "small", "labels": "merged50"},
            "feature_settings": dataclasses.asdict(store.settings),
            **changes,
        }
        path.parent.mkdir(parents=True, exist_ok=True)
        model_folder.save(path, trained, description)
        return path

    return save_network


def score(path, data, labels):
    """Return the scores of a network as if it were a run of this dataset."""
    found = scores.find_network(data, str(path))
    return scores.score(dataclasses.replace(found, label_set="merged50"), data, labels)


def score_elsewhere(path, data, labels, **known):
    """Return the scores of a network that was trained elsewhere."""
    return scores.score(scores.find_network(data, str(path)), data, labels, **known)


def test_scores_and_thresholds_are_in_the_order_of_the_label_set(save, store, labels):
    trained = network()
    found = score(save(trained), store.data, labels)
    opened = feature_store.open_store(
        store.data, "small", scores.list_parts(labels, held_out=True).index
    )
    by_network = prediction.score_clips(trained, opened)
    expected = pd.DataFrame(by_network, opened.rows.index, KNOWN)[TAGS]
    pd.testing.assert_frame_equal(found.y_score, expected)
    assert list(found.thresholds.items()) == list(THRESHOLDS.items())


def test_a_network_that_is_refit_is_not_judged_by_validation_clips(
    save, store, labels, monkeypatch
):
    settings = {"architecture": "vgg", "features": "small", "labels": "merged50", "refit": True}
    path = save(network(), store.data / "models" / "mine" / "model.keras", settings=settings)
    monkeypatch.setattr(steps, "read_summary", lambda folder: {})
    monkeypatch.setattr(steps, "check_current", lambda *_: {})
    monkeypatch.setattr(scores.label_sets, "read_labels", lambda *_: labels)
    found = scores.find_network(store.data, "mine")
    assert found.path == path
    regrouped = found.regroup(labels)
    assert regrouped["split"].value_counts().to_dict() == {"train": 30, "test": 10}
    monkeypatch.undo()
    scored = scores.score(found, store.data, regrouped)
    assert (labels.loc[scored.y_score.index, "split"] == "test").all()
    assert "out-of-fold scores of training and validation clips" in scored.thresholds_chosen
    kept = dataclasses.replace(found, is_refit=False)
    assert kept.regroup(labels) is labels


def test_test_clips_that_a_network_was_trained_on_are_counted(save, store, labels):
    audio = feature_store.read_stored_clips(store.folder)["audio"]
    heard = [checksum[:16] for checksum in audio[["0", "8", "1"]]]  # two of them for testing
    found = score(save(network(), trained_on=heard), store.data, labels)
    assert found.network["trained_on_test_clips"] == 2
    assert score(save(network()), store.data, labels).network["trained_on_test_clips"] is None


def test_validation_clips_come_first_and_training_clips_have_no_scores(save, store, labels):
    y_score = score(save(network()), store.data, labels).y_score
    assert y_score.index[:6].tolist() == ["5", "10", "15", "25", "30", "35"]
    assert y_score.index[6:].tolist() == [str(i) for i in range(0, 40, 4) if i != 4]


def test_clips_without_features_are_left_out_with_the_reason(save, store, labels):
    found = score(save(network()), store.data, labels)
    assert found.left_out.index.tolist() == ["4"]
    assert "is a text, no audio" in found.left_out["4"]
    assert found.describe()["clips_without_scores"] == 1


def test_the_summary_says_how_thresholds_were_chosen_and_what_the_network_is(save, store, labels):
    trained = network()
    said = score(save(trained), store.data, labels).describe()
    assert said["thresholds"].endswith("kept in the model")
    settings = {"architecture": "vgg", "features": "small", "labels": "merged50"}
    assert said["model"] == {
        "settings": settings,
        "weights": trained.count_params(),
        "trained_on_test_clips": None,
    }


def test_a_tag_is_what_the_last_layer_weighs(save, store, labels):
    trained = network()
    weights = pd.DataFrame(trained.get_layer("logits").get_weights()[0].T, KNOWN)
    found = score(save(trained), store.data, labels)
    np.testing.assert_array_equal(found.tag_weights, weights.loc[TAGS])


def test_of_a_mean_of_networks_the_cosine_is_the_mean_of_theirs(save, store, labels):
    members = [network(seed) for seed in range(3)]
    kernel = members[1].get_layer("logits").kernel
    kernel.assign(100 * kernel)  # as long as the others all the same
    cosines = [
        similarity.cosines(pd.DataFrame(member.get_layer("logits").get_weights()[0].T, KNOWN))
        for member in members
    ]
    found = score(save(architectures.mean_of(members)), store.data, labels)
    mean = pd.DataFrame(sum(cosines) / 3, KNOWN, KNOWN).loc[TAGS, TAGS]
    of_mean = similarity.cosines(pd.DataFrame(found.tag_weights, TAGS))
    np.testing.assert_allclose(of_mean, mean, atol=1e-6)


def test_a_tag_without_a_weight_has_none_of_a_network_and_those_of_the_others_in_a_mean(
    save, store, labels
):
    trained = network()
    kernel = trained.get_layer("logits").kernel.numpy()
    kernel[:, KNOWN.index("quiet")] = 0
    trained.get_layer("logits").kernel.assign(kernel)
    has_weight = {}
    for name, saved in (("one", trained), ("mean", architectures.mean_of([trained, network(1)]))):
        weights = score(save(saved), store.data, labels).tag_weights
        assert np.isfinite(weights).all()
        has_weight[name] = weights.any(axis=1).tolist()
    assert has_weight == {"one": [True, False, True], "mean": [True, True, True]}


def test_a_network_trained_elsewhere_scores_every_clip_of_the_tags_in_common(save, store, labels):
    trained = network()
    path = save(trained, tags=["High", "loud", "slow"])
    found = score_elsewhere(path, store.data, labels)
    opened = feature_store.open_store(store.data, "small", labels.index)
    by_network = prediction.score_clips(trained, opened)
    expected = pd.DataFrame(by_network[:, [1, 0]], opened.rows.index, ["loud", "high"])
    pd.testing.assert_frame_equal(found.y_score.loc[expected.index], expected)
    assert found.describe()["tags_in_common"] == {
        "in_common": 2,
        "network_lacks": ["quiet"],
        "label_set_lacks": ["slow"],
        "merged_by_maximum": {"high": ["High"]},
    }
    kernel = trained.get_layer("logits").get_weights()[0]
    np.testing.assert_array_equal(found.tag_weights, kernel.T[[1, 0]])


def test_scores_of_synonyms_are_merged_by_maximum_where_the_tags_of_the_labels_are(
    save, store, labels
):
    path = save(network(), tags=["high", "loud", "very loud"])
    found = score_elsewhere(path, store.data, labels, synonyms={"very loud": "loud"})
    apart = score_elsewhere(path, store.data, labels.rename(columns={"quiet": "very loud"}))
    pd.testing.assert_series_equal(
        found.y_score["loud"], apart.y_score[["loud", "very loud"]].max(axis=1), check_names=False
    )
    assert found.common.describe()["merged_by_maximum"] == {"loud": ["loud", "very loud"]}
    assert found.common.missing == ["quiet"]


def test_thresholds_of_a_network_trained_elsewhere_are_chosen_where_there_is_enough(
    save, store, labels
):
    labels["loud"] = True
    found = score_elsewhere(save(network()), store.data, labels)
    assert found.thresholds_chosen == scores.CHOSEN
    validation = labels.index[labels["split"] == "validation"]
    pair = labels.loc[validation, TAGS].to_numpy(), found.y_score.loc[validation].to_numpy()
    assert found.thresholds.tolist() == choose_thresholds(*pair).tolist()


def test_too_few_validation_clips_leave_a_network_its_thresholds(save, store, labels):
    labels.loc[labels["split"] == "validation", TAGS] = False
    kept = score_elsewhere(save(network()), store.data, labels)
    assert kept.thresholds.tolist() == pytest.approx(list(THRESHOLDS.values()))
    assert kept.thresholds_chosen == "kept in the model, as no tag is on 5 validation clips"
    half = score_elsewhere(save(network(), thresholds=[0.5] * 3), store.data, labels)
    assert half.thresholds_chosen == scores.HALF


def test_a_network_without_a_tag_in_common_is_refused(save, store, labels):
    path = save(network(), tags=["slow", "fast", "odd"])
    with pytest.raises(ValueError, match="no tag in common: the network knows slow, fast, odd; "):
        score_elsewhere(path, store.data, labels)


def test_a_network_of_magnatagatune_is_told_which_test_clips_it_has_heard(save, store, labels):
    path = save(network(), trained_on=[model_folder.MTT_BY_FOLDER])
    train = labels.index[labels["split"] == "train"]
    for clips, n_heard in ((train, 0), (labels.index[:3], 1), (None, None)):
        found = score_elsewhere(path, store.data, labels, mtt_training_clips=clips)
        assert found.network["trained_on_test_clips"] == n_heard


def test_a_network_that_takes_other_features_is_refused(save, store, labels):
    settings = {**dataclasses.asdict(store.settings), "bands": 96}
    path = save(network(), feature_settings=settings)
    with pytest.raises(ValueError, match=r"takes other features than features/small: extract "):
        score(path, store.data, labels)


def test_features_that_are_not_there_are_named_with_the_command_that_makes_them(save, store):
    path = save(network())
    found = scores.find_network(store.data, str(path), features="musicnn")
    with pytest.raises(ValueError, match=r"musicnn is not finished .*: run .* --preset musicnn$"):
        found.list_inputs(store.data, store.clips.index)


def test_clips_that_are_not_in_the_store_are_named_with_the_script_to_run(save, store, labels):
    labels.loc["41"] = labels.loc["0"]
    with pytest.raises(ValueError, match="lacks 1 clips of the labels, the first is 41: run 2_"):
        score(save(network()), store.data, labels)


def test_without_test_clips_there_is_nothing_to_evaluate(save, store, labels):
    labels["split"] = labels["split"].replace("test", "train")
    with pytest.raises(ValueError, match="no test clips with features/small"):
        score(save(network()), store.data, labels)


def test_a_model_file_from_elsewhere_takes_its_own_features_or_those_named(save, store):
    path = save(network())
    assert scores.find_network(store.data, str(path)) == scores.Network(path, "small", None)
    named = scores.find_network(store.data, str(path), features="copy")
    assert named == scores.Network(path, "copy", None)
    shutil.copytree(store.data / "features/small", store.data / "features/copy")
    assert named.list_inputs(store.data, []) == [path, store.data / "features/copy"]


def finish_run(save, data, labels):
    """Write a label set and a run, called mine, that is trained on it."""
    folder = data / "labels/merged50"
    with steps.writing(steps.Step(folder, {}, {})):
        labels.to_csv(folder / "labels.csv")
    run = data / "models/mine"
    paths = folder / "labels.csv", data / "features/small"
    inputs = steps.describe_inputs(data, *paths, clip_ids=labels.index)
    with steps.writing(steps.Step(run, {}, inputs)):
        save(network(), run / "model.keras")


def test_a_run_is_evaluated_on_the_labels_and_features_it_was_trained_on(save, store, labels):
    with pytest.raises(ValueError, match=r"models/mine is not finished: run 3_train_cnn\.py"):
        scores.find_network(store.data, "mine")
    finish_run(save, store.data, labels)
    path = store.data / "models/mine/model.keras"
    assert scores.find_network(store.data, "mine") == scores.Network(path, "small", "merged50")


@pytest.mark.parametrize(
    ("asked_for", "sentence"),
    [
        ({"label_set": "all"}, "labels/merged50, not on all: leave out --labels"),
        ({"features": "large"}, "features/small, not on large: leave out --features"),
    ],
)
def test_a_run_is_not_evaluated_on_others(save, store, labels, asked_for, sentence):
    finish_run(save, store.data, labels)
    with pytest.raises(ValueError, match=f"models/mine was trained on {sentence}"):
        scores.find_network(store.data, "mine", **asked_for)
    same = {"label_set": "merged50", "features": "small"}
    assert scores.find_network(store.data, "mine", **same).label_set == "merged50"


def test_a_run_whose_labels_or_features_changed_since_is_refused_by_name(save, store, labels):
    finish_run(save, store.data, labels)
    path = store.data / "labels/merged50/labels.csv"
    before = path.read_text()
    path.write_text(before.replace("test", "train"))
    with pytest.raises(ValueError, match=r"mine is out of date, as labels/merged50/labels\.csv"):
        scores.find_network(store.data, "mine")
    path.write_text(before)
    changed = dataclasses.replace(store, settings=dataclasses.replace(store.settings, n_fft=1024))
    write_store(changed, force=True)
    with pytest.raises(ValueError, match=r"mine is out of date, as features/small/? changed since"):
        scores.find_network(store.data, "mine")


def test_scored_clips_are_held_against_their_labels_in_the_order_of_the_scores(labels):
    y_score = pd.DataFrame(0.5, ["8", "5", "0"], ["quiet", "loud"])
    scored = scores.ScoredClips(labels, pd.DataFrame(), y_score, pd.Series(0.5, TAGS))
    assert scored.test_ids.tolist() == ["8", "0"]
    y_true = scored.true_labels(scored.test_ids)
    pd.testing.assert_frame_equal(y_true, labels.loc[["8", "0"], ["quiet", "loud"]])
