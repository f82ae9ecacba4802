"""The figure and the page of the maps: three senses of near for anyone, and no name is trusted."""

import itertools
import json
import re

import numpy as np
import pandas as pd
import pytest

from autotagging import steps
from autotagging.figures import style
from autotagging.formatting import measure
from autotagging.tag_map import map_folder, projection, similarity
from autotagging.tag_map import page as tag_map_page

HOSTILE = "</script><script>alert(1)</script>"
TAGS = ["guitar", "rock", "piano", "slow", "techno", "beat", "no singer", HOSTILE]
KINDS = {"guitar": "instrument", "piano": "instrument", "rock": "genre", "techno": "genre"}
NO_WORDS = "no singer"


def write_map(folder, with_network=True, tags=TAGS):
    """Write a map with its page; one tag has no word vector, and the network's view is another."""
    rng, n_tags = np.random.default_rng(0), len(tags)
    groups = np.arange(n_tags)[:, None] < n_tags // 2
    vectors = pd.DataFrame(groups * 2 + rng.normal(size=(n_tags, 6)), index=tags)
    spaces = {
        "words": vectors.drop(NO_WORDS),
        "annotations": vectors + rng.normal(size=(n_tags, 6)),
    }
    if with_network:
        spaces["network"] = pd.DataFrame(rng.normal(size=(n_tags, 6)), index=tags)
    nearness = {name: similarity.cosines(space) for name, space in spaces.items()}
    agreement, agreement_by_tag = similarity.agreement(nearness)
    chosen = projection.Projection()
    maps = projection.project_aligned(spaces, chosen)
    in_4d = projection.project(spaces["words"], chosen, 4)
    counts = pd.Series(np.geomspace(900, 1, n_tags).astype(int), index=tags)
    ways = pd.Series({tag: "not found" if tag == NO_WORDS else "token" for tag in tags})
    roc_aucs = pd.Series(np.linspace(0.9, 0.6, n_tags), index=tags) if with_network else None
    tables = {
        "tags": map_folder.tabulate_tags(counts, KINDS, ways, roc_aucs),
        "coordinates": map_folder.tabulate_coordinates(maps),
        "vectors": spaces["words"],
        "neighbours": similarity.neighbours(nearness),
        "agreement": agreement_by_tag,
        "coordinates_4d": in_4d,
    }
    settings = {"labels": "merged50", "vectors": "w.bin", "method": "tsne", "seed": 0}
    with steps.writing(steps.Step(folder, settings, {})) as summary:
        summary.update(dataset=f"mine {HOSTILE}", note="Synthetic sample", citation="A & sons")
        summary.update(map_folder.describe(spaces["words"], ways), agreement=agreement)
        summary.update(projection.assess(spaces, maps, in_4d, chosen))
        summary.update(spaces_left_out={}, closeness_of_errors=None)
        map_folder.write(folder, tables, [])
        tag_map_page.write(folder, summary)
    return folder


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Return the folder of a map with its page."""
    return write_map(tmp_path_factory.mktemp("map"))


@pytest.fixture
def page(open_page, folder):
    """Return the page in the browser."""
    return open_page(address_of(folder))


def address_of(folder):
    return (folder / tag_map_page.PAGE).resolve().as_uri()


def of(page, tag):
    """Return a tag on the map."""
    return page.locator(f'#map .tag[aria-label^="{tag}, "]')


def where(page, tag):
    """Return the middle of a tag's mark on the screen."""
    box = of(page, tag).locator(".mark").bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def cells(page, column):
    """Return a column of the panel's table: tag and cosine of each rank."""
    return page.locator(f"#panel tbody tr > :nth-child({column})").all_inner_texts()


def test_names_are_text_and_never_markup(folder):
    text = (folder / tag_map_page.PAGE).read_text(encoding="utf-8")
    assert HOSTILE not in text
    assert re.findall(r"<script[^>]*>", text) == [
        '<script type="application/json" id="content">',
        "<script>",
    ]
    content = text.split('id="content">')[1].split("</script>")[0]
    assert [tag["tag"] for tag in json.loads(content)["tags"]] == TAGS


