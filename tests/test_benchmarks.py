"""Floor, ceiling, literature and cross-validation beside the five scripts."""

import json
import re
import shutil
from dataclasses import replace

import layer_stores
import numpy as np
import pandas as pd
import pytest
from conftest import SCRIPTS, write_tiny_dataset

from autotagging import steps
from autotagging.clips import inventory
from autotagging.features.settings import PRESETS
from autotagging.features.spectrogram import extract_file
from autotagging.formatting import measure
from autotagging.results.scores import ScoredClips
from benchmarks import baseline, machine, published_on_sample


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
    assert table.returncode == 0, table.stderr
    assert "| FCN (Choi 2016) | .9005 | .4295 | none | 2020 | Won 2020 |" in table.stdout
    own = table.stdout.split("\nnone published: 5 merged tags, ")[1]
    summary = steps.read_summary(evaluated / "results" / "vgg")
    values = " | ".join(measure(summary["macro"][auc]["value"]) for auc in ("roc_auc", "pr_auc"))
    assert f"| **vgg** | {values} | none | - | this repository |" in own
    absent = run_script("benchmarks/beside_literature.py", "--data", evaluated, "paper")
    assert absent.returncode == 1
    assert "results/paper is not finished" in absent.stderr


@pytest.mark.slow
def test_a_run_stands_beside_the_literature_tag_by_tag(run_script, evaluated, test_data):
    command = ["benchmarks/tags_in_literature.py", "--data", evaluated]
    command += ["--annotations", test_data / "mtt" / "annotations_final.csv"]
    answer = run_script(*command, "vgg")
    assert answer.returncode == 0, answer.stderr
    per_tag = pd.read_csv(evaluated / "results" / "vgg" / "per_tag.csv", index_col="tag")
    rows = {line.split(" | ")[0]: line for line in answer.stdout.splitlines()}
    for tag, found in {"loud": "loud", "classical": "classical", "classic": "classical"}.items():
        pair = ", ".join(measure(per_tag.loc[found, name]) for name in ("pr_auc", "prevalence"))
        assert rows[f"| {tag}"].endswith(f" | {pair} |")
    assert rows["| rock"].endswith(" | - |")
    assert "vgg: variant none published: 5 merged tags, " in answer.stdout
    assert "clips; 4 of the 50 tags" in answer.stdout
    assert "20 of the 50 tags are synonyms, in 7 groups" in answer.stdout
    absent = run_script(*command, "paper")
    assert absent.returncode == 1
    assert "results/paper is not finished" in absent.stderr


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


@pytest.mark.slow
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
    path = layer_stores.save_backbone(tiny_dataset / "mine.keras", PRESETS["mel96"])
    layer_stores.write_layer_store(tiny_dataset, path, source="mel96")
    head = ["--architecture", "linear", "--features", "layer"]
    answer = run_script(*command[:3], *command[5:], *head)
    assert answer.returncode == 0, answer.stderr
    summary = json.loads((folder.with_name("linear") / "summary.json").read_text())
    assert summary["network"]["roc_auc"][0] > 0.8


def test_reading_word_vectors_is_timed_and_finds_all_tags(run_script):
    answer = run_script("benchmarks/read_word_vectors.py", "--words", 5000)
    assert answer.returncode == 0, answer.stderr
    assert "| 5,000 words, 0.0 GB | seconds |" in answer.stdout
    found, _, tags = answer.stdout.splitlines()[-1].split()[:3]
    assert found == tags


def made_up(y_true, y_score):
    """Return scores of four test clips by four artists: ScoredClips."""
    y_true, y_score = (pd.DataFrame(table, list("abcd")) for table in (y_true, y_score))
    labels = pd.concat([pd.Series("test", y_true.index, name="split"), y_true.astype(bool)], axis=1)
    clips = pd.DataFrame({"artist": y_true.index}, y_true.index)
    return ScoredClips(labels, clips, y_score, pd.Series(0.5, y_score.columns))


