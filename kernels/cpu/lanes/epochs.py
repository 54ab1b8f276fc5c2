"""Steps, epochs, validation, best parameters and stopping of a group's networks."""

from __future__ import annotations

import numpy as np

from ...task import NEVER, RUNNING, STOPPED
from ..batch import batch_of
from ..compile import inline, internal
from ..scalars import own_row
from ..stopping import judge, write
from .gradient import batch_gradient, batch_loss
from .group import (
    check_epoch,
    check_step,
    end_lane,
    end_waiting,
    find_nonfinite,
    store_lane,
    take_snapshot,
)
from .layout import (
    BEST,
    BEST_EPOCH,
    COUNTED,
    LOSS,
    NETWORK,
    NONFINITE,
    PENALTY,
    STATUS,
    STEP,
    STOPS,
    SUSPECT,
    TOTAL,
    WATCHED,
    WEIGHT,
)
from .online import SAMPLE, STEPS
from .online_epochs import add_sample_losses, run_online_epoch, total_sample_losses
from .samples import begin_epoch, own_batches, shared_batch
from .update import add_penalties, set_coefficients, update


@inline
def run_epochs(args, online, layout, work, careful):
    """All epochs of a group. Lanes end as they stop; those left SUSPECT must be run carefully."""
    epochs, stopping, data, pending = args.epochs, args.stopping, args.validation, 0
    validation = batch_of(args.net, data, args.networks[:0], 0, data.weights.size, 0)
    if stopping.best.size:
        for lane in range(work.lanes):
            i = work.lane_ints[NETWORK, lane]
            work.lane_floats[BEST, lane] = stopping.best[i]
            work.lane_ints[BEST_EPOCH, lane] = stopping.best_epoch[i]
    stops_early = may_stop(stopping, work)
    work.lane_floats[TOTAL] = 0.0
    work.numbers[layout.samples + STEPS * SAMPLE] = online.negative_slope
    for epoch in range(epochs.epochs):
        needs_loss = stops_early or epochs.record[epoch] or epoch == epochs.epochs - 1
        if online.steps != 0 and not careful:
            pending = run_online_epoch(args, online, layout, work, epoch, needs_loss, pending)
        else:
            run_epoch(args, layout, work, epoch, careful)
        if needs_loss and not end_epoch(args, validation, layout, work, epoch):
            break


@internal
def may_stop(stopping, work):
    """Whether any lane may stop before the last epoch."""
    for lane in range(work.lanes):
        i = work.lane_ints[NETWORK, lane]
        if stopping.tol[own_row(stopping.tol, i)] > -np.inf:
            return True
        if stopping.patience[own_row(stopping.patience, i)] < NEVER:
            return True
    return False


@inline
def run_epoch(args, layout, work, epoch, careful):
    """One epoch: means of its batches' losses and penalties go to the lanes' TOTAL and PENALTY.

    What TOTAL was does not count, except that it stays NaN where it was not finite.
    """
    epochs, optimizing = args.epochs, args.optimizing
    own, steps = begin_epoch(epochs, work, epoch)
    if not optimizing.stepwise and (epoch == 0 or optimizing.rates.shape[1] > 1):
        set_coefficients(optimizing, layout, work, epoch)
    floats, total = work.lane_floats, work.lane_floats[TOTAL]
    floats[PENALTY] = 0.0
    floats[COUNTED] = 0.0
    for lane in range(work.lanes):
        total[lane] *= 0.0
    for b in range(steps):
        if own:
            batch = own_batches(args, layout, work, epoch, b)
        else:
            batch = shared_batch(args, work, epoch, b)
        run_step(args, layout, work, batch, own, epoch, careful)
        for lane in range(work.lanes):
            work.lane_ints[STEP, lane] += 1
            floats[COUNTED, lane] += floats[WEIGHT, lane]
        if epochs.batch_size == 1 and not epochs.summed:
            add_sample_losses(layout, work)
            if (b + 1) % STEPS == 0 or b == steps - 1:
                total_sample_losses(layout, work, 1.0)
            continue
        for lane in range(work.lanes):
            total[lane] += floats[LOSS, lane] * floats[WEIGHT, lane]
    end_waiting(layout, work)
    for lane in range(work.lanes):
        weight = floats[COUNTED, lane]
        share = 1.0 / weight if weight > 0 else 0.0
        total[lane] *= share
        floats[PENALTY, lane] *= share
    if careful:
        check_epoch(args, layout, work, epoch)


