"""What is measured on a GPU: by stand-ins, as no machine of the tests has one."""

import os
import re
import subprocess
import sys
from types import SimpleNamespace

import keras
import pytest
from conftest import REPOSITORY

from benchmarks import gpu, time_training

H100 = gpu.Gpu("NVIDIA H100", 5_000_000_000)
# Instead of Python and of timeout: they say what they would run, and for how long at most.
PYTHON = """#!/bin/sh
echo "$KERAS_BACKEND $*"
echo "so many words" >&2
case "$*" in *$FAILING*) exit 3 ;; esac
"""
TIMEOUT = """#!/bin/sh
echo "limit $2" >&2
shift 2
exec "$@"
"""


def stand_in_for_jax(platform):
    device = SimpleNamespace(
        platform=platform,
        device_kind=H100.kind,
        memory_stats=lambda: {"bytes_in_use": 1, "peak_bytes_in_use": H100.peak_bytes},
    )
    return SimpleNamespace(local_devices=lambda: [device])


def stand_in_for_torch(is_there):
    return SimpleNamespace(
        cuda=SimpleNamespace(
            is_available=lambda: is_there,
            get_device_name=lambda: H100.kind,
            max_memory_allocated=lambda: H100.peak_bytes,
        )
    )


def stand_in_for_tensorflow(devices):
    of_device = SimpleNamespace(
        get_device_details=lambda device: {"device_name": H100.kind},
        get_memory_info=lambda name: {"current": 1, "peak": H100.peak_bytes},
    )
    return SimpleNamespace(
        config=SimpleNamespace(
            list_physical_devices=lambda kind: devices if kind == "GPU" else [],
            experimental=of_device,
        )
    )


@pytest.mark.parametrize(
    ("backend", "module", "expected"),
    [
        ("jax", stand_in_for_jax("gpu"), H100),
        ("jax", stand_in_for_jax("cpu"), None),
        ("torch", stand_in_for_torch(True), H100),
        ("torch", stand_in_for_torch(False), None),
        ("tensorflow", stand_in_for_tensorflow(["GPU:0"]), H100),
        ("tensorflow", stand_in_for_tensorflow([]), None),
    ],
    ids=["jax", "jax-none", "torch", "torch-none", "tensorflow", "tensorflow-none"],
)
def test_the_gpu_is_that_of_the_backend_and_its_memory_the_peak(
    monkeypatch, backend, module, expected
):
    monkeypatch.setitem(sys.modules, backend, module)
    monkeypatch.setattr(keras.backend, "backend", lambda: backend)
    assert gpu.find() == expected


@pytest.mark.parametrize(("found", "named"), [(H100, H100.kind), (None, "no GPU")], ids=str)
def test_what_keras_computes_on_is_said(monkeypatch, found, named):
    monkeypatch.setattr(gpu, "find", lambda: found)
    text = gpu.described()
    assert re.fullmatch(rf"keras [\d.]+ on {keras.backend.backend()} [\d.]+\S*, {named}", text)


@pytest.mark.parametrize("mixed_precision", [False, True], ids=["single", "mixed"])
def test_a_row_has_an_epoch_of_magnatagatune_and_the_memory(capsys, mixed_precision):
    settings = time_training.settings_of("vgg", mixed_precision)
    step = settings.batch_size / 1000  # a thousand clips a second
    time_training.print_row(settings, step, step / 4, (float("nan"), 0), H100)
    time_training.print_row(settings, step, step / 4, (float("nan"), 0), None)
    lines = capsys.readouterr().out.splitlines()
    cells = [line.strip("| ").split(" | ") for line in lines]
    rows = [dict(zip(time_training.COLUMNS, row, strict=True)) for row in cells]
    assert rows[0]["precision"] == ("mixed" if mixed_precision else "single")
    assert (rows[0]["clips/s"], rows[0]["of it input"]) == ("1,000", "25.0%")
    assert rows[0]["an epoch of 15,425 clips"] == "15.4 s"
    assert [row["GPU memory, MB"] for row in rows] == ["5,000", "-"]


@pytest.fixture
def on_gpu(tmp_path):
    """Return a function that runs on_gpu.sh with stand-ins for what it starts."""
    for name, text in {"python": PYTHON, "timeout": TIMEOUT}.items():
        (tmp_path / name).write_text(text)
        (tmp_path / name).chmod(0o755)
    (tmp_path / "carried" / "emotify").mkdir(parents=True)
    network = tmp_path / "carried" / "published" / "mtt-musicnn" / "model.keras"
    network.parent.mkdir(parents=True)
    network.touch()
    environment = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"}
    environment |= {
        "PYTHON": str(tmp_path / "python"),
        "AUTOTAGGING_TEST_DATA": str(tmp_path / "carried"),
    }
    environment.pop("KERAS_BACKEND", None)

    def run(*arguments, failing="nothing", **variables):
        return subprocess.run(
            [REPOSITORY / "benchmarks" / "on_gpu.sh", *arguments],
            cwd=tmp_path,
            env={**environment, "FAILING": failing, **variables},
            capture_output=True,
            text=True,
            check=False,
        )

    return run


