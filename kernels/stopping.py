"""When a network stops, and what is kept of its epochs: plain functions for every device."""

from __future__ import annotations

from .arguments import own_row


def judge(stopping, i, epoch, fresh, loss, watched, best, best_epoch):
    """Whether network i stops after an epoch; its best watched loss and the epoch of that.

    ``watched`` counts only where it is ``fresh``: validation samples are scored now and then.
    """
    stop = loss <= stopping.tol[own_row(stopping.tol, i)]
    if stopping.best.shape[0] > 0:
        if fresh and watched < best:
            best, best_epoch = watched, epoch
        stop = stop or epoch - best_epoch >= stopping.patience[own_row(stopping.patience, i)]
    return stop, best, best_epoch


def write(stopping, i, column, loss, validation, penalty):
    """Keep an epoch's losses, and its penalty where those are kept."""
    stopping.losses[i, column] = loss
    if stopping.validation_losses.shape[1] > 0:
        stopping.validation_losses[i, column] = validation
    if stopping.penalties.shape[1] > 0:
        stopping.penalties[i, column] = penalty


def finish(stopping, i, done, status, best, best_epoch):
    """Write down how a network's epochs ended."""
    stopping.status[i] = status
    stopping.epochs_run[i] += done
    if stopping.best.shape[0] > 0:
        stopping.best[i], stopping.best_epoch[i] = best, best_epoch
