"""The stand-in for MagnaTagATune, its rehearsal and growth, and the faults that are tried on it."""

import os
import select
import signal
import subprocess
import sys

import pandas as pd
import pytest
from conftest import REPOSITORY, assert_legible

from autotagging.clips import annotations
from benchmarks import (
    full_size,
    growth,
    process_tree,
    rehearsal,
    rehearsal_page,
)

TOOK = {
    "seconds": 10.0, "cpu_seconds": 15.0, "main_bytes": 3e8, "worker_bytes": 1e8,
    "together_bytes": 5e8, "disk_bytes": 1e6, "clips": 1000,
}  # fmt: skip
INPUT = {"share": 0.2, "cores": 2, "date": "2026-01-31", "commit": "abc"}


@pytest.fixture(scope="module")
def stand_in(test_data, tmp_path_factory):
    """Return a stand-in of 40 rows."""
    folder = tmp_path_factory.mktemp("stand-in") / "data"
    assert full_size.build(folder, 40, test_data)
    return folder


def test_at_full_size_both_tables_are_the_genuine_ones_byte_for_byte(test_data, tmp_path):
    files = full_size.write_tables(tmp_path, full_size.ROWS, test_data / "mtt")
    assert len(files) == full_size.ROWS
    for name in (annotations.TABLE, annotations.CLIP_INFO):
        assert (tmp_path / name).read_bytes() == (test_data / "mtt" / name).read_bytes()


@pytest.mark.parametrize(
    ("n_clips", "ids"),
    [
        (2, ["2", "10"]),
        (4, ["2", "6", "10", "11"]),
        (8, ["2", "6", "10", "11", "100002", "100006", "100010", "100011"]),
    ],
)
def test_rows_are_spread_over_the_table_or_repeated_under_new_ids(n_clips, ids):
    table = {"clip_id": ["2", "6", "10", "11"], "mp3_path": [f"f/{x}.mp3.mp3" for x in "abcd"]}
    resized = full_size.resize(pd.DataFrame(table), n_clips)
    assert resized["clip_id"].tolist() == ids
    assert resized["mp3_path"].is_unique
    if n_clips == 8:
        assert resized["mp3_path"].iloc[4] == "f/a.mp3-1.mp3"


def test_a_stand_in_is_links_to_real_clips_and_says_what_it_is(stand_in, test_data):
    read = annotations.read_annotations(annotations.find_table(stand_in))
    read = annotations.add_clip_info(read, annotations.find_clip_info(stand_in))
    assert len(read.metadata) == 40
    assert read.metadata["artist"].ne("").all()
    assert all((stand_in / file).is_file() for file in read.metadata["file"])
    assert annotations.note_of(stand_in) == full_size.DISCLAIMER
    assert "does not belong to its\ntags" in (stand_in / "README.md").read_text()
    real = {path.stat().st_ino for path in test_data.glob("mtt-excerpt/?/*.mp3")}
    assert not real & {path.stat().st_ino for path in stand_in.glob("?/*.mp3")}


def test_broken_clips_are_empty_and_others_share_their_bytes(test_data, tmp_path):
    real = sorted(test_data.glob("mtt-excerpt/0/*.mp3"))[:2]
    files = pd.Series({"2": "0/a.mp3", "35644": "6/b.mp3", "6": "1/c.mp3", "135644": "6/b-1.mp3"})
    full_size.link_audio(tmp_path, files, real)
    assert (tmp_path / "0/a.mp3").samefile(tmp_path / "1/c.mp3")
    assert (tmp_path / "0/a.mp3").read_bytes() == real[0].read_bytes()
    assert [(tmp_path / f"6/{name}.mp3").stat().st_size for name in ("b", "b-1")] == [0, 0]


def test_a_stand_in_that_is_there_stays_and_what_is_none_is_left_alone(
    stand_in, test_data, tmp_path
):
    assert not full_size.build(stand_in, 40, test_data)
    with pytest.raises(ValueError, match="holds a stand-in of 40 clips: name another folder"):
        full_size.build(stand_in, 41, test_data)
    (tmp_path / "annotations_final.csv").write_text("mine")
    with pytest.raises(ValueError, match="holds something else: name another folder"):
        full_size.build(tmp_path, 40, test_data)
    assert [path.name for path in tmp_path.iterdir()] == ["annotations_final.csv"]


def test_test_data_without_clips_leaves_nothing_behind(test_data, tmp_path):
    (tmp_path / "mtt").symlink_to(test_data / "mtt")
    with pytest.raises(ValueError, match="has no mtt-excerpt/"):
        full_size.build(tmp_path / "stand-in", 40, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["mtt"]


def test_a_process_is_watched_with_those_below_it():
    child = "a = b'1' * 50_000_000; sum(range(2 * 10**7))"
    parent = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}])"
    took = process_tree.run([sys.executable, "-c", parent])
    assert took.worker_bytes > 50e6 > took.main_bytes > 0
    assert took.together_bytes > took.worker_bytes
    assert took.cpu_seconds > 0.1
    with pytest.raises(ValueError, match="failed: no such thing"):
        process_tree.run([sys.executable, "-c", "raise SystemExit('no such thing')"])


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT], ids=["killed", "interrupted"])
def test_a_command_ends_with_the_process_that_runs_it(tmp_path, number):
    if not process_tree.WITH_PARENT:
        pytest.skip("setpriv of util-linux is not installed")
    told = tmp_path / "pid"
    os.mkfifo(told)
    child = f"import os, signal; open({str(told)!r}, 'w').write(str(os.getpid())); signal.pause()"
    command = [sys.executable, "-c", child]
    parent = f"from benchmarks import process_tree; process_tree.run({command!r})"
    with subprocess.Popen([sys.executable, "-c", parent], cwd=REPOSITORY) as running:
        watched = os.pidfd_open(int(told.read_text()))
        running.send_signal(number)
    assert select.select([watched], [], [], 60)[0] == [watched]  # it has ended
    os.close(watched)


