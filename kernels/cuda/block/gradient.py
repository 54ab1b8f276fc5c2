"""Forward and backward through one network: a batch goes through in chunks of rows.

Each product is cut into tiles, one a thread. ``shared`` holds the parameters and a chunk's values.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

import numpy as np
from numba import cuda

from .. import functions, tile
from ..compile import device_function
from ..dropout import Mask, drops_units, keeps, layer_mask
from ..functions import Functions
from ..tile import SUMS, Matrix
from .layout import STRIDE, VALUES, layer_of

AHEAD = 4  # numbers that a thread asks main memory for before it needs the first


class Draws(NamedTuple):
    """Whose units drop out, and when: see :func:`dropout.drops_units`."""

    dropout: Any
    i: Any
    step: Any


class Batch(NamedTuple):
    """Rows of an order from ``start`` on, which weigh ``total``."""

    order: Any
    start: Any
    rows: Any
    total: Any


@cache
def batch_gradient_of(spec: Functions) -> Callable:
    """``batch_gradient(shape, shared, g, data, batch, draws)``: a batch's gradient, into g.

    Returns a thread's part of the batch's loss times its weight.
    """
    forward, chunk_loss = forward_of(spec), chunk_loss_of(spec)

    @device_function
    def batch_gradient(shape, shared, g, data, batch, draws):
        share = shape.net.output_share / batch.total if batch.total > 0.0 else 0.0
        loss = 0.0
        position = 0
        while position < batch.rows:
            rows, start = min(shape.rows, batch.rows - position), batch.start + position
            gather(shape, shared, data, batch.order, start, rows)
            forward(shape, shared, draws, position, rows)
            loss += chunk_loss(shape, shared, data, batch.order, start, rows, share)
            backward(shape, shared, g, rows, position > 0)
            position += shape.rows
        return loss * shape.net.output_share

    return batch_gradient


# --- samples --------------------------------------------------------------------------------------


@device_function
def row_of(order, r):
    """The r-th row of an order; an empty order is that of the samples."""
    return np.uint64(order[np.uint64(r)]) if order.shape[0] > 0 else np.uint64(r)


@device_function
def gather(shape, shared, data, order, start, rows):
    """Copy inputs of some rows. Threads step from number to number, so that none divides often."""
    inputs, values, stride = data.inputs.shape[1], shape.table[VALUES], shape.table[STRIDE]
    r, k = tile.divide(cuda.threadIdx.x, inputs)
    rows_on, on = tile.divide(cuda.blockDim.x, inputs)
    taken, targets = cuda.local.array(AHEAD, np.uint64), cuda.local.array(AHEAD, np.int64)
    columns, numbers = cuda.local.array(AHEAD, np.int64), cuda.local.array(AHEAD, shared.dtype)
    while r < rows:
        for u in range(AHEAD):
            taken[u], columns[u] = row_of(order, start + min(r, rows - 1)), k
            targets[u] = values + r * stride + k if r < rows else -1
            r, k = r + rows_on, k + on
            if k >= inputs:
                r, k = r + 1, k - inputs
        for u in range(AHEAD):
            numbers[u] = data.inputs[taken[u], np.uint64(columns[u])]
        for u in range(AHEAD):
            if targets[u] >= 0:
                shared[np.uint64(targets[u])] = numbers[u]


# --- forward --------------------------------------------------------------------------------------


@cache
def forward_of(spec: Functions) -> Callable:
    """``forward(shape, shared, draws, position, rows)``: all layers' values of a gathered chunk.

    The chunk begins ``position`` rows into its batch.
    """
    forward_layer = _forward_layer_of(spec)

    @device_function
    def forward(shape, shared, draws, position, rows):
        cuda.syncthreads()
        for layer in range(shape.layers):
            forward_layer(shape, shared, layer, draws, position, rows)
            cuda.syncthreads()

    return forward


def _forward_layer_of(spec: Functions) -> Callable:
    """``forward_layer(shape, shared, layer, draws, position, rows)``: its values and slopes."""
    activate = _activate_of(spec)

    @device_function
    def forward_layer(shape, shared, layer, draws, position, rows):
        own, hidden = layer_of(shape.table, layer), layer + 1 < shape.layers
        drops = hidden and drops_units(draws.dropout, draws.step)
        mask = Mask(np.uint64(0), np.uint32(0), 1.0)
        if drops:
            mask = layer_mask(draws.dropout, draws.i, draws.step, layer)
        sums = cuda.local.array(SUMS, shared.dtype)
        t = cuda.threadIdx.x
        while t < tile.count_tiles(rows, own.d_out):
            part = tile.tile_of(t, rows, own.d_out)
            if shape.net.bias:
                tile.load(sums, part, Matrix(shared, own.biases, 0, 1))
            else:
                tile.clear(sums)
            x = Matrix(shared, own.values_in, own.stride_in, 1)
            tile.multiply(sums, part, x, Matrix(shared, own.weights, own.d_out, 1), own.d_in)
            tile.store(sums, part, Matrix(shared, own.values_out, own.stride_out, 1))
            if hidden:
                activate(shared, own, part, drops, mask, position)
            t += cuda.blockDim.x

    return forward_layer


def _activate_of(spec: Functions) -> Callable:
    """``activate(shared, layer, part, drops, mask, position)``: a tile's values and slopes.

    Sums are read back from where they were stored: the code of an activation is here once, and not
    for each of a tile's sums, of which registers would need one copy each.
    """
    real, value, slope = np.dtype(spec.dtype).type, functions.value(spec), functions.slope(spec)

    @device_function
    def activate(shared, layer, part, drops, mask, position):
        scale = real(mask.scale)
        r = part.row
        while r < part.rows:
            o = part.column
            while o < part.columns:
                index = r * layer.stride_out + o
                z = shared[np.uint64(layer.values_out + index)]
                a = real(value(layer.activation, z))
                d = real(slope(layer.activation, z, a))
                if drops:
                    stays = keeps(mask.key, (position + r) * layer.d_out + o, mask.least)
                    factor = scale if stays else real(0)
                    a, d = a * factor, d * factor
                shared[np.uint64(layer.values_out + index)] = a
                shared[np.uint64(layer.deltas_out + index)] = d
                o += part.across
            r += part.down

    return activate


@cache
def chunk_loss_of(spec: Functions) -> Callable:
    """``chunk_loss(shape, shared, data, order, start, rows, share)``: a thread's part of it.

    Losses are weighted. The last values become the loss's slopes by them, times ``share``.
    """
    real, row_loss = np.dtype(spec.dtype).type, functions.row_loss(spec)

    @device_function
    def chunk_loss(shape, shared, data, order, start, rows, share):
        own = layer_of(shape.table, shape.layers - 1)
        loss = 0.0
        r = cuda.threadIdx.x
        while r < rows:
            row = np.int64(row_of(order, start + r))
            weight = np.float64(data.weights[np.uint64(row)])
            own_loss = row_loss(
                shared, own.values_out + r * own.stride_out, own.d_out,
                data.targets, row * data.target_width, data.target_width,
                real(share * weight), real(shape.net.loss_parameter),
            )  # fmt: skip
            loss += weight * np.float64(own_loss)
            r += cuda.blockDim.x
        cuda.syncthreads()
        return loss

    return chunk_loss


# --- backward -------------------------------------------------------------------------------------


@device_function
def backward(shape, shared, g, rows, adds):
    """Gradient by a chunk whose loss's slopes are known; it ``adds`` to that of earlier chunks."""
    for back in range(shape.layers):
        layer = shape.layers - 1 - back
        own = layer_of(shape.table, layer)
        weight_gradient(own, shared, g, rows, adds)
        if shape.net.bias:
            bias_gradient(own, shared, g, rows, adds)
        if layer > 0:
            backward_layer(own, shared, rows)
        cuda.syncthreads()


