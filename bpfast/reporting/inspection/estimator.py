"""scikit-learn's inspection of a model, through an estimator whose X are row numbers.

A table has words, dates and missing values; scikit-learn shuffles and sets the columns of an array.
So the array holds, for each row and column, the number of the table's row whose value it has there:
to shuffle these is to shuffle the values.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.inspection import partial_dependence, permutation_importance

from .encoded_rows import own_rows
from .found import Dependence
from .grids import Grid

# Predictions (rows, outputs) for (rows, columns) numbers of the table's rows.
Predict = Callable[[np.ndarray], np.ndarray]
DIGITS = 6  # significant ones of a prediction that is kept


class _OfRowNumbers(RegressorMixin, BaseEstimator):
    """Predicts probabilities, or numbers, for rows that are put together of a table's values."""

    def __init__(self, asked: Predict) -> None:
        self.asked = asked

    def fit(self, X=None, y=None) -> _OfRowNumbers:
        return self

    def predict(self, X) -> np.ndarray:
        return self.asked(np.asarray(X).astype(np.int64))

    def __sklearn_is_fitted__(self) -> bool:
        return True


def importances(
    predict: Predict,
    shape: tuple[int, int],
    score: Callable[[np.ndarray], float],
    repeats: int,
    seed: int,
) -> np.ndarray:
    """How much a score falls if a column's values are shuffled among the rows.

    Parameters
    ----------
    shape : how many rows and columns the table has
    score : of predictions (rows, outputs) for all rows

    Returns
    -------
    (columns, repeats)
    """
    found = permutation_importance(
        _OfRowNumbers(predict),
        own_rows(*shape),
        np.zeros(shape[0]),  # the score knows the truth
        scoring=lambda estimator, X, y: score(estimator.predict(X)),
        n_repeats=repeats,
        random_state=seed,
    )
    return found.importances


def dependence(
    predict: Predict, shape: tuple[int, int], column: int, grid: Grid, singles: int
) -> Dependence:
    """How predictions go with the values of a column.

    Parameters
    ----------
    shape : how many rows and columns the table has
    singles : how many rows' own predictions are kept, where there is one output
    """
    lacking = [] if grid.missing_row is None else [grid.missing_row]
    rows = np.array([*grid.rows, *lacking], np.float64)
    found = partial_dependence(
        _OfRowNumbers(predict),
        own_rows(*shape).astype(np.float64),  # scikit-learn takes no integers
        [column],
        custom_values={column: rows},
        kind="both",
    )
    values = len(grid.rows)
    individual = found.individual[0, :singles, :values] if len(found.average) == 1 else []
    return Dependence(
        kind=grid.kind,
        values=grid.values,
        counts=grid.counts,
        deciles=grid.deciles,
        average=_rounded(found.average[:, :values]),
        individual=_rounded(individual),
        missing=_rounded(found.average[:, values:].ravel()),
        lacking=grid.lacking,
    )


def _rounded(values: Any) -> Any:
    if np.ndim(values):
        return [_rounded(own) for own in values]
    return float(f"{float(values):.{DIGITS}g}")
