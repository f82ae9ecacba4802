"""The report: one file that opens anywhere, can be used by anyone, and trusts no table."""

import json
import re
import shutil

import pandas as pd
import pytest
from conftest import SCRIPTS, write_scores, write_tiny_dataset

from autotagging import steps
from autotagging.clips import inventory
from autotagging.labels import label_sets
from autotagging.results import report, results_folder

HOSTILE = "<script>alert(1)</script>"


@pytest.fixture(scope="module")
def evaluated(run_script, tmp_path_factory):
    """Return a dataset with audio and hostile names, whose peer.csv is evaluated."""
    data = write_tiny_dataset(tmp_path_factory.mktemp("report") / "tiny", n_clips=96)
    text = (data / "annotations_final.csv").read_text().replace('"loud"', f'"{HOSTILE}"')
    (data / "annotations_final.csv").write_text(text)
    assert run_script(SCRIPTS[1], "--data", data).returncode == 0
    clips = pd.read_csv(inventory.clips_path(data), dtype=str)
    clips.loc[clips["clip_id"] != "10", "album"] = f"{HOSTILE} & sons"
    clips.to_csv(inventory.clips_path(data), index=False)
    table = label_sets.read_labels(data, label_sets.find_set(data))
    path = write_scores(data, table, "peer.csv")
    answer = run_script(SCRIPTS[4], "--data", data, "--scores", path)
    assert answer.returncode == 0, answer.stderr
    return data


@pytest.fixture
def data(evaluated, tmp_path):
    """Return a copy of the dataset, to be changed."""
    return shutil.copytree(evaluated, tmp_path / "copy")


@pytest.fixture(scope="module")
def text(evaluated):
    """Return the report's source."""
    return (evaluated / "results/peer/report.html").read_text(encoding="utf-8")


def test_names_from_tables_are_text_and_never_markup(text):
    assert HOSTILE not in text
    assert text.count("<script>") == 1
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; sons" in text


def test_no_address_stands_in_it(text):
    assert re.findall(r'(?:src|href)="(?!data:)([^"]*)"', text) == []
    assert "default-src &#39;none&#39;" in text or "default-src 'none'" in text


def test_every_clip_has_its_tags_sound_and_spectrogram(evaluated, text):
    examples = results_folder.read_examples(evaluated / "results/peer")
    assert len(examples) == 14
    assert text.count('src="data:audio/mpeg;base64,') == len(examples)
    assert text.count('src="data:image/jpeg;base64,') == len(examples)
    for kind in ("right", "missed", "unexpected"):
        assert text.count(f'<dd class="{kind}">') == len(examples)


def test_it_is_made_once_and_again_where_numbers_change(run_script, data):
    path = data / "results/peer/report.html"
    before = path.stat().st_mtime_ns
    command = SCRIPTS[4], "--data", data, "--scores", data / "peer.csv"
    assert "nothing to do" in run_script(*command).stdout
    assert path.stat().st_mtime_ns == before
    assert "1,000 bootstrap resamples" in path.read_text(encoding="utf-8")
    assert run_script(*command, "--n-resamples", 50, "--force").returncode == 0
    assert "50 bootstrap resamples" in path.read_text(encoding="utf-8")


def write_again(data):
    """Write the report of finished results once more; return its source."""
    folder = data / "results/peer"
    report.write(data, folder, steps.read_summary(folder))
    return (folder / "report.html").read_text(encoding="utf-8")


def test_a_dataset_without_audio_has_a_report_without_it(data):
    clips = pd.read_csv(inventory.clips_path(data), dtype=str)
    clips.assign(file="").to_csv(inventory.clips_path(data), index=False)
    text = write_again(data)
    assert "No audio: this dataset has no audio." in text
    assert "<audio" not in text


def test_a_clip_without_audio_is_said_until_it_has_some(data, capsys):
    folder = data / "results/peer"
    clip_id = results_folder.read_examples(folder)[0]["clip_id"]
    path = data / inventory.read_clips(data).loc[clip_id, "file"]
    before = write_again(data)
    audio = path.read_bytes()
    path.unlink()
    path.write_bytes(b"no audio")
    text = write_again(data)
    assert "No audio: the file is a text" in text
    assert text.count("<audio") == 13
    for _ in range(2):
        report.write_missing(data, folder, steps.read_summary(folder))
        assert capsys.readouterr().out.startswith(f"no audio of clip {clip_id} in report.html: ")
    path.write_bytes(audio)
    report.write_missing(data, folder, steps.read_summary(folder))
    assert (folder / "report.html").read_text(encoding="utf-8") == before
    report.write_missing(data, folder, steps.read_summary(folder))
    assert capsys.readouterr().out.count("\n") == 1  # the page was written once
    assert not (folder / "without_audio.csv").exists()


