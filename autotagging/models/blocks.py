"""What the networks are built of: layers that several of them have in common.

What belongs to the same block has the same number at the end of its name; the block's output
after ReLU is called maps.
"""

import keras
from keras import layers, ops


def normalised(shape, mean, variance):
    """Return the input and a (frames, bands, 1) picture of it, each band of mean 0, variance 1.

    In single precision whatever the rest is computed in: powers span more than half precision.
    """
    inputs, x = _normalise(shape, mean, variance)
    return inputs, layers.Reshape((*shape, 1), name="picture")(x)


def normalised_values(shape, mean, variance):
    """Return the input, (1, width), and its values in a row, each of mean 0, variance 1."""
    inputs, x = _normalise(shape, mean, variance)
    return inputs, layers.Flatten(name="values")(x)


def _normalise(shape, mean, variance):
    inputs = layers.Input(shape, name="features", dtype="float32")
    statistics = {"mean": mean.tolist(), "variance": variance.tolist()}
    x = layers.Normalization(name="normalisation", dtype="float32", **statistics)(inputs)
    return inputs, x


def convolution(x, width, kernel, number):
    """Return a convolution, still to be normalised."""
    options = {"use_bias": False, "name": f"convolution_{number}"}
    return layers.Conv2D(width, kernel, padding="same", **options)(x)


def maps(x, number):
    """Return the batch normalisation of a convolution, and ReLU: the maps."""
    x = layers.BatchNormalization(name=f"batch_normalisation_{number}")(x)
    return layers.ReLU(name=f"maps_{number}")(x)


def mean_and_maximum(x):
    """Return mean and maximum of each map: (2 x maps,)."""
    mean = layers.GlobalAveragePooling2D(name="mean_of_maps")(x)
    maximum = layers.GlobalMaxPooling2D(name="maximum_of_maps")(x)
    return layers.Concatenate(name="mean_and_maximum")([mean, maximum])


def mean_and_deviation(x):
    """Return mean and standard deviation over time of each band: (2 x bands,), normalised."""
    x = layers.Reshape(x.shape[1:3], name="bands")(x)
    x = ops.concatenate([ops.mean(x, axis=1), ops.std(x, axis=1)], axis=-1)
    return layers.BatchNormalization(name="batch_normalisation_bands")(x)


def to_logits(inputs, x, n_tags, dropout, name, **start):
    """Return the network that ends in dropout and a logit per tag, in single precision."""
    x = layers.Dropout(dropout, name="dropout")(x)
    logits = layers.Dense(n_tags, name="logits", dtype="float32", **start)(x)
    return keras.Model(inputs, logits, name=name)
