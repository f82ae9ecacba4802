"""The command line: one sentence, the right exit code, an answer at once."""

import argparse

import pytest
from conftest import REPOSITORY
from joblib.externals.loky.process_executor import TerminatedWorkerError

from autotagging import cli

SCRIPTS = sorted(path.name for path in REPOSITORY.glob("*.py"))
MAKERS = {"aux_make_sample.py", "aux_download_magnatagatune.py"}  # of the folder of --data
STEPS = [name for name in SCRIPTS if name[0].isdigit()]


def test_the_scripts_the_paper_tells_of_are_there():
    assert SCRIPTS == [
        "1_label_reduction_and_files_renaming.py",
        "2_feature_extraction.py",
        "3_train_cnn.py",
        "4_evaluate.py",
        "5_visualize_tags.py",
        "aux_download_magnatagatune.py",
        "aux_label_distribution.py",
        "aux_make_sample.py",
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


@pytest.mark.parametrize("script", [*STEPS, "aux_label_distribution.py"])
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
        (KeyboardInterrupt(), 130, "run it again, the same command, to go on"),
        (TerminatedWorkerError("long"), 1, "a worker process was killed, for want of memory"),
    ]:
        with pytest.raises(SystemExit) as ending:
            cli.run(fail(error), parse_args)
        assert ending.value.code == code
        assert sentence in capsys.readouterr().err


@pytest.mark.parametrize("text", ["", ".", "..", "../x", "a/b", "a\\b"])
def test_a_name_is_never_a_way_out_of_its_folder(text):
    with pytest.raises(argparse.ArgumentTypeError, match="not a name"):
        cli.name(text)


@pytest.mark.parametrize(
    ("text", "kind"), [("0", cli.positive), ("-1", cli.natural), ("x", cli.natural)]
)
def test_numbers_out_of_range_are_refused(text, kind):
    with pytest.raises(argparse.ArgumentTypeError, match=text):
        kind(text)


@pytest.mark.parametrize("text", ["0", "-1", "nan", "inf", "x"])
def test_a_rate_must_be_a_positive_number(text):
    with pytest.raises(argparse.ArgumentTypeError, match=text):
        cli.positive_number(text)


def test_figures_of_the_sample_belong_to_the_repository_and_others_to_their_data(tmp_path):
    assert cli.images_folder(None, cli.SAMPLE) == REPOSITORY / "images"
    assert cli.images_folder(None, tmp_path) == tmp_path / "images"
    assert cli.images_folder(tmp_path / "x", cli.SAMPLE) == tmp_path / "x"


@pytest.mark.parametrize("text", ["", "scheduler", "tcp://scheduler", "http://a:1", "tcp://a:x"])
def test_an_address_of_no_cluster_is_refused(text):
    with pytest.raises(argparse.ArgumentTypeError, match="no address such as tcp"):
        cli.cluster_address(text)
    assert cli.cluster_address("tcp://scheduler:8786") == "tcp://scheduler:8786"
