"""Rehearse MagnaTagATune: run scripts 1 to 5 at its full size, and measure what each takes.

On the stand-in of `full_size.py`, which is built where it is not there, as a user would run them:
default network and preset, but two epochs. What was measured of a script is kept beside the
stand-in, so that a rehearsal that was killed resumes with the script that it was at; it begins anew
where the code is another.

Reads   mtt and mtt-excerpt of AUTOTAGGING_TEST_DATA (default: ../shared), data/published/
Writes  the measured part of docs/full_size.md (printed instead where --clips is given), and
        FOLDER/rehearsal/<what>.json

Example: python benchmarks/rehearsal.py --data data/full_size
"""

import datetime
import functools
import json
import shutil
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

import joblib

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from autotagging import cli, files, versions
from autotagging.features import spectrogram, workers
from autotagging.features.settings import PRESETS
from autotagging.steps import read_summary
from benchmarks import (
    full_size,
    machine,
    process_tree,
    rehearsal_page,
    time_features,
    time_training,
)

EPOCHS = 2
NETWORK, PRESET, LAYER = "vgg", "mel96", "mtt-musicnn"
ROUNDS = 3  # over the clips, of the function that script 2 applies to them
LAYER_CLIPS = 1000  # of which a layer is computed; the rest is scaled
PAGE = cli.REPOSITORY / "docs" / "full_size.md"
KEPT = "rehearsal"  # folder below the stand-in


@dataclass(frozen=True)
class Task:
    """A script to be measured.

    Parameters
    ----------
    command : tuple of str
        Script and options; ``--data`` is added.
    folders : tuple of str
        What it writes, below the dataset.
    """

    command: tuple
    folders: tuple


def list_tasks():
    """Return what is measured, in its order: a dict of Task by name."""
    two = "2_feature_extraction.py"
    no_refit = "--no-refit"  # as the recipe has it at full size, not on the few clips of a trial
    again = ("--scores", "results/vgg/scores.csv", "--name", "again")
    return {
        "1": Task(("1_label_reduction_and_files_renaming.py",), ("clips", "labels")),
        "2": Task((two,), (f"features/{PRESET}",)),
        "3": Task(("3_train_cnn.py", "--epochs", str(EPOCHS), no_refit), (f"models/{NETWORK}",)),
        "4": Task(("4_evaluate.py",), (f"results/{NETWORK}",)),
        "4 without prediction": Task(("4_evaluate.py", *again), ("results/again",)),
        "5": Task(("5_visualize_tags.py",), ("tag_map",)),
        f"2 --preset {LAYER}": Task(
            (two, "--preset", LAYER, "--limit", str(LAYER_CLIPS)), (f"features/{LAYER}",)
        ),
    }


def main(args):
    """Build the stand-in, run and measure, and write the page."""
    full_size.build(args.data, args.clips, args.test_data)
    works = list_works(args.data, machine.list_clips(args.test_data))
    works["input"] = lambda: {"share": time_training.measure_input_share(NETWORK)}
    measured = rehearse(args.data, works)
    page = rehearsal_page.write(measured, args.clips, machine.described())
    if args.clips == full_size.ROWS:
        text = PAGE.read_text(encoding="utf-8")
        files.write_whole(PAGE, rehearsal_page.replace_measured(text, page))
        print(f"wrote {PAGE}")
    else:
        print(page)


def list_works(data, clips):
    """Return what measures the scripts on a stand-in: name -> a function that returns a dict.

    Parameters
    ----------
    data : Path
    clips : list of Path
        Real ones, for `measure_beside_function`.
    """
    works = {name: functools.partial(measure, data, task) for name, task in list_tasks().items()}
    works["2"] = functools.partial(measure_beside_function, clips, works["2"])
    return works


