"""The epochs so far -> which is kept, whether training goes on, the next learning rate.

A history is a list of dicts, one an epoch, as `training` writes them.
"""

import math

PLATEAU_FACTOR = 0.3  # of the learning rate, after a third of the patience without a better epoch


def learning_rate(history, settings):
    """Return the rate of the epoch after those of the history.

    ``cosine`` falls to nearly 0 in the last epoch; ``plateau`` stays until a third of the patience
    has passed without a better epoch, then goes on with three tenths of it.
    """
    if settings.schedule == "cosine":
        turn = math.pi * len(history) / settings.epochs
        return settings.learning_rate * (1 + math.cos(turn)) / 2
    rate, best, waited = settings.learning_rate, -math.inf, 0
    for row in history:
        waited += 1
        if _quality(row) > best:
            best, waited = _quality(row), 0
        elif waited > settings.patience // 3:
            rate, waited = rate * PLATEAU_FACTOR, 0
    return rate


def best_epoch(history, settings):
    """Return the position of the epoch that is kept.

    Of the late ones, if there are any, the first best; the last where the network is refit.
    """
    if settings.refit:
        return len(history) - 1
    ranks = [(_is_late(row, settings), _quality(row)) for row in history]
    return ranks.index(max(ranks))


def has_stalled(history, settings):
    """Return whether the last late epochs, as many as the patience, do not beat the late before."""
    if settings.patience is None or settings.refit:
        return False
    late = [_quality(row) for row in history if _is_late(row, settings)]
    before, recent = late[: -settings.patience], late[-settings.patience :]
    return bool(before) and max(before) >= max(recent)


def _is_late(row, settings):
    return row["epoch"] > settings.keep_from * settings.epochs


def _quality(row):
    """Return the PR-AUC of an epoch, or the loss below 0 where validation can judge no tag."""
    is_judged = not math.isnan(row["validation_pr_auc"])
    return row["validation_pr_auc"] if is_judged else -row["validation_loss"]
