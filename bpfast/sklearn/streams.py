"""The orders in which scikit-learn would train on rows: shuffles by its RandomState."""

from __future__ import annotations

import numpy as np

from .fits import Fit


class Stream:
    """Rows in a new order for every epoch, each a shuffle of the one before.

    Attributes
    ----------
    rows : (r,) row numbers, as the last epoch had them
    random_state : RandomState after that epoch
    """

    def __init__(self, rows: np.ndarray, random_state: np.random.RandomState, shuffle: bool):
        self.rows, self.shuffle = rows, shuffle
        self.random_state = np.random.RandomState()
        self.random_state.set_state(random_state.get_state())

    def advance(self, epochs: int) -> np.ndarray:
        """(epochs, r): the orders of the next epochs."""
        if not self.shuffle:
            return np.broadcast_to(self.rows, (epochs, len(self.rows)))
        orders = np.empty((epochs, len(self.rows)), np.int64)
        for order in orders:
            order[:] = self.rows
            self.random_state.shuffle(order)
            self.rows = order
        return orders


class Streams:
    """The streams of some fits; fits with equal rows and equal random states share one.

    Attributes
    ----------
    folds : list of rows, those of each stream
    fold : (fits,) index of each fit's stream
    """

    def __init__(self, fits: list[Fit]) -> None:
        indices: dict[tuple, int] = {}
        self._streams: list[Stream] = []
        self.fold = np.empty(len(fits), np.int64)
        for k, fit in enumerate(fits):
            rows, shuffle = fit.rows[fit.trained], bool(fit.estimator.shuffle)
            drawn = fit.random_state.get_state(legacy=False)["state"]
            key = (rows.tobytes(), shuffle and (drawn["key"].tobytes(), drawn["pos"]))
            if key not in indices:
                indices[key] = len(indices)
                self._streams.append(Stream(rows, fit.random_state, shuffle))
            self.fold[k] = indices[key]
        self.folds = [stream.rows for stream in self._streams]
        self._epochs = 0

    def orders(self, first: int, epochs: int) -> np.ndarray:
        """What ``Training`` asks for, epoch by epoch: the orders from epoch ``first`` on."""
        self._epochs = first + epochs
        return np.concatenate([stream.advance(epochs) for stream in self._streams], axis=1)

    def catch_up(self, epochs: int) -> None:
        """Shuffle for all epochs up to a number, also for those whose orders nobody asked for."""
        for _ in range(self._epochs, epochs):
            for stream in self._streams:
                stream.advance(1)
        self._epochs = max(self._epochs, epochs)

    def state(self, k: int) -> tuple | dict:
        """The state of fit k's RandomState after the last epoch that was shuffled for."""
        return self._streams[self.fold[k]].random_state.get_state()
