"""Where the numbers of a group of networks lie in a thread's workspace."""

from __future__ import annotations

from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from ...math import N_COEFFICIENTS
from ...task import ARCHITECTURES, Network
from ..processor import LANES
from ..structs import Struct
from ..workspace import MASK, OPTIMIZER_ROWS, REPEAT, SCRATCH, Arena, zeros
from .online import SAMPLE, STEPS

FEWEST_ROWS, MOST_ROWS = 8, 32  # of a chunk: samples that go forward and back together
CHUNK_NUMBERS = 20_000  # about so many values and slopes of a chunk stay in the cache

# Rows of lane_floats after those of the optimiser. SLICE_LOSS is a slice's, LOSS a batch's, TOTAL
# an epoch's. NONFINITE is 0 where all parameters are finite, and NaN where one is not.
SLICE_LOSS, LOSS, TOTAL, BEST, WATCHED, PENALTY, ABSOLUTE, SQUARE = range(
    OPTIMIZER_ROWS, OPTIMIZER_ROWS + 8
)
CLIP_NORM, CLIP_FACTOR, NONFINITE = range(OPTIMIZER_ROWS + 8, OPTIMIZER_ROWS + 11)
# What a sample of weight 1 counts in a batch's loss, what the batch counts in its epoch's mean,
# what all batches so far have counted, and what penalties count in a step.
SHARE, WEIGHT, COUNTED, PENALTY_SHARE = range(OPTIMIZER_ROWS + 11, OPTIMIZER_ROWS + 15)
FLOAT_ROWS = OPTIMIZER_ROWS + 15
# Rows of lane_ints: a lane's network, its status, its best epoch, and whether it stops now; where
# its rows begin and end in the order of all rows, where its batch begins there, and how many rows
# and which number it has.
NETWORK, STATUS, BEST_EPOCH, STOPS, FIRST, END, START, ROWS, STEP, INT_ROWS = range(10)
# Status of lanes that train no network, whose network must be trained again, carefully, or that
# wait for the others of their group to end an epoch.
IDLE, SUSPECT, WAITING = -1, 3, 4


class Layout(NamedTuple):
    """Where each part of the workspace's numbers begins."""

    chunk_rows: int
    own_rows: int  # of a chunk where lanes have samples of their own
    values: np.ndarray  # (layers + 1,) inputs (rows, d), then vectors (unit, row) of each layer
    slopes: np.ndarray  # (layers + 1,) slopes, then deltas, of hidden layers
    samples: int  # those that wait for online steps, then the slope of negative values
    sums: int  # (lanes,) losses of single samples
    loss: int  # targets (outputs, row), then weights, losses and the loss's scratch
    coefficients: int  # (N_COEFFICIENTS, REPEAT)
    masks: int  # of LANES networks each
    penalties: int  # (3, REPEAT) l1, l2, what clipping multiplies with
    weights: np.ndarray  # (layers + 1,) vectors (input, output) of each layer, then their end
    moments: np.ndarray  # (2,)
    gradient: int
    snapshot: int  # of parameters before a step; before that, the gradient of a batch's slice
    waiting: int  # weights and moments, or the gradient, of lanes that wait for others
    size: int


class Workspace(NamedTuple):
    """What a thread works in, for ``lanes`` networks side by side."""

    numbers: np.ndarray  # of the networks' dtype, by the layout
    samples: np.ndarray  # (rows, lanes) those of a batch, where lanes have their own
    weights: np.ndarray  # (rows * lanes,) of these samples
    lane_floats: np.ndarray  # (2 FLOAT_ROWS, lanes) float64; the second half is for waiting lanes
    lane_ints: np.ndarray  # (INT_ROWS, lanes) int64
    counters: np.ndarray  # of all threads
    lanes: int


LAYOUT = Struct(
    Layout,
    remembered=ARCHITECTURES,
    chunk_rows="int64",
    own_rows="int64",
    values="int64[:]",
    slopes="int64[:]",
    samples="int64",
    sums="int64",
    loss="int64",
    coefficients="int64",
    masks="int64",
    penalties="int64",
    weights="int64[:]",
    moments="int64[:]",
    gradient="int64",
    snapshot="int64",
    waiting="int64",
    size="int64",
)
WORKSPACE = Struct(
    Workspace,
    numbers="real[:]",
    samples="int64[:,:]",
    weights="real[:]",
    lane_floats="float64[:,:]",
    lane_ints="int64[:,:]",
    counters="int64[:]",
    lanes="int64",
)


def workspace_of(layout: Layout, lanes: int, rows: int, dtype, counters: np.ndarray) -> Workspace:
    """A workspace for groups of so many networks, and batches of up to so many rows."""
    floats, ints = np.zeros((2 * FLOAT_ROWS, lanes)), np.zeros((INT_ROWS, lanes), np.int64)
    samples, weights = np.zeros((rows, lanes), np.int64), zeros(rows * lanes, dtype)
    return Workspace(zeros(layout.size, dtype), samples, weights, floats, ints, counters, lanes)


@lru_cache(maxsize=ARCHITECTURES)
def layout_of(network: Network, lanes: int) -> Layout:
    """Layout for groups of so many networks of an architecture."""
    widths, bias, arena = network.layers, int(network.bias), Arena()
    hidden = 2 * sum(widths[1:])  # vectors of values and slopes
    rows, own_rows = (
        max(FEWEST_ROWS, min(MOST_ROWS, CHUNK_NUMBERS // (lanes * vectors)))
        for vectors in (hidden, hidden + widths[0])
    )
    own_rows -= own_rows % FEWEST_ROWS  # whole tiles of products
    vectors = [arena.reserve(max(rows, own_rows * lanes) * (widths[0] + bias))]
    vectors += [arena.reserve(rows * lanes * (width + bias)) for width in (*widths[1:], *widths)]
    samples, sums = arena.reserve(STEPS * SAMPLE + 1), arena.reserve(lanes)
    loss = arena.reserve(rows * lanes * (2 * widths[-1] + 2 + SCRATCH))
    coefficients, penalties = arena.reserve(N_COEFFICIENTS * REPEAT), arena.reserve(3 * REPEAT)
    masks = arena.reserve(lanes // LANES * MASK)
    weights = [arena.reserve((d_in + bias) * d_out * lanes) for d_in, d_out in pairwise(widths)]
    end = arena.size
    numbers = network.n_parameters * lanes
    moment, second, gradient, snapshot = (arena.reserve(numbers) for _ in range(4))
    waiting = arena.reserve(3 * numbers)
    return Layout(
        chunk_rows=rows,
        own_rows=own_rows,
        values=np.array(vectors[: len(widths)]),
        slopes=np.array(vectors[len(widths) :]),
        samples=samples,
        sums=sums,
        loss=loss,
        coefficients=coefficients,
        masks=masks,
        penalties=penalties,
        weights=np.array([*weights, end]),
        moments=np.array([moment, second]),
        gradient=gradient,
        snapshot=snapshot,
        waiting=waiting,
        size=arena.size,
    )
