"""Where parameters lie in a row, and rows that all networks share."""

import numpy as np

from bpfast.kernels.task import Network, distinct, layer_slices


def test_layers_follow_each_other():
    assert layer_slices((3, 4, 2), bias=True) == [slice(0, 16), slice(16, 26)]
    assert layer_slices((3, 4, 2), bias=False) == [slice(0, 12), slice(12, 20)]
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
