"""Epochs of the network of a block, whose threads go through them together."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from math import inf, isfinite

import numpy as np
from numba import cuda

from .. import epochs
from ..arguments import own_row
from ..collective import block_copy, block_sum
from ..compile import device_function
from ..epochs import Sums, batch_weights, batches_of
from ..functions import Functions
from .gradient import Batch, Draws, batch_gradient_of, chunk_loss_of, forward_of, gather
from .update import coefficients_of, move_of, penalise, penalty_part


@cache
def run_epochs_of(spec: Functions) -> Callable:
    """:func:`epochs.run_epochs_of` for some functions."""

    @device_function
    def keep_best(target, net):
        block_copy(target, net.shared, net.shape.size)

    @device_function
    def any_thread(condition):
        return condition  # all threads have the same

    run_epoch, validation_loss = _run_epoch_of(spec), _validation_loss_of(spec)
    return epochs.run_epochs_of(run_epoch, validation_loss, keep_best, any_thread)


def _run_epoch_of(spec: Functions) -> Callable:
    """``run_epoch(args, net, i, e, running)``: one epoch.

    Where something is not finite, the parameters are those before that step.
    """
    take_step = _take_step_of(spec)

    @device_function
    def run_epoch(args, net, i, e, running):
        batches = batches_of(args, i, e)
        loss, penalty, weight, start = 0.0, 0.0, 0.0, batches.start
        for b in range(batches.count):
            rows = min(args.epochs.batch_size, batches.end - start)
            total = batches.totals[np.uint64(batches.first + b)]
            batch = Batch(batches.order, start, rows, total)
            draws = Draws(args.dropout, i, batches.step + b)
            finite, own = take_step(args, net, batch, draws, batches.rate)
            if not finite:
                return inf, inf, False
            loss += own.loss
            penalty += own.penalty
            weight += own.weight
            start += args.epochs.batch_size
        loss = block_sum(loss, net.scratch)
        if args.epochs.summed:
            penalty = block_sum(penalty, net.scratch) / weight
        return loss / weight if weight > 0.0 else 0.0, penalty, isfinite(loss)

    return run_epoch


def _take_step_of(spec: Functions) -> Callable:
    """``take_step(args, net, batch, draws, rate)``: one step.

    Returns whether all is finite, and a thread's part of what the batch adds to its epoch's sums.
    """
    batch_gradient, move = batch_gradient_of(spec), move_of(spec)
    set_coefficients, real = coefficients_of(spec), np.dtype(spec.dtype).type

    @device_function
    def take_step(args, net, batch, draws, rate):
        set_coefficients(net.rule, rate)
        loss = batch_gradient(net.shape, net.shared, net.g, args.samples, batch, draws)
        weights = batch_weights(args.epochs, batch.total, batch.rows)
        penalties, penalty, factor = args.optimizing.penalties, 0.0, real(1)
        if penalties.shape[1] > 0:
            own_penalties = penalties[own_row(penalties, draws.i)]
            if args.epochs.summed:
                penalty = weights.loss * penalty_part(net, own_penalties)
            factor = penalise(net, own_penalties, weights.penalty)
        finite = move(net, factor)
        finite = cuda.syncthreads_and(np.int32(finite and isfinite(loss)))
        if not finite:
            block_copy(net.shared, net.g, net.shape.size)
        return finite, Sums(weights.loss * loss, penalty, weights.total)

    return take_step


def _validation_loss_of(spec: Functions) -> Callable:
    """``validation_loss(args, net, i, needed)``: the mean over the validation samples."""
    forward, chunk_loss = forward_of(spec), chunk_loss_of(spec)

    @device_function
    def validation_loss(args, net, i, needed):
        data, shape, shared, order = args.validation, net.shape, net.shared, args.networks[:0]
        draws = Draws(args.dropout, i, -1)
        loss, start, samples = 0.0, 0, data.weights.shape[0]
        while start < samples:
            rows = min(shape.rows, samples - start)
            gather(shape, shared, data, order, start, rows)
            forward(shape, shared, draws, 0, rows)
            loss += chunk_loss(shape, shared, data, order, start, rows, 0.0)
            start += shape.rows
        loss = block_sum(loss, net.scratch) * shape.net.output_share
        return loss / data.total[0] if data.total[0] > 0.0 else 0.0

    return validation_loss
