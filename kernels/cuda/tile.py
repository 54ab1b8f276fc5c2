"""The product of two matrices in registers: a thread's tile of it, and where its tiles lie.

A thread's rows, and its columns, lie apart by the number of tiles, so that threads beside each
other read numbers beside each other. Rows and columns past the end are computed as copies of the
first, and dropped.

Indices are unsigned: negative ones, which Python counts from the end, would cost a comparison. They
have 64 bits, which cannot wrap in a loop, so that the compiler makes pointers of them.
"""

from __future__ import annotations

import numpy as np
from numba import cuda

from .compile import device_function

ROWS, COLUMNS = 4, 4  # of a thread's tile: 16 sums and 8 factors fit into registers
SUMS = ROWS * COLUMNS
UNROLLED = 4  # steps of a sum at a time, which share the loop's own instructions


@device_function
def tiles(size, side):
    """How many tiles cover so many rows or columns, which is also how far a tile's are apart."""
    return (size + side - 1) // side


@device_function
def split(t, across):
    """Row and column of the t-th of places that lie in rows of so many.

    A division with a sign, or of 64 bits, would take several times as long.
    """
    row = np.int64(np.uint32(t) // np.uint32(across))
    return row, t - row * across


@device_function
def inside(first, q, apart, size):
    """Where the q-th row or column of a tile is read: the first one's place where it is outside."""
    at = first + q * apart
    return at if at < size else first


@device_function
def begin(sums, z, z0, zi, zj, i, rows, j, columns):
    """Let the tile's sums begin with ``z[z0 + r zi + c zj]``."""
    for r in range(ROWS):
        row = z0 + inside(i, r, tiles(rows, ROWS), rows) * zi
        for c in range(COLUMNS):
            at = row + inside(j, c, tiles(columns, COLUMNS), columns) * zj
            sums[r * COLUMNS + c] = z[np.uint64(at)]


@device_function
def clear(sums):
    """Let the tile's sums begin with zero."""
    for q in range(SUMS):
        sums[q] = sums.dtype.type(0)


@device_function
def multiply(sums, x, x0, xi, xk, i, rows, y, y0, yj, yk, j, columns, depth):
    """Add ``x[x0 + r xi + k xk] y[y0 + c yj + k yk]`` over k for the tile at row i, column j."""
    rest = depth % UNROLLED
    whole = depth - rest
    add_products(
        sums, x, x0, xi, xk, i, rows, y, y0, yj, yk, j, columns, whole // UNROLLED, UNROLLED
    )
    add_products(
        sums, x, x0 + whole * xk, xi, xk, i, rows, y, y0 + whole * yk, yj, yk, j, columns, rest, 1
    )


@device_function
def add_products(sums, x, x0, xi, xk, i, rows, y, y0, yj, yk, j, columns, times, steps):
    """Add so many times so many steps of the sums, the latter unrolled."""
    left, right = cuda.local.array(ROWS, np.int64), cuda.local.array(COLUMNS, np.int64)
    for r in range(ROWS):
        left[r] = x0 + inside(i, r, tiles(rows, ROWS), rows) * xi
    for c in range(COLUMNS):
        right[c] = y0 + inside(j, c, tiles(columns, COLUMNS), columns) * yj
    for _ in range(np.int32(times)):
        for _ in range(steps):
            add_product(sums, x, left, xk, y, right, yk)


@device_function
def add_product(sums, x, left, xk, y, right, yk):
    """One step of a tile's sums."""
    factors = cuda.local.array(COLUMNS, x.dtype)
    for c in range(COLUMNS):
        factors[c] = y[np.uint64(right[c])]
        right[c] += yk
    for r in range(ROWS):
        factor = x[np.uint64(left[r])]
        left[r] += xk
        for c in range(COLUMNS):
            sums[r * COLUMNS + c] += factor * factors[c]


@device_function
def add_column(total, x, x0, xk, depth):
    """Add ``x[x0 + k xk]`` over k to a total."""
    at = np.int64(x0)
    for _ in range(np.int32(depth // UNROLLED)):
        for _ in range(UNROLLED):
            total += x[np.uint64(at)]
            at += xk
    for _ in range(np.int32(depth % UNROLLED)):
        total += x[np.uint64(at)]
        at += xk
    return total
