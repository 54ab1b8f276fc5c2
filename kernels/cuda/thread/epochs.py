"""Epochs of the networks of a block, which read samples together and go through them in step.

``places`` are a thread's arrays w, g, m, v, a, d: parameters, gradient, moments, values, slopes.
"""

from __future__ import annotations

from collections.abc import Callable
from math import inf, isfinite

import numpy as np
from numba import cuda

from ...task import DIVERGED, RUNNING, STOPPED, Network
from .. import device, functions
from ..arguments import column_of, is_recorded, own_row
from ..compile import device_function
from ..functions import Functions
from ..stopping import finish, judge, write
from .network import (
    backward_of,
    coefficients_of,
    forward_of,
    move_of,
    penalise_of,
    penalty_value_of,
)

# The simulator's threads are Python's: a few show what there is to show. Not tuned on a GPU yet.
THREADS = 3 if device.simulated() else 128


def _stage(network: Network, target_width: int) -> Callable:
    """``stage(data, tile, order, start, rows)``: samples come into the block's tile.

    Of each its inputs, targets and weight. Numbers of a row are a constant, so that no thread
    divides.
    """
    inputs, width = network.layers[0], network.layers[0] + target_width + 1

    @device_function
    def stage(data, tile, order, start, rows):
        cuda.syncthreads()
        q = cuda.threadIdx.x
        while q < rows * width:
            r = np.uint32(q) // np.uint32(width)
            k = np.int64(np.uint32(q) - r * np.uint32(width))
            at = start + np.int64(r)
            row = np.int64(order[np.uint64(at)]) if order.shape[0] > 0 else at
            if k < inputs:
                tile[np.uint64(q)] = data.inputs[np.uint64(row), np.uint64(k)]
            elif k < inputs + target_width:
                tile[np.uint64(q)] = data.targets[np.uint64(row * target_width + k - inputs)]
            else:
                tile[np.uint64(q)] = data.weights[np.uint64(row)]
            q += cuda.blockDim.x
        cuda.syncthreads()

    return stage


def _score(network: Network, made: Functions, target_width: int) -> Callable:
    """``score(args, places, tile, r, i, step, position, share)``: a sample's weighted loss.

    The sample is the tile's r-th; slopes d end with those of the loss. Numbers have the kernel's
    dtype: to convert one costs as much as eight sums.
    """
    inputs, outputs, last = network.layers[0], network.layers[-1], sum(network.layers[:-1])
    width, number = inputs + target_width + 1, np.dtype(made.dtype).type
    forward, row_loss = forward_of(network, made), functions.row_loss(made)

    @device_function
    def score(args, places, tile, r, i, step, position, share):
        w, _g, _m, _v, a, d = places
        at = r * width
        for k in range(inputs):
            a[k] = tile[np.uint64(at + k)]
        forward(w, a, d, args.dropout, i, step, position)
        weight = tile[np.uint64(at + inputs + target_width)]
        for o in range(outputs):
            d[last + o] = a[last + o]
        loss = row_loss(
            d, last, outputs, tile, at + inputs, target_width,
            share * weight, number(args.net.loss_parameter),
        )  # fmt: skip
        return np.float64(weight * loss)

    return score


def _validate(stage: Callable, score: Callable, dtype: str) -> Callable:
    """``validate(args, places, tile, rows, i, needed)``: mean loss on the validation samples.

    The whole block goes through them, whoever needs it.
    """
    nothing = np.dtype(dtype).type(0)

    @device_function
    def validate(args, places, tile, rows, i, needed):
        data = args.validation
        loss, start, samples = 0.0, 0, data.weights.shape[0]
        while start < samples:
            count = min(rows, samples - start)
            stage(data, tile, args.networks[:0], start, count)
            if needed:
                for r in range(count):
                    loss += score(args, places, tile, r, i, 0, -1, nothing)
            start += rows
        total = data.total[0]
        return loss * args.net.output_share / total if total > 0.0 else 0.0

    return validate


def _finish_batch(network: Network, made: Functions) -> Callable:
    """``finish_batch(optimizing, places, i, c, own, share)``: a step with coefficients c.

    Penalties count ``share``. Returns whether all is finite, without which none is taken.
    """
    penalise, move = penalise_of(network, made), move_of(network, made)

    @device_function
    def finish_batch(optimizing, places, i, c, own, share):
        w, g, m, v, _a, _d = places
        if not isfinite(own):
            return False
        if optimizing.penalties.shape[1] > 0:
            penalise(w, g, optimizing.penalties[own_row(optimizing.penalties, i)], share)
        return move(w, g, m, v, c)

    return finish_batch


