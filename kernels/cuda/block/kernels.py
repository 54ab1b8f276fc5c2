"""The kernels: one for each set of functions, whatever the architecture."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
from numba import cuda

from .. import functions
from ..arguments import own_row
from ..collective import block_copy, block_sum
from ..compile import device_function, kernel
from ..functions import Functions
from .epochs import run_epochs_of
from .gradient import Batch, Draws, batch_gradient_of, forward_of, gather
from .layout import FIRST_HYPERPARAMETER, RULE_NUMBERS, TABLE, layer_of, shape_of
from .shared_memory import BLOCKS, MOST_THREADS
from .update import Net


@cache
def train_kernel(spec: Functions, gradient_shared: bool, moments_shared: bool) -> Any:
    """The kernel that trains networks with some functions."""
    dtype, run_epochs = np.dtype(spec.dtype), run_epochs_of(spec)
    load, store = _load_of(spec, moments_shared), _store_of(spec, moments_shared)

    def train_block(args, layout, gradients):
        i, memory = args.networks[cuda.blockIdx.x], args.memory
        shared, table = cuda.shared.array(0, dtype), cuda.shared.array(0, TABLE)
        rule = cuda.shared.array(RULE_NUMBERS, np.float64)
        scratch = cuda.shared.array(MOST_THREADS, np.float64)
        shape = shape_of(args.net, layout, table)
        g, m, second = shared[layout.gradient :], shared[layout.moments :], shape.size
        if not gradient_shared:
            g = gradients[cuda.blockIdx.x]
        if not moments_shared:
            m, second = memory.moments[i], memory.parameters.shape[1]
        net = Net(shape, shared, g, m, second, rule, scratch)
        load(net, memory, args.optimizing, i)
        cuda.syncthreads()
        run_epochs(args, net, i, True, cuda.threadIdx.x == 0)
        store(net, memory, i)

    return kernel(train_block, MOST_THREADS, BLOCKS)


def _load_of(spec: Functions, moments_shared: bool) -> Callable:
    """``load(net, memory, optimizing, i)``: network i's numbers come into the block."""
    states, powers = spec.rule.states if moments_shared else 0, spec.rule.powers

    @device_function
    def load(net, memory, optimizing, i):
        size, stride = net.shape.size, memory.parameters.shape[1]
        block_copy(net.shared, memory.parameters[i], size)
        for state in range(states):
            block_copy(net.m[state * size :], memory.moments[i, state * stride :], size)
        if cuda.threadIdx.x == 0:
            h = optimizing.hyperparameters[own_row(optimizing.hyperparameters, i)]
            for k in range(h.shape[0]):
                net.rule[FIRST_HYPERPARAMETER + k] = h[k]
            if powers:
                net.rule[0], net.rule[1] = memory.powers[i, 0], memory.powers[i, 1]

    return load


def _store_of(spec: Functions, moments_shared: bool) -> Callable:
    """``store(net, memory, i)``: network i's numbers go back to where they came from."""
    states, powers = spec.rule.states if moments_shared else 0, spec.rule.powers

    @device_function
    def store(net, memory, i):
        size, stride = net.shape.size, memory.parameters.shape[1]
        block_copy(memory.parameters[i], net.shared, size)
        for state in range(states):
            block_copy(memory.moments[i, state * stride :], net.m[state * size :], size)
        if powers and cuda.threadIdx.x == 0:
            memory.powers[i, 0], memory.powers[i, 1] = net.rule[0], net.rule[1]

    return store


@cache
def gradient_kernel(spec: Functions, gradient_shared: bool) -> Any:
    """The kernel for gradients by some samples, a network a block."""
    dtype, batch_gradient = np.dtype(spec.dtype), batch_gradient_of(spec)

    def gradient_block(net, data, dropout, order, layout, parameters, losses, gradients):
        i = cuda.blockIdx.x
        shared, table = cuda.shared.array(0, dtype), cuda.shared.array(0, TABLE)
        scratch = cuda.shared.array(MOST_THREADS, np.float64)
        shape, result = shape_of(net, layout, table), gradients[i]
        g = shared[layout.gradient :] if gradient_shared else result
        block_copy(shared, parameters[i], shape.size)
        cuda.syncthreads()
        total = data.total[0]
        batch = Batch(order, 0, data.weights.shape[0], total)
        loss = batch_gradient(shape, shared, g, data, batch, Draws(dropout, i, -1))
        loss = block_sum(loss, scratch)
        if cuda.threadIdx.x == 0:
            losses[i] = loss / total if total > 0.0 else 0.0
        if gradient_shared:
            block_copy(result, g, shape.size)

    return kernel(gradient_block, MOST_THREADS, BLOCKS)


@cache
def predict_kernel(spec: Functions) -> Any:
    """The kernel for predictions: a block a network, and a piece of the samples."""
    dtype, forward, link = np.dtype(spec.dtype), forward_of(spec), functions.inverse_link(spec)

    def predict_block(net, data, dropout, order, layout, parameters, results):
        i = cuda.blockIdx.x
        shared, table = cuda.shared.array(0, dtype), cuda.shared.array(0, TABLE)
        shape = shape_of(net, layout, table)
        block_copy(shared, parameters[i], shape.size)
        cuda.syncthreads()
        last = layer_of(shape.table, shape.layers - 1)
        samples, start = data.inputs.shape[0], np.int64(cuda.blockIdx.y) * layout.rows
        while start < samples:
            rows = min(layout.rows, samples - start)
            gather(shape, shared, data, order, start, rows)
            forward(shape, shared, Draws(dropout, i, -1), 0, rows)
            r = cuda.threadIdx.x
            while r < rows:
                index = last.values_out + r * last.stride_out
                link(shared, index, last.d_out)
                for o in range(last.d_out):
                    results[i, start + r, o] = shared[index + o]
                r += cuda.blockDim.x
            cuda.syncthreads()
            start += cuda.gridDim.y * layout.rows

    return kernel(predict_block, MOST_THREADS, BLOCKS)
