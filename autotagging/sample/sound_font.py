"""A sound font (SoundFont 2.01) -> the sample zones that play a note.

What of the format is used: key and velocity ranges, tuning, loops, attenuation, the volume
envelope and a fixed low-pass filter. Modulators, pan and LFOs are left out.

Why not a library: symusic 0.5.9 plays this font out of tune (piano, 262 Hz: 832 Hz; violin, 831 Hz:
4,572 Hz), tinysoundfont does not install without PortAudio, fluidsynth is a system package.
"""

from functools import lru_cache
from pathlib import Path

import numpy as np

DRUM_BANK = 128

# Generators by number (SoundFont 2.01, section 8.1.2) with their defaults.
GENERATORS = {
    0: ("start", 0), 1: ("end", 0), 2: ("loop_start", 0), 3: ("loop_end", 0),
    4: ("start_coarse", 0), 8: ("cutoff", 13500), 12: ("end_coarse", 0), 34: ("attack", -12000),
    35: ("hold", -12000), 36: ("decay", -12000), 37: ("sustain", 0), 38: ("release", -12000),
    41: ("instrument", -1), 43: ("keys", 0x7F00), 44: ("velocities", 0x7F00),
    45: ("loop_start_coarse", 0), 48: ("attenuation", 0), 50: ("loop_end_coarse", 0),
    51: ("semitones", 0), 52: ("cents", 0), 53: ("sample", -1), 54: ("mode", 0),
    56: ("scale", 100), 58: ("root", -1),
}  # fmt: skip
DEFAULTS = dict(GENERATORS.values())
RANGES = ("keys", "velocities")

RECORDS = {
    b"phdr": [("name", "S20"), ("program", "<u2"), ("bank", "<u2"), ("bag", "<u2"),
              ("rest", "V12")],
    b"pbag": [("gen", "<u2"), ("mod", "<u2")],
    b"pgen": [("kind", "<u2"), ("amount", "<i2")],
    b"inst": [("name", "S20"), ("bag", "<u2")],
    b"ibag": [("gen", "<u2"), ("mod", "<u2")],
    b"igen": [("kind", "<u2"), ("amount", "<i2")],
    b"shdr": [("name", "S20"), ("start", "<u4"), ("end", "<u4"), ("loop_start", "<u4"),
              ("loop_end", "<u4"), ("rate", "<u4"), ("root", "u1"), ("correction", "i1"),
              ("link", "<u2"), ("type", "<u2")],
}  # fmt: skip


@lru_cache(maxsize=1)
def load(path):
    """Load a sound font.

    Parameters
    ----------
    path : str

    Returns
    -------
    dict
        ``samples`` (ndarray of float32 in [-1, 1]) and ``presets``: (bank, program) -> list of
        zones, dicts of the generators' values by the names of `GENERATORS`, with ``wave``
        (start, end, loop start, loop end, in samples) and ``rate`` (Hz).

    Raises
    ------
    ValueError
        Where the file is not a sound font.
    """
    content = Path(path).read_bytes()
    if content[:4] != b"RIFF" or content[8:12] != b"sfbk":
        raise ValueError(f"{path} is not a sound font")
    chunks = dict(_chunks(content, 12, len(content)))
    tables = {name: np.frombuffer(chunks[name], dtype) for name, dtype in RECORDS.items()}
    instruments = [
        _zones(tables, b"ibag", b"igen", tables[b"inst"]["bag"][k : k + 2], "sample")
        for k in range(len(tables[b"inst"]) - 1)
    ]
    presets = {}
    for k, header in enumerate(tables[b"phdr"][:-1]):
        own = _zones(tables, b"pbag", b"pgen", tables[b"phdr"]["bag"][k : k + 2], "instrument")
        presets[int(header["bank"]), int(header["program"])] = [
            _placed(_added(zone, outer), tables[b"shdr"])
            for outer in own
            for zone in instruments[outer["instrument"]]
        ]
    samples = np.frombuffer(chunks[b"smpl"], "<i2").astype(np.float32) / 32768
    return {"samples": samples, "presets": presets}


def _chunks(content, at, end):
    while at + 8 <= end:
        name, size = content[at : at + 4], int.from_bytes(content[at + 4 : at + 8], "little")
        if name == b"LIST":
            yield from _chunks(content, at + 12, at + 8 + size)
        else:
            yield name, content[at + 8 : at + 8 + size]
        at += 8 + size + size % 2


def _zones(tables, bags, generators, span, target):
    """Return the zones of an instrument or preset, its global zone's values filled in."""
    zones, shared = [], {}
    for bag in range(int(span[0]), int(span[1])):
        first, last = (int(tables[bags]["gen"][bag + k]) for k in (0, 1))
        zone = {
            GENERATORS[int(row["kind"])][0]: int(row["amount"])
            for row in tables[generators][first:last]
            if int(row["kind"]) in GENERATORS
        }
        if target in zone:
            zones.append(shared | zone)
        elif bag == span[0]:
            shared = zone
    return zones


def _added(zone, outer):
    """Return an instrument's zone with a preset's added: ranges meet, values add up."""
    total = DEFAULTS | zone
    for name, value in outer.items():
        if name in RANGES:
            low = max(total[name] & 255, value & 255)
            total[name] = low | min(total[name] >> 8, value >> 8) << 8
        elif name != "instrument":
            total[name] += value
    return total


def _placed(zone, headers):
    header = headers[zone["sample"]]
    positions = [
        int(header[name]) + zone[name] + 32768 * zone.get(f"{name}_coarse", 0)
        for name in ("start", "end", "loop_start", "loop_end")
    ]
    root = zone["root"] if zone["root"] >= 0 else int(header["root"])
    cents = zone["cents"] + int(header["correction"])
    return zone | {"wave": positions, "rate": int(header["rate"]), "root": root, "cents": cents}


def zones_of(font, bank, program, key, velocity):
    """Return the zones that play a note; those of bank 0 or kit 0 where the preset lacks."""
    presets = font["presets"]
    preset = presets.get((bank, program)) or presets[bank if bank == DRUM_BANK else 0, 0]
    return [
        zone
        for zone in preset
        if zone["keys"] & 255 <= key <= zone["keys"] >> 8
        and zone["velocities"] & 255 <= velocity <= zone["velocities"] >> 8
    ]
