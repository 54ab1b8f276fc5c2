"""A step of a group's networks: coefficients, penalties, clipping and the optimiser's update."""

from __future__ import annotations

import numpy as np

from ...math import N_COEFFICIENTS, N_HYPERPARAMETERS
from ..compile import internal
from ..processor import LANES
from ..scalars import clip_factor, own_row
from ..simd import add_squares, copy_vector, invoke, reshaped, sum_magnitudes
from ..workspace import COEFFICIENTS, HYPERPARAMETERS, POWERS, RATE, REPEAT
from .layout import (
    ABSOLUTE,
    CLIP_FACTOR,
    CLIP_NORM,
    NETWORK,
    PENALTY,
    PENALTY_SHARE,
    SQUARE,
    WEIGHT,
)


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
    numbers = reshaped(floats, floats.size)
    invoke(
        optimizing.prepare, numbers, RATE, POWERS * lanes, COEFFICIENTS * lanes, 0, 0,
        lanes, 0, 0.0,
    )  # fmt: skip
    for c in range(N_COEFFICIENTS):
        repeat_row(work, layout.coefficients + c * REPEAT, COEFFICIENTS + c)


@internal
def repeat_row(work, start, row):
    """Fill REPEAT numbers with a row of the lanes' floats, again and again."""
    for lane in range(work.lanes):
        work.numbers[start + lane] = work.lane_floats[row, lane]
    repeat(work, start)


@internal
def repeat(work, start):
    """Fill REPEAT numbers with the first of them, one for each lane, again and again."""
    for k in range(work.lanes, REPEAT, LANES):
        copy_vector(work.numbers, start + k, work.numbers, start + k - work.lanes)


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
    numbers, floats, lanes = work.numbers, work.lane_floats, work.lanes
    slopes1, slopes2, adds, clips = layout.penalties, layout.penalties + REPEAT, False, False
    for lane in range(lanes):
        i = own_row(optimizing.penalties, work.lane_ints[NETWORK, lane])
        l1, l2, floats[CLIP_NORM, lane] = optimizing.penalties[i]
        numbers[slopes1 + lane] = l1 * floats[PENALTY_SHARE, lane]
        numbers[slopes2 + lane] = l2 * floats[PENALTY_SHARE, lane]
        adds = adds or l1 != 0.0 or l2 != 0.0
        clips = clips or floats[CLIP_NORM, lane] < np.inf
    if adds:
        repeat(work, slopes1)
        repeat(work, slopes2)
        to_gradient = layout.gradient - layout.weights[0]
        for layer in range(net.layers.size - 1):
            begin, size = layout.weights[layer], net.layers[layer] * net.layers[layer + 1] * lanes
            add_penalty_slopes(numbers, begin, to_gradient + begin, size, slopes1, slopes2)
    if clips:
        clip(layout, work)


@internal
def add_penalty_slopes(numbers, weights, gradient, size, slopes1, slopes2):
    """Add ``l1 sign(w) + l2 w`` to the gradient of some weights."""
    zero = numbers.dtype.type(0)
    l1, l2 = numbers[slopes1:][:REPEAT], numbers[slopes2:][:REPEAT]
    for start in range(0, size, REPEAT):
        count = min(REPEAT, size - start)
        x, g = numbers[weights + start :][:count], numbers[gradient + start :][:count]
        for q in range(count):
            # one product alone, so that it is contracted alike in tiles
            edge = (l1[q] if x[q] > zero else zero) - (l1[q] if x[q] < zero else zero)
            g[q] += edge + l2[q] * x[q]


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
    repeat_row(work, layout.penalties + 2 * REPEAT, CLIP_FACTOR)
    factor = numbers[layout.penalties + 2 * REPEAT :][:REPEAT]
    for start in range(begin, begin + size, REPEAT):
        g = numbers[start:][: min(REPEAT, begin + size - start)]
        for q in range(g.size):
            g[q] *= factor[q]


@internal
def add_penalties(net, optimizing, layout, work):
    """Add ``l1 |w| + l2 w**2 / 2`` of all weights, by what they count, to the lanes' PENALTY.

    Weights are added up for each unit that they lead to, and then unit after unit.
    """
    if optimizing.penalties.shape[1] == 0:
        return
    numbers, floats, lanes, sums = work.numbers, work.lane_floats, work.lanes, layout.loss
    absolute, square = floats[ABSOLUTE], floats[SQUARE]
    absolute[:] = 0.0
    square[:] = 0.0
    for layer in range(net.layers.size - 1):
        d_in, row = net.layers[layer], net.layers[layer + 1] * lanes
        for unit in range(0, row, LANES):
            sum_magnitudes(numbers, layout.weights[layer] + unit, row, d_in, sums)
            first = unit % lanes
            for k in range(LANES):
                absolute[first + k] += np.float64(numbers[sums + k])
                square[first + k] += np.float64(numbers[sums + LANES + k])
    for lane in range(lanes):
        i = own_row(optimizing.penalties, work.lane_ints[NETWORK, lane])
        l1, l2, _ = optimizing.penalties[i]
        factor = floats[PENALTY_SHARE, lane] * floats[WEIGHT, lane]
        if l1 > 0.0:  # 0 times an infinite sum is none
            floats[PENALTY, lane] += l1 * factor * absolute[lane]
        if l2 > 0.0:
            floats[PENALTY, lane] += l2 * factor * 0.5 * square[lane]
