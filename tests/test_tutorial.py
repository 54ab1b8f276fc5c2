"""The tutorial's network: every number of every step, on every device that is usable here."""

import numpy as np
import pytest

import bpfast as bp

MLP = bp.MLP((2, 2, 1), activation="identity", loss="half_squared_error", bias=False)
WEIGHTS = [[[0.11, 0.12], [0.21, 0.08]], [[0.14], [0.15]]]
X, Y, LEARNING_RATE, STEPS = [[2.0, 3.0]], [1.0], 0.05, 20
DEVICES = [name for name, text in bp.devices().items() if text.startswith("usable")]
TOLERANCE = {
    "float64": {"rtol": 1e-10, "atol": 1e-12},
    "float32": {"rtol": 1e-5, "atol": 1e-6},  # late gradients are differences of near equals
}


def by_hand(steps):
    """Prediction, error, six gradients and the six weights after them, step by step."""
    w1, w2, w3, w4, w5, w6 = 0.11, 0.21, 0.12, 0.08, 0.14, 0.15
    i1, i2, target, rate = 2, 3, 1, 0.05
    for _ in range(steps):
        h1 = i1 * w1 + i2 * w2
        h2 = i1 * w3 + i2 * w4
        prediction = h1 * w5 + h2 * w6
        miss = prediction - target
        g1, g2 = miss * w5 * i1, miss * w5 * i2
        g3, g4 = miss * w6 * i1, miss * w6 * i2
        g5, g6 = miss * h1, miss * h2
        w1, w2, w3 = w1 - rate * g1, w2 - rate * g2, w3 - rate * g3
        w4, w5, w6 = w4 - rate * g4, w5 - rate * g5, w6 - rate * g6
        yield prediction, miss * miss / 2, (g1, g2, g3, g4, g5, g6), (w1, w2, w3, w4, w5, w6)


def six(arrays):
    """w1 ... w6 of every network, (n, 6), from arrays shaped like the weights."""
    return np.concatenate([a.swapaxes(1, 2).reshape(len(a), -1) for a in arrays], axis=1)


def step(population, device):
    """One step of the trainer."""
    sgd = bp.SGD(learning_rate=LEARNING_RATE)
    return bp.fit(population, X, Y, sgd, epochs=1, device=device, progress=False)


@pytest.fixture(params=[1, 37], ids=["alone", "among 37"])
def n(request):
    return request.param


@pytest.fixture(params=["float64", "float32"])
def population(request, n):
    weights = [np.repeat(np.array(w)[None], n, axis=0) for w in WEIGHTS]
    return bp.Population.from_arrays(MLP, weights, dtype=request.param)


@pytest.fixture
def same(population):
    """Compare with the tolerance of the population's dtype."""
    tolerance = TOLERANCE[population.parameters.dtype.name]
    return lambda got, expected: np.testing.assert_allclose(
        got, np.broadcast_to(expected, np.shape(got)), **tolerance
    )


@pytest.mark.parametrize("device", DEVICES)
def test_first_step_is_the_tutorials(population, device, same):
    same(population.predict(X, device=device), 0.191)
    error, gradients, _ = bp.gradients(population, X, Y, device=device)
    same(error, 0.3272405)
    same(six(gradients), [-0.22652, -0.33978, -0.2427, -0.36405, -0.68765, -0.38832])
    history = step(population, device)
    same(history.loss[:, 0], 0.3272405)
    same(six(population.weights), [0.121326, 0.226989, 0.132135, 0.0982025, 0.1743825, 0.169416])
    same(population.predict(X, device=device), 0.2557457808075)


@pytest.mark.parametrize("device", DEVICES)
def test_every_step_agrees_with_the_calculation_by_hand(population, device, same):
    for prediction, error, gradients, weights in by_hand(STEPS):
        same(population.predict(X, device=device), prediction)
        loss, weight_gradients, _ = bp.gradients(population, X, Y, device=device)
        same(loss, error)
        same(six(weight_gradients), gradients)
        step(population, device)
        same(six(population.weights), weights)
    assert np.round(population.predict(X, device=device), 5) == pytest.approx(0.99907, abs=1e-7)


@pytest.mark.parametrize("device", DEVICES)
def test_twenty_steps_in_one_call_are_the_same(population, device, same):
    sgd = bp.SGD(learning_rate=LEARNING_RATE)
    history = bp.fit(population, X, Y, sgd, epochs=STEPS, device=device, progress=False)
    steps = list(by_hand(STEPS))
    same(history.loss, [error for _, error, _, _ in steps])
    same(six(population.weights), steps[-1][-1])
