"""How parameters come into panels and out of them, and what is done with whole panels."""

from __future__ import annotations

import numpy as np

from ..barrier import barrier
from ..compile import inline, internal
from ..processor import LANES
from ..transposition import transpose_block
from ..workspace import POWERS


@internal
def load(net, memory, layout, work, i):
    """Bring a network and its optimiser's memory into the workspace."""
    if work.member == 0:
        pack(net, layout, work.numbers, 0, memory.parameters[i])
        for s in range(memory.moments.shape[1]):
            start = layout.moments + s * layout.weights[-1]
            pack(net, layout, work.numbers, start, memory.moments[i, s])
    for p in range(memory.powers.shape[1]):
        work.optimizer[POWERS + p] = memory.powers[i, p]
    barrier(work.counters, work.team)


@internal
def store(net, memory, layout, work, i):
    """Take a network and its optimiser's memory out of the workspace."""
    if work.member == 0:
        unpack(net, layout, work.numbers, 0, memory.parameters[i])
        for s in range(memory.moments.shape[1]):
            start = layout.moments + s * layout.weights[-1]
            unpack(net, layout, work.numbers, start, memory.moments[i, s])
        for p in range(memory.powers.shape[1]):
            memory.powers[i, p] = work.optimizer[POWERS + p]


@internal
def pack(net, layout, numbers, start, row):
    """Copy a row of parameters to the panels that begin at ``start``; padding is not touched."""
    for layer in range(layout.blocks.size):
        depth, d_out = net.layers[layer] + net.bias, net.layers[layer + 1]
        for v in range(layout.blocks[layer]):
            width = min(LANES, d_out - v * LANES)
            panel = start + layout.weights[layer] + v * depth * LANES
            for k in range(depth):
                first = net.starts[layer] + k * d_out + v * LANES
                copy(row[first : first + width], numbers[panel + k * LANES :])


@internal
def unpack(net, layout, numbers, start, row):
    """Copy the panels that begin at ``start`` to a row of parameters."""
    for layer in range(layout.blocks.size):
        depth, d_out = net.layers[layer] + net.bias, net.layers[layer + 1]
        for v in range(layout.blocks[layer]):
            width = min(LANES, d_out - v * LANES)
            panel = start + layout.weights[layer] + v * depth * LANES
            for k in range(depth):
                first = net.starts[layer] + k * d_out + v * LANES
                copy(numbers[panel + k * LANES :], row[first : first + width])


@internal
def copy(source, target):
    """Copy as many numbers as the shorter of the two has."""
    for k in range(min(source.size, target.size)):
        target[k] = source[k]


@internal
def all_finite(net, layout, numbers):
    """Whether no parameter is NaN or infinite; padding does not count."""
    for layer in range(layout.blocks.size):
        depth, d_out = net.layers[layer] + net.bias, net.layers[layer + 1]
        for v in range(layout.blocks[layer]):
            for k in range(depth):
                first = layout.weights[layer] + (v * depth + k) * LANES
                for o in range(min(LANES, d_out - v * LANES)):
                    if not np.isfinite(numbers[first + o]):
                        return False
    return True


@inline
def own_part(layout, work):
    """Where a member's part of the panels begins and ends."""
    vectors = layout.weights[-1] // LANES
    first = vectors * work.member // work.team
    last = vectors * (work.member + 1) // work.team
    return first * LANES, last * LANES


@internal
def copy_part(layout, work, source, target):
    """Copy a member's part of some panels."""
    first, last = own_part(layout, work)
    for q in range(first, last):
        work.numbers[target + q] = work.numbers[source + q]


@inline
def transpose_weights(net, layout, work):
    """Transpose the weights that deltas go back through, to the member's own numbers."""
    for layer in range(1, layout.blocks.size):
        d_in, d_out = net.layers[layer], net.layers[layer + 1]
        panel = (d_in + net.bias) * LANES
        for k in range(0, d_in, LANES):
            for v in range(layout.blocks[layer]):
                source = layout.weights[layer] + v * panel + k * LANES
                block = (k * d_out // LANES + v * LANES) * LANES
                target = work.own + layout.transposed[layer] + block
                if k + LANES <= d_in:
                    # what follows the last output is padding, or is overwritten, or is not read
                    transpose_block(work.numbers, source, LANES, target, LANES)
                else:
                    rows, columns = d_in - k, min(LANES, d_out - v * LANES)
                    transpose_rest(work.numbers, source, target, rows, columns)


@internal
def transpose_rest(numbers, source, target, rows, columns):
    """Transpose a part of a block; the lanes behind it stay zero."""
    for k in range(rows):
        for o in range(columns):
            numbers[target + o * LANES + k] = numbers[source + k * LANES + o]
