"""Forward and backward through one network: a batch goes through in chunks of rows.

Each product is cut into tiles, one a thread.
"""

from __future__ import annotations

import numpy as np
from numba import cuda

from .. import tile
from ..arguments import own_row
from ..compile import device_function
from ..scalars import dropout_key, keeps
from ..tile import COLUMNS, ROWS, SUMS
from .layout import layer_of
from .together import gather, row_of

# --- forward --------------------------------------------------------------------------------------


@device_function
def forward_layer(shape, w, work, value, slope, dropout, i, layer, rows, step, position, drops):
    """A layer's values, and where there is an activation its slopes."""
    own, hidden = layer_of(shape.table, layer), layer + 1 < shape.layers
    across, down = tile.tiles(own.d_out, COLUMNS), tile.tiles(rows, ROWS)
    key, p, kept = np.uint64(0), 0.0, work.dtype.type(1)
    if drops and hidden:
        key = dropout_key(dropout.keys[own_row(dropout.keys, i)], step, layer)
        p = dropout.p[own_row(dropout.p, i), layer]
        kept = work.dtype.type(1.0 / (1.0 - p))
    sums = cuda.local.array(SUMS, work.dtype)
    t = cuda.threadIdx.x
    while t < across * down:
        first, column = tile.split(t, across)
        if shape.bias:
            tile.begin(sums, w, own.biases, 0, 1, first, rows, column, own.d_out)
        else:
            tile.clear(sums)
        tile.multiply(
            sums, work, own.values_in, own.stride_in, 1, first, rows,
            w, own.weights, 1, own.d_out, column, own.d_out, own.d_in,
        )  # fmt: skip
        keep(sums, work, own, first, down, rows, column, across)
        if hidden:
            activate(
                work, own, value, slope, first, down, rows, column, across,
                drops, key, position, p, kept,
            )  # fmt: skip
        t += cuda.blockDim.x


@device_function
def keep(sums, work, own, first, down, rows, column, across):
    """Write a tile's sums to the values that come out."""
    for q in range(SUMS):
        r, o = first + q // COLUMNS * down, column + q % COLUMNS * across
        if r < rows and o < own.d_out:
            work[np.uint64(own.values_out + r * own.stride_out + o)] = sums[q]


@device_function
def activate(
    work, own, value, slope, first, down, rows, column, across, drops, key, position, p, kept
):
    """A tile's sums become values and slopes.

    They are read back from where they were kept: the code of an activation is here once, and not
    for each of a tile's sums, of which registers would need one copy each.
    """
    number = work.dtype.type
    r = first
    while r < rows:
        o = column
        while o < own.d_out:
            at = r * own.stride_out + o
            z = work[np.uint64(own.values_out + at)]
            a = number(value(own.kind, z))
            d = number(slope(own.kind, z, a))
            if drops:
                stays = keeps(key, (position + r) * own.d_out + o, p)
                factor = kept if stays else number(0)
                a, d = a * factor, d * factor
            work[np.uint64(own.values_out + at)] = a
            work[np.uint64(own.deltas_out + at)] = d
            o += across
        r += down


@device_function
def forward(shape, w, work, value, slope, dropout, i, rows, step, position, drops):
    """All layers' values of a chunk whose inputs were gathered."""
    cuda.syncthreads()
    for layer in range(shape.layers):
        forward_layer(shape, w, work, value, slope, dropout, i, layer, rows, step, position, drops)
        cuda.syncthreads()


@device_function
def score(shape, data, work, row_loss, order, start, rows, share):
    """A thread's part of a chunk's weighted loss; last values become their slopes by it."""
    own, number = layer_of(shape.table, shape.layers - 1), work.dtype.type
    loss = 0.0
    r = cuda.threadIdx.x
    while r < rows:
        row = np.int64(row_of(order, start + r))
        weight = np.float64(data.weights[np.uint64(row)])
        own_loss = row_loss(
            work, own.values_out + r * own.stride_out, own.d_out,
            data.targets, row * data.target_width, data.target_width,
            number(share * weight), number(shape.loss_parameter),
        )  # fmt: skip
        loss += weight * np.float64(own_loss)
        r += cuda.blockDim.x
    cuda.syncthreads()
    return loss


