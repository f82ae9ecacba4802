"""Script 1 as a user runs it: the inventory and label sets."""

import json
import shutil
import zipfile

import numpy as np
import pandas as pd
import pytest
import soundfile
from conftest import SCRIPTS, snapshot

from autotagging.labels import label_sets, splits

ONE = SCRIPTS[1]


def test_labels_alone_need_no_audio(run_script, test_data, tmp_path):
    raw = test_data / "mtt"
    answer = run_script(ONE, "--data", tmp_path, "--raw", raw, "--no-audio")
    assert answer.returncode == 0, answer.stderr
    table = label_sets.read_labels(tmp_path, "merged50")
    assert table["split"].value_counts()[list(splits.PARTS)].tolist() == [15425, 1538, 4392]
    assert len(pd.read_csv(tmp_path / "clips/clips.csv")) == 25860
    excluded = pd.read_csv(tmp_path / "clips/excluded.csv", dtype=str)
    assert excluded["clip_id"].tolist() == ["35644", "55753", "57881"]
    answer = run_script(SCRIPTS[2], "--data", tmp_path)
    assert answer.returncode == 1
    assert "holds no audio: run 1_label" in answer.stderr


def test_a_table_without_artists_is_split_at_random_and_says_so(run_script, tiny_dataset):
    table = pd.read_csv(tiny_dataset / "annotations_final.csv", sep="\t")
    (tiny_dataset / "annotations_final.csv").unlink()
    table = table.rename(columns={"mp3_path": "path"}).drop(columns="clip_id")
    table.to_csv(tiny_dataset / "mine.csv", sep="\t", index=False)
    answer = run_script(ONE, "--data", tiny_dataset, "--split", "random", "--seed", 4)
    assert answer.returncode == 0, answer.stderr
    assert "split at random, clip by clip, seed 4" in answer.stdout
    assert "the annotations name no artist: each clip is its own" in answer.stdout
    assert len(label_sets.read_labels(tiny_dataset, "merged5-random-seed4")) == 32


def test_rows_without_a_file_are_excluded_with_row_and_file(run_script, tiny_dataset):
    gone = sorted(tiny_dataset.glob("3/*.wav"))[0]
    gone.unlink()
    answer = run_script(ONE, "--data", tiny_dataset)
    name = f"3/{gone.name}"
    assert f"excluded row 5, clip 13, {name}: the file is absent" in answer.stdout
    excluded = pd.read_csv(tiny_dataset / "clips/excluded.csv", dtype=str)
    assert excluded.to_numpy().tolist() == [["13", "5", name, "the file is absent"]]


def test_variants_stand_beside_each_other_over_one_inventory(run_script, test_data, tmp_path):
    (tmp_path / "tags.txt").write_text("sitar\nguitar\nno vocal\n")
    variants = {
        "unmerged50-all": ["--no-merge", "--keep-untagged"],
        "merged50-artists-seed7": ["--split", "artists", "--seed", 7],
        "merged50-train": ["--tags-from", "train"],
        "unmerged-tags": ["--no-merge", "--tags", tmp_path / "tags.txt"],
        "top": ["--top", 5, "--name", "top"],
    }
    data = tmp_path / "mtt"
    common = ["--data", data, "--raw", test_data / "mtt", "--no-audio"]
    for arguments in variants.values():
        answer = run_script(ONE, *common, *arguments)
        assert answer.returncode == 0, answer.stderr
    assert sorted(path.name for path in (data / "labels").iterdir()) == sorted(variants)
    assert len(pd.read_csv(data / "clips/clips.csv")) == 25860
    listed = label_sets.read_labels(data, "unmerged-tags").columns.tolist()
    assert listed == ["split", "sitar", "guitar", "no vocal"]
    tags = json.loads((data / "labels/merged50-train/summary.json").read_text())["tags"]
    assert tags["not_most_frequent_of_all"] == ["banjo"]
    assert tags["most_frequent_of_all_left_out"] == ["no beat"]
    again = run_script(ONE, *common, *variants["merged50-artists-seed7"])
    assert "nothing to do" in again.stdout
    refused = run_script(ONE, *common, "--tags", tmp_path / "tags.txt")
    assert refused.returncode == 1
    assert "'no vocal' is merged into 'no singer'" in refused.stderr


