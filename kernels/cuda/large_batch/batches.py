"""Batches of samples for many networks at once: who has which rows, and what became of them.

``clock`` holds the epoch of the fit and its batch; for slots see :mod:`layout`.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any, NamedTuple

import numpy as np
from numba import cuda

from ...task import RUNNING, Samples
from .. import device, functions
from ..arguments import handed, own_row
from ..compile import device_function
from ..functions import Functions
from .grids import COLUMNS, ROWS, SUM_THREADS, block_sum, for_each, kernel, over_rows
from .layers import Layers
from .layout import NOBODY, PIECE_ROWS

EPOCH, BATCH = 0, 1
CHUNK = 1 << 14  # rows at a time where no step is taken


class Source(NamedTuple):
    """Samples, of which batches take some."""

    inputs: Any
    targets: Any
    weights: Any


class Batch(NamedTuple):
    """Where a batch's samples go: ``inputs`` (folds * most * d_in,), others (folds, most, ...)."""

    inputs: Any
    targets: Any
    weights: Any


@device_function
def take(source, sample, batch, fold, row):
    """Copy a sample to its place in a batch."""
    t, width = cuda.threadIdx.x, source.inputs.shape[1]
    start = (fold * batch.weights.shape[1] + row) * width
    for column in range(t, width, COLUMNS):
        batch.inputs[start + column] = source.inputs[sample, column]
    for column in range(t, source.targets.shape[1], COLUMNS):
        batch.targets[fold, row, column] = source.targets[sample, column]
    if t == 0:
        batch.weights[fold, row] = source.weights[sample]


@device_function
def first_row():
    """The first row of this thread in a kernel over rows."""
    return cuda.blockIdx.x * ROWS + cuda.threadIdx.y


@device_function
def slots_of_block(slots):
    """Slots that this thread looks after in a kernel over rows: the first, and the step to others.

    Only the first line of blocks has any.
    """
    first = first_row() * COLUMNS + cuda.threadIdx.x
    if cuda.blockIdx.y > 0:
        first = slots.places.shape[0]
    return first, cuda.gridDim.x * ROWS * COLUMNS


@kernel
def gather(order, fold_start, folds, totals, batch_size, clock, status, source, batch, slots):
    """The current batch of every fold, and of each slot its rows, the step, and their weight."""
    b = clock[BATCH]
    for fold in range(cuda.blockIdx.y, fold_start.shape[0] - 1, cuda.gridDim.y):
        start, row = fold_start[fold] + b * batch_size, first_row()
        while row < min(batch_size, fold_start[fold + 1] - start):
            take(source, order[start + row], batch, fold, row)
            row += cuda.gridDim.x * ROWS
    first, step = slots_of_block(slots)
    for k in range(first, slots.places.shape[0], step):
        i = slots.places[k]
        slots.counts[k] = 0
        if i != NOBODY and status[i] == RUNNING:
            fold = folds[own_row(folds, i)]
            rows = fold_start[fold + 1] - fold_start[fold]
            if b * batch_size < rows:
                batches = np.uint32(rows + batch_size - 1) // np.uint32(batch_size)
                slots.counts[k] = min(batch_size, rows - b * batch_size)
                slots.sources[k] = fold
                slots.steps[k] = clock[EPOCH] * np.int64(batches) + b
                slots.totals[k] = totals[fold, b]


@kernel
def gather_in_order(start, rows, chosen, total, source, batch, slots):
    """As :func:`gather`: samples in their own order from ``start`` on, for the chosen slots."""
    row = first_row()
    while row < rows:
        take(source, start + row, batch, 0, row)
        row += cuda.gridDim.x * ROWS
    first, step = slots_of_block(slots)
    for k in range(first, slots.places.shape[0], step):
        slots.counts[k] = rows if chosen[k] and slots.places[k] != NOBODY else 0
        slots.sources[k], slots.steps[k], slots.totals[k] = 0, -1, total[0]


@kernel
def weigh_batches(order, fold_start, batch_size, weights, totals):
    """The total weight of every fold's batches."""
    scratch = cuda.shared.array(SUM_THREADS, np.float64)
    for fold in range(cuda.blockIdx.y, fold_start.shape[0] - 1, cuda.gridDim.y):
        first = fold_start[fold] + cuda.blockIdx.x * batch_size
        own = 0.0
        for row in range(cuda.threadIdx.x, batch_size, SUM_THREADS):
            if first + row < fold_start[fold + 1]:
                own += np.float64(weights[order[first + row]])
        added = block_sum(own, scratch)
        if cuda.threadIdx.x == 0:
            totals[fold, cuda.blockIdx.x] = added


@kernel
def weigh(weights, total):
    """The total weight of all samples."""
    scratch = cuda.shared.array(SUM_THREADS, np.float64)
    own = 0.0
    for row in range(cuda.threadIdx.x, weights.shape[0], SUM_THREADS):
        own += np.float64(weights[row])
    added = block_sum(own, scratch)
    if cuda.threadIdx.x == 0:
        total[0] = added


@device_function
def loss_of(losses, k, rows, scratch):
    """A slot's loss of so many rows, in thread 0, from the sums of its blocks."""
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
            results[slots.places[k], p] += sum_of_pieces(gradient, k, p, slots.counts[k])


@device_function
def sum_of_pieces(gradient, k, p, rows):
    """A slot's gradient by one parameter."""
    result = gradient[k, 0, p]
    for piece in range(1, (rows + PIECE_ROWS - 1) // PIECE_ROWS):
        result += gradient[k, piece, p]
    return result


@cache
def predict_kernel(made: Functions) -> Any:
    """The kernel that takes the last layer's values out of ``work``, as predictions."""
    link = functions.inverse_link(made)

    def predictions(start, layer, most, slots, work, results):
        k = cuda.blockIdx.y
        for row in range(cuda.grid(1), slots.counts[k], cuda.gridsize(1)):
            at = layer.slopes + (k * most + row) * layer.d_out
            link(work, at, layer.d_out)
            for o in range(layer.d_out):
                results[slots.places[k], start + row, o] = work[at + o]

    return kernel(predictions)


# --- batches of samples in their own order --------------------------------------------------------


def source(samples: Samples) -> Source:
    """Samples as kernels take them."""
    return Source(*(handed(array) for array in (samples.inputs, samples.targets, samples.weights)))


def batch(layers: Layers) -> Batch:
    """Where a batch of samples goes."""
    return Batch(handed(layers.outputs), *layers.samples)


class InOrder:
    """All samples for the chosen slots, in chunks: iterating gathers one after the other."""

    def __init__(self, layers: Layers, samples: Samples) -> None:
        xp = device.array_module()
        self.layers, self.count = layers, len(samples.inputs)
        self.chosen = device.kernel_array(xp.ones(layers.slots, np.int8))
        self._source, self._batch = source(samples), batch(layers)
        self._total = device.kernel_array(xp.zeros(1))
        for_each(weigh, 1, device.kernel_array(samples.weights), self._total)

    def __iter__(self) -> Iterator[tuple[int, int]]:
        """Where each chunk begins, and how many rows it has."""
        most = min(self.layers.most, CHUNK)
        for start in range(0, self.count, most):
            rows = min(most, self.count - start)
            over_rows(
                gather_in_order,
                rows,
                *(start, rows, self.chosen, self._total, self._source, self._batch),
                self.layers.slot,
            )
            yield start, rows
