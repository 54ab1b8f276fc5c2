"""Gradients of networks side by side, whatever a batch is cut into."""

import numpy as np
import pytest

import bpfast as bp
from bpfast.kernels.cpu.lanes.layout import FEWEST_ROWS, MOST_ROWS


@pytest.mark.parametrize("rows", [1, FEWEST_ROWS + 1, MOST_ROWS, MOST_ROWS + 1, 3 * MOST_ROWS])
@pytest.mark.parametrize("layers", [(2, 3, 1), (3, 70, 4)], ids=["long chunks", "short chunks"])
def test_batches_around_the_sizes_of_chunks(forced, layers, rows):
    rng = np.random.default_rng(rows)
    population = bp.Population(bp.MLP(layers, "tanh", "mse"), 17, dtype="float64")
    X, y = rng.normal(size=(rows, layers[0])), rng.normal(size=(rows, layers[-1]))
    with forced("lanes"):
        losses, weights, biases = bp.gradients(population, X, y, device="cpu")
    truth = bp.gradients(population, X, y, device="reference")
    np.testing.assert_allclose(losses, truth[0], rtol=1e-12)
    for ours, theirs in zip([*weights, *biases], [*truth[1], *truth[2]], strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-9, atol=1e-12)
