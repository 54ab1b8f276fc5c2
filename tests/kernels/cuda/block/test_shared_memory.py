"""What a block holds in shared memory."""

from dataclasses import replace
from functools import partial
from unittest.mock import patch

import cases
import pytest
from cases import cut_case

from bpfast.kernels.cuda import device

pytest.importorskip("numba_cuda")
from bpfast.kernels.cuda.block import shared_memory
from bpfast.kernels.cuda.block.layout import row_size, table_bytes

pytestmark = [pytest.mark.cuda_simulator, pytest.mark.gpu]
check = partial(cases.check, device="cuda")


@pytest.mark.parametrize(
    ("numbers", "gradient_shared", "moments_shared"), [(3, True, False), (1, False, False)]
)
def test_state_that_leaves_shared_memory(forced, numbers, gradient_shared, moments_shared):
    """Moments go first, then the gradient; the results stay."""
    case = cut_case()
    network = case.mlp.network
    size = numbers * network.n_parameters + 11 * row_size(network)
    bytes_there = 8 * size + shared_memory.STATIC_BYTES + table_bytes(network)
    limits = replace(device.properties(), shared_memory_per_block_optin=bytes_there)
    with forced("block"), patch.object(device, "properties", lambda: limits):
        chosen = shared_memory.plan(network, 2, "float64", 11)
        assert chosen.gradient_shared == gradient_shared
        assert chosen.moments_shared == moments_shared
        check(case)
