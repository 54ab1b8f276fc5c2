"""Grids whose threads come to everything once."""

from unittest.mock import patch

import numpy as np
import pytest

from bpfast.kernels.cuda import device

pytest.importorskip("numba_cuda")
from numba import cuda

from bpfast.kernels.cuda.large_batch import grids

pytestmark = pytest.mark.cuda_simulator
SIZES = [1, 2, 3, 5, 11]  # less than a block, less than all blocks, and more


def count_elements(counts):
    for e in range(cuda.grid(1), counts.shape[1], cuda.gridsize(1)):
        cuda.atomic.add(counts, (cuda.blockIdx.y, e), 1)


def count_rows(counts):
    for fold in range(cuda.blockIdx.y, counts.shape[0], cuda.gridDim.y):
        row = cuda.blockIdx.x * grids.ROWS + cuda.threadIdx.y
        while row < counts.shape[1]:
            for column in range(cuda.threadIdx.x, counts.shape[2], grids.COLUMNS):
                cuda.atomic.add(counts, (fold, row, column), 1)
            row += cuda.gridDim.x * grids.ROWS


def count_threads(counts):
    for k in range(cuda.blockIdx.y, counts.shape[0], cuda.gridDim.y):
        cuda.atomic.add(counts, (k, cuda.blockIdx.x, cuda.threadIdx.x), 1)


def counted(launch, function, shape, *sizes, **options):
    """How often threads came to each of what a grid is for."""
    counts = device.array_module().zeros(shape, np.int64)
    launch(grids.kernel(function), *sizes, device.kernel_array(counts), **options)
    return device.to_host(counts)


@pytest.mark.parametrize("elements", SIZES)
def test_every_element_of_every_slot_has_a_thread(elements):
    counts = counted(grids.over_elements, count_elements, (3, elements), elements, slots=3)
    assert (counts == 1).all()


@pytest.mark.parametrize("rows", SIZES)
@pytest.mark.parametrize("across", [2, grids.ACROSS])
def test_every_row_has_threads(rows, across):
    with patch.object(grids, "ACROSS", across):
        counts = counted(grids.over_rows, count_rows, (3, rows, 5), rows, folds=3)
    assert (counts == 1).all()


@pytest.mark.parametrize("count", SIZES)
@pytest.mark.parametrize("across", [2, grids.ACROSS])
def test_every_sum_has_a_block(count, across):
    with patch.object(grids, "ACROSS", across):
        shape = 3, count, grids.SUM_THREADS
        counts = counted(grids.over_sums, count_threads, shape, count, across=3)
    assert (counts == 1).all()


def test_grids_have_as_many_blocks_as_are_needed():
    """At least one, since CUDA refuses grids without any; beyond the most, threads go on."""
    launched, threads = [], grids.THREADS
    with patch.object(grids.compile, "launch", lambda _, grid, *__: launched.append(grid)):
        for elements in (0, 1, threads, threads + 1, 1 << 40):
            grids.over_elements(None, elements, slots=3)
        grids.over_rows(None, grids.ROWS + 1, folds=2)
    assert launched == [(1, 3), (1, 3), (1, 3), (2, 3), (grids.MOST_BLOCKS, 3), (2, 2)]
