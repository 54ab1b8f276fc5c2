"""Tiny networks side by side: each number of a network is a lane of one or more vectors.

Every product below is of vectors; what belongs to no network alone, the inputs, is broadcast.
Networks of a group share their samples; a lane never looks at another, so a network's bits do not
depend on who is beside it, nor on how many are. The tiniest share more than one vector: their
products are so short that calling them would take longer.
"""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

import numpy as np

from ..task import DIVERGED, NEVER, RUNNING, STOPPED, Network
from .arguments import own_row
from .compile import inline, internal, jit
from .dropout import layer_key, mask
from .functions import REPEAT, SCRATCH
from .online import SAMPLE, STEPS, add_sample, take_steps
from .scalars import clip_factor
from .simd import (
    ADD,
    BROADCAST,
    LANES,
    SCALE,
    SET,
    VECTOR,
    add_to,
    call_multiply,
    fetch_add,
    invoke,
    spread,
)
from .stopping import finish, forget, judge, write
from .threads import NEXT
from .workspace import Places

MOST_LANES = 8 * LANES
GROUP_NUMBERS = 2048  # parameters of a group of more than LANES networks: they stay in L1
LEAST_CHUNK, CHUNK = 8, 32  # samples that go forward and back together
CHUNK_NUMBERS = 20_000  # about so many values and slopes of a chunk stay near
IDLE, SUSPECT = -1, 3  # lanes that are no longer, or not yet, what they will be


class Layout(NamedTuple):
    """Where things lie in a thread's workspace."""

    chunk: int  # rows that go forward and back together
    values: np.ndarray  # (layers + 1,) inputs (rows, d), then vectors (unit, row) of each layer
    slopes: np.ndarray  # (layers + 1,) slopes, then deltas, of hidden layers
    samples: int  # those that wait for online steps, and the slope below 0
    sums: int  # losses of single samples
    loss: int  # targets (outputs, row), then scale, loss and its scratch
    coefficients: int  # (6, REPEAT)
    weights: np.ndarray  # (layers + 1,) vectors (input, output) of each layer
    moments: np.ndarray  # (2,)
    gradient: int
    snapshot: int
    size: int


def layout(network: Network, lanes: int) -> Layout:
    """Layout for groups of so many networks of an architecture."""
    widths, bias = network.layers, int(network.bias)
    parameters = network.n_parameters
    near = CHUNK_NUMBERS // (2 * lanes * sum(widths[1:]))
    chunk = max(LEAST_CHUNK, min(CHUNK, near))
    place = Places()
    inputs = place(chunk * (widths[0] + bias))
    values = [inputs] + [place(chunk * lanes * (width + bias)) for width in widths[1:]]
    slopes = [place(chunk * lanes * (width + bias)) for width in widths]
    samples, sums = place(STEPS * SAMPLE + 1), place(lanes)
    loss = place(chunk * lanes * (2 * widths[-1] + 2 + SCRATCH))
    coefficients = place(6 * REPEAT)
    weights = [place((a + bias) * b * lanes) for a, b in pairwise(widths)]
    return Layout(
        chunk=chunk,
        values=np.array(values),
        slopes=np.array(slopes),
        samples=samples,
        sums=sums,
        loss=loss,
        coefficients=coefficients,
        weights=np.array([*weights, place.end]),
        moments=np.array([place(parameters * lanes), place(parameters * lanes)]),
        gradient=place(parameters * lanes),
        snapshot=place(parameters * lanes),
        size=place.end,
    )


def group_size(network: Network, networks: int) -> int:
    """Networks side by side: LANES, or more of the tiniest where there are enough."""
    lanes = MOST_LANES
    while lanes > LANES and (
        network.n_parameters * lanes > GROUP_NUMBERS or lanes // 2 >= networks
    ):
        lanes //= 2
    return lanes


class Place(NamedTuple):
    """A thread's workspace."""

    w: np.ndarray  # numbers of the networks' dtype
    f: np.ndarray  # (F_ROWS, lanes) float64, rows as below
    who: np.ndarray  # (WHO_ROWS, lanes) int64, rows as below
    shared: np.ndarray  # counters of all threads
    lanes: int  # networks side by side


