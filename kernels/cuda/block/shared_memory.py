"""What of a network its block holds in shared memory, how many rows at a time, and its threads."""

from __future__ import annotations

from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

from ...task import Network
from .. import device, tile
from .layout import RULE_NUMBERS, Layout, layout_of, row_size, table_bytes

# The simulator's threads are Python's: a few show what there is to show. Not tuned on a GPU yet.
WARP, MOST_THREADS = (1, 4) if device.simulated() else (32, 256)
BLOCKS = 2  # on a multiprocessor, which leaves 128 registers a thread
MOST_ROWS = 64  # of a chunk
STATIC_BYTES = 8 * (MOST_THREADS + RULE_NUMBERS)  # of shared memory, in any block

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


class Plan(NamedTuple):
    """How a block works: what it holds in shared memory, and its size."""

    layout: Layout
    gradient_shared: bool
    moments_shared: bool
    threads: int
    shared_memory: int


def refusal(network: Network, rule: str, dtype: str, limits: device.Properties) -> str:
    """Why a block cannot train such a network; empty where it can."""
    blocks, fewest, *_ = CHOICES[-1]
    numbers = network.n_parameters + fewest * row_size(network)
    needed, there = numbers * np.dtype(dtype).itemsize, _available(network, limits, blocks)
    if needed <= there:
        return ""
    return (
        f"{network.n_parameters} weights and {fewest} samples' values take "
        f"{needed >> 10} KiB, and a block has {there >> 10} KiB of shared memory"
    )


def plan(network: Network, states: int, dtype: Any, batch: int) -> Plan:
    """The layout for batches of so many samples."""
    itemsize, limits = np.dtype(dtype).itemsize, device.properties()
    size, row = network.n_parameters, row_size(network)
    for blocks, fewest, gradient_shared, moments_shared in CHOICES:
        fixed = size * (1 + gradient_shared + moments_shared * states)
        most = (_available(network, limits, blocks) // itemsize - fixed) // row
        if most >= min(batch, fewest):
            break
    rows = _chunk(batch, min(most, MOST_ROWS))
    numbers = (fixed + rows * row) * itemsize
    return Plan(
        layout=layout_of(network, rows, size * (1 + gradient_shared), fixed, numbers),
        gradient_shared=gradient_shared,
        moments_shared=moments_shared,
        threads=_threads(network, rows),
        shared_memory=numbers + table_bytes(network),
    )


def _available(network: Network, limits: device.Properties, blocks: int) -> int:
    """Bytes for a network's numbers in each of so many blocks on a multiprocessor."""
    # what a single block cannot have of a multiprocessor's memory, CUDA takes for each block
    taken = limits.shared_memory_per_multiprocessor - limits.shared_memory_per_block_optin
    share = limits.shared_memory_per_multiprocessor // blocks - taken
    return share - STATIC_BYTES - table_bytes(network)


def _chunk(batch: int, most: int) -> int:
    """Rows of a chunk, for as few chunks as can be, of about the same size, in whole tiles."""
    rows = -(-batch // -(-batch // most))
    return min(-(-rows // tile.ROWS) * tile.ROWS, batch, most)


def _threads(network: Network, rows: int) -> int:
    """Threads enough for the largest product's tiles."""

    def tiles(size: int, columns: int) -> int:
        return -(-size // tile.ROWS) * -(-columns // tile.COLUMNS)

    most = max(
        max(tiles(rows, d_out), tiles(d_in, d_out), tiles(d_in, rows))
        for d_in, d_out in pairwise(network.layers)
    )
    return min(-(-most // WARP) * WARP, MOST_THREADS)
