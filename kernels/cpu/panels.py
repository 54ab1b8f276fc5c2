"""How one network lies in the workspace of a thread, or of a team of threads.

A layer's matrix, with the biases as a last row that belongs to an input of 1, is cut into *panels*
of LANES outputs, padded with zeros. Shared places hold what a team works on together; private ones
what a member needs for its chunk of rows.
"""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

import numpy as np

from ..task import Network
from .compile import inline, internal, jit
from .functions import REPEAT, SCRATCH
from .simd import LANES, transpose_block
from .threads import barrier
from .workspace import Places, up

CHUNK = 128  # rows that go forward and back together: their values stay in L2
SLICE = 256  # rows for which a batch gets another slice
MAX_SLICES = 32


class Layout(NamedTuple):
    """Where things lie: private offsets from a thread's own place, shared ones from a team's."""

    blocks: np.ndarray  # (layers,) vectors across a layer's outputs
    strides: np.ndarray  # (layers + 1,) numbers from a row of values to the next
    values: np.ndarray  # (layers + 1,) private: inputs, hidden values, outputs
    slopes: np.ndarray  # (layers + 1,) private: slopes, then deltas, of hidden layers
    turned: np.ndarray  # (layers,) private: transposed weights
    loss: int  # private: outputs (outputs, rows), targets, scale, loss, then the loss's scratch
    coefficients: int  # private: (6, REPEAT)
    private: int  # size
    weights: np.ndarray  # (layers + 1,) shared: panels, from 0; last: their size
    moments: int  # shared: two copies of the panels' size
    snapshot: int  # shared
    gradient: int  # shared: a copy for each slice
    shared: int  # size


