"""The Makefile does what the README says, without running it."""

import re
import shlex
import shutil
import subprocess
import sys

import pytest
from conftest import REPOSITORY

pytestmark = pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")


def commands(*arguments):
    """Return the commands that make would run."""
    answer = subprocess.run(
        [shutil.which("make"), "--no-print-directory", "--dry-run", "--always-make", *arguments],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=True,
    )
    return answer.stdout


def test_make_runs_the_sample_and_the_five_scripts_in_order():
    scripts = re.findall(r"^\S+python (\w+\.py)", commands("pipeline"), re.MULTILINE)
    assert scripts == [
        "aux_make_sample.py",
        "1_label_reduction_and_files_renaming.py",
        "aux_label_distribution.py",
        "2_feature_extraction.py",
        "3_train_cnn.py",
        "4_evaluate.py",
        "5_visualize_tags.py",
    ]


def test_make_ends_with_the_three_commands_for_few_clips():
    shown = re.findall(r'^echo "  \S+python (\w+\.py)', commands("pipeline"), re.MULTILINE)
    assert shown == ["2_feature_extraction.py", "3_train_cnn.py", "4_evaluate.py"]


def test_the_papers_figures_of_the_sample_are_copied_to_the_gallery_last():
    printed = commands("pipeline")
    copied = re.search(r"cp (.*) images/\n", printed)
    names = {path.rsplit("/", 1)[1] for path in copied[1].split()}
    gallery = {path.name for path in (REPOSITORY / "images").glob("*.png")}
    others = {"t_SNE.png", "taggram.png"}  # by vectors, and of a song, that are not part of it
    assert names == gallery - others
    assert copied.start() > printed.index("5_visualize_tags.py")
    assert "copied to images/: the label distribution and five of" in " ".join(printed.split())


@pytest.mark.parametrize(
    ("vectors", "name"),
    [
        ("glove-wiki-gigaword-50", "glove-wiki-gigaword-50"),
        ("../shared/my words.TXT.gz", "my words"),
        ('it\'s "quoted" $(HOME) `id`.bin', 'it\'s "quoted" $(HOME) `id`'),
    ],
    ids=["name", "file", "hostile"],
)
def test_a_map_by_word_vectors_that_are_named_is_copied_to_the_gallery(tmp_path, vectors, name):
    printed = commands("pipeline", f"VECTORS={vectors}")
    lines = [shlex.split(line) for line in printed.replace("\\\n", "").splitlines()]
    scripts = {line[1]: line[2:] for line in lines if line and line[0] == ".venv/bin/python"}
    assert scripts["5_visualize_tags.py"] == ["--data", "data/sample", "--vectors", vectors]
    assert "copied to images/: the label distribution and the paper's six figures" in printed
    (tmp_path / "images").mkdir()
    figure = tmp_path / "data/sample/tag_map" / name / "t_SNE.png"
    figure.parent.mkdir(parents=True)
    figure.write_bytes(b"the map")
    command = [sys.executable, "-c", *scripts["-c"]]
    subprocess.run(command, cwd=tmp_path, env={"PYTHONPATH": str(REPOSITORY)}, check=True)
    assert (tmp_path / "images/t_SNE.png").read_bytes() == b"the map"


@pytest.mark.parametrize("folder", ["data/sample", "data/sample/", "./data/sample"])
def test_the_sample_is_known_however_it_is_written(folder):
    assert "aux_make_sample.py" in commands("pipeline", f"DATA={folder}")


def test_another_dataset_keeps_its_figures_to_itself_and_makes_no_sample():
    printed = commands("pipeline", "DATA=data/mtt", "VECTORS=words.bin")
    assert "5_visualize_tags.py --data 'data/mtt' --vectors 'words.bin'\n" in printed
    assert "aux_make_sample.py" not in printed
    assert "images" not in printed
    assert printed.count("--data 'data/mtt'") == 6
    assert "--raw" not in printed


