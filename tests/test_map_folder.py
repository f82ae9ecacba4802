"""The files of a map of tags: stored, read again, opened by TensorBoard."""

import json
import re
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from autotagging.tag_map import map_folder, projection, similarity
from autotagging.tag_map.word_files import Source

TAGS = ["techno", "beat", "synth", "cello", "violin", "slow"]


@pytest.fixture
def folder(tmp_path):
    """Return the folder of a map."""
    path = tmp_path / "tag_map" / "trained"
    path.mkdir(parents=True)
    return path


def make_tables(tags=TAGS, roc_aucs=(0.9, 0.8, np.nan)):
    """Return the tables of a map, and the tags among them that have a vector: all but the last."""
    found = pd.Index(tags[:-1], name="tag")
    vectors = np.random.default_rng(0).normal(size=(len(found), 20)).astype("float32")
    vectors = pd.DataFrame(vectors, index=found)
    counts = pd.Series(range(len(tags), 0, -1), index=tags)
    ways = pd.Series({tag: "trained" if tag in found else "not found" for tag in tags})
    roc_aucs = pd.Series(roc_aucs, index=tags[: len(roc_aucs)], dtype=float)
    maps = projection.project_aligned({"words": vectors}, projection.Projection())
    rng = np.random.default_rng(1)
    other = pd.DataFrame(rng.normal(size=(len(tags), 5)), index=tags)
    nearness = {"words": similarity.cosines(vectors), "annotations": similarity.cosines(other)}
    _, agreement = similarity.agreement(nearness)
    return {
        "tags": map_folder.tabulate_tags(counts, {tags[0]: "genre"}, ways, roc_aucs),
        "coordinates": map_folder.tabulate_coordinates(maps),
        "vectors": vectors,
        "neighbours": similarity.neighbours(nearness),
        "agreement": agreement,
        "coordinates_4d": rng.normal(size=(len(found), 4)),
    }


@pytest.mark.parametrize(
    ("file", "label_set", "results", "name"),
    [
        (None, None, None, "trained"),
        (None, "merged50", "vgg", "trained"),
        (None, "unmerged50", "peer", "trained-unmerged50-peer"),
        ("GoogleNews.bin.gz", None, "vgg", "GoogleNews"),
        ("words.TXT", "merged50", "peer", "words-peer"),
        ("glove-twitter-25", "all", None, "glove-twitter-25-all"),
    ],
)
def test_a_map_is_named_after_its_vectors_and_what_is_not_the_default(
    file, label_set, results, name
):
    source = file and Source(file, None, "x")
    assert map_folder.name_map(source, label_set, results) == name


def test_tags_are_described_by_kind_clips_way_and_roc_auc():
    ways = pd.Series({"cello": "token", "slow": "not found"})
    counts = pd.Series({"slow": 7, "cello": 2})
    tags = map_folder.tabulate_tags(counts, {"slow": "tempo"}, ways, pd.Series({"cello": 0.9}))
    assert tags.astype(object).fillna("-").to_numpy().tolist() == [
        ["slow", "tempo", 7, "not found", "-"],
        ["cello", "other", 2, "token", 0.9],
    ]


def test_tags_without_a_vector_and_those_by_a_synonym_are_listed():
    vectors = pd.DataFrame(np.eye(2), index=["india", "cello"])
    ways = pd.Series({"slow": "not found", "india": "synonym a: b: token", "cello": "token"})
    assert map_folder.describe(vectors, ways) == {
        "tags": 3,
        "dimensions": 2,
        "tags_without_vector": ["slow"],
        "tags_without_scores": [],
        "tags_by_synonym": ["india by a: b"],
    }


def test_tags_that_results_lack_are_listed_in_the_order_of_the_tags():
    ways = pd.Series("token", index=["slow", "india", "cello"])
    scored = SimpleNamespace(tags=pd.Index(["india"]))
    described = map_folder.describe(pd.DataFrame(np.eye(3), index=ways.index), ways, scored)
    assert described["tags_without_scores"] == ["slow", "cello"]


