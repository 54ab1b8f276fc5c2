"""What lies between the products of a large batch: kernels over elements, rows and networks.

Each works for all networks of a call at once and steps over its elements by the size of the grid;
sums of rows are a block's, in an order that depends on nothing but their number. ``places`` are
the networks' numbers in the state; ``clock`` holds the epoch of the call and the epoch's batch.

A network goes through a step IDLE, or READY and then, where something is not finite, FAILED.
"""

from __future__ import annotations

from functools import cache
from math import exp, inf, isfinite, log, sqrt
from typing import Any

import numpy as np
from numba import cuda

from ..math import ACTIVATIONS, LINKS, LOSSES, OPTIMIZERS
from ..task import DIVERGED, RUNNING, STOPPED
from . import device
from .compile import launch
from .scalars import dropout_key, mask, scalar

EPOCH, BATCH = 0, 1
IDLE, READY, FAILED = 0, 1, 2

# The simulator's threads are Python's: a few show what there is to show.
THREADS, ROWS, COLUMNS = (2, 1, 2) if device.simulated() else (256, 8, 32)
MOST_BLOCKS = 2 if device.simulated() else 1 << 15


def over(kernel: Any, elements: int, *arguments: Any, rows: int = 1) -> None:
    """Launch a kernel with a thread for each element, in each of some rows."""
    grid = _blocks(elements, THREADS), min(rows, MOST_BLOCKS)
    launch(kernel, grid, THREADS, 0, *arguments)


def over_rows(kernel: Any, rows: int, *arguments: Any) -> None:
    """Launch a kernel with some threads for each row, side by side along it."""
    launch(kernel, _blocks(rows, ROWS), (COLUMNS, ROWS), 0, *arguments)


def for_each(kernel: Any, count: int, *arguments: Any) -> None:
    """Launch a kernel with a block for each of some sums."""
    launch(kernel, count, THREADS, 0, *arguments)


