"""Cross-validation: no judged clip, and no artist of one, is ever learnt from or stopped by."""

import json
import shutil
import sys
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

pytest.importorskip("keras")
from conftest import clips_of

from autotagging import cli, metrics, steps
from autotagging.clips import annotations
from autotagging.labels import synonyms, tag_choice
from autotagging.labels.folds import folds_by_artist
from autotagging.models import checkpoints, prediction, training
from autotagging.models.training_settings import RECIPES
from benchmarks import baseline, cross_validate

SETTINGS = replace(RECIPES["vgg"], refit=False)


@pytest.fixture
def clips():
    """Return 60 clips whose rows of the store are in another order than the clips."""
    rng = np.random.default_rng(0)
    array, rows = np.zeros((60, 4, 2)), rng.permutation(60)
    return clips_of(array, np.full(60, 4), rows, rng.random((60, 3)) < 0.5)


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
        history = {**dict.fromkeys(checkpoints.COLUMNS, 0.5), "epoch": [1], "kept": [True]}
        history |= {"seconds": [2.0]}
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


def score_fold(folder, clips, folds, fold, seed=1, settings=SETTINGS):
    return cross_validate.score_fold(
        folder, clips, folds, cross_validate.Fold(seed, fold), settings, None
    )


def test_every_clip_is_judged_once_by_a_network_that_heard_nothing_of_its_artist(
    tmp_path, clips, artists, trained, judged
):
    folds = folds_by_artist(artists, 5, seed=1)
    scores = [score_fold(tmp_path, clips, folds, fold) for fold in range(5)]
    order = np.argsort(np.concatenate(folds))
    np.testing.assert_array_equal(np.vstack(scores)[order, 0], clips.rows)
    artist_of = dict(zip(clips.rows.tolist(), artists, strict=True))
    for (_, _, parts), fold in zip(trained, judged, strict=True):
        groups = [parts["train"].rows, parts["validation"].rows, fold.rows]
        assert sum(map(len, groups)) == 60
        learnt, stopped_by, heard = ({artist_of[row] for row in rows} for rows in groups)
        assert not learnt & stopped_by | learnt & heard | stopped_by & heard


def test_a_network_that_is_refit_learns_from_all_other_folds(
    tmp_path, clips, artists, trained, judged
):
    folds = folds_by_artist(artists, 5, seed=1)
    score_fold(tmp_path, clips, folds, 2, settings=replace(SETTINGS, refit=True))
    [(_, _, parts)] = trained
    assert parts.keys() == {"train"}
    expected = np.delete(clips.rows, folds[2])
    assert sorted(parts["train"].rows) == sorted(expected)


def test_labels_go_with_their_clips(tmp_path, clips, artists, trained, judged):
    folds = folds_by_artist(artists, 5, seed=1)
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
        folds = folds_by_artist(artists, 5, seed)
        for fold in range(5):
            score_fold(tmp_path, clips, folds, fold, seed)
    assert [settings.seed for _, settings, _ in trained] == list(range(10))


def test_a_fold_that_was_judged_is_read_again(tmp_path, clips, artists, trained, judged):
    folds = folds_by_artist(artists, 5, seed=1)
    scores = score_fold(tmp_path, clips, folds, 3)
    again = score_fold(tmp_path, clips, folds, 3)
    assert len(trained) == 1
    np.testing.assert_array_equal(again, scores)
    files = ["folds.csv", "history-seed1-fold3.csv", "scores-seed1-fold3.npy"]
    assert sorted(path.name for path in tmp_path.iterdir()) == files


@pytest.mark.parametrize("damage", ["scores cut short", "scores of other clips", "no epochs"])
def test_a_fold_that_is_damaged_is_refused_with_its_remedy(
    tmp_path, clips, artists, trained, judged, damage
):
    folder = tmp_path / "cross_validation" / "vgg"
    folder.mkdir(parents=True)
    folds = folds_by_artist(artists, 5, seed=1)
    score_fold(folder, clips, folds, 3)
    path, name = folder / "scores-seed1-fold3.npy", "scores-seed1-fold3.npy"
    if damage == "scores cut short":
        path.write_bytes(path.read_bytes()[:100])
    elif damage == "scores of other clips":
        np.save(path, np.zeros((2, 2)))
    else:
        name = "history-seed1-fold3.csv"
        (folder / name).write_text("a,b\n1,2\n")
    with pytest.raises(ValueError, match=rf"{name} is gone or damaged: run .*--force"):
        score_fold(folder, clips, folds, 3)


