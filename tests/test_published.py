"""Published networks: from the wheel, and with the scores of the original graphs."""

import importlib.util
import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from conftest import REPOSITORY, SCRIPTS

pytest.importorskip("keras")
from autotagging import cli
from autotagging.models import model_folder, published
from autotagging.results import scores

spec = importlib.util.spec_from_file_location(
    "published_parity", REPOSITORY / "benchmarks" / "published_parity.py"
)
parity = importlib.util.module_from_spec(spec)
spec.loader.exec_module(parity)

KEPT = Path(__file__).with_name("published_scores.npy")  # by benchmarks/published_parity.py
NAMES = list(published.NETWORKS)


@pytest.fixture
def folder(published_folder):
    """Return a folder in which published networks are made."""
    return published_folder


@pytest.fixture(scope="session")
def chunks(test_data):
    """Return the chunks of the clips whose scores by the original graphs are kept."""
    paths = [test_data / "mtt-excerpt" / clip for clip in parity.KEPT_CLIPS]
    return [parity.consecutive(parity.read(path)) for path in paths]


def load(name, folder):
    return model_folder.load(published.make(name, folder))


@pytest.mark.parametrize("name", NAMES)
def test_scores_are_those_of_the_original_graph(name, folder, chunks):
    network, _ = load(name, folder)
    kept = np.load(KEPT)[NAMES.index(name)]
    for x, original in zip(chunks, kept, strict=True):
        np.testing.assert_allclose(parity.score(network, x), original, rtol=0, atol=1e-5)


@pytest.mark.parametrize("name", NAMES)
def test_the_original_graph_runs_and_agrees_on_any_input(name, folder, wheel):
    network, _ = load(name, folder)
    x = np.random.default_rng(0).uniform(0, 4, (2, 187, 96)).astype(np.float32)
    original = parity.run_original(wheel, name, x)
    np.testing.assert_allclose(parity.score(network, x), original, rtol=0, atol=1e-5)


@pytest.mark.parametrize(
    ("name", "one", "other"),
    [
        ("mtt-musicnn", "convolution_7", "convolution_8"),
        ("mtt-musicnn", "maps_3", "maps_4"),
        ("mtt-vgg", "convolution_4", "convolution_5"),
        ("msd-vgg", "maps_2", "maps_3"),
    ],
)
def test_exchanging_two_layers_is_noticed(name, one, other, folder, chunks):
    network, _ = load(name, folder)
    one, other = network.get_layer(one), network.get_layer(other)
    kept = one.get_weights()
    one.set_weights(other.get_weights())
    other.set_weights(kept)
    original = np.load(KEPT)[NAMES.index(name)][0]
    assert np.abs(parity.score(network, chunks[0]) - original).max() > 1e-3


@pytest.mark.parametrize("name", NAMES)
def test_a_network_carries_its_model_card_which_lies_beside_it(name, folder):
    path = published.make(name, folder)
    card = model_folder.read_description(path)["card"]
    beside = json.loads((path.parent / "summary.json").read_text())
    assert beside.items() >= card.items()
    assert len(card["tags"]) == 50
    assert card["chunk_frames"] == 187
    assert card["published_result"]["roc_auc"] == published.NETWORKS[name].roc_auc
    assert {"source", "trained_on", "licences", "citation", "feature_settings"} <= card.keys()
    assert model_folder.load(path)[0].input_shape == (None, 187, 96)


def test_tags_stand_in_the_order_of_the_package(wheel):
    assert published.read_tags(wheel, "MTT_LABELS")[:3] == ["guitar", "classical", "slow"]
    assert published.read_tags(wheel, "MSD_LABELS")[-2:] == ["House", "happy"]


def test_version_and_checksum_are_those_of_the_requirements():
    text = (REPOSITORY / "requirements-published.txt").read_text()
    pinned = f"{published.PACKAGE}=={published.VERSION} --hash=sha256:{published.SHA256}"
    assert text.splitlines()[-1] == pinned


def test_a_published_network_goes_before_a_run_of_its_name(folder, tmp_path):
    (tmp_path / "models" / "mtt-vgg").mkdir(parents=True)
    found = published.find_model(tmp_path, "mtt-vgg", folder)
    assert found == folder / "mtt-vgg" / "model.keras"


def test_a_name_that_means_nothing_is_answered_with_those_of_published_networks(tmp_path):
    run = r"is not finished: run 3_train_cnn\.py"
    with pytest.raises(ValueError, match=rf"mtt-vg {run}, or name a .*: mtt-musicnn, mtt-vgg, "):
        published.find_model(tmp_path, "mtt-vg", tmp_path)
    (tmp_path / "models" / "mine").mkdir(parents=True)  # a run that was begun
    with pytest.raises(ValueError, match=rf"mine {run}$"):
        published.find_model(tmp_path, "mine", tmp_path)


def test_a_network_is_made_once_and_without_the_wheel_from_then_on(folder, monkeypatch):
    path = published.make("mtt-vgg", folder)
    before = path.stat().st_mtime_ns
    monkeypatch.setattr(published, "find_wheel", None)
    assert published.make("mtt-vgg", folder).stat().st_mtime_ns == before


def test_a_model_file_that_is_gone_is_made_again(folder):
    path = published.make("mtt-vgg", folder)
    path.unlink()
    assert published.make("mtt-vgg", folder).is_file()


