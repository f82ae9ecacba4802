"""What is published of MagnaTagATune: its tables, the variants, the tags and their synonyms."""

import numpy as np
import pandas as pd
import pytest
from conftest import REPOSITORY, write_tiny_dataset
from sklearn.metrics import average_precision_score

from benchmarks import beside_literature, literature, tags_in_literature


@pytest.fixture(scope="module")
def mtt_labels(test_data):
    """Return the 50 tags of MagnaTagATune's test clips."""
    tags = literature.read_per_tag()["tag"].unique()
    return tags_in_literature.read_test_labels(test_data / "mtt" / "annotations_final.csv", tags)


def described(groups, prevalence, kinds=None):
    """Return tags as `describe_tags` does, of the groups that are named."""
    tags = pd.DataFrame({"group": groups, "kind": kinds or "", "B": prevalence})
    tags.index = pd.Index([f"tag {number}" for number in range(len(tags))], name="tag")
    tags["is_synonym"] = tags["group"].duplicated(keep=False)
    return tags


def test_every_published_tag_of_a_network_averages_to_its_published_macro_value():
    per_tag, networks = literature.read_per_tag(), literature.read_networks()
    assert (per_tag.groupby(["variant", "network"])["tag"].nunique() == literature.N_TAGS).all()
    assert per_tag["pr_auc"].between(0, 1).all()
    assert per_tag.loc[per_tag["variant"] == "A", "roc_auc"].between(0, 1).all()
    published = networks.set_index(["variant", "network"])
    means = per_tag.groupby(["variant", "network"])[["pr_auc", "roc_auc"]].mean()
    maest, mule = ("B", "MAEST"), ("A", "Musicset Supervised")
    assert (
        f"{means.loc[maest, 'pr_auc']:.4f}"[1:] == published.loc[("B", "MAEST (probe)"), "pr_auc"]
    )
    for auc, value in means.loc[mule].items():
        assert f"{value:.4f}"[1:] == published.loc[("A", "MULE supervised (probe)"), auc]


def test_every_published_network_says_where_it_stands():
    networks = literature.read_networks()
    assert {"A", "B"} < set(networks["variant"])
    needed = networks[["variant", "network", "pr_auc", "pretraining", "year", "source"]]
    assert (needed != "").all(axis=None)
    assert networks["pr_auc"].str.startswith(".").all()  # sorted as text
    assert not networks.duplicated(["variant", "network"]).any()


def summary_of(train, validation, test, *, scored=None, tags=50):
    """Return what `variant_of` reads of a summary."""
    clips = {"train": train, "validation": validation, "test": test}
    return {"clips": clips, "rows": {"test": {"clips": scored or test, "tags": tags}}}


@pytest.mark.parametrize(
    ("summary", "is_merged", "variant"),
    [
        pytest.param(summary_of(18706, 1825, 5329), False, "A", id="untagged-kept"),
        pytest.param(summary_of(15247, 1529, 4332), False, "B", id="tagged"),
        pytest.param(summary_of(16776, 0, 4332), False, "B", id="refit"),
        pytest.param(summary_of(15425, 1538, 4392), True, "C", id="merged"),
    ],
)
def test_a_run_is_of_the_variant_of_its_clips_and_tags(summary, is_merged, variant):
    assert literature.variant_of(summary, is_merged=is_merged) == variant


@pytest.mark.parametrize(
    ("summary", "is_merged", "words"),
    [
        pytest.param(
            summary_of(15247, 1529, 4332, tags=31), False, "31 unmerged tags", id="some-tags"
        ),
        pytest.param(
            summary_of(15247, 1529, 4332, scored=4000),
            False,
            "15247/1529/4000 clips",
            id="some-clips",
        ),
        pytest.param(summary_of(15247, 1529, 4332), True, "50 merged tags", id="other-tags"),
        pytest.param(summary_of(131, 37, 41, tags=40), False, "131/37/41 clips", id="excerpt"),
    ],
)
def test_a_run_of_other_clips_or_tags_is_of_no_published_variant(summary, is_merged, words):
    variant = literature.variant_of(summary, is_merged=is_merged)
    assert variant.startswith("none published: ")
    assert words in variant


def test_what_a_network_started_from_is_its_pretraining():
    assert beside_literature.pretraining_of({"settings": {"start_from": "emotify"}}) == "emotify"
    assert beside_literature.pretraining_of({"settings": {"start_from": None}}) == "none"
    assert beside_literature.pretraining_of({"settings": {}}) == "not stated"
    assert beside_literature.pretraining_of(None) == "not stated"  # scores from elsewhere


