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
    printed = commands("pipeline")
    scripts = re.findall(r"python (\w+\.py)", printed)
    assert scripts == [
        "aux_make_sample.py",
        "1_label_reduction_and_files_renaming.py",
        "aux_label_distribution.py",
        "2_feature_extraction.py",
        "3_train_cnn.py",
        "4_evaluate.py",
        "5_visualize_tags.py",
    ]
    assert "rm -f images/waves_spectro_logspectro.png" in printed


@pytest.mark.parametrize("folder", ["data/sample", "data/sample/", "./data/sample"])
def test_the_sample_is_known_however_it_is_written(folder):
    assert "aux_make_sample.py" in commands("pipeline", f"DATA={folder}")


def test_another_dataset_keeps_its_figures_to_itself_and_makes_no_sample():
    printed = commands("pipeline", "DATA=data/mtt")
    assert "aux_make_sample.py" not in printed
    assert "rm -f data/mtt/images/" in printed
    assert printed.count("--data data/mtt") == 6


def test_the_published_variants_are_run_on_a_dataset_alone():
    printed = commands("mtt", "DATA=data/mtt")
    assert "--labels unmerged50 --name vgg-B" in printed
    assert "beside_literature.py --data data/mtt vgg-B vgg-C" in printed
    with pytest.raises(subprocess.CalledProcessError):
        commands("mtt")
