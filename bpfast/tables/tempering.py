"""Probabilities made less sure, or more: a temperature that calibrates them.

Guo et al., "On Calibration of Modern Neural Networks", ICML 2017, divide logits by a temperature.
Of an ensemble's mean, the logits are its logarithms.
"""

from __future__ import annotations

import numpy as np


def tempered(probabilities: np.ndarray, temperature: float, labels: bool) -> np.ndarray:
    """Probabilities at a temperature: above 1 they are less sure, below 1 more.

    Parameters
    ----------
    probabilities : (rows, classes), or (rows, labels) of each label's second name
    labels : whether they are of labels

    Returns
    -------
    p_k^(1/T) / sum_j p_j^(1/T) of classes, where T is the temperature; and of labels, of whose two
    names it is the same, sigmoid(logit(p) / T)
    """
    if labels and temperature == 1.0:
        return probabilities
    if labels:
        both = np.stack([1.0 - probabilities, probabilities], axis=-1)
        return tempered(both, temperature, labels=False)[..., 1]
    # the greatest is 1 before the power, so that not all of them vanish; the sum of float32's
    # probabilities is 1 to float32's digits alone
    powers = (probabilities / probabilities.max(axis=-1, keepdims=True)) ** (1.0 / temperature)
    return powers / powers.sum(axis=-1, keepdims=True)
