"""Inputs that nobody thought of: none ends in a traceback, hangs, or is left out without a word.

``make test`` tries 150 of them, the same every time; ``make fuzz`` 3,000 others, or as many as
FUZZ_INPUTS says, from another seed each time (FUZZ_SEED), and prints what became of them. What
`assert_no_fault` prints names seed and number of each fault, so that it can be made again.
"""

import csv
import functools
import io
import os
import shutil
import stat
import time
import zipfile

import fuzzing
import numpy as np
import pandas as pd
import pytest
import soundfile
from audio_files import RATE, encode, tone
from conftest import SCRIPTS
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import seed as hypothesis_seed
from hypothesis import strategies as st

N_INPUTS = int(os.environ.get("FUZZ_INPUTS", "150"))
SEED = int(os.environ.get("FUZZ_SEED", "0"))
SHARES = {"audio": 0.6, "tables": 0.2, "archives": 0.1, "models": 0.1}
ID_COLUMN = {"dtype": str, "keep_default_na": False}
IMPORTED = 500  # MB of the process that runs the scripts, which children count as their own


def n_inputs(kind):
    return max(1, round(SHARES[kind] * N_INPUTS))


def assert_no_fault(outcomes):
    print(f"\n{outcomes}\n  (FUZZ_SEED={SEED})")
    assert not outcomes.faults, "\n".join(outcomes.faults)


def fuzz_audio(folder, encoded, seed):
    make = functools.partial(fuzzing.mutate_audio, encoded=encoded)
    number = n_inputs("audio") // 2
    return fuzzing.fuzz("audio", fuzzing.examine_audio, make, folder, number, seed)


def test_audio_is_used_or_listed(tmp_path):
    encoded = fuzzing.encode_all(tone(seconds=15.0)[:, 0], RATE)
    assert_no_fault(fuzz_audio(tmp_path, encoded, SEED))


def test_real_audio_is_used_or_listed(tmp_path, test_data):
    file = sorted((test_data / "mtt-excerpt" / "0").glob("*.mp3"))[0]
    encoded = fuzzing.encode_all(*soundfile.read(file, dtype="float32"))
    encoded["real.mp3"] = file.read_bytes()
    assert_no_fault(fuzz_audio(tmp_path, encoded, SEED + 1))


@pytest.mark.usefixtures("small_vgg")
def test_model_files_are_used_or_refused_in_a_line(tmp_path):
    pytest.importorskip("keras")
    from test_model_folder import DESCRIPTION, build

    from autotagging.models import model_folder

    model_folder.save(tmp_path / "model.keras", build(), DESCRIPTION)
    model = (tmp_path / "model.keras").read_bytes()
    make = functools.partial(fuzzing.mutate_model, model=model)
    number = n_inputs("models")
    assert_no_fault(fuzzing.fuzz("models", fuzzing.examine_model, make, tmp_path, number, SEED))


def run_first_script(run_script, folder, outcomes, n_rows, said):
    """Run script 1 on a folder; note what became of it and what is wrong with that."""
    started = time.perf_counter()
    answer = run_script(SCRIPTS[1], "--data", folder / "data", "--raw", folder / "raw")
    seconds = time.perf_counter() - started
    bars = ("extracting:", "checking:", "linking:")
    lines = [line for line in answer.stderr.splitlines() if line and not line.startswith(bars)]
    outcomes.note(lines[-1].replace(str(folder), "") if answer.returncode else "used", seconds)
    faults = []
    if answer.returncode not in {0, 1, 2} or "Traceback" in answer.stderr:
        faults.append(answer.stderr)
    if answer.returncode and (len(lines) != 1 or len(lines[0]) > 1500):
        faults.append(f"not one sentence: {answer.stderr[:500]}")
    if seconds > fuzzing.LONGEST or answer.memory > fuzzing.MOST_MEMORY + IMPORTED:
        faults.append(f"{seconds:.0f} s, {answer.memory} MB")
    if not answer.returncode and n_rows is not None:
        n_listed = sum(
            len(pd.read_csv(folder / "data/clips" / name, **ID_COLUMN))
            for name in ("clips.csv", "excluded.csv")
        )
        if n_listed != n_rows:
            faults.append(f"{n_listed} of {n_rows} rows are used or listed")
    if sorted(path.name for path in folder.iterdir()) != ["data", "raw"]:
        faults.append("a file was written elsewhere")
    outcomes.faults += [f"{said}: {fault}" for fault in faults]


TAGS = ["rock", "calm", "fast"]
LONG = st.sampled_from(["x" * 1_000_000, '"', "a,b", "a\tb", "a\nb", "a\r\nb", "''", "=1+1", "\0"])
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12) | LONG
NUMBERS = st.sampled_from(["1.0", "TRUE", "", "nan", "2", "-1", " 1", "1e0", "yes"])


