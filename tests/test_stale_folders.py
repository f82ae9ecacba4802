"""No run takes a folder for current that was made from something else."""

import json
import os
import shutil

import numpy as np
import pandas as pd
import pytest
import soundfile
from conftest import SCRIPTS, run_pipeline, snapshot, write_tiny_dataset

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def finished(run_script, tmp_path_factory):
    """Return a dataset that every script has run on; tests work on copies."""
    data = write_tiny_dataset(tmp_path_factory.mktemp("finished") / "tiny")
    run_pipeline(run_script, data)
    return data


@pytest.fixture
def data(finished, tmp_path):
    """Return a finished dataset of one's own."""
    return shutil.copytree(finished, tmp_path / "data")


@pytest.fixture
def run(run_script, data):
    """Return a function that runs a script on the dataset by its number."""

    def run_on_data(name, *arguments):
        how = ["--no-refit"] if name == 3 else []  # as the dataset was made
        return run_script(SCRIPTS[name], "--data", data, *arguments, *how)

    return run_on_data


def replace_audio(data, clip_id="12"):
    soundfile.write(data / "clips" / f"{clip_id}.wav", np.full(16000, 0.25), 16000)


def edit(path):
    path.write_text(path.read_text().replace(",1", ",0", 1))


def add_clip(data):
    """Add a row to the inventory and to no label set."""
    path = data / "clips/clips.csv"
    clip = path.read_text().splitlines()[1]
    shutil.copy(data / clip.split(",")[1], data / "clips/99.wav")
    path.write_text(path.read_text() + "99,clips/99.wav,artist,album,track\n")


def test_a_copy_elsewhere_is_current_everywhere(run, data):
    for name in ("labels", 2, 4, 5):
        answer = run(name)
        assert "nothing to do" in answer.stdout, answer.stderr
    assert "nothing to do" in run(3, "--epochs", 1).stdout


def test_labels_that_were_edited_make_what_follows_stale(run, data):
    edit(data / "labels/merged5/labels.csv")
    assert "made from another labels/merged5/labels.csv" in run(3, "--epochs", 1).stderr
    assert "models/vgg is out of date, as labels/merged5/labels.csv changed" in run(4).stderr
    assert "from another labels/merged5/labels.csv" in run(5).stderr
    assert "results/vgg is out of date, as labels/merged5/labels.csv" in run("compare").stderr


def test_features_stay_where_labels_were_edited(run, data):
    edit(data / "labels/merged5/labels.csv")
    answer = run(2)
    assert answer.returncode == 0
    assert "extracting" not in answer.stdout
    assert "waves_spectro_logspectro.png" in answer.stdout  # it names the tags of its clips


def test_audio_that_was_touched_is_the_same(run, data):
    for path in data.glob("clips/*.wav"):
        os.utime(path, (1, 1))
    for name in (2, 4, 5):
        assert "nothing to do" in run(name).stdout
    assert "nothing to do" in run(3, "--epochs", 1).stdout


def test_audio_that_was_replaced_is_refused_until_the_features_are_made_again(run, data):
    replace_audio(data)
    for name, *options in [(2,), (3, "--epochs", 1), (4,), (4, "--name", "again"), ("compare",)]:
        answer = run(name, *options)
        assert answer.returncode == 1
        assert "the audio of 1 clip has changed" in answer.stderr
        assert "the first is 12: run 2_feature_extraction.py again with --force" in answer.stderr
    assert "the audio of 1 clip has changed" in run(5, "--results", "vgg").stderr
    assert run(2, "--force").returncode == 0
    assert "made from other features/mel96/" in run(3, "--epochs", 1).stderr
    assert "models/vgg is out of date, as features/mel96/ changed" in run(4).stderr


def clips_of(data, part):
    table = pd.read_csv(data / "labels/merged5/labels.csv", dtype={"clip_id": str})
    return table.loc[table["split"] == part, "clip_id"].tolist()


@pytest.mark.parametrize("part", ["train", "test"])
def test_results_are_refused_where_features_and_network_were_made_again(run, data, part):
    replace_audio(data, clips_of(data, part)[0])
    assert run(2, "--force").returncode == 0
    assert run(3, "--epochs", 1, "--force").returncode == 0
    refused = run(4)
    assert refused.returncode == 1
    assert "results/vgg was made from other features/mel96/" in refused.stderr
    # A network never learns from a test clip: trained again it is the same.
    assert ("another models/vgg/model.keras" in refused.stderr) == (part == "train")


def test_results_of_features_of_other_settings_are_refused(run, data):
    assert run(2, "--f-min", 200, "--name", "mel96", "--force").returncode == 0
    assert "models/vgg is out of date, as features/mel96/ changed" in run(4).stderr
    assert run(3, "--epochs", 1, "--force").returncode == 0
    refused = run(4)
    assert refused.returncode == 1
    assert "from other features/mel96/; from another models/vgg/model.keras" in refused.stderr


def test_results_of_labels_that_were_edited_are_refused_though_the_network_is_new(run, data):
    edit(data / "labels/merged5/labels.csv")
    assert run(3, "--epochs", 1, "--force").returncode == 0
    refused = run(4)
    assert refused.returncode == 1
    assert "results/vgg was made from another labels/merged5/labels.csv" in refused.stderr


def test_results_of_a_model_file_are_refused_where_its_features_were_made_again(run, data):
    network = shutil.copy(data / "models/vgg/model.keras", data.parent / "theirs.keras")
    assert run(4, "--model", network).returncode == 0
    replace_audio(data, clips_of(data, "test")[0])
    assert run(2, "--force").returncode == 0
    assert "made from other features/mel96/" in run(4, "--model", network).stderr


