"""What all threads of a block do together."""

import numpy as np
import pytest

from bpfast.kernels.cuda import device

pytest.importorskip("numba_cuda")
from numba import cuda

from bpfast.kernels.cuda import compile
from bpfast.kernels.cuda.collective import block_copy, block_sum

pytestmark = [pytest.mark.cuda_simulator, pytest.mark.gpu]


@pytest.mark.parametrize("threads", [1, 2, 3, 5, 6, 7, 8])
def test_every_thread_has_the_sum(threads):
    """Of any number of threads, and again after threads have written their next numbers."""

    def test_sums(values, sums):
        scratch = cuda.shared.array(8, np.float64)
        t = cuda.threadIdx.x
        for k in range(2):
            sums[k, t] = block_sum(values[t] * (k + 1), scratch)

    values, sums = np.arange(1.0, threads + 1), np.zeros((2, threads))
    there = [device.to_device(array) for array in (values, sums)]
    kernel = compile.kernel(test_sums, 8, 1)
    compile.launch(kernel, 1, threads, 0, *map(device.kernel_array, there))
    expected = np.broadcast_to(values.sum() * np.array([[1.0], [2.0]]), sums.shape)
    np.testing.assert_array_equal(device.to_host(there[1]), expected)


@pytest.mark.parametrize("size", [0, 1, 3, 7])
def test_no_more_is_copied_than_is_asked_for(size):
    def test_copies(target, source, size):
        block_copy(target, source, size)

    source, target = np.arange(8.0), np.full(8, -1.0)
    there = [device.to_device(array) for array in (target, source)]
    kernel = compile.kernel(test_copies, 3, 1)
    compile.launch(kernel, 1, 3, 0, *map(device.kernel_array, there), size)
    expected = np.where(np.arange(8) < size, source, target)
    np.testing.assert_array_equal(device.to_host(there[0]), expected)
