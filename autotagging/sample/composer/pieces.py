"""Pieces: a style, an artist's hand and a random generator -> sections and notes.

A piece is a dict: ``style``, ``tempo`` (beats a minute), ``metre``, ``seconds``, ``level`` (dB,
how loud it is meant to be), ``swell`` (whether long notes swell), ``sections`` (list of dicts with
start, end, kind and intensity) and ``parts``, each a dict of ``name``, ``program``, ``is_drum``,
``sung``, ``vibrato`` and ``notes``, an array of (onset in s, length in s, pitch, velocity) in the
order of the onsets.
"""

import numpy as np

from autotagging.sample.composer import bands, classical, electronic, harmony, layers, world

STYLES = classical.STYLES | bands.STYLES | electronic.STYLES | world.STYLES

FORM = ("intro", "verse", "chorus", "verse", "break", "chorus", "verse", "chorus")
SECTION_SECONDS = (15.0, 22.0, 30.0)


def draw_hand(rng):
    """Return an artist's hand: what all pieces of the artist have in common.

    Parameters
    ----------
    rng : numpy.random.Generator

    Returns
    -------
    dict
        ``register`` (semitones), ``pace`` (0 to 1 within a style's tempi), ``tonics`` (the
        favourite keys), ``harmony`` and ``choice`` (habits: which progression, instrument and
        pattern), ``density`` and ``touch`` (factors on notes and velocities), ``loose`` (factor
        on the inaccuracy of the timing), ``singer`` (female, male, both).
    """
    return {
        "register": int(rng.integers(-5, 6)),
        "pace": float(rng.random()),
        "tonics": [int(tonic) for tonic in rng.choice(12, size=3, replace=False)],
        "harmony": int(rng.integers(1000)),
        "choice": int(rng.integers(1000)),
        "density": float(rng.uniform(0.75, 1.3)),
        "touch": float(rng.uniform(0.82, 1.1)),
        "loose": float(rng.uniform(0.5, 1.6)),
        "singer": str(rng.choice(["female", "male", "both"], p=[0.45, 0.45, 0.1])),
    }


def compose(style, hand, seconds, rng):
    """Compose a piece.

    Parameters
    ----------
    style : str
        A key of `STYLES`.
    hand : dict
        See `draw_hand`.
    seconds : float
        Length: no note sounds longer.
    rng : numpy.random.Generator

    Returns
    -------
    dict
        The piece, see the module.
    """
    rules = STYLES[style]
    slow, fast = rules["tempo"]
    pace = np.clip(hand["pace"] + rng.normal(0, 0.25), 0, 1)
    tempo = float(slow * (fast / slow) ** pace)
    metre = rules["metres"][(hand["harmony"] + int(rng.random() < 0.3)) % len(rules["metres"])]
    sections = plan_sections(rules, metre, tempo, seconds, rng)
    key = 48 + int(rng.choice(hand["tonics"])) % 12
    scale = _pick(rules["scales"], hand["harmony"], rng)
    _harmonise(sections, rules, (key, scale), hand, rng)
    clock = _clock(sections, rules, metre, tempo, rng)
    parts = []
    for layer in rules["layers"]:
        voice = _in_hand(layer, hand, metre, rng)
        parts.append(_part(voice, sections, hand, rng))
        parts[-1]["notes"] = _humanised(parts[-1]["notes"], clock, rules, hand, rng)
    for section in sections:
        section["start"] = clock(section["at"])
        section["end"] = clock(section["at"] + section["beats"])
    return {
        "style": style, "tempo": tempo, "metre": metre, "seconds": seconds,
        "sections": [{k: s[k] for k in ("start", "end", "kind", "intensity")} for s in sections],
        "parts": [cut(part, seconds) for part in parts if len(part["notes"])],
        "level": rules["level"] + 20 * float(np.log10(hand["touch"] / 0.96)),
        "swell": rules.get("swell", False),
    }  # fmt: skip


def plan_sections(rules, metre, tempo, seconds, rng):
    """Return the sections of a piece in order: kind, beats, where they begin, how intense."""
    bar = metre * 60 / tempo
    start = int(rng.integers(len(FORM)))
    calm = rng.uniform(0.25, 0.5)
    intensity = {"intro": calm + 0.1, "verse": 0.72, "chorus": 1.0, "break": calm}
    sections, at = [], 0.0
    while at * 60 / tempo < seconds + 2:
        kind = FORM[(start + len(sections)) % len(FORM)]
        phrase = 4 if bar < 5 else 2
        bars = max(phrase, phrase * round(rng.choice(SECTION_SECONDS) / bar / phrase))
        sections.append(
            {
                "kind": kind, "at": at, "beats": int(bars * metre), "metre": metre,
                "phrase": phrase, "intensity": intensity[kind] * rng.uniform(0.92, 1.05),
            }
        )  # fmt: skip
        at += bars * metre
    return sections


def _pick(choices, habit, rng):
    """Return the artist's own choice, or now and then another one."""
    other = rng.integers(len(choices)) if rng.random() < 0.2 else 0
    return choices[(habit + other) % len(choices)]


