"""The scripts one after another, as a user runs them."""

import json

import numpy as np
import pandas as pd
import pytest
from conftest import SCRIPTS, run_pipeline, snapshot

from autotagging.labels import label_sets

FIGURES = (
    "features/mel96/waves_spectro_logspectro.png",
    "models/vgg/CNN_architecture.png",
    "models/vgg/training_history.png",
    "results/vgg/Recall.png",
    "results/vgg/accuracy.png",
    "results/vgg/auc_per_tag.png",
    "results/vgg/results.png",
    "results/vgg/roc_pr_curves.png",
    "results/vgg/tag_confusions.png",
    "tag_map/trained/t_SNE.png",
)
PAGES = ("results/vgg/report.html", "tag_map/trained/tag_map.html")


def figures_of(data):
    """Return every figure and page of a dataset: path from there -> content."""
    name = label_sets.find_set(data)
    paths = [*FIGURES, *PAGES, f"labels/{name}/label_distribution.png"]
    return {path: (data / path).read_bytes() for path in paths}


def check_outputs(data):
    """Check that figures, scores, averages and the map are there and fit together."""
    figures = figures_of(data)
    drawn = {path.relative_to(data).as_posix() for path in data.rglob("*.png")}
    assert drawn == {path for path in figures if path.endswith("png")}
    summary = json.loads((data / "results/vgg/summary.json").read_text())
    auc = summary["macro"]["roc_auc"]
    assert 0 <= auc["low"] <= auc["value"] <= auc["high"] <= 1
    table = label_sets.read_labels(data, label_sets.find_set(data))
    scores = np.load(data / "results/vgg/scores.npy")
    assert scores.shape == ((table["split"] != "train").sum(), table.shape[1] - 1)
    folder = data / "tag_map/trained"
    coordinates = pd.read_csv(folder / "coordinates.csv", keep_default_na=False)
    assert set(coordinates["tag"]) <= set(table.columns)
    neighbours = pd.read_csv(folder / "neighbours.csv", keep_default_na=False)
    assert set(neighbours["space"]) == {"words", "annotations", "network"}
    errors = json.loads((folder / "summary.json").read_text())["closeness_of_errors"]
    assert errors["circular"]
    assert errors["errors"] + errors["errors_left_out"] > 0


def test_real_clips_run_through_and_a_second_time_nothing_is_done(run_script, test_data, tmp_path):
    data, raw = tmp_path / "excerpt", test_data / "mtt-excerpt"
    before = snapshot(raw)
    run_pipeline(run_script, data, "--raw", raw, epochs=2)
    check_outputs(data)
    assert snapshot(raw) == before

    written = snapshot(data)
    printed = run_pipeline(run_script, data, "--raw", raw, epochs=2)
    assert all("nothing to do" in text for text in printed.values())
    assert snapshot(data) == written


@pytest.mark.slow
def test_figures_and_pages_that_are_gone_are_made_again_from_the_numbers(run_script, tiny_dataset):
    run_pipeline(run_script, tiny_dataset)
    made = figures_of(tiny_dataset)
    for path in made:
        (tiny_dataset / path).unlink()
    numbers = snapshot(tiny_dataset)
    run_pipeline(run_script, tiny_dataset)
    assert figures_of(tiny_dataset) == made
    assert {k: v for k, v in snapshot(tiny_dataset).items() if k not in made} == numbers


@pytest.mark.slow
def test_audio_still_in_the_archive_runs_through(run_script, test_data, tmp_path):
    data, raw = tmp_path / "archive", test_data / "mtt-archive"
    before = snapshot(raw)
    run_pipeline(run_script, data, "--raw", raw)
    check_outputs(data)
    assert snapshot(raw) == before
    excluded = pd.read_csv(data / "clips/excluded.csv", dtype=str)
    assert excluded.to_dict("records") == [
        {
            "clip_id": "35644",
            "row": "50",
            "file": "6/norine_braun-now_and_zen-08-gently-117-146.mp3",
            "reason": "broken as MagnaTagATune ships it: empty or cut off",
        }
    ]
    assert len(list((data / "clips").glob("*.mp3"))) == 48


@pytest.mark.slow
def test_a_collection_of_ones_own_runs_through(run_script, test_data, tmp_path):
    """Every seventh song of Emotify: paths, artists and 13 tags, no ids and no folders 0-f."""
    raw, data = tmp_path / "raw", tmp_path / "data"
    raw.mkdir()
    (raw / "audio").symlink_to(test_data / "emotify" / "audio")
    lines = (test_data / "emotify" / "annotations.csv").read_text("utf-8").splitlines()
    (raw / "songs.csv").write_text("\n".join([lines[0], *lines[1::7]]) + "\n", "utf-8")
    printed = run_pipeline(run_script, data, "--raw", raw)
    assert "split by artist, none in two parts, seed 0" in printed[1]
    check_outputs(data)
    table = label_sets.read_labels(data, "unmerged13-artists")
    assert {"electronic", "classical", "sadness"} <= set(table.columns)  # no name was changed
    assert "audio-classical-10" in table.index
    clips = pd.read_csv(data / "clips/clips.csv", dtype=str).set_index("clip_id")
    assert clips.loc["audio-classical-10", "artist"] == "Cary Chow"
    parts = table["split"].groupby(clips["artist"][table.index]).nunique()
    assert parts.max() == 1


@pytest.mark.slow
@pytest.mark.parametrize("preset", ["mfcc", "square"])
def test_a_network_is_trained_on_other_features(run_script, tiny_dataset, preset):
    for name, *arguments in [
        (1,),
        (2, "--preset", preset),
        (3, "--features", preset, "--epochs", 1, "--no-refit"),
        (4,),
    ]:
        answer = run_script(SCRIPTS[name], "--data", tiny_dataset, *arguments)
        assert answer.returncode == 0, answer.stderr
    summary = json.loads((tiny_dataset / "results/vgg/summary.json").read_text())
    assert summary["settings"]["features"] == preset


@pytest.mark.slow
def test_broken_audio_is_listed_and_stops_nothing(run_script, tiny_dataset):
    import soundfile

    wav = sorted(tiny_dataset.glob("0/*.wav"))
    wav[0].write_bytes(b"")
    wav[1].write_bytes(b"RIFF and nothing else")
    soundfile.write(sorted(tiny_dataset.glob("2/*.wav"))[0], [np.nan], 16000, subtype="FLOAT")
    (tiny_dataset / "1").rename(tiny_dataset / "elsewhere")
    run_pipeline(run_script, tiny_dataset)
    excluded = pd.read_csv(tiny_dataset / "clips/excluded.csv", dtype=str)
    assert excluded["reason"].value_counts().to_dict() == {
        "the file is absent": 2,
        "the file is empty": 1,
        "the file is a container of audio that neither libsndfile nor FFmpeg can decode: it is "
        "damaged": 1,
    }
    failed = pd.read_csv(tiny_dataset / "features/mel96/failed.csv", dtype=str)
    assert failed["reason"].str.contains("not finite").all()
    assert len(failed) == 1
