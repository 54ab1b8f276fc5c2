"""Estimators against scikit-learn's own, number by number."""

import doctest
import pickle
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse
from sklearn import neural_network
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils.class_weight import compute_sample_weight

import bpfast.sklearn
from bpfast.sklearn import MLPClassifier, MLPRegressor, estimators

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

SETTINGS = {
    "hidden_layer_sizes": (7, 5),
    "random_state": 3,
    "max_iter": 12,
    "batch_size": 16,
    "alpha": 0.3,
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
    "counts": RANDOM.poisson(np.exp(NUMBERS)),
}


def pair(targets, dtype="float64", **settings):
    """scikit-learn's estimator and ours, with equal settings."""
    kind = "MLPRegressor" if targets in ("numbers", "outputs", "counts") else "MLPClassifier"
    settings |= {"loss": "poisson"} if targets == "counts" else {}
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
    "lbfgs": {"solver": "lbfgs", "alpha": 0.1, "max_iter": 4},  # before probabilities are clipped
}


@pytest.mark.parametrize("targets", ["classes", "outputs"])
@pytest.mark.parametrize("variant", VARIANTS)
def test_follows_scikit_learn(variant, targets):
    theirs, ours = pair(targets, **VARIANTS[variant])
    assert_equal(theirs.fit(X, TARGETS[targets]), ours.fit(X, TARGETS[targets]))
    np.testing.assert_allclose(
        ours.score(X, TARGETS[targets]), theirs.score(X, TARGETS[targets]), rtol=1e-9
    )


@pytest.mark.parametrize("targets", ["two classes", "labels", "numbers", "counts"])
@pytest.mark.parametrize("variant", ["adam", "early stopping", "lbfgs"])
def test_follows_scikit_learn_for_other_targets(variant, targets):
    theirs, ours = pair(targets, **VARIANTS[variant])
    assert_equal(theirs.fit(X, TARGETS[targets]), ours.fit(X, TARGETS[targets]))


@settings(max_examples=25, deadline=None, derandomize=True)
@given(
    st.sampled_from(list(TARGETS)),
    st.booleans(),
    st.booleans(),
    st.fixed_dictionaries(
        {
            "solver": st.sampled_from(["sgd", "adam"]),
            "activation": st.sampled_from(["identity", "logistic", "tanh", "relu"]),
            "learning_rate": st.sampled_from(["constant", "invscaling", "adaptive"]),
            "learning_rate_init": st.sampled_from([0.001, 0.02]),
            "nesterovs_momentum": st.booleans(),
            "momentum": st.sampled_from([0.0, 0.5, 0.9]),
            "early_stopping": st.booleans(),
            "shuffle": st.booleans(),
            "batch_size": st.sampled_from([7, 32, "auto"]),
            "hidden_layer_sizes": st.sampled_from([3, (17,), (4, 3, 2)]),
            "alpha": st.sampled_from([0.0, 0.01, 1.0]),
            "tol": st.sampled_from([0.0, 0.001, 0.05]),
            "n_iter_no_change": st.sampled_from([1, 3, np.inf]),
            "max_iter": st.integers(1, 12),
            "random_state": st.integers(0, 100),
        }
    ),
)
def test_any_settings_follow_scikit_learn(targets, weighted, thin, drawn):
    theirs, ours = pair(targets, **drawn)
    samples = sparse.csr_array(np.where(np.abs(X) > 0.8, X, 0.0)) if thin else X
    weights = WEIGHTS if weighted else None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        theirs.fit(samples, TARGETS[targets], weights)
        ours.fit(samples, TARGETS[targets], weights)
    assert_equal(theirs, ours)


@pytest.mark.parametrize("targets", ["classes", "labels", "outputs"])
@pytest.mark.parametrize("variant", ["adam", "early stopping", "lbfgs"])
def test_sample_weights_follow_scikit_learn(variant, targets):
    theirs, ours = pair(targets, **VARIANTS[variant])
    assert_equal(theirs.fit(X, TARGETS[targets], WEIGHTS), ours.fit(X, TARGETS[targets], WEIGHTS))


@pytest.mark.parametrize("variant", ["adam", "sgd", "early stopping"])
def test_float32_follows_scikit_learn(variant):
    settings = VARIANTS[variant] | {"max_iter": 12, "n_iter_no_change": 20}
    theirs, ours = pair("classes", "float32", **settings)
    assert_equal(theirs.fit(X, LABELS), ours.fit(X, LABELS), tolerance=1e-3)
    assert ours.coefs_[0].dtype == ours.predict_proba(X).dtype == np.float32


@pytest.mark.parametrize("dtype", ["float16", "int64"])
def test_weights_of_another_dtype_are_refused(dtype):
    model = MLPClassifier((2,), max_iter=1).fit(X, LABELS)
    model.coefs_ = [weights.astype(dtype) for weights in model.coefs_]
    with pytest.raises(ValueError, match=f"dtype of coefs_='{dtype}' is not known: choose from"):
        model.predict(X)


@pytest.mark.parametrize("variant", ["adam", "invscaling", "adaptive"])
def test_partial_fit_follows_scikit_learn(variant):
    """Through a pickle, and after a fit, whose optimiser it goes on with."""
    theirs, ours = pair("classes", **VARIANTS[variant])
    for part in (slice(0, 40), slice(30, 80), slice(10, 90)):
        theirs.partial_fit(X[part], LABELS[part], classes=np.unique(LABELS))
        ours.partial_fit(X[part], LABELS[part], classes=np.unique(LABELS))
        ours = pickle.loads(pickle.dumps(ours))
    assert_equal(theirs, ours)
    theirs.fit(X, LABELS).partial_fit(X[:50], LABELS[:50])
    ours.fit(X, LABELS).partial_fit(X[:50], LABELS[:50])
    assert_equal(theirs, ours)


