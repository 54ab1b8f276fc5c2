"""Scalar functions of :mod:`math` and :mod:`counter` as CUDA kernels call them.

In the simulator they are called as Python has them.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np

from .. import counter
from .. import math as formulas
from ..specialise import Scalars
from . import device
from .compile import device_function


def scalar(function: Callable, dtype: str) -> Any:
    """A scalar function of ours or of a user, for one dtype."""
    return _scalars(dtype)(function)


@device_function
def _max(a, b):
    return b if b > a else a


@device_function
def _min(a, b):
    return b if b < a else a


@cache
def _scalars(dtype: str) -> Scalars:
    # as in Python, max and min keep a NaN; the GPU's own drop it
    return Scalars(dtype, device_function, {max: _max, min: _min})


def _drawing(function: Callable) -> Any:
    """A device function without NumPy's warnings of integers that overflow, as a hash's must."""
    if not device.simulated():
        return device_function(function)

    def called(*arguments):
        with np.errstate(over="ignore"):
            return function(*arguments)

    return called


clip_factor = scalar(formulas.clip_factor, "float64")
dropout_key, keeps = map(Scalars("float64", _drawing), (counter.dropout_key, counter.keeps))


@device_function
def mask(key, position, p):
    """What a hidden unit is multiplied with: 0 with probability p, else 1 / (1 - p)."""
    return 1.0 / (1.0 - p) if keeps(key, position, p) else 0.0
