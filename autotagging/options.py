"""Settings as dataclasses whose fields are options of the command line; types of arguments.

A field made by `option` keeps what ``--help`` says of it. The command line, ``summary.json`` and
the functions share the one dataclass.
"""

import argparse
import contextlib
import dataclasses
import math
import urllib.parse
from pathlib import Path

PLUS = "+"  # between several names that are given as one


def option(text, default=dataclasses.MISSING, kind=None, **argument):
    """Return a field of a settings dataclass that is an option of the same name.

    Parameters
    ----------
    text : str
        What ``--help`` says.
    default : object
        True makes a switch that turns it off, ``--no-...``, and False one that turns it on.
    kind : callable, optional
        Type of the argument, one of this module's.
    argument : dict
        As for `argparse.ArgumentParser.add_argument`: choices, metavar, nargs; or switch, where
        True, False and None are possible: the value that the option stands for, or ``both``.
    """
    return dataclasses.field(default=default, metadata={"help": text, "type": kind, **argument})


def add_settings(parser, settings, *, unset=False):
    """Add an option for each field of a settings dataclass that has a help text.

    Parameters
    ----------
    parser : argparse.ArgumentParser
    settings : type
        The dataclass.
    unset : bool
        Whether an option that is not given is None, as its default depends on others.
    """
    for field in dataclasses.fields(settings):
        if not field.metadata:
            continue
        name, argument = field.name.replace("_", "-"), dict(field.metadata)
        switch = argument.pop("switch", not field.default if field.type is bool else None)
        default = None if unset else field.default
        if switch == "both":
            action = {"action": argparse.BooleanOptionalAction, "help": argument["help"]}
            parser.add_argument(f"--{name}", default=default, **action)
        elif switch is None:
            add(parser, f"--{name}", argument.pop("type"), default=default, **argument)
        else:
            flag = f"--{name}" if switch else f"--no-{name}"
            action = {"action": "store_const", "const": switch, "dest": field.name}
            parser.add_argument(flag, default=default, help=argument["help"], **action)


def add(parser, name, kind=None, **argument):
    """Add an option, its value called after its type."""
    if not argument.get("choices"):
        argument = {"metavar": METAVARS.get(kind), **argument}
    parser.add_argument(name, type=kind, **argument)


class JoinNames(argparse.Action):
    """Names as one, with a plus between."""

    def __call__(self, parser, namespace, names, option_string=None):
        """Keep the names; refuse one that is there twice."""
        joined = PLUS.join(names)
        if len(set(joined.split(PLUS))) <= joined.count(PLUS):
            parser.error(f"{option_string} names a folder twice: {joined}")
        setattr(namespace, self.dest, joined)


def read_settings(parser, args, settings):
    """Return the settings of a command line that was parsed; refuse what does not go together.

    Parameters
    ----------
    parser : argparse.ArgumentParser
        With `add_settings`.
    args : argparse.Namespace
    settings : type
    """
    try:
        return settings(**given(settings, args))
    except ValueError as error:
        parser.error(str(error))


def given(settings, args):
    """Return the fields of a settings dataclass that the command line has a value for: a dict."""
    values = {field.name: getattr(args, field.name, None) for field in dataclasses.fields(settings)}
    return {name: value for name, value in values.items() if value is not None}


def path(text):
    """Return a path, of a folder that may have to be made; refuse an empty one."""
    if not text:
        raise argparse.ArgumentTypeError("an empty name is no path")
    with contextlib.suppress(RuntimeError):  # of a user who is not known
        return Path(text).expanduser()  # as --data=~/music and make DATA=~/music reach a script
    return Path(text)


def folder(text):
    """Return a folder's path; refuse one that is not there."""
    if not path(text).is_dir():
        raise argparse.ArgumentTypeError(f"{text} is not a folder")
    return path(text)


def file(text):
    """Return a file's path; refuse one that is not there."""
    if not path(text).is_file():
        raise argparse.ArgumentTypeError(f"{text} is not a file")
    return path(text)


def name(text):
    """Return a name that is one folder below another, never a way out of it."""
    if text in {"", ".", ".."} or set(text) & set("/\\") or not text.isprintable():
        raise argparse.ArgumentTypeError(f"{text!r} is not a name of a folder")
    return text


def joined_names(text):
    """Return names with a plus between them, or one: each is one folder below another."""
    return PLUS.join(map(name, text.split(PLUS)))


def web_address(text):
    """Return an address of the web."""
    return _address(text, {"http", "https"}, "no http or https address")


def cluster_address(text):
    """Return the address of a Dask scheduler."""
    return _address(text, {"tcp", "tls"}, "no address such as tcp://scheduler:8786", port=True)


def _address(text, schemes, wrong, *, port=False):
    try:
        parts = urllib.parse.urlsplit(text)
        complete = parts.scheme in schemes and parts.hostname and (parts.port or not port)
    except ValueError:  # of the port
        complete = False
    if not complete:
        raise argparse.ArgumentTypeError(f"{text!r} is {wrong}")
    return text


def number(convert, low, high=math.inf, *, above=False, below=False):
    """Return a type of argument: numbers from one to another.

    Parameters
    ----------
    convert : {int, float}
    low, high : number
    above, below : bool
        Whether `low`, and `high`, themselves are refused.
    """

    def check(text):
        try:
            value = convert(text)
        except ValueError:
            kind = "a whole number" if convert is int else "a number"
            raise argparse.ArgumentTypeError(f"{text!r} is not {kind}") from None
        is_inside = low <= value <= high and not (above and value == low)
        if not is_inside or math.isinf(value) or (below and value == high):
            limit = f"{' below' if below else ' to'} {high:,}" if high < math.inf else ""
            start = f"{'above' if above else 'from'} {low:,}"
            raise argparse.ArgumentTypeError(f"{text} is not a number {start}{limit}")
        return value

    return check


natural, positive = number(int, 0), number(int, 1)
seed = number(int, 0, 2**32 - 1)  # what every library takes for a seed
number_from_0, positive_number = number(float, 0), number(float, 0, above=True)
share = number(float, 0, 1, below=True)
METAVARS = {
    **dict.fromkeys((natural, positive, seed, number_from_0, positive_number), "N"),
    **{share: "SHARE", path: "FOLDER", folder: "FOLDER", file: "FILE"},
    **dict.fromkeys((name, joined_names), "NAME"),
    **{web_address: "URL", cluster_address: "ADDRESS"},
}
