"""The scripts that draw tags: made once, redrawn, refused, completed."""

import json
import shutil

import numpy as np
import pandas as pd
import pytest

from autotagging.labels import label_sets
from autotagging.tag_map import map_folder

SCRIPT = "5_visualize_tags.py"
TAGS = ["guitar", "techno", "slow", "beat", "cello", "synth", "no singer", "violin"]


def write_dataset(data, tags=TAGS, note="Synthetic sample", n_clips=60, name="merged50"):
    rng = np.random.default_rng(0)
    groups = rng.integers(0, 2, n_clips)[:, None] == np.arange(len(tags))[None, :] % 2
    table = pd.DataFrame(
        groups & (rng.random((n_clips, len(tags))) < 0.6),
        columns=tags,
        index=pd.Index(map(str, range(n_clips)), name="clip_id"),
    )
    counts = table.sum()
    every = pd.DataFrame(
        {"tag": tags, "clips": counts, "merged_into": tags, "clips_merged": counts, "kept": 1}
    )
    every.loc["harp"] = ["harp", 1, "harp", 1, 0]  # annotated, but not in the set
    kept = pd.DataFrame({"tag": tags, "clips": counts, "merged_from": ""})
    table.insert(0, "split", "train")
    summary = {"dataset": "mine", "note": note, "citation": "", "settings": {}}
    label_sets.write_set(data, name, table, (kept, every), summary)
    return data


@pytest.fixture(scope="module")
def made(tmp_path_factory, run_script):
    """Return a dataset with its map, and what the script said when it made it."""
    data = write_dataset(tmp_path_factory.mktemp("dataset"))
    return data, run_script(SCRIPT, "--data", data)


@pytest.fixture
def dataset(made, tmp_path):
    """Return a copy of the dataset with its map, to be changed."""
    return shutil.copytree(made[0], tmp_path / "dataset")


def test_the_map_is_made_and_everything_written_is_named(made):
    data, done = made
    assert done.returncode == 0, done.stderr
    files = [*(data / "tag_map").iterdir(), *(data / "images").iterdir()]
    assert {path.name for path in files} == {
        *(f"{name}.csv" for name in (*map_folder.COLUMNS, "vectors")),
        *(f"{name}.tsv" for name in ("places_4d", "vectors", "metadata")),
        "projector_config.pbtxt",
        "summary.json",
        "tag_map.html",
        "t_SNE.png",
        "t_SNE.txt",
    }
    for path in files:
        assert f"wrote {path}" in done.stdout
    assert f"tensorboard --logdir {data / 'tag_map'}" in done.stdout
    summary = json.loads((data / "tag_map" / "summary.json").read_text())
    assert set(summary["trustworthiness"]) == {"words", "words, 4 dimensions", "annotations"}
    assert summary["tags without a vector"] == []
    assert 0 < summary["other starts"]["neighbours_in_common"] <= 1


def test_the_caption_has_every_number_and_is_printed(made):
    data, done = made
    caption = (data / "images" / "t_SNE.txt").read_text()
    assert all(line in done.stdout for line in caption.splitlines())
    summary = json.loads((data / "tag_map" / "summary.json").read_text())
    assert caption.startswith("Map of 8 of the 8 tags of mine, label set merged50, by t-SNE (perp")
    assert "word vectors trained on the tag sets, 300 dimensions" in caption
    assert f" {summary['trustworthiness']['words']:.2f} in 2 dimensions, " in caption
    assert f"vectors from random starts: trustworthiness {others(summary)}" in caption
    for cluster in summary["clusters"]["words"]["clusters"]:
        assert ", ".join(cluster) in caption
    assert "Of so few tags this says little." in caption
    assert f"silhouette, {summary['clusters']['words']['silhouette']:.2f}" in caption
    agreement = summary["agreement"][0]
    assert f"rank correlation of all pairs {agreement['rank_correlation']:.2f}" in caption
    assert caption.endswith("Synthetic sample.\n")


