"""Scores of many networks at once, equal to those of scikit-learn's ``score``."""

from __future__ import annotations

import numpy as np


def accuracy(predictions: np.ndarray, targets: np.ndarray, weights) -> np.ndarray:
    """Share of samples of which all labels are right, ``sklearn.metrics.accuracy_score``.

    Parameters
    ----------
    predictions : (n, samples, outputs) probabilities
    targets : (samples,) numbers of classes, or (samples, outputs) of 0 and 1
    weights : (samples,) or None

    Returns
    -------
    (n,) float64
    """
    if targets.ndim == 1:
        right = predictions.argmax(axis=2) == targets
    else:
        right = ((predictions > 0.5) == targets).all(axis=2)
    return np.average(right, axis=1, weights=weights)


def r2(predictions: np.ndarray, targets: np.ndarray, weights) -> np.ndarray:
    """R squared, the mean over outputs, ``sklearn.metrics.r2_score``.

    Constant targets give 1 if predictions are equal to them, and otherwise 0. Predictions that are
    not finite give NaN, and so does a single sample.

    Parameters
    ----------
    predictions : (n, samples, outputs)
    targets : (samples, outputs)
    weights : (samples,) or None

    Returns
    -------
    (n,) float64
    """
    share = np.ones((len(targets), 1)) if weights is None else weights[:, None]
    with np.errstate(over="ignore", invalid="ignore"):  # of networks that diverge
        errors = (share * (targets - predictions.astype(np.float64)) ** 2).sum(axis=1)
        spread = targets - np.average(targets, axis=0, weights=weights)
        spread = (share * spread**2).sum(axis=0)
        alike = spread == 0.0
        explained = np.where(alike, 0.0, 1.0 - errors / np.where(alike, 1.0, spread))
        score = np.where(errors == 0.0, 1.0, explained).mean(axis=1)
    defined = np.isfinite(predictions).all(axis=(1, 2)) & (len(targets) > 1)
    return np.where(defined, score, np.nan)