def test_tags_are_recognised_here_there_or_nowhere():
    scores = {"rock": [0.1, 0.3, 0.2, 0.4], "male": [0.4, 0.3, 0.2, 0.1]}
    evaluated = {
        "annotated": made_up({"male": [0, 0, 1, 0], "rock": [0, 1, 0, 0]}, scores),
        "true": made_up({"male": [0, 0, 1, 1], "rock": [0, 1, 0, 1]}, scores),
        "trained on the sample": made_up({"rock": [0, 1, 0, 1]}, {"rock": [0.1, 0.2, 0.3, 0.4]}),
        "real": made_up({"rock": [0, 1, 1, 1]}, {"rock": [0.1, 0.2, 0.3, 0.4]}),
    }
    kinds = pd.Series({"male": "voice", "rock": "genre"})
    table = published_on_sample.tabulate_tags(evaluated, kinds)
    titles = ["tag", "kind"]
    titles += ["clips, annotated", "ROC-AUC, annotated", "PR-AUC, annotated"]
    titles += ["clips, true", "ROC-AUC, true", "PR-AUC, true", "ROC-AUC, trained on the sample"]
    assert table.columns.tolist() == [*titles, "clips, real", "ROC-AUC, real"]
    rock = ["rock", "genre", "1", ".667", ".500", "2", "1.000", "1.000", ".750", "3", "1.000"]
    male = ["male", "voice", "1", ".333", ".333", "2", ".000", ".417", "-", "0", "-"]
    assert table.to_numpy().tolist() == [rock, male]  # the best recognised first
    by_kind = published_on_sample.tabulate_kinds(evaluated, kinds).set_index("kind")
    values = by_kind.drop(columns="tags").map(lambda cell: cell.split(" ")[0])
    assert values.loc["all"].tolist() == [".500", ".500", ".750", "1.000"]
    assert values.loc["genre"].tolist() == [".667", "1.000", ".750", "1.000"]
    assert values.loc["voice"].tolist() == [".333", ".000", "-", "-"]
    assert by_kind["tags"].to_dict() == {"all": "2", "genre": "1", "voice": "1"}


@pytest.fixture
def sample(evaluated, tmp_path):
    """Return a copy of the dataset in whose truth loud and quiet are exchanged."""
    data = shutil.copytree(evaluated, tmp_path / "sample")
    header, rows = (data / "annotations_final.csv").read_text().split("\n", 1)
    names = {"loud": "quiet", "quiet": "loud"}
    header = re.sub("loud|quiet", lambda found: names[found[0]], header)
    (data / "truth_final.csv").write_text(f"{header}\n{rows}")
    return data


def test_scores_are_held_against_the_truth_of_the_sample(run_script, sample):
    command = ["benchmarks/published_on_sample.py", "--data", sample, "--run", "vgg"]
    answer = run_script(*command, "--real", sample)
    assert answer.returncode == 0, answer.stderr
    heading, _, *lines = [line.strip("| ").split(" | ") for line in answer.stdout.splitlines()]
    rows = {line[0]: dict(zip(heading, line, strict=True)) for line in lines[:5]}
    loud = {name: float(rows["loud"][f"ROC-AUC, {name}"]) for name in ("annotated", "true", "real")}
    assert loud["true"] == pytest.approx(1 - loud["annotated"], abs=0.001)
    assert loud["real"] == loud["annotated"] != 0.5
    assert rows["high"]["ROC-AUC, true"] == rows["high"]["ROC-AUC, annotated"]
    (sample / "truth_final.csv").unlink()
    absent = run_script(*command)
    assert absent.returncode == 1
    assert "truth_final.csv: No such file" in absent.stderr


def test_networks_of_two_label_sets_do_not_stand_beside_each_other(run_script, sample):
    (labels,) = (sample / "labels").iterdir()
    shutil.copytree(labels, sample / "labels" / "other")
    path = shutil.copytree(sample / "results/vgg", sample / "results/peer") / "summary.json"
    path.write_text(path.read_text().replace(f'"labels": "{labels.name}"', '"labels": "other"'))
    names = ["--run", "vgg", "--within", "peer"]
    refused = run_script("benchmarks/published_on_sample.py", "--data", sample, *names)
    assert refused.returncode == 1
    assert f"results/peer are of label set other, results/vgg of {labels.name}" in refused.stderr


def test_test_data_without_clips_is_refused(tmp_path):
    with pytest.raises(ValueError, match=r"has no mtt-excerpt/.* name the test data"):
        machine.list_clips(tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "arguments", "printed"),
    [
        ("time_tagging", ("--songs", 3, "--jobs", 1), "| 1 | "),
        ("time_engines", ("--rounds", 1, "--batches", 10), "| `mtt-musicnn` | XLA | 10 | "),
        ("time_layer", ("--clips", 2, "--jobs", 1), "| `mtt-musicnn` | "),
    ],
    ids=["tagging", "engines", "layer"],
)
def test_published_networks_are_timed(run_script, test_data, wheel, name, arguments, printed):
    answer = run_script(f"benchmarks/{name}.py", *arguments)
    assert answer.returncode == 0, answer.stderr
    assert f"\n{printed}" in answer.stdout
