"""Where a network's numbers lie in its block's shared memory."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from ...math import N_COEFFICIENTS, N_HYPERPARAMETERS, N_POWERS
from ...task import Network, layer_slices
from ..arguments import Net, whole_numbers
from ..collective import block_copy
from ..compile import device_function
from ..functions import activation_ids

# Numbers of the optimiser's rule, in float64: powers first, then coefficients and hyperparameters.
FIRST_COEFFICIENT = N_POWERS
FIRST_HYPERPARAMETER = N_POWERS + N_COEFFICIENTS
RULE_NUMBERS = N_POWERS + N_COEFFICIENTS + N_HYPERPARAMETERS
WIDTH, WEIGHTS, ACTIVATION, VALUES, DELTAS, STRIDE = range(6)  # the table's columns
FIELDS = 6
TABLE = np.dtype(np.int32)


class Layout(NamedTuple):
    """Where numbers begin in the block's shared memory, which begins with the weights.

    The table has a row for each layer of values, the inputs first: its width; where the weights
    that it goes into begin; which activation the next layer has; where a chunk's values begin, and
    the loss's slopes by what went into their activations; how far a sample's are from the next
    one's, which is odd to keep threads out of each other's banks. Kernels read it all the time, so
    they copy it to ``table_start``, counted in its own 32 bits.
    """

    rows: int
    gradient: int
    moments: int
    table_start: int
    table: Any


def layout_of(network: Network, rows: int, moments: int, start: int, table_start: int) -> Layout:
    """The layout; values begin at ``start``, the table after so many bytes."""
    weights = [part.start for part in layer_slices(network.layers, network.bias)]
    table: list[tuple[int, ...]] = []
    for width, begin, activation, stride in zip(
        network.layers, [*weights, network.n_parameters], [*activation_ids(network), 0, 0],
        _strides(network), strict=True,
    ):  # fmt: skip
        hidden = 0 < len(table) < len(weights)
        deltas = start + rows * stride * hidden
        table.append((width, begin, activation, start, deltas, stride))
        start = deltas + rows * stride
    return Layout(
        rows, network.n_parameters, moments, table_start // TABLE.itemsize,
        whole_numbers(np.array(table).reshape(-1)),
    )  # fmt: skip


def row_size(network: Network) -> int:
    """Numbers that a sample needs: every layer's values, and slopes of the hidden ones."""
    strides = _strides(network)
    return sum(strides) + sum(strides[1:-1])


def _strides(network: Network) -> list[int]:
    return [width | 1 for width in network.layers]


def table_bytes(network: Network) -> int:
    """Bytes of a layout's table."""
    return len(network.layers) * FIELDS * TABLE.itemsize


class Shape(NamedTuple):
    """The architecture as threads read it.

    Attributes
    ----------
    table : the layout's, in shared memory
    layers : of weights
    size : the number of parameters
    rows : of a chunk
    """

    net: Net
    table: Any
    layers: Any
    size: Any
    rows: Any


@device_function
def shape_of(net, layout, table):
    """Copy the layout's table into shared memory; it can be read after the next barrier."""
    there = table[layout.table_start :]
    block_copy(there, layout.table, layout.table.shape[0])
    layers = layout.table.shape[0] // FIELDS - 1
    size = layout.table[layers * FIELDS + WEIGHTS]
    return Shape(net, there, layers, size, layout.rows)


class Layer(NamedTuple):
    """A layer of weights, between values that go in and values that come out."""

    d_in: Any
    d_out: Any
    weights: Any
    biases: Any
    activation: Any
    values_in: Any
    deltas_in: Any
    stride_in: Any
    values_out: Any
    deltas_out: Any
    stride_out: Any


@device_function
def layer_of(table, layer):
    """A layer of weights, from the table."""
    here, after = layer * FIELDS, layer * FIELDS + FIELDS
    d_in, d_out, weights = table[here + WIDTH], table[after + WIDTH], table[here + WEIGHTS]
    return Layer(
        d_in, d_out, weights, weights + d_in * d_out, table[here + ACTIVATION],
        table[here + VALUES], table[here + DELTAS], table[here + STRIDE],
        table[after + VALUES], table[after + DELTAS], table[after + STRIDE],
    )  # fmt: skip
