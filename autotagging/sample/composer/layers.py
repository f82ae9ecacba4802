"""Layers: what one instrument plays in one section.

Each function takes a section, a layer and a random generator and returns notes as a list of
(onset in beats, length in beats, pitch, accent), accents being 1 for an ordinary note.

A section is a dict: ``chords`` (list of (onset, length, tones)), ``beats``, ``metre``, ``tonic``,
``scale``, ``phrase`` (bars in a phrase), ``intensity`` (0 to 1), ``ends`` (whether the piece
closes here). A layer is a dict made by `layer`; ``motifs`` stay the same through a whole piece,
which is how a tune comes back.
"""

import numpy as np

from autotagging.sample.composer import harmony

ALWAYS = {"intro": 1.0, "verse": 1.0, "chorus": 1.0, "break": 1.0}
NOT_INTRO = {"intro": 0.25, "verse": 1.0, "chorus": 1.0, "break": 0.7}
FULL = {"intro": 0.2, "verse": 1.0, "chorus": 1.0, "break": 0.1}
CHORUS = {"intro": 0.1, "verse": 0.4, "chorus": 1.0, "break": 0.3}
SOMETIMES = {"intro": 0.3, "verse": 0.5, "chorus": 0.7, "break": 0.4}
QUIET_PARTS = {"intro": 0.9, "verse": 0.3, "chorus": 0.3, "break": 0.9}


def layer(name, play, programs, low, high, **options):
    """Return the description of a layer.

    Parameters
    ----------
    name : str
        What it is in the piece: lead, voice, drums, chords, bass, ...
    play : callable
        A function of this module or of `drums`.
    programs : tuple of int
        General MIDI programs (0 to 127) an artist chooses from; for drums, kits.
    low, high : int
        Lowest and highest pitch, an octave apart at least.
    **options
        ``on`` (chance of playing by kind of section), ``velocity``, ``legato``, and what
        `play` takes.
    """
    return {
        "name": name, "play": play, "programs": programs, "low": low, "high": high,
        "on": ALWAYS, "velocity": 80, "legato": 0.95,
    } | options  # fmt: skip


def motifs(rng, metre, density):
    """Return the two ideas a tune is made of, each a bar's rhythm with its contour."""
    ideas = []
    for factor in (1.0, 0.8):
        rhythm = harmony.rhythm(rng, metre, density * factor)
        ideas.append((rhythm, harmony.contour(rng, len(rhythm))))
    return ideas


def chord_at(section, onset):
    """Return the tones of the chord that sounds at a beat."""
    tones = section["chords"][0][2]
    for start, _, candidate in section["chords"]:
        if start <= onset + 1e-6:
            tones = candidate
    return tones


