"""Runs: a network is trained and drawn, its thresholds are chosen, and all of it is kept."""

import json
import shutil
import subprocess
import sys
from dataclasses import asdict, replace

import numpy as np
import pandas as pd
import pytest

pytest.importorskip("keras")
from conftest import REPOSITORY, learnable_parts, snapshot

from autotagging import metrics, steps
from autotagging.models import model_folder, prediction, runs, transfer
from autotagging.models.training_settings import RECIPES
from autotagging.thresholds import choose_thresholds

SETTINGS = replace(
    RECIPES["vgg"], chunk_frames=6, epochs=3, repeats=1, steps=9, refit=False, batch_size=8, seed=3
)
REFIT = replace(SETTINGS, refit=True)
DESCRIPTION = {
    "tags": ["loud", "quiet"],
    "feature_settings": {"bands": 4},
    "label_set": "merged50",
    "dataset": "tiny",
    "note": "Synthetic sample",
}

pytestmark = pytest.mark.usefixtures("small_vgg")


def describe_run(folder, settings=SETTINGS, *, labels="a1", seed=None):
    """Return a run, of the mean of several where seeds are a list."""
    made_with = {**asdict(settings), "seed": settings.seed if seed is None else seed}
    step = steps.Step(folder, made_with, {"labels/merged50/labels.csv": labels})
    parts = learnable_parts()
    pictured = {
        f"{tag} ({k})": parts["train"].array[k, :6] for k, tag in enumerate(DESCRIPTION["tags"])
    }
    return runs.Run(step, settings, parts, None, DESCRIPTION, pictured)


@pytest.fixture(scope="module")
def models(small_vgg, tmp_path_factory):
    """Return a folder with runs of two seeds and with their mean."""
    folder = tmp_path_factory.mktemp("data") / "models"
    members = {}
    for seed in (3, 4):
        members[seed] = runs.member_folder(folder / "both", seed)
        runs.train(describe_run(members[seed], replace(SETTINGS, seed=seed)))
    runs.average(describe_run(folder / "both", seed=[3, 4]), members)
    return folder


@pytest.fixture
def run(models, tmp_path):
    """Return a run that is trained."""
    shutil.copytree(models / "both-seed3", tmp_path / "models" / "both-seed3")
    return describe_run(tmp_path / "models" / "both-seed3")


@pytest.fixture
def mean(models, tmp_path):
    """Return a run that is the mean of two."""
    shutil.copytree(models, tmp_path / "models")
    return describe_run(tmp_path / "models" / "both", seed=[3, 4])


def test_a_run_is_a_model_its_history_two_figures_and_a_summary(run):
    assert sorted(path.name for path in run.step.folder.iterdir()) == [
        "CNN_architecture.png",
        "history.csv",
        "model.keras",
        "summary.json",
        "training_history.png",
    ]


def test_the_summary_says_what_was_run_on_what_and_how_well_it_went(run):
    summary = steps.read_summary(run.step.folder)
    network, _ = model_folder.load(run.step.folder / "model.keras")
    history = model_folder.read_history(run.step.folder)
    validation = run.parts["validation"]
    scores = prediction.score_clips(network, validation)
    averages = metrics.averages(validation.y_true, scores)["macro"]
    assert summary["settings"] == json.loads(json.dumps(run.step.settings))
    assert summary["inputs"] == run.step.inputs
    assert summary["clips"] == {"train": 24, "validation": 16, "test": 8}
    assert (summary["epochs"], summary["stopped"]) == (3, "")
    assert (summary["dataset"], summary["note"]) == ("tiny", "Synthetic sample")
    assert summary["weights"] == network.count_params()
    assert summary["validation"] == pytest.approx(averages)
    assert summary["best_epoch"] == history["epoch"][history["kept"]].item()


def test_the_model_file_has_thresholds_that_are_chosen_on_the_validation_clips(run):
    network, description = model_folder.load(run.step.folder / "model.keras")
    validation = run.parts["validation"]
    scores = prediction.score_clips(network, validation)
    thresholds = choose_thresholds(validation.y_true, scores)
    np.testing.assert_allclose(description["thresholds"], thresholds, rtol=1e-5)
    assert description["settings"]["architecture"] == "vgg"
    assert {key: description[key] for key in DESCRIPTION} == DESCRIPTION


def test_training_says_what_is_trained_and_how_well_it_went(tmp_path, capsys):
    run = describe_run(tmp_path / "models" / "mine", replace(SETTINGS, epochs=1))
    run.parts["validation"].y_true[:, 1] = False
    runs.train(run)
    printed = capsys.readouterr().out
    assert "training mine: vgg, 2 tags, 24 training and 16 validation clips" in printed
    assert "left out of the averages over validation clips: on no clip 1 tag (quiet)" in printed
    assert "mine, best epoch 1 of 1: validation macro ROC-AUC" in printed