def test_multi_hot_names_follow_the_labels_and_raw_audio_stays(run_script, tiny_dataset, tmp_path):
    data = tmp_path / "data"
    before = snapshot(tiny_dataset)
    common = ["--data", data, "--raw", tiny_dataset, "--name", "set"]
    answer = run_script(ONE, *common, "--names", "multi-hot", "--link", "copy")
    assert answer.returncode == 0, answer.stderr
    folder = data / "labels" / "set" / "multi_hot"
    table = label_sets.read_labels(data, "set")
    tags = sorted(table.columns.drop("split"))
    for clip_id, row in table.iterrows():
        bits = "".join(str(int(row[tag])) for tag in tags)
        assert (folder / f"{bits}_{clip_id}.wav").stat().st_nlink == 1
    answer = run_script(ONE, *common, "--names", "multi-hot", "--top", 2, "--force")
    assert answer.returncode == 0, answer.stderr
    assert {len(path.name.split("_")[0]) for path in folder.iterdir()} == {2}
    assert len(list(folder.iterdir())) == len(label_sets.read_labels(data, "set"))
    assert all(path.stat().st_nlink == 3 for path in folder.iterdir())  # raw, clips/, multi_hot/
    assert run_script(ONE, *common, "--top", 2, "--force").returncode == 0
    assert not folder.exists()
    assert snapshot(tiny_dataset) == before


def test_other_settings_of_a_name_are_refused_before_anything_is_written(run_script, tiny_dataset):
    assert run_script(ONE, "--data", tiny_dataset).returncode == 0
    before = snapshot(tiny_dataset)
    refused = run_script(ONE, "--data", tiny_dataset, "--top", 3, "--name", "merged5")
    assert refused.returncode == 1
    assert "labels/merged5 was made with top 5, not 3: run 1_label" in refused.stderr
    assert "--force, or give another --name" in refused.stderr
    assert snapshot(tiny_dataset) == before


def test_a_disclaimer_is_in_the_label_set_also_where_it_comes_later(run_script, tiny_dataset):
    assert run_script(ONE, "--data", tiny_dataset).returncode == 0
    (tiny_dataset / "DISCLAIMER.txt").write_text("Tones, not music\n")
    assert run_script(ONE, "--data", tiny_dataset).returncode == 0
    assert label_sets.read_provenance(tiny_dataset, "merged5")["note"] == "Tones, not music"
    assert "nothing to do" in run_script(ONE, "--data", tiny_dataset).stdout


def test_clips_that_are_added_keep_a_label_set_of_the_same_table(run_script, tiny_dataset):
    hidden = sorted(tiny_dataset.glob("3/*.wav"))[0]
    shutil.move(hidden, tiny_dataset / "hidden.wav")
    assert run_script(ONE, "--data", tiny_dataset).returncode == 0
    shutil.move(tiny_dataset / "hidden.wav", hidden)
    answer = run_script(ONE, "--data", tiny_dataset)
    assert answer.returncode == 0, answer.stderr
    assert "wrote" in answer.stdout
    assert "13" in label_sets.read_labels(tiny_dataset, "merged5").index
    assert "nothing to do" in run_script(ONE, "--data", tiny_dataset).stdout


def test_raw_without_data_never_takes_the_place_of_the_sample(run_script, tiny_dataset):
    answer = run_script(ONE, "--raw", tiny_dataset)
    assert answer.returncode == 2
    assert "--raw needs --data" in answer.stderr


def test_a_table_without_a_positive_tag_is_refused_before_anything_is_written(run_script, tmp_path):
    (tmp_path / "mine.csv").write_text("path,rock\na.wav,0\n")
    soundfile.write(tmp_path / "a.wav", np.zeros(100), 16000)
    answer = run_script(ONE, "--data", tmp_path)
    assert answer.returncode == 1
    assert answer.stderr.strip().endswith("no clip has any tag")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.wav", "mine.csv"]


