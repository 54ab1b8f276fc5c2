"""Nothing that networks are trained with depends on rows that they are scored on.

Whatever changes in the validation and test rows of a table (numbers, words, dates, the target, what
is missing), weights and training losses stay the same to the last bit.
"""

from datetime import datetime, timedelta

import numpy as np
import pytest

import bpfast as bp
from bpfast.sweeps.scoring import Scorer

pl = pytest.importorskip("polars")
pytest.importorskip("optuna")
pytest.importorskip("sklearn")

ROWS = 600
rng = np.random.default_rng(0)
DAYS = np.arange(ROWS) * 5


def some_missing(values, share=0.1):
    return [None if rng.random() < share else value for value in values]


TABLE = pl.DataFrame(
    {
        "number": some_missing(rng.normal(size=ROWS).tolist()),
        "whole": rng.normal(100.0, 20.0, ROWS).round(),
        "word": some_missing(rng.choice(["red", "green", "blue"], ROWS).tolist()),
        "place": [f"place {k}" for k in rng.integers(0, 60, ROWS)],  # means of the target
        "flag": some_missing((rng.random(ROWS) < 0.3).tolist()),
        "day": [datetime(2020, 1, 1) + timedelta(days=int(day)) for day in DAYS],
        "weight": rng.random(ROWS) + 0.1,
        "group": rng.integers(0, 40, ROWS),
    }
)
SIGNAL = TABLE["number"].fill_null(0.0).to_numpy() + TABLE["whole"].to_numpy() / 20
NUMBERS = np.exp(SIGNAL - SIGNAL.mean())
CLASSES = np.array(["low", "middle", "high"])[np.digitize(SIGNAL, np.quantile(SIGNAL, (0.3, 0.7)))]
LABELS = np.stack([SIGNAL > 5.0, SIGNAL > 5.5], axis=1).astype(int)
SPACE = {"learning_rate": "1e-2:1e-1:log", "hidden": 3, "batch_size": 64}
FIXED = np.random.default_rng(1).permutation(ROWS)
# Rows of these do not depend on the target, so that it may change too.
WAYS = {
    "shares": {},
    "groups": {"groups": "group", "target_transform": "log"},
    "time": {"split": "time", "time_column": "day"},
    "folds": {"cv": 2, "target_transform": "log"},
    "folds of groups": {"cv": 2, "groups": "group", "validation": 0.2},
    "windows": {"cv": 2, "split": "time", "time_column": "day"},
}


def changed(rows, y):
    """The table and a target with other values in some rows, of the same types."""
    others = {
        "number": [None if k % 3 else 1e6 * k for k in rows],
        "whole": [-1e6 for _ in rows],
        "word": [f"other {k % 7}" for k in rows],
        "place": [None if k % 2 else f"elsewhere {k % 9}" for k in rows],
        "flag": [None if k % 5 else True for k in rows],
        "weight": [100.0 + k for k in rows],
    }
    columns = {name: TABLE[name].to_list() for name in TABLE.columns}
    for name, values in others.items():
        for row, value in zip(rows, values, strict=True):
            columns[name][row] = value
    y = y.copy()
    y[rows] = y[np.roll(rows, 1)] if y.dtype.kind != "f" else 1e3 + y[rows]
    return pl.DataFrame(columns, schema=TABLE.schema), y


def trained(table, y, **options):
    """A sweep's result; for each fold its networks' parameters and losses."""
    parameters, losses, results = [], [], Scorer.results

    def watched(self, population, history):
        for fold, inputs in enumerate(self.data.folds.inputs):
            networks = slice(6 * fold, 6 * fold + 6)
            first, *others = (weights[networks].copy() for weights in population.weights)
            assert not first[:, inputs:].any()  # of no input
            biases = [own[networks].copy() for own in population.biases]
            parameters.append([first[:, :inputs], *others, *biases])
            losses.append(history.loss[networks].copy())
        return results(self, population, history)

    settings = {"networks": 6, "epochs": 3, "device": "cpu", "memory": 1 << 30, "cv": None}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Scorer, "results", watched)
        result = bp.sweep(table, y, SPACE, sample_weight="weight", **settings | options)
    return result, parameters, losses


def check_same(parameters, others):
    """They are the same to the last bit."""
    for one, other in zip(parameters, others, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("way", WAYS)
def test_rows_that_are_scored_change_no_network(way):
    options = WAYS[way]
    first, parameters, losses = trained(TABLE, NUMBERS, **options)
    kinds = {column["kind"] for column in first.columns}
    assert kinds == {"number", "words", "target means", "moment", "left out"}
    for fold in range(first.folds):
        name = f"split{fold}_validation" if "cv" in options else "validation"
        scored = np.concatenate([first.rows[name], first.rows["test"]])
        second, others, other_losses = trained(*changed(scored, NUMBERS), **options)
        np.testing.assert_array_equal(second.rows[name], first.rows[name])
        check_same(others[fold], parameters[fold])
        np.testing.assert_array_equal(other_losses[fold], losses[fold])
        scores = [result.table["validation_score"] for result in (first, second)]
        assert not np.isclose(*scores).any()


@pytest.mark.parametrize("y", [CLASSES, LABELS], ids=["classes", "labels"])
def test_classes_that_are_scored_change_no_network(y):
    options = {"cv": [(FIXED[:400], FIXED[400:500])], "test": 0.0}
    if y is CLASSES:
        options["class_weight"] = "balanced"
    first, parameters, losses = trained(TABLE, y, **options)
    _, others, other_losses = trained(*changed(FIXED[400:], y), **options)
    check_same(others[0], parameters[0])
    np.testing.assert_array_equal(other_losses, losses)
    assert first.target.kind == ("classes" if y is CLASSES else "labels")


@pytest.mark.parametrize("cv", [None, 2])
def test_test_rows_change_neither_the_ranking_nor_the_winner(cv):
    first, *_ = trained(TABLE, NUMBERS, cv=cv)
    second, *_ = trained(*changed(first.rows["test"], NUMBERS), cv=cv)
    for name in ("network", "validation_score", "loss"):
        np.testing.assert_array_equal(first.table[name], second.table[name])
    np.testing.assert_array_equal(first.best.parameters, second.best.parameters)
    assert first.encoding == second.encoding
    assert first.table["test_score"][0] != second.table["test_score"][0]


def test_test_rows_of_another_table_change_nothing():
    half, rest = TABLE[:400], TABLE[400:]
    tested = (rest, NUMBERS[400:])
    first, parameters, _ = trained(half, NUMBERS[:400], test_data=tested)
    alone, others, _ = trained(half, NUMBERS[:400], test=0.0)
    check_same(others[0], parameters[0])
    assert "test_score" not in alone.table
    predicted = first.model.predict(rest)
    rmse = np.sqrt(np.mean((predicted - NUMBERS[400:]) ** 2))
    assert first.table["test_score"][0] == pytest.approx(-rmse, rel=1e-5)
