"""aux_compare_results.py: one table a label set of what is up to date, in CSV, Markdown, LaTeX."""

import re
import shutil

import pandas as pd
import pytest
from conftest import SCRIPTS, keep_scores_of, snapshot, write_scores, write_tiny_dataset

from autotagging.labels import label_sets


def run(run_script, script, data, *options):
    answer = run_script(SCRIPTS[script], "--data", data, *options)
    assert answer.returncode == 0, answer.stderr
    return answer.stdout


def compare(run_script, data, *options):
    """Run the script; return exit code, what it printed, the sentence of an error."""
    answer = run_script(SCRIPTS["compare"], "--data", data, "--n-resamples", 50, *options)
    assert "Traceback" not in answer.stderr
    return answer.returncode, answer.stdout, answer.stderr


def read_comparison(data, label_set):
    path = data / f"results/comparison-{label_set}.csv"
    return pd.read_csv(path, dtype={"seeds": str}).set_index("results")


@pytest.fixture(scope="module")
def evaluated(run_script, tmp_path_factory):
    """Return a dataset with results of a network, a peer and, of other labels, a third."""
    data = write_tiny_dataset(tmp_path_factory.mktemp("compare") / "tiny", n_clips=64)
    for options in ([], ["--no-merge"]):
        run(run_script, 1, data, *options)
    run(run_script, 2, data, "--labels", "merged5", "--name", "mel96", "--seconds", 1)
    short = "--labels", "merged5", "--chunk-seconds", 0, "--epochs", 1
    run(run_script, 3, data, *short)
    run(run_script, 4, data, "--n-resamples", 50)
    for name, label_set in (("peer", "merged5"), ("third", "unmerged6")):
        path = write_scores(data, label_sets.read_labels(data, label_set), f"{name}.csv")
        run(run_script, 4, data, "--labels", label_set, "--scores", path, "--n-resamples", 50)
    return data


@pytest.fixture
def data(evaluated, tmp_path):
    """Return a copy of the dataset, to be changed."""
    return shutil.copytree(evaluated, tmp_path / "tiny")


def test_each_label_set_has_a_table_in_three_forms(run_script, data):
    code, printed, _ = compare(run_script, data)
    assert code == 0
    merged, unmerged = read_comparison(data, "merged5"), read_comparison(data, "unmerged6")
    assert merged["architecture"].to_dict() == {"peer": "external scores", "vgg": "vgg"}
    assert unmerged.index.tolist() == ["third"]
    assert merged.loc["vgg", ["features", "seeds"]].tolist() == ["mel96", "0"]
    assert not any("difference" in column for column in merged)
    for label_set, name in (("merged5", "peer"), ("unmerged6", "third")):
        path = data / f"results/comparison-{label_set}"
        markdown = path.with_suffix(".md").read_text(encoding="utf-8")
        assert f"| {name} | 12 | " in markdown
        assert f"tiny, label set {label_set}: macro averages over the tags" in markdown
        latex = path.with_suffix(".tex").read_text(encoding="utf-8")
        assert latex.startswith(f"% tiny, label set {label_set}: macro averages")
        assert f"\n{name} & 12 & " in latex
        assert all(f"comparison-{label_set}{end}" in printed for end in (".csv", ".md", ".tex"))


def test_the_numbers_are_those_of_the_results(run_script, data):
    compare(run_script, data)
    per_tag = pd.read_csv(data / "results/peer/per_tag.csv")
    row = read_comparison(data, "merged5").loc["peer"]
    for auc in ("roc_auc", "pr_auc"):
        assert row[auc] == pytest.approx(per_tag[auc].mean(), abs=1e-5)
        assert row[f"{auc}_low"] <= row[auc] <= row[f"{auc}_high"]


def test_a_reference_gives_paired_differences_with_intervals(run_script, data):
    code, printed, _ = compare(run_script, data, "--reference", "peer")
    assert code == 0
    table = read_comparison(data, "merged5")
    assert table.loc["vgg", "clips_compared"] == 12
    for auc in ("roc_auc", "pr_auc"):
        difference = table.loc["vgg", auc] - table.loc["peer", auc]
        assert table.loc["vgg", f"{auc}_difference"] == pytest.approx(difference, abs=2e-6)
        low, high = table.loc["vgg", [f"{auc}_difference_low", f"{auc}_difference_high"]]
        assert low <= difference <= high
        assert 0 <= table.loc["vgg", f"{auc}_probability_better"] <= 1
        assert pd.isna(table.loc["peer", f"{auc}_difference"])
    assert "ROC-AUC against peer" in printed
    assert "| PR-AUC against peer |" in (data / "results/comparison-merged5.md").read_text()
    other_labels = read_comparison(data, "unmerged6")
    assert not any("difference" in column for column in other_labels)


