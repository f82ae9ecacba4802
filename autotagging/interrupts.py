"""Ctrl-C and SIGTERM: silence while a script imports its libraries, a sentence once it works.

The imports take seconds, and Ctrl-C would print a traceback out of the middle of one. Schedulers of
clusters send SIGTERM before they kill.
"""

import contextlib
import os
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


def raise_from_now_on(sentence):
    """Let both raise KeyboardInterrupt, unless they are ignored as in the background of a shell.

    Once TensorFlow is imported they end the process at once with a sentence: out of the middle of
    TensorFlow the exception comes as another one, or the process crashes. Files appear whole, so
    that this is as good as `kill -9`, which a script has to bear.
    """

    def interrupt(number, _):
        if "tensorflow" not in sys.modules:
            raise KeyboardInterrupt(number)
        with contextlib.suppress(OSError, RuntimeError):  # it was interrupted while it printed
            sys.stdout.flush()
        os.write(2, f"\n{sentence}\n".encode())
        os._exit(128 + number)

    for number in (signal.SIGINT, signal.SIGTERM):
        if signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, interrupt)


def exit_code_of(interrupt):
    """Return the exit code that a shell expects of a script that a signal ended."""
    number = interrupt.args[0] if interrupt.args else signal.SIGINT
    return 128 + number


def ignore():
    """Let both be nothing while Python ends: the work is done, or interrupted already."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
