"""How many digits are right, where numbers nearly cancel too: against 60 digits, in both dtypes.

An error may be a few units in the last place of the result or, where PyTorch's formulas cancel as
well, of the numbers that a line below names.
"""

from decimal import Decimal, localcontext
from math import erfc, sqrt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from loops import Loops

from bpfast.kernels.cpu import functions
from bpfast.kernels.cpu.workspace import REPEAT
from bpfast.kernels.tables import ACTIVATIONS

UNITS = 8  # in the last place
ZERO, ONE, TWO = Decimal(0), Decimal(1), Decimal(2)
either_dtype = pytest.mark.parametrize("dtype", ["float32", "float64"])
drawn = settings(max_examples=60, deadline=None, derandomize=True)


@pytest.fixture(autouse=True)
def _sixty_digits():
    with localcontext(prec=60):
        yield


def right(got, expected, dtype, beside=()):
    """Within so many units in the last place of what is expected, or of what it is made of."""
    got, eps = [Decimal(float(x)) for x in np.ravel(got)], Decimal(float(np.finfo(dtype).eps))
    tiny = Decimal(float(np.finfo(dtype).tiny))  # results that are not normal may be 0
    for k, (ours, truth) in enumerate(zip(got, expected, strict=True)):
        allowed = UNITS * eps * (abs(truth) + (beside[k] if beside else 0)) + 4 * tiny
        assert abs(ours - truth) <= allowed, (k, float(ours), float(truth), float(allowed))


def exact(numbers, dtype):
    """What the dtype makes of some numbers: as an array, and with all their digits."""
    array = np.array(numbers, dtype)
    return array, [Decimal(float(x)) for x in array.ravel()]


def numbers(low, high):
    """0, and between two limits numbers of thirty orders of magnitude."""
    signs = st.sampled_from([-1.0, 1.0] if low < 0 else [1.0])
    orders = st.floats(-30.0, 0.0).map(lambda order: high * 10.0**order)
    return st.builds(float.__mul__, signs, st.just(0.0) | st.floats(high / 1e3, high) | orders)


def many(strategy):
    return st.lists(strategy, min_size=1, max_size=20)


# --- activations ----------------------------------------------------------------------------------


def sigmoid(z):
    return ONE / (ONE + (-z).exp())


def tanh(z):
    return (ONE - (-TWO * z).exp()) / (ONE + (-TWO * z).exp())


def normal(z):
    return Decimal(erfc(-float(z) / sqrt(2.0)) / 2.0)  # 15 digits


def density(z):
    return (-z * z / TWO).exp() / (TWO * Decimal("3.14159265358979323846")).sqrt()


# value, slope, and what their errors are held against beside themselves
TRUTH = {
    "identity": (lambda z: z, lambda z: ONE, None, None),
    "relu": (lambda z: max(z, ZERO), lambda z: Decimal(z > 0), None, None),
    "leaky_relu": (
        lambda z: z if z > 0 else z / 100, lambda z: ONE if z > 0 else ONE / 100, None, None
    ),
    "tanh": (tanh, lambda z: ONE - tanh(z) ** 2, None, lambda z: ONE),
    "sigmoid": (sigmoid, lambda z: sigmoid(z) * sigmoid(-z), None, sigmoid),
    "softplus": (lambda z: (ONE + z.exp()).ln(), sigmoid, None, None),
    "elu": (
        lambda z: z if z > 0 else z.exp() - ONE, lambda z: ONE if z > 0 else z.exp(), None,
        lambda z: ZERO if z > 0 else z.exp(),
    ),
    "silu": (
        lambda z: z * sigmoid(z),
        lambda z: sigmoid(z) * (ONE + z * sigmoid(-z)),
        None,
        lambda z: (ONE + abs(z)) * sigmoid(z),
    ),
    "gelu": (
        lambda z: z * normal(z), lambda z: normal(z) + z * density(z), abs,
        lambda z: ONE + abs(z) * (1 + z * z) * density(z),
    ),
}  # fmt: skip