def melody(section, voice, rng):
    """Play a tune: phrases of bars a a' b and a close, chord tones on strong beats.

    Options: ``rest`` (chance that a bar is silent), ``grace`` (chance of an ornament before a
    note), ``free`` (1: no chord tones wanted, as in a raga), ``harmonised`` (an interval in steps
    below, played along).
    """
    notes = []
    metre, phrase = section["metre"], section["phrase"]
    degree = _degree_near(section, (voice["low"] + voice["high"]) / 2)
    for bar in range(section["beats"] // metre):
        place = bar % phrase
        closing = place == phrase - 1
        idea = voice["motifs"][1 if place == phrase - 2 and phrase > 2 else 0]
        if not closing and rng.random() < voice.get("rest", 0.0):
            continue
        for (onset, length), step in zip(*_closed(idea, metre, closing), strict=True):
            at = bar * metre + onset
            degree = _step(section, voice, degree + step)
            strong = onset % 2 == 0 and not voice.get("free")
            if strong or (closing and onset == 0):
                degree = _on_chord(section, degree, chord_at(section, at))
            sound = harmony.pitch(section["tonic"], section["scale"], degree)
            accent = 1.08 if onset == 0 else 0.92 + 0.1 * (place / phrase)
            notes += _ornamented(section, voice, rng, (at, length, sound, accent), degree)
    return _in_range(notes, voice)


def _closed(idea, metre, closing):
    rhythm, contour = idea
    if not closing:
        return rhythm, contour
    kept = [(onset, length) for onset, length in rhythm if onset < metre / 2] or [(0.0, 1.0)]
    onset = kept[-1][0]
    return [*kept[:-1], (onset, metre * 0.85 - onset)], contour[: len(kept)]


def _ornamented(section, voice, rng, note, degree):
    at, length, sound, accent = note
    notes = [(at, length * voice["legato"], sound, accent)]
    if voice.get("harmonised"):
        below = harmony.pitch(section["tonic"], section["scale"], degree - voice["harmonised"])
        notes.append((at, length * voice["legato"], below, accent * 0.85))
    if length >= 0.5 and rng.random() < voice.get("grace", 0.0):
        upper = harmony.pitch(section["tonic"], section["scale"], degree + 1)
        if length >= 1 and rng.random() < 0.5:  # a trill of thirty-second notes
            return [(at + k / 8, 0.11, (upper, sound)[k % 2], accent * 0.9) for k in range(4)] + [
                (at + 0.5, length * voice["legato"] - 0.5, sound, accent)
            ]
        return [
            (at, 0.12, upper, accent * 0.8),
            (at + 0.12, length * voice["legato"] - 0.12, sound, accent),
        ]
    return notes


def _degree_near(section, wanted):
    degrees = np.arange(-40, 60)
    sounds = [harmony.pitch(section["tonic"], section["scale"], degree) for degree in degrees]
    return int(degrees[np.argmin(np.abs(np.array(sounds) - wanted))])


def _step(section, voice, degree):
    sound = harmony.pitch(section["tonic"], section["scale"], degree)
    if sound > voice["high"] - 1:
        return degree - 4
    if sound < voice["low"] + 1:
        return degree + 4
    return degree


def _on_chord(section, degree, tones):
    names = {tone % 12 for tone in tones}
    for shift in (0, -1, 1, -2, 2):
        if harmony.pitch(section["tonic"], section["scale"], degree + shift) % 12 in names:
            return degree + shift
    return degree


def _in_range(notes, voice):
    if not notes:
        return []
    sounds = harmony.into_range([note[2] for note in notes], voice["low"], voice["high"])
    return [(n[0], n[1], int(s), n[3]) for n, s in zip(notes, sounds, strict=True)]


def blocks(section, voice, rng):
    """Play the chords as blocks in the least movement; ``pattern`` gives onsets in a chord.

    Options: ``pattern`` (list of (onset, length) in beats, repeated each bar; default the whole
    chord), ``voices`` (3), ``strum`` (beats between the strings), ``only`` (one voice alone,
    counted from below, as a singer in a choir).
    """
    notes, previous = [], []
    for start, length, tones in section["chords"]:
        previous = harmony.voicing(tones, previous, voice["low"], voice.get("voices", 3))
        pattern = voice.get("pattern") or [(0.0, length)]
        bars = np.arange(0, length, section["metre"]) if voice.get("pattern") else [0.0]
        for bar in bars:
            for stroke, (onset, sounding) in enumerate(pattern):
                if bar + onset >= length:
                    continue
                held = min(sounding, length - bar - onset) * voice["legato"]
                order = previous if stroke % 2 == 0 else previous[::-1]
                for k, sound in enumerate(order):
                    if voice.get("only") is not None and sound != previous[voice["only"]]:
                        continue
                    delay = k * voice.get("strum", 0.0)
                    accent = 1.1 if onset == 0 else rng.uniform(0.8, 1.0)
                    notes.append((start + bar + onset + delay, held, sound, accent))
    return _in_range(notes, voice)


def arpeggio(section, voice, rng):
    """Play the chords note after note; ``shape`` up, down, wave, alberti or random, ``step``."""
    step, shape = voice.get("step", 0.5), voice.get("shape", "wave")
    notes, previous = [], []
    for start, length, tones in section["chords"]:
        previous = harmony.voicing(tones, previous, voice["low"], voice.get("voices", 4))
        n = len(previous)
        order = {
            "up": list(range(n)),
            "down": list(range(n))[::-1],
            "wave": [*range(n), *range(n - 2, 0, -1)],
            "alberti": [0, n - 1, n // 2, n - 1],
            "random": list(rng.permutation(n)),
        }[shape]
        for k in range(round(length / step)):
            if rng.random() < voice.get("gaps", 0.0):
                continue
            accent = 1.1 if k % len(order) == 0 else 0.9
            sounding = step * voice.get("ring", 1.0) * voice["legato"]
            notes.append((start + k * step, sounding, previous[order[k % len(order)]], accent))
    return _in_range(notes, voice)


def bass(section, voice, rng):
    """Play a bass line: ``line`` root, pulse, octave, offbeat, alternate, walking or sixteen."""
    notes = []
    for start, length, tones in section["chords"]:
        root = int(harmony.into_range(tones[0], voice["low"], voice["low"] + 11))
        fifth = root + 7
        for k, (onset, sounding, accent) in enumerate(_bass_rhythm(voice["line"], length, rng)):
            if voice["line"] == "walking":
                names = [tones[0], tones[1], tones[2], tones[0] + rng.choice([-1, 1, 2, 5])]
                sound = harmony.nearest([names[k % 4]], root + rng.choice([0, 4, 7]))
            elif voice["line"] in {"octave", "sixteen"}:
                sound = root + 12 * (k % 2 if voice["line"] == "octave" else rng.random() < 0.2)
            else:
                sound = fifth if voice["line"] == "alternate" and k % 2 else root
            notes.append((start + onset, sounding * voice["legato"], sound, accent))
    return _in_range(notes, voice)


def _bass_rhythm(line, length, rng):
    if line == "root":
        return [(0.0, length, 1.0)]
    if line == "offbeat":
        return [(k + 0.5, 0.4, 1.0) for k in np.arange(0, length)]
    if line == "sixteen":
        steps = np.arange(0, length, 0.25)
        return [(k, 0.2, 1.0) for k in steps if k % 2 == 0 or rng.random() < 0.5]
    step = {"pulse": 0.5, "octave": 0.5, "walking": 1.0, "alternate": 2.0}[line]
    onsets = np.arange(0, length, step)
    return [(k, min(step, length - k), 1.05 if k == 0 else 0.92) for k in onsets]


def drone(section, voice, rng):
    """Hold the tonic, its fifth and octave; ``restrike`` is the beats between strokes."""
    restrike = voice.get("restrike", float(section["beats"]))
    low = int(harmony.into_range(section["tonic"], voice["low"], voice["low"] + 11))
    notes = []
    for onset in np.arange(0, section["beats"] - 0.01, restrike):
        for k, sound in enumerate((low, low + 7, low + 12)[: voice.get("voices", 3)]):
            at = onset + k * voice.get("spread", 0.0)
            notes.append((at, restrike * voice["legato"], sound, rng.uniform(0.85, 1.0)))
    return notes


def riff(section, voice, rng):
    """Play power chords in the piece's own rhythm, short ones between long ones."""
    notes = []
    rhythm = voice["motifs"][0][0]
    for start, length, tones in section["chords"]:
        root = int(harmony.into_range(tones[0], voice["low"], voice["low"] + 11))
        for bar in np.arange(0, length, section["metre"]):
            for onset, sounding in rhythm:
                if bar + onset >= length:
                    continue
                held = min(sounding, length - bar - onset)
                shift = rng.choice([0, 0, 0, 0, 3, -2]) if held < 0.5 else 0
                for interval in (0, 7, 12):
                    at = start + bar + onset
                    notes.append((at, held * voice["legato"], root + shift + interval, 1.0))
    return _in_range(notes, voice)


def counterpoint(section, voice, rng):
    """Answer the tune: the motif one bar later and lower, moving while the tune rests."""
    notes = melody(section, voice, rng)
    delay = voice.get("delay", 1) * section["metre"] / 2
    kept = []
    for onset, length, sound, accent in notes:
        if onset + delay + length <= section["beats"]:
            tones = chord_at(section, onset + delay)
            strong = (onset + delay) % 2 == 0
            answer = harmony.nearest(tones, sound) if strong else sound
            kept.append((onset + delay, length, answer, accent))
    return _in_range(kept, voice)


def chant(section, voice, rng):
    """Sing a line of chant: a reciting tone, steps around it, a fall at the end of a phrase."""
    notes, at = [], 0.0
    reciting = _degree_near(section, (voice["low"] + voice["high"]) / 2)
    while at < section["beats"] - 4:
        n = int(rng.integers(5, 12))
        steps = np.cumsum(rng.choice([-1, 0, 0, 1], size=n))
        steps[-2:] = (-1, -2)
        for k, step in enumerate(np.clip(steps, -3, 3)):
            length = 2.0 if k >= n - 2 else float(rng.choice([0.5, 0.5, 1.0]))
            sound = harmony.pitch(section["tonic"], section["scale"], reciting + step)
            notes.append((at, length * voice["legato"], sound, 1.0 if k < n - 2 else 0.85))
            at += length
        at += 1.0
    return _in_range([note for note in notes if note[0] < section["beats"]], voice)


def swells(section, voice, rng):
    """Let single far-apart sounds come and go: a note, a cluster, a glassy high one."""
    notes, at = [], float(rng.uniform(0, 2))
    while at < section["beats"] - 1:
        degree = _degree_near(section, rng.uniform(voice["low"], voice["high"]))
        for k in range(int(rng.integers(1, voice.get("voices", 3) + 1))):
            sound = harmony.pitch(section["tonic"], section["scale"], degree + k)
            length = min(rng.uniform(1, 5), section["beats"] - at)
            notes.append((at, length, sound, rng.uniform(0.6, 1.1)))
        at += rng.uniform(0.5, 4.0) / voice.get("density", 1.0)
    return _in_range(notes, voice)
