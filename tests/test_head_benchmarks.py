"""Cross-validated heads side by side: the same clips, the interval of each difference, mixtures."""

import shutil
import sys
from dataclasses import replace

import layer_stores
import numpy as np
import pandas as pd
import pytest

pytest.importorskip("keras")
from conftest import clips_of

from autotagging import metrics, steps
from autotagging.clips import inventory
from autotagging.features import feature_store
from autotagging.formatting import difference, measure
from autotagging.labels import label_sets
from autotagging.labels.folds import folds_by_artist
from autotagging.models import batches, linear_solver, prediction
from autotagging.models.training_settings import RECIPES
from benchmarks import baseline, compare_cross_validations, cross_validate, judgement, pooling

SET = "merged5"
MIN_POSITIVES = 14  # of the five tags four are on as many clips


@pytest.fixture
def data(finished_features, tmp_path):
    """Return a copy of it with two cross-validations of two seeds: "good" and "bad"."""
    folder = tmp_path / "tiny"
    shutil.copytree(finished_features, folder, copy_function=shutil.copy2)
    write_cross_validation(folder, "bad", knowledge=0.1)
    write_cross_validation(folder, "good", knowledge=0.6)
    return folder


def read_judges(data, min_positives=MIN_POSITIVES):
    """Return the tags of the clips and their artists."""
    table = label_sets.read_labels(data, SET).drop(columns="split")
    y_true = cross_validate.choose_tags(table, min_positives)
    return y_true, inventory.read_clips(data)["artist"][y_true.index]


def write_cross_validation(data, name, *, knowledge, seeds=(0, 1), min_positives=MIN_POSITIVES):
    """Write scores that know something of the labels, as the cross-validation keeps them."""
    y_true, artists = read_judges(data, min_positives)
    folder = data / "cross_validation" / name
    chosen = {"labels": SET, "min_positives": min_positives, "seeds": list(seeds)}
    chosen |= {"features": "mel96"}
    read = [label_sets.labels_path(data, SET), inventory.folder_of(data)]
    read += [feature_store.folder_of(data, "mel96")]
    inputs = steps.describe_inputs(data, *read, clip_ids=y_true.index)
    with steps.writing(steps.Step(folder, chosen, inputs)):
        rng = np.random.default_rng(len(name))
        for seed in seeds:
            for number, fold in enumerate(folds_by_artist(artists, 5, seed)):
                noise = rng.random((len(fold), y_true.shape[1]))
                # folds have scales of their own, which ranks do without
                scores = number + knowledge * y_true.to_numpy()[fold] + noise
                np.save(folder / f"scores-seed{seed}-fold{number}.npy", scores)
        rows = {"seed": np.repeat(seeds, 5), "seconds": np.repeat(10.0 + np.array(seeds), 5)}
        pd.DataFrame(rows).to_csv(folder / "folds.csv", index=False)


@pytest.fixture
def compare(data, monkeypatch, capsys):
    """Return a function that compares cross-validations; it returns the rows of the table."""

    def run(*arguments):
        command = ["compare_cross_validations.py", "--data", data, *arguments]
        monkeypatch.setattr(sys, "argv", list(map(str, command)))
        compare_cross_validations.main(compare_cross_validations.parse_args())
        lines = [line for line in capsys.readouterr().out.splitlines() if line.startswith("| ")]
        header, _, *rows = [[cell.strip() for cell in line[1:-1].split("|")] for line in lines]
        return {row[0]: dict(zip(header, row, strict=True)) for row in rows}

    return run


def ranks_of(data, name, seeds=(0, 1)):
    """Return the ranks within the folds of each seed."""
    y_true, artists = read_judges(data)
    ranks = []
    for seed in seeds:
        folds, scores = folds_by_artist(artists, 5, seed), np.empty(y_true.shape)
        for number, fold in enumerate(folds):
            path = data / "cross_validation" / name / f"scores-seed{seed}-fold{number}.npy"
            scores[fold] = np.load(path)
        ranks.append(metrics.rank_within(scores, folds))
    return ranks


def averages_of(data, of_seeds):
    """Return both macro averages of each seed: ndarray of shape (2, n_seeds)."""
    y_true = read_judges(data)[0].to_numpy()
    averages = [metrics.averages(y_true, one)["macro"].values() for one in of_seeds]
    return np.transpose([list(one) for one in averages])


