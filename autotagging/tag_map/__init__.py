"""Subpackage for ``tag_map/<name>/``: the tags laid out by their meaning.

word_files     a file of word vectors, or its name -> the words of the tags
word_vectors   word vectors of tags: trained, or looked up among words
similarity     how near tags are by words, annotations and network; errors near the truth?
projection     vectors -> coordinates by t-SNE, how far to trust them, clusters
map_folder     coordinates.csv and the other tables, files for the Projector
caption        what a reader must know of the map
page           the figure and tag_map.html
"""