@pytest.mark.parametrize("changed", ["conversion", "card", "form"])
def test_a_network_that_another_version_converted_is_converted_again(
    changed, folder, monkeypatch, capsys
):
    path = published.make("mtt-vgg", folder)
    if changed == "conversion":
        monkeypatch.setattr(published, "CONVERSION", published.CONVERSION + 1)
    elif changed == "card":
        monkeypatch.setattr(published, "PACKAGE_LICENCE", "another")
    else:
        (path.parent / "summary.json").write_text("[]")
    assert not published.is_made("mtt-vgg", folder)
    capsys.readouterr()
    assert published.make("mtt-vgg", folder) == path
    assert "model.keras: mtt-vgg, a published network" in capsys.readouterr().out
    assert published.is_made("mtt-vgg", folder)


def test_a_copy_among_the_runs_of_a_dataset_is_a_network_trained_elsewhere(folder, tmp_path):
    copy = tmp_path / "models" / "copy"
    shutil.copytree(published.make("mtt-vgg", folder).parent, copy)
    found = scores.find_network(tmp_path, "copy", folder=folder)
    assert found.is_trained_elsewhere
    assert found.path == copy / "model.keras"
    assert found.features == "musicnn"


def test_a_wheel_that_is_missing_is_told_with_the_command(tmp_path, monkeypatch):
    monkeypatch.setattr(cli, "PUBLISHED", tmp_path)
    with pytest.raises(ValueError, match="is missing: make env fetches it, and so does python"):
        published.make("mtt-vgg", tmp_path)
    assert not (tmp_path / "mtt-vgg").exists()


def test_another_version_of_the_package_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(cli, "PUBLISHED", tmp_path)
    (tmp_path / "musicnn-0.2.0-py3-none-any.whl").write_bytes(b"")
    with pytest.raises(ValueError, match=r"musicnn-0\.2\.0-py3-none-any\.whl is another version"):
        published.make("mtt-vgg", tmp_path)


@pytest.mark.parametrize("damage", ["cut", "another"])
def test_a_wheel_that_is_cut_short_or_another_is_refused(damage, wheel, tmp_path):
    content = wheel.read_bytes()
    content = content[: len(content) // 2] if damage == "cut" else content + b"\0"
    (tmp_path / published.WHEEL).write_bytes(content)
    with pytest.raises(ValueError, match=r"is damaged, or another than musicnn 0\.1\.0"):
        published.make("mtt-vgg", tmp_path)
    assert not (tmp_path / "mtt-vgg").exists()


def test_a_folder_that_cannot_be_written_to_is_told_with_the_option(wheel, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ValueError, match="name a folder that can be written to with --published"):
        published.make("mtt-vgg", tmp_path / "file")


def test_the_script_lists_all_networks_and_makes_those_named(run_script, wheel, tmp_path):
    shutil.copy(wheel, tmp_path)
    script = "aux_published_networks.py"
    done = run_script(script, "mtt-vgg", "--published", tmp_path)
    assert done.returncode == 0, done.stderr
    assert all(name in done.stdout for name in NAMES)
    assert done.stdout.count("not made") == 3
    again = run_script(script, "mtt-vgg", "--published", tmp_path)
    assert "nothing to do" in again.stdout
    wrong = run_script(script, "mtt-cnn", "--published", tmp_path)
    assert wrong.returncode == 2
    assert "is no published network: there are mtt-musicnn" in wrong.stderr


@pytest.mark.slow
def test_a_name_is_enough_wherever_a_trained_network_is_asked_for(run_script, wheel, tiny_dataset):
    def run(number, *arguments):
        answer = run_script(SCRIPTS[number], "--data", tiny_dataset, *arguments)
        assert answer.returncode == 0, answer.stderr
        return answer.stdout

    run(1)
    run(2, "--preset", "musicnn")
    said = run(4, "--model", "mtt-musicnn")
    assert "3 tags in common; it lacks 2 (" in said
    assert "; the label set lacks 46 (guitar, " in said
    assert "tags by other names, several merged by maximum: classical (classical, classic)" in said
    assert "all clips" in said
    scores = pd.read_csv(tiny_dataset / "results/mtt-musicnn/scores.csv")
    assert set(scores["split"]) == {"train", "validation", "test"}
    start = ("--architecture", "musicnn", "--start-from", "mtt-musicnn", "--freeze")
    said = run(3, *start, "--epochs", 1, "--repeats", 1, "--no-refit", "--name", "mine")
    assert "it starts from mtt-musicnn, trained on MagnaTagATune, folders 0 to b" in said
    network, description = model_folder.load(tiny_dataset / "models/mine/model.keras")
    source, _ = load("mtt-musicnn", cli.PUBLISHED)
    for layer in ("normalisation", "convolution_3", "maps_1"):
        pairs = zip(*(n.get_layer(layer).get_weights() for n in (network, source)), strict=True)
        assert all(np.array_equal(one, other) for one, other in pairs)
    assert model_folder.MTT_BY_FOLDER in description["trained_on"]
    assert "network" in run(5, "--results", "mtt-musicnn")
    refused = run_script(SCRIPTS[3], "--data", tiny_dataset, "--name", "mtt-vgg")
    assert refused.returncode == 2
    assert "is that of a published network" in refused.stderr
