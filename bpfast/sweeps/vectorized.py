"""Scores of many networks at once, by the metrics that sweeps use most.

scikit-learn scores one network a call. For these few metrics a call is slower than the training of
a small network, so they are written here, for all networks together, to scikit-learn's numbers.

Every function takes ``predicted`` (networks, rows, outputs), finite, and ``truth``: class numbers
(rows,), or labels of 0 and 1 or numbers (rows, outputs). It returns (networks,) float64 scores,
greater ones being better. A network's score does not depend on which others are scored beside it.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ..tables.target import total_sum_of_squares


def log_loss_of_classes(predicted: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Minus the mean negative logarithm of the true class's probability."""
    return np.log(_clipped(_of_true_class(predicted, truth))).mean(axis=1)


def log_loss_of_labels(predicted: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Minus the log loss of each label, the mean of them."""
    own = np.where(truth == 1, predicted, 1 - predicted)  # the probability of what is true
    return _means_of_outputs(np.log(_clipped(own))).mean(axis=1)


def accuracy_of_classes(predicted: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """The share of rows whose true class is the most probable; of equal ones the first counts."""
    return (predicted.argmax(axis=2) == truth).mean(axis=1)


def accuracy_of_labels(predicted: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """The share of rows of which all labels are right."""
    return ((predicted > 0.5) == truth).all(axis=2).mean(axis=1)


def brier(predicted: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Minus the squared error of the probabilities, summed over classes; half of it for two."""
    if predicted.shape[2] == 2:
        return -((predicted[:, :, 1].astype(np.float64) - truth) ** 2).mean(axis=1)
    squares = np.einsum("nrc,nrc->nr", predicted, predicted, dtype=np.float64)
    return -(squares - 2.0 * _of_true_class(predicted, truth) + 1.0).mean(axis=1)


def mean_squared_error(predicted: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Minus the mean squared error, the mean over outputs."""
    return -_mean_squares(predicted, truth).mean(axis=1)


def root_mean_squared_error(predicted: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Minus the root of each output's mean squared error, the mean of them."""
    return -np.sqrt(_mean_squares(predicted, truth)).mean(axis=1)


def mean_absolute_error(predicted: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Minus the mean absolute error, the mean over outputs."""
    return -_means_of_outputs(np.abs(predicted - truth)).mean(axis=1)


def r2(predicted: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """R² of each output, the mean of them; NaN where the truth of an output does not vary."""
    totals = np.array([total_sum_of_squares(column) for column in truth.T])
    totals[~((totals > 0.0) & np.isfinite(totals))] = np.nan
    return (1.0 - _mean_squares(predicted, truth) * len(truth) / totals).mean(axis=1)


def _clipped(probabilities: np.ndarray) -> np.ndarray:
    """Float64 probabilities from an epsilon to 1 less an epsilon, as scikit-learn clips them."""
    epsilon = np.finfo(probabilities.dtype).eps
    return np.clip(probabilities, epsilon, 1 - epsilon).astype(np.float64)


def _of_true_class(predicted: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """(networks, rows) probabilities of the true classes."""
    return np.take_along_axis(predicted, truth[None, :, None], axis=2)[:, :, 0]


def _mean_squares(predicted: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """(networks, outputs) mean squared errors; infinite beyond float64."""
    with np.errstate(over="ignore"):
        return _means_of_outputs((predicted - truth) ** 2)


def _means_of_outputs(values: np.ndarray) -> np.ndarray:
    """(networks, outputs) means over rows, each summed in its own order of memory."""
    return np.ascontiguousarray(values.transpose(0, 2, 1)).mean(axis=2)


Scores = Callable[[np.ndarray, np.ndarray], np.ndarray]

# By what is predicted, and scikit-learn's scoring name.
VECTORIZED: dict[str, dict[str, Scores]] = {
    "classes": {
        "neg_log_loss": log_loss_of_classes,
        "accuracy": accuracy_of_classes,
        "neg_brier_score": brier,
    },
    "labels": {"neg_log_loss": log_loss_of_labels, "accuracy": accuracy_of_labels},
    "numbers": {
        "neg_root_mean_squared_error": root_mean_squared_error,
        "neg_mean_squared_error": mean_squared_error,
        "neg_mean_absolute_error": mean_absolute_error,
        "r2": r2,
    },
}
