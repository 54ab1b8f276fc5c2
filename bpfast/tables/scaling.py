"""Scaling of numbers to mean 0 and standard deviation 1, and back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Scaler:
    """What brings columns of numbers to mean 0 and standard deviation 1, and back.

    Parameters
    ----------
    mean, scale : (columns,) arrays, or () for a single column: means and standard deviations
    low, high : bounds of what :meth:`invert` gives, in the columns' own units; None for no bounds
    """

    mean: np.ndarray
    scale: np.ndarray
    low: np.ndarray | None = None
    high: np.ndarray | None = None

    @classmethod
    def of(cls, values: np.ndarray) -> Scaler:
        """The scaler of some values, (rows, columns) or (rows,); constant columns have scale 1."""
        # rounding gives a column of 0.1 a deviation of 1e-17: the range tells that it is constant
        varies = np.ptp(values, axis=0) > 0
        return cls(values.mean(axis=0), np.where(varies, values.std(axis=0), 1.0))

    def to_plain(self) -> dict[str, Any]:
        """All of it for JSON; bounds that it has not are left out."""
        given = {name: array for name, array in vars(self).items() if array is not None}
        return {name: np.asarray(array).tolist() for name, array in given.items()}

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> Scaler:
        """What :meth:`to_plain` described."""
        return cls(**{name: np.array(values) for name, values in plain.items()})

    def apply(self, values: np.ndarray) -> np.ndarray:
        """Values, scaled."""
        return (values - self.mean) / self.scale

    def invert(self, values: np.ndarray) -> np.ndarray:
        """Scaled values, in their own units again."""
        values = values * self.scale + self.mean
        return values if self.low is None else np.clip(values, self.low, self.high)