# Rows of f: the optimiser's inputs (6), powers (2) and results (6), then what a lane has reached.
POWERS, RESULTS, LOSS, TOTAL, BEST, WATCHED = 6, 8, 14, 15, 16, 17
L1, L2, CLIP, SQUARE, POISON, PENALTY, F_ROWS = 18, 19, 20, 21, 22, 23, 24
# Rows of who: a lane's network, its status, best epoch, and whether it stops now.
NETWORK, STATUS, BEST_EPOCH, STOPS, WHO_ROWS = 0, 1, 2, 3, 4


# --- forward and back, for a chunk of samples -----------------------------------------------------


@inline
def gather(net, lo, at, inputs, targets, order, start, rows):
    """Copy samples, with a 1 behind each where there are biases, and spread targets over lanes."""
    w, count, outputs = at.w, net.layers[0], net.layers[-1]
    stride = count + net.bias
    labels = targets.shape[1] < outputs
    for r in range(rows):
        row = order[start + r] if order.size else start + r
        here, sample = w[lo.values[0] + r * stride :][:stride], inputs[row]
        for k in range(count):
            here[k] = sample[k]
        if net.bias:
            here[count] = 1
        for o in range(outputs):
            hit = w.dtype.type(1 if targets[row, 0] == o else 0)
            target = hit if labels else targets[row, o]
            fill(at, lo.loss + (o * rows + r) * at.lanes, target)


@inline
def fill(at, place, value):
    """Set all lanes to one number."""
    for first in range(place, place + at.lanes, LANES):
        spread(at.w, first, value)


@inline
def forward_layer(net, lo, at, rows, layer):
    """Values of a layer; slopes too of a hidden one."""
    w, outputs = at.w, net.layers[layer + 1]
    depth, below = net.layers[layer] + net.bias, lo.values[layer]
    z, size = lo.values[layer + 1], outputs * rows * at.lanes
    left, a_r, a_k = VECTOR, at.lanes, rows * at.lanes
    if layer == 0:
        left, a_r, a_k = BROADCAST, depth, 1
    call_multiply(
        net.multiply, left, w, rows, outputs, depth,
        z, at.lanes, rows * at.lanes,
        below, a_r, a_k,
        lo.weights[layer], outputs * at.lanes, at.lanes,
        SET, at.lanes // LANES,
    )  # fmt: skip
    if layer < net.activations.size:
        invoke(net.activations[layer], w, z, lo.slopes[layer + 1], z, z, z, size, 0, 0.0)
        if net.bias:
            for r in range(rows):
                fill(at, z + size + r * at.lanes, w.dtype.type(1))


@internal
def drop_out(net, dropout, lo, at, layer, step, position, rows):
    """Multiply hidden values and slopes with the mask of a step, from ``position`` on."""
    width = net.layers[layer]
    for lane in range(at.lanes):
        i = at.who[NETWORK, lane]
        p = dropout.p[own_row(dropout.p, i), layer - 1]
        key = layer_key(dropout.keys[own_row(dropout.keys, i)], step, layer - 1)
        for k in range(width):
            for r in range(rows):
                factor = mask(key, (position + r) * width + k, p)
                place = (k * rows + r) * at.lanes + lane
                at.w[lo.values[layer] + place] *= factor
                at.w[lo.slopes[layer] + place] *= factor


@inline
def score(net, lo, at, weights, order, start, rows, share):
    """Add losses of a chunk to the lanes' LOSS; outputs become their slopes."""
    w, z = at.w, lo.values[-1]
    scale = lo.loss + net.layers[-1] * rows * at.lanes
    loss = scale + rows * at.lanes
    for r in range(rows):
        row = order[start + r] if order.size else start + r
        fill(at, scale + r * at.lanes, w.dtype.type(weights[row] * share))
    invoke(
        net.loss, w, z, lo.loss, scale, loss, loss + rows * at.lanes,
        net.layers[-1], rows * at.lanes, net.loss_parameter,
    )  # fmt: skip
    for r in range(rows):
        for lane in range(0, at.lanes, LANES):
            add_to(at.f, LOSS * at.lanes + lane, w, loss + r * at.lanes + lane)


