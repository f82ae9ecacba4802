"""Model files: complete, safe, and refused with a sentence where they are something else."""

import dataclasses
import io
import json
import pickle
import re
import warnings
import zipfile

import h5py
import numpy as np
import pandas as pd
import pytest

pytest.importorskip("keras")
import keras
from conftest import learnable_parts

from autotagging import files, steps
from autotagging.features.settings import PRESETS
from autotagging.models import architectures, building, model_folder, prediction
from autotagging.models.training_settings import RECIPES

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


def described(text):
    """Return a function that writes a model file with another description."""

    def write(path):
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("autotagging.json", text)

    return write


@pytest.mark.parametrize(
    "write",
    [
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
    with pytest.raises(ValueError, match="is damaged: make it again with --force"):
        model_folder.load(path)
    with pytest.raises(ValueError, match="is of a run that is not finished"):
        model_folder.find_model(tmp_path, str(path))


@pytest.fixture(scope="module")
def entries(tmp_path_factory, small_vgg):
    """Return the entries of a model file, by name: bytes."""
    path = tmp_path_factory.mktemp("entries") / "model.keras"
    model_folder.save(path, build(), DESCRIPTION)
    return files.read_zip(path)


def to_archive(entries, compression=zipfile.ZIP_STORED):
    """Return the bytes of a zip archive of entries: a dict, or pairs where one is there twice."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", compression) as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of an entry that is there twice
        for name, content in entries.items() if isinstance(entries, dict) else entries:
            archive.writestr(name, content)
    return file.getvalue()


def encrypt(content):
    """Return an archive whose entries say that they are encrypted."""
    content = bytearray(content)
    for signature, offset in ((b"PK\1\2", 8), (b"PK\3\4", 6)):
        for match in re.finditer(re.escape(signature), bytes(content)):
            content[match.start() + offset] |= 1
    return bytes(content)


def change_layer(layer_name, **changes):
    """Return a function that gives the layer of a model file another config."""

    def change(entries):
        config = json.loads(entries["config.json"])
        layer = next(layer for layer in config["config"]["layers"] if layer["name"] == layer_name)
        (layer if "class_name" in changes else layer["config"]).update(changes)
        return {**entries, "config.json": json.dumps(config)}

    return change


def change_description(**changes):
    """Return a function that gives a model file another description."""
    return lambda entries: {**entries, "autotagging.json": json.dumps({**DESCRIPTION, **changes})}


def without(name):
    return lambda entries: {key: value for key, value in entries.items() if key != name}


def with_entry(name, content):
    return lambda entries: {**entries, name: content}


def with_weights(change):
    """Return a function that changes the arrays of a model file: name -> array."""

    def write(entries):
        file = io.BytesIO(entries["model.weights.h5"])
        with h5py.File(file, "r+") as weights:
            change(weights["layers/dense/vars"])
        return {**entries, "model.weights.h5": file.getvalue()}

    return write


def replace_array(array):
    def change(group):
        del group["1"]
        group["1"] = array

    return change


LAMBDA = {"class_name": "__lambda__", "config": {"value": "4wEAAAA="}}
FOREIGN = {
    "empty": lambda _: b"",
    "cut short": lambda entries: to_archive(entries)[:-1000],
    "HDF5": lambda entries: entries["model.weights.h5"],
    "a pickle": lambda _: pickle.dumps({"weights": [1.0]}),
    "text": lambda _: b"version https://git-lfs.github.com/spec/v1\n",
    "of Keras alone": without("autotagging.json"),
    "another archive": lambda _: {"word/document.xml": "<w/>"},
    "encrypted": lambda entries: encrypt(to_archive(entries)),
    "nested description": with_entry("autotagging.json", "[" * 100_000),
    "a bomb": lambda entries: to_archive(
        {**entries, "autotagging.json": b" " * 10**8}, zipfile.ZIP_DEFLATED
    ),
    "weights twice": lambda entries: to_archive([*entries.items(), ("model.weights.h5", b"")]),
}
DAMAGED = {
    "no weights": without("model.weights.h5"),
    "no config": without("config.json"),
    "no metadata": without("metadata.json"),
    "another entry": with_entry("model.weights.npz", pickle.dumps([1])),
    "empty config": with_entry("config.json", ""),
    "config that is a list": with_entry("config.json", "[1]"),
    "config that is no network": with_entry("config.json", json.dumps(LAMBDA["config"])),
    "nested config": with_entry("config.json", "[" * 100_000),
    "nested config that is closed": with_entry("config.json", "[" * 900 + "]" * 900),
    "empty weights": with_entry("model.weights.h5", b""),
    "weights cut short": lambda entries: {
        **entries,
        "model.weights.h5": entries["model.weights.h5"][:9000],
    },
    "pickled weights": with_entry("model.weights.h5", pickle.dumps([1])),
    "a renamed class": change_layer("maps_1", class_name="ReLU6"),
    "a class of a list": change_layer("maps_1", class_name=["ReLU"]),
    "a class that reads files": change_layer("maps_1", class_name="StringLookup"),
    "a Lambda layer": change_layer("maps_1", class_name="Lambda", config={"function": LAMBDA}),
    "a lambda": change_layer("maps_1", activity_regularizer=LAMBDA),
    "other filters": change_layer("convolution_1", filters=5),
    "filters beyond measure": change_layer("convolution_1", filters=10**9),
    "a number as text": change_layer("convolution_1", filters="4"),
    "negative kernel": change_layer("convolution_1", kernel_size=[-3, 3]),
    "an unknown argument": change_layer("convolution_1", of_another_version=1),
    "a renamed layer": change_layer("logits", name="output"),
    "another number of tags": change_layer("logits", units=3),
    "more tags": change_description(tags=["a", "b", "c"], thresholds=[0.1] * 3),
    "a weight gone": with_weights(lambda group: group.pop("1")),
    "a weight of another shape": with_weights(replace_array(np.zeros(3))),
    "a weight of text": with_weights(replace_array([b"a", b"b"])),
    "a weight that is no number": with_weights(replace_array([0.0, np.nan])),
}


UNSAFE = {
    "a class that reads files": "holds 'StringLookup', which no network here is made of",
    "a Lambda layer": "holds 'Lambda', which no network here is made of",
    "a lambda": "holds '__lambda__', which no network here is made of",
    "filters beyond measure": "describes a layer larger than all its weights",
}


def write_model(path, changed):
    path.write_bytes(changed if isinstance(changed, bytes) else to_archive(changed))
    return path


@pytest.mark.parametrize("kind", FOREIGN)
def test_a_file_of_another_program_is_one_sentence(tmp_path, entries, kind):
    path = write_model(tmp_path / "model.keras", FOREIGN[kind](entries))
    for read in (model_folder.load, lambda path: model_folder.find_model(tmp_path, str(path))):
        with pytest.raises(ValueError, match="is not a model of this project") as refused:
            read(path)
        assert str(refused.value).startswith(str(path))
        assert len(str(refused.value).splitlines()) == 1


@pytest.mark.parametrize("kind", DAMAGED)
def test_a_damaged_model_is_one_sentence_with_both_versions_of_keras(tmp_path, entries, kind):
    metadata = json.dumps({"keras_version": "3.0.1"})
    changed = DAMAGED[kind]({**entries, "metadata.json": metadata})
    path = write_model(tmp_path / "model.keras", changed)
    with pytest.raises(ValueError, match="make it again with --force, or name another") as refused:
        model_folder.load(path)
    sentence = str(refused.value)
    assert sentence.startswith(str(path))
    assert len(sentence.splitlines()) == 1
    assert len(sentence) < len(str(path)) + 200
    saved = "" if kind == "no metadata" else "it was saved by Keras 3.0.1, "
    assert sentence.endswith(f"({saved}this is Keras {keras.__version__})")


@pytest.mark.parametrize("kind", UNSAFE)
def test_keras_never_sees_a_network_that_is_unsafe(tmp_path, entries, monkeypatch, kind):
    path = write_model(tmp_path / "model.keras", DAMAGED[kind](entries))
    monkeypatch.setattr(keras.saving, "load_model", lambda *_, **__: pytest.fail("it was loaded"))
    with pytest.raises(ValueError, match=UNSAFE[kind]):
        model_folder.load(path)


@pytest.mark.parametrize(
    "change",
    [
        change_description(thresholds=[0.5]),
        change_description(thresholds=[0.5, "0.5"]),
        change_description(tags=["a", "a"]),
        change_description(tags=[], thresholds=[]),
        change_description(tags=["a", 1]),
        change_description(feature_settings=[]),
        change_description(settings={"architecture": 1, "features": "mel96"}),
        change_description(settings={"architecture": "\x1b[2J", "features": "mel96"}),
        change_description(settings={"architecture": "vgg", "features": "x", "rate": float("nan")}),
        change_description(tags=["a", "\x1b[2J"]),
        change_description(settings={"architecture": "vgg", "features": "../elsewhere"}),
        change_description(settings={"architecture": "vgg", "features": "mel96+.."}),
        change_description(settings={"architecture": "vgg", "features": ".."}),
        change_description(settings={"architecture": "vgg", "features": "x", "labels": 5}),
        change_description(settings={"architecture": "vgg", "features": "x", "labels": "../y"}),
    ],
    ids=[
        "a threshold less",
        "threshold of text",
        "a tag twice",
        "no tags",
        "a tag of another type",
        "features that are a list",
        "architecture of another type",
        "architecture that cannot be printed",
        "a number that is none",
        "a tag that cannot be printed",
        "features elsewhere",
        "one of several features elsewhere",
        "features above",
        "labels of another type",
        "labels elsewhere",
    ],
)
def test_a_description_that_cannot_be_is_refused(tmp_path, entries, change):
    path = write_model(tmp_path / "model.keras", change(entries))
    with pytest.raises(ValueError, match="is not a model of this project"):
        model_folder.find_model(tmp_path, str(path))


def test_a_model_of_another_version_of_keras_that_can_be_read_is(tmp_path, entries):
    for metadata in ('{"keras_version": "3.99"}', "no JSON"):
        path = write_model(tmp_path / "x.keras", {**entries, "metadata.json": metadata})
        assert model_folder.load(path)[1] == DESCRIPTION


def test_what_a_file_says_of_its_version_is_not_repeated_unless_it_is_one(tmp_path, entries):
    metadata = json.dumps({"keras_version": "\x1b[31m\n" * 1000})
    changed = {**entries, "metadata.json": metadata, "config.json": ""}
    with pytest.raises(ValueError, match=r"name another model \(this is Keras"):
        model_folder.load(write_model(tmp_path / "x.keras", changed))


@pytest.mark.parametrize("name", architectures.ARCHITECTURES)
def test_every_architecture_is_loaded_again_as_it_is_trained(tmp_path, name):
    settings = dataclasses.replace(
        RECIPES[name], mixed_precision=True, positive_weight=2.0, weight_decay=0.1, steps=9
    )
    network = building.build((131, 40), 2, (np.zeros(40), np.ones(40)), settings)
    building.compile_network(network, settings)
    model_folder.save(tmp_path / "x.keras", network, DESCRIPTION)
    loaded, _ = model_folder.load(tmp_path / "x.keras")
    assert loaded.count_params() == network.count_params()


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
