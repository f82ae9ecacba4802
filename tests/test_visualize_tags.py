"""The scripts that draw tags: made once, redrawn, refused, completed."""

import shutil

import numpy as np
import pandas as pd
import pytest
from conftest import SCRIPTS, keep_scores_of, snapshot, write_tiny_dataset
from test_report import write_scores

from autotagging import steps
from autotagging.formatting import measure
from autotagging.labels import label_sets
from autotagging.results import results_folder
from autotagging.tag_map import map_folder, similarity

SCRIPT = "5_visualize_tags.py"
TAGS = ["guitar", "techno", "slow", "beat", "cello", "synth", "no singer", "violin"]


def write_labels(data, tags=TAGS, n_clips=60, name="merged50"):
    """Write a label set; harp is annotated, but not in it unless named."""
    rng = np.random.default_rng(0)
    groups = rng.integers(0, 2, n_clips)[:, None] == np.arange(len(tags))[None, :] % 2
    labels = pd.DataFrame(
        groups & (rng.random((n_clips, len(tags))) < 0.6),
        columns=tags,
        index=pd.Index(map(str, range(n_clips)), name="clip_id"),
    )
    counts = labels.sum()
    annotated = pd.DataFrame(
        {"tag": tags, "clips": counts, "merged_into": tags, "clips_merged": counts, "kept": 1}
    )
    annotated.loc["harp"] = ["harp", 1, "harp", 1, 0]
    kept = pd.DataFrame({"tag": tags, "clips": counts, "merged_from": ""})
    labels.insert(0, "split", "train")
    with steps.writing(steps.Step(label_sets.set_folder(data, name), {}, {})) as summary:
        label_sets.write_tables(label_sets.set_folder(data, name), labels, kept, annotated)
        summary.update(dataset="mine", note="Synthetic sample", citation="")
    return data


def write_words(path, vectors):
    """Write word vectors as word2vec's text."""
    lines = [f"{word} {' '.join(map(str, vector))}" for word, vector in vectors.items()]
    size = len(next(iter(vectors.values())))
    path.write_text("\n".join([f"{len(lines)} {size}", *lines]) + "\n")
    return path


def read_map(data, name="trained"):
    """Return the summary of a map."""
    return steps.read_summary(map_folder.folder_of(data, name))


def read_files(folder):
    """Return every file of a map by name, the summary without how long it took."""
    files = {path.name: path.read_bytes() for path in folder.iterdir()}
    return files | {"summary.json": steps.read_summary(folder) | {"seconds": None}}


@pytest.fixture(scope="module")
def made(tmp_path_factory, run_script):
    """Return a dataset with its map, and what the script said when it made it."""
    data = write_labels(tmp_path_factory.mktemp("dataset"))
    return data, run_script(SCRIPT, "--data", data)


@pytest.fixture
def dataset(made, tmp_path):
    """Return a copy of the dataset with its map, to be changed."""
    return shutil.copytree(made[0], tmp_path / "dataset")


def test_the_map_is_made_and_everything_written_is_named(made):
    data, done = made
    assert done.returncode == 0, done.stderr
    folder = data / "tag_map" / "trained"
    assert {path.name for path in folder.iterdir()} == {
        *(f"{name}.csv" for name in (*map_folder.COLUMNS, "vectors")),
        *(f"{name}.tsv" for name in ("coordinates_4d", "vectors", "metadata")),
        *("projector_config.pbtxt", "summary.json", "tag_map.html", "t_SNE.png", "t_SNE.txt"),
    }
    for name in {path.name for path in folder.iterdir()} - {"summary.json"}:
        assert name in done.stdout
    assert f"tensorboard --logdir {folder}" in done.stdout


def test_the_summary_tells_settings_inputs_and_what_was_measured(made):
    summary = read_map(made[0])
    assert list(summary)[:5] == ["settings", "inputs", "versions", "git_commit", "seconds"]
    assert summary["settings"] == {
        **{"vectors": None, "labels": "merged50", "results": None},
        **{"method": "tsne", "seed": 0},
    }
    assert set(summary["inputs"]) == {
        *(f"labels/merged50/{name}.csv" for name in ("labels", "tags")),
        "../tag_kinds.csv",
    }
    assert set(summary["trustworthiness"]) == {"words", "words, 4 dimensions", "annotations"}
    assert summary["tags_without_vector"] == []
    assert 0 < summary["random_starts"]["neighbours_in_common"] <= 1


