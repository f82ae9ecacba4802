"""Time the features: every preset beside decoding alone and beside librosa's own functions.

On real clips, in processor time of one process with one thread: decoding by soundfile is the
floor; the recipe is `librosa.load` at the rate of the preset, then `melspectrogram` or `mfcc` and
`power_to_db`, as anyone would write it. What is timed of ours is what script 2 does with a file.

Then script 2 itself, as its user runs it: in processor time a clip, which is that of 1,000 clips
less that of few, to see what checksums, transport and writing add; on 600 clips, start-up included;
and on 1,000 clips with one process and with two, workers started. These clips are copies of the
real ones.

Reads   real clips of AUTOTAGGING_TEST_DATA (default: ../shared)
Writes  tables on standard output

Example: python benchmarks/time_features.py --clips 40 --runs 5
"""

import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import librosa
import numpy as np
import soundfile

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from autotagging import cli, options
from autotagging.features import spectrogram, workers
from autotagging.features.settings import PRESETS
from benchmarks import machine, process_tree

FEW, SOME, MANY = 40, 600, 1000  # copies of clips


def main(args):
    """Print the tables."""
    clips = machine.list_clips(args.test_data)
    print(machine.described())
    with workers.one_process_of_many():
        time_presets(clips[: args.clips], args.runs)
    with tempfile.TemporaryDirectory() as folder:
        data = {n_clips: Path(folder) / f"{n_clips}" for n_clips in (FEW, SOME, MANY)}
        for n_clips, copies in data.items():
            copy_clips(clips, n_clips, copies)
        time_clips_of_script(clips[: args.clips], data)
        time_script(data, args.runs)


def time_presets(clips, n_runs):
    """Print a row per preset: milliseconds of processor time a clip, and ratios run by run."""
    print(f"\nprocessor time, ms per clip, median of {n_runs} runs over {len(clips)} clips")
    print("| preset | decoding | ours | librosa's recipe | ours / decoding | recipe / ours |")
    print("|---|---|---|---|---|---|")
    for name, settings in PRESETS.items():
        ways = {
            "decoding": lambda clip: soundfile.read(clip, dtype="float32"),
            "ours": lambda clip, s=settings: spectrogram.extract_file(clip, s),
            "recipe": lambda clip, s=settings: recipe(clip, s),
        }
        for way in ways.values():
            way(clips[0])  # filter banks and imports
        runs = [{way: processor_ms(ways[way], clips) for way in ways} for _ in range(n_runs)]
        medians = [statistics.median(run[way] for run in runs) for way in ways]
        to_decoding = statistics.median(run["ours"] / run["decoding"] for run in runs)
        to_recipe = statistics.median(run["recipe"] / run["ours"] for run in runs)
        numbers = " | ".join(f"{median:.1f}" for median in medians)
        print(f"| `{name}` | {numbers} | {to_decoding:.2f} | {to_recipe:.2f} |", flush=True)


def processor_ms(way, clips):
    """Return processor time a clip in milliseconds."""
    start = time.process_time()
    for clip in clips:
        way(clip)
    return (time.process_time() - start) / len(clips) * 1000


def recipe(clip, settings):
    """Compute a preset's features by librosa's own functions, called plainly."""
    samples, _ = librosa.load(clip, sr=settings.sample_rate)
    common = {
        "y": samples,
        "sr": settings.sample_rate,
        "n_fft": settings.n_fft,
        "hop_length": settings.hop_length,
        "n_mels": settings.mel_bands,
    }
    if settings.feature == "mfcc":
        return librosa.feature.mfcc(n_mfcc=settings.bands, **common)
    power = librosa.feature.melspectrogram(**common)
    if settings.scale == "dB":
        return librosa.power_to_db(power)
    return np.log10(1 + 10_000 * power) if settings.scale == "log" else power


