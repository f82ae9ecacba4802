"""Music auto-tagging, the modules in the order of the data.

sample         the synthetic sample: artists, albums, tracks, clips
composer       tags and a random generator -> notes
synthesizer    notes and a General MIDI sound font -> samples
archive        the audio as shipped: zip parts read as one stream
clips          the inventory: clips.csv, excluded.csv, links
labels         annotations -> merged, frequent tags: labels.csv, tags.csv
splits         clips -> train, validation and test
audio          an audio file -> mono samples at a rate
features       samples -> (frames, bands); the named presets
feature_store  features.npy and its manifest
architectures  one function a network
training       batches, fit, going on after an interruption
models         the model file
prediction     scores of stored clips; scores.npy, scores.csv
metrics        y_true, y_score -> numbers; thresholds
tag_vectors    word vectors, places in two dimensions, neighbours
figures        data in, matplotlib axes out
cli            shared options, how an error is printed
"""