def test_averages_over_other_tags_are_marked_in_every_form(run_script, data):
    keep_scores_of(data / "results/peer", ["low", "loud"])
    code, printed, _ = compare(run_script, data, "--reference", "vgg")
    assert code == 0
    table = read_comparison(data, "merged5")
    assert table["tags"].to_dict() == {"vgg": 5, "peer": 2}
    assert table["tag_set"].to_dict() == {"vgg": 1, "peer": 2}
    assert table.loc["peer", "tags_compared"] == 2
    texts = [(data / f"results/comparison-merged5{end}").read_text() for end in (".md", ".tex")]
    for text in (printed, *texts):
        assert "Averages over different tag sets cannot be compared" in text
        assert "tag set 2: 2 tags, without high" in text
        assert re.search(r"peer +[|&]? *12 *[|&]? *2 *[|&]? *2 ", text)
    unmerged = (data / "results/comparison-unmerged6.md").read_text()
    assert "tag set" not in unmerged


def test_run_again_nothing_is_written(run_script, data):
    _, first, _ = compare(run_script, data, "--reference", "peer")
    before = snapshot(data)
    code, second, _ = compare(run_script, data, "--reference", "peer")
    assert code == 0
    assert snapshot(data) == before
    assert "wrote" not in second
    assert second.splitlines() == [line for line in first.splitlines() if "wrote" not in line]


def test_an_unknown_reference_names_what_there_is(run_script, data):
    before = snapshot(data)
    code, _, sentence = compare(run_script, data, "--reference", "nobody")
    assert code == 1
    assert (
        "--reference nobody: no results of that name are up to date (peer, third, vgg)" in sentence
    )
    assert snapshot(data) == before


def edit_labels(run_script, data):
    path = data / "labels/merged5/labels.csv"
    path.write_text(path.read_text().replace(",0\n", ",1\n", 1))  # one clip has one tag more


def train_otherwise(run_script, data):
    options = "--labels", "merged5", "--chunk-seconds", 0, "--epochs", 1, "--seed", 1, "--force"
    run(run_script, 3, data, *options)


def replace_scores(run_script, data):
    labels = label_sets.read_labels(data, "merged5")
    write_scores(data, labels, "peer.csv", seed=5)


@pytest.mark.parametrize(
    ("change", "stale", "changed", "compared"),
    [
        (edit_labels, ["peer", "vgg"], "labels/merged5/labels.csv", ["third"]),
        pytest.param(
            train_otherwise,
            ["vgg"],
            "models/vgg/model.keras",
            ["peer", "third"],
            marks=pytest.mark.slow,
        ),
        (replace_scores, ["peer"], "peer.csv", ["third", "vgg"]),
    ],
)
def test_stale_results_are_refused_by_name_and_the_others_compared(
    run_script, data, change, stale, changed, compared
):
    change(run_script, data)
    code, _, sentence = compare(run_script, data)
    assert code == 1
    for name in stale:
        assert f"results/{name} is out of date, as {changed} changed since" in sentence
    tables = (data / "results").glob("comparison-*.csv")
    names = [name for path in tables for name in pd.read_csv(path)["results"]]
    assert sorted(names) == compared
    assert not any(f"results/{name} " in sentence for name in compared)


def test_scores_that_are_damaged_are_named(run_script, data):
    (data / "results/vgg/scores.npy").write_bytes(b"")
    code, _, sentence = compare(run_script, data, "--reference", "peer")
    assert code == 1
    assert "results/vgg/scores.npy is gone or damaged: run 4_evaluate.py again" in sentence


def test_a_dataset_without_results_names_the_script_to_run(run_script, tmp_path):
    code, _, sentence = compare(run_script, tmp_path)
    assert code == 1
    assert f"{tmp_path} has no results: run 4_evaluate.py" in sentence
    assert list(tmp_path.iterdir()) == []


def test_what_was_typed_wrong_is_one_sentence(run_script, tmp_path):
    code, _, sentence = compare(run_script, tmp_path, "--reference", "../peer")
    assert code == 2
    assert "'../peer' is not a name of a folder" in sentence
    assert compare(run_script, tmp_path / "absent")[0] == 2