def test_results_with_intervals_of_an_earlier_version_are_evaluated_again(run, data):
    path = data / "results/vgg/summary.json"
    current = path.read_text()
    earlier = json.loads(current)
    del earlier["settings"]["interval"]
    path.write_text(json.dumps(earlier))
    answer = run(4)
    assert answer.returncode == 0
    assert "nothing to do" not in answer.stdout
    assert json.loads(path.read_text())["settings"] == json.loads(current)["settings"]


def test_audio_that_no_label_set_uses_makes_nothing_stale(run, data):
    add_clip(data)
    answer = run(2)
    assert "extracting mel96 features of 1 clip" in answer.stdout
    replace_audio(data, "99")
    assert run(2, "--force").returncode == 0
    assert "nothing to do" in run(3, "--epochs", 1).stdout
    assert "nothing to do" in run(4).stdout


def test_clips_that_are_added_make_nothing_stale(run, data):
    before = np.load(data / "features/mel96/features.npy")
    add_clip(data)
    assert "extracting mel96 features of 1 clip" in run(2).stdout
    np.testing.assert_array_equal(np.load(data / "features/mel96/features.npy")[:32], before)
    for name in (2, 4, 5):
        assert "nothing to do" in run(name).stdout
    assert "nothing to do" in run(3, "--epochs", 1).stdout


def test_an_artist_who_was_renamed_makes_the_intervals_stale(run, data):
    path = data / "clips/clips.csv"
    table = pd.read_csv(path, dtype=str)
    table["artist"] = "one"
    table.to_csv(path, index=False)
    assert "nothing to do" in run(3, "--epochs", 1).stdout
    assert "results/vgg was made from other clips/" in run(4).stderr


def test_the_same_training_again_is_the_same_network(run, data):
    assert run(3, "--epochs", 1, "--force").returncode == 0
    assert "nothing to do" in run(4).stdout
    assert "nothing to do" in run(5).stdout


def test_another_training_makes_results_stale(run, data):
    assert "made with epochs 1, not 2" in run(3, "--epochs", 2).stderr
    assert run(3, "--epochs", 2, "--force").returncode == 0
    assert "made from another models/vgg/model.keras" in run(4).stderr
    compared = run("compare")
    assert compared.returncode == 1
    assert "results/vgg is out of date, as models/vgg/model.keras changed" in compared.stderr
    assert run(4, "--force").returncode == 0
    assert "from another results/vgg/scores.npy" in run(5).stderr


def test_a_file_of_scores_that_was_replaced_is_another(run, data, tmp_path):
    scores = tmp_path / "theirs.csv"
    shutil.copy(data / "results/vgg/scores.csv", scores)
    assert run(4, "--scores", scores).returncode == 0
    assert "nothing to do" in run(4, "--scores", scores).stdout
    table = pd.read_csv(scores)
    table["loud"] = 0.5
    table.to_csv(scores, index=False)
    refused = run(4, "--scores", scores)
    assert refused.returncode == 1
    assert "results/theirs was made from another ../theirs.csv" in refused.stderr


def test_other_vectors_have_a_map_of_their_own(run, data, tmp_path):
    vectors = tmp_path / "mine.txt"
    tags = [f"{tag} {n} {n * n} 1" for n, tag in enumerate(("low", "high", "loud", "quiet"))]
    vectors.write_text("\n".join(tags) + "\n")
    answer = run(5, "--vectors", vectors)
    assert answer.returncode == 0, answer.stderr
    assert (data / "tag_map/trained/t_SNE.png").exists()
    assert (data / "tag_map/mine/t_SNE.png").exists()
    vectors.write_text("\n".join([*tags[:-1], "quiet 5 5 5"]) + "\n")
    assert "tag_map/mine was made from another ../mine.txt" in run(5, "--vectors", vectors).stderr


def test_a_folder_of_an_earlier_version_says_so(run, data):
    for folder, old in (("features/mel96", "manifest.json"), ("models/vgg", "run.json")):
        (data / folder / "summary.json").rename(data / folder / old)
    for name, folder in ((2, "features/mel96"), (3, "features/mel96"), (4, "models/vgg")):
        answer = run(name)
        assert answer.returncode == 1
        assert f"{folder} was made by an earlier version" in answer.stderr
    assert run(2, "--force").returncode == 0
    assert run(3, "--epochs", 1, "--force").returncode == 0
    assert "nothing to do" in run(4).stdout


def test_the_label_distribution_goes_when_its_label_set_is_made_again(run, data):
    figure = data / "labels/merged5/label_distribution.png"
    assert run(1, "--top", 3, "--name", "merged5", "--force").returncode == 0
    assert not figure.exists()
    assert json.loads((figure.parent / "summary.json").read_text())["settings"]["top"] == 3


@pytest.mark.parametrize(
    ("name", "option", "content", "folder"),
    [
        (4, "--scores", "clip_id,low\n1,1\n", "results/bad"),
        (4, "--truth", "clip_id\tmp3_path\n", "results/vgg"),
        (5, "--vectors", "low 1 2\nhigh\n", "tag_map/bad"),
    ],
)
def test_what_cannot_be_read_takes_nothing_from_what_is_there(
    run, data, name, option, content, folder
):
    if not (data / folder).exists():
        shutil.copytree(data / {4: "results/vgg", 5: "tag_map/trained"}[name], data / folder)
    before = snapshot(data)
    bad = data.parent / "bad.txt"
    bad.write_text(content)
    answer = run(name, option, bad, "--force")
    assert answer.returncode == 1
    assert len(answer.stderr.splitlines()) == 1
    assert snapshot(data) == before