def test_the_table_of_folds_has_a_row_a_fold(tmp_path, clips, artists, trained, judged):
    folds = folds_by_artist(artists, 5, seed=1)
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


def test_tags_of_too_few_clips_are_left_out_and_so_are_clips_without_any_other(capsys):
    table = pd.DataFrame({"many": [1, 1, 0], "rare": [0, 1, 1]}, index=list("abc")).astype(bool)
    table["rare"] &= table.index != "b"
    kept = cross_validate.choose_tags(table, min_positives=2)
    assert kept.columns.tolist() == ["many"]
    assert kept.index.tolist() == ["a", "b"]
    assert "left out, fewer than 2 clips have them: rare" in capsys.readouterr().out
    with pytest.raises(ValueError, match="no tag is on 3 clips: give fewer with --min-positives"):
        cross_validate.choose_tags(table, min_positives=3)


def begin(step):
    checkpoints.begin(step, step.folder, replaceable=cross_validate.REPLACEABLE)


def test_folds_of_other_settings_are_refused_by_name_and_more_seeds_are_not(tmp_path):
    folder = tmp_path / "cross_validation" / "vgg"
    folder.mkdir(parents=True)
    begin(steps.Step(folder, {"seeds": [0], "epochs": 2}, {}))
    begin(steps.Step(folder, {"seeds": [0, 1], "epochs": 2}, {}))
    sentence = r"with epochs 2, not 3: run benchmarks/cross_validate\.py again with --force"
    with pytest.raises(ValueError, match=sentence):
        begin(steps.Step(folder, {"seeds": [0, 1], "epochs": 3}, {}))


def pool_scores(scores, folds):
    """Return scores as they are, in the order of the clips."""
    return np.vstack(scores)[np.argsort(np.concatenate(folds))]


def pool_ranks(scores, folds):
    """Return how high clips are ranked within their folds, in the order of the clips."""
    return metrics.rank_within(pool_scores(scores, folds), folds)


def training_shares(y_true, folds):
    """Return each tag's share of the other folds' clips as the scores of a fold's clips."""
    return [np.tile(np.delete(y_true, fold, axis=0).mean(axis=0), (len(fold), 1)) for fold in folds]


def test_clips_are_ranked_within_their_fold_and_equal_scores_share_their_rank():
    folds = [np.array([1, 4]), np.array([0, 2, 3, 5])]
    scores = [np.array([[0.9, 0], [0.8, 0]]), np.array([[0.1, 0], [0.2, 5], [0.2, 0], [0.3, 0]])]
    ranks = pool_ranks(scores, folds)
    np.testing.assert_array_equal(ranks[[1, 4]], [[0.75, 0.5], [0.25, 0.5]])
    expected = [[0.125, 0.375], [0.5, 0.875], [0.5, 0.375], [0.875, 0.375]]
    np.testing.assert_array_equal(ranks[[0, 2, 3, 5]], expected)


def test_the_scale_of_a_fold_does_not_matter_to_how_its_clips_are_ranked(clips, artists):
    folds = folds_by_artist(artists, 5, seed=0)
    scores = [np.random.default_rng(k).random((len(fold), 3)) for k, fold in enumerate(folds)]
    scaled = [score / (k + 2) + k for k, score in enumerate(scores)]
    ranks = pool_ranks(scores, folds)
    np.testing.assert_array_equal(pool_ranks(scaled, folds), ranks)


def test_scores_without_information_are_at_chance_whatever_the_folds_have(artists):
    folds = folds_by_artist(artists, 5, seed=0)
    y_true = np.random.default_rng(2).random((60, 4)) < 0.4
    y_true[folds[0], 0] = False
    y_true[folds[1], 0] = True
    y_true[folds[2], 1] = False
    y_true[folds[3], 2] = True
    ranks = pool_ranks(training_shares(y_true, folds), folds)
    np.testing.assert_array_equal(metrics.roc_auc(y_true, ranks), 0.5)
    np.testing.assert_allclose(metrics.pr_auc(y_true, ranks), y_true.mean(axis=0), rtol=1e-12)
    rng = np.random.default_rng(3)
    drawn = [
        metrics.roc_auc(y_true, pool_ranks([rng.random((len(f), 4)) for f in folds], folds))
        for _ in range(200)
    ]
    np.testing.assert_allclose(np.mean(drawn, axis=0), 0.5, atol=0.02)