def test_what_is_missing_is_made_again_the_same_and_what_is_there_is_left(tmp_path, capsys):
    folder = write_map(tmp_path)
    summary = steps.read_summary(folder)
    written, figure = folder / tag_map_page.PAGE, folder / tag_map_page.FIGURE
    tag_map_page.write_missing(folder, summary)
    made = written.read_bytes(), figure.read_bytes()
    written.unlink()
    figure.write_bytes(b"drawn by hand")
    tag_map_page.write_missing(folder, summary)
    assert written.read_bytes() == made[0]
    assert figure.read_bytes() == b"drawn by hand"
    figure.unlink()
    capsys.readouterr()
    tag_map_page.write_missing(folder, summary)
    assert figure.read_bytes() == made[1]
    assert "t_SNE.png" in capsys.readouterr().out
    tag_map_page.write_missing(folder, summary)
    assert capsys.readouterr().out == ""


def test_the_figure_shows_the_tags_that_have_words_at_their_coordinates(folder, monkeypatch):
    figures = []

    def save(figure, _, note):
        figures.append((figure, note))
        return set()

    monkeypatch.setattr(style, "save", save)
    tag_map_page.write_missing(folder, steps.read_summary(folder))
    ((figure, note),) = figures
    (ax,) = figure.axes
    names = [text.get_text() for text in ax.texts if text.get_gid() != "cluster"]
    assert names == [tag for tag in TAGS if tag != NO_WORDS]
    assert ax.get_xlabel().endswith("1 tag has no vector: no singer")
    assert note == "Synthetic sample"
    words = map_folder.read_table(folder, "coordinates").query("space == 'words'")
    words = words.assign(kind=[KINDS.get(tag, "other") for tag in words["tag"]])
    wanted = pd.concat([words[words["kind"] == kind] for kind in style.KINDS])  # a kind a colour
    drawn = np.concatenate([marks.get_offsets() for marks in ax.collections])
    np.testing.assert_array_equal(drawn, wanted[["x", "y"]])


def test_a_very_long_tag_leaves_the_table_as_wide_as_its_other_columns_need(tmp_path, open_page):
    tags = [*TAGS[:-1], "x" * 2000]
    page = open_page(address_of(write_map(tmp_path, tags=tags)))
    assert page.evaluate("document.getElementById('by-tag').offsetWidth") < 2000
    assert page.evaluate("document.documentElement.scrollWidth") == 1400
    near = page.locator("#by-tag .near").all_inner_texts()
    assert max(map(len, near)) < 200


def test_it_opens_without_a_request_and_without_a_complaint(page):
    assert [url for url in page.asked if not url.startswith(("file:", "data:"))] == []
    assert len([url for url in page.asked if url.startswith("file:")]) == 1
    assert page.complaints == []
    assert page.locator("h1").inner_text() == f"Tag map of mine {HOSTILE}"


def test_pointing_at_a_tag_shows_its_counts_and_its_neighbours_in_every_space(page, folder):
    nearest = map_folder.read_table(folder, "neighbours")
    of(page, "guitar").locator(".mark").hover()
    panel = page.locator("#panel")
    assert "instrument, 900 clips, ROC-AUC .900" in panel.inner_text()
    for column, space in enumerate(("words", "annotations", "network"), start=2):
        rows = nearest[(nearest["space"] == space) & (nearest["tag"] == "guitar")]
        shown = [f"{row.neighbour} {measure(row.cosine)}" for row in rows.itertuples()]
        assert cells(page, column) == shown
    words = nearest[(nearest["space"] == "words") & (nearest["tag"] == "guitar")]["neighbour"]
    near = page.locator("#map .near").all()
    assert {node.get_attribute("aria-label").rsplit(", ", 2)[0] for node in near} == set(words)
    assert page.locator("#map .link").count() == 5
    page.mouse.move(0, 0)
    assert "No tag chosen" in panel.inner_text()


def test_a_click_keeps_a_tag_and_another_lets_it_go(page):
    mark = of(page, "rock").locator(".mark")
    mark.click()
    page.mouse.move(0, 0)
    assert page.locator("#panel h3").inner_text() == "rock"
    of(page, "guitar").locator(".mark").hover()
    assert page.locator("#panel h3").inner_text() == "guitar"
    page.mouse.move(0, 0)
    assert page.locator("#panel h3").inner_text() == "rock"
    assert of(page, "rock").get_attribute("aria-pressed") == "true"
    mark.click()
    assert of(page, "rock").get_attribute("aria-pressed") == "false"


