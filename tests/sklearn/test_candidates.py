"""A search's fits as populations; the others as scikit-learn does them."""

import logging

import numpy as np
import pytest
from joblib import parallel_config
from searches import IRIS, MLP, RATES, SCALED, assert_same, both
from sklearn.base import clone
from sklearn.exceptions import FitFailedWarning
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer

from bpfast.sklearn import GridSearchCV, MLPClassifier, candidates, fold_samples

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


@pytest.mark.parametrize("memory", [1, 2 * 5 * candidates.COPIES * 8 * (4 * 4 + 4 * 3)])
def test_as_many_train_at_once_as_memory_holds(memory, populations, monkeypatch):
    monkeypatch.setattr(candidates, "free_memory", lambda: memory)
    assert_same(*both("GridSearchCV", MLP, RATES, cv=3))
    assert populations == ([1] * 12 if memory == 1 else [5, 5, 2])


@pytest.mark.filterwarnings("ignore:One or more of the test scores are non-finite")
def test_a_candidate_that_fails_is_scored_as_scikit_learn_does(populations):
    grid = {"learning_rate_init": [0.1, -1.0], "alpha": [0.0, 1.0]}
    with pytest.warns(FitFailedWarning, match="4 fits failed out of a total of 8"):
        ours, theirs = both("GridSearchCV", MLP, grid, cv=2)
    assert_same(ours, theirs)
    assert np.isnan(ours.cv_results_["mean_test_score"]).sum() == 2
    with pytest.raises(ValueError, match="'learning_rate_init' parameter"):
        GridSearchCV(MLP, grid, cv=2, error_score="raise").fit(*IRIS)
    assert populations[0] == 8


def fail_for(kind):
    def fail(X):
        if kind == "fails":
            raise RuntimeError("a step that fails")
        return X

    return FunctionTransformer(fail)


@pytest.mark.filterwarnings("ignore:One or more of the test scores are non-finite")
def test_a_step_that_fails_takes_only_its_candidates_along(populations):
    pipeline = Pipeline([("step", fail_for("works")), ("mlp", MLP)])
    grid = {"step": [fail_for("fails"), fail_for("works")], "mlp__alpha": [0.0, 1.0]}
    with pytest.warns(FitFailedWarning, match="a step that fails"):
        ours, theirs = both("GridSearchCV", pipeline, grid, cv=2)
    assert_same(ours, theirs)
    assert populations == [4]


class Subclass(MLPClassifier):
    """May fit in another way."""


@pytest.mark.parametrize("other", [GaussianNB(), Subclass((4,), max_iter=4, random_state=0)])
def test_other_estimators_are_fitted_as_scikit_learn_does(other, caplog, populations):
    fold_samples.warn_once.cache_clear()
    grid = {"var_smoothing": [1e-9, 1.0]} if isinstance(other, GaussianNB) else RATES
    with caplog.at_level(logging.WARNING, "bpfast"), parallel_config("threading"):
        assert_same(*both("GridSearchCV", other, grid, cv=2, n_jobs=2))
        GridSearchCV(other, grid, cv=2).fit(*IRIS)
    assert populations == []
    (record,) = caplog.records
    assert f"{type(other).__name__} is no MLPClassifier" in record.message


def test_a_grid_over_the_last_step_itself(populations):
    grid = {"mlp": [MLP, GaussianNB(), clone(MLP).set_params(alpha=10.0)]}
    assert_same(*both("GridSearchCV", SCALED, grid, cv=2))
    assert populations == [4]