def test_the_mean_of_seeds_is_that_of_ranks_within_the_folds_of_each(artists):
    y_true = np.random.default_rng(2).random((60, 4)) < 0.4
    of_seeds = []
    for seed in (0, 1, 2):
        folds = folds_by_artist(artists, 5, seed)
        of_seeds.append(pool_ranks(training_shares(y_true, folds), folds))
    compared = cross_validate.compare(y_true, of_seeds, of_seeds, artists)
    prevalence = y_true.mean(axis=0).mean()
    expected = {"roc_auc": 0.5, "pr_auc": pytest.approx(prevalence)}
    assert compared["mean_of_seeds"] == expected
    assert compared["network"] == {
        "roc_auc": [0.5] * 3,
        "pr_auc": [pytest.approx(prevalence)] * 3,
    }


def read_emotify(test_data):
    """Return the tags of all songs and their artists."""
    read = annotations.read_annotations(test_data / "emotify" / "annotations.csv")
    return read.tags, read.credits["artist"]


def read_excerpt(test_data):
    """Return the 50 most frequent merged tags of all clips and their artists."""
    folder = test_data / "mtt-excerpt"
    read = annotations.read_annotations(folder / "annotations_final.csv")
    read = annotations.add_clip_info(read, folder / "clip_info_final.csv")
    merged = synonyms.merge_synonyms(read.tags, synonyms.read_synonyms(cli.SYNONYMS))
    return merged[tag_choice.most_frequent(merged, 50)], read.credits["artist"]


@pytest.mark.parametrize(
    ("read", "as_they_are", "without_a_mistake"),
    [
        (read_emotify, (0.376, 0.227), (0.976, 0.933)),
        (read_excerpt, (0.352, 0.106), (0.983, 0.885)),
    ],
    ids=["emotify", "excerpt"],
)
def test_ranked_the_training_share_is_at_chance_on_real_music(
    test_data, read, as_they_are, without_a_mistake
):
    table, artists = read(test_data)
    table = cross_validate.choose_tags(table, min_positives=8)
    y_true, artists = table.to_numpy(), artists[table.index].to_numpy()
    values = {"pooled as they are": [], "ranked": [], "without a mistake": []}
    for seed in (0, 1, 2):
        folds = folds_by_artist(artists, 5, seed)
        shares = training_shares(y_true, folds)
        noise = 0.1 * np.random.default_rng(seed).random(y_true.shape)
        best = [y_true[fold] + noise[fold] for fold in folds]
        pooled = {
            "pooled as they are": pool_scores(shares, folds),
            "ranked": pool_ranks(shares, folds),
            "without a mistake": pool_ranks(best, folds),
        }
        for name, scores in pooled.items():
            values[name].append(list(metrics.averages(y_true, scores)["macro"].values()))
    means = {name: np.mean(value, axis=0) for name, value in values.items()}
    np.testing.assert_allclose(means["pooled as they are"], as_they_are, atol=0.001)
    np.testing.assert_allclose(means["ranked"], [0.5, y_true.mean(axis=0).mean()], rtol=1e-12)
    np.testing.assert_allclose(means["without a mistake"], without_a_mistake, atol=0.005)


@pytest.fixture
def cross_validated(finished_features, tmp_path, monkeypatch, trained):
    """Return a function that cross-validates a copy of the dataset without training; its folder."""
    data = tmp_path / "tiny"
    shutil.copytree(finished_features, data, copy_function=shutil.copy2)
    monkeypatch.setattr(
        baseline, "band_statistics", lambda data, ids, jobs: np.zeros((len(ids), 1))
    )
    monkeypatch.setattr(
        prediction, "score_clips", lambda network, clips: clips.rows[:, None] * np.ones(4)
    )

    def run(*arguments):
        command = ["cross_validate.py", "--data", data, "--min-positives", 14, *arguments]
        monkeypatch.setattr(sys, "argv", list(map(str, command)))
        cross_validate.main(cross_validate.parse_args())

    run.data = data
    return run


