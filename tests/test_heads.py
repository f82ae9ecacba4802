"""A head on a network's layer: joined with it, cut off again, and kept as one run."""

import json
from dataclasses import asdict, replace

import layer_stores
import numpy as np
import pandas as pd
import pytest
from conftest import write_store

pytest.importorskip("keras")
import soundfile

from autotagging import steps
from autotagging.features import feature_store, side_by_side
from autotagging.models import (
    batches,
    heads,
    model_folder,
    prediction,
    runs,
    training_settings,
    transfer,
)
from autotagging.results import scores

TAGS = ["loud", "quiet"]

pytestmark = pytest.mark.usefixtures("small_vgg")


@pytest.fixture
def data(wanted_store):
    """Return a dataset with spectrograms, some of short clips, and a layer's store of the same."""
    rng = np.random.default_rng(1)
    for number in (0, 5, 9):  # 4 frames of 8: two chunks of 3 instead of three
        soundfile.write(wanted_store.data / f"clips/{number}.wav", rng.normal(0, 0.1, 8000), 16000)
    (wanted_store.data / "clips/4.wav").write_bytes(b"no audio")
    write_store(wanted_store)
    path = layer_stores.save_backbone(wanted_store.data / "mine.keras", wanted_store.settings)
    layer_stores.write_layer_store(wanted_store.data, path)
    return wanted_store.data


@pytest.fixture
def labels():
    index = pd.Index(map(str, range(40)), name="clip_id")
    split = ["test" if i % 4 == 0 else "validation" if i % 5 == 0 else "train" for i in range(40)]
    tags = {tag: np.arange(40) % (k + 2) == 0 for k, tag in enumerate(TAGS)}
    return pd.DataFrame({"split": split, **tags}, index)


def describe_run(data, labels, architecture="linear", name="head", *, seed=0, **changes):
    """Return a run of a head as script 3 describes it."""
    features = changes.get("features", "layer")
    store = side_by_side.open_store(data, features, labels.index)
    artists = pd.Series([f"artist {int(i) % 10}" for i in labels.index], labels.index)
    parts = batches.labelled_parts(labels, store, artists)
    wanted = training_settings.change(
        architecture, {"features": features, "refit": False, **changes}
    )
    settings = training_settings.resolve(wanted, store.settings, 26, 5)
    description = {"tags": TAGS, "label_set": None, "dataset": "noise", "note": "", "citation": ""}
    description |= {
        "feature_settings": asdict(store.settings.spectrogram),
        "layers": [asdict(layer) for layer in store.settings.layers],
    }
    step = steps.Step(data / "models" / name, {**asdict(settings), "seed": seed}, {})
    settings = settings if isinstance(seed, list) else replace(settings, seed=seed)
    below = transfer.open_backbones(data, features, store.settings.layers, store.audio)
    return runs.Run(step, settings, parts, None, description, {}, below)


def assert_scores_agree(data, labels, path):
    """Assert that a head on the layer's store scores as all of it on spectrograms."""
    found = {
        name: scores.score(scores.find_network(data, str(path), features=name), data, labels)
        for name in ("layer", "small")
    }
    one, other = (found[name].y_score for name in ("layer", "small"))
    pd.testing.assert_frame_equal(one, other, atol=1e-4, rtol=0)
    assert one.to_numpy().std() > 0.001
    np.testing.assert_array_equal(found["layer"].tag_weights, found["small"].tag_weights)
    return found["layer"]


def elsewhere(data, run):
    """Return a copy of a run's model file that is no run of the dataset."""
    path = data / "elsewhere.keras"
    path.write_bytes((run.step.folder / model_folder.FILE).read_bytes())
    return path


@pytest.mark.parametrize("architecture", ["linear", "mlp"])
def test_a_head_on_its_store_scores_as_the_whole_network_on_spectrograms(
    data, labels, architecture
):
    changes = {} if architecture == "linear" else {"epochs": 1, "repeats": 1, "units": 5}
    run = describe_run(data, labels, architecture, **changes)
    runs.train(run)
    found = assert_scores_agree(data, labels, elsewhere(data, run))
    assert found.tag_weights.shape == (2, 8 if architecture == "linear" else 5)


