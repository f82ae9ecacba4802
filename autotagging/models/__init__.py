"""Subpackage for ``models/<run>/``: networks and their training.

training_settings  how each network is trained by default, and the options that change it
architectures      one function a network
blocks             layers that several networks have in common
chunks             the stretches of a clip's sound that a network takes
augmentation       data augmentation
batches            training clips batch by batch, and what normalises them
building           a network as it is before its first epoch, with optimiser and loss
transfer           networks that another starts from, or whose layers it stands on
heads              small networks on layers of others: all joined, and taken apart
linear_solver      one of them, solved at once
nesting            networks that others are layers of
training           one epoch after another, resuming after an interruption
epochs             the epochs so far -> which is kept, whether training goes on
checkpoints        a training that has begun and is not finished
prediction         scores of stored clips
held_out           scores of clips by networks that have heard none of their artists
runs               a network trained, its thresholds chosen, both kept and drawn
diagram            what a network is made of, and its maps, for a figure
embeddings         a network's layer as features
published          published networks by name, as model files
published_weights  what the package musicnn holds -> weights of our networks
model_folder       model.keras, history.csv, out_of_fold.npy
"""
