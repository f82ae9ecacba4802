"""The networks, one function each: features of a clip, or of a chunk of it -> a logit per tag.

Every network takes features as they are stored, (frames, bands), normalises each band by the
mean and variance of the training clips, and ends in one logit a tag: its sigmoid is the score.
What belongs to the same block has the same number at the end of its name; the block's output
after ReLU is called maps. Keras 3 alone is used, so that any of its backends will do.
"""

import keras
from keras import layers, ops

from autotagging.models import blocks, heads

PAPER_WIDTHS = (64, 128, 256)
PAPER_POOLS = (6, 2)
VGG_WIDTHS = (16, 32, 64, 96)
FCN_WIDTHS = {4: (128, 384, 768, 2048), 5: (128, 256, 512, 1024, 2048)}
FCN_POOLS = {  # frames x bands, of 1,366 x 96
    4: ((4, 2), (5, 4), (8, 3), (8, 4)),
    5: ((4, 2), (4, 2), (4, 2), (5, 3), (4, 4)),
}
MUSICNN_VGG_POOLS = {  # frames x bands: size, steps
    "mtt": (((4, 1), (2, 2)), *[((2, 2), (2, 2))] * 3, ((4, 4), (4, 4))),
    "msd": tuple((size, size) for size in ((4, 1), (1, 4), (2, 2), (2, 2), (4, 4))),
}
SHORT_CHUNK_WIDTHS = (128, 128, 256, 256, 256, 256, 512)


def paper(
    shape,
    n_tags,
    mean,
    variance,
    *,
    dropout=0.25,
    convolutions=3,
    kernel=10,
    pooling=True,
    published_start=False,
):
    """Return the paper's network: three wide convolutions and a dense layer; or one of its family.

    Source: "Development of a Convolutional Neural Network for multi label auto tagging of music
    audio files": conv 10x10x64, max pool 6; conv 10x10x128, max pool 2; conv 10x10x256; dense
    1024, dropout 0.25. For 120 x 120 features and 50 tags 30,369,522 weights.

    Departs from the publication, unless `published_start`: weights start from Keras'
    initialisation instead of N(0, 1), and the input is normalised. Without pooling, convolutions
    take steps as large as the pools: a dense layer on maps of full size would have 3.8 billion
    weights.

    Parameters
    ----------
    shape : tuple of int
        (frames, bands).
    n_tags : int
    mean, variance : ndarray of shape (bands,)
        Of the training clips.
    dropout : float
    convolutions : {2, 3}
    kernel : int
        Of each convolution, 1 to 10.
    pooling : bool
    published_start : bool
        All weights and biases from N(0, 1), the input as it is.

    Returns
    -------
    keras.Model
        (n_clips, frames, bands) -> (n_clips, n_tags) logits.
    """
    if published_start:
        mean, variance = 0 * mean, 0 * variance + 1
    inputs, x = blocks.normalised(shape, mean, variance)
    for number, width in enumerate(PAPER_WIDTHS[:convolutions], 1):
        # frames x bands x maps of 120 x 120: 120 x 120 x 64, 20 x 20 x 128, 10 x 10 x 256
        pool = PAPER_POOLS[number - 1] if number <= len(PAPER_POOLS) else 1
        steps = 1 if pooling else pool
        options = {"strides": steps, "name": f"convolution_{number}", **_start(published_start)}
        x = layers.Conv2D(width, kernel, padding="same", **options)(x)
        x = layers.ReLU(name=f"maps_{number}")(x)
        if pooling and pool > 1:
            x = layers.MaxPooling2D(pool, name=f"pooling_{number}")(x)
    x = layers.Flatten(name="flat")(x)  # 25,600
    x = layers.Dense(1024, activation="relu", name="dense", **_start(published_start))(x)
    return blocks.to_logits(inputs, x, n_tags, dropout, "paper", **_start(published_start))


def _start(published):
    """Return what a layer's weights start from; one initialiser each, or they would be alike."""
    if not published:
        return {}
    normal = keras.initializers.RandomNormal
    return {"kernel_initializer": normal(0.0, 1.0), "bias_initializer": normal(0.0, 1.0)}


