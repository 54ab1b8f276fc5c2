"""Estimators against scikit-learn's own, number by number."""

import numpy as np
import pytest
from sklearn import neural_network

import bpfast.sklearn

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

SETTINGS = {
    "hidden_layer_sizes": (7, 5),
    "random_state": 3,
    "max_iter": 12,
    "batch_size": 16,
    "alpha": 0.0,
}
RANDOM = np.random.default_rng(0)
X = RANDOM.normal(size=(90, 6))
LABELS = np.array(["a", "b", "c"])[np.digitize(X[:, 0] + X[:, 1] ** 2, [0.3, 1.5])]
WEIGHTS = RANDOM.uniform(0.1, 2.0, len(X))
NUMBERS = np.stack([np.sin(X[:, 0]), X[:, 1] * X[:, 2]], axis=1)
TARGETS = {
    "classes": LABELS,
    "two classes": LABELS == "a",
    "labels": (NUMBERS > 0.2).astype(int),
    "numbers": NUMBERS[:, 0],
    "outputs": NUMBERS,
}


def pair(targets, dtype="float64", **settings):
    """scikit-learn's estimator and ours, with equal settings."""
    kind = "MLPRegressor" if targets in ("numbers", "outputs") else "MLPClassifier"
    settings = SETTINGS | settings
    return (
        getattr(neural_network, kind)(**settings),
        getattr(bpfast.sklearn, kind)(**settings, dtype=dtype),
    )


def assert_equal(theirs, ours, tolerance=1e-9):
    parameters = zip(
        theirs.coefs_ + theirs.intercepts_, ours.coefs_ + ours.intercepts_, strict=True
    )
    for expected, found in parameters:
        np.testing.assert_allclose(found, expected, rtol=tolerance, atol=tolerance)
    assert ours.n_iter_ == theirs.n_iter_
    assert ours.t_ == theirs.t_
    assert ours.out_activation_ == theirs.out_activation_
    np.testing.assert_allclose(ours.loss_, theirs.loss_, rtol=tolerance)
    if theirs.solver == "lbfgs":
        return
    np.testing.assert_allclose(ours.loss_curve_, theirs.loss_curve_, rtol=tolerance)
    if theirs.early_stopping:
        assert ours.best_loss_ is None
        np.testing.assert_allclose(
            [*ours.validation_scores_, ours.best_validation_score_],
            [*theirs.validation_scores_, theirs.best_validation_score_],
            rtol=tolerance,
        )
    else:
        assert ours.validation_scores_ is ours.best_validation_score_ is None
        np.testing.assert_allclose(ours.best_loss_, theirs.best_loss_, rtol=tolerance)


VARIANTS = {
    "adam": {},
    "betas": {"beta_1": 0.5, "beta_2": 0.9, "epsilon": 1e-3},
    "whole batch": {"batch_size": "auto"},
    "in order": {"shuffle": False},
    "no hidden layer": {"hidden_layer_sizes": ()},
    "sgd": {"solver": "sgd"},
    "plain momentum": {"solver": "sgd", "nesterovs_momentum": False, "momentum": 0.6},
    "invscaling": {"solver": "sgd", "learning_rate": "invscaling", "learning_rate_init": 0.5},
    "adaptive": {
        "solver": "sgd",
        "learning_rate": "adaptive",
        "learning_rate_init": 0.3,
        "n_iter_no_change": 1,
        "tol": 0.05,
        "max_iter": 60,
    },
    "stops": {"learning_rate_init": 0.05, "tol": 0.01, "n_iter_no_change": 2, "max_iter": 100},
    "early stopping": {
        "early_stopping": True,
        "learning_rate_init": 0.02,
        "n_iter_no_change": 3,
        "max_iter": 100,
    },
    "lbfgs": {"solver": "lbfgs", "alpha": 0.1},
}


@pytest.mark.parametrize("targets", ["classes", "outputs"])
@pytest.mark.parametrize("variant", VARIANTS)
def test_follows_scikit_learn(variant, targets):
    theirs, ours = pair(targets, **VARIANTS[variant])
    assert_equal(theirs.fit(X, TARGETS[targets]), ours.fit(X, TARGETS[targets]))
    np.testing.assert_allclose(
        ours.score(X, TARGETS[targets]), theirs.score(X, TARGETS[targets]), rtol=1e-9
    )