@device_function
def weight_gradient(own, shared, g, rows, adds):
    """A layer's gradient: values that went in, times slopes of what came out.

    Sums go on from chunk to chunk, so that bits do not depend on how many rows are one.
    """
    sums = cuda.local.array(SUMS, shared.dtype)
    t = cuda.threadIdx.x
    while t < tile.count_tiles(own.d_in, own.d_out):
        part = tile.tile_of(t, own.d_in, own.d_out)
        z = Matrix(g, own.weights, own.d_out, 1)
        if adds:
            tile.load(sums, part, z)
        else:
            tile.clear(sums)
        x = Matrix(shared, own.values_in, 1, own.stride_in)
        tile.multiply(sums, part, x, Matrix(shared, own.deltas_out, own.stride_out, 1), rows)
        tile.store(sums, part, z)
        t += cuda.blockDim.x


@device_function
def bias_gradient(own, shared, g, rows, adds):
    """Sums of the slopes of what came out. The last threads begin, which have fewer tiles."""
    o = cuda.blockDim.x - 1 - cuda.threadIdx.x
    while o < own.d_out:
        index = np.uint64(own.biases + o)
        total = g[index] if adds else shared.dtype.type(0)
        g[index] = tile.add_column(total, shared, own.deltas_out + o, own.stride_out, rows)
        o += cuda.blockDim.x


@device_function
def backward_layer(own, shared, rows):
    """Slopes by what went into a layer: weights times slopes of what came out.

    The last threads begin: the first ones may be at the gradient still, which no one waits for.
    """
    sums = cuda.local.array(SUMS, shared.dtype)
    t = cuda.blockDim.x - 1 - cuda.threadIdx.x
    while t < tile.count_tiles(own.d_in, rows):
        part = tile.tile_of(t, own.d_in, rows)
        tile.clear(sums)
        x = Matrix(shared, own.weights, own.d_out, 1)
        tile.multiply(sums, part, x, Matrix(shared, own.deltas_out, 1, own.stride_out), own.d_out)
        tile.scale(sums, part, Matrix(shared, own.deltas_in, 1, own.stride_in))
        t += cuda.blockDim.x
