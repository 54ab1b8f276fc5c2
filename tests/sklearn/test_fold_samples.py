"""What a search's networks are trained on: folds, as a pipeline's steps make them."""

import numpy as np
import pytest
from scipy import sparse
from searches import IRIS, MLP, assert_same, both
from sklearn.base import BaseEstimator, TransformerMixin, clone
from sklearn.decomposition import PCA
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from bpfast.sklearn import GridSearchCV
from bpfast.sklearn.fold_samples import FoldSamples, gather, stack

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


class Counting(TransformerMixin, BaseEstimator):
    """Does nothing, and counts how often it is told to."""

    fits = 0

    def __init__(self, shift=0):
        self.shift = shift

    def fit(self, X, y=None):
        Counting.fits += 1
        self.n_features_in_ = X.shape[1]
        return self

    def transform(self, X):
        return X + self.shift


def test_steps_are_fitted_once_for_each_fold_and_setting_of_theirs(populations):
    pipeline = make_pipeline(Counting(), MLP)
    grid = {"counting__shift": [0, 1], "mlpclassifier__alpha": [0.0, 0.1, 1.0]}
    Counting.fits = 0
    GridSearchCV(pipeline, grid, cv=3, refit=False).fit(*IRIS)
    assert Counting.fits == 2 * 3
    assert populations == [2 * 3 * 3]


def test_steps_that_change_the_number_of_features(populations):
    pipeline = make_pipeline(PCA(random_state=0), MLP)
    grid = {"pca__n_components": [2, 3], "mlpclassifier__alpha": [0.0, 1.0]}
    assert_same(*both("GridSearchCV", pipeline, grid, cv=2))
    assert populations == [4, 4]


def samples(X, rows):
    return FoldSamples(X, np.arange(X.shape[0]), None, np.array(rows), [], 0.0)


def test_folds_of_one_table_are_rows_of_it():
    X = np.ones((4, 2))
    folds = [samples(X, [0, 1]), samples(X, [2, 3])]
    assert stack(folds)[0] is X
    assert [fold.rows.tolist() for fold in folds] == [[0, 1], [2, 3]]


@pytest.mark.parametrize("kind", [np.asarray, sparse.csr_array])
def test_folds_that_steps_made_are_stacked(kind):
    folds = [samples(kind(np.full((3, 2), value)), [0, 1, 2]) for value in (1.0, 2.0)]
    assert folds[0].stack_key == folds[1].stack_key
    X, y, weights = stack(folds)
    assert X.shape == (6, 2)
    assert weights is None
    for fold, value in zip(folds, (1.0, 2.0), strict=True):
        assert (X[fold.rows] == value).sum() == 6
        assert y[fold.rows].tolist() == [0, 1, 2]


def task(estimator, train, **parameters):
    options = {"train": train, "parameters": parameters, "fit_params": {}}
    return None, (clone(estimator), *IRIS), options


def test_tasks_with_one_fold_and_equal_steps_share_samples():
    train, other = np.arange(100), np.arange(50, 150)
    pipeline = make_pipeline(StandardScaler(), MLP)
    rows = [(train, True), (train, True), (train, False), (other, True)]
    tasks = {
        k: task(pipeline, fold, standardscaler__with_std=scaled, mlpclassifier__alpha=k)
        for k, (fold, scaled) in enumerate(rows)
    }
    gathered = gather(tasks)
    assert [[fit.task for fit in found.fits] for found in gathered] == [[0, 1], [2], [3]]
    assert [fit.network.alpha for fit in gathered[0].fits] == [0, 1]
    expected = StandardScaler().fit_transform(IRIS[0][train])
    np.testing.assert_array_equal(gathered[0].X, expected)
    assert "fit" not in vars(gathered[0].fits[0].network)