def others(summary):
    found = summary["other starts"]
    return f"{found['trustworthiness']:.2f} +- {found['trustworthiness_sd']:.2f}; "


def test_the_picture_is_one(made):
    data, _ = made
    assert (data / "images" / "t_SNE.png").read_bytes().startswith(b"\x89PNG")


def test_principal_components_are_a_map_of_their_own(dataset, run_script):
    refused = run_script(SCRIPT, "--data", dataset, "--method", "pca")
    assert refused.returncode == 1
    assert "with method 'tsne', not 'pca': add --force" in refused.stderr
    before = (dataset / "images" / "t_SNE.png").read_bytes()
    done = run_script(SCRIPT, "--data", dataset, "--method", "pca", "--force")
    assert done.returncode == 0, done.stderr
    assert (dataset / "images" / "t_SNE.png").read_bytes() != before


def test_a_network_that_is_not_evaluated_is_named_and_not_needed(dataset, run_script):
    summary = json.loads((dataset / "tag_map" / "summary.json").read_text())
    assert summary["closeness of errors"] is None
    assert [row["spaces"] for row in summary["agreement"]] == [["words", "annotations"]]
    done = run_script(SCRIPT, "--data", dataset, "--model", "absent")
    assert done.returncode == 1
    assert "results/absent are not there, or not of label set merged50" in done.stderr


def test_errors_of_a_file_of_scores_are_judged_by_vectors_from_elsewhere(run_script, tmp_path):
    from conftest import write_tiny_dataset
    from test_report import write_scores

    data = write_tiny_dataset(tmp_path / "tiny", n_clips=96)
    assert run_script("1_label_reduction_and_files_renaming.py", "--data", data).returncode == 0
    table = label_sets.read_labels(data, label_sets.find_set(data))
    path = write_scores(tmp_path, table, "peer.csv")
    assert run_script("4_evaluate.py", "--data", data, "--scores", path).returncode == 0
    tags = table.columns.drop("split")
    rows = [f"{tag} {np.cos(i):.4f} {np.sin(i):.4f}" for i, tag in enumerate(tags)]
    (tmp_path / "words.txt").write_text("\n".join([f"{len(tags)} 2", *rows]) + "\n")
    done = run_script(
        SCRIPT, "--data", data, "--model", "peer", "--vectors", tmp_path / "words.txt"
    )
    assert done.returncode == 0, done.stderr
    assert "wrong predictions on" in done.stdout
    assert "proves nothing" not in done.stdout
    summary = json.loads((data / "tag_map" / "summary.json").read_text())
    errors = summary["closeness of errors"]
    assert errors["circular"] is False
    areas = pd.read_csv(data / "results/peer/per_tag.csv").set_index("tag")["roc_auc"]
    shown = pd.read_csv(data / "tag_map/tags.csv").set_index("tag")["roc_auc"]
    pd.testing.assert_series_equal(shown, areas, check_like=True)
    metadata = pd.read_csv(data / "tag_map/metadata.tsv", sep="\t").set_index("tag")["roc_auc"]
    pd.testing.assert_series_equal(metadata, areas, check_like=True, atol=1e-4)
    assert errors["difference"]["low"] <= errors["difference"]["value"]
    assert {tuple(row["spaces"]) for row in summary["agreement"]} == {("words", "annotations")}
    done = run_script(SCRIPT, "--data", data, "--model", "peer", "--force")
    assert "proves nothing" in done.stdout
    summary = json.loads((data / "tag_map" / "summary.json").read_text())
    assert summary["closeness of errors"]["circular"] is True
    unnamed = run_script(SCRIPT, "--data", data, "--force")
    assert "no network: results/vgg are not there, or" in unnamed.stdout
    assert "--model names other results: peer" in unnamed.stdout
    per_tag = data / "results/peer/per_tag.csv"
    whole = per_tag.read_text()
    per_tag.write_text(whole.replace("\nlow,", "\nlower,"))
    damaged = run_script(SCRIPT, "--data", data, "--model", "peer", "--force")
    assert damaged.returncode == 1
    assert "per_tag.csv is damaged: run 4_evaluate.py with --force" in damaged.stderr
    per_tag.write_text(whole)
    # clips that are gone since: a sentence, and no network where none is named
    clips = pd.read_csv(data / "clips.csv", dtype=str)
    clips.iloc[:-1].to_csv(data / "clips.csv", index=False)
    stale = run_script(SCRIPT, "--data", data, "--model", "peer", "--force")
    assert stale.returncode == 1
    assert "results/peer are of an earlier network, or of other clips: run" in stale.stderr
    (data / "labels" / label_sets.find_set(data) / "labels.csv").write_text("clip_id,split,low\n")
    stale = run_script(SCRIPT, "--data", data, "--model", "peer", "--force")
    assert "results/peer are out of date (" in stale.stderr
    assert "Traceback" not in stale.stderr


