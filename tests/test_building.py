"""Networks before their first epoch: normalisation, optimiser and loss as the settings say."""

from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("keras")
import keras

from autotagging.models import building
from autotagging.models.training_settings import RECIPES

SETTINGS = replace(RECIPES["vgg"], chunk_frames=6, steps=12)

pytestmark = pytest.mark.usefixtures("small_vgg")


def build(**changes):
    statistics = np.zeros(4), np.ones(4)
    return building.build((6, 4), 2, statistics, replace(SETTINGS, **changes))


@pytest.mark.parametrize(("n_steps", "momentum"), [(5, 0), (280, 0.964), (2000, 0.99)])
def test_batch_normalisation_forgets_its_start_within_a_training(n_steps, momentum):
    network = build(steps=n_steps)
    layers = building.list_layers(network, keras.layers.BatchNormalization)
    assert [round(layer.momentum, 3) for layer in layers] == [momentum] * 3
    assert momentum**n_steps < 1e-4


def test_smoothing_and_weights_of_positives_change_the_loss_as_they_should():
    y = np.array([[1.0, 0.0]], np.float32)
    logits = np.array([[0.3, -1.2]], np.float32)
    plain = -np.log(1 / (1 + np.exp(-logits * [[1, -1]])))[0]
    smoothed = 0.9 * plain + 0.1 * (plain + logits[0] * [1, -1])
    for changes, loss in [
        ({}, plain.mean()),
        ({"positive_weight": 3.0}, (3 * plain[0] + plain[1]) / 2),
        ({"label_smoothing": 0.2}, smoothed.mean()),
    ]:
        assert float(building.cross_entropy(**changes)(y, logits)[0]) == pytest.approx(loss)


@pytest.mark.parametrize("changes", [{}, {"label_smoothing": 0.1}])
def test_without_weights_the_loss_is_that_of_keras(changes):
    rng = np.random.default_rng(0)
    y = (rng.random((5, 3)) < 0.5).astype(np.float32)
    logits = rng.normal(0, 5, (5, 3)).astype(np.float32)
    expected = keras.losses.BinaryCrossentropy(from_logits=True, **changes)(y, logits)
    loss = np.mean(building.cross_entropy(**changes)(y, logits))
    assert loss == pytest.approx(float(expected), rel=1e-5)


@pytest.mark.parametrize("weight", [1.0, 3.0])
def test_the_gradient_of_the_loss_is_a_number_at_any_logit(weight):
    tf = pytest.importorskip("tensorflow")
    values = [-1e4, -100, -17, 0, 17, 100, 1e4]
    logits, y = tf.constant([values, values]), tf.constant([[0.0] * 7, [1.0] * 7])
    with tf.GradientTape() as tape:
        tape.watch(logits)
        loss = building.cross_entropy(weight)(y, logits)
    gradient = tape.gradient(loss, logits).numpy()
    assert np.isfinite(gradient).all()
    expected = [0, 0, 0, 0.5, 1, 1, 1], [-weight * share for share in (1, 1, 1, 0.5, 0, 0, 0)]
    np.testing.assert_allclose(7 * gradient, expected, atol=1e-6)


def test_weights_decay_as_they_are_told():
    network = build()
    building.compile_network(network, replace(SETTINGS, weight_decay=0.01))
    assert network.optimizer.weight_decay == 0.01
