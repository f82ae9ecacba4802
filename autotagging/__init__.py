"""Music auto-tagging, the modules in the order of the data.

sample         the synthetic sample, a package of its own
download       MagnaTagATune's files, checked by their checksums
annotations    tables as shipped -> which clips have which tags, who made them
vocabulary     synonyms merged, tags counted and chosen
splits         clips -> train, validation and test
archive        the audio as shipped: zip parts read as one stream
audio          an audio file -> mono samples at a rate
links          audio under other names
clips          the inventory: clips.csv, excluded.csv, clips/
labels         the label sets: labels.csv, tags.csv, summary.json
paragraph      what a paper has to say of its labels
features       samples -> (frames, bands); the named presets
extraction     audio files -> features, in parallel
feature_store  features.npy and its manifest
recipes        how each network is trained by default, and the options that change it
augmentation   clips as they could have been
batches        training clips batch by batch, and what normalises them
architectures  one function a network
anatomy        what a network is made of, and its maps, for a figure
training       one epoch after another, going on after an interruption
models         models/<run>/: the model file, history.csv, run.json
prediction     scores of stored clips
scores_file    anybody's scores
metrics        y_true, y_score -> numbers; thresholds
bootstrap      how sure a number is: artists drawn anew
evaluation     scores and labels -> every number of results/<run>/
examples       which test clips are shown
results        results/<run>/: scores and every number computed from them
systems        what is evaluated: a network, or a file of scores
comparison     results side by side, and as tables for papers
report         results/<run>/ -> report.html
evaluated      an evaluated network, asked by what comes after
word_files     a file of word vectors, or its name -> the words of the tags
tag_vectors    word vectors of tags: trained, or looked up among words
tag_spaces     how near tags are by words, annotations and network; errors near the truth?
tag_places     vectors -> places in two dimensions, how far to trust them, clusters
tag_map        tag_map/: the map of the tags as files
map_caption    what a reader must know of the map
map_page       tag_map/ -> tag_map.html
pages          templates -> pages that are one file
figures        data in, matplotlib figures out
versions       of Python, libraries and this repository
native_stderr  what libraries write to standard error past Python, silenced
cli            shared options, how an error is printed
"""
