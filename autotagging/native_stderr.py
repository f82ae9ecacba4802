"""What libraries write to standard error past Python, such as TensorFlow and mpg123 do."""

import contextlib
import os
import sys
import threading

_lock = threading.Lock()
_inside = []  # what standard error was, while a thread is inside


@contextlib.contextmanager
def silenced():
    """Silence it; exceptions pass, and what Python itself prints after the block is seen.

    Standard error belongs to the whole process: of several threads inside, the first silences it
    and the last brings it back.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    with _lock:
        if not _inside:
            sys.stderr.flush()
            _inside.append(os.dup(2))
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, 2)
            os.close(nowhere)
        else:
            _inside.append(None)
    try:
        yield
    finally:
        with _lock:
            if len(_inside) == 1:
                os.dup2(_inside[0], 2)
                os.close(_inside.pop())
            else:
                _inside.pop()
