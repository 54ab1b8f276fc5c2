"""The table of a sweep: its order, its columns, and what stands where there is nothing."""

import numpy as np
import pytest
from sweeps import NUMBERS, WORDS, sweep

from bpfast.sweeps.result import table_of


def test_what_a_network_lacks_is_nan_or_no_text():
    rows = [
        {"network": 1, "optimizer": "sgd", "momentum": 0.5, "validation_score": 0.9, "other": 1},
        {"network": 0, "optimizer": "adam", "beta1": 0.9, "validation_score": 0.8},
    ]
    table = table_of(rows, folds=1)
    assert list(table) == ["network", "optimizer", "momentum", "beta1", "validation_score"]
    np.testing.assert_array_equal(table["network"], [1, 0])
    np.testing.assert_array_equal(table["momentum"], [0.5, np.nan])
    np.testing.assert_array_equal(table_of([{"hidden": "3"}, {}], 1)["hidden"], ["3", ""])


def test_a_table_without_rows_has_columns():
    assert {name: len(column) for name, column in table_of([], 1).items()} == dict.fromkeys(
        ("network", "validation_score", "loss", "epochs", "diverged"), 0
    )


@pytest.mark.parametrize(
    ("y", "asked", "metric", "beside"),
    [
        (WORDS, None, "neg_log_loss", "accuracy"),
        (NUMBERS, None, "neg_root_mean_squared_error", "r2"),
        (WORDS, "score", "accuracy", None),
        (NUMBERS, "score", "r2", None),
        (WORDS, "roc_auc", "roc_auc", "accuracy"),
    ],
)
def test_table_is_ranked_by_validation_score(y, asked, metric, beside):
    result = sweep(y, metric=asked)
    assert result.metric == metric
    for name in ("accuracy", "r2"):
        assert (f"validation_{name}" in result.table) == (name == beside)
        assert (f"test_{name}" in result.table) == (name == beside)
    assert sorted(result.table["network"]) == list(range(8))
    assert (np.diff(result.table["validation_score"]) <= 0).all()
    assert set(result.table["hidden"]) <= {"3", "2x2", "none"}
    assert (result.table["epochs"] == 3).all()
    assert not result.interrupted


def test_networks_that_diverge_come_last():
    space = {"learning_rate": [1e-2, 1e9], "optimizer": "sgd"}
    table = sweep(NUMBERS, space=space, epochs=20).table
    assert table["diverged"].any()
    assert not table["diverged"][0]
    assert (np.diff(table["diverged"].astype(int)) >= 0).all()
    np.testing.assert_array_equal(table["learning_rate"] == 1e9, table["diverged"])


@pytest.mark.parametrize("y", [WORDS, NUMBERS])
def test_a_trials_score_is_the_mean_of_its_folds(y):
    table = sweep(y, cv=3).table
    splits = np.stack([table[f"split{k}_validation_score"] for k in range(3)], axis=1)
    assert np.ptp(splits, axis=1).max() > 0
    np.testing.assert_allclose(table["validation_score"], splits.mean(axis=1), rtol=1e-12)
    np.testing.assert_allclose(table["validation_std"], splits.std(axis=1), atol=1e-12)
    assert (np.diff(table["validation_score"]) <= 0).all()
    assert sorted(table["network"]) == list(range(8))
