"""The parameters that networks start with, drawn from each network's own seed."""

from __future__ import annotations

from collections import deque
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from ..kernels import counter
from ..kernels.tables import ACTIVATIONS
from . import dispatch
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
# Numbers drawn at a time: by one thread so many that they stay in its cache; by several, so many
# that each computes for longer than it takes to hand Python's lock to another.
CHUNK, SHARED_CHUNK = 1 << 15, 1 << 17


def initialize(mlp: MLP, parameters: np.ndarray, seeds: np.ndarray, init: str) -> None:
    """Fill (n, P) parameters by an initialiser; a row depends on its network's seed alone."""
    if init == "zeros":
        parameters[...] = 0.0
        return
    threads = dispatch.concurrent_fits("cpu") if parameters.size > 2 * SHARED_CHUNK else 1
    chunk = min(parameters.size, CHUNK if threads == 1 else SHARED_CHUNK)
    step = max(1, chunk // mlp.n_parameters)

    def fill(first: int) -> None:
        memory = np.empty((2, 2 * max(chunk, *mlp.layers)), np.uint64)
        for start in range(first, len(parameters), threads * step):
            rows = slice(start, start + step)
            _fill_networks(mlp, parameters[rows], seeds[rows], init, memory)

    if threads == 1:
        fill(0)
        return
    with ThreadPoolExecutor(threads) as pool:  # NumPy lets others run while it computes
        deque(pool.map(fill, range(0, threads * step, step)), maxlen=0)


def _fill_networks(
    mlp: MLP, parameters: np.ndarray, seeds: np.ndarray, init: str, memory: np.ndarray
) -> None:
    parameters[...] = 0.0  # by the thread that goes on: the first touch of a page takes the longest
    activations = (*mlp.activations, "identity")
    for layer, (weights, biases) in enumerate(layer_views(mlp, parameters)):
        name = ACTIVATIONS[activations[layer]].init if init == "auto" else init
        _fill_layer(weights, biases, counter.branch(seeds, layer), name, memory)


def _fill_layer(
    weights: np.ndarray,
    biases: np.ndarray | None,
    keys: np.ndarray,
    name: str,
    memory: np.ndarray,
) -> None:
    n, d_in, d_out = weights.shape
    variance = {"he": 2.0 / d_in, "glorot": 2.0 / (d_in + d_out), "torch": 1.0 / (3.0 * d_in)}
    deviation = np.sqrt(variance[name.split("_")[0]])
    draw = counter.normal if name.endswith("normal") else _uniform
    inputs = memory.shape[1] // (2 * n * d_out)  # whose weights fit into the memory at once
    for first in range(0, d_in, inputs):
        some = weights[:, first : first + inputs]
        numbers = draw(keys, first * d_out, (first + some.shape[1]) * d_out, memory)
        np.multiply(numbers.reshape(some.shape), deviation, out=some, casting="same_kind")
    if name == "torch" and biases is not None:
        biases[...] = _uniform(keys, d_in * d_out, (d_in + 1) * d_out, memory) * deviation


def _uniform(keys: np.ndarray, start: int, stop: int, memory: np.ndarray) -> np.ndarray:
    """Uniform numbers of mean 0 and variance 1."""
    numbers = counter.uniform(keys, start, stop, memory)
    numbers *= 2.0
    numbers -= 1.0
    numbers *= np.sqrt(3.0)
    return numbers
