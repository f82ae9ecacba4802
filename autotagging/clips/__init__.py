"""Subpackage for ``clips/``: what a dataset holds, and its audio under the clips' ids.

annotations   tables as shipped -> which clips have which tags, who made them
archive       the audio as shipped: zip parts read as one stream
links         audio under other names
inventory     clips.csv, excluded.csv, the audio of every clip
"""
