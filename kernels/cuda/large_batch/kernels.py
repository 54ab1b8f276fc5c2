"""The kernels of layers: products with what comes before and after, and the losses."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np
from numba import cuda

from ...tables import Activation
from .. import functions
from ..arguments import own_row
from ..compile import device_function, kernel
from ..functions import Functions
from ..scalars import dropout_key, mask, scalar
from .grids import SUM_THREADS, block_sum
from .layout import PIECE_ROWS, Layer
from .product import ALIGNMENT, PADDING, THREADS, Factor, Form, Tile, multiply

FORWARD, BACKWARD, GRADIENT = Form(True, False), Form(True, True), Form(False, False, True)


@device_function
def tile_of(block, columns, height, width):
    """Row and column at which a block's tile begins; tiles that share rows follow each other."""
    across = (np.uint32(columns) + np.uint32(width - 1)) // np.uint32(width)
    row, column = np.uint32(block) // across, np.uint32(block) % across
    return np.int64(row) * height, np.int64(column) * width


@cache
def forward_kernel(activation: Activation | None, dtype: str, tiles: Tile) -> Callable:
    """The kernel for a layer's values: ``activation`` is None for the last one."""
    real = np.dtype(dtype)
    product, put = multiply(tiles, dtype, FORWARD), _putting(activation, dtype)
    height, width = tiles.height, tiles.width
    rows_at_once, stride, number = THREADS // width, width + PADDING, real.type

    @device_function
    def take_over(
        layer, bias, most, slots, work, parameters, row_size, dropout, shared, row, start
    ):
        """Sums in ``shared`` become values, a thread a column.

        All is looked up anew: what is held while factors are multiplied takes registers.
        """
        c, k = cuda.threadIdx.x % width, cuda.blockIdx.z
        column, i, step, shift = start + c, slots.places[k], slots.steps[k], number(0)
        if column >= layer.d_out:
            return
        if bias:
            at = i * row_size + layer.weights + layer.d_in * layer.d_out + column
            shift = parameters[np.uint64(at)]
        p, key = 0.0, np.uint64(0)
        drops = dropout.p.shape[1] > layer.number and step >= 0
        if drops:
            p = dropout.p[own_row(dropout.p, i), layer.number]
            key = dropout_key(dropout.keys[own_row(dropout.keys, i)], step, layer.number)
        rows = min(height, slots.counts[k] - row)
        for r in range(cuda.threadIdx.x // width, rows, rows_at_once):
            at, factor = (row + r) * layer.d_out + column, number(1)
            if drops:
                factor = number(mask(key, at, p))
            at += k * most * layer.d_out
            put(work, layer, at, shared[np.uint32(r * stride + c)] + shift, factor)

    def forward(layer, bias, most, slots, work, parameters, row_size, dropout):
        shared = cuda.shared.array(0, real, alignment=ALIGNMENT)
        k = cuda.blockIdx.z
        row, column = tile_of(cuda.blockIdx.x, layer.d_out, height, width)
        if row >= slots.counts[k]:
            return
        source = slots.sources[k] if layer.number == 0 else k
        inputs = layer.inputs + (source * most + row) * layer.d_in
        weights = slots.places[k] * row_size + layer.weights + column
        product(
            shared,
            Factor(work, np.uint64(inputs), np.uint64(layer.d_in), slots.counts[k] - row),
            Factor(parameters, np.uint64(weights), np.uint64(layer.d_out), layer.d_out - column),
            0,
            layer.d_in,
        )
        take_over(
            layer, bias, most, slots, work, parameters, row_size, dropout, shared, row, column
        )

    return kernel(forward, THREADS, tiles.blocks)


def _putting(activation: Activation | None, dtype: str) -> Callable:
    """``put(work, layer, at, z, factor)``: what becomes of a layer's value."""
    if activation is None:

        @device_function
        def put_last(work, layer, at, z, factor):
            work[np.uint64(layer.slopes + at)] = z

        return put_last
    value, slope = scalar(activation.value, dtype), scalar(activation.slope, dtype)
    number = np.dtype(dtype).type

    @device_function
    def put_hidden(work, layer, at, z, factor):
        after = number(value(z))
        work[np.uint64(layer.values + at)] = after * factor
        work[np.uint64(layer.slopes + at)] = number(slope(z, after)) * factor

    return put_hidden


@cache
def lose_kernel(made: Functions) -> Callable:
    """The kernel for losses: a thread a row."""
    row_loss, number = functions.row_loss(made), np.dtype(made.dtype).type

    def compute_loss(layer, most, slots, work, samples, parameter, output_share, losses):
        scratch = cuda.shared.array(SUM_THREADS, np.float64)
        k, first = cuda.blockIdx.y, cuda.blockIdx.x * cuda.blockDim.x
        if first >= slots.counts[k]:
            return
        own, row = 0.0, first + cuda.threadIdx.x
        if row < slots.counts[k]:
            source, total, width = slots.sources[k], slots.totals[k], samples.targets.shape[2]
            share = 0.0
            if total > 0.0:
                share = output_share * samples.weights[source, row] / total
            own = number(share) * row_loss(
                work,
                layer.slopes + (k * most + row) * layer.d_out,
                layer.d_out,
                samples.targets[source, row],
                0,
                width,
                number(share),
                number(parameter),
            )
        added = block_sum(np.float64(own), scratch)
        if cuda.threadIdx.x == 0:
            losses[k, cuda.blockIdx.x] = added

    return kernel(compute_loss, SUM_THREADS, 2)


@cache
def backward_kernel(dtype: str, tiles: Tile) -> Callable:
    """The kernel for the loss's slopes by the values that go into a layer's weights."""
    real = np.dtype(dtype)
    product = multiply(tiles, dtype, BACKWARD)
    height, width = tiles.height, tiles.width
    rows_at_once, stride = THREADS // width, width + PADDING

    def backward(layer, most, slots, work, parameters, row_size):
        shared = cuda.shared.array(0, real, alignment=ALIGNMENT)
        k = cuda.blockIdx.z
        row, column = tile_of(cuda.blockIdx.x, layer.d_in, height, width)
        if row >= slots.counts[k]:
            return
        slopes = layer.slopes + (k * most + row) * layer.d_out
        weights = slots.places[k] * row_size + layer.weights + column * layer.d_out
        product(
            shared,
            Factor(work, np.uint64(slopes), np.uint64(layer.d_out), slots.counts[k] - row),
            Factor(parameters, np.uint64(weights), np.uint64(layer.d_out), layer.d_in - column),
            0,
            layer.d_out,
        )
        c, rows = cuda.threadIdx.x % width, min(height, slots.counts[k] - row)
        if column + c < layer.d_in:
            before = layer.before + (k * most + row) * layer.d_in + column + c
            for r in range(cuda.threadIdx.x // width, rows, rows_at_once):
                work[np.uint64(before + r * layer.d_in)] *= shared[np.uint32(r * stride + c)]

    return kernel(backward, THREADS, tiles.blocks)


@cache
def gradient_kernel(dtype: str, tiles: Tile) -> Callable:
    """The kernel for the gradients of weights and biases of some layers, in pieces of rows."""
    real = np.dtype(dtype)
    product = multiply(tiles, dtype, GRADIENT)
    height, width = tiles.height, tiles.width
    rows_at_once, stride = THREADS // width, width + PADDING

    @device_function
    def layer_of(table, block):
        n = 0
        while n + 1 < table.shape[0] and table[n + 1, 0] <= block:
            n += 1
        e = table[n]
        return e[0], Layer(e[1], e[2], e[3], e[4], e[5], e[6], e[7], e[8])

    def weight_gradients(table, bias, most, slots, work, gradient):
        shared = cuda.shared.array(0, real, alignment=ALIGNMENT)
        piece, k = cuda.blockIdx.y, cuda.blockIdx.z
        first, last = piece * PIECE_ROWS, min((piece + 1) * PIECE_ROWS, slots.counts[k])
        if first >= last:
            return
        before, layer = layer_of(table, cuda.blockIdx.x)
        row, column = tile_of(cuda.blockIdx.x - before, layer.d_out, height, width)
        rows, columns = layer.d_in - row, layer.d_out - column
        source = slots.sources[k] if layer.number == 0 else k
        inputs = layer.inputs + source * most * layer.d_in + row
        slopes = layer.slopes + k * most * layer.d_out + column
        total = product(
            shared,
            Factor(work, np.uint64(inputs), np.uint64(layer.d_in), rows),
            Factor(work, np.uint64(slopes), np.uint64(layer.d_out), columns),
            first,
            last,
        )
        t, c = cuda.threadIdx.x, cuda.threadIdx.x % width
        if c >= columns:
            return
        start = layer.weights + column + c
        for r in range(t // width, min(height, rows), rows_at_once):
            at = start + (row + r) * layer.d_out
            gradient[k, piece, at] = shared[np.uint32(r * stride + c)]
        if bias and row == 0 and t < width:
            gradient[k, piece, start + layer.d_in * layer.d_out] = total

    return kernel(weight_gradients, THREADS, tiles.blocks)
