"""Runs with drawn predictions, for tests of what is said about them."""

import numpy as np
from hypothesis import strategies as st

from bpfast.reporting.predictions import Predictions
from bpfast.reporting.run import Run


def run_of(kind, predictions):
    """A run of nothing but predictions."""
    names = predictions.names
    manifest = {
        "metric": "neg_log_loss",
        "classes": names if kind == "classes" else [],
        "labels": {name: ["no", "yes"] for name in names} if kind == "labels" else {},
    }
    nothing = np.empty(0)
    return Run(manifest, {"network": nothing}, nothing, nothing, nothing, {}, "", predictions)


@st.composite
def predicted_runs(draw, *kinds):
    """Predictions that are right or wrong, sure or not, for few rows or many."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    kind, rows = draw(st.sampled_from(kinds)), draw(st.sampled_from([1, 2, 30]))
    count = (
        draw(st.sampled_from([2, 3, 9])) if kind != "numbers" else draw(st.sampled_from([1, 3, 6]))
    )
    names = [f"{'abcdefghi'[k]}{k}" for k in range(count)]
    part, numbers = draw(st.sampled_from(["test", "validation"])), rng.permutation(1000)[:rows] + 1
    if kind == "numbers":
        names = names if count > 1 else [""]
        truth = 10.0 ** draw(st.integers(-3, 5)) * rng.normal(size=(rows, count))
        off = draw(st.sampled_from([0.0, 1.0, 1e-3])) * rng.normal(size=truth.shape)
        return run_of(kind, Predictions(part, numbers, truth, truth + off, names))
    skill = draw(st.sampled_from([0.0, 2.0, 1000.0]))
    if kind == "labels":
        truth = rng.integers(0, 2, (rows, count)).astype(float)
        logits = rng.normal(size=truth.shape) + skill * (2 * truth - 1)
        predicted = 0.5 + 0.5 * np.tanh(logits / 2)
    else:
        truth = rng.integers(0, draw(st.sampled_from([1, count])), rows)
        logits = rng.normal(size=(rows, count)) + skill * np.eye(count)[truth]
        powers = np.exp(logits - logits.max(axis=1, keepdims=True))
        predicted = powers / powers.sum(axis=1, keepdims=True)
    if draw(st.booleans()):
        predicted = predicted.round(1)  # ties
    return run_of(kind, Predictions(part, numbers, truth, predicted, names))
