"""Predictions of several networks for a few rows, drawn for tests of metrics."""

from typing import NamedTuple

import numpy as np
from hypothesis import strategies as st


class Drawn(NamedTuple):
    """What networks predict for rows, and what is true of these."""

    kind: str
    predicted: np.ndarray
    truth: np.ndarray


@st.composite
def predictions(draw, kinds=("classes", "labels", "numbers"), single_rows=True):
    """Probabilities (also of exactly 0 and 1, and ties) or numbers of 1 to 4 networks."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    kind = draw(st.sampled_from(kinds))
    networks = draw(st.integers(1, 4))
    rows = draw(st.sampled_from([1, 2, 5, 40])) if single_rows else draw(st.integers(12, 40))
    dtype = draw(st.sampled_from([np.float32, np.float64]))
    if kind == "numbers":
        outputs = draw(st.integers(1, 3))
        truth = rng.normal(size=(rows, outputs)) * 10.0 ** draw(st.integers(-3, 6))
        predicted = truth + rng.normal(size=(networks, rows, outputs)) * np.abs(truth).max()
        predicted[0] = draw(st.sampled_from([predicted[0], truth, truth.mean(axis=0)]))
        return Drawn(kind, predicted, truth)
    outputs = draw(st.integers(2, 4))
    sharpness = draw(st.sampled_from([0.0, 1.0, 30.0, 1000.0]))  # ties, usual, exactly 0 and 1
    logits = sharpness * rng.normal(size=(networks, rows, outputs))
    if kind == "labels":
        truth = rng.integers(0, 2, (rows, outputs)).astype(np.float64)
        truth[: 2 * outputs] = (np.arange(2 * outputs)[:, None] + np.arange(outputs))[:rows] % 2
        with np.errstate(over="ignore"):
            return Drawn(kind, (1 / (1 + np.exp(-logits))).astype(dtype), truth)
    truth = rng.permutation(np.concatenate([np.arange(outputs)] * rows))[:rows]
    truth[:outputs] = np.arange(outputs)[:rows]  # each class is there, where there is room
    powers = np.exp(logits - logits.max(axis=2, keepdims=True))
    return Drawn(kind, (powers / powers.sum(axis=2, keepdims=True)).astype(dtype), truth)
