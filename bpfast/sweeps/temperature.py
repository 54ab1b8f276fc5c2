"""The temperature that calibrates an ensemble's probabilities on the validation rows."""

from __future__ import annotations

import numpy as np

from ..errors import import_optional
from ..tables.tempering import tempered

RANGE = (0.2, 5.0)
# By chance, twice the gain of all rows is chi-squared with one degree of freedom (Wilks, 1938),
# and above this once in a hundred times.
CHANCE = 6.635


def fit_temperature(probabilities: np.ndarray, truth: np.ndarray, kind: str) -> float:
    """The temperature with the least log loss; 1 where it gains no more than chance may.

    Parameters
    ----------
    probabilities : (rows, classes), or (rows, labels), whose labels count as one of them would:
        those of a row are seldom independent
    truth : (rows,) class numbers, or (rows, labels) of 0 and 1
    kind : "classes" or "labels"
    """
    optimize = import_optional("scipy.optimize", "sweep")
    least = np.finfo(probabilities.dtype).eps
    probabilities = probabilities.astype(np.float64)

    def loss(logarithm: float) -> float:
        """The log loss at a temperature, the sum of all rows."""
        calibrated = tempered(probabilities, float(np.exp(logarithm)), kind == "labels")
        if kind == "classes":
            true = np.take_along_axis(calibrated, truth[:, None], axis=1)
        else:
            true = np.where(truth == 1, calibrated, 1.0 - calibrated)
        return float(-np.log(np.maximum(true, least)).mean(axis=1).sum())

    found = optimize.minimize_scalar(loss, bounds=np.log(RANGE), method="bounded")
    gain = loss(0.0) - loss(found.x)
    return float(np.exp(found.x)) if 2.0 * gain > CHANCE else 1.0
