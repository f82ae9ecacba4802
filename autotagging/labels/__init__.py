"""Subpackage for ``labels/<set>/``: which tags the clips have, and which part each clip is in.

synonyms      synonyms merged; the tables that a researcher edits
tag_choice    tags counted and chosen
splits        clips -> train, validation and test
folds         clips -> folds by artist, to be judged each by a network of the others
label_sets    labels.csv, tags.csv, tag_counts.csv, cooccurrence.csv
statistics    what a paper has to say of its labels
"""
