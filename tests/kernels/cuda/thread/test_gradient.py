"""Samples come to a block of threads by tiles, however long batches are."""

from functools import partial
from unittest.mock import patch

import cases
import pytest
from cases import cut_case

pytest.importorskip("numba_cuda")
from bpfast.kernels.cuda import thread

pytestmark = [pytest.mark.cuda_simulator, pytest.mark.gpu]
check = partial(cases.check, device="cuda")


@pytest.mark.parametrize("rows", [1, 3, 5])
def test_batches_longer_than_a_tile(forced, rows):
    with forced("thread"), patch.object(thread, "TILE_BYTES", rows * 8 * 5):
        check(cut_case())
        check(cut_case(batch_size=2))