def test_the_model_file_is_one_network_that_takes_spectrograms(data, labels):
    run = describe_run(data, labels)
    runs.train(run)
    network, description = model_folder.load(run.step.folder / model_folder.FILE)
    assert network.input_shape == (None, 3, 8)
    assert description["feature_settings"]["feature"] == "mel"
    settings = feature_store.read_settings(feature_store.folder_of(data, "layer"))
    assert description["layers"] == [asdict(settings)]
    assert network.get_layer("head").input_shape == (None, 1, 8)


def test_the_mean_of_several_heads_is_one_head(data, labels):
    members = {seed: data / "models" / f"both-seed{seed}" for seed in (3, 4)}
    for seed, folder in members.items():
        runs.train(describe_run(data, labels, "mlp", folder.name, seed=seed, epochs=1, repeats=1))
    run = describe_run(data, labels, "mlp", "both", seed=[3, 4], epochs=1, repeats=1)
    runs.average(run, members)
    assert_scores_agree(data, labels, elsewhere(data, run))
    store = feature_store.open_store(data, "layer", labels.index)
    scored = {}
    for folder in (*members.values(), run.step.folder):
        network, description = model_folder.load(folder / model_folder.FILE)
        head = heads.fit_to(network, description, store.settings)
        scored[folder.name] = prediction.score_clips(head, store)
    mean = (scored["both-seed3"] + scored["both-seed4"]) / 2
    np.testing.assert_allclose(scored["both"], mean, atol=1e-5)


def test_a_run_that_is_solved_has_a_history_of_one_row_and_no_figure_of_its_course(
    data, labels, capsys
):
    run = describe_run(data, labels, refit=True)
    runs.train(run)
    history = model_folder.read_history(run.step.folder)
    assert history["epoch"].tolist() == [1]
    assert history["kept"].all()
    assert history["loss"].between(0, 1).all()
    assert not (run.step.folder / "training_history.png").exists()
    assert (run.step.folder / "CNN_architecture.png").exists()
    summary = json.loads((run.step.folder / "summary.json").read_text())
    assert (summary["epochs"], summary["best_epoch"], summary["stopped"]) == (1, 1, "")
    printed = capsys.readouterr().out
    assert "training head: linear, 2 tags, 24 training" in printed
    assert "head, solved: out-of-fold macro ROC-AUC" in printed
    assert runs.is_done(run)


def test_a_head_starts_from_the_head_of_another(data, labels):
    first = describe_run(data, labels, "mlp", epochs=1, repeats=1, units=5)
    runs.train(first)
    store = feature_store.open_store(data, "layer", labels.index)
    source = transfer.open_source(elsewhere(data, first), first.settings, store)
    assert source.network.input_shape == (None, 1, 8)
    new = replace(first.settings, freeze=True)
    step = steps.Step(data / "started", asdict(new), {})
    network = runs.training.train(step, new, first.parts, start=source.network)[0]
    for weights, kept in zip(
        network.get_layer("hidden").get_weights(),
        source.network.get_layer("hidden").get_weights(),
        strict=True,
    ):
        np.testing.assert_array_equal(weights, kept)


def test_a_head_is_not_scored_on_the_layer_of_another_network(data, labels):
    run = describe_run(data, labels)
    runs.train(run)
    other = layer_stores.save_backbone(data / "other.keras", tags=["a", "b", "c"])
    layer_stores.write_layer_store(data, other, name="other")
    network = scores.find_network(data, str(elsewhere(data, run)), features="other")
    sentence = r"takes other features than features/other: extract layer as it was trained on"
    with pytest.raises(ValueError, match=sentence):
        scores.score(network, data, labels)


@pytest.mark.parametrize("is_there", [True, False])
def test_a_store_whose_network_is_gone_or_another_is_refused(data, labels, is_there):
    path = data / "features/layer/network.keras"
    path.unlink()
    if is_there:
        layer_stores.save_backbone(path, tags=["a", "b", "c"])
    sentence = r"network.keras is gone, or not the network that .*: run 2_feature.* and --force"
    with pytest.raises(ValueError, match=sentence):
        describe_run(data, labels)


