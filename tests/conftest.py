"""Where the tests find real data, and how they run a script."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parent.parent
TEST_DATA = Path(os.environ.get("AUTOTAGGING_TEST_DATA", REPOSITORY.parent / "shared"))


@pytest.fixture(scope="session")
def test_data():
    """Return the folder of real clips and annotations; skip where it is absent."""
    if not TEST_DATA.is_dir():
        pytest.skip(f"real data absent: {TEST_DATA} (AUTOTAGGING_TEST_DATA) is not a folder")
    return TEST_DATA


@pytest.fixture(scope="session")
def run_script():
    """Return a function that runs a script of the repository and returns what became of it."""

    def run(script, *arguments, cwd=None):
        command = [sys.executable, str(REPOSITORY / script), *map(str, arguments)]
        return subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)

    return run
