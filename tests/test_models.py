"""Model files: complete, safe, and refused with a sentence where they are something else."""

import json
import zipfile

import numpy as np
import pytest

pytest.importorskip("keras")
from autotagging.models import architectures, model_folder, prediction


def network():
    return architectures.vgg((8, 4), 2, np.zeros(4), np.ones(4), widths=(4, 4))


def write_run(data, run, start_from, pr_auc):
    folder = model_folder.folder_of(data, run)
    folder.mkdir(parents=True)
    settings = {"seed": 0, "start_from": start_from, "labels": "merged50", "labels_sha256": ""}
    facts = {"settings": settings, "validation": {"pr_auc": pr_auc}, "note": ""}
    (folder / "run.json").write_text(json.dumps(facts))


def test_the_model_file_is_complete_and_safe(tmp_path):
    array = np.random.default_rng(0).standard_normal((5, 8, 4)).astype(np.float16)
    saved = network()
    model_folder.save(
        tmp_path / "model.keras", saved, {"tags": ["a", "é"], "thresholds": [0.1, 0.9]}
    )
    assert [path.name for path in tmp_path.iterdir()] == ["model.keras"]
    loaded, description = model_folder.load(tmp_path / "model.keras")
    assert description == {"tags": ["a", "é"], "thresholds": [0.1, 0.9]}
    rows = np.arange(5)
    np.testing.assert_array_equal(
        prediction.score_clips(loaded, array, rows), prediction.score_clips(saved, array, rows)
    )


def test_a_file_that_is_no_model_is_refused(tmp_path):
    (tmp_path / "model.keras").write_bytes(b"pickle?")
    with pytest.raises(ValueError, match=r"not a model of this project"):
        model_folder.load(tmp_path / "model.keras")
    with pytest.raises(ValueError, match=r"is missing: run 3_train_cnn\.py"):
        model_folder.load(tmp_path / "absent.keras")
    with zipfile.ZipFile(tmp_path / "model.keras", "w") as archive:
        archive.writestr("config.json", "{}")
    with pytest.raises(ValueError, match=r"not a model of this project"):
        model_folder.load_to_start(tmp_path, {})


def test_a_start_of_another_architecture_or_of_other_features_is_refused(tmp_path):
    theirs = {
        "settings": {"architecture": "vgg", "network": {"dropout": 0.5}, "features": "mel96"},
        "feature_settings": {"bands": 4},
    }
    model_folder.save(tmp_path / "model.keras", network(), theirs)
    ours = json.loads(json.dumps(theirs))
    assert model_folder.load_to_start(tmp_path, ours).count_params() == network().count_params()
    ours["feature_settings"]["bands"] = 8
    with pytest.raises(ValueError, match=r"takes other features: extract mel96"):
        model_folder.load_to_start(tmp_path, ours)
    model_folder.save(tmp_path / "best.keras", network(), {"settings": theirs["settings"]})
    with pytest.raises(ValueError, match=r"best.keras is of a run that is not finished"):
        model_folder.load_to_start(tmp_path / "best.keras", ours)
    ours["settings"]["architecture"] = "paper"
    with pytest.raises(ValueError, match=r"another architecture: vgg, not paper"):
        model_folder.load_to_start(tmp_path, ours)


def test_what_a_start_was_worth_is_told_by_the_same_from_scratch(tmp_path):
    write_run(tmp_path, "started", "other abc", 0.5)
    assert "train the same without --start-from" in model_folder.compare_to_scratch(
        tmp_path, "started"
    )
    write_run(tmp_path, "scratch", None, 0.45)
    sentence = model_folder.compare_to_scratch(tmp_path, "started")
    assert sentence.startswith("validation PR-AUC +0.0500 against models/scratch")


@pytest.mark.parametrize("text", ["", "{", "3", '{"settings": {}}'])
def test_a_damaged_run_is_named(tmp_path, text):
    write_run(tmp_path, "run", None, 0.5)
    (model_folder.folder_of(tmp_path, "run") / "run.json").write_text(text)
    with pytest.raises(ValueError, match=r"run.json is damaged: run 3_train_cnn.py --force"):
        model_folder.read_run(tmp_path, "run")
