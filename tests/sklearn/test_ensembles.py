"""Ensembles: what members see, and what is made of what they say."""

import doctest
import pickle

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import load_iris, make_multilabel_classification
from sklearn.exceptions import ConvergenceWarning, DataConversionWarning
from sklearn.metrics import r2_score
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils import estimator_checks

from bpfast.sklearn import (
    MLPClassifier,
    MLPEnsembleClassifier,
    MLPEnsembleRegressor,
    MLPRegressor,
    ensembles,
)

pytestmark = pytest.mark.filterwarnings(
    f"ignore::{ConvergenceWarning.__module__}.ConvergenceWarning"
)

X, Y = load_iris(return_X_y=True)
CLASSIFIER = MLPClassifier((6,), max_iter=20, learning_rate_init=0.05)
REGRESSOR = MLPRegressor(hidden_layer_sizes=(6,), max_iter=20, learning_rate_init=0.05)
QUICK = {"max_iter": 40, "learning_rate_init": 0.02}
BY_CHANCE = "members are trained on samples drawn by chance, as scikit-learn's Bagging does"
DRAWN = {
    "check_sample_weight_equivalence_on_dense_data": BY_CHANCE,
    "check_sample_weight_equivalence_on_sparse_data": BY_CHANCE,
}


def classifier(n=5, **options):
    return MLPEnsembleClassifier(CLASSIFIER, n, random_state=0, **options)


def regressor(n=5, **options):
    return MLPEnsembleRegressor(REGRESSOR, n, random_state=0, **options)


@estimator_checks.parametrize_with_checks(
    [
        MLPEnsembleClassifier(MLPClassifier((20,), **QUICK), 2),
        MLPEnsembleRegressor(MLPRegressor(hidden_layer_sizes=(20,), **QUICK), 2),
    ],
    expected_failed_checks=lambda estimator: DRAWN,
)
def test_scikit_learns_checks(estimator, check):
    check(estimator)


@pytest.mark.parametrize("check", DRAWN)
@pytest.mark.parametrize(
    "ensemble",
    [
        MLPEnsembleClassifier(MLPClassifier(solver="lbfgs"), 2, bootstrap=False),
        MLPEnsembleRegressor(MLPRegressor(solver="lbfgs"), 2, bootstrap=False),
    ],
    ids=["classifier", "regressor"],
)
def test_weights_count_as_repeated_samples_where_none_are_drawn(ensemble, check):
    getattr(estimator_checks, check)(type(ensemble).__name__, ensemble)


def test_regressors_predict_as_their_targets_are_shaped():
    one, several = regressor().fit(X, Y), regressor().fit(X[:, :2], X[:, 2:])
    mean, std = one.predict(X, return_std=True)
    assert mean.shape == std.shape == (150,)
    np.testing.assert_allclose(mean, np.mean([m.predict(X) for m in one], axis=0), rtol=1e-5)
    assert one.predict_quantiles(X, 0.5).shape == (150,)
    mean, std = several.predict(X[:, :2], return_std=True)
    assert mean.shape == std.shape == (150, 2)
    assert several.predict_quantiles(X[:, :2], [0.1, 0.5, 0.9]).shape == (3, 150, 2)
    with pytest.raises(ValueError, match="Quantiles"):
        one.predict_quantiles(X, 1.5)


def test_members_may_miss_classes():
    labels = np.array(["rare", *(["a", "b"] * 10)])
    x = np.linspace(0, 1, 21)[:, None]
    ensemble = classifier(8).fit(x, labels)
    assert ensemble.classes_.tolist() == ["a", "b", "rare"]
    assert len({len(member.classes_) for member in ensemble}) == 2
    probabilities = ensemble.predict_proba(x)
    np.testing.assert_allclose(probabilities.sum(1), 1.0, rtol=1e-6)
    for member in ensemble:
        if len(member.classes_) == 2:
            assert member.predict_proba(x).shape == (21, 2)
    quantiles = ensemble.predict_quantiles(x, 0.0)
    np.testing.assert_array_equal(quantiles[:, 2], 0.0)


def test_labels_may_be_several():
    inputs, labels = make_multilabel_classification(60, n_features=5, n_classes=3, random_state=0)
    ensemble = classifier().fit(inputs, labels)
    assert ensemble.predict_proba(inputs).shape == (60, 3)
    np.testing.assert_array_equal(
        ensemble.predict(inputs), (ensemble.predict_proba(inputs) > 0.5).astype(int)
    )


def test_out_of_bag_predictions_of_regressors():
    ensemble = regressor(30, oob_score=True).fit(X, Y)
    assert ensemble.oob_prediction_.shape == (150,)
    assert ensemble.oob_score_ == r2_score(Y, ensemble.oob_prediction_)
    assert 0.5 < ensemble.oob_score_ < 1
    with pytest.warns(UserWarning, match="Some inputs do not have OOB scores"):
        few = regressor(1, oob_score=True).fit(X, Y)
    assert 0 < np.isnan(few.oob_prediction_).sum() < 150
    assert np.isfinite(few.oob_score_)


def test_an_ensemble_is_an_estimator_as_any():
    pipeline = make_pipeline(StandardScaler(), classifier())
    assert cross_val_score(pipeline, X, Y, cv=3).mean() > 0.8
    ensemble = classifier().set_params(estimator__alpha=1.0, n_estimators=2).fit(X, Y)
    assert [member.alpha for member in ensemble] == [1.0, 1.0]
    again = pickle.loads(pickle.dumps(ensemble))
    np.testing.assert_array_equal(again.predict_proba(X), ensemble.predict_proba(X))
    assert len(MLPEnsembleRegressor(random_state=0, n_estimators=1).fit(X[:20], Y[:20])) == 1


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"oob_score": True, "bootstrap": False}, "only available if bootstrap=True"),
        ({"max_samples": 151, "bootstrap": False}, "at most the number of samples, 150"),
        ({"estimator": REGRESSOR}, "must be an instance of .*MLPClassifier"),
        ({"estimator__alpha": -1.0}, "'alpha' parameter of MLPClassifier"),
        ({"n_estimators": 0}, "'n_estimators' parameter"),
    ],
)
def test_what_cannot_be_is_refused(options, words):
    ensemble = clone(classifier()).set_params(**options)
    with pytest.raises(ValueError, match=words):
        ensemble.fit(X, Y)


def test_columns_of_targets_are_warned_about():
    with pytest.warns(DataConversionWarning):
        ensemble = classifier(1).fit(X, Y[:, None])
    assert ensemble.predict(X).shape == (150,)


def test_examples_in_docstrings():
    assert doctest.testmod(ensembles).failed == 0
