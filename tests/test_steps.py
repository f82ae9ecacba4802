"""A step is a folder: when it is finished, when it is refused, what a killed run leaves."""

import json
import shutil
import subprocess
import sys
import zipfile

import filelock
import pandas as pd
import pytest
from conftest import REPOSITORY

from autotagging import files, steps

LABELS = "labels/merged50"


@pytest.fixture
def data(tmp_path):
    """Return a dataset with one table to read."""
    (tmp_path / "data").mkdir()
    (tmp_path / "data/annotations.csv").write_text("path,rock\n")
    return tmp_path / "data"


def step_of(data, settings=None, *, folder=LABELS, inputs=("annotations.csv",)):
    inputs = steps.describe_inputs(data, *(data / name for name in inputs))
    return steps.Step(data / folder, settings or {"top": 50, "seed": 0}, inputs)


def finish(step, *files, **said):
    """Write a step with some files and what its summary says."""
    with steps.writing(step) as summary:
        for file in files:
            (step.folder / file).write_text(file)
        summary.update(said)


def write_store(folder, audio, **settings):
    """Write a store of features whose clips' audio has these checksums."""
    finish(steps.Step(folder, {"bands": 96, **settings}, {}))
    table = pd.DataFrame({"clip_id": audio.keys(), "audio": audio.values()})
    table.to_csv(folder / "clips.csv", index=False)
    return folder


def write_network(path, weights=b"weights", date="2026-01-01"):
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("model.weights.h5", weights)
        archive.writestr("metadata.json", date)
        archive.writestr("autotagging.json", "{}")


def test_a_summary_begins_alike_in_every_folder_and_is_there_last(data):
    step = step_of(data)
    with steps.writing(step) as summary:
        summary["clips"] = 3
        assert not (step.folder / "summary.json").exists()
    summary = json.loads((step.folder / "summary.json").read_text())
    first = ["settings", "inputs", "versions", "git_commit", "seconds"]
    assert list(summary) == [*first, "clips"]
    assert summary["settings"] == {"top": 50, "seed": 0}
    assert list(summary["inputs"]) == ["annotations.csv"]
    assert steps.is_finished(step)


def test_a_folder_without_a_summary_is_not_finished(data):
    step = step_of(data)
    step.folder.mkdir(parents=True)
    (step.folder / "labels.csv").write_text("half")
    assert not steps.is_finished(step)


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"top": 10, "seed": 0}, r"was made with top 50, not 10: run 1_label.*--force, or give"),
        ({"top": 50}, r"with seed 0, not none"),
        ({"top": 50, "seed": 0, "tags_from": "train"}, r"with tags from none, not train"),
    ],
)
def test_other_settings_are_refused_by_name(data, settings, sentence):
    finish(step_of(data))
    with pytest.raises(ValueError, match=sentence):
        steps.is_finished(step_of(data, settings))


def test_an_input_that_changed_came_or_went_is_refused_by_name(data):
    finish(step_of(data))
    (data / "tags.csv").write_text("rock\n")
    with pytest.raises(ValueError, match=r"was made without tags\.csv"):
        steps.is_finished(step_of(data, inputs=("annotations.csv", "tags.csv")))
    with pytest.raises(ValueError, match=r"was made with annotations\.csv"):
        steps.is_finished(step_of(data, inputs=()))
    (data / "annotations.csv").write_text("path,jazz\n")
    with pytest.raises(ValueError, match=r"was made from another annotations\.csv"):
        steps.is_finished(step_of(data))


def test_two_files_from_elsewhere_with_one_name_are_two_inputs(data, tmp_path):
    paths = [tmp_path / folder / "final.csv" for folder in ("scores", "truth")]
    for path in paths:
        path.parent.mkdir()
        path.write_text(path.parent.name)
    inputs = steps.describe_inputs(data, *paths)
    assert list(inputs) == ["../final.csv", "../truth/final.csv"]
    paths[0].write_text("others")
    changed = steps.describe_inputs(data, *paths)
    assert [name for name in inputs if inputs[name] != changed[name]] == ["../final.csv"]


def test_a_file_that_is_touched_is_the_same(data):
    finish(step_of(data))
    content = (data / "annotations.csv").read_text()
    (data / "annotations.csv").unlink()
    (data / "annotations.csv").write_text(content)
    assert steps.is_finished(step_of(data))


def test_what_may_be_replaced_leaves_a_step_unfinished_instead_of_refused(data):
    finish(step_of(data))
    (data / "annotations.csv").write_text("path,rock\na.wav,1\n")
    assert not steps.is_finished(step_of(data), replaceable=["annotations.csv"])


