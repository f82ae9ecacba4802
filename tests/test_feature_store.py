"""A store that is finished: opened by clip, checked, refused where it is damaged."""

import dataclasses
import json

import numpy as np
import pandas as pd
import pytest
import soundfile
from conftest import write_store
from hypothesis import given, strategies

from autotagging import steps
from autotagging.features import extraction, feature_store
from autotagging.features.settings import PRESETS
from autotagging.features.spectrogram import extract_file


@pytest.fixture
def store(wanted_store):
    """Return a finished store, as what was wanted."""
    write_store(wanted_store)
    return wanted_store


def check(store):
    return feature_store.check(store.folder, store.data, store.clips)


def test_a_store_hands_out_the_rows_of_the_clips_asked_for_in_that_order(store):
    opened = feature_store.open_store(store.data, "small", ["7", "3"])
    assert opened.settings == store.settings
    assert opened.array.shape == (40, 8, 8)
    assert list(opened.rows.index) == ["7", "3"]
    for clip_id, row in opened.rows.items():
        expected, _ = extract_file(store.data / f"clips/{clip_id}.wav", store.settings)
        np.testing.assert_array_equal(opened.array[row], expected)


def test_a_store_knows_how_many_frames_of_each_clip_hold_sound(wanted_store):
    for number, seconds in ((3, 0.5), (4, 0.3), (5, 0.04), (6, 2.0)):
        samples = np.random.default_rng(0).standard_normal(round(16000 * seconds))
        soundfile.write(wanted_store.data / f"clips/{number}.wav", 0.1 * samples, 16000)
    (wanted_store.data / "clips/7.wav").write_bytes(b"no audio")
    write_store(wanted_store)
    opened = feature_store.open_store(wanted_store.data, "small", ["9", "7", "6", "5", "4", "3"])
    assert opened.lengths.shape == (40,)
    assert opened.lengths[opened.rows].tolist() == [8, 8, 1, 2, 4]  # of 8, 2,000 samples apart
    for row in opened.rows[["3", "4", "5"]]:
        assert np.ptp(opened.array[row, opened.lengths[row] + 1 :]) == 0  # the lowest level
        assert np.ptp(opened.array[row, : opened.lengths[row]]) > 0


@given(strategies.sampled_from(sorted(PRESETS)), strategies.integers(1, 2910))
def test_sound_has_as_many_frames_as_clips_that_are_cut_to_its_length(preset, hundredths):
    settings = PRESETS[preset]
    lengths = feature_store.count_frames(np.array([hundredths / 100]), settings)
    assert lengths == [dataclasses.replace(settings, seconds=hundredths / 100).frames]


def test_a_clip_of_full_length_is_all_sound_however_its_seconds_are_rounded():
    settings = dataclasses.replace(PRESETS["mel96"], seconds=1.2345, hop_length=16)
    assert feature_store.count_frames(np.array([1.23, 1.24]), settings).tolist() == [1234, 1234]
    assert feature_store.count_frames(np.array([1.22, 0.0]), settings).tolist() == [1220, 1]


def test_clips_that_cannot_be_decoded_are_listed_and_never_handed_out(wanted_store):
    (wanted_store.data / "clips/4.wav").write_bytes(b"no audio")
    write_store(wanted_store)
    opened = feature_store.open_store(wanted_store.data, "small", ["3", "4", "5"])
    assert list(opened.rows.index) == ["3", "5"]
    assert list(opened.failed.index) == ["4"]
    assert opened.failed["4"] == "is a text, no audio; it begins 'no audio'"
    usable = feature_store.list_usable(wanted_store.folder)
    assert list(usable) == [str(number) for number in range(40) if number != 4]


def test_a_clip_that_the_store_lacks_is_named(store):
    with pytest.raises(ValueError, match=r"lacks 1 clips.*the first is 99.*2_feature_extraction"):
        feature_store.open_store(store.data, "small", ["1", "99"])


