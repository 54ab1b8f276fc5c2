"""One network's training by register-tiled products, batch after batch.

A batch is cut into slices and these into chunks of rows. Slices are added in their order, so one
thread and a team of many get the same bits.
"""

from __future__ import annotations

import numpy as np

from ..task import DIVERGED, RUNNING, STOPPED
from .arguments import own_row
from .chunk import backward, drop_out, forward, forward_layer, gather, score
from .compile import inline, internal, jit, reduction
from .functions import REPEAT
from .panels import CHUNK, all_finite, copy_part, cut, load, own_part, store, turn, unpack
from .scalars import clip_factor
from .simd import LANES, fetch_add, invoke
from .stopping import finish, forget, judge, write
from .threads import NEXT, barrier

SUSPECT = 3  # something was not finite; the epochs are run again, carefully


# --- a batch --------------------------------------------------------------------------------------


@internal
def batch_gradient(net, samples, dropout, lo, at, i, order, start, rows, step):
    """Loss of a batch and its total weight; the gradient is in the team's first slice after it."""
    weight = 0.0
    for r in range(start, start + rows):
        weight += samples.weights[order[r]]
    share = net.output_share / weight if weight > 0 else 0.0
    slices, each = cut(rows)
    if at.member < slices:
        turn(net, lo, at)
    for k in range(at.member, slices, at.team):
        first = k * each
        size = min(each, rows - first)
        at.f[k] = slice_gradient(
            net, samples, dropout, lo, at, i, order, start, first, size, step, share, k
        )
    barrier(at.shared, at.team)
    loss = 0.0
    for k in range(slices):
        loss += at.f[k]
    add_slices(lo, at, slices)
    return loss, weight


@internal
def slice_gradient(net, samples, dropout, lo, at, i, order, start, first, rows, step, share, k):
    """Loss and gradient of a slice that begins ``first`` rows into the batch at ``start``."""
    loss = 0.0
    gradient = at.common + lo.gradient + k * lo.weights[-1]
    for position in range(first, first + rows, CHUNK):
        size = min(CHUNK, first + rows - position)
        gather(lo, at, samples.inputs, order, start + position, size, net.bias)
        for layer in range(lo.blocks.size):
            forward_layer(net, lo, at, size, layer)
            if dropout.p.shape[1] and layer < net.activations.size:
                drop_out(net, dropout, lo, at, i, layer + 1, step, position, size)
        loss += score(
            net, lo, at, samples.targets, samples.weights, order, start + position, size, share
        )
        backward(net, lo, at, size, gradient, position > first)
    return loss


@internal
def add_slices(lo, at, slices):
    """Add all slices' gradients to the first one's, each member its part."""
    first, last = own_part(lo, at)
    total = at.w[at.common + lo.gradient + first : at.common + lo.gradient + last]
    for k in range(1, slices):
        begin = at.common + lo.gradient + k * lo.weights[-1]
        part = at.w[begin + first : begin + last]
        for q in range(last - first):
            total[q] += part[q]


@reduction
def norms(x):
    """Sums of the sizes and of the squares of some numbers."""
    sizes = squares = x.dtype.type(0)
    for q in range(x.size):
        sizes += abs(x[q])
        squares += x[q] * x[q]
    return np.float64(sizes), np.float64(squares)


@inline
def real_numbers(net, layer, v, depth):
    """In how many runs, LANES apart, a panel's numbers lie, and the length of each.

    The last panel has padding between them. That belongs in no sum: it is whatever comes of units
    that are not there, which may be NaN.
    """
    width = min(LANES, net.layers[layer + 1] - v * LANES)
    return (1, depth * LANES) if width == LANES else (depth, width)


@internal
def penalty_value(net, optimizing, lo, at, i):
    """``l1 |w| + l2 w**2 / 2``, added up over the weights."""
    if optimizing.penalties.shape[1] == 0:
        return 0.0
    l1, l2, _ = optimizing.penalties[own_row(optimizing.penalties, i)]
    value = 0.0
    for layer in range(lo.blocks.size):
        panel = (net.layers[layer] + net.bias) * LANES
        for v in range(lo.blocks[layer]):
            begin = at.common + lo.weights[layer] + v * panel
            runs, size = real_numbers(net, layer, v, net.layers[layer])
            for _ in range(runs):
                sizes, squares = norms(at.w[begin : begin + size])
                value += l1 * sizes + 0.5 * l2 * squares
                begin += LANES
    return value


