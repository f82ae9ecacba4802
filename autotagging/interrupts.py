"""Ctrl-C: a silent end while a script still imports its libraries, an exception once it works.

The imports take seconds, and Ctrl-C would print a traceback out of the middle of one.
"""

import signal
import sys
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
SCRIPTS = (REPOSITORY, REPOSITORY / "benchmarks")


def end_silently():
    """Let Ctrl-C end a script of this repository as a shell expects: by the signal, code 130.

    Other programs, such as a notebook that imports the package, keep what they do.
    """
    program = getattr(sys.modules["__main__"], "__file__", None)
    is_script = program and Path(program).resolve().parent in SCRIPTS
    if is_script and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)


def raise_again():
    """Let Ctrl-C raise KeyboardInterrupt from now on, where it would end a script silently."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_DFL:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def ignore():
    """Let Ctrl-C be nothing while Python ends: the work is done, or interrupted already."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
