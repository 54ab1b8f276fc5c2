"""One network's training by register-tiled products; a team of threads may share its batches.

A network lies in the workspace in *panels*: a layer's matrix, with the biases as a last row that
belongs to an input of 1, is cut into columns of LANES outputs, padded with zeros. A batch is cut
into slices and these into chunks of rows; slices are added in their order, so one thread and many
get the same bits.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..task import DIVERGED, RUNNING, STOPPED, Network
from .compile import jit
from .dropout import layer_key, mask
from .functions import REPEAT
from .simd import BROADCAST, LANES, borrow, call_multiply, fetch_add, invoke
from .stopping import finish, forget, judge, write
from .threads import NEXT, barrier
from .workspace import Places, scale_by, up

CHUNK = 128  # rows that go forward and back together: their values stay in L2
SLICE = 256  # rows for which a batch gets another slice
MAX_SLICES = 32
SUSPECT = 3  # something was not finite; the epochs are run again, carefully


class Layout(NamedTuple):
    """Where things lie: private offsets from a thread's own place, shared ones from a team's."""

    blocks: np.ndarray  # (layers,) vectors across a layer's outputs
    strides: np.ndarray  # (layers + 1,) numbers from a row of values to the next
    values: np.ndarray  # (layers + 1,) private: inputs, hidden values, outputs
    slopes: np.ndarray  # (layers + 1,) private: slopes, then deltas, of hidden layers
    back: int  # private: a delta on its way through the weights
    turned: np.ndarray  # (layers,) private: transposed weights
    loss: int  # private: outputs (outputs, rows), targets, then scale, loss and 3 rows for scratch
    coefficients: int  # private: (6, REPEAT)
    private: int  # size
    weights: np.ndarray  # (layers + 1,) shared: panels, from 0; last: their size
    moments: int  # shared: two copies of the panels' size
    snapshot: int  # shared
    gradient: int  # shared: a copy for each slice
    shared: int  # size


def layout(network: Network, batch_size: int) -> Layout:
    """Layout for a network's batches of at most ``batch_size`` rows."""
    widths, bias = network.layers, int(network.bias)
    blocks = [-(-width // LANES) for width in widths[1:]]
    strides = [up(widths[0] + bias)] + [
        max(block * LANES, up(width + bias))
        for block, width in zip(blocks, widths[1:], strict=True)
    ]
    place = Places()
    values = [place(CHUNK * stride) for stride in strides]
    slopes = [place(CHUNK * stride) for stride in strides]
    back = place(CHUNK * max(strides))
    turned = [
        place(-(-d_in // LANES) * LANES * d_out)
        for d_in, d_out in zip(widths[:-1], widths[1:], strict=True)
    ]
    loss = place(CHUNK * (2 * widths[-1] + 5))
    coefficients = place(6 * REPEAT)
    team = Places()
    weights = [
        team((d_in + bias) * block * LANES)
        for d_in, block in zip(widths[:-1], blocks, strict=True)
    ]
    size = team.end
    moments, snapshot = team(2 * size), team(size)
    gradient = team(size * cut(batch_size)[0])
    return Layout(
        blocks=np.array(blocks),
        strides=np.array(strides),
        values=np.array(values),
        slopes=np.array(slopes),
        back=back,
        turned=np.array(turned),
        loss=loss,
        coefficients=coefficients,
        private=place.end,
        weights=np.array([*weights, size]),
        moments=moments,
        snapshot=snapshot,
        gradient=gradient,
        shared=team.end,
    )


@jit
def cut(rows):
    """Slices of a batch, and the rows of each; the last may be shorter. Threads don't matter."""
    slices = min(MAX_SLICES, max(1, -(-rows // SLICE)))
    if slices == 1:
        return 1, rows
    each = -(-rows // (slices * CHUNK)) * CHUNK
    return -(-rows // each), each


class Place(NamedTuple):
    """A thread's part in the work: its arrays and where it and its team begin in them."""

    w: np.ndarray  # numbers of the network's dtype
    f: np.ndarray  # float64: (MAX_SLICES,) losses of the team, then members' own
    shared: np.ndarray  # counters of the team
    private: int
    common: int
    own: int  # in f: inputs (6), powers (2) and results (6) of the optimiser's coefficients
    member: int
    team: int


F_COMMON, F_OWN = MAX_SLICES, 16  # sizes in f


# --- forward and back, for a chunk of rows --------------------------------------------------------


@jit
def gather(lo, at, inputs, order, start, rows, bias):
    """Copy rows of inputs, with a 1 behind each where there are biases."""
    w, stride, x = at.w, lo.strides[0], at.private + lo.values[0]
    count = inputs.shape[1]
    for r in range(rows):
        row = order[start + r] if order.size else start + r
        here = w[x + r * stride : x + r * stride + count + bias]
        source = inputs[row]
        for k in range(count):
            here[k] = source[k]
        if bias:
            here[count] = 1


@jit
def forward(net, lo, at, rows):
    """Values of all layers, and slopes of the hidden ones."""
    for layer in range(lo.blocks.size):
        forward_layer(net, lo, at, rows, layer)


@jit
def forward_layer(net, lo, at, rows, layer):
    w, hidden = at.w, layer < net.activations.size
    depth = net.layers[layer] + net.bias
    z, stride = at.private + lo.values[layer + 1], lo.strides[layer + 1]
    call_multiply(
        net.multiply, BROADCAST, w, rows, lo.blocks[layer], depth,
        z, stride, LANES,
        at.private + lo.values[layer], lo.strides[layer], 1,
        at.common + lo.weights[layer], LANES, depth * LANES,
        0,
    )  # fmt: skip
    if hidden:
        slope = at.private + lo.slopes[layer + 1]
        invoke(net.activations[layer], w, z, slope, z, z, z, rows * stride, 0, 0.0)
        if net.bias:
            one = z + net.layers[layer + 1]
            for r in range(rows):
                w[one + r * stride] = 1


@jit
def drop_out(net, dropout, lo, at, i, layer, step, position, rows):
    """Multiply hidden values and slopes with the mask of a step, from ``position`` on."""
    p = dropout.p[i, layer - 1]
    key = layer_key(dropout.keys[i], step, layer - 1)
    width, stride = net.layers[layer], lo.strides[layer]
    value, slope = at.private + lo.values[layer], at.private + lo.slopes[layer]
    for r in range(rows):
        first = (position + r) * width
        for k in range(width):
            factor = mask(key, first + k, p)
            at.w[value + r * stride + k] *= factor
            at.w[slope + r * stride + k] *= factor


@jit
def score(net, lo, at, targets, weights, order, start, rows, share):
    """Loss of a chunk, and outputs become its slopes; a sample counts ``share`` times its weight."""
    w, outputs, stride = at.w, net.layers[-1], lo.strides[-1]
    z = at.private + lo.values[-1]
    block = at.private + lo.loss
    target = block + outputs * rows
    scale, loss = target + outputs * rows, target + (outputs + 1) * rows
    labels = targets.shape[1] < outputs
    for r in range(rows):
        row = order[start + r] if order.size else start + r
        w[scale + r] = weights[row] * share
        for o in range(outputs):
            w[block + o * rows + r] = w[z + r * stride + o]
            if labels:
                w[target + o * rows + r] = 1 if targets[row, 0] == o else 0
            else:
                w[target + o * rows + r] = targets[row, o]
    invoke(
        net.loss, w, block, target, scale, loss, loss + rows, outputs, rows, net.loss_parameter
    )
    total = 0.0
    for r in range(rows):
        total += w[loss + r]
        for o in range(outputs):
            w[z + r * stride + o] = w[block + o * rows + r]
    return total


@jit
def backward(net, lo, at, rows, gradient, add):
    """Gradient of a chunk from the slopes of its outputs, set or added."""
    w = at.w
    delta = at.private + lo.values[-1]
    for layer in range(lo.blocks.size - 1, -1, -1):
        depth, stride = net.layers[layer] + net.bias, lo.strides[layer + 1]
        call_multiply(
            net.multiply, BROADCAST, w, depth, lo.blocks[layer], rows,
            gradient + lo.weights[layer], LANES, depth * LANES,
            at.private + lo.values[layer], 1, lo.strides[layer],
            delta, stride, LANES,
            int(add),
        )  # fmt: skip
        if layer > 0:
            below, back = lo.strides[layer], at.private + lo.back
            call_multiply(
                net.multiply, BROADCAST, w, rows, lo.blocks[layer - 1], net.layers[layer + 1],
                back, below, LANES,
                delta, stride, 1,
                at.private + lo.turned[layer], LANES, net.layers[layer + 1] * LANES,
                0,
            )  # fmt: skip
            delta = at.private + lo.slopes[layer]
            scale_by(w, delta, back, rows * below)


@jit
def turn(net, lo, at):
    """Transpose the weights that deltas go back through."""
    w = at.w
    for layer in range(1, lo.blocks.size):
        d_in, d_out = net.layers[layer], net.layers[layer + 1]
        depth = d_in + net.bias
        for i in range(d_in):
            target = at.private + lo.turned[layer] + (i // LANES * d_out) * LANES + i % LANES
            source = at.common + lo.weights[layer] + i * LANES
            for v in range(lo.blocks[layer]):
                for o in range(min(LANES, d_out - v * LANES)):
                    w[target + (v * LANES + o) * LANES] = w[source + v * depth * LANES + o]


# --- a batch --------------------------------------------------------------------------------------


@jit
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
        at.f[k] = slice_gradient(net, samples, dropout, lo, at, i, order, start, first, size, step, share, k)
    barrier(at.shared, at.team)
    loss = 0.0
    for k in range(slices):
        loss += at.f[k]
    add_slices(lo, at, slices)
    return loss, weight


@jit
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


@jit
def own_part(lo, at):
    """A member's part of the panels."""
    vectors = lo.weights[-1] // LANES
    first = vectors * at.member // at.team
    last = vectors * (at.member + 1) // at.team
    return first * LANES, last * LANES


@jit
def add_slices(lo, at, slices):
    """Add all slices' gradients to the first one's, each member its part."""
    first, last = own_part(lo, at)
    total = at.w[at.common + lo.gradient + first : at.common + lo.gradient + last]
    for k in range(1, slices):
        begin = at.common + lo.gradient + k * lo.weights[-1]
        part = at.w[begin + first : begin + last]
        for q in range(last - first):
            total[q] += part[q]


@jit
def penalise(net, optimizing, lo, at, i):
    """Add the penalties' slopes to the gradient; returns what clipping multiplies it with."""
    w = at.w
    l1, l2, longest = optimizing.penalties[i, 0], optimizing.penalties[i, 1], optimizing.penalties[i, 2]
    first, last = own_part(lo, at)
    for layer in range(lo.blocks.size):
        d_in = net.layers[layer]
        panel = (d_in + net.bias) * LANES
        for v in range(lo.blocks[layer]):
            begin = lo.weights[layer] + v * panel
            for q in range(max(first, begin), min(last, begin + d_in * LANES)):
                x = w[at.common + q]
                sign = (1.0 if x > 0 else 0.0) - (1.0 if x < 0 else 0.0)
                w[at.common + lo.gradient + q] += l1 * sign + l2 * x
    if longest == np.inf:
        return 1.0
    barrier(at.shared, at.team)
    square = 0.0
    for q in range(lo.weights[-1]):
        g = np.float64(w[at.common + lo.gradient + q])
        square += g * g
    barrier(at.shared, at.team)
    return min(1.0, longest / (np.sqrt(square) + 1e-6))


@jit
def update(net, optimizing, lo, at, i):
    """Move the parameters, each member its part."""
    w = at.w
    first, last = own_part(lo, at)
    gradient = at.common + lo.gradient + first
    if optimizing.penalties.shape[1]:
        factor = penalise(net, optimizing, lo, at, i)
        if factor < 1.0:
            for q in range(last - first):
                w[gradient + q] *= factor
    here, moments = at.common + first, at.common + lo.moments + first
    coefficients = at.private + lo.coefficients
    if last > first:
        invoke(
            optimizing.update, w, here, gradient, moments, moments + lo.weights[-1], coefficients,
            last - first, 0, 0.0,
        )  # fmt: skip
    barrier(at.shared, at.team)


@jit
def prepare(optimizing, lo, at, i, rate):
    """The optimiser's coefficients for the next step."""
    f, own = at.f, at.own
    f[own] = rate
    for h in range(5):
        f[own + 1 + h] = optimizing.hyperparameters[i, h]
    invoke(optimizing.prepare, f, own, own + 6, own + 8, own, own, 1, 0, 0.0)
    for c in range(6):
        place = at.private + lo.coefficients + c * REPEAT
        for k in range(REPEAT):
            at.w[place + k] = f[own + 8 + c]


# --- a network ------------------------------------------------------------------------------------


@jit
def pack(net, lo, w, to, row):
    """A row of parameters into panels; padding stays as it is, zero."""
    for layer in range(lo.blocks.size):
        depth, d_out = net.layers[layer] + net.bias, net.layers[layer + 1]
        for k in range(depth):
            source = net.starts[layer] + k * d_out
            for o in range(d_out):
                place = ((o // LANES) * depth + k) * LANES + o % LANES
                w[to + lo.weights[layer] + place] = row[source + o]


@jit
def unpack(net, lo, w, place, row):
    """Panels into a row of parameters."""
    for layer in range(lo.blocks.size):
        depth, d_out = net.layers[layer] + net.bias, net.layers[layer + 1]
        for k in range(depth):
            target = net.starts[layer] + k * d_out
            for o in range(d_out):
                source = ((o // LANES) * depth + k) * LANES + o % LANES
                row[target + o] = w[place + lo.weights[layer] + source]


@jit
def all_finite(net, lo, w, place):
    """Whether no parameter in some panels is NaN or infinite; padding is not looked at."""
    for layer in range(lo.blocks.size):
        depth, d_out = net.layers[layer] + net.bias, net.layers[layer + 1]
        for v in range(lo.blocks[layer]):
            for k in range(depth):
                source = place + lo.weights[layer] + (v * depth + k) * LANES
                for o in range(min(LANES, d_out - v * LANES)):
                    if not np.isfinite(w[source + o]):
                        return False
    return True


@jit
def load(net, memory, lo, at, i):
    """Bring a network and its optimiser's memory into the workspace."""
    if at.member == 0:
        pack(net, lo, at.w, at.common, memory.parameters[i])
        for s in range(memory.moments.shape[1]):
            pack(net, lo, at.w, at.common + lo.moments + s * lo.weights[-1], memory.moments[i, s])
    at.f[at.own + 6], at.f[at.own + 7] = memory.powers[i, 0], memory.powers[i, 1]
    barrier(at.shared, at.team)


@jit
def store(net, memory, lo, at, i):
    """Take a network and its optimiser's memory out of the workspace."""
    if at.member == 0:
        unpack(net, lo, at.w, at.common, memory.parameters[i])
        for s in range(memory.moments.shape[1]):
            unpack(net, lo, at.w, at.common + lo.moments + s * lo.weights[-1], memory.moments[i, s])
        memory.powers[i, 0], memory.powers[i, 1] = at.f[at.own + 6], at.f[at.own + 7]


@jit
def copy_part(lo, at, source, target):
    """Copy a member's part of some panels."""
    first, last = own_part(lo, at)
    for q in range(first, last):
        at.w[at.common + target + q] = at.w[at.common + source + q]


@jit
def careful_update(net, optimizing, lo, at, i, loss):
    """Update unless something is not finite; says whether it was done."""
    if not np.isfinite(loss):
        return False
    copy_part(lo, at, 0, lo.snapshot)
    update(net, optimizing, lo, at, i)
    if all_finite(net, lo, at.w, at.common):
        return True
    barrier(at.shared, at.team)
    copy_part(lo, at, lo.snapshot, 0)
    barrier(at.shared, at.team)
    return False


@jit
def run_epoch(args, lo, at, i, e, careful):
    """One epoch: the weighted mean of its batches' losses, and whether all was finite.

    Only a careful epoch looks at every step, and leaves the last finite parameters.
    """
    epochs, optimizing = args.epochs, args.optimizing
    fold = epochs.fold[i]
    order = epochs.order[e % epochs.order.shape[0]]
    order = order[epochs.fold_start[fold] : epochs.fold_start[fold + 1]]
    rate = optimizing.rates[i, e % optimizing.rates.shape[1]]
    steps = -(-order.size // epochs.batch_size)
    if not optimizing.stepwise:
        prepare(optimizing, lo, at, i, rate)
    total, weights = 0.0, 0.0
    for b in range(steps):
        start = b * epochs.batch_size
        rows = min(epochs.batch_size, order.size - start)
        step = (epochs.first + e) * steps + b
        loss, weight = batch_gradient(
            args.net, args.samples, args.dropout, lo, at, i, order, start, rows, step
        )
        if optimizing.stepwise:
            prepare(optimizing, lo, at, i, rate)
        if not careful:
            update(args.net, optimizing, lo, at, i)
        elif not careful_update(args.net, optimizing, lo, at, i, loss):
            return loss, False
        total += loss * weight
        weights += weight
    mean = total / weights if weights > 0 else 0.0
    return mean, np.isfinite(mean)


@jit
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
            at.f[k] += score(
                net, lo, at, data.targets, data.weights, everyone, start, size, share
            )
    barrier(at.shared, at.team)
    loss = 0.0
    for k in range(slices):
        loss += at.f[k]
    barrier(at.shared, at.team)
    return loss


@jit
def run_epochs(args, lo, at, i, careful):
    """All epochs: the network's status after them, SUSPECT where they must be run carefully."""
    epochs, stopping, data = args.epochs, args.stopping, args.validation
    everyone = args.networks[:0]
    best, best_epoch = stopping.best[i], stopping.best_epoch[i]
    done, status = 0, RUNNING
    scored = data.weights.size > 0
    for e in range(epochs.count):
        loss, finite = run_epoch(args, lo, at, i, e, careful)
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
        if scored and stop and not keep:
            watched = validation_loss(args.net, data, lo, at, everyone)
        if at.member == 0 and (keep or stop):
            write(stopping, i, epochs.column[e], loss, watched)
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


@jit
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
    """Train all networks: a team one after the other, a thread alone those that are next."""
    args, lo, at = borrow(args), borrow(lo), borrow(at)
    k = 0 if at.team > 1 else fetch_add(at.shared, NEXT, 1)
    while k < args.networks.size:
        train_network(args, lo, at, args.networks[k])
        k = k + 1 if at.team > 1 else fetch_add(at.shared, NEXT, 1)


# --- gradients and predictions --------------------------------------------------------------------


@jit
def gradients(args, lo, at, results):
    """Losses, and gradients (n, P), of networks on all samples as one batch."""
    args, lo, at = borrow(args), borrow(lo), borrow(at)
    net, order = args.net, args.epochs.order[0]
    k = fetch_add(at.shared, NEXT, 1)
    while k < args.networks.size:
        i = args.networks[k]
        load(net, args.memory, lo, at, i)
        args.stopping.losses[i, 0], _ = batch_gradient(
            net, args.samples, args.dropout, lo, at, i, order, 0, order.size, 0
        )
        unpack(net, lo, at.w, at.common + lo.gradient, results[i])
        k = fetch_add(at.shared, NEXT, 1)


@jit
def predict(net, inputs, memory, networks, lo, at, link, results):
    """Predictions (n, samples, outputs) of networks for all inputs."""
    net, memory, lo, at = borrow(net), borrow(memory), borrow(lo), borrow(at)
    rows = inputs.shape[0]
    k = fetch_add(at.shared, NEXT, 1)
    while k < networks.size:
        i = networks[k]
        load(net, memory, lo, at, i)
        for start in range(0, rows, CHUNK):
            size = min(CHUNK, rows - start)
            gather(lo, at, inputs, networks[:0], start, size, net.bias)
            forward(net, lo, at, size)
            write_predictions(net, lo, at, link, results[i], start, size)
        k = fetch_add(at.shared, NEXT, 1)


@jit
def write_predictions(net, lo, at, link, result, start, rows):
    w, outputs, stride = at.w, net.layers[-1], lo.strides[-1]
    z, block = at.private + lo.values[-1], at.private + lo.loss
    for r in range(rows):
        for o in range(outputs):
            w[block + o * rows + r] = w[z + r * stride + o]
    if link:
        scratch = block + 2 * outputs * rows
        invoke(link, w, block, block, block, block, scratch, outputs, rows, 0.0)
    for r in range(rows):
        for o in range(outputs):
            result[start + r, o] = w[block + o * rows + r]