def test_the_caption_has_every_number_and_is_printed(made):
    data, done = made
    caption = (data / "tag_map" / "trained" / "t_SNE.txt").read_text()
    assert caption.strip().replace("\n\n", "\n") in done.stdout
    summary = read_map(data)
    assert caption.startswith("Map of 8 of the 8 tags of mine, label set merged50, by t-SNE (perp")
    assert "word vectors trained on the tag sets, 300 dimensions" in caption
    trust = measure(summary["trustworthiness"]["words"])
    assert f" {trust} in 2 dimensions, " in caption
    starts = summary["random_starts"]
    spread = f"{measure(starts['trustworthiness'])} ± {measure(starts['trustworthiness_sd'])}; "
    assert f"vectors from random starts: trustworthiness {spread}" in caption
    for cluster in summary["clusters"]["words"]["clusters"]:
        assert ", ".join(cluster) in caption
    assert "Of so few tags this says little." in caption
    assert f"silhouette, {measure(summary['clusters']['words']['silhouette'])}" in caption
    agreement = summary["agreement"][0]
    assert f"rank correlation of all pairs {measure(agreement['rank_correlation'])}" in caption
    assert caption.endswith("Synthetic sample.\n")


def test_principal_components_are_another_map(dataset, run_script):
    refused = run_script(SCRIPT, "--data", dataset, "--method", "pca")
    assert refused.returncode == 1
    assert "trained was made with method tsne, not pca: run 5_visualize_tags" in refused.stderr
    done = run_script(SCRIPT, "--data", dataset, "--method", "pca", "--name", "components")
    assert done.returncode == 0, done.stderr
    figures = [dataset / "tag_map" / name / "t_SNE.png" for name in ("trained", "components")]
    assert figures[0].read_bytes() != figures[1].read_bytes()
    assert "by principal components" in (dataset / "tag_map/components/t_SNE.txt").read_text()
    assert 0 < read_map(dataset, "components")["explained_variance"] < 1


def test_without_results_no_network_is_needed_and_one_that_is_named_is_missed(made, run_script):
    summary = read_map(made[0])
    assert summary["closeness_of_errors"] is None
    assert [row["spaces"] for row in summary["agreement"]] == [["words", "annotations"]]
    done = run_script(SCRIPT, "--data", made[0], "--results", "absent")
    assert done.returncode == 1
    assert "results/absent is not finished: run 4_evaluate.py" in done.stderr


@pytest.fixture(scope="module")
def evaluated(tmp_path_factory, run_script):
    """Return a dataset with a peer's scores that are evaluated, and a file of word vectors."""
    folder = tmp_path_factory.mktemp("evaluated")
    data = write_tiny_dataset(folder / "tiny", n_clips=96)
    assert run_script(SCRIPTS[1], "--data", data).returncode == 0
    table = label_sets.read_labels(data, label_sets.find_set(data))
    scores = write_scores(folder, table, "peer.csv")
    done = run_script(SCRIPTS[4], "--data", data, "--scores", scores)
    assert done.returncode == 0, done.stderr
    tags = table.columns.drop("split")
    vectors = {tag: [round(np.cos(i), 4), round(np.sin(i), 4)] for i, tag in enumerate(tags)}
    return data, write_words(folder / "words.txt", vectors)


@pytest.fixture
def peer(evaluated, tmp_path):
    """Return a copy of the dataset with a peer's evaluated scores, to be changed."""
    return shutil.copytree(evaluated[0], tmp_path / "peer", symlinks=True)


