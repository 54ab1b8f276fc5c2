"""How networks enter the lanes of a group, how they wait there, and how they leave them."""

from __future__ import annotations

import numpy as np

from ...task import DIVERGED, RUNNING
from ..compile import inline, internal
from ..stopping import finish, forget
from ..workspace import POWERS
from .layout import (
    BEST,
    BEST_EPOCH,
    FLOAT_ROWS,
    IDLE,
    LOSS,
    NETWORK,
    NONFINITE,
    ROWS,
    STATUS,
    TOTAL,
    WAITING,
)


@internal
def assign(work, networks, first, last):
    """Give the lanes their networks; lanes that are left over run along with the last's."""
    for lane in range(work.lanes):
        exists = first + lane < last
        work.lane_ints[NETWORK, lane] = networks[first + lane if exists else last - 1]
        work.lane_ints[STATUS, lane] = RUNNING if exists else IDLE


@internal
def load(memory, layout, work):
    """Bring the lanes' networks and their optimisers' memory into the workspace."""
    for lane in range(work.lanes):
        i = work.lane_ints[NETWORK, lane]
        load_lane(work, layout.weights[0], lane, memory.parameters[i])
        for s in range(memory.moments.shape[1]):
            load_lane(work, layout.moments[s], lane, memory.moments[i, s])
        for p in range(memory.powers.shape[1]):
            work.lane_floats[POWERS + p, lane] = memory.powers[i, p]


@inline
def load_lane(work, start, lane, row):
    """Copy a network's row of numbers into its lane of the vectors that begin at ``start``."""
    # unsigned numbers: Numba need not ask whether they count from the end
    position, lanes = np.uint64(start + lane), np.uint64(work.lanes)
    for q in range(row.size):
        work.numbers[position] = row[q]
        position += lanes


@inline
def store_lane(work, start, lane, row):
    """Copy a lane of the vectors that begin at ``start`` to its network's row of numbers."""
    position, lanes = np.uint64(start + lane), np.uint64(work.lanes)
    for q in range(row.size):
        row[q] = work.numbers[position]
        position += lanes


@inline
def end_lane(args, layout, work, lane, epochs):
    """Store a lane's network after so many whole epochs of this call, with the status it has."""
    floats, ints, memory = work.lane_floats, work.lane_ints, args.memory
    i = ints[NETWORK, lane]
    store_lane(work, layout.weights[0], lane, memory.parameters[i])
    for s in range(memory.moments.shape[1]):
        store_lane(work, layout.moments[s], lane, memory.moments[i, s])
    for p in range(memory.powers.shape[1]):
        memory.powers[i, p] = floats[POWERS + p, lane]
    best, best_epoch = floats[BEST, lane], ints[BEST_EPOCH, lane]
    finish(args.stopping, i, epochs, ints[STATUS, lane], best, best_epoch)
    ints[STATUS, lane] = IDLE


@internal
def diverge(args, layout, work, lane, epochs):
    """End a lane whose network diverged after so many whole epochs."""
    work.lane_ints[STATUS, lane] = DIVERGED
    end_lane(args, layout, work, lane, epochs)
    forget(args.stopping, args.epochs, work.lane_ints[NETWORK, lane], epochs)


@inline
def find_nonfinite(layout, work):
    """Set the lanes' NONFINITE: 0 where all parameters are finite, and NaN where one is not."""
    nonfinite = work.lane_floats[NONFINITE]
    for lane in range(work.lanes):
        nonfinite[lane] = 0.0
    for start in range(layout.weights[0], layout.weights[-1], work.lanes):
        x = work.numbers[start : start + work.lanes]
        for lane in range(work.lanes):
            nonfinite[lane] += x[lane] * 0.0


@inline
def take_snapshot(layout, work):
    """Copy all parameters, to which a lane returns whose next step is not finite."""
    for q in range(layout.weights[-1] - layout.weights[0]):
        work.numbers[layout.snapshot + q] = work.numbers[layout.weights[0] + q]


@inline
def copy_lane(work, lane, source, target, size):
    """Copy a lane of some vectors, of so many numbers together, to where others begin."""
    for q in range(lane, size, work.lanes):
        work.numbers[target + q] = work.numbers[source + q]


@internal
def wait(layout, work, lane):
    """Let a lane wait that has had all its samples while others go on.

    It runs along with the others, so all that a step changes is kept.
    """
    if work.lane_ints[STATUS, lane] == RUNNING:
        work.lane_ints[STATUS, lane] = WAITING
        work.lane_floats[TOTAL, lane] += work.numbers[layout.sums + lane]
        begin = layout.weights[0]
        copy_lane(work, lane, begin, layout.waiting, layout.gradient - begin)
        for row in range(FLOAT_ROWS):
            work.lane_floats[FLOAT_ROWS + row, lane] = work.lane_floats[row, lane]


@internal
def end_waiting(layout, work):
    """Let the lanes that wait go on from where they were."""
    for lane in range(work.lanes):
        if work.lane_ints[STATUS, lane] == WAITING:
            work.lane_ints[STATUS, lane] = RUNNING
            work.numbers[layout.sums + lane] = 0
            begin = layout.weights[0]
            copy_lane(work, lane, layout.waiting, begin, layout.gradient - begin)
            for row in range(FLOAT_ROWS):
                work.lane_floats[row, lane] = work.lane_floats[FLOAT_ROWS + row, lane]


@internal
def keep_gradients(layout, work, rows):
    """Keep the losses and gradients of lanes whose batch has so many rows, and is over."""
    for lane in range(work.lanes):
        if work.lane_ints[ROWS, lane] == rows:
            size = layout.weights[-1] - layout.weights[0]
            copy_lane(work, lane, layout.gradient, layout.waiting, size)
            work.lane_floats[FLOAT_ROWS + LOSS, lane] = work.lane_floats[LOSS, lane]


@internal
def bring_back_gradients(layout, work, rows):
    """Bring back the kept ones of lanes whose batch has fewer rows than the longest's."""
    for lane in range(work.lanes):
        if 0 < work.lane_ints[ROWS, lane] < rows:
            size = layout.weights[-1] - layout.weights[0]
            copy_lane(work, lane, layout.waiting, layout.gradient, size)
            work.lane_floats[LOSS, lane] = work.lane_floats[FLOAT_ROWS + LOSS, lane]


@internal
def check_step(args, layout, work, epochs):
    """Lanes whose loss or parameters are not finite return to the snapshot, and end."""
    find_nonfinite(layout, work)
    for lane in range(work.lanes):
        if work.lane_ints[STATUS, lane] != RUNNING:
            continue
        loss, nonfinite = work.lane_floats[LOSS, lane], work.lane_floats[NONFINITE, lane]
        if np.isfinite(loss) and nonfinite == 0.0:
            continue
        size = layout.weights[-1] - layout.weights[0]
        copy_lane(work, lane, layout.snapshot, layout.weights[0], size)
        diverge(args, layout, work, lane, epochs)


@internal
def check_epoch(args, layout, work, epochs):
    """Lanes end whose steps were all finite but whose epoch's loss, their sum, is not."""
    for lane in range(work.lanes):
        running = work.lane_ints[STATUS, lane] == RUNNING
        if running and not np.isfinite(work.lane_floats[TOTAL, lane]):
            diverge(args, layout, work, lane, epochs)
