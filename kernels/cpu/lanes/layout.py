"""Where the numbers of a group of networks lie in a thread's workspace."""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

import numpy as np

from ...math import N_COEFFICIENTS
from ...task import Network
from ..functions import REPEAT, SCRATCH
from ..simd import LANES
from ..workspace import OPTIMIZER_ROWS, Arena, zeros
from .online_steps import SAMPLE, STEPS

MOST_LANES = 8 * LANES
GROUP_PARAMETERS = 2048  # of a group of more than LANES networks: they stay in L1
FEWEST_ROWS, MOST_ROWS = 8, 32  # of a chunk: samples that go forward and back together
CHUNK_NUMBERS = 20_000  # about so many values and slopes of a chunk stay in the cache

# Rows of lane_floats after those of the optimiser. LOSS is a batch's, TOTAL an epoch's. NONFINITE
# is 0 where all parameters are finite, and NaN where one is not.
LOSS, TOTAL, BEST, WATCHED, PENALTY, L1, L2, CLIP_NORM, CLIP_FACTOR, NONFINITE = range(
    OPTIMIZER_ROWS, OPTIMIZER_ROWS + 10
)
FLOAT_ROWS = OPTIMIZER_ROWS + 10
# Rows of lane_ints: a lane's network, its status, its best epoch, and whether it stops now.
NETWORK, STATUS, BEST_EPOCH, STOPS, INT_ROWS = range(5)
# Status of lanes that train no network, or whose network must be trained again, carefully.
IDLE, SUSPECT = -1, 3


class Layout(NamedTuple):
    """Where each part of the workspace's numbers begins."""

    chunk_rows: int
    values: np.ndarray  # (layers + 1,) inputs (rows, d), then vectors (unit, row) of each layer
    slopes: np.ndarray  # (layers + 1,) slopes, then deltas, of hidden layers
    samples: int  # those that wait for online steps, then the slope of negative values
    sums: int  # (lanes,) losses of single samples
    loss: int  # targets (outputs, row), then weights, losses and the loss's scratch
    coefficients: int  # (N_COEFFICIENTS, REPEAT)
    penalties: int  # (3, REPEAT) l1, l2, what clipping multiplies with
    weights: np.ndarray  # (layers + 1,) vectors (input, output) of each layer, then their end
    moments: np.ndarray  # (2,)
    gradient: int
    snapshot: int
    size: int


class Workspace(NamedTuple):
    """What a thread works in, for ``lanes`` networks side by side."""

    numbers: np.ndarray  # of the networks' dtype, by the layout
    lane_floats: np.ndarray  # (FLOAT_ROWS, lanes) float64
    lane_ints: np.ndarray  # (INT_ROWS, lanes) int64
    counters: np.ndarray  # of all threads
    lanes: int


def workspace_of(layout: Layout, lanes: int, dtype, counters: np.ndarray) -> Workspace:
    """A workspace for groups of so many networks."""
    floats, ints = np.zeros((FLOAT_ROWS, lanes)), np.zeros((INT_ROWS, lanes), np.int64)
    return Workspace(zeros(layout.size, dtype), floats, ints, counters, lanes)


def layout_of(network: Network, lanes: int) -> Layout:
    """Layout for groups of so many networks of an architecture."""
    widths, bias, arena = network.layers, int(network.bias), Arena()
    fitting = CHUNK_NUMBERS // (2 * lanes * sum(widths[1:]))
    rows = max(FEWEST_ROWS, min(MOST_ROWS, fitting))
    vectors = [arena.reserve(rows * (widths[0] + bias))]
    vectors += [arena.reserve(rows * lanes * (width + bias)) for width in (*widths[1:], *widths)]
    samples, sums = arena.reserve(STEPS * SAMPLE + 1), arena.reserve(lanes)
    loss = arena.reserve(rows * lanes * (2 * widths[-1] + 2 + SCRATCH))
    coefficients, penalties = arena.reserve(N_COEFFICIENTS * REPEAT), arena.reserve(3 * REPEAT)
    weights = [arena.reserve((d_in + bias) * d_out * lanes) for d_in, d_out in pairwise(widths)]
    end = arena.size
    moment, second, gradient, snapshot = (
        arena.reserve(network.n_parameters * lanes) for _ in range(4)
    )
    return Layout(
        chunk_rows=rows,
        values=np.array(vectors[: len(widths)]),
        slopes=np.array(vectors[len(widths) :]),
        samples=samples,
        sums=sums,
        loss=loss,
        coefficients=coefficients,
        penalties=penalties,
        weights=np.array([*weights, end]),
        moments=np.array([moment, second]),
        gradient=gradient,
        snapshot=snapshot,
        size=arena.size,
    )


def group_size(network: Network, networks: int) -> int:
    """Networks side by side: LANES, or more of the tiniest where there are enough."""
    lanes = MOST_LANES
    while lanes > LANES and (
        network.n_parameters * lanes > GROUP_PARAMETERS or lanes // 2 >= networks
    ):
        lanes //= 2
    return lanes


def group_bounds(fold: np.ndarray, networks: np.ndarray, lanes: int) -> np.ndarray:
    """Where groups of networks with one fold each begin in ``networks``, and the last one's end."""
    changes = np.flatnonzero(np.diff(fold[networks] if fold.strides[0] else fold[:1])) + 1
    runs = pairwise([0, *changes, len(networks)])
    starts = [np.arange(first, last, lanes) for first, last in runs]
    return np.concatenate([*starts, [len(networks)]])
