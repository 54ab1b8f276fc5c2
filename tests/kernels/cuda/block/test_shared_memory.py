"""What a block holds in shared memory."""

from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from types import SimpleNamespace
from unittest.mock import patch

import cases
import pytest
from cases import cut_case

import bpfast as bp
from bpfast.bench import registers
from bpfast.kernels.cuda import device

pytest.importorskip("numba_cuda")
from bpfast.kernels.cuda.block import shared_memory
from bpfast.kernels.cuda.block.layout import row_size, table_bytes

check = partial(cases.check, device="cuda")
CASE = cut_case()
NETWORK = CASE.mlp.network


@contextmanager
def room_for(numbers):
    """Blocks are planned as if they had shared memory for 11 rows and some numbers a parameter.

    All else sees the device as it is: other kernels would ask for no more either, and keep that.
    """
    size = numbers * NETWORK.n_parameters + 11 * row_size(NETWORK)
    bytes_there = 8 * size + shared_memory.STATIC_BYTES + table_bytes(NETWORK)

    def properties():
        return replace(device.properties(), shared_memory_per_block_optin=bytes_there)

    with patch.object(shared_memory, "device", SimpleNamespace(properties=properties)):
        yield


@pytest.mark.cuda_simulator
@pytest.mark.gpu
@pytest.mark.parametrize(
    ("numbers", "gradient_shared", "moments_shared"), [(3, True, False), (1, False, False)]
)
def test_state_that_leaves_shared_memory(forced, numbers, gradient_shared, moments_shared):
    """Moments go first, then the gradient; the results stay."""
    with forced("block"), room_for(numbers):
        chosen = shared_memory.plan(NETWORK, 2, "float64", 11)
        assert chosen.gradient_shared == gradient_shared
        assert chosen.moments_shared == moments_shared
        check(CASE)


@pytest.mark.skipif(device.simulated(), reason="launches there have other sizes than on a GPU")
@pytest.mark.parametrize("numbers", [3, 1])
def test_what_a_gpu_would_launch(numbers):
    """All of it with blocks: large batch, which needs more, is not what is tested here."""
    case = registers.Case("block", NETWORK.layers, bp.Adam(), "tanh", "cross_entropy", "float64")
    with room_for(numbers):
        launched = registers.launches(case, (9, 0))
    names = {launch.name() for launch in launched}
    assert {"train_block", "gradient_block", "predict_block"} <= names
    assert "forward" not in names
