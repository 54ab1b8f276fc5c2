"""Solvers' settings as optimisers and learning rates."""

from types import SimpleNamespace

import numpy as np
import pytest

from bpfast.sklearn import MLPRegressor
from bpfast.sklearn.optimizers import OptimizerState, learning_rates, optimizer_of, state_of
from bpfast.training.optimizers import AdamW, RMSprop, ScikitLearnAdam, ScikitLearnSGD


def fit(incremental=False, **settings):
    estimator = MLPRegressor(**settings)
    estimator.t_ = 0
    return SimpleNamespace(estimator=estimator, trained=np.arange(10), incremental=incremental)


def rates(*fits, states=None, epochs=4):
    states = states or [state_of(one) for one in fits]
    return learning_rates(fits, states, np.full(len(fits), epochs))


@pytest.mark.parametrize(
    ("solver", "kind"),
    [("sgd", ScikitLearnSGD), ("adam", ScikitLearnAdam), ("adamw", AdamW), ("rmsprop", RMSprop)],
)
def test_each_estimator_has_its_own_numbers(solver, kind):
    estimators = [MLPRegressor(solver=solver, alpha=a, clip_norm=c) for a, c in ((0, None), (1, 2))]
    optimizer = optimizer_of(estimators, np.array([0.1, 0.2]))
    assert type(optimizer) is kind
    np.testing.assert_array_equal(optimizer.learning_rate, [0.1, 0.2])
    np.testing.assert_array_equal(optimizer.l2, [0.0, 1.0])
    np.testing.assert_array_equal(optimizer.clip_norm, [np.inf, 2.0])


def test_constant_rates_are_one_number_each():
    found = rates(fit(learning_rate_init=0.1), fit(learning_rate_init=0.2))
    np.testing.assert_array_equal(found, [0.1, 0.2])


def test_beside_schedules_constant_rates_are_repeated():
    halved = fit(learning_rate="exponential", decay=0.5, learning_rate_init=0.8)
    found = rates(halved, fit(learning_rate_init=0.1))
    np.testing.assert_allclose(found, [[0.8, 0.4, 0.2, 0.1], [0.1] * 4])


def test_inverse_scaling_counts_samples():
    found = rates(fit(solver="sgd", learning_rate="invscaling", power_t=0.5), epochs=3)
    np.testing.assert_allclose(found, [0.001 / np.sqrt([1.0, 11.0, 21.0])])


def test_schedules_go_on_where_the_last_partial_fit_ended():
    one = fit(learning_rate="exponential", decay=0.5, max_iter=4, learning_rate_init=0.8)
    found = rates(one, states=[OptimizerState(0.8, epochs=2)])
    np.testing.assert_allclose(found, [[0.2, 0.1, 0.1, 0.1]])  # max_iter is the schedule's end


def test_only_partial_fit_goes_on_with_a_state():
    kept = OptimizerState(0.5, epochs=3)
    for incremental in (True, False):
        one = fit(incremental)
        one.estimator._optimizer = kept
        assert (state_of(one) is kept) == incremental
    assert state_of(fit(True)) == OptimizerState(0.001)
