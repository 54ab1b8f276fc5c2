"""What lies between the products of a large batch: the optimiser's steps, and ends of epochs.

Each kernel works for all slots at once: see :mod:`layout`. A network goes through a step IDLE, or
READY or, where its loss is not finite, FAILED.
"""

from __future__ import annotations

from functools import cache
from math import inf, isfinite
from typing import Any, NamedTuple

import numpy as np
from numba import cuda

from ...tables import OPTIMIZERS
from ...task import DIVERGED, RUNNING, STOPPED
from ..arguments import own_row
from ..scalars import clip_factor, scalar
from ..stopping import judge, write
from .batches import BATCH, EPOCH, loss_of, sum_of_pieces
from .grids import NORM_BLOCKS, SUM_THREADS, block_sum, kernel
from .layout import NOBODY

IDLE, READY, FAILED = 0, 1, 2


# --- steps ----------------------------------------------------------------------------------------


class Step(NamedTuple):
    """What one step finds out about each slot."""

    phase: Any
    broken: Any  # whether a new parameter is not finite
    loss: Any
    penalty: Any
    factor: Any  # of the gradient, for clipping
    powers: Any
    coefficients: Any


@kernel
def penalise(slots, size, summed, parameters, penalties, is_weight, gradient, norms):
    """Gradients in one piece, with the slopes of l1 and l2; biases go free.

    ``norms`` are blocks' sums of squares, and of the penalties where losses are ``summed``: then
    penalties are held against the batch's weight.
    """
    scratch = cuda.shared.array(SUM_THREADS, np.float64)
    k = cuda.blockIdx.y
    if slots.counts[k] == 0:
        return
    i, total, share = slots.places[k], slots.totals[k], 1.0
    if summed:
        share = 1.0 / total if total > 0.0 else 0.0
    own, rows = own_row(penalties, i), slots.counts[k]
    l1, l2 = penalties[own, 0] * share, penalties[own, 1] * share
    squares, penalty = 0.0, 0.0
    for p in range(cuda.grid(1), size, cuda.gridsize(1)):
        g = sum_of_pieces(gradient, k, p, rows)
        if is_weight[p]:
            w = np.float64(parameters[i, p])
            sign = (1.0 if w > 0.0 else 0.0) - (1.0 if w < 0.0 else 0.0)
            g += l1 * sign + l2 * w
            penalty += l1 * abs(w) + 0.5 * l2 * w * w
        gradient[k, 0, p] = g
        squares += np.float64(gradient[k, 0, p]) * np.float64(gradient[k, 0, p])
    squares, penalty = block_sum(squares, scratch), block_sum(penalty, scratch)
    if cuda.threadIdx.x == 0:
        norms[k, cuda.blockIdx.x, 0], norms[k, cuda.blockIdx.x, 1] = squares, penalty


@cache
def prepare(rule: str) -> Any:
    """The kernel that says who takes a step, and with which coefficients; a block a slot."""
    chosen = scalar(OPTIMIZERS[rule].coefficients, "float64")

    def prepare(slots, losses, norms, rate, hyperparameters, penalties, powers, step):
        scratch = cuda.shared.array(SUM_THREADS, np.float64)
        k = cuda.blockIdx.x
        if slots.counts[k] == 0:
            step.phase[k] = IDLE
            return
        i, t = slots.places[k], cuda.threadIdx.x
        loss = loss_of(losses, k, slots.counts[k], scratch)
        squares, penalty = 0.0, 0.0
        if penalties.shape[1] > 0:
            for b in range(t, NORM_BLOCKS, SUM_THREADS):
                squares += norms[k, b, 0]
                penalty += norms[k, b, 1]
            squares, penalty = block_sum(squares, scratch), block_sum(penalty, scratch)
        if t > 0:
            return
        step.phase[k] = READY if isfinite(loss) else FAILED
        step.broken[k], step.loss[k], step.penalty[k], step.factor[k] = 0, loss, penalty, 1.0
        if penalties.shape[1] > 0:
            limit = penalties[own_row(penalties, i), 2]
            if isfinite(limit):
                step.factor[k] = clip_factor(squares, limit)
        p1 = powers[i, 0] if powers.shape[1] > 0 else 1.0
        p2 = powers[i, 1] if powers.shape[1] > 0 else 1.0
        h, c = hyperparameters[own_row(hyperparameters, i)], step.coefficients[k]
        p1, p2, c[0], c[1], c[2], c[3], c[4], c[5] = chosen(
            rate[k], h[0], h[1], h[2], h[3], h[4], p1, p2
        )
        step.powers[k, 0], step.powers[k, 1] = p1, p2

    return kernel(prepare)


