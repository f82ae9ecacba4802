"""Styles of bands: rock, metal, country, folk, blues, jazz, funk, pop."""

from autotagging.sample.composer.drums import beat
from autotagging.sample.composer.layers import (
    ALWAYS,
    CHORUS,
    FULL,
    NOT_INTRO,
    QUIET_PARTS,
    SOMETIMES,
    arpeggio,
    bass,
    blocks,
    drone,
    layer,
    melody,
    riff,
)

FOUR_CHORDS = ((0, 4, 5, 3), (5, 3, 0, 4), (0, 5, 3, 4), (0, 3, 5, 4), (0, 3, 0, 4))
ROCK = ((0, 6, 3, 0), (0, 5, 6, 0), (0, 3, 4, 3), (0, 2, 6, 3))
TWELVE_BARS = ((0, 0, 0, 0, 3, 3, 0, 0, 4, 3, 0, 4), (0, 3, 0, 0, 3, 3, 0, 0, 4, 3, 0, 4))
TURNS = ((1, 4, 0, 5), (0, 5, 1, 4), (2, 5, 1, 4), (0, 3, 2, 5, 1, 4, 0, 0))
STRUM = [(0, 1.5), (1.5, 0.5), (2, 1), (3, 0.5), (3.5, 0.5)]
EIGHTHS = [(k / 2, 0.45) for k in range(8)]
OFFBEATS = [(0.5, 0.4), (1.5, 0.4), (2.5, 0.4), (3.5, 0.4)]
VERSES = {"intro": 0.0, "verse": 0.95, "chorus": 0.95, "break": 0.2}
SUNG = {"intro": 0.0, "verse": 0.6, "chorus": 0.7, "break": 0.1}

