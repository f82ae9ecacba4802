"""Contents: a piece and a stretch of it -> the tags that are true there.

What is played decides, not the style alone: an instrument counts where it sounds in a fifth of
the seconds, a tag that says that something is missing where it sounds in none.
"""

import numpy as np

from autotagging.sample.composer.pieces import STYLES

HEARD = 0.2  # share of the seconds in which a part must sound to be named
FAST, SLOW = 124.0, 80.0  # beats a minute
LOUD, SOFT, QUIET = -12.8, -18.6, -20.4  # dB, see `level`

INSTRUMENTS = {
    "piano": {0, 1, 2, 3}, "harpsichord": {6}, "organ": {16, 17, 18, 19, 20},
    "guitar": {24, 25, 26, 27, 28, 29, 30}, "acoustic guitar": {25}, "electric guitar": {29, 30},
    "hard": {30}, "heavy": {30}, "violin": {40, 110}, "fiddle": {110}, "cello": {42},
    "harp": {46}, "string": {40, 41, 42, 44, 45, 48, 49, 50, 110}, "sax": {65, 66},
    "flute": {72, 73, 74, 75, 77}, "sitar": {104}, "banjo": {105},
    "bass": {33, 34, 36, 37, 38, 39},
    "synth": {38, 50, 51, 62, 63, 80, 81, 84, 86, 87, 88, 89, 90, 91, 92, 93, 94, 95, 97, 99, 101},
}  # fmt: skip

BEAT_STYLES = {"techno", "trance", "dance", "downtempo", "funk", "pop", "rock"}
MISSING = {
    "no singer": lambda part: part["sung"] is not None,
    "no beat": lambda part: part["is_drum"],
    "no piano": lambda part: part["program"] in INSTRUMENTS["piano"] and not part["is_drum"],
}


def true_tags(piece, start, end):
    """Return the tags that are true between two times of a piece.

    Parameters
    ----------
    piece : dict
        See `autotagging.sample.composer.pieces`.
    start, end : float
        In s.

    Returns
    -------
    set of str
        Names of MagnaTagATune's vocabulary, of synonyms the one that is kept.
    """
    rules = STYLES[piece["style"]]
    shares = [(part, share(part, start, end)) for part in piece["parts"]]
    heard = [part for part, played in shares if played >= HEARD]
    tags = set(rules["tags"]) | _instruments(heard) | _voices(heard, start, end)
    for part in heard:
        tags |= set(rules.get("layer_tags", {}).get(part["name"], ()))
    for tag in rules["absences"]:
        if not any(MISSING[tag](part) for part, played in shares if played > 0):
            tags.add(tag)
    if any(part["is_drum"] for part in heard):
        tags |= {"drum", "beat"} if piece["style"] in BEAT_STYLES else {"drum"}
    if len({part["program"] for part in heard}) == 1 and heard[0]["sung"] != "choir":
        tags.add("solo")
    return tags | _tempo(piece) | _dynamics(piece, start, end, heard)


def share(part, start, end):
    """Return the share of the seconds between two times in which a part sounds."""
    onset, length = part["notes"][:, 0], part["notes"][:, 1]
    seconds = np.arange(np.floor(start), np.ceil(end))
    sounding = (onset[None] < seconds[:, None] + 1) & ((onset + length)[None] > seconds[:, None])
    return float(sounding.any(axis=1).mean())


def level(piece, start, end):
    """Return how loud the music is meant to be between two times, in dB.

    The piece's own level, and how much more or less is played there than in the whole piece.
    """
    return piece["level"] + strength(piece, start, end) - strength(piece, 0, piece["seconds"])


def strength(piece, start, end):
    """Return the sum over the notes of (velocity / 127)^2 x length, a second, in dB."""
    energy = 0.0
    for part in piece["parts"]:
        onset, length, _, velocity = part["notes"].T
        inside = (onset >= start) & (onset < end)
        sounding = np.full(len(onset), 0.25) if part["is_drum"] else np.minimum(length, 2.0)
        energy += np.sum((velocity[inside] / 127) ** 2 * sounding[inside])
    return float(10 * np.log10(max(energy, 1e-3) / (end - start)))


def _instruments(heard):
    played = {part["program"] for part in heard if not part["is_drum"]}
    return {tag for tag, programs in INSTRUMENTS.items() if programs & played}


def _voices(heard, start, end):
    tags = set()
    for part in heard:
        if not part["sung"]:
            continue
        onset, _, sound, _ = part["notes"].T
        inside = (onset >= start - 2) & (onset < end)
        middle = np.median(sound[inside]) if inside.any() else 60.0
        tags |= {"vocal", "female" if middle >= 60 else "male"}
        tags.add("singer" if part["sung"] == "one" else "choir")
    return tags


def _tempo(piece):
    if piece["tempo"] >= FAST:
        return {"fast"}
    return {"slow"} if piece["tempo"] <= SLOW else set()


def _dynamics(piece, start, end, heard):
    loudness = level(piece, start, end)
    if loudness >= LOUD:
        return {"loud"}
    tags = {"quiet"} if loudness <= QUIET else set()
    gentle = piece["tempo"] < FAST and not any(part["is_drum"] for part in heard)
    return tags | {"soft"} if gentle and loudness <= SOFT else tags
