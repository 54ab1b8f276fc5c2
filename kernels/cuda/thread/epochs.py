"""Epochs of the networks of a block, whose threads read samples together, in step."""

from __future__ import annotations

from collections.abc import Callable
from math import isfinite

import numpy as np
from numba import cuda

from ...task import Network
from .. import epochs
from ..arguments import own_row
from ..compile import device_function
from ..epochs import Sums, batch_weights, batches_of
from ..functions import Functions
from .gradient import backward_of, load_samples_of, sample_loss_of
from .update import coefficients_of, penalty_value_of, take_step_of


def run_epochs_of(network: Network, spec: Functions, target_width: int) -> Callable:
    """:func:`epochs.run_epochs_of` for one architecture."""
    load_samples = load_samples_of(network, target_width)
    sample_loss = sample_loss_of(network, spec, target_width)
    size = network.n_parameters

    @device_function
    def keep_best(target, net):
        for q in range(size):
            target[np.uint64(q)] = net.w[q]

    @device_function
    def any_thread(condition):
        return cuda.syncthreads_or(np.int32(condition))

    return epochs.run_epochs_of(
        _run_epoch_of(network, spec, load_samples, sample_loss),
        _validation_loss_of(spec, load_samples, sample_loss),
        keep_best,
        any_thread,
    )


def _run_epoch_of(
    network: Network, spec: Functions, load_samples: Callable, sample_loss: Callable
) -> Callable:
    """``run_epoch(args, net, i, e, running)``: one epoch of a thread's network.

    The block goes through its fold by tiles, which may begin and end within batches.
    """
    size, real = network.n_parameters, np.dtype(spec.dtype).type
    backward = backward_of(network, spec, len(network.layers) - 2)
    end_batch, set_coefficients = _end_batch_of(network, spec), coefficients_of(spec)
    changing = spec.rule.powers  # coefficients, from step to step

    @device_function
    def begin_batch(net, total, output_share):
        """Clear the gradient. Returns what a sample of weight 1 counts in the batch's mean loss."""
        for q in range(size):
            net.g[q] = real(0)
        return real(output_share / total if total > 0.0 else 0.0)

    @device_function
    def run_epoch(args, net, i, e, running):
        batches = batches_of(args, i, e)
        if not changing:
            set_coefficients(args.optimizing, net, i, batches.rate)
        sums, total, loss, share = Sums(0.0, 0.0, 0.0), 0.0, 0.0, real(0)
        start, position, b, step = batches.start, 0, batches.first, batches.step
        while start < batches.end:
            rows = min(net.rows, batches.end - start)
            load_samples(args.samples, net.tile, batches.order, start, rows)
            for r in range(rows if running else 0):
                if position == 0:
                    total, loss = batches.totals[np.uint64(b)], 0.0
                    share = begin_batch(net, total, args.net.output_share)
                loss += sample_loss(args, net, r, i, step, position, share)
                backward(net)
                position += 1
                if position == args.epochs.batch_size or start + r + 1 == batches.end:
                    running, sums = end_batch(
                        args, net, i, batches.rate, sums, total, position, loss
                    )
                    if not running:
                        break
                    position, b, step = 0, b + 1, step + 1
            start += net.rows
        return _means(args, sums, running)

    return run_epoch


def _end_batch_of(network: Network, spec: Functions) -> Callable:
    """``end_batch(args, net, i, rate, sums, total, rows, loss)``: the step after a batch's samples.

    Returns whether all is finite, and the new sums.
    """
    take_step, penalty_value = take_step_of(network, spec), penalty_value_of(network, spec)
    set_coefficients, changing = coefficients_of(spec), spec.rule.powers

    @device_function
    def end_batch(args, net, i, rate, sums, total, rows, loss):
        weights, penalties = batch_weights(args.epochs, total, rows), args.optimizing.penalties
        penalty = sums.penalty
        if args.epochs.summed and penalties.shape[1] > 0:
            penalty += weights.loss * penalty_value(net.w, penalties[own_row(penalties, i)])
        if changing:
            set_coefficients(args.optimizing, net, i, rate)
        sums = Sums(sums.loss + weights.loss * loss, penalty, sums.weight + weights.total)
        return take_step(args.optimizing, net, i, loss, weights.penalty), sums

    return end_batch


@device_function
def _means(args, sums, running):
    """An epoch's mean loss and penalty, and whether all is finite."""
    loss, penalty = 0.0, sums.penalty
    if sums.weight > 0.0:
        loss = sums.loss * args.net.output_share / sums.weight
        if args.epochs.summed:
            penalty /= sums.weight
    return loss, penalty, running and isfinite(loss)


def _validation_loss_of(spec: Functions, load_samples: Callable, sample_loss: Callable) -> Callable:
    """``validation_loss(args, net, i, needed)``: the mean over the validation samples.

    The whole block goes through them, also for threads that do not need it.
    """
    no_share = np.dtype(spec.dtype).type(0)

    @device_function
    def validation_loss(args, net, i, needed):
        data = args.validation
        loss, start, samples = 0.0, 0, data.weights.shape[0]
        while start < samples:
            rows = min(net.rows, samples - start)
            load_samples(data, net.tile, args.networks[:0], start, rows)
            if needed:
                for r in range(rows):
                    loss += sample_loss(args, net, r, i, -1, 0, no_share)
            start += net.rows
        total = data.total[0]
        return loss * args.net.output_share / total if total > 0.0 else 0.0

    return validation_loss
