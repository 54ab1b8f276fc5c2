"""Scales of inputs: as of any numbers, but not too small where one of two values is rare."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from ..scaling import Scaler

# A word in fewer of the training rows than this share is rare.
RARE = 0.005
# The least deviation that bounded inputs (zeros and ones, sines) are divided by: that of an input
# which is 1 in a share of RARE, and else 0. Divided by its own, the one row in a million that lacks
# a number would be a thousand, and what a network learns from that row would throw it off.
LEAST_SCALE = float(np.sqrt(RARE * (1.0 - RARE)))

SQUARES_OVERFLOW = 1e150  # numbers above have squares that float64 does not hold


def fit_scaler(inputs: Iterable[np.ndarray], bounded: list[bool]) -> Scaler:
    """The scaler of inputs, (rows,) each, whose scale is not too small for bounded ones."""
    scalers = [_scaler_of(numbers) for numbers in inputs]
    means, deviations = (np.array(values, np.float64) for values in zip(*scalers, strict=True))
    return Scaler(means, bound_scale(deviations, bounded))


def bound_scale(deviations: np.ndarray, bounded: list[bool] | np.ndarray) -> np.ndarray:
    """Scales for inputs of some standard deviations: not too small for bounded ones."""
    return np.where(bounded, np.maximum(deviations, LEAST_SCALE), deviations)


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
