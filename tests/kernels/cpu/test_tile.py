"""Tiles of a product against NumPy's: every shape, left matrix and way to store, on every level.

All numbers are small and whole, so that every sum is exact.
"""

from functools import cache
from itertools import product

import numpy as np
import pytest
from compiled import called, levels_here

from bpfast.kernels.cpu.processor import host, making_for
from bpfast.kernels.cpu.simd import (
    ADD,
    BROADCAST,
    LANES,
    SCALE,
    SET,
    VECTOR,
    Matrix,
    advance,
)
from bpfast.kernels.cpu.structs import Signature
from bpfast.kernels.cpu.tile import most_rows, tiles

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
def compiled(dtype, level):
    signature = Signature("real*", *["int64"] * 7)
    return called(tiles_below_each_other, signature, dtype, level)


def check(dtype, level, mode, left, rows, columns, depth, count):
    """Compare all of the memory, gaps too, with what it should be."""
    rng = np.random.default_rng(rows + columns + depth)
    shapes = (count * rows, columns), (count * rows, depth), (depth, columns)
    lengths = LANES, LANES if left == VECTOR else 1, LANES
    c, a, b = (
        rng.integers(-8, 9, (*shape, length + GAP)).astype(dtype)
        for shape, length in zip(shapes, lengths, strict=True)
    )
    memory = np.concatenate([part.ravel() for part in (c, a, b)])
    call = compiled(dtype, level)
    call(memory.ctypes.data, mode, left, rows, columns, depth, count, GAP)
    factor = np.broadcast_to(a[..., :-GAP], (*shapes[1], LANES))  # a number is for all lanes
    sums = np.einsum("rkl,kvl->rvl", factor, b[..., :-GAP])
    there = c[..., :-GAP]
    there[...] = {SET: sums, ADD: there + sums, SCALE: there * sums}[mode]
    np.testing.assert_array_equal(memory, np.concatenate([part.ravel() for part in (c, a, b)]))


def by_level(dtype):
    """A worker compiles a level's tiles, and runs all of their tests."""
    for level in levels_here() or [host()]:
        group = pytest.mark.xdist_group(f"tiles of {dtype} for {level.name}")
        yield pytest.param(dtype, level, id=f"{level.name}-{dtype}", marks=group)


@pytest.mark.parametrize(("dtype", "level"), [*by_level("float32"), *by_level("float64")])
@pytest.mark.parametrize("left", [BROADCAST, VECTOR], ids=["broadcast", "vector"])
@pytest.mark.parametrize("mode", [SET, ADD, SCALE], ids=["set", "add", "scale"])
def test_tiles_of_every_shape(dtype, level, left, mode):
    for columns in range(1, level.tile_vectors + 1):
        with making_for(level):
            heights = range(1, most_rows(columns, np.dtype(dtype).itemsize) + 1)
        for rows, depth, count in product(heights, (1, 2, 7), (1, 3)):
            check(dtype, level, mode, left, rows, columns, depth, count)