@inline
def backward(net, lo, at, rows, add):
    """Gradient of a chunk from the slopes of its outputs, set or added."""
    w, delta, along = at.w, lo.values[-1], rows * at.lanes
    begin = lo.weights[0]
    for layer in range(net.layers.size - 2, -1, -1):
        outputs, depth = net.layers[layer + 1], net.layers[layer] + net.bias
        left, a_r, a_k = VECTOR, along, at.lanes
        if layer == 0:
            left, a_r, a_k = BROADCAST, 1, depth
        call_multiply(
            net.multiply, left, w, depth, outputs, rows,
            lo.gradient + lo.weights[layer] - begin, outputs * at.lanes, at.lanes,
            lo.values[layer], a_r, a_k,
            delta, at.lanes, along,
            ADD if add else SET, at.lanes // LANES,
        )  # fmt: skip
        if layer > 0:
            call_multiply(
                net.multiply, VECTOR, w, rows, net.layers[layer], outputs,
                lo.slopes[layer], at.lanes, along,
                delta, at.lanes, along,
                lo.weights[layer], at.lanes, outputs * at.lanes,
                SCALE, at.lanes // LANES,
            )  # fmt: skip
            delta = lo.slopes[layer]


@internal
def batch_gradient(net, samples, dropout, lo, at, order, start, rows, step):
    """Losses of a batch go to the lanes' LOSS, its gradient to its place; returns its weight."""
    weight = 0.0
    for r in range(start, start + rows):
        weight += samples.weights[order[r]]
    share = net.output_share / weight if weight > 0 else 0.0
    at.f[LOSS] = 0.0
    for position in range(0, rows, lo.chunk):
        size = min(lo.chunk, rows - position)
        gather(net, lo, at, samples.inputs, samples.targets, order, start + position, size)
        for layer in range(net.layers.size - 1):
            forward_layer(net, lo, at, size, layer)
            if dropout.p.shape[1] and layer < net.activations.size:
                drop_out(net, dropout, lo, at, layer + 1, step, position, size)
        score(net, lo, at, samples.weights, order, start + position, size, share)
        backward(net, lo, at, size, position > 0)
    return weight


@inline
def watch(at, row):
    """Let the lanes' WATCHED be another row of f."""
    for lane in range(at.lanes):
        at.f[WATCHED, lane] = at.f[row, lane]


@internal
def validation_losses(net, data, lo, at, everyone):
    """Mean losses on the validation samples, to the lanes' WATCHED."""
    rows, weight = data.weights.size, 0.0
    for r in range(rows):
        weight += data.weights[r]
    share = net.output_share / weight if weight > 0 else 0.0
    at.f[LOSS] = 0.0
    for start in range(0, rows, lo.chunk):
        size = min(lo.chunk, rows - start)
        gather(net, lo, at, data.inputs, data.targets, everyone, start, size)
        for layer in range(net.layers.size - 1):
            forward_layer(net, lo, at, size, layer)
        score(net, lo, at, data.weights, everyone, start, size, share)
    watch(at, LOSS)


# --- an update ------------------------------------------------------------------------------------


@internal
def prepare(optimizing, lo, at, e):
    """The optimisers' coefficients for the next step."""
    f = at.f
    epoch = e % optimizing.rates.shape[1]
    for lane in range(at.lanes):
        i = at.who[NETWORK, lane]
        f[0, lane] = optimizing.rates[own_row(optimizing.rates, i), epoch]
        i = own_row(optimizing.hyperparameters, i)
        for h in range(5):
            f[1 + h, lane] = optimizing.hyperparameters[i, h]
    invoke(
        optimizing.prepare,
        f.reshape(-1),
        0,
        POWERS * at.lanes,
        RESULTS * at.lanes,
        0,
        0,
        at.lanes,
        0,
        0.0,
    )
    for c in range(6):
        for place in range(0, REPEAT, at.lanes):
            vector = at.w[lo.coefficients + c * REPEAT + place :][: at.lanes]
            for lane in range(at.lanes):
                vector[lane] = f[RESULTS + c, lane]


