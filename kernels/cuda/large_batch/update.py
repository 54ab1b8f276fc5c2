"""The optimiser's step of all slots: penalties, clipping, coefficients and new parameters."""

from __future__ import annotations

from functools import cache
from math import isfinite
from typing import Any

import numpy as np
from numba import cuda

from ...tables import OPTIMIZERS
from ...task import DIVERGED
from ..arguments import own_row
from ..collective import block_sum
from ..scalars import clip_factor, scalar
from .batches import loss_of, sum_of_pieces
from .grids import NORM_BLOCKS, SUM_THREADS, kernel
from .layout import BATCH, FAILED, IDLE, READY


@kernel
def penalise(slots, size, summed, memory, optimizing, is_weight, gradient, step):
    """Gradients in one piece, with the slopes of l1 and l2; biases have none.

    ``step.norms`` become blocks' sums of squares and of penalties. Where losses are ``summed``,
    penalties are divided by the batch's weight.
    """
    scratch = cuda.shared.array(SUM_THREADS, np.float64)
    k = cuda.blockIdx.y
    if slots.counts[k] == 0:
        return
    i, total, share = slots.networks[k], slots.totals[k], 1.0
    if summed:
        share = 1.0 / total if total > 0.0 else 0.0
    penalties, rows = optimizing.penalties[own_row(optimizing.penalties, i)], slots.counts[k]
    l1, l2 = penalties[0] * share, penalties[1] * share
    squares, penalty = 0.0, 0.0
    for p in range(cuda.grid(1), size, cuda.gridsize(1)):
        g = sum_of_pieces(gradient, k, p, rows)
        if is_weight[p]:
            w = np.float64(memory.parameters[i, p])
            sign = (1.0 if w > 0.0 else 0.0) - (1.0 if w < 0.0 else 0.0)
            g += l1 * sign + l2 * w
            penalty += l1 * abs(w) + 0.5 * l2 * w * w
        gradient[k, 0, p] = g
        squares += np.float64(gradient[k, 0, p]) * np.float64(gradient[k, 0, p])
    squares, penalty = block_sum(squares, scratch), block_sum(penalty, scratch)
    if cuda.threadIdx.x == 0:
        step.norms[k, cuda.blockIdx.x, 0], step.norms[k, cuda.blockIdx.x, 1] = squares, penalty


@cache
def prepare_kernel(rule: str) -> Any:
    """The kernel that decides which networks take a step, and its coefficients; a block a slot."""
    coefficients = scalar(OPTIMIZERS[rule].coefficients, "float64")

    def prepare(slots, losses, optimizing, memory, epoch, step):
        scratch = cuda.shared.array(SUM_THREADS, np.float64)
        k = cuda.blockIdx.x
        if slots.counts[k] == 0:
            step.phase[k] = IDLE
            return
        i, t, penalties = slots.networks[k], cuda.threadIdx.x, optimizing.penalties
        loss = loss_of(losses, k, slots.counts[k], scratch)
        squares, penalty = 0.0, 0.0
        if penalties.shape[1] > 0:
            for b in range(t, NORM_BLOCKS, SUM_THREADS):
                squares += step.norms[k, b, 0]
                penalty += step.norms[k, b, 1]
            squares, penalty = block_sum(squares, scratch), block_sum(penalty, scratch)
        if t > 0:
            return
        step.phase[k] = READY if isfinite(loss) else FAILED
        step.broken[k], step.loss[k], step.penalty[k], step.factor[k] = 0, loss, penalty, 1.0
        if penalties.shape[1] > 0:
            limit = penalties[own_row(penalties, i), 2]
            if isfinite(limit):
                step.factor[k] = clip_factor(squares, limit)
        powers = memory.powers
        p1 = powers[i, 0] if powers.shape[1] > 0 else 1.0
        p2 = powers[i, 1] if powers.shape[1] > 0 else 1.0
        h = optimizing.hyperparameters[own_row(optimizing.hyperparameters, i)]
        c = step.coefficients[k]
        p1, p2, c[0], c[1], c[2], c[3], c[4], c[5] = coefficients(
            epoch.rates[k], h[0], h[1], h[2], h[3], h[4], p1, p2
        )
        step.powers[k, 0], step.powers[k, 1] = p1, p2

    return kernel(prepare)


@cache
def update_kernel(rule: str, dtype: str) -> Any:
    """The kernel for new parameters; the old ones take the gradient's place."""
    new_values, states = scalar(OPTIMIZERS[rule].update, dtype), OPTIMIZERS[rule].states
    real = np.dtype(dtype).type

    def update(slots, size, in_pieces, memory, gradient, step):
        k, parameters, moments = cuda.blockIdx.y, memory.parameters, memory.moments
        if step.phase[k] != READY:
            return
        i, f, c, zero = slots.networks[k], real(step.factor[k]), step.coefficients[k], real(0)
        c0, c1, c2 = real(c[0]), real(c[1]), real(c[2])
        c3, c4, c5 = real(c[3]), real(c[4]), real(c[5])
        rows, stride = slots.counts[k] if in_pieces else 1, parameters.shape[1]
        for p in range(cuda.grid(1), size, cuda.gridsize(1)):
            g = sum_of_pieces(gradient, k, p, rows) * f
            old = parameters[i, p]
            m = moments[i, p] if states > 0 else zero
            second = np.uint64(stride + p)
            v = moments[i, second] if states > 1 else zero
            w, m, v = new_values(old, g, m, v, c0, c1, c2, c3, c4, c5)
            parameters[i, p], gradient[k, 0, p] = w, old
            if states > 0:
                moments[i, p] = m
            if states > 1:
                moments[i, second] = v
            if not isfinite(parameters[i, p]):
                step.broken[k] = 1  # every thread writes the same

    return kernel(update)


@kernel
def settle(slots, size, summed, memory, stopping, gradient, step, epoch):
    """End a step: take it back where a network diverged, else add its loss to the epoch's."""
    k = cuda.blockIdx.y
    first_thread = cuda.grid(1) == 0
    if first_thread and k == 0:
        epoch.clock[BATCH] += 1
    if step.phase[k] == IDLE:
        return
    i = slots.networks[k]
    if step.phase[k] == READY and step.broken[k]:
        for p in range(cuda.grid(1), size, cuda.gridsize(1)):
            memory.parameters[i, p] = gradient[k, 0, p]
    if not first_thread:
        return
    if step.phase[k] == FAILED or step.broken[k]:
        stopping.status[i] = DIVERGED
        return
    weight = np.float64(slots.counts[k]) if summed else slots.totals[k]
    epoch.sums[k, 0] += step.loss[k] * weight
    epoch.sums[k, 1] += weight
    epoch.sums[k, 2] += step.penalty[k] * weight
    for s in range(memory.powers.shape[1]):
        memory.powers[i, s] = step.powers[k, s]
