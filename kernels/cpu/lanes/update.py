"""A step of a group's networks: coefficients, penalties, clipping and the optimiser's update."""

from __future__ import annotations

import numpy as np

from ...math import N_COEFFICIENTS, N_HYPERPARAMETERS
from ..arguments import own_row
from ..compile import internal
from ..functions import REPEAT
from ..scalars import clip_factor
from ..simd import LANES, add_squares, copy_vector, invoke
from ..workspace import COEFFICIENTS, HYPERPARAMETERS, POWERS, RATE
from .layout import CLIP_FACTOR, CLIP_NORM, L1, L2, NETWORK, PENALTY, PENALTY_SHARE, WEIGHT


@internal
def set_coefficients(optimizing, layout, work, epoch):
    """Compute the optimisers' coefficients for the next step."""
    floats, lanes = work.lane_floats, work.lanes
    for lane in range(lanes):
        i = work.lane_ints[NETWORK, lane]
        rates = optimizing.rates[own_row(optimizing.rates, i)]
        floats[RATE, lane] = rates[epoch % rates.size]
        i = own_row(optimizing.hyperparameters, i)
        for h in range(N_HYPERPARAMETERS):
            floats[HYPERPARAMETERS + h, lane] = optimizing.hyperparameters[i, h]
    invoke(
        optimizing.prepare, floats.reshape(-1), RATE, POWERS * lanes, COEFFICIENTS * lanes, 0, 0,
        lanes, 0, 0.0,
    )  # fmt: skip
    for c in range(N_COEFFICIENTS):
        repeat(work, layout.coefficients + c * REPEAT, COEFFICIENTS + c)


@internal
def repeat(work, start, row):
    """Fill REPEAT numbers with a row of the lanes' floats, again and again."""
    numbers, own = work.numbers, work.lane_floats[row]
    for lane in range(work.lanes):
        numbers[start + lane] = own[lane]
    for k in range(work.lanes, REPEAT, LANES):
        copy_vector(numbers, start + k, numbers, start + k - work.lanes)


@internal
def update(net, optimizing, layout, work):
    """Move all parameters."""
    if optimizing.penalties.shape[1]:
        penalise(net, optimizing, layout, work)
    begin, moments = layout.weights[0], layout.moments
    invoke(
        optimizing.update, work.numbers, begin, layout.gradient, moments[0], moments[1],
        layout.coefficients, layout.weights[-1] - begin, work.lanes, 0.0,
    )  # fmt: skip


@internal
def penalise(net, optimizing, layout, work):
    """Add the penalties' derivatives, by what they count, to the gradient, and clip it."""
    floats, lanes = work.lane_floats, work.lanes
    adds, clips = False, False
    for lane in range(lanes):
        i = own_row(optimizing.penalties, work.lane_ints[NETWORK, lane])
        floats[L1, lane], floats[L2, lane], floats[CLIP_NORM, lane] = optimizing.penalties[i]
        floats[L1, lane] *= floats[PENALTY_SHARE, lane]
        floats[L2, lane] *= floats[PENALTY_SHARE, lane]
        adds = adds or floats[L1, lane] != 0.0 or floats[L2, lane] != 0.0
        clips = clips or floats[CLIP_NORM, lane] < np.inf
    if adds:
        repeat(work, layout.penalties, L1)
        repeat(work, layout.penalties + REPEAT, L2)
        to_gradient = layout.gradient - layout.weights[0]
        for layer in range(net.layers.size - 1):
            begin, size = layout.weights[layer], net.layers[layer] * net.layers[layer + 1] * lanes
            add_penalty_slopes(work.numbers, begin, to_gradient + begin, size, layout.penalties)
    if clips:
        clip(layout, work)


@internal
def add_penalty_slopes(numbers, weights, gradient, size, penalties):
    """Add ``l1 sign(w) + l2 w`` to the gradient of some weights."""
    zero, one = numbers.dtype.type(0), numbers.dtype.type(1)
    l1, l2 = numbers[penalties:][:REPEAT], numbers[penalties + REPEAT :][:REPEAT]
    for start in range(0, size, REPEAT):
        count = min(REPEAT, size - start)
        x, g = numbers[weights + start :][:count], numbers[gradient + start :][:count]
        for q in range(count):
            sign = (one if x[q] > zero else zero) - (one if x[q] < zero else zero)
            g[q] += l1[q] * sign + l2[q] * x[q]


@internal
def clip(layout, work):
    """Shorten the gradients that are longer than the lanes' CLIP_NORM."""
    numbers, floats, lanes = work.numbers, work.lane_floats, work.lanes
    begin, size = layout.gradient, layout.weights[-1] - layout.weights[0]
    squares = factors = floats[CLIP_FACTOR]
    squares[:] = 0.0
    for lane in range(0, lanes, LANES):
        target = CLIP_FACTOR * lanes + lane
        add_squares(floats, target, numbers, begin + lane, lanes, size // lanes)
    for lane in range(lanes):
        factors[lane] = clip_factor(squares[lane], floats[CLIP_NORM, lane])
    repeat(work, layout.penalties + 2 * REPEAT, CLIP_FACTOR)
    factor = numbers[layout.penalties + 2 * REPEAT :][:REPEAT]
    for start in range(begin, begin + size, REPEAT):
        g = numbers[start:][: min(REPEAT, begin + size - start)]
        for q in range(g.size):
            g[q] *= factor[q]


@internal
def add_penalties(net, optimizing, layout, work):
    """Add ``l1 |w| + l2 w**2 / 2`` of all weights, by what they count, to the lanes' PENALTY."""
    if optimizing.penalties.shape[1] == 0:
        return
    floats, lanes = work.lane_floats, work.lanes
    for lane in range(lanes):
        i = own_row(optimizing.penalties, work.lane_ints[NETWORK, lane])
        factor = floats[PENALTY_SHARE, lane] * floats[WEIGHT, lane]
        floats[L1, lane] = optimizing.penalties[i, 0] * factor
        floats[L2, lane] = optimizing.penalties[i, 1] * factor * 0.5
    for layer in range(net.layers.size - 1):
        begin = layout.weights[layer]
        size = net.layers[layer] * net.layers[layer + 1] * lanes
        for start in range(begin, begin + size, lanes):
            x = work.numbers[start:][:lanes]
            for lane in range(lanes):
                absolute, square = floats[L1, lane] * abs(x[lane]), floats[L2, lane] * x[lane]
                floats[PENALTY, lane] += absolute + square * x[lane]
