"""The faults that scripts have to bear, one of each, and what tells a good end from another."""

import random
import shutil

import pytest
from conftest import EVERY_STEP

from benchmarks import disturbances, disturbed_run, undisturbed

SECONDS = 1.0  # from a script's first lock on, in which it is disturbed

# Each on the script on which it is most telling: what grows, what has workers, what is long.
TRIED = [
    ("main-killed", "4"),
    ("worker-killed", "2"),
    ("ctrl-c-twice", "3"),
    ("terminated", "2"),
    ("suspended", "1"),
    ("disk-full", "2"),
    ("disk-full", "3"),
    ("two-at-once", "3"),
    ("moved", "5"),
    ("read-only", "4"),
    ("clip-gone", "2"),
    ("clip-replaced", "4"),
    ("clock-set-back", "2"),
]


@pytest.fixture
def start_run(run_script, before_each_step, tmp_path, monkeypatch):
    """Return a function that returns a script on a copy of its dataset: DisturbedRun."""

    class QuickRun(disturbed_run.DisturbedRun):
        """One that is run again where the libraries are imported already."""

        def run(self, *options):
            command, *own = disturbed_run.COMMANDS[self.script]
            answer = run_script(command, "--data", self.data, *own, *options)
            return self.judge(answer.returncode, answer.stderr)

    def start(script, seed=0):
        monkeypatch.setitem(disturbed_run.COMMANDS, "3", tuple(map(str, EVERY_STEP["3"])))
        before, after = before_each_step[script], before_each_step[f"after-{script}"]
        n_bytes = disturbed_run.sum_new(after, before)
        content = undisturbed.content_of(after)
        whole = disturbed_run.UndisturbedRun(script, before, content, SECONDS, n_bytes)
        data = shutil.copytree(before, tmp_path / "disturbed" / disturbed_run.NAME)
        return QuickRun(whole, data, random.Random(seed))

    return start


@pytest.mark.parametrize(("name", "script"), TRIED, ids=map("-in-".join, TRIED))
def test_a_script_that_is_disturbed_ends_as_if_it_was_not(start_run, name, script):
    run = start_run(script)
    disturb, _ = disturbances.FAULTS[name]
    if not_tried := disturb(run):
        pytest.skip(not_tried)
    assert run.data.is_dir()


def test_every_fault_is_tried():
    assert {name for name, _ in TRIED} == set(disturbances.FAULTS)


def test_a_table_that_differs_is_named(start_run):
    run = start_run("1")
    run.finish()
    table = next(run.data.glob("labels/*/labels.csv"))
    table.write_text(table.read_text().replace(",1", ",0", 1))
    with pytest.raises(disturbed_run.OutcomeError, match=r"^differ: labels/\w+/labels\.csv$"):
        run.compare()


@pytest.mark.parametrize(
    ("program", "problem"),
    [
        ("import os; os.kill(os.getpid(), 7)", "ends by SIGBUS"),
        ("1 / 0", "a traceback: ZeroDivisionError"),
        ("raise SystemExit('no script says so')", "without a sentence: no script says so"),
    ],
    ids=["signal", "traceback", "another-sentence"],
)
def test_an_end_without_a_sentence_is_no_good_end(
    start_run, tmp_path, monkeypatch, program, problem
):
    run = start_run("1")
    (tmp_path / "script.py").write_text(program)
    monkeypatch.setitem(disturbed_run.COMMANDS, "1", (str(tmp_path / "script.py"),))
    with pytest.raises(disturbed_run.OutcomeError, match=problem), run.start() as process:
        run.end_of(process)


def test_what_differs_is_named_but_for_times(tmp_path):
    (tmp_path / "summary.json").write_text('{"seconds": 1, "clips": 2}')
    (tmp_path / "scores.npy").write_bytes(b"1")
    expected = undisturbed.content_of(tmp_path)
    (tmp_path / "summary.json").write_text('{"seconds": 2, "clips": 2}')
    assert undisturbed.find_differences(tmp_path, expected) == []
    (tmp_path / "scores.npy").write_bytes(b"2")
    (tmp_path / "more.csv").write_bytes(b"")
    assert undisturbed.find_differences(tmp_path, expected) == ["more.csv", "scores.npy"]