def test_variants_have_a_table_each_with_the_decimals_that_were_published(run_script):
    answer = run_script("benchmarks/beside_literature.py")
    assert answer.returncode == 0, answer.stderr
    of_a, of_b = answer.stdout.split("\nB: 50 unmerged tags, tagged clips, 4,332 test clips\n")
    assert of_a.startswith("A: 50 unmerged tags, untagged clips kept, 5,329 test clips\n")
    assert "| MTT_musicnn | .9067 | .3831 | none |" in of_a
    assert "FCN" not in of_a
    assert "MTT_musicnn" not in of_b
    assert "| FCN (Choi 2016) | .9005 | .4295 | none |" in of_b
    assert "| MAEST (probe) | - | .4926 | Discogs |" in of_b
    rows = [line.split(" | ") for line in of_a.splitlines() if line.startswith("| ")][2:]
    assert [row[2] for row in rows] == sorted((row[2] for row in rows), reverse=True)
    assert "Rows of different variants cannot be compared" in of_b


def test_the_page_has_every_published_row_as_it_is_printed(run_script):
    page = (REPOSITORY / "docs" / "literature.md").read_text(encoding="utf-8").splitlines()
    printed = run_script("benchmarks/beside_literature.py").stdout
    published = printed.split("\nsplit not stated\n")[0].splitlines()
    rows = [line for line in published if line.startswith("| ") and "---" not in line]
    assert len(rows) == 26  # two of them headings
    assert set(rows) <= set(page)


def test_the_test_part_is_that_of_the_published_variants(mtt_labels):
    assert mtt_labels.shape == (5329, 50)
    assert mtt_labels.any(axis=1).sum() == 4332
    assert mtt_labels["cello"].sum() == 20


def test_annotations_that_are_not_magnatagatunes_are_refused(test_data, tmp_path):
    path = write_tiny_dataset(tmp_path / "tiny", n_clips=2) / "annotations_final.csv"
    with pytest.raises(ValueError, match="has no tag ambient: name MagnaTagATune's"):
        tags_in_literature.read_test_labels(path, ["loud", "ambient"])
    excerpt = test_data / "mtt-excerpt" / "annotations_final.csv"
    with pytest.raises(ValueError, match="test clips, not 5,329: name MagnaTagATune's"):
        tags_in_literature.read_test_labels(excerpt, ["loud", "ambient"])


def test_a_synonym_is_described_by_its_share_of_the_merged_tag():
    labels = pd.DataFrame(
        [[1, 0, 0], [1, 1, 0], [0, 1, 0], [0, 0, 1], [0, 0, 0]],
        columns=["beat", "beats", "weird"],
        dtype=bool,
    )
    tags = tags_in_literature.describe_tags(
        labels, {"beats": "beat", "weird": "strange"}, {"beat": "tempo"}
    )
    assert tags["is_synonym"].to_dict() == {"beat": True, "beats": True, "weird": False}
    assert tags["share"].to_dict() == {"beat": 2 / 3, "beats": 2 / 3, "weird": 1}
    assert tags["A"].to_dict() == {"beat": 0.4, "beats": 0.4, "weird": 0.2}
    assert tags["B"].to_dict() == {"beat": 0.5, "beats": 0.5, "weird": 0.25}  # of tagged clips
    assert tags["kind"].tolist() == ["tempo", "", ""]


def test_the_share_is_the_average_precision_of_knowing_the_meaning_alone(mtt_labels):
    words = ["female", "female vocal", "female voice", "woman"]
    merged_into = dict.fromkeys(words[1:], "female")
    tags = tags_in_literature.describe_tags(mtt_labels, merged_into, {})
    meaning = mtt_labels[words].any(axis=1).astype(float)
    of_tagged = mtt_labels.any(axis=1)
    for word in words:
        for clips in (slice(None), of_tagged):
            average_precision = average_precision_score(mtt_labels[word][clips], meaning[clips])
            assert average_precision == pytest.approx(tags.loc[word, "share"])


def test_average_precision_is_measured_from_chance_to_perfect():
    assert tags_in_literature.above(0.2, 0.2) == 0
    assert tags_in_literature.above(1, 0.2) == 1
    assert tags_in_literature.above(0.6, 0.2) == pytest.approx(0.5)


def test_what_prevalence_explains_is_no_difference_of_synonyms():
    prevalence = np.geomspace(0.01, 0.2, 12)
    tags = described([*"aabbcc", *"defghi"], prevalence)
    by_prevalence = 1 + 0.2 * np.log(tags["B"])
    assert by_prevalence[tags["is_synonym"]].mean() < by_prevalence[~tags["is_synonym"]].mean()
    nothing = tags_in_literature.adjusted_difference(by_prevalence, tags, tags["B"])
    np.testing.assert_allclose(nothing, 0, atol=1e-9)
    worse = by_prevalence - 0.15 * tags["is_synonym"]
    found = tags_in_literature.adjusted_difference(worse, tags, tags["B"])
    np.testing.assert_allclose(found, -0.15, atol=1e-9)


def test_the_interval_resamples_groups_of_synonyms_not_their_words():
    rng = np.random.default_rng(0)
    groups = [f"group {number // 10}" for number in range(40)] + [f"tag {k}" for k in range(40)]
    tags = described(groups, np.geomspace(0.01, 0.2, 80)[rng.permutation(80)])
    of_group = pd.Series(np.repeat([0.1, -0.1, 0.1, -0.1], 10), tags.index[:40])
    values = of_group.reindex(tags.index, fill_value=0)
    value, low, high = tags_in_literature.adjusted_difference(values, tags, tags["B"])
    assert low < -0.09 < value < 0.09 < high  # of 40 words on their own: within .04


