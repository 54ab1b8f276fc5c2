"""The orders in which scikit-learn would see rows: shuffles of its RandomState."""

from __future__ import annotations

import numpy as np

from .preparation import Fit


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
            places = np.arange(len(self.rows))
            self.random_state.shuffle(places)
            self.rows = self.rows.take(places, out=order)
        return orders


class Streams:
    """The streams of some fits; those that would draw the same from the same rows share one.

    Attributes
    ----------
    folds : list of rows, those of each stream
    fold : (fits,) number of each fit's stream
    """

    def __init__(self, fits: list[Fit]) -> None:
        numbers: dict[tuple, int] = {}
        self._streams: list[Stream] = []
        self.fold = np.empty(len(fits), np.int64)
        for k, fit in enumerate(fits):
            rows, shuffle = fit.rows[fit.trained], bool(fit.estimator.shuffle)
            drawn = fit.random_state.get_state(legacy=False)["state"]
            key = (rows.tobytes(), shuffle and (drawn["key"].tobytes(), drawn["pos"]))
            if key not in numbers:
                numbers[key] = len(numbers)
                self._streams.append(Stream(rows, fit.random_state, shuffle))
            self.fold[k] = numbers[key]
        self.folds = [stream.rows for stream in self._streams]
        self._epochs = 0

    def orders(self, first: int, epochs: int) -> np.ndarray:
        """What ``Training`` asks for; ``first`` is the epoch after those that were asked for."""
        self._epochs = first + epochs
        return np.concatenate([stream.advance(epochs) for stream in self._streams], axis=1)

    def catch_up(self, epochs: int) -> None:
        """Shuffle as up to an epoch, though nobody was left who would have asked for its orders."""
        for _ in range(self._epochs, epochs):
            for stream in self._streams:
                stream.advance(1)
        self._epochs = max(self._epochs, epochs)

    def state(self, k: int) -> tuple | dict:
        """The state of fit k's RandomState after the epochs that were asked for."""
        return self._streams[self.fold[k]].random_state.get_state()
