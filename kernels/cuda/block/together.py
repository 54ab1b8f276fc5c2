"""What the threads of a block do together.

Strided loops are written out: Numba's ranges divide to know how often they go round.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numba import cuda

from .. import tile
from ..compile import device_function
from .layout import FIELDS, STRIDE, VALUES, WEIGHTS

AHEAD = 4  # numbers that a thread asks main memory for before it needs the first


class Shape(NamedTuple):
    """The architecture, as threads read it: its table lies in shared memory.

    ``layers`` are those of weights, ``size`` is the number of parameters, ``rows`` of a chunk.
    """

    table: Any
    layers: int
    size: int
    rows: int
    bias: int
    loss_parameter: float
    output_share: float


@device_function
def shape_of(net, lo, whole_numbers):
    """Bring the table into shared memory; it can be read after the next barrier."""
    table = whole_numbers[lo.table_start :]
    copy(table, lo.table, lo.table.shape[0])
    layers = lo.table.shape[0] // FIELDS - 1
    size = lo.table[layers * FIELDS + WEIGHTS]
    return Shape(table, layers, size, lo.rows, net.bias, net.loss_parameter, net.output_share)


@device_function
def add_up(value, scratch):
    """Sum of all threads' values, the same bits for all of them."""
    t, width = cuda.threadIdx.x, cuda.blockDim.x
    scratch[t] = value
    cuda.syncthreads()
    while width > 1:
        half = (width + 1) >> 1
        if t + half < width:
            scratch[t] += scratch[t + half]
        cuda.syncthreads()
        width = half
    total = scratch[0]
    cuda.syncthreads()
    return total


@device_function
def copy(target, source, size):
    """Copy so many numbers."""
    q = cuda.threadIdx.x
    while q < size:
        target[np.uint64(q)] = source[np.uint64(q)]
        q += cuda.blockDim.x


@device_function
def row_of(order, r):
    """The r-th row of an order, of which an empty one is that of the samples."""
    return np.uint64(order[np.uint64(r)]) if order.shape[0] > 0 else np.uint64(r)


@device_function
def gather(data, shape, work, order, start, rows):
    """Inputs of some rows. Threads step from number to number, so that none is divided for."""
    inputs, values, stride = data.inputs.shape[1], shape.table[VALUES], shape.table[STRIDE]
    r, k = tile.split(cuda.threadIdx.x, inputs)
    rows_on, on = tile.split(cuda.blockDim.x, inputs)
    taken, places = cuda.local.array(AHEAD, np.uint64), cuda.local.array(AHEAD, np.int64)
    columns, numbers = cuda.local.array(AHEAD, np.int64), cuda.local.array(AHEAD, work.dtype)
    while r < rows:
        for u in range(AHEAD):
            taken[u], columns[u] = row_of(order, start + min(r, rows - 1)), k
            places[u] = values + r * stride + k if r < rows else -1
            r, k = r + rows_on, k + on
            if k >= inputs:
                r, k = r + 1, k - inputs
        for u in range(AHEAD):
            numbers[u] = data.inputs[taken[u], np.uint64(columns[u])]
        for u in range(AHEAD):
            if places[u] >= 0:
                work[np.uint64(places[u])] = numbers[u]