@internal
def add_penalties(net, optimizing, lo, at, factor):
    """Add ``l1 |w| + l2 w**2 / 2`` of all weights, times a factor, to the lanes' PENALTY."""
    if optimizing.penalties.shape[1] == 0:
        return
    w, f = at.w, at.f
    for lane in range(at.lanes):
        i = own_row(optimizing.penalties, at.who[NETWORK, lane])
        f[L1, lane] = optimizing.penalties[i, 0] * factor
        f[L2, lane] = optimizing.penalties[i, 1] * factor * 0.5
    for layer in range(net.layers.size - 1):
        size = net.layers[layer] * net.layers[layer + 1] * at.lanes
        for q in range(lo.weights[layer], lo.weights[layer] + size, at.lanes):
            x = w[q:][: at.lanes]
            for lane in range(at.lanes):
                f[PENALTY, lane] += f[L1, lane] * abs(x[lane]) + f[L2, lane] * x[lane] * x[lane]


@internal
def penalise(net, optimizing, lo, at, share):
    """Add the penalties' slopes, times ``share``, to the gradient, and clip it."""
    w, begin, f = at.w, lo.weights[0], at.f
    clips = False
    for lane in range(at.lanes):
        i = own_row(optimizing.penalties, at.who[NETWORK, lane])
        f[L1, lane], f[L2, lane], f[CLIP, lane] = optimizing.penalties[i]
        f[L1, lane] *= share
        f[L2, lane] *= share
        clips = clips or f[CLIP, lane] < np.inf
    for layer in range(net.layers.size - 1):
        size = net.layers[layer] * net.layers[layer + 1] * at.lanes
        for q in range(lo.weights[layer], lo.weights[layer] + size, at.lanes):
            x, g = w[q:][: at.lanes], w[lo.gradient - begin + q :][: at.lanes]
            for lane in range(at.lanes):
                sign = (1.0 if x[lane] > 0 else 0.0) - (1.0 if x[lane] < 0 else 0.0)
                g[lane] += f[L1, lane] * sign + f[L2, lane] * x[lane]
    if clips:
        clip(lo, at)


@internal
def clip(lo, at):
    """Shorten the gradients that are too long."""
    w, f = at.w, at.f
    begin, end = lo.gradient, lo.gradient + lo.weights[-1] - lo.weights[0]
    f[SQUARE] = 0.0
    for q in range(begin, end, at.lanes):
        g = w[q:][: at.lanes]
        for lane in range(at.lanes):
            f[SQUARE, lane] += np.float64(g[lane]) * np.float64(g[lane])
    for lane in range(at.lanes):
        f[SQUARE, lane] = clip_factor(f[SQUARE, lane], f[CLIP, lane])
    for q in range(begin, end, at.lanes):
        g = w[q:][: at.lanes]
        for lane in range(at.lanes):
            g[lane] *= f[SQUARE, lane]


@internal
def update(net, optimizing, lo, at, share):
    """Move all parameters; penalties count ``share``."""
    if optimizing.penalties.shape[1]:
        penalise(net, optimizing, lo, at, share)
    begin, moments = lo.weights[0], lo.moments
    invoke(
        optimizing.update, at.w, begin, lo.gradient, moments[0], moments[1], lo.coefficients,
        lo.weights[-1] - begin, 0, 0.0,
    )  # fmt: skip


# --- a group --------------------------------------------------------------------------------------


@inline
def put(at, place, lane, row):
    """Bring a network's row of numbers into its lane of the vectors at a place."""
    there, lanes = np.uint64(place + lane), np.uint64(at.lanes)  # unsigned: none is from the end
    for q in range(row.size):
        at.w[there] = row[q]
        there += lanes


@inline
def take(at, place, lane, row):
    """Take a network's row of numbers out of its lane."""
    there, lanes = np.uint64(place + lane), np.uint64(at.lanes)
    for q in range(row.size):
        row[q] = at.w[there]
        there += lanes


@internal
def load(net, memory, lo, at):
    """Bring the lanes' networks and their optimisers' memory into the workspace."""
    for lane in range(at.lanes):
        i = at.who[NETWORK, lane]
        put(at, lo.weights[0], lane, memory.parameters[i])
        for s in range(memory.moments.shape[1]):
            put(at, lo.moments[s], lane, memory.moments[i, s])
        if memory.powers.shape[1]:
            at.f[POWERS, lane], at.f[POWERS + 1, lane] = memory.powers[i, 0], memory.powers[i, 1]