def vgg(shape, n_tags, mean, variance, *, dropout=0.5, band_statistics=True):
    """Return a small network of 3x3 convolutions with global pooling, and the bands' statistics.

    Source: the building block of Simonyan and Zisserman 2015 (3x3 convolutions, max pooling by 2)
    with batch normalisation, and mean and maximum over what is left of time and frequency, as
    usual in tagging. Pooling comes before normalisation and ReLU, which then go over a quarter of
    the values: on a CPU they took as long as the convolutions. Mean and standard deviation of
    each band go past the convolutions straight to the output: pooling forgets how high a sound
    was, and few clips suffice to learn from them. For chunks of 128 x 96 features and 50 tags
    99,330 weights.

    Parameters
    ----------
    shape : tuple of int
        (frames, bands).
    n_tags : int
    mean, variance : ndarray of shape (bands,)
        Of the training clips.
    dropout : float
    band_statistics : bool
        Whether mean and deviation of each band go straight to the output.

    Returns
    -------
    keras.Model
        (n_clips, frames, bands) -> (n_clips, n_tags) logits.
    """
    inputs, x = blocks.normalised(shape, mean, variance)
    pictures = x
    for number, width in enumerate(VGG_WIDTHS, 1):
        x = blocks.convolution(x, width, 3, number)
        x = layers.MaxPooling2D(2, padding="same", name=f"pooling_{number}")(x)  # halves both
        x = blocks.maps(x, number)
    x = blocks.mean_and_maximum(x)
    if band_statistics:
        x = layers.Concatenate(name="pooled_and_bands")([x, blocks.mean_and_deviation(pictures)])
    return blocks.to_logits(inputs, x, n_tags, dropout, "vgg")


def fcn(shape, n_tags, mean, variance, *, dropout=0.5, convolutions=4):
    """Return a fully convolutional network that pools until one value per map is left.

    Source: Choi, Fazekas and Sandler, "Automatic tagging using deep convolutional neural
    networks", ISMIR 2016: FCN-4 (128, 384, 768, 2048 maps) and FCN-5 (128, 256, 512, 1024, 2048),
    3x3 convolutions, batch normalisation, ReLU, max pooling. For 50 tags FCN-4 has 17,369,266
    weights, FCN-5 25,186,994, whatever the input.

    Departs from the publication: its input is 1,366 x 96; where a smaller one runs out of frames
    or bands, pools are as large as what is there, and where a larger one leaves some, the
    maximum over them is taken. Dropout stands before the output alone.

    Parameters
    ----------
    shape : tuple of int
        (frames, bands).
    n_tags : int
    mean, variance : ndarray of shape (bands,)
        Of the training clips.
    dropout : float
    convolutions : {4, 5}

    Returns
    -------
    keras.Model
        (n_clips, frames, bands) -> (n_clips, n_tags) logits.
    """
    inputs, x = blocks.normalised(shape, mean, variance)
    sizes = zip(FCN_WIDTHS[convolutions], FCN_POOLS[convolutions], strict=True)
    for number, (width, pool) in enumerate(sizes, 1):
        x = blocks.maps(blocks.convolution(x, width, 3, number), number)
        size = tuple(map(min, pool, x.shape[1:3]))
        x = layers.MaxPooling2D(size, name=f"pooling_{number}")(x)
    x = layers.GlobalMaxPooling2D(name="maximum")(x)
    return blocks.to_logits(inputs, x, n_tags, dropout, "fcn")