# --- backward -------------------------------------------------------------------------------------


@device_function
def gradient_layer(own, g, work, rows, adds):
    """A layer's gradient: values that went in, times slopes of what came out.

    Sums go on from chunk to chunk, so that bits do not depend on how many rows are one.
    """
    d_in, d_out = own.d_in, own.d_out
    across, down = tile.tiles(d_out, COLUMNS), tile.tiles(d_in, ROWS)
    sums = cuda.local.array(SUMS, work.dtype)
    t = cuda.threadIdx.x
    while t < across * down:
        first, column = tile.split(t, across)
        if adds:
            tile.begin(sums, g, own.weights, d_out, 1, first, d_in, column, d_out)
        else:
            tile.clear(sums)
        tile.multiply(
            sums, work, own.values_in, 1, own.stride_in, first, d_in,
            work, own.deltas_out, 1, own.stride_out, column, d_out, rows,
        )  # fmt: skip
        for q in range(SUMS):
            k, o = first + q // COLUMNS * down, column + q % COLUMNS * across
            if k < d_in and o < d_out:
                g[np.uint64(own.weights + k * d_out + o)] = sums[q]
        t += cuda.blockDim.x


@device_function
def bias_gradient(own, g, work, rows, adds):
    """Sums of the slopes of what came out. The last threads begin, which have fewer tiles."""
    o = cuda.blockDim.x - 1 - cuda.threadIdx.x
    while o < own.d_out:
        at = np.uint64(own.biases + o)
        total = g[at] if adds else work.dtype.type(0)
        g[at] = tile.add_column(total, work, own.deltas_out + o, own.stride_out, rows)
        o += cuda.blockDim.x


@device_function
def delta_layer(own, w, work, rows):
    """Slopes by what went into a layer: weights times slopes of what came out.

    The last threads begin: the first ones may be at the gradient still, which no one waits for.
    """
    d_in, d_out = own.d_in, own.d_out
    across, down = tile.tiles(rows, COLUMNS), tile.tiles(d_in, ROWS)
    sums = cuda.local.array(SUMS, work.dtype)
    t = cuda.blockDim.x - 1 - cuda.threadIdx.x
    while t < across * down:
        first, column = tile.split(t, across)
        tile.clear(sums)
        tile.multiply(
            sums, w, own.weights, d_out, 1, first, d_in,
            work, own.deltas_out, own.stride_out, 1, column, rows, d_out,
        )  # fmt: skip
        for q in range(SUMS):
            k, r = first + q // COLUMNS * down, column + q % COLUMNS * across
            if k < d_in and r < rows:
                work[np.uint64(own.deltas_in + r * own.stride_in + k)] *= sums[q]
        t += cuda.blockDim.x


@device_function
def backward(shape, w, g, work, rows, adds):
    """The gradient by a chunk whose loss's slopes are known, added to that of those before."""
    for back in range(shape.layers):
        layer = shape.layers - 1 - back
        own = layer_of(shape.table, layer)
        gradient_layer(own, g, work, rows, adds)
        if shape.bias:
            bias_gradient(own, g, work, rows, adds)
        if layer > 0:
            delta_layer(own, w, work, rows)
        cuda.syncthreads()


@device_function
def batch_gradient(
    shape, data, dropout, w, g, work, value, slope, row_loss, i, order, start, count, step, total
):
    """A thread's part of a batch's loss times its weight; the gradient is in g."""
    share = shape.output_share / total if total > 0.0 else 0.0
    drops = dropout.p.shape[1] > 0
    loss = 0.0
    position = 0
    while position < count:
        rows = min(shape.rows, count - position)
        gather(data, shape, work, order, start + position, rows)
        forward(shape, w, work, value, slope, dropout, i, rows, step, position, drops)
        loss += score(shape, data, work, row_loss, order, start + position, rows, share)
        backward(shape, w, g, work, rows, position > 0)
        position += shape.rows
    return loss * shape.output_share
