"""Tiles of a product against NumPy's: every shape, left matrix and way to store.

All numbers are small and whole, so that every sum is exact.
"""

from ctypes import CFUNCTYPE, POINTER, c_double, c_float, c_int64
from functools import cache
from itertools import product

import numpy as np
import pytest
from numba import types

from bpfast.kernels.cpu.compile import callback
from bpfast.kernels.cpu.simd import (
    ADD,
    BROADCAST,
    LANES,
    SCALE,
    SET,
    TILE_VECTORS,
    VECTOR,
    Matrix,
    advance,
)
from bpfast.kernels.cpu.tile import most_rows, tiles

NUMBERS = {"float32": (types.float32, c_float), "float64": (types.float64, c_double)}
GAP = 3  # numbers between vectors, which belong to nobody


def tiles_below_each_other(memory, mode, left, rows, columns, depth, count, gap):
    """C, A and B follow each other in memory; tiles of C and A do so, and all have the same B."""
    step, a_step = LANES + gap, (LANES if left == VECTOR else 1) + gap
    a = count * rows * columns * step
    b = a + count * rows * depth * a_step
    tiles(
        mode,
        (rows, columns, depth),
        Matrix(memory, columns * step, step),
        left,
        Matrix(advance(memory, a), depth * a_step, a_step),
        Matrix(advance(memory, b), columns * step, step),
        count,
        (rows * columns * step, rows * depth * a_step, 0),
    )


@cache
def compiled(dtype):
    number, of_c = NUMBERS[dtype]
    signature = types.void(types.CPointer(number), *[types.int64] * 7)
    address = callback(signature, tiles_below_each_other, cached=True)
    return CFUNCTYPE(None, POINTER(of_c), *[c_int64] * 7)(address), POINTER(of_c)


def check(dtype, mode, left, rows, columns, depth, count):
    """Compare all of the memory, gaps too, with what it should be."""
    call, pointer = compiled(dtype)
    rng = np.random.default_rng(rows + columns + depth)
    shapes = (count * rows, columns), (count * rows, depth), (depth, columns)
    lengths = LANES, LANES if left == VECTOR else 1, LANES
    c, a, b = (
        rng.integers(-8, 9, (*shape, length + GAP)).astype(dtype)
        for shape, length in zip(shapes, lengths, strict=True)
    )
    memory = np.concatenate([part.ravel() for part in (c, a, b)])
    call(memory.ctypes.data_as(pointer), mode, left, rows, columns, depth, count, GAP)
    factor = np.broadcast_to(a[..., :-GAP], (*shapes[1], LANES))  # a number is for all lanes
    sums = np.einsum("rkl,kvl->rvl", factor, b[..., :-GAP])
    there = c[..., :-GAP]
    there[...] = {SET: sums, ADD: there + sums, SCALE: there * sums}[mode]
    np.testing.assert_array_equal(memory, np.concatenate([part.ravel() for part in (c, a, b)]))


@pytest.mark.parametrize("dtype", NUMBERS)
@pytest.mark.parametrize("left", [BROADCAST, VECTOR], ids=["broadcast", "vector"])
@pytest.mark.parametrize("mode", [SET, ADD, SCALE], ids=["set", "add", "scale"])
def test_tiles_of_every_shape(dtype, left, mode):
    for columns in range(1, TILE_VECTORS + 1):
        heights = range(1, most_rows(columns, np.dtype(dtype).itemsize) + 1)
        for rows, depth, count in product(heights, (1, 2, 7), (1, 3)):
            check(dtype, mode, left, rows, columns, depth, count)
