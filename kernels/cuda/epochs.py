"""The epochs of a network as ``thread`` and ``block`` go through them."""

from __future__ import annotations

from collections.abc import Callable
from math import inf
from typing import Any, NamedTuple

import numpy as np
from numba import cuda

from ..task import DIVERGED, RUNNING, STOPPED
from .arguments import column_of, is_recorded, own_row
from .compile import device_function
from .stopping import finish, judge, write


class Batches(NamedTuple):
    """The batches of a network's fold in one epoch.

    Attributes
    ----------
    order : the samples' rows, or empty where they come as they are
    start, end : of the fold in ``order``
    totals : the batches' weights, of all folds
    first : the number of the fold's first batch in ``totals``
    count : how many batches the fold has
    step : the number in the fit of the epoch's first step
    rate : the learning rate
    """

    order: Any
    start: Any
    end: Any
    totals: Any
    first: Any
    count: Any
    step: Any
    rate: Any


@device_function
def batches_of(args, i, e):
    """The batches of network i in the call's epoch e."""
    epochs, rates = args.epochs, args.optimizing.rates
    fold = epochs.fold[own_row(epochs.fold, i)]
    first = np.int64(epochs.first_batch[fold])
    count = epochs.first_batch[fold + 1] - first
    own_rates = rates[own_row(rates, i)]
    return Batches(
        order=epochs.order[own_row(epochs.order, e)],
        start=np.int64(epochs.fold_start[fold]),
        end=np.int64(epochs.fold_start[fold + 1]),
        totals=epochs.totals[own_row(epochs.totals, e)],
        first=first,
        count=count,
        step=(epochs.first + e) * count,
        rate=own_rates[own_row(own_rates, epochs.first + e)],
    )


class BatchWeights(NamedTuple):
    """What a batch's mean loss and its penalties are multiplied with, and its weight in an epoch.

    With the objective "sum", penalties are divided by the batch's total weight, and an epoch's loss
    is the mean over rows.
    """

    loss: Any
    penalty: Any
    total: Any


@device_function
def batch_weights(epochs, total, rows):
    """The weights of a batch whose samples weigh ``total``."""
    if epochs.summed:
        share = 1.0 / total if total > 0.0 else 0.0
        count = np.float64(rows)
        return BatchWeights(share * count, share, count)
    return BatchWeights(1.0, 1.0, total)


class Sums(NamedTuple):
    """Sums over an epoch's batches: of their losses and penalties, and of their weights."""

    loss: Any
    penalty: Any
    weight: Any


def run_epochs_of(
    run_epoch: Callable, validation_loss: Callable, keep_best: Callable, any_thread: Callable
) -> Callable:
    """``run_epochs(args, net, i, trains, writes)``: a call's epochs, and what is recorded of them.

    All threads of a block call it. A thread that does not train helps the others to read samples.
    ``net`` is the strategy's own, and handed on to its functions:

    - ``run_epoch(args, net, i, e, running)`` returns means of the batches' losses and penalties,
      and whether all is finite
    - ``validation_loss(args, net, i, needed)``
    - ``keep_best(target, net)`` copies the parameters
    - ``any_thread(condition)``: whether it holds in any thread of the block
    """

    @device_function
    def run_epochs(args, net, i, trains, writes):
        epochs, stopping = args.epochs, args.stopping
        scored = args.validation.weights.shape[0] > 0
        best, best_epoch = inf, np.int64(-1)
        if stopping.best.shape[0] > 0:
            best, best_epoch = stopping.best[i], stopping.best_epoch[i]
        done, status, running = 0, RUNNING, trains
        for e in range(epochs.epochs):
            if not any_thread(running):
                break
            began, epoch = running, epochs.first + e
            loss, penalty, running = run_epoch(args, net, i, e, running)
            if began and not running:
                status = DIVERGED
            done += 1 if running else 0
            recorded, watched, stop = is_recorded(epochs, e), loss, False
            by_validation = scored and recorded  # then the validation loss is what counts
            if running and not by_validation:
                stop, best, best_epoch = judge(
                    stopping, i, epoch, not scored, loss, loss, best, best_epoch
                )
            needed = running and (recorded or stop)
            if scored and any_thread(needed):
                watched = validation_loss(args, net, i, needed)
            if running and by_validation:
                stop, best, best_epoch = judge(
                    stopping, i, epoch, True, loss, watched, best, best_epoch
                )
            if best_epoch == epoch and args.memory.best_parameters.shape[0] > 0:
                keep_best(args.memory.best_parameters[i], net)
            if needed and writes:
                write(stopping, i, column_of(epochs, e), loss, watched, penalty)
            if stop:
                status, running = STOPPED, False
        cuda.syncthreads()  # all threads have read what is written now
        if writes:
            finish(stopping, i, done, status, best, best_epoch)

    return run_epochs
