"""Settings whose fields are options of the command line; types of arguments."""

import argparse
from dataclasses import asdict, dataclass
from pathlib import Path

import pytest

from autotagging import options
from autotagging.options import option


@dataclass(frozen=True)
class Settings:
    """Settings with a field of every kind."""

    kind: str = option("which of two", "mel", choices=("mel", "mfcc"))
    n_fft: int = option("samples", 512, options.positive)
    augment: tuple = option("some", (), nargs="+", choices=("shift", "mixup"), metavar="NAME")
    merge: bool = option("keep them apart", True)
    untagged: bool = option("keep them", False)
    pooling: bool | None = option("without it", None, switch=False)
    start: bool | None = option("as published", None, switch=True)
    n_frames: int | None = None

    def __post_init__(self):
        if self.kind == "mfcc" and self.n_fft > 1024:
            raise ValueError("--n-fft is too large for MFCCs")


def parse(*arguments, unset=False):
    parser = argparse.ArgumentParser()
    options.add_settings(parser, Settings, unset=unset)
    return options.read_settings(parser, parser.parse_args(arguments), Settings)


def test_fields_become_options_in_kebab_case_with_their_types():
    settings = parse("--kind", "mfcc", "--n-fft", "1024", "--augment", "mixup", "shift")
    assert (settings.kind, settings.n_fft) == ("mfcc", 1024)
    assert list(settings.augment) == ["mixup", "shift"]


@pytest.mark.parametrize("kind", [options.path, options.folder, options.file])
def test_an_empty_path_is_refused_and_none_is_the_working_folder(kind):
    with pytest.raises(argparse.ArgumentTypeError, match="an empty name is no"):
        kind("")


def test_a_path_below_a_home_is_found_however_the_shell_left_it(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    assert options.folder("~") == tmp_path
    assert options.path("~/music") == tmp_path / "music"
    assert options.path("~a user that is not known/music").parts[0].startswith("~")


def test_what_is_not_given_is_as_the_dataclass_has_it():
    assert parse() == parse(unset=True) == Settings()


def test_a_field_without_help_is_no_option(capsys):
    with pytest.raises(SystemExit):
        parse("--n-frames", "3")
    assert "unrecognized arguments: --n-frames" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("switch", "name", "value"),
    [
        ("--no-merge", "merge", False),  # it is on unless one says so
        ("--untagged", "untagged", True),
        ("--no-pooling", "pooling", False),  # what it is otherwise, others decide
        ("--start", "start", True),
    ],
)
@pytest.mark.parametrize("unset", [False, True])
def test_a_switch_turns_to_what_a_field_is_not_by_itself(switch, name, value, unset):
    changed = asdict(parse(switch, unset=unset))
    assert changed == {**asdict(Settings()), name: value}
    assert changed[name] is value


@pytest.mark.parametrize("switch", ["--merge", "--no-untagged", "--pooling", "--no-start"])
def test_a_switch_to_what_a_field_is_anyway_is_no_option(switch, capsys):
    with pytest.raises(SystemExit):
        parse(switch)
    assert f"unrecognized arguments: {switch}" in capsys.readouterr().err


def test_only_what_was_given_is_a_change_where_defaults_depend_on_others():
    parser = argparse.ArgumentParser()
    options.add_settings(parser, Settings, unset=True)
    args = parser.parse_args(["--n-fft", "2048", "--no-pooling"])
    assert options.given(Settings, args) == {"n_fft": 2048, "pooling": False}
    assert options.given(Settings, parser.parse_args([])) == {}


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--kind", "mfcc", "--n-fft", "2048"], "error: --n-fft is too large for MFCCs"),
        (["--n-fft", "0"], "argument --n-fft: 0 is not a number from 1"),
        (["--kind", "tempo"], "argument --kind: invalid choice: 'tempo'"),
    ],
)
def test_settings_are_refused_with_exit_code_2_and_one_sentence(arguments, sentence, capsys):
    with pytest.raises(SystemExit) as ending:
        parse(*arguments)
    assert ending.value.code == 2
    assert sentence in capsys.readouterr().err.splitlines()[-1]


