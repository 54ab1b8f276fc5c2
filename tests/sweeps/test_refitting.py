"""A cross-validation's winner, trained anew: for as long as its folds' networks were good."""

import numpy as np
import pytest
from sweeps import NUMBERS, X, sweep

import bpfast as bp

SPACE = {"learning_rate": "1e-3:1e-1:log", "hidden": "8", "patience": 2, "batch_size": 16}


@pytest.mark.parametrize("encoding", ["scaled", "piecewise4"])
def test_a_winner_with_patience_is_trained_for_the_best_epochs_of_its_folds(encoding):
    space = SPACE | {"number_encoding": encoding}
    result = sweep(NUMBERS, cv=3, space=space, epochs=20, networks=6)
    row = {name: column[0].item() for name, column in result.table.items()}
    train = result.rows["train"]
    inputs = result.model.input_info.encode(X[train], np.float32)
    population = bp.Population.drawn(result.best.mlp, [row["network"]], 0)
    adam = bp.Adam(learning_rate=row["learning_rate"])
    y = result.target_scaler.apply(NUMBERS[train])
    bp.fit(
        population, inputs, y, adam, row["best_epoch"], 16, device="reference", progress=False
    )  # fmt: skip
    np.testing.assert_array_equal(population.parameters, result.best.parameters)
    predicted = result.model.predict(X[result.rows["test"]])
    truth = NUMBERS[result.rows["test"]]
    error = np.sqrt(np.mean((predicted - truth) ** 2))
    np.testing.assert_allclose(-error, row["test_score"], rtol=1e-6)