def test_a_second_run_does_nothing_and_says_so(made, run_script):
    data, _ = made
    before = {path: path.stat().st_mtime_ns for path in data.rglob("*")}
    done = run_script(SCRIPT, "--data", data)
    assert done.stdout.startswith("nothing to do")
    assert before == {path: path.stat().st_mtime_ns for path in data.rglob("*")}


def test_a_deleted_figure_is_redrawn_from_the_stored_places(dataset, run_script):
    figure = dataset / "images" / "t_SNE.png"
    before = figure.read_bytes()
    figure.unlink()
    stored = {path: path.stat().st_mtime_ns for path in (dataset / "tag_map").iterdir()}
    done = run_script(SCRIPT, "--data", dataset)
    assert done.returncode == 0, done.stderr
    assert figure.read_bytes() == before
    assert stored == {path: path.stat().st_mtime_ns for path in (dataset / "tag_map").iterdir()}


def test_changed_settings_and_changed_labels_are_refused_without_force(dataset, run_script):
    done = run_script(SCRIPT, "--data", dataset, "--seed", 1)
    assert done.returncode == 1
    assert "seed 0, not 1: add --force" in done.stderr
    write_dataset(dataset, n_clips=61)
    done = run_script(SCRIPT, "--data", dataset)
    assert done.returncode == 1
    assert "labels.csv, tags.csv changed since: add --force" in done.stderr
    page, figure = dataset / "tag_map" / "tag_map.html", dataset / "images" / "t_SNE.png"
    assert run_script(SCRIPT, "--data", dataset, "--force").returncode == 0
    of_now = page.read_bytes(), figure.read_bytes()
    page.write_bytes(of_now[0].replace(b"<h1>", b"<h1>Before: "))  # of an earlier version
    figure.write_bytes(of_now[1] + b" ")
    assert run_script(SCRIPT, "--data", dataset).stdout.startswith("nothing to do")
    assert run_script(SCRIPT, "--data", dataset, "--force").returncode == 0
    assert (page.read_bytes(), figure.read_bytes()) == of_now


@pytest.mark.parametrize("vector", ["0 0 0", "1e99 0 0", "nan 1 1"])
def test_a_word_vector_without_a_direction_is_named_with_its_file(
    dataset, run_script, tmp_path, vector
):
    words = tmp_path / "words.txt"
    words.write_text(
        f"lute 1 1 1\nguitar {vector}\n" + "".join(f"{tag} 1 {i} 2\n" for i, tag in enumerate(TAGS))
    )
    done = run_script(SCRIPT, "--data", dataset, "--vectors", words, "--force")
    assert done.returncode == 1
    assert "words.txt: the word vector of 'guitar' has no direction" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_map_broken_off_is_completed(dataset, run_script):
    stored = (dataset / "tag_map" / "places.csv").read_bytes()
    (dataset / "tag_map" / "summary.json").unlink()
    (dataset / "tag_map" / "places.csv").write_text("half")
    assert run_script(SCRIPT, "--data", dataset).returncode == 0
    assert (dataset / "tag_map" / "places.csv").read_bytes() == stored