def rehearse(data, works):
    """Measure on a stand-in what is not kept of an interrupted rehearsal.

    Parameters
    ----------
    data : Path
        The stand-in.
    works : dict
        Name -> the function that measures it, in their order.

    Returns
    -------
    dict
        Name -> what was measured, a dict, with commit, cores and date.
    """
    made_by = {"commit": versions.describe()["git_commit"], "cores": joblib.cpu_count()}
    folder, measured = data / KEPT, {}
    folder.mkdir(exist_ok=True)
    is_kept = True
    for name, work in works.items():
        path = folder / f"{name.replace(' ', '_')}.json"
        kept = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
        is_kept = is_kept and made_by.items() <= kept.items()  # what follows was made from it
        if not is_kept:
            print(f"measuring {name}", flush=True)
            kept = {**work(), **made_by, "date": datetime.date.today().isoformat()}
            files.write_whole(path, json.dumps(kept, indent=2) + "\n")
        measured[name] = kept
    return measured


def measure(data, task):
    """Run a script from its start, whatever it left before, and return what it took: a dict."""
    for name in task.folders:
        shutil.rmtree(data / name, ignore_errors=True)
    script, *arguments = task.command
    arguments = [str(data / a) if a.startswith("results/") else a for a in arguments]
    command = [sys.executable, str(cli.REPOSITORY / script), "--data", str(data), *arguments]
    took = process_tree.run(command)
    return {
        **asdict(took),
        "disk_bytes": sum(sum_disk(data / name) for name in task.folders),
        **count_work(data, task.folders[-1]),
    }


def sum_disk(folder):
    """Return the bytes that a folder takes on disk, without hard links to what lies elsewhere."""
    found = [path.lstat() for path in folder.rglob("*") if not path.is_dir()]
    return sum(status.st_blocks * 512 for status in found if status.st_nlink == 1)


def count_work(data, folder):
    """Return how many clips a script worked on, and how long an epoch took: a dict."""
    room = folder.split("/")[0]
    if room == "labels":
        return {"clips": full_size.read_size(data)}
    if room == "tag_map":
        return {"clips": None}
    summary = read_summary(data / folder)
    if room == "features":
        return {"clips": summary["clips"]}
    if room == "models":
        learnt = EPOCHS * summary["clips"]["train"]
        return {
            "clips": learnt,
            "epochs": EPOCHS,
            "seconds_per_epoch": summary["seconds_per_epoch"],
        }
    with (data / folder / "scores.csv").open(encoding="utf-8") as lines:
        return {"clips": sum(1 for _ in lines) - 1}


def measure_beside_function(clips, measure_script):
    """Measure script 2 and, before and after it, what bounds it: machines vary by the minute.

    Parameters
    ----------
    clips : list of Path
        Real ones.
    measure_script : callable

    Returns
    -------
    dict
        What `measure_script` returns, and function_ms: processor time of decoding a clip and of its
        features alone, on every core at once.
    """
    jobs, times = joblib.cpu_count(), []
    with joblib.Parallel(n_jobs=jobs) as in_parallel:
        times += in_parallel(joblib.delayed(time_function)(clips) for _ in range(jobs))
        took = measure_script()
        times += in_parallel(joblib.delayed(time_function)(clips) for _ in range(jobs))
    return took | {"function_ms": sum(times) / len(times)}


def time_function(clips):
    """Return processor time a clip of what script 2 does with it, in ms."""
    with workers.one_process_of_many():
        spectrogram.extract_file(clips[0], PRESETS[PRESET])  # filter banks and imports
        return time_features.processor_ms(
            lambda clip: spectrogram.extract_file(clip, PRESETS[PRESET]), ROUNDS * clips
        )


def parse_args():
    """Return the arguments of the command line."""
    parser = cli.parser(__doc__)
    default = cli.REPOSITORY / "data" / "full_size"
    cli.add_data(parser, default, exists=False)
    full_size.add_clips(parser)
    machine.add_test_data(parser)
    return parser.parse_args()


if __name__ == "__main__":
    cli.run(main, parse_args)
