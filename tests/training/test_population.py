"""Population: parameters and their views, choosing networks, predictions, files."""

import copy
import pickle

import numpy as np
import pytest
from fits import same
from numpy.testing import assert_allclose, assert_array_equal

import bpfast as bp
from bpfast import memory

MLP = bp.MLP((3, 4, 2))
RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(10, 3)), RNG.normal(size=(10, 2))


def population(n=5, mlp=MLP, seed=0, init="torch", dtype="float32"):
    """Networks none of whose numbers are alike."""
    return bp.Population(mlp, n, seed, init, dtype)


# --- parameters and their views -------------------------------------------------------------------


@pytest.mark.parametrize("dtype", ["float32", "float64", np.float64, "f4", np.dtype("f8")])
def test_arrays_have_their_shapes_and_types(dtype):
    networks = population(dtype=dtype)
    assert len(networks) == 5
    assert networks.parameters.shape == (5, MLP.n_parameters)
    assert [w.shape for w in networks.weights] == [(5, 3, 4), (5, 4, 2)]
    assert [b.shape for b in networks.biases] == [(5, 4), (5, 2)]
    arrays = [networks.parameters, *networks.weights, *networks.biases]
    assert {a.dtype for a in arrays} == {np.dtype(dtype)}
    assert networks.seeds.shape == (5,)
    assert networks.seeds.dtype == np.uint64


def test_a_row_holds_each_layers_weights_row_by_row_then_its_biases():
    networks = population()
    first, second = networks.weights
    parts = [first[2].ravel(), networks.biases[0][2], second[2].ravel(), networks.biases[1][2]]
    assert_array_equal(networks.parameters[2], np.concatenate(parts))


def test_views_write_through():
    networks = population()
    networks.weights[1][3, 2, 1] = 7.0
    networks.biases[0][...] = 9.0
    assert networks.parameters[3, 3 * 4 + 4 + 2 * 2 + 1] == 7.0
    assert (networks.parameters[:, 12:16] == 9.0).all()
    networks.parameters[...] = 0.0
    assert not any(view.any() for view in (*networks.weights, *networks.biases))


def test_without_biases_there_are_none():
    networks = population(mlp=bp.MLP((3, 4, 2), bias=False))
    assert networks.parameters.shape == (5, 3 * 4 + 4 * 2)
    assert networks.biases == []
    assert_array_equal(networks.parameters[:, 12:], networks.weights[1].reshape(5, -1))


def test_assigning_writes_into_the_arrays():
    networks, other = population(), population(seed=1)
    row, seeds = networks.parameters, networks.seeds
    networks.weights[0] = other.weights[0]
    networks.weights[1] *= 0.0
    networks.biases[1] = 3.0
    assert_array_equal(networks.weights[0], other.weights[0])
    assert not networks.weights[1].any()
    assert (networks.biases[1] == 3.0).all()
    networks.parameters *= 2.0
    assert (networks.biases[1] == 6.0).all()
    networks.parameters = other.parameters.astype(np.float64)[:, ::-1][:, ::-1]
    networks.seeds = other.seeds
    same(networks, other)
    assert networks.parameters is row
    assert networks.seeds is seeds
    assert not np.shares_memory(row, other.parameters)


def test_assigning_keeps_shapes():
    networks = population()
    for values in (np.zeros((5, 2)), np.zeros((6, MLP.n_parameters))):
        with pytest.raises(ValueError, match="broadcast"):
            networks.parameters = values
    with pytest.raises(ValueError, match="broadcast"):
        networks.weights[0] = np.zeros((5, 4, 3))
    with pytest.raises(AttributeError):
        networks.weights = []
    same(networks, population())


def test_a_network_does_not_depend_on_how_many_there_are():
    same(population(3), population(7)[:3])
    assert (population(3, seed=1).parameters != population(3).parameters).all()
    assert len(np.unique(population(7).parameters)) == 7 * MLP.n_parameters


def test_any_networks_of_a_large_population_can_be_drawn_alone():
    same(
        bp.Population.drawn(MLP, [6, 0, 6], seed=3, init="torch"), population(7, seed=3)[[6, 0, 6]]
    )


@pytest.mark.parametrize("seed", [0, 2**63, 2**64 - 1, np.int64(5), np.uint64(5)])
def test_seeds_may_be_large(seed):
    same(population(seed=seed), population(seed=int(seed)))


def test_it_says_what_it_is():
    assert repr(population(2)) == f"Population({MLP!r}, n=2, dtype='float32')"


