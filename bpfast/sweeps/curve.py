"""The best score against time: a point whenever a network was better than all before it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

MOST = 200  # points: of more, every second one is kept


class Curve:
    """Points that each have a higher score than the one before.

    Parameters
    ----------
    points : of earlier processes
    best : the highest score that they had

    Attributes
    ----------
    points : [seconds, networks ended, validation score] each
    """

    def __init__(self, points: Sequence[Sequence[float]] = (), best: float = -np.inf) -> None:
        self.points = [list(point) for point in points]
        self._best = max([best, *(score for _, _, score in self.points)])

    def see(self, seconds: float, networks: int, score: float) -> None:
        """A network has ended: with it there are so many, after so many seconds."""
        if not score > self._best:
            return
        self._best = score
        self.points.append([float(seconds), networks, float(score)])
        if len(self.points) > MOST:
            self.points = [*self.points[:-1:2], self.points[-1]]
