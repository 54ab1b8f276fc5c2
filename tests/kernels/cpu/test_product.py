"""The micro-kernel: products of matrices of vectors against a plain twin.

All numbers are small and whole, so that every sum is exact and results are equal, not close.
"""

from ctypes import CFUNCTYPE, POINTER, c_double, c_float, c_int64

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bpfast.kernels.cpu import functions, product, simd
from bpfast.kernels.cpu.simd import LANES

MODES = (simd.SET, simd.ADD, simd.SCALE)


class Matrix:
    """A matrix inside a flat array: its elements are runs of ``length`` numbers."""

    def __init__(self, memory, start, rows, columns, length, turned, gap):
        inner, outer = (rows, columns) if turned else (columns, rows)
        step = length + gap
        self.steps = (step, inner * step + gap) if turned else (inner * step + gap, step)
        self.start, self.end = start, start + outer * (inner * step + gap)
        row, column, k = np.ogrid[:rows, :columns, :length]
        self.places = start + row * self.steps[0] + column * self.steps[1] + k
        self.memory = memory

    @property
    def values(self):
        return self.memory[self.places]


def twin(left, a, b):
    """Sums over k of A[r, k] B[k, v], lane by lane; A's numbers count for all lanes."""
    return np.einsum("rkl,kvl->rvl", a if left == simd.VECTOR else a[..., :1], b)


def check(
    dtype, left, rows, columns, depth, mode=simd.SET, groups=1, turned=(0, 0, 0), gaps=(0, 0, 0)
):
    """Multiply, and compare all of the memory with what it should be."""
    memory = np.random.default_rng(rows + columns + depth).integers(-8, 9, 400_000).astype(dtype)
    length = groups * LANES
    c = Matrix(memory, 5, rows, columns, length, turned[0], gaps[0])
    a_length = length if left == simd.VECTOR else 1
    a = Matrix(memory, c.end, rows, depth, a_length, turned[1], gaps[1])
    b = Matrix(memory, a.end, depth, columns, length, turned[2], gaps[2])
    assert b.end <= memory.size
    expected = memory.copy()
    sums = twin(left, a.values.astype(np.float64), b.values.astype(np.float64))
    there = c.values.astype(np.float64)
    expected[c.places] = (sums, there + sums, there * sums)[mode]
    number = {"float32": c_float, "float64": c_double}[dtype]
    kind = CFUNCTYPE(None, c_int64, POINTER(number), *[c_int64] * 14)
    kind(functions.multiply(dtype))(
        left,
        memory.ctypes.data_as(POINTER(number)),
        rows,
        columns,
        depth,
        *(c.start, *c.steps),
        *(a.start, *a.steps),
        *(b.start, *b.steps),
        mode,
        groups,
    )
    np.testing.assert_array_equal(memory, expected)


either_dtype = pytest.mark.parametrize("dtype", ["float32", "float64"])
either_left = pytest.mark.parametrize(
    "left", [simd.BROADCAST, simd.VECTOR], ids=["broadcast", "vector"]
)


@either_dtype
@either_left
@pytest.mark.parametrize("mode", MODES)
def test_every_height_and_width(dtype, left, mode):
    for rows in range(1, 21):
        for columns in range(1, 6):
            check(dtype, left, rows, columns, depth=3, mode=mode)


@either_dtype
@either_left
@pytest.mark.parametrize("depth", [1, 2, product.DEPTH - 1, product.DEPTH, product.DEPTH + 1, 600])
def test_sums_that_are_cut(dtype, left, depth):
    for mode in MODES:
        check(dtype, left, 9, 3, depth, mode)


@either_dtype
@settings(max_examples=60, deadline=None, derandomize=True)
@given(data=st.data())
def test_any_shape_and_layout(dtype, data):
    left = data.draw(st.sampled_from([simd.BROADCAST, simd.VECTOR]), "left")
    groups = data.draw(st.sampled_from([1, 1, 2, 8]), "groups")
    check(
        dtype,
        left,
        rows=data.draw(st.integers(1, 20), "rows"),
        columns=data.draw(st.integers(1, 5), "columns"),
        depth=data.draw(st.integers(1, 600 // groups), "depth"),
        mode=data.draw(st.sampled_from(MODES), "mode"),
        groups=groups,
        turned=data.draw(st.tuples(*[st.booleans()] * 3), "turned"),
        gaps=data.draw(st.tuples(*[st.integers(0, 3)] * 3), "gaps"),
    )
