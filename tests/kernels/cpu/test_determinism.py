"""The same seed, the same bits: threads, neighbours, shards and call lengths change nothing."""

import numpy as np
import pytest

import bpfast as bp
from bpfast.kernels import cpu
from bpfast.training import calls
from bpfast.training.loop import Training

SAMPLES = 61
SHAPES = {"tiny": (2, 2, 1), "lanes": (4, 16, 1), "tiles": (12, 90, 3)}
OPTIMIZERS = {
    "sgd": lambda rates: bp.SGD(learning_rate=rates),
    "adam": lambda rates: bp.Adam(learning_rate=rates, l2=rates, clip_norm=10 * rates),
}


def data(layers, samples=SAMPLES):
    rng = np.random.default_rng(1)
    return rng.normal(size=(samples, layers[0])), rng.normal(size=(samples, layers[-1]))


def train(layers, chosen, optimizer="adam", n=1000, rates=None, samples=SAMPLES, **options):
    """Some of n networks, trained; their parameters, losses and strategy."""
    rates = np.geomspace(1e-4, 1e-1, n) if rates is None else rates
    population = bp.Population(bp.MLP(layers, "tanh"), n)[chosen]
    settings = {"epochs": 3, "batch_size": 13, "dropout": 0.1, "progress": False} | options
    history = bp.fit(
        population, *data(layers, samples), OPTIMIZERS[optimizer](rates[chosen]), **settings
    )
    return population.parameters, history.loss, history


def same(one, other):
    """Bit for bit, NaN included."""
    return all(
        np.array_equal(a, b, equal_nan=True) for a, b in zip(one[:2], other[:2], strict=True)
    )


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("shape", SHAPES)
def test_threads(monkeypatch, shape, optimizer):
    results = []
    for threads in (1, 2):
        monkeypatch.setattr(cpu, "thread_count", lambda threads=threads: threads)
        results.append(train(SHAPES[shape], slice(0, 77), optimizer))
    assert same(*results)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("shape", SHAPES)
def test_networks_alone_and_among_a_thousand(shape, optimizer):
    many = train(SHAPES[shape], slice(None), optimizer)
    for chosen in (slice(0, 37), slice(5, 6), slice(400, 733)):
        alone = train(SHAPES[shape], chosen, optimizer)
        assert same((many[0][chosen], many[1][chosen]), alone)


@pytest.mark.parametrize("shape", SHAPES)
def test_place_in_the_population(shape):
    order = np.random.default_rng(2).permutation(100)
    there = train(SHAPES[shape], np.arange(100))
    moved = train(SHAPES[shape], order)
    assert same((there[0][order], there[1][order]), moved)


@pytest.mark.parametrize("shape", SHAPES)
def test_a_diverging_neighbour(shape):
    calm, wild = np.full(40, 1e-3), np.full(40, 1e-3)
    wild[[0, 7, 23]] = 1e30
    alone = train(SHAPES[shape], slice(None), "sgd", n=40, rates=calm)
    beside = train(SHAPES[shape], slice(None), "sgd", n=40, rates=wild)
    assert beside[2].diverged.tolist() == (wild > 1).tolist()
    assert np.isfinite(beside[0]).all()
    rest = wild < 1
    assert same((alone[0][rest], alone[1][rest]), (beside[0][rest], beside[1][rest]))


@pytest.mark.parametrize("shape", SHAPES)
def test_call_lengths(monkeypatch, shape):
    results = []
    for seconds in (1e-9, 10.0):
        monkeypatch.setattr(calls, "CALL_SECONDS", seconds)
        results.append(train(SHAPES[shape], slice(0, 300), epochs=5))
    assert same(*results)


