"""When a network stops, and what is written down of its epochs."""

from __future__ import annotations

import numpy as np

from .arguments import own_row
from .compile import inline, internal


@inline
def judge(stopping, i, epoch, fresh, loss, watched, best, best_epoch):
    """Whether network i stops after an epoch; its best watched loss and the epoch of that.

    ``watched`` counts only where it is ``fresh``: validation samples are scored now and then.
    """
    stop = loss <= stopping.tol[own_row(stopping.tol, i)]
    if stopping.best.size:
        if fresh and watched < best:
            best, best_epoch = watched, epoch
        stop = stop or epoch - best_epoch >= stopping.patience[own_row(stopping.patience, i)]
    return stop, best, best_epoch


@inline
def write(stopping, i, column, loss, validation, penalty):
    """Keep an epoch's losses, and its penalty where those are kept."""
    stopping.losses[i, column] = loss
    if stopping.validation_losses.shape[1]:
        stopping.validation_losses[i, column] = validation
    if stopping.penalties.shape[1]:
        stopping.penalties[i, column] = penalty


@inline
def finish(stopping, i, done, status, best, best_epoch):
    """Write down how a network's epochs ended."""
    stopping.status[i] = status
    stopping.epochs_run[i] += done
    if stopping.best.size:
        stopping.best[i], stopping.best_epoch[i] = best, best_epoch


@internal
def forget(stopping, epochs, i, done):
    """Take back what the first, careless run wrote after the last epoch that was sound."""
    last = min(epochs.column[epochs.epochs - 1], stopping.losses.shape[1] - 1)
    for column in range(epochs.column[done], last + 1):
        write(stopping, i, column, np.nan, np.nan, np.nan)