def test_errors_of_external_scores_are_judged_by_vectors_of_a_file(evaluated, peer, run_script):
    done = run_script(SCRIPT, "--data", peer, "--results", "peer", "--vectors", evaluated[1])
    assert done.returncode == 0, done.stderr
    assert "wrong predictions on" in done.stdout
    assert "proves nothing" not in done.stdout
    summary, folder = read_map(peer, "words-peer"), peer / "tag_map" / "words-peer"
    errors = summary["closeness_of_errors"]
    assert errors["circular"] is False
    assert errors["difference"]["low"] <= errors["difference"]["value"]
    assert {tuple(row["spaces"]) for row in summary["agreement"]} == {("words", "annotations")}
    wanted = pd.read_csv(peer / "results/peer/per_tag.csv", index_col="tag")["roc_auc"]
    tags = pd.read_csv(folder / "tags.csv", index_col="tag")["roc_auc"]
    pd.testing.assert_series_equal(tags, wanted, check_like=True)
    metadata = pd.read_csv(folder / "metadata.tsv", sep="\t", index_col="tag")["roc_auc"]
    pd.testing.assert_series_equal(metadata, wanted, check_like=True, atol=1e-4)


def test_a_network_of_some_of_the_tags_has_a_map_of_these_and_the_others_are_named(
    evaluated, peer, run_script
):
    results = peer / "results/peer"
    tags = results_folder.read_thresholds(results).index
    np.save(results / "tag_weights.npy", np.random.default_rng(0).normal(size=(len(tags), 7)))
    known, unknown = tags[[3, 0, 4, 1]], tags[2]
    weights = results_folder.read_tag_weights(results).loc[known]
    keep_scores_of(results, known)
    done = run_script(SCRIPT, "--data", peer, "--results", "peer", "--vectors", evaluated[1])
    assert done.returncode == 0, done.stderr
    sentence = "results/peer have scores of 4 of the 5 tags. 1 tag without, hence without"
    assert f"{sentence} a ROC-AUC, a place by network or a wrong prediction: {unknown}." in (
        done.stdout
    )
    summary, folder = read_map(peer, "words-peer"), peer / "tag_map/words-peer"
    assert summary["tags_without_scores"] == [unknown]
    table = map_folder.read_table(folder, "tags").set_index("tag")["roc_auc"]
    assert table.index[table.isna()].tolist() == [unknown]
    places = map_folder.read_table(folder, "coordinates").groupby("space")["tag"].agg(set)
    assert places["network"] == set(known)
    assert places["words"] == set(tags)
    nearest = map_folder.read_table(folder, "neighbours").query("space == 'network'")
    cosines = nearest.set_index(["tag", "neighbour"])["cosine"]
    wanted = similarity.cosines(weights).loc[known[0], known[1]]
    assert cosines[known[0], known[1]] == pytest.approx(wanted, abs=1e-4)
    text = (folder / "tag_map.html").read_text()
    assert sentence in text


def test_a_network_of_too_few_tags_has_no_map_and_that_is_said(evaluated, peer, run_script):
    results = peer / "results/peer"
    tags = results_folder.read_thresholds(results).index
    np.save(results / "tag_weights.npy", np.eye(len(tags)))
    keep_scores_of(results, tags[:2])
    done = run_script(SCRIPT, "--data", peer, "--results", "peer", "--vectors", evaluated[1])
    assert done.returncode == 0, done.stderr
    assert "There is no map by network: it needs at least 4 tags" in done.stdout
    assert list(read_map(peer, "words-peer")["spaces_left_out"]) == ["network"]


def test_errors_judged_by_vectors_of_the_annotations_prove_nothing(peer, run_script):
    done = run_script(SCRIPT, "--data", peer, "--results", "peer", "--name", "circular")
    assert done.returncode == 0, done.stderr
    assert "proves nothing" in done.stdout
    assert read_map(peer, "circular")["closeness_of_errors"]["circular"] is True


def test_results_that_are_not_named_are_offered(peer, run_script):
    done = run_script(SCRIPT, "--data", peer)
    assert done.returncode == 0, done.stderr
    assert "no network: " in done.stdout
    assert "results/vgg is not finished" in done.stdout
    assert (
        "(there are peer): run 4_evaluate.py; other results are named with --results" in done.stdout
    )


