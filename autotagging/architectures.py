"""The networks, one function each: features of a clip -> a logit a tag.

Every network takes features as they are stored, (frames, bands), normalises each band by the
mean and variance of the training clips, and ends in one logit a tag: its sigmoid is the score.
"""

import keras
from keras import layers


def paper(shape, n_tags, mean, variance):
    """Return the paper's network: three wide convolutions and a dense layer.

    Source: "Development of a Convolutional Neural Network for multi label auto tagging of music
    audio files": conv 10x10x64, max pool 6; conv 10x10x128, max pool 2; conv 10x10x256; dense
    1024, dropout 0.25. For 120 x 120 features and 50 tags 30,369,522 weights.

    Departs from the publication: weights start from Keras' initialisation instead of N(0, 1), and
    the input is normalised.

    Parameters
    ----------
    shape : tuple of int
        (frames, bands).
    n_tags : int
    mean, variance : ndarray of shape (bands,)
        Of the training clips.

    Returns
    -------
    keras.Model
        (n_clips, frames, bands) -> (n_clips, n_tags) logits.
    """
    inputs, x = _normalised(shape, mean, variance)
    x = _convolution(x, 64, 10, 1)  # 120 x 120 x 64
    x = layers.MaxPooling2D(6, name="pooling_1")(x)  # 20 x 20 x 64
    x = _convolution(x, 128, 10, 2)  # 20 x 20 x 128
    x = layers.MaxPooling2D(2, name="pooling_2")(x)  # 10 x 10 x 128
    x = _convolution(x, 256, 10, 3)  # 10 x 10 x 256
    x = layers.Flatten(name="flat")(x)  # 25,600
    x = layers.Dense(1024, activation="relu", name="dense")(x)
    x = layers.Dropout(0.25, name="dropout")(x)
    return keras.Model(inputs, layers.Dense(n_tags, name="logits")(x), name="paper")


def vgg(shape, n_tags, mean, variance, widths=(16, 32, 48, 64, 96)):
    """Return a small network of 3x3 convolutions with global pooling.

    Source: the building block of Simonyan and Zisserman 2015 (3x3 convolutions, max pooling by 2)
    with batch normalisation, and mean and maximum over what is left of time and frequency, as
    usual in tagging. For 120 x 120 features, 50 tags and the default widths 112,194 weights.

    Parameters
    ----------
    shape : tuple of int
        (frames, bands).
    n_tags : int
    mean, variance : ndarray of shape (bands,)
        Of the training clips.
    widths : tuple of int
        Channels of each block.

    Returns
    -------
    keras.Model
        (n_clips, frames, bands) -> (n_clips, n_tags) logits.
    """
    inputs, x = _normalised(shape, mean, variance)
    for number, width in enumerate(widths, 1):
        x = _convolution(x, width, 3, number, batch_normalisation=True)
        x = layers.MaxPooling2D(2, padding="same", name=f"pooling_{number}")(x)  # halves both
    x = layers.Concatenate(name="global_pooling")(
        [
            layers.GlobalAveragePooling2D(name="mean")(x),
            layers.GlobalMaxPooling2D(name="maximum")(x),
        ]
    )
    x = layers.Dropout(0.5, name="dropout")(x)
    return keras.Model(inputs, layers.Dense(n_tags, name="logits")(x), name="vgg")


def _normalised(shape, mean, variance):
    """Return the input and a (frames, bands, 1) picture of it, each band of mean 0, variance 1."""
    inputs = layers.Input(shape, name="features")
    x = layers.Normalization(
        axis=-1, mean=mean.tolist(), variance=variance.tolist(), name="normalisation"
    )(inputs)
    return inputs, layers.Reshape((*shape, 1), name="picture")(x)


def _convolution(x, width, kernel, number, *, batch_normalisation=False):
    """Return a convolution, its batch normalisation where wanted, and ReLU: the maps."""
    x = layers.Conv2D(
        width,
        kernel,
        padding="same",
        use_bias=not batch_normalisation,
        name=f"convolution_{number}",
    )(x)
    if batch_normalisation:
        x = layers.BatchNormalization(name=f"batch_normalisation_{number}")(x)
    return layers.ReLU(name=f"maps_{number}")(x)


def describe(network):
    """Return the network's blocks in order, for a figure.

    Returns
    -------
    list of dict
        kind ("input", "convolution", "pooling", "dense" or "output"), name, shape of the output
        without the clips, detail, weights.
    """
    blocks = [_block("input", "input", network.input, "features", 0)]
    for layer in network.layers:
        if isinstance(layer, layers.Conv2D):
            detail = f"{layer.kernel_size[0]}x{layer.kernel_size[1]} kernel, ReLU"
            blocks.append(
                _block("convolution", layer.name, layer.output, detail, layer.count_params())
            )
        elif isinstance(layer, layers.BatchNormalization):
            blocks[-1]["detail"] = blocks[-1]["detail"].replace("ReLU", "batch norm., ReLU")
            blocks[-1]["weights"] += layer.count_params()
        elif isinstance(layer, layers.MaxPooling2D):
            detail = f"max pool {layer.pool_size[0]}"
            blocks.append(_block("pooling", layer.name, layer.output, detail, 0))
        elif layer.name == "global_pooling":
            blocks.append(_block("pooling", layer.name, layer.output, "mean and maximum", 0))
        elif layer.name == "logits":
            blocks.append(_block("output", "output", layer.output, "sigmoid", layer.count_params()))
        elif isinstance(layer, layers.Dense):
            blocks.append(_block("dense", layer.name, layer.output, "ReLU", layer.count_params()))
        elif isinstance(layer, layers.Dropout):
            blocks[-1]["detail"] += f", dropout {layer.rate:g}"
    return blocks


def _block(kind, name, output, detail, weights):
    name = name.replace("_", " ")
    return {
        "kind": kind,
        "name": name,
        "shape": output.shape[1:],
        "detail": detail,
        "weights": weights,
    }


def convolution_maps(network, batch):
    """Return what every convolution makes of a few clips.

    Parameters
    ----------
    network : keras.Model
    batch : ndarray of shape (n_clips, frames, bands)

    Returns
    -------
    dict
        Name of the convolution -> its maps after ReLU: ndarray of shape (n_clips, frames, bands,
        channels), with the frames and bands that are left there.
    """
    names = [layer.name for layer in network.layers if layer.name.startswith("maps_")]
    outputs = [network.get_layer(name).output for name in names]
    maps = keras.Model(network.input, outputs).predict(batch, verbose=0)
    return {
        name.replace("maps_", "convolution "): value
        for name, value in zip(names, maps, strict=True)
    }


ARCHITECTURES = {"paper": paper, "vgg": vgg}
