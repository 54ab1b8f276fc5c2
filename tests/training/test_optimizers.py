"""Optimisers: a number for all networks or one for each, schedules, and what is refused."""

import dataclasses
import math
from fractions import Fraction
from functools import partial

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import bpfast as bp
from bpfast.training.optimizers import Optimizer

RNG = np.random.default_rng(1)
X, Y = RNG.normal(size=(12, 3)), RNG.normal(size=(12, 2))
N = 3
DEVICES = ["reference", "cpu"]
OPTIMIZERS = [bp.SGD, bp.Adam, bp.AdamW, bp.RMSprop]


def trained(optimizer, networks=slice(None), device="cpu", **options):
    """Parameters of some of N networks after a short training."""
    population = bp.Population(bp.MLP((3, 4, 2)), N)[networks]
    arguments = {"epochs": 3, "batch_size": 5, "device": device, "progress": False}
    bp.fit(population, X, Y, optimizer, **arguments | options)
    return population.parameters


# --- hyperparameters ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "defaults"),
    [
        (bp.SGD, {"learning_rate": 0.01, "momentum": 0.0, "nesterov": False, "weight_decay": 0.0}),
        (bp.Adam, {"learning_rate": 0.001, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8}),
        (bp.Adam, {"weight_decay": 0.0, "l1": 0.0, "l2": 0.0, "clip_norm": None}),
        (bp.AdamW, {"learning_rate": 0.001, "weight_decay": 0.01}),
        (bp.RMSprop, {"learning_rate": 0.01, "alpha": 0.99, "epsilon": 1e-8, "momentum": 0.0}),
        (bp.SGD, {"schedule": "constant", "decay": 0.95, "minimum": 0.0, "warmup": 0}),
    ],
)
def test_defaults_are_those_of_pytorch(kind, defaults):
    assert defaults.items() <= dataclasses.asdict(kind()).items()


@pytest.mark.parametrize("kind", OPTIMIZERS)
def test_they_cannot_be_changed_and_take_names_only(kind):
    with pytest.raises(dataclasses.FrozenInstanceError):
        kind().learning_rate = 1.0
    with pytest.raises(TypeError):
        kind(0.1)
    with pytest.raises(TypeError, match="'lr'"):
        kind(lr=0.1)
    assert kind(learning_rate=0.1) == kind(learning_rate=0.1)


VALUES = [
    (bp.SGD, "learning_rate", [0.0, 0.01, 0.1]),
    (bp.SGD, "momentum", [0.0, 0.5, 0.9]),
    (bp.SGD, "weight_decay", [0.0, 0.1, 1.0]),
    (bp.SGD, "l1", [0.0, 0.1, 1.0]),
    (bp.SGD, "l2", [0.0, 0.1, 1.0]),
    (bp.SGD, "clip_norm", [0.1, 1.0, np.inf]),
    (bp.SGD, "schedule", ["constant", "exponential", "cosine"]),
    (bp.SGD, "warmup", [0, 1, 2]),
    (bp.Adam, "beta1", [0.0, 0.5, 0.9]),
    (bp.Adam, "beta2", [0.0, 0.5, 0.9]),
    (bp.Adam, "epsilon", [1e-8, 0.1, 1.0]),
    (bp.Adam, "weight_decay", [0.0, 0.1, 1.0]),
    (bp.AdamW, "weight_decay", [0.0, 0.1, 1.0]),
    (bp.RMSprop, "alpha", [0.0, 0.5, 0.9]),
    (bp.RMSprop, "epsilon", [1e-8, 0.1, 1.0]),
    (bp.RMSprop, "momentum", [0.0, 0.5, 0.9]),
]


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize(
    ("kind", "name", "values"), VALUES, ids=lambda v: getattr(v, "__name__", v)
)
def test_each_network_has_its_own_value(kind, name, values, device):
    together = trained(kind(**{name: values}), device=device)
    assert len(np.unique(together[:, 0])) == N
    for k, value in enumerate(values):
        alone = trained(kind(**{name: value}), [k], device)
        assert_array_equal(together[[k]], alone)


@pytest.mark.parametrize(("name", "values"), [("decay", [0.5, 0.9, 1.0]), ("minimum", [0, 0.5, 1])])
def test_each_network_has_its_own_schedule(name, values):
    schedule = {"decay": "exponential", "minimum": "cosine"}[name]
    together = trained(bp.SGD(schedule=schedule, **{name: values}))
    for k, value in enumerate(values):
        assert_array_equal(together[[k]], trained(bp.SGD(schedule=schedule, **{name: value}), [k]))