def test_results_with_a_damaged_table_are_named(peer, run_script):
    per_tag = peer / "results/peer/per_tag.csv"
    per_tag.write_text(per_tag.read_text().replace("\nlow,", "\nlower,"))
    done = run_script(SCRIPT, "--data", peer, "--results", "peer")
    assert done.returncode == 1
    assert (
        "per_tag.csv is gone or damaged: run 4_evaluate.py again with its options and --force"
        in done.stderr
    )
    assert not list((peer / "tag_map").glob("*"))


@pytest.mark.parametrize("file", ["clips/clips.csv", "labels/{}/labels.csv"])
def test_results_of_other_clips_or_labels_are_refused(peer, run_script, file):
    path = peer / file.format(label_sets.find_set(peer))
    path.write_text("".join(path.read_text().splitlines(keepends=True)[:-1]))
    done = run_script(SCRIPT, "--data", peer, "--results", "peer")
    assert done.returncode == 1
    assert "results/peer is out of date, as " in done.stderr
    assert file.partition("/")[0] in done.stderr.partition("out of date, as ")[2]
    assert "changed since: run 4_evaluate.py again with its options and --force" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_second_run_does_nothing_and_says_so(made, run_script):
    data, _ = made
    before = snapshot(data)
    done = run_script(SCRIPT, "--data", data)
    assert done.stdout.startswith("nothing to do")
    assert snapshot(data) == before


def test_a_missing_figure_and_page_are_made_again_from_the_stored_tables(dataset, run_script):
    folder = dataset / "tag_map" / "trained"
    missing = folder / "t_SNE.png", folder / "tag_map.html"
    before = [path.read_bytes() for path in missing]
    for path in missing:
        path.unlink()
    stored = snapshot(folder)
    done = run_script(SCRIPT, "--data", dataset)
    assert done.returncode == 0, done.stderr
    assert [path.read_bytes() for path in missing] == before
    assert stored.items() <= snapshot(folder).items()
    # another map gives another figure
    table = map_folder.read_table(folder, "coordinates")
    table.assign(x=table["x"] * (table["tag"] != "guitar")).to_csv(folder / "coordinates.csv")
    missing[0].unlink()
    assert run_script(SCRIPT, "--data", dataset).returncode == 0
    assert missing[0].read_bytes() != before[0]


def test_changed_settings_and_changed_labels_are_refused_without_force(dataset, run_script):
    done = run_script(SCRIPT, "--data", dataset, "--seed", 1)
    assert done.returncode == 1
    assert "with seed 0, not 1: run 5_visualize_tags.py again with --force, or" in done.stderr
    write_labels(dataset, n_clips=61)
    done = run_script(SCRIPT, "--data", dataset)
    assert done.returncode == 1
    assert (
        "from another labels/merged50/labels.csv; from another labels/merged50/tags" in done.stderr
    )
    before = read_map(dataset)["inputs"]
    assert run_script(SCRIPT, "--data", dataset, "--force").returncode == 0
    assert read_map(dataset)["inputs"] != before


def test_figure_and_page_of_an_earlier_map_do_not_outlive_it(dataset, run_script):
    folder = dataset / "tag_map" / "trained"
    page, figure = folder / "tag_map.html", folder / "t_SNE.png"
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
    vectors = {"lute": [1, 1, 1], "guitar": vector.split()}
    vectors |= {tag: [1, i, 2] for i, tag in enumerate(TAGS) if tag != "guitar"}
    words = write_words(tmp_path / "words.txt", vectors)
    done = run_script(SCRIPT, "--data", dataset, "--vectors", words)
    assert done.returncode == 1
    assert "words.txt: the word vector of 'guitar' has no direction" in done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.slow
@pytest.mark.parametrize("kill_after", [3, 8])
def test_a_map_broken_off_is_completed_with_the_same_bytes(dataset, run_script, kill_after):
    folder = dataset / "tag_map" / "trained"
    before = read_files(folder)
    killed = run_script(SCRIPT, "--data", dataset, "--force", kill_after=kill_after)
    assert killed.returncode < 0
    assert not (folder / "summary.json").exists()
    assert not (folder / "t_SNE.png").exists()
    (folder / "coordinates.csv").write_text("half")
    assert run_script(SCRIPT, "--data", dataset).returncode == 0
    assert read_files(folder) == before


