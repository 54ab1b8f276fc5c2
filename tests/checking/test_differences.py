"""Finite differences, beside derivatives that are known."""

import numpy as np
import pytest

import bpfast as bp
from bpfast.checking.differences import STEP, central_differences, gradient_rows, neighbours


@pytest.fixture
def population():
    """Two networks of 2 x 3 parameters."""
    return bp.Population(bp.MLP((2, 3), bias=False), 2, seed=0, dtype="float64")


def squares(networks):
    return (networks.parameters**2).sum(axis=1)


def test_neighbours_are_a_step_ahead_and_behind(population):
    directions = np.eye(2, 6)
    ahead, behind = neighbours(lambda networks: networks.parameters, population, directions)
    np.testing.assert_array_equal(ahead, population.parameters + STEP * directions)
    np.testing.assert_array_equal(behind, population.parameters - STEP * directions)


def test_central_differences_are_derivatives_along_directions(population):
    directions = np.random.default_rng(0).normal(size=(2, 6))
    expected = (2 * population.parameters * directions).sum(axis=1)
    found = central_differences(squares, population, directions)
    np.testing.assert_allclose(found, expected, rtol=1e-8)


@pytest.mark.parametrize("bias", [True, False])
def test_gradients_come_in_the_order_of_parameters(bias):
    population = bp.Population(bp.MLP((2, 3, 1), "tanh", bias=bias), 2, dtype="float64")
    X, y = np.random.default_rng(1).normal(size=(2, 5, 2))
    y = y[:, :1]
    rows = gradient_rows(population, X, y, device="reference")

    def losses(networks):
        return bp.gradients(networks, X, y, device="reference")[0]

    for column in range(population.mlp.n_parameters):
        directions = np.zeros_like(rows)
        directions[:, column] = 1.0
        found = central_differences(losses, population, directions)
        np.testing.assert_allclose(rows[:, column], found, rtol=1e-6, atol=1e-9)
