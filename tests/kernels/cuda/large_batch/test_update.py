"""The step of all slots."""

import numpy as np
import pytest
from large_fits import X, Y
from numpy.testing import assert_array_equal

import bpfast as bp


@pytest.mark.cuda_simulator
@pytest.mark.gpu
@pytest.mark.filterwarnings("ignore:(overflow|invalid value) encountered:RuntimeWarning")
def test_what_is_not_finite_is_taken_back():
    """Parameters are moved first, and those of a network that diverges are moved back."""
    population = bp.Population(bp.MLP((3, 2), loss="half_squared_error"), 3, init="torch")
    before = population.parameters.copy()
    rates = np.array([0.01, 1e39, 0.01])  # infinite in float32
    history = bp.fit(population, X, Y, bp.SGD(learning_rate=rates), epochs=2, progress=False)
    assert_array_equal(history.diverged, [False, True, False])
    assert_array_equal(population.parameters[1], before[1])
    assert (population.parameters[[0, 2]] != before[[0, 2]]).any(axis=1).all()
