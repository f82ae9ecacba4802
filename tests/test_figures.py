"""Figures: order, marks, units, nothing cut or overlapping, the same bytes again."""

import itertools
import re

import numpy as np
import pandas as pd
import pytest

from autotagging import figures
from autotagging.figures.style import NOTE_STRIP, WIDTH

TAGS = [f"tag {chr(97 + i // 26)}{chr(97 + i % 26)}" for i in range(50)]


def boxes_of(texts):
    return [text.get_window_extent() for text in texts]


def overlap(a, b):
    pixel = 0.5  # letters side by side share an edge
    across = min(a.x1, b.x1) - max(a.x0, b.x0)
    return across > pixel and min(a.y1, b.y1) - max(a.y0, b.y0) > pixel


def all_texts(figure):
    own = [text for ax in figure.axes for text in ax.texts]
    return [text for text in [*own, *figure.texts] if text.get_text().strip()]


def assert_inside(figure, texts):
    figure.draw_without_rendering()
    page = figure.bbox
    for text in texts:
        box = text.get_window_extent()
        assert box.x0 >= -1, text
        assert box.x1 <= page.x1 + 1, text
        assert box.y0 >= -1, text
        assert box.y1 <= page.y1 + 1, text


def legend_labels(figure):
    return [text.get_text() for legend in figure.legends for text in legend.get_texts()]


def some_tags(tags, counts=None, kinds="genre"):
    counts = range(len(tags), 0, -1) if counts is None else counts
    return pd.DataFrame({"tag": list(tags), "clips": counts, "kind": kinds})


