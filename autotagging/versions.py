"""With which versions something was made: of Python, the libraries and this repository."""

import contextlib
import importlib.metadata
import platform
import subprocess
from pathlib import Path

LIBRARIES = ("tensorflow", "torch", "jax", "keras", "numpy", "librosa", "scikit-learn", "gensim")


def describe():
    """Return versions (a dict) and git_commit, marked where files differ; None outside of git."""
    versions = {"python": platform.python_version(), **of(LIBRARIES)}
    return {"versions": versions, "git_commit": _git_commit()}


def of(libraries):
    """Return the version of each library that is installed: a dict."""
    installed = {}
    for library in libraries:
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            installed[library] = importlib.metadata.version(library)
    return installed


def _git_commit():
    command = ["git", "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"]
    options = {"cwd": Path(__file__).parent, "capture_output": True, "text": True}
    try:
        answer = subprocess.run(command, check=True, **options)
    except (OSError, subprocess.CalledProcessError):
        return None
    return answer.stdout.strip()
