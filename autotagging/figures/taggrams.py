"""Taggrams: the tags of a song over time, below its spectrogram."""

import itertools
from dataclasses import dataclass

import numpy as np
from matplotlib.colors import PowerNorm

from autotagging.figures.letters import LABEL_SIZE, LABEL_WIDTH, shorten
from autotagging.figures.sounds import LEVEL_RANGE, label_mel
from autotagging.figures.style import PALE_GREY, WIDTH, new_figure, styled
from autotagging.formatting import measure

SPECTROGRAM_HEIGHT, LINE, MARGINS = 1.5, 0.14, 0.8  # inches; a line is a tag
TITLE_WIDTH = WIDTH - LABEL_WIDTH - 0.7  # inches: above the panel, however long the labels are
TICKS = (0, 0.1, 0.25, 0.5, 1)  # probabilities on the colour bar


@dataclass(frozen=True)
class Piece:
    """A piece of a song.

    Parameters
    ----------
    start, end : float
        In seconds of the song.
    levels : ndarray of shape (frames, bands)
        In dB.
    edges : ndarray of shape (n_chunks + 1,)
        Where chunks begin, and where the last one ends, in seconds.
    scores : ndarray of shape (n_chunks, n_tags)
        Probabilities.
    """

    start: float
    end: float
    levels: np.ndarray
    edges: np.ndarray
    scores: np.ndarray


@styled
def draw_taggram(pieces, tags, seconds, frequencies, title):
    """Draw the mel spectrogram of a song and, below it, how probable tags are in each chunk.

    Parameters
    ----------
    pieces : list of Piece
        What lies between them was not heard, and is grey.
    tags : dict
        Tag -> its probability in the whole song, from the top down.
    seconds : float
        Length of the song.
    frequencies : tuple of float
        Hz, edges of the lowest and the highest mel band.
    title : str

    Returns
    -------
    Figure
    """
    heights = [SPECTROGRAM_HEIGHT, LINE * max(len(tags), 4)]
    figure = new_figure(sum(heights) + MARGINS)
    above, below = figure.subplots(2, 1, sharex=True, height_ratios=heights)
    images = _draw_levels(above, pieces), _draw_scores(below, pieces, len(tags))
    label_mel(above, *frequencies, pieces[0].levels.shape[1])
    above.set_title(shorten(title, TITLE_WIDTH, 8.0))
    names = [f"{shorten(tag)}  {measure(score)}" for tag, score in tags.items()]
    below.set_yticks(np.arange(len(tags)) + 0.5, names, fontsize=LABEL_SIZE)
    below.set(xlim=(0, seconds), ylim=(len(tags), 0))
    below.tick_params(axis="y", length=0)
    is_whole = all(b.start <= a.end for a, b in itertools.pairwise(pieces))
    below.set_xlabel("time (s)" if is_whole else "time (s); grey: not heard")
    labels = "level (dB; 0 = loudest)", "probability"
    for ax, image, label in zip((above, below), images, labels, strict=True):
        bar = figure.colorbar(image, ax=ax, location="right", aspect=12, pad=0.01)
        bar.set_label(label)
        bar.outline.set_visible(False)
        ax.set_facecolor(PALE_GREY)
    bar.set_ticks(TICKS, labels=[f"{tick:g}" for tick in TICKS])
    return figure


def _draw_levels(ax, pieces):
    loudest = max(float(piece.levels.max()) for piece in pieces)
    style = {"origin": "lower", "aspect": "auto", "cmap": "magma", "vmin": -LEVEL_RANGE, "vmax": 0}
    for piece in pieces:
        extent = (piece.start, piece.end, 0, piece.levels.shape[1])
        image = ax.imshow(piece.levels.T - loudest, extent=extent, **style)
    return image


def _draw_scores(ax, pieces, n_tags):
    norm = PowerNorm(0.5, 0, 1)  # the square root: most probabilities are small
    for piece in pieces:
        rows = np.arange(n_tags + 1)
        image = ax.pcolormesh(piece.edges, rows, piece.scores.T, cmap="Blues", norm=norm)
    return image
