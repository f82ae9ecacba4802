"""What a paper has to say of its labels."""

import json

import pandas as pd
import pytest

from autotagging.clips import annotations
from autotagging.clips.inventory import Clips
from autotagging.labels import statistics

CLIPS = ["1", "2", "3", "4", "5", "6"]


@pytest.fixture
def labels():
    """Return labels of six clips in three parts."""
    table = pd.DataFrame(
        {
            "split": ["train", "train", "train", "validation", "test", "test"],
            "rock": [1, 1, 1, 1, 1, 0],
            "calm": [0, 0, 1, 0, 0, 0],
        },
        index=pd.Index(CLIPS, name="clip_id"),
    )
    return table.astype({"rock": bool, "calm": bool})


@pytest.fixture
def credits():
    """Return credits of the six clips: one artist is in two parts, no album is."""
    columns = {
        "artist": ["A", "A", "B", "C", "A", "D"],
        "album": ["x", "x", "x", "y", "z", "z"],
        "track": ["1", "2", "1", "1", "1", "1"],
    }
    return pd.DataFrame(columns, index=pd.Index(CLIPS, name="clip_id"))


def test_parts_are_counted_and_few_positives_named(labels, credits):
    parts = statistics.describe_parts(labels, credits)
    assert parts["train"] == {
        "clips": 3,
        "tracks": 3,
        "albums": 2,  # x of A and x of B
        "artists": 2,
        "rarest_tags": {"calm": 1, "rock": 3},
        "fewer_than_5": {"calm": 1, "rock": 3},
        "on_every_clip": ["rock"],
    }
    assert parts["test"]["rarest_tags"] == {"calm": 0, "rock": 1}


def test_heard_is_what_training_has_too(labels, credits):
    assert statistics.count_heard(labels, credits) == {"track": 0, "album": 0, "artist": 1}


def test_what_is_known_of_no_clip_is_not_counted(labels, credits):
    credits["album"] = annotations.placeholder_credit(credits.index)
    assert statistics.count_unnamed(credits) == {"track": 0, "album": 6, "artist": 0}
    assert list(statistics.count_heard(labels, credits)) == ["track", "artist"]
    assert "albums" not in statistics.describe_parts(labels, credits)["train"]


def test_the_same_title_by_the_same_artist_on_two_tracks_is_one_recording(labels, credits):
    metadata = pd.DataFrame({"title": ["Song", "Other", "Song", "x", "SONG", ""]}, credits.index)
    found = statistics.count_same_recordings(metadata, credits, labels["split"])
    assert found == {"pairs": 0, "pairs_ignoring_case": 1, "test_clips": 1}
    metadata.loc["2", "title"] = "Song"
    found = statistics.count_same_recordings(metadata, credits, labels["split"])
    assert found == {"pairs": 1, "pairs_ignoring_case": 1, "test_clips": 1}
    # heard as the track itself: that is counted elsewhere
    credits.loc["5", ["album", "track"]] = credits.loc["1", ["album", "track"]]
    found = statistics.count_same_recordings(metadata, credits, labels["split"])
    assert found == {"pairs": 1, "pairs_ignoring_case": 1, "test_clips": 0}
    for unknown in (metadata[[]], metadata.assign(title="")):
        assert statistics.count_same_recordings(unknown, credits, labels["split"]) == {}


def test_the_same_recordings_of_magnatagatune_are_found(test_data):
    folder = test_data / "mtt"
    read = annotations.read_annotations(folder / "annotations_final.csv")
    read = annotations.add_clip_info(read, folder / "clip_info_final.csv")
    nothing = pd.Series([], dtype=str)
    found = statistics.count_same_recordings(read.metadata, read.credits, nothing)
    assert found == {"pairs": 73, "pairs_ignoring_case": 81, "test_clips": 0}


def count(labels, credits, **settings):
    """Return a summary of the labels: one clip was excluded, "rocks" merged, no clip is sad."""
    usual = {"split": "artists", "seed": 3, "keep_untagged": False, "tags_from": "all"}
    rows = {"row": [9], "file": ["a.mp3"], "reason": ["the file is empty"]}
    clips = Clips(credits.assign(file="x"), pd.DataFrame(rows, index=["9"]))
    merged = labels.drop(columns="split").assign(loud=False)
    columns = {
        "tag": ["rock", "rocks", "calm", "sad"],
        "merged_into": ["rock", "rock", "calm", "sad"],
    }
    counts = pd.DataFrame({**columns, "clips_merged": [5, 5, 1, 0]})
    read = annotations.Annotations(merged, credits)
    return {
        "settings": {**usual, **settings},
        **statistics.count(labels, read, merged, counts, clips),
    }


