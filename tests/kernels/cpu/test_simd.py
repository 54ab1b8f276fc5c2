"""What is emitted in LLVM's vector types, against plain twins."""

import numpy as np
import pytest
from numba import njit

from bpfast.kernels.cpu.compile import OPTIONS
from bpfast.kernels.cpu.simd import (
    LANES,
    add_squares,
    add_vector,
    copy_vector,
    estimated_ratio,
    separate,
    set_vector,
    sum_magnitudes,
)

either_dtype = pytest.mark.parametrize("dtype", [np.float32, np.float64])


@njit
def set_at(numbers, start, value):
    set_vector(numbers, start, value)


@njit
def add_at(sums, target, numbers, source):
    add_vector(sums, target, numbers, source)


@njit
def add_squares_at(sums, target, numbers, source, step, count):
    add_squares(sums, target, numbers, source, step, count)


@njit
def copy_to(numbers, target, others, source):
    copy_vector(numbers, target, others, source)


@njit(**OPTIONS)
def ratios(a, b, result):
    separate()
    for k in range(a.size):
        result[k] = estimated_ratio(a[k], b[k])


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
@pytest.mark.parametrize("count", [0, 1, 6, 7])
def test_add_squares(dtype, count):
    sums, w = numbers(np.float64), numbers(dtype)
    expected = sums.copy()
    vectors = w[5:][: 40 * 10].reshape(10, 40)[:count, :LANES].astype(np.float64)
    expected[3 : 3 + LANES] += (vectors**2).sum(0)
    add_squares_at(sums, 3, w, 5, 40, count)
    np.testing.assert_allclose(sums, expected, rtol=1e-14)


@either_dtype
def test_copy_vector_from_a_matrix(dtype):
    w, others = numbers(dtype), numbers(dtype)[::-1].reshape(20, 30).copy()
    expected = w.copy()
    expected[7 : 7 + LANES] = others.ravel()[50 : 50 + LANES]
    copy_to(w, 7, others, 50)
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


def test_an_estimated_ratio_is_right_to_two_units_in_the_last_place():
    rng, size = np.random.default_rng(0), 1_000_000 // LANES * LANES
    a = (rng.normal(size=size) * 10.0 ** rng.uniform(-12, 12, size)).astype(np.float32)
    b = (10.0 ** rng.uniform(-20, 20, size)).astype(np.float32)
    got, exact = np.empty_like(a), a.astype(np.float64) / b
    ratios(a, b, got)
    assert np.all(np.abs(got - exact) <= 2 * np.spacing(np.abs(exact.astype(np.float32))))


def test_an_estimated_ratio_of_extremes():
    a = np.zeros(2 * LANES, np.float32)
    a[:6] = 0.0, 1.0, -1.0, 0.0, 5.0, np.nan
    b = np.full(2 * LANES, np.inf, np.float32)
    b[3:6] = 1e-30, 1e30, 1.0
    got = np.full_like(a, -1)
    ratios(a, b, got)
    np.testing.assert_allclose(got, a / b, rtol=3e-7)
    ratios(a, np.zeros_like(a), got)
    assert not np.isfinite(got).any()  # as a quotient by 0
