"""Shuffling row numbers is shuffling values: the same numbers as scikit-learn's for the values."""

import numpy as np
import pytest
from sklearn.inspection import partial_dependence, permutation_importance
from sklearn.linear_model import LinearRegression
from sklearn.metrics import r2_score

from bpfast.reporting.inspection.estimator import dependence, importances
from bpfast.reporting.inspection.grids import Grid
from bpfast.tables.encoding.number import Number

rng = np.random.default_rng(0)
X = rng.normal(size=(40, 3))
Y = np.stack([X[:, 0] - 2.0 * X[:, 1] + rng.normal(size=40), X[:, 2]], axis=1)


def predicting(estimator):
    """Predictions for rows of X that are put together, (rows, outputs)."""
    return lambda rows: estimator.predict(np.take_along_axis(X, rows, axis=0)).reshape(
        len(rows), -1
    )


def test_importances_are_scikit_learns():
    estimator, y = LinearRegression().fit(X, Y[:, 0]), Y[:, 0]
    mine = importances(
        predicting(estimator), X.shape, lambda own: r2_score(y, own[:, 0]), repeats=4, seed=3
    )
    theirs = permutation_importance(estimator, X, y, scoring="r2", n_repeats=4, random_state=3)
    np.testing.assert_array_equal(mine, theirs.importances)


@pytest.mark.parametrize("outputs", [1, 2])
def test_dependence_is_scikit_learns(outputs):
    estimator = LinearRegression().fit(X, Y[:, :outputs])
    values = X[:, 1].copy()
    values[[4, 7]] = np.nan
    grid = Grid.of(Number(name="x", median=0.0), values)
    mine = dependence(predicting(estimator), X.shape, 1, grid, singles=5)
    places = {1: X[[*grid.rows, 4], 1]}
    theirs = partial_dependence(estimator, X, [1], custom_values=places, kind="both")
    np.testing.assert_allclose(mine.average, theirs.average[:, :-1], rtol=1e-5)
    np.testing.assert_allclose(mine.missing, theirs.average[:, -1], rtol=1e-5)
    assert mine.lacking == 2
    single = theirs.individual[0, :5, :-1] if outputs == 1 else np.empty((0,))
    np.testing.assert_allclose(mine.individual, single, rtol=1e-5)
    assert (mine.kind, mine.values, mine.deciles) == (grid.kind, grid.values, grid.deciles)
