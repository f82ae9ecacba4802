"""aux_tag_audio.py as a user runs it: real songs, bad input, script 4 reads what it writes."""

import csv
import io
import json
import os

import audio_files
import numpy as np
import pandas as pd
import pytest
import soundfile
from conftest import SCRIPTS, write_tiny_dataset
from layer_stores import save_backbone

SCRIPT = "aux_tag_audio.py"


@pytest.fixture
def music(tmp_path):
    """Return a folder with two good songs and some that are none."""
    folder = tmp_path / "music"
    folder.mkdir()
    for name in ("long.wav", "a\nnew line.wav"):
        noise = 0.1 * np.random.default_rng(0).standard_normal(56_000)
        soundfile.write(folder / name, noise, 16000)
    soundfile.write(folder / "silent.wav", np.zeros(16000), 16000)
    soundfile.write(folder / "short.wav", 0.1 * np.ones(8000), 16000)
    (folder / "text.mp3").write_text("no audio")
    (folder / "empty.mp3").touch()
    (folder / "cut.wav").write_bytes(audio_files.encode("wav", seconds=1.5)[:9000])
    (folder / os.fsdecode(b"mus\xe9e.wav")).touch()
    (folder / "cover.jpg").touch()
    return folder


@pytest.fixture
def model(tmp_path):
    return save_backbone(tmp_path / "mine.keras")


def test_what_cannot_be_tagged_is_said_and_the_rest_is_tagged(run_script, music, model, tmp_path):
    gone = tmp_path / "gone.mp3"
    names = [music, gone, "--model", model, "--format", "csv", "--pieces", 2, "--jobs", 2]
    answer = run_script(SCRIPT, *names)
    assert answer.returncode == 1
    rows = list(csv.reader(io.StringIO(answer.stdout)))
    assert rows[0] == ["file", "clip_id", "one", "two", "three"]
    assert [row[1] for row in rows[1:]] == ["a\\nnew line", "long", "short", "silent"]
    assert len(answer.stdout.splitlines()) == 5
    for line in [
        "passed over by their endings: 1 file (1 .jpg)",
        "not tagged: music/mus\\udce9e.wav has a name that is not UTF-8: rename it",
        "not tagged: music/cut.wav is cut off: 0.3 of 1.0 s can be decoded",
        "not tagged: music/empty.mp3 is empty",
        "not tagged: music/text.mp3 is a text, no audio; it begins 'no audio'",
        "not tagged: gone.mp3 cannot be read: No such file or directory",
        "tagged, but music/silent.wav is silent",
        "shorter than a piece of 1 s, and padded: 1 song (music/short.wav)",
        "(--pieces): 2 songs (music/a\\nnew line.wav, music/long.wav)",
        "aux_tag_audio.py: 5 of 9 songs not tagged, for the reasons above",
    ]:
        assert line in answer.stderr.replace(f"{tmp_path}/", ""), line
    assert "Traceback" not in answer.stderr


def test_a_run_goes_on_where_the_last_one_ended(run_script, music, model, tmp_path):
    output, made = tmp_path / "tags.json", tmp_path / "made"
    options = ["--model", model, "--output", output, "--embeddings", tmp_path / "e.npy"]
    options += ["--taggram", made, "--jobs", 1]
    first = run_script(SCRIPT, music / "long.wav", *options)
    assert first.returncode == 0, first.stderr
    assert f"wrote {output}: 1 song, 1 of them new" in first.stdout
    again = run_script(SCRIPT, music / "long.wav", music / "short.wav", *options, "--similar", 1)
    assert again.returncode == 0, again.stderr
    assert f"wrote {output}: 2 songs, 1 of them new" in again.stdout
    assert f"nearest to {music / 'short.wav'}:\n" in again.stdout
    rows = json.loads(output.read_text())
    assert [row["clip_id"] for row in rows] == ["long", "short"]
    assert pd.read_csv(tmp_path / "e.csv")["file"].tolist() == [row["file"] for row in rows]
    assert sorted(path.name for path in made.iterdir()) == ["long.png", "short.png"]


def test_script_4_reads_scores_of_a_dataset_s_clips(run_script, tmp_path):
    data, model = write_tiny_dataset(tmp_path / "tiny"), tmp_path / "mine.keras"
    assert run_script(SCRIPTS[1], "--data", data, "--top", 3).returncode == 0
    tags = pd.read_csv(next(data.glob("labels/*/tags.csv")))["tag"].tolist()
    save_backbone(model, tags=tags)
    scores = tmp_path / "scores.csv"
    tagged = run_script(SCRIPT, data / "clips", "--model", model, "--output", scores)
    assert tagged.returncode == 0, tagged.stderr
    evaluated = run_script(SCRIPTS[4], "--data", data, "--scores", scores)
    assert evaluated.returncode == 0, evaluated.stderr
    summary = json.loads((data / "results" / "scores" / "summary.json").read_text())
    assert summary["clips_without_scores"] == 0


def test_what_does_not_go_together_is_refused(run_script, tmp_path):
    song = tmp_path / "x.mp3"
    for options, reason in [
        (["--output", "x.txt"], "--output takes csv, tsv, json or jsonl"),
        (["--format", "csv", "--top", "3"], "--threshold and --top are of a table"),
        (["--per-chunk"], "--per-chunk is of --embeddings"),
        (["--embeddings", "x.csv"], "does not end in .npy"),
        (["--embeddings", "x.npy", "--output", "x.csv"], "rename one"),
        (["--threshold", "2"], "--threshold"),
    ]:
        answer = run_script(SCRIPT, song, *options, cwd=tmp_path)
        assert answer.returncode == 2
        assert reason in answer.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_model_that_is_not_ours_is_a_sentence(run_script, tmp_path):
    (tmp_path / "x.keras").write_bytes(b"PK\x03\x04")
    answer = run_script(SCRIPT, "x.mp3", "--model", "x.keras", "--output", "y.csv", cwd=tmp_path)
    assert answer.returncode == 1
    assert "is not a model of this project" in answer.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["x.keras"]
