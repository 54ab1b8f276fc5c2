"""Fits by the large batch, of which tests of its parts ask the same."""

import numpy as np
from numpy.testing import assert_array_equal

import bpfast as bp

RNG = np.random.default_rng(5)
X, Y = RNG.normal(size=(11, 3)), RNG.normal(size=(11, 2))
FOLDS = [np.arange(11), np.arange(3, 9)]
N = 3
RATES = np.geomspace(0.01, 0.1, N)


def trained(networks=range(N), epochs=1):
    """Everything that a training of some networks comes to."""
    networks = list(networks)
    population = bp.Population(bp.MLP((3, 4, 2), "tanh", "mse"), N, init="torch")[networks]
    history = bp.fit(
        population,
        X,
        Y,
        bp.Adam(learning_rate=RATES[networks], clip_norm=1.0),
        batch_size=4,
        rows=(FOLDS, np.array([0, 1, 0])[networks]),
        dropout=0.2,
        validation=(X[:5], Y[:5]),
        progress=False,
        epochs=epochs,
    )
    return population.parameters, history.loss, history.validation_loss


def assert_same(some, others, networks=slice(None)):
    for one, other in zip(some, others, strict=True):
        assert_array_equal(one, other[networks])


def training(n=4, **options):
    """A training that has not begun; it scores one epoch of four."""
    population = bp.Population(bp.MLP((3, 4, 2), "tanh", "mse"), n, init="torch")
    options = {"epochs": 4, "batch_size": 4, "record": 4, "device": "cuda"} | options
    return bp.Training(population, X, Y, bp.Adam(), validation=(X[:5], Y[:5]), **options)