def test_training_and_evaluation_leave_out_the_same_tags(tmp_path, capsys):
    run = describe_run(tmp_path / "models" / "mine", replace(SETTINGS, epochs=1))
    clips = run.parts["validation"]
    clips.y_true[:, 1] = True
    runs.train(run)
    printed = capsys.readouterr().out
    assert "left out of the averages over validation clips: on every clip 1 tag (quiet)" in printed
    folder = run.step.folder
    scores = prediction.score_clips(model_folder.load(folder / model_folder.FILE)[0], clips)
    expected = metrics.pr_auc(clips.y_true[:, :1], scores[:, :1]).item()
    assert model_folder.read_history(folder)["validation_pr_auc"].item() == pytest.approx(expected)
    assert steps.read_summary(folder)["validation"]["pr_auc"] == pytest.approx(expected)


def test_training_says_what_chooses_the_epoch_where_validation_judges_no_tag(tmp_path, capsys):
    run = describe_run(tmp_path / "models" / "mine", replace(SETTINGS, epochs=2))
    run.parts["validation"].y_true[:] = [True, False]
    runs.train(run)
    printed = capsys.readouterr().out
    assert "(loud); no tag is left: the epoch with the lowest validation loss" in printed
    assert steps.read_summary(run.step.folder)["validation"] == {"roc_auc": None, "pr_auc": None}


def test_a_run_that_is_there_is_done(run, capsys):
    before = snapshot(run.step.folder)
    assert runs.is_done(run)
    assert "models/both-seed3 is up to date" in capsys.readouterr().out
    assert snapshot(run.step.folder) == before


def test_a_run_that_is_not_there_is_not_done(tmp_path):
    assert not runs.is_done(describe_run(tmp_path / "models" / "mine"))


def test_a_run_of_other_settings_is_refused_by_name(run):
    before = snapshot(run.step.folder)
    settings = replace(SETTINGS, epochs=9, augment=())
    sentence = r'with augment \["mixup"\], not \[\]; with epochs 3, not 9: .* --force, or .* --name'
    with pytest.raises(ValueError, match=sentence):
        runs.is_done(describe_run(run.step.folder, settings))
    assert snapshot(run.step.folder) == before


def test_a_run_on_other_labels_is_refused_by_name(run):
    with pytest.raises(ValueError, match=r"from another labels/merged50/labels\.csv"):
        runs.is_done(describe_run(run.step.folder, labels="a2"))


@pytest.mark.parametrize("name", ["CNN_architecture.png", "training_history.png"])
def test_a_missing_figure_is_drawn_again_and_nothing_else(run, name):
    folder = run.step.folder
    figure, before = (folder / name).read_bytes(), snapshot(folder)
    (folder / name).unlink()
    assert runs.is_done(run)
    assert (folder / name).read_bytes() == figure
    assert {**snapshot(folder), name: before[name]} == before


def test_a_run_killed_before_its_summary_ends_with_the_same_weights(run, tmp_path, monkeypatch):
    def interrupt(_):
        raise KeyboardInterrupt

    again = describe_run(tmp_path / "models" / "again")
    with monkeypatch.context() as patch:
        patch.setattr(runs, "draw", interrupt)
        with pytest.raises(KeyboardInterrupt):
            runs.train(again)
    assert not runs.is_done(again)
    runs.train(again)
    assert not (again.step.folder / "checkpoint").exists()
    networks = [model_folder.load(r.step.folder / "model.keras")[0] for r in (run, again)]
    for one, other in zip(*(network.get_weights() for network in networks), strict=True):
        np.testing.assert_array_equal(one, other)


def test_what_a_killed_run_left_of_its_checkpoint_is_removed(run):
    removed = run.step.folder / ".checkpoint.removed"
    removed.mkdir()
    (removed / "last.keras").touch()
    assert runs.is_done(run)
    assert not removed.exists()


def begin_anew(run, monkeypatch):
    """Begin a finished run anew, and interrupt it after its first epoch."""

    def interrupt(*_):
        raise KeyboardInterrupt

    runs.begin(run, anew=True)
    with monkeypatch.context() as patch:
        patch.setattr(runs.training, "_report_epoch", interrupt)
        with pytest.raises(KeyboardInterrupt):
            runs.train(run)


def test_a_run_that_is_trained_anew_keeps_its_network_until_the_new_one_is_there(
    run, monkeypatch, capsys
):
    before = snapshot(run.step.folder)
    again = describe_run(run.step.folder, replace(SETTINGS, seed=7))
    begin_anew(again, monkeypatch)
    after = snapshot(run.step.folder)
    assert {name: after[name] for name in before} == before
    assert runs.is_done(run)  # the one that was there
    assert not runs.is_done(again)
    runs.train(again)
    assert "resuming the interrupted run after epoch 1" in capsys.readouterr().out
    assert steps.read_summary(run.step.folder)["settings"]["seed"] == 7
    assert not (run.step.folder / "checkpoint").exists()
    assert runs.is_done(again)


