"""Steps and epochs of one network."""

from __future__ import annotations

from math import inf, isfinite
from typing import Any, NamedTuple

import numpy as np
from numba import cuda

from ...task import DIVERGED, RUNNING, STOPPED
from .. import tile
from ..arguments import column_of, is_recorded, own_row
from ..compile import device_function
from ..scalars import clip_factor
from ..stopping import finish, judge, write
from .gradient import batch_gradient, forward, score
from .layout import layer_of
from .together import AHEAD, add_up, copy, gather


class Places(NamedTuple):
    """Where a network's numbers are: parameters, gradient, moments and a chunk's values.

    A parameter's second moment is ``second`` further than its first. ``numbers`` are two powers,
    six coefficients and five hyperparameters; threads add up in ``scratch``.
    """

    w: Any
    g: Any
    m: Any
    second: int
    work: Any
    numbers: Any
    scratch: Any


# --- update ---------------------------------------------------------------------------------------


@device_function
def prepare(coefficients, numbers, rate):
    """Powers and coefficients of the next step, by the first thread for all."""
    if cuda.threadIdx.x == 0:
        power1, power2, c0, c1, c2, c3, c4, c5 = coefficients(
            rate, numbers[8], numbers[9], numbers[10], numbers[11], numbers[12],
            numbers[0], numbers[1],
        )  # fmt: skip
        numbers[0], numbers[1], numbers[2], numbers[3] = power1, power2, c0, c1
        numbers[4], numbers[5], numbers[6], numbers[7] = c2, c3, c4, c5


@device_function
def penalty_part(shape, optimizing, w, i):
    """A thread's part of ``l1 |w| + l2 w**2 / 2``, added up over the weights."""
    row = optimizing.penalties[own_row(optimizing.penalties, i)]
    l1, half_l2 = row[0], 0.5 * row[1]
    value = 0.0
    for layer in range(shape.layers):
        own = layer_of(shape.table, layer)
        q = own.weights + cuda.threadIdx.x
        while q < own.biases:
            x = np.float64(w[np.uint64(q)])
            value += l1 * abs(x) + half_l2 * x * x
            q += cuda.blockDim.x
    return value


@device_function
def penalise(shape, optimizing, w, g, scratch, i, share):
    """Add the penalties' slopes, times ``share``, to the gradient.

    Returns what clipping multiplies it with.
    """
    number = w.dtype.type
    row = optimizing.penalties[own_row(optimizing.penalties, i)]
    l1, l2, longest = number(row[0] * share), number(row[1] * share), row[2]
    zero, one = number(0), number(1)
    for layer in range(shape.layers):
        own = layer_of(shape.table, layer)
        q = own.weights + cuda.threadIdx.x
        while q < own.biases:
            x = w[np.uint64(q)]
            sign = (one if x > zero else zero) - (one if x < zero else zero)
            g[np.uint64(q)] += l1 * sign + l2 * x
            q += cuda.blockDim.x
    cuda.syncthreads()
    if longest == inf:
        return one
    squares = add_up(square_part(g, shape.size), scratch)
    return number(clip_factor(squares, longest))


@device_function
def square_part(g, size):
    """A thread's part of the squares of a gradient."""
    square = 0.0
    q = cuda.threadIdx.x
    while q < size:
        x = np.float64(g[np.uint64(q)])
        square += x * x
        q += cuda.blockDim.x
    return square


@device_function
def move(places, update, states, size, factor):
    """Move the parameters, and keep the old ones in g; whether this thread's are all finite."""
    w, g, m, numbers, sound = places.w, places.g, places.m, places.numbers, True
    number = w.dtype.type
    c0, c1, c2 = number(numbers[2]), number(numbers[3]), number(numbers[4])
    c3, c4, c5 = number(numbers[5]), number(numbers[6]), number(numbers[7])
    old, slopes = cuda.local.array(AHEAD, w.dtype), cuda.local.array(AHEAD, w.dtype)
    moments, seconds = cuda.local.array(AHEAD, w.dtype), cuda.local.array(AHEAD, w.dtype)
    q = cuda.threadIdx.x
    while q < size:
        for u in range(AHEAD):
            at = tile.inside(q, u, cuda.blockDim.x, size)
            old[u], slopes[u] = w[np.uint64(at)], g[np.uint64(at)]
            moments[u] = m[np.uint64(at)] if states > 0 else number(0)
            seconds[u] = m[np.uint64(places.second + at)] if states > 1 else number(0)
        for u in range(AHEAD):
            if q < size:
                at = np.uint64(q)
                w[at], moment, second = update(
                    old[u], factor * slopes[u], moments[u], seconds[u], c0, c1, c2, c3, c4, c5
                )
                g[at] = old[u]
                if states > 0:
                    m[at] = moment
                if states > 1:
                    m[np.uint64(places.second + q)] = second
                sound = sound and isfinite(w[at])
            q += cuda.blockDim.x
    return sound


