"""Loops over arrays, against the scalar functions that they are made of."""

import numpy as np
import pytest
from loops import TOLERANCE, Loops

from bpfast.kernels import math
from bpfast.kernels.cpu import functions
from bpfast.kernels.cpu.workspace import REPEAT, SCRATCH
from bpfast.kernels.reference import apply
from bpfast.kernels.tables import ACTIVATIONS, LOSSES, OPTIMIZERS, REPORTED

SIZES = [1, 15, 16, 17, 300]


@pytest.fixture(params=TOLERANCE)
def loops(request):
    return Loops(request.param)


def draw(loops, *shape, scale=2.0, seed=0):
    """Random numbers that the dtype holds exactly."""
    numbers = np.random.default_rng(seed).normal(size=shape) * scale
    return numbers.astype(loops.dtype).astype(np.float64)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_activation(loops, name):
    address, (value, slope, *_) = functions.activation(name, loops.dtype), ACTIVATIONS[name]
    for n in SIZES:
        z = draw(loops, n)
        values, slopes = loops(address, [z, np.zeros(n)], n)
        loops.close(values, apply(value, z))
        loops.close(slopes, apply(slope, z, apply(value, z)))


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_activation_at_the_edges(loops, name):
    """A vector's lanes don't see each other: a NaN stays in its own."""
    extremes = [0.0, -0.0, 1e-30, -1e-30, 50.0, -50.0, 1000.0, -1000.0, 1e18, -1e18, np.nan]
    z = np.tile(extremes, 3)
    value, slope, *_ = ACTIVATIONS[name]
    values, slopes = loops(functions.activation(name, loops.dtype), [z, z], z.size)
    with np.errstate(invalid="ignore"):  # comparisons with NaN
        expected = apply(value, z)
    loops.close(values, expected)
    sound = ~np.isnan(z)
    loops.close(slopes[sound], apply(slope, z[sound], expected[sound]))


def parameter_of(name, dtype):
    """Huber's delta, the quantile's level, or a log loss's epsilon."""
    return float(np.finfo(dtype).eps) if name.endswith("log_loss") else 0.7


@pytest.mark.parametrize("name", [k for k, v in LOSSES.items() if v.inverse_link != "softmax"])
def test_loss_of_each_output(loops, name):
    loss, parameter = LOSSES[name], parameter_of(name, loops.dtype)
    size = 0.2 if name in REPORTED.values() else 2.0  # 1 - q has few digits where q is near 1
    for outputs, n in ((1, 1), (1, 17), (3, 16), (2, 300)):
        z, t = draw(loops, outputs, n, scale=size), draw(loops, outputs, n, seed=1)
        scale = np.abs(draw(loops, n, seed=2))
        slopes, _, _, losses = loops(
            functions.loss(name, loops.dtype), [z, t, scale, np.full(n, 5.0)], outputs, n, parameter
        )
        loops.close(losses, scale * apply(loss.value, z, t, parameter).sum(axis=0))
        loops.close(slopes, scale * apply(loss.slope, z, t, parameter))


@pytest.mark.parametrize("size", [1.0, 300.0], ids=["small", "large"])
@pytest.mark.parametrize("outputs", [2, 3, 10])
@pytest.mark.parametrize("name", ["cross_entropy", "log_loss"])
def test_cross_entropy(loops, name, outputs, size):
    epsilon = parameter_of("log_loss", loops.dtype)
    low, high = (epsilon, -np.log(epsilon)) if name == "log_loss" else (-np.inf, np.inf)
    for n in SIZES:
        z = draw(loops, outputs, n, scale=size)
        t = np.abs(draw(loops, outputs, n, seed=1))
        scale = np.abs(draw(loops, n, seed=2))
        slopes, _, _, losses, _ = loops(
            functions.loss(name, loops.dtype),
            [z, t, scale, np.full(n, 5.0), np.zeros((SCRATCH + outputs, n))],
            outputs,
            n,
            epsilon,
        )
        top = z.max(axis=0)
        log_sum = top + np.log(np.exp(z - top).sum(axis=0))
        error = {name: size * tolerance for name, tolerance in TOLERANCE[loops.dtype].items()}
        expected = scale * (t * np.clip(log_sum - z, low, high)).sum(axis=0)
        np.testing.assert_allclose(losses, expected, **TOLERANCE[loops.dtype])
        expected = scale * (np.exp(z - log_sum) * t.sum(axis=0) - t)
        np.testing.assert_allclose(slopes, expected, **error)


