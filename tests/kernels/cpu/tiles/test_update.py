"""Sums over a network's panels leave padding out."""

import numpy as np
import pytest
from numba import njit

from bpfast.kernels.cpu.tiles import update


@njit
def add_penalties(net, optimizing, layout, work, i, factor, total):
    return update.add_penalties(net, optimizing, layout, work, i, factor, total)


@njit
def gradient_square(net, layout, work):
    return update.gradient_square(net, layout, work)


@pytest.fixture
def padded(packed):
    """A packed network whose padding is NaN, and whose gradient is its parameters."""
    args, layout, work = packed
    weights = work.numbers[: layout.weights[-1]]
    weights[weights == 0] = np.nan
    work.numbers[layout.gradient :][: weights.size] = weights
    return args, layout, work


def test_penalties_count_weights_and_no_biases(padded):
    args, layout, work = padded
    net, row = args.net, args.memory.parameters[0]
    optimizing = args.optimizing._replace(penalties=np.array([[0.3, 0.7, np.inf]]))
    weights = np.concatenate(
        [
            row[start:][: d_in * d_out]
            for start, d_in, d_out in zip(net.starts, net.layers, net.layers[1:], strict=False)
        ]
    )
    expected = 0.3 * np.abs(weights).sum() + 0.35 * (weights**2).sum()
    total = add_penalties(net, optimizing, layout, work, 0, 2.0, 5.0)
    np.testing.assert_allclose(total, 5.0 + 2.0 * expected)


def test_the_gradients_square(padded):
    args, layout, work = padded
    expected = (args.memory.parameters[0] ** 2).sum()
    np.testing.assert_allclose(gradient_square(args.net, layout, work), expected)
