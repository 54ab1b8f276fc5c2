"""Scalar functions of :mod:`math` as CUDA kernels call them.

In the simulator they are called as Python has them.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from .. import math as formulas
from ..specialise import Specialiser
from .compile import device_function


def scalar(function: Callable, dtype: str) -> Any:
    """A scalar function of ours or of a user, for one dtype."""
    return _specialiser(dtype)(function)


@device_function
def _max(a, b):
    return b if b > a else a


@device_function
def _min(a, b):
    return b if b < a else a


@cache
def _specialiser(dtype: str) -> Specialiser:
    # as in Python, max and min keep a NaN; the GPU's own drop it
    return Specialiser(dtype, device_function, {max: _max, min: _min})


clip_factor = scalar(formulas.clip_factor, "float64")
