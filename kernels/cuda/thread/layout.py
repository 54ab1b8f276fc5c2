"""Where a network's numbers lie: in arrays of one thread, which the compiler turns into registers.

Only constant indices make registers of an array: each layer's are constants of its kernel.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from ...tables import OPTIMIZERS
from ...task import Network, layer_slices
from .. import device

# The simulator's threads are Python's: a few show what there is to show. Not tuned on a GPU yet.
THREADS = 3 if device.simulated() else 128
REGISTERS = 128  # for a network's numbers; a thread has 255, and all else takes up to 127


def refusal(network: Network, rule: str, dtype: str, limits: device.Properties) -> str:
    """Why a thread cannot train such a network; empty where it can."""
    sets = 2 + OPTIMIZERS[rule].states  # parameters, gradient and moments
    numbers = sets * network.n_parameters + 2 * sum(network.layers)
    needed = numbers * np.dtype(dtype).itemsize // 4
    if needed <= REGISTERS:
        return ""
    return f"its numbers take {needed} registers, and a thread can spare {REGISTERS}"


class Registers(NamedTuple):
    """A thread's arrays, and the block's tile of samples.

    Attributes
    ----------
    w, g : parameters and gradient
    m, v : first and second moments
    a, d : each layer's values, and the slopes by what went into its activation
    powers, coefficients : of the optimiser's rule, in this step
    tile : a few samples in shared memory
    rows : how many samples the tile has room for
    """

    w: Any
    g: Any
    m: Any
    v: Any
    a: Any
    d: Any
    powers: Any
    coefficients: Any
    tile: Any
    rows: Any


class Layer:
    """A layer's sizes, and where its numbers begin: weights and biases, values in and out."""

    def __init__(self, network: Network, layer: int) -> None:
        self.d_in, self.d_out = network.layers[layer], network.layers[layer + 1]
        self.weights = layer_slices(network.layers, network.bias)[layer].start
        self.biases = self.weights + self.d_in * self.d_out
        self.values_in = sum(network.layers[:layer])
        self.values_out = self.values_in + self.d_in
