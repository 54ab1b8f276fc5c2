"""Initial parameters: their spread, and what they depend on."""

import numpy as np
import pytest
from z_scores import Z_LIMIT, moments_z

import bpfast as bp

D_IN, D_OUT = 30, 20
VARIANCES = {
    "he_uniform": 2 / D_IN,
    "he_normal": 2 / D_IN,
    "glorot_uniform": 2 / (D_IN + D_OUT),
    "glorot_normal": 2 / (D_IN + D_OUT),
    "torch": 1 / (3 * D_IN),
}


@pytest.mark.parametrize("init", VARIANCES)
def test_parameters_have_the_variance_of_their_initializer(init):
    mlp = bp.MLP((D_IN, D_OUT, 1), loss="mse")
    population = bp.Population(mlp, n=200, init=init, dtype="float64")
    weights, biases = population.weights[0], population.biases[0]
    assert max(map(abs, moments_z(weights, VARIANCES[init]))) < Z_LIMIT
    bound = np.sqrt(3 * VARIANCES[init])
    if init.endswith("normal"):
        assert np.abs(weights).max() > bound
    else:
        assert 0.999 * bound < np.abs(weights).max() <= bound
    if init == "torch":
        assert max(map(abs, moments_z(biases, VARIANCES[init]))) < Z_LIMIT
        assert 0.99 * bound < np.abs(biases).max() <= bound
    else:
        assert not biases.any()


def test_zeros():
    assert not bp.Population(bp.MLP((3, 4, 2)), n=5, init="zeros").parameters.any()


@pytest.mark.parametrize(
    ("activation", "expected"),
    [("relu", "he_uniform"), ("gelu", "he_uniform"), ("tanh", "glorot_uniform")],
)
def test_auto_follows_the_activation(activation, expected):
    mlp = bp.MLP((5, 7, 3), activation=activation)
    auto, named = (bp.Population(mlp, 4, init=init) for init in ("auto", expected))
    np.testing.assert_array_equal(auto.weights[0], named.weights[0])
    last = bp.Population(mlp, 4, init="glorot_uniform").weights[1]
    np.testing.assert_array_equal(auto.weights[1], last)


@pytest.mark.parametrize("init", [*VARIANCES, "auto"])
def test_a_network_starts_the_same_whatever_n_is(init, monkeypatch):
    # parts end in the midst of the few, which one thread draws, and several the many
    monkeypatch.setattr("bpfast.training.initializers.CHUNK", 700)
    monkeypatch.setattr("bpfast.training.initializers.SHARED_CHUNK", 1000)
    monkeypatch.setattr("bpfast.training.dispatch.concurrent_fits", lambda device: 3)
    mlp = bp.MLP((3, 4, 2))
    many, few = (bp.Population(mlp, n, seed=3, init=init) for n in (1000, 37))
    np.testing.assert_array_equal(many.parameters[:37], few.parameters)
    np.testing.assert_array_equal(many.seeds[:37], few.seeds)
    assert len(np.unique(many.parameters[:, :12], axis=0)) == 1000


@pytest.mark.parametrize("init", ["he_uniform", "he_normal", "torch"])
def test_a_wide_layer_is_drawn_in_parts(init, monkeypatch):
    monkeypatch.setattr("bpfast.training.initializers.CHUNK", 50)
    mlp = bp.MLP((17, 13, 60), bias=init == "torch")
    in_parts = bp.Population(mlp, 3, init=init)
    monkeypatch.undo()
    np.testing.assert_array_equal(in_parts.parameters, bp.Population(mlp, 3, init=init).parameters)


def test_layers_weights_and_networks_are_independent():
    mlp = bp.MLP((20, 20, 20), activation="tanh", bias=False)
    weights = np.stack(bp.Population(mlp, n=100, dtype="float64").weights, axis=1)
    weights = (weights / weights.std()).reshape(100, 2, 400)
    pairs = [
        (weights[:, 0], weights[:, 1]),
        (weights[1:], weights[:-1]),
        (weights[..., 1:], weights[..., :-1]),
    ]
    for a, b in pairs:
        assert abs((a * b).mean() * np.sqrt(a.size)) < Z_LIMIT


def test_another_seed_is_another_population():
    mlp = bp.MLP((3, 4, 2))
    first, second = (bp.Population(mlp, 10, seed=seed).parameters[:, :12] for seed in (0, 1))
    assert not np.intersect1d(first, second).size


@pytest.mark.parametrize("init", ["zeros", "glorot_normal", "he_uniform", "auto"])
def test_biases_start_at_zero(init):
    networks = bp.Population(bp.MLP((3, 4, 2)), 5, init=init)
    assert not any(biases.any() for biases in networks.biases)
    assert all(weights.any() == (init != "zeros") for weights in networks.weights)
