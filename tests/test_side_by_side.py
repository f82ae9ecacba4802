"""Stores of layers side by side: read as one, or refused."""

import json

import layer_stores
import numpy as np
import pandas as pd
import pytest
from conftest import write_store

pytest.importorskip("keras")

from autotagging import steps
from autotagging.features import feature_store, side_by_side
from autotagging.models import batches, linear_solver, training_settings

pytestmark = pytest.mark.usefixtures("small_vgg")

IDS = ["7", "2", "11", "30"]


@pytest.fixture
def data(wanted_store):
    """Return a dataset with spectrograms, `small`, and two layers, `a` and `b`, of 8 and 3."""
    (wanted_store.data / "clips/4.wav").write_bytes(b"no audio")
    write_store(wanted_store)
    path = layer_stores.save_backbone(wanted_store.data / "mine.keras", wanted_store.settings)
    layer_stores.write_layer_store(wanted_store.data, path, name="a")
    layer_stores.write_layer_store(wanted_store.data, path, name="b", layer="logits")
    return wanted_store.data


def reorder(folder, order):
    """Put the rows of a finished store into another order, some of them left out."""
    clips = feature_store.read_stored_clips(folder).iloc[order]
    array = np.load(folder / feature_store.FILE)[order]
    clips.to_csv(folder / "clips.csv")
    np.save(folder / feature_store.FILE, array)


def change_settings(folder, change):
    """Change the settings in the summary of a finished store."""
    summary = json.loads((folder / steps.SUMMARY).read_text())
    change(summary["settings"])
    (folder / steps.SUMMARY).write_text(json.dumps(summary))


def test_two_stores_are_one_whose_values_stand_side_by_side(data):
    reorder(data / "features/b", np.arange(40)[::-1])
    one, other = (feature_store.open_store(data, name, IDS) for name in "ab")
    both = side_by_side.open_store(data, "a+b", IDS)
    assert both.rows.index.tolist() == IDS
    assert both.array.shape == (4, one.array.shape[1], 11)
    assert both.settings.bands == 11
    assert both.settings.frames == one.settings.frames
    for clip_id in IDS:
        row, length = both.rows[clip_id], both.lengths[both.rows[clip_id]]
        assert length == one.lengths[one.rows[clip_id]]
        found = both.array[row, :length]
        np.testing.assert_array_equal(found[:, :8], one.array[one.rows[clip_id], :length])
        np.testing.assert_array_equal(found[:, 8:], other.array[other.rows[clip_id], :length])


def test_a_clip_that_one_store_has_no_features_of_is_left_out_with_the_reason(data):
    with (data / "features/b/failed.csv").open("a") as failed:
        failed.write("11,is too short\n")
    both = side_by_side.open_store(data, "a+b", [*IDS, "4"])
    assert both.rows.index.tolist() == ["7", "2", "30"]
    assert both.failed["11"] == "is too short"
    assert both.failed["4"]
    assert both.audio.index.tolist() == ["7", "2", "30"]


def test_a_head_learns_from_both(data):
    ids = [str(i) for i in range(40) if i != 4]
    both = side_by_side.open_store(data, "a+b", ids)
    labels = pd.DataFrame({"x": np.arange(39) % 2 == 0, "y": np.arange(39) % 3 == 0}, ids)
    clips = batches.label_clips(labels, both, pd.Series(ids, ids))
    settings = training_settings.change("linear", {"features": "a+b"})
    settings = training_settings.resolve(settings, both.settings, 30, 9)
    network, _ = linear_solver.solve(clips, settings)
    assert network.input_shape == (None, 1, 11)


def test_what_is_no_layer_does_not_go_beside_one(data):
    with pytest.raises(ValueError, match=r"features/small are spectrograms, and layers .* alone"):
        side_by_side.open_store(data, "a+small", IDS)


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda settings: settings.update(chunk_frames=2), id="chunks"),
        pytest.param(lambda settings: settings["spectrogram"].update(n_fft=400), id="spectrograms"),
    ],
)
def test_networks_that_take_other_input_do_not_go_side_by_side(data, change):
    change_settings(data / "features/b", change)
    settings = feature_store.read_settings(data / "features/b")
    np.save(data / "features/b/features.npy", np.zeros((40, settings.frames, 3), np.float32))
    sentence = r"features/a and features/b are of networks that take other chunks or spectrograms"
    with pytest.raises(ValueError, match=sentence):
        side_by_side.open_store(data, "a+b", IDS)


def test_stores_of_different_audio_do_not_go_side_by_side(data):
    stored = pd.read_csv(data / "features/b/clips.csv", dtype=str)
    stored.loc[2, "audio"] = "0" * 32
    stored.to_csv(data / "features/b/clips.csv", index=False)
    with pytest.raises(ValueError, match=r"made of different audio: run 2_.*with --force for both"):
        side_by_side.open_store(data, "a+b", IDS)


def test_a_store_that_is_missing_is_named(data):
    with pytest.raises(ValueError, match=r"features/c is not finished \(there are a, b, small\)"):
        side_by_side.open_store(data, "a+c", IDS)


def test_one_store_may_not_be_called_like_two():
    with pytest.raises(ValueError, match=r"'a\+b' needs another --name"):
        side_by_side.check_name("a+b")
