"""The kernels of a block: state in training, gradients and predictions, beside the reference."""

from unittest.mock import patch

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from thread_or_block import check_state_between_calls

import bpfast as bp
from bpfast.kernels import reference
from bpfast.kernels.cuda import device

pytest.importorskip("numba_cuda")
from bpfast.kernels.cuda import block
from bpfast.kernels.cuda.block import shared_memory
from bpfast.kernels.cuda.resident import padded
from bpfast.kernels.task import Samples

pytestmark = [pytest.mark.cuda_simulator, pytest.mark.gpu]
NETWORK = bp.MLP((3, 7, 5), "tanh", "cross_entropy").network
SIZE = NETWORK.n_parameters
RNG = np.random.default_rng(2)
PARAMETERS = RNG.normal(size=(3, SIZE))


@pytest.fixture(params=[True, False], ids=["shared", "not shared"])
def _shared(request):
    """Whether moments and gradients lie in shared memory."""
    choices = [(1, 1, request.param, request.param)]
    with patch.object(shared_memory, "CHOICES", choices):
        yield


@pytest.mark.usefixtures("_shared")
@pytest.mark.parametrize("optimizer", [bp.SGD, bp.Adam])
def test_state_between_calls(forced, optimizer):
    with forced("block"):
        check_state_between_calls(optimizer)


@pytest.mark.usefixtures("_shared")
@pytest.mark.parametrize("weight", [1.5, 0.0])
def test_gradients(weight):
    samples = RNG.normal(size=(11, 3)), RNG.integers(0, 5, (11, 1)) + 0.0, np.full(11, weight)
    there = padded(device.to_device(PARAMETERS))
    losses, gradients = map(
        device.to_host,
        block.gradients(NETWORK, there, Samples(*map(device.to_device, samples))),
    )
    expected = reference.gradients("", NETWORK, PARAMETERS, Samples(*samples))
    assert_allclose(losses, expected[0], rtol=1e-10)
    assert_allclose(gradients[:, :SIZE], expected[1], rtol=1e-10, atol=1e-14)
    assert_array_equal(gradients[:, SIZE:], 0.0)


@pytest.mark.parametrize("pieces", [1, 2, 64])
def test_predictions(pieces):
    """Eleven samples are six chunks, which one, two or six blocks go through."""
    inputs = RNG.normal(size=(11, 3))
    with patch.object(shared_memory, "MOST_ROWS", 2), patch.object(block, "MOST_PIECES", pieces):
        got = block.predict(NETWORK, *map(device.to_device, (PARAMETERS, inputs)))
    expected = reference.predict(NETWORK, PARAMETERS, inputs)
    assert_allclose(device.to_host(got), expected, rtol=1e-10)
