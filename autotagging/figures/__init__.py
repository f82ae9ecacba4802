"""Data in, matplotlib figures out: the paper's figures, a file a family.

style     the look of all of them, and how one is saved
sounds    waves and spectrograms
tags      bars a tag, how often tags are given and together
networks  the network with its maps, the course of training
maps      tags at their places
tables    clips with their tags
evaluation  areas with intervals, curves, confusions

Every function returns a `matplotlib.figure.Figure` 17 cm wide; `save` writes it. Tags stand in
order of frequency, as they are handed in. Time in s, frequency in Hz, level in dB.
"""

from autotagging.figures.evaluation import (
    draw_aucs,
    draw_confusions,
    draw_curves,
    evaluation_figures,
)
from autotagging.figures.maps import draw_tag_map, kind_marks
from autotagging.figures.networks import draw_architecture, draw_history
from autotagging.figures.sounds import draw_spectrogram, draw_waves
from autotagging.figures.style import save, save_missing
from autotagging.figures.tables import draw_examples
from autotagging.figures.tags import draw_label_distribution, draw_tag_bars

__all__ = [
    "draw_architecture",
    "draw_aucs",
    "draw_confusions",
    "draw_curves",
    "draw_examples",
    "draw_history",
    "draw_label_distribution",
    "draw_spectrogram",
    "draw_tag_bars",
    "draw_tag_map",
    "draw_waves",
    "evaluation_figures",
    "kind_marks",
    "save",
    "save_missing",
]
