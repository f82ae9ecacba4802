"""The epochs so far -> which is kept, whether training goes on, the next learning rate."""

import math
from dataclasses import replace

import numpy as np

from autotagging.models import epochs
from autotagging.models.training_settings import RECIPES

SETTINGS = replace(RECIPES["vgg"], epochs=4, keep_from=0.0, learning_rate=0.003, refit=False)


def history_of(*scores):
    """Return the epochs of a history that had these validation scores."""
    return [{"epoch": n, "validation_pr_auc": score} for n, score in enumerate(scores, 1)]


def test_training_stops_where_no_later_epoch_is_better():
    settings = replace(SETTINGS, epochs=9, patience=2)
    history = history_of(0.1, 0.5, 0.4, 0.5)
    assert epochs.has_stalled(history, settings)
    assert not epochs.has_stalled(history, replace(settings, patience=3))
    assert not epochs.has_stalled(history_of(0.1, 0.5, 0.4, 0.5, 0.6), settings)


def test_patience_counts_from_the_first_epoch_that_may_be_kept():
    settings = replace(SETTINGS, epochs=8, patience=2, keep_from=0.5)
    early_best = history_of(0.9, 0.1, 0.1, 0.1, 0.5, 0.5, 0.4)
    stalled = [epochs.has_stalled(early_best[:n], settings) for n in range(8)]
    assert stalled == [False] * 7 + [True]
    assert epochs.best_epoch(early_best, settings) + 1 == 5


def test_without_patience_training_never_stops():
    assert not epochs.has_stalled(history_of(*[0.5] * 60), replace(SETTINGS, epochs=60))


def test_a_network_that_is_refit_keeps_its_last_epoch_and_never_stops():
    settings = replace(SETTINGS, patience=1, refit=True)
    history = history_of(math.nan, math.nan, math.nan)
    assert epochs.best_epoch(history, settings) == 2
    assert not epochs.has_stalled(history, settings)


def test_an_early_epoch_is_kept_only_as_long_as_there_is_no_late_one():
    settings, history = replace(SETTINGS, epochs=6), history_of(0.1, 0.9, 0.4, 0.6, 0.5, 0.6)
    late = replace(settings, keep_from=0.5)
    kept = [epochs.best_epoch(history[:n], late) + 1 for n in range(1, 7)]
    assert kept == [1, 2, 2, 4, 4, 4]
    assert epochs.best_epoch(history, settings) + 1 == 2


def test_the_learning_rate_falls_as_a_cosine_by_the_number_of_epochs():
    settings = replace(SETTINGS, learning_rate=0.1, schedule="cosine", epochs=4)
    rates = [epochs.learning_rate([{}] * epoch, settings) for epoch in range(4)]
    np.testing.assert_allclose(rates, 0.1 * (1 + np.cos(np.pi * np.arange(4) / 4)) / 2)


def test_on_a_plateau_the_learning_rate_falls_where_no_epoch_is_better():
    settings = replace(SETTINGS, learning_rate=0.1, schedule="plateau", epochs=9, patience=6)
    history = history_of(0.1, 0.2, 0.2, 0.2, 0.2, 0.3, 0.3, 0.3, 0.3)
    rates = [epochs.learning_rate(history[:n], settings) for n in range(len(history) + 1)]
    np.testing.assert_allclose(rates, [0.1] * 5 + [0.03] * 4 + [0.009])


def test_where_validation_judges_no_tag_the_lowest_loss_is_best():
    losses = [0.9, 0.5, 0.6, 0.6, 0.7]
    history = [
        {"epoch": n, "validation_pr_auc": math.nan, "validation_loss": loss}
        for n, loss in enumerate(losses, 1)
    ]
    settings = replace(SETTINGS, learning_rate=0.1, schedule="plateau", epochs=9, patience=3)
    assert epochs.best_epoch(history, settings) + 1 == 2
    assert [epochs.has_stalled(history[:n], settings) for n in (4, 5)] == [False, True]
    rates = [epochs.learning_rate(history[:n], settings) for n in (2, 3, 4)]
    np.testing.assert_allclose(rates, [0.1, 0.1, 0.03])
