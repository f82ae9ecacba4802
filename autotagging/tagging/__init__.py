"""Subpackage for songs of any length, which belong to no dataset, and their tags.

songs         what is named on the command line -> songs
pieces        a song -> features of pieces as long as a clip
tagger        pieces -> what a network says of the song
output        tables, CSV, JSON: one song after another
embeddings    a song's values of the last hidden layer, kept and compared
taggrams      a picture a song
"""
