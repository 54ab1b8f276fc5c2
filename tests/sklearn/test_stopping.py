"""When fits end: beside scikit-learn's own count of epochs without improvement."""

from types import SimpleNamespace

import numpy as np
import pytest
from sklearn.neural_network import MLPClassifier

from bpfast.sklearn.stopping import StoppingRule

ONE = np.ones(1, np.int64)  # epoch


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
        ours.update(np.array([[loss]]), ONE)
        assert ours.count[0] == theirs._no_improvement_count
        assert ours.best[0] == theirs.best_loss_


def test_networks_count_for_themselves():
    rule = StoppingRule([estimator(), estimator(n_iter_no_change=np.inf), estimator()])
    for _ in range(4):
        rule.update(np.ones((3, 1)), np.array([1, 1, 0]))
    assert rule.count.tolist() == [3, 3, 0]
    assert rule.exceeded().tolist() == [True, False, False]
    assert rule.epochs_left().tolist() == [1, np.inf, 3]


def test_not_a_number_is_no_improvement_and_no_setback():
    rule = StoppingRule([estimator()])
    rule.update(np.array([[1.0]]), ONE)
    rule.update(np.array([[np.nan]]), ONE)
    assert (rule.best[0], rule.count[0]) == (1.0, 0)


def test_scores_go_on_from_those_of_an_earlier_fit():
    warm = estimator(early_stopping=True)
    warm.best_validation_score_, warm._no_improvement_count = 0.9, 2
    rule = StoppingRule([warm])
    rule.update(np.array([[-0.8]]), ONE)
    assert rule.exceeded().all()
    assert rule.best[0] == -0.9


@pytest.mark.parametrize("seed", range(5))
def test_epochs_count_together_as_one_after_the_other(seed):
    rng = np.random.default_rng(seed)
    together, single = (StoppingRule([estimator() for _ in range(6)]) for _ in range(2))
    for most in (1, 4, 7):
        losses, epochs = rng.uniform(0.0, 1.0, (6, most)).round(1), rng.integers(0, most + 1, 6)
        losses[rng.random(losses.shape) < 0.1] = np.nan
        together.update(losses, epochs)
        for epoch in range(most):
            single.update(losses[:, epoch : epoch + 1], (epochs > epoch).astype(np.int64))
        np.testing.assert_array_equal(together.count, single.count)
        np.testing.assert_array_equal(together.best, single.best)
