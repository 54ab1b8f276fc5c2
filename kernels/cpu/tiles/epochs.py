"""Steps, epochs, validation, best parameters and stopping of one network."""

from __future__ import annotations

import numpy as np

from ...task import DIVERGED, RUNNING, STOPPED
from ..arguments import own_row
from ..batch import batch_of, order_of
from ..compile import inline, internal
from ..stopping import finish, forget, judge, write
from ..threads import barrier
from .gradient import batch_gradient, batch_loss
from .layout import SUSPECT
from .panels import all_finite, copy_part, load, store, unpack
from .update import penalty_value, set_coefficients, update


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
    """All epochs: the network's status after them, SUSPECT where they must be run carefully."""
    epochs, stopping = args.epochs, args.stopping
    best, best_epoch = np.inf, np.int64(-1)
    if stopping.best.size:
        best, best_epoch = stopping.best[i], stopping.best_epoch[i]
    done, status = 0, RUNNING
    validated = args.validation.weights.size > 0
    for e in range(epochs.epochs):
        epoch, recorded = epochs.first + e, epochs.record[e]
        loss, penalty, finite = run_epoch(args, layout, work, i, e, careful)
        if not finite:
            status = DIVERGED if careful else SUSPECT
            break
        done += 1
        watched = loss
        if validated and recorded:
            watched = validation_loss(args.net, args.validation, layout, work, args.networks[:0])
        fresh = recorded or not validated
        stop, best, best_epoch = judge(stopping, i, epoch, fresh, loss, watched, best, best_epoch)
        if best_epoch == epoch:
            keep_best(args.net, args.memory, layout, work, i)
        if validated and stop and not recorded:
            watched = validation_loss(args.net, args.validation, layout, work, args.networks[:0])
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

    Only a careful epoch looks at every step, and leaves the last finite parameters. Penalties are
    added up by the first member alone.
    """
    epochs, optimizing = args.epochs, args.optimizing
    order = order_of(epochs, i, epoch)
    rate = optimizing.rates[own_row(optimizing.rates, i), epoch % optimizing.rates.shape[1]]
    steps = -(-order.size // epochs.batch_size)
    if not optimizing.stepwise:
        set_coefficients(optimizing, layout, work, i, rate)
    total, penalty, weights, share = 0.0, 0.0, 0.0, 1.0
    for b in range(steps):
        start = b * epochs.batch_size
        rows = min(epochs.batch_size, order.size - start)
        step = (epochs.first + epoch) * steps + b
        value = 0.0
        if epochs.summed and work.member == 0:  # others' parts of an update wait for this one's
            value = penalty_value(args.net, optimizing, layout, work, i)
        batch = batch_of(args.net, args.samples, order, start, rows, step)
        loss = batch_gradient(args.net, args.samples, args.dropout, layout, work, i, batch)
        weight = batch.weight
        if epochs.summed:
            share = 1.0 / weight if weight > 0 else 0.0
            weight = float(rows)
        if optimizing.stepwise:
            set_coefficients(optimizing, layout, work, i, rate)
        if not careful:
            update(args.net, optimizing, layout, work, i, share)
        elif not careful_update(args.net, optimizing, layout, work, i, loss, share):
            return loss, penalty, False
        total += loss * weight
        penalty += value * share * weight
        weights += weight
    mean = total / weights if weights > 0 else 0.0
    penalty = penalty / weights if weights > 0 else 0.0
    return mean, penalty, np.isfinite(mean)


@internal
def careful_update(net, optimizing, layout, work, i, loss, share):
    """Update unless something is not finite; says whether it was done."""
    if not np.isfinite(loss):
        return False
    copy_part(layout, work, 0, layout.snapshot)
    update(net, optimizing, layout, work, i, share)
    if all_finite(net, layout, work.numbers):
        return True
    barrier(work.counters, work.team)
    copy_part(layout, work, layout.snapshot, 0)
    barrier(work.counters, work.team)
    return False


@internal
def validation_loss(net, data, layout, work, as_they_are):
    """Mean loss on the validation samples."""
    batch = batch_of(net, data, as_they_are, 0, data.weights.size, 0)
    return batch_loss(net, data, layout, work, batch)


@internal
def keep_best(net, memory, layout, work, i):
    """Store network i's parameters after its best epoch so far, where best ones are kept.

    Parameters that are not finite are left out: the network is run again, and ends before this
    epoch.
    """
    kept = memory.best_parameters.size > 0 and work.member == 0
    if kept and all_finite(net, layout, work.numbers):
        unpack(net, layout, work.numbers, 0, memory.best_parameters[i])
