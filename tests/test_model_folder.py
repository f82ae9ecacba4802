"""Model files: complete, safe, and refused with a sentence where they are something else."""

import dataclasses
import zipfile

import numpy as np
import pandas as pd
import pytest

pytest.importorskip("keras")
from conftest import learnable_parts

from autotagging import steps
from autotagging.features.settings import PRESETS
from autotagging.models import architectures, model_folder, prediction

FEATURES = PRESETS["mel96"]
DESCRIPTION = {
    "tags": ["a", "é"],
    "thresholds": [0.1, 0.9],
    "settings": {"architecture": "vgg", "features": "mel96"},
    "feature_settings": dataclasses.asdict(FEATURES),
}

pytestmark = pytest.mark.usefixtures("small_vgg")


def build():
    return architectures.vgg((8, 4), 2, np.zeros(4), np.ones(4))


@pytest.fixture
def model(tmp_path):
    """Return the path of a model file that lies outside of any dataset."""
    path = tmp_path / "elsewhere" / "model.keras"
    path.parent.mkdir()
    model_folder.save(path, build(), DESCRIPTION)
    return path


@pytest.fixture
def run(tmp_path):
    """Return the folder of a finished run of a dataset."""
    folder = model_folder.folder_of(tmp_path / "data", "first")
    step = steps.Step(folder, {"architecture": "vgg"}, {})
    history = pd.DataFrame({"epoch": [1, 2], "loss": [0.5, 0.25]})
    with steps.writing(step):
        model_folder.write(folder, build(), DESCRIPTION, history)
    return folder


def test_the_model_file_is_complete_and_safe(tmp_path):
    clips, network = learnable_parts()["test"], build()
    model_folder.save(tmp_path / "model.keras", network, DESCRIPTION)
    assert [path.name for path in tmp_path.iterdir()] == ["model.keras"]
    loaded, description = model_folder.load(tmp_path / "model.keras")
    assert description == DESCRIPTION
    np.testing.assert_array_equal(
        prediction.score_clips(loaded, clips), prediction.score_clips(network, clips)
    )


def test_a_model_and_its_history_are_written_and_told(tmp_path):
    history = pd.DataFrame({"epoch": [1, 2], "loss": [0.5, 0.25]})
    written = model_folder.write(tmp_path, build(), DESCRIPTION, history)
    assert written["model.keras"].endswith(" weights, 2 tags")
    assert written["history.csv"] == "2 epochs"
    pd.testing.assert_frame_equal(model_folder.read_history(tmp_path), history)


def test_histories_of_several_runs_are_told_apart_by_their_seed(tmp_path):
    for name, losses in [("a", [0.5, 0.25]), ("b", [0.75])]:
        (tmp_path / name).mkdir()
        epochs = range(1, len(losses) + 1)
        table = pd.DataFrame({"epoch": epochs, "loss": losses})
        model_folder.write(tmp_path / name, build(), DESCRIPTION, table)
    joined = model_folder.join_histories({5: tmp_path / "a", 6: tmp_path / "b"})
    assert joined[["seed", "epoch", "loss"]].to_numpy().tolist() == [
        [5, 1, 0.5],
        [5, 2, 0.25],
        [6, 1, 0.75],
    ]


def write_keras_archive(path):
    """Write what Keras alone would: a model without a description."""
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("config.json", "{}")


def described(text):
    """Return a function that writes a model file with another description."""

    def write(path):
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("autotagging.json", text)

    return write


@pytest.mark.parametrize(
    "write",
    [
        lambda path: path.write_bytes(b"pickle?"),
        write_keras_archive,
        described("{"),
        described("[1]"),
        described('{"feature_settings": 1}'),
        described('{"settings": ["features"]}'),
    ],
)
def test_a_file_that_is_no_model_is_refused(tmp_path, write):
    path = tmp_path / "model.keras"
    write(path)
    with pytest.raises(ValueError, match=r"not a model of this project: it has no autotagging.js"):
        model_folder.load(path)
    with pytest.raises(ValueError, match=r"not a model of this project: it has no autotagging.js"):
        model_folder.find_model(tmp_path, str(path))


