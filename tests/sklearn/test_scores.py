"""Scores of many networks at once, beside scikit-learn's metrics on one after the other."""

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, r2_score

from bpfast.sklearn import scores

RANDOM = np.random.default_rng(0)
WEIGHTS = [None, RANDOM.uniform(0.0, 2.0, 40)]


@pytest.mark.parametrize("weights", WEIGHTS)
def test_accuracy_of_classes(weights):
    predictions, labels = RANDOM.dirichlet(np.ones(3), (4, 40)), RANDOM.integers(0, 3, 40)
    expected = [accuracy_score(labels, p.argmax(1), sample_weight=weights) for p in predictions]
    np.testing.assert_allclose(scores.accuracy(predictions, labels, weights), expected)


@pytest.mark.parametrize("outputs", [1, 3])
@pytest.mark.parametrize("weights", WEIGHTS)
def test_accuracy_of_labels(weights, outputs):
    predictions = RANDOM.uniform(size=(4, 40, outputs))
    labels = RANDOM.integers(0, 2, (40, outputs))
    expected = [accuracy_score(labels, p > 0.5, sample_weight=weights) for p in predictions]
    np.testing.assert_allclose(scores.accuracy(predictions, labels, weights), expected)


@pytest.mark.parametrize("weights", WEIGHTS)
def test_r2(weights):
    targets = RANDOM.normal(size=(40, 3))
    targets[:, 1] = 0.5  # constant targets: missed by all but the last, which meets them
    predictions = targets + RANDOM.normal(size=(4, 40, 3))
    predictions[3, :, 1] = 0.5
    expected = [r2_score(targets, p, sample_weight=weights) for p in predictions]
    np.testing.assert_allclose(scores.r2(predictions, targets, weights), expected)
    predictions[1, 5, 2] = np.inf
    assert np.isnan(scores.r2(predictions, targets, weights)).tolist() == [
        False,
        True,
        False,
        False,
    ]