def musicnn(shape, n_tags, mean, variance, *, dropout=0.5):
    """Return a network whose first filters are shaped after music: timbre and rhythm.

    Source: Pons, Nieto, Prockup, Schmidt, Ehmann and Serra, "End-to-end learning for music audio
    tagging at scale", ISMIR 2018, in the size of the musicnn repository: 204 timbral filters each
    of 7 frames x 40 % and 7 x 70 % of the bands, 51 temporal ones each of 128, 64 and 32 frames,
    each the maximum over frequency; three densely connected layers of 64; maximum and mean over
    time; dense 200. For chunks of 187 x 96 features (2.992 s) and 50 tags 792,075 weights.

    Departs from the publication: the input is normalised a band instead of by a batch
    normalisation of one value.

    Parameters
    ----------
    shape : tuple of int
        (frames, bands).
    n_tags : int
    mean, variance : ndarray of shape (bands,)
        Of the training clips.
    dropout : float

    Returns
    -------
    keras.Model
        (n_clips, frames, bands) -> (n_clips, n_tags) logits.
    """
    inputs, x = blocks.normalised(shape, mean, variance)
    padded = layers.ZeroPadding2D((3, 0), name="seven_frames")(x)  # "same" in time alone
    bands, front = shape[1], []
    filters = [(204, (7, max(1, int(share * bands)))) for share in (0.4, 0.7)]
    filters += [(51, (frames, 1)) for frames in (128, 64, 32)]
    for number, (width, kernel) in enumerate(filters, 1):
        options = {"activation": "relu", "name": f"convolution_{number}"}
        if kernel[1] == 1:  # temporal
            maps = layers.Conv2D(width, kernel, padding="same", **options)(x)
        else:
            maps = layers.Conv2D(width, kernel, **options)(padded)
        maps = layers.BatchNormalization(name=f"maps_{number}")(maps)  # after ReLU, as published
        front.append(layers.MaxPooling2D((1, maps.shape[2]), name=f"pooling_{number}")(maps))
    front = layers.Concatenate(name="front_end")(front)  # frames x 1 x 561
    dense = [front]
    for number in range(len(filters) + 1, len(filters) + 4):
        options = {"activation": "relu", "name": f"convolution_{number}"}
        maps = layers.Conv2D(64, (7, 1), padding="same", **options)(dense[-1])
        before = dense[1:][-1:]  # each layer but the first is added to the one before
        name = "batch_normalisation" if before else "maps"
        maps = layers.BatchNormalization(name=f"{name}_{number}")(maps)
        dense.append(layers.Add(name=f"maps_{number}")([*before, maps]) if before else maps)
    x = blocks.mean_and_maximum(layers.Concatenate(name="all_layers")(dense))  # 2 x 753
    x = layers.BatchNormalization(name="batch_normalisation_pooled")(x)
    x = layers.Dropout(dropout, name="dropout_pooled")(x)
    x = layers.Dense(200, activation="relu", name="dense")(x)
    x = layers.BatchNormalization(name="batch_normalisation_dense")(x)
    return blocks.to_logits(inputs, x, n_tags, dropout, "musicnn")


def musicnn_vgg(shape, n_tags, mean, variance, *, dropout=0.5, pools="mtt"):
    """Return five convolutions of 128 maps and a dense layer, for chunks of three seconds.

    Source: the network "vgg" of the musicnn repository (Pons and Serra, "musicnn: pre-trained
    convolutional neural networks for music audio tagging", ISMIR 2019, late-breaking demo): 3x3
    convolutions, ReLU, batch normalisation, max pooling, dropout of 0.25 between. For chunks of
    187 x 96 features (2.992 s) and 50 tags 607,026 weights.

    Departs from the publication: the input is normalised a band instead of by a batch
    normalisation of one value; where a smaller input runs out of frames or bands, pools are as
    large as what is there.

    Parameters
    ----------
    shape : tuple of int
        (frames, bands).
    n_tags : int
    mean, variance : ndarray of shape (bands,)
        Of the training clips.
    dropout : float
        Before the output.
    pools : {"mtt", "msd"}
        Those of the network that was trained on MagnaTagATune, or on the Million Song Dataset;
        the package's own code has the former alone, the graph kept with its weights the latter.

    Returns
    -------
    keras.Model
        (n_clips, frames, bands) -> (n_clips, n_tags) logits.
    """
    inputs, x = blocks.normalised(shape, mean, variance)
    for number, pool in enumerate(MUSICNN_VGG_POOLS[pools], 1):
        options = {"padding": "same", "activation": "relu", "name": f"convolution_{number}"}
        x = layers.Conv2D(128, 3, **options)(x)
        x = layers.BatchNormalization(name=f"maps_{number}")(x)  # after ReLU, as published
        size, steps = (tuple(map(min, pair, x.shape[1:3])) for pair in pool)
        x = layers.MaxPooling2D(size, strides=steps, name=f"pooling_{number}")(x)
        if number < len(MUSICNN_VGG_POOLS[pools]):
            x = layers.Dropout(0.25, name=f"dropout_{number}")(x)
    x = layers.Flatten(name="flat")(x)  # 256 for 187 x 96
    return blocks.to_logits(inputs, x, n_tags, dropout, "musicnn_vgg")


