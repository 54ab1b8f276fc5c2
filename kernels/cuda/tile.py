"""The product of two matrices in registers: a thread's tile of it, and where its tiles lie.

A thread's rows, and its columns, lie apart by the number of tiles, so that threads beside each
other read numbers beside each other. Rows and columns past the end are computed as copies of the
first, and dropped.

Indices are unsigned: negative ones, which Python counts from the end, would cost a comparison. They
have 64 bits, which cannot wrap in a loop, so that the compiler makes pointers of them.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numba import cuda

from .compile import device_function

ROWS, COLUMNS = 4, 4  # of a thread's tile: 16 sums and 8 factors fit into registers
SUMS = ROWS * COLUMNS
UNROLLED = 4  # terms of a sum at a time, which share the loop's own instructions


class Matrix(NamedTuple):
    """A matrix in an array: (r, c) is ``array[start + r * row_step + c * column_step]``."""

    array: Any
    start: Any
    row_step: Any
    column_step: Any


class Tile(NamedTuple):
    """A thread's part of a matrix with so many rows and columns.

    Attributes
    ----------
    row, rows, down : its first row, the matrix's rows, and the distance of the tile's rows
    column, columns, across : the same of columns
    """

    row: Any
    rows: Any
    down: Any
    column: Any
    columns: Any
    across: Any


@device_function
def tiles_along(size, side):
    """How many tiles cover so many rows or columns; also how far a tile's are apart."""
    return (size + side - 1) // side


@device_function
def count_tiles(rows, columns):
    """How many tiles cover a matrix."""
    return tiles_along(rows, ROWS) * tiles_along(columns, COLUMNS)


@device_function
def tile_of(t, rows, columns):
    """The t-th tile of a matrix; tiles beside each other follow each other."""
    down, across = tiles_along(rows, ROWS), tiles_along(columns, COLUMNS)
    row, column = divide(t, across)
    return Tile(row, rows, down, column, columns, across)


@device_function
def divide(t, width):
    """Quotient and remainder.

    A division with a sign, or of 64 bits, would take several times as long.
    """
    quotient = np.int64(np.uint32(t) // np.uint32(width))
    return quotient, t - quotient * width


@device_function
def index_within(first, q, step, size):
    """The index q steps after the first one, or the first one where that is past the end."""
    index = first + q * step
    return index if index < size else first


@device_function
def load(sums, tile, z):
    """Let the tile's sums begin with a matrix's numbers."""
    for r in range(ROWS):
        row = z.start + index_within(tile.row, r, tile.down, tile.rows) * z.row_step
        for c in range(COLUMNS):
            column = index_within(tile.column, c, tile.across, tile.columns)
            sums[r * COLUMNS + c] = z.array[np.uint64(row + column * z.column_step)]


@device_function
def clear(sums):
    """Let the tile's sums begin with zero."""
    for q in range(SUMS):
        sums[q] = sums.dtype.type(0)


@device_function
def store(sums, tile, z):
    """Write the tile's sums to a matrix."""
    for q in range(SUMS):
        r, c = tile.row + q // COLUMNS * tile.down, tile.column + q % COLUMNS * tile.across
        if r < tile.rows and c < tile.columns:
            z.array[np.uint64(z.start + r * z.row_step + c * z.column_step)] = sums[q]


@device_function
def scale(sums, tile, z):
    """Multiply a matrix's numbers with the tile's sums."""
    for q in range(SUMS):
        r, c = tile.row + q // COLUMNS * tile.down, tile.column + q % COLUMNS * tile.across
        if r < tile.rows and c < tile.columns:
            z.array[np.uint64(z.start + r * z.row_step + c * z.column_step)] *= sums[q]


@device_function
def multiply(sums, tile, x, y, depth):
    """Add a tile of ``x @ y``, sums of so many terms."""
    rest = depth % UNROLLED
    whole = depth - rest
    add_products(sums, tile, x, y, 0, whole // UNROLLED, UNROLLED)
    add_products(sums, tile, x, y, whole, rest, 1)


@device_function
def add_products(sums, tile, x, y, first, rounds, steps):
    """Add terms from the first one on: ``rounds`` times ``steps`` of them, the latter unrolled."""
    left, right = cuda.local.array(ROWS, np.int64), cuda.local.array(COLUMNS, np.int64)
    for r in range(ROWS):
        row = index_within(tile.row, r, tile.down, tile.rows)
        left[r] = x.start + first * x.column_step + row * x.row_step
    for c in range(COLUMNS):
        column = index_within(tile.column, c, tile.across, tile.columns)
        right[c] = y.start + first * y.row_step + column * y.column_step
    for _ in range(np.int32(rounds)):
        for _ in range(steps):
            add_product(sums, x, left, y, right)


@device_function
def add_product(sums, x, left, y, right):
    """Add one term, whose factors lie at ``left`` and ``right``, which move on to the next."""
    factors = cuda.local.array(COLUMNS, x.array.dtype)
    for c in range(COLUMNS):
        factors[c] = y.array[np.uint64(right[c])]
        right[c] += y.row_step
    for r in range(ROWS):
        factor = x.array[np.uint64(left[r])]
        left[r] += x.column_step
        for c in range(COLUMNS):
            sums[r * COLUMNS + c] += factor * factors[c]


@device_function
def add_column(total, x, start, step, size):
    """Add so many numbers, ``step`` apart, to a total."""
    index = np.int64(start)
    for _ in range(np.int32(size // UNROLLED)):
        for _ in range(UNROLLED):
            total += x[np.uint64(index)]
            index += step
    for _ in range(np.int32(size % UNROLLED)):
        total += x[np.uint64(index)]
        index += step
    return total
