"""A step of one network: coefficients, penalties, clipping and the optimiser's update."""

from __future__ import annotations

import numpy as np

from ...math import N_COEFFICIENTS, N_HYPERPARAMETERS
from ..arguments import own_row
from ..compile import internal, reduction
from ..functions import REPEAT
from ..scalars import clip_factor
from ..simd import LANES, add_squares, invoke
from ..threads import barrier
from ..workspace import COEFFICIENTS, HYPERPARAMETERS, POWERS, RATE
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
    slope1, slope2, zero, one = number(l1), number(l2), number(0), number(1)
    x, g = numbers[weights : weights + size], numbers[gradient : gradient + size]
    for q in range(size):
        sign = (one if x[q] > zero else zero) - (one if x[q] < zero else zero)
        g[q] += slope1 * sign + slope2 * x[q]


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
def penalty_value(net, optimizing, layout, work, i):
    """``l1 |w| + l2 w**2 / 2``, added up over the weights."""
    if optimizing.penalties.shape[1] == 0:
        return 0.0
    l1, l2, _ = optimizing.penalties[own_row(optimizing.penalties, i)]
    value = 0.0
    for layer in range(layout.blocks.size):
        size, panel = net.layers[layer] * LANES, (net.layers[layer] + net.bias) * LANES
        for v in range(layout.blocks[layer]):
            begin = layout.weights[layer] + v * panel
            x, width = work.numbers[begin : begin + size], net.layers[layer + 1] - v * LANES
            value += l1 * sum_of_sizes(x, width) + 0.5 * l2 * sum_of_squares(x, width)
    return value


# Padding belongs in no sum: it is computed for units that do not exist, and may be NaN.


@reduction
def sum_of_squares(x, width):
    """Sum of the squares of some numbers, of every LANES the first ``width``."""
    total = 0.0
    for q in range(x.size):
        own = np.float64(x[q]) if q & (LANES - 1) < width else 0.0
        total += own * own
    return total


@reduction
def sum_of_sizes(x, width):
    """Sum of the absolute values of some numbers, of every LANES the first ``width``."""
    total = 0.0
    for q in range(x.size):
        total += abs(np.float64(x[q])) if q & (LANES - 1) < width else 0.0
    return total
