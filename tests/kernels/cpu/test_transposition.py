"""Vectors that are transposed, against NumPy."""

import numpy as np
import pytest
from numba import njit

from bpfast.kernels.cpu.simd import LANES
from bpfast.kernels.cpu.transposition import gather_1, gather_2, gather_4, transpose_block

either_dtype = pytest.mark.parametrize("dtype", [np.float32, np.float64])


@njit
def transpose_at(numbers, source, source_step, target, target_step):
    transpose_block(numbers, source, source_step, target, target_step)


@njit
def gather_at(numbers, target, step, table, rows, first):
    gather_1(numbers, target, step, table, rows, first, 0)
    gather_2(numbers, target + step, step, table, rows, first, 1)
    gather_4(numbers, target + 3 * step, step, table, rows, first, 3)


@either_dtype
def test_transpose_block(dtype):
    w = np.random.default_rng(0).normal(size=1000).astype(dtype)
    expected, block = w.copy(), np.arange(LANES)
    target = 500 + block[:, None] * 21 + block
    expected[target] = w[9 + block[:, None] * 17 + block].T
    transpose_at(w, 9, 17, 500, 21)
    np.testing.assert_array_equal(w, expected)


@either_dtype
def test_columns_of_some_rows(dtype):
    rng = np.random.default_rng(0)
    table, rows = rng.normal(size=(40, 9)).astype(dtype), rng.integers(0, 40, 50)
    numbers = np.zeros(200, dtype)
    gather_at(numbers, 5, 21, table, rows, 3)
    expected = np.zeros(200, dtype)
    for column in range(7):
        expected[5 + 21 * column :][:LANES] = table[rows[3:][:LANES], column]
    np.testing.assert_array_equal(numbers, expected)
