"""What the kernels of all devices are handed alike, as parts of a device's own arguments."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from .math import N_HYPERPARAMETERS
from .tables import LOSSES, OPTIMIZERS
from .task import Network, Optimizer, Samples, Task, distinct


class Stopping(NamedTuple):
    """When networks stop, and where it is written down."""

    tol: Any
    patience: Any
    status: Any
    epochs_run: Any
    best: Any
    best_epoch: Any
    losses: Any
    validation_losses: Any
    penalties: Any


class Dropout(NamedTuple):
    """Probabilities (n, hidden), or (n, 0) without dropout, and networks' keys."""

    p: Any
    keys: Any


class Memory(NamedTuple):
    """Networks outside a kernel's own memory; moments may be one row a network."""

    parameters: Any
    moments: Any
    powers: Any
    best_parameters: Any


def own_row(array, i):
    """Where network i's numbers are in an array with a row for each, or one for all."""
    return i if array.shape[0] > 1 else 0


def stopping(task: Task, read: Callable[[Any], Any], written: Callable[[Any], Any]) -> Stopping:
    """When a task's networks stop, and where it is written down.

    A device says how its kernels take arrays with a row for each network or one for all, which they
    read, and the state's arrays, which they write.
    """
    state = task.state
    return Stopping(
        tol=read(task.tol),
        patience=read(task.patience),
        status=written(state.status),
        epochs_run=written(state.epochs_run),
        best=written(state.best),
        best_epoch=written(state.best_epoch),
        losses=written(state.loss),
        validation_losses=written(state.validation_loss),
        penalties=written(state.penalty),
    )


def output_share(network: Network) -> float:
    """1 / outputs for losses that average over outputs, else 1."""
    return 1.0 / network.layers[-1] if LOSSES[network.loss].average else 1.0


def hyperparameters(optimizer: Optimizer, xp: Any = np) -> Any:
    """(n or 1, 5) hyperparameters, with zeros for those that the rule does not have.

    Arrays are those of ``xp``: NumPy, or CuPy.
    """
    given = distinct(optimizer.hyperparameters)
    result = xp.zeros((len(given), N_HYPERPARAMETERS))
    result[:, : len(OPTIMIZERS[optimizer.rule].hyperparameters)] = given
    return result


def no_samples(dtype: Any, xp: Any = np) -> Samples:
    """Samples that are none, in the arrays of NumPy or CuPy."""
    return Samples(*(xp.zeros(shape, dtype) for shape in ((0, 1), (0, 1), (0,))))
