"""Inputs that nobody thought of, made by chance, and what becomes of them.

Audio that is damaged in a few of many ways goes to a process of its own, as decoders may crash,
hang or take all memory; an independent reading by FFmpeg says what there is to use.
"""

import concurrent.futures
import io
import multiprocessing
import re
import resource
import struct
import time
import traceback
from collections import Counter
from dataclasses import dataclass, field

import audio_files
import numpy as np
import soundfile

SECONDS = 29.12
LONGEST = 30.0  # seconds that an input may take
MOST_MEMORY = 1000  # MB of a process

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


def mutate(rng, encoded):
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
    """Return the seconds that FFmpeg decodes of a file; None where it complains of anything."""
    import av

    av.logging.set_level(av.logging.ERROR)
    try:
        with av.logging.Capture() as complaints, av.open(str(path)) as source:
            frames = source.decode(source.streams.best("audio"))
            n_samples = sum(frame.samples / frame.sample_rate for frame in frames)
    except (av.FFmpegError, ValueError, AttributeError, UnicodeDecodeError):
        return None
    finally:
        av.logging.set_level(None)
    return None if complaints else float(n_samples)


def examine(path):
    """Return what becomes of an audio file, and what is wrong with that: two str, None for none."""
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
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024  # MB, on Linux
    if memory > MOST_MEMORY:
        fault = f"takes {memory:.0f} MB"
    return outcome, fault, seconds


def _is_cut_off(outcome, held):
    """Return whether a file was refused as it states much more than FFmpeg reads of it."""
    if "is cut off" not in outcome:
        return False
    stated = float(outcome.split(" of ")[1].split(" ")[0])
    return held < 0.9 * stated


def fuzz_audio(folder, encoded, n_inputs, seed):
    """Let files be examined that were changed by chance.

    Parameters
    ----------
    folder : Path
        Where the files lie; those with a fault stay.
    encoded : dict
        From `encode_all`.
    n_inputs, seed : int

    Returns
    -------
    Outcomes
    """
    outcomes, spawn = Outcomes("audio"), multiprocessing.get_context("spawn")
    worker = concurrent.futures.ProcessPoolExecutor(1, spawn)
    for number in range(n_inputs):
        rng = np.random.default_rng([seed, number])
        content, said = mutate(rng, encoded)
        path = folder / f"{seed}-{number}.mp3"
        path.write_bytes(content)
        try:
            outcome, fault, seconds = worker.submit(examine, path).result(LONGEST + 30)
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
