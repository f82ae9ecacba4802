"""Clips to train, validation and test."""

import pandas as pd
import pytest
from conftest import REPOSITORY

from autotagging import annotations, clips, labels, splits

SYNONYMS = REPOSITORY / "data" / "synonyms.csv"


def test_folders_0_to_b_train_c_validates_d_to_f_test():
    files = pd.Series({folder: f"{folder}/x.mp3" for folder in "0123456789abcdef"})
    parts = splits.by_folder(files)
    assert "".join(parts.index[parts == "train"]) == "0123456789ab"
    assert "".join(parts.index[parts == "validation"]) == "c"
    assert "".join(parts.index[parts == "test"]) == "def"


@pytest.mark.parametrize("file", ["g/x.mp3", "x.mp3", "00/x.mp3"])
def test_another_folder_is_refused(file):
    with pytest.raises(ValueError, match=r"clip 3.*not in one of the folders 0 to f"):
        splits.by_folder(pd.Series({"3": file}))


def test_heard_artists_are_those_with_training_clips():
    table = pd.DataFrame({"split": ["train", "test", "test"]}, index=["1", "2", "3"])
    inventory = pd.DataFrame(
        {"artist": ["A", "A", "B"], "album": ["x", "y", "x"], "track": ["1", "1", "1"]},
        index=table.index,
    )
    assert splits.heard_in_training(table, inventory["artist"]).tolist() == [True, True, False]
    with pytest.raises(ValueError, match="lacks 1 clips of the label set, the first is 3"):
        splits.heard_in_training(table, inventory["artist"].drop("3"))
    summary = splits.describe(table, inventory)
    assert summary["test_clips_heard"] == {"artist": 1, "track": 0}
    assert summary["test"] == {"clips": 2, "artists": 2, "albums": 2, "tracks": 2}


@pytest.mark.parametrize(
    ("merge", "keep_untagged", "sizes"),
    [
        (False, True, (18706, 1825, 5329)),
        (False, False, (15247, 1529, 4332)),
        (True, False, (15425, 1538, 4392)),
    ],
    ids=["A", "B", "C"],
)
def test_the_published_variants_have_their_sizes(test_data, merge, keep_untagged, sizes):
    folder = test_data / "mtt"
    annotated, files = annotations.read_annotations(folder / "annotations_final.csv")
    synonyms = annotations.read_synonyms(SYNONYMS) if merge else {}
    merged = annotations.merge_synonyms(annotated, synonyms)
    kept, _ = annotations.tabulate_tags(annotated, merged, synonyms, 50)
    usable = files.index.drop(clips.find_unusable(files).index)
    settings = {"keep_untagged": keep_untagged}
    table = labels.select(merged[kept["tag"]], usable, splits.by_folder(files), settings)
    info = clips.read_clip_info(folder / "clip_info_final.csv", files.index)
    summary = splits.describe(table, info)
    assert tuple(summary[part]["clips"] for part in splits.PARTS) == sizes
    if merge:
        assert summary["test_clips_heard"] == {"artist": 2719, "track": 0}
        assert [summary[part]["artists"] for part in splits.PARTS] == [190, 26, 75]
        assert [summary[part]["tracks"] for part in splits.PARTS] == [3840, 346, 1105]
