"""Files that nobody thought of, made by chance, and what becomes of them.

Audio and model files are changed in a few of many ways and go to a process of its own, as decoders
may crash, hang or take all memory. FFmpeg, read independently, says what audio there is to use.
"""

import concurrent.futures
import io
import json
import multiprocessing
import re
import struct
import time
import traceback
import warnings
import zipfile
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import audio_files
import numpy as np
import soundfile

SECONDS = 29.12
LONGEST = 30.0  # seconds that an input may take
MOST_MEMORY = 1000  # MB of a process
ENDINGS = {"audio": ".mp3", "models": ".keras"}
STARTING = 60.0  # seconds in which a process imports what it needs

EXCUSES = ("is silent", "not finite", "less than one window", "no numbers", "sampling rate")


@dataclass
class Outcomes:
    """What became of inputs of a kind.

    Parameters
    ----------
    kind : str
    n_by_outcome : Counter
        used, incomplete, or why not, in the first words of the reason.
    slowest : float
        Seconds.
    faults : list of str
        What must not be.
    """

    kind: str
    n_by_outcome: Counter = field(default_factory=Counter)
    slowest: float = 0.0
    started: float = field(default_factory=time.perf_counter)
    faults: list = field(default_factory=list)

    def note(self, outcome, seconds):
        """Count an outcome, whatever numbers and names are in it."""
        self.n_by_outcome[re.sub(r"\d[\d.,]*|'.*'", "#", outcome)[:80]] += 1
        self.slowest = max(self.slowest, seconds)

    def __str__(self):
        seconds = time.perf_counter() - self.started
        n_inputs = self.n_by_outcome.total()
        lines = [f"{self.kind}: {n_inputs} inputs, {seconds:.0f} s, slowest {self.slowest:.1f} s"]
        lines += [f"  {n:6d}  {outcome}" for outcome, n in self.n_by_outcome.most_common()]
        return "\n".join([*lines, *(f"  FAULT {fault}" for fault in self.faults)])


def encode_all(samples, rate):
    """Return samples in every encoding: name of the encoding -> bytes."""
    encoded = {}
    for name, options in audio_files.ENCODINGS.items():
        file = io.BytesIO()
        rate_of_name = 48000 if name == "opus" else rate
        soundfile.write(file, samples, rate_of_name, **options)
        encoded[name] = file.getvalue()
    return encoded


def _flip_bits(rng, content):
    changed = np.frombuffer(content, np.uint8).copy()
    at = rng.integers(len(changed), size=rng.integers(1, 200))
    changed[at] ^= (1 << rng.integers(8, size=len(at))).astype(np.uint8)
    return changed.tobytes()


def _change_header(rng, content):
    changed = bytearray(content)
    for at in rng.integers(min(len(changed), 200), size=rng.integers(1, 5)):
        changed[at] = rng.choice([0, 255, rng.integers(256)])
    return bytes(changed)


def _state_other_sizes(rng, content):
    """Overwrite a number of four bytes in the header with one of any size."""
    at = int(rng.integers(max(1, min(len(content), 100) - 4)))
    number = int(rng.choice([0, 1, 0x7FFFFFFF, 0xFFFFFFFF, rng.integers(1 << 32)]))
    packed = struct.pack(rng.choice(["<I", ">I"]), number)
    return content[:at] + packed + content[at + 4 :]


def _cut(rng, content):
    return content[: rng.integers(len(content) + 1)]


def _cut_front(rng, content):
    return content[rng.integers(len(content) + 1) :]


def _overwrite(rng, content):
    at, n_bytes = rng.integers(len(content) + 1), int(rng.integers(20_000))
    fillers = rng.bytes(n_bytes), bytes(n_bytes), content[:n_bytes]
    return content[:at] + fillers[rng.integers(3)] + content[at + n_bytes :]


def _insert(rng, content):
    at = rng.integers(len(content) + 1)
    return content[:at] + rng.bytes(int(rng.integers(20_000))) + content[at:]


