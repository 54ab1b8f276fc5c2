"""When fits end: beside scikit-learn's own count of epochs without improvement."""

from types import SimpleNamespace

import numpy as np
import pytest
from sklearn.neural_network import MLPClassifier

from bpfast.sklearn.stopping import StoppingRule

ALL = np.ones(1, bool)


def estimator(**settings):
    chosen = {"tol": 0.1, "n_iter_no_change": 2, "early_stopping": False} | settings
    records = {"best_loss_": np.inf, "best_validation_score_": -np.inf, "_no_improvement_count": 0}
    return SimpleNamespace(**chosen, **records)


@pytest.mark.parametrize("tol", [0.0, 0.1])
@pytest.mark.parametrize("seed", range(5))
def test_losses_count_as_scikit_learn_counts_them(seed, tol):
    losses = np.random.default_rng(seed).uniform(0.0, 1.0, 30).round(1)
    theirs = MLPClassifier(tol=tol)
    theirs.best_loss_, theirs._no_improvement_count, theirs.loss_curve_ = np.inf, 0, []
    ours = StoppingRule([estimator(tol=tol)])
    for loss in losses:
        theirs.loss_curve_.append(loss)
        theirs._update_no_improvement_count(False, None, None, None)
        ours.update(np.array([loss]), ALL)
        assert ours.count[0] == theirs._no_improvement_count
        assert ours.best[0] == theirs.best_loss_


def test_networks_count_for_themselves():
    rule = StoppingRule([estimator(), estimator(n_iter_no_change=np.inf), estimator()])
    for _ in range(4):
        rule.update(np.ones(3), np.array([True, True, False]))
    assert rule.count.tolist() == [3, 3, 0]
    assert rule.exceeded().tolist() == [True, False, False]
    assert rule.epochs_left().tolist() == [1, np.inf, 3]


def test_not_a_number_is_no_improvement_and_no_setback():
    rule = StoppingRule([estimator()])
    rule.update(np.array([1.0]), ALL)
    rule.update(np.array([np.nan]), ALL)
    assert (rule.best[0], rule.count[0]) == (1.0, 0)


def test_scores_go_on_from_those_of_an_earlier_fit():
    warm = estimator(early_stopping=True)
    warm.best_validation_score_, warm._no_improvement_count = 0.9, 2
    rule = StoppingRule([warm])
    rule.update(np.array([-0.8]), ALL)
    assert rule.exceeded().all()
    assert rule.best[0] == -0.9