def test_all_parts_are_measured_in_their_order(on_gpu, tmp_path):
    (tmp_path / "carried" / "wheels").mkdir()
    (tmp_path / "carried" / "wheels" / "keras.whl").touch()
    answer = on_gpu("carried", "results")
    assert answer.returncode == 0, answer.stderr
    assert (tmp_path / "results" / "on_gpu.md").read_text() == answer.stdout
    for network, batches in {"vgg": 256, "musicnn": 128, "short-chunk-res": 128}.items():
        command = f"jax benchmarks/time_training.py --architectures {network} --batches {batches}"
        assert f"\n{command} --rounds 3\n{command} --rounds 3 --mixed-precision\n" in answer.stdout
    parts = ["pip install", "## Training", "## Tagging", "time_tagging", "## Fine-tuning"]
    parts += ["cross_validate"]
    places = [answer.stdout.index(part) for part in parts]
    assert places == sorted(places)


def test_a_part_that_fails_is_named_and_the_others_are_measured(on_gpu, tmp_path):
    answer = on_gpu("carried", "results", failing="time_tagging")
    assert answer.returncode == 1
    assert "\ntagging failed: see errors.txt\n" in answer.stdout
    assert "cross_validate" in answer.stdout
    answer = on_gpu("carried", "results", failing="2_feature")
    assert "\nEmotify's features failed: see errors.txt\n" in answer.stdout
    assert "cross_validate" in answer.stdout


def test_without_a_gpu_nothing_is_measured_unless_it_is_a_trial(on_gpu):
    answer = on_gpu("carried", "results", failing="gpu.find")
    assert answer.returncode == 1
    assert answer.stdout.endswith("\nlooking for a GPU failed: see errors.txt\n")
    answer = on_gpu("--try", "carried", "results", failing="gpu.find")
    assert answer.returncode == 0
    assert "--batches 2 --rounds 1" in answer.stdout


def test_a_part_that_takes_too_long_is_named(on_gpu, tmp_path):
    (tmp_path / "timeout").write_text("#!/bin/sh\nexit 124\n")
    answer = on_gpu("--try", "carried", "results", "tagging")
    assert answer.returncode == 1
    assert answer.stdout.endswith("\n## Tagging\n\ntagging: not finished in 1600 s\n")


@pytest.mark.parametrize("most", [480, 30, 0])
def test_all_parts_together_have_a_limit(on_gpu, tmp_path, most):
    answer = on_gpu("carried", "results", MOST_SECONDS=str(most))
    said = (tmp_path / "results" / "errors.txt").read_text()
    limits = list(map(int, re.findall(r"limit (\d+)", said)))
    assert len(limits) == (11 if most else 0)
    assert all(limit <= most for limit in limits)
    assert sum(limits) > most or not most  # each may take what others leave
    assert answer.returncode == (0 if most else 1)
    assert ("\nlooking for a GPU: not finished in 0 s\n" in answer.stdout) == (not most)


def test_a_part_alone_is_measured_and_an_unknown_one_refused(on_gpu):
    answer = on_gpu("carried", "results", "tagging", KERAS_BACKEND="torch")
    assert answer.returncode == 0, answer.stderr
    assert "\ntorch benchmarks/time_tagging.py" in answer.stdout
    assert "time_training" not in answer.stdout + answer.stderr
    answer = on_gpu("carried", "results", "taging")
    assert answer.returncode == 1
    assert answer.stderr == "no part taging: there are training tagging fine-tuning\n"


def test_a_folder_without_what_is_measured_on_is_refused(on_gpu, tmp_path):
    answer = on_gpu("absent", "results")
    assert answer.returncode == 1
    assert "make it with benchmarks/on_gpu.sh --pack" in answer.stderr
    assert not (tmp_path / "results").exists()
    assert on_gpu("carried").returncode == 2


def test_what_a_machine_without_tensorflow_lacks_is_packed(on_gpu, tmp_path):
    (tmp_path / "carried" / "emotify" / "annotations.csv").touch()
    answer = on_gpu("--pack", "packed", PYTHON_VERSION="3.13")
    assert answer.returncode == 0, answer.stderr
    download, network, _ = answer.stdout.split("\n", 2)
    assert "--python-version 3.13 --constraint constraints.txt" in download
    known = {line.split("==")[0] for line in (REPOSITORY / "constraints.txt").read_text().split()}
    packages = download.split(" --dest ")[1].split()[1:]
    assert "keras" in packages
    assert set(packages) <= known
    assert network.endswith(f"mtt-musicnn --published {tmp_path}/packed/published")
    assert (tmp_path / "packed" / "emotify" / "annotations.csv").exists()
    answer = on_gpu("--pack", "packed", AUTOTAGGING_TEST_DATA=str(tmp_path))
    assert answer.returncode == 1
    assert "has no emotify" in answer.stderr