def test_help_tells_what_an_option_does_and_takes(capsys):
    with pytest.raises(SystemExit):
        parse("--help")
    lines = [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]
    assert "--n-fft N samples" in lines
    assert "--no-merge keep them apart" in lines
    assert "--augment NAME [NAME ...]" in lines
    assert any(line.startswith("--kind {mel,mfcc}") for line in lines)


def refused(kind, text):
    """Return the sentence that an argument is refused with."""
    with pytest.raises(argparse.ArgumentTypeError) as error:
        kind(text)
    return str(error.value)


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        (options.natural, "0", 0),
        (options.positive, "1", 1),
        (options.seed, "4294967295", 2**32 - 1),
        (options.number_from_0, "0", 0),
        (options.positive_number, "0.001", 0.001),
        (options.share, "0", 0),
        (options.share, "0.999", 0.999),
        (options.number(int, 1, 10), "10", 10),
    ],
)
def test_numbers_within_their_range_are_taken(kind, text, value):
    assert kind(text) == value


@pytest.mark.parametrize(
    ("kind", "text", "sentence"),
    [
        (options.natural, "-1", "-1 is not a number from 0"),
        (options.natural, "x", "'x' is not a whole number"),
        (options.natural, "1.5", "'1.5' is not a whole number"),
        (options.positive, "0", "0 is not a number from 1"),
        (options.seed, "4294967296", "4294967296 is not a number from 0 to 4,294,967,295"),
        (options.number(int, 1, 10), "11", "11 is not a number from 1 to 10"),
        (options.number_from_0, "-0.1", "-0.1 is not a number from 0"),
        (options.number_from_0, "nan", "nan is not a number from 0"),
        (options.number_from_0, "inf", "inf is not a number from 0"),
        (options.positive_number, "0", "0 is not a number above 0"),
        (options.positive_number, "-1", "-1 is not a number"),
        (options.positive_number, "nan", "nan is not a number"),
        (options.positive_number, "inf", "inf is not a number"),
        (options.positive_number, "x", "'x' is not a number"),
        (options.share, "1", "1 is not a number from 0"),
        (options.share, "1.5", "1.5 is not a number from 0"),
        (options.share, "nan", "nan is not a number from 0"),
    ],
)
def test_numbers_out_of_range_are_refused(kind, text, sentence):
    assert refused(kind, text).startswith(sentence)


@pytest.mark.parametrize("text", ["", ".", "..", "../x", "a/b", "a\\b", "a\nb", "\x1b[31m"])
def test_a_name_is_never_a_way_out_of_its_folder(text):
    assert refused(options.name, text) == f"{text!r} is not a name of a folder"
    assert options.name("square-2 a") == "square-2 a"
    assert options.joined_names("a+b") == "a+b"
    assert refused(options.joined_names, f"a+{text}") == f"{text!r} is not a name of a folder"


def test_folders_and_files_must_be_there(tmp_path):
    (tmp_path / "a.csv").write_text("")
    assert options.folder(str(tmp_path)) == tmp_path
    assert options.file(str(tmp_path / "a.csv")) == tmp_path / "a.csv"
    assert refused(options.folder, str(tmp_path / "a.csv")) == f"{tmp_path}/a.csv is not a folder"
    assert refused(options.file, str(tmp_path)) == f"{tmp_path} is not a file"
    assert isinstance(options.file(str(tmp_path / "a.csv")), Path)


@pytest.mark.parametrize("text", ["", "ftp://x/y", "file:///etc", "mirg", "https://", "http://[x"])
def test_an_address_that_is_not_of_the_web_is_refused(text):
    assert refused(options.web_address, text) == f"{text!r} is no http or https address"
    for address in ("http://127.0.0.1:80/data", "https://mirg.city.ac.uk/datasets/"):
        assert options.web_address(address) == address


@pytest.mark.parametrize(
    "text", ["", "scheduler", "tcp://scheduler", "http://a:1", "tcp://a:x", "tcp://a:70000"]
)
def test_an_address_of_no_cluster_is_refused(text):
    assert "is no address such as tcp://scheduler:8786" in refused(options.cluster_address, text)
    for address in ("tcp://scheduler:8786", "tls://10.0.0.1:8786"):
        assert options.cluster_address(address) == address
