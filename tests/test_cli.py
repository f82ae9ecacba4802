"""The command line: one sentence, the right exit code, an answer at once."""

import argparse
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import REPOSITORY, write_tiny_dataset
from joblib.externals.loky.process_executor import TerminatedWorkerError

from autotagging import cli

SCRIPTS = sorted(path.name for path in REPOSITORY.glob("*.py"))
MAKERS = {"aux_make_sample.py", "aux_download_magnatagatune.py"}  # of the folder of --data
MAKERS |= {"aux_published_networks.py", "aux_tag_audio.py"}  # which need none
REQUESTS = (signal.SIGINT, signal.SIGTERM)  # to end


@pytest.fixture(autouse=True)
def _interruptible():
    """Let the tests be ended as before though `cli.run` has ended in them."""
    before = {number: signal.getsignal(number) for number in REQUESTS}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def test_the_scripts_the_paper_tells_of_are_there():
    assert SCRIPTS == [
        "1_label_reduction_and_files_renaming.py",
        "2_feature_extraction.py",
        "3_train_cnn.py",
        "4_evaluate.py",
        "5_visualize_tags.py",
        "aux_compare_results.py",
        "aux_download_magnatagatune.py",
        "aux_label_distribution.py",
        "aux_make_sample.py",
        "aux_published_networks.py",
        "aux_tag_audio.py",
    ]


@pytest.mark.parametrize("script", SCRIPTS)
def test_help_is_the_docstring(run_script, script):
    answer = run_script(script, "--help")
    assert answer.returncode == 0
    first = (REPOSITORY / script).read_text(encoding="utf-8").splitlines()[0].strip('"')
    assert first in answer.stdout
    assert "Reads" in answer.stdout
    assert "Writes" in answer.stdout


@pytest.mark.parametrize("script", [name for name in SCRIPTS if name not in MAKERS])
def test_a_dataset_that_is_not_there_is_one_sentence(run_script, tmp_path, script):
    answer = run_script(script, "--data", tmp_path / "absent")
    assert answer.returncode == 2
    assert f"{tmp_path / 'absent'} is not a folder" in answer.stderr
    assert "Traceback" not in answer.stderr


@pytest.mark.parametrize("script", [name for name in SCRIPTS if name not in MAKERS])
def test_an_empty_dataset_is_one_sentence(run_script, tmp_path, script):
    answer = run_script(script, "--data", tmp_path)
    assert answer.returncode == 1
    assert len(answer.stderr.strip().splitlines()) == 1
    assert str(tmp_path) in answer.stderr


def test_errors_end_with_their_exit_code(capsys):
    def parse_args():
        return argparse.Namespace()

    def fail(error):
        def main(_):
            raise error

        return main

    for error, code, sentence in [
        (ValueError("too few clips"), 1, "too few clips"),
        (FileNotFoundError(2, "No such file or directory", "x.csv"), 1, "x.csv: No such file"),
        (TerminatedWorkerError("long"), 1, "a worker process was killed, for want of memory"),
    ]:
        with pytest.raises(SystemExit) as ending:
            cli.run(fail(error), parse_args)
        assert ending.value.code == code
        assert sentence in capsys.readouterr().err


def test_an_interrupted_run_resumes_by_the_same_command_unless_force_restarts_it(capsys):
    def interrupt(_):
        raise KeyboardInterrupt

    def parse_args(*typed, restarts):
        parser = cli.parser("")
        cli.add_force(parser, "the run", restarts=restarts)
        return lambda: parser.parse_args(typed)

    for typed, restarts, again in [
        ([], True, "the same command"),
        (["--force"], False, "the same command"),
        (["--force"], True, "it without --force"),
    ]:
        with pytest.raises(SystemExit) as ending:
            cli.run(interrupt, parse_args(*typed, restarts=restarts))
        assert ending.value.code == 130
        assert f"interrupted: run {again} to resume" in capsys.readouterr().err


def test_a_file_system_without_locks_is_no_reason_to_warn(tmp_path):
    program = "import errno, fcntl, pathlib, sys\nfrom autotagging import cli, steps\n"
    program += "def refuse(*_):\n    raise OSError(errno.ENOSYS, 'not implemented')\n"
    program += "fcntl.flock = refuse\n"
    program += "def main(_):\n    with steps.locked(pathlib.Path(sys.argv[1])):\n        pass\n"
    program += "cli.run(main, lambda: None)"
    with start("-c", program, tmp_path / "step") as process:
        assert process.stderr.read() == ""
    assert process.returncode == 0


def test_an_argument_that_cannot_be_read_ends_with_code_2(capsys):
    def parse_args():
        raise PermissionError(13, "Permission denied", "/data/mtt")

    with pytest.raises(SystemExit) as ending:
        cli.run(None, parse_args)
    assert ending.value.code == 2
    assert "/data/mtt: Permission denied" in capsys.readouterr().err


