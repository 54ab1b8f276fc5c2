"""A step of one network: coefficients, penalties, clipping and the optimiser's update."""

from __future__ import annotations

import numpy as np

from ...math import N_COEFFICIENTS, N_HYPERPARAMETERS
from ..barrier import barrier
from ..compile import internal
from ..processor import LANES
from ..scalars import clip_factor, own_row
from ..simd import add_squares, invoke, sum_magnitudes
from ..workspace import COEFFICIENTS, HYPERPARAMETERS, POWERS, RATE, REPEAT
from .layout import PANEL_SQUARES, SQUARES
from .panels import own_part


@internal
def set_coefficients(optimizing, layout, work, i, rate):
    """Compute the optimiser's coefficients for the next step."""
    numbers, floats = work.numbers, work.optimizer
    floats[RATE] = rate
    i = own_row(optimizing.hyperparameters, i)
    for h in range(N_HYPERPARAMETERS):
        floats[HYPERPARAMETERS + h] = optimizing.hyperparameters[i, h]
    invoke(optimizing.prepare, floats, RATE, POWERS, COEFFICIENTS, 0, 0, 1, 0, 0.0)
    for c in range(N_COEFFICIENTS):
        numbers[work.own + layout.coefficients + c * REPEAT] = floats[COEFFICIENTS + c]


@internal
def update(net, optimizing, layout, work, i, share):
    """Move the parameters; each member moves a part. Penalties are multiplied with ``share``."""
    numbers = work.numbers
    first, last = own_part(layout, work)
    gradient, moments = layout.gradient + first, layout.moments + first
    if optimizing.penalties.shape[1]:
        factor = penalise(net, optimizing, layout, work, i, share)
        if factor < 1.0:
            short, part = numbers.dtype.type(factor), numbers[gradient : gradient + last - first]
            for q in range(last - first):
                part[q] *= short
    if last > first:
        invoke(
            optimizing.update, numbers, first, gradient, moments, moments + layout.weights[-1],
            work.own + layout.coefficients, last - first, 1, 0.0,
        )  # fmt: skip
    barrier(work.counters, work.team)


@internal
def penalise(net, optimizing, layout, work, i, share):
    """Add the penalties' derivatives, times ``share``, to the gradient.

    Returns the factor by which clipping shortens the gradient.
    """
    l1, l2, clip_norm = optimizing.penalties[own_row(optimizing.penalties, i)]
    l1, l2 = l1 * share, l2 * share
    first, last = own_part(layout, work)
    for layer in range(layout.blocks.size if l1 != 0.0 or l2 != 0.0 else 0):
        panel = (net.layers[layer] + net.bias) * LANES
        for v in range(layout.blocks[layer]):
            begin = layout.weights[layer] + v * panel
            start = max(first, begin)
            size = min(last, begin + net.layers[layer] * LANES) - start
            if size > 0:
                add_penalty_slopes(work.numbers, start, layout.gradient + start, size, l1, l2)
    if clip_norm == np.inf:
        return 1.0
    barrier(work.counters, work.team)
    square = gradient_square(net, layout, work)
    barrier(work.counters, work.team)
    return clip_factor(square, clip_norm)


@internal
def add_penalty_slopes(numbers, weights, gradient, size, l1, l2):
    """Add ``l1 sign(w) + l2 w`` to the gradient of some weights."""
    number = numbers.dtype.type
    slope1, slope2, zero = number(l1), number(l2), number(0)
    x, g = numbers[weights : weights + size], numbers[gradient : gradient + size]
    for q in range(size):
        edge = (slope1 if x[q] > zero else zero) - (slope1 if x[q] < zero else zero)
        g[q] += edge + slope2 * x[q]


@internal
def gradient_square(net, layout, work):
    """Sum of the squares of the gradient."""
    floats = work.optimizer
    sums, panel = floats[SQUARES : SQUARES + LANES], floats[PANEL_SQUARES : PANEL_SQUARES + LANES]
    sums[:] = 0.0
    for layer in range(layout.blocks.size):
        depth, d_out = net.layers[layer] + net.bias, net.layers[layer + 1]
        begin = layout.gradient + layout.weights[layer]
        for _ in range(d_out // LANES):
            add_squares(floats, SQUARES, work.numbers, begin, LANES, depth)
            begin += depth * LANES
        if d_out % LANES > 0:
            panel[:] = 0.0
            add_squares(floats, PANEL_SQUARES, work.numbers, begin, LANES, depth)
            for o in range(d_out % LANES):
                sums[o] += panel[o]
    square = 0.0
    for o in range(LANES):
        square += sums[o]
    return square


@internal
def add_penalties(net, optimizing, layout, work, i, factor, total):
    """Add ``l1 |w| + l2 w**2 / 2`` of all weights, times a factor, to a sum.

    Weights are added up for each unit that they lead to, and then unit after unit.
    """
    if optimizing.penalties.shape[1] == 0:
        return total
    numbers, sums = work.numbers, work.own + layout.loss
    absolute, square = 0.0, 0.0
    for layer in range(layout.blocks.size):
        d_in, d_out = net.layers[layer], net.layers[layer + 1]
        for v in range(layout.blocks[layer]):
            begin = layout.weights[layer] + v * (d_in + net.bias) * LANES
            sum_magnitudes(numbers, begin, LANES, d_in, sums)
            for o in range(min(LANES, d_out - v * LANES)):
                absolute += np.float64(numbers[sums + o])
                square += np.float64(numbers[sums + LANES + o])
    l1, l2, _ = optimizing.penalties[own_row(optimizing.penalties, i)]
    if l1 > 0.0:  # 0 times an infinite sum is none
        total += l1 * factor * absolute
    if l2 > 0.0:
        total += l2 * factor * 0.5 * square
    return total