def written(values):
    return " / ".join(f"{measure(one.mean())} ± {measure(one.std())}" for one in values)


def test_each_stands_with_its_averages_over_the_seeds_and_its_seconds(data, compare):
    rows = compare("bad", "good")
    assert list(rows) == ["bad", "good"]
    for name, row in rows.items():
        assert row["ROC-AUC / PR-AUC"] == written(averages_of(data, ranks_of(data, name)))
        assert row["seconds per fold"] == "10.5"
    assert rows["bad"]["difference to bad"] == ""


def test_a_difference_and_its_interval_are_those_of_the_cross_validation_to_its_floor(
    data, compare
):
    y_true, artists = read_judges(data)
    bad, good = (ranks_of(data, name) for name in ("bad", "good"))
    expected = cross_validate.compare(y_true.to_numpy(), good, bad, artists)
    texts = []
    for auc in metrics.AUCS:
        gain = np.mean(expected["network"][auc]) - np.mean(expected["floor"][auc])
        texts.append(difference(gain, *expected["interval"][auc]))
        low, high = expected["interval"][auc]
        assert 0 < low < gain < high
    assert compare("bad", "good")["good"]["difference to bad"] == " / ".join(texts)


def test_the_first_is_mixed_with_each_other_by_the_mean_of_their_ranks(data, compare):
    rows = compare("bad", "good", "--mix")
    assert list(rows) == ["bad", "good", "good, mixed with bad"]
    pairs = zip(ranks_of(data, "bad"), ranks_of(data, "good"), strict=True)
    mixed = written(averages_of(data, [(one + other) / 2 for one, other in pairs]))
    assert rows["good, mixed with bad"]["ROC-AUC / PR-AUC"] == mixed
    assert rows["good, mixed with bad"]["seconds per fold"] == ""


def test_one_alone_or_twice_has_one_row_and_is_not_mixed_with_itself(compare, capsys):
    assert list(compare("good", "good")) == ["good"]
    with pytest.raises(SystemExit):
        compare("good", "good", "--mix")
    assert "--mix mixes the first one with others: name two" in capsys.readouterr().err


def test_some_of_the_seeds_are_compared(data, compare):
    write_cross_validation(data, "short", knowledge=0.3, seeds=[1])
    row = compare("good", "short", "--seeds", 1)["good"]
    values = averages_of(data, ranks_of(data, "good", seeds=[1]))
    assert row["ROC-AUC / PR-AUC"] == " / ".join(map(measure, values.ravel()))
    assert row["seconds per fold"] == "11.0"
    sentence = r"short has seeds 1, and lacks 0: name those that all have with --seeds, or add"
    with pytest.raises(ValueError, match=sentence):
        compare("good", "short")


def test_other_tags_are_not_compared(data, compare):
    write_cross_validation(data, "more", knowledge=0.3, min_positives=2)
    sentence = "more was made with --min-positives 2, and .*good with 14: only those of the same"
    with pytest.raises(ValueError, match=sentence):
        compare("good", "more")


@pytest.mark.parametrize("changed", ["clips/clips.csv", f"labels/{SET}/labels.csv"])
def test_clips_and_labels_that_changed_are_not_compared_with_those_of_before(
    data, compare, changed
):
    table = pd.read_csv(data / changed, dtype=str)
    table.iloc[0, -1] = "another album" if "clips" in changed else str(1 - int(table.iloc[0, -1]))
    table.to_csv(data / changed, index=False)
    with pytest.raises(ValueError, match=r"good is out of date, as .* changed since: run bench"):
        compare("good")
    write_cross_validation(data, "newer", knowledge=0.3)
    with pytest.raises(ValueError, match=r"newer was made from other clips or labels than .*good"):
        compare("good", "newer")


@pytest.mark.parametrize("name", ["scores-seed1-fold2.npy", "folds.csv"])
def test_a_cross_validation_that_is_damaged_is_refused_with_its_remedy(data, compare, name):
    (data / "cross_validation" / "good" / name).write_bytes(b"no table, no array")
    with pytest.raises(ValueError, match=f"{name} is gone or damaged: run .*--force"):
        compare("bad", "good")


def test_one_that_is_not_finished_is_refused_by_name(compare):
    with pytest.raises(ValueError, match=r"absent is not finished \(there are bad, good\): run"):
        compare("good", "absent")


