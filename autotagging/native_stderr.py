"""What libraries write to standard error past Python, such as TensorFlow and mpg123 do."""

import contextlib
import logging
import os
import sys
from pathlib import Path


@contextlib.contextmanager
def silenced():
    """Silence it below Python; exceptions pass, and what is printed after the block is seen."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    # Nobody who runs a script can do anything about a last batch that is traced anew.
    logging.getLogger("tensorflow").setLevel(logging.ERROR)
    sys.stderr.flush()
    before = os.dup(2)
    with Path(os.devnull).open("wb") as nowhere:
        os.dup2(nowhere.fileno(), 2)
    try:
        yield
    finally:
        os.dup2(before, 2)
        os.close(before)
