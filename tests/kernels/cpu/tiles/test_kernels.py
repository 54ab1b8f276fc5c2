"""Predictions, whatever samples are cut into."""

import numpy as np
import pytest

import bpfast as bp
from bpfast.kernels.cpu.tiles.layout import CHUNK


@pytest.mark.parametrize("rows", [1, CHUNK, CHUNK + 1, 3 * CHUNK + 5])
@pytest.mark.parametrize(("n", "threads"), [(1, 1), (1, 3), (2, 3), (5, 2)])
def test_predictions_in_blocks(forced, n, threads, rows):
    population = bp.Population(bp.MLP((3, 18, 4), "tanh", "cross_entropy"), n, dtype="float64")
    X = np.random.default_rng(rows).normal(size=(rows, 3))
    with forced("tiles", threads):
        got = population.predict(X, device="cpu")
    np.testing.assert_allclose(got, population.predict(X, device="reference"), rtol=1e-12)
