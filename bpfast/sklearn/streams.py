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
        self.rows, self.random_state, self.shuffle = rows, random_state, shuffle

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
        self._streams, self.fold = _streams(fits)
        self.folds = [stream.rows for stream in self._streams]
        self._epochs = 0

    def orders(self, first: int, epochs: int) -> np.ndarray:
        """What ``Training`` asks for, epoch by epoch: the orders from epoch ``first`` on."""
        self._epochs = first + epochs
        orders = [stream.advance(epochs) for stream in self._streams]
        return orders[0] if len(orders) == 1 else np.concatenate(orders, axis=1)

    def catch_up(self, epochs: int) -> None:
        """Shuffle for all epochs up to a number, also for those whose orders nobody asked for."""
        for _ in range(self._epochs, epochs):
            for stream in self._streams:
                stream.advance(1)
        self._epochs = max(self._epochs, epochs)

    def leave(self, k: int, random_state: np.random.RandomState) -> None:
        """Bring fit k's RandomState to where it is after the last epoch that was shuffled for."""
        own = self._streams[self.fold[k]].random_state
        if own is not random_state:
            random_state.set_state(own.get_state())


def _streams(fits: list[Fit]) -> tuple[list[Stream], np.ndarray]:
    """The streams of some fits, and the number of each fit's."""
    indices: dict[tuple, int] = {}
    streams: list[Stream] = []
    fold = np.zeros(len(fits), np.int64)
    for k, fit in enumerate(fits):
        rows, shuffle = fit.rows[fit.trained], bool(fit.estimator.shuffle)
        if len(fits) == 1:  # a copy of its RandomState would take longer than a small fit's epochs
            return [Stream(rows, fit.random_state, shuffle)], fold
        drawn = fit.random_state.get_state(legacy=False)["state"]
        key = (rows.tobytes(), shuffle and (drawn["key"].tobytes(), drawn["pos"]))
        if key not in indices:
            indices[key] = len(indices)
            copied = np.random.RandomState()
            copied.set_state(fit.random_state.get_state())
            streams.append(Stream(rows, copied, shuffle))
        fold[k] = indices[key]
    return streams, fold
