"""Cross-validation: no judged clip, and no artist of one, is ever learnt from or stopped by."""

import numpy as np
import pandas as pd
import pytest

pytest.importorskip("keras")
from autotagging import steps
from autotagging.models import prediction, training
from autotagging.models.batches import LabelledClips
from autotagging.models.training_settings import RECIPES
from benchmarks import cross_validate

SETTINGS = RECIPES["vgg"]


@pytest.fixture
def clips():
    """Return 60 clips whose rows of the store are in another order than the clips."""
    rng = np.random.default_rng(0)
    array, rows = np.zeros((60, 4, 2)), rng.permutation(60)
    return LabelledClips(array, np.full(60, 4), rows, rng.random((60, 3)) < 0.5)


@pytest.fixture
def artists():
    return np.random.default_rng(1).integers(12, size=60).astype(str)


@pytest.fixture
def trained(monkeypatch):
    """Let nothing be trained; return a list of the step, settings and parts that would have."""
    tasks = []

    def train(step, settings, parts, *, start):
        step.folder.mkdir()
        tasks.append((step, settings, parts))
        history = {"epoch": [1], "kept": [True], "seconds": [2.0]}
        history |= {"training_clips": [10], "training_seconds": [1.0]}
        return None, pd.DataFrame(history), ""

    monkeypatch.setattr(training, "train", train)
    return tasks


@pytest.fixture
def judged(monkeypatch):
    """Let each clip score its row; return a list of the clips of each fold."""
    folds = []

    def score_clips(network, clips):
        folds.append(clips)
        return np.tile(clips.rows[:, None], 3)

    monkeypatch.setattr(prediction, "score_clips", score_clips)
    return folds


def score_fold(folder, clips, folds, fold, seed=1):
    return cross_validate.score_fold(
        folder, clips, folds, cross_validate.Fold(seed, fold), SETTINGS, None
    )


def test_every_clip_is_judged_once_by_a_network_that_heard_nothing_of_its_artist(
    tmp_path, clips, artists, trained, judged
):
    folds = cross_validate.split(artists, seed=1)
    scores = [score_fold(tmp_path, clips, folds, fold) for fold in range(5)]
    order = np.argsort(np.concatenate(folds))
    np.testing.assert_array_equal(np.vstack(scores)[order, 0], clips.rows)
    artist_of = dict(zip(clips.rows.tolist(), artists, strict=True))
    for (_, _, parts), fold in zip(trained, judged, strict=True):
        groups = [parts["train"].rows, parts["validation"].rows, fold.rows]
        assert sum(map(len, groups)) == 60
        learnt, stopped_by, heard = ({artist_of[row] for row in rows} for rows in groups)
        assert not learnt & stopped_by | learnt & heard | stopped_by & heard


def test_labels_go_with_their_clips(tmp_path, clips, artists, trained, judged):
    folds = cross_validate.split(artists, seed=1)
    for fold in range(5):
        score_fold(tmp_path, clips, folds, fold)
    places = np.argsort(clips.rows)
    for _, _, parts in trained:
        for part in parts.values():
            np.testing.assert_array_equal(part.y_true, clips.y_true[places[part.rows]])


def test_each_fold_of_each_seed_is_trained_with_a_seed_of_its_own(
    tmp_path, clips, artists, trained, judged
):
    for seed in (0, 1):
        folds = cross_validate.split(artists, seed)
        for fold in range(5):
            score_fold(tmp_path, clips, folds, fold, seed)
    assert [settings.seed for _, settings, _ in trained] == list(range(10))


def test_a_fold_that_was_judged_is_read_again(tmp_path, clips, artists, trained, judged):
    folds = cross_validate.split(artists, seed=1)
    scores = score_fold(tmp_path, clips, folds, 3)
    again = score_fold(tmp_path, clips, folds, 3)
    assert len(trained) == 1
    np.testing.assert_array_equal(again, scores)
    files = ["folds.csv", "scores-seed1-fold3.npy"]
    assert sorted(path.name for path in tmp_path.iterdir()) == files


def test_the_table_of_folds_has_a_row_a_fold(tmp_path, clips, artists, trained, judged):
    folds = cross_validate.split(artists, seed=1)
    for fold in (0, 1, 1):
        (tmp_path / "scores-seed1-fold1.npy").unlink(missing_ok=True)  # as if it had been killed
        score_fold(tmp_path, clips, folds, fold)
    table = pd.read_csv(tmp_path / "folds.csv")
    assert table.to_dict("list") == {
        "seed": [1, 1],
        "fold": [0, 1],
        "epochs": [1, 1],
        "best_epoch": [1, 1],
        "seconds": [2.0, 2.0],
        "clips_per_second": [10.0, 10.0],
    }


def test_too_few_artists_are_refused():
    with pytest.raises(ValueError, match="4 artists are too few for 5 folds"):
        cross_validate.split(np.array(list("abcda")), seed=0)


def test_tags_of_too_few_clips_are_left_out_and_so_are_clips_without_any_other(capsys):
    table = pd.DataFrame({"many": [1, 1, 0], "rare": [0, 1, 1]}, index=list("abc")).astype(bool)
    table["rare"] &= table.index != "b"
    kept = cross_validate.choose_tags(table, min_positives=2)
    assert kept.columns.tolist() == ["many"]
    assert kept.index.tolist() == ["a", "b"]
    assert "left out, fewer than 2 clips have them: rare" in capsys.readouterr().out
    with pytest.raises(ValueError, match="no tag is on 3 clips: give fewer with --min-positives"):
        cross_validate.choose_tags(table, min_positives=3)


def test_folds_of_other_settings_are_refused_by_name_and_more_seeds_are_not(tmp_path):
    folder = tmp_path / "cross_validation" / "vgg"
    folder.mkdir(parents=True)
    cross_validate.begin(steps.Step(folder, {"seeds": [0], "epochs": 2}, {}))
    cross_validate.begin(steps.Step(folder, {"seeds": [0, 1], "epochs": 2}, {}))
    sentence = r"with epochs 2, not 3: run benchmarks/cross_validate\.py again with --force"
    with pytest.raises(ValueError, match=sentence):
        cross_validate.begin(steps.Step(folder, {"seeds": [0, 1], "epochs": 3}, {}))