def test_a_set_whose_clips_are_gone_is_named(run_script, tiny_dataset):
    for name in ("one", "two"):
        assert run_script(ONE, "--data", tiny_dataset, "--name", name).returncode == 0
    sorted(tiny_dataset.glob("3/*.wav"))[0].unlink()
    answer = run_script(ONE, "--data", tiny_dataset, "--name", "one")
    assert "warning: labels/two has 1 clips that are gone: make it again" in answer.stdout


@pytest.mark.parametrize(
    "arguments",
    [
        ["--tags", "{tags}", "--tags-from", "train"],
        ["--tags", "{tags}", "--top", "5"],
        ["--no-audio", "--names", "multi-hot"],
        ["--split", "genre"],
        ["--tags", "absent.txt"],
        ["--annotations", "absent.csv"],
        ["--link", "soft"],
        ["--name", "../elsewhere"],
    ],
)
def test_options_that_do_not_go_together_are_refused_as_typed(run_script, tmp_path, arguments):
    (tmp_path / "tags.txt").write_text("a\n")
    arguments = [argument.format(tags=tmp_path / "tags.txt") for argument in arguments]
    answer = run_script(ONE, "--data", tmp_path, *arguments)
    assert answer.returncode == 2
    assert "Traceback" not in answer.stderr


def test_labels_alone_never_replace_an_inventory_with_audio(run_script, tiny_dataset):
    assert run_script(ONE, "--data", tiny_dataset).returncode == 0
    before = (tiny_dataset / "clips/clips.csv").read_bytes()
    answer = run_script(ONE, "--data", tiny_dataset, "--no-audio")
    assert answer.returncode == 1
    assert "lists audio already" in answer.stderr
    assert (tiny_dataset / "clips/clips.csv").read_bytes() == before


@pytest.mark.parametrize(
    "text", ["clip_id\tmp3_path\r\n", "", "\x00\x01", "a,b\n1,2\n", "clip_id\té"]
)
def test_annotations_that_are_none_are_one_sentence(run_script, tmp_path, text):
    (tmp_path / "annotations_final.csv").write_text(text, encoding="latin-1")
    answer = run_script(ONE, "--data", tmp_path)
    assert answer.returncode == 1
    assert len(answer.stderr.strip().splitlines()) == 1
    assert "annotations_final.csv" in answer.stderr


def test_a_dataset_that_was_packed_on_macos_is_read(run_script, tiny_dataset, tmp_path):
    table = pd.read_csv(tiny_dataset / "annotations_final.csv", sep="\t").drop(columns="clip_id")
    files, raw = table.pop("mp3_path"), tmp_path / "raw"
    raw.mkdir()
    with zipfile.ZipFile(raw / "mp3.zip", "w") as packed:
        for number, file in enumerate(files):
            packed.write(tiny_dataset / file, f"cafe\u0301/{number}.wav")
            packed.writestr(f"__MACOSX/cafe\u0301/._{number}.wav", b"\0")
    table.insert(0, "path", [f"{raw}/caf\u00e9/{number}.wav" for number in range(len(files))])
    table.to_csv(raw / "my.csv", index=False)
    for name in ("._my.csv", ".DS_Store"):
        (raw / name).write_bytes(b"\0\x05\x16\x07")
    answer = run_script(ONE, "--data", tmp_path / "data", "--raw", raw, "--name", "set")
    assert answer.returncode == 0, answer.stderr
    clips = pd.read_csv(tmp_path / "data/clips/clips.csv", index_col="clip_id")
    assert clips["file"].to_dict() == {
        f"caf\u00e9-{n}": f"clips/caf\u00e9-{n}.wav" for n in range(32)
    }
    assert (tmp_path / "data" / clips["file"].iloc[0]).read_bytes()