@inline
def run_step(args, layout, work, batch, own, epoch, careful):
    """Train the lanes on a batch, or each on its ``own``, of which this is the longest."""
    optimizing = args.optimizing
    batch_gradient(args.net, args.samples, args.dropout, layout, work, batch, own)
    if args.epochs.summed:
        add_penalties(args.net, optimizing, layout, work)
    if optimizing.stepwise:
        set_coefficients(optimizing, layout, work, epoch)
    if careful:
        take_snapshot(layout, work)
    update(args.net, optimizing, layout, work)
    if careful:
        check_step(args, layout, work, epoch)


@inline
def end_epoch(args, validation, layout, work, epoch):
    """Judge an epoch by its losses, and record them; says whether any lane goes on."""
    epochs, validated, recorded = args.epochs, validation.rows > 0, args.epochs.record[epoch]
    if not validated:
        watch(work, TOTAL)
    elif recorded:
        batch_loss(args.net, args.validation, layout, work, validation)
        watch(work, LOSS)
    any_stops = judge_lanes(args.stopping, work, epochs.first + epoch, recorded or not validated)
    keep_best(args.memory, layout, work, epochs.first + epoch)
    if validated and any_stops and not recorded:
        batch_loss(args.net, args.validation, layout, work, validation)
        watch(work, LOSS)
    if recorded or any_stops or epoch == epochs.epochs - 1:
        return record_epoch(args, layout, work, epoch)
    return True


@inline
def watch(work, row):
    """Set the lanes' WATCHED, the loss that patience looks at, to another row of lane_floats."""
    for lane in range(work.lanes):
        work.lane_floats[WATCHED, lane] = work.lane_floats[row, lane]


@internal
def judge_lanes(stopping, work, epoch, fresh):
    """Decide which lanes stop, and which are SUSPECT; says whether any stops."""
    floats, ints, any_stops = work.lane_floats, work.lane_ints, False
    for lane in range(work.lanes):
        ints[STOPS, lane] = 0
        if ints[STATUS, lane] != RUNNING:
            continue
        i, loss, watched = ints[NETWORK, lane], floats[TOTAL, lane], floats[WATCHED, lane]
        if not np.isfinite(loss):
            ints[STATUS, lane] = SUSPECT
            continue
        best, best_epoch = floats[BEST, lane], ints[BEST_EPOCH, lane]
        stop, floats[BEST, lane], ints[BEST_EPOCH, lane] = judge(
            stopping, i, epoch, fresh, loss, watched, best, best_epoch
        )
        if stop:
            ints[STOPS, lane] = 1
            any_stops = True
    return any_stops


@internal
def keep_best(memory, layout, work, epoch):
    """Store the parameters of the lanes whose best epoch this is, where best ones are kept.

    Parameters that are not finite are left out: their network is run again, and ends before this
    epoch. So are those of lanes that do not run: their network has ended, or is in another lane.
    """
    if memory.best_parameters.size == 0:
        return
    find_nonfinite(layout, work)
    for lane in range(work.lanes):
        i, best_epoch = work.lane_ints[NETWORK, lane], work.lane_ints[BEST_EPOCH, lane]
        best = work.lane_ints[STATUS, lane] == RUNNING and best_epoch == epoch
        if best and work.lane_floats[NONFINITE, lane] == 0.0:
            store_lane(work, layout.weights[0], lane, memory.best_parameters[i])


@internal
def record_epoch(args, layout, work, epoch):
    """Write losses and end the lanes that stop, all at the last epoch; says whether any goes on."""
    find_nonfinite(layout, work)
    floats, ints, goes_on = work.lane_floats, work.lane_ints, False
    for lane in range(work.lanes):
        if ints[STATUS, lane] != RUNNING:
            continue
        i, stops = ints[NETWORK, lane], ints[STOPS, lane]
        if args.epochs.record[epoch] or stops:
            loss, watched, penalty = (
                floats[TOTAL, lane],
                floats[WATCHED, lane],
                floats[PENALTY, lane],
            )
            write(args.stopping, i, args.epochs.column[epoch], loss, watched, penalty)
        if not (stops or epoch == args.epochs.epochs - 1):
            goes_on = True
        elif floats[NONFINITE, lane] != 0.0:
            ints[STATUS, lane] = SUSPECT
        else:
            ints[STATUS, lane] = STOPPED if stops else RUNNING
            end_lane(args, layout, work, lane, epoch + 1)
    return goes_on
