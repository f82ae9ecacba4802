"""Scales, chords, voicings and rhythms: what every style is composed of.

Pitches are MIDI numbers (60 is middle C); a degree counts steps of a scale from 0, the tonic;
times are in beats from the start of a section.
"""

import numpy as np

SCALES = {
    "major": (0, 2, 4, 5, 7, 9, 11),
    "minor": (0, 2, 3, 5, 7, 8, 10),
    "dorian": (0, 2, 3, 5, 7, 9, 10),
    "phrygian": (0, 1, 3, 5, 7, 8, 10),
    "lydian": (0, 2, 4, 6, 7, 9, 11),
    "mixolydian": (0, 2, 4, 5, 7, 9, 10),
    "blues": (0, 3, 5, 6, 7, 10),
    "pentatonic": (0, 2, 4, 7, 9),
    "minor pentatonic": (0, 3, 5, 7, 10),
    "hijaz": (0, 1, 4, 5, 7, 8, 10),
    "double harmonic": (0, 1, 4, 5, 7, 8, 11),
    "bhairavi": (0, 1, 3, 5, 7, 8, 10),
    "kafi": (0, 2, 3, 5, 7, 9, 10),
    "yaman": (0, 2, 4, 6, 7, 9, 11),
    "in": (0, 1, 5, 7, 8),
    "whole tone": (0, 2, 4, 6, 8, 10),
    "octatonic": (0, 1, 3, 4, 6, 7, 9, 10),
}


def pitch(tonic, scale, degree):
    """Return the pitch of a degree of a scale; degrees below 0 and past the octave are right."""
    steps = SCALES[scale]
    octave, step = divmod(int(degree), len(steps))
    return tonic + 12 * octave + steps[step]


def chord(tonic, scale, degree, kind):
    """Return the pitches of a chord on a degree, root first.

    Parameters
    ----------
    tonic : int
    scale, kind : str
        A key of `SCALES`; one of triad, seventh, ninth, dominant, power, open.
    degree : int
        The dominant of a minor key gets its leading note.

    Returns
    -------
    list of int
    """
    root = pitch(tonic, scale, degree)
    if kind == "dominant":
        return [root, root + 4, root + 7, root + 10]
    if kind == "power":
        return [root, root + 7]
    if kind == "open":
        return [root, root + 7, root + 14]
    size = {"triad": 3, "seventh": 4, "ninth": 5}[kind]
    tones = [pitch(tonic, scale, degree + 2 * k) for k in range(size)]
    if scale == "minor" and degree % 7 == 4:
        tones[1] = root + 4
    return tones


def voicing(tones, previous, low, n_voices):
    """Return a chord's pitches in the position that moves least from the chord before.

    Parameters
    ----------
    tones : list of int
        The chord, root first.
    previous : list of int
        The voicing before it; empty at the beginning.
    low : int
        The lowest pitch allowed.
    n_voices : int

    Returns
    -------
    list of int
        Ascending.
    """
    wanted = (list(tones) + list(tones[:1]) * n_voices)[:n_voices]
    best, least = None, None
    for inversion in range(len(wanted)):
        turned = wanted[inversion:] + wanted[:inversion]
        bottom = low + (turned[0] - low) % 12
        pitches = [bottom]
        for tone in turned[1:]:
            pitches.append(pitches[-1] + ((tone - pitches[-1]) % 12 or 12))
        centre = previous or [low + 3, low + 12]
        movement = abs(np.mean(pitches) - np.mean(centre))
        if least is None or movement < least:
            best, least = pitches, movement
    return best


def nearest(tones, to):
    """Return the pitch nearest to `to` that has the name of one of the tones."""
    candidates = [to + (tone - to + 6) % 12 - 6 for tone in tones]
    return min(candidates, key=lambda candidate: (abs(candidate - to), candidate))


def into_range(pitches, low, high):
    """Return the pitches moved by octaves into [low, high], a span of an octave or more."""
    pitches = np.asarray(pitches)
    pitches = np.where(pitches < low, pitches + 12 * np.ceil((low - pitches) / 12), pitches)
    return np.where(pitches > high, pitches - 12 * np.ceil((pitches - high) / 12), pitches).astype(
        int
    )


def rhythm(rng, beats, density):
    """Return a bar's rhythm as onsets and lengths in beats.

    Parameters
    ----------
    rng : numpy.random.Generator
    beats : int
        Length of the bar.
    density : float
        About how many notes a beat has, 0.25 to 4.

    Returns
    -------
    list of (float, float)
        From 0, with no gap, so that a rest is a note that is left out later.
    """
    onsets = []
    for beat in range(beats):
        if beat == 0 or rng.random() < density:
            onsets.append(float(beat))
        if rng.random() < (density - 0.8) / 1.2:
            onsets.append(beat + 0.5)
        onsets += [
            beat + quarter for quarter in (0.25, 0.75) if rng.random() < (density - 2.0) / 1.5
        ]
    onsets = sorted(set(onsets))
    return list(zip(onsets, np.diff([*onsets, float(beats)]).tolist(), strict=True))


def contour(rng, length):
    """Return a melodic shape: steps of the scale from note to note, mostly small, some leaps."""
    steps = rng.choice([-2, -1, -1, 0, 1, 1, 2], size=length)
    leaps = rng.random(length) < 0.12
    return np.where(leaps, rng.choice([-4, -3, 3, 4], size=length), steps)
