"""Which thread trains which network."""

import numpy as np
import pytest

from bpfast.kernels.cuda import device

pytest.importorskip("numba_cuda")
from bpfast.kernels.cuda import thread

pytestmark = [pytest.mark.cuda_simulator, pytest.mark.gpu]


@pytest.mark.parametrize("folds", [1, 4])
@pytest.mark.parametrize("n", [1, 3, 20])
def test_a_block_of_threads_has_one_fold(n, folds):
    rng = np.random.default_rng(n)
    fold, networks = rng.integers(0, folds, 25), rng.permutation(25)[:n]
    of_threads = thread.networks_by_fold(*map(device.to_device, (fold, networks)), folds)
    blocks = device.to_host(of_threads).reshape(-1, thread.THREADS)
    assert sorted(blocks[blocks >= 0]) == sorted(networks)
    for block in blocks:
        filled = block >= 0
        assert not filled[~filled.cumprod().astype(bool)].any()  # first those, then none
        assert len(set(fold[block[filled]])) <= 1
