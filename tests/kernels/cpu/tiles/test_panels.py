"""Parameters in panels."""

import numpy as np
import pytest
from compiled import compiled

from bpfast.kernels.cpu.arguments import MEMORY, NET
from bpfast.kernels.cpu.simd import LANES
from bpfast.kernels.cpu.tiles import panels
from bpfast.kernels.cpu.tiles.layout import LAYOUT, WORKSPACE

pytestmark = pytest.mark.xdist_group("functions of tiles")  # compiled once


@compiled(NET, MEMORY, LAYOUT, WORKSPACE)
def store(net, memory, layout, work):
    panels.store(net, memory, layout, work, 0)


@compiled(NET, LAYOUT, "real[:]", "bool[:]")
def all_finite(net, layout, numbers, result):
    result[0] = panels.all_finite(net, layout, numbers)


@compiled(NET, LAYOUT, WORKSPACE)
def transpose_weights(net, layout, work):
    panels.transpose_weights(net, layout, work)


def test_panels_hold_each_parameter_once_and_zeros(packed):
    args, layout, work = packed
    weights, row = work.numbers[: layout.weights[-1]], args.memory.parameters[0]
    np.testing.assert_array_equal(np.sort(weights[weights != 0]), np.sort(row))
    expected = row.copy()
    row[:] = 0.0
    store(args.net, args.memory, layout, work)
    np.testing.assert_array_equal(row, expected)


def test_padding_need_not_be_finite(packed):
    args, layout, work = packed
    weights = work.numbers[: layout.weights[-1]]
    weights[weights == 0] = np.nan
    finite = np.zeros(2, bool)
    all_finite(args.net, layout, work.numbers, finite[:1])
    weights[weights == args.memory.parameters[0, -1]] = np.inf
    all_finite(args.net, layout, work.numbers, finite[1:])
    assert finite.tolist() == [True, False]


def test_transposed_weights(packed):
    args, layout, work = packed
    net, row = args.net, args.memory.parameters[0]
    transpose_weights(net, layout, work)
    for layer in range(1, len(net.layers) - 1):
        d_in, d_out = net.layers[layer : layer + 2]
        matrix = row[net.starts[layer] :][: d_in * d_out].reshape(d_in, d_out)
        for k in range(d_in):
            block = work.own + layout.transposed[layer] + k // LANES * d_out * LANES
            got = work.numbers[block + k % LANES :][: d_out * LANES : LANES]
            np.testing.assert_array_equal(got, matrix[k])
