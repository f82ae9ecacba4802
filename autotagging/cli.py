"""The command line: shared options, argument types, how an error is printed.

A script ends in ``cli.run(main, parse_args)``. What the user typed wrong ends with exit code 2
(argparse), what the data lacks (``ValueError`` and ``OSError`` of the package) with 1, Ctrl-C
with 130; each prints one sentence on standard error.
"""

import argparse
import math
import os
import sys
import urllib.parse
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
SAMPLE = REPOSITORY / "data" / "sample"


def run(main, parse_args):
    """Parse the arguments, run `main` with them and exit with its code.

    Parameters
    ----------
    main : callable
        Takes the parsed arguments.
    parse_args : callable
        Returns them; exits with code 2 where they are wrong.
    """
    sys.stdout.reconfigure(errors="backslashreplace")  # a terminal that knows no other letters
    try:
        args = parse_args()
    except OSError as error:
        sys.exit(_say(_sentence(error), 2))
    try:
        main(args)
    except KeyboardInterrupt:
        again = "without --force" if getattr(args, "force", False) else "the same command"
        sys.exit(_say(f"interrupted; run it again, {again}, to go on", 130))
    except OSError as error:
        sys.exit(_say(_sentence(error), 1))
    except BrokenProcessPool:
        killed = "a worker process was killed, for want of memory perhaps"
        sys.exit(_say(f"{killed}: the same command goes on, with fewer --jobs if that helps", 1))
    except ValueError as error:
        sys.exit(_say(str(error), 1))


def _say(sentence, exit_code):
    print(f"{Path(sys.argv[0]).name}: {sentence}", file=sys.stderr)
    return exit_code


def _sentence(error):
    if error.strerror and error.filename:
        return f"{shown(error.filename)}: {error.strerror}"
    return str(error)


def parser(doc):
    """Return an argument parser whose help is a script's docstring."""
    return argparse.ArgumentParser(
        description=doc, formatter_class=argparse.RawDescriptionHelpFormatter
    )


def add_data(arguments, kind=None, default=str(SAMPLE)):
    """Add ``--data FOLDER``, the dataset: a folder that exists, unless `kind` says otherwise."""
    arguments.add_argument(
        "--data",
        type=kind or folder,
        default=default,
        metavar="FOLDER",
        help="dataset, under which everything is written (default: data/sample)",
    )


def add_labels(arguments):
    """Add ``--labels SET``, one of the dataset's label sets."""
    arguments.add_argument(
        "--labels",
        type=name,
        metavar="SET",
        help="label set under labels/ (default: the only one there, else merged50)",
    )


def add_images(arguments):
    """Add ``--images FOLDER``, where figures go."""
    arguments.add_argument(
        "--images",
        type=Path,
        metavar="FOLDER",
        help="figures go there (default: images/ for data/sample, else FOLDER/images of --data)",
    )


def add_jobs(arguments):
    """Add ``--jobs N``, the number of processes."""
    arguments.add_argument(
        "--jobs",
        type=positive,
        default=available_cores(),
        metavar="N",
        help="processes (default: all cores)",
    )


def add_seed(arguments):
    """Add ``--seed N``."""
    arguments.add_argument(
        "--seed", type=seed, default=0, metavar="N", help="random seed (default: 0)"
    )


def add_force(arguments, what):
    """Add ``--force``, which makes `what` anew."""
    arguments.add_argument("--force", action="store_true", help=f"make {what} anew")


def available_cores():
    """Return the number of processor cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def folder(text):
    """Return a folder's path; refuse one that is not there."""
    if not Path(text).is_dir():
        raise argparse.ArgumentTypeError(absent(text))
    return Path(text)


def absent(path):
    """Return the sentence about a folder that is not there."""
    if Path(path) == SAMPLE:
        return f"{shown(SAMPLE)} does not exist: run aux_make_sample.py first, or name a dataset"
    return f"{path} is not a folder"


def file(text):
    """Return a file's path; refuse one that is not there."""
    if not Path(text).is_file():
        raise argparse.ArgumentTypeError(f"{text} is not a file")
    return Path(text)


def name(text):
    """Return a name that is one folder below another, never a way out of it."""
    if text in {"", ".", ".."} or set(text) & set("/\\") or not text.isprintable():
        raise argparse.ArgumentTypeError(f"{text!r} is not a name of a folder")
    return text


def web_address(text):
    """Return an address of the web."""
    parts = urllib.parse.urlsplit(text)
    if parts.scheme not in {"http", "https"} or not parts.netloc:
        raise argparse.ArgumentTypeError(f"{text!r} is no http or https address")
    return text


def cluster_address(text):
    """Return the address of a Dask scheduler."""
    parts = urllib.parse.urlsplit(text)
    try:
        complete = parts.scheme in {"tcp", "tls"} and parts.hostname and parts.port
    except ValueError:  # of the port
        complete = False
    if not complete:
        raise argparse.ArgumentTypeError(f"{text!r} is no address such as tcp://scheduler:8786")
    return text


def natural(text):
    """Return a whole number from 0."""
    return _whole_number(text, 0)


def seed(text):
    """Return a whole number from 0 that every library takes for a seed."""
    number = natural(text)
    if number >= 2**32:
        raise argparse.ArgumentTypeError(f"{text} is no seed: the largest is {2**32 - 1}")
    return number


def positive(text):
    """Return a whole number from 1."""
    return _whole_number(text, 1)


def positive_number(text):
    """Return a number above 0."""
    number = number_from_0(text)
    if not number:
        raise argparse.ArgumentTypeError(f"{text} is not a number above 0")
    return number


def number_from_0(text):
    """Return a number from 0."""
    try:
        number = float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number") from None
    if not 0 <= number < float("inf"):
        raise argparse.ArgumentTypeError(f"{text} is less than 0, or no finite number")
    return number


def share(text):
    """Return a number from 0 that is less than 1."""
    number = number_from_0(text)
    if number >= 1:
        raise argparse.ArgumentTypeError(f"{text} is not less than 1")
    return number


def _whole_number(text, least):
    try:
        number = int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number") from None
    if number < least:
        raise argparse.ArgumentTypeError(f"{number} is less than {least}")
    return number


def images_folder(images, data):
    """Return where figures go, and make it.

    Parameters
    ----------
    images : Path or None
        What ``--images`` said.
    data : Path
        The dataset: the repository's ``images/`` belongs to ``data/sample`` alone.
    """
    if images is None:
        is_sample = data.resolve() == SAMPLE.resolve()
        images = REPOSITORY / "images" if is_sample else data / "images"
    images.mkdir(parents=True, exist_ok=True)
    return images


def shown(path):
    """Return a path as it is best read: relative to the working folder where it lies below it."""
    path = Path(path).absolute()
    if path.is_relative_to(Path.cwd()):
        return str(path.relative_to(Path.cwd()))
    return str(path)


def number(value):
    """Return a measure as it is printed: four decimals, or "-" where it is not defined."""
    return "-" if value is None or math.isnan(value) else f"{value:.4f}"


def print_written(path, content):
    """Print the line a script ends with for each file: its path and what it holds."""
    print(f"wrote {shown(path)}: {content}")
