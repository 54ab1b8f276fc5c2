"""Batches of samples for many networks at once, and sums over their rows.

For slots and the clock see :mod:`layout`.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any, NamedTuple

import numpy as np
from numba import cuda

from ...task import RUNNING, Samples
from .. import device, functions
from ..arguments import data, own_row
from ..collective import block_sum
from ..compile import device_function
from ..functions import Functions
from .grids import COLUMNS, ROWS, SUM_THREADS, kernel, over_rows, over_sums
from .layers import Layers
from .layout import BATCH, EPOCH, NOBODY, PIECE_ROWS

CHUNK = 1 << 14  # rows at a time where no step is taken


class Folds(NamedTuple):
    """Rows that networks are trained on in an epoch.

    Attributes
    ----------
    order : rows of the samples, fold after fold
    start : where folds begin in it
    of_network : each network's fold
    totals : the batches' weights, (folds, batches)
    batch_size : rows of a batch
    """

    order: Any
    start: Any
    of_network: Any
    totals: Any
    batch_size: int


@device_function
def copy_sample(data, sample, batch, fold, row):
    """Copy a sample to its row of a fold's batch."""
    t, width = cuda.threadIdx.x, data.inputs.shape[1]
    start = (fold * batch.weights.shape[1] + row) * width
    for column in range(t, width, COLUMNS):
        batch.inputs[start + column] = data.inputs[sample, column]
    for column in range(t, data.target_width, COLUMNS):
        batch.targets[fold, row, column] = data.targets[sample * data.target_width + column]
    if t == 0:
        batch.weights[fold, row] = data.weights[sample]


@device_function
def first_row():
    """The first row of this thread in a kernel over rows."""
    return cuda.blockIdx.x * ROWS + cuda.threadIdx.y


@device_function
def slots_of_block(slots):
    """A thread's slots in a kernel over rows: the first, and the step to the next.

    Only blocks of the grid's first row have any.
    """
    first = first_row() * COLUMNS + cuda.threadIdx.x
    if cuda.blockIdx.y > 0:
        first = slots.networks.shape[0]
    return first, cuda.gridDim.x * ROWS * COLUMNS


@kernel
def gather(folds, epoch, stopping, data, batch, slots):
    """The current batch of every fold, and of each slot its rows, the step, and their weight."""
    b, size = epoch.clock[BATCH], folds.batch_size
    for fold in range(cuda.blockIdx.y, folds.start.shape[0] - 1, cuda.gridDim.y):
        start, row = folds.start[fold] + b * size, first_row()
        while row < min(size, folds.start[fold + 1] - start):
            copy_sample(data, folds.order[start + row], batch, fold, row)
            row += cuda.gridDim.x * ROWS
    first, step = slots_of_block(slots)
    for k in range(first, slots.networks.shape[0], step):
        i = slots.networks[k]
        slots.counts[k] = 0
        if i != NOBODY and stopping.status[i] == RUNNING:
            fold = folds.of_network[own_row(folds.of_network, i)]
            rows = folds.start[fold + 1] - folds.start[fold]
            if b * size < rows:
                batches = np.uint32(rows + size - 1) // np.uint32(size)
                slots.counts[k] = min(size, rows - b * size)
                slots.sources[k] = fold
                slots.steps[k] = epoch.clock[EPOCH] * np.int64(batches) + b
                slots.totals[k] = folds.totals[fold, b]


@kernel
def gather_in_order(start, rows, chosen, total, data, batch, slots):
    """As :func:`gather`: samples in their own order from ``start`` on, for the chosen slots."""
    row = first_row()
    while row < rows:
        copy_sample(data, start + row, batch, 0, row)
        row += cuda.gridDim.x * ROWS
    first, step = slots_of_block(slots)
    for k in range(first, slots.networks.shape[0], step):
        slots.counts[k] = rows if chosen[k] and slots.networks[k] != NOBODY else 0
        slots.sources[k], slots.steps[k], slots.totals[k] = 0, -1, total[0]


