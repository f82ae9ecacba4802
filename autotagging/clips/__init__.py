"""Subpackage for ``clips/``: what a dataset holds, and its audio under the clips' ids.

clip_ids      ids made of paths, and told from those that a spreadsheet has altered
annotations   tables as shipped -> which clips have which tags, who made them
archive       the audio as shipped: zip parts read as one stream
raw_files     paths as annotated -> the files that are meant
links         audio under other names
inventory     clips.csv, excluded.csv, the audio of every clip
"""
