"""Where the tests find real data, a small dataset of their own, and how they run a script."""

import csv
import dataclasses
import itertools
import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile
from hypothesis import settings
from matplotlib.text import Text

settings.register_profile("steady", deadline=None)  # timing is for benchmarks
settings.load_profile("steady")

# In the background of a shell Ctrl-C is ignored, and so it would be by the scripts that tests run.
signal.signal(signal.SIGINT, signal.default_int_handler)

REPOSITORY = Path(__file__).resolve().parent.parent
TEST_DATA = Path(os.environ.get("AUTOTAGGING_TEST_DATA", REPOSITORY.parent / "shared")).resolve()
TINY_TAGS = ("low", "high", "loud", "quiet", "classic", "classical")
TINY_CLIPS = 32
FIFTY_TAGS = [f"tag {chr(97 + i // 26)}{chr(97 + i % 26)}" for i in range(50)]
OF_TAGS = ("scores", "thresholds", "per_tag")  # tables of results
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
    folder, numbers = tmp_path_factory.mktemp("printed"), itertools.count()

    def run(script, *arguments, cwd=None, kill_after=None):
        request = {"script": str(REPOSITORY / script), "arguments": list(map(str, arguments))}
        number = next(numbers)  # helpers of a script that has ended may go on writing to its files
        files = {name: folder / f"{name}-{number}" for name in ("output", "error")}
        request |= {"cwd": str(cwd or Path.cwd()), **{k: str(v) for k, v in files.items()}}
        request["kill_after"] = kill_after
        server.stdin.write(json.dumps(request) + "\n")
        server.stdin.flush()
        code, memory = map(int, server.stdout.readline().split())
        printed = [file.read_text(errors="replace") for file in files.values()]
        completed = subprocess.CompletedProcess([script, *arguments], code, *printed)
        completed.memory = memory  # MB
        return completed

    assert server.stdout.readline() == "ready\n"
    yield run
    server.stdin.close()
    server.wait()


@pytest.fixture(scope="session")
def wheel():
    """Return the wheel of which published networks are made; skip where it was not fetched."""
    from autotagging import cli
    from autotagging.models import published

    if not (cli.PUBLISHED / published.WHEEL).is_file():
        pytest.skip(f"{published.WHEEL} is not in data/published: make env fetches it")
    return cli.PUBLISHED / published.WHEEL


@pytest.fixture(scope="session")
def published_folder(wheel, tmp_path_factory):
    """Return a folder in which published networks are made when they are asked for."""
    return tmp_path_factory.mktemp("published")


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


SCRIPTS = {
    1: "1_label_reduction_and_files_renaming.py",
    2: "2_feature_extraction.py",
    3: "3_train_cnn.py",
    4: "4_evaluate.py",
    5: "5_visualize_tags.py",
    "labels": "aux_label_distribution.py",
    "compare": "aux_compare_results.py",
}


EVERY_STEP = {
    "1": [SCRIPTS[1]],
    "2": [SCRIPTS[2], "--jobs", 1],
    "3": [SCRIPTS[3], "--epochs", 2, "--no-refit"],
    "4": [SCRIPTS[4]],
    "5": [SCRIPTS[5]],
}


def run_pipeline(run_script, data, *first, epochs=1):
    """Run every script on a dataset, the first with some arguments; return what they printed."""
    printed, train = {}, (3, "--epochs", epochs, "--no-refit")
    for name, *arguments in [(1, *first), ("labels",), (2,), train, (4,), (5,)]:
        answer = run_script(SCRIPTS[name], "--data", data, *arguments)
        assert answer.returncode == 0, answer.stderr
        printed[name] = answer.stdout
    return printed


def snapshot(folder):
    """Return time of change and size of every file below a folder, by its path from there."""
    files = {p.relative_to(folder).as_posix(): p for p in folder.rglob("*") if p.is_file()}
    return {name: (p.stat().st_mtime_ns, p.stat().st_size) for name, p in files.items()}


@pytest.fixture
def tiny_dataset(tmp_path):
    """Return the folder of a small dataset in MagnaTagATune's form."""
    return write_tiny_dataset(tmp_path / "tiny")