def change_csv(path, column, row, value):
    table = pd.read_csv(path, dtype=str, keep_default_na=False)
    table.loc[row, column] = value
    table.to_csv(path, index=False)


def change_artist(data):
    change_csv(data / "clips" / "clips.csv", "artist", 3, "another artist")


def change_label(data):
    change_csv(data / "labels" / "merged5" / "labels.csv", "high", 0, "1")


def change_features(data):
    path = data / "features" / "mel96" / "summary.json"
    summary = json.loads(path.read_text())
    summary["settings"]["f_min"] = 20.0
    path.write_text(json.dumps(summary))


def read_scores(data):
    paths = sorted((data / "cross_validation" / "vgg").glob("*.npy"))
    return {path.name: path.read_bytes() for path in paths}


CHANGES = {
    "clips/": change_artist,
    "labels/merged5/labels.csv": change_label,
    "features/mel96/": change_features,
}


@pytest.mark.parametrize("name", CHANGES)
def test_folds_of_another_artist_label_or_feature_are_not_mixed_with_those_of_before(
    cross_validated, monkeypatch, trained, name
):
    train = training.train

    def train_two(*arguments, **start):
        if len(trained) == 2:
            raise KeyboardInterrupt
        return train(*arguments, **start)

    monkeypatch.setattr(training, "train", train_two)
    with pytest.raises(KeyboardInterrupt):
        cross_validated("--seeds", 0)
    monkeypatch.setattr(training, "train", train)
    CHANGES[name](cross_validated.data)
    before = read_scores(cross_validated.data)
    assert len(before) == 2
    sentence = rf"was begun from (an)?other {name}: run benchmarks/cross_validate\.py .*--force"
    with pytest.raises(ValueError, match=sentence):
        cross_validated("--seeds", 0)
    assert read_scores(cross_validated.data) == before
    assert len(trained) == 2


@pytest.mark.parametrize("name", CHANGES)
def test_no_seed_is_added_to_folds_of_another_artist_label_or_feature(
    cross_validated, trained, name
):
    cross_validated("--seeds", 0)
    cross_validated("--seeds", 0, 1)
    assert [settings.seed for _, settings, _ in trained] == list(range(10))
    CHANGES[name](cross_validated.data)
    before = read_scores(cross_validated.data)
    with pytest.raises(ValueError, match=f"was made from (an)?other {name}: run"):
        cross_validated("--seeds", 0, 1, 2)
    assert read_scores(cross_validated.data) == before
    cross_validated("--seeds", 0, "--force")
    assert sorted(read_scores(cross_validated.data)) == sorted(before)[:5]
    assert len(trained) == 15


def test_averages_of_scores_that_were_pooled_otherwise_are_made_again_from_the_folds(
    cross_validated, trained
):
    cross_validated("--seeds", 0)
    folder = cross_validated.data / "cross_validation" / "vgg"
    fresh = json.loads((folder / "summary.json").read_text())
    for name in ("summary.json", "begun.json"):
        made = json.loads((folder / name).read_text())
        del made["settings"]["pooled"]
        (folder / name).write_text(json.dumps({**made, "network": None}))
    cross_validated("--seeds", 0)
    again = json.loads((folder / "summary.json").read_text())
    assert (again["network"], again["settings"]) == (fresh["network"], fresh["settings"])
    assert len(trained) == 5


@pytest.mark.parametrize("problem", ["gone clip", "too few artists"])
def test_what_the_clips_lack_is_said_before_anything_is_written(cross_validated, problem):
    path = cross_validated.data / "clips" / "clips.csv"
    clips = pd.read_csv(path, dtype=str)
    if problem == "gone clip":
        clips.iloc[1:].to_csv(path, index=False)
        sentence = "clips.csv lacks 1 clips of the label set, the first is 10: make the set again"
    else:
        clips.assign(artist="the only one").to_csv(path, index=False)
        sentence = "5 folds need clips by 5 artists, not 1: add clips by others"
    with pytest.raises(ValueError, match=sentence):
        cross_validated()
    assert not (cross_validated.data / "cross_validation").exists()