def test_each_network_has_its_own_nesterov():
    together = trained(bp.SGD(momentum=0.9, nesterov=[True, False, np.True_]))
    for k, value in enumerate([True, False, True]):
        alone = trained(bp.SGD(momentum=0.9, nesterov=value), [k])
        assert_array_equal(together[[k]], alone)
    assert (together[1] != trained(bp.SGD(momentum=0.9, nesterov=True), [1])).any()


@pytest.mark.parametrize("form", [list, tuple, np.array, lambda v: np.array(v, object), np.float32])
def test_values_come_in_any_sequence(form):
    expected = trained(bp.SGD(learning_rate=np.array([0.25, 0.5, 0.125])))
    assert_array_equal(trained(bp.SGD(learning_rate=form([0.25, 0.5, 0.125]))), expected)


@pytest.mark.parametrize("value", [Fraction(1, 8), np.float16(0.125), [0.125] * N])
def test_a_value_is_any_real_number(value):
    assert_array_equal(trained(bp.SGD(l2=value)), trained(bp.SGD(l2=0.125)))
    assert_array_equal(trained(bp.SGD(clip_norm=10**20)), trained(bp.SGD(clip_norm=1e20)))


@pytest.mark.parametrize("kind", OPTIMIZERS)
@pytest.mark.parametrize(
    ("values", "error", "words"),
    [
        ({"learning_rate": -1}, ValueError, "learning_rate must be at least 0 and finite, got -1"),
        ({"learning_rate": np.nan}, ValueError, "learning_rate must be at least 0 .* got nan"),
        ({"learning_rate": np.inf}, ValueError, "learning_rate must be at least 0 .* got inf"),
        ({"learning_rate": [0.1, -0.5, 0.1]}, ValueError, "got -0.5 for network 1"),
        ({"learning_rate": [0.1, 0.1]}, ValueError, r"shape \(2,\): give one number, or one for"),
        ({"learning_rate": np.ones((3, 1))}, ValueError, r"shape \(3, 1\): .* the 3 networks"),
        ({"learning_rate": []}, ValueError, r"learning_rate has shape \(0,\)"),
        ({"learning_rate": "0.1"}, TypeError, "learning_rate must be a number, .* got '0.1'"),
        ({"learning_rate": None}, TypeError, "learning_rate must be a number, .* got None"),
        ({"learning_rate": 1j}, TypeError, "learning_rate must be a number, .* got 1j"),
        ({"learning_rate": [[0.1], 0.1]}, TypeError, "learning_rate must be a number, or one for"),
        ({"weight_decay": -0.1}, ValueError, "weight_decay must be at least 0"),
        ({"l1": -0.1}, ValueError, "l1 must be at least 0"),
        ({"l2": "a"}, TypeError, "l2 must be a number"),
        ({"clip_norm": 0}, ValueError, "clip_norm must be above 0, got 0"),
        ({"clip_norm": np.nan}, ValueError, "clip_norm must be above 0, got nan"),
        ({"clip_norm": [1, 1]}, ValueError, r"clip_norm has shape \(2,\)"),
        (
            {"schedule": "step"},
            ValueError,
            "'step' is not known: choose from constant",
        ),
        ({"schedule": None}, ValueError, "schedule='None' is not known"),
        ({"schedule": ["cosine", "cosine"]}, ValueError, r"schedule has shape \(2,\)"),
        ({"schedule": ["cosine", "cosine", "x"]}, ValueError, "schedule='x' is not known"),
        ({"decay": -0.1}, ValueError, "decay must be at least 0"),
        ({"minimum": 1.5}, ValueError, "minimum must be at least 0 and at most 1, got 1.5"),
        ({"warmup": -1}, ValueError, "warmup must be at least 0"),
    ],
)
def test_bad_values_are_refused_in_words(kind, values, error, words):
    refuses(kind(**values), error, words)


@pytest.mark.parametrize(
    ("optimizer", "error", "words"),
    [
        (bp.SGD(momentum=-0.1), ValueError, "momentum must be at least 0"),
        (bp.SGD(momentum=[0.9] * 4), ValueError, r"momentum has shape \(4,\)"),
        (bp.SGD(nesterov=0.5), ValueError, "nesterov must be True or False, got 0.5"),
        (bp.SGD(nesterov="yes"), TypeError, "nesterov must be a number, .* got 'yes'"),
        (bp.Adam(beta1=1), ValueError, "beta1 must be at least 0 and below 1, got 1"),
        (bp.AdamW(beta2=-0.1), ValueError, "beta2 must be at least 0 and below 1, got -0.1"),
        (bp.Adam(epsilon=0), ValueError, "epsilon must be above 0 and finite, got 0"),
        (bp.RMSprop(alpha=1), ValueError, "alpha must be at least 0 and below 1, got 1"),
        (bp.RMSprop(epsilon=-1), ValueError, "epsilon must be above 0"),
        (bp.RMSprop(momentum=np.nan), ValueError, "momentum must be at least 0"),
    ],
)
def test_bad_values_of_one_optimiser_are_refused_in_words(optimizer, error, words):
    refuses(optimizer, error, words)


