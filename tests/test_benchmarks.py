"""Floor, ceiling, literature and cross-validation beside the five scripts."""

import json
from dataclasses import replace

import numpy as np
import pytest
from conftest import SCRIPTS, write_tiny_dataset

from autotagging import steps
from autotagging.clips import inventory
from autotagging.features.spectrogram import extract_file
from autotagging.formatting import measure
from benchmarks import baseline, beside_literature


@pytest.fixture(scope="module")
def evaluated(run_script, tmp_path_factory):
    """Return the folder of a small dataset on which a network is trained and evaluated."""
    data = write_tiny_dataset(tmp_path_factory.mktemp("data") / "tiny")
    for name, *arguments in [(1,), (2,), (3, "--epochs", 1, "--no-refit"), (4,)]:
        answer = run_script(SCRIPTS[name], "--data", data, *arguments)
        assert answer.returncode == 0, answer.stderr
    return data


def test_results_stand_beside_the_floor_and_the_literature(run_script, evaluated):
    floor = run_script("benchmarks/floor_and_ceiling.py", "--data", evaluated)
    assert floor.returncode == 0, floor.stderr
    lines = floor.stdout.splitlines()
    assert lines[0].startswith("floor    test")
    # The tags of tones are plain to see in the mean spectrum.
    assert float(lines[0].split("ROC-AUC ")[1].split(",")[0]) > 0.8
    table = run_script("benchmarks/beside_literature.py", "--data", evaluated, "vgg")
    assert "| FCN (Choi 2016; Won 2020) | .9005 | .4295 | B |" in table.stdout
    assert "**vgg**, this repository" in table.stdout
    assert "none published: 5 merged tags, 24/2/6 clips" in table.stdout
    absent = run_script("benchmarks/beside_literature.py", "--data", evaluated, "paper")
    assert absent.returncode == 1
    assert "results/paper is not finished" in absent.stderr


@pytest.mark.parametrize(
    ("n_tags", "variant"), [(50, "B"), (30, "none published: 30 unmerged tag")]
)
def test_an_average_over_fewer_tags_is_of_no_published_variant(tmp_path, n_tags, variant):
    results, labels = tmp_path / "results/some", tmp_path / "labels/unmerged50"
    with steps.writing(steps.Step(labels, {"merge": False}, {})):
        pass
    with steps.writing(steps.Step(results, {"labels": "unmerged50"}, {})) as summary:
        auc = {"value": 0.9}
        summary.update(clips={"train": 15247, "validation": 1529, "test": 4332}, model={})
        summary.update(macro={"roc_auc": auc, "pr_auc": auc}, scores_file="some.csv")
        summary["rows"] = {"test": {"tags": n_tags}}
    assert beside_literature.row_of(tmp_path, "some")["variant"].startswith(variant)


def test_the_memory_of_a_store_is_measured_without_any_audio(run_script):
    answer = run_script("benchmarks/memory_of_a_store.py", "--clips", 50)
    assert answer.returncode == 0, answer.stderr
    assert [line.split(" |")[0] for line in answer.stdout.splitlines()[-2:]] == [
        "| written",
        "| run again",
    ]


def test_the_floor_is_learnt_from_sound_alone(evaluated):
    clips = inventory.read_clips(evaluated)
    x = baseline.band_statistics(evaluated, clips.index[:3], jobs=1)
    assert x.shape == (3, 96)
    for file, statistics in zip(clips["file"][:3], x, strict=True):
        sound, _ = extract_file(evaluated / file, replace(baseline.MEL48, seconds=1.0))
        sound = sound.astype(float)
        expected = np.concatenate([sound.mean(axis=0), sound.std(axis=0)])
        np.testing.assert_allclose(statistics, expected, atol=0.05)


def test_clips_that_are_cut_short_stand_beside_whole_ones(run_script, evaluated):
    answer = run_script("benchmarks/short_clips.py", "--data", evaluated, "--seconds", 1, 0.5)
    assert answer.returncode == 0, answer.stderr
    heading, _, *rows = answer.stdout.splitlines()
    summary = steps.read_summary(evaluated / "results" / "vgg")
    assert heading == "| 6 test clips | macro ROC-AUC | macro PR-AUC |"
    names = [row.split("|")[1].strip() for row in rows]
    assert names[:3] == ["whole", "1 s", "1 s, padding scored as sound"]
    assert names[3:] == ["0.5 s", "0.5 s, padding scored as sound"]
    values = " | ".join(measure(summary["macro"][auc]["value"]) for auc in ("roc_auc", "pr_auc"))
    assert rows[0] == f"| whole | {values} |"
    assert rows[1] == f"| 1 s | {values} |"  # that long they are
    absent = run_script("benchmarks/short_clips.py", "--data", evaluated, "--model", "paper")
    assert absent.returncode == 1
    assert "models/paper is not finished" in absent.stderr


def test_a_network_is_cross_validated_beside_the_floor(run_script, tiny_dataset):
    for number in (1, 2):
        assert run_script(SCRIPTS[number], "--data", tiny_dataset).returncode == 0
    command = ["benchmarks/cross_validate.py", "--data", tiny_dataset, "--epochs", 2]
    command += ["--seeds", 0, "--min-positives", 14]
    answer = run_script(*command)
    assert answer.returncode == 0, answer.stderr
    assert "left out, fewer than 14 clips have them: classical" in answer.stdout
    folder = tiny_dataset / "cross_validation" / "vgg"
    scores = sorted(path.name for path in folder.glob("*.npy"))
    assert scores == [f"scores-seed0-fold{k}.npy" for k in range(5)]
    summary = json.loads((folder / "summary.json").read_text())
    assert summary["floor"]["roc_auc"][0] > 0.9  # tones are plain to see in the mean spectrum
    low, high = summary["interval"]["roc_auc"]
    difference = summary["network"]["roc_auc"][0] - summary["floor"]["roc_auc"][0]
    assert low <= difference <= high
    for name in ("summary.json", "scores-seed0-fold3.npy"):  # as if it had been killed
        (folder / name).unlink()
    again = run_script(*command)
    assert again.stdout.splitlines()[:4] == answer.stdout.splitlines()[:4]
    refused = run_script(*command, "--learning-rate", 1)
    assert refused.returncode == 1
    assert "with learning rate 0.002, not 1" in refused.stderr


def test_reading_word_vectors_is_timed_and_finds_all_tags(run_script):
    answer = run_script("benchmarks/read_word_vectors.py", "--words", 5000)
    assert answer.returncode == 0, answer.stderr
    assert "| 5,000 words, 0.0 GB | seconds |" in answer.stdout
    found, _, tags = answer.stdout.splitlines()[-1].split()[:3]
    assert found == tags
