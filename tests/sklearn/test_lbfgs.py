"""solver="lbfgs": fits reach a minimum of their loss and penalty, in float64."""

import numpy as np
import pytest

from bpfast.sklearn import MLPClassifier, MLPRegressor, fit_together

X = np.random.default_rng(0).normal(size=(40, 3))
Y = X @ [1.0, -2.0, 0.5] + 3.0


def test_without_hidden_layers_it_is_ridge_regression():
    alpha = 2.0
    model = MLPRegressor("squared_error", (), solver="lbfgs", alpha=alpha, tol=1e-10).fit(X, Y)
    centred = X - X.mean(axis=0)
    expected = np.linalg.solve(centred.T @ centred + alpha * np.eye(3), centred.T @ (Y - Y.mean()))
    np.testing.assert_allclose(model.coefs_[0][:, 0], expected, rtol=1e-5)


def test_it_computes_in_float64_whatever_the_dtype():
    settings = {"hidden_layer_sizes": (4,), "solver": "lbfgs", "max_iter": 500, "random_state": 0}
    exact = MLPRegressor(**settings, dtype="float64").fit(X, Y)
    single = MLPRegressor(**settings, dtype="float32")
    single.fit(X, Y)
    assert single.coefs_[0].dtype == np.float32
    assert single.loss_ < exact.loss_ * 2


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_a_fit_that_fails_leaves_the_others_alone():
    labels = (Y > 3.0).astype(int)
    good = MLPClassifier((3,), solver="lbfgs", max_iter=3, random_state=0)
    bad = MLPClassifier((3,), solver="lbfgs", max_iter=3, random_state=0, alpha=np.finfo(float).max)
    with np.errstate(all="ignore"):
        errors = fit_together([good, bad], X, labels, [None, None])
    assert errors[0] is None
    np.testing.assert_array_equal(good.coefs_[0], good.fit(X, labels).coefs_[0])
