"""Memory that kernels work in."""

from dataclasses import replace

import numpy as np
import pytest

from bpfast.kernels.cpu.simd import LANES
from bpfast.kernels.cpu.whole_batch import whole_batch
from bpfast.kernels.cpu.workspace import CACHE_LINE, Arena, kept, zeros
from bpfast.kernels.host import emptied, resident
from bpfast.kernels.task import Network, Samples


def test_parts_begin_with_vectors_and_do_not_overlap():
    arena, sizes = Arena(), [1, LANES, LANES + 1, 0, 5]
    starts = [arena.reserve(size) for size in sizes]
    assert not any(start % LANES for start in starts)
    ends = [start + size for start, size in zip(starts, sizes, strict=True)]
    assert all(end <= start for end, start in zip(ends, [*starts[1:], arena.size], strict=True))
    assert arena.size == 5 * LANES


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_zeros_begin_with_a_cache_line(dtype):
    for size in (1, 7, 1000):
        array = zeros(size, dtype)
        assert array.dtype == dtype
        assert array.shape == (size,)
        assert array.ctypes.data % CACHE_LINE == 0
        assert not array.any()


def test_what_is_kept_is_made_once_for_a_task_that_stays():
    samples = Samples(np.ones((2, 1)), np.ones((2, 1)), np.ones(2))
    network = Network((1, 1), False, (), "mse", 0.0)
    task = whole_batch(network, np.ones((1, 1)), samples)
    placed = resident(task, task.state.parameters, fresh=True)
    first = kept(placed, "name", object)
    assert kept(replace(placed, batch_size=1), "name", object) is first
    assert kept(placed, "another", object) is not first
    assert kept(emptied(placed), "name", object) is not first
    assert kept(task, "name", object) is not kept(task, "name", object)