def test_a_map_is_read_as_it_was_written(folder, capsys):
    tables = make_tables([*TAGS, "lute", "harp"])
    map_folder.write(folder, tables, ["What is seen.", "How far to trust it."])
    for name in map_folder.COLUMNS:
        read = map_folder.read_table(folder, name)
        pd.testing.assert_frame_equal(
            read, tables[name].reset_index(drop=True), atol=1e-4, check_dtype=False
        )
        assert len(read)
    vectors = pd.read_csv(folder / "vectors.csv", index_col="tag").set_axis(range(20), axis=1)
    pd.testing.assert_frame_equal(vectors, tables["vectors"], check_dtype=False)
    assert (folder / "t_SNE.txt").read_text() == "What is seen.\n\nHow far to trust it.\n"
    printed = capsys.readouterr().out
    assert all(path.name in printed for path in folder.iterdir())


def test_a_tag_named_like_a_missing_value_is_a_tag(folder):
    map_folder.write(folder, make_tables(["nan", *TAGS]), [])
    assert map_folder.read_table(folder, "tags")["tag"][0] == "nan"


@pytest.mark.parametrize("text", ["", "half", "space,tag,x,y\nwords,a,b,c\n", "space,tag\n\xff"])
def test_a_table_that_is_damaged_is_named_with_the_script_to_run(folder, text):
    (folder / "coordinates.csv").write_text(text, encoding="latin1")
    sentence = r"coordinates.csv is gone or damaged: run 5_visualize_tags.* and --force"
    with pytest.raises(ValueError, match=sentence):
        map_folder.read_table(folder, "coordinates")


def read_metadata(folder):
    return [line.split("\t") for line in (folder / "metadata.tsv").read_text().splitlines()]


def test_the_files_of_the_projector_belong_together(folder):
    map_folder.write(folder, make_tables(), [])
    metadata = read_metadata(folder)
    assert metadata[0] == ["tag", "kind", "clips", "way", "roc_auc"]
    assert [row[0] for row in metadata[1:]] == TAGS[:-1]  # slow has no vector
    assert metadata[1] == ["techno", "genre", "6", "trained", "0.9"]
    assert metadata[3][4] == ""
    config = (folder / "projector_config.pbtxt").read_text()
    assert re.findall(r'tensor_path: "(.*)"', config) == ["coordinates_4d.tsv", "vectors.tsv"]
    for name in re.findall(r'_path: "(.*)"', config):
        assert (folder / name).is_file()
    for name, size in (("coordinates_4d.tsv", 4), ("vectors.tsv", 20)):
        assert np.loadtxt(folder / name, delimiter="\t").shape == (len(metadata) - 1, size)


def test_a_tag_with_a_tab_or_a_line_end_stays_one_cell(folder):
    map_folder.write(folder, make_tables(["techno", "with\ttab\nand line", *TAGS[2:]]), [])
    assert read_metadata(folder)[2][0] == "with tab and line"


def test_without_an_evaluated_network_there_is_no_column_of_roc_aucs(folder):
    map_folder.write(folder, make_tables(roc_aucs=[]), [])
    assert read_metadata(folder)[0] == ["tag", "kind", "clips", "way"]


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
def tensorboard(folder):
    """Return the address of a TensorBoard that shows a map, and its process."""
    pytest.importorskip("tensorboard", reason="TensorBoard is not installed")
    map_folder.write(folder, make_tables([*TAGS, "lost"]), [])
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    options = {"logdir": folder, "host": "127.0.0.1", "port": port, "load_fast": "false"}
    command = [sys.executable, "-m", "tensorboard.main"]
    command += [text for name, value in options.items() for text in (f"--{name}", str(value))]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    yield f"http://127.0.0.1:{port}", process
    process.kill()
    process.wait()


def test_tensorboard_lists_and_serves_the_tensors(tensorboard, folder):
    address, process = tensorboard
    plugin = f"{address}/data/plugin/projector"
    runs = json.loads(ask(f"{plugin}/runs", process))
    assert runs == ["."]
    config = json.loads(ask(f"{plugin}/info?run=.", process))
    names = [tensor["tensorName"] for tensor in config["embeddings"]]
    assert names == ["coordinates_4d", "vectors"]
    served = ask(f"{plugin}/metadata?run=.&name=vectors", process).decode()
    rows = [row.split("\t") for row in served.splitlines()]
    assert [row[0] for row in rows] == ["tag", *TAGS]
    tensor = np.frombuffer(ask(f"{plugin}/tensor?run=.&name=vectors", process), "float32")
    stored = pd.read_csv(folder / "vectors.csv", index_col="tag")
    np.testing.assert_allclose(tensor, stored.to_numpy().ravel(), rtol=1e-5)


@pytest.mark.slow
def test_the_projector_shows_the_points_in_a_browser(tensorboard, open_page):
    address, process = tensorboard
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