@pytest.mark.parametrize("variant", ["adam", "invscaling", "early stopping", "lbfgs"])
def test_warm_start_follows_scikit_learn(variant):
    theirs, ours = pair("outputs", warm_start=True, **VARIANTS[variant])
    for rows in (90, 60):
        theirs.fit(X[:rows], NUMBERS[:rows])
        ours.fit(X[:rows], NUMBERS[:rows])
        assert_equal(theirs, ours)


def test_a_random_state_is_left_as_scikit_learn_leaves_it():
    theirs, ours = pair("classes", **VARIANTS["stops"])
    theirs.random_state, ours.random_state = np.random.RandomState(5), np.random.RandomState(5)
    assert_equal(theirs.fit(X, LABELS), ours.fit(X, LABELS))
    assert ours.random_state.randint(2**31) == theirs.random_state.randint(2**31)


@pytest.mark.parametrize("matrix", [sparse.csr_matrix, sparse.csc_array])
def test_sparse_samples_are_as_dense_ones(matrix):
    thin = np.where(np.abs(X) > 0.8, X, 0.0)
    _, dense = pair("classes", early_stopping=True)
    _, thinner = pair("classes", early_stopping=True)
    dense.fit(thin, LABELS)
    thinner.fit(matrix(thin), LABELS)
    assert thinner.loss_curve_ == dense.loss_curve_
    np.testing.assert_array_equal(thinner.predict(matrix(thin)), dense.predict(thin))


def test_verbose_says_what_scikit_learn_says(capsys):
    for variant in ("adaptive", "early stopping"):
        theirs, ours = pair("classes", verbose=True, **VARIANTS[variant])
        theirs.fit(X, LABELS)
        expected = capsys.readouterr().out
        ours.fit(X, LABELS)
        assert capsys.readouterr().out == expected


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_warnings_and_errors_are_scikit_learns():
    for estimator in pair("classes", batch_size=1000):
        with pytest.warns(UserWarning, match="It is going to be clipped"):
            estimator.fit(X, LABELS)
    for estimator in pair("classes", max_iter=2):
        with pytest.warns(ConvergenceWarning, match=r"Maximum iterations \(2\) reached"):
            estimator.fit(X, LABELS)
    for estimator in pair("classes", solver="lbfgs", max_iter=2):
        with pytest.warns(ConvergenceWarning, match="lbfgs failed to converge"):
            estimator.fit(X, LABELS)
    cases = [
        ({"hidden_layer_sizes": (3, -1)}, X, "hidden_layer_sizes must be > 0, got"),
        ({"alpha": -1.0}, X, "The 'alpha' parameter of MLPClassifier must be"),
        ({"activation": "sigmoid"}, X, "The 'activation' parameter of MLPClassifier must be"),
        ({}, np.full_like(X, np.nan), "Input X contains NaN"),
        ({"early_stopping": True, "validation_fraction": 0.01}, X, "n_splits|test_size|too small"),
        ({"solver": "sgd", "learning_rate_init": 1e200}, X, "non-finite parameter weights"),
    ]
    for chosen, samples, words in cases:
        for estimator in pair("classes", **chosen):
            with pytest.raises(ValueError, match=words):
                estimator.fit(samples, LABELS)
    for estimator in pair("classes", solver="lbfgs"):
        with pytest.raises(AttributeError, match="partial_fit"):
            estimator.partial_fit(X, LABELS)


# --- what scikit-learn's estimators lack ----------------------------------------------------------


@pytest.mark.parametrize("class_weight", ["balanced", {"a": 3.0, "c": 0.5}])
@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_class_weights_are_sample_weights(solver, class_weight):
    settings = SETTINGS | {"solver": solver}
    ours = MLPClassifier(**settings, class_weight=class_weight)
    weighted = MLPClassifier(**settings)
    ours.fit(X, LABELS, WEIGHTS)
    weighted.fit(X, LABELS, WEIGHTS * compute_sample_weight(class_weight, LABELS))
    np.testing.assert_array_equal(ours.predict_proba(X), weighted.predict_proba(X))


def test_partial_fit_cannot_balance_classes():
    with pytest.raises(ValueError, match="'balanced' is not supported by partial_fit"):
        MLPClassifier(class_weight="balanced").partial_fit(X, LABELS, classes=np.unique(LABELS))


@pytest.mark.parametrize(
    "settings",
    [
        {"solver": "adamw"},
        {"solver": "rmsprop"},
        {"learning_rate": "cosine", "warmup": 2},
        {"learning_rate": "exponential", "decay": 0.9},
        {"clip_norm": 0.1},
        {"dropout": 0.2},
        {"activation": "silu"},
    ],
)
def test_further_settings_train_otherwise_and_as_seeded(settings):
    plain, ours, again = (
        MLPRegressor(**SETTINGS | {"max_iter": 40, "learning_rate_init": 0.01} | extra).fit(
            X, NUMBERS
        )
        for extra in ({}, settings, settings)
    )
    assert ours.loss_curve_ == again.loss_curve_ != plain.loss_curve_
    assert ours.loss_ < 0.8 * ours.loss_curve_[0]


@pytest.mark.filterwarnings("error::sklearn.exceptions.ConvergenceWarning")
def test_examples_of_docstrings():
    failed, attempted = doctest.testmod(estimators)
    assert attempted
    assert not failed