@either_dtype
@pytest.mark.parametrize("name", ACTIVATIONS)
@drawn
@given(drawn_z=many(numbers(-80.0, 80.0)))
def test_activations(dtype, name, drawn_z):
    array, z = exact(drawn_z, dtype)
    values, slopes = Loops(dtype).activation(name, array)
    for got, truth, beside in zip((values, slopes), TRUTH[name], TRUTH[name][2:], strict=False):
        right(got, [truth(x) for x in z], dtype, [beside(x) for x in z] if beside else ())


# --- losses of one output -------------------------------------------------------------------------

OF_NUMBERS = {
    "half_squared_error": (lambda p, t, c: (p - t) ** 2 / 2, lambda p, t, c: p - t),
    "mse": (lambda p, t, c: (p - t) ** 2, lambda p, t, c: 2 * (p - t)),
    "mae": (lambda p, t, c: abs(p - t), lambda p, t, c: Decimal(int(p > t) - int(p < t))),
    "huber": (
        lambda p, t, c: (p - t) ** 2 / 2 if abs(p - t) < c else c * (abs(p - t) - c / 2),
        lambda p, t, c: min(max(p - t, -c), c),
    ),
    "quantile": (
        lambda p, t, c: c * (t - p) if t > p else (ONE - c) * (p - t),
        lambda p, t, c: ZERO if p == t else ONE - c if p > t else -c,
    ),
}


@either_dtype
@pytest.mark.parametrize("name", OF_NUMBERS)
@drawn
@given(pairs=many(st.tuples(numbers(-1e6, 1e6), st.none() | numbers(-1e6, 1e6), numbers(0, 1))))
def test_losses_of_numbers(dtype, name, pairs):
    """Targets are anything, or close to the prediction."""
    array, p = exact([p for p, _, _ in pairs], dtype)
    targets, t = exact([p * (1 - near) if t is None else t for p, t, near in pairs], dtype)
    c = float(np.dtype(dtype).type(0.7))
    losses, slopes = Loops(dtype).loss(name, array[None], targets[None], c)
    for got, truth in zip((losses, slopes), OF_NUMBERS[name], strict=True):
        right(got, [truth(*pair, Decimal(c)) for pair in zip(p, t, strict=True)], dtype)


@either_dtype
@drawn
@given(pairs=many(st.tuples(numbers(-100.0, 100.0), numbers(0, 1), st.booleans())))
def test_binary_cross_entropy(dtype, pairs):
    """Whatever the logit, and for targets close to 0 or 1."""
    array, p = exact([p for p, _, _ in pairs], dtype)
    targets, t = exact([1 - t if flip else t for _, t, flip in pairs], dtype)
    losses, slopes = Loops(dtype).loss("binary_cross_entropy", array[None], targets[None])
    pairs = list(zip(p, t, strict=True))
    truth = [t * (ONE + (-p).exp()).ln() + (ONE - t) * (ONE + p.exp()).ln() for p, t in pairs]
    right(losses, truth, dtype)
    right(slopes, [sigmoid(p) - t for p, t in pairs], dtype, [sigmoid(p) + t for p, t in pairs])


@either_dtype
@drawn
@given(pairs=many(st.tuples(numbers(-20.0, 20.0), st.none() | numbers(0, 1e6), numbers(-1, 1))))
def test_poisson(dtype, pairs):
    """Targets are anything, or what was predicted but for a little.

    The logarithm of the target is rounded: its error counts as much as the loss is steep.
    """
    array, p = exact([p for p, _, _ in pairs], dtype)
    targets, t = exact([np.exp(p) * (1 + d) if t is None else t for p, t, d in pairs], dtype)
    losses, slopes = Loops(dtype).loss("poisson", array[None], targets[None])
    pairs = list(zip(p, t, strict=True))
    logs = [t.ln() if t else ZERO for t in t]
    truth = [p.exp() - t - t * (p - log) for (p, t), log in zip(pairs, logs, strict=True)]
    beside = [
        t * abs(p - log) * (1 + abs(log)) + (p.exp() + t * abs(p - log)) * (abs(p - log) > ONE / 2)
        for (p, t), log in zip(pairs, logs, strict=True)
    ]
    right(losses, truth, dtype, beside)
    right(slopes, [p.exp() - t for p, t in pairs], dtype, [p.exp() + t for p, t in pairs])