def layout(network: Network, batch_size: int) -> Layout:
    """Layout for a network's batches of at most ``batch_size`` rows."""
    widths, bias = network.layers, int(network.bias)
    blocks = [-(-width // LANES) for width in widths[1:]]
    strides = [up(widths[0] + bias)] + [
        max(block * LANES, up(width + bias))
        for block, width in zip(blocks, widths[1:], strict=True)
    ]
    place = Places()
    values = [place(CHUNK * stride) for stride in strides]
    slopes = [place(CHUNK * stride) for stride in strides]
    turned = [place(up(d_in) * d_out + LANES * LANES) for d_in, d_out in pairwise(widths)]
    loss = place(CHUNK * (3 * widths[-1] + 2 + SCRATCH))
    coefficients = place(6 * REPEAT)
    team = Places()
    weights = [
        team((d_in + bias) * block * LANES) for d_in, block in zip(widths[:-1], blocks, strict=True)
    ]
    size = team.end
    moments, snapshot = team(2 * size), team(size)
    gradient = team(size * cut(batch_size)[0])
    return Layout(
        blocks=np.array(blocks),
        strides=np.array(strides),
        values=np.array(values),
        slopes=np.array(slopes),
        turned=np.array(turned),
        loss=loss,
        coefficients=coefficients,
        private=place.end,
        weights=np.array([*weights, size]),
        moments=moments,
        snapshot=snapshot,
        gradient=gradient,
        shared=team.end,
    )


@jit
def cut(rows):
    """Slices of a batch, and the rows of each; the last may be shorter. Threads don't matter."""
    slices = min(MAX_SLICES, max(1, -(-rows // SLICE)))
    if slices == 1:
        return 1, rows
    each = -(-rows // (slices * CHUNK)) * CHUNK
    return -(-rows // each), each


class Place(NamedTuple):
    """A thread's part in the work: its arrays and where it and its team begin in them."""

    w: np.ndarray  # numbers of the network's dtype
    f: np.ndarray  # float64: (MAX_SLICES,) losses of the team, then members' own
    shared: np.ndarray  # counters of the team
    private: int
    common: int
    own: int  # in f: inputs (6), powers (2) and results (6) of the optimiser's coefficients
    member: int
    team: int


F_COMMON, F_OWN = MAX_SLICES, 16  # sizes in f


@internal
def pack(net, lo, w, to, row):
    """A row of parameters into panels; padding stays as it is."""
    for layer in range(lo.blocks.size):
        depth, d_out = net.layers[layer] + net.bias, net.layers[layer + 1]
        for v in range(lo.blocks[layer]):
            width = min(LANES, d_out - v * LANES)
            panel = to + lo.weights[layer] + v * depth * LANES
            for k in range(depth):
                start = net.starts[layer] + k * d_out + v * LANES
                copy(row[start : start + width], w[panel + k * LANES :])


@internal
def unpack(net, lo, w, place, row):
    """Panels into a row of parameters."""
    for layer in range(lo.blocks.size):
        depth, d_out = net.layers[layer] + net.bias, net.layers[layer + 1]
        for v in range(lo.blocks[layer]):
            width = min(LANES, d_out - v * LANES)
            panel = place + lo.weights[layer] + v * depth * LANES
            for k in range(depth):
                start = net.starts[layer] + k * d_out + v * LANES
                copy(w[panel + k * LANES :], row[start : start + width])


@internal
def copy(source, target):
    """Copy as many numbers as the shorter of the two has."""
    for k in range(min(source.size, target.size)):
        target[k] = source[k]


@internal
def all_finite(net, lo, w, place):
    """Whether no parameter in some panels is NaN or infinite; padding is not looked at."""
    for layer in range(lo.blocks.size):
        depth, d_out = net.layers[layer] + net.bias, net.layers[layer + 1]
        for v in range(lo.blocks[layer]):
            for k in range(depth):
                source = place + lo.weights[layer] + (v * depth + k) * LANES
                for o in range(min(LANES, d_out - v * LANES)):
                    if not np.isfinite(w[source + o]):
                        return False
    return True


@internal
def load(net, memory, lo, at, i):
    """Bring a network and its optimiser's memory into the workspace."""
    if at.member == 0:
        pack(net, lo, at.w, at.common, memory.parameters[i])
        for s in range(memory.moments.shape[1]):
            pack(net, lo, at.w, at.common + lo.moments + s * lo.weights[-1], memory.moments[i, s])
    if memory.powers.shape[1]:
        at.f[at.own + 6], at.f[at.own + 7] = memory.powers[i, 0], memory.powers[i, 1]
    barrier(at.shared, at.team)


@internal
def store(net, memory, lo, at, i):
    """Take a network and its optimiser's memory out of the workspace."""
    if at.member == 0:
        unpack(net, lo, at.w, at.common, memory.parameters[i])
        for s in range(memory.moments.shape[1]):
            unpack(net, lo, at.w, at.common + lo.moments + s * lo.weights[-1], memory.moments[i, s])
        if memory.powers.shape[1]:
            memory.powers[i, 0], memory.powers[i, 1] = at.f[at.own + 6], at.f[at.own + 7]


@inline
def own_part(lo, at):
    """A member's part of the panels."""
    vectors = lo.weights[-1] // LANES
    first = vectors * at.member // at.team
    last = vectors * (at.member + 1) // at.team
    return first * LANES, last * LANES


@internal
def copy_part(lo, at, source, target):
    """Copy a member's part of some panels."""
    first, last = own_part(lo, at)
    for q in range(first, last):
        at.w[at.common + target + q] = at.w[at.common + source + q]


@inline
def turn(net, lo, at):
    """Transpose the weights that deltas go back through."""
    for layer in range(1, lo.blocks.size):
        d_in, d_out = net.layers[layer], net.layers[layer + 1]
        panel = (d_in + net.bias) * LANES
        for i in range(0, d_in, LANES):
            for v in range(lo.blocks[layer]):
                source = at.common + lo.weights[layer] + v * panel + i * LANES
                target = at.private + lo.turned[layer] + (i * d_out // LANES + v * LANES) * LANES
                if i + LANES <= d_in:
                    # what is behind the last output is padding, or comes next, or is not read
                    transpose_block(at.w, source, target)
                else:
                    turn_rest(at.w, source, target, d_in - i, min(LANES, d_out - v * LANES))


@internal
def turn_rest(w, source, target, rows, columns):
    """Transpose a part of a block; the lanes behind it stay zero."""
    for k in range(rows):
        for o in range(columns):
            w[target + o * LANES + k] = w[source + k * LANES + o]
