"""Subpackage for songs of any length, which belong to no dataset, and their tags.

songs           what is named on the command line -> songs
pieces          a song -> features of pieces as long as a clip
tagger          pieces -> what a network says of the song
tag_lists       the tags of a song for readers
formats         CSV, TSV, JSON, JSON lines
kept            beside a file that later runs go on with: what made it
result_file     a file of tags that is whole after each song
embedding_file  a song's values of the last hidden layer, kept and compared
taggram_folder  a picture a song
remarks         why songs are not tagged, and what others lack
"""