def write_words_without(path, *tags):
    """Write vectors of the tags but some, and of harp."""
    present = [tag for tag in TAGS if tag not in tags]
    vectors = {tag: np.eye(len(TAGS))[i].tolist() for i, tag in enumerate(present)}
    return write_words(path, vectors | {"harp": [1, 2, 3, 4, 5, 6, 7, 8]})


def test_tags_that_a_file_lacks_are_named(tmp_path, run_script):
    data = write_labels(tmp_path / "data")
    words = write_words_without(tmp_path / "words.txt", "no singer", "violin")
    done = run_script(SCRIPT, "--data", data, "--vectors", words)
    assert done.returncode == 0, done.stderr
    assert "2 tags without a vector: no singer, violin." in done.stdout
    tags = pd.read_csv(data / "tag_map/words/tags.csv", index_col="tag")
    assert list(tags.index[tags["way"] == "not found"]) == ["no singer", "violin"]
    coordinates = pd.read_csv(data / "tag_map/words/coordinates.csv")
    assert coordinates["space"].value_counts().to_dict() == {"annotations": 8, "words": 6}


def test_words_are_kept_for_the_same_map_and_for_others_without_the_file(tmp_path, run_script):
    data, words = write_labels(tmp_path / "data"), tmp_path / "words.txt"
    write_words_without(words, "no singer", "violin")
    assert run_script(SCRIPT, "--data", data, "--vectors", words).returncode == 0
    folder = data / "tag_map" / "words"
    before = read_files(folder)
    words.unlink()
    again = run_script(SCRIPT, "--data", data, "--vectors", words)
    assert again.returncode == 0, again.stderr
    assert again.stdout.startswith("nothing to do")
    forced = run_script(SCRIPT, "--data", data, "--vectors", words.name, "--force")
    assert forced.returncode == 0, forced.stderr
    assert read_files(folder) == before
    write_labels(data, [*TAGS, "harp"], name="more")  # harp was annotated before
    options = "--vectors", words.name, "--labels", "more", "--method", "pca"
    other = run_script(SCRIPT, "--data", data, *options)
    assert other.returncode == 0, other.stderr
    assert "Map of 7 of the 9 tags" in other.stdout
    assert (data / "tag_map" / "words-more" / "summary.json").exists()


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (["--vectors", "absent.bin"], 1, "absent.bin is not a file, nor one whose words"),
        (["--vectors", ""], 1, "an empty name is not a file"),
        (["--vectors", __file__], 1, "is not read: word vectors end in .bin, .txt, .vec"),
        (["--seed", "-1"], 2, "-1 is not a number from 0 to 4,294,967,295"),
        (["--seed", "4294967296"], 2, "4294967296 is not a number from 0 to 4,294,967,295"),
        (["--labels", "other"], 1, "has no set 'other'"),
        (["--name", "../elsewhere"], 2, "'../elsewhere' is not a name of a folder"),
    ],
)
def test_a_mistake_is_answered_in_one_sentence(made, run_script, arguments, code, sentence):
    done = run_script(SCRIPT, "--data", made[0], *arguments)
    assert done.returncode == code
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr


def test_three_tags_are_too_few(tmp_path, run_script):
    done = run_script(SCRIPT, "--data", write_labels(tmp_path, TAGS[:3]))
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
    assert "at least 4 tags" in done.stderr
    assert not list((tmp_path / "tag_map").glob("*"))


def test_without_labels_the_script_to_run_is_named(tmp_path, run_script):
    done = run_script(SCRIPT, "--data", tmp_path)
    assert done.returncode == 1
    assert "run 1_label_reduction_and_files_renaming.py" in done.stderr


def test_the_distribution_is_drawn_once(tmp_path, run_script):
    data = write_labels(tmp_path)
    figure = data / "labels" / "merged50" / "label_distribution.png"
    done = run_script("aux_label_distribution.py", "--data", data)
    assert done.returncode == 0, done.stderr
    assert "most frequent tags kept: " in done.stdout
    before = figure.read_bytes()
    assert run_script("aux_label_distribution.py", "--data", data).stdout.startswith("nothing")
    assert run_script("aux_label_distribution.py", "--data", data, "--force").returncode == 0
    assert figure.read_bytes() == before
