"""Where the numbers of many networks' layers lie, and how kernels are told of networks.

Networks are in *slots*: kernels look up on the GPU which network a slot holds, and how many rows
its batch has; an empty slot costs next to nothing. Values of a batch that may have ``most`` rows
lie in one memory, ``work``: first the samples of every fold, then for each hidden layer the values
of all slots, then for each layer the slopes, which become the loss's slopes on the way back.
"""

from __future__ import annotations

from itertools import accumulate, pairwise
from typing import Any, NamedTuple

import numpy as np

from ...task import Network, layer_slices
from .. import device
from ..arguments import Net
from ..resident import row_size
from .product import Tile, tile

# Rows whose gradients are added up in one piece; pieces are added in their order. More would leave
# multiprocessors idle in a long batch; fewer would write more pieces to memory.
PIECE_ROWS = 4 if device.simulated() else 1024
NOTHING = 1 << 62  # the start of values that do not exist
NOBODY = -1  # in a slot
EPOCH, BATCH = 0, 1  # of the clock
IDLE, READY, FAILED = 0, 1, 2  # phases of a step


class Layer(NamedTuple):
    """A layer's sizes, where its weights begin in a network's row, and its numbers in ``work``.

    ``depth`` is the number of layers before it. ``inputs`` are what goes in, ``values`` what comes
    out of a hidden one; ``before`` are the slopes of what goes in, ``slopes`` those of what comes
    out, at first the last layer's values.
    """

    depth: int
    d_in: int
    d_out: int
    weights: int
    inputs: int
    values: int
    before: int
    slopes: int


class Slots(NamedTuple):
    """Each slot's network and batch: arrays that the kernels which gather samples write.

    Attributes
    ----------
    networks : rows in the state, or NOBODY
    totals : the batch's total weight
    counts : rows of the batch, 0 without one
    sources : the fold whose samples it takes, as they lie in ``work``
    steps : the step's number in the fit, -1 without dropout
    """

    networks: Any
    totals: Any
    counts: Any
    sources: Any
    steps: Any


class Batch(NamedTuple):
    """Where a batch's samples lie: ``inputs`` first in ``work``, others (folds, most, ...)."""

    inputs: Any
    targets: Any
    weights: Any


class Networks(NamedTuple):
    """The networks of all slots, and the memory that they share.

    Attributes
    ----------
    net : the architecture
    most : rows of the longest batch
    row_size : from one network's parameters to the next one's
    parameters : of all networks, in one dimension
    """

    net: Net
    most: int
    row_size: int
    parameters: Any
    work: Any
    slots: Slots


class Step(NamedTuple):
    """What one step finds out about each slot.

    Attributes
    ----------
    phase : IDLE, READY or, where the loss is not finite, FAILED
    broken : whether a new parameter is not finite
    norms : sums of squares and of penalties, (slots, NORM_BLOCKS, 2)
    factor : of the gradient, for clipping
    """

    phase: Any
    broken: Any
    norms: Any
    loss: Any
    penalty: Any
    factor: Any
    powers: Any
    coefficients: Any


class Epoch(NamedTuple):
    """What one epoch finds out about each slot, and how far all are.

    Attributes
    ----------
    clock : the epoch of the fit, and its batch
    rates : learning rates
    sums : of losses, weights and penalties, (slots, 3)
    scores : validation losses
    late : the column of a validation loss that is still to be found, else -1
    """

    clock: Any
    rates: Any
    sums: Any
    scores: Any
    late: Any


def pieces(rows: int) -> int:
    """How many pieces a batch has. Bits depend on it, so it depends on the rows alone."""
    return -(-rows // PIECE_ROWS)


def numbers_of_a_slot(network: Network, most: int, rows: int) -> int:
    """How many numbers a network needs beside its parameters: values, slopes and gradients.

    Gradients are those of batches of up to ``rows`` rows; others may have ``most``.
    """
    *hidden, outputs = network.layers[1:]
    return most * (2 * sum(hidden) + outputs) + pieces(rows) * row_size(network.n_parameters)


def layers_of(network: Network, slots: int, most: int, folds: int) -> tuple[list[Layer], int]:
    """Where everything lies in ``work``, and how long it is."""
    inputs, *hidden = network.layers[:-1]
    sizes = [folds * inputs, *(slots * width for width in (*hidden, *network.layers[1:]))]
    starts = list(accumulate((most * size for size in sizes), initial=0))
    values = [*starts[: len(hidden) + 1], NOTHING]
    slopes = [NOTHING, *starts[len(hidden) + 1 : -1]]
    weights = [part.start for part in layer_slices(network.layers, network.bias)]
    sides = zip(pairwise(network.layers), pairwise(values), pairwise(slopes), strict=True)
    layers = [
        Layer(depth, *widths, weights[depth], *value, *slope)
        for depth, (widths, value, slope) in enumerate(sides)
    ]
    return layers, starts[-1]


def tables_of(layers: list[Layer], dtype: str) -> list[tuple[Tile, int, Any]]:
    """Layers whose gradients have the same tile, one launch for all: tile, how many, table.

    A row of a table is the layer, after the number of tiles before its own.
    """
    tables = []
    for shared_tile in dict.fromkeys(tile(layer.d_out, dtype) for layer in layers):
        rows, count = [], 0
        for layer in layers:
            if tile(layer.d_out, dtype) == shared_tile:
                rows.append((count, *layer))
                count += shared_tile.cover(layer.d_in, layer.d_out)
        table = device.to_device(np.array(rows, np.int64))
        tables.append((shared_tile, count, device.kernel_array(table)))
    return tables
