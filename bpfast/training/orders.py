"""The order in which rows are trained on, epoch by epoch."""

from __future__ import annotations

import sys
from collections.abc import Callable

import numpy as np

from ..kernels import counter
from ..kernels.task import Shuffle

ORDER_ROWS = 1 << 21  # row numbers kept at a time


class Shuffled:
    """Counter-based shuffles of every fold, or the folds as they are.

    Parameters
    ----------
    folds : rows of each fold
    shuffle : whether there is a new order in every epoch; a batch that holds all rows keeps them
    seed, batch_size : int
    """

    def __init__(self, folds: list[np.ndarray], shuffle: bool, seed: int, batch_size: int) -> None:
        self.folds, self.seed = folds, seed
        self.shuffled = tuple(shuffle and batch_size < len(rows) for rows in folds)
        self.size = sum(map(len, folds))

    @property
    def longest(self) -> int:
        """How many epochs may share one array."""
        return max(1, ORDER_ROWS // self.size) if any(self.shuffled) else sys.maxsize

    @property
    def shuffle(self) -> Shuffle:
        """The same for a device that makes orders by itself."""
        return Shuffle(self.seed, self.shuffled, self.longest)

    def rows(self) -> np.ndarray:
        """(1, rows): every fold's rows as they are, one fold after the other."""
        return np.concatenate(self.folds)[None]

    def of(self, first: int, epochs: int) -> np.ndarray:
        """(epochs or 1, rows): one row of numbers where no epoch differs from another."""
        numbers = np.arange(first, first + (epochs if any(self.shuffled) else 1))
        parts = [self._fold(k, numbers) for k in range(len(self.folds))]
        return parts[0] if len(parts) == 1 else np.concatenate(parts, axis=1)

    def _fold(self, k: int, epochs: np.ndarray) -> np.ndarray:
        rows = self.folds[k]
        if not self.shuffled[k]:
            return np.broadcast_to(rows, (len(epochs), len(rows)))
        return rows[counter.permutations(self.seed, epochs, k, len(rows))]


class Given:
    """Orders that somebody else makes.

    Parameters
    ----------
    orders : called with the first epoch, from 0, and a number of epochs; returns row numbers,
        (epochs, rows), those of every fold one after the other
    size : rows of all folds together
    samples : rows that there are
    """

    def __init__(self, orders: Callable[[int, int], np.ndarray], size: int, samples: int) -> None:
        if not callable(orders):
            raise TypeError(f"orders must be called with (first_epoch, epochs), got {orders!r}")
        self.orders, self.size, self.samples = orders, size, samples

    shuffle = None  # no device can make them by itself

    @property
    def longest(self) -> int:
        """How many epochs may share one array."""
        return max(1, ORDER_ROWS // self.size)

    def rows(self) -> np.ndarray:
        """(1, 0): orders come as they are asked for."""
        return np.zeros((1, 0), np.int64)

    def of(self, first: int, epochs: int) -> np.ndarray:
        """(epochs, rows) int64, checked."""
        order = np.asarray(self.orders(first, epochs))
        if order.dtype.kind not in "iu":
            raise TypeError(f"orders must be row numbers, got dtype {order.dtype}")
        if order.shape != (epochs, self.size):
            raise ValueError(
                f"orders have shape {order.shape}, expected {(epochs, self.size)}: every row of "
                f"every fold, for {epochs} epochs"
            )
        low, high = order.min(), order.max()
        if low < 0 or high >= self.samples:
            raise ValueError(
                f"orders have row numbers from {low} to {high}, X has rows 0 to {self.samples - 1}"
            )
        return order.astype(np.int64, copy=False)
