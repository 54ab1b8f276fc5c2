"""Small networks and samples, and fits by the reference."""

from functools import partial

import numpy as np

import bpfast as bp
from bpfast.kernels.tables import LOSSES

fit = partial(bp.fit, device="reference", progress=False)
gradients = partial(bp.gradients, device="reference")


def random_population(mlp, n=1, seed=0, scale=1.0):
    population = bp.Population(mlp, n, seed, dtype="float64")
    rng = np.random.default_rng(seed)
    population.parameters[...] = rng.normal(size=population.parameters.shape) * scale
    return population


def copy(population):
    return population[:]


def samples(loss, rows, inputs, outputs, soft=False, seed=1):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(rows, inputs))
    match LOSSES[loss].inverse_link:
        case "softmax" if not soft:
            return X, rng.integers(0, outputs, rows)
        case "softmax" | "sigmoid" | "exp":
            return X, rng.random((rows, outputs))
    return X, rng.normal(size=(rows, outputs))