@internal
def penalise(net, optimizing, lo, at, i, share):
    """Add the penalties' slopes, times ``share``, to the gradient.

    Returns what clipping multiplies it with.
    """
    l1, l2, longest = optimizing.penalties[own_row(optimizing.penalties, i)]
    l1, l2 = l1 * share, l2 * share
    first, last = own_part(lo, at)
    for layer in range(lo.blocks.size):
        panel = (net.layers[layer] + net.bias) * LANES
        for v in range(lo.blocks[layer]):
            begin = lo.weights[layer] + v * panel
            start = max(first, begin)
            size = min(last, begin + net.layers[layer] * LANES) - start
            if size > 0:
                gradient = at.common + lo.gradient + start
                add_penalty(at.w, at.common + start, gradient, size, l1, l2)
    if longest == np.inf:
        return 1.0
    barrier(at.shared, at.team)
    square = gradient_square(net, lo, at)
    barrier(at.shared, at.team)
    return clip_factor(square, longest)


@internal
def gradient_square(net, lo, at):
    """Sum of the squares of the gradient."""
    square = 0.0
    for layer in range(lo.blocks.size):
        depth = net.layers[layer] + net.bias
        for v in range(lo.blocks[layer]):
            begin = at.common + lo.gradient + lo.weights[layer] + v * depth * LANES
            runs, size = real_numbers(net, layer, v, depth)
            for _ in range(runs):
                run = at.w[begin : begin + size]
                for q in range(size):
                    square += np.float64(run[q]) * np.float64(run[q])
                begin += LANES
    return square


@internal
def add_penalty(w, weights, gradient, size, l1, l2):
    """Add ``l1 sign(w) + l2 w`` to some numbers' gradient."""
    number = w.dtype.type
    slope1, slope2, zero, one = number(l1), number(l2), number(0), number(1)
    x, g = w[weights : weights + size], w[gradient : gradient + size]
    for q in range(size):
        sign = (one if x[q] > zero else zero) - (one if x[q] < zero else zero)
        g[q] += slope1 * sign + slope2 * x[q]


@internal
def update(net, optimizing, lo, at, i, share):
    """Move the parameters, each member its part; penalties count ``share``."""
    w = at.w
    first, last = own_part(lo, at)
    gradient = at.common + lo.gradient + first
    if optimizing.penalties.shape[1]:
        factor = penalise(net, optimizing, lo, at, i, share)
        if factor < 1.0:
            short, part = w.dtype.type(factor), w[gradient : gradient + last - first]
            for q in range(last - first):
                part[q] *= short
    here, moments = at.common + first, at.common + lo.moments + first
    coefficients = at.private + lo.coefficients
    if last > first:
        invoke(
            optimizing.update, w, here, gradient, moments, moments + lo.weights[-1], coefficients,
            last - first, 0, 0.0,
        )  # fmt: skip
    barrier(at.shared, at.team)


@internal
def prepare(optimizing, lo, at, i, rate):
    """The optimiser's coefficients for the next step."""
    f, own = at.f, at.own
    f[own] = rate
    i = own_row(optimizing.hyperparameters, i)
    for h in range(5):
        f[own + 1 + h] = optimizing.hyperparameters[i, h]
    invoke(optimizing.prepare, f, own, own + 6, own + 8, own, own, 1, 0, 0.0)
    for c in range(6):
        place = at.private + lo.coefficients + c * REPEAT
        value = at.w.dtype.type(f[own + 8 + c])
        if at.w[place] != value:  # most stay what they were
            repeated = at.w[place : place + REPEAT]
            for k in range(REPEAT):
                repeated[k] = value


# --- a network ------------------------------------------------------------------------------------


@internal
def careful_update(net, optimizing, lo, at, i, loss, share):
    """Update unless something is not finite; says whether it was done."""
    if not np.isfinite(loss):
        return False
    copy_part(lo, at, 0, lo.snapshot)
    update(net, optimizing, lo, at, i, share)
    if all_finite(net, lo, at.w, at.common):
        return True
    barrier(at.shared, at.team)
    copy_part(lo, at, lo.snapshot, 0)
    barrier(at.shared, at.team)
    return False