def train_beside(layers, batch_size, optimizer=None, fit=None):
    """Every second of 20 networks after a fit in which the others have settings of their own."""
    own = np.arange(20) % 2 == 1

    def mixed(usual, others):
        return {name: np.where(own, value, usual[name]) for name, value in (others or {}).items()}

    usual = {"momentum": 0.0, "l1": 0.0, "l2": 0.0, "clip_norm": np.inf, "weight_decay": 0.0}
    settings = mixed(usual | {"schedule": "constant"}, optimizer)
    population = bp.Population(bp.MLP(layers, "identity", "mse", bias=False), 20)
    history = bp.fit(
        population,
        *data(layers),
        bp.SGD(learning_rate=np.full(20, 0.01), **settings),
        epochs=3,
        batch_size=batch_size,
        validation=data(layers, 9),
        progress=False,
        **mixed({"dropout": 0.0, "tol": 0.0}, fit),
    )
    losses = np.hstack([history.loss, history.validation_loss])
    return population.parameters[~own], losses[~own]


@pytest.mark.parametrize("batch_size", [1, 13])
@pytest.mark.parametrize("shape", SHAPES)
def test_settings_of_neighbours(shape, batch_size):
    """Momentum of one, say, has all trained in another way: no bit of the others' changes."""
    alone = train_beside(SHAPES[shape], batch_size)
    settings = {"momentum": 0.9, "l1": 0.1, "l2": 0.1, "clip_norm": 0.1, "weight_decay": 0.1}
    for name, value in (settings | {"schedule": "cosine"}).items():
        assert same(alone, train_beside(SHAPES[shape], batch_size, {name: value})), name
    for name, value in {"dropout": 0.5, "tol": 1e9}.items():
        assert same(alone, train_beside(SHAPES[shape], batch_size, fit={name: value})), name


def test_stopping_networks_make_no_difference():
    free = train((4, 16, 1), slice(0, 50), epochs=6)
    limits = np.where(np.arange(50) % 3 == 0, 1e9, 0.0)  # every third stops after an epoch
    some = train((4, 16, 1), slice(0, 50), epochs=6, tol=limits)
    assert some[2].stopped.tolist() == (limits > 0).tolist()
    rest = limits == 0
    assert same((free[0][rest], free[1][rest]), (some[0][rest], some[1][rest]))


@pytest.mark.parametrize("batch_size", [700, 1501])
def test_tiles_and_large_batch(monkeypatch, batch_size):
    strategies, results = [], []
    for threads in (1, 2, 3):
        monkeypatch.setattr(cpu, "thread_count", lambda threads=threads: threads)
        result = train((30, 64, 10), slice(3, 4), samples=1501, batch_size=batch_size)
        strategies.append(result[2].plan.strategy)
        results.append(result)
    assert strategies == ["tiles", "large batch", "large batch"]
    assert same(results[0], results[1])
    assert same(results[0], results[2])


def test_gradients_and_predictions_by_any_number_of_threads(monkeypatch):
    X, y = data((12, 90, 3), 700)
    population = bp.Population(bp.MLP((12, 90, 3)))
    results = []
    for threads in (1, 3):
        monkeypatch.setattr(cpu, "thread_count", lambda threads=threads: threads)
        loss, weights, _ = bp.gradients(population, X, y)
        results.append((loss, weights[0], population.predict(X)))
    for one, other in zip(*results, strict=True):
        np.testing.assert_array_equal(one, other)


def exploded(layers, chosen, **optimizer):
    """Penalties of some of two networks, whose weights' squares float32 cannot hold."""
    population = bp.Population(bp.MLP(layers, "identity", "mse"), 2, 0, "zeros")
    for weights in population.weights:
        weights[:] = 1e25
    X, y = np.zeros((3, layers[0])), np.zeros((3, layers[-1]))
    settings = {name: value[chosen] for name, value in optimizer.items()}
    rule = bp.SGD(learning_rate=0.0, **settings)
    with Training(population[chosen], X, y, rule, 1, 2, objective="sum") as training:
        training.advance()
    return training.history().penalty


@pytest.mark.parametrize("shape", SHAPES)
def test_penalties_that_a_network_has_not_are_none(shape):
    for name, values in {"l2": [0.0, 0.1], "l1": [0.0, 1e-9], "clip_norm": [np.inf, 1.0]}.items():
        chosen, of = SHAPES[shape], {name: np.array(values)}
        np.testing.assert_array_equal(exploded(chosen, slice(0, 1), **of), 0.0)
        np.testing.assert_array_equal(exploded(chosen, slice(0, 2), **of)[0], 0.0)
