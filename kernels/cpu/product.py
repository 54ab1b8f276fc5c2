"""Products of matrices whose columns, or whose elements, are vectors."""

from __future__ import annotations

from functools import cache

import numpy as np
from numba import from_dtype, types

from ..specialise import specialise
from .compile import callback
from .simd import ADD, BROADCAST, LANES, SCALE, SET, TILE_ROWS, TILE_VECTORS, VECTOR, advance
from .tile import tiles

DEPTH = 256  # terms of a sum before its tile goes back to memory: the right operand stays in L1

__all__ = ["ADD", "BROADCAST", "SCALE", "SET", "VECTOR", "address"]

tile_rows = TILE_ROWS  # float32's; a function that is compiled for a dtype has its own


def multiply(
    left, memory, rows, columns, depth, c, c_r, c_v, a, a_r, a_k, b, b_k, b_v, mode, groups
):
    """C = A B, C += A B or C *= A B by ``mode``, for matrices inside one flat array.

    Parameters
    ----------
    left : BROADCAST where A's elements are numbers, VECTOR where they are vectors
    rows, columns, depth : C is rows x columns vectors; sums have ``depth`` terms
    c, c_r, c_v : where C begins, and the steps to its next row and next column
    a, a_r, a_k : the same for A: next row, next term
    b, b_k, b_v : the same for B: next term, next column
    groups : products, each of them a vector after the one before
    """
    bands = -(-rows // tile_rows)  # of equal heights: a low one would wait for its own sums
    height = rows // bands if bands > 1 else rows
    higher = rows - height * bands  # bands that have a row more
    pairs = columns // TILE_VECTORS
    for g in range(groups):
        # A factor of C must be the whole sum; what is added to C may come in parts.
        longest = depth if mode == SCALE else DEPTH
        for start in range(0, depth, longest):
            terms = min(longest, depth - start)
            more = ADD if start > 0 else mode
            at_c = advance(memory, c + g * LANES)
            at_a = advance(memory, a + start * a_k + g * LANES * left)
            at_b = advance(memory, b + start * b_k + g * LANES)
            if bands == 1 and pairs > 0:  # one call for all columns but the last
                tiles(
                    left, rows, TILE_VECTORS, at_c, c_r, c_v, at_a, a_r, a_k, at_b, b_k, b_v,
                    terms, more, pairs, TILE_VECTORS * c_v, 0, TILE_VECTORS * b_v,
                )  # fmt: skip
            done = pairs * TILE_VECTORS if bands == 1 else 0
            for v in range(done, columns, TILE_VECTORS):  # one call for all rows: B stays in L1
                width = min(TILE_VECTORS, columns - v)
                at_cv, at_av, at_bv = advance(at_c, v * c_v), at_a, advance(at_b, v * b_v)
                if higher > 0:
                    tiles(
                        left, height + 1, width, at_cv, c_r, c_v, at_av, a_r, a_k, at_bv, b_k, b_v,
                        terms, more, higher, (height + 1) * c_r, (height + 1) * a_r, 0,
                    )  # fmt: skip
                    at_cv = advance(at_cv, higher * (height + 1) * c_r)
                    at_av = advance(at_av, higher * (height + 1) * a_r)
                tiles(
                    left, height, width, at_cv, c_r, c_v, at_av, a_r, a_k, at_bv, b_k, b_v,
                    terms, more, bands - higher, height * c_r, height * a_r, 0,
                )  # fmt: skip


@cache
def address(dtype: str) -> int:
    """Address of :func:`multiply`, compiled for a dtype: one copy serves all kernels."""
    number = from_dtype(np.dtype(dtype))
    names = {"tile_rows": TILE_ROWS * 4 // np.dtype(dtype).itemsize}
    function = specialise(multiply, dtype, names, f"multiply_{dtype}")
    signature = types.void(types.int64, types.CPointer(number), *[types.int64] * 14)
    return callback(signature, function, cached=True)
