"""The files of a map of tags: stored, read again, refused, opened by TensorBoard."""

import functools
import json
import os
import re
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from autotagging import tag_map, tag_spaces, tag_vectors

REPOSITORY = Path(__file__).resolve().parent.parent
TAG_KINDS = REPOSITORY / "data" / "tag_kinds.csv"
TAG_SETS = [
    ["techno", "beat", "synth"],
    ["techno", "synth"],
    ["beat", "techno"],
    ["cello", "violin", "slow"],
    ["cello", "violin"],
    ["slow", "cello"],
] * 20
TAGS = ["techno", "beat", "synth", "cello", "violin", "slow"]


@functools.cache
def example(seed):
    vectors, ways = tag_vectors.train(TAG_SETS, TAGS, size=20, seed=seed)
    clips = pd.Series(range(len(TAGS), 0, -1), index=TAGS)
    places = tag_vectors.place(vectors, seed=seed)
    return {
        "places": tag_map.tabulate_places(places, ["genre"] * len(TAGS), clips, ways),
        "vectors": vectors,
        "neighbours": tag_spaces.neighbours({"words": tag_spaces.cosines(vectors)}),
        "places_4d": tag_vectors.place(vectors, 4, seed=seed),
    }


def write_example(folder, seed=0):
    tables = {**example(seed), "places": example(seed)["places"].copy()}
    return tag_map.write(folder, tables, {"settings": {"seed": seed}}), tables


def test_a_map_is_read_as_it_was_written_and_complete(tmp_path):
    written, tables = write_example(tmp_path)
    assert {path.name for path, _ in written} == {path.name for path in tmp_path.iterdir()}
    places = tag_map.read_places(tmp_path)
    pd.testing.assert_frame_equal(places, tables["places"], atol=1e-4)
    assert tag_map.read_summary(tmp_path)["settings"] == {"seed": 0}


def test_a_tag_named_like_a_missing_value_is_a_tag(tmp_path):
    _, tables = write_example(tmp_path)
    tables["places"].loc[0, "tag"] = "nan"
    tag_map.write(tmp_path, tables, {"settings": {}})
    assert tag_map.read_places(tmp_path)["tag"][0] == "nan"


def test_a_map_of_other_settings_or_inputs_is_refused(tmp_path):
    assert not tag_map.is_made(tmp_path, {"seed": 0})
    write_example(tmp_path)
    assert tag_map.is_made(tmp_path, {"seed": 0})
    with pytest.raises(ValueError, match="seed 0, not 1: add --force"):
        tag_map.is_made(tmp_path, {"seed": 1})
    with pytest.raises(ValueError, match=r"labels.csv changed since: add --force"):
        tag_map.is_made(tmp_path, {"inputs": {"labels.csv": "other"}})
    (tmp_path / "summary.json").write_text("[1]")
    with pytest.raises(ValueError, match="damaged: add --force"):
        tag_map.is_made(tmp_path, {"seed": 0})


def test_a_map_broken_off_is_not_there(tmp_path, monkeypatch):
    write_example(tmp_path)
    replace = os.replace

    def break_off(part, path):
        if path.name == "metadata.tsv":
            raise OSError("disk full")
        replace(part, path)

    monkeypatch.setattr(os, "replace", break_off)
    with pytest.raises(OSError, match="disk full"):
        write_example(tmp_path, seed=1)
    assert not tag_map.is_made(tmp_path, {"seed": 1})
    assert not tag_map.is_made(tmp_path, {"seed": 0})


def test_the_files_of_the_projector_belong_together(tmp_path):
    _, tables = write_example(tmp_path)
    tables["places"].loc[1, "tag"] = "with\ttab\nand line"
    tag_map.write(tmp_path, tables, {"settings": {}})
    metadata = (tmp_path / "metadata.tsv").read_text().splitlines()
    assert metadata[0].split("\t") == ["tag", "kind", "clips", "way"]
    assert metadata[2].split("\t")[0] == "with tab and line"
    config = (tmp_path / "projector_config.pbtxt").read_text()
    assert re.findall(r'tensor_path: "(.*)"', config) == ["tsne_4d.tsv", "vectors.tsv"]
    for name in re.findall(r'_path: "(.*)"', config):
        assert (tmp_path / name).is_file()
    for name, size in (("tsne_4d.tsv", 4), ("vectors.tsv", 20)):
        assert np.loadtxt(tmp_path / name, delimiter="\t").shape == (len(metadata) - 1, size)


def ask(url, process):
    """Return what a server that is starting answers; wait by asking again."""
    for _ in range(600):
        if process.poll() is not None:
            pytest.fail(f"TensorBoard ended with {process.returncode}")
        try:
            with urllib.request.urlopen(url, timeout=5) as answer:  # noqa: S310 - our own
                return answer.read()
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            try:
                process.wait(timeout=0.1)
            except subprocess.TimeoutExpired:
                continue
    return pytest.fail(f"no answer from {url}")


def test_tensorboard_lists_and_serves_the_tensors(tmp_path):
    pytest.importorskip("tensorboard", reason="TensorBoard is not installed")
    _, tables = write_example(tmp_path)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [
        sys.executable,
        "-m",
        "tensorboard.main",
        "--logdir",
        str(tmp_path),
        "--host",
        "127.0.0.1",
        "--port",
        str(port),
        "--load_fast",
        "false",
    ]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    plugin = f"http://127.0.0.1:{port}/data/plugin/projector"
    try:
        runs = json.loads(ask(f"{plugin}/runs", process))
        assert runs == ["."]
        config = json.loads(ask(f"{plugin}/info?run=.", process))
        names = [tensor["tensorName"] for tensor in config["embeddings"]]
        assert names == ["tsne_4d", "vectors"]
        served = ask(f"{plugin}/metadata?run=.&name=vectors", process).decode()
        assert [row.split("\t")[0] for row in served.splitlines()] == [
            "tag",
            *tables["vectors"].index,
        ]
        tensor = np.frombuffer(ask(f"{plugin}/tensor?run=.&name=vectors", process), "float32")
        np.testing.assert_allclose(tensor, tables["vectors"].to_numpy().ravel(), rtol=1e-5)
    finally:
        process.kill()
        process.wait()