def test_what_is_to_be_known_of_a_network_from_elsewhere_are_sentences(data):
    path = data / "results/peer/summary.json"
    tags = {"in_common": 2, "network_lacks": ["<i>"], "label_set_lacks": []}
    common = {"tags_in_common": {**tags, "merged_by_maximum": {}}}
    path.write_text(json.dumps(json.loads(path.read_text()) | common))
    text = write_again(data)
    assert (
        "<p>The network was trained elsewhere: 2 tags in common; it lacks 1 (&lt;i&gt;).</p>"
        in text
    )
    assert "<p>Thresholds: " in text


def test_only_what_is_missing_is_made(data, capsys):
    folder = data / "results/peer"
    (folder / "accuracy.png").unlink()
    report.write_missing(data, folder, steps.read_summary(folder))
    assert "accuracy.png" in (printed := capsys.readouterr().out)
    assert len(printed.splitlines()) == 1
    assert (folder / "accuracy.png").exists()


@pytest.fixture
def page(open_page, evaluated):
    """Return the report in the browser, with what it asked for and complained of."""
    return open_page((evaluated / "results/peer/report.html").resolve().as_uri())


def column(page, heading):
    """Return the texts of a column of the table of tags, as they stand."""
    headings = page.locator("#per-tag thead th").all_inner_texts()
    place = [heading.split("\n")[0].strip() for heading in headings].index(heading) + 1
    rows = page.locator(f"#per-tag tbody tr:visible > :nth-child({place})")
    return [text.split()[0] for text in rows.all_inner_texts()]


def test_it_opens_without_a_request_and_without_a_complaint(page):
    assert [url for url in page.asked if not url.startswith(("file:", "data:"))] == []
    assert len([url for url in page.asked if url.startswith("file:")]) == 1
    assert page.complaints == []


def test_the_table_of_tags_sorts_both_ways_and_is_searched(page):
    button = page.get_by_role("button", name="ROC-AUC")
    button.click()
    values = column(page, "ROC-AUC")
    assert values == sorted(values, reverse=True)
    assert len(set(values)) > 1
    button.press("Enter")  # by keyboard
    assert column(page, "ROC-AUC") == sorted(values)
    assert page.locator("#per-tag th[aria-sort=ascending]").inner_text().startswith("ROC-AUC")
    page.get_by_role("button", name="tag", exact=True).click()
    names = column(page, "tag")
    assert names == sorted(names)
    page.get_by_label("Find a tag").fill("QUI")
    assert column(page, "tag") == ["quiet"]
    assert page.locator("#found").inner_text() == f"1 of {len(names)} tags"


def test_clips_can_be_heard_one_at_a_time(page):
    played = page.evaluate(
        """async () => {
            const [first, second] = document.querySelectorAll("audio");
            await first.play();
            const duration = first.duration;
            await second.play();
            return [duration, first.paused, second.paused, first.error];
        }"""
    )
    assert played[0] == pytest.approx(1, abs=0.15)  # the tones last a second
    assert played[1:] == [True, False, None]


@pytest.mark.parametrize("width", [400, 1400])
def test_it_is_readable_on_a_telephone_and_on_a_screen(page, width):
    page.set_viewport_size({"width": width, "height": 900})
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    sizes = page.evaluate(
        """[...document.querySelectorAll("p, td, dd, small, h3")]
            .map(element => parseFloat(getComputedStyle(element).fontSize))"""
    )
    assert min(sizes) >= 11
    for locator in page.locator(".clips img").all():
        assert locator.bounding_box()["width"] >= min(width, 500) * 0.75


@pytest.mark.parametrize("width", [400, 1400])
def test_everyone_can_use_it(page, width):
    from axe_playwright_python.sync_playwright import Axe

    page.set_viewport_size({"width": width, "height": 900})
    answer = Axe().run(page)
    assert answer.violations_count == 0, answer.generate_report()