STYLES = {
    "rock": {
        "tempo": (96, 156), "metres": (4,), "scales": ("mixolydian", "minor", "major"),
        "chords": "power", "progressions": ROCK, "rubato": 0.0, "jitter": 0.01, "level": -13,
        "tags": ("rock",), "absences": ("no singer",),
        "layers": (
            layer("guitar", riff, (29, 30, 27), 40, 64, density=1.4, velocity=86),
            layer("second guitar", blocks, (27, 29, 25), 52, 74, pattern=EIGHTHS, strum=0.02,
                  velocity=70, on=CHORUS),
            layer("solo guitar", melody, (30, 29), 64, 88, density=1.8, velocity=92, rest=0.15,
                  on={"intro": 0.1, "verse": 0.05, "chorus": 0.25, "break": 0.4}),
            layer("voice", melody, (54, 85, 53), 60, 77, density=1.2, velocity=112, singers="one",
                  on=SUNG, rest=0.1),
            layer("bass", bass, (34, 33), 28, 47, line="pulse", velocity=92, on=NOT_INTRO),
            layer("drums", beat, (0, 8, 16), 35, 81, pattern="rock", crash=1, velocity=100,
                  on=FULL),
        ),
    },
    "metal": {
        "tempo": (112, 190), "metres": (4,), "scales": ("phrygian", "minor", "octatonic"),
        "chords": "power", "progressions": ((0, 1, 0, 5), (0, 5, 6, 0), (0, 0, 1, 4), (0, 2, 1, 0)),
        "rubato": 0.0, "jitter": 0.006, "level": -11,
        "tags": ("rock", "heavy", "hard"), "absences": ("no singer",),
        "layers": (
            layer("guitar", riff, (30,), 35, 57, density=3.0, velocity=96, legato=0.8),
            layer("second guitar", blocks, (30, 29), 47, 66, voices=2, velocity=84, on=NOT_INTRO),
            layer("solo guitar", melody, (30,), 66, 92, density=3.2, velocity=100,
                  on={"intro": 0.1, "verse": 0.1, "chorus": 0.4, "break": 0.4}),
            layer("voice", melody, (54, 85), 55, 70, density=1.6, velocity=112, singers="one",
                  on={"intro": 0.0, "verse": 0.5, "chorus": 0.5, "break": 0.0}),
            layer("bass", bass, (34,), 26, 43, line="pulse", velocity=96),
            layer("drums", beat, (16, 0), 35, 81, pattern="metal", crash=1, velocity=110,
                  on=FULL),
        ),
    },
    "country": {
        "tempo": (84, 148), "metres": (4,), "scales": ("major", "mixolydian"), "chords": "triad",
        "progressions": ((0, 3, 0, 4), (0, 0, 3, 0), (0, 3, 4, 0), (0, 5, 3, 4)),
        "rubato": 0.0, "jitter": 0.012, "level": -15,
        "tags": ("country",), "absences": ("no singer",),
        "layers": (
            layer("guitar", blocks, (25,), 52, 72, voices=4, strum=0.03, velocity=80,
                  pattern=[(1, 0.8), (2, 0.2), (3, 0.8)]),
            layer("picking", arpeggio, (105, 25, 27), 55, 76, step=0.5, shape="random",
                  velocity=84, on=NOT_INTRO),
            layer("fiddle", melody, (110, 22, 27), 64, 86, density=1.8, velocity=84, grace=0.2,
                  vibrato=30, on={"intro": 0.8, "verse": 0.1, "chorus": 0.4, "break": 0.8}),
            layer("voice", melody, (53, 54, 85), 60, 76, density=1.2, velocity=110, singers="one",
                  on=SUNG, rest=0.1),
            layer("bass", bass, (32, 33), 33, 50, line="alternate", velocity=92),
            layer("drums", beat, (40, 0), 35, 81, pattern="country", velocity=84, on=FULL),
        ),
    },
    "blues": {
        "tempo": (66, 132), "metres": (4,), "scales": ("blues",), "chords": "dominant",
        "progressions": TWELVE_BARS, "rubato": 0.0, "jitter": 0.014, "swing": 0.62, "level": -15,
        "harmony_scale": "mixolydian",
        "tags": ("blues",), "layer_tags": {"organ": ("jazz",)}, "absences": ("no singer",),
        "layers": (
            layer("guitar", blocks, (27, 26, 29), 50, 70, voices=4, pattern=EIGHTHS, velocity=74),
            layer("solo guitar", melody, (29, 27), 60, 84, density=1.6, rest=0.2, free=1, grace=0.2,
                  velocity=94, on={"intro": 0.6, "verse": 0.2, "chorus": 0.5, "break": 0.7}),
            layer("organ", blocks, (17, 0), 53, 74, voices=4, velocity=66, on=CHORUS),
            layer("voice", melody, (54, 53, 85), 58, 74, density=1.1, velocity=110, singers="one",
                  free=1, on=SUNG, rest=0.25),
            layer("bass", bass, (33, 32), 31, 50, line="walking", velocity=92),
            layer("drums", beat, (0, 40), 35, 81, pattern="shuffle", velocity=88, on=FULL),
        ),
    },
    "folk": {
        "tempo": (70, 128), "metres": (4, 3), "scales": ("major", "dorian", "mixolydian"),
        "chords": "triad", "progressions": FOUR_CHORDS, "rubato": 0.02, "jitter": 0.014,
        "level": -18, "tags": ("folk",), "layer_tags": {"banjo": ("country",)}, "absences": (),
        "layers": (
            layer("guitar", arpeggio, (25, 24), 48, 70, step=0.5, shape="wave", ring=1.8,
                  velocity=84),
            layer("strumming", blocks, (25, 24), 50, 72, voices=4, pattern=STRUM, strum=0.03,
                  velocity=70, on=CHORUS),
            layer("voice", melody, (53, 54, 85), 60, 76, density=1.2, velocity=110, singers="one",
                  on=VERSES, rest=0.1),
            layer("whistle", melody, (74, 22, 73), 67, 86, density=1.2, velocity=76, grace=0.15,
                  on={"intro": 0.5, "verse": 0.0, "chorus": 0.1, "break": 0.7}),
            layer("banjo", arpeggio, (105,), 57, 79, step=0.5, shape="random", velocity=78,
                  on={"intro": 0.3, "verse": 0.2, "chorus": 0.4, "break": 0.4}),
            layer("bass", bass, (32,), 33, 50, line="root", velocity=80, on=CHORUS),
        ),
    },
    "jazz": {
        "tempo": (72, 192), "metres": (4,), "scales": ("major", "dorian", "mixolydian"),
        "chords": "seventh", "progressions": TURNS, "rubato": 0.0, "jitter": 0.016, "swing": 0.64,
        "level": -18, "tags": ("jazz",), "absences": ("no singer",),
        "layers": (
            layer("piano", blocks, (0, 26, 4), 52, 74, voices=4, velocity=70,
                  pattern=[(0, 0.4), (1.5, 0.5), (3.5, 0.4)]),
            layer("solo", melody, (0, 66, 65, 11, 26), 58, 84, density=2.0, rest=0.25,
                  velocity=90, on=NOT_INTRO),
            layer("bass", bass, (32,), 30, 50, line="walking", velocity=94),
            layer("drums", beat, (32, 40), 35, 81, pattern="jazz", velocity=80, on=NOT_INTRO),
        ),
    },
    "funk": {
        "tempo": (88, 124), "metres": (4,), "scales": ("dorian", "minor pentatonic"),
        "harmony_scale": "dorian", "chords": "seventh",
        "progressions": ((0, 0, 3, 0), (0, 3, 0, 4), (0, 0, 0, 3)),
        "rubato": 0.0, "jitter": 0.008, "level": -14,
        "tags": ("funk",), "layer_tags": {"solo": ("jazz",)}, "absences": ("no singer",),
        "layers": (
            layer("bass", bass, (36, 37, 33), 28, 50, line="sixteen", velocity=108, legato=0.8),
            layer("drums", beat, (0, 8), 35, 81, pattern="funk", velocity=100,
                  on={"intro": 0.8, "verse": 1.0, "chorus": 1.0, "break": 0.6}),
            layer("guitar", blocks, (28, 27), 56, 74, voices=3, velocity=72, on=CHORUS,
                  pattern=[(0.25, 0.2), (0.75, 0.2), (1.5, 0.2), (2.25, 0.2), (3.5, 0.2)]),
            layer("solo", melody, (66, 61, 4), 58, 80, density=1.8, rest=0.3, velocity=92,
                  on={"intro": 0.0, "verse": 0.3, "chorus": 0.6, "break": 0.2}),
        ),
    },
    "pop": {
        "tempo": (84, 132), "metres": (4,), "scales": ("major", "minor"), "chords": "triad",
        "progressions": FOUR_CHORDS, "rubato": 0.0, "jitter": 0.008, "level": -14,
        "tags": ("pop",), "absences": ("no singer",),
        "layers": (
            layer("voice", melody, (54, 85, 53), 60, 77, density=1.4, velocity=116, singers="one",
                  on=VERSES),
            layer("keys", blocks, (0, 4, 90), 52, 74, voices=3, velocity=70, on=ALWAYS,
                  pattern=[(0, 2), (2, 1.5), (3.5, 0.5)]),
            layer("guitar", blocks, (25, 27), 54, 74, voices=3, pattern=STRUM, strum=0.02,
                  velocity=64, on=SOMETIMES),
            layer("strings", blocks, (50, 89), 60, 79, voices=3, velocity=58, on=CHORUS),
            layer("bass", bass, (33, 38), 28, 47, line="pulse", velocity=90, on=NOT_INTRO),
            layer("drums", beat, (0, 24, 8), 35, 81, pattern="pop", velocity=94, on=FULL),
            layer("backing", blocks, (52, 53), 60, 76, voices=3, velocity=64, singers="choir",
                  on={"intro": 0.1, "verse": 0.0, "chorus": 0.4, "break": 0.1}),
        ),
    },
    "celtic": {
        "tempo": (80, 150), "metres": (3,), "scales": ("dorian", "mixolydian", "major"),
        "chords": "open", "progressions": ((0, 6, 0, 4), (0, 3, 4, 0), (0, 0, 6, 0)),
        "rubato": 0.01, "jitter": 0.012, "level": -17,
        "tags": ("folk", "irish"), "absences": ("no singer",),
        "layers": (
            layer("tune", melody, (110, 74, 73, 72), 64, 86, density=2.0, grace=0.35, velocity=88,
                  on=NOT_INTRO),
            layer("harp", arpeggio, (46, 46, 25), 52, 76, step=0.5, shape="up", ring=2.0,
                  velocity=84),
            layer("pipes", melody, (109, 22), 62, 81, density=1.6, grace=0.3, velocity=66,
                  on={"intro": 0.0, "verse": 0.1, "chorus": 0.3, "break": 0.0}),
            layer("voice", melody, (53, 54), 60, 76, density=1.0, velocity=104, singers="one",
                  on={"intro": 0.0, "verse": 0.35, "chorus": 0.2, "break": 0.2}),
            layer("drums", beat, (48, 0), 35, 81, pattern="bodhran", fills=0.2, velocity=88,
                  on=FULL, fill=("low tom",)),
            layer("drone", drone, (109, 21), 45, 60, voices=2, velocity=50, on=QUIET_PARTS),
        ),
    },
}  # fmt: skip
