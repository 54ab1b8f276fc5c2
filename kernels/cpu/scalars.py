"""Scalar functions of :mod:`math` as the CPU's kernels call them."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from numba import njit

from .. import arguments
from .. import math as formulas
from ..specialise import Specialiser
from .compile import INTERNAL, inline
from .elementary import FASTER
from .processor import Level, made_for
from .simd import estimated_ratio

OURS = FASTER | {"float32": FASTER["float32"] | {formulas.ratio: estimated_ratio}}


def scalar(function: Callable, dtype: str) -> Any:
    """A scalar function of ours or of a user, compiled for one dtype."""
    return specialiser(dtype, function.__module__ == formulas.__name__)(function)


def specialiser(dtype: str, ours: bool = True) -> Specialiser:
    """What compiles scalar functions for a dtype; users' own call their own ``exp``."""
    return _specialiser(dtype, ours, made_for())


@cache
def _specialiser(dtype: str, ours: bool, _level: Level) -> Specialiser:
    """Each level has its own: :func:`simd.estimated_ratio` looks at it."""
    return Specialiser(dtype, _compile, OURS[dtype] if ours else {})


def _compile(function: Callable) -> Callable:
    # a loop with a call in it has no vectors, and LLVM calls what it finds long
    return njit(**INTERNAL, forceinline=True)(function)


clip_factor = scalar(formulas.clip_factor, "float64")
own_row = Specialiser("float64", inline)(arguments.own_row)
