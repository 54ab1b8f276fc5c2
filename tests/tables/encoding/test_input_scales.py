"""Scales of inputs: rare ones among zeros are not scaled up without bounds."""

import numpy as np
import pytest

from bpfast.tables.encoding.input_scales import bound_scale, fit_scaler, scale
from bpfast.tables.scaling import Scaler


def test_a_rare_one_is_not_scaled_up_without_bounds():
    flag = np.zeros(100_000)
    flag[0] = 1.0
    assert fit_scaler([flag], [False]).apply(flag).max() > 300.0
    assert fit_scaler([flag], [True]).apply(flag).max() < 15.0


def test_inputs_are_scaled_each_for_itself():
    inputs = np.random.default_rng(0).normal(5.0, 3.0, (2, 50))
    scaler = fit_scaler(inputs, [False, False])
    np.testing.assert_allclose(scaler.mean, inputs.mean(axis=1), rtol=1e-12)
    np.testing.assert_allclose(scaler.scale, inputs.std(axis=1), rtol=1e-12)


def test_scales_of_frequent_ones_and_of_numbers_stay():
    np.testing.assert_array_equal(
        bound_scale(np.array([0.3, 1e-9, 1.0]), [True, False, True]), [0.3, 1e-9, 1.0]
    )


@pytest.mark.parametrize("size", [1e160, 1e300])
def test_numbers_whose_squares_overflow_have_a_scale(size):
    numbers = np.array([1.0, 2.0, 3.0])
    scaler = fit_scaler([numbers * size], [False])
    np.testing.assert_allclose(
        scaler.apply(numbers * size), Scaler.of(numbers).apply(numbers), rtol=1e-12, atol=1e-12
    )


def test_scaled_inputs_are_float32():
    scaled = scale(np.array([[3.0]]), Scaler(np.array([1.0]), np.array([2.0])))
    assert scaled.dtype == np.float32
    assert scaled == 1.0
