"""Memory that kernels work in: one flat array a thread, whose parts are whole vectors."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any

import numpy as np

from ..host import Placed
from ..math import N_COEFFICIENTS, N_HYPERPARAMETERS, N_POWERS
from ..task import Task
from .processor import LANES

CACHE_LINE = 64  # bytes
REPEAT = 8 * LANES  # numbers over which an optimiser's coefficients are repeated
SCRATCH = 3  # rows of a loss's own; with softmax, as many more as there are outputs
MASK = 4 * LANES  # numbers of a mask of dropout, some of them unused in float64

# Rows of the float64 numbers that `functions.prepare` reads and writes once a step.
RATE, HYPERPARAMETERS = 0, 1
POWERS = HYPERPARAMETERS + N_HYPERPARAMETERS
COEFFICIENTS = POWERS + N_POWERS
OPTIMIZER_ROWS = COEFFICIENTS + N_COEFFICIENTS


class Arena:
    """Reserves parts of an array one after the other, each from the beginning of a vector on."""

    def __init__(self) -> None:
        self.size = 0

    def reserve(self, size: int) -> int:
        """Where a part of so many numbers begins."""
        start = self.size
        self.size += round_up(size)
        return start


def round_up(size: int) -> int:
    """The next multiple of a vector's length."""
    return -(-size // LANES) * LANES


def zeros(size: int, dtype) -> np.ndarray:
    """Zeros that begin with a cache line, so that no vector lies across two."""
    dtype = np.dtype(dtype)
    array = np.zeros(size + CACHE_LINE // dtype.itemsize, dtype)
    start = -array.__array_interface__["data"][0] % CACHE_LINE // dtype.itemsize
    return array[start : start + size]


def kept(task: Task, name: Hashable, make: Callable[[], Any]) -> Any:
    """What the first call for a task has made under a name, for later calls."""
    known = task.kept if isinstance(task, Placed) else {}
    if name not in known:
        known[name] = make()
    return known[name]
