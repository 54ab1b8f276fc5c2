"""Estimators fitted together end as if fitted alone."""

import numpy as np
import polars
import pytest
from scipy import sparse
from sklearn.base import clone
from sklearn.dummy import DummyClassifier

from bpfast.sklearn import MLPClassifier, MLPRegressor, fit_together

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

RANDOM = np.random.default_rng(0)
X = RANDOM.normal(size=(80, 5))
LABELS = np.digitize(X[:, 0] + X[:, 1] ** 2, [0.3, 1.5])
NUMBERS = X[:, :2] * X[:, 2:4]
ROWS = [np.arange(60), np.arange(20, 80), RANDOM.integers(0, 80, 50), None]
VARIANTS = [
    {},
    {"learning_rate_init": 0.05, "alpha": 0.1, "tol": 0.02, "n_iter_no_change": 1},
    {"random_state": 1, "max_iter": 5},
    {"shuffle": False},
    {"early_stopping": True, "n_iter_no_change": 2, "learning_rate_init": 0.03},
    {"hidden_layer_sizes": (4, 3)},
    {"solver": "sgd", "learning_rate": "adaptive", "tol": 0.1, "n_iter_no_change": 1},
    {"solver": "sgd", "learning_rate": "invscaling", "momentum": 0.0},
    {"solver": "lbfgs"},
    {"dtype": "float64"},
    {"random_state": np.random.RandomState(7)},
]


def take(values, rows):
    return values if rows is None else values[rows]


def equal(one, other):
    assert type(one) is type(other)
    if isinstance(one, list):
        return len(one) == len(other) and all(map(equal, one, other))
    return np.array_equal(one, other)


@pytest.mark.parametrize("kind", [MLPClassifier, MLPRegressor])
def test_together_is_as_alone(kind):
    y = LABELS if kind is MLPClassifier else NUMBERS
    settings = {"hidden_layer_sizes": (6,), "max_iter": 20, "batch_size": 16, "random_state": 0}
    estimators = [kind(**settings | variant) for variant in VARIANTS for _ in ROWS]
    rows = ROWS * len(VARIANTS)
    alone = [clone(estimator) for estimator in estimators]
    # clones have a copy of their RandomState; these take turns with the one
    for k in range(len(rows) - len(ROWS), len(rows)):
        alone[k].random_state = alone[-1].random_state
    weights = RANDOM.uniform(0.5, 1.5, len(X))
    assert fit_together(estimators, X, y, rows, weights) == [None] * len(rows)
    for estimator, part, other in zip(estimators, rows, alone, strict=True):
        other.fit(take(X, part), take(y, part), take(weights, part))
        for name in (name for name in vars(other) if name.endswith("_")):
            assert equal(getattr(estimator, name), getattr(other, name)), (estimator, name)


def test_what_hinders_one_hinders_no_other():
    good = MLPClassifier((3,), max_iter=3, random_state=0)
    estimators = [
        clone(good),
        clone(good).set_params(alpha=-1.0),
        clone(good),
        clone(good).set_params(solver="sgd", learning_rate_init=1e200),
        clone(good),
    ]
    holes = X.copy()
    holes[70] = np.nan
    seen = [np.arange(60)] * 5
    seen[2] = np.arange(80)
    with np.errstate(all="ignore"):
        errors = fit_together(estimators, holes, LABELS, seen)
    words = [None, "'alpha' parameter", "Input X contains NaN", "non-finite parameter", None]
    for error, expected in zip(errors, words, strict=True):
        assert (error is None) == (expected is None)
        assert expected is None or (isinstance(error, ValueError) and expected in str(error))
    alone = clone(good).fit(X[:60], LABELS[:60])
    assert equal(estimators[0].coefs_, alone.coefs_)
    assert equal(estimators[4].coefs_, alone.coefs_)


@pytest.mark.parametrize("form", [sparse.csr_array, np.ndarray.tolist, polars.DataFrame])
def test_any_form_of_samples(form):
    one, other = (
        MLPRegressor(hidden_layer_sizes=(3,), max_iter=3, random_state=0) for _ in range(2)
    )
    assert fit_together([one], form(X), NUMBERS.tolist(), [ROWS[2]]) == [None]
    assert equal(one.coefs_, other.fit(X[ROWS[2]], NUMBERS[ROWS[2]]).coefs_)


def test_seeds_that_nobody_gave_differ():
    estimators = [MLPRegressor(hidden_layer_sizes=(3,), max_iter=3) for _ in range(3)]
    assert fit_together(estimators, X, NUMBERS, [None] * 3) == [None] * 3
    assert len({estimator.loss_ for estimator in estimators}) == 3


def test_classes_missing_from_a_fold():
    estimators = [MLPClassifier((3,), max_iter=3, random_state=0) for _ in range(2)]
    few = np.flatnonzero(LABELS != 1)
    assert fit_together(estimators, X, LABELS, [few, None]) == [None] * 2
    assert [len(estimator.classes_) for estimator in estimators] == [2, 3]
    alone = MLPClassifier((3,), max_iter=3, random_state=0).fit(X[few], LABELS[few])
    assert equal(estimators[0].coefs_, alone.coefs_)


def test_bad_input_is_refused():
    with pytest.raises(TypeError, match=r"of bpfast\.sklearn, got DummyClassifier"):
        fit_together([DummyClassifier()], X, LABELS, [None])
    with pytest.raises(ValueError, match="rows has 1 arrays for 2 estimators"):
        fit_together([MLPClassifier(), MLPClassifier()], X, LABELS, [None])
