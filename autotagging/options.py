"""Settings as dataclasses whose fields are options of the command line; types of arguments.

A field made by `option` keeps what ``--help`` says of it. The command line, ``summary.json`` and
the functions share the one dataclass.
"""

import argparse
import dataclasses
import urllib.parse
from pathlib import Path


def option(text, default=dataclasses.MISSING, **argument):
    """Return a field of a settings dataclass that is an option of the same name.

    Parameters
    ----------
    text : str
        What ``--help`` says.
    default : object
        True makes a switch that turns it off, ``--no-...``, and False one that turns it on.
    argument : dict
        As for `argparse.ArgumentParser.add_argument`: type, choices, metavar, nargs; or switch,
        the value that the option stands for where True, False and None are possible.
    """
    metadata = {"help": text, **argument}
    return dataclasses.field(default=default, metadata=metadata)


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
        if "help" not in field.metadata:
            continue
        argument, name = dict(field.metadata), field.name.replace("_", "-")
        argument["default"] = None if unset else field.default
        switch = argument.pop("switch", not field.default if field.type is bool else None)
        if switch is not None:
            argument |= {"dest": field.name, "action": "store_const", "const": switch}
        parser.add_argument(f"--no-{name}" if switch is False else f"--{name}", **argument)


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


def folder(text):
    """Return a folder's path; refuse one that is not there."""
    if not Path(text).is_dir():
        raise argparse.ArgumentTypeError(f"{text} is not a folder")
    return Path(text)


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


def whole_number(least, most=None):
    """Return a type of argument: whole numbers from one to another."""

    def convert(text):
        try:
            number = int(text)
        except ValueError:
            raise argparse.ArgumentTypeError(f"{text!r} is not a whole number") from None
        if number < least:
            raise argparse.ArgumentTypeError(f"{number} is less than {least}")
        if most is not None and number > most:
            raise argparse.ArgumentTypeError(f"{number} is more than {most:,}")
        return number

    return convert


natural, positive = whole_number(0), whole_number(1)
seed = whole_number(0, 2**32 - 1)  # what every library takes for a seed


def number_from_0(text):
    """Return a number from 0."""
    try:
        number = float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number") from None
    if not 0 <= number < float("inf"):
        raise argparse.ArgumentTypeError(f"{text} is less than 0, or no finite number")
    return number


def positive_number(text):
    """Return a number above 0."""
    number = number_from_0(text)
    if not number:
        raise argparse.ArgumentTypeError(f"{text} is not a number above 0")
    return number


def share(text):
    """Return a number from 0 that is less than 1."""
    number = number_from_0(text)
    if number >= 1:
        raise argparse.ArgumentTypeError(f"{text} is not less than 1")
    return number
