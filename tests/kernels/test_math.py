"""The scalar formulas: slopes against finite differences, and what happens at the edges."""

import inspect
import math
import sys
import warnings

import numpy as np
import pytest
from scipy.special import expit, softmax
from sklearn.neural_network import _base
from sklearn.neural_network._stochastic_optimizers import AdamOptimizer, SGDOptimizer

from bpfast.kernels.tables import ACTIVATIONS, LOSSES, OPTIMIZERS

GRID = [z for z in np.linspace(-6, 6, 49).tolist() if z != 0.0]  # away from kinks at 0
PARAMETER = 0.7  # huber's delta, the quantile's level
EPSILON = np.finfo(np.float64).eps  # a log loss's
OF_ONE_OUTPUT = [name for name, loss in LOSSES.items() if loss.inverse_link != "softmax"]
EXTREMES = [0.0, -0.0, 1e-300, -1e-300, 1000.0, -1000.0, 1e18, -1e18]
HYPERPARAMETERS = {
    "momentum": 0.9,
    "nesterov": 1.0,
    "weight_decay": 0.1,
    "beta1": 0.8,
    "beta2": 0.95,
    "epsilon": 1e-3,
    "decoupled": 0.0,
    "alpha": 0.9,
}


def parameter(name):
    return EPSILON if name.endswith("log_loss") else PARAMETER


def central(function, x, step=1e-6):
    return (function(x + step) - function(x - step)) / (2 * step)


@pytest.fixture(autouse=True)
def _numpy_warns_too():
    with np.errstate(over="raise", divide="raise", invalid="raise"), warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_slope_of_activation(name):
    value, slope, *_ = ACTIVATIONS[name]
    for z in GRID:
        assert slope(z, value(z)) == pytest.approx(central(value, z), rel=1e-6, abs=1e-8)


@pytest.mark.parametrize("name", OF_ONE_OUTPUT)
def test_slope_of_loss(name):
    loss, c = LOSSES[name], parameter(name)
    for t in (0.0, 0.3, 1.0):
        for p in GRID:
            if min(abs(p - t), abs(abs(p - t) - PARAMETER)) < 1e-3:
                continue  # a kink, or where huber's curve bends
            expected = central(lambda p, t=t: loss.value(p, t, c), p)
            assert loss.slope(p, t, c) == pytest.approx(expected, rel=1e-6, abs=1e-8)


@pytest.mark.parametrize("name", ["cross_entropy", "log_loss"])
@pytest.mark.parametrize("targets", [(0.0, 1.0, 0.0), (0.2, 0.5, 0.3), (0.0, 0.0, 0.5)])
def test_slope_of_cross_entropy(targets, name):
    loss = LOSSES[name]
    logits = [0.4, -1.3, 2.1]

    def log_sum(values):
        return math.log(sum(map(math.exp, values)))

    def whole(values):
        pairs = zip(values, targets, strict=True)
        return sum(loss.value(p, t, log_sum(values), EPSILON) for p, t in pairs)

    for k, (p, t) in enumerate(zip(logits, targets, strict=True)):
        expected = central(lambda p, k=k: whole([*logits[:k], p, *logits[k + 1 :]]), p)
        slope = loss.slope(math.exp(p - log_sum(logits)), t, sum(targets))
        assert slope == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("name", ["half_squared_error", "mse", "mae", "huber", "quantile"])
def test_a_perfect_prediction_costs_nothing(name):
    for p in (-3.0, 0.0, 1e6):
        assert LOSSES[name].value(p, p, PARAMETER) == 0.0
        assert LOSSES[name].slope(p, p, PARAMETER) == 0.0


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_activation_at_the_edges(name):
    value, slope, *_ = ACTIVATIONS[name]
    for z in EXTREMES:
        assert math.isfinite(value(z))
        assert math.isfinite(slope(z, value(z)))
    assert math.isnan(value(math.nan))


@pytest.mark.parametrize("name", OF_ONE_OUTPUT)
def test_loss_at_the_edges(name):
    loss, c = LOSSES[name], parameter(name)
    for p in EXTREMES:
        largest = math.inf if loss.inverse_link == "exp" and p > 709 else sys.float_info.max
        for t in (0.0, 1.0):
            assert 0.0 <= loss.value(p, t, c) <= largest
            assert abs(loss.slope(p, t, c)) <= largest
    assert math.isnan(loss.value(math.nan, 0.5, c))


def test_poisson_is_scikit_learns():
    targets = np.array([[0.0, 2.0], [3.0, 0.5], [1.0, 7.0]])
    logarithms = np.array([[-1.0, 0.3], [2.0, -0.7], [0.0, 1.9]])
    value = np.vectorize(LOSSES["poisson"].value)(logarithms, targets, PARAMETER)
    expected = _base.poisson_loss(targets, np.exp(logarithms))
    assert value.sum(axis=1).mean() == pytest.approx(expected, rel=1e-14)


@pytest.mark.parametrize("size", [1.0, 10.0, 100.0, 1e4, 1e300])
def test_log_losses_are_scikit_learns(size):
    """To their last digits, where probabilities are 0 or 1 too, or nearly."""
    rng = np.random.default_rng(0)
    logits, labels = rng.normal(size=(50, 3)) * size, rng.integers(0, 2, (50, 3)).astype(float)
    value = np.vectorize(LOSSES["binary_log_loss"].value)(logits, labels, EPSILON)
    expected = _base.binary_log_loss(labels, expit(logits))
    assert value.sum(axis=1).mean() == pytest.approx(expected, rel=1e-12)
    classes, p = np.eye(3)[rng.integers(0, 3, 50)], logits - logits.max(axis=1, keepdims=True)
    log_sum = np.log(np.exp(p).sum(axis=1, keepdims=True))
    value = np.vectorize(LOSSES["log_loss"].value)(p, classes, log_sum, EPSILON)
    expected = _base.log_loss(classes, softmax(logits, axis=1))
    assert value.sum(axis=1).mean() == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("name", ["cross_entropy", "log_loss"])
