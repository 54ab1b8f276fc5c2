"""Scales of inputs: as for any numbers, but for zeros and ones, of which one may be rare."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from ..scaling import Scaler

# A word in fewer of the training rows than this share is rare.
RARE = 0.005
# The least deviation that an input of zeros and ones is divided by: that of one which is 1 in a
# share of RARE. Divided by its own, the one row in a million that lacks a number would be a
# thousand, and what a network learns from that row would throw it off.
LEAST_FLAG_SCALE = float(np.sqrt(RARE * (1.0 - RARE)))

SQUARES_OVERFLOW = 1e150  # numbers above have squares that float64 does not hold


def fit_scaler(inputs: Iterable[np.ndarray], flags: list[bool]) -> Scaler:
    """The scaler of inputs, (rows,) each, whose scale is not too small for zeros and ones."""
    scalers = [_scaler_of(numbers) for numbers in inputs]
    means, deviations = (np.array(values, np.float64) for values in zip(*scalers, strict=True))
    return Scaler(means, bound_scale(deviations, flags))


def bound_scale(deviations: np.ndarray, flags: list[bool] | np.ndarray) -> np.ndarray:
    """Scales for inputs of some standard deviations: not too small for zeros and ones."""
    return np.where(flags, np.maximum(deviations, LEAST_FLAG_SCALE), deviations)


def scale(encoded: np.ndarray, scaler: Scaler) -> np.ndarray:
    """Inputs, scaled, in float32: what that does not hold is infinite."""
    with np.errstate(over="ignore"):
        return scaler.apply(encoded).astype(np.float32)


def _scaler_of(numbers: np.ndarray) -> tuple[float, float]:
    """The mean and the standard deviation."""
    size = float(np.abs(numbers).max())
    size = size if size > SQUARES_OVERFLOW else 1.0
    scaler = Scaler.of(numbers / size)
    return float(scaler.mean) * size, float(scaler.scale) * size