# --- epochs ---------------------------------------------------------------------------------------


@device_function
def run_epoch(args, shape, places, value, slope, row_loss, update, coefficients, states, i, e):
    """One epoch: means of its batches' losses and penalties, and whether all was finite.

    Where something is not, the parameters are those before that step.
    """
    w, g = places.w, places.g
    epochs, optimizing = args.epochs, args.optimizing
    fold = epochs.fold[own_row(epochs.fold, i)]
    order = epochs.order[own_row(epochs.order, e)]
    totals = epochs.totals[own_row(epochs.totals, e)]
    rates = optimizing.rates[own_row(optimizing.rates, i)]
    rate = rates[own_row(rates, epochs.first + e)]
    start, end = np.int64(epochs.fold_start[fold]), np.int64(epochs.fold_start[fold + 1])
    first = np.int64(epochs.first_batch[fold])
    steps = epochs.first_batch[fold + 1] - first
    loss, penalty, weights = 0.0, 0.0, 0.0
    for b in range(steps):
        rows = min(epochs.batch_size, end - start)
        total = totals[np.uint64(first + b)]
        prepare(coefficients, places.numbers, rate)
        own = batch_gradient(
            shape, args.samples, args.dropout, w, g, places.work, value, slope, row_loss, i, order,
            start, rows, (epochs.first + e) * steps + b, total,
        )  # fmt: skip
        factor, share, scale, count = w.dtype.type(1), 1.0, 1.0, total
        if epochs.summed:
            share, count = 1.0 / total if total > 0.0 else 0.0, np.float64(rows)
            scale = share * count
        if optimizing.penalties.shape[1] > 0:
            if epochs.summed:
                penalty += scale * penalty_part(shape, optimizing, w, i)
            factor = penalise(shape, optimizing, w, g, places.scratch, i, share)
        sound = move(places, update, states, shape.size, factor)
        if not cuda.syncthreads_and(np.int32(sound and isfinite(own))):
            copy(w, g, shape.size)
            return inf, inf, False
        loss += scale * own
        weights += count
        start += epochs.batch_size
    loss = add_up(loss, places.scratch)
    if epochs.summed:
        penalty = add_up(penalty, places.scratch) / weights
    return loss / weights if weights > 0.0 else 0.0, penalty, isfinite(loss)


@device_function
def validation_loss(args, shape, places, value, slope, row_loss, i):
    """Mean loss on the validation samples."""
    data, work, everyone = args.validation, places.work, args.networks[:0]
    loss, start, samples = 0.0, 0, data.weights.shape[0]
    while start < samples:
        rows = min(shape.rows, samples - start)
        gather(data, shape, work, everyone, start, rows)
        forward(shape, places.w, work, value, slope, args.dropout, i, rows, 0, 0, False)
        loss += score(shape, data, work, row_loss, everyone, start, rows, 0.0)
        start += shape.rows
    loss = add_up(loss, places.scratch) * shape.output_share
    return loss / data.total[0] if data.total[0] > 0.0 else 0.0


@device_function
def run_epochs(args, shape, places, value, slope, row_loss, update, coefficients, states, i):
    """All epochs, and what is written down of them."""
    epochs, stopping = args.epochs, args.stopping
    first_thread, scored = cuda.threadIdx.x == 0, args.validation.weights.shape[0] > 0
    best, best_epoch = inf, np.int64(-1)
    if stopping.best.shape[0] > 0:
        best, best_epoch = stopping.best[i], stopping.best_epoch[i]
    done, status = 0, RUNNING
    for e in range(epochs.epochs):
        loss, penalty, finite = run_epoch(
            args, shape, places, value, slope, row_loss, update, coefficients, states, i, e
        )
        if not finite:
            status = DIVERGED
            break
        done += 1
        keep, watched, stop = is_recorded(epochs, e), loss, False
        looks = scored and keep  # then the validation loss is what counts
        if not looks:
            stop, best, best_epoch = judge(
                stopping, i, epochs.first + e, not scored, loss, loss, best, best_epoch
            )
        if scored and (keep or stop):
            watched = validation_loss(args, shape, places, value, slope, row_loss, i)
        if looks:
            stop, best, best_epoch = judge(
                stopping, i, epochs.first + e, True, loss, watched, best, best_epoch
            )
        if best_epoch == epochs.first + e and args.memory.best_parameters.shape[0] > 0:
            copy(args.memory.best_parameters[i], places.w, shape.size)
        if first_thread and (keep or stop):
            write(stopping, i, column_of(epochs, e), loss, watched, penalty)
        if stop:
            status = STOPPED
            break
    cuda.syncthreads()  # all threads have read what the first one writes now
    if first_thread:
        finish(stopping, i, done, status, best, best_epoch)
