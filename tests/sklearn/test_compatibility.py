"""Estimators inside scikit-learn's own tools, beside scikit-learn's in the same place."""

import importlib
import sys

import numpy as np
import pytest
import sklearn
from sklearn import neural_network
from sklearn.base import clone, is_classifier
from sklearn.calibration import CalibratedClassifierCV
from sklearn.datasets import load_iris
from sklearn.ensemble import BaggingClassifier, StackingRegressor
from sklearn.model_selection import cross_val_score, cross_validate, learning_curve
from sklearn.multioutput import MultiOutputRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import bpfast.sklearn
from bpfast.sklearn import MLPClassifier, MLPRegressor

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

X, y = load_iris(return_X_y=True)
SETTINGS = {"hidden_layer_sizes": (5,), "max_iter": 15, "random_state": 0, "batch_size": 50}
THEIRS = neural_network.MLPClassifier(**SETTINGS)
OURS = MLPClassifier(**SETTINGS, dtype="float64")
PLACES = {
    "pipeline": lambda mlp: make_pipeline(StandardScaler(), mlp).fit(X, y).predict_proba(X),
    "cross_val_score": lambda mlp: cross_val_score(mlp, X, y, cv=3),
    "learning_curve": lambda mlp: learning_curve(
        mlp, X, y, cv=3, train_sizes=[0.5, 1.0], shuffle=True, random_state=0
    )[2],
    "learning_curve by partial_fit": lambda mlp: learning_curve(
        mlp,
        X,
        y,
        cv=3,
        train_sizes=[0.5, 1.0],
        shuffle=True,
        random_state=0,
        exploit_incremental_learning=True,
    )[2],
    "bagging": lambda mlp: BaggingClassifier(mlp, 3, random_state=0).fit(X, y).predict_proba(X),
    "calibration": lambda mlp: CalibratedClassifierCV(mlp, cv=3).fit(X, y).predict_proba(X),
}


@pytest.mark.parametrize("place", PLACES)
def test_takes_scikit_learns_place(place):
    found, expected = PLACES[place](clone(OURS)), PLACES[place](clone(THEIRS))
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize(
    "outer", [MultiOutputRegressor, lambda mlp: StackingRegressor([("a", mlp)])]
)
def test_regressors_take_scikit_learns_place(outer):
    theirs, ours = (
        neural_network.MLPRegressor(**SETTINGS),
        MLPRegressor(**SETTINGS, dtype="float64"),
    )
    targets = X[:, 2:] if outer is MultiOutputRegressor else X[:, 2]
    expected = outer(theirs).fit(X[:, :2], targets).predict(X[:, :2])
    np.testing.assert_allclose(outer(ours).fit(X[:, :2], targets).predict(X[:, :2]), expected)


def test_is_an_mlp_of_scikit_learns():
    assert isinstance(OURS, neural_network.MLPClassifier)
    assert is_classifier(OURS)
    assert isinstance(MLPRegressor(), neural_network.MLPRegressor)
    assert not is_classifier(MLPRegressor())
    extra = {"weight_decay", "clip_norm", "dropout", "decay", "warmup", "dtype", "device"}
    for ours, theirs in ((OURS, THEIRS), (MLPRegressor(), neural_network.MLPRegressor())):
        added = set(ours.get_params()) - set(theirs.get_params())
        assert added == extra | ({"class_weight"} if is_classifier(ours) else set())
        plain = type(ours)().get_params()
        assert {name: plain[name] for name in theirs.get_params()} == type(theirs)().get_params()


def test_metadata_is_routed():
    weights = np.where(y == 1, 10.0, 1.0)
    with sklearn.config_context(enable_metadata_routing=True):
        results = [
            cross_validate(
                mlp.set_fit_request(sample_weight=True).set_score_request(sample_weight=True),
                X,
                y,
                cv=3,
                params={"sample_weight": weights},
            )["test_score"]
            for mlp in (clone(OURS), clone(THEIRS))
        ]
    np.testing.assert_allclose(*results, rtol=1e-9)


def test_tables_name_their_columns():
    polars = pytest.importorskip("polars")
    table = polars.DataFrame(X, schema=["a", "b", "c", "d"])
    mlp = clone(OURS).fit(table, y)
    assert mlp.feature_names_in_.tolist() == ["a", "b", "c", "d"]
    np.testing.assert_array_equal(mlp.predict(table), clone(OURS).fit(X, y).predict(X))
    with pytest.raises(ValueError, match="feature names should match"):
        mlp.predict(table.rename({"a": "z"}))
    pipeline = make_pipeline(StandardScaler(), clone(OURS)).set_output(transform="polars")
    assert pipeline.fit(table, y)[-1].feature_names_in_.tolist() == ["a", "b", "c", "d"]


def test_says_how_to_install_scikit_learn(monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearn", None)
    with pytest.raises(ImportError, match=r'scikit-learn is not installed: pip install "bpfast'):
        importlib.reload(bpfast.sklearn)
