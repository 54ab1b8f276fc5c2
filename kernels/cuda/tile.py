"""The product of two matrices in registers: a thread's tile of it, and where its tiles lie.

A thread's rows, and its columns, lie apart by the number of tiles, so that threads beside each
other read numbers beside each other. Rows and columns past the end are computed as copies of the
first, and dropped.
"""

from __future__ import annotations

import numpy as np
from numba import cuda

from .compile import device_function

ROWS, COLUMNS = 4, 4  # of a thread's tile: 16 sums and 8 factors fit into registers
SUMS = ROWS * COLUMNS


@device_function
def tiles(size, side):
    """How many tiles cover so many rows or columns, which is also how far a tile's are apart."""
    return (size + side - 1) // side


@device_function
def multiply(sums, x, x0, xi, xk, i, rows, y, y0, yj, yk, j, columns, depth):
    """Sums over k of ``x[x0 + r xi + k xk] y[y0 + c yj + k yk]`` for the tile at row i, column j.

    Indices are unsigned: negative ones, which Python counts from the end, would cost a comparison.
    """
    zero = x.dtype.type(0)
    left, right = cuda.local.array(ROWS, np.uint32), cuda.local.array(COLUMNS, np.uint32)
    factors = cuda.local.array(COLUMNS, x.dtype)
    for r in range(ROWS):
        at = i + r * tiles(rows, ROWS)
        left[r] = x0 + (at if at < rows else i) * xi
    for c in range(COLUMNS):
        at = j + c * tiles(columns, COLUMNS)
        right[c] = y0 + (at if at < columns else j) * yj
    for q in range(SUMS):
        sums[q] = zero
    for _ in range(depth):
        for c in range(COLUMNS):
            factors[c] = y[np.uint64(right[c])]
            right[c] += yk
        for r in range(ROWS):
            factor = x[np.uint64(left[r])]
            left[r] += xk
            for c in range(COLUMNS):
                sums[r * COLUMNS + c] += factor * factors[c]