# --- classes --------------------------------------------------------------------------------------


@either_dtype
@drawn
@given(
    logits=st.lists(numbers(-1.0, 1.0), min_size=2, max_size=5),
    scale=st.sampled_from([1.0, 50.0, 1e4, 1e30]),
    shift=st.sampled_from([0.0, 1.0, 1e4]),
    label=st.integers(0, 1),
)
def test_cross_entropy(dtype, logits, scale, shift, label):
    """However large the logits are, errors are those of their differences."""
    array, p = exact([x * scale + shift for x in logits], dtype)
    targets = np.arange(len(p)) == label
    losses, slopes = Loops(dtype).loss("cross_entropy", array[:, None], targets[:, None])
    odds = [(x - max(p)).exp() for x in p]
    loss = sum(odds).ln() + max(p) - p[label]
    right(losses, [loss], dtype, [ONE / 4])
    right(slopes, [x / sum(odds) - int(t) for x, t in zip(odds, targets, strict=True)], dtype,
          [ONE] * len(p))  # fmt: skip


# --- optimisers -----------------------------------------------------------------------------------

GAINS = st.just(1.0) | st.floats(1e-6, 0.9)


# The new parameter, and its means, each as terms to be added; with errors of theirs.


def true_adam(w, g, m, v, rate, gain1, gain2, epsilon, _decay, _shrink):
    means, squares = ((ONE - gain1) * m, gain1 * g), ((ONE - gain2) * v, gain2 * g * g)
    step = rate / (sum(squares).sqrt() + epsilon)
    return (w, *(-step * term for term in means)), means, squares


def true_rmsprop(w, g, m, v, rate, gain, epsilon, _decay, momentum, _unused):
    squares = ((ONE - gain) * v, gain * g * g)
    means = (momentum * m, g / (sum(squares).sqrt() + epsilon))
    return (w, *(-rate * term for term in means)), means, squares


TRUE_STEPS = {"adam": true_adam, "rmsprop": true_rmsprop}


@either_dtype
@pytest.mark.parametrize("name", ["adam", "rmsprop"])
@drawn
@given(
    parameters=many(st.tuples(*[numbers(-1e3, 1e3)] * 3, numbers(0, 1e6))),
    gains=st.tuples(GAINS, GAINS),
)
def test_steps_with_means_of_squares(dtype, name, parameters, gains):
    """Of an old value nothing is left where the gain is 1, however much larger it was."""
    arrays, digits = zip(
        *(exact(column, dtype) for column in zip(*parameters, strict=True)), strict=True
    )
    rate, epsilon = 0.1, 1e-4
    given = {
        "adam": [rate, *gains, epsilon, 0.0, 1.0],
        "rmsprop": [rate, gains[1], epsilon, 0.0, gains[0], 0.0],
    }[name]
    coefficients, c = exact(given, dtype)
    repeated = np.repeat(coefficients[:, None], REPEAT, axis=1)
    address, _ = functions.optimizer(name, dtype)
    moved, _, *moments, _ = Loops(dtype)(address, [*arrays, repeated], len(parameters))
    truth = [TRUE_STEPS[name](*row, *c) for row in zip(*digits, strict=True)]
    for got, column in zip((moved, *moments), zip(*truth, strict=True), strict=True):
        right(got, [sum(terms) for terms in column], dtype, [sum(map(abs, t)) for t in column])
