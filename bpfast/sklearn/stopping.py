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

    def update(self, values: np.ndarray, networks: np.ndarray) -> None:
        """Count an epoch of some networks, a mask, which ended with (n,) values."""
        with np.errstate(invalid="ignore"):
            worse = values > self.best - self._tol
            better = networks & (values < self.best)
        self.count = np.where(networks, np.where(worse, self.count + 1, 0), self.count)
        self.best = np.where(better, values, self.best)

    def exceeded(self) -> np.ndarray:
        """(n,) bool: networks that have not improved for more than ``n_iter_no_change`` epochs."""
        return self.count > self._allowed

    def epochs_left(self) -> np.ndarray:
        """(n,) epochs, at least 1, that networks run before they can exceed it."""
        return np.maximum(1, self._allowed + 1 - self.count)
