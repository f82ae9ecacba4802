"""The command line: options that scripts share, how an error is printed.

A script ends in ``cli.run(main, parse_args)``. What the user typed wrong ends with exit code 2
(argparse), what the data lacks (``ValueError`` and ``OSError`` of the package) with 1, Ctrl-C
with 130 and SIGTERM with 143; each prints one sentence on standard error.
"""

import argparse
import os
import signal
import sys
import warnings
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

from autotagging import interrupts, options
from autotagging.files import check_name
from autotagging.formatting import display_path

REPOSITORY = interrupts.REPOSITORY
SAMPLE = REPOSITORY / "data" / "sample"
PUBLISHED = REPOSITORY / "data" / "published"
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
    _open_closed_streams()
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="backslashreplace")  # a terminal that knows no other letters
    # On file systems without locks, as Lustre may be, filelock says that it makes do with a file.
    warnings.filterwarnings("ignore", "flock not supported")
    try:
        exit_code = _run(main, parse_args)
        interrupts.ignore()
        sys.stdout.flush()
    except BrokenPipeError:  # nobody reads on, as where it goes to head: no reason to complain
        exit_code = 128 + signal.SIGPIPE
        _discard_output()
    except OSError as error:
        exit_code = _say(f"standard output: {error.strerror}", 1)
        _discard_output()
    sys.exit(exit_code)


def _open_closed_streams():
    """Let streams that are closed, as by ``>&-``, lead nowhere: else files would take their place.

    What libraries print would then end in them.
    """
    while (nowhere := os.open(os.devnull, os.O_RDWR)) <= 2:
        os.set_inheritable(nowhere, True)  # for workers, too
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, os.fdopen(nowhere, "w", encoding="utf-8", closefd=False))


def _discard_output():
    """Let what cannot be printed be no error when Python ends."""
    with Path(os.devnull).open("wb") as nowhere:
        for stream in (sys.stdout, sys.stderr):
            os.dup2(nowhere.fileno(), stream.fileno())


def _run(main, parse_args):
    """Return the exit code of a script."""
    try:
        _check_encoding()
        args = parse_args()
    except SystemExit as ending:  # of argparse
        return ending.code
    except BrokenPipeError:
        raise
    except (OSError, ValueError) as error:
        return _say(_sentence(error), 2)
    restarts = getattr(args, "force", False) and getattr(args, "force_restarts", False)
    again = "it without --force" if restarts else "the same command"
    interrupted = f"interrupted: run {again} to resume"
    try:
        interrupts.raise_from_now_on(_named(interrupted))
        main(args)
    except BrokenPipeError:
        raise
    except KeyboardInterrupt as interrupt:
        interrupts.ignore()
        return _say(interrupted, interrupts.exit_code_of(interrupt))
    except BrokenProcessPool:
        killed = "a worker process was killed, for want of memory perhaps"
        return _say(f"{killed}: the same command resumes, with fewer --jobs if that helps", 1)
    except (OSError, ValueError) as error:
        return _say(_sentence(error), 1)
    return 0


def _check_encoding():
    """Let names of files be UTF-8 whatever the locale; refuse arguments that are not.

    Raises
    ------
    ValueError
    """
    if sys.getfilesystemencoding() != "utf-8":
        if os.environ.get("PYTHONUTF8") == "1":
            raise ValueError("file names are not UTF-8 here: leave out Python's option -X utf8=0")
        # again, in Python's UTF-8 mode, and the workers after it; the terminal stays as it is
        os.environ["PYTHONUTF8"] = "1"
        os.environ.setdefault("PYTHONIOENCODING", sys.stdout.encoding)
        os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])  # noqa: S606 - as it is
    for argument in sys.argv:
        option, _, value = argument.partition("=")  # --data=FOLDER
        check_name(os.path.realpath(value if option.startswith("--") else argument))


def _say(sentence, exit_code):
    print(_named(sentence), file=sys.stderr)
    return exit_code


def _named(sentence):
    return f"{Path(sys.argv[0]).name}: {sentence}"


def _sentence(error):
    if isinstance(error, OSError) and error.strerror:
        place = f"{display_path(error.filename)}: " if error.filename else ""
        return place + error.strerror
    if isinstance(error, UnicodeEncodeError):
        return f"{error.object!r} is not {error.encoding.upper()}: rename what is called so"
    return str(error)


def parser(doc):
    """Return an argument parser whose help is a script's docstring."""
    formatter = argparse.RawDescriptionHelpFormatter
    return argparse.ArgumentParser(description=doc, formatter_class=formatter)


def add_data(arguments, default=SAMPLE, *, exists=True):
    """Add ``--data FOLDER``, the dataset: a folder that is there, unless the script makes it."""
    text = f"dataset, under which everything is written (default: data/{default.name})"
    kind = dataset if exists else options.path
    options.add(arguments, "--data", kind, metavar="FOLDER", default=str(default), help=text)


def dataset(text):
    """Return the folder of a dataset; refuse one that is not there."""
    if Path(text) == SAMPLE and not SAMPLE.is_dir():
        raise argparse.ArgumentTypeError(
            f"{display_path(SAMPLE)} does not exist: run aux_make_sample.py, or name a dataset"
        )
    return options.folder(text)


def add_raw(arguments):
    """Add ``--data``, ``--raw`` and ``--annotations``: where a dataset is read and written."""
    add_data(arguments, exists=False)
    text = "the dataset as shipped, where it lies elsewhere, even read-only (default: --data)"
    options.add(arguments, "--raw", options.folder, help=text)
    text = "the table of tags (default: annotations_final.csv, else the only CSV there)"
    options.add(arguments, "--annotations", options.file, help=text)


def resolve_raw(arguments, args):
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
    """Add ``--labels NAME``, one of the dataset's label sets."""
    text = "label set under labels/ (default: the only one there, else merged50)"
    options.add(arguments, "--labels", options.name, help=text)


def add_name(arguments, default):
    """Add ``--name NAME``, of the folder that is written."""
    text = f"of the folder that is written (default: {default})"
    options.add(arguments, "--name", options.name, help=text)


def add_start_from(arguments):
    """Add ``--start-from NAME``, a trained network."""
    text = "a run, a published network or a model file: layers but the last start as those of it"
    arguments.add_argument("--start-from", metavar="NAME", help=text)
    text = "with --start-from: even if that network has heard clips that judge the new one"
    arguments.add_argument("--allow-heard", action="store_true", help=text)
    add_published(arguments)


def add_published(arguments):
    """Add ``--published FOLDER``, where published networks lie."""
    text = "where published networks are kept (default: data/published of this repository)"
    where = {"metavar": "FOLDER", "default": str(PUBLISHED)}
    options.add(arguments, "--published", options.path, help=text, **where)


def add_jobs(arguments):
    """Add ``--jobs N``, the number of processes."""
    text = "processes (default: all cores)"
    import joblib  # here: no other option needs it

    options.add(arguments, "--jobs", options.positive, default=joblib.cpu_count(), help=text)


def add_force(arguments, what, *, restarts=False):
    """Add ``--force``, which makes `what` again; whether from its start, if it was interrupted."""
    arguments.add_argument("--force", action="store_true", help=f"make {what} again")
    arguments.set_defaults(force_restarts=restarts)
