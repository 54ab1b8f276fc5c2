"""The kernels of layers: products with what comes before and after, and the losses."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np
from numba import cuda

from ...tables import Activation
from .. import functions
from ..collective import block_sum
from ..compile import device_function, kernel
from ..dropout import Mask, drops_units, keeps, layer_mask
from ..functions import Functions
from ..scalars import scalar
from .grids import SUM_THREADS
from .layout import PIECE_ROWS, Layer
from .product import ALIGNMENT, THREADS, Factor, Form, Tile, multiply

FORWARD, BACKWARD, GRADIENT = Form(True, False), Form(True, True), Form(False, False, True)


@device_function
def tile_start(block, columns, height, width):
    """Row and column at which a block's tile begins; tiles that share rows follow each other."""
    across = (np.uint32(columns) + np.uint32(width - 1)) // np.uint32(width)
    row, column = np.uint32(block) // across, np.uint32(block) % across
    return np.int64(row) * height, np.int64(column) * width


# --- forward --------------------------------------------------------------------------------------


@cache
def forward_kernel(activation: Activation | None, dtype: str, tile: Tile) -> Callable:
    """The kernel for a layer's values: ``activation`` is None for the last one."""
    real, height, width = np.dtype(dtype), tile.height, tile.width
    product, finish = multiply(tile, dtype, FORWARD), _finish_values_of(activation, dtype, tile)

    def forward(layer, nets, dropout):
        shared = cuda.shared.array(0, real, alignment=ALIGNMENT)
        k, slots = cuda.blockIdx.z, nets.slots
        row, column = tile_start(cuda.blockIdx.x, layer.d_out, height, width)
        if row >= slots.counts[k]:
            return
        source = slots.sources[k] if layer.depth == 0 else k
        inputs = layer.inputs + (source * nets.most + row) * layer.d_in
        weights = slots.networks[k] * nets.row_size + layer.weights + column
        d_in, d_out = np.uint64(layer.d_in), np.uint64(layer.d_out)
        product(
            shared,
            Factor(nets.work, np.uint64(inputs), d_in, slots.counts[k] - row),
            Factor(nets.parameters, np.uint64(weights), d_out, layer.d_out - column),
            0,
            layer.d_in,
        )
        finish(layer, nets, dropout, shared, row, column)

    return kernel(forward, THREADS, tile.blocks)