def test_what_decides_a_figure_alone_is_never_refused(data):
    finish(step_of(data, {"top": 50, "figure_tags": ["rock"]}), "three.png", clips=3)
    other = step_of(data, {"top": 50, "figure_tags": ["jazz"]})
    assert not steps.is_finished(other)
    steps.discard_figures(other)
    assert not (other.folder / "three.png").exists()
    assert steps.read_summary(other.folder)["clips"] == 3
    assert steps.is_finished(other)


def test_a_dataset_that_is_moved_stays_finished(data, tmp_path):
    finish(step_of(data))
    moved = shutil.move(data, tmp_path / "elsewhere")
    assert steps.is_finished(step_of(moved))


def test_a_step_that_starts_loses_its_summary_and_then_its_figures_and_pages(data):
    step = step_of(data)
    finish(step, "labels.csv", "map.png", "page.html")
    with steps.writing(step):
        assert sorted(p.name for p in step.folder.iterdir()) == ["labels.csv", steps.LOCK]


def test_a_run_that_fails_between_figures_and_summary_leaves_no_figure_to_the_next(data):
    step = step_of(data)

    def draw_and_fail():
        with steps.writing(step):
            (step.folder / "map.png").write_text("of a run that was killed")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        draw_and_fail()
    assert not steps.is_finished(step)
    finish(step)
    assert not (step.folder / "map.png").exists()


def test_a_network_is_known_by_its_weights_not_by_its_date(data):
    write_network(data / "model.keras")
    step = step_of(data, folder="results/vgg", inputs=["model.keras"])
    finish(step)
    write_network(data / "model.keras", date="2026-02-02")
    assert steps.is_finished(step_of(data, folder="results/vgg", inputs=["model.keras"]))
    write_network(data / "model.keras", weights=b"others")
    with pytest.raises(ValueError, match=r"from another model\.keras"):
        steps.is_finished(step_of(data, folder="results/vgg", inputs=["model.keras"]))


def test_a_network_file_that_is_damaged_is_another(data):
    write_network(data / "model.keras")
    before = steps.describe_inputs(data, data / "model.keras")
    (data / "model.keras").write_bytes((data / "model.keras").read_bytes()[:20])
    assert steps.describe_inputs(data, data / "model.keras") != before


def test_features_are_known_by_their_settings_and_the_audio_of_the_clips_used(data):
    def describe(audio, **settings):
        folder = write_store(data / "features/mel96", audio, **settings)
        return steps.describe_inputs(data, folder, clip_ids=["1", "2"])

    before = describe({"1": "a", "2": "b"})
    assert list(before) == ["features/mel96/"]
    assert describe({"3": "c", "1": "a", "2": "b"}) == before  # clips are added
    assert describe({"1": "a", "2": "b"}, figure_tags=["rock"]) == before
    assert describe({"1": "a", "2": "another"}) != before
    assert describe({"1": "a", "2": "b"}, scale="dB") != before


def test_results_of_inputs_that_changed_since_are_refused_by_name(data):
    folder = write_store(data / "features/mel96", {"1": "a"})
    inputs = steps.describe_inputs(data, data / "annotations.csv", folder, clip_ids=["1"])
    step = steps.Step(data / "results/vgg", {}, inputs)
    finish(step, clips=1)
    assert steps.check_current(data, step.folder, ["1"])["clips"] == 1
    (data / "annotations.csv").write_text("path,jazz\n")
    with pytest.raises(ValueError, match=r"out of date, as annotations\.csv changed.*4_evaluate"):
        steps.check_current(data, step.folder, ["1"])
    (data / "annotations.csv").unlink()  # to save room: what was made of it is still what it is
    assert steps.check_current(data, step.folder, ["1"])
    write_store(data / "features/mel96", {"1": "another"})
    with pytest.raises(ValueError, match="features/mel96/ changed since"):
        steps.check_current(data, step.folder, ["1"])


@pytest.mark.parametrize(
    ("file", "content"), [("manifest.json", "{}"), ("run.json", "{}"), ("summary.json", "{}")]
)
def test_a_folder_of_an_earlier_version_is_told_to_be_made_again(data, file, content):
    step = step_of(data, folder="features/mel96")
    step.folder.mkdir(parents=True)
    (step.folder / file).write_text(content)
    for read in (lambda: steps.is_finished(step), lambda: steps.read_summary(step.folder)):
        with pytest.raises(ValueError, match=r"by an earlier version: run 2_feature.*--force"):
            read()
    finish(step)
    assert [path.name for path in step.folder.iterdir()] == ["summary.json"]


