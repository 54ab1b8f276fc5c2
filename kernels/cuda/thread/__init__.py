"""A thread trains one network: its parameters, gradient and optimiser's state are in registers.

Only constant indices make registers of an array, so a kernel is made for one architecture and all
its loops are unrolled. The networks of a block have one fold: they read samples together, through
shared memory, and go through all epochs in step.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from numba import cuda

from ...tables import OPTIMIZERS
from ...task import Network
from .. import device, functions
from ..arguments import arguments, handed
from ..compile import kernel, launch
from ..functions import Functions
from ..resident import OnGpu
from .epochs import THREADS, run_epochs_of

TILE_BYTES = 8 << 10  # of shared memory, for the samples of a few steps
REGISTERS = 128  # for a network's numbers; a thread has 255, and all else takes up to 127


def refusal(network: Network, rule: str, dtype: str, limits: device.Properties) -> str:
    """Why a thread cannot train such a network; empty where it can."""
    sets = 2 + OPTIMIZERS[rule].states  # parameters, gradient and moments
    numbers = sets * network.n_parameters + 2 * sum(network.layers)
    needed = numbers * np.dtype(dtype).itemsize // 4
    if needed <= REGISTERS:
        return ""
    return f"its numbers take {needed} registers, and a thread can spare {REGISTERS}"


# --- the kernel -----------------------------------------------------------------------------------


@cache
def train_kernel(network: Network, made: Functions, target_width: int) -> Any:
    """The kernel that trains networks of one architecture with some functions."""
    dtype, states, has_powers = np.dtype(made.dtype), made.rule.states, made.rule.powers
    size, values = network.n_parameters, sum(network.layers)
    run_epochs = run_epochs_of(network, made, target_width)

    def train_thread(args, rows):
        memory, first = args.memory, args.networks[cuda.blockIdx.x * THREADS]
        if first < 0:
            return
        mine = args.networks[cuda.grid(1)] >= 0
        i = args.networks[cuda.grid(1)] if mine else first
        tile = cuda.shared.array(0, dtype)
        w, g = cuda.local.array(size, dtype), cuda.local.array(size, dtype)
        m, v = cuda.local.array(size, dtype), cuda.local.array(size, dtype)
        a, d = cuda.local.array(values, dtype), cuda.local.array(values, dtype)
        row, moments = memory.parameters[i], memory.moments[i]
        stride = row.shape[0]
        for q in range(size):
            w[q] = row[np.uint64(q)]
            if states > 0:
                m[q] = moments[np.uint64(q)]
            if states > 1:
                v[q] = moments[np.uint64(stride + q)]
        powers = 1.0, 1.0
        if has_powers:
            powers = memory.powers[i, 0], memory.powers[i, 1]
        powers = run_epochs(args, (w, g, m, v, a, d), tile, rows, i, mine, powers)
        if not mine:
            return
        for q in range(size):
            row[np.uint64(q)] = w[q]
            if states > 0:
                moments[np.uint64(q)] = m[q]
            if states > 1:
                moments[np.uint64(stride + q)] = v[q]
        if has_powers:
            memory.powers[i, 0], memory.powers[i, 1] = powers

    return kernel(train_thread, THREADS, 1)


# --- what the device is asked for -----------------------------------------------------------------


def train(task: OnGpu, networks: Any) -> None:
    """Train some networks of a task on the GPU until they end or stop."""
    dtype, samples = task.state.parameters.dtype, task.samples
    made = functions.functions(task.network, task.optimizer.rule, dtype.name)
    targets = samples.targets.shape[1]
    row_bytes = (task.network.layers[0] + targets + 1) * dtype.itemsize
    rows = max(1, min(task.order.shape[1], TILE_BYTES // row_bytes))
    places = places_of_one_fold(task.fold, networks, len(task.fold_start) - 1)
    launch(
        train_kernel(task.network, made, targets),
        len(places) // THREADS,
        THREADS,
        rows * row_bytes,
        arguments(task, networks)._replace(networks=handed(places)),
        rows,
    )


def places_of_one_fold(fold: Any, networks: Any, folds: int) -> Any:
    """Networks by fold, each fold filled up with -1 to whole blocks; blocks of -1 at the end.

    Their number is one that can be told without a look at the folds, which lie on the GPU.
    """
    xp, count = device.array_module(), len(networks)
    blocks = -(-count // THREADS) + (folds if folds > 1 else 0)
    places = xp.full(blocks * THREADS, -1, np.int64)
    if folds == 1:
        places[:count] = networks
        return places
    own = fold[networks]
    order = xp.argsort(own, kind="stable")
    own, networks = own[order], networks[order]
    first_network = xp.searchsorted(own, xp.arange(folds + 1))
    blocks_of_fold = -(-xp.diff(first_network) // THREADS)
    first_place = (xp.cumsum(blocks_of_fold) - blocks_of_fold) * THREADS
    places[first_place[own] + xp.arange(count) - first_network[own]] = networks
    return places