@st.composite
def tables(draw):
    """Draw a table of clips with something odd in it: its rows and bytes."""
    chance = draw(st.randoms(use_true_random=True))
    others = ["artist", "title", "album", "split", "clip_id"]
    header = ["path", *chance.sample(others, chance.randint(0, 2)), *TAGS[: chance.randint(1, 3)]]
    rows = [header]
    for number in range(chance.randint(1, 6)):
        row = [chance.choice("01") if name in TAGS else f"{name} {number}" for name in header]
        rows.append([f"audio/{number}.wav", *row[1:]])
    if "split" in header:
        for row, part in zip(rows[1:], ["train", "validation", "test"] * 2, strict=False):
            row[header.index("split")] = part
    for _ in range(chance.randint(0, 2)):
        row = rows[chance.randrange(len(rows))]
        row[chance.randrange(len(row))] = draw(TEXT | NUMBERS)
    form = {"delimiter": chance.choice(",\t" * 8 + ";|")}
    form["lineterminator"] = chance.choice(["\n", "\r\n", "\n", "\r"])
    form["quoting"] = chance.choice([csv.QUOTE_MINIMAL, csv.QUOTE_ALL])
    encoding = chance.choice(["utf-8"] * 12 + ["utf-8-sig", "utf-16", "latin-1"])
    text = io.StringIO(newline="")
    csv.writer(text, **form).writerows(rows)
    content = text.getvalue().encode(encoding, errors="replace")
    if chance.random() < 0.1:
        content = content[: chance.randrange(len(content))] + draw(st.binary(max_size=9))
    return rows, content


def _count_rows(content):
    """Return how many rows with something in them a table has, as Python's csv reads it."""
    text = content.decode("utf-8-sig", errors="replace")
    separator = "\t" if "\t" in text.split("\n")[0] else ","
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    try:
        return sum(any(map(str.strip, row)) for row in rows) - 1
    except csv.Error:  # a value of over 131,072 characters
        return None


def test_tables_are_used_or_refused_in_a_sentence(run_script, tmp_path_factory):
    outcomes, base = fuzzing.Outcomes("tables"), tmp_path_factory.mktemp("tables")

    @hypothesis_seed(SEED)
    @settings(
        max_examples=n_inputs("tables"),
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(tables())
    def try_table(table):
        rows, content = table
        folder = base / str(outcomes.n_by_outcome.total())
        (folder / "raw/audio").mkdir(parents=True)
        for number in range(6):
            (folder / f"raw/audio/{number}.wav").write_bytes(encode("wav", seconds=0.2))
        (folder / "raw/my.csv").write_bytes(content)
        said = repr([[value[:50] for value in row] for row in rows])
        run_first_script(run_script, folder, outcomes, _count_rows(content), said)
        shutil.rmtree(folder)

    try_table()
    assert_no_fault(outcomes)


NAMES = ["/absolute/evil.wav", "../evil.wav", "audio/../../evil.wav", "C:\\evil.wav", "audio/ä.wav"]
NAMES += ["audio/", ".", "audio/x.wav/y.wav", "audio/\u202ex.wav", "con", "audio//1.wav", " "]


def write_archive(rng, folder):
    """Write an archive with odd members, in parts; return the members of its table and how."""
    buffer, said, names = io.BytesIO(), [], [f"audio/{number}.wav" for number in range(6)]
    with zipfile.ZipFile(buffer, "w") as archive:
        for name in names:
            archive.writestr(name, encode("wav", seconds=0.2))
        for _ in range(rng.integers(0, 3)):
            how, name = rng.choice(["name", "link", "bomb", "twice", "no audio"]), "audio/odd.wav"
            content = encode("wav", seconds=0.2)
            if how == "name":
                name = NAMES[rng.integers(len(NAMES))]
            member = zipfile.ZipInfo("audio/1.wav" if how == "twice" else name)
            if how == "link":
                member.external_attr = (stat.S_IFLNK | 0o777) << 16
                content = b"../../../../etc/passwd"
            elif how == "bomb":
                member.compress_type = zipfile.ZIP_DEFLATED
                content = bytes(300_000_000)
            elif how == "no audio":
                content = rng.bytes(1000)
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr("warnings.warn", lambda *_, **__: None)  # of a name that is twice
                archive.writestr(member, content)
            names.append(member.filename)
            said.append(f"{how} {name}")
    content = buffer.getvalue()
    if rng.random() < 0.5:
        mutation = fuzzing.MUTATIONS[rng.integers(len(fuzzing.MUTATIONS))]
        content = mutation(rng, content)
        said.append(mutation.__name__)
    n_parts = int(rng.integers(1, 4))
    size = -(-len(content) // n_parts) or 1
    for number in range(n_parts):
        part = content[number * size : (number + 1) * size]
        (folder / f"mp3.zip.{number + 1:03}").write_bytes(part)
    listed = [name for name in dict.fromkeys(names) if rng.random() < 0.8]
    return listed or names[:1], f"{n_parts} parts, {said}"


def test_archives_are_used_or_refused_in_a_sentence(run_script, tmp_path):
    outcomes = fuzzing.Outcomes("archives")
    for number in range(n_inputs("archives")):
        rng = np.random.default_rng([SEED, number])
        folder = tmp_path / str(number)
        (folder / "raw").mkdir(parents=True)
        names, said = write_archive(rng, folder / "raw")
        table = pd.DataFrame({"path": names})
        table["rock"], table["calm"] = rng.integers(2, size=(2, len(names)))
        table.to_csv(folder / "raw/my.csv", index=False)
        run_first_script(run_script, folder, outcomes, len(table), f"seed {SEED} {number}, {said}")
        shutil.rmtree(folder)
    assert_no_fault(outcomes)
