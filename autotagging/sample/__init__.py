"""The synthetic sample, made by aux_make_sample.py; the pipeline itself needs nothing of it.

plan         who plays what, on which album, in which folder
composer     a style, an artist's hand and a random generator -> notes
sound_font   a General MIDI sound font -> its recorded sounds
synthesizer  notes, a sound font and an artist's mix -> audio
listeners    what is truly in each clip -> the tags that people give
dataset      a plan recorded, and written in MagnaTagATune's own form
"""