def test_the_counts_of_a_label_set(labels, credits):
    counts = count(labels, credits)
    assert counts["clips"] == {
        "annotated": 7,
        "excluded": {"the file is empty": 1},
        "untagged": 1,
        "kept": 6,
    }
    assert counts["tags"] == {
        "annotated": 4,
        "merged": 3,
        "groups": 1,
        "kept": 2,
        "without_clips": ["sad"],
        "not_most_frequent_of_all": [],
        "most_frequent_of_all_left_out": [],
    }
    assert counts["unnamed"] == {"track": 0, "album": 0, "artist": 0}
    assert counts["test_clips_heard"] == {"track": 0, "album": 0, "artist": 1}
    assert counts["same_recordings"] == {}


def test_counts_are_plain_values_that_json_keeps(labels, credits):
    counts = count(labels, credits)
    assert json.loads(json.dumps(counts)) == counts


def test_the_lines_say_what_a_paper_needs(labels, credits):
    written = "\n".join(statistics.write(count(labels, credits)))
    assert "7 clips read, 1 excluded (1 the file is empty), 1 without any of the tags" in written
    assert "no clip has sad" in written
    assert "4 tags, 3 after merging 1 groups of synonyms, the 2 most frequent kept" in written
    assert "split by artist, none in two parts, seed 3" in written
    heard = "of 2 test clips, training has heard the track of 0, the album of 0, the artist of 1"
    assert heard in written
    assert "warning: fewer than 5 test clips have calm 0, rock 1" in written


def test_a_choice_on_training_clips_says_what_it_changes(labels, credits):
    summary = count(labels, credits, tags_from="train")
    assert "counted over training clips alone" in "\n".join(statistics.write(summary))
    assert "counted over all annotated clips they would be the same" in statistics.write(summary)
    summary["tags"]["not_most_frequent_of_all"] = ["calm"]
    summary["tags"]["most_frequent_of_all_left_out"] = ["loud"]
    expected = "counted over all annotated clips loud would stand in place of calm"
    assert expected in statistics.write(summary)


def test_what_is_missing_is_said(labels, credits):
    credits["artist"] = annotations.placeholder_credit(credits.index)
    summary = count(labels[labels["split"] != "test"], credits)
    summary["clips"]["annotated"] = 6
    written = "\n".join(statistics.write(summary))
    assert "the annotations name no artist: each clip is its own" in written
    assert "warning: the test part has no clips" in written
    assert "scripts 3 and 4 need clips in every part: add clips or artists, choose" in written


def test_parts_that_are_empty_on_purpose_are_no_reason_for_a_warning(labels, credits):
    summary = count(labels.assign(split="test"), credits)
    assert "the train part has no clips" in "\n".join(statistics.write(summary))
    summary["settings"]["split"] = "test"
    written = "\n".join(statistics.write(summary))
    assert "every clip is for testing" in written
    assert "fewer than 5 test clips" in written
    for words in ("has no clips", "need clips in every part", "training has heard"):
        assert words not in written


def test_tags_on_every_clip_of_a_part_are_named_with_what_to_do(labels, credits):
    summary = count(labels, credits)
    advice = "a tag that every clip has is not learned: --keep-untagged keeps clips with no tag"
    summary["clips"]["untagged"], summary["settings"]["keep_untagged"] = 3, False
    written = statistics.write(summary)
    assert "warning: every train clip has rock" in written
    assert advice in written
    summary["settings"]["keep_untagged"] = True
    assert advice not in statistics.write(summary)
    summary["clips"]["untagged"], summary["settings"]["keep_untagged"] = 0, False
    assert advice not in statistics.write(summary)


def test_reasons_are_counted_without_what_is_of_one_clip_alone(labels):
    reasons = ["the file is absent; there is A.mp3", "the file is absent; there is B.mp3", "broken"]
    excluded = pd.DataFrame({"reason": reasons}, index=["x", "y", "z"])
    counts = statistics.count_clips(labels, Clips(labels, excluded))
    assert counts["excluded"] == {"the file is absent": 2, "broken": 1}


def test_many_clips_left_out_are_counted(labels):
    excluded = pd.DataFrame(
        {"row": range(12), "file": "a.mp3", "reason": "empty"}, index=[f"c{i}" for i in range(12)]
    )
    lines = statistics.list_excluded(excluded)
    assert lines[0] == "excluded row 0, clip c0, a.mp3: empty"
    assert lines[10:] == ["and 2 more, listed in excluded.csv"]
    assert len(statistics.list_excluded(excluded[:10])) == 10