@pytest.mark.parametrize("content", ["", "[", "[1]", "\x00", "3"])
def test_a_damaged_summary_is_one_sentence(data, content):
    step = step_of(data)
    step.folder.mkdir(parents=True)
    (step.folder / "summary.json").write_text(content)
    with pytest.raises(ValueError, match=r"run 1_label.*again with --force"):
        steps.is_finished(step)


def test_a_step_that_is_not_finished_names_its_script_and_what_is_there(data):
    for name in ("paper", "vgg"):
        finish(step_of(data, folder=f"models/{name}"))
    with pytest.raises(ValueError, match=r"fcn is not finished \(there are paper, vgg\): run 3_tr"):
        steps.read_summary(data / "models/fcn")
    (data / "models" / "._vgg").mkdir()
    (data / "models" / "._vgg" / "summary.json").touch()
    assert steps.list_finished(data / "models") == ["paper", "vgg"]


def test_a_table_that_is_gone_or_damaged_names_the_script(data):
    step = step_of(data)
    finish(step)
    for content in (None, b"\xff\xfe\xff", b""):
        if content is not None:
            (step.folder / "labels.csv").write_bytes(content)
        with pytest.raises(ValueError, match=r"labels\.csv is gone or damaged: run 1_label"):
            steps.read_table(step.folder / "labels.csv")


def try_to_lock(folder):
    """Return what another process says that locks a folder."""
    code = "import sys, pathlib; from autotagging import steps\n"
    code += "with steps.locked(pathlib.Path(sys.argv[1])): print('locked')"
    command = [sys.executable, "-c", code, str(folder)]
    return subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)


def test_a_second_run_is_refused_while_the_first_writes(data):
    step = step_of(data)
    with steps.writing(step):
        assert "another run is writing" in try_to_lock(step.folder).stderr
        with steps.locked(step.folder):  # within the same run
            pass
        assert "another run is writing" in try_to_lock(step.folder).stderr
    assert "locked" in try_to_lock(step.folder).stdout


def test_the_lock_of_a_run_that_was_killed_is_free(data):
    folder = data / "models/vgg"
    code = "import os, sys, pathlib; from autotagging import steps\n"
    code += "with steps.locked(pathlib.Path(sys.argv[1])): os.kill(os.getpid(), 9)"
    subprocess.run([sys.executable, "-c", code, str(folder)], cwd=REPOSITORY, check=False)
    assert (folder / steps.LOCK).exists()
    with steps.locked(folder):
        pass
    assert not folder.exists()  # nothing came of it


def test_renewing_pictures_never_leaves_numbers_without_their_summary(data, monkeypatch):
    finish(step_of(data), clips=3)

    def killed(path, text):
        path.with_name("summary.json.part").write_text(text[:10])
        raise KeyboardInterrupt

    monkeypatch.setattr(files, "write_whole", killed)
    with pytest.raises(KeyboardInterrupt):
        steps.discard_figures(step_of(data, {"top": 50, "seed": 0, "figure_tags": None}))
    monkeypatch.undo()
    assert steps.read_summary(data / LABELS)["clips"] == 3


def test_a_step_that_is_discarded_leaves_nothing(data):
    step = step_of(data, folder="models/vgg")
    finish(step, "model.keras")
    (step.folder / "checkpoint").mkdir()
    steps.discard(step.folder)
    assert list((data / "models").iterdir()) == []
    steps.discard(step.folder)  # that there is nothing is no mistake


def test_a_step_that_another_run_is_writing_is_not_discarded(data):
    step = step_of(data, folder="models/vgg")
    finish(step)
    with (
        filelock.FileLock(step.folder / steps.LOCK, is_singleton=False),
        pytest.raises(ValueError, match=r"another run is writing"),
    ):
        steps.discard(step.folder)
    assert steps.is_finished(step)


def test_what_is_left_of_a_discarded_step_is_no_step(data, monkeypatch):
    step = step_of(data, folder="models/vgg")
    finish(step)

    def killed(folder, **_):
        if folder.exists():
            raise KeyboardInterrupt

    monkeypatch.setattr(steps.shutil, "rmtree", killed)
    with pytest.raises(KeyboardInterrupt):
        steps.discard(step.folder)
    assert steps.list_finished(data / "models") == []
    assert not step.folder.exists()


def test_an_input_that_is_gone_names_the_script_that_writes_it(tmp_path):
    gone = tmp_path / "labels" / "merged50" / "tags.csv"
    message = r"tags.csv is gone or damaged: run 1_label_reduction.* --force"
    with pytest.raises(ValueError, match=message):
        steps.describe_inputs(tmp_path, gone)
