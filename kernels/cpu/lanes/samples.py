"""Which samples the lanes of a group are trained on: all the same, or each its own.

Lanes with samples of their own end a batch, or an epoch, with different rows: then some wait for
the others.
"""

from __future__ import annotations

import numpy as np

from ..batch import batch_of, batch_weights, rows_of, weighed
from ..compile import inline, internal
from ..processor import LANES
from ..simd import reshaped
from ..transposition import gather_1, gather_2, gather_4
from .group import wait
from .layout import END, FIRST, NETWORK, PENALTY_SHARE, ROWS, SHARE, START, STEP, WEIGHT


@internal
def begin_epoch(epochs, work, epoch):
    """Set where the lanes' rows are in the order of an epoch, and the number of their first step.

    Returns whether each lane has its own, and the most batches that one has.
    """
    ints, own, most = work.lane_ints, False, 0
    for lane in range(work.lanes):
        first, end = rows_of(epochs, ints[NETWORK, lane])
        steps = -(-(end - first) // epochs.batch_size)
        ints[FIRST, lane], ints[END, lane] = first, end
        ints[STEP, lane] = (epochs.first + epoch) * steps
        own, most = own or first != ints[FIRST, 0], max(most, steps)
    return own, most


@internal
def shared_batch(args, work, epoch, b):
    """The b-th batch of an epoch, which is that of all lanes, and what it counts."""
    epochs = args.epochs
    order = epochs.order[epoch % epochs.order.shape[0]]
    start = work.lane_ints[FIRST, 0] + b * epochs.batch_size
    rows = min(epochs.batch_size, work.lane_ints[END, 0] - start)
    batch = batch_of(args.net, args.samples, order, start, rows, work.lane_ints[STEP, 0])
    for lane in range(work.lanes):
        count(epochs, work, lane, batch)
    return batch


@internal
def own_batches(args, layout, work, epoch, b):
    """As :func:`shared_batch`, for lanes with samples of their own; the longest is returned.

    Lanes that have had all their batches wait, with the first row once more.
    """
    epochs, ints, weights = args.epochs, work.lane_ints, work.lane_floats[WEIGHT]
    order = epochs.order[epoch % epochs.order.shape[0]]
    longest = 0
    for lane in range(work.lanes):
        ints[START, lane] = ints[FIRST, lane] + b * epochs.batch_size
        ints[ROWS, lane] = min(epochs.batch_size, max(0, ints[END, lane] - ints[START, lane]))
        if ints[ROWS, lane] == 0:
            wait(layout, work, lane)
            ints[START, lane] = ints[FIRST, lane]
        if ints[ROWS, lane] > ints[ROWS, longest]:
            longest = lane
    most = ints[ROWS, longest]
    find_samples(work, order, most)
    gather(
        work.weights,
        work,
        reshaped(args.samples.weights, (args.samples.weights.size, 1)),
        0,
        most,
        0,
        work.lanes,
        0,
    )
    weights[:] = 0.0
    for r in range(most):
        row = work.weights[r * work.lanes :][: work.lanes]
        for lane in range(work.lanes):
            weights[lane] += row[lane] if r < ints[ROWS, lane] else 0.0
    batch = batch_in(args.net, order, work, longest)
    for lane in range(work.lanes):
        count(epochs, work, lane, batch_in(args.net, order, work, lane))
    return batch


@inline
def batch_in(net, order, work, lane):
    """The batch that a lane has of its own."""
    ints, weight = work.lane_ints, work.lane_floats[WEIGHT, lane]
    return weighed(net, order, ints[START, lane], ints[ROWS, lane], ints[STEP, lane], weight)


@inline
def count(epochs, work, lane, batch):
    """Set what a lane's batch counts."""
    floats = work.lane_floats
    floats[WEIGHT, lane], floats[PENALTY_SHARE, lane] = batch_weights(epochs, batch)
    floats[SHARE, lane] = batch.share


@internal
def find_samples(work, order, most):
    """Set the samples in the rows of the lanes' batches; those that have ended repeat their last.

    So they compute with numbers as they know them, until what they compute is left out.
    """
    starts, rows = work.lane_ints[START], work.lane_ints[ROWS]
    for r in range(most):
        samples = work.samples[r]
        for lane in range(work.lanes):
            row = max(0, min(r, rows[lane] - 1))
            samples[lane] = order[np.uint64(starts[lane] + row)]


@internal
def rows_together(work, position, most):
    """So many rows, or fewer: until the batch of a lane ends that has not ended yet."""
    for lane in range(work.lanes):
        left = work.lane_ints[ROWS, lane] - position
        if 0 < left < most:
            most = left
    return most


@internal
def gather(numbers, work, table, position, rows, start, row_step, column_step):
    """Vectors of the numbers that a table has for the lanes' samples, in ``rows`` from a position.

    They begin at ``start`` in ``numbers``; the steps lead to the next row's, and to the next
    column's.
    """
    columns = table.shape[1]
    for r in range(rows):
        for lane in range(0, work.lanes, LANES):
            first, target = (position + r) * work.lanes + lane, start + r * row_step + lane
            # the last columns are those before the end, some of them once more
            if columns >= 4:
                for k in range(0, columns, 4):
                    column = min(k, columns - 4)
                    at = target + column * column_step
                    gather_4(numbers, at, column_step, table, work.samples, first, column)
            elif columns >= 2:
                for k in range(0, columns, 2):
                    column = min(k, columns - 2)
                    at = target + column * column_step
                    gather_2(numbers, at, column_step, table, work.samples, first, column)
            else:
                gather_1(numbers, target, column_step, table, work.samples, first, 0)
