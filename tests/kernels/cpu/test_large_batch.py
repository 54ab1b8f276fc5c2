"""A team of threads trains one network after the other."""

import numpy as np
import pytest

import bpfast as bp


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_a_team_gets_the_bits_of_a_thread(forced, threads):
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(700, 5)), rng.integers(0, 3, 700)

    def train(strategy, threads):
        population = bp.Population(bp.MLP((5, 20, 3), "tanh", "cross_entropy"), 2)
        with forced(strategy, threads):
            history = bp.fit(
                population, X, y, bp.Adam(l2=0.1, clip_norm=0.1), epochs=2, batch_size=600,
                dropout=0.2, validation=(X, y), device="cpu", progress=False,
            )  # fmt: skip
        return population.parameters, history.loss, history.validation_loss

    for ours, alone in zip(train("large batch", threads), train("tiles", 1), strict=True):
        np.testing.assert_array_equal(ours, alone)