def test_an_absent_store_names_those_that_are_there(store):
    run = r"run 2_feature_extraction\.py"
    with pytest.raises(ValueError, match=rf"mine is not finished \(there are small\): {run} with"):
        feature_store.open_store(store.data, "mine", ["1"])
    with pytest.raises(ValueError, match=rf"\(there are small\): {run} --preset square$"):
        feature_store.open_store(store.data, "square", ["1"])


def test_clips_that_are_gone_do_no_harm(store):
    left = dataclasses.replace(store, clips=store.clips.drop(["0", "7"]))
    (store.data / "clips/7.wav").unlink()
    assert extraction.find_missing(left) is None
    opened = feature_store.open_store(store.data, "small", left.clips.index)
    expected, _ = extract_file(store.data / "clips/8.wav", store.settings)
    np.testing.assert_array_equal(opened.array[opened.rows["8"]], expected)


def test_a_limit_chooses_the_first_clips_and_drops_none_that_the_store_holds(wanted_store):
    folder, clips = wanted_store.folder, wanted_store.clips
    assert feature_store.choose_clips(folder, clips) is clips
    few = feature_store.choose_clips(folder, clips, limit=5)
    assert list(few.index) == ["0", "1", "2", "3", "4"]
    write_store(dataclasses.replace(wanted_store, clips=clips.iloc[:9]))
    assert list(feature_store.choose_clips(folder, clips, limit=2).index) == list(clips.index[:9])
    chosen = feature_store.choose_clips(folder, clips, limit=2, keep=False)
    assert list(chosen.index) == ["0", "1"]


def test_of_many_clips_that_failed_ten_are_told(wanted_store):
    for number in range(12):
        (wanted_store.data / f"clips/{number}.wav").write_bytes(b"no audio")
    write_store(wanted_store)
    lines = feature_store.describe(wanted_store.folder, n_new=40)
    assert [line.split()[1] for line in lines[:10]] == [str(number) for number in range(10)]
    assert lines[10] == "and 2 more, listed in failed.csv"
    assert lines[12].startswith("40 clips, 12 failed, 0 incomplete; 40 in ")
    assert lines[13].endswith("features.npy: 40 clips, 8 frames x 8 bands, 0 MB")


def test_a_store_that_is_right_passes_its_check(wanted_store):
    (wanted_store.data / "clips/4.wav").write_bytes(b"no audio")
    write_store(wanted_store)
    assert "is intact" in check(wanted_store)
    assert "16 clips computed again and found equal" in check(wanted_store)


def test_a_check_finds_features_that_were_changed(store):
    array = np.load(store.folder / "features.npy", mmap_mode="r+")
    array[3, 1, 2] = np.nan
    array.flush()
    with pytest.raises(
        ValueError, match=r"is not intact: .*run 2_feature_extraction.* --force"
    ) as error:
        check(store)
    assert "features.npy has another checksum than its summary says" in str(error.value)
    assert "clip 3 has features that are not finite" in str(error.value)


def test_a_check_finds_audio_that_gives_other_features(store):
    for file in store.clips["file"]:
        soundfile.write(store.data / file, np.linspace(-1, 1, 16000), 16000)
    sentence = r"clip \d+ has other features when it is computed again.* \(and 13 more\)"
    with pytest.raises(ValueError, match=sentence):
        check(store)


def lose_a_row(folder):
    np.save(folder / "features.npy", np.load(folder / "features.npy")[:-1])


def cut_array(folder):
    (folder / "features.npy").write_bytes((folder / "features.npy").read_bytes()[:3000])


def remove_array(folder):
    (folder / "features.npy").unlink()


def lose_a_clip(folder):
    lines = (folder / "clips.csv").read_text().splitlines()
    (folder / "clips.csv").write_text("\n".join(lines[:-1]))


def lose_a_column(folder):
    table = (folder / "clips.csv").read_text()
    (folder / "clips.csv").write_text(table.replace("bytes", "size"))


