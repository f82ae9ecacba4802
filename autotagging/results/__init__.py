"""Subpackage for ``results/<run>/``: scores and every number computed from them.

scores            a network's scores; what is needed to evaluate any
external_scores   the scores of a file
bootstrap         how sure a number is: artists resampled
evaluation        scores and labels -> every number
examples          which test clips are shown
results_folder    scores.npy, thresholds.csv, per_tag.csv and the other tables
tables            the averages in print, in the report, for papers
comparison        finished results side by side
report            figures and report.html
"""
