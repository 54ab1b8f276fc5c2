"""Initial parameters: their spread, and what they depend on."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal

import bpfast as bp
from bpfast.training import initializers

MLP = bp.MLP((30, 50, 20, 1), ("relu", "tanh"))


def population(n=5, **options):
    return bp.Population(MLP, n, **options)


@pytest.mark.parametrize("init", ["zeros", "glorot_normal", "he_uniform", "auto"])
def test_biases_start_at_zero(init):
    networks = population(init=init)
    assert not any(biases.any() for biases in networks.biases)
    assert all(weights.any() == (init != "zeros") for weights in networks.weights)


@pytest.mark.parametrize(
    ("init", "variances"),
    [
        ("auto", [2 / 30, 2 / 70]),
        ("glorot_uniform", [2 / 80, 2 / 70]),
        ("glorot_normal", [2 / 80, 2 / 70]),
        ("he_uniform", [2 / 30, 2 / 50]),
        ("he_normal", [2 / 30, 2 / 50]),
        ("torch", [1 / 90, 1 / 150]),
    ],
)
def test_weights_have_the_variance_of_their_initializer(init, variances):
    networks = population(40, init=init, dtype="float64")
    for weights, variance in zip(networks.weights, variances, strict=False):
        assert abs(weights.mean()) < 0.02 * np.sqrt(variance)
        np.testing.assert_allclose(weights.var(), variance, rtol=0.02)
    bound = np.sqrt(3 * variances[0])
    assert (np.abs(networks.weights[0]).max() < bound) != init.endswith("normal")


def test_parameters_do_not_depend_on_how_many_are_drawn_at_a_time(monkeypatch):
    expected = population(init="torch").parameters
    monkeypatch.setattr(initializers, "CHUNK", 2 * MLP.n_parameters)
    assert_array_equal(population(init="torch").parameters, expected)
