"""The sample: its plan, its tables byte for byte, and aux_make_sample.py as it is run."""

import csv
import re
import subprocess
import sys
from collections import defaultdict

import numpy as np
import pytest
import soundfile

from autotagging import cli
from autotagging.clips import annotations
from autotagging.sample import dataset, plan
from autotagging.sample.composer.pieces import STYLES

TRACKS = plan.plan_tracks(600, 0)


def make(folder, *options):
    command = [sys.executable, str(cli.REPOSITORY / "aux_make_sample.py"), "--data", str(folder)]
    return subprocess.run([*command, *options], capture_output=True, text=True, check=False)


def contents(folder):
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    folder = tmp_path_factory.mktemp("small")
    done = make(folder, "--clips", "12", "--jobs", "1")
    assert done.returncode == 0, done.stderr
    return folder, done.stdout


def clips_of(tracks):
    return [clip for track in tracks for clip in plan.cut_segments(track)]


def artists(part):
    return {track["artist"] for track in TRACKS if track["part"] == part}


def n_clips(part):
    return sum(track["n_clips"] for track in TRACKS if track["part"] == part)


@pytest.mark.parametrize("number", [1, 2, 12, 60, 600, 2000])
def test_a_plan_has_as_many_clips_as_were_asked_for(number):
    clips = clips_of(plan.plan_tracks(number, 5))
    assert len(clips) == number == len({clip["file"] for clip in clips})
    ids = [clip["clip_id"] for clip in clips]
    assert ids == sorted(set(ids))
    assert ids[0] > 0


def test_the_sample_is_as_large_and_varied_as_it_should_be():
    assert len(TRACKS) >= 150
    assert len({track["artist"] for track in TRACKS}) >= 40
    assert len({track["style"] for track in TRACKS}) >= 24
    assert {track["style"] for track in TRACKS if track["part"] == "train"} == set(STYLES)
    assert np.mean([track["n_clips"] >= 2 for track in TRACKS]) > 0.95


def test_folders_part_the_clips_as_in_magnatagatune():
    for track in TRACKS:
        assert track["folder"] in plan.FOLDERS[track["part"]]
    assert {track["folder"] for track in TRACKS} == set("0123456789abcdef")


def test_the_parts_have_their_shares():
    test = n_clips("heard") + n_clips("unheard")
    assert n_clips("unheard") >= 85
    assert n_clips("validation") >= 95
    assert n_clips("heard") / test == pytest.approx(1 / 3, abs=0.02)


def test_unheard_artists_are_unheard_and_heard_ones_on_other_albums():
    assert artists("heard") <= artists("train")
    assert not (artists("unheard") | artists("validation")) & artists("train")
    assert not artists("unheard") & artists("validation")
    folders = defaultdict(set)
    for track in TRACKS:
        folders[track["artist"], track["album"]].add(track["folder"])
    assert all(len(own) == 1 for own in folders.values())


def test_every_style_is_played_by_artists_heard_and_unheard():
    played = defaultdict(set)
    for track in TRACKS:
        played[track["style"]].add(track["part"])
    missing = [style for style, parts in played.items() if not {"train", "unheard"} <= parts]
    assert len(missing) <= 5


def test_clips_have_magnatagatunes_names_and_segments():
    form = re.compile(r"[0-9a-f]/[a-z_]+-synthetic_[a-z_]+-\d\d-[a-z_]+-(\d+)-(\d+)\.mp3")
    for clip in clips_of(TRACKS):
        start, end = form.fullmatch(clip["file"]).groups()
        assert (int(start), int(end)) == (clip["start"], clip["end"])
        assert clip["end"] - clip["start"] == 29


def test_a_plan_depends_on_the_seed_alone():
    assert plan.plan_tracks(60, 3) == plan.plan_tracks(60, 3)
    assert plan.plan_tracks(60, 3) != plan.plan_tracks(60, 4)


def test_the_tables_are_in_magnatagatunes_form(small):
    folder, _ = small
    for name, n_columns in (
        ("annotations_final.csv", 190), ("truth_final.csv", 190), ("clip_info_final.csv", 10),
    ):  # fmt: skip
        text = (folder / name).read_bytes()
        lines = text.split(b"\r\n")
        assert lines.pop() == b""
        assert text.count(b"\n") == len(lines)
        for line in lines:
            fields = line.split(b"\t")
            assert len(fields) == n_columns
            assert all(f.startswith(b'"') and f.endswith(b'"') for f in fields)
    header = (folder / "annotations_final.csv").read_bytes().split(b"\r\n")[0]
    assert header.startswith(b'"clip_id"\t"no voice"\t')
    assert header.endswith(b'"mp3_path"')