def _finish_values_of(activation: Activation | None, dtype: str, tile: Tile) -> Callable:
    """``finish(layer, nets, dropout, shared, row, first)``: sums become values, a thread a column.

    All is looked up anew: what is held while factors are multiplied takes registers.
    """
    store, real = _store_value_of(activation, dtype), np.dtype(dtype).type
    height, width, step, stride = tile.height, tile.width, tile.rows_at_once, tile.right_step

    @device_function
    def finish(layer, nets, dropout, shared, row, first):
        c, k, slots = cuda.threadIdx.x % width, cuda.blockIdx.z, nets.slots
        column, i, shift = first + c, slots.networks[k], real(0)
        if column >= layer.d_out:
            return
        if nets.net.bias:
            biases = i * nets.row_size + layer.weights + layer.d_in * layer.d_out
            shift = nets.parameters[np.uint64(biases + column)]
        drops = drops_units(dropout, slots.steps[k]) and layer.depth < dropout.p.shape[1]
        mask = Mask(np.uint64(0), np.uint32(0), 1.0)
        if drops:
            mask = layer_mask(dropout, i, slots.steps[k], layer.depth)
        scale = real(mask.scale)
        rows = min(height, slots.counts[k] - row)
        for r in range(cuda.threadIdx.x // width, rows, step):
            index, factor = (row + r) * layer.d_out + column, real(1)
            if drops:
                factor = scale if keeps(mask.key, index, mask.least) else real(0)
            index += k * nets.most * layer.d_out
            store(nets.work, layer, index, shared[np.uint32(r * stride + c)] + shift, factor)

    return finish


def _store_value_of(activation: Activation | None, dtype: str) -> Callable:
    """``store(work, layer, index, z, factor)``: a layer's value, and its slope if it is hidden."""
    if activation is None:

        @device_function
        def store_last(work, layer, index, z, factor):
            work[np.uint64(layer.slopes + index)] = z

        return store_last
    value, slope = scalar(activation.value, dtype), scalar(activation.slope, dtype)
    real = np.dtype(dtype).type

    @device_function
    def store_hidden(work, layer, index, z, factor):
        after = real(value(z))
        work[np.uint64(layer.values + index)] = after * factor
        work[np.uint64(layer.slopes + index)] = real(slope(z, after)) * factor

    return store_hidden


@cache
def loss_kernel(spec: Functions) -> Callable:
    """The kernel for losses: a thread a row."""
    row_loss, real = functions.row_loss(spec), np.dtype(spec.dtype).type

    def compute_loss(layer, nets, batch, losses):
        scratch = cuda.shared.array(SUM_THREADS, np.float64)
        k, first, slots = cuda.blockIdx.y, cuda.blockIdx.x * cuda.blockDim.x, nets.slots
        if first >= slots.counts[k]:
            return
        own, row = 0.0, first + cuda.threadIdx.x
        if row < slots.counts[k]:
            source, total, share = slots.sources[k], slots.totals[k], 0.0
            if total > 0.0:
                share = nets.net.output_share * batch.weights[source, row] / total
            start = layer.slopes + (k * nets.most + row) * layer.d_out
            targets, width = batch.targets[source, row], batch.targets.shape[2]
            own = real(share) * row_loss(
                nets.work, start, layer.d_out, targets, 0, width,
                real(share), real(nets.net.loss_parameter),
            )  # fmt: skip
        total_loss = block_sum(np.float64(own), scratch)
        if cuda.threadIdx.x == 0:
            losses[k, cuda.blockIdx.x] = total_loss

    return kernel(compute_loss, SUM_THREADS, 2)


# --- backward -------------------------------------------------------------------------------------


@cache
def backward_kernel(dtype: str, tile: Tile) -> Callable:
    """The kernel for the loss's slopes by the values that go into a layer's weights."""
    real, product = np.dtype(dtype), multiply(tile, dtype, BACKWARD)
    height, width, step, stride = tile.height, tile.width, tile.rows_at_once, tile.right_step

    def backward(layer, nets):
        shared = cuda.shared.array(0, real, alignment=ALIGNMENT)
        k, slots = cuda.blockIdx.z, nets.slots
        row, column = tile_start(cuda.blockIdx.x, layer.d_in, height, width)
        if row >= slots.counts[k]:
            return
        slopes = layer.slopes + (k * nets.most + row) * layer.d_out
        weights = slots.networks[k] * nets.row_size + layer.weights + column * layer.d_out
        d_out = np.uint64(layer.d_out)
        product(
            shared,
            Factor(nets.work, np.uint64(slopes), d_out, slots.counts[k] - row),
            Factor(nets.parameters, np.uint64(weights), d_out, layer.d_in - column),
            0,
            layer.d_out,
        )
        c, rows = cuda.threadIdx.x % width, min(height, slots.counts[k] - row)
        if column + c < layer.d_in:
            before = layer.before + (k * nets.most + row) * layer.d_in + column + c
            for r in range(cuda.threadIdx.x // width, rows, step):
                nets.work[np.uint64(before + r * layer.d_in)] *= shared[np.uint32(r * stride + c)]

    return kernel(backward, THREADS, tile.blocks)


@device_function
def layer_of(table, block):
    """The layer whose gradient a block computes a tile of, and how many blocks come before it."""
    n = 0
    while n + 1 < table.shape[0] and table[n + 1, 0] <= block:
        n += 1
    e = table[n]
    return e[0], Layer(e[1], e[2], e[3], e[4], e[5], e[6], e[7], e[8])


@cache
def gradient_kernel(dtype: str, tile: Tile) -> Callable:
    """The kernel for the gradients of weights and biases of some layers, in pieces of rows."""
    real, product = np.dtype(dtype), multiply(tile, dtype, GRADIENT)
    height, width, step, stride = tile.height, tile.width, tile.rows_at_once, tile.right_step

    def weight_gradients(table, nets, gradient):
        shared = cuda.shared.array(0, real, alignment=ALIGNMENT)
        piece, k, slots = cuda.blockIdx.y, cuda.blockIdx.z, nets.slots
        first, last = piece * PIECE_ROWS, min((piece + 1) * PIECE_ROWS, slots.counts[k])
        if first >= last:
            return
        before, layer = layer_of(table, cuda.blockIdx.x)
        row, column = tile_start(cuda.blockIdx.x - before, layer.d_out, height, width)
        rows, columns = layer.d_in - row, layer.d_out - column
        source = slots.sources[k] if layer.depth == 0 else k
        inputs = layer.inputs + source * nets.most * layer.d_in + row
        slopes = layer.slopes + k * nets.most * layer.d_out + column
        total = product(
            shared,
            Factor(nets.work, np.uint64(inputs), np.uint64(layer.d_in), rows),
            Factor(nets.work, np.uint64(slopes), np.uint64(layer.d_out), columns),
            first,
            last,
        )
        t, c = cuda.threadIdx.x, cuda.threadIdx.x % width
        if c >= columns:
            return
        start = layer.weights + column + c
        for r in range(t // width, min(height, rows), step):
            index = start + (row + r) * layer.d_out
            gradient[k, piece, index] = shared[np.uint32(r * stride + c)]
        if nets.net.bias and row == 0 and t < width:
            gradient[k, piece, start + layer.d_in * layer.d_out] = total

    return kernel(weight_gradients, THREADS, tile.blocks)
