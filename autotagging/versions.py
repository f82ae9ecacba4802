"""With which versions something was made: of Python, the libraries and this repository."""

import importlib.metadata
import platform
import subprocess
from pathlib import Path

LIBRARIES = ("tensorflow", "keras", "numpy", "librosa", "scikit-learn")


def describe():
    """Return versions (a dict) and git_commit, marked where files differ; None outside of git."""
    versions = {"python": platform.python_version(), **of(LIBRARIES)}
    return {"versions": versions, "git_commit": _git_commit()}


def of(libraries):
    """Return the installed version of each library: a dict."""
    return {library: importlib.metadata.version(library) for library in libraries}


def _git_commit():
    command = ["git", "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"]
    try:
        answer = subprocess.run(
            command, cwd=Path(__file__).parent, capture_output=True, text=True, check=True
        )
    except (OSError, subprocess.CalledProcessError):
        return None
    return answer.stdout.strip()
