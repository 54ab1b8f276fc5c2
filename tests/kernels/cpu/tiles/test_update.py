"""Sums over a network's panels leave padding out."""

import numpy as np
import pytest
from compiled import compiled

from bpfast.kernels.cpu.arguments import NET, OPTIMIZING
from bpfast.kernels.cpu.tiles import update
from bpfast.kernels.cpu.tiles.layout import LAYOUT, WORKSPACE

pytestmark = pytest.mark.xdist_group("functions of tiles")  # compiled once


@compiled(NET, OPTIMIZING, LAYOUT, WORKSPACE, "float64[:]")
def add_penalties(net, optimizing, layout, work, total):
    total[0] = update.add_penalties(net, optimizing, layout, work, 0, 2.0, total[0])


@compiled(NET, LAYOUT, WORKSPACE, "float64[:]")
def gradient_square(net, layout, work, result):
    result[0] = update.gradient_square(net, layout, work)


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
    total = np.array([5.0])
    add_penalties(net, optimizing, layout, work, total)
    np.testing.assert_allclose(total, 5.0 + 2.0 * expected)


def test_the_gradients_square(padded):
    args, layout, work = padded
    expected = (args.memory.parameters[0] ** 2).sum()
    square = np.zeros(1)
    gradient_square(args.net, layout, work, square)
    np.testing.assert_allclose(square, expected)