def test_judged_scores_without_information_differ_from_none():
    y_true, artists = np.eye(6, 2, dtype=bool), np.array(list("aabbcc"))
    one = judgement.judge(y_true, [np.full((6, 2), 0.5)], artists)
    np.testing.assert_array_equal(one.difference_to(one), np.zeros((2, 3)))


def layer_clips():
    """Return three clips of 1 to 3 chunks of two values, their rows in another order."""
    array = np.array(
        [
            [[1, 8], [3, 2], [5, 5]],
            [[7, 1], [99, 99], [99, 99]],  # behind its sound a clip is padded
            [[2, 4], [4, 0], [99, 99]],
        ],
        dtype=np.float32,
    )
    y_true = np.array([[True], [False], [True]])
    return clips_of(array, np.array([3, 1, 2]), np.array([2, 0, 1]), y_true)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("mean", [[3, 2], [3, 5], [7, 1]]),
        ("maximum", [[4, 4], [5, 8], [7, 1]]),
        ("mean-and-maximum", [[3, 2, 4, 4], [3, 5, 5, 8], [7, 1, 7, 1]]),
    ],
    ids=["mean", "maximum", "mean-and-maximum"],
)
def test_chunks_are_pooled_to_one_row_a_clip_without_padding(name, expected):
    clips = layer_clips()
    pooled = pooling.pool_chunks(clips, name)
    np.testing.assert_array_equal(pooled.array[pooled.rows, 0], expected)
    np.testing.assert_array_equal(pooled.lengths[pooled.rows], 1)
    for field in ("y_true", "artists", "audio"):
        np.testing.assert_array_equal(getattr(pooled, field), getattr(clips, field))


@pytest.fixture
def cross_validated(finished_features, tmp_path, monkeypatch, small_vgg):
    """Return a function that cross-validates `linear` on a layer of a network; its folder."""
    data = tmp_path / "tiny"
    shutil.copytree(finished_features, data, copy_function=shutil.copy2)
    settings = feature_store.read_settings(feature_store.folder_of(data, "mel96"))
    path = layer_stores.save_backbone(data / "mine.keras", settings)
    layer_stores.write_layer_store(data, path, source="mel96")
    monkeypatch.setattr(
        baseline, "band_statistics", lambda data, ids, jobs: np.zeros((len(ids), 1))
    )

    def run(*arguments):
        command = ["cross_validate.py", "--data", data, "--architecture", "linear", "--seeds", 0]
        command += ["--features", "layer", "--min-positives", MIN_POSITIVES, *arguments]
        monkeypatch.setattr(sys, "argv", list(map(str, command)))
        cross_validate.main(cross_validate.parse_args())
        return data / "cross_validation" / "linear"

    run.data = data
    return run


def test_a_network_learns_from_pooled_chunks_and_is_judged_by_them(cross_validated):
    folder = cross_validated("--pool-chunks", "maximum")
    y_true, artists = read_judges(cross_validated.data)
    store = feature_store.open_store(cross_validated.data, "layer", y_true.index)
    x = [store.array[row, : store.lengths[row]].max(axis=0) for row in store.rows]
    clips = batches.label_clips(y_true, store, artists)
    clips = replace(clips, array=np.array(x)[:, None], rows=np.arange(len(x)))
    clips = replace(clips, lengths=np.ones(len(x), int))
    fold = folds_by_artist(artists, 5, seed=0)[3]
    settings = replace(RECIPES["linear"], chunk_frames=1, refit=True, seed=3)
    learnt = clips.take(np.setdiff1d(np.arange(len(x)), fold))
    network, _ = linear_solver.solve(learnt, settings)
    expected = prediction.score_clips(network, clips.take(fold))
    np.testing.assert_allclose(np.load(folder / "scores-seed0-fold3.npy"), expected, atol=1e-5)


def test_chunks_that_are_pooled_otherwise_are_another_cross_validation(cross_validated):
    cross_validated("--pool-chunks", "mean")
    with pytest.raises(ValueError, match="with pool chunks mean, not none: run"):
        cross_validated()


def test_pooled_chunks_go_with_a_head(cross_validated, capsys):
    with pytest.raises(SystemExit):
        cross_validated("--architecture", "vgg", "--pool-chunks", "mean")
    sentence = "--pool-chunks goes with --architecture linear or mlp"
    assert sentence in capsys.readouterr().err
