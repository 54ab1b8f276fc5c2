"""Steps, epochs, validation, best parameters and stopping of one network."""

from __future__ import annotations

import numpy as np

from ...task import DIVERGED, RUNNING, STOPPED
from ..barrier import barrier
from ..batch import batch_of, batch_weights, order_of
from ..compile import inline, internal
from ..scalars import own_row
from ..stopping import finish, forget, judge, write
from .gradient import batch_gradient, batch_loss
from .layout import SUSPECT
from .panels import all_finite, copy_part, load, store, unpack
from .update import add_penalties, set_coefficients, update


@inline
def train_network(args, layout, work, i):
    """Train network i until it ends or stops, from its arrays and back into them."""
    for careful in (False, True):
        load(args.net, args.memory, layout, work, i)
        if run_epochs(args, layout, work, i, careful) != SUSPECT:
            break
        barrier(work.counters, work.team)
    store(args.net, args.memory, layout, work, i)
    barrier(work.counters, work.team)


@internal
def run_epochs(args, layout, work, i, careful):
    """All epochs: returns the network's status, SUSPECT where they must be run again, carefully."""
    epochs, stopping = args.epochs, args.stopping
    best, best_epoch = np.inf, np.int64(-1)
    if stopping.best.size:
        best, best_epoch = stopping.best[i], stopping.best_epoch[i]
    done, status = 0, RUNNING
    data = args.validation
    validation = batch_of(args.net, data, args.networks[:0], 0, data.weights.size, 0)
    for e in range(epochs.epochs):
        epoch, recorded = epochs.first + e, epochs.record[e]
        loss, penalty, finite = run_epoch(args, layout, work, i, e, careful)
        if not finite:
            status = DIVERGED if careful else SUSPECT
            break
        done += 1
        watched, validated = loss, validation.rows > 0
        if validated and recorded:
            watched = batch_loss(args.net, data, layout, work, validation)
        fresh = recorded or not validated
        stop, best, best_epoch = judge(stopping, i, epoch, fresh, loss, watched, best, best_epoch)
        if best_epoch == epoch:
            keep_best(args.net, args.memory, layout, work, i)
        if validated and stop and not recorded:
            watched = batch_loss(args.net, data, layout, work, validation)
        if work.member == 0 and (recorded or stop):
            write(stopping, i, epochs.column[e], loss, watched, penalty)
        if stop:
            status = STOPPED
            break
    if not careful and status != SUSPECT and not all_finite(args.net, layout, work.numbers):
        status = SUSPECT
    if work.member == 0 and status != SUSPECT:
        finish(stopping, i, done, status, best, best_epoch)
        if status == DIVERGED:
            forget(stopping, epochs, i, done)
    return status


@inline
def run_epoch(args, layout, work, i, epoch, careful):
    """One epoch: means of its batches' losses and penalties, and whether all was finite.

    Only a careful epoch checks every step, and keeps the last finite parameters. The first member
    alone adds up penalties.
    """
    epochs, optimizing = args.epochs, args.optimizing
    order = order_of(epochs, i, epoch)
    rate = optimizing.rates[own_row(optimizing.rates, i), epoch % optimizing.rates.shape[1]]
    steps = -(-order.size // epochs.batch_size)
    if not optimizing.stepwise:
        set_coefficients(optimizing, layout, work, i, rate)
    total, penalty, weights = 0.0, 0.0, 0.0
    for b in range(steps):
        start = b * epochs.batch_size
        rows = min(epochs.batch_size, order.size - start)
        step = (epochs.first + epoch) * steps + b
        batch = batch_of(args.net, args.samples, order, start, rows, step)
        weight, share = batch_weights(epochs, batch)
        if epochs.summed and work.member == 0:  # weights stay until all have met a barrier
            penalty = add_penalties(args.net, optimizing, layout, work, i, share * weight, penalty)
        loss = batch_gradient(args.net, args.samples, args.dropout, layout, work, i, batch)
        if optimizing.stepwise:
            set_coefficients(optimizing, layout, work, i, rate)
        if not careful:
            update(args.net, optimizing, layout, work, i, share)
        elif not careful_update(args.net, optimizing, layout, work, i, loss, share):
            return loss, penalty, False
        total += loss * weight
        weights += weight
    per_weight = 1.0 / weights if weights > 0 else 0.0
    mean = total * per_weight
    return mean, penalty * per_weight, np.isfinite(mean)


@internal
def careful_update(net, optimizing, layout, work, i, loss, share):
    """Update, and take it back where the loss or a parameter is not finite; says whether all is."""
    copy_part(layout, work, 0, layout.snapshot)
    update(net, optimizing, layout, work, i, share)
    if np.isfinite(loss) and all_finite(net, layout, work.numbers):
        return True
    barrier(work.counters, work.team)
    copy_part(layout, work, layout.snapshot, 0)
    barrier(work.counters, work.team)
    return False


@internal
def keep_best(net, memory, layout, work, i):
    """Store network i's parameters after its best epoch so far, where best ones are kept.

    Parameters that are not finite are left out: the network is run again, and ends before this
    epoch.
    """
    kept = memory.best_parameters.size > 0 and work.member == 0
    if kept and all_finite(net, layout, work.numbers):
        unpack(net, layout, work.numbers, 0, memory.best_parameters[i])
