"""Scores of many networks at once, beside scikit-learn's metrics on one after the other."""

import warnings

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import accuracy_score, r2_score

from bpfast.sklearn import scores

any_samples = settings(max_examples=60, deadline=None, derandomize=True)
SEEDS = st.integers(0, 2**32 - 1)
BAD = st.sampled_from([None, None, np.nan, np.inf, -np.inf])


def weights_of(weighted, rows, rng):
    """Some of them 0, but not all."""
    return np.append(1.0, rng.choice([0.0, 0.5, 2.0], rows - 1)) if weighted else None


@any_samples
@given(SEEDS, st.integers(1, 40), st.sampled_from([2, 3]), st.booleans(), BAD)
def test_accuracy_of_classes(seed, rows, classes, weighted, bad):
    rng = np.random.default_rng(seed)
    weights, labels = weights_of(weighted, rows, rng), rng.integers(0, classes, rows)
    predictions = rng.dirichlet(np.ones(classes), (4, rows)).round(1)  # ties, too
    if bad is not None:
        predictions[rng.integers(4)] = bad
    expected = [accuracy_score(labels, p.argmax(1), sample_weight=weights) for p in predictions]
    np.testing.assert_allclose(scores.accuracy(predictions, labels, weights), expected)


@any_samples
@given(SEEDS, st.integers(1, 40), st.sampled_from([1, 3]), st.booleans(), BAD)
def test_accuracy_of_labels(seed, rows, outputs, weighted, bad):
    rng = np.random.default_rng(seed)
    weights, labels = weights_of(weighted, rows, rng), rng.integers(0, 2, (rows, outputs))
    predictions = rng.uniform(size=(4, rows, outputs)).round(1)
    if bad is not None:
        predictions[rng.integers(4)] = bad
    expected = [accuracy_score(labels, p > 0.5, sample_weight=weights) for p in predictions]
    np.testing.assert_allclose(scores.accuracy(predictions, labels, weights), expected)


@any_samples
@given(
    SEEDS,
    st.integers(1, 40),
    st.sampled_from([1, 3]),
    st.booleans(),
    BAD,
    st.sampled_from([None, 0.0, 0.1, 1e9]),
    st.sampled_from([1.0, 1e-200, 1e200]),
)
def test_r2(seed, rows, outputs, weighted, bad, constant, size):
    """Targets that are all alike, met or not; numbers whose squares overflow; a single sample."""
    rng = np.random.default_rng(seed)
    weights, targets = weights_of(weighted, rows, rng), rng.normal(size=(rows, outputs)) * size
    if constant is not None:
        targets[:, 0] = constant
    predictions = targets + size * rng.normal(size=(4, rows, outputs))
    predictions[3] = targets
    if bad is not None:
        predictions[rng.integers(4), rng.integers(rows), rng.integers(outputs)] = bad
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        expected = [
            r2_score(targets, p, sample_weight=weights) if np.isfinite(p).all() else np.nan
            for p in predictions
        ]
    np.testing.assert_allclose(scores.r2(predictions, targets, weights), expected)
