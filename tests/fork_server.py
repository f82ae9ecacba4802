"""Run scripts in children of a process that has the large libraries imported already.

A script spends most of its time in a test on importing TensorFlow. This process imports it once,
runs nothing of it, and forks for every request: a line of JSON with script, arguments, folder, the
files for standard output and error, and perhaps after how many files that were renamed into place
the script is killed; the answer is the exit code and the memory that it took, in MB.
"""

import json
import os
import runpy
import signal
import sys
import traceback
from pathlib import Path

import gensim.models
import keras
import librosa
import matplotlib.figure
import pandas
import scipy.sparse
import sklearn.linear_model
import sklearn.manifold
import sklearn.metrics
import tensorflow

IMPORTED = (gensim, keras, librosa, matplotlib, pandas, scipy, sklearn, tensorflow)


def main():
    """Answer requests until standard input ends."""
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    for line in sys.stdin:
        request = json.loads(line)
        child = os.fork()
        if not child:
            os._exit(run(**request))
        _, status, usage = os.wait4(child, 0)
        memory = usage.ru_maxrss // 1024  # as Linux counts it
        sys.stdout.write(f"{os.waitstatus_to_exitcode(status)} {memory}\n")
        sys.stdout.flush()


def run(script, arguments, cwd, output, error, kill_after):
    """Run a script as `python script arguments` would; return its exit code."""
    if kill_after:
        kill_at_replace(kill_after)
    for descriptor, path in ((1, output), (2, error)):
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(file, descriptor)
    os.chdir(cwd)
    sys.argv = [script, *arguments]
    sys.path[0] = str(Path(script).parent)
    code = 0
    try:
        runpy.run_path(script, run_name="__main__")
    except SystemExit as ending:
        code = ending.code if isinstance(ending.code, int) else int(ending.code is not None)
        if isinstance(ending.code, str):
            sys.stderr.write(ending.code + "\n")
    except BaseException:  # noqa: BLE001  as the interpreter does
        traceback.print_exc()
        code = 1
    sys.stdout.flush()
    sys.stderr.flush()
    return code


def kill_at_replace(number):
    """Kill this process as ``kill -9`` does once so many files were renamed into place."""
    replace, done = os.replace, []

    def replace_and_count(source, target, **options):
        replace(source, target, **options)
        done.append(target)
        if len(done) == number:
            os.kill(os.getpid(), signal.SIGKILL)

    os.replace = replace_and_count


if __name__ == "__main__":
    main()
