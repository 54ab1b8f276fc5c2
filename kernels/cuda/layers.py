"""Layers of many networks at once, a kernel for each product, and what lies between them.

Networks are in *slots*: kernels look up on the GPU which network a slot has, and how many rows of
the batch are its own; a slot with none costs next to nothing. Values of a batch that may have
``most`` rows lie in one memory, ``work``: first the samples of every fold, then for each hidden
layer the values of all slots, then for each layer the slopes, which become the loss's slopes on the
way back.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from itertools import accumulate, pairwise
from typing import Any, NamedTuple

import numpy as np
from numba import cuda

from ..math import ACTIVATIONS, LOSSES, OPTIMIZERS, Activation
from ..task import Network, layer_slices
from . import device, functions
from .arguments import Dropout, handed, own_row
from .compile import device_function, kernel, launch
from .functions import Functions
from .grids import SUM_THREADS, block_sum
from .product import ALIGNMENT, PADDING, THREADS, Factor, Form, Tile, multiply, tile
from .resident import row_size
from .scalars import dropout_key, mask, scalar

# Rows whose gradients are added up in one piece; pieces are added in their order. Not more, so that
# the multiprocessors share a long batch; not less, since each piece is written down.
PIECE_ROWS = 4 if device.simulated() else 1024
FORWARD, BACKWARD, GRADIENT = Form(True, False), Form(True, True), Form(False, False, True)
NOTHING = 1 << 62  # where nothing lies
NOBODY = -1  # in a slot


class Layer(NamedTuple):
    """A layer's sizes, where its weights begin in a network's row, and its numbers in ``work``.

    ``inputs`` are what goes in, ``values`` what comes out of a hidden one; ``before`` are the
    slopes of what goes in, ``slopes`` those of what comes out, at first the last layer's values.
    """

    number: int
    d_in: int
    d_out: int
    weights: int
    inputs: int
    values: int
    before: int
    slopes: int


class Slots(NamedTuple):
    """Of each slot: its network, and what a kernel that begins a batch says.

    Attributes
    ----------
    places : the networks' rows in the state, or NOBODY
    totals : what rows' weights are held against
    counts : rows of the batch, 0 for none
    sources : whose samples: the fold's, as they lie in ``work``
    steps : the step's number in the fit, -1 where it is none and nothing drops out
    """

    places: Any
    totals: Any
    counts: Any
    sources: Any
    steps: Any


class Samples(NamedTuple):
    """A batch's targets and weights, (folds, most, ...); its inputs lie in ``work``."""

    targets: Any
    weights: Any


