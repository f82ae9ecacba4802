"""The command line: options that scripts share, how an error is printed.

A script ends in ``cli.run(main, parse_args)``. What the user typed wrong ends with exit code 2
(argparse), what the data lacks (``ValueError`` and ``OSError`` of the package) with 1, Ctrl-C
with 130; each prints one sentence on standard error.
"""

import argparse
import os
import sys
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

from autotagging import options
from autotagging.formatting import display_path

REPOSITORY = Path(__file__).resolve().parent.parent
SAMPLE = REPOSITORY / "data" / "sample"
SYNONYMS = REPOSITORY / "data" / "synonyms.csv"
TAG_KINDS = REPOSITORY / "data" / "tag_kinds.csv"


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
        return f"{display_path(error.filename)}: {error.strerror}"
    return str(error)


def parser(doc):
    """Return an argument parser whose help is a script's docstring."""
    return argparse.ArgumentParser(
        description=doc, formatter_class=argparse.RawDescriptionHelpFormatter
    )


def add_data(arguments, default=SAMPLE, kind=None):
    """Add ``--data FOLDER``, the dataset: a folder that exists, unless `kind` says otherwise."""
    arguments.add_argument(
        "--data",
        type=kind or dataset,
        default=str(default),
        metavar="FOLDER",
        help=f"dataset, under which everything is written (default: data/{default.name})",
    )


def dataset(text):
    """Return the folder of a dataset; refuse one that is not there."""
    if Path(text) == SAMPLE and not SAMPLE.is_dir():
        raise argparse.ArgumentTypeError(
            f"{display_path(SAMPLE)} does not exist: run aux_make_sample.py first, or name a "
            "dataset"
        )
    return options.folder(text)


def add_raw(arguments):
    """Add ``--data``, ``--raw`` and ``--annotations``: where a dataset is read and written."""
    add_data(arguments, kind=Path)
    arguments.add_argument(
        "--raw",
        type=options.folder,
        metavar="FOLDER",
        help="the dataset as shipped, where it lies elsewhere, even read-only (default: --data)",
    )
    arguments.add_argument(
        "--annotations",
        type=options.file,
        metavar="FILE",
        help="the table of tags (default: annotations_final.csv, else the only CSV there)",
    )


def settle_raw(arguments, args):
    """Let ``--raw`` be ``--data`` where it is not given, and make the folder of ``--data``."""
    if args.raw and args.data == SAMPLE:
        arguments.error("--raw needs --data: the folder that everything is written to")
    try:
        args.raw = args.raw or dataset(args.data)
    except argparse.ArgumentTypeError as error:
        arguments.error(f"argument --data: {error}")
    args.data.mkdir(parents=True, exist_ok=True)
    return args


def add_labels(arguments):
    """Add ``--labels SET``, one of the dataset's label sets."""
    arguments.add_argument(
        "--labels",
        type=options.name,
        metavar="SET",
        help="label set under labels/ (default: the only one there, else merged50)",
    )


def add_name(arguments, default):
    """Add ``--name NAME``, of the folder that is written."""
    arguments.add_argument(
        "--name",
        type=options.name,
        metavar="NAME",
        help=f"of the folder that is written (default: {default})",
    )


def add_start_from(arguments):
    """Add ``--start-from NAME``, a trained network."""
    arguments.add_argument(
        "--start-from",
        metavar="NAME",
        help="trained network, a run under models/ or a model file: layers but the last start as "
        "its own",
    )


def add_jobs(arguments):
    """Add ``--jobs N``, the number of processes."""
    arguments.add_argument(
        "--jobs",
        type=options.positive,
        default=available_cores(),
        metavar="N",
        help="processes (default: all cores)",
    )


def add_force(arguments, what):
    """Add ``--force``, which makes `what` anew."""
    arguments.add_argument("--force", action="store_true", help=f"make {what} anew")


def available_cores():
    """Return the number of processor cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