def test_tags_that_a_file_lacks_are_named(tmp_path, run_script):
    data = write_dataset(tmp_path)
    words = [
        f"{tag} {' '.join(map(str, np.eye(7)[i]))}"
        for i, tag in enumerate(TAGS)
        if tag != "no singer" and i < 7
    ]
    words.append("harp 1 2 3 4 5 6 7")
    path = tmp_path / "words.txt"
    path.write_text(f"{len(words)} 7\n" + "\n".join(words) + "\n")
    done = run_script(SCRIPT, "--data", data, "--vectors", path)
    assert done.returncode == 0, done.stderr
    assert "2 tags without a vector: no singer, violin." in done.stdout
    tags = pd.read_csv(data / "tag_map" / "tags.csv").set_index("tag")
    assert list(tags.index[tags["way"] == "not found"]) == ["no singer", "violin"]
    places = pd.read_csv(data / "tag_map" / "places.csv")
    assert places["space"].value_counts().to_dict() == {"annotations": 8, "words": 6}
    # the words are kept: without the file the same map can be made, and others
    written = {file: file.read_bytes() for file in (data / "tag_map").iterdir()}
    path.unlink()
    done = run_script(SCRIPT, "--data", data, "--vectors", path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("nothing to do")
    done = run_script(SCRIPT, "--data", data, "--vectors", path.name, "--force")
    assert done.returncode == 0, done.stderr
    assert written == {file: file.read_bytes() for file in (data / "tag_map").iterdir()}
    write_dataset(data, [*TAGS, "harp"], name="more")
    options = ["--labels", "more", "--method", "pca", "--force"]
    done = run_script(SCRIPT, "--data", data, "--vectors", path.name, *options)
    assert done.returncode == 0, done.stderr
    assert "Map of 7 of the 9 tags" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (["--vectors", "absent.bin"], 1, "absent.bin is not a file, nor one whose words"),
        (["--vectors", ""], 1, "an empty name is not a file"),
        (["--vectors", __file__], 1, "is not read: files of word vectors end in"),
        (["--seed", "-1"], 2, "less than 0"),
        (["--seed", "4294967296"], 2, "no seed: the largest is 4294967295"),
        (["--labels", "other"], 1, "has no set 'other'"),
    ],
)
def test_a_mistake_is_answered_in_one_sentence(made, run_script, arguments, code, sentence):
    done = run_script(SCRIPT, "--data", made[0], *arguments)
    assert done.returncode == code
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr


def test_three_tags_are_too_few(tmp_path, run_script):
    done = run_script(SCRIPT, "--data", write_dataset(tmp_path, TAGS[:3]))
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
    assert "at least 4 tags" in done.stderr
    assert not (tmp_path / "tag_map").exists()


def test_without_labels_the_script_to_run_is_named(tmp_path, run_script):
    done = run_script(SCRIPT, "--data", tmp_path)
    assert done.returncode == 1
    assert "run 1_label_reduction_and_files_renaming.py" in done.stderr


def test_the_distribution_is_drawn_once(tmp_path, run_script):
    data = write_dataset(tmp_path)
    figure = data / "images" / "label_distribution.png"
    done = run_script("aux_label_distribution.py", "--data", data)
    assert done.returncode == 0, done.stderr
    assert "most frequent tags kept: " in done.stdout
    numbers = pd.read_csv(data / "labels" / "merged50" / "cooccurrence.csv", index_col="tag")
    assert list(numbers.index) == list(numbers.columns) == TAGS
    before = figure.read_bytes()
    assert run_script("aux_label_distribution.py", "--data", data).stdout.startswith("nothing")
    assert run_script("aux_label_distribution.py", "--data", data, "--force").returncode == 0
    assert figure.read_bytes() == before
