"""The kernel: one for each architecture and set of functions."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
from numba import cuda

from ...math import N_COEFFICIENTS, N_POWERS
from ...task import Network
from ..compile import device_function, kernel
from ..functions import Functions
from .epochs import run_epochs_of
from .layout import THREADS, Registers


@cache
def train_kernel(network: Network, spec: Functions, target_width: int) -> Any:
    """The kernel that trains networks of one architecture with some functions."""
    real = np.dtype(spec.dtype)
    size, values = network.n_parameters, sum(network.layers)
    run_epochs = run_epochs_of(network, spec, target_width)
    load, store = _load_of(network, spec), _store_of(network, spec)

    def train_thread(args, rows):
        first = args.networks[cuda.blockIdx.x * THREADS]
        if first < 0:
            return
        trains = args.networks[cuda.grid(1)] >= 0
        i = args.networks[cuda.grid(1)] if trains else first
        net = Registers(
            cuda.local.array(size, real), cuda.local.array(size, real),
            cuda.local.array(size, real), cuda.local.array(size, real),
            cuda.local.array(values, real), cuda.local.array(values, real),
            cuda.local.array(N_POWERS, np.float64), cuda.local.array(N_COEFFICIENTS, real),
            cuda.shared.array(0, real), rows,
        )  # fmt: skip
        load(net, args.memory, i)
        run_epochs(args, net, i, trains, trains)
        if trains:
            store(net, args.memory, i)

    return kernel(train_thread, THREADS, 1)


def _load_of(network: Network, spec: Functions) -> Callable:
    """``load(net, memory, i)``: network i's numbers come into registers."""
    size, states, has_powers = network.n_parameters, spec.rule.states, spec.rule.powers

    @device_function
    def load(net, memory, i):
        row, moments = memory.parameters[i], memory.moments[i]
        for q in range(size):
            net.w[q] = row[np.uint64(q)]
            if states > 0:
                net.m[q] = moments[np.uint64(q)]
            if states > 1:
                net.v[q] = moments[np.uint64(row.shape[0] + q)]
        for k in range(N_POWERS):
            net.powers[k] = memory.powers[i, k] if has_powers else 1.0

    return load


def _store_of(network: Network, spec: Functions) -> Callable:
    """``store(net, memory, i)``: network i's numbers go back to where they came from."""
    size, states, has_powers = network.n_parameters, spec.rule.states, spec.rule.powers

    @device_function
    def store(net, memory, i):
        row, moments = memory.parameters[i], memory.moments[i]
        for q in range(size):
            row[np.uint64(q)] = net.w[q]
            if states > 0:
                moments[np.uint64(q)] = net.m[q]
            if states > 1:
                moments[np.uint64(row.shape[0] + q)] = net.v[q]
        if has_powers:
            for k in range(N_POWERS):
                memory.powers[i, k] = net.powers[k]

    return store
