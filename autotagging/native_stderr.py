"""What libraries write to standard error past Python, such as TensorFlow and mpg123 do."""

import contextlib
import os
import sys


@contextlib.contextmanager
def silenced():
    """Silence it; exceptions pass, and what Python itself prints after the block is seen."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    sys.stderr.flush()
    kept = os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)