ASCII_ONLY = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}


def test_names_of_clips_and_tags_are_read_and_written_whatever_the_locale(tmp_path):
    data = write_tiny_dataset(tmp_path / "é")
    table = data / "annotations_final.csv"
    table.write_text(table.read_text().replace("artist_", "ö").replace('"loud"', '"音"'))
    for path in data.rglob("artist_*"):
        path.rename(path.with_name(path.name.replace("artist_", "ö")))
    answer = subprocess.run(
        [sys.executable, REPOSITORY / SCRIPTS[0], "--data", data],
        env={**os.environ, "PYTHONIOENCODING": "ascii", **ASCII_ONLY},
        capture_output=True,
        check=False,
    )
    assert answer.returncode == 0, answer.stderr
    assert rb"\xe9/labels" in answer.stdout  # the terminal's letters are its own
    tags = (data / "labels" / "merged5" / "tags.csv").read_text(encoding="utf-8")
    assert "音" in tags
    assert "absent" not in (data / "clips" / "excluded.csv").read_text(encoding="utf-8")


def test_a_locale_that_python_is_told_to_keep_is_one_sentence():
    command = [sys.executable, "-X", "utf8=0", REPOSITORY / SCRIPTS[3]]
    answer = subprocess.run(
        command, env={**os.environ, **ASCII_ONLY}, capture_output=True, check=False
    )
    assert answer.returncode == 2
    assert b"leave out Python's option -X utf8=0" in answer.stderr
    assert len(answer.stderr.splitlines()) == 1


@pytest.mark.parametrize("form", ["--data {}", "--data={}"])
@pytest.mark.parametrize("name", [b"mus\xe9e", b"mus\xe9e/new", b"link/new"])
def test_a_name_that_is_not_utf8_is_refused_before_anything_is_made(
    tmp_path, monkeypatch, capsys, form, name
):
    odd = os.fsencode(tmp_path) + b"/mus\xe9e"
    os.mkdir(odd)  # noqa: PTH102 - a name in bytes
    (tmp_path / "link").symlink_to(os.fsdecode(odd))
    folder = os.fsdecode(os.fsencode(tmp_path) + b"/" + name)
    monkeypatch.setattr("sys.argv", ["script.py", *form.format(folder).split(" ", 1)])
    with pytest.raises(SystemExit) as ending:
        cli.run(None, lambda: pytest.fail("arguments were read"))
    assert ending.value.code == 2
    said = capsys.readouterr().err
    assert rf"the name of {tmp_path}/mus\xe9e" in said
    assert "is not UTF-8 (the locale is " in said
    assert not os.listdir(odd)  # noqa: PTH208 - a name in bytes


@pytest.mark.parametrize(
    ("first", "code", "said"),
    [("raise KeyboardInterrupt", 130, "-c: interrupted: run the same command to resume\n"),
     ("pass", 0, "")],
    ids=["interrupted", "finished"],
)  # fmt: skip
@pytest.mark.parametrize("number", REQUESTS, ids=lambda number: number.name)
def test_a_request_to_end_while_a_script_ends_changes_nothing(first, code, said, number):
    again = f"atexit.register(lambda: os.kill(os.getpid(), {number}))"
    program = f"import atexit, os\nfrom autotagging import cli\n{again}\n"
    program += f"def main(_):\n    {first}\ncli.run(main, lambda: None)"
    answer = subprocess.run(
        [sys.executable, "-c", program], cwd=REPOSITORY, capture_output=True, text=True, check=False
    )
    assert (answer.returncode, answer.stderr) == (code, said)