@inline
def end_lane(args, lo, at, lane, done):
    """Take a lane's network out of the workspace; its status after whole epochs is its end."""
    i, memory = at.who[NETWORK, lane], args.memory
    take(at, lo.weights[0], lane, memory.parameters[i])
    for s in range(memory.moments.shape[1]):
        take(at, lo.moments[s], lane, memory.moments[i, s])
    if memory.powers.shape[1]:
        memory.powers[i, 0], memory.powers[i, 1] = at.f[POWERS, lane], at.f[POWERS + 1, lane]
    best, best_epoch = at.f[BEST, lane], at.who[BEST_EPOCH, lane]
    finish(args.stopping, i, done, at.who[STATUS, lane], best, best_epoch)
    at.who[STATUS, lane] = IDLE


@inline
def find_poison(lo, at):
    """Let the lanes' POISON be 0 where all parameters are finite, and NaN where one is not."""
    poison = at.f[POISON]
    for lane in range(at.lanes):
        poison[lane] = 0.0
    for q in range(lo.weights[0], lo.weights[-1], at.lanes):
        x = at.w[q : q + at.lanes]
        for lane in range(at.lanes):
            poison[lane] += x[lane] * 0.0


@internal
def keep_best(memory, lo, at, epoch):
    """Copy the parameters of the lanes whose best epoch this is, as far as anybody wants them.

    Those that are not finite are left out: their lane is run again, and does not come so far. Nor
    is a lane taken that runs along for nobody, since its network is elsewhere, or has ended.
    """
    if memory.best_parameters.size == 0:
        return
    find_poison(lo, at)
    for lane in range(at.lanes):
        best = at.who[STATUS, lane] == RUNNING and at.who[BEST_EPOCH, lane] == epoch
        if best and at.f[POISON, lane] == 0.0:
            take(at, lo.weights[0], lane, memory.best_parameters[at.who[NETWORK, lane]])


@internal
def check_update(args, lo, at, done):
    """Lanes whose loss or parameters are not finite go back to the snapshot, and end."""
    find_poison(lo, at)
    for lane in range(at.lanes):
        if at.who[STATUS, lane] != RUNNING:
            continue
        if np.isfinite(at.f[LOSS, lane]) and at.f[POISON, lane] == 0.0:
            continue
        for q in range(lane, lo.weights[-1] - lo.weights[0], at.lanes):
            at.w[lo.weights[0] + q] = at.w[lo.snapshot + q]
        diverge(args, lo, at, lane, done)


@internal
def check_epoch(args, lo, at, done):
    """Lanes end whose steps were all finite but whose epoch's loss, their sum, is not."""
    for lane in range(at.lanes):
        if at.who[STATUS, lane] == RUNNING and not np.isfinite(at.f[TOTAL, lane]):
            diverge(args, lo, at, lane, done)


@internal
def diverge(args, lo, at, lane, done):
    """End a lane whose network diverged after so many whole epochs."""
    at.who[STATUS, lane] = DIVERGED
    end_lane(args, lo, at, lane, done)
    forget(args.stopping, args.epochs, at.who[NETWORK, lane], done)


@inline
def rows_of(epochs, at):
    """Where the rows of a group's fold begin and end in an epoch's order."""
    fold = epochs.fold[own_row(epochs.fold, at.who[NETWORK, 0])]
    return epochs.fold_start[fold], epochs.fold_start[fold + 1]


@inline
def add_single(lo, at, weight):
    """Add up the losses of single samples as :mod:`online` does: one may train either way."""
    number = at.w.dtype.type
    loss, sums = at.f[LOSS], at.w[lo.sums : lo.sums + at.lanes]
    for lane in range(at.lanes):
        sums[lane] += number(loss[lane]) * number(weight)


@inline
def collect(lo, at, factor):
    """Bring the losses of single samples to TOTAL, all times ``factor``."""
    total, sums = at.f[TOTAL], at.w[lo.sums : lo.sums + at.lanes]
    for lane in range(at.lanes):
        total[lane] = (total[lane] + sums[lane]) * factor
        sums[lane] = 0


