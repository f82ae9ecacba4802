"""Subpackage for ``models/<run>/``: networks and their training.

training_settings  how each network is trained by default, and the options that change it
architectures      one function a network
augmentation       data augmentation
batches            training clips batch by batch, and what normalises them
training           one epoch after another, resuming after an interruption
epochs             the epochs so far -> which is kept, whether training goes on
prediction         scores of stored clips
runs               a network trained, its thresholds chosen, both kept and drawn
diagram            what a network is made of, and its maps, for a figure
model_folder       model.keras, history.csv
"""
