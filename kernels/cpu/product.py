"""Products of matrices whose columns, or whose elements, are vectors."""

from __future__ import annotations

from functools import cache

import numpy as np
from numba import carray, from_dtype, types

from .compile import callback, specialise
from .simd import BROADCAST, LANES, TILE_ROWS, TILE_VECTORS, VECTOR, tile

DEPTH = 256  # terms of a sum before its tile goes back to memory: the right operand stays in L1

__all__ = ["BROADCAST", "VECTOR", "address"]

tile_rows = TILE_ROWS  # a dtype's own in what is compiled for it


def multiply(
    left, memory, rows, columns, depth, c, c_r, c_v, a, a_r, a_k, b, b_k, b_v, add, groups
):
    """C = A B, or C += A B where ``add``, for matrices inside one flat array.

    Parameters
    ----------
    left : BROADCAST where A's elements are numbers, VECTOR where they are vectors
    rows, columns, depth : C is rows x columns vectors; sums have ``depth`` terms
    c, c_r, c_v : where C begins, and the steps to its next row and next column
    a, a_r, a_k : the same for A: next row, next term
    b, b_k, b_v : the same for B: next term, next column
    groups : so many products at once, each a vector after the one before
    """
    w = carray(memory, 1)
    bands = -(-rows // tile_rows)
    for start in range(0, depth, DEPTH):
        terms = min(DEPTH, depth - start)
        more = 1 if start > 0 else add
        at_a, at_b = a + start * a_k, b + start * b_k
        for v in range(0, columns, TILE_VECTORS):
            width = min(TILE_VECTORS, columns - v)
            at_c, at_bv = c + v * c_v, at_b + v * b_v
            r = 0
            for band in range(bands):  # of equal heights: a thin one would wait for its own sums
                height = -(-(rows - r) // (bands - band))
                at_cr, at_ar = at_c + r * c_r, at_a + r * a_r
                for g in range(groups):
                    at_cg, at_bg = at_cr + g * LANES, at_bv + g * LANES
                    at_ag = at_ar + g * LANES * left  # what is broadcast serves all groups
                    tile(
                        left, height, width, w, at_cg, c_r, c_v, at_ag, a_r, a_k, at_bg, b_k, b_v,
                        terms, more,
                    )  # fmt: skip
                r += height


@cache
def address(dtype: str) -> int:
    """Address of :func:`multiply`, compiled for a dtype: one copy serves all kernels."""
    number = from_dtype(np.dtype(dtype))
    names = {"tile_rows": TILE_ROWS * 4 // np.dtype(dtype).itemsize}
    function = specialise(multiply, dtype, names, f"multiply_{dtype}")
    signature = types.void(types.int64, types.CPointer(number), *[types.int64] * 14)
    compiled = callback(signature, function, cached=True)
    _alive.append(compiled)
    return compiled.address


_alive: list = []  # what was compiled lives as long as its address may be called
