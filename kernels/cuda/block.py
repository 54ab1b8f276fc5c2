"""A block of threads trains one network: weights, gradient and values lie in its shared memory.

Whole epochs are one launch. A batch goes through in chunks of rows; each of its products is cut
into tiles, one a thread. Where shared memory is short, the optimiser's moments leave it first, then
the gradient; the weights stay.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from itertools import pairwise
from math import inf, isfinite, sqrt
from typing import Any, NamedTuple

import numpy as np
from numba import cuda

from ..math import OPTIMIZERS
from ..task import DIVERGED, RUNNING, STOPPED, Network, Samples
from . import device, functions, tile
from .arguments import (
    Dropout,
    arguments,
    column_of,
    data,
    handed,
    is_recorded,
    net,
    nothing,
    own_row,
    whole_numbers,
)
from .compile import device_function, kernel, launch
from .functions import Functions
from .resident import OnGpu
from .scalars import dropout_key, mask
from .stopping import finish, judge, write
from .tile import SUMS

# The simulator's threads are Python's: a few show what there is to show. Not tuned on a GPU yet.
WARP, MOST_THREADS = (1, 4) if device.simulated() else (32, 256)
BLOCKS = 2  # on a multiprocessor, which leaves 128 registers a thread; a few are spilled
FEWEST_ROWS, MOST_ROWS = 16, 64  # of a chunk
MOST_PIECES = 64  # into which the samples of one network's predictions are cut
NUMBERS = 8  # powers and coefficients of a step


# --- where everything lies ------------------------------------------------------------------------


class Layout(NamedTuple):
    """Where numbers begin in the block's shared memory, which begins with the weights.

    ``values[l]`` are a chunk's values that go into layer l, then the last layer's; ``deltas[l]``
    the loss's slopes by what went into their activations. A sample's lie side by side,
    ``strides[l]`` from the next sample's; an odd stride keeps threads out of each other's banks.
    """

    rows: int
    gradient: int
    moments: int
    values: Any
    deltas: Any
    strides: Any


class Plan(NamedTuple):
    """How a block works: what it holds in shared memory, and its size."""

    layout: Layout
    gradient_shared: bool
    moments_shared: bool
    threads: int
    shared_memory: int


def refusal(network: Network, rule: str, dtype: str, limits: device.Properties) -> str:
    """Why a block cannot train such a network; empty where it can."""
    numbers = network.n_parameters + FEWEST_ROWS * _row_size(network)
    needed, there = numbers * np.dtype(dtype).itemsize, _available(limits)
    if needed <= there:
        return ""
    return (
        f"{network.n_parameters} weights and {FEWEST_ROWS} samples' values take "
        f"{needed >> 10} KiB, and a block has {there >> 10} KiB of shared memory"
    )


def _available(limits: device.Properties) -> int:
    static = (MOST_THREADS + NUMBERS) * np.dtype(np.float64).itemsize
    return limits.shared_memory_per_block_optin - static


def _strides(network: Network) -> list[int]:
    *inner, outputs = network.layers
    return [(width + network.bias) | 1 for width in inner] + [outputs | 1]


def _row_size(network: Network) -> int:
    """Numbers that a sample needs: every layer's values, and slopes of the hidden ones."""
    strides = _strides(network)
    return sum(strides) + sum(strides[1:-1])


