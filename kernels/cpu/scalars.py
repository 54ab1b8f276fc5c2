"""Scalar functions of :mod:`math` as the CPU's kernels call them."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache
from typing import Any

from numba import njit

from .. import math as formulas
from ..specialise import Specialiser
from . import elementary, elementary64
from .compile import INTERNAL
from .simd import estimated_ratio

FASTER: dict[str, dict[Callable, Callable]] = {
    "float32": {
        math.exp: elementary.exp,
        math.expm1: elementary.expm1,
        math.log: elementary.log,
        math.tanh: elementary.tanh,
        formulas.ratio: estimated_ratio,
    },
    "float64": {
        math.exp: elementary64.exp,
        math.expm1: elementary64.expm1,
        math.log: elementary64.log,
        math.tanh: elementary64.tanh,
    },
}


def scalar(function: Callable, dtype: str) -> Any:
    """A scalar function of ours or of a user, compiled for one dtype."""
    return specialiser(dtype, function.__module__ == formulas.__name__)(function)


@cache
def specialiser(dtype: str, ours: bool = True) -> Specialiser:
    """What compiles scalar functions for a dtype; users' own call their own ``exp``."""
    return Specialiser(dtype, _compile, FASTER[dtype] if ours else {})


def _compile(function: Callable) -> Callable:
    # a loop with a call in it has no vectors, and LLVM calls what it finds long
    return njit(**INTERNAL, forceinline=True)(function)


clip_factor = scalar(formulas.clip_factor, "float64")