def test_the_map_can_be_changed_for_another_sense_of_near(page, folder):
    coordinates = map_folder.read_table(folder, "coordinates")
    assert not of(page, NO_WORDS).is_visible()
    assert page.locator("#absent").inner_text() == f"1 tag is not on this map: {NO_WORDS}"
    for label, space in (("same", "annotations"), ("layer", "network"), ("vectors", "words")):
        page.get_by_label(label).check()
        rows = coordinates[coordinates["space"] == space].set_index("tag")
        shown = np.array([where(page, tag) for tag in rows.index])
        # the same directions as in the table, y upwards, at one scale for both axes
        wanted = rows[["x", "y"]].to_numpy() * [1, -1]
        wanted, shown = wanted - wanted.mean(axis=0), shown - shown.mean(axis=0)
        scale = np.linalg.norm(shown) / np.linalg.norm(wanted)
        np.testing.assert_allclose(shown, scale * wanted, atol=1.5)
        assert of(page, NO_WORDS).is_visible() == (space != "words")
        clusters = steps.read_summary(folder)["clusters"][space]["clusters"]
        listed = page.locator("#clusters li").all_inner_texts()
        assert listed == [", ".join(cluster) for cluster in clusters]
        assert page.locator("#map .outline").count() == len(clusters)
        numbers = page.locator("#map .number").all_text_contents()
        assert numbers == [str(number) for number in range(1, len(clusters) + 1)]


def test_a_tag_is_found_by_its_name(page):
    field = page.get_by_label("Find a tag")
    field.fill("O")
    assert page.locator("#found").inner_text() == "5 of 8 tags"
    named = page.locator("#map .wanted").all()
    named = [node.get_attribute("aria-label").split(",")[0] for node in named]
    assert named == ["rock", "piano", "slow", "techno", NO_WORDS]
    field.fill("tech")
    field.press("Enter")
    assert page.locator("#panel h3").inner_text() == "techno"
    field.fill(NO_WORDS)
    field.press("Enter")  # not on this map, but on others
    assert page.locator("#panel h3").inner_text() == NO_WORDS
    assert cells(page, 2) == ["-"] * 5
    field.fill("zither")
    assert page.locator("#found").inner_text() == "0 of 8 tags"


def test_the_keyboard_goes_from_tag_to_tag(page):
    page.locator("#whole").focus()
    page.keyboard.press("Tab")
    focused = "document.activeElement.getAttribute('aria-label')"
    assert page.evaluate(focused).startswith("guitar, ")
    seen = set()
    for key, axis, sign in (
        ("ArrowRight", 0, 1),
        ("ArrowDown", 1, 1),
        ("ArrowLeft", 0, -1),
        ("ArrowUp", 1, -1),
    ):
        before = page.evaluate(focused).rsplit(", ", 2)[0]
        page.keyboard.press(key)
        after = page.evaluate(focused).rsplit(", ", 2)[0]
        if after != before:
            assert sign * (where(page, after)[axis] - where(page, before)[axis]) > 0
        seen |= {before, after}
    assert len(seen) > 2
    name = page.evaluate(focused).rsplit(", ", 2)[0]
    page.keyboard.press("Enter")
    assert of(page, name).get_attribute("aria-pressed") == "true"
    page.keyboard.press("Escape")
    assert page.evaluate(focused).startswith(name)
    assert of(page, name).get_attribute("aria-pressed") == "false"
    of(page, "techno").focus()
    page.keyboard.press("Tab")  # out of the map, into the panel: the tag stays
    assert page.locator("#panel h3").inner_text() == "techno"
    nearest = page.evaluate("document.activeElement.textContent")
    page.keyboard.press("Enter")
    assert page.locator("#panel h3").inner_text() == nearest
    page.locator("#search").focus()
    assert page.locator("#panel h3").inner_text() == nearest
    page.keyboard.press("Escape")
    assert page.locator("#panel h3").inner_text() == "No tag chosen"


def test_the_map_grows_and_shrinks(page):
    def width():
        return abs(where(page, "guitar")[0] - where(page, "techno")[0])

    before = width()
    page.get_by_role("button", name="larger").click()
    assert width() == pytest.approx(1.5 * before, rel=0.02)
    of(page, "guitar").focus()
    page.keyboard.press("-")
    assert width() == pytest.approx(before, rel=0.02)
    page.get_by_role("button", name="larger").click()
    page.get_by_role("button", name="whole map").click()
    assert width() == pytest.approx(before, rel=0.02)


def in_view(page, tag):
    box, (x, y) = page.locator("#map").bounding_box(), where(page, tag)
    return box["x"] < x < box["x"] + box["width"] and box["y"] < y < box["y"] + box["height"]