def _put_in_front(rng, content):
    junk = [rng.bytes(int(rng.integers(1_000_000))), bytes(int(rng.integers(1_000_000))), b"\r\n"]
    junk += [audio_files.encode("wav")[:44], audio_files.with_id3(b"", int(rng.integers(300_000)))]
    return junk[rng.integers(len(junk))] + content


def _put_behind(rng, content):
    junk = [rng.bytes(int(rng.integers(200_000))), bytes(int(rng.integers(200_000)))]
    junk += [b"TAG" + bytes(125), b"APETAGEX" + rng.bytes(9000)]
    return content + junk[rng.integers(len(junk))]


MUTATIONS = (
    _flip_bits,
    _change_header,
    _state_other_sizes,
    _cut,
    _cut_front,
    _overwrite,
    _insert,
    _put_in_front,
    _put_behind,
)


def mutate_audio(rng, encoded):
    """Return a file that was changed by chance, and how: bytes and str."""
    names = list(encoded)
    name = names[rng.integers(len(names))]
    content, said = encoded[name], name
    if rng.random() < 0.2:
        other = names[rng.integers(len(names))]
        content, said = content + encoded[other], f"{said} + {other}"
    for mutation in rng.choice(len(MUTATIONS), size=rng.integers(1, 4)):
        content = MUTATIONS[mutation](rng, content)
        said += f", {MUTATIONS[mutation].__name__.strip('_')}"
    return content, said


def read_independently(path):
    """Return the seconds that FFmpeg decodes of a file; None where it complains of anything.

    Not more than a header states: FFmpeg takes what is behind the samples of an au for samples.
    """
    import av

    av.logging.set_level(av.logging.ERROR)
    try:
        with av.logging.Capture() as complaints, av.open(str(path)) as source:
            stream = source.streams.best("audio")
            seconds = sum(f.samples / f.sample_rate for f in source.decode(stream))
            if stream.duration and source.format.name != "mp3":  # that is an estimate
                seconds = min(seconds, float(stream.duration * stream.time_base))
    except (av.FFmpegError, ValueError, AttributeError, UnicodeDecodeError):
        return None
    finally:
        av.logging.set_level(None)
    return None if complaints else seconds


def examine_audio(path):
    """Return what becomes of an audio file, what is wrong with that or None, and seconds."""
    from autotagging.audio import loading
    from autotagging.features.settings import PRESETS
    from autotagging.features.spectrogram import extract_file

    held = read_independently(path)
    before = time.perf_counter()
    used, outcome, fault = 0.0, None, None
    try:
        reason = loading.why_undecodable(path)
        if reason is None:
            _, sound = extract_file(path, PRESETS["mel96"])
            used, reason = len(sound.samples) / PRESETS["mel96"].sample_rate, sound.problem
        outcome = reason or "used"
    except ValueError as error:
        outcome = str(error)
    except Exception:  # noqa: BLE001  any other is what is looked for
        outcome, fault = "exception", traceback.format_exc()
    seconds = time.perf_counter() - before
    if held and held > 1 and not fault:
        excused = any(excuse in outcome for excuse in EXCUSES) or _is_cut_off(outcome, held)
        if not used and not excused:
            fault = f"FFmpeg reads {held:.1f} s without a complaint, here: {outcome}"
        elif used and outcome == "used" and used < 0.9 * min(held, SECONDS):
            fault = f"FFmpeg reads {held:.1f} s, {used:.1f} s are used without a word"
    return outcome, fault or _find_excess(), seconds


def _is_cut_off(outcome, held):
    """Return whether a file was refused as it states much more than FFmpeg reads of it."""
    if "is cut off" not in outcome:
        return False
    stated = float(outcome.split(" of ")[1].split(" ")[0])
    return held < 0.9 * stated


def examine_model(path):
    """Return what becomes of a model file, what is wrong with that or None, and seconds."""
    from autotagging.models import model_folder

    before, fault = time.perf_counter(), None
    try:
        network, _ = model_folder.load(path)
        network(np.zeros((1, *network.input_shape[1:]), np.float32))
        outcome = "used"
    except ValueError as error:
        outcome = str(error).removeprefix(str(path))
        fault = f"{outcome} is not one line" if "\n" in outcome else None
    except Exception:  # noqa: BLE001  any other is what is looked for
        outcome, fault = "exception", traceback.format_exc()
    return outcome, fault or _find_excess(), time.perf_counter() - before


