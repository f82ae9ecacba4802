"""Settings -> a network that can be trained, the same whenever it is built.

A run that was interrupted is built again as at its start before it is given its weights, so that
its optimiser is the one that it was begun with.
"""

import contextlib

import keras
from keras import ops

from autotagging.models import architectures

MOMENTUM = 0.99  # of the running means of batch normalisation, at most
TIME_CONSTANTS = 10  # of these means in a training: e ** -10 of their start is left


def make_deterministic(settings):
    """Make all that is random follow from the seed and, if asked, each operation repeatable."""
    keras.utils.set_random_seed(settings.seed)
    if settings.deterministic and keras.backend.backend() == "tensorflow":
        import tensorflow as tf  # the one backend with such a switch

        tf.config.experimental.enable_op_determinism()


def build(shape, n_tags, statistics, settings):
    """Return a new network.

    Parameters
    ----------
    shape : tuple of int
        (frames, bands) of a chunk.
    n_tags : int
    statistics : tuple of two ndarray of shape (bands,)
        Mean and variance of each band.
    settings : TrainingSettings
        From `training_settings.resolve`.
    """
    policy = keras.config.dtype_policy()
    if settings.mixed_precision:
        keras.config.set_dtype_policy("mixed_float16")
    try:
        function = architectures.ARCHITECTURES[settings.architecture]
        network = function(shape, n_tags, *statistics, **settings.architecture_options)
    finally:
        keras.config.set_dtype_policy(policy)
    for layer in list_layers(network, keras.layers.BatchNormalization):
        layer.momentum = choose_momentum(settings.steps)
        layer.synchronized = settings.devices > 1  # over the clips of all devices
    return network


def list_layers(network, kind):
    """Return the layers of a network that are of one class."""
    return [layer for layer in network.layers if isinstance(layer, kind)]


def have_same_order(network, other):
    """Return whether the layers that two networks have in common follow each other alike.

    Layers of the same names and weights may still be another network: what stands before
    normalisation decides what it is a normalisation of.
    """
    orders = [[layer.name for layer in one.layers] for one in (network, other)]
    common = set.intersection(*map(set, orders))
    first, second = ([name for name in order if name in common] for order in orders)
    return first == second


def choose_momentum(n_steps):
    """Return the momentum of batch normalisation for a training of so many steps.

    Its running means start at 0 and 1. With Keras' own .99 they would keep 6 % of that after 280
    steps, and scores are computed with them.
    """
    return min(MOMENTUM, max(0.0, 1 - TIME_CONSTANTS / n_steps))


def compile_network(network, settings):
    """Give a network its optimiser and its loss."""
    decay = settings.weight_decay or None
    optimizer = keras.optimizers.Adam(settings.learning_rate, weight_decay=decay)
    if settings.mixed_precision:
        optimizer = keras.optimizers.LossScaleOptimizer(optimizer)
    loss = cross_entropy(settings.positive_weight, settings.label_smoothing)
    network.compile(optimizer=optimizer, loss=loss)
    optimizer.build(network.trainable_variables)


def cross_entropy(positive_weight=1.0, label_smoothing=0.0):
    """Return the loss: sigmoid cross-entropy of logits, perhaps with more weight on tags given.

    Keras has none with a weight that stays finite at any logit: its focal loss with gamma 0 takes
    the derivative of 0 ** 0 where a score rounds to 0 or 1.

    Parameters
    ----------
    positive_weight : float
        Of the term of a tag that is there.
    label_smoothing : float
        In [0, 1): labels 0 and 1 become half of it, and 1 less half of it.

    Returns
    -------
    function
        (y_true, logits), both of shape (n_clips, n_tags) -> (n_clips,), the mean over the tags.
    """

    def loss(y_true, logits):
        y_true = y_true * (1 - label_smoothing) + label_smoothing / 2
        of_given = positive_weight * y_true * ops.softplus(-logits)
        return ops.mean(of_given + (1 - y_true) * ops.softplus(logits), axis=-1)

    return loss


@contextlib.contextmanager
def devices(number):
    """Place what is built inside on several devices of this machine, each with a share of a batch.

    Raises
    ------
    ValueError
        Where there are fewer.
    """
    if number == 1:
        yield
        return
    if keras.backend.backend() != "tensorflow":
        raise ValueError("--devices needs Keras on TensorFlow: unset KERAS_BACKEND")
    import tensorflow as tf

    found = tf.config.list_logical_devices("GPU") or tf.config.list_logical_devices("CPU")
    if len(found) < number:
        raise ValueError(f"--devices {number} are more than there are: {len(found)}")
    with tf.distribute.MirroredStrategy([device.name for device in found[:number]]).scope():
        yield
