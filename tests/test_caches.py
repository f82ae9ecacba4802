"""Libraries keep what they keep where it can be written to, whatever the home is."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from conftest import REPOSITORY

from autotagging import caches

VARIABLES = ["NUMBA_CACHE_DIR", "MPLCONFIGDIR", "KERAS_HOME", "XDG_CACHE_HOME"]


@pytest.fixture
def temporary(tmp_path, monkeypatch):
    """Return the folder of temporary files of a user who sets no variable but HOME."""
    for variable in [*VARIABLES, "XDG_CONFIG_HOME"]:
        monkeypatch.setenv(variable, "")  # so that it is as before after the test
        monkeypatch.delenv(variable)
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    return tmp_path / "temporary"


def named():
    """Return the variables that are set."""
    return {variable: os.environ[variable] for variable in VARIABLES if variable in os.environ}


def test_a_home_that_can_be_written_to_is_left_as_it_is(temporary, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    (tmp_path / "home").mkdir()
    caches.make_writable()
    assert named() == {}
    assert not list((tmp_path / "home").iterdir())


@pytest.mark.parametrize("home", ["/proc/nowhere", "a file", "a link to nowhere"])
def test_a_home_that_cannot_be_written_to_is_passed_over(temporary, tmp_path, monkeypatch, home):
    (tmp_path / "a file").touch()
    (tmp_path / "a link to nowhere").symlink_to("/proc/nowhere")
    monkeypatch.setenv("HOME", str(tmp_path / home))
    caches.make_writable()
    private = temporary / f"autotagging-{os.getuid()}"
    assert named() == {variable: str(private / variable.lower()) for variable in VARIABLES}
    assert private.stat().st_mode & 0o777 == 0o700
    monkeypatch.setenv("MPLCONFIGDIR", "")
    caches.make_writable()  # as the next run does
    assert os.environ["MPLCONFIGDIR"] == str(private / "mplconfigdir")


def test_a_folder_that_the_user_names_stays_if_it_can_be_written_to(
    temporary, tmp_path, monkeypatch
):
    monkeypatch.setenv("HOME", "/proc/nowhere")
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "own" / "numba"))
    monkeypatch.setenv("MPLCONFIGDIR", "/proc/nowhere")
    caches.make_writable()
    assert os.environ["NUMBA_CACHE_DIR"] == str(tmp_path / "own" / "numba")
    assert os.environ["MPLCONFIGDIR"].startswith(str(temporary))


def test_a_folder_that_others_can_write_to_is_never_used(temporary, monkeypatch):
    planted = temporary / f"autotagging-{os.getuid()}"
    planted.mkdir()
    planted.chmod(0o777)
    monkeypatch.setenv("HOME", "/proc/nowhere")
    caches.make_writable()
    folders = {Path(folder).parent for folder in named().values()}
    assert planted not in folders
    assert all(folder.parent == temporary for folder in folders)


def test_a_user_without_a_home_is_given_one(temporary, monkeypatch):
    monkeypatch.setenv("HOME", "~")  # as Python returns it for a user whom the system knows not
    caches.make_writable()
    assert os.environ["HOME"] == str(temporary / f"autotagging-{os.getuid()}")
    assert named() == {}


def test_where_nothing_can_be_written_to_one_sentence_says_so(temporary, monkeypatch):
    def find_none():
        raise FileNotFoundError

    monkeypatch.setenv("HOME", "/proc/nowhere")
    monkeypatch.setattr(tempfile, "gettempdir", find_none)
    with pytest.raises(SystemExit, match="can be written to: set TMPDIR"):
        caches.make_writable()


def test_no_library_complains_of_the_home(tmp_path):
    program = "import autotagging, matplotlib.font_manager; print(matplotlib.get_cachedir())"
    environment = {"PATH": os.environ["PATH"], "HOME": "/proc/nowhere", "TMPDIR": str(tmp_path)}
    command = [sys.executable, "-c", program]
    answer = subprocess.run(
        command, cwd=REPOSITORY, env=environment, capture_output=True, text=True, check=True
    )
    assert answer.stdout.startswith(str(tmp_path))
    assert answer.stderr == ""