def network(n_convolutions, size, clips=3):
    """Return layers, inputs and maps of a network of 3x3 convolutions, each halving its input."""
    rng = np.random.default_rng(0)
    layers = [{"kind": "input", "name": "input", "shape": (*size, 1), "details": [], "weights": 0}]
    maps = []
    for i in range(n_convolutions):
        shape = (max(size[0] >> i, 1), max(size[1] >> i, 1), 128)
        pooled = (max(shape[0] // 2, 1), max(shape[1] // 2, 1), 128)
        layers += [
            {
                "kind": "convolution",
                "name": f"conv {i + 1}",
                "shape": shape,
                "details": ["3x3 kernel", "batch norm", "ReLU"],
                "weights": 1000,
            },
            {
                "kind": "pooling",
                "name": "pool",
                "shape": pooled,
                "details": ["max pool 2x2"],
                "weights": 0,
            },
        ]
        maps.append((f"conv {i + 1}\n3 of 128 maps", [rng.random((*shape[:2], 3))] * clips))
    layers += [
        {
            "kind": "pooling",
            "name": "global pooling",
            "shape": (256,),
            "details": ["mean and max"],
            "weights": 0,
        },
        {
            "kind": "dropout",
            "name": "dropout",
            "shape": (256,),
            "details": ["dropout 0.25"],
            "weights": 0,
        },
        {
            "kind": "output",
            "name": "output",
            "shape": (50,),
            "details": ["sigmoid"],
            "weights": 500,
        },
    ]
    inputs = [(f"clip {i}: guitar, slow", rng.random(size)) for i in range(clips)]
    return layers, inputs, maps


def test_bars_stand_in_the_order_given_with_their_heights():
    values = np.linspace(0.9, 0.1, 50)
    ax = figures.draw_tag_bars(values, TAGS, "recall").axes[0]
    assert [label.get_text() for label in ax.get_xticklabels()] == TAGS
    np.testing.assert_allclose([bar.get_height() for bar in ax.patches], values)
    assert ax.get_ylim()[0] == 0


def test_a_tag_without_a_value_is_marked_and_zero_is_not():
    figure = figures.draw_tag_bars([0.5, np.nan, 0.0], ["a", "b", "c"], "recall")
    marks = {line.get_marker(): line for line in figure.axes[0].get_lines()}
    assert list(marks["x"].get_xdata()) == [1]
    assert list(marks["_"].get_xdata()) == [2]
    assert "no clip" in legend_labels(figure)


def test_an_axis_that_does_not_start_at_zero_says_so():
    ax = figures.draw_tag_bars([0.75, 0.95], ["a", "b"], "accuracy").axes[0]
    start = ax.get_ylim()[0]
    assert 0.5 <= start < 0.75
    assert f"axis starts at {start:.1f}" in ax.get_ylabel()
    # the top of a bar is its value all the same
    tops = [bar.get_y() + bar.get_height() for bar in ax.patches]
    np.testing.assert_allclose(tops, [0.75, 0.95])


def test_a_reference_is_drawn_at_its_values_and_named():
    figure = figures.draw_tag_bars([0.2, 0.4], ["a", "b"], "recall", [0.3, 0.1], "other")
    segments = figure.axes[0].collections[0].get_segments()
    assert [segment[0][1] for segment in segments] == [0.3, 0.1]
    assert legend_labels(figure) == ["recall", "other"]


def test_fifty_names_under_the_bars_do_not_touch():
    figure = figures.draw_tag_bars(np.full(50, 0.4), TAGS, "recall")
    figure.draw_without_rendering()
    boxes = boxes_of(figure.axes[0].get_xticklabels())
    assert not any(overlap(a, b) for a, b in itertools.pairwise(boxes))
    assert min(box.y0 for box in boxes) >= NOTE_STRIP * figure.dpi


def test_all_188_tags_fit_into_rows_of_bars():
    tags = [f"female vocals {i}" for i in range(188)]
    figure = figures.draw_tag_bars(np.full(188, 0.4), tags, "recall")
    shown = [label for ax in figure.axes for label in ax.get_xticklabels()]
    assert [label.get_text() for label in shown] == tags
    assert_inside(figure, shown)


def test_every_text_of_the_table_is_inside_its_column():
    long = "a tag of many words that no column of this table can hold in one line at all"
    examples = [
        {
            "clip_id": "15317",
            "reason": "best agreement",
            "actual": TAGS[:20],
            "predicted": TAGS[10:40],
        },
        {"clip_id": "2", "reason": long, "actual": [long, "x" * 120], "predicted": []},
    ]
    figure = figures.draw_examples(examples, "Two clips")
    texts = figure.axes[0].texts
    assert_inside(figure, texts)
    boxes = boxes_of(texts)
    assert not any(overlap(a, b) for a, b in itertools.combinations(boxes, 2))
    frame = figure.axes[0].get_window_extent()
    assert all(frame.x0 <= box.x0 and box.x1 <= frame.x1 for box in boxes)


def test_the_column_of_ids_has_room_for_the_ids_of_ones_own_collection():
    clip_ids = [
        "audio-electronic-83",
        "a-folder-and-a-name-that-no-column-has-room-for-in-one-line",
    ]
    rest = {"reason": "asked for", "actual": ["rock"], "predicted": []}
    examples = [{"clip_id": clip_id, **rest} for clip_id in clip_ids]
    figure = figures.draw_examples(examples, "Two clips")
    texts = [text.get_text() for text in figure.axes[0].texts]
    assert clip_ids[0] in texts
    pieces = [text for text in texts if clip_ids[1].startswith(text) and text]
    assert pieces
    assert all(piece.endswith("-") for piece in pieces)


def test_tags_in_both_columns_are_bold_and_no_others():
    example = {"clip_id": "1", "reason": "best agreement"}
    example |= {"actual": ["jazz", "slow"], "predicted": ["beat", "jazz"]}
    figure = figures.draw_examples([example], "One clip")
    weights = {}
    for text in figure.axes[0].texts:
        weights.setdefault(text.get_text(), []).append(text.get_fontweight())
    assert weights["jazz"] == ["bold", "bold"]
    assert weights["slow"] == weights["beat"] == ["normal"]


def areas_of(tags, undefined=()):
    rng = np.random.default_rng(0)
    table = pd.DataFrame({"tag": tags, "prevalence": rng.random(len(tags)) / 3})
    for area in ("roc_auc", "pr_auc"):
        table[area] = 0.6 + 0.3 * rng.random(len(tags))
        table[f"{area}_low"], table[f"{area}_high"] = table[area] - 0.1, table[area] + 0.05
        table.loc[table["tag"].isin(undefined), [area, f"{area}_low", f"{area}_high"]] = np.nan
    return table


def test_areas_are_sorted_in_each_panel_with_what_chance_gives():
    table = areas_of(TAGS, undefined=[TAGS[7]])
    figure = figures.draw_areas(table, "artists")
    for ax, area in zip(figure.axes, ("roc_auc", "pr_auc"), strict=True):
        shown = [label.get_text() for label in ax.get_yticklabels()][::-1]
        expected = table.sort_values(area, ascending=False, na_position="last")["tag"]
        assert shown == expected.tolist()
        dots, _, chance = ax.get_lines()[:3]
        values = table.set_index("tag").loc[shown[::-1]]
        np.testing.assert_allclose(dots.get_xdata(), values[area])
        expected = values["prevalence"] if area == "pr_auc" else 0 * values["prevalence"] + 0.5
        np.testing.assert_allclose(chance.get_xdata(), expected.where(values[area].notna()))
    assert_inside(figure, [label for ax in figure.axes for label in ax.get_yticklabels()])
    names = ["tag", "95 % of draws of artists", "by chance", "no value"]
    assert legend_labels(figure) == names
    table.loc[3, ["roc_auc_low", "roc_auc_high"]] = np.nan  # of too few artists
    figure = figures.draw_areas(table, "artists")
    assert legend_labels(figure) == [*names[:2], "tag of too few artists for it", *names[2:]]
    hollow = figure.axes[0].get_lines()[1]
    assert np.isfinite(hollow.get_xdata()).sum() == 1


def test_an_axis_of_areas_starts_at_half_or_below_the_lowest_and_says_so():
    table = areas_of(TAGS[:5])
    assert figures.draw_areas(table, "artists").axes[0].get_xlim()[0] == 0.5
    table.loc[2, "roc_auc_low"] = 0.33
    figure = figures.draw_areas(table, "artists")
    assert figure.axes[0].get_xlim()[0] == pytest.approx(0.3)
    assert "axis starts at 0.3" in figure.axes[0].get_xlabel()


def test_the_best_and_the_worst_curve_are_named():
    grid = np.linspace(0, 1, 11)
    tables = [
        pd.DataFrame({"tag": tag, "at": grid, "roc": grid**power, "pr": 1 - grid * power})
        for tag, power in (("fair", 0.5), ("good", 0.1), ("female vocals of a long name", 0.9))
    ]
    reliability = pd.DataFrame({"pairs": [90, 10], "score": [0.1, 0.9], "share": [0.2, 0.7]})
    areas = {"roc_auc": [0.6, 0.9, 0.5], "pr_auc": [0.7, 0.9, 0.8]}
    per_tag = pd.DataFrame({"tag": ["fair", "good", "female vocals of a long name"], **areas})
    figure = figures.draw_curves(pd.concat(tables), reliability, per_tag)
    assert figure.axes[0].get_title(loc="left") == "a   ROC, macro area 0.667"
    legends = [[t.get_text() for t in ax.get_legend().get_texts()] for ax in figure.axes]
    assert legends[0][1:] == ["best: good", "worst: female vocals of a …"]
    assert legends[1][1:] == ["best: good", "worst: fair"]
    figure.draw_without_rendering()
    assert_inside(figure, [text for ax in figure.axes for text in ax.get_legend().get_texts()])
    boxes = boxes_of([ax.title for ax in figure.axes] + [ax._left_title for ax in figure.axes])
    assert not any(overlap(a, b) for a, b in itertools.combinations(boxes, 2))


def test_curves_without_a_tag_and_confusions_without_a_miss_are_drawn():
    none = pd.DataFrame({"tag": ["a"], "roc_auc": [np.nan], "pr_auc": [np.nan]})
    empty = pd.DataFrame(columns=["tag", "at", "roc", "pr"])
    reliability = pd.DataFrame({"pairs": [90], "score": [0.1], "share": [0.2]})
    assert len(figures.draw_curves(empty, reliability, none).axes) == 3
    table = pd.DataFrame({"tag": ["a", "b"], "missed": [0, 0], "a": np.nan, "b": np.nan})
    assert figures.draw_confusions(table).axes


def test_confusions_say_how_many_clips_missed_a_tag():
    rng = np.random.default_rng(0)
    table = pd.DataFrame(rng.random((50, 50)), columns=TAGS)
    table.insert(0, "missed", np.arange(50) * 100)
    table.insert(0, "tag", TAGS)
    figure = figures.draw_confusions(table)
    ax = figure.axes[0]
    assert [label.get_text() for label in ax.get_xticklabels()] == TAGS
    assert ax.get_yticklabels()[12].get_text() == f"{TAGS[12]} (1,200)"
    assert_inside(figure, [*ax.get_yticklabels(), *ax.get_xticklabels()])


def test_tags_without_a_place_are_named_below_the_map():
    missing = [f"female vocals {i} $x$" for i in range(40)]
    places = np.random.default_rng(0).normal(size=(5, 2))
    figure = figures.draw_tag_map(places, some_tags(TAGS[:5]), method="pca", missing=missing)
    label = figure.axes[0].xaxis.label
    assert label.get_text().startswith("principal component 1\n\n40 tags have no vector: female")
    assert " ".join(label.get_text().split()).endswith("female vocals 39 $x$")
    assert_inside(figure, [label])


@pytest.mark.parametrize("n_tags", [4, 50, 134])
def test_no_two_labels_of_a_map_overlap(n_tags):
    rng = np.random.default_rng(1)
    tags = [f"female vocals {i}" for i in range(n_tags)]
    places = rng.normal(size=(n_tags, 2))
    clusters = [tags[:3], tags[1:4]]
    counts = np.geomspace(5000, 30, n_tags)
    figure = figures.draw_tag_map(places, some_tags(tags, counts), clusters=clusters)
    texts = figure.axes[0].texts
    labels = [text for text in texts if text.get_gid() != "cluster"]
    assert [text.get_text() for text in labels] == tags
    assert_inside(figure, texts)
    boxes = boxes_of(labels)
    assert not any(overlap(a, b) for a, b in itertools.combinations(boxes, 2))


def test_the_tags_of_a_cluster_are_within_its_line_and_far_ones_are_not():
    places = np.array([[0, 0], [1, 0], [0, 1], [1, 1], [5, 5], [5, 6]], dtype=float)
    figure = figures.draw_tag_map(places, some_tags("abcdef"), clusters=[list("abcd")])
    (line,) = figure.axes[0].patches
    assert line.get_path().contains_points(places).tolist() == [True] * 4 + [False] * 2
    ax = figure.axes[0]
    gap = 8 * figure.dpi / 72  # around each mark, in pixels
    for shift in ([gap, 0], [-gap, 0], [0, gap], [0, -gap]):
        beside = ax.transData.inverted().transform(ax.transData.transform(places[:4]) + shift)
        assert line.get_path().contains_points(beside).all()
    numbers = [text.get_text() for text in figure.axes[0].texts if text.get_gid() == "cluster"]
    assert numbers == ["1"]


def test_a_cluster_that_is_scattered_over_the_map_has_no_line():
    places = np.array([[0, 0], [9, 0], [5, 9], *([4 + i / 9, 3] for i in range(9))])
    tags = some_tags("abcdefghijkl")
    assert not figures.draw_tag_map(places, tags, clusters=[list("abc")]).axes[0].patches
    assert figures.draw_tag_map(places[:4], tags[:4], clusters=[list("abc")]).axes[0].patches


def test_the_number_of_a_cluster_lies_on_no_mark_and_in_the_frame():
    angles = np.linspace(0, 2 * np.pi, 40, endpoint=False)
    ring = np.column_stack([np.cos(angles), np.sin(angles)]) * 0.63
    places = np.vstack([[[0.4, 0], [-0.4, 0], [0, 0.42]], ring[angles < 5.5], [[3, 3], [-3, 0.45]]])
    tags = some_tags([f"t{i}" for i in range(len(places))])
    figure = figures.draw_tag_map(places, tags, clusters=[["t0", "t1", "t2"]])
    ax = figure.axes[0]
    (number,) = [text for text in ax.texts if text.get_gid() == "cluster"]
    box = number.get_window_extent()
    assert not box.contains(0, 0)
    for x, y in ax.transData.transform(places):
        assert not box.padded(4).contains(x, y)
    assert ax.get_window_extent().contains(*box.min)
    assert ax.get_window_extent().contains(*box.max)


def test_a_wide_map_is_low_and_a_high_one_high():
    rng = np.random.default_rng(0)
    heights = [
        figures.draw_tag_map(rng.random((9, 2)) * shape, some_tags("abcdefghi")).get_figheight()
        for shape in ([3, 1], [1, 1], [1, 3])
    ]
    assert heights == sorted(heights)
    assert heights[0] < heights[1] < heights[2]


def test_tags_of_one_line_have_a_line_around_them():
    places = np.array([[0, 0], [1, 1], [2, 2], [2, 2]], dtype=float)
    figure = figures.draw_tag_map(places, some_tags("abcd"), clusters=[list("abcd")])
    assert figure.axes[0].patches[0].get_path().contains_points(places).all()


def test_marks_of_other_pictures_are_those_of_the_figure():
    marks = figures.kind_marks()
    assert set(marks) == {
        "genre",
        "instrument",
        "voice",
        "mood",
        "tempo",
        "origin",
        "absence",
        "other",
    }
    assert len({path for _, path in marks.values()}) == len(marks)
    for colour, path in marks.values():
        assert re.fullmatch("#[0-9a-f]{6}", colour)
        numbers = [float(number) for number in re.findall(r"-?\d+\.?\d*", path)]
        assert max(map(abs, numbers)) == 1
        assert path.startswith("M")
        assert path.endswith("Z")
    assert marks["voice"][1].startswith("M0 -1")  # the triangle's tip is above: y runs down


def test_a_map_names_the_kinds_it_shows():
    kinds = ["genre", "voice", "voice", "never heard of"]
    places = np.arange(8.0).reshape(4, 2)
    figure = figures.draw_tag_map(places, some_tags("abcd", kinds=kinds))
    assert legend_labels(figure)[:3] == ["genre", "voice", "other"]


@pytest.mark.parametrize(("n", "size"), [(3, (120, 120)), (5, (455, 96)), (6, (128, 96))])
def test_the_network_is_drawn_within_the_page_and_without_overlap(n, size):
    figure = figures.draw_architecture(*network(n, size))
    texts = all_texts(figure)
    assert_inside(figure, texts)
    boxes = dict(enumerate(boxes_of(texts)))
    touching = [
        (texts[a].get_text(), texts[b].get_text())
        for a, b in itertools.combinations(boxes, 2)
        if overlap(boxes[a], boxes[b])
    ]
    assert not touching
    shown = " ".join(text.get_text() for text in texts)
    assert f"{size[0]}\N{MULTIPLICATION SIGN}{size[1]}" in shown
    assert f"{1000 * n + 500:,} weights" in " ".join(shown.split())


def test_maps_are_turned_so_that_time_runs_to_the_right():
    layers, inputs, maps = network(1, (40, 10), clips=1)
    figure = figures.draw_architecture(layers, inputs, maps)
    images = [ax.images[0] for ax in figure.axes if ax.images]
    assert len(images) == 1 + 3
    np.testing.assert_array_equal(images[0].get_array(), inputs[0][1].T)
    np.testing.assert_array_equal(images[2].get_array(), maps[0][1][0][:, :, 1].T)
    assert all(image.origin == "lower" for image in images)


def test_of_many_maps_those_that_differ_most_are_shown():
    layers, inputs, _ = network(1, (40, 10), clips=2)
    layers[0]["shape"] = (40, 10)  # an input without channels is one, too
    arrays = np.random.default_rng(0).random((2, 40, 10, 64)) * 0.1
    arrays[:, ::2, :, [20, 30, 40]] += 3  # three that say the same
    arrays[:, :20, :, 50] += 2
    arrays[:, :, :5, 3] += 1
    figure = figures.draw_architecture(layers, inputs, [("convolution 1", arrays)])
    images = [ax.images[0].get_array() for ax in figure.axes if ax.images]
    assert len(images) == 2 * (1 + 3)
    channels = [
        np.abs(arrays[0] - shown.T[:, :, None]).sum(axis=(0, 1)).argmin() for shown in images[2:5]
    ]
    assert channels[0] in {20, 30, 40}
    assert channels[1:] == [50, 3]
    assert any("3 of 64 maps" in text.get_text() for text in figure.texts)


def test_waves_have_their_units_and_one_scale_of_level():
    rate = 8000
    times = np.arange(2 * rate) / rate
    loud = np.sin(2 * np.pi * 1000 * times).astype("float32")
    figure = figures.draw_waves([("loud", loud), ("quiet", 0.01 * loud)], rate, 40)
    panels = figure.axes[:6]
    assert [ax.get_ylabel() for ax in panels[:3]] == ["amplitude", *["frequency (Hz)"] * 2]
    assert panels[3].get_xlabel() == "time (s)"
    assert "dB" in figure.axes[-1].get_ylabel()
    images = [ax.images[0] for ax in panels if ax.images]
    assert {image.get_clim() for image in images} == {(-80, 0)}
    levels = images[0].get_array()
    assert levels[:, 10].argmax() == pytest.approx(1000 / rate * 2048, abs=1)
    # a hundredth of the amplitude is 40 dB less
    assert levels.max() - images[2].get_array().max() == pytest.approx(40, abs=0.1)


def test_silence_can_be_drawn(tmp_path):
    figure = figures.draw_waves([("silence", np.zeros(16000, "float32"))], 16000, 96)
    figures.save(figure, tmp_path / "silence.png")


def test_the_tags_of_the_matrix_are_in_order_and_counts_without_zeros(tmp_path):
    tags = TAGS[:12]
    annotated = pd.Series(np.arange(24, 0, -1) * 10, index=[*tags, *TAGS[12:24]])
    annotated.iloc[-3:] = 0
    merged = pd.DataFrame({"tag": TAGS[:20], "clips": np.arange(20, 0, -1) * 11})
    merged["kept"] = (merged.index < 12).astype(int)
    shares = pd.DataFrame(np.random.default_rng(0).random((12, 12)), index=tags, columns=tags)
    shares.iloc[5] = np.nan
    figure = figures.draw_label_distribution(annotated, merged, shares)
    ranks, _, matrix = figure.axes[:3]
    assert ranks.get_yscale() == "log"
    assert [text.get_text() for text in ranks.get_legend().get_texts()] == [
        "21 tags as annotated",
        "20 after merging synonyms",
        "of these the 12 kept",
    ]
    assert [label.get_text() for label in matrix.get_xticklabels()] == tags
    assert [label.get_text() for label in matrix.get_yticklabels()] == tags
    figures.save(figure, tmp_path / "distribution.png")


def test_where_nothing_is_merged_or_left_out_the_distribution_shows_counts_once():
    tags = ["calm", "rock", "sad"]
    annotated = pd.Series([30, 20, 10], index=tags)
    merged = pd.DataFrame({"tag": tags, "clips": [30, 20, 10], "kept": 1})
    shares = pd.DataFrame(0.5, index=tags, columns=tags)
    figure = figures.draw_label_distribution(annotated, merged, shares)
    titles = [ax.get_title(loc="left") for ax in figure.axes]
    assert titles[0] == "a   Clips of the tags kept"
    assert titles[1].startswith("b   Share of the clips")
    assert figure.axes[0].get_legend() is None
    merged["kept"] = [1, 1, 0]
    figure = figures.draw_label_distribution(annotated, merged, shares.iloc[:2, :2])
    texts = [text.get_text() for text in figure.axes[0].get_legend().get_texts()]
    assert texts == ["3 tags as annotated", "of these the 2 kept"]


def test_the_history_marks_the_epoch_that_was_kept():
    history = pd.DataFrame(
        {
            "epoch": [1, 2, 3],
            "loss": [0.3, 0.2, 0.1],
            "validation_loss": [0.3, 0.25, 0.26],
            "validation_pr_auc": [0.2, 0.5, 0.4],
            "validation_roc_auc": [0.6, 0.8, 0.8],
            "kept": [False, True, False],
        }
    )

    def marks(figure):
        lines = [line for ax in figure.axes for line in ax.get_lines()]
        return [list(line.get_xdata()) for line in lines if line.get_linestyle() == ":"]

    figure = figures.draw_history(history)
    assert marks(figure) == [[2, 2]] * 2
    assert "kept: epoch 2" in [text.get_text() for text in figure.axes[0].get_legend().get_texts()]
    other = history.assign(seed=1, kept=[False, False, True])
    both = figures.draw_history(pd.concat([history.assign(seed=0), other]))
    assert sorted(map(tuple, marks(both))) == [(2, 2)] * 2 + [(3, 3)] * 2
    texts = [text.get_text() for text in both.axes[0].get_legend().get_texts()]
    assert texts == ["training", "validation", "kept, each seed"]


def test_the_note_is_drawn_below_everything_else(tmp_path):
    figure = figures.draw_tag_bars(np.full(50, 0.4), TAGS, "recall")
    kept = {}
    savefig = figure.savefig

    def look_and_save(*args, **kwargs):
        savefig(*args, **kwargs)
        kept["note"] = [t for t in figure.texts if t.get_text() == "Synthetic sample"]
        kept["box"] = kept["note"][0].get_window_extent()
        kept["axes"] = figure.axes[0].get_tightbbox()

    figure.savefig = look_and_save
    figures.save(figure, tmp_path / "bars.png", "Synthetic sample")
    assert not overlap(kept["box"], kept["axes"])
    assert kept["box"].x1 <= WIDTH * 200
    assert kept["box"].y0 >= 0


def test_a_redraw_gives_the_same_bytes_and_leaves_nothing_behind(tmp_path):
    for name in ("a.png", "b.png"):
        figure = figures.draw_tag_map(np.eye(4)[:, :2], some_tags("abcd"))
        figures.save(figure, tmp_path / name, "note")
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.png", "b.png"]
    assert not figure.axes


def test_a_figure_that_cannot_be_written_whole_leaves_the_old_one(tmp_path):
    path = tmp_path / "a.png"
    path.write_bytes(b"old")
    figure = figures.draw_tag_bars([0.1], ["a"], "recall")

    def break_off(part, **_):
        part.write_bytes(b"half")
        raise OSError("disk full")

    figure.savefig = break_off
    with pytest.raises(OSError, match="disk full"):
        figures.save(figure, path)
    assert path.read_bytes() == b"old"