@pytest.mark.parametrize("name", LOSSES)
def test_a_loss_is_not_finite_where_an_output_is_not(loops, name):
    # of infinite ones, those that scikit-learn reports make probabilities of 0 or 1
    for bad in (np.nan,) if name in REPORTED.values() else (np.nan, np.inf, -np.inf):
        z = np.zeros((2, 17))
        z[1, 3] = bad
        *_, losses, _ = loops(
            functions.loss(name, loops.dtype),
            [z, np.full((2, 17), 0.5), np.ones(17), np.zeros(17), np.zeros((5, 17))],
            2,
            17,
            0.7,
        )
        assert np.flatnonzero(~np.isfinite(losses)).tolist() == [3]


def test_links(loops):
    z = draw(loops, 3, 17, scale=30.0)
    z[:, 0] = [1000.0, -1000.0, 0.0]
    assert functions.inverse_link("mse", loops.dtype) == 0
    (got,) = loops(functions.inverse_link("binary_cross_entropy", loops.dtype), [z], 3, 17)
    loops.close(got, apply(math.sigmoid, z))
    (got,) = loops(functions.inverse_link("poisson", loops.dtype), [z / 10], 3, 17)
    with np.errstate(over="ignore"):  # what float32 cannot hold is infinite
        loops.close(got, apply(math.exponential, z / 10).astype(loops.dtype))
    got, *_ = loops(
        functions.inverse_link("cross_entropy", loops.dtype), [z, z, z, z, np.zeros((3, 17))], 3, 17
    )
    shares = np.exp(z - z.max(axis=0))
    loops.close(got, shares / shares.sum(axis=0))
    loops.close(got.sum(axis=0), 1.0)


HYPERPARAMETERS = {
    "momentum": 0.9,
    "nesterov": 1.0,
    "weight_decay": 0.1,
    "beta1": 0.8,
    "beta2": 0.95,
    "epsilon": 1e-3,
    "decoupled": 1.0,
    "alpha": 0.9,
}


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_step(loops, name):
    """Coefficients repeat along the parameters, each with its own."""
    rule, repeat = OPTIMIZERS[name], REPEAT
    address, _ = functions.optimizer(name, loops.dtype)
    for n in (1, 16, 17, repeat, 2 * repeat + 19):
        w, g, m = (draw(loops, n, seed=seed) for seed in range(3))
        v = np.abs(draw(loops, n, seed=3))
        c = 0.1 + np.abs(draw(loops, 6, repeat, scale=0.1, seed=4)).astype(loops.dtype)
        got = loops(address, [w, g, m, v, c], n)
        moved = np.frompyfunc(rule.update, 10, 3)(
            w, g, m, v, *(np.resize(row, n).astype(np.float64) for row in c)
        )
        expected = [np.asarray(part, np.float64) for part in moved]
        loops.close(got[0], expected[0])
        loops.close(got[2], expected[1] if rule.states > 0 else m)
        loops.close(got[3], expected[2] if rule.states > 1 else v)
        np.testing.assert_array_equal(got[1], g.astype(loops.dtype))


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_one_coefficient_for_all_gives_the_bits_of_many_that_are_alike(loops, name):
    """So does a network in tiles get those of one in lanes."""
    address, _ = functions.optimizer(name, loops.dtype)
    repeat = REPEAT
    n = 2 * repeat + 48
    w, g, m = (draw(loops, n, seed=seed) for seed in range(3))
    v = np.abs(draw(loops, n, seed=3))
    c = np.repeat(0.1 + np.abs(draw(loops, 6, 1, scale=0.1, seed=4)), repeat, axis=1)
    many = loops(address, [w, g, m, v, c], n, 16)
    c[:, 1:] = np.nan
    one = loops(address, [w, g, m, v, c], n, 1)
    for got, expected in zip(one[:4], many[:4], strict=True):
        np.testing.assert_array_equal(got, expected)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_coefficients(name):
    loops, n, rule = Loops("float64"), 16, OPTIMIZERS[name]
    _, address = functions.optimizer(name, "float32")
    inputs = np.zeros((6, n))
    inputs[0] = np.linspace(0.01, 0.1, n)
    for k, hyperparameter in enumerate(rule.hyperparameters):
        inputs[1 + k] = HYPERPARAMETERS[hyperparameter] * np.linspace(0.5, 1.0, n)
    powers = np.tile(np.linspace(0.1, 0.9, n), (2, 1))
    _, after, results = loops(address, [inputs, powers, np.zeros((6, n))], n)
    expected = np.array(np.frompyfunc(rule.coefficients, 8, 8)(*inputs, *powers), dtype=np.float64)
    loops.close(after, expected[:2])
    loops.close(results, expected[2:])