def test_a_run_does_not_start_from_the_network_that_it_replaces(run):
    before = snapshot(run.step.folder)
    source = transfer.Source(run.step.folder / "model.keras", None, {}, set())
    with pytest.raises(ValueError, match=r"would start from itself, .* another --name"):
        runs.begin(replace(run, source=source), anew=True)
    assert snapshot(run.step.folder) == before


@pytest.mark.parametrize(("refit", "judging"), [(False, "validation"), (True, "training and ")])
def test_a_run_does_not_start_from_a_network_that_has_heard_its_judges(tmp_path, refit, judging):
    run = describe_run(tmp_path / "models" / "mine", replace(SETTINGS, refit=refit))
    heard = set(transfer.list_heard(run.parts["validation"].audio))
    run = replace(run, source=transfer.Source(tmp_path / "a.keras", None, {"dataset": "x"}, heard))
    with pytest.raises(ValueError, match=rf"was trained on 16 of \d+ {judging}.* --allow-heard"):
        runs.begin(run, anew=True)
    assert not run.step.folder.exists()
    runs.begin(run, anew=True, allow_heard=True)
    assert (run.step.folder / "checkpoint" / "begun.json").exists()


def test_two_trainings_do_not_write_one_run(run):
    before = snapshot(run.step.folder)
    other = subprocess.Popen(
        [sys.executable, "-c", HOLD, run.step.folder],
        cwd=REPOSITORY,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    with other:
        assert other.stdout.readline()
        for act in (lambda: runs.begin(run, anew=True), lambda: runs.train(run)):
            with pytest.raises(ValueError, match=r"another run is writing .*both-seed3"):
                act()
        other.stdin.close()
    assert snapshot(run.step.folder) == before


HOLD = """
import sys
from pathlib import Path
from autotagging import steps
with steps.locked(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture(scope="module")
def refit_models(small_vgg, tmp_path_factory):
    """Return a folder with runs of two seeds that were refit, and with their mean."""
    folder, members = tmp_path_factory.mktemp("data") / "models", {}
    for seed in (3, 4):
        members[seed] = runs.member_folder(folder / "both", seed)
        runs.train(describe_run(members[seed], replace(REFIT, seed=seed)))
    runs.average(describe_run(folder / "both", REFIT, seed=[3, 4]), members)
    return folder


def test_a_network_that_is_refit_learns_from_all_clips_and_keeps_its_last_epoch(refit_models):
    folder = refit_models / "both-seed3"
    assert not (folder / "checkpoint").exists()
    history = model_folder.read_history(folder)
    assert history["training_clips"].tolist() == [40, 40, 40]
    assert history["kept"].tolist() == [False, False, True]
    assert history["validation_pr_auc"].between(0, 1).all()
    assert (folder / "training_history.png").exists()
    summary = steps.read_summary(folder)
    assert summary["best_epoch"] == 3
    assert summary["seconds"] > summary["seconds_of_folds"] > 0
    assert summary["judged_by"] == "out-of-fold scores of training and validation clips"
    _, description = model_folder.load(folder / "model.keras")
    assert len(description["trained_on"]) == 40


def test_thresholds_of_a_network_that_is_refit_come_from_scores_of_clips_held_out(refit_models):
    run = describe_run(refit_models / "both-seed3", REFIT)
    folds = run.list_folds(3)
    assert sorted(np.concatenate(folds)) == list(range(40))
    clips = run.learnt_clips
    scores = np.load(run.step.folder / "out_of_fold.npy")
    network, description = model_folder.load(run.step.folder / "model.keras")
    expected = choose_thresholds(clips.y_true, scores)
    np.testing.assert_allclose(description["thresholds"], expected, rtol=1e-5)
    assert not np.allclose(scores, prediction.score_clips(network, clips), atol=1e-3)
    ranked = metrics.rank_within(scores, folds)
    summary = steps.read_summary(run.step.folder)
    assert summary["validation"] == pytest.approx(metrics.averages(clips.y_true, ranked)["macro"])


def test_no_clip_is_scored_by_a_network_that_has_heard_its_artist(tmp_path, monkeypatch):
    heard = []

    def note(folder, name, settings, parts, judged, *, start):
        heard.append({*parts["train"].artists} & {*judged.artists})
        assert {*parts["train"].rows} | {*judged.rows} == set(range(40))
        history = {key: [0.5] for key in (*runs.training.VALIDATION, "seconds")}
        return np.zeros(judged.y_true.shape), pd.DataFrame(history)

    monkeypatch.setattr(runs.held_out, "score_fold", note)
    runs._score_out_of_fold(describe_run(tmp_path / "models" / "mine", REFIT))
    assert heard == [set()] * 5


@pytest.mark.parametrize(("n_artists", "n_folds"), [(20, 5), (3, 3), (1, 5)])
def test_folds_are_as_many_as_artists_allow(tmp_path, n_artists, n_folds):
    run = describe_run(tmp_path / "models" / "mine", REFIT)
    for clips in run.parts.values():
        clips.artists[:] = [f"artist {k % n_artists}" for k in range(len(clips))]
    folds = run.list_folds(0)
    assert len(folds) == n_folds
    assert sorted(np.concatenate(folds)) == list(range(40))


def test_the_mean_of_networks_that_are_refit_has_the_mean_of_their_out_of_fold_scores(refit_models):
    names = ("both-seed3", "both-seed4", "both")
    one, two, mean = (np.load(refit_models / name / "out_of_fold.npy") for name in names)
    np.testing.assert_allclose(mean, (one + two) / 2, rtol=1e-6)
    assert runs.is_done(describe_run(refit_models / "both", REFIT, seed=[3, 4]))


def test_a_refit_that_is_interrupted_ends_with_the_same_network(
    refit_models, tmp_path, monkeypatch
):
    def interrupt(*_):
        raise KeyboardInterrupt

    again = describe_run(tmp_path / "models" / "again", REFIT)
    runs.begin(again, anew=False)
    score, calls = runs.held_out.score_fold, []

    def interrupt_third(*arguments, **options):
        calls.append(arguments)
        return interrupt() if len(calls) == 3 else score(*arguments, **options)

    with monkeypatch.context() as patch:
        patch.setattr(runs.held_out, "score_fold", interrupt_third)
        with pytest.raises(KeyboardInterrupt):
            runs.train(again)
    trained = runs.training.train
    with monkeypatch.context() as patch:
        patch.setattr(
            runs.training, "train", lambda *a, **k: calls.append("train") or trained(*a, **k)
        )
        runs.train(again)
    assert calls.count("train") == 4  # three folds that were missing, and all clips
    folders = refit_models / "both-seed3", again.step.folder
    networks = [model_folder.load(folder / "model.keras")[0] for folder in folders]
    for one, other in zip(*(network.get_weights() for network in networks), strict=True):
        np.testing.assert_array_equal(one, other)


def test_training_that_stops_early_says_why(tmp_path, monkeypatch, capsys):
    def find_no_better(network, clips):
        scores = dict.fromkeys(("validation_loss", "validation_roc_auc"), 0.5)
        return {**scores, "validation_pr_auc": 0.5}

    monkeypatch.setattr(runs.training, "_validate", find_no_better)
    run = describe_run(tmp_path / "models" / "mine", replace(SETTINGS, patience=1, keep_from=0.0))
    runs.train(run)
    assert "stopped: no better epoch in 1" in capsys.readouterr().out
    summary = steps.read_summary(run.step.folder)
    assert (summary["stopped"], summary["epochs"]) == ("no better epoch in 1", 2)


def test_the_mean_of_several_scores_as_their_mean(mean):
    folder, validation = mean.step.folder, mean.parts["validation"]
    scores = {}
    for name in ("both", "both-seed3", "both-seed4"):
        network, description = model_folder.load(folder.with_name(name) / "model.keras")
        scores[name] = prediction.score_clips(network, validation)
        thresholds = choose_thresholds(validation.y_true, scores[name])
        np.testing.assert_allclose(description["thresholds"], thresholds, rtol=1e-5)
    expected = (scores["both-seed3"] + scores["both-seed4"]) / 2
    np.testing.assert_allclose(scores["both"], expected, atol=1e-5)
    assert not np.allclose(scores["both-seed3"], scores["both-seed4"], atol=1e-3)


def test_the_mean_of_several_names_them_and_has_the_epochs_of_all(mean):
    summary = steps.read_summary(mean.step.folder)
    assert summary["members"] == ["both-seed3", "both-seed4"]
    assert summary["settings"]["seed"] == [3, 4]
    history = model_folder.read_history(mean.step.folder)
    epochs = [[seed, epoch] for seed in (3, 4) for epoch in (1, 2, 3)]
    assert history[["seed", "epoch"]].to_numpy().tolist() == epochs


def test_a_mean_that_is_there_is_done_and_one_of_other_seeds_is_refused(mean):
    assert runs.is_done(mean)
    with pytest.raises(ValueError, match=r"with seed \[3, 4\], not \[3, 4, 5\]"):
        runs.is_done(describe_run(mean.step.folder, seed=[3, 4, 5]))


def test_of_a_mean_the_first_network_is_drawn(mean):
    figure = mean.step.folder / "CNN_architecture.png"
    assert (
        figure.read_bytes() == (mean.step.folder.with_name("both-seed3") / figure.name).read_bytes()
    )