@pytest.fixture(scope="session")
def finished_features(run_script, tmp_path_factory):
    """Return a small dataset with labels, features and named artists, to be copied."""
    data = write_tiny_dataset(tmp_path_factory.mktemp("finished") / "tiny")
    for number in (1, 2):
        answer = run_script(SCRIPTS[number], "--data", data)
        assert answer.returncode == 0, answer.stderr
    clips = pd.read_csv(data / "clips" / "clips.csv", dtype=str)
    clips["artist"] = [f"artist {i % 8}" for i in range(len(clips))]
    clips.to_csv(data / "clips" / "clips.csv", index=False)
    return data


@pytest.fixture(scope="session")
def before_each_step(run_script, tmp_path_factory):
    """Return, for each script, a small dataset on which those before it have run, and after it."""
    data = write_tiny_dataset(tmp_path_factory.mktemp("whole") / "data")
    folders = {}
    for name, (script, *arguments) in EVERY_STEP.items():
        folders[name] = shutil.copytree(data, data.with_name(f"before-{name}"))
        answer = run_script(script, "--data", data, *arguments)
        assert answer.returncode == 0, answer.stderr
        folders[f"after-{name}"] = shutil.copytree(data, data.with_name(f"after-{name}"))
    return folders


@pytest.fixture
def wanted_store(tmp_path):
    """Return a store, of 8 frames of 8 bands, that is wanted of 40 clips of noise: WantedStore."""
    from autotagging.features.extraction import WantedStore
    from autotagging.features.settings import FeatureSettings

    (tmp_path / "clips").mkdir()
    rng = np.random.default_rng(0)
    files = {str(number): f"clips/{number}.wav" for number in range(40)}
    for file in files.values():
        soundfile.write(tmp_path / file, 0.1 * rng.standard_normal(16000), 16000)
    settings = FeatureSettings("mel", 16000, 8, n_fft=512, hop_length=2000, seconds=1.0)
    clips = pd.DataFrame({"file": files}).rename_axis("clip_id")
    return WantedStore(tmp_path / "features" / "small", settings, tmp_path, clips)


def write_store(wanted, jobs=1, *, force=False):
    """Write a store of features as script 2 does, without its figure."""
    from autotagging import steps
    from autotagging.features import extraction

    step = steps.Step(wanted.folder, dataclasses.asdict(wanted.settings), {})
    with steps.locked(wanted.folder):
        extraction.compute(wanted, jobs, force=force)
        with extraction.writing(wanted, step):
            pass


@pytest.fixture(scope="module")
def small_vgg():
    """Let vgg have two convolutions of four maps each, which are built and trained at once."""
    from autotagging.models import architectures

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(architectures, "VGG_WIDTHS", (4, 4))
        yield


def clips_of(array, lengths, rows, y_true):
    """Return labelled clips, two of each artist, and each of other audio."""
    from autotagging.models.batches import LabelledClips

    artists = np.array([f"artist {row // 2}" for row in rows], dtype=object)
    audio = np.array([f"{row:064x}"[::-1] for row in rows], dtype=object)
    return LabelledClips(array, lengths, rows, y_true, artists, audio)


def normalise_before_pooling(monkeypatch):
    """Build vgg with its layers in the order that it once had."""
    from autotagging.models import blocks

    convolution, maps = blocks.convolution, blocks.maps
    monkeypatch.setattr(blocks, "convolution", lambda *given: maps(convolution(*given), given[-1]))
    monkeypatch.setattr(blocks, "maps", lambda x, number: x)


def learnable_parts():
    """Return parts of a label set to train on, in which each of two tags makes a band louder."""
    rng = np.random.default_rng(0)
    y_true = rng.random((48, 2)) < 0.5
    array = rng.standard_normal((48, 8, 4)).astype(np.float16)
    array[:, :, :2] += 2 * y_true[:, None, :]
    clips = clips_of(array, np.full(48, 8), np.arange(48), y_true)
    sections = {"train": slice(24), "validation": slice(24, 40), "test": slice(40, 48)}
    return {part: clips.take(section) for part, section in sections.items()}