def plan(network: Network, states: int, dtype: Any, batch: int) -> Plan:
    """The layout for batches of so many samples."""
    itemsize = np.dtype(dtype).itemsize
    there = _available(device.properties()) // itemsize
    size, row = network.n_parameters, _row_size(network)
    rows = 0
    for gradient_shared, moments_shared in ((True, True), (True, False), (False, False)):
        fixed = size * (1 + gradient_shared + moments_shared * states)
        rows = min((there - fixed) // row, batch, MOST_ROWS)
        if rows >= min(batch, FEWEST_ROWS):
            break
    return Plan(
        layout=_layout(network, rows, size, size * (1 + gradient_shared), fixed),
        gradient_shared=gradient_shared,
        moments_shared=moments_shared,
        threads=_threads(network, rows),
        shared_memory=(fixed + rows * row) * itemsize,
    )


def _layout(network: Network, rows: int, gradient: int, moments: int, start: int) -> Layout:
    strides = _strides(network)
    values, deltas = [], []
    for layer, stride in enumerate(strides):
        values.append(start)
        start += rows * stride
        hidden = 0 < layer < len(strides) - 1
        deltas.append(start if hidden else values[-1])
        start += rows * stride * hidden
    return Layout(rows, gradient, moments, *map(whole_numbers, (values, deltas, strides)))


def _threads(network: Network, rows: int) -> int:
    """Threads enough for the largest product's tiles."""

    def tiles(size: int, columns: int) -> int:
        return -(-size // tile.ROWS) * -(-columns // tile.COLUMNS)

    most = max(
        max(tiles(rows, d_out), tiles(d_in + 1, d_out), tiles(d_in, rows))
        for d_in, d_out in pairwise(network.layers)
    )
    return min(-(-most // WARP) * WARP, MOST_THREADS)


# --- what threads do together ---------------------------------------------------------------------


@device_function
def add_up(value, scratch):
    """Sum of all threads' values, the same bits for all of them."""
    t, width = cuda.threadIdx.x, cuda.blockDim.x
    scratch[t] = value
    cuda.syncthreads()
    while width > 1:
        half = (width + 1) // 2
        if t + half < width:
            scratch[t] += scratch[t + half]
        cuda.syncthreads()
        width = half
    total = scratch[0]
    cuda.syncthreads()
    return total


@device_function
def copy(target, source, size):
    """Copy so many numbers."""
    for q in range(cuda.threadIdx.x, size, cuda.blockDim.x):
        target[q] = source[q]


@device_function
def row_of(order, r):
    """The r-th row of an order, of which an empty one is that of the samples."""
    return order[r] if order.shape[0] > 0 else r


@device_function
def gather(data, lo, work, order, start, rows):
    """Inputs of some rows."""
    inputs = data.inputs.shape[1]
    for q in range(cuda.threadIdx.x, rows * inputs, cuda.blockDim.x):
        r, k = q // inputs, q % inputs
        work[lo.values[0] + r * lo.strides[0] + k] = data.inputs[row_of(order, start + r), k]


@device_function
def set_ones(net, lo, work):
    """Biases are weights of an input that is always 1."""
    if net.bias:
        for layer in range(net.layers.shape[0] - 1):
            for r in range(cuda.threadIdx.x, lo.rows, cuda.blockDim.x):
                at = lo.values[layer] + r * lo.strides[layer] + net.layers[layer]
                work[at] = work.dtype.type(1)


# --- forward --------------------------------------------------------------------------------------


@device_function
def forward_layer(net, lo, w, work, value, slope, dropout, i, layer, rows, step, position, drops):
    """A layer's values, and where there is an activation its slopes."""
    d_in, d_out = net.layers[layer], net.layers[layer + 1]
    stride, hidden = lo.strides[layer + 1], layer + 2 < net.layers.shape[0]
    kind = net.kinds[layer] if hidden else 0
    key, p = np.uint64(0), 0.0
    if drops and hidden:
        key = dropout_key(dropout.keys[own_row(dropout.keys, i)], step, layer)
        p = dropout.p[own_row(dropout.p, i), layer]
    across, down = tile.tiles(d_out, tile.COLUMNS), tile.tiles(rows, tile.ROWS)
    sums = cuda.local.array(SUMS, work.dtype)
    for t in range(cuda.threadIdx.x, across * down, cuda.blockDim.x):
        first, column = t // across, t % across
        tile.multiply(
            sums, work, lo.values[layer], lo.strides[layer], 1, first, rows,
            w, net.starts[layer], 1, d_out, column, d_out, d_in + net.bias,
        )  # fmt: skip
        for q in range(SUMS):
            r, o = first + q // tile.COLUMNS * down, column + q % tile.COLUMNS * across
            if r < rows and o < d_out:
                z = sums[q]
                if hidden:
                    a = work.dtype.type(value(kind, z))
                    d = work.dtype.type(slope(kind, z, a))
                    if drops:
                        kept = work.dtype.type(mask(key, (position + r) * d_out + o, p))
                        a, d = a * kept, d * kept
                    work[lo.deltas[layer + 1] + r * stride + o] = d
                    z = a
                work[lo.values[layer + 1] + r * stride + o] = z


@device_function
def forward(net, lo, w, work, value, slope, dropout, i, rows, step, position, drops):
    """All layers' values of a chunk whose inputs were gathered."""
    cuda.syncthreads()
    for layer in range(net.layers.shape[0] - 1):
        forward_layer(
            net, lo, w, work, value, slope, dropout, i, layer, rows, step, position, drops
        )
        cuda.syncthreads()


@device_function
def score(net, data, lo, work, row_loss, order, start, rows, share):
    """A thread's part of a chunk's weighted loss; last values become their slopes by it."""
    last = net.layers.shape[0] - 1
    number = work.dtype.type
    loss = 0.0
    for r in range(cuda.threadIdx.x, rows, cuda.blockDim.x):
        row = row_of(order, start + r)
        weight = np.float64(data.weights[row])
        own = row_loss(
            work, lo.values[last] + r * lo.strides[last], net.layers[last],
            data.targets, row * data.target_width, data.target_width,
            number(share * weight), number(net.loss_parameter),
        )  # fmt: skip
        loss += weight * np.float64(own)
    cuda.syncthreads()
    return loss


# --- backward -------------------------------------------------------------------------------------


@device_function
def gradient_layer(net, lo, g, work, layer, rows, adds):
    """A layer's gradient: values that went in, times slopes of what came out."""
    d_in, d_out = net.layers[layer] + net.bias, net.layers[layer + 1]
    across, down = tile.tiles(d_out, tile.COLUMNS), tile.tiles(d_in, tile.ROWS)
    sums = cuda.local.array(SUMS, work.dtype)
    for t in range(cuda.threadIdx.x, across * down, cuda.blockDim.x):
        first, column = t // across, t % across
        tile.multiply(
            sums, work, lo.values[layer], 1, lo.strides[layer], first, d_in,
            work, lo.deltas[layer + 1], 1, lo.strides[layer + 1], column, d_out, rows,
        )  # fmt: skip
        for q in range(SUMS):
            k, o = first + q // tile.COLUMNS * down, column + q % tile.COLUMNS * across
            if k < d_in and o < d_out:
                at = net.starts[layer] + k * d_out + o
                g[at] = g[at] + sums[q] if adds else sums[q]


@device_function
def delta_layer(net, lo, w, work, layer, rows):
    """Slopes by what went into a layer: weights times slopes of what came out."""
    d_in, d_out = net.layers[layer], net.layers[layer + 1]
    across, down = tile.tiles(rows, tile.COLUMNS), tile.tiles(d_in, tile.ROWS)
    sums = cuda.local.array(SUMS, work.dtype)
    for t in range(cuda.threadIdx.x, across * down, cuda.blockDim.x):
        first, column = t // across, t % across
        tile.multiply(
            sums, w, net.starts[layer], d_out, 1, first, d_in,
            work, lo.deltas[layer + 1], lo.strides[layer + 1], 1, column, rows, d_out,
        )  # fmt: skip
        for q in range(SUMS):
            k, r = first + q // tile.COLUMNS * down, column + q % tile.COLUMNS * across
            if k < d_in and r < rows:
                work[lo.deltas[layer] + r * lo.strides[layer] + k] *= sums[q]


@device_function
def batch_gradient(
    net, data, dropout, lo, w, g, work, value, slope, row_loss, i, order, start, count, step, total
):
    """A thread's part of a batch's loss times its weight; the gradient is in g."""
    share = net.output_share / total if total > 0.0 else 0.0
    loss = 0.0
    for position in range(0, count, lo.rows):
        rows = min(lo.rows, count - position)
        gather(data, lo, work, order, start + position, rows)
        forward(
            net, lo, w, work, value, slope, dropout, i, rows, step, position, dropout.p.shape[1] > 0
        )
        loss += score(net, data, lo, work, row_loss, order, start + position, rows, share)
        for back in range(net.layers.shape[0] - 1):
            layer = net.layers.shape[0] - 2 - back
            gradient_layer(net, lo, g, work, layer, rows, position > 0)
            if layer > 0:
                delta_layer(net, lo, w, work, layer, rows)
            cuda.syncthreads()
    return loss * net.output_share


# --- update ---------------------------------------------------------------------------------------


@device_function
def prepare(optimizing, coefficients, numbers, i, rate):
    """Powers and coefficients of the next step, by the first thread for all."""
    if cuda.threadIdx.x == 0:
        h = optimizing.hyperparameters[own_row(optimizing.hyperparameters, i)]
        power1, power2, c0, c1, c2, c3, c4, c5 = coefficients(
            rate, h[0], h[1], h[2], h[3], h[4], numbers[0], numbers[1]
        )
        numbers[0], numbers[1], numbers[2], numbers[3] = power1, power2, c0, c1
        numbers[4], numbers[5], numbers[6], numbers[7] = c2, c3, c4, c5


@device_function
def penalty_part(net, optimizing, w, i):
    """A thread's part of ``l1 |w| + l2 w**2 / 2``, added up over the weights."""
    row = optimizing.penalties[own_row(optimizing.penalties, i)]
    value = 0.0
    for layer in range(net.layers.shape[0] - 1):
        start = net.starts[layer]
        stop = start + net.layers[layer] * net.layers[layer + 1]
        for q in range(start + cuda.threadIdx.x, stop, cuda.blockDim.x):
            x = np.float64(w[q])
            value += row[0] * abs(x) + 0.5 * row[1] * x * x
    return value


@device_function
def penalise(net, optimizing, w, g, scratch, i, share):
    """Add the penalties' slopes, times ``share``, to the gradient.

    Returns what clipping multiplies it with.
    """
    number = w.dtype.type
    row = optimizing.penalties[own_row(optimizing.penalties, i)]
    l1, l2, longest = number(row[0] * share), number(row[1] * share), row[2]
    zero, one = number(0), number(1)
    for layer in range(net.layers.shape[0] - 1):
        start = net.starts[layer]
        stop = start + net.layers[layer] * net.layers[layer + 1]
        for q in range(start + cuda.threadIdx.x, stop, cuda.blockDim.x):
            sign = (one if w[q] > zero else zero) - (one if w[q] < zero else zero)
            g[q] += l1 * sign + l2 * w[q]
    cuda.syncthreads()
    if longest == inf:
        return one
    square = 0.0
    for q in range(cuda.threadIdx.x, net.starts[net.starts.shape[0] - 1], cuda.blockDim.x):
        square += np.float64(g[q]) * np.float64(g[q])
    factor = longest / (sqrt(add_up(square, scratch)) + 1e-6)
    return number(factor) if factor < 1.0 else one


@device_function
def move(w, g, m, numbers, update, states, size, factor):
    """Move the parameters, and keep the old ones in g; whether this thread's are all finite."""
    number = w.dtype.type
    c0, c1, c2 = number(numbers[2]), number(numbers[3]), number(numbers[4])
    c3, c4, c5 = number(numbers[5]), number(numbers[6]), number(numbers[7])
    sound = True
    for q in range(cuda.threadIdx.x, size, cuda.blockDim.x):
        old = w[q]
        moment = m[q] if states > 0 else number(0)
        second = m[size + q] if states > 1 else number(0)
        new, moment, second = update(old, factor * g[q], moment, second, c0, c1, c2, c3, c4, c5)
        w[q], g[q] = new, old
        if states > 0:
            m[q] = moment
        if states > 1:
            m[size + q] = second
        sound = sound and isfinite(w[q])
    return sound


# --- epochs ---------------------------------------------------------------------------------------


@device_function
def run_epoch(args, lo, places, value, slope, row_loss, update, coefficients, states, i, e):
    """One epoch: means of its batches' losses and penalties, and whether all was finite.

    Where something is not, the parameters are those before that step.
    """
    w, g, m, work, numbers, scratch = places
    net, epochs, optimizing = args.net, args.epochs, args.optimizing
    fold = epochs.fold[own_row(epochs.fold, i)]
    order = epochs.order[e % epochs.order.shape[0]]
    order = order[epochs.fold_start[fold] : epochs.fold_start[fold + 1]]
    rate = optimizing.rates[
        own_row(optimizing.rates, i), (epochs.first + e) % optimizing.rates.shape[1]
    ]
    totals = epochs.totals[e % epochs.totals.shape[0]]
    size, steps = net.starts[net.starts.shape[0] - 1], tile.tiles(order.shape[0], epochs.batch_size)
    loss, penalty, weights = 0.0, 0.0, 0.0
    for b in range(steps):
        start = b * epochs.batch_size
        rows = min(epochs.batch_size, order.shape[0] - start)
        total = totals[epochs.first_batch[fold] + b]
        prepare(optimizing, coefficients, numbers, i, rate)
        own = batch_gradient(
            net, args.samples, args.dropout, lo, w, g, work, value, slope, row_loss, i, order,
            start, rows, (epochs.first + e) * steps + b, total,
        )  # fmt: skip
        factor, share, scale, count = w.dtype.type(1), 1.0, 1.0, total
        if epochs.summed:
            share, count = 1.0 / total if total > 0.0 else 0.0, np.float64(rows)
            scale = share * count
        if optimizing.penalties.shape[1] > 0:
            if epochs.summed:
                penalty += scale * penalty_part(net, optimizing, w, i)
            factor = penalise(net, optimizing, w, g, scratch, i, share)
        sound = move(w, g, m, numbers, update, states, size, factor)
        if not cuda.syncthreads_and(np.int32(sound and isfinite(own))):
            copy(w, g, size)
            return inf, inf, False
        loss += scale * own
        weights += count
    loss = add_up(loss, scratch)
    if epochs.summed:
        penalty = add_up(penalty, scratch) / weights
    return loss / weights if weights > 0.0 else 0.0, penalty, True


@device_function
def validation_loss(args, lo, places, value, slope, row_loss, i):
    """Mean loss on the validation samples."""
    w, _g, _m, work, _numbers, scratch = places
    net, data, everyone = args.net, args.validation, args.networks[:0]
    loss = 0.0
    for start in range(0, data.weights.shape[0], lo.rows):
        rows = min(lo.rows, data.weights.shape[0] - start)
        gather(data, lo, work, everyone, start, rows)
        forward(net, lo, w, work, value, slope, args.dropout, i, rows, 0, 0, False)
        loss += score(net, data, lo, work, row_loss, everyone, start, rows, 0.0)
    loss = add_up(loss, scratch) * net.output_share
    return loss / data.total[0] if data.total[0] > 0.0 else 0.0


@device_function
def run_epochs(args, lo, places, value, slope, row_loss, update, coefficients, states, i):
    """All epochs, and what is written down of them."""
    epochs, stopping = args.epochs, args.stopping
    first_thread, scored = cuda.threadIdx.x == 0, args.validation.weights.shape[0] > 0
    best, best_epoch = inf, np.int64(-1)
    if stopping.best.shape[0] > 0:
        best, best_epoch = stopping.best[i], stopping.best_epoch[i]
    done, status = 0, RUNNING
    for e in range(epochs.epochs):
        loss, penalty, finite = run_epoch(
            args, lo, places, value, slope, row_loss, update, coefficients, states, i, e
        )
        if not finite:
            status = DIVERGED
            break
        done += 1
        keep, watched, stop = is_recorded(epochs, e), loss, False
        looks = scored and keep  # then the validation loss is what counts
        if not looks:
            stop, best, best_epoch = judge(
                stopping, i, epochs.first + e, not scored, loss, loss, best, best_epoch
            )
        if scored and (keep or stop):
            watched = validation_loss(args, lo, places, value, slope, row_loss, i)
        if looks:
            stop, best, best_epoch = judge(
                stopping, i, epochs.first + e, True, loss, watched, best, best_epoch
            )
        if first_thread and (keep or stop):
            write(stopping, i, column_of(epochs, e), loss, watched, penalty)
        if stop:
            status = STOPPED
            break
    cuda.syncthreads()  # all threads have read what the first one writes now
    if first_thread:
        finish(stopping, i, done, status, best, best_epoch)


# --- kernels --------------------------------------------------------------------------------------


@cache
def train_kernel(made: Functions, gradient_shared: bool, moments_shared: bool) -> Any:
    """The kernel that trains networks with some functions."""
    dtype, states, powers = np.dtype(made.dtype), made.rule.states, made.rule.powers
    value, slope = functions.value(made), functions.slope(made)
    row_loss, update = functions.row_loss(made), functions.update(made)
    coefficients = functions.coefficients(made)

    def train_block(args, lo, gradients):
        i, memory = args.networks[cuda.blockIdx.x], args.memory
        size = args.net.starts[args.net.starts.shape[0] - 1]
        shared = cuda.shared.array(0, dtype)
        numbers = cuda.shared.array(NUMBERS, np.float64)
        scratch = cuda.shared.array(MOST_THREADS, np.float64)
        w = shared[:size]
        g = shared[lo.gradient : lo.gradient + size]
        if not gradient_shared:
            g = gradients[cuda.blockIdx.x]
        m = memory.moments[i]
        if moments_shared:
            m = shared[lo.moments : lo.moments + states * size]
            copy(m, memory.moments[i], states * size)
        copy(w, memory.parameters[i], size)
        set_ones(args.net, lo, shared)
        if powers and cuda.threadIdx.x == 0:
            numbers[0], numbers[1] = memory.powers[i, 0], memory.powers[i, 1]
        cuda.syncthreads()
        places = w, g, m, shared, numbers, scratch
        run_epochs(args, lo, places, value, slope, row_loss, update, coefficients, states, i)
        copy(memory.parameters[i], w, size)
        if moments_shared:
            copy(memory.moments[i], m, states * size)
        if powers and cuda.threadIdx.x == 0:
            memory.powers[i, 0], memory.powers[i, 1] = numbers[0], numbers[1]

    return kernel(train_block, MOST_THREADS, BLOCKS)


@cache
def gradient_kernel(made: Functions, gradient_shared: bool) -> Any:
    """The kernel for gradients by some samples, a network a block."""
    dtype = np.dtype(made.dtype)
    value, slope, row_loss = functions.value(made), functions.slope(made), functions.row_loss(made)

    def gradient_block(net, data, none, everyone, lo, parameters, losses, gradients):
        i, size = cuda.blockIdx.x, net.starts[net.starts.shape[0] - 1]
        shared = cuda.shared.array(0, dtype)
        scratch = cuda.shared.array(MOST_THREADS, np.float64)
        w, result = shared[:size], gradients[i]
        g = shared[lo.gradient : lo.gradient + size] if gradient_shared else result
        copy(w, parameters[i], size)
        set_ones(net, lo, shared)
        loss = batch_gradient(
            net, data, none, lo, w, g, shared, value, slope, row_loss, i, everyone, 0,
            data.weights.shape[0], 0, data.total[0],
        )  # fmt: skip
        loss = add_up(loss, scratch)
        if cuda.threadIdx.x == 0:
            losses[i] = loss / data.total[0] if data.total[0] > 0.0 else 0.0
        if gradient_shared:
            copy(result, g, size)

    return kernel(gradient_block, MOST_THREADS, BLOCKS)


@cache
def predict_kernel(made: Functions) -> Any:
    """The kernel for predictions: a block a network, and a piece of the samples."""
    dtype = np.dtype(made.dtype)
    value, slope, link = functions.value(made), functions.slope(made), functions.link(made)

    def predict_block(net, data, none, everyone, lo, parameters, results):
        i, size = cuda.blockIdx.x, net.starts[net.starts.shape[0] - 1]
        shared = cuda.shared.array(0, dtype)
        w, last = shared[:size], net.layers.shape[0] - 1
        copy(w, parameters[i], size)
        set_ones(net, lo, shared)
        samples, outputs = data.inputs.shape[0], net.layers[last]
        for start in range(cuda.blockIdx.y * lo.rows, samples, cuda.gridDim.y * lo.rows):
            rows = min(lo.rows, samples - start)
            gather(data, lo, shared, everyone, start, rows)
            forward(net, lo, w, shared, value, slope, none, i, rows, 0, 0, False)
            for r in range(cuda.threadIdx.x, rows, cuda.blockDim.x):
                at = lo.values[last] + r * lo.strides[last]
                link(shared, at, outputs)
                for o in range(outputs):
                    results[i, start + r, o] = shared[at + o]
            cuda.syncthreads()

    return kernel(predict_block, MOST_THREADS, BLOCKS)


# --- what the device is asked for -----------------------------------------------------------------


def train(task: OnGpu, networks: Any) -> None:
    """Train some networks of a task on the GPU until they end or stop."""
    dtype, states = task.state.parameters.dtype, OPTIMIZERS[task.optimizer.rule].states
    made = functions.functions(task.network, task.optimizer.rule, dtype.name)
    planned = plan(task.network, states, dtype, task.batch_size)
    rows = 0 if planned.gradient_shared else len(networks)
    gradients = device.array_module().empty((rows, task.network.n_parameters), dtype)
    args = arguments(task, networks)
    _launch(
        train_kernel(made, planned.gradient_shared, planned.moments_shared),
        (len(networks), 1),
        planned,
        args,
        planned.layout,
        handed(gradients),
    )


def gradients(network: Network, parameters: Any, samples: Samples) -> tuple[Any, Any]:
    """Losses (n,) and gradients (n, P) of n networks on the same samples, all on the GPU."""
    xp, n = device.array_module(), len(parameters)
    planned = plan(network, 0, parameters.dtype, len(samples.inputs))
    losses, results = xp.empty(n), xp.empty_like(parameters)
    _launch(
        gradient_kernel(_without_rule(network, parameters), planned.gradient_shared),
        (n, 1),
        planned,
        net(network),
        data(samples),
        *_no_dropout(),
        planned.layout,
        *map(handed, (parameters, losses, results)),
    )
    return losses, results


def predict(network: Network, parameters: Any, inputs: Any) -> Any:
    """Predictions (n, samples, outputs) of n networks for the same inputs, all on the GPU."""
    n, samples = len(parameters), len(inputs)
    planned = plan(network, 0, parameters.dtype, max(1, samples))
    results = device.array_module().empty((n, samples, network.layers[-1]), parameters.dtype)
    pieces = min(MOST_PIECES, -(-samples // planned.layout.rows))
    if results.size:
        _launch(
            predict_kernel(_without_rule(network, parameters)),
            (n, pieces),
            planned,
            net(network),
            data(nothing(parameters.dtype))._replace(inputs=handed(inputs)),
            *_no_dropout(),
            planned.layout,
            *map(handed, (parameters, results)),
        )
    return results


def _without_rule(network: Network, parameters: Any) -> Functions:
    return functions.functions(network, "sgd", parameters.dtype.name)


def _no_dropout() -> tuple[Dropout, Any]:
    """No dropout, and the order in which samples come as they are."""
    xp = device.array_module()
    none = Dropout(handed(xp.zeros((1, 0))), handed(xp.zeros(1, np.uint64)))
    return none, handed(xp.zeros(0, np.int64))


def _launch(kernel: Callable, grid: tuple[int, int], planned: Plan, *arguments: Any) -> None:
    launch(kernel, grid, planned.threads, planned.shared_memory, *arguments)