def _find_excess():
    """Return what is wrong where this process has taken too much memory, else None."""
    # not ru_maxrss, which a process has from the one that started it
    lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    memory = next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024
    return f"takes {memory:.0f} MB" if memory > MOST_MEMORY else None


def mutate_model(rng, model):
    """Return a model file that was changed by chance, and how: bytes and str."""
    with zipfile.ZipFile(io.BytesIO(model)) as archive:
        entries = {name: archive.read(name) for name in archive.namelist()}
    name = list(entries)[rng.integers(len(entries))]
    how = rng.choice(["file", "remove", "bytes", "value", "twice", "bomb"])
    if how == "file":
        mutation = MUTATIONS[rng.integers(len(MUTATIONS))]
        return mutation(rng, model), mutation.__name__
    if how == "remove":
        del entries[name]
    elif how == "bytes":
        mutation = MUTATIONS[rng.integers(len(MUTATIONS))]
        entries[name], how = mutation(rng, entries[name]), mutation.__name__
    elif how == "bomb":
        entries[name] = bytes(200_000_000)
    elif how == "value" and name.endswith(".json"):
        entries[name] = json.dumps(_change_value(rng, json.loads(entries[name]))).encode()
    changed = io.BytesIO()
    with warnings.catch_warnings(action="ignore"), zipfile.ZipFile(changed, "w") as archive:
        for entry, content in entries.items():
            archive.writestr(entry, content, zipfile.ZIP_DEFLATED if how == "bomb" else None)
        if how == "twice":
            archive.writestr(name, entries[name][::2])
    return changed.getvalue(), f"{name}: {how}"


ODD_VALUES = (None, True, -1, 0, 1e308, "", "Lambda", "../../x", [], {}, [[]] * 9, 10**30, "é\0")


def _change_value(rng, node):
    """Return JSON with one value, somewhere within it, replaced by an odd one."""
    if not isinstance(node, dict | list) or not node or rng.random() < 0.1:
        return ODD_VALUES[rng.integers(len(ODD_VALUES))]
    key = list(node)[rng.integers(len(node))] if isinstance(node, dict) else rng.integers(len(node))
    changed = node.copy()
    changed[key] = _change_value(rng, node[key])
    return changed


def fuzz(kind, examine, make, folder, n_inputs, seed):
    """Let files be examined that were changed by chance, in a process of their own.

    Parameters
    ----------
    kind : str
    examine : callable
        Takes a path; returns what became of it, what is wrong with that or None, and seconds.
    make : callable
        Takes a random generator; returns bytes and, in words, what they are.
    folder : Path
        Where the files lie; those with a fault stay.
    n_inputs, seed : int

    Returns
    -------
    Outcomes
    """
    outcomes, spawn = Outcomes(kind), multiprocessing.get_context("spawn")
    worker = concurrent.futures.ProcessPoolExecutor(1, spawn)
    for number in range(n_inputs):
        content, said = make(np.random.default_rng([seed, number]))
        path = folder / f"{seed}-{number}{ENDINGS[kind]}"
        path.write_bytes(content)
        try:
            outcome, fault, seconds = worker.submit(examine, path).result(LONGEST + STARTING)
        except (concurrent.futures.BrokenExecutor, TimeoutError) as error:
            outcome, fault, seconds = "killed", repr(error), LONGEST
            for process in worker._processes.values():
                process.kill()
            worker = concurrent.futures.ProcessPoolExecutor(1, spawn)
        if seconds > LONGEST:
            fault = fault or f"takes {seconds:.0f} s"
        outcomes.note(outcome, seconds)
        if fault:
            outcomes.faults.append(f"{path.name} ({said}): {fault}")
        else:
            path.unlink()
    worker.shutdown()
    return outcomes
