"""Batches, their chunks and their weights."""

import numpy as np
import pytest
from compiled import compiled

from bpfast.kernels.cpu.arguments import DATA, NET
from bpfast.kernels.cpu.batch import batch_of, chunk_of, sample_of

MOST = 4  # rows of a chunk


@compiled(NET, DATA, "int64[:]", "int64", "int64[:]", "float64[:,:]")
def write_chunks(net, data, order, start, samples, chunks):
    batch, rows = batch_of(net, data, order, start, samples.size, 3), samples.size
    for position in range(0, rows, MOST):
        chunk, row = chunk_of(batch, position, MOST), chunks[position // MOST]
        row[0], row[1], row[2], row[3] = chunk.rows, chunk.step, chunk.weight, chunk.share
        for r in range(chunk.rows):
            samples[position + r] = sample_of(chunk, r)


def chunks(net, data, order, start, rows):
    """Each row's sample, chunk by chunk; rows, step, weight and share of each chunk."""
    samples, weights = np.zeros(rows, np.int64), np.zeros((-(-rows // MOST), 4))
    write_chunks(net, data, order, start, samples, weights)
    return samples, weights


@pytest.mark.parametrize("shuffled", [False, True], ids=["as they are", "shuffled"])
def test_chunks_hold_every_row_once_and_count_as_their_batch(shuffled, network_and_data):
    net, data = network_and_data
    order = np.random.default_rng(1).permutation(20)
    start, rows = 6, 9
    samples, weights = chunks(net, data, order if shuffled else order[:0], start, rows)
    expected = order[start : start + rows] if shuffled else np.arange(start, start + rows)
    np.testing.assert_array_equal(samples, expected)
    total = data.weights[expected].sum()
    np.testing.assert_allclose(weights, [[size, 3, total, 0.5 / total] for size in (4, 4, 1)])


def test_samples_without_weight_count_nothing(network_and_data):
    net, data = network_and_data
    nothing = data._replace(weights=np.zeros(20))
    _, weights = chunks(net, nothing, np.arange(20), 0, 4)
    assert weights.tolist() == [[4, 3, 0, 0]]