@inline
def run_epoch(args, lo, at, i, e, careful):
    """One epoch: means of its batches' losses and penalties, and whether all was finite.

    Only a careful epoch looks at every step, and leaves the last finite parameters. Penalties are
    added up by the first member alone.
    """
    epochs, optimizing = args.epochs, args.optimizing
    fold = epochs.fold[own_row(epochs.fold, i)]
    order = epochs.order[e % epochs.order.shape[0]]
    order = order[epochs.fold_start[fold] : epochs.fold_start[fold + 1]]
    rate = optimizing.rates[own_row(optimizing.rates, i), e % optimizing.rates.shape[1]]
    steps = -(-order.size // epochs.batch_size)
    if not optimizing.stepwise:
        prepare(optimizing, lo, at, i, rate)
    total, penalty, weights, share = 0.0, 0.0, 0.0, 1.0
    for b in range(steps):
        start = b * epochs.batch_size
        rows = min(epochs.batch_size, order.size - start)
        step = (epochs.first + e) * steps + b
        value = 0.0
        if epochs.summed and at.member == 0:  # others' parts of an update wait for this one's
            value = penalty_value(args.net, optimizing, lo, at, i)
        loss, weight = batch_gradient(
            args.net, args.samples, args.dropout, lo, at, i, order, start, rows, step
        )
        if epochs.summed:
            share = 1.0 / weight if weight > 0 else 0.0
            weight = float(rows)
        if optimizing.stepwise:
            prepare(optimizing, lo, at, i, rate)
        if not careful:
            update(args.net, optimizing, lo, at, i, share)
        elif not careful_update(args.net, optimizing, lo, at, i, loss, share):
            return loss, penalty, False
        total += loss * weight
        penalty += value * share * weight
        weights += weight
    mean = total / weights if weights > 0 else 0.0
    penalty = penalty / weights if weights > 0 else 0.0
    return mean, penalty, np.isfinite(mean)


@internal
def validation_loss(net, data, lo, at, everyone):
    """Mean loss on the validation samples, slices shared by the team."""
    rows, weight = data.weights.size, 0.0
    for r in range(rows):
        weight += data.weights[r]
    share = net.output_share / weight if weight > 0 else 0.0
    slices, each = cut(rows)
    for k in range(at.member, slices, at.team):
        end = min((k + 1) * each, rows)
        at.f[k] = 0.0
        for start in range(k * each, end, CHUNK):
            size = min(CHUNK, end - start)
            gather(lo, at, data.inputs, everyone, start, size, net.bias)
            forward(net, lo, at, size)
            at.f[k] += score(net, lo, at, data.targets, data.weights, everyone, start, size, share)
    barrier(at.shared, at.team)
    loss = 0.0
    for k in range(slices):
        loss += at.f[k]
    barrier(at.shared, at.team)
    return loss


@internal
def keep_best(net, memory, lo, at, i):
    """Copy a network's parameters after its best epoch so far, if anybody wants them.

    Those that are not finite are left out: the network is run again, and does not come so far.
    """
    wanted = memory.best_parameters.size > 0 and at.member == 0
    if wanted and all_finite(net, lo, at.w, at.common):
        unpack(net, lo, at.w, at.common, memory.best_parameters[i])


@internal
def run_epochs(args, lo, at, i, careful):
    """All epochs: the network's status after them, SUSPECT where they must be run carefully."""
    epochs, stopping, data = args.epochs, args.stopping, args.validation
    everyone = args.networks[:0]
    best, best_epoch = np.inf, np.int64(-1)
    if stopping.best.size:
        best, best_epoch = stopping.best[i], stopping.best_epoch[i]
    done, status = 0, RUNNING
    scored = data.weights.size > 0
    for e in range(epochs.epochs):
        loss, penalty, finite = run_epoch(args, lo, at, i, e, careful)
        if not finite:
            status = DIVERGED if careful else SUSPECT
            break
        done += 1
        keep, watched = epochs.record[e], loss
        if scored and keep:
            watched = validation_loss(args.net, data, lo, at, everyone)
        stop, best, best_epoch = judge(
            stopping, i, epochs.first + e, keep or not scored, loss, watched, best, best_epoch
        )
        if best_epoch == epochs.first + e:
            keep_best(args.net, args.memory, lo, at, i)
        if scored and stop and not keep:
            watched = validation_loss(args.net, data, lo, at, everyone)
        if at.member == 0 and (keep or stop):
            write(stopping, i, epochs.column[e], loss, watched, penalty)
        if stop:
            status = STOPPED
            break
    if not careful and status != SUSPECT and not all_finite(args.net, lo, at.w, at.common):
        status = SUSPECT
    if at.member == 0 and status != SUSPECT:
        finish(stopping, i, done, status, best, best_epoch)
        if status == DIVERGED:
            forget(stopping, epochs, i, done)
    return status


@inline
def train_network(args, lo, at, i):
    """All epochs of a network, from its arrays and back into them."""
    for careful in (False, True):
        load(args.net, args.memory, lo, at, i)
        if run_epochs(args, lo, at, i, careful) != SUSPECT:
            break
        barrier(at.shared, at.team)
    store(args.net, args.memory, lo, at, i)
    barrier(at.shared, at.team)


@jit
def train(args, lo, at):
    """Train the networks that are next, a thread alone each, until none is left."""
    k = fetch_add(at.shared, NEXT, 1)
    while k < args.networks.size:
        train_network(args, lo, at, args.networks[k])
        k = fetch_add(at.shared, NEXT, 1)
