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

from autotagging.tag_map import map_folder, projection, similarity, word_vectors

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
    vectors, ways = word_vectors.train(TAG_SETS, TAGS, size=20, seed=seed)
    counts = pd.Series(range(len(TAGS), 0, -1), index=TAGS)
    areas = pd.Series([0.9, 0.8, np.nan], index=TAGS[:3])
    nearness = similarity.cosines(vectors)
    _, agreement = similarity.agreement({"words": nearness, "annotations": nearness})
    return {
        "agreement": agreement,
        "tags": map_folder.tabulate_tags(counts, {"techno": "genre"}, ways, areas),
        "places": map_folder.tabulate_places(
            projection.place_alike({"words": vectors}, method="tsne", seed=seed)
        ),
        "vectors": vectors,
        "neighbours": similarity.neighbours({"words": nearness}),
        "places_4d": projection.place(vectors, 4, seed=seed),
    }


def write_example(folder, seed=0):
    tables = {**example(seed), "tags": example(seed)["tags"].copy()}
    return map_folder.write(folder, tables, {"settings": {"seed": seed}}), tables


def test_a_map_is_read_as_it_was_written_and_complete(tmp_path):
    written, tables = write_example(tmp_path)
    assert {path.name for path, _ in written} == {path.name for path in tmp_path.iterdir()}
    for name in map_folder.COLUMNS:
        read = map_folder.read_table(tmp_path, name)
        pd.testing.assert_frame_equal(read, tables[name], atol=1e-4, check_dtype=False)
    assert map_folder.read_summary(tmp_path)["settings"] == {"seed": 0}


def test_a_tag_named_like_a_missing_value_is_a_tag(tmp_path):
    _, tables = write_example(tmp_path)
    tables["tags"].loc[0, "tag"] = "nan"
    map_folder.write(tmp_path, tables, {"settings": {}})
    assert map_folder.read_table(tmp_path, "tags")["tag"][0] == "nan"


@pytest.mark.parametrize("text", ["", "half", "space,tag,x,y\nwords,a,b,c\n", "space,tag\n\xff"])
def test_a_table_that_is_damaged_is_named(tmp_path, text):
    write_example(tmp_path)
    (tmp_path / "places.csv").write_text(text, encoding="latin1")
    with pytest.raises(ValueError, match=r"places.csv is damaged: add --force"):
        map_folder.read_table(tmp_path, "places")


def test_a_map_that_lacks_a_file_is_not_made(tmp_path):
    written, _ = write_example(tmp_path)
    for name in (path.name for path, _ in written):
        write_example(tmp_path)
        assert map_folder.is_made(tmp_path, {"seed": 0})
        (tmp_path / name).unlink()
        assert not map_folder.is_made(tmp_path, {"seed": 0})


def test_a_map_of_which_a_file_was_changed_is_named_before_it_is_shown(tmp_path):
    written, _ = write_example(tmp_path)
    for path, _ in written:
        if path.name != "summary.json":
            write_example(tmp_path)
            path.write_bytes(path.read_bytes()[:-3])
            with pytest.raises(ValueError, match=f"as it was written, {path.name} changed since"):
                map_folder.is_made(tmp_path, {"seed": 0})


def test_a_map_of_other_settings_or_inputs_is_refused(tmp_path):
    assert not map_folder.is_made(tmp_path, {"seed": 0})
    write_example(tmp_path)
    assert map_folder.is_made(tmp_path, {"seed": 0})
    with pytest.raises(ValueError, match="seed 0, not 1: add --force"):
        map_folder.is_made(tmp_path, {"seed": 1})
    summary = json.loads((tmp_path / "summary.json").read_text())
    summary["settings"] |= {"inputs": {"labels.csv": "x", "tags.csv": "y"}, "network": None}
    (tmp_path / "summary.json").write_text(json.dumps(summary))
    with pytest.raises(ValueError, match=r"from other inputs: labels.csv changed since: add --f"):
        map_folder.is_made(tmp_path, {"inputs": {"labels.csv": "other", "tags.csv": "y"}})
    with pytest.raises(ValueError, match=r"was made without network, not with: add --force"):
        map_folder.is_made(tmp_path, {"network": {"results": "vgg"}})
    (tmp_path / "summary.json").write_text("[1]")
    with pytest.raises(ValueError, match="damaged: add --force"):
        map_folder.is_made(tmp_path, {"seed": 0})


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
    assert not map_folder.is_made(tmp_path, {"seed": 1})
    assert not map_folder.is_made(tmp_path, {"seed": 0})


