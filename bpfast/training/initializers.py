"""The parameters that networks start with, drawn from each network's own seed."""

from __future__ import annotations

import numpy as np

from ..kernels import counter
from ..kernels.tables import ACTIVATIONS
from .layers import layer_views
from .network import MLP

INITIALIZERS = (
    "auto",
    "glorot_uniform",
    "glorot_normal",
    "he_uniform",
    "he_normal",
    "torch",
    "zeros",
)
CHUNK = 1 << 20  # parameters drawn at a time: bounds the memory that hashing takes


def initialize(mlp: MLP, parameters: np.ndarray, seeds: np.ndarray, init: str) -> None:
    """Fill (n, P) parameters by an initialiser; a row depends on its network's seed alone."""
    parameters[...] = 0.0
    if init == "zeros":
        return
    step = max(1, CHUNK // mlp.n_parameters)
    for start in range(0, len(parameters), step):
        rows = slice(start, start + step)
        for layer, (weights, biases) in enumerate(layer_views(mlp, parameters[rows])):
            name = init
            if init == "auto":
                name = ACTIVATIONS[(*mlp.activations, "identity")[layer]].init
            _fill(weights, biases, counter.branch(seeds[rows], layer), name)


def _fill(weights: np.ndarray, biases: np.ndarray | None, keys: np.ndarray, name: str) -> None:
    n, d_in, d_out = weights.shape
    variance = {"he": 2.0 / d_in, "glorot": 2.0 / (d_in + d_out), "torch": 1.0 / (3.0 * d_in)}
    deviation = np.sqrt(variance[name.split("_")[0]])
    draw = counter.normal if name.endswith("normal") else _uniform
    weights[...] = draw(keys, 0, d_in * d_out).reshape(n, d_in, d_out) * deviation
    if name == "torch" and biases is not None:
        biases[...] = _uniform(keys, d_in * d_out, (d_in + 1) * d_out) * deviation


def _uniform(keys: np.ndarray, start: int, stop: int) -> np.ndarray:
    """Uniform numbers of mean 0 and variance 1."""
    return (2.0 * counter.uniform(keys, start, stop) - 1.0) * np.sqrt(3.0)
