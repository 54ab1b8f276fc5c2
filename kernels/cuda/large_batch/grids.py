"""Grids of threads for kernels over elements, over rows, and with a block for each sum."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .. import compile, device

# The simulator's threads are Python's: a few show what there is to show.
SUM_THREADS = 2 if device.simulated() else 256
THREADS, ROWS, COLUMNS = (2, 1, 2) if device.simulated() else (256, 8, 32)
MOST_BLOCKS = 2 if device.simulated() else 1 << 15  # that step over what is left
NORM_BLOCKS = 2 if device.simulated() else 64  # for the sums of one network's gradient
ACROSS = 1 << 15  # the most that grids have side by side in their second and third directions


def kernel(function: Callable) -> Any:
    """A kernel for one of these grids."""
    return compile.kernel(function, max(THREADS, SUM_THREADS), 2)


def over_elements(kernel: Any, elements: int, *arguments: Any, slots: int = 1) -> None:
    """Launch a kernel with a thread for each element, of each of some slots."""
    compile.launch(kernel, (_blocks(elements, THREADS), slots), THREADS, 0, *arguments)


def over_rows(kernel: Any, rows: int, *arguments: Any, folds: int = 1) -> None:
    """Launch a kernel with some threads for each row, side by side along it."""
    grid = _blocks(rows, ROWS), min(folds, ACROSS)
    compile.launch(kernel, grid, (COLUMNS, ROWS), 0, *arguments)


def over_sums(kernel: Any, count: int, *arguments: Any, across: int = 1) -> None:
    """Launch a kernel with a block for each of some sums."""
    compile.launch(kernel, (count, min(across, ACROSS)), SUM_THREADS, 0, *arguments)


def _blocks(work: int, size: int) -> int:
    return max(1, min(MOST_BLOCKS, -(-work // size)))
