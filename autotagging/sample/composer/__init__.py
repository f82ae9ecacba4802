"""A style, an artist's hand and a random generator -> notes.

harmony     scales, chords, voicings, rhythms
layers      what one instrument plays in one section: tune, chords, bass, riff, drone, ...
drums       patterns and fills of the kit
classical, bands, electronic, world
            the styles, a table each
pieces      a style, a hand, a generator -> a piece of any length
contents    a piece and a stretch of it -> the tags that are true there
"""