def _run_epoch(network: Network, made: Functions, stage: Callable, score: Callable) -> Callable:
    """``run_epoch(args, places, tile, rows, i, e, running, powers)``: one epoch of a thread.

    Returns means of its batches' losses and penalties, whether all was finite, and the powers. The
    block goes through its fold by tiles, which may begin and end within batches.
    """
    size, number = network.n_parameters, np.dtype(made.dtype).type
    backward = backward_of(network, made, len(network.layers) - 2)
    finish_batch, penalty_value = _finish_batch(network, made), penalty_value_of(network, made)
    coefficients, changing = coefficients_of(made), made.rule.powers

    @device_function
    def run_epoch(args, places, tile, rows, i, e, running, powers):
        w, g, _m, _v, a, d = places
        net, epochs = args.net, args.epochs
        fold = epochs.fold[own_row(epochs.fold, i)]
        start, end = np.int64(epochs.fold_start[fold]), np.int64(epochs.fold_start[fold + 1])
        order = epochs.order[own_row(epochs.order, e)]
        totals = epochs.totals[own_row(epochs.totals, e)]
        b, batches = np.int64(epochs.first_batch[fold]), np.int64(epochs.first_batch[fold + 1])
        step = (epochs.first + e) * (batches - b)
        rates = args.optimizing.rates[own_row(args.optimizing.rates, i)]
        rate = rates[own_row(rates, epochs.first + e)]
        _, c = coefficients(args.optimizing, i, rate, powers)
        penalties = args.optimizing.penalties
        loss, penalty, weights, total, own, share = 0.0, 0.0, 0.0, 0.0, 0.0, number(0)
        position = 0
        while start < end:
            count = min(rows, end - start)
            stage(args.samples, tile, order, start, count)
            for r in range(count if running else 0):
                if position == 0:
                    total, own = totals[np.uint64(b)], 0.0
                    share = number(net.output_share / total if total > 0.0 else 0.0)
                    for q in range(size):
                        g[q] = number(0)
                own += score(args, places, tile, r, i, step, position, share)
                backward(w, g, a, d)
                position += 1
                if position == epochs.batch_size or start + r + 1 == end:
                    held, scale, counts = 1.0, 1.0, total
                    if epochs.summed:
                        held, counts = 1.0 / total if total > 0.0 else 0.0, np.float64(position)
                        scale = held * counts
                        if penalties.shape[1] > 0:
                            own_penalties = penalties[own_row(penalties, i)]
                            penalty += scale * penalty_value(w, own_penalties)
                    if changing:
                        powers, c = coefficients(args.optimizing, i, rate, powers)
                    running = finish_batch(args.optimizing, places, i, c, own, held)
                    if not running:
                        break
                    loss += scale * own
                    weights += counts
                    position, b, step = 0, b + 1, step + 1
            start += rows
        if epochs.summed and weights > 0.0:
            penalty /= weights
        loss = loss * net.output_share / weights if weights > 0.0 else 0.0
        return loss, penalty, running and isfinite(loss), powers

    return run_epoch


def _keep_best(network: Network) -> Callable:
    """``keep_best(memory, w, i)``: the parameters after the best epoch, if anybody wants them."""
    size = network.n_parameters

    @device_function
    def keep_best(memory, w, i):
        if memory.best_parameters.shape[0] > 0:
            row = memory.best_parameters[i]
            for q in range(size):
                row[np.uint64(q)] = w[q]

    return keep_best


def run_epochs_of(network: Network, made: Functions, target_width: int) -> Callable:
    """``run_epochs(args, places, tile, rows, i, mine, powers)``: all epochs, and what is noted.

    Returns the powers. A thread that is not ``mine`` only helps to read samples.
    """
    stage, score = _stage(network, target_width), _score(network, made, target_width)
    validate = _validate(stage, score, made.dtype)
    run_epoch, keep_best = _run_epoch(network, made, stage, score), _keep_best(network)

    @device_function
    def run_epochs(args, places, tile, rows, i, mine, powers):
        epochs, stopping = args.epochs, args.stopping
        best, best_epoch = inf, np.int64(-1)
        if stopping.best.shape[0] > 0:
            best, best_epoch = stopping.best[i], stopping.best_epoch[i]
        scored = args.validation.weights.shape[0] > 0
        done, status, running = 0, RUNNING, mine
        for e in range(epochs.epochs):
            if not cuda.syncthreads_or(np.int32(running)):
                break
            began = running
            loss, penalty, running, powers = run_epoch(
                args, places, tile, rows, i, e, running, powers
            )
            if began and not running:
                status = DIVERGED
            done += 1 if running else 0
            keep, watched, stop = is_recorded(epochs, e), loss, False
            looks = scored and keep  # then the validation loss is what counts
            if running and not looks:
                stop, best, best_epoch = judge(
                    stopping, i, epochs.first + e, not scored, loss, loss, best, best_epoch
                )
            if scored and (keep or cuda.syncthreads_or(np.int32(stop))):
                watched = validate(args, places, tile, rows, i, running and (keep or stop))
            if running and looks:
                stop, best, best_epoch = judge(
                    stopping, i, epochs.first + e, True, loss, watched, best, best_epoch
                )
            if best_epoch == epochs.first + e:
                keep_best(args.memory, places[0], i)
            if running and (keep or stop):
                write(stopping, i, column_of(epochs, e), loss, watched, penalty)
            if stop:
                status, running = STOPPED, False
        if mine:
            finish(stopping, i, done, status, best, best_epoch)
        return powers

    return run_epochs
