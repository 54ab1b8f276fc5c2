"""Where parameters lie in a row, and rows that all networks share."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from bpfast.kernels.task import Network, distinct, layer_slices, repeated


def test_layers_follow_each_other():
    assert layer_slices((3, 4, 2), bias=True) == (slice(0, 16), slice(16, 26))
    assert layer_slices((3, 4, 2), bias=False) == (slice(0, 12), slice(12, 20))
    assert Network((3, 4, 2), True, ("relu",), "mse", 1.0).n_parameters == 26


def test_a_row_that_numpy_repeats_is_one():
    rows = np.arange(6.0).reshape(3, 2)
    assert distinct(rows) is rows
    np.testing.assert_array_equal(distinct(np.broadcast_to(rows[:1], (3, 2))), [[0.0, 1.0]])


def test_weights_are_told_from_biases():
    biased = Network((2, 3, 1), True, ("relu",), "mse", 1.0)
    expected = [True] * 6 + [False] * 3 + [True] * 3 + [False]
    assert biased.is_weight.tolist() == expected
    assert Network((2, 3, 1), False, ("relu",), "mse", 1.0).is_weight.all()


@pytest.mark.parametrize("row", [np.float64(2.5), np.int8(3), np.array([1.0, 2.0]), np.zeros(0)])
@pytest.mark.parametrize("n", [1, 4])
def test_repeated_rows_are_numpys_broadcast(row, n):
    rows, expected = repeated(row, n), np.broadcast_to(row, (n, *np.shape(row)))
    assert_array_equal(rows, expected, strict=True)
    assert rows.strides == expected.strides
    assert not rows.flags.writeable
    assert len(distinct(rows)) == 1
