"""Batches, their chunks and their weights."""

import numpy as np
import pytest
from numba import njit

from bpfast.kernels.cpu.batch import (
    CHUNK,
    MAX_SLICES,
    SLICE,
    SLICE_STEP,
    batch_of,
    chunk_of,
    cut,
    sample_of,
)


@njit
def chunks(net, data, order, start, rows, most):
    """Each row's sample, chunk by chunk, and the weights that chunks have."""
    batch = batch_of(net, data, order, start, rows, 3)
    samples, weights = np.zeros(rows, np.int64), []
    for position in range(0, rows, most):
        chunk = chunk_of(batch, position, most)
        weights.append((chunk.rows, chunk.step, chunk.weight, chunk.share))
        for row in range(chunk.rows):
            samples[position + row] = sample_of(chunk, row)
    return samples, weights


@pytest.mark.parametrize("shuffled", [False, True], ids=["as they are", "shuffled"])
def test_chunks_hold_every_row_once_and_count_as_their_batch(shuffled, network_and_data):
    net, data = network_and_data
    order = np.random.default_rng(1).permutation(20)
    start, rows = 6, 9
    samples, weights = chunks(net, data, order if shuffled else order[:0], start, rows, 4)
    expected = order[start : start + rows] if shuffled else np.arange(start, start + rows)
    np.testing.assert_array_equal(samples, expected)
    total = data.weights[expected].sum()
    assert [chunk[:2] for chunk in weights] == [(4, 3), (4, 3), (1, 3)]
    np.testing.assert_allclose([chunk[2:] for chunk in weights], [[total, 0.5 / total]] * 3)


def test_samples_without_weight_count_nothing(network_and_data):
    net, data = network_and_data
    nothing = data._replace(weights=np.zeros(20))
    _, weights = chunks(net, nothing, np.arange(20), 0, 4, 4)
    assert weights == [(4, 3, 0.0, 0.0)]


def test_slices_hold_each_row_once_and_are_about_as_long():
    for rows in (1, CHUNK, CHUNK + 1, 200, SLICE + 1, 1000, SLICE * MAX_SLICES * 3 + 1):
        slices, each = cut(rows)
        assert 1 <= slices <= MAX_SLICES
        assert (slices - 1) * each < rows <= slices * each
        assert (slices == 1) == (rows <= CHUNK)
        assert slices == 1 or each - rows / slices < SLICE_STEP