def test_the_power_of_prevalence_is_found_within_groups():
    tags = described([*"aabbcc"], [0.01, 0.1, 0.02, 0.05, 0.03, 0.2])
    level = tags["group"].map({"a": 0.9, "b": 0.1, "c": 0.5})
    power = tags_in_literature.power_of_prevalence(
        level * tags["B"] ** 0.7, tags["B"], tags["group"]
    )
    assert power == pytest.approx(0.7)


def test_the_worst_tags_are_counted_with_and_without_prevalence():
    # Ten common tags just above chance, ten rare synonyms far above it.
    tags = described([*"ab" * 5, *(f"tag {k}" for k in range(10))], [0.01] * 10 + [0.3] * 10)
    values = pd.Series([0.2] * 10 + [0.31] * 10, tags.index) + np.arange(20) / 1e4
    columns = tags_in_literature.compare_with_prevalence(
        values, tags, tags["B"] + np.arange(20) / 1e5
    )
    assert columns["of the 10 lowest"] == "10"
    assert columns["of the 10 least above prevalence"] == "0"


def test_tags_and_networks_are_tabulated_in_full(mtt_labels):
    published = literature.read_per_tag()
    tags = tags_in_literature.describe_tags(
        mtt_labels, {"no vocals": "no singer", "no vocal": "no singer"}, {}
    )
    values = {
        auc: tags_in_literature.by_network(published, auc, tags.index)
        for auc in ("pr_auc", "roc_auc")
    }
    table = tags_in_literature.tabulate_tags(tags, values)
    assert len(table) == 50
    assert table.index[0] == "no voice"
    row = table.loc["no vocal"]
    assert row["merged into"] == "no singer"
    assert row["B: AP of 7 networks"] == ".080 (.042 to .083)"
    assert row["A: AP of 3 networks"] == ".061 (.059 to .064)"
    networks = tags_in_literature.tabulate_networks(tags, values)
    assert networks["measure"].value_counts().to_dict() == {"PR-AUC": 12, "ROC-AUC": 4}
    of_maest = networks.set_index("network").loc["MAEST"]
    assert float(of_maest["synonyms"]) == pytest.approx((0.0811 + 0.1094) / 2, abs=6e-4)


def published_run(tags, *, is_merged, monkeypatch):
    """Let a run of some tags be there, whose AP is .5 and prevalence .1, .2, ... in their order."""
    summary = summary_of(10, 2, 3, tags=len(tags)) | {
        "tags": tags,
        "macro": {auc: {"value": 0.5} for auc in ("roc_auc", "pr_auc")},
        "model": {"settings": {"start_from": None}, "trained_on_test_clips": 2},
    }
    prevalence = [(number + 1) / 10 for number in range(len(tags))]
    table = pd.DataFrame({"pr_auc": 0.5, "prevalence": prevalence}, pd.Index(tags, name="tag"))
    read = summary, is_merged, literature.variant_of(summary, is_merged=is_merged)
    monkeypatch.setattr(literature, "read_run", lambda *_: read)
    monkeypatch.setattr(tags_in_literature.results_folder, "read_per_tag", lambda *_: table)


def test_a_merged_run_has_its_tag_beside_each_of_the_synonyms(monkeypatch, tmp_path):
    tags = pd.DataFrame({"group": ["female", "female", "india", "rock"]})
    tags.index = pd.Index(["female", "woman", "indian", "rock"], name="tag")
    published_run(["female", "indian"], is_merged=True, monkeypatch=monkeypatch)
    column, note = tags_in_literature.column_of_run(tmp_path, "vgg", tags)
    assert column.tolist() == [".500, .100", ".500, .100", ".500, .200", "-"]
    assert note == "vgg: variant none published: 2 merged tags, 10/2/3 clips; 3 of the 50 tags"
    published_run(["female", "india"], is_merged=False, monkeypatch=monkeypatch)
    column, _ = tags_in_literature.column_of_run(tmp_path, "vgg", tags)
    assert column.tolist() == [".500, .100", "-", "-", "-"]


def test_a_run_of_other_tags_is_refused(monkeypatch, tmp_path):
    tags = pd.DataFrame({"group": ["rock"]}, index=pd.Index(["rock"], name="tag"))
    published_run(["happy"], is_merged=False, monkeypatch=monkeypatch)
    with pytest.raises(ValueError, match="results/vgg has none of MagnaTagATune's 50 tags"):
        tags_in_literature.column_of_run(tmp_path, "vgg", tags)


def test_a_network_that_has_heard_test_clips_is_marked(monkeypatch, tmp_path):
    published_run(["rock"], is_merged=False, monkeypatch=monkeypatch)
    row = beside_literature.row_of(tmp_path, "vgg")
    assert row["network"] == "**vgg**, trained on 2 of these test clips"
    assert row["variant"] == "none published: 1 unmerged tag, 10/2/3 clips"
