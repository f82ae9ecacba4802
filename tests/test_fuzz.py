"""Inputs that nobody thought of: none ends in a traceback, hangs, or is left out without a word.

``make test`` tries 150 of them, the same every time; ``make fuzz`` 3,000 others, or as many as
FUZZ_INPUTS says, from another seed each time (FUZZ_SEED), and prints what became of them.
"""

import io
import os
import shutil
import time
import zipfile

import fuzzing
import numpy as np
import pandas as pd
import pytest
import soundfile
from audio_files import RATE, tone
from conftest import SCRIPTS, TINY_TAGS, write_annotations

N_INPUTS = int(os.environ.get("FUZZ_INPUTS", "150"))
SEED = int(os.environ.get("FUZZ_SEED", "0"))
SHARES = {"audio": 0.6, "tables": 0.2, "archives": 0.1, "models": 0.1}


def n_inputs(kind):
    return max(1, round(SHARES[kind] * N_INPUTS))


def assert_no_fault(outcomes):
    print(outcomes)
    assert not outcomes.faults, "\n".join(outcomes.faults)


def test_audio_is_used_or_listed(tmp_path):
    encoded = fuzzing.encode_all(tone(seconds=15.0)[:, 0], RATE)
    assert_no_fault(fuzzing.fuzz_audio(tmp_path, encoded, n_inputs("audio") // 2, SEED))


def test_real_audio_is_used_or_listed(tmp_path, test_data):
    file = sorted((test_data / "mtt-excerpt" / "0").glob("*.mp3"))[0]
    encoded = fuzzing.encode_all(*soundfile.read(file, dtype="float32"))
    encoded["real.mp3"] = file.read_bytes()
    assert_no_fault(fuzzing.fuzz_audio(tmp_path, encoded, n_inputs("audio") // 2, SEED + 1))
