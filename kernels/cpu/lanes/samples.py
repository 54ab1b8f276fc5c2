"""Which samples the lanes of a group are trained on: all the same, or lanes their own.

Lanes beside each other whose networks have the same fold are a run. Where a group has several, its
runs end their batches, and their epochs, with different rows: the lanes of one wait for the others.
"""

from __future__ import annotations

from ..batch import Batch, batch_of, batch_weights, rows_of
from ..compile import inline, internal
from ..simd import LANES, gather_1, gather_2, gather_4
from .group import wait
from .layout import NETWORK, PENALTY_SHARE, ROWS, RUN_END, SHARE, START, STEP, WEIGHT


@internal
def find_runs(epochs, work):
    """Set where each lane's run ends."""
    ends, networks = work.lane_ints[RUN_END], work.lane_ints[NETWORK]
    for lane in range(work.lanes - 1, -1, -1):
        ends[lane] = lane + 1
        if ends[lane] < work.lanes:
            here, beside = rows_of(epochs, networks[lane]), rows_of(epochs, networks[lane + 1])
            if here[0] == beside[0]:
                ends[lane] = ends[lane + 1]


@inline
def have_own(work):
    """Whether lanes have samples of their own."""
    return work.lane_ints[RUN_END, 0] < work.lanes


@inline
def steps_of(epochs, i):
    """Batches of network i in an epoch."""
    first, end = rows_of(epochs, i)
    return -(-(end - first) // epochs.batch_size)


@internal
def most_steps(epochs, work):
    """Batches of an epoch of the lanes that have the most."""
    most, lane = 0, 0
    while lane < work.lanes:
        most = max(most, steps_of(epochs, work.lane_ints[NETWORK, lane]))
        lane = work.lane_ints[RUN_END, lane]
    return most


@inline
def next_batch(args, layout, work, epoch, b):
    """Set which rows are the lanes' b-th batch of an epoch, and what it counts.

    Returns the first lanes' batch, with as many rows as the longest has.
    """
    epochs, ints, floats = args.epochs, work.lane_ints, work.lane_floats
    order = epochs.order[epoch % epochs.order.shape[0]]
    most, lane = 0, 0
    while lane < work.lanes:
        run_end = ints[RUN_END, lane]
        first, end = rows_of(epochs, ints[NETWORK, lane])
        start = first + b * epochs.batch_size
        rows = max(0, min(epochs.batch_size, end - start))
        if rows == 0:
            wait(layout, work, lane, run_end)
            start = first
        most = max(most, rows)
        step = (epochs.first + epoch) * steps_of(epochs, ints[NETWORK, lane]) + b
        batch = batch_of(args.net, args.samples, order, start, rows, step)
        weight, penalty_share = batch_weights(epochs, batch)
        for k in range(lane, run_end):
            ints[START, k], ints[ROWS, k], ints[STEP, k] = start, rows, step
            floats[SHARE, k], floats[WEIGHT, k] = batch.share, weight
            floats[PENALTY_SHARE, k] = penalty_share
        lane = run_end
    # the last run's, which is the first's where all lanes have the same samples
    return Batch(batch.order, batch.start, most, batch.step, batch.weight, batch.share)


@internal
def rows_together(work, position, most):
    """So many rows, or fewer: until the batch of a lane ends that has not ended yet."""
    for lane in range(work.lanes):
        left = work.lane_ints[ROWS, lane] - position
        if 0 < left < most:
            most = left
    return most


@internal
def find_samples(work, order, position, rows):
    """Set the samples in some rows of the lanes' batches; those that have ended repeat their last.

    So they compute with numbers as they know them, until what they compute is left out.
    """
    ints = work.lane_ints
    for r in range(rows):
        lane = 0
        while lane < work.lanes:
            row = max(0, min(position + r, ints[ROWS, lane] - 1))
            sample, run_end = order[ints[START, lane] + row], ints[RUN_END, lane]
            for k in range(lane, run_end):
                work.samples[r, k] = sample
            lane = run_end


@internal
def gather_table(work, table, rows, start, row_step, column_step):
    """Vectors of the numbers that a table has for the lanes' samples in some rows.

    They begin at ``start``; the steps lead to the next row's, and to the next column's.
    """
    columns = table.shape[1]
    for r in range(rows):
        for lane in range(0, work.lanes, LANES):
            first, target = r * work.lanes + lane, start + r * row_step + lane
            # the last columns are those before the end, some of them once more
            if columns >= 4:
                for k in range(0, columns, 4):
                    column = min(k, columns - 4)
                    at = target + column * column_step
                    gather_4(work.numbers, at, column_step, table, work.samples, first, column)
            elif columns >= 2:
                for k in range(0, columns, 2):
                    column = min(k, columns - 2)
                    at = target + column * column_step
                    gather_2(work.numbers, at, column_step, table, work.samples, first, column)
            else:
                gather_1(work.numbers, target, column_step, table, work.samples, first, 0)
