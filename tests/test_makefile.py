"""The Makefile does what the README says, without running it."""

import re
import shutil
import subprocess

import pytest
from conftest import REPOSITORY

pytestmark = pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")


def commands(*arguments):
    """Return the commands that make would run."""
    answer = subprocess.run(
        [shutil.which("make"), "--dry-run", "--always-make", *arguments],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=True,
    )
    return answer.stdout


def test_make_runs_the_sample_and_the_five_scripts_in_order():
    scripts = re.findall(r"python (\w+\.py)", commands("pipeline"))
    assert scripts == [
        "aux_make_sample.py",
        "1_label_reduction_and_files_renaming.py",
        "aux_label_distribution.py",
        "2_feature_extraction.py",
        "3_train_cnn.py",
        "4_evaluate.py",
        "5_visualize_tags.py",
    ]


def test_the_papers_figures_of_the_sample_are_copied_to_the_gallery_last():
    printed = commands("pipeline")
    copied = re.search(r"cp (.*) images/\n", printed)
    names = {path.rsplit("/", 1)[1] for path in copied[1].split()}
    assert names == {path.name for path in (REPOSITORY / "images").glob("*.png")}
    assert copied.start() > printed.index("5_visualize_tags.py")
    assert "copied to images/" in printed


@pytest.mark.parametrize("folder", ["data/sample", "data/sample/", "./data/sample"])
def test_the_sample_is_known_however_it_is_written(folder):
    assert "aux_make_sample.py" in commands("pipeline", f"DATA={folder}")


def test_another_dataset_keeps_its_figures_to_itself_and_makes_no_sample():
    printed = commands("pipeline", "DATA=data/mtt")
    assert "aux_make_sample.py" not in printed
    assert "images" not in printed
    assert printed.count("--data data/mtt") == 6


def test_the_published_variants_are_run_on_a_dataset_alone():
    printed = commands("mtt", "DATA=data/mtt")
    assert "--labels unmerged50 --name vgg-B" in printed
    assert "beside_literature.py --data data/mtt vgg-B vgg-C" in printed
    with pytest.raises(subprocess.CalledProcessError):
        commands("mtt")


def test_every_option_that_make_names_is_one_of_its_script(run_script):
    for target in ("pipeline", "mtt", "bounds", "bench"):
        printed = commands(target, "DATA=data/mtt" if target == "mtt" else "DATA=data/sample")
        for script, arguments in re.findall(r"python (\S+\.py)(.*)", printed.replace("\\\n", "")):
            known = run_script(script, "--help").stdout
            for option in re.findall(r"--[a-z-]+", arguments):
                assert option in known, (script, option)
