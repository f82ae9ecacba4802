"""Where the tests find real data, a small dataset of their own, and how they run a script."""

import csv
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile
from hypothesis import settings

settings.register_profile("steady", deadline=None)  # timing is for benchmarks
settings.load_profile("steady")

REPOSITORY = Path(__file__).resolve().parent.parent
TEST_DATA = Path(os.environ.get("AUTOTAGGING_TEST_DATA", REPOSITORY.parent / "shared")).resolve()
TINY_TAGS = ("low", "high", "loud", "quiet", "classic", "classical")
TINY_CLIPS = 32
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")


@pytest.fixture(scope="session")
def test_data():
    """Return the folder of real clips and annotations; skip where it is absent."""
    if not (TEST_DATA / "mtt-excerpt").is_dir():
        pytest.skip(f"real data absent: {TEST_DATA} (AUTOTAGGING_TEST_DATA) has no mtt-excerpt")
    return TEST_DATA


@pytest.fixture(scope="session")
def run_script(tmp_path_factory):
    """Return a function that runs a script of the repository and returns what became of it.

    In a child of a process that has the large libraries imported: see fork_server.py.
    """
    command = [sys.executable, str(REPOSITORY / "tests" / "fork_server.py")]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    server = subprocess.Popen(command, **pipes)
    folder = tmp_path_factory.mktemp("printed")

    def run(script, *arguments, cwd=None):
        request = {"script": str(REPOSITORY / script), "arguments": list(map(str, arguments))}
        files = {"output": folder / "output", "error": folder / "error"}
        request |= {"cwd": str(cwd or Path.cwd()), **{k: str(v) for k, v in files.items()}}
        server.stdin.write(json.dumps(request) + "\n")
        server.stdin.flush()
        printed = [server.stdout.readline(), *(file.read_text() for file in files.values())]
        return subprocess.CompletedProcess(
            [script, *arguments], int(printed[0]), printed[1], printed[2]
        )

    assert server.stdout.readline() == "ready\n"
    yield run
    server.stdin.close()
    server.wait()


@pytest.fixture(scope="session")
def browser():
    """Return a running Chromium that asks no one for anything; skip where there is none."""
    if not CHROMIUM:
        pytest.skip("Chromium is not installed (Debian's package chromium)")
    from playwright.sync_api import sync_playwright

    # software for the Projector's points: no machine of the tests has a graphics card
    flags = ["--no-sandbox", "--disable-background-networking", "--enable-unsafe-swiftshader"]
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=CHROMIUM, args=flags)
        yield running
        running.close()


@pytest.fixture
def open_page(browser):
    """Return a function that opens an address and notes what the page asks for and complains of."""
    opened = []

    def open_address(address):
        page = browser.new_page(viewport={"width": 1400, "height": 900}, reduced_motion="reduce")
        page.asked, page.complaints = [], []
        page.on("request", lambda request: page.asked.append(request.url))
        page.on("console", lambda message: page.complaints.append(message.text))
        page.on("pageerror", lambda error: page.complaints.append(str(error)))
        page.goto(address)
        opened.append(page)
        return page

    yield open_address
    for page in opened:
        page.close()


def write_annotations(path, rows):
    """Write rows (dicts) in the form of annotations_final.csv."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(
            file, rows[0], delimiter="\t", quoting=csv.QUOTE_ALL, lineterminator="\r\n"
        )
        writer.writeheader()
        writer.writerows(rows)


def annotations_of(text):
    """Return annotations from lines of 0 and 1 under a line of tags."""
    header, *lines = [line.split() for line in text.strip().splitlines()]
    index = pd.Index([str(i) for i in range(len(lines))], name="clip_id")
    return pd.DataFrame(lines, columns=header, index=index).astype(int).astype(bool)


def write_tiny_dataset(folder, n_clips=TINY_CLIPS):
    """Write a dataset in MagnaTagATune's form: tones of one second, tagged by what they are."""
    rng = np.random.default_rng(0)
    rows = []
    for number in range(n_clips):
        high, loud = number % 2 == 1, number // 2 % 2 == 1
        seconds = np.arange(16000) / 16000
        tone = np.sin(2 * np.pi * (2000 if high else 200) * (1 + 0.1 * rng.random()) * seconds)
        samples = (0.5 if loud else 0.05) * tone + 0.001 * rng.standard_normal(len(tone))
        file = f"{'0123456789abcdef'[number % 16]}/artist_{number % 8}-album-{number:02}-tone.wav"
        (folder / file).parent.mkdir(exist_ok=True, parents=True)
        soundfile.write(folder / file, samples, 16000, subtype="PCM_16")
        tags = {"low": not high, "high": high, "loud": loud, "quiet": not loud}
        tags |= {"classic": number % 4 == 0, "classical": number % 5 == 0}
        rows.append(
            {"clip_id": 10 + number, **{t: int(tags[t]) for t in TINY_TAGS}, "mp3_path": file}
        )
    write_annotations(folder / "annotations_final.csv", rows)
    return folder


@pytest.fixture
def tiny_dataset(tmp_path):
    """Return the folder of a small dataset in MagnaTagATune's form."""
    return write_tiny_dataset(tmp_path / "tiny")
