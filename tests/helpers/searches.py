"""Our searches and scikit-learn's own, fitted alike."""

import numpy as np
from sklearn import model_selection
from sklearn.datasets import load_iris
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

import bpfast.sklearn
from bpfast.sklearn import MLPClassifier

IRIS = load_iris(return_X_y=True)
MLP = MLPClassifier((4,), max_iter=4, learning_rate_init=0.05, random_state=0)
SCALED = Pipeline([("scale", StandardScaler()), ("mlp", MLP)])
RATES = {"learning_rate_init": [0.001, 0.1], "alpha": [1e-4, 1.0]}


def both(name, *args, X=IRIS[0], y=IRIS[1], fit=None, **options):
    """Our search and scikit-learn's own, fitted alike."""
    return [
        getattr(module, name)(*args, **options).fit(X, y, **(fit or {}))
        for module in (bpfast.sklearn, model_selection)
    ]


def assert_same(ours, theirs):
    assert list(ours.cv_results_) == list(theirs.cv_results_)
    for key, values in theirs.cv_results_.items():
        if not key.endswith("_time"):
            np.testing.assert_array_equal(ours.cv_results_[key], values, err_msg=key)
    if hasattr(theirs, "best_index_"):
        assert ours.best_index_ == theirs.best_index_
        assert str(ours.best_params_) == str(theirs.best_params_)
    if hasattr(theirs, "best_score_"):
        assert ours.best_score_ == theirs.best_score_
