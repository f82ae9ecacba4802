"""The page of the maps: one file that shows three senses of near to anyone, and trusts no name."""

import json
import re

import numpy as np
import pandas as pd
import pytest

from autotagging.tag_map import caption, map_folder, page, projection, similarity

HOSTILE = "</script><script>alert(1)</script>"
TAGS = ["guitar", "rock", "piano", "slow", "techno", "beat", "no singer", HOSTILE]
KINDS = {"guitar": "instrument", "piano": "instrument", "rock": "genre", "techno": "genre"}
NO_WORDS = "no singer"


def write_map(folder, with_network=True, tags=TAGS):
    """Write a map; one tag has no word vector, and the network's view is another."""
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
    places = projection.place_alike(spaces, method="tsne", seed=0)
    counts = pd.Series(np.geomspace(900, 1, n_tags).astype(int), index=tags)
    ways = pd.Series({tag: "not found" if tag == NO_WORDS else "token" for tag in tags})
    areas = pd.Series(np.linspace(0.9, 0.6, n_tags), index=tags) if with_network else None
    tables = {
        "tags": map_folder.tabulate_tags(counts, KINDS, ways, areas),
        "places": map_folder.tabulate_places(places),
        "vectors": spaces["words"],
        "neighbours": similarity.neighbours(nearness),
        "agreement": agreement_by_tag,
        "places_4d": projection.place(spaces["words"], 4),
    }
    trust = {name: projection.trustworthiness(spaces[name], places[name]) for name in spaces}
    settings = {"labels": "merged50", "vectors": "w.bin", "from_elsewhere": True}
    summary = {
        "settings": {**settings, "method": "tsne", "seed": 0},
        "dataset": f"mine {HOSTILE}",
        "note": "Synthetic sample",
        "citation": "Anybody & sons",
        "tags": n_tags,
        "dimensions": 6,
        "tags without a vector": [NO_WORDS],
        "trustworthiness": {**trust, "words, 4 dimensions": 1.0},
        "other starts": projection.stability(spaces["words"], places["words"]),
        "clusters": {name: projection.clusters(space) for name, space in spaces.items()},
        "agreement": agreement,
        "tags by a synonym": [],
        "flat spaces": [],
        "explained variance": None,
        "closeness of errors": None,
    }
    map_folder.write(folder, tables, summary)
    caption = caption.write(map_folder.read_summary(folder))
    page.write(folder, caption, "this map")
    return folder


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Return a map with its page."""
    return write_map(tmp_path_factory.mktemp("map"))


@pytest.fixture
def page(open_page, folder):
    """Return the page in the browser."""
    return open_page((folder / "tag_map.html").resolve().as_uri())


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
    text = (folder / "tag_map.html").read_text(encoding="utf-8")
    assert HOSTILE not in text
    assert re.findall(r"<script[^>]*>", text) == [
        '<script type="application/json" id="content">',
        "<script>",
    ]
    content = text.split('id="content">')[1].split("</script>")[0]
    assert [tag["tag"] for tag in json.loads(content)["tags"]] == TAGS


def test_it_is_made_once_and_anew_of_another_map(folder):
    path = folder / "tag_map.html"
    assert page.is_made(folder, "this map")
    assert not page.is_made(folder, "that map")
    whole = path.read_bytes()
    path.write_bytes(whole[:-20])  # cut short
    assert not page.is_made(folder, "this map")
    path.write_bytes(whole)


def test_it_opens_without_a_request_and_without_a_complaint(page):
    assert [url for url in page.asked if not url.startswith(("file:", "data:"))] == []
    assert len([url for url in page.asked if url.startswith("file:")]) == 1
    assert page.complaints == []
    assert page.locator("h1").inner_text() == f"Tag map of mine {HOSTILE}"


def test_pointing_at_a_tag_shows_its_counts_and_its_neighbours_in_every_space(page, folder):
    nearest = map_folder.read_table(folder, "neighbours")
    of(page, "guitar").locator(".mark").hover()
    panel = page.locator("#panel")
    assert "instrument, 900 clips, ROC-AUC 0.900" in panel.inner_text()
    for column, space in enumerate(("words", "annotations", "network"), start=2):
        rows = nearest[(nearest["space"] == space) & (nearest["tag"] == "guitar")]
        shown = [f"{row.neighbour} {row.cosine:.2f}" for row in rows.itertuples()]
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
    places = map_folder.read_table(folder, "places")
    assert not of(page, NO_WORDS).is_visible()
    assert page.locator("#absent").inner_text() == f"1 tags are not on this map: {NO_WORDS}"
    for label, space in (("same", "annotations"), ("layer", "network"), ("vectors", "words")):
        page.get_by_label(label).check()
        rows = places[places["space"] == space].set_index("tag")
        shown = np.array([where(page, tag) for tag in rows.index])
        # the same directions as in the table, y upwards, at one scale for both axes
        wanted = rows[["x", "y"]].to_numpy() * [1, -1]
        wanted, shown = wanted - wanted.mean(axis=0), shown - shown.mean(axis=0)
        scale = np.linalg.norm(shown) / np.linalg.norm(wanted)
        np.testing.assert_allclose(shown, scale * wanted, atol=1.5)
        assert of(page, NO_WORDS).is_visible() == (space != "words")
        summary = map_folder.read_summary(folder)["clusters"][space]["clusters"]
        listed = page.locator("#clusters li").all_inner_texts()
        assert listed == [", ".join(cluster) for cluster in summary]
        assert page.locator("#map .outline").count() == len(summary)
        numbers = page.locator("#map .number").all_text_contents()
        assert numbers == [str(number) for number in range(1, len(summary) + 1)]


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
    page = open_page((write_map(tmp_path, tags=tags) / "tag_map.html").resolve().as_uri())
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


@pytest.mark.parametrize("width", [400, 1400])
@pytest.mark.parametrize("n_more", [0, 80])
def test_labels_do_not_lie_on_each_other(open_page, tmp_path, width, n_more):
    tags = [*TAGS, *(f"tag number {i}" for i in range(n_more))]
    page = open_page((write_map(tmp_path, tags=tags) / "tag_map.html").resolve().as_uri())
    page.set_viewport_size({"width": width, "height": 900})
    page.wait_for_function("map.viewBox.baseVal.width === map.clientWidth")
    boxes = page.evaluate(
        """[...document.querySelectorAll("#map .tag text")]
            .filter(text => text.parentElement.style.display !== "none")
            .filter(text => getComputedStyle(text).visibility === "visible")
            .map(text => text.getBoundingClientRect())
            .map(box => [box.left, box.top + 2, box.right, box.bottom - 2])"""
    )
    assert len(boxes) >= 4
    assert (len(boxes) == len(tags) - 1) == (n_more == 0)  # of many, some on demand
    for one, (left, top, right, bottom) in enumerate(boxes):
        for other in boxes[one + 1 :]:
            apart = right <= other[0] or other[2] <= left or bottom <= other[1] or other[3] <= top
            assert apart
    assert page.evaluate("document.documentElement.scrollWidth") <= width


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
    page = open_page((write_map(tmp_path, False) / "tag_map.html").resolve().as_uri())
    assert page.get_by_label("network").is_disabled()
    assert page.complaints == []
    of(page, "rock").locator(".mark").hover()
    assert page.locator("#panel thead th").all_inner_texts() == [
        "rank",
        "by words",
        "by annotations",
    ]
    assert "ROC-AUC" not in page.locator("#panel").inner_text()
