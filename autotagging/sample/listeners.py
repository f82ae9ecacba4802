"""Simulated listeners: what is true in a clip -> the tags that were given, as MagnaTagATune's are.

Each true tag is given under one of its names, or forgotten; some of the tags given are untrue.
The vocabulary is MagnaTagATune's, 188 tags in the order of its columns.
"""

import numpy as np

# Fixed before any network was trained on the sample: a quarter of the true tags is forgotten,
# what strikes everybody less often than what takes an ear, and one tag in twenty given is untrue.
FORGOTTEN = {"obvious": 0.18, "subtle": 0.4}
UNTRUE = 0.05
KEPT_NAME = 0.45  # how often a tag is given under the name that merging keeps

OBVIOUS = {
    "ambient", "beat", "cello", "chant", "choir", "classical", "country", "dance", "drum",
    "eastern", "fast", "female", "flute", "folk", "guitar", "harp", "harpsichord", "heavy",
    "india", "jazz", "loud", "male", "opera", "orchestra", "organ", "piano", "pop", "quiet",
    "rock", "singer", "sitar", "slow", "string", "synth", "techno", "trance", "violin", "vocal",
}  # fmt: skip

# fmt: off
VOCABULARY = (
    "no voice", "singer", "duet", "plucking", "hard rock", "world", "bongos", "harpsichord",
    "female singing", "clasical", "sitar", "chorus", "female opera", "male vocal", "vocals",
    "clarinet", "heavy", "silence", "beats", "men", "woodwind", "funky", "no strings", "chimes",
    "foreign", "no piano", "horns", "classical", "female", "no voices", "soft rock", "eerie",
    "spacey", "jazz", "guitar", "quiet", "no beat", "banjo", "electric", "solo", "violins",
    "folk", "female voice", "wind", "happy", "ambient", "new age", "synth", "funk", "no singing",
    "middle eastern", "trumpet", "percussion", "drum", "airy", "voice", "repetitive", "birds",
    "space", "strings", "bass", "harpsicord", "medieval", "male voice", "girl", "keyboard",
    "acoustic", "loud", "classic", "string", "drums", "electronic", "not classical", "chanting",
    "no violin", "not rock", "no guitar", "organ", "no vocal", "talking", "choral", "weird",
    "opera", "soprano", "fast", "acoustic guitar", "electric guitar", "male singer",
    "man singing", "classical guitar", "country", "violin", "electro", "reggae", "tribal", "dark",
    "male opera", "no vocals", "irish", "electronica", "horn", "operatic", "arabic", "lol", "low",
    "instrumental", "trance", "chant", "strange", "drone", "synthesizer", "heavy metal", "modern",
    "disco", "bells", "man", "deep", "fast beat", "industrial", "hard", "harp", "no flute",
    "jungle", "pop", "lute", "female vocal", "oboe", "mellow", "orchestral", "viola", "light",
    "echo", "piano", "celtic", "male vocals", "orchestra", "eastern", "old", "flutes", "punk",
    "spanish", "sad", "sax", "slow", "male", "blues", "vocal", "indian", "no singer", "scary",
    "india", "woman", "woman singing", "rock", "dance", "piano solo", "guitars", "no drums",
    "jazzy", "singing", "cello", "calm", "female vocals", "voices", "different", "techno",
    "clapping", "house", "monks", "flute", "not opera", "not english", "oriental", "beat",
    "upbeat", "soft", "noise", "choir", "female singer", "rap", "metal", "hip hop", "quick",
    "water", "baroque", "women", "fiddle", "english",
)
# fmt: on


def listen(truth, synonyms, rng):
    """Return the tags that listeners gave.

    Parameters
    ----------
    truth : ndarray of shape (n_clips, 188), bool
        What is in each clip, under the names that are kept.
    synonyms : dict
        Synonym -> the name that is kept.
    rng : numpy.random.Generator

    Returns
    -------
    ndarray of shape (n_clips, 188), bool
    """
    given = remember(truth, rng)
    return renamed(given | untrue(truth, given, rng), synonyms, rng)


def remember(truth, rng):
    """Return which of the true tags are given, (n_clips, 188) bool.

    Of each tag exactly its share is forgotten, so that the rates hold for a small sample too.
    """
    given = truth.copy()
    for column, tag in enumerate(VOCABULARY):
        rows = rng.permutation(np.flatnonzero(truth[:, column]))
        rate = FORGOTTEN["obvious" if tag in OBVIOUS else "subtle"]
        given[rows[: int(len(rows) * rate + rng.random())], column] = False
    return given


def untrue(truth, given, rng):
    """Return tags that are given without being true, (n_clips, 188) bool.

    They fall on clips by the number of tags given to them, and are drawn by how often each tag
    is true, so that of each tag about the same share is untrue.
    """
    frequency = truth.sum(axis=0).astype(float)
    wrong = np.zeros_like(truth)
    clips = np.repeat(np.arange(len(given)), given.sum(axis=1))
    for clip in rng.permutation(clips)[: round(len(clips) * UNTRUE / (1 - UNTRUE))]:
        chance = frequency * ~(truth[clip] | wrong[clip])
        if chance.any():
            wrong[clip, rng.choice(len(chance), p=chance / chance.sum())] = True
    return wrong


def renamed(given, synonyms, rng):
    """Return tags with each given under one name of its group, the kept name or a synonym."""
    column = {tag: k for k, tag in enumerate(VOCABULARY)}
    names = given.copy()
    for kept in sorted(set(synonyms.values())):
        group = sorted((s for s in synonyms if synonyms[s] == kept), key=column.get)
        shares = 1 / (1 + np.arange(len(group)))
        chances = [KEPT_NAME, *((1 - KEPT_NAME) * shares / shares.sum())]
        columns = np.array([column[tag] for tag in (kept, *group)])
        rows = np.flatnonzero(given[:, column[kept]])
        names[rows, column[kept]] = False
        names[rows, columns[rng.choice(len(columns), size=len(rows), p=chances)]] = True
    return names