def test_a_description_without_a_network_is_refused(tmp_path):
    path = tmp_path / "model.keras"
    described('{"settings": {"architecture": "vgg", "features": "mel96", "seed": 0}}')(path)
    with pytest.raises(ValueError, match="is damaged: train it again with --force"):
        model_folder.load(path)
    with pytest.raises(ValueError, match="is of a run that is not finished"):
        model_folder.find_model(tmp_path, str(path))


def test_a_model_file_that_is_not_there_names_the_script(tmp_path):
    with pytest.raises(ValueError, match=r"absent.keras is missing: run 3_train_cnn\.py"):
        model_folder.load(tmp_path / "absent.keras")


def test_a_name_means_a_finished_run(run):
    assert model_folder.find_model(run.parent.parent, "first") == run / "model.keras"


def test_a_run_that_is_not_finished_is_refused_with_those_that_are(run):
    data = run.parent.parent
    (run.parent / "killed").mkdir()
    for name in ("killed", "absent"):
        sentence = rf"{name} is not finished \(there are first\): run 3_train_cnn.py"
        with pytest.raises(ValueError, match=sentence):
            model_folder.find_model(data, name)


@pytest.mark.parametrize("name", ["{folder}", "{folder}/model.keras", "elsewhere", "./elsewhere"])
def test_a_model_file_is_found_by_its_path_or_its_folder(tmp_path, model, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    found = model_folder.find_model(tmp_path / "data", name.format(folder=model.parent))
    assert found.resolve() == model


def test_a_run_goes_before_a_folder_of_the_same_name_where_one_works(run, tmp_path, monkeypatch):
    (tmp_path / "first").mkdir()
    model_folder.save(tmp_path / "first" / "model.keras", build(), DESCRIPTION)
    monkeypatch.chdir(tmp_path)
    assert model_folder.find_model(run.parent.parent, "first") == run / "model.keras"


@pytest.mark.parametrize("name", ["/absent/model.keras", "absent/model.keras", "/absent"])
def test_a_path_that_leads_nowhere_is_one_sentence(tmp_path, name):
    with pytest.raises(ValueError, match=rf"{name} is missing: run 3_train_cnn\.py"):
        model_folder.find_model(tmp_path, name)


@pytest.mark.parametrize(
    ("name", "called"),
    [
        ("vgg", "vgg"),
        ("data/mtt/models/vgg/model.keras", "vgg"),
        ("data/mtt/models/vgg", "vgg"),
        ("downloads/mine.keras", "mine"),
        ("vgg-1.5", "vgg-1.5"),
    ],
)
def test_a_network_is_called_after_its_run_or_its_file(name, called):
    assert model_folder.name_of(name) == called


def test_a_network_starts_from_one_of_its_architecture_and_features(model):
    network = model_folder.load_to_start(model, "vgg", FEATURES)
    assert network.count_params() == build().count_params()


def test_a_start_of_another_architecture_is_refused(model):
    with pytest.raises(ValueError, match=r"of architecture vgg, not paper"):
        model_folder.load_to_start(model, "paper", FEATURES)


def test_a_start_of_other_features_is_refused(model):
    with pytest.raises(ValueError, match=r"takes other features: extract mel96 .* --features"):
        model_folder.load_to_start(model, "vgg", dataclasses.replace(FEATURES, bands=48))


def test_a_start_from_a_run_that_is_not_finished_is_refused(tmp_path):
    path = tmp_path / "best.keras"
    model_folder.save(path, build(), {"settings": DESCRIPTION["settings"]})
    with pytest.raises(ValueError, match=r"best.keras is of a run that is not finished"):
        model_folder.find_model(tmp_path, str(path))


def test_what_a_network_responds_to_in_a_tag_are_the_weights_of_its_last_layer():
    network = build()
    expected = network.get_layer("logits").get_weights()[0].T
    np.testing.assert_array_equal(model_folder.tag_weights(network), expected)


def test_in_a_mean_of_networks_each_counts_as_much_as_the_others():
    members = [build(), build()]
    last = members[1].get_layer("logits")
    last.set_weights([100 * weight for weight in last.get_weights()])
    single = [model_folder.tag_weights(member) for member in members]
    weights = model_folder.tag_weights(architectures.mean_of(members))
    expected = [one / np.linalg.norm(one, axis=1, keepdims=True) for one in single]
    np.testing.assert_allclose(weights, np.hstack(expected), rtol=1e-5)
