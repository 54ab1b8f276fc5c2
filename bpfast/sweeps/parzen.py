"""Parzen estimators: densities over hyperparameters, a kernel for each point that was observed.

They are those of Optuna's TPESampler (Watanabe, 2023), on arrays: a point's kernel is a product of
normal distributions that end where the hyperparameters do, as wide as its neighbours are far, and
of choices, of which its own is the most likely. One kernel more covers everything.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np
from scipy.special import ndtr, ndtri

FLAT = 25  # observations, the latest, that count as much as any
NARROWEST = 100  # times narrower than its range is a kernel at most


class Choices:
    """Kernels of a hyperparameter with choices, whose values are counted from 0.

    Parameters
    ----------
    distribution : of Optuna's
    values : (observations,)
    """

    def __init__(self, distribution: Any, values: np.ndarray) -> None:
        kernels = len(values) + 1
        shares = np.full((kernels, len(distribution.choices)), 1 / kernels)
        shares[np.arange(len(values)), values.astype(int)] += 1
        self._shares = shares / shares.sum(axis=1, keepdims=True)

    def draw(self, kernels: np.ndarray, uniform: np.ndarray) -> np.ndarray:
        """A value by each of some kernels, from numbers between 0 and 1."""
        ends = np.cumsum(self._shares[:, :-1], axis=1)  # the last choice takes what is left
        return (ends[kernels] <= uniform[..., None]).sum(axis=-1).astype(float)

    def log_density(self, values: np.ndarray) -> np.ndarray:
        """Of each value by each kernel: (values, kernels)."""
        return np.log(self._shares.T)[values.astype(int)]


class Range:
    """Kernels of a hyperparameter that is a number; it is counted from 0 to 1 between its ends.

    Parameters
    ----------
    distribution : of Optuna's
    values : (observations,)
    """

    def __init__(self, distribution: Any, values: np.ndarray) -> None:
        self._low, self._high = distribution.low, distribution.high
        self._step, self._log = distribution.step or 0, distribution.log
        ends = np.array([self._low - self._step / 2, self._high + self._step / 2])
        self._start, self._end = np.log(ends) if self._log else ends
        places = self._place(values)
        self._centers = np.append(places, 0.5)
        self._widths = np.append(_widths(places), 1.0)

    def draw(self, kernels: np.ndarray, uniform: np.ndarray) -> np.ndarray:
        """A value by each of some kernels, from numbers between 0 and 1."""
        below, inside = self._shares[0][kernels], self._shares[1][kernels]
        places = self._centers[kernels] + self._widths[kernels] * ndtri(below + uniform * inside)
        values = self._start + places * (self._end - self._start)
        values = np.exp(values) if self._log else values
        if self._step:
            values = self._low + np.round((values - self._low) / self._step) * self._step
        return np.clip(values, self._low, self._high)

    def log_density(self, values: np.ndarray) -> np.ndarray:
        """Of each value by each kernel: (values, kernels)."""
        if not self._step:
            away = (self._place(values)[:, None] - self._centers) / self._widths
            return -0.5 * away**2 - np.log(self._widths * self._shares[1] * np.sqrt(2 * np.pi))
        values, where = np.unique(values, return_inverse=True)
        below, above = (
            ndtr((self._place(values + side)[:, None] - self._centers) / self._widths)
            for side in (-self._step / 2, self._step / 2)
        )
        with np.errstate(divide="ignore"):  # of a value that is far away
            return np.log((above - below) / self._shares[1])[where]

    @cached_property
    def _shares(self) -> tuple[np.ndarray, np.ndarray]:
        """Of each kernel's normal distribution, what lies below the range, and inside."""
        below, above = (ndtr((end - self._centers) / self._widths) for end in (0, 1))
        return below, above - below

    def _place(self, values: np.ndarray) -> np.ndarray:
        values = np.log(values) if self._log else values
        return (values - self._start) / (self._end - self._start)


class Parzen:
    """A density over some hyperparameters, by what was observed of them.

    Parameters
    ----------
    distributions : of Optuna's
    points : (observations, hyperparameters) as in Optuna's storages, the latest last
    """

    def __init__(self, distributions: Sequence[Any], points: np.ndarray) -> None:
        self._kernels = [
            (Choices if hasattr(distribution, "choices") else Range)(distribution, points[:, k])
            for k, distribution in enumerate(distributions)
        ]
        weights = np.append(_weights(len(points)), 1.0)
        self._weights = weights / weights.sum()

    def draw(self, uniform: np.ndarray) -> np.ndarray:
        """Points, from (points, 1 + hyperparameters) numbers between 0 and 1."""
        kernels = np.searchsorted(np.cumsum(self._weights[:-1]), uniform[:, 0], side="right")
        drawn = [kernel.draw(kernels, uniform[:, 1 + k]) for k, kernel in enumerate(self._kernels)]
        return np.stack(drawn, axis=1)

    def log_density(self, points: np.ndarray) -> np.ndarray:
        """The logarithm of the density at each point."""
        logs = np.log(self._weights) + sum(
            kernel.log_density(points[:, k]) for k, kernel in enumerate(self._kernels)
        )
        greatest = logs.max(axis=1)
        return greatest + np.log(np.exp(logs - greatest[:, None]).sum(axis=1))


def _widths(places: np.ndarray) -> np.ndarray:
    """Of kernels around places between 0 and 1: as far as the farther neighbour is."""
    count = len(places)
    order = np.argsort(places, kind="stable")
    gaps = np.diff(places[order], prepend=0, append=1)
    if count > 1:  # the first and the last have one neighbour, the range's end is none
        gaps[[0, -1]] = 0
    widths = np.empty(count)
    widths[order] = np.maximum(gaps[:-1], gaps[1:])
    return np.clip(widths, 1 / min(NARROWEST, 2 + count), 1)


def _weights(count: int) -> np.ndarray:
    """Of observations: the older, the less."""
    if count < FLAT:
        return np.ones(count)
    return np.append(np.linspace(1 / count, 1, count - FLAT), np.ones(FLAT))