def _harmonise(sections, rules, key, hand, rng):
    tonic, scale = key
    by_kind = {}
    for section in sections:
        if section["kind"] not in by_kind:
            shift = 1 if section["kind"] == "chorus" else 0
            by_kind[section["kind"]] = _pick(rules["progressions"], hand["harmony"] + shift, rng)
        length = section["metre"] * rules.get("bars_a_chord", 1)
        degrees, chords = by_kind[section["kind"]], []
        for k, start in enumerate(np.arange(0, section["beats"], length)):
            degree = degrees[k % len(degrees)]
            if start + length >= section["beats"]:
                degree = 0  # every section closes on the tonic
            tones = harmony.chord(tonic, rules.get("harmony_scale", scale), degree, rules["chords"])
            chords.append((float(start), float(min(length, section["beats"] - start)), tones))
        section.update(chords=chords, tonic=tonic, scale=scale)


def _clock(sections, rules, metre, tempo, rng):
    """Return the function from beats to seconds: rubato within phrases, slower where they end."""
    beats = np.arange(0, sections[-1]["at"] + sections[-1]["beats"] + 8, 0.25)
    swing, wave = rules["rubato"], rng.uniform(0, 2 * np.pi)
    pace = 1 + swing * np.sin(2 * np.pi * beats / (metre * 4) + wave)
    for section in sections:
        left = section["at"] + section["beats"] - beats
        pace = np.where((left > 0) & (left <= metre), pace * (1 + 2 * swing), pace)
    seconds = np.concatenate([[0], np.cumsum(pace[:-1] * 0.25 * 60 / tempo)])
    return lambda at: np.interp(at, beats, seconds)


def _part(voice, sections, hand, rng):
    """Return one layer played through all sections as a part of the piece, still in beats."""
    plays, notes = {}, []
    for section in sections:
        if section["kind"] not in plays:
            plays[section["kind"]] = rng.random() < voice["on"][section["kind"]]
        if not plays[section["kind"]]:
            continue
        for onset, length, sound, accent in voice["play"](section, voice, rng):
            strength = voice["velocity"] * accent * hand["touch"]
            strength *= 0.5 + 0.5 * section["intensity"]
            strength *= 0.94 + 0.12 * np.sin(np.pi * onset / section["beats"])
            notes.append((section["at"] + onset, length, sound, strength))
    played = np.array(sorted(notes), dtype=float).reshape(-1, 4)
    return {
        "name": voice["name"], "program": voice["program"], "is_drum": voice["name"] == "drums",
        "sung": voice.get("singers"), "vibrato": voice.get("vibrato", 0),
        "notes": played,
    }  # fmt: skip


def _in_hand(voice, hand, metre, rng):
    """Return a layer as this artist plays it: instrument, register, motifs, pattern."""
    is_drum = voice["name"] == "drums"
    program = _pick(voice["programs"], hand["choice"] + len(voice["name"]), rng)
    shift = 0 if is_drum else hand["register"]
    if voice.get("singers"):
        man = hand["singer"] == "male" or (hand["singer"] == "both" and rng.random() < 0.5)
        centre = {"one": 67, "choir": 64, "men": voice["low"] + 8}[voice["singers"]]
        wanted = centre - (14 if man and voice["singers"] != "men" else 0)
        shift = int(wanted - (voice["low"] + voice["high"]) / 2 + np.clip(hand["register"], -2, 2))
    density = voice.get("density", 1.0) * (1.0 if is_drum else hand["density"])
    own = {"program": program, "habit": hand["choice"]}
    if not is_drum:
        own |= {"low": voice["low"] + shift, "high": voice["high"] + shift}
        own |= {"motifs": layers.motifs(rng, metre, min(density, 3.8)), "density": density}
    return voice | own


def _humanised(notes, clock, rules, hand, rng):
    """Return notes in seconds with swing, and timing and strength as inexact as hands are."""
    if not len(notes):
        return notes
    onset, length, sound, strength = notes.T
    swing = rules.get("swing", 0.5)
    off_beat = np.isclose(onset % 1, 0.5)
    start = clock(onset + np.where(off_beat, swing - 0.5, 0.0))
    duration = np.maximum(clock(onset + length) - clock(onset), 0.04)
    start = np.maximum(start + rng.normal(0, rules["jitter"] * hand["loose"], len(start)), 0)
    if rules["jitter"]:
        strength = strength + rng.normal(0, 4 * hand["loose"], len(start))
    played = np.column_stack([start, duration, np.clip(sound, 12, 119), np.clip(strength, 18, 127)])
    return played[np.argsort(played[:, 0], kind="stable")]


def cut(part, seconds):
    """Return a part without what lies after the end of the piece."""
    notes = part["notes"][part["notes"][:, 0] < seconds - 0.05].copy()
    notes[:, 1] = np.minimum(notes[:, 1], seconds - notes[:, 0])
    return part | {"notes": notes}
