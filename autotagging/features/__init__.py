"""Subpackage for ``features/<name>/``: mel spectrograms, MFCCs or a layer's values of every clip.

settings        what features are made of; the named presets
spectrogram     samples -> (frames, bands)
workers         audio files -> features, in processes or on a cluster
extraction      the rows of a store are computed, resuming after an interruption
feature_store   features.npy, clips.csv, failed.csv
side_by_side    several layers of networks as one store
waves           the figure of three clips
"""
