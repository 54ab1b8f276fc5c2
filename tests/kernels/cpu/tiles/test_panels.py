"""Parameters in panels."""

import numpy as np
import pytest
from numba import njit

from bpfast.kernels.cpu.simd import LANES
from bpfast.kernels.cpu.tiles import panels
from bpfast.kernels.cpu.tiles.layout import Workspace, layout_of
from bpfast.kernels.task import Network


@njit
def pack(net, layout, numbers, start, row):
    panels.pack(net, layout, numbers, start, row)


@njit
def unpack(net, layout, numbers, start, row):
    panels.unpack(net, layout, numbers, start, row)


@njit
def all_finite(net, layout, numbers):
    return panels.all_finite(net, layout, numbers)


@njit
def transpose_weights(net, layout, work):
    panels.transpose_weights(net, layout, work)


@pytest.fixture(params=[(3, 2), (16, 17, 33), (20, 40, 5, 1)], ids=str)
def packed(request, arguments_of):
    """A network, its row of parameters, and a workspace in which it is packed."""
    args, layers = arguments_of(request.param), request.param
    layout = layout_of(Network(layers, True, ("tanh",) * (len(layers) - 2), "mse", 0.0), 10)
    numbers = np.zeros(layout.team_size + layout.member_size)
    work = Workspace(
        numbers, np.zeros(1), np.zeros(1), np.zeros(24, np.int64), layout.team_size, 0, 1
    )
    pack(args.net, layout, numbers, 0, args.memory.parameters[0])
    return args.net, layout, work, args.memory.parameters[0]


def test_panels_hold_each_parameter_once_and_zeros(packed):
    net, layout, work, row = packed
    weights = work.numbers[: layout.weights[-1]]
    np.testing.assert_array_equal(np.sort(weights[weights != 0]), np.sort(row))
    back = np.zeros_like(row)
    unpack(net, layout, work.numbers, 0, back)
    np.testing.assert_array_equal(back, row)


def test_padding_need_not_be_finite(packed):
    net, layout, work, row = packed
    weights = work.numbers[: layout.weights[-1]]
    weights[weights == 0] = np.nan
    assert all_finite(net, layout, work.numbers)
    weights[np.flatnonzero(weights == row[-1])] = np.inf
    assert not all_finite(net, layout, work.numbers)


def test_transposed_weights(packed):
    net, layout, work, row = packed
    transpose_weights(net, layout, work)
    for layer in range(1, len(net.layers) - 1):
        d_in, d_out = net.layers[layer : layer + 2]
        matrix = row[net.starts[layer] :][: d_in * d_out].reshape(d_in, d_out)
        for k in range(d_in):
            block = work.own + layout.transposed[layer] + k // LANES * d_out * LANES
            got = work.numbers[block + k % LANES :][: d_out * LANES : LANES]
            np.testing.assert_array_equal(got, matrix[k])
