"""What ensembles' members are trained on, and how their outputs are combined."""

import numpy as np
import pytest
from scipy import sparse
from sklearn.base import clone
from sklearn.datasets import load_iris
from sklearn.metrics import accuracy_score

from bpfast.sklearn import (
    MLPClassifier,
    MLPEnsembleClassifier,
    MLPEnsembleRegressor,
    MLPRegressor,
    ensemble_base,
)

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

X, Y = load_iris(return_X_y=True)
CLASSIFIER = MLPClassifier((6,), max_iter=20, learning_rate_init=0.05)
REGRESSOR = MLPRegressor(hidden_layer_sizes=(6,), max_iter=20, learning_rate_init=0.05)


def classifier(n=5, **options):
    return MLPEnsembleClassifier(CLASSIFIER, n, random_state=0, **options)


def regressor(n=5, **options):
    return MLPEnsembleRegressor(REGRESSOR, n, random_state=0, **options)


@pytest.mark.parametrize("make", [classifier, regressor])
def test_members_are_what_they_would_be_alone(make):
    ensemble = make(3).fit(X, Y)
    again = make(5).fit(X, Y)
    for seed, member, same in zip(
        np.random.RandomState(0).randint(ensemble_base.MAX_SEED, size=3),
        ensemble.estimators_,
        again.estimators_,
        strict=False,
    ):
        rows = np.random.RandomState(seed).randint(150, size=150)
        alone = clone(member).fit(X[rows], Y[rows])
        for weights, theirs, others in zip(member.coefs_, alone.coefs_, same.coefs_, strict=True):
            np.testing.assert_array_equal(weights, theirs)
            np.testing.assert_array_equal(weights, others)


def test_members_from_seeds_alone_see_all_samples():
    ensemble = classifier(3, bootstrap=False).fit(X, Y)
    for member in ensemble.estimators_:
        alone = clone(member).fit(X, Y)
        np.testing.assert_array_equal(member.coefs_[0], alone.coefs_[0])
    first, second, _ = ensemble
    assert not np.array_equal(first.coefs_[0], second.coefs_[0])


@pytest.fixture
def drawn(monkeypatch):
    """The rows of each population that ensembles trained."""
    populations, train = [], ensemble_base.fit_together

    def watched(members, X, y, rows, sample_weight):
        populations.append(rows)
        return train(members, X, y, rows, sample_weight)

    monkeypatch.setattr(ensemble_base, "fit_together", watched)
    return populations


@pytest.mark.parametrize(("size", "count"), [(40, 40), (0.1, 15), (None, 150), (1e-3, 1)])
def test_members_are_trained_on_max_samples(size, count, drawn):
    regressor(3, max_samples=size).fit(X, Y)
    regressor(3, max_samples=size, bootstrap=False).fit(X, Y)
    with_replacement, without = drawn  # each ensemble is one population
    assert [len(rows) for rows in with_replacement] == [count] * 3
    assert [len(set(rows.tolist())) for rows in without] == [count] * 3


def test_weights_are_chances_to_be_drawn(drawn):
    weights = np.zeros(150)
    weights[:60] = 1.0
    regressor(2).fit(X, Y, weights)
    for rows in drawn[0]:
        assert rows.max() == 59
        assert len(rows) == 150


def test_weights_are_members_own_without_bootstrap():
    weights = np.linspace(0, 1, 150)
    member = regressor(2, bootstrap=False).fit(X, Y, weights).estimators_[0]
    alone = clone(member).fit(X, Y, weights)
    np.testing.assert_array_equal(member.coefs_[0], alone.coefs_[0])


@pytest.mark.parametrize("chunk", [ensemble_base.CHUNK, 100])
@pytest.mark.parametrize("kind", [np.asarray, sparse.csr_array])
def test_predictions_are_statistics_of_members(kind, chunk, monkeypatch):
    monkeypatch.setattr(ensemble_base, "CHUNK", chunk)
    ensemble = classifier().fit(kind(X), Y)
    all_of_them = np.stack([member.predict_proba(X) for member in ensemble])
    mean, std = ensemble.predict_proba(kind(X), return_std=True)
    np.testing.assert_allclose(mean, all_of_them.mean(0), rtol=1e-5, atol=1e-7)
    np.testing.assert_allclose(std, all_of_them.std(0), rtol=1e-4, atol=1e-6)
    np.testing.assert_array_equal(ensemble.predict_proba(kind(X)), mean)
    np.testing.assert_array_equal(ensemble.predict_log_proba(kind(X)), np.log(mean))
    np.testing.assert_array_equal(ensemble.predict(kind(X)), mean.argmax(1))
    quantiles = ensemble.predict_quantiles(kind(X), [0.1, 0.9])
    expected = np.quantile(all_of_them, [0.1, 0.9], axis=0)
    np.testing.assert_allclose(quantiles, expected, rtol=1e-4, atol=1e-6)


def test_out_of_bag_scores_are_by_members_that_have_not_seen_a_sample():
    ensemble = classifier(30, oob_score=True).fit(X, Y)
    sums, count = np.zeros((150, 3)), np.zeros((150, 1))
    for seed, member in zip(
        np.random.RandomState(0).randint(ensemble_base.MAX_SEED, size=30), ensemble, strict=True
    ):
        unseen = np.setdiff1d(np.arange(150), np.random.RandomState(seed).randint(150, size=150))
        sums[unseen] += member.predict_proba(X[unseen])
        count[unseen] += 1
    expected = sums / count
    np.testing.assert_allclose(ensemble.oob_decision_function_, expected, rtol=1e-5, atol=1e-7)
    assert ensemble.oob_score_ == accuracy_score(Y, expected.argmax(1))
