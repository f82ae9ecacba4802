"""Every figure with few tags, with many, with long ones: nothing is cut, nothing overlaps."""

import itertools

import numpy as np
import pandas as pd
import pytest
from conftest import assert_legible, draw_texts
from test_network_figures import history_of, network_of

from autotagging.figures import evaluation, maps, networks, sounds, style, tags

LONG = "a slow and somewhat melancholic piece for violoncello and continuo in the old style"
WORDS = ("acoustic", "no", "female", "heavy", "old", "fast", "eastern", "solo")
THINGS = ("guitar", "voice", "opera", "metal", "beat", "strings", "harpsichord", "woman singing")
MANY = [f"{a} {b}" for a, b in itertools.product(WORDS, THINGS)]
TAGS = {
    "one tag": ["rock"],
    "five tags": MANY[:5],
    "a long tag": [LONG],
    "12 long tags": [f"{number} {LONG} {number}" for number in range(12)],
    "17 long tags": [f"{number} {LONG} {number}" for number in range(17)],
    "17 tags of 2,000 letters": [letter * 2000 for letter in "abcdefghijklmnopq"],
    "188 tags": [f"{tag} {n}" for n in (1, 2, 3) for tag in MANY][:188],
}


def evaluate(names):
    """Return the tables of a made-up evaluation and five examples."""
    rng, n = np.random.default_rng(0), len(names)
    per_tag = pd.DataFrame({"tag": names, "prevalence": rng.random(n) / 3})
    for auc in ("roc_auc", "pr_auc"):
        per_tag[auc] = 0.6 + 0.3 * rng.random(n)
        per_tag[f"{auc}_low"], per_tag[f"{auc}_high"] = per_tag[auc] - 0.1, per_tag[auc] + 0.05
        per_tag.loc[3:4, [f"{auc}_low", f"{auc}_high"]] = np.nan
        per_tag.loc[4:4, auc] = np.nan
    for column in ("accuracy", "accuracy_of_nothing", "recall", "recall_at_threshold", "threshold"):
        per_tag[column] = rng.random(n)
    grid = np.linspace(0, 1, 5)
    curves = [pd.DataFrame({"tag": tag, "at": grid, "roc": grid, "pr": 1 - grid}) for tag in names]
    reliability = pd.DataFrame({"pairs": [90, 10], "score": [0.1, 0.9], "share": [0.2, 0.7]})
    confusions = pd.DataFrame(rng.random((n, n)), columns=names)
    confusions.insert(0, "missed", np.arange(n) * 100)
    confusions.insert(0, "tag", names)
    tables = {"per_tag": per_tag, "curves": pd.concat(curves), "reliability": reliability}
    example = {"clip_id": "12", "reason": "best agreement", "in_figure": True}
    example |= {"actual": names[:6], "predicted": names[3:12]}
    return {**tables, "confusions": confusions}, [example] * 5


def draw_distribution(names, as_annotated):
    counts = np.geomspace(5000, 30, len(names)).astype(int)
    annotated = pd.Series(counts // 2, index=names)
    annotated = pd.concat([annotated, pd.Series(9, index=as_annotated)])
    merged = pd.DataFrame({"tag": names, "clips": counts, "kept": 1})
    shares = np.random.default_rng(0).random((len(names), len(names)))
    return tags.draw_label_distribution(
        annotated, merged, pd.DataFrame(shares, index=names, columns=names)
    )


def draw_map(names):
    counts = np.geomspace(5000, 30, len(names))
    table = pd.DataFrame({"tag": names, "clips": counts})
    table["kind"] = [kind for kind, _ in zip(itertools.cycle(style.KINDS), names, strict=False)]
    coordinates = np.random.default_rng(0).normal(size=(len(names), 2))
    return maps.draw_tag_map(coordinates, table, clusters=[names[:3]], missing=names)


def draw_network(names):
    blocks, inputs, maps_of_layers = network_of(5, (455, 96))
    titles = [f"{tag} ({n})" for n, tag in zip(range(3), itertools.cycle(names), strict=False)]
    inputs = dict(zip(titles, inputs.values(), strict=True))
    return networks.draw_architecture(blocks, inputs, maps_of_layers)


def draw_waves(names):
    wave = np.sin(np.arange(16000)).astype("float32")
    title = f"{names[0]} (clip 12: {', '.join(names[:12])})"
    return sounds.draw_waves([(title, wave)] * 3, 16000, 40)


DRAWINGS = {
    **{
        name: lambda names, name=name: evaluation.list_figures(*evaluate(names), "artists")[name]()
        for name in evaluation.list_figures({"per_tag": None}, [], "artists")
    },
    "label_distribution.png": lambda names: draw_distribution(names, as_annotated=[]),
    "label_distribution.png, merged": lambda names: draw_distribution(names, ["x", "y"]),
    "t_SNE.png": draw_map,
    "CNN_architecture.png": draw_network,
    "training_history.png": lambda _: networks.draw_history(history_of(kept=2)),
    "waves_spectro_logspectro.png": draw_waves,
}


@pytest.mark.parametrize("case", TAGS)
@pytest.mark.parametrize("name", DRAWINGS)
def test_no_text_is_cut_or_covered_whatever_the_tags(name, case):
    figure = DRAWINGS[name](TAGS[case])
    assert_legible(figure)
    assert max(figure.get_size_inches()) < 28


@pytest.mark.parametrize(
    "name",
    ["Recall.png", "auc_per_tag.png", "tag_confusions.png", "label_distribution.png", "t_SNE.png"],
)
def test_of_very_many_tags_the_most_frequent_are_shown_and_it_is_said(name):
    figure = DRAWINGS[name]([f"tag {number}" for number in range(230)])
    notes = [text.get_text() for text in figure.texts if text.get_gid() == "note"]
    assert notes == ["the 200 most frequent of 230 tags"]
    assert "tag 229" not in {text.get_text() for text in draw_texts(figure)}
    assert max(figure.get_size_inches()) < 28