def start(*arguments):
    """Start Python, with its standard error at hand."""
    command = [sys.executable, *map(str, arguments)]
    pipes = {"stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE, "text": True}
    return subprocess.Popen(command, cwd=REPOSITORY, **pipes)


@pytest.mark.parametrize("script", SCRIPTS)
def test_ctrl_c_while_a_script_imports_its_libraries_ends_it_in_silence(script):
    said = []
    with start("-X", "importtime", REPOSITORY / script, "--help") as process:
        for line in process.stderr:  # a line a module that is imported
            if line.split("|")[-1].strip() == "numpy":
                process.send_signal(signal.SIGINT)
            if not line.startswith("import time:"):
                said.append(line)
    assert process.returncode == -signal.SIGINT  # 130 in a shell
    assert said == []


def test_ctrl_c_in_another_program_stays_what_it_is():
    check = "import signal\nfrom autotagging import cli\n"
    check += "assert signal.getsignal(signal.SIGINT) is signal.default_int_handler"
    with start("-c", check) as process:
        assert process.stderr.read() == ""
    assert process.returncode == 0


@pytest.mark.parametrize("number", REQUESTS, ids=lambda number: number.name)
def test_a_request_to_end_is_one_sentence_unless_it_is_ignored(number):
    for before, code, said in [
        ("SIG_DFL", 128 + number, "-c: interrupted: run the same command to resume\n"),
        ("SIG_IGN", 0, ""),
    ]:
        program = "import os, signal\nfrom autotagging import cli\n"
        program += f"signal.signal({number}, signal.{before})\n"
        program += f"cli.run(lambda _: os.kill(os.getpid(), {number}), lambda: None)"
        with start("-c", program) as process:
            assert process.stderr.read() == said
        assert process.returncode == code


@pytest.mark.parametrize("number", REQUESTS, ids=lambda number: number.name)
def test_a_request_to_end_never_unwinds_tensorflow(number):
    program = "import os, signal, sys\nfrom autotagging import cli\n"
    program += f"signal.signal({number}, signal.SIG_DFL)\nsys.modules['tensorflow'] = None\n"
    program += "def main(_):\n    print('a')\n    try:\n"
    program += f"        os.kill(os.getpid(), {number})\n"
    program += "    except BaseException:\n        raise AssertionError from None\n"
    program += "cli.run(main, lambda: None)"
    with start("-c", program) as process:
        assert process.stderr.read() == "\n-c: interrupted: run the same command to resume\n"
    assert process.returncode == 128 + number


PRINTS = ["-c", "from autotagging import cli; cli.run(lambda _: print('a'), lambda: None)"]


@pytest.mark.parametrize(
    "arguments", [PRINTS, ["aux_label_distribution.py", "--help"]], ids=["in main", "--help"]
)
def test_a_script_whose_output_nobody_reads_ends_quietly(arguments):
    read, write = os.pipe()
    os.close(read)
    command = [sys.executable, *arguments]
    answer = subprocess.run(
        command, cwd=REPOSITORY, stdout=write, stderr=subprocess.PIPE, check=False
    )
    os.close(write)
    assert answer.stderr == b""
    assert answer.returncode in {0, 141}  # argparse says nothing of what it cannot print


def test_output_that_cannot_be_written_is_one_sentence():
    with Path("/dev/full").open("w") as full:
        answer = subprocess.run(
            [sys.executable, *PRINTS],
            cwd=REPOSITORY,
            stdout=full,
            stderr=subprocess.PIPE,
            check=False,
        )
    assert answer.returncode == 1
    assert answer.stderr.startswith(b"-c: ")
    assert answer.stderr.endswith(b"No space left on device\n")
    assert len(answer.stderr.splitlines()) == 1


def test_what_is_printed_to_closed_streams_ends_in_no_file(tmp_path):
    program = "import os, subprocess, sys\nfrom autotagging import cli\n"
    program += "def main(_):\n    with open('table.csv', 'w') as table:\n        table.write('0')\n"
    program += "        print('a', flush=True), print('b', file=sys.stderr, flush=True)\n"
    program += "        os.write(1, b'c'), os.write(2, b'd'), subprocess.run(['echo', 'e'])\n"
    program += "cli.run(main, lambda: None)"
    closed = ["sh", "-c", 'exec "$@" <&- >&- 2>&-', "sh", sys.executable, "-c", program]
    path = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    assert subprocess.run(closed, cwd=tmp_path, env=path, check=False).returncode == 0
    assert (tmp_path / "table.csv").read_text() == "0"


def test_the_sample_that_is_not_made_yet_is_refused_with_its_script(monkeypatch, tmp_path):
    monkeypatch.setattr(cli, "SAMPLE", tmp_path / "sample")
    with pytest.raises(argparse.ArgumentTypeError, match=r"sample does not exist: run aux_make"):
        cli.dataset(tmp_path / "sample")
    (tmp_path / "sample").mkdir()
    assert cli.dataset(tmp_path / "sample") == tmp_path / "sample"


def parse_raw(*arguments):
    parser = argparse.ArgumentParser()
    cli.add_raw(parser)
    return cli.resolve_raw(parser, parser.parse_args(list(map(str, arguments))))


def test_a_dataset_is_written_where_it_lies_or_into_a_folder_that_is_made(tmp_path):
    assert parse_raw("--data", tmp_path).raw == tmp_path
    args = parse_raw("--raw", tmp_path, "--data", tmp_path / "new")
    assert (args.raw, args.data) == (tmp_path, tmp_path / "new")
    assert args.data.is_dir()


def test_nothing_is_made_where_the_dataset_is_not_there(tmp_path, capsys):
    for arguments in (["--data", tmp_path / "new"], ["--raw", tmp_path / "x", "--data", tmp_path]):
        with pytest.raises(SystemExit):
            parse_raw(*arguments)
        assert "is not a folder" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_a_dataset_elsewhere_is_never_taken_for_the_sample(tmp_path, capsys):
    with pytest.raises(SystemExit):
        parse_raw("--raw", tmp_path)
    assert "--raw needs --data" in capsys.readouterr().err