@cache
def update(rule: str, dtype: str) -> Any:
    """The kernel that moves parameters, and leaves the old ones where the gradient was."""
    chosen, states = scalar(OPTIMIZERS[rule].update, dtype), OPTIMIZERS[rule].states
    real = np.dtype(dtype).type

    def update(slots, size, in_pieces, parameters, moments, gradient, step):
        k = cuda.blockIdx.y
        if step.phase[k] != READY:
            return
        i, f, c, zero = slots.places[k], real(step.factor[k]), step.coefficients[k], real(0)
        c0, c1, c2 = real(c[0]), real(c[1]), real(c[2])
        c3, c4, c5 = real(c[3]), real(c[4]), real(c[5])
        rows = slots.counts[k] if in_pieces else 1
        for p in range(cuda.grid(1), size, cuda.gridsize(1)):
            g = sum_of_pieces(gradient, k, p, rows) * f
            old = parameters[i, p]
            m = moments[i, 0, p] if states > 0 else zero
            v = moments[i, 1, p] if states > 1 else zero
            w, m, v = chosen(old, g, m, v, c0, c1, c2, c3, c4, c5)
            parameters[i, p], gradient[k, 0, p] = w, old
            if states > 0:
                moments[i, 0, p] = m
            if states > 1:
                moments[i, 1, p] = v
            if not isfinite(parameters[i, p]):
                step.broken[k] = 1  # the same from whatever thread

    return kernel(update)


@kernel
def settle(slots, size, summed, parameters, status, powers, gradient, step, sums, clock):
    """What a step leaves: who diverged and has the old parameters, the epoch's loss so far."""
    k = cuda.blockIdx.y
    first_thread = cuda.grid(1) == 0
    if first_thread and k == 0:
        clock[BATCH] += 1
    if step.phase[k] == IDLE:
        return
    i = slots.places[k]
    if step.phase[k] == READY and step.broken[k]:
        for p in range(cuda.grid(1), size, cuda.gridsize(1)):
            parameters[i, p] = gradient[k, 0, p]
    if not first_thread:
        return
    if step.phase[k] == FAILED or step.broken[k]:
        status[i] = DIVERGED
        return
    weight = np.float64(slots.counts[k]) if summed else slots.totals[k]
    sums[k, 0] += step.loss[k] * weight
    sums[k, 1] += weight
    sums[k, 2] += step.penalty[k] * weight
    for s in range(powers.shape[1]):
        powers[i, s] = step.powers[k, s]


# --- epochs ---------------------------------------------------------------------------------------


@kernel
def begin_epoch(epoch, slots, rates, clock, rate, sums):
    """The first batch of an epoch of the fit, and its learning rates."""
    for k in range(cuda.grid(1), slots.places.shape[0], cuda.gridsize(1)):
        i = max(slots.places[k], 0)
        rate[k] = rates[own_row(rates, i), epoch % rates.shape[1]]
        sums[k, 0] = sums[k, 1] = sums[k, 2] = 0.0
    if cuda.grid(1) == 0:
        clock[EPOCH], clock[BATCH] = epoch, 0


@kernel
def choose(slots, status, columns, late, chosen, scores):
    """Who is scored: those that run or, if these are asked for, those whose scores are late."""
    for k in range(cuda.grid(1), slots.places.shape[0], cuda.gridsize(1)):
        i = slots.places[k]
        chosen[k], scores[k] = 0, 0.0
        if i != NOBODY:
            chosen[k] = columns[k] >= 0 if late else status[i] == RUNNING


@kernel
def end_epoch(slots, epoch, column, scored, validated, stopping, sums, scores, late):
    """Losses are kept, and networks stop, as :func:`reference.train_network` has it.

    ``late`` is the column of those that stop at an epoch that is not scored: their validation loss
    is still to be found.
    """
    for k in range(cuda.grid(1), slots.places.shape[0], cuda.gridsize(1)):
        i = slots.places[k]
        if i == NOBODY or stopping.status[i] != RUNNING:
            continue
        weight = sums[k, 1]
        loss = sums[k, 0] / weight if weight > 0.0 else 0.0
        penalty = sums[k, 2] / weight if weight > 0.0 else 0.0
        late[k] = -1
        if not isfinite(loss):
            stopping.status[i] = DIVERGED
            continue
        watched = scores[k] if scored and validated else loss
        best, best_epoch = inf, np.int64(-1)
        if stopping.best.shape[0] > 0:
            best, best_epoch = stopping.best[i], stopping.best_epoch[i]
        stop, best, best_epoch = judge(
            stopping, i, epoch, scored or not validated, loss, watched, best, best_epoch
        )
        if scored or stop:
            write(stopping, i, column, loss, watched, penalty)
        if stop and validated and not scored:
            late[k] = column
        stopping.epochs_run[i] += 1
        if stopping.best.shape[0] > 0:
            stopping.best[i], stopping.best_epoch[i] = best, best_epoch
        if stop:
            stopping.status[i] = STOPPED


@kernel
def keep_best(slots, size, epoch, best_epoch, parameters, best_parameters):
    """The parameters of the networks whose best epoch this is."""
    i = slots.places[cuda.blockIdx.y]
    if i == NOBODY or best_epoch[i] != epoch:
        return
    for p in range(cuda.grid(1), size, cuda.gridsize(1)):
        best_parameters[i, p] = parameters[i, p]


@kernel
def score_late(slots, late, scores, validation_losses):
    """The validation losses that :func:`end_epoch` left to be found."""
    for k in range(cuda.grid(1), slots.places.shape[0], cuda.gridsize(1)):
        if late[k] >= 0:
            validation_losses[slots.places[k], late[k]] = scores[k]
