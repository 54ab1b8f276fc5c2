"""Small networks and samples, and short fits of them."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal

import bpfast as bp

RNG = np.random.default_rng(3)
X, Y = RNG.normal(size=(20, 3)), RNG.normal(size=(20, 2))
VALIDATION = RNG.normal(size=(8, 3)), RNG.normal(size=(8, 2))
MLP = bp.MLP((3, 4, 2), activation="tanh")
DEEP = bp.MLP((3, 4, 5, 2), activation="tanh")
HUGE = 1e30  # a learning rate with which a network diverges in its second step

every_device = pytest.mark.parametrize("device", ["reference", "cpu"])


def population(n=4, mlp=MLP, **options):
    return bp.Population(mlp, n, init="torch", **options)


def fit(networks, optimizer=None, **options):
    """A short training with the options given; nothing is shown."""
    optimizer = optimizer or bp.SGD(learning_rate=0.05)
    arguments = {"X": X, "y": Y, "epochs": 6, "batch_size": 8, "device": "cpu", "progress": False}
    return bp.fit(networks, optimizer=optimizer, **arguments | options)


def same(a, b):
    """Both populations hold the same networks."""
    assert a.mlp == b.mlp
    assert a.parameters.dtype == b.parameters.dtype
    assert_array_equal(a.parameters, b.parameters)
    assert_array_equal(a.seeds, b.seeds)
