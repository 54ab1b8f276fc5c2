"""Products of matrices whose columns, or whose elements, are vectors."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ..specialise import specialise
from .processor import LANES, made_for
from .simd import ADD, SCALE, Matrix, advance
from .tile import tiles

DEPTH = 256  # terms of a sum before its tile goes back to memory: the right operand stays in L1

# float32's on processors with AVX-512; each function has its own
tile_sums, tile_vectors, most_terms = 16, 2, DEPTH


def multiply(
    left, memory, rows, columns, depth, c, c_r, c_v, a, a_r, a_k, b, b_k, b_v, mode, groups
):
    """C = A B, C += A B or C *= A B by ``mode``, for matrices inside one flat array.

    Parameters
    ----------
    left : simd.BROADCAST where A's elements are numbers, simd.VECTOR where they are vectors
    rows, columns, depth : C is rows x columns vectors; sums have ``depth`` terms
    c, c_r, c_v : where C begins, and the steps to its next row and next column
    a, a_r, a_k : the same for A: next row, next term
    b, b_k, b_v : the same for B: next term, next column
    groups : products, each of them a vector after the one before
    """
    pairs = columns // tile_vectors if rows * tile_vectors <= tile_sums else 0
    for g in range(groups):
        # A factor of C must be the whole sum; what is added to C may come in parts.
        longest = depth if mode == SCALE else most_terms
        for start in range(0, depth, longest):
            terms = min(longest, depth - start)
            more = ADD if start > 0 else mode
            at_c = advance(memory, c + g * LANES)
            at_b = advance(memory, b + start * b_k + g * LANES)
            factor = Matrix(advance(memory, a + start * a_k + g * LANES * left), a_r, a_k)
            if pairs > 0:  # one call for all columns but the last
                shape = rows, tile_vectors, terms
                steps = tile_vectors * c_v, 0, tile_vectors * b_v
                result, right = Matrix(at_c, c_r, c_v), Matrix(at_b, b_k, b_v)
                tiles(more, shape, result, left, factor, right, pairs, steps)
            # one call for all rows: B stays in L1
            for v in range(pairs * tile_vectors, columns, tile_vectors):
                width = min(tile_vectors, columns - v)
                # bands of equal heights: a low one would wait for its own sums
                bands = -(-rows * width // tile_sums)
                height = rows // bands
                higher = rows - height * bands  # bands that have a row more
                result = Matrix(advance(at_c, v * c_v), c_r, c_v)
                right = Matrix(advance(at_b, v * b_v), b_k, b_v)
                if higher > 0:
                    shape = height + 1, width, terms
                    steps = (height + 1) * c_r, (height + 1) * a_r, 0
                    tiles(more, shape, result, left, factor, right, higher, steps)
                below = higher * (height + 1)
                rest = Matrix(advance(result.start, below * c_r), c_r, c_v)
                rest_factor = Matrix(advance(factor.start, below * a_r), a_r, a_k)
                shape, steps = (height, width, terms), (height * c_r, height * a_r, 0)
                tiles(more, shape, rest, left, rest_factor, right, bands - higher, steps)


def made(_function: str, _made_with: str, dtype: str) -> Callable:
    """:func:`multiply` for a dtype and the level that is compiled for, not yet compiled."""
    wider = np.dtype(dtype).itemsize // 4
    names = {"tile_sums": made_for().tile_sums // wider, "most_terms": DEPTH // wider}
    return specialise(multiply, dtype, {**names, "tile_vectors": made_for().tile_vectors})