def time_clips_of_script(clips, data):
    """Print a row per preset: processor time a clip of script 2, beside what it cannot do without.

    Parameters
    ----------
    clips : list of Path
    data : dict of Path
        Number of copies of clips -> the dataset of them.
    """
    print("\nprocessor time, ms per clip; script 2 with one job and with two, start-up taken off")
    print("| preset | decoding | ours | one job | two jobs | ours, one, two jobs / decoding |")
    print("|---|---|---|---|---|---|")
    for name, settings in PRESETS.items():
        with workers.one_process_of_many():
            decoding = processor_ms(lambda clip: soundfile.read(clip, dtype="float32"), clips)
            ours = processor_ms(lambda clip, s=settings: spectrogram.extract_file(clip, s), clips)
        one, two = (
            1000
            * (script_seconds(data[MANY], name, jobs) - script_seconds(data[FEW], name, jobs))
            / (MANY - FEW)
            for jobs in (1, 2)
        )
        ratios = ", ".join(f"{way / decoding:.2f}" for way in (ours, one, two))
        numbers = " | ".join(f"{way:.1f}" for way in (decoding, ours, one, two))
        print(f"| `{name}` | {numbers} | {ratios} |", flush=True)


def script_seconds(data, preset, jobs):
    """Return the processor time of script 2 on a dataset, of all its processes, in seconds."""
    return process_tree.run(prepare_script(data, preset, jobs)).cpu_seconds


def time_script(data, n_runs):
    """Print how long script 2 takes as a whole, and clips a second with one process and two."""
    rows = []
    for n_clips, jobs in ((SOME, 2), (MANY, 1), (MANY, 2)):
        runs = [run_script(data[n_clips], jobs) for _ in range(n_runs)]
        rows.append((n_clips, jobs, *(statistics.median(run) for run in zip(*runs, strict=True))))
    print(f"\nscript 2, preset square, median of {n_runs} runs")
    print(
        "| clips | jobs | wall seconds, start-up included | clips/s, workers started | memory, MB |"
    )
    print("|---|---|---|---|---|")
    for n_clips, jobs, seconds, rate, megabytes in rows:
        print(f"| {n_clips:,} | {jobs} | {seconds:.1f} | {rate:.0f} | {megabytes:.0f} |")
    print(f"two processes do {rows[2][3] / rows[1][3]:.2f} times the work of one")


def copy_clips(clips, n_clips, data):
    """Write a dataset of copies of real clips and its labels."""
    raw = data / "raw"
    raw.mkdir(parents=True)
    lines = ["path,odd,even,all"]
    for number in range(n_clips):
        shutil.copy(clips[number % len(clips)], raw / f"{number}.mp3")
        lines.append(f"{number}.mp3,{number % 2},{1 - number % 2},1")
    (raw / "annotations.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    script = cli.REPOSITORY / "1_label_reduction_and_files_renaming.py"
    command = [sys.executable, str(script), "--data", str(data), "--raw", str(raw)]
    subprocess.run(command, check=True, capture_output=True)


def prepare_script(data, preset, jobs):
    """Return the command of script 2 on a dataset from which what it made before is removed."""
    shutil.rmtree(data / "features", ignore_errors=True)
    script = cli.REPOSITORY / "2_feature_extraction.py"
    command = [sys.executable, str(script), "--data", str(data), "--preset", preset]
    return [*command, "--jobs", str(jobs)]


def run_script(data, jobs):
    """Run script 2; return wall seconds, clips/s once workers run, anonymous memory in MB."""
    command = prepare_script(data, "square", jobs)
    start, peak, arrivals, shown = time.perf_counter(), 0, [], ""
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
        while chunk := process.stderr.read1(4096):
            shown = (shown + chunk.decode(errors="replace"))[-400:]
            done = re.findall(r"(\d+)/\d+ \[", shown)
            if done:
                arrivals.append((time.perf_counter(), int(done[-1])))
            peak = max(peak, machine.anonymous_bytes(process.pid))
    if process.returncode:
        raise ValueError(f"script 2 failed: {shown.strip()}")
    wall = time.perf_counter() - start
    # From a fifth of the clips on: by then the workers have started.
    (begin, first), (end, last) = (
        next((t, n) for t, n in arrivals if n >= arrivals[-1][1] / 5),
        next((t, n) for t, n in arrivals if n >= arrivals[-1][1]),
    )
    return wall, (last - first) / (end - begin), peak / 1e6


def parse_args():
    """Return the arguments of the command line."""
    parser = cli.parser(__doc__)
    machine.add_test_data(parser)
    parser.add_argument(
        "--clips", type=options.positive, default=40, metavar="N", help="clips a run (default: 40)"
    )
    parser.add_argument(
        "--runs", type=options.positive, default=5, metavar="N", help="runs a row (default: 5)"
    )
    return parser.parse_args()


if __name__ == "__main__":
    cli.run(main, parse_args)