class Layers:
    """Room for some networks' batches, and the kernels that fill it.

    Parameters
    ----------
    network : the architecture
    parameters : (m, row_size), of which slots have rows
    slots : networks at a time
    most : rows of the longest batch
    folds : batches at a time
    target_width : numbers of a sample's targets
    """

    def __init__(
        self,
        network: Network,
        parameters: Any,
        slots: int,
        most: int,
        folds: int,
        target_width: int,
    ) -> None:
        xp, dtype = device.array_module(), parameters.dtype
        self.network, self.slots, self.most, self.folds = network, slots, most, folds
        self.dtype, self.row_size = dtype.name, parameters.shape[1]
        self.parameters = device.kernel_array(parameters.reshape(-1))
        self.layers, size = _layers(network, slots, most, folds)
        self.outputs = xp.empty(size, dtype)
        self.work = device.kernel_array(self.outputs)
        self.targets = xp.empty((folds, most, target_width), dtype)
        self.weights = xp.empty((folds, most), dtype)
        self.samples = Samples(*map(handed, (self.targets, self.weights)))
        self.places = xp.full(slots, NOBODY, np.int64)
        self.slot = Slots(
            handed(self.places),
            handed(xp.zeros(slots)),
            *(handed(xp.zeros(slots, np.int64)) for _ in range(3)),
        )
        # (slots, blocks): each block's sum of rows' losses
        self.losses = device.kernel_array(xp.zeros((slots, -(-most // SUM_THREADS))))
        self.nothing_drops = Dropout(handed(xp.zeros((1, 0))), handed(xp.zeros(1, np.uint64)))
        self._tables = _tables(self.layers, self.dtype)

    def room_for_gradients(self) -> Any:
        """(slots, pieces, row_size)."""
        shape = self.slots, pieces(self.most), self.row_size
        return device.kernel_array(device.array_module().empty(shape, self.dtype))

    def take(self, networks: Any) -> None:
        """Give slots to some networks; the others have nobody."""
        self.places[: len(networks)] = networks
        self.places[len(networks) :] = NOBODY

    def forward(self, rows: int, dropout: Dropout | None = None) -> None:
        """All layers' values, and the slopes of their activations."""
        for layer in self.layers:
            name = self.network.activations[layer.number] if layer.values != NOTHING else ""
            tiles = tile(layer.d_out, self.dtype)
            launch(
                forward_kernel(ACTIVATIONS.get(name), self.dtype, tiles),
                (tiles.cover(rows, layer.d_out), 1, self.slots),
                THREADS,
                tiles.shared_memory(self.dtype),
                *(layer, int(self.network.bias), self.most, self.slot, self.work),
                *(self.parameters, self.row_size, dropout or self.nothing_drops),
            )

    def lose(self, rows: int) -> None:
        """Blocks' sums of losses; the last layer's values become their slopes."""
        loss, outputs = LOSSES[self.network.loss], self.network.layers[-1]
        made = Functions((), loss, OPTIMIZERS["sgd"], self.dtype)
        launch(
            lose_kernel(made),
            (-(-rows // SUM_THREADS), self.slots),
            SUM_THREADS,
            0,
            *(self.layers[-1], self.most, self.slot, self.work, self.samples),
            *(self.network.loss_parameter, 1.0 / outputs if loss.average else 1.0, self.losses),
        )

    def backward(self, rows: int, gradient: Any) -> None:
        """Gradients, (slots, pieces, row_size), from the slopes that :meth:`lose` left."""
        for layer in reversed(self.layers[1:]):
            tiles = tile(layer.d_in, self.dtype)
            launch(
                backward_kernel(self.dtype, tiles),
                (tiles.cover(rows, layer.d_in), 1, self.slots),
                THREADS,
                tiles.shared_memory(self.dtype),
                *(layer, self.most, self.slot, self.work, self.parameters, self.row_size),
            )
        for tiles, count, table in self._tables:
            launch(
                gradient_kernel(self.dtype, tiles),
                (count, pieces(rows), self.slots),
                THREADS,
                tiles.shared_memory(self.dtype),
                *(table, int(self.network.bias), self.most, self.slot, self.work, gradient),
            )


def pieces(rows: int) -> int:
    """How many pieces a batch of so many rows has: bits depend on it, so on nothing else."""
    return -(-rows // PIECE_ROWS)


def numbers_of_a_slot(network: Network, most: int) -> int:
    """How many numbers a network needs beside its parameters: values, slopes and gradients."""
    *hidden, outputs = network.layers[1:]
    return most * (2 * sum(hidden) + outputs) + pieces(most) * row_size(network.n_parameters)


def _layers(network: Network, slots: int, most: int, folds: int) -> tuple[list[Layer], int]:
    """Where everything lies in ``work``, and how long it is."""
    inputs, *hidden = network.layers[:-1]
    sizes = [folds * inputs, *(slots * width for width in (*hidden, *network.layers[1:]))]
    starts = list(accumulate((most * size for size in sizes), initial=0))
    values = [*starts[: len(hidden) + 1], NOTHING]
    slopes = [NOTHING, *starts[len(hidden) + 1 : -1]]
    weights = [part.start for part in layer_slices(network.layers, network.bias)]
    sides = zip(pairwise(network.layers), pairwise(values), pairwise(slopes), strict=True)
    layers = [
        Layer(number, *widths, weights[number], *value, *slope)
        for number, (widths, value, slope) in enumerate(sides)
    ]
    return layers, starts[-1]


def _tables(layers: list[Layer], dtype: str) -> list[tuple[Tile, int, Any]]:
    """Layers whose gradients have the same tile, one launch for all: tile, how many, table.

    A row of a table is the layer, after the number of tiles before its own.
    """
    tables = []
    for kind in dict.fromkeys(tile(layer.d_out, dtype) for layer in layers):
        rows, count = [], 0
        for layer in layers:
            if tile(layer.d_out, dtype) == kind:
                rows.append((count, *layer))
                count += kind.cover(layer.d_in, layer.d_out)
        table = device.to_device(np.array(rows, np.int64))
        tables.append((kind, count, device.kernel_array(table)))
    return tables


# --- kernels --------------------------------------------------------------------------------------


@device_function
def tile_of(block, columns, height, width):
    """Row and column at which a block's tile begins; tiles that share rows follow each other."""
    across = (np.uint32(columns) + np.uint32(width - 1)) // np.uint32(width)
    block = np.uint32(block)
    return np.int64(block // across * np.uint32(height)), np.int64(
        block % across * np.uint32(width)
    )


@cache
def forward_kernel(activation: Activation | None, dtype: str, tiles: Tile) -> Callable:
    """The kernel for a layer's values: ``activation`` is None for the last one."""
    real = np.dtype(dtype)
    product, put = multiply(tiles, dtype, FORWARD), _putting(activation, dtype)
    height, width = tiles.height, tiles.width
    rows_at_once, stride, number = THREADS // width, width + PADDING, real.type

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
        # what follows is looked up again, not held in registers that products need
        column += cuda.threadIdx.x % width
        if column >= layer.d_out:
            return
        i, step, shift = slots.places[k], slots.steps[k], number(0)
        if bias:
            at = i * row_size + layer.weights + layer.d_in * layer.d_out + column
            shift = parameters[np.uint64(at)]
        p, key = 0.0, np.uint64(0)
        drops = dropout.p.shape[1] > layer.number and step >= 0
        if drops:
            p = dropout.p[own_row(dropout.p, i), layer.number]
            key = dropout_key(dropout.keys[own_row(dropout.keys, i)], step, layer.number)
        c, rows = cuda.threadIdx.x % width, min(height, slots.counts[k] - row)
        for r in range(cuda.threadIdx.x // width, rows, rows_at_once):
            at, factor = (row + r) * layer.d_out + column, number(1)
            if drops:
                factor = number(mask(key, at, p))
            at += k * most * layer.d_out
            put(work, layer, at, shared[np.uint32(r * stride + c)] + shift, factor)

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

    def lose(layer, most, slots, work, samples, parameter, output_share, losses):
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
                np.uint64(layer.slopes + (k * most + row) * layer.d_out),
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

    return kernel(lose, SUM_THREADS, 2)


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
