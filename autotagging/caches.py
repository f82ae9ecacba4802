"""Folders for what libraries keep between runs, where the home cannot be written to.

In containers and on clusters it often cannot: then numba refuses to compile, and others complain.
"""

import contextlib
import os
import stat
import tempfile
from pathlib import Path


def make_writable():
    """Name folders that can be written to in the environment, before the libraries are imported.

    A folder that the environment names already stays, if it can be written to. Workers inherit it.

    Raises
    ------
    SystemExit
        Where nothing can be written to.
    """
    home = Path(os.path.expanduser("~"))  # noqa: PTH111 - Path's raises for a user without a name
    if not home.is_absolute():
        os.environ["HOME"] = str(home := _private_folder())
    cache = Path(os.environ.get("XDG_CACHE_HOME") or home / ".cache")
    config = Path(os.environ.get("XDG_CONFIG_HOME") or home / ".config")
    defaults = {
        "NUMBA_CACHE_DIR": [cache / "numba"],
        "MPLCONFIGDIR": [config / "matplotlib", cache / "matplotlib"],
        "KERAS_HOME": [home / ".keras"],
        "XDG_CACHE_HOME": [cache],  # of fontconfig, which Matplotlib asks for fonts
    }
    for variable, folders in defaults.items():
        named = os.environ.get(variable)
        if not all(_is_writable(folder) for folder in ([Path(named)] if named else folders)):
            os.environ[variable] = str(_private_folder() / variable.lower())


def _is_writable(folder):
    """Return whether a folder can be written to or, where it is not there, made; leave no trace."""
    folder = folder.absolute()
    nearest = next(path for path in (folder, *folder.parents) if os.path.lexists(path))
    try:
        with tempfile.TemporaryFile(dir=nearest):
            return True
    except OSError:
        return False


def _private_folder():
    """Return a temporary folder that no other user can write to, the same in every run if it can.

    What numba keeps are pickles: in a folder of another user they could be anything.
    """
    try:
        temporary = Path(tempfile.gettempdir())
    except FileNotFoundError:
        sentence = "neither the home nor a temporary folder can be written to: set TMPDIR"
        raise SystemExit(sentence) from None
    folder = temporary / f"autotagging-{os.getuid()}"
    with contextlib.suppress(FileExistsError):
        folder.mkdir(mode=0o700)
    status = folder.lstat()
    if (status.st_uid, status.st_mode) == (os.getuid(), stat.S_IFDIR | 0o700):
        return folder
    return Path(tempfile.mkdtemp(prefix="autotagging-"))
