"""Gradients: their shapes, and that a step goes down them."""

import pytest
from fits import X, Y, every_device, fit, population
from numpy.testing import assert_allclose, assert_array_equal

import bpfast as bp


@every_device
@pytest.mark.parametrize("bias", [True, False])
def test_gradients_have_the_shapes_of_the_parameters(bias, device):
    networks = population(mlp=bp.MLP((3, 4, 2), activation="tanh", bias=bias))
    before = networks.parameters.copy()
    loss, weights, biases = bp.gradients(networks, X, Y, device=device)
    assert loss.shape == (4,)
    assert [w.shape for w in weights] == [w.shape for w in networks.weights]
    assert [b.shape for b in biases] == [b.shape for b in networks.biases]
    assert_array_equal(networks.parameters, before)


@every_device
def test_gradients_are_what_a_step_of_sgd_goes_down(device):
    networks, moved = population(dtype="float64"), population(dtype="float64")
    _, weights, biases = bp.gradients(networks, X, Y, device=device)
    fit(moved, bp.SGD(learning_rate=0.5), epochs=1, batch_size=20, device=device)
    gradients = [*weights, *biases]
    before, after = ([*p.weights, *p.biases] for p in (networks, moved))
    for gradient, then, now in zip(gradients, before, after, strict=True):
        assert_allclose(now, then - 0.5 * gradient, rtol=1e-9, atol=1e-12)
