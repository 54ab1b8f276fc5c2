"""When scikit-learn ends a fit: its loss, or score, has not improved for some epochs."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


class StoppingRule:
    """Counts the epochs for which each network has not improved by its ``tol``.

    What is to become smaller is the loss, or with ``early_stopping`` minus the validation score.

    Attributes
    ----------
    best : (n,) lowest value so far
    count : (n,) epochs without improvement since the last one with
    """

    def __init__(self, estimators: Sequence) -> None:
        self._tol = np.array([estimator.tol for estimator in estimators])
        self._allowed = np.array([float(e.n_iter_no_change) for e in estimators])
        self.count = np.array([e._no_improvement_count for e in estimators])
        self.best = np.array(
            [-e.best_validation_score_ if e.early_stopping else e.best_loss_ for e in estimators],
            np.float64,
        )

    def update(self, values: np.ndarray, epochs: np.ndarray) -> None:
        """Count (n,) epochs of each network, of (n, most) that ended with some values."""
        most = values.shape[1]
        counts = np.arange(most) < epochs[:, None]
        known = np.column_stack([self.best, np.where(counts, values, np.inf)])
        best = np.fmin.accumulate(known, axis=1)  # of all before each epoch; NaN is never best
        with np.errstate(invalid="ignore"):
            improved = counts & ~(values > best[:, :-1] - self._tol[:, None])
        since = epochs - most + np.argmax(improved[:, ::-1], axis=1)  # the last that improved
        self.count = np.where(improved.any(axis=1), since, self.count + epochs)
        self.best = best[:, -1]

    def exceeded(self) -> np.ndarray:
        """(n,) bool: networks that have not improved for more than ``n_iter_no_change`` epochs."""
        return self.count > self._allowed

    def epochs_left(self) -> np.ndarray:
        """(n,) epochs, at least 1, that networks run before they can exceed it."""
        return np.maximum(1, self._allowed + 1 - self.count)
