"""Weights and biases of each layer: given arrays, and views that write through."""

import numpy as np
import pytest
from fits import same
from numpy.testing import assert_array_equal

import bpfast as bp
from bpfast.training.layers import Views, layer_views

MLP = bp.MLP((3, 4, 2))
RNG = np.random.default_rng(0)
WEIGHTS = [RNG.normal(size=(5, 3, 4)), RNG.normal(size=(5, 4, 2))]
BIASES = [RNG.normal(size=(5, 4)), RNG.normal(size=(5, 2))]


def from_arrays(**changes):
    arguments = {"mlp": MLP, "weights": WEIGHTS, "biases": BIASES, "dtype": "float64"}
    return bp.Population.from_arrays(**arguments | changes)


def test_given_arrays_are_taken_as_they_are():
    networks = from_arrays()
    for given, taken in zip(WEIGHTS + BIASES, [*networks.weights, *networks.biases], strict=True):
        assert_array_equal(given, taken)
        assert not np.shares_memory(given, taken)
    assert_array_equal(networks.seeds, bp.Population(MLP, 5).seeds)


def test_given_arrays_without_biases_have_zeros():
    assert not np.concatenate(from_arrays(biases=()).biases, axis=1).any()
    assert not len(from_arrays(mlp=bp.MLP((3, 4, 2), bias=False), biases=()).biases)


def test_arrays_of_one_network_are_enough():
    networks = from_arrays(weights=[w[0] for w in WEIGHTS], biases=[b[0] for b in BIASES])
    same(networks, from_arrays()[0])


def test_layers_can_be_shared_by_all_networks():
    networks = from_arrays(weights=[WEIGHTS[0][0], WEIGHTS[1]], biases=[BIASES[0], BIASES[1][:1]])
    assert len(networks) == 5
    assert_array_equal(networks.weights[0], np.broadcast_to(WEIGHTS[0][0], (5, 3, 4)))
    assert_array_equal(networks.biases[1], np.broadcast_to(BIASES[1][0], (5, 2)))


def test_lists_and_integers_are_numbers_too():
    mlp = bp.MLP((2, 1))
    networks = bp.Population.from_arrays(mlp, [[[1], [2]]], np.array([[3]]))
    assert_array_equal(networks.parameters, np.array([[1, 2, 3]], np.float32))


@pytest.mark.parametrize(
    ("changes", "error", "words"),
    [
        ({"mlp": 5}, TypeError, "mlp must be a bpfast.MLP, got int"),
        ({"weights": None}, TypeError, "weights must be a sequence of arrays"),
        ({"weights": "ab"}, TypeError, "weights must be a sequence of arrays"),
        ({"weights": []}, ValueError, "weights has 0 arrays for 2 layers"),
        ({"weights": WEIGHTS[:1]}, ValueError, "weights has 1 arrays for 2 layers"),
        (
            {"weights": WEIGHTS[::-1]},
            ValueError,
            r"\[0\] has shape \(5, 4, 2\), expected \(n,",
        ),
        (
            {"weights": [WEIGHTS[0][None], WEIGHTS[1]]},
            ValueError,
            r"has shape \(1, 5, 3, 4\)",
        ),
        ({"weights": [1.0, 2.0]}, ValueError, r"weights\[0\] has shape \(\), expected \(n, 3, 4\)"),
        ({"weights": [WEIGHTS[0][:2], WEIGHTS[1]]}, ValueError, r"numbers of networks: \[2, 5\]"),
        ({"weights": [w[:0] for w in WEIGHTS], "biases": ()}, ValueError, "n must be at least 1"),
        (
            {"weights": [WEIGHTS[0], [["a"]]]},
            TypeError,
            r"weights\[1\] must be an array of",
        ),
        ({"weights": [WEIGHTS[0] * 1j, WEIGHTS[1]]}, TypeError, "got dtype complex128"),
        ({"weights": [WEIGHTS[0] * np.nan, WEIGHTS[1]]}, ValueError, r"weights\[0\] has NaN"),
        ({"weights": [WEIGHTS[0] * 1e300, WEIGHTS[1]], "dtype": "float32"}, ValueError, "infinity"),
        ({"biases": BIASES[:1]}, ValueError, "biases has 1 arrays for 2 layers"),
        ({"biases": BIASES[::-1]}, ValueError, r"\[0\] has shape \(5, 2\), expected \(n, 4\)"),
        ({"biases": [BIASES[0], BIASES[1][:2]]}, ValueError, r"numbers of networks: \[2, 5\]"),
        ({"mlp": bp.MLP((3, 4, 2), bias=False)}, ValueError, "biases were given for .* bias=False"),
        ({"dtype": "int8"}, ValueError, "one of float32, float64, got 'int8'"),
    ],
)
def test_bad_arrays_are_refused_in_words(changes, error, words):
    with pytest.raises(error, match=words):
        from_arrays(**changes)


def test_views_are_of_the_rows_they_are_given():
    rows = np.arange(2 * MLP.n_parameters, dtype=float).reshape(2, -1)
    (first, first_biases), (second, second_biases) = layer_views(MLP, rows)
    assert_array_equal(first[1], rows[1, :12].reshape(3, 4))
    assert_array_equal(first_biases, rows[:, 12:16])
    assert_array_equal(second[0], rows[0, 16:24].reshape(4, 2))
    second_biases[...] = -1.0
    assert_array_equal(rows[:, 24:], -1.0)


def test_assigning_to_a_view_writes_into_it():
    array = np.zeros(3)
    views = Views([array])
    views[0] = 7.0
    assert views[0] is array
    assert_array_equal(array, 7.0)
