"""Fits that are ready to begin, and estimators' networks as a population."""

import numpy as np
import pytest
from sklearn.base import clone

from bpfast.sklearn import MLPClassifier, MLPRegressor
from bpfast.sklearn.fits import population_of
from bpfast.sklearn.preparation import Preparation

X = np.random.default_rng(0).normal(size=(40, 3))
LABELS = np.arange(40) % 2
PLAIN = MLPClassifier((4,), random_state=0, dtype="float64")


def group_key(rows=None, **settings):
    preparation = Preparation(X, LABELS, None, incremental=False, alone=False)
    return preparation.prepare(clone(PLAIN).set_params(**settings), rows).group_key


@pytest.mark.parametrize(
    "settings",
    [
        {"learning_rate_init": 0.1},
        {"alpha": 1.0},
        {"random_state": 5},
        {"max_iter": 3},
        {"early_stopping": True},
        {"rows": np.arange(20)},
    ],
)
def test_what_may_differ_in_a_population(settings):
    assert group_key(**settings) == group_key()


@pytest.mark.parametrize(
    "settings",
    [
        {"hidden_layer_sizes": (5,)},
        {"activation": "tanh"},
        {"solver": "sgd"},
        {"batch_size": 7},
        {"dtype": "float32"},
        {"device": "cpu"},
        {"class_weight": "balanced"},
        {"class_weight": {0: 2.0}},
    ],
)
def test_what_must_not_differ_in_a_population(settings):
    assert group_key(**settings) != group_key()


def test_balanced_weights_depend_on_the_rows():
    halves = [group_key(rows, class_weight="balanced") for rows in (np.arange(20), np.arange(30))]
    assert halves[0] != halves[1]


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_estimators_are_a_population():
    y = X @ [1.0, 2.0, 3.0]
    estimators = [
        MLPRegressor(hidden_layer_sizes=(4,), max_iter=2, random_state=seed, dtype="float64")
        for seed in range(3)
    ]
    for estimator in estimators:
        estimator.fit(X, y)
    predictions = population_of(estimators).predict(X, device="cpu")[..., 0]
    expected = [estimator.predict(X) for estimator in estimators]
    np.testing.assert_allclose(predictions, expected, rtol=1e-12, atol=1e-12)
    assert population_of(estimators, "float32").dtype == np.float32