@kernel
def weigh_batches(folds, data):
    """The total weight of every fold's batches."""
    scratch = cuda.shared.array(SUM_THREADS, np.float64)
    for fold in range(cuda.blockIdx.y, folds.start.shape[0] - 1, cuda.gridDim.y):
        first = folds.start[fold] + cuda.blockIdx.x * folds.batch_size
        own = 0.0
        for row in range(cuda.threadIdx.x, folds.batch_size, SUM_THREADS):
            if first + row < folds.start[fold + 1]:
                own += np.float64(data.weights[folds.order[first + row]])
        total = block_sum(own, scratch)
        if cuda.threadIdx.x == 0:
            folds.totals[fold, cuda.blockIdx.x] = total


@kernel
def weigh(weights, total):
    """The total weight of all samples."""
    scratch = cuda.shared.array(SUM_THREADS, np.float64)
    own = 0.0
    for row in range(cuda.threadIdx.x, weights.shape[0], SUM_THREADS):
        own += np.float64(weights[row])
    result = block_sum(own, scratch)
    if cuda.threadIdx.x == 0:
        total[0] = result


@device_function
def loss_of(losses, k, rows, scratch):
    """A slot's loss of so many rows, from the sums of its blocks."""
    own = 0.0
    for b in range(cuda.threadIdx.x, (rows + SUM_THREADS - 1) // SUM_THREADS, SUM_THREADS):
        own += losses[k, b]
    return block_sum(own, scratch)


@kernel
def add_losses(slots, losses, results):
    """The losses of the slots that have rows are added to the results."""
    scratch = cuda.shared.array(SUM_THREADS, np.float64)
    k = cuda.blockIdx.x
    if slots.counts[k] > 0:
        loss = loss_of(losses, k, slots.counts[k], scratch)
        if cuda.threadIdx.x == 0:
            results[k] += loss


@kernel
def add_gradients(slots, size, gradient, results):
    """The gradients of the slots that have rows are added to their networks' results."""
    k = cuda.blockIdx.y
    for p in range(cuda.grid(1), size, cuda.gridsize(1)):
        if slots.counts[k] > 0:
            results[slots.networks[k], p] += sum_of_pieces(gradient, k, p, slots.counts[k])


@device_function
def sum_of_pieces(gradient, k, p, rows):
    """A slot's gradient by one parameter."""
    result = gradient[k, 0, p]
    for piece in range(1, (rows + PIECE_ROWS - 1) // PIECE_ROWS):
        result += gradient[k, piece, p]
    return result


@cache
def predict_kernel(spec: Functions) -> Any:
    """The kernel that takes the last layer's values out of ``work``, as predictions."""
    link = functions.inverse_link(spec)

    def predictions(start, layer, nets, results):
        k, slots, work = cuda.blockIdx.y, nets.slots, nets.work
        for row in range(cuda.grid(1), slots.counts[k], cuda.gridsize(1)):
            index = layer.slopes + (k * nets.most + row) * layer.d_out
            link(work, index, layer.d_out)
            for o in range(layer.d_out):
                results[slots.networks[k], start + row, o] = work[index + o]

    return kernel(predictions)


# --- batches of samples in their own order --------------------------------------------------------


class InOrder:
    """All samples for the chosen slots, in chunks: iterating gathers one after the other."""

    def __init__(self, layers: Layers, samples: Samples) -> None:
        xp = device.array_module()
        self.layers, self.count = layers, len(samples.inputs)
        self.chosen = device.kernel_array(xp.ones(layers.slots, np.int8))
        self._data, self._total = data(samples), device.kernel_array(xp.zeros(1))
        over_sums(weigh, 1, device.kernel_array(samples.weights), self._total)

    def __iter__(self) -> Iterator[tuple[int, int]]:
        """Where each chunk begins, and how many rows it has."""
        most = min(self.layers.nets.most, CHUNK)
        for start in range(0, self.count, most):
            rows = min(most, self.count - start)
            over_rows(
                gather_in_order,
                rows,
                *(start, rows, self.chosen, self._total, self._data, self.layers.batch),
                self.layers.nets.slots,
            )
            yield start, rows
