"""The scripts one after another, as a user runs them."""

import json
import os
import shutil
import signal
import subprocess
import sys
import zipfile

import numpy as np
import pandas as pd
import pytest
import soundfile
from conftest import REPOSITORY

from autotagging.labels import label_sets, splits
from autotagging.models import model_folder, prediction

ONE, TWO, THREE = (
    "1_label_reduction_and_files_renaming.py",
    "2_feature_extraction.py",
    "3_train_cnn.py",
)
FOUR, FIVE, LABELS = "4_evaluate.py", "5_visualize_tags.py", "aux_label_distribution.py"
FIGURES = (
    "CNN_architecture.png",
    "Recall.png",
    "accuracy.png",
    "auc_per_tag.png",
    "label_distribution.png",
    "results.png",
    "roc_pr_curves.png",
    "t_SNE.png",
    "tag_confusions.png",
    "training_history.png",
    "waves_spectro_logspectro.png",
)


def snapshot(folder):
    """Return time of change and size of every file below a folder."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(p): (p.stat().st_mtime_ns, p.stat().st_size) for p in files}


def run_all(run_script, data, first, epochs):
    """Run every script on a dataset; return what they printed."""
    printed = []
    for script, *arguments in [
        (ONE, *first),
        (LABELS,),
        (TWO, "--jobs", 2),
        (THREE, "--epochs", epochs),
        (FOUR,),
        (FIVE,),
    ]:
        answer = run_script(script, "--data", data, *arguments)
        assert answer.returncode == 0, answer.stderr
        printed.append(answer.stdout)
    return printed


def check_outputs(data):
    assert sorted(path.name for path in (data / "images").glob("*.png")) == sorted(FIGURES)
    summary = json.loads((data / "results/vgg/summary.json").read_text())
    area = summary["macro"]["roc_auc"]
    assert 0 <= area["low"] <= area["value"] <= area["high"] <= 1
    name = label_sets.find_set(data)
    table = label_sets.read_labels(data, name)
    scores = np.load(data / "results/vgg/scores.npy")
    assert scores.shape == ((table["split"] != "train").sum(), table.shape[1] - 1)
    places = pd.read_csv(data / "tag_map/places.csv", keep_default_na=False)
    assert set(places["tag"]) <= set(table.columns)
    neighbours = pd.read_csv(data / "tag_map/neighbours.csv", keep_default_na=False)
    assert set(neighbours["space"]) == {"words", "annotations", "network"}
    errors = json.loads((data / "tag_map/summary.json").read_text())["closeness of errors"]
    assert errors["circular"]
    assert errors["errors"] + errors["errors_left_out"] > 0


def test_real_clips_run_through_and_a_second_time_nothing_is_done(run_script, test_data, tmp_path):
    data, raw = tmp_path / "excerpt", test_data / "mtt-excerpt"
    before = snapshot(raw)
    run_all(run_script, data, ["--raw", raw], epochs=2)
    check_outputs(data)
    assert snapshot(raw) == before

    written = snapshot(data)
    for printed in run_all(run_script, data, ["--raw", raw], epochs=2):
        assert "nothing" in printed
    assert snapshot(data) == written


def test_figures_that_are_gone_or_of_another_run_are_redrawn_from_files(run_script, tiny_dataset):
    run_all(run_script, tiny_dataset, [], epochs=1)
    drawn = {name: (tiny_dataset / "images" / name).read_bytes() for name in FIGURES}
    model = (tiny_dataset / "models/vgg/model.keras").stat().st_mtime_ns
    images = tiny_dataset / "images"
    (images / "t_SNE.png").unlink()
    shutil.copy(images / "accuracy.png", images / "Recall.png")
    other = run_script(THREE, "--data", tiny_dataset, "--epochs", 1, "--name", "other")
    assert "wrote" in other.stdout  # its figures have taken the place of the first run's
    assert (images / "CNN_architecture.png").read_bytes() != drawn["CNN_architecture.png"]
    (images / "results.png").write_bytes(b"half")
    run_all(run_script, tiny_dataset, [], epochs=1)
    assert {name: (tiny_dataset / "images" / name).read_bytes() for name in FIGURES} == drawn
    assert (tiny_dataset / "models/vgg/model.keras").stat().st_mtime_ns == model


def test_audio_still_in_the_archive_runs_through(run_script, test_data, tmp_path):
    data, raw = tmp_path / "archive", test_data / "mtt-archive"
    data.mkdir()
    before = snapshot(raw)
    run_all(run_script, data, ["--raw", raw], epochs=1)
    check_outputs(data)
    assert snapshot(raw) == before
    excluded = pd.read_csv(data / "excluded.csv", dtype=str)
    assert excluded.to_dict("records") == [
        {
            "clip_id": "35644",
            "row": "50",
            "file": "6/norine_braun-now_and_zen-08-gently-117-146.mp3",
            "reason": "broken as MagnaTagATune ships it: empty or cut off",
        }
    ]
    assert len(list((data / "clips").iterdir())) == 48


def test_results_stand_beside_the_floor_and_the_literature(run_script, tiny_dataset):
    for script, *arguments in [(ONE,), (TWO,), (THREE, "--epochs", 1), (FOUR,)]:
        answer = run_script(script, "--data", tiny_dataset, *arguments)
        assert answer.returncode == 0, answer.stderr
    floor = run_script("benchmarks/floor_and_ceiling.py", "--data", tiny_dataset)
    assert floor.returncode == 0, floor.stderr
    lines = floor.stdout.splitlines()
    assert lines[0].startswith("floor    test")
    # The tags of tones are plain to see in the mean spectrum.
    assert float(lines[0].split("ROC-AUC ")[1].split(",")[0]) > 0.8
    table = run_script("benchmarks/beside_literature.py", "--data", tiny_dataset, "vgg")
    assert "| FCN (Choi 2016; Won 2020) | 0.9005 | 0.4295 | B |" in table.stdout
    assert "**vgg**, this repository" in table.stdout
    assert "none published: merged" in table.stdout
    absent = run_script("benchmarks/beside_literature.py", "--data", tiny_dataset, "paper")
    assert absent.returncode == 1
    assert "paper is not evaluated" in absent.stderr


@pytest.mark.parametrize("preset", ["mfcc", "square"])
def test_a_network_is_trained_on_other_features(run_script, tiny_dataset, preset):
    for script, *arguments in [
        (ONE,),
        (TWO, "--preset", preset),
        (THREE, "--features", preset, "--epochs", 1),
    ]:
        answer = run_script(script, "--data", tiny_dataset, *arguments)
        assert answer.returncode == 0, answer.stderr
    answer = run_script(FOUR, "--data", tiny_dataset)
    assert answer.returncode == 0, answer.stderr


def test_labels_alone_need_no_audio(run_script, test_data, tmp_path):
    raw = test_data / "mtt"
    answer = run_script(ONE, "--data", tmp_path, "--raw", raw, "--no-audio")
    assert answer.returncode == 0, answer.stderr
    table = label_sets.read_labels(tmp_path, "merged50")
    assert table["split"].value_counts()[list(splits.PARTS)].tolist() == [15425, 1538, 4392]
    assert len(pd.read_csv(tmp_path / "clips.csv")) == 25860
    excluded = pd.read_csv(tmp_path / "excluded.csv", dtype=str)
    assert excluded["clip_id"].tolist() == ["35644", "55753", "57881"]
    answer = run_script(TWO, "--data", tmp_path)
    assert answer.returncode == 1
    assert "lists no audio" in answer.stderr


def test_a_collection_of_ones_own_runs_through(run_script, test_data, tmp_path):
    """Every seventh song of Emotify: paths, artists and 13 tags, no ids and no folders 0-f."""
    raw, data = tmp_path / "raw", tmp_path / "data"
    raw.mkdir()
    (raw / "audio").symlink_to(test_data / "emotify" / "audio")
    lines = (test_data / "emotify" / "annotations.csv").read_text("utf-8").splitlines()
    (raw / "songs.csv").write_text("\n".join([lines[0], *lines[1::7]]) + "\n", "utf-8")
    printed = run_all(run_script, data, ["--raw", raw], epochs=1)
    assert "split by artist, none in two parts, seed 0" in printed[0]
    check_outputs(data)
    table = label_sets.read_labels(data, "unmerged13-artists")
    assert {"electronic", "classical", "sadness"} <= set(table.columns)  # no name was changed
    assert "audio-classical-10" in table.index
    inventory = pd.read_csv(data / "clips.csv", dtype=str).set_index("clip_id")
    assert inventory.loc["audio-classical-10", "artist"] == "Cary Chow"
    parts = table["split"].groupby(inventory["artist"][table.index]).nunique()
    assert parts.max() == 1


def test_a_table_without_artists_is_split_at_random_and_says_so(run_script, tiny_dataset):
    text = (tiny_dataset / "annotations_final.csv").read_text()
    text = text.replace('"clip_id"', '"path"').replace('"mp3_path"', '"title"')
    rows = [line.split("\t") for line in text.splitlines()]
    rows = [[row[-1].replace("title", "path"), *row[1:-1]] for row in rows]
    (tiny_dataset / "annotations_final.csv").unlink()
    mine = "\n".join("\t".join(row) for row in rows).replace('"path"', "path")
    (tiny_dataset / "mine.csv").write_text(mine)
    answer = run_script(ONE, "--data", tiny_dataset, "--split", "random", "--seed", 4)
    assert answer.returncode == 0, answer.stderr
    assert "split at random, clip by clip, seed 4" in answer.stdout
    assert "the annotations name no artist: each clip is its own" in answer.stdout
    assert len(label_sets.read_labels(tiny_dataset, "merged5-random-seed4")) == 32


def test_rows_without_a_file_are_excluded_with_row_and_file(run_script, tiny_dataset):
    gone = sorted(tiny_dataset.glob("3/*.wav"))[0]
    gone.unlink()
    answer = run_script(ONE, "--data", tiny_dataset)
    name = f"3/{gone.name}"
    assert f"excluded row 5, clip 13, {name}: the file is absent" in answer.stdout
    excluded = pd.read_csv(tiny_dataset / "excluded.csv", dtype=str)
    assert excluded.to_numpy().tolist() == [["13", "5", name, "the file is absent"]]


def test_variants_stand_beside_each_other_over_one_inventory(run_script, test_data, tmp_path):
    (tmp_path / "tags.txt").write_text("sitar\nguitar\nno vocal\n")
    variants = {
        "unmerged50-all": ["--no-merge", "--keep-untagged"],
        "merged50-artists-seed7": ["--split", "artists", "--seed", 7],
        "merged50-train": ["--tags-from", "train"],
        "unmerged-tags": ["--no-merge", "--tags", tmp_path / "tags.txt"],
        "top": ["--top", 5, "--labels", "top"],
    }
    data = tmp_path / "mtt"
    common = ["--data", data, "--raw", test_data / "mtt", "--no-audio"]
    for arguments in variants.values():
        answer = run_script(ONE, *common, *arguments)
        assert answer.returncode == 0, answer.stderr
    assert sorted(path.name for path in (data / "labels").iterdir()) == sorted(variants)
    assert len(pd.read_csv(data / "clips.csv")) == 25860
    assert list(label_sets.read_labels(data, "unmerged-tags"))[1:] == [
        "sitar",
        "guitar",
        "no vocal",
    ]
    summary = label_sets.read_summary(data, "merged50-train")["tags"]
    assert summary["not_most_frequent_of_all"] == ["banjo"]
    assert summary["most_frequent_of_all_left_out"] == ["no beat"]
    again = run_script(ONE, *common, *variants["merged50-artists-seed7"])
    assert "nothing to do" in again.stdout
    refused = run_script(ONE, *common, "--tags", tmp_path / "tags.txt")
    assert refused.returncode == 1
    assert "'no vocal' is merged into 'no singer'" in refused.stderr


def test_multi_hot_names_follow_the_labels_and_raw_audio_stays(run_script, tiny_dataset, tmp_path):
    data = tmp_path / "data"
    before = snapshot(tiny_dataset)
    common = ["--data", data, "--raw", tiny_dataset, "--labels", "set", "--names", "multi-hot"]
    answer = run_script(ONE, *common, "--link", "copy")
    assert answer.returncode == 0, answer.stderr
    folder = data / "labels" / "set" / "multi_hot"
    table = label_sets.read_labels(data, "set")
    tags = sorted(table.columns.drop("split"))
    for clip_id, row in table.iterrows():
        bits = "".join(str(int(row[tag])) for tag in tags)
        assert (folder / f"{bits}_{clip_id}.wav").stat().st_nlink == 1
    answer = run_script(ONE, *common, "--top", 2, "--force")
    assert answer.returncode == 0, answer.stderr
    assert {len(path.name.split("_")[0]) for path in folder.iterdir()} == {2}
    assert len(list(folder.iterdir())) == len(label_sets.read_labels(data, "set"))
    assert all(path.stat().st_nlink == 3 for path in folder.iterdir())  # raw, clips/, multi_hot/
    answer = run_script(ONE, *common[:-2], "--top", 2)
    assert not folder.exists()
    assert snapshot(tiny_dataset) == before


def test_extraction_killed_midway_goes_on(run_script, test_data, tmp_path):
    raw, data = test_data / "mtt-archive", tmp_path / "data"
    command = [sys.executable, str(REPOSITORY / ONE), "--data", str(data), "--raw", str(raw)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        while process.poll() is None and not list(data.glob("clips/*.mp3")):
            pass
        process.send_signal(signal.SIGKILL)
    there = {path: path.stat().st_mtime_ns for path in data.glob("clips/*.mp3")}
    answer = run_script(ONE, "--data", data, "--raw", raw)
    assert answer.returncode == 0, answer.stderr
    assert there
    assert {path: path.stat().st_mtime_ns for path in there} == there
    assert len(list(data.glob("clips/*"))) == 48
    assert "nothing to do" in run_script(ONE, "--data", data, "--raw", raw).stdout


def test_raw_without_data_never_takes_the_place_of_the_sample(run_script, tiny_dataset):
    answer = run_script(ONE, "--raw", tiny_dataset)
    assert answer.returncode == 2
    assert "--raw needs --data" in answer.stderr


def test_a_table_without_a_positive_tag_is_refused_before_anything_is_written(run_script, tmp_path):
    (tmp_path / "mine.csv").write_text("path,rock\na.wav,0\n")
    soundfile.write(tmp_path / "a.wav", np.zeros(100), 16000)
    answer = run_script(ONE, "--data", tmp_path)
    assert answer.returncode == 1
    assert answer.stderr.strip().endswith("no clip has any tag")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.wav", "mine.csv"]


def test_a_set_whose_clips_are_gone_is_named(run_script, tiny_dataset):
    for name in ("one", "two"):
        assert run_script(ONE, "--data", tiny_dataset, "--labels", name).returncode == 0
    sorted(tiny_dataset.glob("3/*.wav"))[0].unlink()
    answer = run_script(ONE, "--data", tiny_dataset, "--labels", "one")
    assert "warning: labels/two has 1 clips that are gone: make it anew" in answer.stdout


@pytest.mark.parametrize(
    "arguments",
    [
        ["--tags", "{tags}", "--tags-from", "train"],
        ["--tags", "{tags}", "--top", "5"],
        ["--no-audio", "--names", "multi-hot"],
        ["--split", "genre"],
        ["--tags", "absent.txt"],
        ["--annotations", "absent.csv"],
        ["--link", "soft"],
    ],
)
def test_options_that_do_not_go_together_are_refused_as_typed(run_script, tmp_path, arguments):
    (tmp_path / "tags.txt").write_text("a\n")
    arguments = [argument.format(tags=tmp_path / "tags.txt") for argument in arguments]
    answer = run_script(ONE, "--data", tmp_path, *arguments)
    assert answer.returncode == 2
    assert "Traceback" not in answer.stderr


def test_labels_alone_never_replace_an_inventory_with_audio(run_script, tiny_dataset):
    assert run_script(ONE, "--data", tiny_dataset).returncode == 0
    before = (tiny_dataset / "clips.csv").read_bytes()
    answer = run_script(ONE, "--data", tiny_dataset, "--no-audio")
    assert answer.returncode == 1
    assert "lists audio already" in answer.stderr
    assert (tiny_dataset / "clips.csv").read_bytes() == before


def test_extraction_killed_midway_is_completed_to_the_same_bytes(run_script, test_data, tmp_path):
    data = tmp_path / "data"
    assert run_script(ONE, "--data", data, "--raw", test_data / "mtt-excerpt").returncode == 0
    common = ["--data", str(data), "--jobs", "2", "--preset", "mel96", "--limit", "150"]
    command = [sys.executable, str(REPOSITORY / TWO), *common, "--name", "killed"]
    killed = data / "features" / "killed"
    with subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    ) as process:
        while process.poll() is None:
            part = killed / "progress.npy.part"
            if part.exists() and (killed / "plan.part").exists():
                state = np.load(part, mmap_mode="r")["state"]
                if 0 < (state != 0).sum() < 150:
                    os.killpg(process.pid, signal.SIGKILL)
                    break
    assert process.returncode == -signal.SIGKILL
    assert not (killed / "features.npy").exists()
    resumed = run_script(TWO, *common, "--name", "killed")
    assert resumed.returncode == 0, resumed.stderr
    assert run_script(TWO, *common[:3], 1, *common[4:], "--name", "whole").returncode == 0
    whole = data / "features" / "whole"
    for name in ("features.npy", "manifest.json"):
        assert (killed / name).read_bytes() == (whole / name).read_bytes()
    checked = run_script(TWO, "--data", data, "--name", "killed", "--check")
    assert "16 clips computed anew and found equal" in checked.stdout
    added = run_script(TWO, *common[:-2], "--name", "killed")
    assert "mel96" not in added.stderr
    assert "extracting killed features of 59 clips" in added.stdout


def test_a_damaged_store_fails_its_check(run_script, tiny_dataset):
    for script in (ONE, TWO):
        assert run_script(script, "--data", tiny_dataset).returncode == 0
    path = tiny_dataset / "features/mel96/features.npy"
    content = bytearray(path.read_bytes())
    content[-5] ^= 64
    path.write_bytes(content)
    answer = run_script(TWO, "--data", tiny_dataset, "--check")
    assert answer.returncode == 1
    assert "another checksum than its manifest says" in answer.stderr
    answer = run_script(TWO, "--data", tiny_dataset, "--check", "--name", "none")
    assert answer.returncode == 1
    assert "not a finished store" in answer.stderr


def test_many_broken_clips_end_with_a_failure_that_names_the_list(run_script, tiny_dataset):
    for wav in sorted(tiny_dataset.glob("[0-3]/*.wav"))[:3]:
        soundfile.write(wav, np.zeros(16000), 16000)
    assert run_script(ONE, "--data", tiny_dataset).returncode == 0
    answer = run_script(TWO, "--data", tiny_dataset)
    assert answer.returncode == 1
    assert "3 of 32 clips have no features, more than 5%" in answer.stderr
    assert "features/mel96/failed.csv" in answer.stderr
    assert "32 clips are shorter" not in answer.stdout  # the failed ones are not counted
    again = run_script(TWO, "--data", tiny_dataset)
    assert again.returncode == 1
    assert "nothing to do" in again.stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--f-max", "9000"], "8000 works"),
        (["--bands", "900", "--fft", "512"], "works, or --fft"),
        (["--frames", "3", "--hop-length", "9"], "not allowed with"),
        (["--preset", "mfcc", "--scale", "power"], "leave out --scale power"),
        (["--f-min", "-1"], "less than 0"),
        (["--seconds", "0"], "not a number above 0"),
    ],
)
def test_impossible_features_are_refused_as_typed(run_script, tmp_path, arguments, message):
    answer = run_script(TWO, "--data", tmp_path, *arguments)
    assert answer.returncode == 2
    assert message in answer.stderr


def test_training_killed_midway_is_completed_to_the_same_weights(run_script, tiny_dataset):
    for script in (ONE, TWO):
        assert run_script(script, "--data", tiny_dataset).returncode == 0
    common = ["--data", str(tiny_dataset), "--epochs", "12"]
    command = [sys.executable, str(REPOSITORY / THREE), *common, "--name", "killed"]
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=environment
    ) as process:
        for line in process.stdout:
            if line.startswith("epoch   2/12"):
                process.send_signal(signal.SIGKILL)
    assert process.returncode == -signal.SIGKILL
    assert not (tiny_dataset / "models/killed/run.json").exists()
    answer = run_script(FOUR, "--data", tiny_dataset, "--model", "killed")
    assert answer.returncode == 1
    assert "not a finished run" in answer.stderr

    resumed = run_script(THREE, *common, "--name", "killed")
    assert "going on after epoch" in resumed.stdout, resumed.stderr
    assert run_script(THREE, *common, "--name", "whole").returncode == 0
    weights = []
    for name in ("killed", "whole"):
        with zipfile.ZipFile(tiny_dataset / f"models/{name}/model.keras") as archive:
            weights.append(archive.read("model.weights.h5"))
    assert weights[0] == weights[1]
    assert not (tiny_dataset / "models/killed/checkpoint").exists()


def test_seeds_are_trained_and_their_mean_is_one_run_more(run_script, tiny_dataset):
    for script in (ONE, TWO):
        assert run_script(script, "--data", tiny_dataset).returncode == 0
    common = ["--data", tiny_dataset, "--epochs", 2, "--name", "both"]
    answer = run_script(THREE, *common, "--seeds", 2, "--seed", 5)
    assert answer.returncode == 0, answer.stderr
    runs = {path.parent.name for path in (tiny_dataset / "models").glob("*/run.json")}
    assert runs == {"both", "both-seed5", "both-seed6"}
    again = run_script(THREE, *common, "--seeds", 2, "--seed", 5)
    assert again.stdout.count("nothing to do") == 3
    assert run_script(FOUR, "--data", tiny_dataset, "--model", "both").returncode == 0
    array = np.load(tiny_dataset / "features/mel96/features.npy")
    scores = {}
    for run in runs:
        network, description = model_folder.load(tiny_dataset / "models" / run / "model.keras")
        scores[run] = prediction.score_clips(network, array, np.arange(len(array)))
        assert len(description["thresholds"]) == len(description["tags"]) == scores[run].shape[1]
    mean = (scores["both-seed5"] + scores["both-seed6"]) / 2
    np.testing.assert_allclose(scores["both"], mean, atol=1e-5)
    assert not np.allclose(scores["both-seed5"], scores["both-seed6"], atol=1e-3)
    history = pd.read_csv(tiny_dataset / "models/both/history.csv")
    assert history[["seed", "epoch"]].to_numpy().tolist() == [[5, 1], [5, 2], [6, 1], [6, 2]]


def test_a_network_starts_from_one_trained_for_other_tags(run_script, tiny_dataset):
    for script, *arguments in [
        (ONE, "--labels", "all"),
        (TWO,),
        (ONE, "--labels", "two", "--top", 3),
        (THREE, "--labels", "all", "--epochs", 1, "--name", "first"),
        (THREE, "--labels", "two", "--epochs", 1, "--name", "scratch"),
    ]:
        answer = run_script(script, "--data", tiny_dataset, *arguments)
        assert answer.returncode == 0, answer.stderr
    model = tiny_dataset / "models" / "first"
    common = ["--data", tiny_dataset, "--labels", "two", "--epochs", 1, "--start-from", model]
    answer = run_script(THREE, *common, "--name", "started")
    assert answer.returncode == 0, answer.stderr
    assert "weights; anew: normalisation, logits" in answer.stdout
    assert "against models/scratch, the same from scratch" in answer.stdout
    settings = json.loads((tiny_dataset / "models/started/run.json").read_text())["settings"]
    assert settings["start_from"].startswith("first ")


def test_a_network_is_cross_validated_beside_the_floor(run_script, tiny_dataset):
    for script in (ONE, TWO):
        assert run_script(script, "--data", tiny_dataset).returncode == 0
    command = ["benchmarks/cross_validate.py", "--data", tiny_dataset, "--epochs", 2]
    command += ["--seeds", 0, "--least-positives", 14]
    answer = run_script(*command)
    assert answer.returncode == 0, answer.stderr
    assert "left out, fewer than 14 clips have them: classical" in answer.stdout
    folder = tiny_dataset / "cross_validation" / "vgg"
    scores = sorted(path.name for path in folder.glob("*.npy"))
    assert scores == [f"scores-seed0-fold{k}.npy" for k in range(5)]
    summary = json.loads((folder / "summary.json").read_text())
    assert summary["floor"]["ROC-AUC"][0] > 0.9  # tones are plain to see in the mean spectrum
    low, high = summary["interval"]["ROC-AUC"]
    difference = summary["network"]["ROC-AUC"][0] - summary["floor"]["ROC-AUC"][0]
    assert low <= difference <= high
    (folder / "scores-seed0-fold3.npy").unlink()  # as if it had been killed
    again = run_script(*command)
    assert again.stdout.splitlines()[:4] == answer.stdout.splitlines()[:4]
    refused = run_script(*command, "--learning-rate", 1)
    assert refused.returncode == 1
    assert "other settings (learning rate)" in refused.stderr


def test_changed_settings_are_refused_naming_force(run_script, tiny_dataset):
    for script in (ONE, TWO):
        assert run_script(script, "--data", tiny_dataset).returncode == 0
    assert run_script(THREE, "--data", tiny_dataset, "--epochs", 1).returncode == 0
    refused = run_script(THREE, "--data", tiny_dataset, "--epochs", 2)
    assert refused.returncode == 1
    assert "other settings (epochs)" in refused.stderr
    assert "--force" in refused.stderr
    assert (
        run_script(ONE, "--data", tiny_dataset, "--top", 3, "--labels", "merged5").returncode == 1
    )
    labels_path = tiny_dataset / "labels/merged5/labels.csv"
    labels_path.write_text(labels_path.read_text().replace(",1", ",0", 1))
    changed = run_script(FOUR, "--data", tiny_dataset)
    assert changed.returncode == 1
    assert "has changed since the network was trained" in changed.stderr


def test_broken_audio_is_listed_and_stops_nothing(run_script, tiny_dataset):
    wav = sorted(tiny_dataset.glob("0/*.wav"))
    wav[0].write_bytes(b"")
    wav[1].write_bytes(b"RIFF and nothing else")
    soundfile.write(sorted(tiny_dataset.glob("2/*.wav"))[0], [np.nan], 16000, subtype="FLOAT")
    (tiny_dataset / "1").rename(tiny_dataset / "elsewhere")
    answer = run_script(ONE, "--data", tiny_dataset)
    assert answer.returncode == 0
    excluded = pd.read_csv(tiny_dataset / "excluded.csv", dtype=str)
    assert excluded["reason"].value_counts().to_dict() == {
        "the file is absent": 2,
        "the file is empty": 1,
        "the file has no header of a known audio format": 1,
    }
    answer = run_script(TWO, "--data", tiny_dataset)
    assert answer.returncode == 0
    assert "1 failed" in answer.stdout
    failed = pd.read_csv(tiny_dataset / "features/mel96/failed.csv", dtype=str)
    assert failed["reason"].str.contains("not finite").all()
    answer = run_script(THREE, "--data", tiny_dataset, "--epochs", 1)
    assert answer.returncode == 0, answer.stderr


@pytest.mark.parametrize(
    "text", ["clip_id\tmp3_path\r\n", "", "\x00\x01", "a,b\n1,2\n", "clip_id\té"]
)
def test_annotations_that_are_none_are_one_sentence(run_script, tmp_path, text):
    (tmp_path / "annotations_final.csv").write_text(text, encoding="latin-1")
    answer = run_script(ONE, "--data", tmp_path)
    assert answer.returncode == 1
    assert len(answer.stderr.strip().splitlines()) == 1
    assert "annotations_final.csv" in answer.stderr