@pytest.mark.parametrize("what", ["adam", bp.Adam, None, 0.1])
def test_what_is_no_optimiser_is_refused_in_words(what):
    refuses(what, TypeError, r"optimizer must be one such as bpfast.Adam\(\), got")


def refuses(optimizer, error, words):
    """A fit raises before any work."""
    population = bp.Population(bp.MLP((3, 4, 2)), N)
    before = population.parameters.copy()
    with pytest.raises(error, match=words):
        bp.fit(population, X, Y, optimizer, progress=lambda _: pytest.fail("work was done"))
    assert_array_equal(population.parameters, before)


def test_the_base_class_is_no_optimiser():
    with pytest.raises(TypeError, match="abstract"):
        Optimizer()


# --- schedules, after PyTorch's ExponentialLR, CosineAnnealingLR and LinearLR ---------------------

EPOCHS = 8


def exponential(epoch, decay):
    return decay**epoch


def cosine(epoch, epochs, minimum):
    return minimum + (1 - minimum) * (1 + math.cos(math.pi * epoch / epochs)) / 2


SCHEDULES = {
    "constant": ({}, [1] * EPOCHS),
    "exponential": (
        {"schedule": "exponential", "decay": 0.8},
        [exponential(e, 0.8) for e in range(EPOCHS)],
    ),
    "growing": (
        {"schedule": "exponential", "decay": 1.5},
        [exponential(e, 1.5) for e in range(EPOCHS)],
    ),
    "cosine": ({"schedule": "cosine"}, [cosine(e, EPOCHS, 0) for e in range(EPOCHS)]),
    "cosine to a minimum": (
        {"schedule": "cosine", "minimum": 0.25},
        [cosine(e, EPOCHS, 0.25) for e in range(EPOCHS)],
    ),
    "warm-up": ({"warmup": 4}, [0.25, 0.5, 0.75, 1, 1, 1, 1, 1]),
    "long warm-up": ({"warmup": 16}, [(e + 1) / 16 for e in range(EPOCHS)]),
    "warm-up, exponential": (
        {"schedule": "exponential", "decay": 0.5, "warmup": 2},
        [0.5, 1, *(exponential(e, 0.5) for e in range(EPOCHS - 2))],
    ),
    "warm-up, cosine": (
        {"schedule": "cosine", "warmup": 3, "minimum": 0.1},
        [1 / 3, 2 / 3, 1, *(cosine(e, EPOCHS - 3, 0.1) for e in range(EPOCHS - 3))],
    ),
}


def rates_in_effect(optimizer, n, device):
    """The learning rates that SGD really used, (n, EPOCHS - 1).

    One weight w and the input 1: far below its target, the quantile loss c·(t - w) has the slope
    -c, so that an epoch of one step takes c·c·rate from the loss.
    """
    mlp = bp.MLP((1, 1), loss="quantile", quantile=0.5, bias=False)
    population = bp.Population(mlp, n, init="zeros", dtype="float64")
    options = {"epochs": EPOCHS, "device": device, "progress": False}
    history = bp.fit(population, [[1.0]], [100.0], optimizer, **options)
    return -np.diff(history.loss, axis=1) / 0.25


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("name", SCHEDULES)
def test_schedules_follow_their_formulas(name, device):
    options, factors = SCHEDULES[name]
    rates = rates_in_effect(bp.SGD(learning_rate=[0.5, 0.01], **options), 2, device)
    assert_allclose(rates, np.outer([0.5, 0.01], factors[:-1]), rtol=1e-9)


@pytest.mark.parametrize("device", DEVICES)
def test_networks_may_all_have_different_schedules(device):
    defaults = {"schedule": "constant", "decay": 0.95, "minimum": 0.0, "warmup": 0}
    options = [defaults | given for given, _ in SCHEDULES.values()]
    optimizer = bp.SGD(**{name: [one[name] for one in options] for name in options[0]})
    expected = [[0.01 * factor for factor in factors[:-1]] for _, factors in SCHEDULES.values()]
    assert_allclose(rates_in_effect(optimizer, len(options), device), expected, rtol=1e-9)


