"""Groups of fits that train as one population, until each of them ends by its own rule."""

import os
import pickle
import signal

import numpy as np
import pytest

from bpfast.sklearn import MLPClassifier, MLPRegressor, fit_together, streams
from bpfast.sklearn.optimizers import OptimizerState
from bpfast.sklearn.stochastic import Memory

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

RANDOM = np.random.default_rng(0)
X = RANDOM.normal(size=(90, 6))
LABELS = np.digitize(X[:, 0] + X[:, 1] ** 2, [0.3, 1.5])
NUMBERS = np.stack([np.sin(X[:, 0]), X[:, 1] * X[:, 2]], axis=1)


def classifier(**settings):
    return MLPClassifier((7, 5), max_iter=12, batch_size=16, random_state=3, **settings)


@pytest.fixture
def _interrupt(monkeypatch):
    """Ctrl-C in the third epoch."""

    def orders(self, first, epochs):
        if first == 2:
            os.kill(os.getpid(), signal.SIGINT)
        return original(self, first, epochs)

    original = streams.Streams.orders
    monkeypatch.setattr(streams.Streams, "orders", orders)


@pytest.mark.usefixtures("_interrupt")
def test_interrupt_keeps_what_was_trained():
    ours = classifier(early_stopping=True)
    with pytest.warns(UserWarning, match=r"Training interrupted by user\."):
        ours.fit(X, LABELS)
    assert ours.n_iter_ == len(ours.loss_curve_) == len(ours.validation_scores_) == 3


@pytest.mark.usefixtures("_interrupt")
def test_interrupt_ends_what_is_fitted_together():
    together = [classifier(early_stopping=True) for _ in range(2)]
    with pytest.raises(KeyboardInterrupt):
        fit_together(together, X, LABELS, [None, None])
    assert [ours.n_iter_ for ours in together] == [3, 3]


def test_schedules_go_on_in_partial_fit():
    """Without a shuffle, dropout or batches, epochs of partial_fit are those of fit."""
    settings = {"shuffle": False, "learning_rate": "cosine", "max_iter": 5, "random_state": 0}
    whole, pieces = MLPRegressor(**settings), MLPRegressor(**settings)
    whole.fit(X, NUMBERS)
    for _ in range(5):
        pieces.partial_fit(X, NUMBERS)
    assert pieces.loss_curve_ == whole.loss_curve_
    np.testing.assert_array_equal(pieces.coefs_[0], whole.coefs_[0])


def test_each_fit_of_a_group_ends_by_its_own_rule():
    settings = [{"max_iter": 3}, {"tol": 10.0, "n_iter_no_change": 2}, {"max_iter": 8}]
    together = [classifier(tol=0.0).set_params(**each) for each in settings]
    assert fit_together(together, X, LABELS, [None] * 3) == [None] * 3
    assert [one.n_iter_ for one in together] == [3, 4, 8]
    assert [len(one.loss_curve_) for one in together] == [3, 4, 8]


def test_an_adaptive_rate_is_divided_down_to_its_least(capsys):
    ours = classifier(
        solver="sgd", learning_rate="adaptive", tol=10.0, n_iter_no_change=1, verbose=True
    ).set_params(learning_rate_init=1e-5, max_iter=50)
    ours.fit(X, LABELS)
    printed = capsys.readouterr().out
    assert printed.count("Setting learning rate to") == 2
    assert printed.rstrip().endswith("Learning rate too small. Stopping.")


def test_optimisers_state_is_kept_for_partial_fit_and_in_pickles():
    ours = classifier(learning_rate="exponential").partial_fit(X, LABELS, classes=[0, 1, 2])
    assert isinstance(ours._optimizer, OptimizerState)
    assert ours._optimizer.epochs == 1
    again = pickle.loads(pickle.dumps(ours)).partial_fit(X, LABELS)
    assert again._optimizer.epochs == 2
    assert Memory is OptimizerState  # pickles of earlier versions name it so