def overlap(a, b):
    """Return whether two boxes of a figure overlap by more than letters side by side do."""
    pixel = 0.5  # they share an edge
    across = min(a.x1, b.x1) - max(a.x0, b.x0)
    return across > pixel and min(a.y1, b.y1) - max(a.y0, b.y0) > pixel


def find_touching(texts):
    """Return the pairs of texts of a figure, as they read, that lie on each other."""
    boxes = [(text.get_text(), text.get_window_extent()) for text in texts]
    pairs = itertools.combinations(boxes, 2)
    return [(one, other) for (one, a), (other, b) in pairs if overlap(a, b)]


def assert_inside(figure, texts):
    """Assert that texts lie within their figure; it is laid out first."""
    figure.draw_without_rendering()
    assert not find_cut(figure, texts)


def find_cut(figure, texts):
    """Return the texts, as they read, that reach beyond the edge of a figure that is laid out."""
    page = figure.bbox.padded(1)
    boxes = {text.get_text(): text.get_window_extent() for text in texts}
    return [
        text
        for text, box in boxes.items()
        if not (page.contains(*box.min) and page.contains(*box.max))
    ]


def draw_texts(figure):
    """Lay a figure out; return the texts that are really drawn."""
    drawn, draw = [], Text.draw

    def draw_and_note(text, renderer):
        drawn.append(text)
        draw(text, renderer)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Text, "draw", draw_and_note)
        figure.draw_without_rendering()
    return [text for text in drawn if text.get_visible() and text.get_text().strip()]


def assert_legible(figure):
    """Assert that no text of a figure is cut, lies on another text or panel, or under a legend."""
    texts = draw_texts(figure)
    assert not find_cut(figure, texts)
    assert not find_touching(texts)
    for ax in figure.axes:
        panel = ax.get_window_extent()
        others = [text for text in texts if text.axes not in {ax, None}]
        assert not [t.get_text() for t in others if overlap(t.get_window_extent(), panel)]
        if legend := ax.get_legend():
            points = [line.get_transform().transform(line.get_xydata()) for line in ax.get_lines()]
            box = legend.get_window_extent()
            assert not any(box.contains(x, y) for x, y in np.concatenate(points))


def legend_labels(owner):
    """Return what the legends of a figure, or the legend of an axis, say."""
    legends = getattr(owner, "legends", None) or [owner.get_legend()]
    return [text.get_text() for legend in legends for text in legend.get_texts()]


def write_scores(folder, labels, name, seed=0):
    """Write external scores that know something of the labels; return the file's path."""
    tags = labels.columns.drop("split")
    noise = np.random.default_rng(seed).random((len(labels), len(tags)))
    y_score = pd.DataFrame(0.4 * labels[tags].to_numpy() + 0.6 * noise, labels.index, tags)
    y_score.to_csv(folder / name)
    return folder / name


def keep_scores_of(folder, tags):
    """Cut finished results down to some tags, as those of a network that knows no others."""
    tables = {name: pd.read_csv(folder / f"{name}.csv", dtype=str) for name in OF_TAGS}
    places = tables["thresholds"].set_index("tag").index.get_indexer(tags)
    tables["thresholds"] = tables["thresholds"].iloc[places]
    tables["per_tag"] = tables["per_tag"][tables["per_tag"]["tag"].isin(tags)]
    tables["scores"] = tables["scores"][["clip_id", "split", *tags]]
    for name, table in tables.items():
        table.to_csv(folder / f"{name}.csv", index=False)
    np.save(folder / "scores.npy", np.load(folder / "scores.npy")[:, places])
    if (folder / "tag_weights.npy").exists():
        np.save(folder / "tag_weights.npy", np.load(folder / "tag_weights.npy")[places])
    summary = json.loads((folder / "summary.json").read_text())
    summary["tags"] = list(tags)
    summary["rows"]["test"] |= {"tags": len(tags), "tags_left_out": []}
    (folder / "summary.json").write_text(json.dumps(summary))
