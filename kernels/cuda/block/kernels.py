"""The kernels: one for each set of functions, whatever the architecture."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from numba import cuda

from .. import functions
from ..arguments import own_row
from ..compile import device_function, kernel
from ..functions import Functions
from .epochs import Places, run_epochs
from .gradient import batch_gradient, forward
from .layout import BLOCKS, MOST_THREADS, NUMBERS, TABLE, layer_of
from .together import add_up, copy, gather, shape_of


@device_function
def bring(places, memory, hyperparameters, i, size, states, own_moments, powers):
    """A network's numbers come into the block."""
    copy(places.w, memory.parameters[i], size)
    stride = memory.parameters.shape[1]
    for state in range(states if own_moments else 0):
        copy(places.m[state * size :], memory.moments[i, state * stride :], size)
    if cuda.threadIdx.x == 0:
        for k in range(hyperparameters.shape[0]):
            places.numbers[8 + k] = hyperparameters[k]
        if powers:
            places.numbers[0], places.numbers[1] = memory.powers[i, 0], memory.powers[i, 1]


@device_function
def take(places, memory, i, size, states, own_moments, powers):
    """A network's numbers go back to where they came from."""
    copy(memory.parameters[i], places.w, size)
    stride = memory.parameters.shape[1]
    for state in range(states if own_moments else 0):
        copy(memory.moments[i, state * stride :], places.m[state * size :], size)
    if powers and cuda.threadIdx.x == 0:
        memory.powers[i, 0], memory.powers[i, 1] = places.numbers[0], places.numbers[1]


@cache
def train_kernel(made: Functions, gradient_shared: bool, moments_shared: bool) -> Any:
    """The kernel that trains networks with some functions."""
    dtype, states, powers = np.dtype(made.dtype), made.rule.states, made.rule.powers
    value, slope = functions.value(made), functions.slope(made)
    row_loss, update = functions.row_loss(made), functions.update(made)
    coefficients = functions.coefficients(made)

    def train_block(args, lo, gradients):
        i, memory, optimizing = args.networks[cuda.blockIdx.x], args.memory, args.optimizing
        shared, table = cuda.shared.array(0, dtype), cuda.shared.array(0, TABLE)
        numbers = cuda.shared.array(NUMBERS, np.float64)
        scratch = cuda.shared.array(MOST_THREADS, np.float64)
        shape = shape_of(args.net, lo, table)
        size = shape.size
        g, m, second = shared[lo.gradient :], shared[lo.moments :], size
        if not gradient_shared:
            g = gradients[cuda.blockIdx.x]
        if not moments_shared:
            m, second = memory.moments[i], memory.parameters.shape[1]
        places = Places(shared, g, m, second, shared, numbers, scratch)
        h = optimizing.hyperparameters[own_row(optimizing.hyperparameters, i)]
        bring(places, memory, h, i, size, states, moments_shared, powers)
        cuda.syncthreads()
        run_epochs(args, shape, places, value, slope, row_loss, update, coefficients, states, i)
        take(places, memory, i, size, states, moments_shared, powers)

    return kernel(train_block, MOST_THREADS, BLOCKS)


@cache
def gradient_kernel(made: Functions, gradient_shared: bool) -> Any:
    """The kernel for gradients by some samples, a network a block."""
    dtype = np.dtype(made.dtype)
    value, slope, row_loss = functions.value(made), functions.slope(made), functions.row_loss(made)

    def gradient_block(net, data, none, everyone, lo, parameters, losses, gradients):
        i = cuda.blockIdx.x
        w, table = cuda.shared.array(0, dtype), cuda.shared.array(0, TABLE)
        scratch = cuda.shared.array(MOST_THREADS, np.float64)
        shape, result = shape_of(net, lo, table), gradients[i]
        g = w[lo.gradient :] if gradient_shared else result
        copy(w, parameters[i], shape.size)
        cuda.syncthreads()
        loss = batch_gradient(
            shape, data, none, w, g, w, value, slope, row_loss, i, everyone, 0,
            data.weights.shape[0], 0, data.total[0],
        )  # fmt: skip
        loss = add_up(loss, scratch)
        if cuda.threadIdx.x == 0:
            losses[i] = loss / data.total[0] if data.total[0] > 0.0 else 0.0
        if gradient_shared:
            copy(result, g, shape.size)

    return kernel(gradient_block, MOST_THREADS, BLOCKS)


@cache
def predict_kernel(made: Functions) -> Any:
    """The kernel for predictions: a block a network, and a piece of the samples."""
    dtype = np.dtype(made.dtype)
    value, slope, link = functions.value(made), functions.slope(made), functions.inverse_link(made)

    def predict_block(net, data, none, everyone, lo, parameters, results):
        i = cuda.blockIdx.x
        w, table = cuda.shared.array(0, dtype), cuda.shared.array(0, TABLE)
        shape = shape_of(net, lo, table)
        copy(w, parameters[i], shape.size)
        cuda.syncthreads()
        last = layer_of(shape.table, shape.layers - 1)
        samples, start = data.inputs.shape[0], np.int64(cuda.blockIdx.y) * lo.rows
        while start < samples:
            rows = min(lo.rows, samples - start)
            gather(data, shape, w, everyone, start, rows)
            forward(shape, w, w, value, slope, none, i, rows, 0, 0, False)
            r = cuda.threadIdx.x
            while r < rows:
                at = last.values_out + r * last.stride_out
                link(w, at, last.d_out)
                for o in range(last.d_out):
                    results[i, start + r, o] = w[at + o]
                r += cuda.blockDim.x
            cuda.syncthreads()
            start += cuda.gridDim.y * lo.rows

    return kernel(predict_block, MOST_THREADS, BLOCKS)