def give_seconds(seconds):
    """Return a function that lets clip 3 have other seconds in the table of clips."""

    def edit(folder):
        table = pd.read_csv(folder / "clips.csv", dtype=str).set_index("clip_id")
        table.loc["3", "seconds"] = seconds
        table.to_csv(folder / "clips.csv")

    return edit


def damage_failed(folder):
    (folder / "failed.csv").write_bytes(b"\xff")


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lose_a_row, r"features.npy has shape \(39, 8, 8\), float16, not \(40, 8, 8\), float16"),
        (cut_array, "features.npy is gone or damaged"),
        (remove_array, "features.npy is gone or damaged"),
        (lose_a_clip, r"features.npy has shape \(40, 8, 8\), float16, not \(39, 8, 8\), float16"),
        (lose_a_column, "clips.csv is gone or damaged"),
        (damage_failed, "failed.csv is gone or damaged"),
        (give_seconds(""), "clips.csv is gone or damaged"),
        (give_seconds("nan"), "clips.csv is gone or damaged"),
        (give_seconds("inf"), r"clips.csv says that inf s of clip 3 are used, not 0.03 to 1.00"),
        (give_seconds("-1"), r"clips.csv says that -1 s of clip 3 are used, not 0.03 to 1.00"),
        (give_seconds("0"), r"clips.csv says that 0 s of clip 3 are used, not 0.03 to 1.00"),
        (give_seconds("29.12"), r"clips.csv says that 29.12 s of clip 3 are used, not 0.03 .*"),
    ],
)
def test_a_damaged_store_is_one_sentence_and_made_again(store, damage, message):
    whole = (store.folder / "features.npy").read_bytes()
    damage(store.folder)
    for use in (
        lambda: extraction.find_missing(store),
        lambda: feature_store.open_store(store.data, "small", ["1"]),
        lambda: check(store),
    ):
        with pytest.raises(ValueError, match=f"{message}: run 2_feature_extraction.*--force"):
            use()
    assert len(extraction.find_missing(store, force=True)) == 40
    write_store(store, force=True)
    assert (store.folder / "features.npy").read_bytes() == whole


def test_an_array_of_another_type_is_refused(store):
    np.save(store.folder / "features.npy", np.zeros((40, 8, 8), np.float32))
    with pytest.raises(ValueError, match=r"\(40, 8, 8\), float32, not \(40, 8, 8\), float16"):
        feature_store.open_store(store.data, "small", ["1"])


def edited(**changes):
    """Return a function that changes settings in the text of a summary."""

    def edit(text):
        summary = json.loads(text)
        summary["settings"].update(changes)
        return json.dumps(summary)

    return edit


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (lambda _: "{", "has a damaged summary.json"),
        (lambda _: "[]", "has a damaged summary.json"),
        (lambda _: '{"settings": [], "inputs": null}', "was made by an earlier version"),
        (lambda _: '{"settings": {"bands": 8}, "clips": {}}', "was made by an earlier version"),
        (lambda text: text.replace("n_fft", "window"), "summary.json is gone or damaged"),
        (edited(seconds=None), "summary.json is gone or damaged"),
        (edited(bands="8"), r"features.npy has shape \(40, 8, 8\), float16, not .*"),
    ],
)
def test_a_summary_that_is_damaged_or_of_another_version_is_one_sentence(store, edit, message):
    summary = store.folder / "summary.json"
    summary.write_text(edit(summary.read_text()))
    for use in (
        lambda: feature_store.open_store(store.data, "small", ["1"]),
        lambda: check(store),
    ):
        with pytest.raises(ValueError, match=f"{message}: run 2_feature_extraction.*--force"):
            use()
    with pytest.raises(ValueError, match=r"run 2_feature_extraction.*--force"):
        steps.is_finished(steps.Step(store.folder, dataclasses.asdict(store.settings), {}))


def test_a_failed_clip_that_the_store_does_not_know_is_no_harm(store):
    with (store.folder / "failed.csv").open("a") as failed:
        failed.write("never-heard-of,cannot be decoded\n")
    assert extraction.find_missing(store) is None