@pytest.mark.parametrize("device", DEVICES)
def test_every_epoch_may_have_a_rate_of_its_own(device):
    rates = np.random.default_rng(0).uniform(0.1, 1.0, (3, EPOCHS))
    assert_allclose(rates_in_effect(bp.SGD(learning_rate=rates), 3, device), rates[:, :-1])
    shared = rates_in_effect(bp.SGD(learning_rate=rates[:1]), 3, device)
    assert_allclose(shared, np.tile(rates[:1, :-1], (3, 1)))
    halved = rates_in_effect(bp.SGD(learning_rate=rates, warmup=[2, 0, 0]), 3, device)
    assert_allclose(halved[0], rates[0, :-1] * ([0.5] + [1.0] * (EPOCHS - 2)))


@pytest.mark.parametrize(
    ("shape", "words"),
    [((3, 5), r"shape \(3, 5\): give .* of \(3, 3\) for every epoch"), ((2, 3), r"shape \(2, 3\)")],
)
def test_rates_of_every_epoch_are_checked(shape, words):
    with pytest.raises(ValueError, match=words):
        trained(bp.SGD(learning_rate=np.ones(shape)))
    rates = np.ones((3, 3))
    rates[1, 2] = -2
    with pytest.raises(ValueError, match=r"learning_rate must be at least 0 .* -2 for network 1"):
        trained(bp.SGD(learning_rate=rates))


@pytest.mark.parametrize("kind", OPTIMIZERS)
def test_a_rate_of_zero_moves_nothing(kind):
    before = bp.Population(bp.MLP((3, 4, 2)), N).parameters
    assert_array_equal(trained(kind(learning_rate=0.0)), before)
    half = trained(kind(learning_rate=[0.0, 0.1, 0.0]))
    assert_array_equal((half == before).all(axis=1), [True, False, True])


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(
    "kind", [partial(bp.Adam, beta1=0.0, beta2=0.0), partial(bp.RMSprop, alpha=0.0)]
)
def test_means_that_keep_nothing_forget_a_huge_gradient(kind, dtype, device):
    """Both steps are the learning rate, though the first gradient is 1e10 times the second."""
    mlp = bp.MLP((1, 1), loss="half_squared_error", bias=False)
    population = bp.Population.from_arrays(mlp, [np.ones((1, 1, 1))], [], dtype=dtype)
    options = {"epochs": 1, "batch_size": 1, "shuffle": False, "device": device}
    optimizer = kind(learning_rate=0.01)
    bp.fit(population, [[1e4], [0.1]], [[0.0], [0.0]], optimizer, progress=False, **options)
    assert_allclose(population.parameters, 0.98, rtol=1e-6)


# --- penalties ------------------------------------------------------------------------------------


@pytest.mark.parametrize("device", DEVICES)
def test_l1_and_l2_move_weights_and_not_biases(device):
    """Where the data say nothing, one step of SGD shows a penalty's slope alone."""
    population = bp.Population(bp.MLP((3, 4, 2)), 2, init="torch", dtype="float64")
    before = bp.Population(bp.MLP((3, 4, 2)), 2, init="torch", dtype="float64")
    weight = [0.0] * 11 + [1.0]  # no sample counts in the one step that is taken ...
    rows = ([np.arange(11)], [0, 0])  # ... because these are left out
    optimizer = bp.SGD(learning_rate=0.1, l1=[0.5, 0.0], l2=[0.0, 0.25])
    options = {"epochs": 1, "sample_weight": weight, "rows": rows, "device": device}
    bp.fit(population, X, Y, optimizer, progress=False, **options)
    for now, then in zip(population.weights, before.weights, strict=True):
        assert_allclose(now[0], then[0] - 0.1 * 0.5 * np.sign(then[0]), rtol=1e-12)
        assert_allclose(now[1], then[1] - 0.1 * 0.25 * then[1], rtol=1e-12)
    for now, then in zip(population.biases, before.biases, strict=True):
        assert_array_equal(now, then)


@pytest.mark.parametrize("device", DEVICES)
def test_a_clipped_gradient_has_the_norm_that_was_asked_for(device):
    before = bp.Population(bp.MLP((3, 4, 2)), N).parameters
    norms = np.array([1e-3, 0.1, 1e6])
    options = {"epochs": 1, "batch_size": 12, "device": device}
    moved = before - trained(bp.SGD(learning_rate=1.0, clip_norm=norms), **options)
    free = before - trained(bp.SGD(learning_rate=1.0), **options)
    lengths, free_lengths = np.linalg.norm(moved, axis=1), np.linalg.norm(free, axis=1)
    assert_allclose(lengths[:2], norms[:2], rtol=1e-2)
    assert_allclose(moved[2], free[2], rtol=1e-5)
    assert_allclose(moved / lengths[:, None], free / free_lengths[:, None], atol=1e-3)