def test_cross_entropy_carries_a_nan(name):
    loss = LOSSES[name]
    assert math.isnan(loss.value(math.nan, 1.0, 0.0, EPSILON))
    assert math.isnan(loss.value(0.0, 1.0, math.nan, EPSILON))


def steps(name, w, gradients, rates=(0.1, 0.1, 0.1), **hyper):
    """Parameter after each step of a rule, written with its own coefficients."""
    rule = OPTIMIZERS[name]
    values = [(HYPERPARAMETERS | hyper)[h] for h in rule.hyperparameters]
    values += [0.0] * (5 - len(values))
    power1 = power2 = 1.0
    m = v = 0.0
    for g, rate in zip(gradients, rates, strict=False):
        power1, power2, *c = rule.coefficients(rate, *values, power1, power2)
        w, m, v = rule.update(w, g, m, v, *c)
        yield w


def test_sgd_by_hand():
    assert list(steps("sgd", 2.0, [1.0])) == pytest.approx([2 - 0.1 * (1 + 0.1 * 2)])


def test_momentum_by_hand():
    for nesterov in (0.0, 1.0):
        w, m, expected = 2.0, 0.0, []
        for g in (1.0, -0.5, 0.25):
            g += 0.1 * w
            m = 0.9 * m + g
            w -= 0.1 * (g + 0.9 * m if nesterov else m)
            expected.append(w)
        got = list(steps("sgd_momentum", 2.0, [1.0, -0.5, 0.25], nesterov=nesterov))
        assert got == pytest.approx(expected, rel=1e-14)


@pytest.mark.parametrize("decoupled", [0.0, 1.0])
def test_adam_by_hand(decoupled):
    w, m, v, expected = 2.0, 0.0, 0.0, []
    for t, g in enumerate((1.0, -0.5, 0.25), start=1):
        if decoupled:
            w -= 0.1 * 0.1 * w
        else:
            g += 0.1 * w
        m, v = 0.8 * m + 0.2 * g, 0.95 * v + 0.05 * g * g
        w -= 0.1 * m / (1 - 0.8**t) / (math.sqrt(v / (1 - 0.95**t)) + 1e-3)
        expected.append(w)
    got = list(steps("adam", 2.0, [1.0, -0.5, 0.25], decoupled=decoupled))
    assert got == pytest.approx(expected, rel=1e-13)


def scikit_learn_steps(optimizer, w, gradients, rates):
    """Parameter after each step of one of scikit-learn's own optimisers."""
    w = np.array([w])
    for g, rate in zip(gradients, rates, strict=True):
        optimizer.learning_rate = optimizer.learning_rate_init = rate
        optimizer.update_params([w], [np.array([g])])
        yield w[0]


@pytest.mark.parametrize("nesterov", [False, True])
@pytest.mark.parametrize("momentum", [0.0, 0.9])
def test_velocity_is_scikit_learns(momentum, nesterov):
    gradients, rates = [1.0, -0.5, 0.25, 3.0], [0.1, 0.02, 0.3, 0.1]
    theirs = SGDOptimizer([np.zeros(1)], momentum=momentum, nesterov=nesterov)
    expected = scikit_learn_steps(theirs, 2.0, gradients, rates)
    options = {"momentum": momentum, "nesterov": float(nesterov), "weight_decay": 0.0}
    got = steps("sgd_velocity", 2.0, gradients, rates, **options)
    assert list(got) == pytest.approx(list(expected), rel=1e-14)


def test_adam_with_a_hat_is_scikit_learns():
    gradients, rates = [1.0, -0.5, 0.25, 3.0], [0.1, 0.02, 0.3, 0.1]
    theirs = AdamOptimizer([np.zeros(1)], beta_1=0.8, beta_2=0.95, epsilon=1e-3)
    expected = scikit_learn_steps(theirs, 2.0, gradients, rates)
    got = steps("adam_epsilon_hat", 2.0, gradients, rates, weight_decay=0.0)
    assert list(got) == pytest.approx(list(expected), rel=1e-13)


def test_rmsprop_by_hand():
    w, m, v, expected = 2.0, 0.0, 0.0, []
    for g in (1.0, -0.5, 0.25):
        g += 0.1 * w
        v = 0.9 * v + 0.1 * g * g
        m = 0.9 * m + g / (math.sqrt(v) + 1e-3)
        w -= 0.1 * m
        expected.append(w)
    assert list(steps("rmsprop", 2.0, [1.0, -0.5, 0.25])) == pytest.approx(expected, rel=1e-13)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_optimizer_goes_downhill_and_carries_a_nan(name):
    (w,) = steps(name, 0.0, [1.0])
    assert w < 0.0
    assert all(math.isfinite(w) for w in steps(name, 1.0, [1000.0, -1000.0, 0.0]))
    assert all(math.isnan(w) for w in steps(name, 1.0, [math.nan, 0.0]))


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_optimizer_keeps_as_much_as_it_says(name):
    """State values beyond ``states`` neither count nor change."""
    rule = OPTIMIZERS[name]
    names = list(inspect.signature(rule.coefficients).parameters)
    assert len(names) == 8
    *_, m, v = rule.update(1.0, 0.5, 2.0, 3.0, 0.1, 0.1, 0.1, 0.1, 0.0, 1.0)
    assert (m == 2.0) == (rule.states < 1)
    assert (v == 3.0) == (rule.states < 2)
