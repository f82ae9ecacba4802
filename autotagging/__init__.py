"""Music auto-tagging: a subpackage for each folder of a dataset, in the order of the data.

clips           the audio and who made it
labels          tags merged and chosen; train, validation, test
features        spectrograms
models          networks and their training
results         scores, evaluated
tag_map         the tags laid out by their meaning
tagging         songs of no dataset, and their tags
sample          the synthetic sample; the pipeline needs nothing of it

and what all of them use:

steps           is a folder finished, and made from what there is now?
metrics         y_true, y_score -> numbers
thresholds      from which score on a clip is given a tag
figures         data in, matplotlib figures out
html            templates -> pages that are one file
audio           an audio file -> mono samples at a rate
download        files from a server, checked by their checksums
cli, options    the command line; settings whose fields are options
formatting      how numbers, paths and names are written
files           files that appear whole
user_tables     tables that users bring
versions        of Python, libraries and this repository
native_stderr   what libraries write to standard error past Python, silenced
caches          folders for what libraries keep, where the home cannot be written to
interrupts      what Ctrl-C and SIGTERM do while a script starts, works and ends
"""

from autotagging import caches, interrupts

interrupts.end_silently()  # before any library is imported
caches.make_writable()
