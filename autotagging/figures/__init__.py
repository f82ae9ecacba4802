"""Data in, matplotlib figures out: the paper's figures, a file per family.

style       the look, colours of kinds of all of them, and how one is saved
letters     text of users as one line that fits
fonts       installed fonts for letters that the figures' own font lacks
sounds      waves and spectrograms
taggrams    the tags of a song over time, below its spectrogram
tags        bars a tag, how often tags are given and together
matrices    shares, a row and a column a tag
networks    the network with its maps, the course of training
evaluation  AUCs with intervals, curves, confusions
examples    clips with their tags
maps        tags at their coordinates

A function draw_... returns a `matplotlib.figure.Figure`, 17 cm wide unless it is for a screen or
its labels need more; `save` writes it. Tags stand in order of frequency, as they are handed in.
Time in s, frequency in Hz, level in dB.
"""
