"""scikit-learn's scorers: each name that fits gives what its scorer gives an estimator."""

import warnings

import numpy as np
import pytest

pytest.importorskip("sklearn")

from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.linear_model import LinearRegression
from sklearn.metrics import get_scorer
from sklearn.multioutput import MultiOutputClassifier
from sklearn.naive_bayes import GaussianNB

from bpfast.sweeps.metrics import fitting_names
from bpfast.sweeps.scorers import names, score

RNG = np.random.default_rng(0)
X = RNG.normal(size=(60, 3))
NOISY = X + RNG.normal(size=X.shape)
TRUTHS = {
    ("classes", 2): (NOISY[:, 0] > 0).astype(int),
    ("classes", 3): NOISY.argmax(axis=1),
    ("labels", 3): (NOISY > 0).astype(int),
    ("numbers", 1): np.exp(NOISY[:, 0]),
    ("numbers", 3): np.exp(NOISY),
}


def fitted(kind, truth):
    if kind == "numbers":
        return LinearRegression().fit(X, np.log(truth))
    if kind == "labels":
        return MultiOutputClassifier(GaussianNB()).fit(X, truth)
    return GaussianNB().fit(X, truth)


class Positive(RegressorMixin, BaseEstimator):
    """Predicts the exponential of another's predictions: some metrics take nothing below 0."""

    def __init__(self, of=None):
        self.of = of

    def predict(self, X):
        return np.exp(self.of.predict(X))


@pytest.mark.parametrize(("kind", "outputs"), TRUTHS)
def test_a_score_is_what_the_scorer_gives_an_estimator(kind, outputs):
    truth = TRUTHS[kind, outputs]
    estimator = fitted(kind, truth)
    if kind == "numbers":
        estimator = Positive(estimator)
        predicted = estimator.predict(X).reshape(len(X), -1)
    elif kind == "labels":
        predicted = np.stack([p[:, 1] for p in estimator.predict_proba(X)], axis=1)
    else:
        predicted = estimator.predict_proba(X)
    fitting = fitting_names(kind, outputs)
    assert len(fitting) > 9
    for name in fitting:
        if kind == "labels" and name == "neg_log_loss":
            continue  # scikit-learn's takes labels for classes
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            expected = get_scorer(name)(estimator, X, truth)
        own = truth.reshape(len(X), -1) if kind == "numbers" else truth
        assert score(name, kind, predicted, own) == pytest.approx(expected, rel=1e-9), name


@pytest.mark.parametrize(
    ("kind", "outputs", "estimator"),
    [
        ("classes", 2, DummyClassifier()),
        ("classes", 3, DummyClassifier()),
        ("numbers", 1, DummyRegressor()),
    ],
)
def test_what_does_not_fit_is_what_the_scorer_refuses_or_is_for_another_task(
    kind, outputs, estimator
):
    """With names of classes for their numbers, as scikit-learn has no metric of numbers for."""
    truth = TRUTHS[kind, outputs]
    truth = np.array(["a", "b", "c"])[truth] if kind == "classes" else truth + 0.5
    estimator.fit(X, truth)
    for name in set(names()) - set(fitting_names(kind, outputs)):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            with pytest.raises((ValueError, TypeError, AttributeError, Warning)):
                get_scorer(name)(estimator, X, truth)


def test_strict_tells_warnings():
    truth = TRUTHS["classes", 2]
    predicted = np.eye(2)[truth]
    assert score("top_k_accuracy", "classes", predicted, truth) == 1.0
    with pytest.raises(UserWarning, match="meaningless"):
        score("top_k_accuracy", "classes", predicted, truth, strict=True)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert np.isnan(score("roc_auc", "classes", predicted, np.ones_like(truth)))