def read(path):
    with path.open(newline="") as table:
        return list(csv.DictReader(table, delimiter="\t"))


def test_the_tables_agree_with_each_other_and_with_the_audio(small):
    folder, _ = small
    given, truth, info = (
        read(folder / f"{name}_final.csv") for name in ("annotations", "truth", "clip_info")
    )
    files = [row["mp3_path"] for row in given]
    assert files == [row["mp3_path"] for row in truth]
    assert files == [row["mp3_path"] for row in info if row["mp3_path"]]
    assert {row["clip_id"] for row in given} <= {row["clip_id"] for row in info}
    assert set(files) == {str(p.relative_to(folder)) for p in folder.rglob("*.mp3")}
    assert all(row["url"].startswith("synthetic:") for row in info)
    values = {row[tag] for row in given + truth for tag in ("guitar", "drum", "slow")}
    assert values <= {"0", "1"}


def test_no_clip_is_silent_clipped_or_like_another(small):
    folder, _ = small
    sounds = []
    for path in sorted(folder.rglob("*.mp3")):
        sound, rate = soundfile.read(path)
        header = soundfile.info(path)
        assert (rate, header.channels, path.stat().st_size // 1000) == (16000, 1, 116)
        level = 20 * np.log10(np.sqrt(np.mean(sound**2)))
        assert -36 < level < -7
        assert np.abs(sound).max() < 0.99
        seconds = (sound[: 29 * rate].reshape(29, rate) ** 2).mean(axis=1)
        assert np.sum(10 * np.log10(seconds + 1e-12) > -55) >= 24
        sounds.append(sound[: 29 * rate] / np.linalg.norm(sound[: 29 * rate]))
    likeness = np.abs(np.array(sounds) @ np.array(sounds).T)
    assert likeness[~np.eye(len(sounds), dtype=bool)].max() < 0.8


@pytest.mark.slow
def test_two_processes_make_the_same_bytes_as_one(small, tmp_path):
    assert make(tmp_path / "again", "--clips", "12", "--jobs", "2").returncode == 0
    assert contents(tmp_path / "again") == contents(small[0])


def test_a_half_finished_run_goes_on_and_a_finished_one_rests(small):
    folder, said = small
    before = contents(folder)
    assert "12 of 12 clips" in said
    lost = sorted(folder.rglob("*.mp3"))[3]
    lost.unlink()
    (folder / "annotations_final.csv").unlink()
    times = {path: path.stat().st_mtime_ns for path in folder.rglob("*.mp3")}
    assert "1 of 12 clips" in make(folder, "--clips", "12", "--jobs", "1").stdout
    assert contents(folder) == before
    assert all(path.stat().st_mtime_ns == time for path, time in times.items())
    assert "nothing to do" in make(folder, "--clips", "12").stdout


def test_the_sample_says_that_it_is_synthetic(small):
    folder, _ = small
    assert annotations.note_of(folder) == "Synthetic sample, not real music"
    assert annotations.cite(folder / "annotations_final.csv", folder).startswith("synthetic sample")


def test_other_settings_are_refused_in_one_sentence(small):
    refused = make(small[0], "--clips", "13")
    assert refused.returncode == 1
    assert "--force" in refused.stderr
    assert refused.stderr.count("\n") == 1
    assert "clips 12" in refused.stderr


def test_a_dataset_that_is_no_sample_is_left_alone(tmp_path):
    (tmp_path / "annotations_final.csv").write_text("mine")
    refused = make(tmp_path, "--clips", "2", "--force")
    assert refused.returncode == 1
    assert "no sample" in refused.stderr
    assert (tmp_path / "annotations_final.csv").read_text() == "mine"


def test_force_removes_only_what_the_script_wrote(tmp_path):
    dataset.open_sample(tmp_path, 12, 0)
    (tmp_path / "0").mkdir()
    (tmp_path / "1").mkdir()
    (tmp_path / "notes.txt").write_text("mine")
    (tmp_path / "0" / "mine.mp3").write_text("mine")
    (tmp_path / "1" / "a-synthetic_b-01-c-0-29.mp3").write_text("made")
    dataset.remove(tmp_path)
    assert set(contents(tmp_path)) == {"notes.txt", "0/mine.mp3"}
    assert not (tmp_path / "1").exists()


def test_broken_settings_are_said_to_be_broken(tmp_path):
    (tmp_path / "sample.json").write_text("{")
    with pytest.raises(ValueError, match="not JSON"):
        dataset.open_sample(tmp_path, 12, 0)


def test_arguments_that_make_no_sense_end_with_code_2():
    for wrong in (("--clips", "0"), ("--clips", "many"), ("--seed", "-1")):
        assert make("unused", *wrong).returncode == 2