def test_a_rehearsal_that_was_killed_resumes_unless_the_code_is_another(tmp_path, monkeypatch):
    done = []

    def work(name):
        def measure():
            if name == "2" and done.count("1") == 1 and "2" not in done:
                done.append("2")
                raise KeyboardInterrupt
            done.append(name)
            return {"seconds": float(len(done))}

        return measure

    works = {name: work(name) for name in ("1", "2", "3")}
    with pytest.raises(KeyboardInterrupt):
        rehearsal.rehearse(tmp_path, works)
    measured = rehearsal.rehearse(tmp_path, works)
    assert done == ["1", "2", "2", "3"]
    assert [took["seconds"] for took in measured.values()] == [1, 3, 4]
    (tmp_path / rehearsal.KEPT / "2.json").unlink()
    rehearsal.rehearse(tmp_path, works)
    assert done[4:] == ["2", "3"]  # the third was made from the second
    monkeypatch.setattr(rehearsal.versions, "describe", lambda: {"git_commit": "another"})
    rehearsal.rehearse(tmp_path, works)
    assert done[6:] == ["1", "2", "3"]


@pytest.mark.parametrize(
    ("cpu_seconds", "n_cores", "seconds"),
    [(20, 2, 1.25), (15, 2, 5 + 10 / 16), (10, 2, 10), (8, 2, 10), (25, 2, 1.25), (9, 1, 10)],
)
def test_more_cores_divide_what_ran_in_parallel(cpu_seconds, n_cores, seconds):
    assert rehearsal_page.on_cores(10, cpu_seconds, n_cores, 16) == pytest.approx(seconds)


def test_measured_values_stand_beside_their_bars_and_make_the_complete_job():
    names = [*rehearsal.list_tasks()]
    measured = {"input": INPUT, **dict.fromkeys(names, TOOK)}
    measured["3"] = TOOK | {"epochs": 2, "seconds_per_epoch": 4.0}
    measured["2"] = TOOK | {"worker_bytes": 401e6, "function_ms": 10.0}
    page = rehearsal_page.write(measured, 25_000, "a machine")
    assert "2026-01-31, a machine, 25,000 rows" in page
    assert "| script 2: memory, main process | under 500 MB | 300 MB | yes |" in page
    assert "| script 2: memory, each worker | under 400 MB | 401 MB | **no** |" in page
    assert "of decoding and features alone | under 1.15 | 1.50 | **no** |" in page
    assert "| script 3: input, of a step | under 10.0% | 20.0% | **no** |" in page
    assert "| 5 | 10.0 | 15.0 | 1,000 | 100 | 300 | 100 | 500 | 1 |" in page
    assert "| script 3 | 4 min | 2 min |" in page  # 10 + 58 * 4 s
    assert "times 25.0 | 4 min |" in page


def test_the_measured_part_of_a_page_is_replaced_and_the_rest_stays():
    page = f"by hand\n{rehearsal_page.BEGIN}\nold\n{rehearsal_page.END}\nmore\n"
    replaced = rehearsal_page.replace_measured(page, "new\n")
    assert replaced == page.replace("\nold\n", "\n\nnew\n\n")
    assert rehearsal_page.replace_measured(replaced, "new\n") == replaced
    with pytest.raises(ValueError, match="lacks its markers"):
        rehearsal_page.replace_measured("by hand", "new")
    rehearsal_page.replace_measured(rehearsal.PAGE.read_text(), "new")


@pytest.fixture
def grown():
    """Return the table of scripts whose time is twice the clips, but for the last one's."""
    measured = {
        size: {
            script: {"cpu_seconds": 3 + 2 * size, "together_bytes": 1e8}
            for script in rehearsal_page.SCRIPTS
        }
        for size in (10, 50, 200, 800)
    }
    measured[800]["5"] = {"cpu_seconds": 3 + 3 * 800, "together_bytes": 2e8}
    return growth.tabulate(measured)


def test_time_in_proportion_and_memory_that_stays_are_told_from_others(grown):
    times, memory = growth.list_times(grown), growth.list_memory(grown)
    assert "| 1 | 80.0 s | 380.0 s | 1,580.0 s | 1.00 | yes |" in times
    assert times[-1].endswith(f"| {2380 / 1580:.2f} | **no** |")
    assert "| 1 | 100 MB | 100 MB | 100 MB | 0 | yes |" in memory
    assert memory[-1].endswith("| 13,333 | **no** |")


def test_the_figure_of_growth_is_legible(grown):
    assert_legible(growth.draw(grown))