@pytest.mark.parametrize("way", [copy.deepcopy, lambda p: pickle.loads(pickle.dumps(p))])
def test_it_can_be_copied_and_pickled(way):
    networks = population()
    other = way(networks)
    same(other, networks)
    other.weights[0][...] = 0.0
    assert networks.weights[0].all()


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ({"mlp": (3, 4, 2)}, TypeError, "mlp must be a bpfast.MLP, got tuple"),
        ({"n": 0}, ValueError, "n must be at least 1, got 0"),
        ({"n": -1}, ValueError, "n must be at least 1, got -1"),
        ({"n": 2.0}, TypeError, r"n must be an integer, got 2.0"),
        ({"n": True}, TypeError, "n must be an integer, got True"),
        ({"n": "3"}, TypeError, "n must be an integer, got '3'"),
        ({"n": None}, TypeError, "n must be an integer, got None"),
        ({"n": 10**12}, MemoryError, "1000000000000 networks of 26 parameters take .* are free"),
        ({"n": 10**30}, ValueError, "n must be at most"),
        ({"seed": -1}, ValueError, "seed must be at least 0, got -1"),
        ({"seed": 2**64}, ValueError, "seed must be at most 18446744073709551615"),
        ({"seed": 0.5}, TypeError, "seed must be an integer, got 0.5"),
        ({"seed": None}, TypeError, "seed must be an integer, got None"),
        ({"init": "He"}, ValueError, "init='He' is not known: choose from auto, glorot_uniform"),
        ({"init": None}, ValueError, "init=None is not known"),
        ({"dtype": "float16"}, ValueError, "one of float32, float64, got 'float16'"),
        ({"dtype": "nonsense"}, ValueError, "one of float32, float64, got 'nonsense'"),
        ({"dtype": None}, ValueError, "one of float32, float64, got None"),
        ({"dtype": int}, ValueError, "one of float32, float64, got <class 'int'>"),
    ],
)
def test_bad_populations_are_refused_in_words(arguments, error, words):
    with pytest.raises(error, match=words):
        bp.Population(**{"mlp": MLP} | arguments)


# --- choosing networks ----------------------------------------------------------------------------

MASK = [True, False, False, True, False]


@pytest.mark.parametrize(
    ("index", "rows"),
    [
        (0, [0]),
        (4, [4]),
        (-1, [4]),
        (np.int32(2), [2]),
        (np.array(2), [2]),
        (slice(1, 3), [1, 2]),
        (slice(None), [0, 1, 2, 3, 4]),
        (slice(3, 99), [3, 4]),
        (slice(None, None, -2), [4, 2, 0]),
        (..., [0, 1, 2, 3, 4]),
        ([1, 3], [1, 3]),
        ([3, -5, 3], [3, 0, 3]),
        (np.array([1, 3], np.uint8), [1, 3]),
        (MASK, [0, 3]),
        (np.array(MASK), [0, 3]),
    ],
)
def test_networks_are_chosen_as_numpy_does(index, rows):
    networks = population()
    chosen = networks[index]
    assert isinstance(chosen, bp.Population)
    assert chosen.mlp is networks.mlp
    assert_array_equal(chosen.parameters, networks.parameters[rows])
    assert_array_equal(chosen.seeds, networks.seeds[rows])


@pytest.mark.parametrize("index", [0, slice(None), ..., [0, 1], np.ones(5, bool)])
def test_chosen_networks_are_copies(index):
    networks = population()
    chosen = networks[index]
    chosen.parameters[...] = 0.0
    chosen.seeds[...] = 0
    same(networks, population())


def test_iterating_gives_populations_of_one():
    networks = population()
    assert [len(one) for one in networks] == [1] * 5
    same([*networks][3], networks[3])


@pytest.mark.parametrize(
    "index",
    [5, -6, [0, 5], 1.0, "a", None, True, np.True_, (0, 1), [1.5], [[0, 1], [2, 3]], [True, False]],
)
def test_networks_that_are_not_there_cannot_be_chosen(index):
    with pytest.raises(IndexError):
        population()[index]


@pytest.mark.parametrize("index", [[], slice(2, 2), slice(5, 9), np.zeros(5, bool)])
def test_a_population_is_never_empty(index):
    with pytest.raises(ValueError, match="no network is left in this selection"):
        population()[index]


# --- predictions ----------------------------------------------------------------------------------


def by_hand(networks, link=lambda z: z):
    """What a relu network with one hidden layer says."""
    (w1, w2), (b1, b2) = networks.weights, networks.biases
    hidden = np.maximum(X @ w1 + b1[:, None], 0.0)
    return link(hidden @ w2 + b2[:, None])


