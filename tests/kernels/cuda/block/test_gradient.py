"""Forward and backward through one network in a block, however a batch is cut."""

from functools import partial
from unittest.mock import patch

import cases
import numpy as np
import pytest
from cases import Case, cut_case

import bpfast as bp
from bpfast.kernels.cuda import device

pytest.importorskip("numba_cuda")
from bpfast.kernels.cuda import block
from bpfast.kernels.cuda.block import shared_memory
from bpfast.kernels.task import Samples

pytestmark = [pytest.mark.cuda_simulator, pytest.mark.gpu]
check = partial(cases.check, device="cuda")


@pytest.mark.parametrize("rows", [1, 3, 5])
def test_batches_longer_than_a_chunk(forced, rows):
    with forced("block"), patch.object(shared_memory, "MOST_ROWS", rows):
        check(cut_case())


@pytest.mark.parametrize("bias", [True, False])
def test_shapes_that_no_tile_or_unrolled_loop_divides(forced, bias):
    """More columns, and biases, than a block has threads; sums of 4 n + 1, 2 and 3 products."""
    mlp = bp.MLP((5, 9, 6, 7), "tanh", "mse", bias=bias)
    fit = {"epochs": 1, "batch_size": 11}
    with forced("block"):
        check(Case(mlp, "float64", n=1, rows=11, optimizer="Adam", fit=fit))


def test_sums_go_on_from_chunk_to_chunk():
    """A gradient has the same bits however few of its rows are worked on at once."""
    rng = np.random.default_rng(0)
    network = bp.MLP((5, 6, 3), "tanh", "mse").network
    shapes = (2, network.n_parameters), (13, 5), (13, 3), (13,)
    parameters, *samples = (device.to_device(rng.random(shape)) for shape in shapes)
    results = []
    for most in (64, 7, 4):
        with patch.object(shared_memory, "MOST_ROWS", most):
            gradients = block.gradients(network, parameters, Samples(*samples))[1]
            results.append(device.to_host(gradients))
    np.testing.assert_array_equal(results[1], results[0])
    np.testing.assert_array_equal(results[2], results[0])
