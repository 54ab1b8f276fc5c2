"""A thread trains one network: its parameters, gradient and optimiser's state are in registers.

Only constant indices make registers of an array, so a kernel is made for one architecture and all
its loops are unrolled. The networks of a block have one fold: they read samples together, through
shared memory, and go through all epochs in step.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import device, functions
from ..arguments import arguments, handed
from ..compile import launch
from ..resident import OnGpu
from .kernels import train_kernel
from .layout import THREADS, refusal

__all__ = ["THREADS", "networks_by_fold", "refusal", "train", "train_kernel"]

TILE_BYTES = 8 << 10  # of shared memory, for the samples of a few steps


def train(task: OnGpu, networks: Any) -> None:
    """Train some networks of a task on the GPU until they end or stop."""
    dtype, samples = task.state.parameters.dtype, task.samples
    spec = functions.functions(task.network, task.optimizer.rule, dtype.name)
    targets = samples.targets.shape[1]
    row_bytes = (task.network.layers[0] + targets + 1) * dtype.itemsize
    rows = max(1, min(task.order.shape[1], TILE_BYTES // row_bytes))
    of_threads = networks_by_fold(task.fold, networks, len(task.fold_start) - 1)
    launch(
        train_kernel(task.network, spec, targets),
        len(of_threads) // THREADS,
        THREADS,
        rows * row_bytes,
        arguments(task, networks)._replace(networks=handed(of_threads)),
        rows,
    )


def networks_by_fold(fold: Any, networks: Any, folds: int) -> Any:
    """Each thread's network, or -1: those of a block have one fold, and blocks of -1 come last.

    How many blocks there are can be told without a look at the folds, which lie on the GPU.
    """
    xp, count = device.array_module(), len(networks)
    blocks = -(-count // THREADS) + (folds if folds > 1 else 0)
    of_threads = xp.full(blocks * THREADS, -1, np.int64)
    if folds == 1:
        of_threads[:count] = networks
        return of_threads
    own = fold[networks]
    order = xp.argsort(own, kind="stable")
    own, networks = own[order], networks[order]
    first_network = xp.searchsorted(own, xp.arange(folds + 1))
    blocks_of_fold = -(-xp.diff(first_network) // THREADS)
    first_thread = (xp.cumsum(blocks_of_fold) - blocks_of_fold) * THREADS
    of_threads[first_thread[own] + xp.arange(count) - first_network[own]] = networks
    return of_threads