def _blocks(work: int, size: int) -> int:
    return max(1, min(MOST_BLOCKS, -(-work // size)))


@cuda.jit(device=True)
def first_row():
    """The first row of this thread in a kernel over rows."""
    return cuda.blockIdx.x * cuda.blockDim.y + cuda.threadIdx.y


@cuda.jit(device=True)
def row_step():
    """From one row of this thread to its next."""
    return cuda.gridDim.x * cuda.blockDim.y


# --- batches --------------------------------------------------------------------------------------


@cuda.jit(device=True)
def take(samples, sample, there, batch, fold, row):
    """Copy a sample to its place in a batch; one that is not there weighs nothing."""
    inputs, targets, weights = samples
    x, t, w = batch
    for column in range(cuda.threadIdx.x, inputs.shape[1], cuda.blockDim.x):
        x[fold, row, column] = inputs[sample, column]
    for column in range(cuda.threadIdx.x, targets.shape[1], cuda.blockDim.x):
        t[fold, row, column] = targets[sample, column]
    if cuda.threadIdx.x == 0:
        w[fold, row] = weights[sample] if there else 0.0


@cuda.jit
def gather(order, fold_start, clock, batch_size, samples, batch):
    """The current batch of every fold: inputs, targets and weights, (folds, rows, ...).

    Rows beyond a fold's end are copies of the batch's first, so that they are finite where it is.
    """
    weights = batch[2]
    folds, rows = weights.shape
    for at in range(first_row(), folds * rows, row_step()):
        fold, row = at // rows, at % rows
        stop = fold_start[fold + 1]
        first = fold_start[fold] + clock[BATCH] * batch_size
        there = first + row < stop
        place = first + row if there else min(first, stop - 1)
        take(samples, order[clock[EPOCH] % order.shape[0], place], there, batch, fold, row)


@cuda.jit
def gather_in_order(start, samples, batch):
    """As :func:`gather`, of samples in their own order, from ``start`` on, for one fold."""
    for row in range(first_row(), batch[2].shape[1], row_step()):
        there = start + row < samples[0].shape[0]
        take(samples, start + row if there else start, there, batch, 0, row)


@cuda.jit(device=True)
def block_sum(own, scratch):
    """Sum of a block's threads, in thread 0; halves are added to halves."""
    t = cuda.threadIdx.x
    scratch[t] = own
    cuda.syncthreads()
    size = cuda.blockDim.x // 2
    while size:
        if t < size:
            scratch[t] += scratch[t + size]
        cuda.syncthreads()
        size //= 2
    return scratch[0]


@cuda.jit
def add_rows(values, results, keep):
    """results[k], if ``keep``, plus the sum of values[k], in float64."""
    scratch = cuda.shared.array(THREADS, np.float64)
    k = cuda.blockIdx.x
    own = 0.0
    for r in range(cuda.threadIdx.x, values.shape[1], cuda.blockDim.x):
        own += values[k, r]
    total = block_sum(own, scratch)
    if cuda.threadIdx.x == 0:
        results[k] = total + (results[k] if keep else 0.0)


# --- layers ---------------------------------------------------------------------------------------


@cache
def activate(name: str, dtype: str) -> Any:
    """Kernel: z (networks * rows, width) becomes the slope, ``a`` the value, with dropout."""
    chosen = ACTIVATIONS[name]
    return _activate(chosen.value, chosen.slope, dtype)


@cache
def _activate(value: Any, slope: Any, dtype: str) -> Any:
    value, slope = scalar(value, dtype), scalar(slope, dtype)
    real = np.dtype(dtype).type

    @cuda.jit
    def kernel(z, a, rows, layer, p, keys, steps):
        width = z.shape[1]
        for at in range(first_row(), z.shape[0], row_step()):
            k, row = at // rows, at % rows
            for c in range(cuda.threadIdx.x, width, cuda.blockDim.x):
                before = z[at, c]
                after = value(before)
                factor = real(1.0)
                if p.shape[1] > 0:
                    key = dropout_key(keys[k], steps[k], layer)
                    factor = real(mask(key, row * width + c, p[k, layer]))
                z[at, c] = slope(before, after) * factor
                a[at, c] = after * factor

    return kernel


@cuda.jit
def multiply(delta, slope):
    """delta *= slope."""
    for item in range(cuda.grid(1), delta.size, cuda.gridsize(1)):
        delta[item] *= slope[item]


@cache
def lose(name: str, dtype: str) -> Any:
    """Kernel: losses of rows, and z becomes their slope; both with the rows' shares."""
    chosen = LOSSES[name]
    make = _lose_softmax if chosen.link == "softmax" else _lose
    return make(chosen.value, chosen.slope, dtype)


@cache
def _lose(value: Any, slope: Any, dtype: str) -> Any:
    value, slope = scalar(value, dtype), scalar(slope, dtype)
    real = np.dtype(dtype).type

    @cuda.jit
    def kernel(z, folds, batch, total, parameter, output_share, losses):
        _, targets, weights = batch
        for item in range(cuda.grid(1), losses.size, cuda.gridsize(1)):
            k, r = item // losses.shape[1], item % losses.shape[1]
            fold = folds[k]
            share = real(output_share * weights[fold, r] / total[fold] if total[fold] > 0 else 0.0)
            loss = real(0.0)
            for o in range(z.shape[2]):
                p, t = z[k, r, o], targets[fold, r, o]
                loss += share * value(p, t, real(parameter))
                z[k, r, o] = share * slope(p, t, real(parameter))
            losses[k, r] = loss

    return kernel


@cache
def _lose_softmax(value: Any, slope: Any, dtype: str) -> Any:
    value, slope = scalar(value, dtype), scalar(slope, dtype)
    real = np.dtype(dtype).type

    @cuda.jit
    def kernel(z, folds, batch, total, parameter, output_share, losses):
        _, targets, weights = batch
        labels = targets.shape[2] == 1
        for item in range(cuda.grid(1), losses.size, cuda.gridsize(1)):
            k, r = item // losses.shape[1], item % losses.shape[1]
            fold = folds[k]
            share = real(output_share * weights[fold, r] / total[fold] if total[fold] > 0 else 0.0)
            top, wanted = z[k, r, 0], real(0.0)
            for o in range(z.shape[2]):
                top = max(top, z[k, r, o])
                if not labels:
                    wanted += targets[fold, r, o]
            log_sum = real(0.0)
            for o in range(z.shape[2]):
                log_sum += exp(z[k, r, o] - top)
            log_sum = top + log(log_sum)
            loss = real(0.0)
            for o in range(z.shape[2]):
                p = z[k, r, o]
                if labels:
                    t, wanted = real(1.0 if targets[fold, r, 0] == o else 0.0), real(1.0)
                else:
                    t = targets[fold, r, o]
                loss += share * value(p, t, log_sum)
                z[k, r, o] = share * slope(exp(p - log_sum), t, wanted)
            losses[k, r] = loss

    return kernel


@cache
def link(name: str, dtype: str) -> Any:
    """Kernel: last values become predictions; None where they are."""
    chosen = LOSSES[name].link
    if chosen == "softmax":
        return _softmax(dtype)
    return _of_each(chosen, dtype) if chosen in LINKS else None


@cache
def _of_each(link: str, dtype: str) -> Any:
    value = scalar(LINKS[link], dtype)

    @cuda.jit
    def kernel(z):
        for item in range(cuda.grid(1), z.shape[0] * z.shape[1], cuda.gridsize(1)):
            k, r = item // z.shape[1], item % z.shape[1]
            for o in range(z.shape[2]):
                z[k, r, o] = value(z[k, r, o])

    return kernel


@cache
def _softmax(dtype: str) -> Any:
    real = np.dtype(dtype).type

    @cuda.jit
    def kernel(z):
        for item in range(cuda.grid(1), z.shape[0] * z.shape[1], cuda.gridsize(1)):
            k, r = item // z.shape[1], item % z.shape[1]
            top, total = z[k, r, 0], real(0.0)
            for o in range(z.shape[2]):
                top = max(top, z[k, r, o])
            for o in range(z.shape[2]):
                z[k, r, o] = exp(z[k, r, o] - top)
                total += z[k, r, o]
            for o in range(z.shape[2]):
                z[k, r, o] /= total

    return kernel


# --- steps ----------------------------------------------------------------------------------------


@cache
def prepare(rule: str) -> Any:
    """Kernel: who takes a step, and the optimiser's coefficients for it."""
    chosen = scalar(OPTIMIZERS[rule].coefficients, "float64")

    @cuda.jit
    def kernel(places, status, active, loss, clock, rates, hyper, powers, new_powers, c, phase):
        for k in range(cuda.grid(1), places.size, cuda.gridsize(1)):
            i = places[k]
            phase[k] = READY if status[i] == RUNNING and active[k] else IDLE
            if phase[k] == READY and not isfinite(loss[k]):
                phase[k] = FAILED
            p1 = powers[i, 0] if powers.shape[1] > 0 else 1.0
            p2 = powers[i, 1] if powers.shape[1] > 0 else 1.0
            rate, h = rates[k, clock[EPOCH] % rates.shape[1]], hyper
            p1, p2, c[k, 0], c[k, 1], c[k, 2], c[k, 3], c[k, 4], c[k, 5] = chosen(
                rate, h[k, 0], h[k, 1], h[k, 2], h[k, 3], h[k, 4], p1, p2
            )
            new_powers[k, 0], new_powers[k, 1] = p1, p2

    return kernel


@cuda.jit
def begin(fold_start, folds, first_epoch, batch_size, clock, active, steps, counts):
    """Of each network's fold: if it has this batch, the step's number in the fit, the rows."""
    for k in range(cuda.grid(1), folds.size, cuda.gridsize(1)):
        fold = folds[k]
        rows = fold_start[fold + 1] - fold_start[fold]
        batches = (rows + batch_size - 1) // batch_size
        active[k] = clock[BATCH] < batches
        steps[k] = (first_epoch + clock[EPOCH]) * batches + clock[BATCH]
        counts[k] = min(batch_size, rows - clock[BATCH] * batch_size)


@cuda.jit
def weigh_penalties(places, folds, parameters, penalties, is_weight, total, value, share):
    """What a batch's weight makes of ``l1 |w| + l2 w**2 / 2``, and what slopes are to count."""
    scratch = cuda.shared.array(THREADS, np.float64)
    k = cuda.blockIdx.x
    own = 0.0
    for p in range(cuda.threadIdx.x, parameters.shape[1], cuda.blockDim.x):
        if is_weight[p]:
            w = np.float64(parameters[places[k], p])
            own += penalties[k, 0] * abs(w) + 0.5 * penalties[k, 1] * w * w
    added = block_sum(own, scratch)
    if cuda.threadIdx.x == 0:
        weight = total[folds[k]]
        share[k] = 1.0 / weight if weight > 0 else 0.0
        value[k] = added * share[k]


@cuda.jit
def penalise(places, parameters, gradient, penalties, is_weight, share):
    """Slopes of l1 and l2, times ``share``, are added to the gradient; biases go free."""
    for k in range(cuda.blockIdx.y, places.size, cuda.gridDim.y):
        l1, l2 = penalties[k, 0] * share[k], penalties[k, 1] * share[k]
        for p in range(cuda.grid(1), gradient.shape[1], cuda.gridsize(1)):
            if is_weight[p]:
                w = parameters[places[k], p]
                sign = (1.0 if w > 0 else 0.0) - (1.0 if w < 0 else 0.0)
                gradient[k, p] += l1 * sign + l2 * w


@cuda.jit
def clip(gradient, penalties, factor):
    """What each network's gradient is multiplied with so that its norm is not above its limit."""
    scratch = cuda.shared.array(THREADS, np.float64)
    k = cuda.blockIdx.x
    own = 0.0
    for p in range(cuda.threadIdx.x, gradient.shape[1], cuda.blockDim.x):
        own += np.float64(gradient[k, p]) * np.float64(gradient[k, p])
    total = block_sum(own, scratch)
    if cuda.threadIdx.x == 0:
        limit = penalties[k, 2]
        factor[k] = min(1.0, limit / (sqrt(total) + 1e-6)) if isfinite(limit) else 1.0


@cache
def update(rule: str, dtype: str) -> Any:
    """Kernel: new parameters, looked at (``writes`` is 0) or written down where all are finite."""
    chosen, states = scalar(OPTIMIZERS[rule].update, dtype), OPTIMIZERS[rule].states
    real = np.dtype(dtype).type

    @cuda.jit
    def kernel(places, parameters, moments, gradient, factor, c, phase, writes):
        for k in range(cuda.blockIdx.y, places.size, cuda.gridDim.y):
            i, f = places[k], real(factor[k])
            c0, c1, c2 = real(c[k, 0]), real(c[k, 1]), real(c[k, 2])
            c3, c4, c5 = real(c[k, 3]), real(c[k, 4]), real(c[k, 5])
            for p in range(cuda.grid(1), gradient.shape[1], cuda.gridsize(1)):
                if phase[k] != READY:
                    break
                m = moments[i, 0, p] if states > 0 else real(0.0)
                v = moments[i, 1, p] if states > 1 else real(0.0)
                g = gradient[k, p] * f
                w, m, v = chosen(parameters[i, p], g, m, v, c0, c1, c2, c3, c4, c5)
                if not writes:
                    if not isfinite(w):
                        phase[k] = FAILED  # the same from whatever thread
                    continue
                parameters[i, p] = w
                if states > 0:
                    moments[i, 0, p] = m
                if states > 1:
                    moments[i, 1, p] = v

    return kernel


@cuda.jit
def settle(
    places, folds, status, phase, loss, penalty, total, counts, summed, powers, new_powers, sums
):
    """What a step leaves: who diverged, the optimiser's powers, the epoch's loss so far."""
    for k in range(cuda.grid(1), places.size, cuda.gridsize(1)):
        i = places[k]
        if phase[k] == FAILED:
            status[i] = DIVERGED
        if phase[k] == READY:
            weight = np.float64(counts[k]) if summed else total[folds[k]]
            sums[k, 0] += loss[k] * weight
            sums[k, 1] += weight
            sums[k, 2] += penalty[k] * weight
            for s in range(powers.shape[1]):
                powers[i, s] = new_powers[k, s]


@cuda.jit
def tick(clock, epochs):
    """The next batch, or the first one of the next epoch."""
    if cuda.grid(1) == 0:
        clock[EPOCH] += epochs
        clock[BATCH] = 0 if epochs else clock[BATCH] + 1


@cuda.jit
def end_epoch(places, epoch, column, scored, validated, tol, patience, sums, scores, state, late):
    """Losses are kept, and networks stop, as :func:`reference.train_network` has it.

    ``late`` is the column of those that stop at an epoch that is not scored: their validation loss
    is still to be found.
    """
    status, epochs_run, best, best_epoch, losses, validation_losses, penalties = state
    for k in range(cuda.grid(1), places.size, cuda.gridsize(1)):
        i = places[k]
        if status[i] == RUNNING:
            loss = sums[k, 0] / sums[k, 1] if sums[k, 1] > 0 else 0.0
            penalty = sums[k, 2] / sums[k, 1] if sums[k, 1] > 0 else 0.0
            epochs_run[i] += 1
            watched = loss if scored or not validated else inf
            if scored:
                losses[i, column] = loss
                if penalties.shape[1] > 0:
                    penalties[i, column] = penalty
            if scored and validated:
                watched = scores[k]
                validation_losses[i, column] = watched
            stops = loss <= tol[k]
            if best.size:
                if watched < best[i]:
                    best[i], best_epoch[i] = watched, epoch
                stops = stops or epoch - best_epoch[i] >= patience[k]
            if stops:
                status[i] = STOPPED
                losses[i, column] = loss
                if penalties.shape[1] > 0:
                    penalties[i, column] = penalty
                late[k] = column if validated and not scored else -1
        sums[k, 0] = sums[k, 1] = sums[k, 2] = 0.0


@cuda.jit
def score_late(places, late, scores, validation_losses):
    """The validation losses that :func:`end_epoch` left to be found."""
    for k in range(cuda.grid(1), places.size, cuda.gridsize(1)):
        if late[k] >= 0:
            validation_losses[places[k], late[k]] = scores[k]
