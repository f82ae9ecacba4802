"""Styles of the concert hall and the church: one player, chamber music, orchestra, choir, opera."""

from autotagging.sample.composer.layers import (
    ALWAYS,
    CHORUS,
    NOT_INTRO,
    SOMETIMES,
    arpeggio,
    bass,
    blocks,
    chant,
    counterpoint,
    drone,
    layer,
    melody,
    swells,
)

FUNCTIONAL = ((0, 3, 4, 0), (0, 5, 1, 4), (0, 4, 5, 3, 0, 3, 4, 0), (0, 1, 4, 0), (5, 3, 4, 0))
SEQUENCE = ((0, 3, 6, 2, 5, 1, 4, 0), (0, 4, 5, 2, 3, 0, 3, 4), (0, 5, 3, 4), (0, 3, 4, 0))
MODAL = ((0, 6, 0, 4), (0, 3, 0, 6), (0, 2, 6, 0))
ROMANTIC = ((0, 5, 3, 4), (0, 2, 5, 1, 4, 0), (0, 3, 1, 4), (5, 1, 4, 0))

STYLES = {
    "harpsichord suite": {
        "tempo": (66, 150), "metres": (4, 3), "scales": ("major", "minor"), "chords": "triad",
        "progressions": SEQUENCE, "rubato": 0.02, "jitter": 0.006, "level": -18,
        "tags": ("classical", "baroque"), "absences": ("no piano",),
        "layers": (
            layer("right hand", melody, (6,), 65, 86, density=2.2, grace=0.35, velocity=84),
            layer("left hand", counterpoint, (6,), 43, 60, density=1.4, velocity=80),
            layer("continuo", arpeggio, (6,), 50, 67, step=0.5, shape="alberti", on=SOMETIMES,
                  velocity=70),
        ),
    },
    "trio sonata": {
        "tempo": (60, 140), "metres": (4, 3), "scales": ("major", "minor"), "chords": "triad",
        "progressions": SEQUENCE, "rubato": 0.02, "jitter": 0.01, "level": -17,
        "tags": ("classical", "baroque"), "absences": (),
        "layers": (
            layer("first voice", melody, (40, 73, 74, 68), 67, 88, density=1.6, grace=0.25,
                  velocity=88, vibrato=40, on=NOT_INTRO),
            layer("second voice", counterpoint, (40, 74, 68), 60, 81, density=1.3, velocity=78,
                  vibrato=40, on=CHORUS),
            layer("cello", bass, (42,), 38, 60, line="alternate", velocity=76, vibrato=30),
            layer("continuo", blocks, (6,), 52, 72, pattern=[(0, 1), (1, 1), (2, 1)], strum=0.04,
                  velocity=78),
        ),
    },
    "string quartet": {
        "tempo": (58, 144), "metres": (4, 3), "scales": ("major", "minor"), "chords": "triad",
        "progressions": FUNCTIONAL, "rubato": 0.04, "jitter": 0.014, "level": -19,
        "tags": ("classical",), "absences": ("no piano",),
        "layers": (
            layer("first violin", melody, (40,), 64, 88, density=1.3, velocity=88, vibrato=50),
            layer("second violin", counterpoint, (40,), 58, 76, density=1.0, velocity=76,
                  vibrato=40, on=NOT_INTRO),
            layer("viola", blocks, (41, 48), 52, 68, voices=2, velocity=70,
                  pattern=[(0, 0.5), (0.5, 0.5), (1, 0.5), (1.5, 0.5), (2, 1)], vibrato=30),
            layer("cello", bass, (42,), 38, 60, line="root", velocity=82, vibrato=40),
        ),
    },
    "orchestra": {
        "tempo": (60, 140), "metres": (4, 3), "scales": ("major", "minor", "lydian"),
        "chords": "triad", "progressions": ROMANTIC, "rubato": 0.04, "jitter": 0.016,
        "level": -15, "swell": True,
        "tags": ("classical", "orchestra"), "layer_tags": {"voice": ("opera",)}, "absences": (),
        "layers": (
            layer("strings", blocks, (48, 49), 50, 76, voices=4, velocity=82),
            layer("violins", melody, (48,), 67, 90, density=1.2, velocity=92, on=NOT_INTRO),
            layer("winds", counterpoint, (73, 68, 71), 65, 86, density=1.2, velocity=80,
                  on=SOMETIMES),
            layer("horns", blocks, (60, 61), 46, 65, voices=3, velocity=84, on=CHORUS),
            layer("basses", bass, (48, 43), 31, 50, line="alternate", velocity=84),
            layer("voice", melody, (52,), 62, 84, density=0.9, velocity=112, vibrato=110,
                  singers="one", on={"intro": 0.0, "verse": 0.35, "chorus": 0.25, "break": 0.2}),
            layer("timpani", bass, (47,), 38, 52, line="root", velocity=90, on=CHORUS),
        ),
    },
    "piano recital": {
        "tempo": (52, 150), "metres": (4, 3), "scales": ("major", "minor"), "chords": "triad",
        "progressions": ROMANTIC, "rubato": 0.07, "jitter": 0.01, "level": -20,
        "tags": ("classical",), "absences": ("no singer",),
        "layers": (
            layer("right hand", melody, (0, 1), 64, 90, density=1.3, velocity=86, grace=0.1),
            layer("left hand", arpeggio, (0, 1), 40, 64, step=0.5, shape="wave", velocity=66,
                  ring=1.6),
            layer("octaves", bass, (0, 1), 29, 45, line="root", velocity=78, on=CHORUS),
        ),
    },
    "contemporary": {
        "tempo": (50, 132), "metres": (4, 3), "scales": ("octatonic", "whole tone"),
        "chords": "seventh", "progressions": ((0, 3, 1, 5), (0, 2, 5, 1), (0, 1, 0, 4)),
        "rubato": 0.12, "jitter": 0.03, "level": -21,
        "tags": ("modern", "strange"), "absences": ("no beat",),
        "layers": (
            layer("piano", melody, (0, 2), 48, 96, density=1.1, rest=0.12, free=1, velocity=88),
            layer("clusters", swells, (44, 48, 40), 50, 84, voices=4, velocity=70, on=NOT_INTRO),
            layer("low piano", swells, (0, 2), 28, 48, voices=2, velocity=96, on=SOMETIMES),
            layer("percussion", swells, (12, 11, 14, 115), 50, 86, density=1.6, velocity=80,
                  on=SOMETIMES),
        ),
    },
    "cello alone": {
        "tempo": (50, 120), "metres": (4, 3), "scales": ("minor", "major"), "chords": "triad",
        "progressions": SEQUENCE, "rubato": 0.06, "jitter": 0.012, "level": -20,
        "tags": ("classical",), "absences": ("no piano",),
        "layers": (
            layer("cello", melody, (42,), 38, 64, density=1.7, velocity=90, vibrato=50, grace=0.05),
            layer("double stops", blocks, (42,), 36, 55, voices=2, velocity=64, vibrato=30,
                  on=SOMETIMES),
        ),
    },
    "violin alone": {
        "tempo": (56, 152), "metres": (4, 3), "scales": ("minor", "major"), "chords": "triad",
        "progressions": SEQUENCE, "rubato": 0.06, "jitter": 0.012, "level": -20,
        "tags": ("classical",), "absences": ("no piano",),
        "layers": (
            layer("violin", melody, (40,), 57, 91, density=2.0, velocity=90, vibrato=50, grace=0.1),
            layer("double stops", blocks, (40,), 57, 74, voices=2, velocity=64, vibrato=30,
                  on=SOMETIMES),
        ),
    },
    "classical guitar": {
        "tempo": (58, 132), "metres": (4, 3), "scales": ("minor", "major", "phrygian"),
        "chords": "triad", "progressions": FUNCTIONAL, "rubato": 0.05, "jitter": 0.01,
        "level": -20, "tags": ("classical", "classical guitar"), "absences": ("no singer",),
        "layers": (
            layer("melody", melody, (24,), 60, 81, density=1.2, velocity=92, grace=0.08),
            layer("arpeggio", arpeggio, (24,), 45, 69, step=0.5, shape="random", ring=2.0,
                  velocity=72),
            layer("bass", bass, (24,), 40, 55, line="alternate", velocity=82),
        ),
    },
    "flute and harp": {
        "tempo": (54, 116), "metres": (3, 4), "scales": ("major", "dorian", "pentatonic"),
        "chords": "triad", "progressions": FUNCTIONAL, "rubato": 0.05, "jitter": 0.012,
        "level": -20, "tags": ("classical",), "absences": ("no singer",),
        "layers": (
            layer("flute", melody, (73,), 67, 93, density=1.3, velocity=86, vibrato=50, grace=0.15,
                  on=NOT_INTRO),
            layer("harp", arpeggio, (46,), 48, 84, step=0.5, shape="up", voices=5, ring=3.0,
                  velocity=84),
            layer("harp bass", bass, (46,), 36, 52, line="root", velocity=80),
        ),
    },
    "choir": {
        "tempo": (56, 108), "metres": (4, 3), "scales": ("major", "minor"), "chords": "triad",
        "progressions": FUNCTIONAL, "rubato": 0.05, "jitter": 0.02, "level": -19, "swell": True,
        "tags": ("classical",), "absences": (),
        "layers": (
            layer("choir", blocks, (52,), 50, 72, voices=4, velocity=82, singers="choir",
                  legato=0.98),
            layer("sopranos", melody, (52,), 62, 81, density=1.0, velocity=90, singers="choir",
                  on=NOT_INTRO),
            layer("organ", blocks, (19,), 41, 60, voices=3, velocity=50, on=SOMETIMES),
        ),
    },
    "chant": {
        "tempo": (60, 96), "metres": (4,), "scales": ("dorian", "phrygian", "mixolydian"),
        "chords": "open", "progressions": MODAL, "rubato": 0.1, "jitter": 0.03, "level": -20,
        "tags": ("chant", "foreign"), "absences": ("no beat",),
        "layers": (
            layer("choir", chant, (52, 53), 45, 64, velocity=88, singers="choir", legato=1.0),
            layer("drone", drone, (52, 19), 36, 52, voices=2, velocity=58, restrike=8.0,
                  on=SOMETIMES, singers="choir"),
        ),
    },
    "opera": {
        "tempo": (60, 132), "metres": (4, 3), "scales": ("major", "minor"), "chords": "triad",
        "progressions": ROMANTIC, "rubato": 0.07, "jitter": 0.015, "level": -17, "swell": True,
        "tags": ("classical",), "absences": (),
        "layer_tags": {"voice": ("foreign", "opera"), "strings": ("orchestra",)},
        "layers": (
            layer("voice", melody, (52, 53), 62, 84, density=1.0, velocity=112, vibrato=110,
                  singers="one", on=NOT_INTRO, grace=0.12),
            layer("strings", blocks, (48, 45), 50, 74, voices=4, velocity=60,
                  pattern=[(0, 1), (1, 0.5), (2, 0.5), (3, 0.5)]),
            layer("basses", bass, (43, 42), 36, 52, line="root", velocity=70),
            layer("winds", counterpoint, (68, 73, 60), 64, 84, density=1.0, velocity=66,
                  on=SOMETIMES),
            layer("continuo", blocks, (6,), 52, 72, strum=0.05, velocity=66,
                  on={"intro": 0.8, "verse": 0.2, "chorus": 0.0, "break": 0.8}),
        ),
    },
    "organ": {
        "tempo": (56, 126), "metres": (4, 3), "scales": ("minor", "major"), "chords": "triad",
        "progressions": SEQUENCE, "rubato": 0.02, "jitter": 0.006, "level": -16,
        "tags": ("classical", "organ"), "absences": ("no singer",),
        "layer_tags": {"manual": ("baroque",)},
        "layers": (
            layer("manual", melody, (19, 20), 62, 86, density=2.0, velocity=88, on=NOT_INTRO),
            layer("second manual", blocks, (19, 16), 52, 72, voices=3, velocity=70, on=ALWAYS),
            layer("pedal", bass, (19,), 31, 48, line="alternate", velocity=90, on=NOT_INTRO),
        ),
    },
}  # fmt: skip