def test_the_published_variants_are_run_on_a_dataset_alone():
    printed = commands("mtt", "DATA=data/mtt")
    assert "--labels unmerged50 --name vgg-B" in printed
    runs = "vgg-B vgg-C mtt-musicnn-A mtt-musicnn-C"
    assert f"beside_literature.py --data 'data/mtt' {runs}\n" in printed
    assert "4_evaluate.py --data 'data/mtt' --model mtt-musicnn --labels unmerged50-all" in printed
    with pytest.raises(subprocess.CalledProcessError):
        commands("mtt")


@pytest.mark.parametrize("name", ["rehearsal", "growth"])
def test_what_is_rehearsed_is_a_stand_in_and_never_the_sample(name):
    assert f"benchmarks/{name}.py \n" in commands(name)
    assert f"benchmarks/{name}.py --data 'x y'\n" in commands(name, "DATA=x y")


TYPED = [
    "my data",
    "it's",
    '"quoted"',
    "$HOME $(HOME) ${HOME} $$ `id`",
    "a; rm -rf b & c | d > e",
    "a,b) (c",
    "*?[a]",
    "a#b%c=d\\e",
    "-data",
    "Björk",
]


@pytest.mark.parametrize("typed", TYPED)
@pytest.mark.parametrize("place", ["argument", "environment"])
def test_what_is_typed_reaches_the_scripts_as_one_word(monkeypatch, typed, place):
    variables = {"DATA": typed, "RAW": f"raw/{typed}", "JOBS": typed, "PYTHON": f"bin/{typed}"}
    variables["VECTORS"] = f"words/{typed}"
    if place == "environment":
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
    assignments = [f"{name}={value}" for name, value in variables.items()]
    printed = commands("pipeline", *(assignments if place == "argument" else []))
    lines = [shlex.split(line) for line in printed.replace("\\\n", "").splitlines()]
    scripts = {line[1]: line[2:] for line in lines if line and line[0] == ".venv/bin/python"}
    assert scripts["3_train_cnn.py"] == ["--data", typed]
    first = scripts["1_label_reduction_and_files_renaming.py"]
    assert first == ["--data", typed, "--raw", f"raw/{typed}"]
    assert scripts["2_feature_extraction.py"][2:] == ["--jobs", typed]
    assert scripts["5_visualize_tags.py"] == ["--data", typed, "--vectors", f"words/{typed}"]
    assert [f"bin/{typed}", "-m", "venv", ".venv"] in lines


@pytest.mark.parametrize("typed", TYPED)
def test_the_tests_find_their_data_wherever_it_lies(tmp_path, typed):
    stub = tmp_path / "Makefile"
    text = (REPOSITORY / "Makefile").read_text(encoding="utf-8")
    stub.write_text(text + '\nshow:\n\t@printf %s "$$AUTOTAGGING_TEST_DATA"\n', encoding="utf-8")
    answer = subprocess.run(
        [shutil.which("make"), "--silent", "show", f"AUTOTAGGING_TEST_DATA={typed}"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert answer.stdout == typed


def test_what_is_removed_is_nothing_that_was_typed():
    printed = commands("clean", "DATA=/home", "SAMPLE=/home", "RUN=/home")
    assert printed == "rm -rf .venv data/sample\n"
    for target in ("pipeline", "mtt", "bounds", "bench", "test", "test-slow", "env"):
        assert not re.search(r"\brm\b", commands(target, "DATA=data/mtt"))


def test_no_command_needs_the_first_line_of_an_installed_script():
    for target in ("pipeline", "bounds", "bench", "test", "test-slow", "env"):
        programs = re.findall(r"^\.venv/bin/\S+", commands(target), flags=re.MULTILINE)
        assert set(programs) == {".venv/bin/python"}  # it would name a path, perhaps with blanks


def test_every_option_that_make_names_is_one_of_its_script(run_script):
    for target in ("pipeline", "mtt", "bounds", "bench"):
        printed = commands(target, "DATA=data/mtt" if target == "mtt" else "DATA=data/sample")
        for script, arguments in re.findall(r"python (\S+\.py)(.*)", printed.replace("\\\n", "")):
            known = run_script(script, "--help").stdout
            for option in re.findall(r"--[a-z-]+", arguments):
                assert option in known, (script, option)
