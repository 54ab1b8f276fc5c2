"""What is emitted in LLVM's vector types, against plain twins."""

import numpy as np
import pytest
from numba import njit

from bpfast.kernels.cpu.simd import (
    LANES,
    add_vector,
    set_vector,
    sum_magnitudes,
    transpose_block,
)

either_dtype = pytest.mark.parametrize("dtype", [np.float32, np.float64])


@njit
def set_at(numbers, start, value):
    set_vector(numbers, start, value)


@njit
def add_at(sums, target, numbers, source):
    add_vector(sums, target, numbers, source)


@njit
def transpose_at(numbers, source, target):
    transpose_block(numbers, source, target)


@njit
def sum_at(numbers, start, step, count, sums):
    sum_magnitudes(numbers, start, step, count, sums)


def numbers(dtype, size=600):
    return np.random.default_rng(0).normal(size=size).astype(dtype)


@either_dtype
def test_set_vector(dtype):
    w = numbers(dtype)
    expected = w.copy()
    expected[5 : 5 + LANES] = dtype(0.1)
    set_at(w, 5, dtype(0.1))
    np.testing.assert_array_equal(w, expected)


@either_dtype
def test_add_vector(dtype):
    sums, w = numbers(np.float64), numbers(dtype)[::-1].copy()
    expected = sums.copy()
    expected[3 : 3 + LANES] += w[7 : 7 + LANES].astype(np.float64)
    add_at(sums, 3, w, 7)
    np.testing.assert_array_equal(sums, expected)


@either_dtype
def test_transpose_block(dtype):
    w = numbers(dtype)
    expected, size = w.copy(), LANES * LANES
    expected[300 : 300 + size] = w[9 : 9 + size].reshape(LANES, LANES).T.ravel()
    transpose_at(w, 9, 300)
    np.testing.assert_array_equal(w, expected)


@either_dtype
@pytest.mark.parametrize("count", [1, 5])
def test_sum_magnitudes(dtype, count):
    w = numbers(dtype)
    expected, rows = w.copy(), np.stack([w[7 + 20 * k :][:LANES] for k in range(count)])
    sum_at(w, 7, 20, count, 300)
    expected[300:][:LANES] = np.abs(rows).sum(0)
    expected[300 + LANES :][:LANES] = (rows**2).sum(0)
    np.testing.assert_allclose(w, expected, rtol=1e-6)
