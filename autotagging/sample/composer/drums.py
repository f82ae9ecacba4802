"""Drums: bars of sixteenths for each instrument of the kit, with variations and fills.

A pattern is a dict of strings, one character a sixteenth: ``x`` loud, ``o`` ordinary, ``-`` a
ghost, ``.`` nothing. Bars of three beats take the first twelve.
"""

KIT = {
    "kick": 36, "snare": 38, "stick": 37, "clap": 39, "hat": 42, "open": 46, "pedal": 44,
    "ride": 51, "crash": 49, "low tom": 45, "mid tom": 47, "high tom": 50, "tambourine": 54,
    "shaker": 70, "bongo high": 60, "bongo low": 61, "conga slap": 62, "conga": 63,
    "conga low": 64, "timbale": 65, "triangle": 81,
}  # fmt: skip

ACCENTS = {"x": 1.15, "o": 0.9, "-": 0.5}

PATTERNS = {
    "rock": [
        {"kick": "x.......x.o.....", "snare": "....x.......x...", "hat": "o.o.o.o.o.o.o.o."},
        {"kick": "x.....x.x.......", "snare": "....x.......x..-", "hat": "x.o.x.o.x.o.x.o."},
        {"kick": "x..x....x.x.....", "snare": "....x.......x...", "ride": "x.o.x.o.x.o.x.o."},
    ],
    "metal": [
        {"kick": "xoxoxoxoxoxoxoxo", "snare": "....x.......x...", "crash": "x...o...x...o..."},
        {"kick": "x.xxx.xxx.xxx.xx", "snare": "....x.......x...", "hat": "x.x.x.x.x.x.x.x."},
        {"kick": "x.x.x.x.x.x.x.x.", "snare": ".x.x.x.x.x.x.x.x", "ride": "x.x.x.x.x.x.x.x."},
    ],
    "country": [
        {"kick": "x.......x.......", "snare": "....o.......o...", "stick": "..-.-.-...-.-.-."},
        {"kick": "x.......x.......", "snare": "--o---o---o---oo"},
    ],
    "shuffle": [
        {"kick": "x.......x.....o.", "snare": "....x.......x...", "ride": "x..-x..-x..-x..-"},
    ],
    "jazz": [
        {"ride": "x...x..ox...x..o", "pedal": "....x.......x...", "kick": "-.......-......."},
        {"ride": "x...x..ox...x..o", "pedal": "....x.......x...", "snare": "......-.....-..-"},
    ],
    "funk": [
        {"kick": "x..x..o...x..o..", "snare": "....x..-.-..x..-", "hat": "xoxoxoxoxoxoxoxo"},
        {"kick": "x.x....x..x.....", "snare": "....x..-....x.-.", "hat": "x.oox.oox.oox.oo"},
    ],
    "techno": [
        {"kick": "x...x...x...x...", "hat": "..x...x...x...x.", "clap": "....o.......o..."},
        {"kick": "x...x...x...x..o", "hat": "o-x-o-x-o-x-o-x-", "conga": "..o..o....o..o.."},
    ],
    "trance": [
        {"kick": "x...x...x...x...", "open": "..x...x...x...x.", "clap": "....x.......x...",
         "hat": "oo.ooo.ooo.ooo.o"},
    ],
    "dance": [
        {"kick": "x...x...x...x...", "open": "..x...x...x...x.", "clap": "....x.......x...",
         "tambourine": "o.o.o.o.o.o.o.o."},
        {"kick": "x...x...x...x.o.", "open": "..o...o...o...o.", "snare": "....x.......x...",
         "conga": "o..o..o.o..o..o."},
    ],
    "pop": [
        {"kick": "x.......x..o....", "snare": "....x.......x...", "hat": "o.o.o.o.o.o.o.o.",
         "tambourine": "....o.......o..."},
        {"kick": "x..o......x.....", "clap": "....x.......x...", "shaker": "o-o-o-o-o-o-o-o-"},
    ],
    "breaks": [
        {"kick": "x.........x.....", "snare": "....x..-.-..x...", "hat": "o.o.o.o.o.o.o.o."},
        {"kick": "x..o......xo....", "snare": "....x.......x..-", "shaker": "o.-.o.-.o.-.o.-."},
    ],
    "tabla": [
        {"bongo low": "x.....x...x.....", "bongo high": "..o.o..o-.o.o-oo",
         "conga low": "x.......o......."},
        {"bongo low": "x...x.......x...", "bongo high": "..oo..oo-.oo.ooo"},
    ],
    "darbuka": [
        {"conga low": "x.......x.......", "bongo high": "..x...x....xx.x.",
         "tambourine": "x.-.x.-.x.-.x.-."},
        {"conga low": "x.....x.x.......", "bongo high": "...x....-..x..xo",
         "tambourine": "..x...x...x...x."},
    ],
    "bodhran": [
        {"low tom": "x..o..x..o..", "tambourine": "x.....x....."},
        {"low tom": "x-.o.-x-.o.-"},
    ],
    "toms": [
        {"low tom": "x.....x...x.....", "mid tom": "...o.......o..o.",
         "shaker": "o...o...o...o..."},
    ],
    "march": [
        {"snare": "x-.-o-.-x-.-oooo", "kick": "x.......x......."},
        {"kick": "x...............", "crash": "x..............."},
    ],
}  # fmt: skip


def beat(section, voice, rng):
    """Play a pattern of ``voice["pattern"]``, with a fill in a phrase's last bar.

    Returns
    -------
    list of (float, float, int, float)
        Onset and length in beats, pitch of the kit, accent.
    """
    choices = PATTERNS[voice["pattern"]]
    pattern = choices[voice["habit"] % len(choices)]
    metre, notes = section["metre"], []
    for bar in range(section["beats"] // metre):
        last = bar % section["phrase"] == section["phrase"] - 1
        filled = last and rng.random() < voice.get("fills", 0.7)
        for instrument, steps in pattern.items():
            for k, mark in enumerate(steps[: metre * 4]):
                in_fill = filled and k >= metre * 4 - 4 and instrument != "kick"
                if mark == "." or in_fill or rng.random() < 0.02:
                    continue
                accent = ACCENTS[mark] * rng.uniform(0.92, 1.05)
                notes.append((bar * metre + k / 4, 0.2, KIT[instrument], accent))
        if filled:
            notes += _fill(bar * metre + metre - 1, voice, rng)
        if bar % section["phrase"] == 0 and bar and voice.get("crash"):
            notes.append((float(bar * metre), 1.5, KIT["crash"], 1.0))
    return notes


def _fill(at, voice, rng):
    drums = voice.get("fill", ("snare", "high tom", "mid tom", "low tom"))
    steps = [0.0, 0.25, 0.5, 0.75]
    return [
        (at + step, 0.2, KIT[drums[min(k, len(drums) - 1)]], 0.9 + 0.08 * k)
        for k, step in enumerate(steps)
        if rng.random() < 0.85
    ]