def short_chunk_res(shape, n_tags, mean, variance, *, dropout=0.5):
    """Return a residual network of 3x3 convolutions for chunks of a few seconds.

    Source: Won, Ferraro, Bogdanov and Serra, "Evaluation of CNN-based automatic music tagging
    models", SMC 2020: seven residual blocks of 128, 128, 256, 256, 256, 256 and 512 maps, each
    halving time and frequency; maximum over time; dense 512. For chunks of 231 x 128 features
    (3.69 s) and 50 tags 12,116,018 weights.

    Departs from the publication: the input is normalised a band instead of by a batch
    normalisation of one value; where a size is even, halving pads one side alone; the maximum is
    taken over bands, too, where more than 128 leave any.

    Parameters
    ----------
    shape : tuple of int
        (frames, bands).
    n_tags : int
    mean, variance : ndarray of shape (bands,)
        Of the training clips.
    dropout : float

    Returns
    -------
    keras.Model
        (n_clips, frames, bands) -> (n_clips, n_tags) logits.
    """
    inputs, x = blocks.normalised(shape, mean, variance)
    for number, width in enumerate(SHORT_CHUNK_WIDTHS, 1):
        halve = {"strides": 2, "padding": "same"}
        y = layers.Conv2D(width, 3, **halve, name=f"convolution_{number}")(x)
        y = layers.BatchNormalization(name=f"batch_normalisation_{number}")(y)
        y = layers.ReLU(name=f"activation_{number}")(y)
        y = layers.Conv2D(width, 3, padding="same", name=f"second_{number}")(y)
        y = layers.BatchNormalization(name=f"second_batch_normalisation_{number}")(y)
        x = layers.Conv2D(width, 3, **halve, name=f"shortcut_{number}")(x)
        x = layers.BatchNormalization(name=f"shortcut_batch_normalisation_{number}")(x)
        x = layers.Add(name=f"sum_{number}")([x, y])
        x = layers.ReLU(name=f"maps_{number}")(x)
    x = layers.GlobalMaxPooling2D(name="maximum")(x)
    x = layers.Dense(512, name="dense")(x)
    x = layers.BatchNormalization(name="batch_normalisation_dense")(x)
    x = layers.ReLU(name="dense_maps")(x)
    return blocks.to_logits(inputs, x, n_tags, dropout, "short_chunk_res")


def mean_of(networks):
    """Return one network whose score is the mean of the scores of some of the same input.

    Parameters
    ----------
    networks : list of keras.Model
        Give logits of the same tags.

    Returns
    -------
    keras.Model
        Gives the logit of the mean probability.
    """
    inputs = layers.Input(networks[0].input_shape[1:], name="features")
    members = []
    for number, network in enumerate(networks, 1):
        network.name = f"member_{number}"
        members.append(layers.Activation("sigmoid", name=f"score_{number}")(network(inputs)))
    mean = layers.Average(name="mean_score")(members) if len(members) > 1 else members[0]
    mean = ops.clip(mean, keras.config.epsilon(), 1 - keras.config.epsilon())
    return keras.Model(inputs, ops.log(mean) - ops.log(1 - mean), name="mean_of_networks")


ARCHITECTURES = {
    "paper": paper,
    "vgg": vgg,
    "fcn": fcn,
    "musicnn": musicnn,
    "musicnn-vgg": musicnn_vgg,
    "short-chunk-res": short_chunk_res,
    "linear": heads.linear,
    "mlp": heads.mlp,
}
