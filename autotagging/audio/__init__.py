"""Subpackage for audio files, whatever is in or around them -> mono samples.

contents        where the audio begins, and what a file without any holds
mpeg_frames     the frames of an mp3, one by one
decoders        libsndfile and FFmpeg, as far as the audio is wanted
loading         one file -> samples at a rate, and what is missing of it
"""
