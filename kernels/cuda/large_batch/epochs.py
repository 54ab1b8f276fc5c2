"""Epochs of all slots: their first and last kernels, validation, best parameters and stopping."""

from __future__ import annotations

from math import inf, isfinite

import numpy as np
from numba import cuda

from ...task import DIVERGED, RUNNING, STOPPED
from ..arguments import own_row
from ..stopping import judge, write
from .grids import kernel
from .layout import BATCH, EPOCH, NOBODY


@kernel
def begin_epoch(number, slots, optimizing, epoch):
    """The first batch of an epoch of the fit, and its learning rates."""
    rates = optimizing.rates
    for k in range(cuda.grid(1), slots.networks.shape[0], cuda.gridsize(1)):
        i = max(slots.networks[k], 0)
        epoch.rates[k] = rates[own_row(rates, i), number % rates.shape[1]]
        epoch.sums[k, 0] = epoch.sums[k, 1] = epoch.sums[k, 2] = 0.0
    if cuda.grid(1) == 0:
        epoch.clock[EPOCH], epoch.clock[BATCH] = number, 0


@kernel
def choose(slots, stopping, late, chosen, epoch):
    """Which networks are validated: those that run or, if asked for, those that are ``late``."""
    for k in range(cuda.grid(1), slots.networks.shape[0], cuda.gridsize(1)):
        i = slots.networks[k]
        chosen[k], epoch.scores[k] = 0, 0.0
        if i != NOBODY:
            chosen[k] = epoch.late[k] >= 0 if late else stopping.status[i] == RUNNING


@kernel
def end_epoch(slots, number, column, scored, validated, stopping, epoch):
    """Record losses, and stop networks, as :func:`reference.train_network` does.

    Networks that stop at an epoch without validation are ``late``: theirs follows.
    """
    for k in range(cuda.grid(1), slots.networks.shape[0], cuda.gridsize(1)):
        i = slots.networks[k]
        if i == NOBODY or stopping.status[i] != RUNNING:
            continue
        weight = epoch.sums[k, 1]
        loss = epoch.sums[k, 0] / weight if weight > 0.0 else 0.0
        penalty = epoch.sums[k, 2] / weight if weight > 0.0 else 0.0
        epoch.late[k] = -1
        if not isfinite(loss):
            stopping.status[i] = DIVERGED
            continue
        watched = epoch.scores[k] if scored and validated else loss
        best, best_epoch = inf, np.int64(-1)
        if stopping.best.shape[0] > 0:
            best, best_epoch = stopping.best[i], stopping.best_epoch[i]
        stop, best, best_epoch = judge(
            stopping, i, number, scored or not validated, loss, watched, best, best_epoch
        )
        if scored or stop:
            write(stopping, i, column, loss, watched, penalty)
        if stop and validated and not scored:
            epoch.late[k] = column
        stopping.epochs_run[i] += 1
        if stopping.best.shape[0] > 0:
            stopping.best[i], stopping.best_epoch[i] = best, best_epoch
        if stop:
            stopping.status[i] = STOPPED


@kernel
def keep_best(slots, size, number, stopping, memory):
    """The parameters of the networks whose best epoch this is."""
    i = slots.networks[cuda.blockIdx.y]
    if i == NOBODY or stopping.best_epoch[i] != number:
        return
    for p in range(cuda.grid(1), size, cuda.gridsize(1)):
        memory.best_parameters[i, p] = memory.parameters[i, p]


@kernel
def score_late(slots, epoch, stopping):
    """Record the validation losses that :func:`end_epoch` left out."""
    for k in range(cuda.grid(1), slots.networks.shape[0], cuda.gridsize(1)):
        if epoch.late[k] >= 0:
            stopping.validation_losses[slots.networks[k], epoch.late[k]] = epoch.scores[k]
