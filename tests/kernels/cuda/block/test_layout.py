"""Where a block's numbers lie."""

import numpy as np
import pytest

import bpfast as bp

pytest.importorskip("numba_cuda")
from bpfast.kernels.cuda.block.layout import layer_of, layout_of, row_size, table_bytes

pytestmark = [pytest.mark.cuda_simulator]


def test_layers_share_what_lies_between_them():
    network, rows = bp.MLP((3, 4, 2), "tanh").network, 5
    size = network.n_parameters
    layout = layout_of(network, rows, 2 * size, 4 * size, 0)
    first, last = (layer_of(layout.table, layer) for layer in range(2))
    assert (first.d_in, first.d_out, last.d_out) == (3, 4, 2)
    assert (first.weights, first.biases) == (0, 12)
    assert (last.weights, last.biases) == (16, 24)
    assert first[-3:] == last[5:8]  # values, slopes and the distance of samples
    assert all(stride % 2 for stride in (first.stride_in, first.stride_out, last.stride_out))


def test_values_of_all_rows_fit_behind_what_a_network_keeps():
    network, rows = bp.MLP((3, 4, 2), "tanh").network, 5
    layout = layout_of(network, rows, 0, 100, 0)
    last = layer_of(layout.table, 1)
    assert last.values_out + rows * last.stride_out == 100 + rows * row_size(network)
    assert layout.table.size * np.dtype(np.int32).itemsize == table_bytes(network)
