"""Music auto-tagging, the modules in the order of the data.

sample         the synthetic sample, a package of its own
archive        the audio as shipped: zip parts read as one stream
clips          the inventory: clips.csv, excluded.csv, links
annotations    annotations as shipped -> merged, counted tags
splits         clips -> train, validation and test
labels         the label sets: labels.csv, tags.csv, summary.json
audio          an audio file -> mono samples at a rate
features       samples -> (frames, bands); the named presets
feature_store  features.npy and its manifest
architectures  one function a network
training       batches, fit, going on after an interruption
models         models/<run>/: the model file, history.csv, run.json
prediction     scores of stored clips
metrics        y_true, y_score -> numbers; thresholds
results        results/<run>/: scores and every number computed from them
tag_vectors    word vectors of tags, places in two dimensions, neighbours
tag_map        tag_map/: the map of the tags as files
figures        data in, matplotlib figures out
cli            shared options, how an error is printed
"""
