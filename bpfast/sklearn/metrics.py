"""scikit-learn's metrics without its checks, which take longer than predictions of a small network.

Each does with one network's predictions what scikit-learn's does, in the same order, and so gives
the same bits; whether they belong together is seen to by whoever asks.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from sklearn import metrics


@dataclass(frozen=True)
class Metric:
    """A metric of scikit-learn's.

    Attributes
    ----------
    of : "labels", "probabilities" or "numbers"
    score : called with the truth and what was predicted: labels (rows,) or (rows, labels);
        numbers of classes (rows,) and probabilities (rows, classes), or (rows, 1) of the second of
        two; numbers (rows, outputs), both of one floating dtype
    """

    of: str
    score: Callable[[np.ndarray, np.ndarray], np.floating]


def _accuracy(truth: np.ndarray, predicted: np.ndarray) -> np.floating:
    right = truth == predicted
    return np.average(right if right.ndim == 1 else right.all(axis=1))


def _log_loss(truth: np.ndarray, predicted: np.ndarray) -> np.floating:
    if predicted.shape[1] == 1:
        predicted = np.concatenate([1 - predicted, predicted], axis=1)
    epsilon = np.finfo(predicted.dtype).eps
    own = np.take_along_axis(predicted, truth[:, None], axis=1)[:, 0]
    return np.average(-np.log(np.clip(own, epsilon, 1 - epsilon)))


def _r2(truth: np.ndarray, predicted: np.ndarray) -> np.floating:
    errors = ((truth - predicted) ** 2).sum(axis=0)
    spread = ((truth - np.average(truth, axis=0)) ** 2).sum(axis=0)
    alike = spread == 0.0
    explained = np.where(alike, 0.0, 1 - errors / np.where(alike, 1.0, spread))
    return np.average(np.where(errors == 0.0, 1.0, explained).astype(errors.dtype))


def _mean_squared_error(truth: np.ndarray, predicted: np.ndarray) -> np.floating:
    return np.average(np.average((truth - predicted) ** 2, axis=0))


def _root_mean_squared_error(truth: np.ndarray, predicted: np.ndarray) -> np.floating:
    return np.average(np.sqrt(np.average((truth - predicted) ** 2, axis=0)))


def _mean_absolute_error(truth: np.ndarray, predicted: np.ndarray) -> np.floating:
    return np.average(np.average(np.abs(predicted - truth), axis=0))


METRICS: dict[Callable, Metric] = {
    metrics.accuracy_score: Metric("labels", _accuracy),
    metrics.log_loss: Metric("probabilities", _log_loss),
    metrics.r2_score: Metric("numbers", _r2),
    metrics.mean_squared_error: Metric("numbers", _mean_squared_error),
    metrics.root_mean_squared_error: Metric("numbers", _root_mean_squared_error),
    metrics.mean_absolute_error: Metric("numbers", _mean_absolute_error),
}