def test_a_large_map_brings_what_is_asked_for_into_view_and_can_be_moved(page):
    for _ in range(5):
        page.get_by_role("button", name="larger").click()
    shown = [tag for tag in TAGS if tag != NO_WORDS and in_view(page, tag)]
    assert len(shown) < len(TAGS) - 2
    for tag in ("guitar", "techno", "beat"):
        page.get_by_label("Find a tag").fill(tag)
        page.keyboard.press("Enter")
        assert in_view(page, tag)
        of(page, tag).focus()
        page.keyboard.press("ArrowLeft")
        assert in_view(page, page.evaluate("document.activeElement.textContent"))
    tag = page.evaluate("document.activeElement.textContent")
    page.keyboard.press("Escape")
    x, y = where(page, tag)
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 30, y + 20, steps=3)
    page.mouse.move(x + 40, y + 30)
    page.mouse.up()
    assert where(page, tag) == pytest.approx((x + 40, y + 30), abs=6)
    assert of(page, tag).get_attribute("aria-pressed") == "false"  # moved, not clicked


def test_the_name_that_fits_best_is_taken(open_page, tmp_path):
    tags = ["female vocal", "male vocal", "male", "a male", *TAGS]
    page = open_page(address_of(write_map(tmp_path, tags=tags)))
    for typed, taken in (("male", "male"), ("MALE V", "male vocal"), ("vocal", "female vocal")):
        page.get_by_label("Find a tag").fill(typed)
        page.keyboard.press("Enter")
        assert page.locator("#panel h3").inner_text() == taken


def test_the_table_is_sorted_by_where_senses_disagree(page, folder):
    agreement = map_folder.read_table(folder, "agreement")
    agreement = agreement[agreement["other_space"] == "annotations"].set_index("tag")["in_common"]
    page.get_by_role("button", name="in common: words, annotations").click()
    names, shown = (
        page.locator(f"#by-tag tbody tr > :nth-child({column})").all_inner_texts()
        for column in (1, 6)
    )
    assert dict(zip(names[:-1], map(int, shown[:-1]), strict=True)) == agreement.to_dict()
    assert shown[-1] == "-"  # no word vector
    numbers = [int(text) for text in shown[:-1]]
    assert numbers == sorted(numbers, reverse=True)


@pytest.mark.parametrize("n_more", [0, 80])
def test_labels_do_not_lie_on_each_other(open_page, tmp_path, n_more):
    tags = [*TAGS, *(f"tag number {i}" for i in range(n_more))]
    page = open_page(address_of(write_map(tmp_path, tags=tags)))
    for width in (400, 1400):
        page.set_viewport_size({"width": width, "height": 900})
        page.evaluate(  # not wait_for_function, which the page's own policy forbids
            """() => new Promise(done => {
                const fits = () => map.viewBox.baseVal.width === map.clientWidth
                const check = () => fits() ? done() : requestAnimationFrame(check)
                check()
            })"""
        )
        boxes = page.evaluate(
            """[...document.querySelectorAll("#map .tag text")]
                .filter(text => text.parentElement.style.display !== "none")
                .filter(text => getComputedStyle(text).visibility === "visible")
                .map(text => text.getBoundingClientRect())
                .map(box => [box.left, box.top + 2, box.right, box.bottom - 2])"""
        )
        assert len(boxes) >= 4
        assert (len(boxes) == len(tags) - 1) == (n_more == 0)  # of many, some on demand
        assert not any(overlap(one, other) for one, other in itertools.combinations(boxes, 2))
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def overlap(one, other):
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


@pytest.mark.parametrize("width", [400, 1400])
def test_everyone_can_use_it(page, width):
    from axe_playwright_python.sync_playwright import Axe

    page.set_viewport_size({"width": width, "height": 900})
    for chosen in (False, True):
        if chosen:
            of(page, "rock").focus()
            page.keyboard.press("Enter")
            page.get_by_label("Find a tag").fill("o")
        answer = Axe().run(page)
        assert answer.violations_count == 0, answer.generate_report()


def test_without_a_network_its_view_cannot_be_chosen(open_page, tmp_path):
    page = open_page(address_of(write_map(tmp_path, with_network=False)))
    assert page.get_by_label("network").is_disabled()
    assert page.complaints == []
    of(page, "rock").locator(".mark").hover()
    assert page.locator("#panel thead th").all_inner_texts() == [
        "rank",
        "by words",
        "by annotations",
    ]
    assert "ROC-AUC" not in page.locator("#panel").inner_text()