@inline
def run_epoch(args, lo, at, e, careful):
    """One epoch: means of its batches' losses and penalties go to the lanes' TOTAL and PENALTY.

    What TOTAL was does not count, except that it stays NaN where it was not finite.
    """
    epochs, optimizing = args.epochs, args.optimizing
    first, last = rows_of(epochs, at)
    order = epochs.order[e % epochs.order.shape[0]][first:last]
    steps = -(-order.size // epochs.batch_size)
    if not optimizing.stepwise and (e == 0 or optimizing.rates.shape[1] > 1):
        prepare(optimizing, lo, at, e)
    total, loss, weights, share = at.f[TOTAL], at.f[LOSS], 0.0, 1.0
    at.f[PENALTY] = 0.0
    for lane in range(at.lanes):
        total[lane] *= 0.0
    for b in range(steps):
        start = b * epochs.batch_size
        rows = min(epochs.batch_size, order.size - start)
        step = (epochs.first + e) * steps + b
        weight = batch_gradient(
            args.net, args.samples, args.dropout, lo, at, order, start, rows, step
        )
        if epochs.summed:
            share = 1.0 / weight if weight > 0 else 0.0
            weight = float(rows)
            add_penalties(args.net, optimizing, lo, at, share * weight)
        if optimizing.stepwise:
            prepare(optimizing, lo, at, e)
        if careful:
            for q in range(lo.weights[-1] - lo.weights[0]):
                at.w[lo.snapshot + q] = at.w[lo.weights[0] + q]
        update(args.net, optimizing, lo, at, share)
        if careful:
            check_update(args, lo, at, e)
        weights += weight
        if epochs.batch_size == 1 and not epochs.summed:
            add_single(lo, at, weight)
            if (b + 1) % STEPS == 0 or b == steps - 1:
                collect(lo, at, 1.0)
            continue
        for lane in range(at.lanes):
            total[lane] += loss[lane] * weight
    share = 1.0 / weights if weights > 0 else 0.0
    for lane in range(at.lanes):
        total[lane] *= share
        at.f[PENALTY, lane] *= share
    if careful:
        check_epoch(args, lo, at, e)


@inline
def run_online_epoch(args, lo, at, e, closes, waiting):
    """As :func:`run_epoch`, by online steps; of an epoch that nothing closes, they may wait.

    Returns how many steps wait.
    """
    first, last = rows_of(args.epochs, at)
    order = args.epochs.order[e % args.epochs.order.shape[0]][first:last]
    prepares = e == 0 or args.optimizing.rates.shape[1] > 1
    if waiting > 0 and (closes or prepares):
        take_steps(args.online, lo, at, waiting)
        waiting = 0
    if prepares:
        prepare(args.optimizing, lo, at, e)
    if closes:
        collect(lo, at, 0.0)
    weights = 0.0
    for b in range(order.size):
        add_sample(args.online, args.samples, at.w, lo.samples + waiting * SAMPLE, order[b])
        weights += args.samples.weights[order[b]]
        waiting += 1
        if waiting == STEPS or (closes and b == order.size - 1):
            take_steps(args.online, lo, at, waiting)
            waiting = 0
            if closes:
                collect(lo, at, 1.0)
    if closes:
        share = 1.0 / weights if weights > 0 else 0.0
        collect(lo, at, share)
    return waiting


@internal
def watches(stopping, at):
    """Whether any lane may stop before the last epoch."""
    for lane in range(at.lanes):
        i = at.who[NETWORK, lane]
        if stopping.tol[own_row(stopping.tol, i)] > -np.inf:
            return True
        if stopping.patience[own_row(stopping.patience, i)] < NEVER:
            return True
    return False


@internal
def judge_lanes(stopping, at, epoch, fresh):
    """Which lanes stop, and which turn out not finite; says whether any stops."""
    any_stops = False
    for lane in range(at.lanes):
        at.who[STOPS, lane] = 0
        if at.who[STATUS, lane] != RUNNING:
            continue
        i, loss = at.who[NETWORK, lane], at.f[TOTAL, lane]
        if not np.isfinite(loss):
            at.who[STATUS, lane] = SUSPECT
            continue
        stop, at.f[BEST, lane], at.who[BEST_EPOCH, lane] = judge(
            stopping,
            i,
            epoch,
            fresh,
            loss,
            at.f[WATCHED, lane],
            at.f[BEST, lane],
            at.who[BEST_EPOCH, lane],
        )
        if stop:
            at.who[STOPS, lane] = 1
            any_stops = True
    return any_stops


@inline
def run_epochs(args, lo, at, careful):
    """All epochs of a group. Lanes end as they stop; those left SUSPECT must be run carefully."""
    epochs, data, everyone = args.epochs, args.validation, args.networks[:0]
    scored = data.weights.size > 0
    if args.stopping.best.size:
        for lane in range(at.lanes):
            i = at.who[NETWORK, lane]
            at.f[BEST, lane] = args.stopping.best[i]
            at.who[BEST_EPOCH, lane] = args.stopping.best_epoch[i]
    watched = watches(args.stopping, at)
    at.f[TOTAL], waiting = 0.0, 0
    at.w[lo.samples + STEPS * SAMPLE] = args.online.below
    for e in range(epochs.epochs):
        keep, last = epochs.record[e], e == epochs.epochs - 1
        closes = watched or keep or last
        if args.online.steps != 0 and not careful:
            waiting = run_online_epoch(args, lo, at, e, closes, waiting)
        else:
            run_epoch(args, lo, at, e, careful)
        if not closes:
            continue
        if not scored:
            watch(at, TOTAL)
        elif keep:
            validation_losses(args.net, data, lo, at, everyone)
        any_stops = judge_lanes(args.stopping, at, epochs.first + e, keep or not scored)
        keep_best(args.memory, lo, at, epochs.first + e)
        if scored and any_stops and not keep:
            validation_losses(args.net, data, lo, at, everyone)
        if (keep or any_stops or last) and not close_epoch(args, lo, at, e, last):
            break


@internal
def close_epoch(args, lo, at, e, last):
    """Keep losses and end the lanes that stop, all at the last epoch; says whether any goes on."""
    find_poison(lo, at)
    going = False
    for lane in range(at.lanes):
        if at.who[STATUS, lane] != RUNNING:
            continue
        i, stops = at.who[NETWORK, lane], at.who[STOPS, lane]
        if args.epochs.record[e] or stops:
            write(
                args.stopping,
                i,
                args.epochs.column[e],
                at.f[TOTAL, lane],
                at.f[WATCHED, lane],
                at.f[PENALTY, lane],
            )
        if not (stops or last):
            going = True
        elif at.f[POISON, lane] != 0.0:
            at.who[STATUS, lane] = SUSPECT
        else:
            at.who[STATUS, lane] = STOPPED if stops else RUNNING
            end_lane(args, lo, at, lane, e + 1)
    return going


@internal
def enter(at, networks, first, last):
    """Give the lanes their networks; those that are none's run along with the first's."""
    for lane in range(at.lanes):
        there = first + lane < last
        at.who[NETWORK, lane] = networks[first + lane if there else first]
        at.who[STATUS, lane] = RUNNING if there else IDLE


@jit
def train(args, lo, at, groups):
    """Train the groups that are next until none is left; a group ends where the next begins."""
    k = fetch_add(at.shared, NEXT, 1)
    while k < groups.size - 1:
        enter(at, args.networks, groups[k], groups[k + 1])
        for careful in (False, True):
            load(args.net, args.memory, lo, at)
            run_epochs(args, lo, at, careful)
            suspects = 0
            for lane in range(at.lanes):
                if at.who[STATUS, lane] == SUSPECT:
                    at.who[STATUS, lane] = RUNNING
                    suspects += 1
                else:
                    at.who[STATUS, lane] = IDLE
            if suspects == 0:
                break
        k = fetch_add(at.shared, NEXT, 1)


@jit
def gradients(args, lo, at, groups, results):
    """Losses, and gradients (n, P), of networks on all samples as one batch."""
    net, order = args.net, args.epochs.order[0]
    k = fetch_add(at.shared, NEXT, 1)
    while k < groups.size - 1:
        enter(at, args.networks, groups[k], groups[k + 1])
        load(net, args.memory, lo, at)
        batch_gradient(net, args.samples, args.dropout, lo, at, order, 0, order.size, 0)
        for lane in range(at.lanes):
            if at.who[STATUS, lane] == RUNNING:
                i = at.who[NETWORK, lane]
                args.stopping.losses[i, 0] = at.f[LOSS, lane]
                for q in range(net.starts[-1]):
                    results[i, q] = at.w[lo.gradient + q * at.lanes + lane]
        k = fetch_add(at.shared, NEXT, 1)