def softmax(z):
    return np.exp(z) / np.exp(z).sum(axis=2, keepdims=True)


LINKS = {
    "mse": lambda z: z,
    "quantile": lambda z: z,
    "binary_cross_entropy": lambda z: 1.0 / (1.0 + np.exp(-z)),
    "cross_entropy": softmax,
}


@pytest.mark.parametrize("device", ["reference", "cpu"])
@pytest.mark.parametrize("loss", LINKS)
def test_predictions_are_those_of_the_formula(loss, device):
    networks = population(mlp=bp.MLP((3, 4, 2), loss=loss))
    predictions = networks.predict(X, device=device)
    assert predictions.shape == (5, 10, 2)
    assert_allclose(predictions, by_hand(networks, LINKS[loss]), rtol=1e-4, atol=1e-6)
    if loss == "cross_entropy":
        assert_allclose(predictions.sum(axis=2), 1.0, rtol=1e-6)


@pytest.mark.parametrize("device", ["reference", "cpu"])
def test_probabilities_do_not_overflow(device):
    for loss in ("cross_entropy", "binary_cross_entropy"):
        networks = population(mlp=bp.MLP((3, 4, 2), loss=loss))
        networks.parameters *= 1e4
        predictions = networks.predict(X, device=device)
        assert ((predictions >= 0.0) & (predictions <= 1.0)).all()


def test_predictions_take_any_number_of_samples_and_change_nothing():
    networks = population()
    whole = networks.predict(X)
    assert_allclose(networks.predict(X[:1]), whole[:, :1], rtol=1e-6)
    assert_allclose(networks.predict(np.repeat(X, 100, axis=0))[:, ::100], whole, rtol=1e-6)
    same(networks, population())


@pytest.mark.parametrize(
    ("inputs", "device", "error", "words"),
    [
        (X[:, :2], "auto", ValueError, r"X has shape \(10, 2\), expected \(samples, 3\)"),
        (X[0], "auto", ValueError, r"X has shape \(3,\), expected \(samples, 3\)"),
        (X[:0], "auto", ValueError, "X has no rows"),
        (X * np.nan, "auto", ValueError, r"X has NaN or infinity, first at \(0, 0\)"),
        ("abc", "auto", TypeError, "X must be an array of numbers, got 'abc'"),
        (X, "gpu", ValueError, "device='gpu' is not known: choose from auto, cpu, cuda, reference"),
        (X, "cuda", bp.DeviceError, "'cuda' cannot be used"),
    ],
)
def test_bad_inputs_of_predictions_are_refused_in_words(inputs, device, error, words):
    if device == "cuda" and bp.devices()["cuda"].startswith("usable"):
        pytest.skip("a GPU is here")
    with pytest.raises(error, match=words):
        population().predict(inputs, device=device)


def test_predictions_that_cannot_fit_are_refused(monkeypatch):
    networks = population()
    monkeypatch.setattr(memory, "free_memory", lambda: memory.ALWAYS_FREE)
    many = np.broadcast_to(X[:1], (memory.ALWAYS_FREE, X.shape[1]))
    with pytest.raises(MemoryError, match="predictions of 5 networks take"):
        networks.predict(many)


# --- the best -------------------------------------------------------------------------------------


def test_best_networks_come_in_the_order_of_their_scores():
    networks = population(6)
    history = bp.fit(
        networks, X, Y, bp.SGD(learning_rate=[0.1, 0, 0.01, 1e-3, 1e9, 0.05]), epochs=3
    )
    order = np.argsort(history.score())
    assert np.isinf(history.score()[order[-1]])
    same(networks.best(history, k=3), networks[order[:3]])
    same(networks.best(history), networks[order[0]])
    same(networks.best(history, k=6), networks[order])


@pytest.mark.parametrize(
    ("k", "error", "words"),
    [
        (0, ValueError, "k must be at least 1, got 0"),
        (6, ValueError, "k must be at most 5, got 6"),
        (1.0, TypeError, "k must be an integer, got 1.0"),
        (True, TypeError, "k must be an integer"),
    ],
)
def test_bad_numbers_of_best_are_refused_in_words(k, error, words):
    networks = population()
    history = bp.fit(networks, X, Y, bp.SGD(), epochs=1, device="reference")
    with pytest.raises(error, match=words):
        networks.best(history, k)
    with pytest.raises(ValueError, match="the history is of 5 networks, the population has 2"):
        networks[:2].best(history)