def test_the_files_of_the_projector_belong_together(tmp_path):
    _, tables = write_example(tmp_path)
    tables["tags"].loc[6] = ["lost", "genre", 1, "not found", 0.5]  # a tag without a vector
    map_folder.write(tmp_path, tables, {"settings": {}})
    metadata = [line.split("\t") for line in (tmp_path / "metadata.tsv").read_text().splitlines()]
    assert metadata[0] == ["tag", "kind", "clips", "way", "roc_auc"]
    assert [row[0] for row in metadata[1:]] == TAGS
    assert metadata[1] == ["techno", "genre", "6", "trained", "0.9"]
    assert metadata[3][4] == ""
    config = (tmp_path / "projector_config.pbtxt").read_text()
    assert re.findall(r'tensor_path: "(.*)"', config) == ["places_4d.tsv", "vectors.tsv"]
    for name in re.findall(r'_path: "(.*)"', config):
        assert (tmp_path / name).is_file()
    for name, size in (("places_4d.tsv", 4), ("vectors.tsv", 20)):
        assert np.loadtxt(tmp_path / name, delimiter="\t").shape == (len(metadata) - 1, size)


def test_a_tag_with_a_tab_stays_one_cell_and_areas_that_are_unknown_have_no_column(tmp_path):
    _, tables = write_example(tmp_path)
    index = tables["vectors"].index.to_series().replace("beat", "with\ttab\nand line")
    tables["vectors"] = tables["vectors"].set_axis(index)
    tables["tags"]["tag"] = tables["tags"]["tag"].replace("beat", "with\ttab\nand line")
    tables["tags"]["roc_auc"] = np.nan
    map_folder.write(tmp_path, tables, {"settings": {}})
    metadata = (tmp_path / "metadata.tsv").read_text().splitlines()
    assert metadata[0].split("\t") == ["tag", "kind", "clips", "way"]
    assert metadata[2].split("\t")[0] == "with tab and line"


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


@pytest.fixture
def tensorboard(tmp_path):
    """Return the address of a TensorBoard that shows a map, the process, and the map's tables."""
    pytest.importorskip("tensorboard", reason="TensorBoard is not installed")
    _, tables = write_example(tmp_path)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    options = {"logdir": tmp_path, "host": "127.0.0.1", "port": port, "load_fast": "false"}
    command = [sys.executable, "-m", "tensorboard.main"]
    command += [text for name, value in options.items() for text in (f"--{name}", str(value))]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    yield f"http://127.0.0.1:{port}", process, tables
    process.kill()
    process.wait()


def test_tensorboard_lists_and_serves_the_tensors(tensorboard):
    address, process, tables = tensorboard
    plugin = f"{address}/data/plugin/projector"
    runs = json.loads(ask(f"{plugin}/runs", process))
    assert runs == ["."]
    config = json.loads(ask(f"{plugin}/info?run=.", process))
    names = [tensor["tensorName"] for tensor in config["embeddings"]]
    assert names == ["places_4d", "vectors"]
    served = ask(f"{plugin}/metadata?run=.&name=vectors", process).decode()
    rows = [row.split("\t") for row in served.splitlines()]
    assert [row[0] for row in rows] == ["tag", *tables["vectors"].index]
    tensor = np.frombuffer(ask(f"{plugin}/tensor?run=.&name=vectors", process), "float32")
    np.testing.assert_allclose(tensor, tables["vectors"].to_numpy().ravel(), rtol=1e-5)


def test_the_projector_shows_the_points_in_a_browser(tensorboard, open_page):
    address, process, _ = tensorboard
    ask(f"{address}/data/plugin/projector/runs", process)
    page = open_page(f"{address}/#projector")
    plugin = page.frame_locator("iframe").frame_locator("iframe")
    plugin.get_by_text("Points: 6").wait_for(timeout=60_000)
    assert plugin.locator(".dim").inner_text() == "4"
    plugin.locator("vz-projector-inspector-panel vz-projector-input input").first.fill("cello")
    plugin.get_by_text("1 matches.").wait_for(timeout=60_000)
    card = plugin.locator("vz-projector-metadata-card")
    for cell in ("cello", "kind", "other", "clips", "way", "trained"):
        card.get_by_text(cell, exact=True).first.wait_for(timeout=60_000)
    assert [text for text in page.complaints if "GL" not in text and "Three" not in text] == []
