"""Styles with modes and drones of their own: Indian, Middle Eastern, Far Eastern."""

from autotagging.sample.composer.drums import beat
from autotagging.sample.composer.layers import (
    CHORUS,
    NOT_INTRO,
    SOMETIMES,
    arpeggio,
    bass,
    counterpoint,
    drone,
    layer,
    melody,
    swells,
)

TONIC = ((0, 0, 0, 0),)
GAT = {"intro": 0.0, "verse": 0.7, "chorus": 1.0, "break": 0.2}

STYLES = {
    "indian": {
        "tempo": (60, 140), "metres": (4,), "scales": ("bhairavi", "kafi", "yaman"),
        "chords": "open", "progressions": TONIC, "rubato": 0.04, "jitter": 0.02, "level": -17,
        "tags": ("india", "eastern"), "absences": (),
        "layer_tags": {"voice": ("foreign",)},
        "layers": (
            layer("sitar", melody, (104,), 55, 81, density=1.9, free=1, grace=0.3, rest=0.1,
                  velocity=96),
            layer("tanpura", drone, (104, 15), 43, 60, restrike=4.0, spread=1.0, velocity=66),
            layer("drums", beat, (48, 0), 35, 81, pattern="tabla", fills=0.3, velocity=98, on=GAT,
                  fill=("bongo high", "bongo high", "bongo low")),
            layer("voice", melody, (53, 54), 57, 72, density=1.0, free=1, grace=0.35, rest=0.2,
                  velocity=108, singers="one", vibrato=60,
                  on={"intro": 0.1, "verse": 0.25, "chorus": 0.25, "break": 0.4}),
            layer("flute", melody, (75, 73), 64, 84, density=1.2, free=1, grace=0.3, rest=0.4,
                  velocity=84, on={"intro": 0.3, "verse": 0.2, "chorus": 0.3, "break": 0.3}),
        ),
    },
    "middle eastern": {
        "tempo": (72, 140), "metres": (4,), "scales": ("hijaz", "double harmonic", "phrygian"),
        "chords": "open", "progressions": ((0, 0, 0, 0), (0, 0, 6, 0), (0, 1, 0, 0)),
        "rubato": 0.02, "jitter": 0.016, "level": -16,
        "tags": ("eastern", "arabic", "foreign"), "absences": (),
        "layers": (
            layer("oud", melody, (24, 106, 15), 48, 69, density=2.0, free=1, grace=0.3,
                  velocity=96),
            layer("violins", counterpoint, (40, 110, 48), 57, 79, density=1.4, free=1, grace=0.2,
                  velocity=80, vibrato=50, on=CHORUS),
            layer("shawm", melody, (111, 68, 75), 60, 79, density=1.3, free=1, grace=0.4, rest=0.2,
                  velocity=76, on=SOMETIMES),
            layer("voice", melody, (53, 54), 57, 74, density=1.2, free=1, grace=0.4, rest=0.2,
                  velocity=110, singers="one", vibrato=60,
                  on={"intro": 0.0, "verse": 0.4, "chorus": 0.4, "break": 0.2}),
            layer("bass", bass, (32, 43), 31, 50, line="alternate", velocity=84, on=NOT_INTRO),
            layer("drums", beat, (0, 48), 35, 81, pattern="darbuka", fills=0.4, velocity=100,
                  on=GAT, fill=("bongo high", "bongo low", "bongo high")),
        ),
    },
    "far eastern": {
        "tempo": (50, 100), "metres": (4,), "scales": ("in", "minor pentatonic"),
        "chords": "open", "progressions": ((0, 0), (0, 3), (0, 2)), "bars_a_chord": 2,
        "rubato": 0.1, "jitter": 0.03, "level": -20,
        "tags": ("oriental", "eastern"), "absences": ("no singer",),
        "layers": (
            layer("koto", arpeggio, (107, 106), 50, 79, step=0.5, shape="random", gaps=0.35,
                  ring=2.0, velocity=90),
            layer("shakuhachi", melody, (77, 75), 60, 81, density=0.8, rest=0.2, grace=0.3,
                  velocity=84, vibrato=70, on=NOT_INTRO),
            layer("shamisen", melody, (106, 107), 57, 76, density=1.4, rest=0.3, grace=0.2,
                  velocity=84, on=SOMETIMES),
            layer("gongs", swells, (14, 115, 112), 40, 64, density=0.4, voices=1, velocity=84,
                  on=SOMETIMES),
        ),
    },
}  # fmt: skip
