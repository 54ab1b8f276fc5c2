"""scikit-learn's scorers on predictions that are there: for metrics that are not vectorised."""

from __future__ import annotations

import threading
import warnings
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.metrics import get_scorer, get_scorer_names

_SILENCE = threading.Lock()  # filters of warnings are the process's: one thread changes them


class _Classes(ClassifierMixin, BaseEstimator):
    """An estimator whose X is its own (rows, classes) probabilities."""

    def __init__(self, outputs: int = 2) -> None:
        self.outputs = outputs

    @property
    def classes_(self) -> np.ndarray:
        return np.arange(self.outputs)

    def predict(self, X: np.ndarray) -> np.ndarray:
        return X.argmax(axis=1)

    def predict_proba(self, X: np.ndarray) -> np.ndarray:
        return X


class _Labels(_Classes):
    """The same of (rows, labels) probabilities, with classes as scikit-learn's forests have."""

    @property
    def classes_(self) -> Any:
        return [np.arange(2)] * self.outputs

    def predict(self, X: np.ndarray) -> np.ndarray:
        return (X > 0.5).astype(np.int64)

    def predict_proba(self, X: np.ndarray) -> Any:
        return [np.stack([1 - column, column], axis=1) for column in X.T]


class _Numbers(RegressorMixin, BaseEstimator):
    """An estimator whose X is its own (rows, outputs) predictions."""

    def __init__(self, outputs: int = 1) -> None:
        self.outputs = outputs

    def predict(self, X: np.ndarray) -> np.ndarray:
        return X[:, 0] if self.outputs == 1 else X


_ESTIMATORS = {"classes": _Classes, "labels": _Labels, "numbers": _Numbers}


def names() -> list[str]:
    """scikit-learn's scoring names."""
    return list(get_scorer_names())


def score(
    name: str, kind: str, predicted: np.ndarray, truth: np.ndarray, strict: bool = False
) -> float:
    """One network's score; NaN where the metric is not defined.

    Parameters
    ----------
    name : scikit-learn's scoring name
    kind : "classes", "labels" or "numbers"
    predicted, truth : as :mod:`bpfast.sweeps.vectorized` has them, of one network
    strict : raise scikit-learn's warnings too, such as that a metric is meaningless for two classes

    Raises
    ------
    ValueError, TypeError, AttributeError, and with ``strict`` Warning
        scikit-learn's own, where the metric does not take such predictions or such a truth.
    """
    outputs = predicted.shape[1]
    if kind == "numbers" and outputs == 1:
        truth = truth[:, 0]
    elif kind == "labels":
        truth = truth.astype(np.int64)
    estimator = _ESTIMATORS[kind](outputs)
    with _SILENCE, warnings.catch_warnings(), np.errstate(all="ignore"):
        # that a metric is not defined is said by its NaN
        warnings.simplefilter("error" if strict else "ignore")
        return float(get_scorer(name)(estimator, predicted, truth))
