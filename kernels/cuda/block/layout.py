"""Where a block's numbers lie in its shared memory, and what of them lies there."""

from __future__ import annotations

from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

from ...task import Network, layer_slices
from .. import device, tile
from ..arguments import whole_numbers
from ..compile import device_function
from ..functions import activation_ids

# The simulator's threads are Python's: a few show what there is to show. Not tuned on a GPU yet.
WARP, MOST_THREADS = (1, 4) if device.simulated() else (32, 256)
BLOCKS = 2  # on a multiprocessor, which leaves 128 registers a thread
MOST_ROWS = 64  # of a chunk
NUMBERS = 13  # a step's powers and coefficients, and the hyperparameters
WIDTH, WEIGHTS, KIND, VALUES, DELTAS, STRIDE = range(6)  # the table's columns
FIELDS = 6
TABLE = np.dtype(np.int32)

# Blocks on a multiprocessor, the fewest rows of a chunk, and whether gradient and moments are
# shared, best first. While one block waits, at a barrier or for the numbers of a sum, another one
# computes. Two are worth smaller chunks, but each chunk reads and writes the gradient once: with 32
# rows that is an eighth of the reading for its sums. Moments are read and written once a step, the
# gradient with every chunk, so moments leave shared memory first.
CHOICES = (
    (BLOCKS, 32, True, True),
    (BLOCKS, 32, True, False),
    (1, 16, True, True),
    (1, 16, True, False),
    (1, 16, False, False),
)


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


class Plan(NamedTuple):
    """How a block works: what it holds in shared memory, and its size."""

    layout: Layout
    gradient_shared: bool
    moments_shared: bool
    threads: int
    shared_memory: int


class Layer(NamedTuple):
    """A layer of weights, between values that go in and values that come out."""

    d_in: int
    d_out: int
    weights: int
    biases: int
    kind: int
    values_in: int
    deltas_in: int
    stride_in: int
    values_out: int
    deltas_out: int
    stride_out: int


@device_function
def layer_of(table, layer):
    """A layer of weights, from the table."""
    here, there = layer * FIELDS, layer * FIELDS + FIELDS
    d_in, d_out, weights = table[here + WIDTH], table[there + WIDTH], table[here + WEIGHTS]
    return Layer(
        d_in, d_out, weights, weights + d_in * d_out, table[here + KIND],
        table[here + VALUES], table[here + DELTAS], table[here + STRIDE],
        table[there + VALUES], table[there + DELTAS], table[there + STRIDE],
    )  # fmt: skip


def refusal(network: Network, rule: str, dtype: str, limits: device.Properties) -> str:
    """Why a block cannot train such a network; empty where it can."""
    blocks, fewest, *_ = CHOICES[-1]
    numbers = network.n_parameters + fewest * _row_size(network)
    needed, there = numbers * np.dtype(dtype).itemsize, _available(network, limits, blocks)
    if needed <= there:
        return ""
    return (
        f"{network.n_parameters} weights and {fewest} samples' values take "
        f"{needed >> 10} KiB, and a block has {there >> 10} KiB of shared memory"
    )


def _available(network: Network, limits: device.Properties, blocks: int) -> int:
    """Bytes for a network's numbers in each of so many blocks on a multiprocessor."""
    static = (MOST_THREADS + NUMBERS) * np.dtype(np.float64).itemsize
    # what a single block cannot have of a multiprocessor's memory, CUDA takes for each block
    taken = limits.shared_memory_per_multiprocessor - limits.shared_memory_per_block_optin
    share = limits.shared_memory_per_multiprocessor // blocks - taken
    return share - static - _table_bytes(network)


def _table_bytes(network: Network) -> int:
    return len(network.layers) * FIELDS * TABLE.itemsize


def _strides(network: Network) -> list[int]:
    return [width | 1 for width in network.layers]


def _row_size(network: Network) -> int:
    """Numbers that a sample needs: every layer's values, and slopes of the hidden ones."""
    strides = _strides(network)
    return sum(strides) + sum(strides[1:-1])


def plan(network: Network, states: int, dtype: Any, batch: int) -> Plan:
    """The layout for batches of so many samples."""
    itemsize, limits = np.dtype(dtype).itemsize, device.properties()
    size, row = network.n_parameters, _row_size(network)
    for blocks, fewest, gradient_shared, moments_shared in CHOICES:
        fixed = size * (1 + gradient_shared + moments_shared * states)
        most = (_available(network, limits, blocks) // itemsize - fixed) // row
        if most >= min(batch, fewest):
            break
    rows = _chunk(batch, min(most, MOST_ROWS))
    numbers = (fixed + rows * row) * itemsize
    return Plan(
        layout=_layout(network, rows, size * (1 + gradient_shared), fixed, numbers),
        gradient_shared=gradient_shared,
        moments_shared=moments_shared,
        threads=_threads(network, rows),
        shared_memory=numbers + _table_bytes(network),
    )


def _chunk(batch: int, most: int) -> int:
    """Rows of a chunk, for as few chunks as can be, of about the same size, in whole tiles."""
    rows = -(-batch // -(-batch // most))
    return min(-(-rows // tile.ROWS) * tile.ROWS, batch, most)


def _layout(network: Network, rows: int, moments: int, start: int, table_start: int) -> Layout:
    """The layout; values begin at ``start``, the table after so many bytes."""
    weights = [part.start for part in layer_slices(network.layers, network.bias)]
    table: list[tuple[int, ...]] = []
    for width, begin, kind, stride in zip(
        network.layers, [*weights, network.n_parameters], [*activation_ids(network), 0, 0],
        _strides(network), strict=True,
    ):  # fmt: skip
        hidden = 0 < len(table) < len(weights)
        deltas = start + rows * stride * hidden
        table.append((width, begin, kind, start, deltas, stride))
        start = deltas + rows * stride
    return Layout(
        rows, network.n_parameters, moments, table_start // TABLE.itemsize,
        whole_numbers(np.array(table).reshape(-1)),
    )  # fmt: skip


def _threads(network: Network, rows: int) -> int:
    """Threads enough for the largest product's tiles."""

    def tiles(size: int, columns: int) -> int:
        return -(-size // tile.ROWS) * -(-columns // tile.COLUMNS)

    most = max(
        max(tiles(rows, d_out), tiles(d_in, d_out), tiles(d_in, rows))
        for d_in, d_out in pairwise(network.layers)
    )
    return min(-(-most // WARP) * WARP, MOST_THREADS)