def test_a_store_of_spectrograms_stands_on_no_network(data, labels):
    store = feature_store.open_store(data, "small", labels.index)
    assert transfer.open_backbones(data, "small", store.settings.layers, store.audio) == []


def test_a_head_on_a_network_that_has_heard_its_judges_is_refused(data, labels):
    store = feature_store.open_store(data, "layer", labels.index)
    heard = [model_folder.shorten(audio) for audio in store.audio]
    path = layer_stores.save_backbone(data / "mine.keras", store.settings.spectrogram)
    layer_stores.save_backbone(path, store.settings.spectrogram, trained_on=heard)
    layer_stores.write_layer_store(data, path)
    run = describe_run(data, labels)
    with pytest.raises(
        ValueError, match=r"network.keras was trained on 6 of 6 validation clips and 9 of"
    ):
        runs.begin(run, anew=False)
    runs.begin(run, anew=False, allow_heard=True)
    runs.train(run)
    _, description = model_folder.load(run.step.folder / model_folder.FILE)
    assert description["trained_on"] == sorted({*heard})


def test_a_description_of_a_head_that_the_network_lacks_is_damage(tmp_path):
    path = layer_stores.save_backbone(tmp_path / "x.keras", layers=[asdict(layer_stores.SETTINGS)])
    with pytest.raises(ValueError, match=r"x.keras has a network without the head that it desc"):
        model_folder.load(path)


def test_in_its_figure_a_head_stands_on_its_network(data, labels):
    run = describe_run(data, labels)
    runs.train(run)
    network, _ = model_folder.load(run.step.folder / model_folder.FILE)
    blocks = runs.diagram.describe(network)
    kinds = [(block["kind"], block["name"]) for block in blocks]
    assert kinds == [("input", "input"), ("network", "layer"), ("output", "output")]
    assert sum(block["weights"] for block in blocks) == network.count_params()
    assert blocks[-1]["details"] == ["sigmoid"]
    assert runs.diagram.convolution_maps(network, np.zeros((1, 3, 8))) == {}


def test_clips_in_the_figure_are_read_from_their_audio_and_left_out_where_it_is_gone(
    data, monkeypatch
):
    files = pd.DataFrame({"file": {str(i): f"clips/{i}.wav" for i in range(40)}})
    monkeypatch.setattr(heads.inventory, "read_clips", lambda data: files)
    (data / "clips/7.wav").unlink()
    settings = feature_store.read_settings(feature_store.folder_of(data, "layer"))
    found = heads.read_chunks(data, {"a": "1", "gone": "7", "no audio": "4", "b": "0"}, settings)
    store = feature_store.open_store(data, "small", ["1", "0"])
    assert found.keys() == {"a", "b"}
    for title, row in zip(found, store.rows, strict=True):
        np.testing.assert_array_equal(found[title], store.array[row, :3])


def write_second_layer(data, name="müsic 2"):
    """Write the store of another layer, of another network, in a folder of other letters."""
    spectrogram = feature_store.read_settings(feature_store.folder_of(data, "small"))
    path = layer_stores.save_backbone(data / "other.keras", spectrogram, seed=1)
    layer_stores.write_layer_store(data, path, name=name, layer="logits")


@pytest.mark.parametrize("architecture", ["linear", "mlp"])
def test_on_two_layers_side_by_side_a_head_scores_as_the_whole_network(data, labels, architecture):
    write_second_layer(data)
    changes = {} if architecture == "linear" else {"epochs": 1, "repeats": 1, "units": 5}
    run = describe_run(data, labels, architecture, features="layer+müsic 2", **changes)
    runs.train(run)
    found = {
        name: scores.score(
            scores.find_network(data, str(elsewhere(data, run)), features=name), data, labels
        ).y_score
        for name in ("layer+müsic 2", "small")
    }
    pd.testing.assert_frame_equal(*found.values(), atol=1e-4, rtol=0)
    network, description = model_folder.load(run.step.folder / model_folder.FILE)
    assert [layer["layer"] for layer in description["layers"]] == ["mean_and_maximum", "logits"]
    names = [block["name"] for block in runs.diagram.describe(network)]
    assert names[1:3] == ["layer", "m sic 2"]
